// SPDX-License-Identifier: GPL-2.0
/*
 * ring_attack.c - a hostile guest against /dev/vhost-ava, seeded and counted
 *
 *	ring_attack [--seed S] [--cases N]
 *
 * Batches of spoiled chains go to the host; between them another VM's calls must
 * be answered right. Where vhost declares a ring broken, or the VM wrote over its
 * own rings, it is reset, now and then by a new file. Prints TAP: a line per class
 * with its cases, and what must hold at the end.
 */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct attack_tally {
	unsigned long cases[64];
	unsigned long answered[64];
	unsigned long failed[64];
	unsigned long status[16];
	unsigned long contexts, resets, files, broken, silent, peer_calls, peer_failed,
		strays;
	bool broken_now;
	uint64_t ms;
};

/* Not a class of chains, but counted like one. */
#define SMALL_RINGS	63

static struct attack_tally tally;

/* ---- the second thread ------------------------------------------------------- */

/* Descriptors of the submit ring and the bytes of the batch's chains. */
static void *scribble(void *arg)
{
	struct attack *a = arg;
	struct attack_rng rng = { 0x5eed };
	unsigned int i;

	for (;;) {
		sem_wait(&a->start);
		if (a->quit)
			return NULL;
		for (i = 0; i < 300; i++) {
			unsigned int t = rng_below(&rng, a->targets + 1);
			uint32_t *w;

			if (t == a->targets) {
				struct vring_desc *d = a->vm.vq[VIRTIO_AVA_VQ_SUBMIT].desc;

				d += rng_below(&rng, RING_NUM);
				if (rng_below(&rng, 8))
					d->len = rng_odd(&rng);
				else
					d->next = rng_below(&rng, RING_NUM);
				continue;
			}
			w = ring_ptr(&a->vm, a->target[t].addr & ~7ull);
			w[rng_below(&rng, a->target[t].len / 4)] = rng_odd(&rng);
			if (i % 50 == 0)
				sched_yield();
		}
		sem_post(&a->done);
	}
}

/* ---- the hostile VM ------------------------------------------------------------ */

static int vm_up(struct attack *a)
{
	memset(a->ctx, 0, sizeof(a->ctx));
	a->poisoned = false;
	tally.files++;
	return ring_vm_up(&a->vm, a->guest_id, ATTACK_HIGH);
}

/* As a guest that resets its device and starts over, with rings of @num entries. */
static int vm_restart(struct attack *a, unsigned int num)
{
	unsigned int i;
	int ret = ring_vm_run(&a->vm, 0);

	if (!ret && ioctl(a->vm.fd, VHOST_AVA_RESET))
		ret = -errno;
	for (i = 0; !ret && i < VIRTIO_AVA_VQ_COUNT; i++) {
		eventfd_t n;

		a->vm.vq[i].num = num;
		ring_vq_reset(&a->vm, i);
		eventfd_read(a->vm.vq[i].err, &n);
		ret = ring_vm_set_vring(&a->vm, i);
	}
	a->vm.heap = a->vm.heap_start;
	memset(a->ctx, 0, sizeof(a->ctx));
	a->poisoned = false;
	return ret ? ret : ring_vm_run(&a->vm, 1);
}

static int vm_reset(struct attack *a)
{
	tally.resets++;
	if (tally.resets % 4)
		return vm_restart(a, RING_NUM);
	ring_vm_down(&a->vm);
	return vm_up(a);
}

/* ---- rings of a few entries -------------------------------------------------------- */

#define GUARD	0xcc

/* What lies behind a used ring, to the end of its page. */
static uint8_t *guard(struct ring_vq *vq, size_t *len)
{
	size_t size = sizeof(*vq->used) + vq->num * sizeof(vq->used->ring[0]) + 2;

	*len = RING_PAGE - size;
	return (uint8_t *)vq->used + size;
}

static int small_head(struct attack *a, unsigned int index)
{
	struct virtio_ava_ctrl open = ring_ctrl_open(ATTACK_LAZY_API, 1, 2, RING_API_HASH);
	uint32_t in = index == VIRTIO_AVA_VQ_CONTROL ? 40 : 32;
	uint32_t out = index == VIRTIO_AVA_VQ_CONTROL ? sizeof(open) : 64;
	struct ring_buf bufs[2] = {
		{ ring_heap(&a->vm, out), out, false },
		{ ring_heap(&a->vm, in), in, true },
	};

	memset(ring_ptr(&a->vm, bufs[0].addr), 0, out);
	if (index == VIRTIO_AVA_VQ_CONTROL)
		memcpy(ring_ptr(&a->vm, bufs[0].addr), &open, out);
	return ring_add_indirect(&a->vm, index, bufs, 2);
}

