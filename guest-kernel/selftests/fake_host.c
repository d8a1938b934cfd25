// SPDX-License-Identifier: GPL-2.0
/*
 * A test part: the host's whole side of the wire, behind one vhost-user socket
 *
 * fake_host SOCKET [open-delay=MS] [hostile=SEED]
 *
 * Serves the API "ava-echo" to one guest driver, with no host module and no
 * virtual machine: the guest is a User-Mode Linux (virtio_uml.device=SOCKET:59),
 * where the driver runs with every debug option at native speed. It insists on
 * what wire.rst asks of a driver and says so on stderr. With hostile= it breaks
 * the rules itself: one answer in eight is wrong in a seeded random way.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <linux/virtio_ava.h>
#include <linux/virtio_ring.h>

#include "echo.h"

#define MAX_STREAMS	16
#define MAX_BULK	(256ull << 20)

/* vhost-user requests; notifications are messages, as UML needs them to be. */
enum {
	VU_GET_FEATURES = 1,
	VU_SET_MEM_TABLE = 5,
	VU_SET_VRING_NUM = 8,
	VU_SET_VRING_ADDR = 9,
	VU_GET_PROTOCOL_FEATURES = 15,
	VU_SET_VRING_ENABLE = 18,
	VU_SET_SLAVE_REQ_FD = 21,
	VU_VRING_KICK = 35,
	VU_SLAVE_VRING_CALL = 4,
};

#define VU_PROTOCOL_FEATURES	(1ull << 5 | 1ull << 14)

struct region {
	uint64_t gpa, size;
	char *base;
};

struct queue {
	unsigned int num;
	uint64_t desc_at, avail_at, used_at;
	int enabled;
	uint16_t taken, signalled;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
};

/* A chain taken: its readable bytes copied, its writable parts by address. */
struct chain {
	struct chain *next;
	unsigned int q, head;
	char *out;
	size_t out_len, in_len;
	struct { char *p; size_t len; } in[16];
	unsigned int in_nr;
	uint64_t due;		/* OPEN: when to answer */
};

struct stream {
	int open;
	uint64_t seq, count;
};

struct context {
	struct context *next;
	uint32_t id;
	int lost, error;
	struct stream stream[MAX_STREAMS];
	struct chain *blocked;
};

static struct region regions[2];
static unsigned int region_nr;
static struct queue queues[VIRTIO_AVA_VQ_COUNT];
static struct context *contexts;
static struct chain *opening;
static uint32_t last_id;
static unsigned int open_delay, hostile;
static int calls_fd = -1;	/* where we interrupt the guest */

static void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "fake_host: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
}

static uint32_t chance(void)
{
	hostile = hostile * 1664525u + 1013904223u;
	return hostile >> 8;
}

static int lies(void)
{
	return hostile && chance() % 8 == 0;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static char *at(uint64_t gpa, uint64_t len)
{
	unsigned int i;

	for (i = 0; i < region_nr; i++)
		if (gpa >= regions[i].gpa && len <= regions[i].size &&
		    gpa - regions[i].gpa <= regions[i].size - len)
			return regions[i].base + (gpa - regions[i].gpa);
	return NULL;
}

/* ---- rings ---- */

static int chain_add(struct chain *c, const struct vring_desc *d)
{
	char *p = at(d->addr, d->len);

	if (!p) {
		complain("descriptor outside of memory: %llx+%x", d->addr, d->len);
		return -1;
	}
	if (d->flags & VRING_DESC_F_WRITE) {
		if (c->in_nr == 16)
			return -1;
		c->in[c->in_nr].p = p;
		c->in[c->in_nr++].len = d->len;
		c->in_len += d->len;
	} else {
		c->out = realloc(c->out, c->out_len + d->len + 1);
		memcpy(c->out + c->out_len, p, d->len);
		c->out_len += d->len;
	}
	return 0;
}

static void chain_walk(struct chain *c, const struct vring_desc *table,
		       unsigned int i, unsigned int num)
{
	const struct vring_desc *d;
	unsigned int n = 0;

	do {
		d = &table[i];
		if (n++ >= num || chain_add(c, d))
			return;
		i = d->next;
	} while (d->flags & VRING_DESC_F_NEXT);
}

static struct chain *take(unsigned int qi)
{
	struct queue *q = &queues[qi];
	struct vring_desc *d;
	struct chain *c;

	if (!q->enabled || q->taken == __atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE))
		return NULL;
	c = calloc(1, sizeof(*c));
	c->q = qi;
	c->head = q->avail->ring[q->taken++ & (q->num - 1)];
	/* The event index: tell us of the next one. */
	*(volatile uint16_t *)&q->used->ring[q->num] = q->taken;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	d = &q->desc[c->head];
	if (d->flags & VRING_DESC_F_INDIRECT)
		chain_walk(c, (void *)at(d->addr, d->len), 0, d->len / sizeof(*d));
	else
		chain_walk(c, q->desc, c->head, q->num);
	if (c->out_len && c->in_nr + 1 > q->num)
		complain("chain longer than the queue");
	return c;
}

