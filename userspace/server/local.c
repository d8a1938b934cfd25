// SPDX-License-Identifier: Apache-2.0
/*
 * local.c - the server's end of the LOCAL channel
 *
 * Does with a call what the host's kernel does with one: copies it out of the
 * guest's sight, then checks it against the function table before generated code
 * sees it. See common/local_proto.h for what is shared.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/local_proto.h"
#include "../common/log.h"
#include "../common/spin.h"
#include "internal.h"
#include "local_peer.h"

#define SPIN_LOOKS	32	/* looks between two at the clock */

/**
 * struct local_stream - a stream and the call in it
 * @api: for its function table
 * @peer: the guest
 * @shared: what the guest can write, too
 * @sock: see local_proto.h
 * @head: index of the next call
 * @tail: index of the next completion
 * @thinks: how long the guest takes between calls, see spin.h
 * @spin: see spin.h
 * @woke: the guest had to be woken for the last completion
 * @began: when the call was taken
 * @reply_off: where the guest wants its reply
 * @addr: of its segments, in the guest
 * @segs: its segments
 * @args: its arguments
 * @reply: its reply
 */
struct local_stream {
	struct ava_server_stream base;
	const struct ava_server_api *api;
	struct local_peer peer;
	struct ava_ring *shared;
	int sock;
	uint32_t head;
	uint32_t tail;
	uint32_t thinks;
	struct ava_spin spin;
	bool woke;
	uint64_t began;
	uint32_t reply_off;
	uint64_t addr[AVA_LOCAL_MAX_SEGS];
	struct ava_ring_seg segs[AVA_LOCAL_MAX_SEGS];
	uint64_t args[AVA_LOCAL_MAX_ARGS / 8];
	uint64_t reply[AVA_LOCAL_MAX_REPLY / 8];
};

bool ava_local_native;

/* A process serves one context: that of this guest. */
static struct local_peer local_guest;

static int local_gone(int ret)
{
	return ret == -EPIPE ? -ESHUTDOWN : ret;
}

/* ---- the context ------------------------------------------------------------------ */

static int local_check_hello(const struct ava_local_hello *hello,
			     const struct ava_server_api *api)
{
	if (hello->magic != AVA_LOCAL_MAGIC)
		return -EPROTO;
	if (memcmp(hello->api.name, api->id.name, sizeof(api->id.name)))
		return -ENOENT;
	if (!memcmp(&hello->api, &api->id, sizeof(api->id)))
		return 0;
	ava_log(api->log_name, "guest library was built from version %u.%u hash %02x%02x.., "
		"this server from %u.%u hash %02x%02x..", hello->api.version_major,
		hello->api.version_minor, hello->api.hash[0], hello->api.hash[1],
		api->id.version_major, api->id.version_minor, api->id.hash[0], api->id.hash[1]);
	return -EPROTONOSUPPORT;
}

/* Both directions at once: a word of the guest's is read, and written. */
static int local_probe(const struct local_peer *peer, const struct ava_local_hello *hello)
{
	uint64_t word;
	int ret = local_peer_read(peer, hello->probe, &word, sizeof(word));

	if (!ret && word != hello->nonce)
		return -EPERM;		/* another process than the one that asked */
	word++;
	if (!ret)
		ret = local_peer_write(peer, hello->probe, &word, sizeof(word));
	return ret && ret != -ESHUTDOWN ? -EPERM : ret;
}

bool ava_server_follow(void)
{
	if (!ava_local_native || !local_guest.pid)
		return false;
	if (local_peer_alive(&local_guest))
		local_peer_follow(&local_guest);
	return true;
}

static int local_greet(int fd, const struct ava_server_api *api, int *err)
{
	struct ava_local_hello hello;
	int ret = ava_local_recv(fd, &hello, sizeof(hello), err, 1);

	if (!ret)
		ret = local_check_hello(&hello, api);
	if (!ret)
		ret = local_peer_open(&local_guest, fd);
	if (!ret)
		ret = local_probe(&local_guest, &hello);
	if (!ret && ava_local_native)
		local_peer_adopt(&local_guest, hello.environ);
	return ret;
}

/* What the vendor's library complains about is the guest's to read. */
static void local_adopt_stderr(int err)
{
	/* A reader that went must not end the vendor's threads. */
	signal(SIGPIPE, SIG_IGN);
	if (ava_local_native && err >= 0)
		dup2(err, STDERR_FILENO);
	if (err >= 0)
		close(err);
}