/*
 * One chain is offered again and again before it came back, so the host owes more
 * answers than the ring has entries.
 */
static unsigned int small_round(struct attack *a)
{
	unsigned int index = rng_below(&a->rng, 2) ? VIRTIO_AVA_VQ_CONTROL : VIRTIO_AVA_VQ_SUBMIT;
	unsigned int offers = 10 + rng_below(&a->rng, 150), i;
	struct ring_vq *vq = &a->vm.vq[index];
	uint8_t *behind;
	size_t len, n;
	int head;

	if (vm_restart(a, 1u << rng_below(&a->rng, 4)))
		return 0;
	head = small_head(a, index);
	behind = guard(vq, &len);
	memset(behind, GUARD, len);
	for (i = 1; i < offers; i++) {
		vq->avail->ring[vq->avail_idx++ % vq->num] = head;
		if (i % vq->num)
			continue;
		ring_kick(&a->vm, index);
		sched_yield();
	}
	ring_kick(&a->vm, index);
	/* A stop waits for the handlers, so all is written that will be. */
	a->poisoned = true;
	if (ring_vm_run(&a->vm, 0))
		return 0;
	for (n = 0; n < len && behind[n] == GUARD; n++)
		;
	tally.cases[SMALL_RINGS] += offers;
	tally.failed[SMALL_RINGS] += n < len;
	return offers;
}

/* ---- contexts --------------------------------------------------------------------- */

static int send_all(struct attack *a, struct ring_ctrl *wait, uint32_t cmd)
{
	int i, ret = 0;

	for (i = 0; !ret && i < ATTACK_CONTEXTS; i++) {
		struct virtio_ava_ctrl req = ring_ctrl_of(cmd, a->ctx[i].id, 0);

		wait[i].head = -1;
		if (cmd == VIRTIO_AVA_CTRL_OPEN ? a->ctx[i].id != 0 : !a->ctx[i].spent)
			continue;
		if (cmd == VIRTIO_AVA_CTRL_OPEN)
			req = ring_ctrl_open(i < ATTACK_SERVED ? RING_API_NAME : ATTACK_LAZY_API,
					     RING_API_MAJOR, RING_API_MINOR, RING_API_HASH);
		ret = ring_ctrl_send(&a->vm, &req, &wait[i]);
	}
	return ret;
}

/* Contexts that are not open are opened, all at once, each with a stream. */
static int refill(struct attack *a)
{
	struct ring_ctrl wait[ATTACK_CONTEXTS];
	struct virtio_ava_ctrl_resp resp;
	int i, ret = send_all(a, wait, VIRTIO_AVA_CTRL_OPEN);

	for (i = 0; !ret && i < ATTACK_CONTEXTS; i++) {
		if (wait[i].head < 0)
			continue;
		ret = ring_ctrl_wait(&a->vm, &wait[i], &resp);
		tally.contexts += !ret;
		/* Closed ones count until the server let go; the next round will do. */
		if (ret == VIRTIO_AVA_S_QUOTA) {
			resp.ctx = 0;
			ret = 0;
		}
		/* Marked so for the request below. */
		a->ctx[i] = (struct attack_context){ .id = resp.ctx, .spent = resp.ctx };
	}
	if (!ret)
		ret = send_all(a, wait, VIRTIO_AVA_CTRL_STREAM_OPEN);
	for (i = 0; !ret && i < ATTACK_CONTEXTS; i++) {
		if (wait[i].head < 0)
			continue;
		ret = ring_ctrl_wait(&a->vm, &wait[i], NULL);
		a->ctx[i].spent = false;
	}
	return ret;
}

static bool wait_all(struct attack *a, const struct ring_ctrl *wait, int timeout)
{
	int i;

	for (i = 0; i < ATTACK_CONTEXTS; i++)
		if (wait[i].head >= 0 &&
		    ring_wait(&a->vm, VIRTIO_AVA_VQ_CONTROL, wait[i].head, timeout) < 0)
			return false;
	return true;
}