static void signal_guest(struct queue *q)
{
	uint16_t now = q->used->idx;
	uint16_t event = *(volatile uint16_t *)&q->avail->ring[q->num];
	struct { uint32_t request, flags, size, index, num; } call = {
		VU_SLAVE_VRING_CALL, 1, 8, q - queues, 0
	};

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (vring_need_event(event, now, q->signalled) &&
	    write(calls_fd, &call, sizeof(call)) < 0)
		perror("fake_host: call");
	q->signalled = now;
}

static void chain_free(struct chain *c)
{
	free(c->out);
	free(c);
}

static void put(struct chain *c, uint32_t used, int notify)
{
	struct queue *q = &queues[c->q];
	uint16_t idx = q->used->idx;

	q->used->ring[idx & (q->num - 1)] = (struct vring_used_elem){ c->head, used };
	__atomic_store_n(&q->used->idx, (uint16_t)(idx + 1), __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (notify)
		signal_guest(q);
	chain_free(c);
}

static void chain_write(struct chain *c, size_t off, const void *data, size_t len)
{
	unsigned int i;
	size_t n;

	for (i = 0; i < c->in_nr && len; i++) {
		if (off >= c->in[i].len) {
			off -= c->in[i].len;
			continue;
		}
		n = c->in[i].len - off < len ? c->in[i].len - off : len;
		memcpy(c->in[i].p + off, data, n);
		data = (const char *)data + n;
		len -= n;
		off = 0;
	}
}

/* Damage one 4-byte word somewhere. */
static void spoil(void *p, size_t len)
{
	uint32_t value = chance() % 3 ? chance() % 64 : chance() * 2654435761u;

	memcpy((char *)p + chance() % (len / 4) * 4, &value, 4);
}

/* ---- events ---- */

static void send_event(uint32_t type, uint32_t ctx, uint32_t status,
		       uint64_t cookie, const void *data, uint32_t len)
{
	struct virtio_ava_event ev = { .type = type, .ctx = ctx, .status = status,
				       .cookie = cookie, .len = len };
	struct chain *c = take(VIRTIO_AVA_VQ_EVENT);
	uint32_t used = sizeof(ev) + len;

	if (!c) {
		complain("no event buffer");
		return;
	}
	if (c->in_len < sizeof(ev) + VIRTIO_AVA_MAX_EVENT)
		complain("event buffer of %zu bytes", c->in_len);
	if (lies())
		spoil(&ev, sizeof(ev));
	if (lies())
		used = chance() % 300;
	chain_write(c, 0, &ev, sizeof(ev));
	chain_write(c, sizeof(ev), data, len);
	put(c, used, 1);
}

/* ---- contexts ---- */

static struct context *find(uint32_t id)
{
	struct context *x = contexts;

	while (x && x->id != id)
		x = x->next;
	return x;
}

static void reply(struct chain *c, uint32_t status, const void *data, uint32_t len)
{
	const struct virtio_ava_call *h = (void *)c->out;
	struct virtio_ava_reply r = { .status = status, .len = len, .seq = h->seq,
				      .device_ns = 1 };
	uint32_t used = sizeof(r) + len;
	int async = h->flags & VIRTIO_AVA_CALL_ASYNC;
	int notify = h->flags & VIRTIO_AVA_CALL_NOTIFY;

	if (async && !status && !lies()) {
		put(c, 0, notify);
		return;
	}
	if (lies())
		spoil(&r, sizeof(r));
	if (lies())
		used = chance() % (2 * used);
	chain_write(c, 0, &r, sizeof(r));
	chain_write(c, sizeof(r), data, len);
	put(c, used, 1);
}

static void cancel(struct context *x, uint32_t status)
{
	struct chain *c;

	while ((c = x->blocked)) {
		x->blocked = c->next;
		reply(c, status, NULL, 0);
	}
}

static void lose(struct context *x)
{
	x->lost = 1;
	cancel(x, VIRTIO_AVA_S_LOST);
	send_event(VIRTIO_AVA_EVENT_LOST, x->id, VIRTIO_AVA_S_LOST, 0, NULL, 0);
}

static void ctx_close(struct context *x)
{
	struct context **p = &contexts;

	cancel(x, VIRTIO_AVA_S_CANCELLED);
	while (*p != x)
		p = &(*p)->next;
	*p = x->next;
	free(x);
}

/* ---- control ---- */

static void answer(struct chain *c, uint32_t status, uint32_t id)
{
	struct virtio_ava_ctrl_resp r = {
		.status = status, .ctx = id,
		.max_args = 65536, .max_reply = 65536, .max_segs = 64,
		.max_streams = MAX_STREAMS, .max_bulk = MAX_BULK,
	};
	uint32_t used = sizeof(r);

	if (lies() && id)
		spoil(&r, sizeof(r));
	if (lies())
		used = chance() % 64;
	chain_write(c, 0, &r, sizeof(r));
	put(c, used, 1);
}

static void ctrl_open(struct chain *c)
{
	const struct virtio_ava_ctrl *r = (void *)c->out;
	struct ava_api_id id;
	struct context *x;

	echo_id(&id);
	if (memcmp(r->api, id.name, sizeof(id.name)))
		return answer(c, VIRTIO_AVA_S_NO_API, 0);
	if (memcmp(r->hash, id.hash, sizeof(id.hash)) ||
	    r->version_major != id.version_major || r->version_minor != id.version_minor)
		return answer(c, VIRTIO_AVA_S_VERSION, 0);
	x = calloc(1, sizeof(*x));
	x->id = ++last_id;
	x->next = contexts;
	contexts = x;
	answer(c, 0, x->id);
}

static void ctrl_stream(struct chain *c, struct context *x, uint32_t slot, int open)
{
	if (slot >= MAX_STREAMS || x->stream[slot].open == open) {
		complain("stream %u of %u opened or closed twice", slot, x->id);
		return answer(c, VIRTIO_AVA_S_BAD_REQUEST, 0);
	}
	x->stream[slot] = (struct stream){ .open = open };
	answer(c, 0, 0);
}

static void control(struct chain *c)
{
	const struct virtio_ava_ctrl *r = (void *)c->out;
	struct context *x;

	if (c->out_len != sizeof(*r) || c->in_len != sizeof(struct virtio_ava_ctrl_resp)) {
		complain("control chain of %zu and %zu bytes", c->out_len, c->in_len);
		return put(c, 0, 1);
	}
	if (r->cmd == VIRTIO_AVA_CTRL_OPEN) {
		c->due = now_ms() + open_delay;
		c->next = opening;
		opening = c;
		return;
	}
	x = find(r->ctx);
	if (!x) {
		if (!hostile)
			complain("control %u: no context %u", r->cmd, r->ctx);
		return answer(c, VIRTIO_AVA_S_NO_CONTEXT, 0);
	}
	if (r->cmd == VIRTIO_AVA_CTRL_CLOSE) {
		ctx_close(x);
		return answer(c, 0, 0);
	}
	ctrl_stream(c, x, r->stream, r->cmd == VIRTIO_AVA_CTRL_STREAM_OPEN);
}

static int answer_opens(void)
{
	struct chain **p = &opening, *c;

	while ((c = *p)) {
		if (c->due > now_ms()) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		ctrl_open(c);
	}
	return opening ? 1 : -1;
}

/* ---- calls ---- */

struct bulk {
	const struct virtio_ava_seg *seg;
	const struct virtio_ava_run *run;
};

static int check_call(struct chain *c, struct bulk *b)
{
	const struct virtio_ava_call *h = (void *)c->out;
	size_t segs, runs;
	uint32_t i, j, r = 0;
	uint64_t len;

	if (c->out_len < sizeof(*h) || h->len < sizeof(*h))
		return -1;
	segs = (h->len + 7) & ~7ul;
	runs = segs + h->seg_count * sizeof(*b->seg);
	if (c->out_len != runs + h->run_count * sizeof(*b->run) ||
	    c->in_len != sizeof(struct virtio_ava_reply) + h->reply_cap ||
	    h->reserved[0] || h->reserved[1] || h->flags & ~VIRTIO_AVA_CALL_FLAGS)
		return -1;
	for (i = h->len; i < segs; i++)
		if (c->out[i])
			return -1;
	b->seg = (void *)(c->out + segs);
	b->run = (void *)(c->out + runs);
	for (i = 0; i < h->seg_count; i++) {
		for (j = 0, len = 0; j < b->seg[i].run_count; j++, r++) {
			if (r >= h->run_count || !b->run[r].len ||
			    !at(b->run[r].addr, b->run[r].len))
				return -1;
			len += b->run[r].len;
		}
		if (len != b->seg[i].len || !b->seg[i].flags || b->seg[i].flags & ~3u)
			return -1;
	}
	return r == h->run_count ? 0 : -1;
}

/* All of a segment's bytes, to or from @buf. */
static void bulk_move(const struct bulk *b, uint32_t seg, char *buf, int to_guest)
{
	const struct virtio_ava_run *r = b->run;
	uint32_t i;

	for (i = 0; i < seg; i++)
		r += b->seg[i].run_count;
	for (i = 0; i < b->seg[seg].run_count; i++, buf += r->len, r++) {
		if (to_guest)
			memcpy(at(r->addr, r->len), buf, r->len);
		else
			memcpy(buf, at(r->addr, r->len), r->len);
	}
}

static void do_copy(struct chain *c, const struct bulk *b)
{
	const struct virtio_ava_call *h = (void *)c->out;
	uint64_t total = 0, n;
	uint32_t i;
	char *buf;

	for (i = 0; i + 1 < h->seg_count; i += 2) {
		n = b->seg[i + 1].len;
		if (b->seg[i].len != n) {
			complain("segments of different lengths");
			continue;
		}
		buf = malloc(n + 1);
		bulk_move(b, i, buf, 0);
		bulk_move(b, i + 1, buf, 1);
		free(buf);
		total += n;
	}
	reply(c, 0, &total, h->reply_cap < 8 ? 0 : 8);
}

static void do_checksum(struct chain *c, const struct bulk *b)
{
	const struct virtio_ava_call *h = (void *)c->out;
	uint64_t sum = 0;
	uint32_t i;
	char *buf;

	for (i = 0; i < h->seg_count; i++) {
		buf = malloc(b->seg[i].len + 1);
		bulk_move(b, i, buf, 0);
		sum = echo_sum(sum, buf, b->seg[i].len);
		free(buf);
	}
	reply(c, 0, &sum, h->reply_cap < 8 ? 0 : 8);
}

static void do_break(struct chain *c)
{
	c->head = 0xfffe;
	put(c, 0, 1);
}

static void execute(struct chain *c, struct context *x, struct stream *st,
		    const struct bulk *b)
{
	const struct virtio_ava_call *h = (void *)c->out;
	uint32_t args = h->len - sizeof(*h);
	const char *arg = c->out + sizeof(*h);
	uint64_t n = 0;

	memcpy(&n, arg, args < 8 ? args : 8);
	switch (h->func) {
	case ECHO_ECHO:
		return reply(c, 0, arg, args < h->reply_cap ? args : h->reply_cap);
	case ECHO_COPY:
		return do_copy(c, b);
	case ECHO_CHECKSUM:
		return do_checksum(c, b);
	case ECHO_BLOCK:
		c->next = x->blocked;
		x->blocked = c;
		return;
	case ECHO_CALLBACK:
		send_event(VIRTIO_AVA_EVENT_CALLBACK, x->id, 0, n, arg + 8, args - 8);
		return reply(c, 0, NULL, 0);
	case ECHO_COUNT:
		st->count = n == st->count + 1 ? n : ~0ull - 1;
		return reply(c, 0, NULL, 0);
	case ECHO_TOTAL:
		return reply(c, 0, &st->count, h->reply_cap < 8 ? 0 : 8);
	case ECHO_DIE:
		lose(x);
		return reply(c, VIRTIO_AVA_S_LOST, NULL, 0);
	case ECHO_BREAK:
		return do_break(c);
	default:
		x->error = 1;
		return reply(c, VIRTIO_AVA_S_BAD_REQUEST, NULL, 0);
	}
}

static void submitted(struct chain *c)
{
	const struct virtio_ava_call *h = (void *)c->out;
	struct context *x;
	struct stream *st;
	struct bulk b;

	if (check_call(c, &b)) {
		complain("malformed call: func %u len %u segs %u runs %u chain %zu+%zu",
			 h->func, h->len, h->seg_count, h->run_count, c->out_len, c->in_len);
		return reply(c, VIRTIO_AVA_S_BAD_REQUEST, NULL, 0);
	}
	x = find(h->ctx);
	if (!x || h->stream >= MAX_STREAMS || !x->stream[h->stream].open) {
		/* Calls may be overtaken by the CLOSE of their context. */
		if (!hostile && (x || h->ctx > last_id))
			complain("call %llu of stream %u: no such %s of %u",
				 (unsigned long long)h->seq, h->stream,
				 x ? "stream" : "context", h->ctx);
		return reply(c, VIRTIO_AVA_S_NO_CONTEXT, NULL, 0);
	}
	st = &x->stream[h->stream];
	if (h->seq != ++st->seq) {
		complain("stream %u of %u: call %llu, not %llu", h->stream, x->id,
			 (unsigned long long)h->seq, (unsigned long long)st->seq);
		return reply(c, VIRTIO_AVA_S_BAD_REQUEST, NULL, 0);
	}
	if (x->lost || x->error)
		return reply(c, x->lost ? VIRTIO_AVA_S_LOST : VIRTIO_AVA_S_ERROR, NULL, 0);
	execute(c, x, st, &b);
}

static void drain(unsigned int qi)
{
	struct chain *c;

	while (qi < VIRTIO_AVA_VQ_COUNT && qi != VIRTIO_AVA_VQ_EVENT && (c = take(qi))) {
		if (qi == VIRTIO_AVA_VQ_CONTROL)
			control(c);
		else
			submitted(c);
	}
}

/* ---- vhost-user ---- */

struct vu_msg {
	uint32_t request, flags, size;
	union {
		uint64_t u64;
		struct { uint32_t index, num; } state;
		struct { uint32_t index, flags; uint64_t desc, used, avail, log; } addr;
		struct {
			uint32_t num, pad;
			struct { uint64_t gpa, size, uva, off; } r[2];
		} mem;
	};
} __attribute__((packed));

static void set_memory(const struct vu_msg *m, const int *fds)
{
	unsigned int i;
	char *p;

	for (i = 0; i < m->mem.num; i++) {
		p = mmap(NULL, m->mem.r[i].size + m->mem.r[i].off, PROT_READ | PROT_WRITE,
			 MAP_SHARED, fds[i], 0);
		if (p == MAP_FAILED) {
			perror("fake_host: guest memory");
			exit(1);
		}
		regions[i] = (struct region){ m->mem.r[i].gpa, m->mem.r[i].size,
					      p + m->mem.r[i].off };
	}
	region_nr = m->mem.num;
}

static void drop(struct chain **list, unsigned int q)
{
	struct chain *c;

	while ((c = *list)) {
		if (c->q != q) {
			list = &c->next;
			continue;
		}
		*list = c->next;
		chain_free(c);
	}
}

/* A queue that stops has forgotten its chains; the device, its contexts. */
static void enable(unsigned int qi, int on)
{
	struct queue *q = &queues[qi];
	struct context *x;

	q->enabled = 0;
	for (x = contexts; x; x = x->next)
		drop(&x->blocked, qi);
	drop(&opening, qi);
	while (!on && contexts)
		ctx_close(contexts);
	if (!on)
		return;
	q->desc = (void *)at(q->desc_at, q->num * 16);
	q->avail = (void *)at(q->avail_at, q->num * 2 + 6);
	q->used = (void *)at(q->used_at, q->num * 8 + 6);
	q->taken = 0;
	q->signalled = 0;
	q->enabled = q->desc && q->avail && q->used;
}

static void handle(int sock, struct vu_msg *m, const int *fds)
{
	struct queue *q = &queues[m->state.index % VIRTIO_AVA_VQ_COUNT];
	int answers = m->request == VU_GET_FEATURES || m->request == VU_GET_PROTOCOL_FEATURES;

	switch (m->request) {
	case VU_GET_FEATURES:
		m->u64 = 1ull << 32 | 1ull << 30 | 1ull << VIRTIO_RING_F_INDIRECT_DESC |
			 1ull << VIRTIO_RING_F_EVENT_IDX;
		break;
	case VU_GET_PROTOCOL_FEATURES:
		m->u64 = VU_PROTOCOL_FEATURES;
		break;
	case VU_SET_MEM_TABLE:
		set_memory(m, fds);
		break;
	case VU_SET_VRING_NUM:
		q->num = m->state.num;
		break;
	case VU_SET_VRING_ADDR:
		q->desc_at = m->addr.desc;
		q->avail_at = m->addr.avail;
		q->used_at = m->addr.used;
		break;
	case VU_SET_SLAVE_REQ_FD:
		calls_fd = fds[0];
		break;
	case VU_VRING_KICK:
		drain(m->state.index);
		break;
	case VU_SET_VRING_ENABLE:
		enable(m->state.index, m->state.num);
		break;
	}
	if (answers) {
		m->flags = 1 | 4;
		m->size = 8;
		if (write(sock, m, 12 + 8) != 20)
			exit(0);
	}
}

static void receive(int sock)
{
	struct vu_msg m = { 0 };
	char ctl[CMSG_SPACE(4 * sizeof(int))] = "";
	struct iovec iov = { &m, 12 };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl,
			    .msg_controllen = sizeof(ctl) };
	struct cmsghdr *cm;
	int fds[4] = { -1, -1, -1, -1 };

	if (recvmsg(sock, &h, MSG_WAITALL) != 12)
		exit(0);
	cm = CMSG_FIRSTHDR(&h);
	if (cm && cm->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(cm), cm->cmsg_len - CMSG_LEN(0));
	if (m.size > sizeof(m) - 12 ||
	    (m.size && recv(sock, (char *)&m + 12, m.size, MSG_WAITALL) != (ssize_t)m.size))
		exit(0);
	handle(sock, &m, fds);
}

static void serve(int sock)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };

	for (;;) {
		if (poll(&p, 1, answer_opens()) == 1)
			receive(sock);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), i, sock;

	if (argc < 2) {
		complain("usage: fake_host SOCKET [open-delay=MS] [hostile=SEED]");
		return 2;
	}
	for (i = 2; i < argc; i++) {
		if (sscanf(argv[i], "open-delay=%u", &open_delay) != 1 &&
		    sscanf(argv[i], "hostile=%u", &hostile) != 1 && argv[i][0])
			complain("%s: what is that?", argv[i]);
	}
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", argv[1]);
	unlink(sun.sun_path);
	if (bind(listener, (void *)&sun, sizeof(sun)) || listen(listener, 1)) {
		perror("fake_host: socket");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	/* A guest may boot several times; each gets a host of its own. */
	signal(SIGCHLD, SIG_IGN);
	while ((sock = accept(listener, NULL, NULL)) >= 0) {
		if (!fork())
			serve(sock);
		close(sock);
	}
	return 1;
}