static int local_attach(int fd, const struct ava_server_api *api)
{
	struct ava_local_welcome welcome = {
		.max_args = AVA_LOCAL_MAX_ARGS,
		.max_reply = AVA_LOCAL_MAX_REPLY,
		.max_segs = AVA_LOCAL_MAX_SEGS,
		.max_bulk = AVA_LOCAL_MAX_BULK,
		.max_streams = AVA_LOCAL_MAX_STREAMS,
	};
	int err = -1;
	int ret = local_greet(fd, api, &err);

	if (local_gone(ret) != -ESHUTDOWN) {
		welcome.status = ret;
		ret = ava_local_send(fd, &welcome, sizeof(welcome), NULL, 0);
	}
	local_adopt_stderr(welcome.status ? -1 : err);
	return ret ? local_gone(ret) : welcome.status;
}

/* Its socket alone does not tell: a child may have inherited the guest's end. */
static int local_wait_context(int fd)
{
	struct pollfd pfd[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = local_guest.pidfd, .events = POLLIN },
	};
	int ret;

	do {
		ret = poll(pfd, 2, -1);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	return pfd[1].revents ? -ESHUTDOWN : 0;
}

/* Sealed and of the right size: no access to it can fault. */
static int local_map(struct local_stream *st, int fd)
{
	struct stat stat;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &stat) ||
	    stat.st_size != AVA_LOCAL_RING_SIZE)
		return -EPROTO;
	st->shared = mmap(NULL, AVA_LOCAL_RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return st->shared == MAP_FAILED ? -errno : 0;
}

static int local_stream_new(const struct ava_server_api *api, const int fds[2],
			    struct ava_server_stream **out)
{
	struct local_stream *st = calloc(1, sizeof(*st));
	int ret = st ? local_map(st, fds[0]) : -ENOMEM;

	close(fds[0]);
	if (ret) {
		close(fds[1]);
		free(st);
		return ret;
	}
	st->base.ops = &ava_server_local;
	st->api = api;
	st->peer = local_guest;
	st->sock = fds[1];
	*out = &st->base;
	return 0;
}

static int local_accept(int fd, const struct ava_server_api *api,
			struct ava_server_stream **out)
{
	struct ava_local_stream msg;
	int fds[2];
	int ret = local_wait_context(fd);

	if (!ret)
		ret = local_gone(ava_local_recv(fd, &msg, sizeof(msg), fds, 2));
	if (!ret && fds[1] < 0)
		return -EPROTO;
	return ret ? ret : local_stream_new(api, fds, out);
}

static void local_close(struct ava_server_stream *base)
{
	struct local_stream *st = (struct local_stream *)base;

	munmap(st->shared, AVA_LOCAL_RING_SIZE);
	close(st->sock);
	free(st);
}

/* ---- completions ------------------------------------------------------------------ */