static void forget_spent(struct attack *a)
{
	int i;

	for (i = 0; i < ATTACK_CONTEXTS; i++)
		if (a->ctx[i].spent)
			memset(&a->ctx[i], 0, sizeof(a->ctx[i]));
}

/* ---- a batch ---------------------------------------------------------------------- */

/* @kinds: a bit for each kind that may be picked. */
static unsigned int pick_class(struct attack *a, unsigned int kinds)
{
	unsigned int i, sum = 0, n;

	for (i = 0; i < attack_class_count; i++)
		if (kinds & 1u << attack_classes[i].kind)
			sum += attack_classes[i].weight;
	n = rng_below(&a->rng, sum);
	for (i = 0; i < attack_class_count; i++) {
		if (!(kinds & 1u << attack_classes[i].kind))
			continue;
		if (n < attack_classes[i].weight)
			break;
		n -= attack_classes[i].weight;
	}
	return i;
}

static void add_case(struct attack *a, unsigned int kinds)
{
	struct attack_item *item = &a->item[a->items];

	memset(item, 0, sizeof(*item));
	item->class = pick_class(a, kinds);
	attack_classes[item->class].run(a, item);
	if (item->pending && item->queue == VIRTIO_AVA_VQ_SUBMIT) {
		const struct virtio_ava_call *hdr = ring_ptr(&a->vm, item->call.readable);

		attack_stray(a, hdr->ctx, item->ctx);
	}
	a->poisoned |= kinds == 1u << ATTACK_BREAKS;
	tally.cases[item->class]++;
	a->items++;
}

/* A served context may go on if the answer says whether its number was taken. */
static void keep_context(struct attack_item *item, const struct virtio_ava_reply *reply,
			 uint32_t used)
{
	struct attack_context *ctx = item->ctx;

	if (item->silent && !used)
		return;
	if (used >= sizeof(*reply) && !reply->status && reply->seq == item->call.hdr.seq)
		return;
	if (ctx->uses == 1 && reply->status == VIRTIO_AVA_S_NO_CONTEXT)
		ctx->seq--;
	else
		ctx->spent = true;
}

/* What the answer says about the item and about its context. */
static void judge(struct attack *a, struct attack_item *item)
{
	struct virtio_ava_reply reply = { 0 };
	uint32_t used = ring_collect(&a->vm, item->queue, item->call.head);

	tally.answered[item->class]++;
	item->pending = false;
	if (item->queue != VIRTIO_AVA_VQ_SUBMIT)
		return;
	if (used >= sizeof(reply))
		memcpy(&reply, ring_ptr(&a->vm, item->call.writable), sizeof(reply));
	if (reply.status < 16)
		tally.status[reply.status]++;
	if (item->exact && !a->poisoned && !a->targets && !item->ctx->dirty) {
		uint32_t len = item->call.args_len < item->call.hdr.reply_cap ?
			       item->call.args_len : item->call.hdr.reply_cap;

		if (reply.status || reply.len != len ||
		    memcmp(ring_ptr(&a->vm, item->call.writable + sizeof(reply)), a->args, len)) {
			printf("# well-formed call: status %u, %u bytes of reply, not %u\n",
			       reply.status, reply.len, len);
			tally.failed[item->class]++;
		}
	}
	keep_context(item, &reply, used);
}

/* True when every chain came back; false when the ring is of no more use. */
static bool collect(struct attack *a, int timeout)
{
	struct ring_vq *vqs = a->vm.vq;
	struct pollfd fds[4] = {
		{ .fd = vqs[VIRTIO_AVA_VQ_SUBMIT].call, .events = POLLIN },
		{ .fd = vqs[VIRTIO_AVA_VQ_SUBMIT].err, .events = POLLIN },
		{ .fd = vqs[VIRTIO_AVA_VQ_CONTROL].call, .events = POLLIN },
		{ .fd = vqs[VIRTIO_AVA_VQ_CONTROL].err, .events = POLLIN },
	};
	uint64_t end = ring_ms() + timeout;
	unsigned int i, left;

	for (;;) {
		eventfd_t n;

		if (ring_reap(&a->vm, VIRTIO_AVA_VQ_SUBMIT) < 0 ||
		    ring_reap(&a->vm, VIRTIO_AVA_VQ_CONTROL) < 0)
			return false;
		for (i = 0, left = 0; i < a->items; i++) {
			struct attack_item *item = &a->item[i];

			if (item->pending && vqs[item->queue].done[item->call.head])
				judge(a, item);
			left += item->pending;
		}
		if (!left)
			return true;
		if (ring_ms() >= end) {
			tally.silent++;
			return false;
		}
		/* Asynchronous calls come back without an interrupt. */
		poll(fds, 4, 5);
		if ((fds[1].revents | fds[3].revents) & POLLIN) {
			tally.broken++;
			tally.broken_now = true;
			return false;
		}
		eventfd_read(fds[0].fd, &n);
		eventfd_read(fds[2].fd, &n);
	}
}

static void fail_pending(struct attack *a)
{
	unsigned int i;

	printf("# submit: avail %u used %u, control: avail %u used %u\n",
	       a->vm.vq[2].avail_idx, a->vm.vq[2].used_idx, a->vm.vq[0].avail_idx,
	       a->vm.vq[0].used_idx);
	for (i = 0; i < a->items; i++)
		if (a->item[i].pending) {
			printf("# case of class '%s' was not answered\n",
			       attack_classes[a->item[i].class].name);
			tally.failed[a->item[i].class]++;
		}
}

static void fill_batch(struct attack *a, unsigned int n)
{
	unsigned int kinds = 1u << ATTACK_TAKEN | 1u << ATTACK_REFUSED, i;

	/* Few batches, since one such chain puts the others in doubt. */
	if (!rng_below(&a->rng, 8))
		kinds |= 1u << ATTACK_CHANGES;
	a->items = 0;
	a->targets = 0;
	tally.broken_now = false;
	for (i = 0; i < ATTACK_CONTEXTS; i++) {
		a->ctx[i].uses = 0;
		a->ctx[i].dirty = false;
	}
	while (a->items < n && a->vm.vq[VIRTIO_AVA_VQ_SUBMIT].nfree > 16)
		add_case(a, kinds);
	if (!rng_below(&a->rng, 4))
		add_case(a, 1u << ATTACK_BREAKS);
}

/* Closes the contexts that are marked; answered behind their calls. */
static bool close_spent(struct attack *a, struct ring_ctrl *wait)
{
	return !send_all(a, wait, VIRTIO_AVA_CTRL_CLOSE);
}

/*
 * A spoiled call may name another context, one that nobody serves: everything is
 * closed then, and every chain must come back.
 */
static bool close_all_and_collect(struct attack *a)
{
	struct ring_ctrl wait[ATTACK_CONTEXTS];
	int i;

	for (i = 0; i < ATTACK_CONTEXTS; i++)
		a->ctx[i].spent = a->ctx[i].id;
	tally.strays++;
	return close_spent(a, wait) && collect(a, RING_TIMEOUT) &&
	       wait_all(a, wait, RING_TIMEOUT);
}

/* Whether the VM can go on. */
static bool settle(struct attack *a)
{
	bool doubtful = a->poisoned || a->targets;
	struct ring_ctrl wait[ATTACK_CONTEXTS];
	int i;

	for (i = ATTACK_SERVED; i < ATTACK_CONTEXTS; i++)
		a->ctx[i].spent |= a->ctx[i].uses;
	if (!close_spent(a, wait))
		return false;
	if (a->targets)
		sem_wait(&a->done);
	if (!collect(a, 200) || !wait_all(a, wait, 200)) {
		if (doubtful || tally.broken_now)
			return false;
		if (!close_all_and_collect(a)) {
			fail_pending(a);
			return false;
		}
	}
	/* Closed are the lazy ones by now; the served ones that the answers spent follow. */
	for (i = ATTACK_SERVED; i < ATTACK_CONTEXTS; i++)
		if (a->ctx[i].spent)
			memset(&a->ctx[i], 0, sizeof(a->ctx[i]));
	if (!close_spent(a, wait) || !wait_all(a, wait, RING_TIMEOUT))
		return false;
	forget_spent(a);
	return true;
}

static unsigned int batch(struct attack *a, unsigned long left)
{
	fill_batch(a, ATTACK_BATCH - 1 < left ? ATTACK_BATCH - 1 : left);
	if (a->targets)
		sem_post(&a->start);
	ring_kick(&a->vm, VIRTIO_AVA_VQ_SUBMIT);
	a->poisoned |= !settle(a);
	return a->items;
}

/* ---- the whole ---------------------------------------------------------------------- */