/* The guest says up to where it wants to sleep; one byte ends that. */
static bool local_wake_guest(struct local_stream *st)
{
	uint32_t *sleeps = AVA_LOCAL_GUEST_SLEEPS(st->shared);
	uint32_t wants;

	if (!__atomic_load_n(sleeps, __ATOMIC_SEQ_CST))
		return false;
	wants = __atomic_load_n(AVA_LOCAL_GUEST_WANTS(st->shared), __ATOMIC_SEQ_CST);
	if ((int32_t)(st->tail - wants) < 0 || !__atomic_exchange_n(sleeps, 0, __ATOMIC_SEQ_CST))
		return false;
	/* Without room in the socket there is something to read already. */
	send(st->sock, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	return true;
}

static void local_answer(struct local_stream *st, const struct ava_cqe *cqe)
{
	struct ava_cqe *cq = (void *)((char *)st->shared + AVA_LOCAL_CQ_OFF);

	if (cqe->reply_len)
		memcpy((char *)st->shared + st->reply_off, st->reply, cqe->reply_len);
	cq[st->tail % AVA_LOCAL_ENTRIES] = *cqe;
	st->tail++;
	__atomic_store_n(&st->shared->cq_tail, st->tail, __ATOMIC_SEQ_CST);
	st->woke = local_wake_guest(st);
}

static int local_complete(struct ava_server_stream *base, const struct ava_server_call *call,
			  bool bad)
{
	struct local_stream *st = (struct local_stream *)base;
	uint64_t now = st->began ? ava_spin_now() : 0;
	struct ava_cqe cqe = {
		.status = bad ? AVA_CQE_BAD_CALL : 0,
		.reply_len = bad ? 0 : call->reply_len,
		.device_ns = call->device_ns,
		.reserved = now - st->began,
	};

	if (!bad && call->reply_len > call->reply_cap)
		return -EBADMSG;
	local_answer(st, &cqe);
	return bad ? -EBADMSG : 0;
}

/* ---- calls ------------------------------------------------------------------------ */

static int func_compare(const void *key, const void *row)
{
	uint32_t id = *(const uint32_t *)key;
	const struct ava_func *func = row;

	return id < func->id ? -1 : id > func->id;
}

/* An area of the arena. */
static bool area_valid(uint32_t off, uint32_t len)
{
	return !(off & 7) && off >= AVA_LOCAL_ARENA_OFF && off <= AVA_LOCAL_RING_SIZE &&
	       len <= AVA_LOCAL_RING_SIZE - off;
}

static bool sqe_valid(const struct local_stream *st, const struct ava_sqe *sqe)
{
	const struct ava_func *func = bsearch(&sqe->func, st->api->funcs, st->api->func_count,
					      sizeof(*func), func_compare);

	return func && !(sqe->flags & ~AVA_CALL_ASYNC) &&
	       (!(sqe->flags & AVA_CALL_ASYNC) || func->flags & AVA_FUNC_ASYNC) &&
	       sqe->args_len >= func->min_args && sqe->args_len <= func->max_args &&
	       sqe->reply_cap <= func->max_reply && sqe->seg_count <= func->max_segs &&
	       sqe->args_len <= AVA_LOCAL_MAX_ARGS && sqe->reply_cap <= AVA_LOCAL_MAX_REPLY &&
	       sqe->seg_count <= AVA_LOCAL_MAX_SEGS &&
	       area_valid(sqe->args_off, sqe->args_len) &&
	       area_valid(sqe->reply_off, sqe->reply_cap) &&
	       area_valid(sqe->segs_off, sqe->seg_count * sizeof(struct ava_seg));
}

static bool segs_copy(struct local_stream *st, const struct ava_sqe *sqe)
{
	struct ava_seg segs[AVA_LOCAL_MAX_SEGS];
	uint64_t bulk = 0;
	uint32_t i;

	memcpy(segs, (char *)st->shared + sqe->segs_off, sqe->seg_count * sizeof(*segs));
	__asm__ volatile("" ::: "memory");
	for (i = 0; i < sqe->seg_count; i++) {
		if (!segs[i].flags || segs[i].flags & ~(AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST) ||
		    segs[i].reserved || segs[i].len > AVA_LOCAL_MAX_BULK - bulk)
			return false;
		bulk += segs[i].len;
		st->addr[i] = segs[i].addr;
		st->segs[i] = (struct ava_ring_seg){ .len = segs[i].len, .flags = segs[i].flags };
	}
	return true;
}

/* A refused call ends the context, as it does in the host's kernel. */
static int local_refuse(struct local_stream *st, const struct ava_sqe *sqe)
{
	const struct ava_cqe cqe = { .status = AVA_CQE_BAD_CALL };

	ava_log(st->api->log_name, "refused a call of function %u: args %u, reply %u, "
		"segments %u, flags %#x do not fit the function table", sqe->func,
		sqe->args_len, sqe->reply_cap, sqe->seg_count, sqe->flags);
	local_answer(st, &cqe);
	return -EBADMSG;
}

static int local_take(struct local_stream *st, struct ava_server_call *call)
{
	struct ava_sqe *sq = (void *)((char *)st->shared + AVA_LOCAL_SQ_OFF);
	struct ava_sqe sqe = sq[st->head % AVA_LOCAL_ENTRIES];

	/* From here on the compiler has to use the copy. */
	__asm__ volatile("" ::: "memory");
	st->head++;
	__atomic_store_n(&st->shared->sq_head, st->head, __ATOMIC_RELEASE);
	if (!sqe_valid(st, &sqe) || !segs_copy(st, &sqe))
		return local_refuse(st, &sqe);
	memcpy(st->args, (char *)st->shared + sqe.args_off, sqe.args_len);
	st->reply_off = sqe.reply_off;
	st->began = sqe.flags & AVA_CALL_ASYNC ? 0 : ava_spin_now();
	if (sqe.reserved[0])
		ava_spin_learn(&st->thinks, sqe.reserved[0]);
	*call = (struct ava_server_call){
		.func = sqe.func,
		.flags = sqe.flags,
		.args = st->args,
		.args_len = sqe.args_len,
		.reply = st->reply,
		.reply_cap = sqe.reply_cap,
		.segs = st->segs,
		.seg_count = sqe.seg_count,
	};
	return 0;
}

/* Return: 1 if there is a call to take, 0 if not, -ESHUTDOWN, or -EPROTO for nonsense. */
static int local_look(struct local_stream *st)
{
	uint32_t count = __atomic_load_n(&st->shared->sq_tail, __ATOMIC_SEQ_CST) - st->head;

	if (count)
		return count <= AVA_LOCAL_ENTRIES ? 1 : -EPROTO;
	return __atomic_load_n(AVA_LOCAL_CLOSED(st->shared), __ATOMIC_SEQ_CST) ? -ESHUTDOWN : 0;
}

static int local_spin(struct local_stream *st)
{
	uint32_t budget = ava_spin_budget(&st->spin, st->thinks, st->woke);
	int ret = 0, i;
	uint64_t end;

	if (!budget || !ava_spin_begin())
		return 0;
	end = ava_spin_now() + budget;
	do {
		for (i = 0; i < SPIN_LOOKS && !ret; i++) {
			ava_spin_pause();
			ret = local_look(st);
		}
	} while (!ret && ava_spin_now() < end);
	ava_spin_end();
	ava_spin_result(&st->spin, ret);
	return ret;
}

static int local_sleep(struct local_stream *st)
{
	uint32_t *sleeps = AVA_LOCAL_SERVER_SLEEPS(st->shared);
	int ret;

	__atomic_store_n(sleeps, 1, __ATOMIC_SEQ_CST);
	ret = local_look(st);
	if (!ret)
		syscall(SYS_futex, sleeps, FUTEX_WAIT, 1, NULL, NULL, 0);
	__atomic_store_n(sleeps, 0, __ATOMIC_SEQ_CST);
	return ret;
}

static int local_fetch(struct ava_server_stream *base, struct ava_server_call *call)
{
	struct local_stream *st = (struct local_stream *)base;
	int ret = local_look(st);

	if (!ret)
		ret = local_spin(st);
	while (!ret)
		ret = local_sleep(st);
	return ret < 0 ? ret : local_take(st, call);
}

static int local_copy(struct ava_server_stream *base, const struct ava_server_call *call,
		      struct ava_stream_copy *copy)
{
	struct local_stream *st = (struct local_stream *)base;
	const struct ava_ring_seg *seg = &st->segs[copy->seg];
	bool push = copy->dir == AVA_COPY_TO_GUEST;
	void *buf = (void *)(uintptr_t)copy->addr;
	uint64_t addr = st->addr[copy->seg] + copy->offset;

	(void)call;
	if (!(seg->flags & (push ? AVA_SEG_FROM_HOST : AVA_SEG_TO_HOST)))
		return -EACCES;
	if (copy->offset > seg->len || copy->len > seg->len - copy->offset)
		return -ERANGE;
	return push ? local_peer_write(&st->peer, addr, buf, copy->len) :
	       local_peer_read(&st->peer, addr, buf, copy->len);
}

static int local_event(int fd, uint64_t cookie, const void *data, uint32_t len)
{
	char msg[sizeof(struct ava_local_event) + AVA_LOCAL_MAX_EVENT];
	struct ava_local_event head = { .len = len, .cookie = cookie };

	if (len > AVA_LOCAL_MAX_EVENT)
		return -EMSGSIZE;
	memcpy(msg, &head, sizeof(head));
	if (len)
		memcpy(msg + sizeof(head), data, len);
	if (send(fd, msg, sizeof(head) + len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return 0;
	if (errno == EAGAIN)
		return -ENOBUFS;
	return errno == EPIPE || errno == ECONNRESET ? -ESHUTDOWN : -errno;
}

const struct ava_server_channel ava_server_local = {
	.attach = local_attach,
	.accept = local_accept,
	.fetch = local_fetch,
	.complete = local_complete,
	.copy = local_copy,
	.close = local_close,
	.event = local_event,
};