static int attack(struct attack *a, struct attack_peer *peer, unsigned long cases)
{
	unsigned long done = 0, shown = 0;
	uint64_t start = ring_ms();
	int ret = vm_up(a);

	while (!ret && done < cases) {
		if (a->poisoned && !rng_below(&a->rng, 8))
			done += small_round(a);
		if (a->poisoned)
			ret = vm_reset(a);
		if (!ret)
			ret = refill(a);
		if (ret)
			break;
		done += batch(a, cases - done);
		tally.peer_calls++;
		ret = attack_peer_call(peer, &a->rng);
		if (ret) {
			printf("# the other VM's call: %d\n", ret);
			tally.peer_failed++;
		}
		if (done / 10000 != shown) {
			shown = done / 10000;
			printf("# %lu cases, %lu contexts, %lu resets, %lu of them new files\n",
			       done, tally.contexts, tally.resets, tally.files);
			fflush(stdout);
		}
	}
	tally.ms = ring_ms() - start;
	if (ret)
		printf("# stopped after %lu cases: %s\n", done,
		       ret < 0 ? strerror(-ret) : "a request was refused");
	return ret;
}

static int line(int *n, bool ok, const char *fmt, const char *name, unsigned long count)
{
	printf("%s %d - ", ok ? "ok" : "not ok", ++*n);
	printf(fmt, name, count);
	putchar('\n');
	return !ok;
}

static int report(int ended, pid_t server)
{
	char culprit[64] = "nothing";
	int n = 0, bad = 0, status = 0;
	bool died = waitpid(server, &status, WNOHANG);
	unsigned int i;

	if (died)
		printf("# the server died of %s %d\n", WIFSIGNALED(status) ? "signal" : "status",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	for (i = 0; i < 16; i++)
		if (tally.status[i])
			printf("# answered with status %u: %lu\n", i, tally.status[i]);
	printf("# %lu contexts, %lu resets, %lu files\n", tally.contexts, tally.resets,
	       tally.files);
	printf("# %lu rings broken, %lu gone silent, %llu ms\n", tally.broken, tally.silent,
	       (unsigned long long)tally.ms);
	for (i = 0; i < attack_class_count; i++)
		bad += line(&n, !tally.failed[i], "ring_attack.%s: %lu cases",
			    attack_classes[i].name, tally.cases[i]);
	bad += line(&n, !tally.failed[SMALL_RINGS], "ring_attack.%s: %lu cases",
		    "offers beyond a small ring", tally.cases[SMALL_RINGS]);
	bad += line(&n, !ended, "ring_attack.all cases were played%s%.0lu", "", 0);
	bad += line(&n, !tally.peer_failed, "ring_attack.%s was answered right: %lu calls",
		    "another VM", tally.peer_calls);
	bad += line(&n, !died, "ring_attack.the server %s%.0lu",
		    "lives", 0);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	bad += line(&n, !ring_counters_idle(0, culprit, sizeof(culprit)),
		    "ring_attack.everything was given back (left: %s)%.0lu", culprit, 0);
	printf("1..%d\n", n);
	return bad;
}

int main(int argc, char **argv)
{
	unsigned long seed = 1, cases = 100000;
	static struct attack a;
	struct attack_peer peer;
	pid_t server;
	int i, ret;

	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--seed"))
			seed = strtoul(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--cases"))
			cases = strtoul(argv[i + 1], NULL, 0);
		else
			i = argc;
	}
	if (i != argc) {
		fprintf(stderr, "usage: ring_attack [--seed S] [--cases N]\n");
		return 2;
	}
	printf("TAP version 13\n# seed %lu, %lu cases\n", seed, cases);
	a.rng.state = seed * 0x9e3779b97f4a7c15ull + 1;
	for (i = 0; i < (int)sizeof(a.args); i++)
		a.args[i] = rng_next(&a.rng);
	a.guest_id = 666;
	sem_init(&a.start, 0, 0);
	sem_init(&a.done, 0, 0);
	/* Forked before there are VMs, whose files it would hold. */
	server = attack_server_start();
	ret = server < 0 ? -1 : attack_peer_up(&peer, 667);
	if (ret) {
		printf("not ok 1 - ring_attack.set-up\n1..1\n");
		return 1;
	}
	pthread_create(&a.scribbler, NULL, scribble, &a);
	ret = attack(&a, &peer, cases);
	a.quit = true;
	sem_post(&a.start);
	pthread_join(a.scribbler, NULL);
	ring_vm_down(&a.vm);
	ring_vm_down(&peer.vm);
	return report(ret, server) ? 1 : 0;
}
