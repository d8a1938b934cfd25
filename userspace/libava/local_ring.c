// SPDX-License-Identifier: Apache-2.0
/*
 * local_ring.c - the guest's end of a stream of the LOCAL channel
 *
 * See common/local_proto.h for what is shared with the server. Calls of a stream
 * complete in order, so ring and arena are queues. The lock is held to add calls and
 * to take completions, never while waiting: of several threads that wait on
 * one stream, one looks at the ring or sleeps at the socket, the others follow.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/local_proto.h"
#include "../common/memcheck.h"
#include "../common/spin.h"
#include "local_ring.h"

#define SPIN_CLASSES	64u	/* functions are told apart by as many */
#define SPIN_LOOKS	32	/* looks between two at the clock */
#define CALL_PENDING	1	/* status of a call that somebody waits for */

/**
 * struct local_slot - a call in flight
 * @call: whose end is waited for, or NULL
 * @arena_end: where the arena is free behind it
 * @func: of the call
 */
struct local_slot {
	struct ava_call *call;
	uint32_t arena_end;
	uint32_t func;
};

/**
 * struct local_ring - a stream
 * @lock: protects all but the shared memory's contents
 * @turn: a completion was taken, or nobody waits at the socket any more
 * @waiting: a thread looks at the ring or sleeps
 * @shared: memory shared with the server
 * @sock: see local_proto.h
 * @tail: index of the next call
 * @head: index of the next completion
 * @arena_tail: where the arena is free, up to @arena_head if that is above it
 * @arena_head: oldest byte in use
 * @dead: 0, or the -errno of all further calls
 * @last_ns: when the stream was last used
 * @spin: see spin.h; of the thread that set @waiting
 * @took: by class of function, see spin.h
 */
struct local_ring {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	bool waiting;
	struct ava_ring *shared;
	struct ava_sqe *sq;
	struct ava_cqe *cq;
	int sock;
	uint32_t tail;
	uint32_t head;
	uint32_t arena_tail;
	uint32_t arena_head;
	int dead;
	uint64_t last_ns;
	struct ava_spin spin;
	uint32_t took[SPIN_CLASSES];
	struct local_slot slots[AVA_LOCAL_ENTRIES];
};

static int ring_map(struct local_ring *r, int fd)
{
	struct ava_ring *s;

	/* Sealed: the server may read it without fear that it shrinks. */
	if (ftruncate(fd, AVA_LOCAL_RING_SIZE) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	s = mmap(NULL, AVA_LOCAL_RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s == MAP_FAILED)
		return -errno;
	s->size = AVA_LOCAL_RING_SIZE;
	s->sq_entries = AVA_LOCAL_ENTRIES;
	s->cq_entries = AVA_LOCAL_ENTRIES;
	s->sq_off = AVA_LOCAL_SQ_OFF;
	s->cq_off = AVA_LOCAL_CQ_OFF;
	s->arena_off = AVA_LOCAL_ARENA_OFF;
	s->arena_size = AVA_LOCAL_ARENA_SIZE;
	r->shared = s;
	r->sq = (void *)((char *)s + AVA_LOCAL_SQ_OFF);
	r->cq = (void *)((char *)s + AVA_LOCAL_CQ_OFF);
	return 0;
}

int local_ring_descriptor(int fd)
{
	int high = fd;

	if (fd < 0)
		return -errno;
	if (fd <= STDERR_FILENO) {
		high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		high = high < 0 ? -errno : high;
		close(fd);
	}
	return high;
}

static int ring_sockets(struct local_ring *r, int *peer)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		return -errno;
	r->sock = local_ring_descriptor(sv[0]);
	*peer = sv[1];
	if (r->sock < 0)
		close(sv[1]);
	return r->sock < 0 ? r->sock : 0;
}

int local_ring_open(struct local_ring **out, int fds[2])
{
	struct local_ring *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return -ENOMEM;
	fds[0] = memfd_create("ava-stream", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fds[0] < 0) {
		ret = -errno;
		goto err_free;
	}
	ret = ring_map(r, fds[0]);
	if (ret)
		goto err_close;
	ret = ring_sockets(r, &fds[1]);
	if (ret)
		goto err_unmap;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->turn, NULL);
	*out = r;
	return 0;
err_unmap:
	munmap(r->shared, AVA_LOCAL_RING_SIZE);
err_close:
	close(fds[0]);
err_free:
	free(r);
	return ret;
}

void local_ring_forget(struct local_ring *r)
{
	munmap(r->shared, AVA_LOCAL_RING_SIZE);
	close(r->sock);
	free(r);
}

/* The word is cleared by whoever wakes, so that a run of calls wakes once. */
bool local_ring_kick(struct local_ring *r)
{
	uint32_t *word = AVA_LOCAL_SERVER_SLEEPS(r->shared);

	if (!__atomic_load_n(word, __ATOMIC_SEQ_CST) ||
	    !__atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST))
		return false;
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	return true;
}

void local_ring_close(struct local_ring *r)
{
	__atomic_store_n(AVA_LOCAL_CLOSED(r->shared), 1, __ATOMIC_SEQ_CST);
	local_ring_kick(r);
	pthread_cond_destroy(&r->turn);
	pthread_mutex_destroy(&r->lock);
	local_ring_forget(r);
}

bool local_ring_busy(struct local_ring *r)
{
	bool busy;

	if (pthread_mutex_trylock(&r->lock))
		return true;
	busy = r->waiting || (!r->dead &&
	       __atomic_load_n(&r->shared->cq_tail, __ATOMIC_ACQUIRE) != r->tail);
	pthread_mutex_unlock(&r->lock);
	return busy;
}

/* ---- completions, all with the lock held -------------------------------------- */

static int cqe_status(const struct ava_cqe *cqe)
{
	switch (cqe->status) {
	case 0:
		return 0;
	case AVA_CQE_BAD_CALL:
		return -EBADMSG;
	default:
		return -EPROTO;
	}
}

static void segs_filled(const struct ava_call *call)
{
	const struct ava_seg *segs = (const void *)(uintptr_t)call->segs;
	uint32_t i;

	for (i = 0; i < call->seg_count; i++)
		if (segs[i].flags & AVA_SEG_FROM_HOST)
			ava_memory_filled((void *)(uintptr_t)segs[i].addr, segs[i].len);
}

static void call_finish(struct local_ring *r, struct local_slot *slot,
			const struct ava_cqe *cqe)
{
	const struct ava_sqe *sqe = &r->sq[r->head % AVA_LOCAL_ENTRIES];
	struct ava_call *call = slot->call;
	int status = cqe_status(cqe);

	if (!status && call && cqe->reply_len) {
		if (cqe->reply_len <= call->reply_cap) {
			memcpy((void *)(uintptr_t)call->reply,
			       (char *)r->shared + sqe->reply_off, cqe->reply_len);
			/* the arena may have held what the program had not set */
			ava_memory_filled((void *)(uintptr_t)call->reply, cqe->reply_len);
		} else {
			status = -EPROTO;
		}
	}
	if (status)
		r->dead = status;
	if (!call)
		return;
	segs_filled(call);
	ava_spin_learn(&r->took[slot->func % SPIN_CLASSES], cqe->reserved);
	call->reply_len = status ? 0 : cqe->reply_len;
	call->device_ns = cqe->device_ns;
	call->status = status;
}

static void ring_reap(struct local_ring *r)
{
	uint32_t tail = __atomic_load_n(&r->shared->cq_tail, __ATOMIC_ACQUIRE);
	bool some = r->head != tail;
	struct local_slot *slot;

	if (tail - r->head > r->tail - r->head) {
		r->dead = r->dead ? r->dead : -EPROTO;
		return;
	}
	for (; r->head != tail; r->head++) {
		slot = &r->slots[r->head % AVA_LOCAL_ENTRIES];
		call_finish(r, slot, &r->cq[r->head % AVA_LOCAL_ENTRIES]);
		r->arena_head = slot->arena_end;
	}
	/* An arena in use again from its start stays in the cache. */
	if (r->head == r->tail)
		r->arena_head = r->arena_tail = 0;
	if (some)
		pthread_cond_broadcast(&r->turn);
}

/* What the server did not get to before it went fails. */
static void ring_fail(struct local_ring *r, int err)
{
	struct local_slot *slot;

	ring_reap(r);
	if (!r->dead)
		r->dead = err;
	for (; r->head != r->tail; r->head++) {
		slot = &r->slots[r->head % AVA_LOCAL_ENTRIES];
		if (slot->call)
			slot->call->status = r->dead;
	}
	pthread_cond_broadcast(&r->turn);
}

/* ---- waiting ------------------------------------------------------------------- */

/* Another thread may have lowered what is waited for: it needs room in the ring. */
static bool ring_reached(struct local_ring *r)
{
	uint32_t tail = __atomic_load_n(&r->shared->cq_tail, __ATOMIC_SEQ_CST);
	uint32_t wants = __atomic_load_n(AVA_LOCAL_GUEST_WANTS(r->shared), __ATOMIC_SEQ_CST);

	return (int32_t)(tail - wants) >= 0;
}

/* @looked: (out) 1 or -1: with or without success; unchanged if there was no need, or no CPU. */
static bool ring_spin(struct local_ring *r, uint32_t budget, int *looked)
{
	bool there = ring_reached(r);
	uint64_t end;
	int i;

	if (there || !budget || !ava_spin_begin())
		return there;
	end = ava_spin_now() + budget;
	do {
		for (i = 0; i < SPIN_LOOKS && !there; i++) {
			ava_spin_pause();
			there = ring_reached(r);
		}
	} while (!there && ava_spin_now() < end);
	ava_spin_end();
	*looked = there ? 1 : -1;
	return there;
}

/* Not recv(3): that is a cancellation point, and threads of applications are cancelled. */
static int ring_sleep(struct local_ring *r)
{
	char bytes[8];
	long ret;

	do {
		ret = syscall(SYS_recvfrom, r->sock, bytes, sizeof(bytes), 0, NULL, NULL);
	} while (ret < 0 && errno == EINTR);
	if (ret > 0)
		return 0;
	return !ret || errno == ECONNRESET ? -ENOLINK : -errno;
}

/* Without the lock, for the one thread that set @waiting. */
static int ring_watch(struct local_ring *r, uint32_t budget, int *looked)
{
	uint32_t *sleeps = AVA_LOCAL_GUEST_SLEEPS(r->shared);

	if (ring_spin(r, budget, looked))
		return 0;
	__atomic_store_n(sleeps, 1, __ATOMIC_SEQ_CST);
	/* Whoever clears the word decides whether there is a byte to be read. */
	if (ring_reached(r) && __atomic_exchange_n(sleeps, 0, __ATOMIC_SEQ_CST))
		return 0;
	return ring_sleep(r);
}

/* Waits for completions before @index, or for the thread that waits already to end. */
static void ring_follow_locked(struct local_ring *r, uint32_t index)
{
	uint32_t *wants = AVA_LOCAL_GUEST_WANTS(r->shared);
	uint32_t first = (int32_t)(*wants - index) > 0 ? index : *wants;
	int state;

	/*
	 * The server completes, then looks: one of the two has to see the other. An
	 * exchange, because nothing but a full barrier may stand before the look, and
	 * the thread sanitizer knows no fences.
	 */
	__atomic_exchange_n(wants, first, __ATOMIC_SEQ_CST);
	ring_reap(r);
	if ((int32_t)(r->head - index) >= 0 || !r->waiting)
		return;
	/* Who is cancelled here would take the lock along. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_cond_wait(&r->turn, &r->lock);
	pthread_setcancelstate(state, &state);
}

static void ring_lead_locked(struct local_ring *r, uint32_t index, uint32_t budget)
{
	int looked = 0, ret;

	r->waiting = true;
	__atomic_store_n(AVA_LOCAL_GUEST_WANTS(r->shared), index, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&r->lock);
	ret = ring_watch(r, budget, &looked);
	pthread_mutex_lock(&r->lock);
	r->waiting = false;
	if (looked)
		ava_spin_result(&r->spin, looked > 0);
	if (ret)
		ring_fail(r, ret);
	else
		ring_reap(r);
	pthread_cond_broadcast(&r->turn);
}

/* Gives up the lock while it waits; completions before @index are taken then. */
static void ring_wait_locked(struct local_ring *r, uint32_t index, uint32_t budget)
{
	ring_reap(r);
	while ((int32_t)(r->head - index) < 0) {
		if (r->dead)
			ring_fail(r, r->dead);
		else if (r->waiting)
			ring_follow_locked(r, index);
		else
			ring_lead_locked(r, index, budget);
	}
}

void local_ring_wait(struct local_ring *r, struct ava_call *call, bool woken)
{
	uint32_t took;

	pthread_mutex_lock(&r->lock);
	if (call->status == CALL_PENDING) {
		took = r->took[call->func % SPIN_CLASSES];
		/* Until it ends, the length of its reply is its index. */
		ring_wait_locked(r, call->reply_len + 1, ava_spin_budget(&r->spin, took, woken));
	}
	r->last_ns = ava_spin_now();
	pthread_mutex_unlock(&r->lock);
}

/* ---- posting ------------------------------------------------------------------- */

static uint32_t pad8(uint32_t len)
{
	return (len + 7) & ~7u;
}

/* Never fills the arena, so that an empty one and a full one look different. */
static bool arena_take(struct local_ring *r, uint32_t len, uint32_t *offset)
{
	uint32_t tail = r->arena_tail;

	if (tail < r->arena_head) {
		if (len >= r->arena_head - tail)
			return false;
	} else if (len > AVA_LOCAL_ARENA_SIZE - tail) {
		if (len >= r->arena_head)
			return false;
		tail = 0;
	}
	*offset = tail;
	r->arena_tail = tail + len;
	return true;
}

static int ring_room_locked(struct local_ring *r, uint32_t len, uint32_t *offset)
{
	while (!r->dead) {
		ring_reap(r);
		if (r->dead)
			break;
		if (r->tail - r->head < AVA_LOCAL_ENTRIES && arena_take(r, len, offset))
			return 0;
		local_ring_kick(r);
		/* Half of what is in flight: not woken for each. */
		ring_wait_locked(r, r->head + (r->tail - r->head + 1) / 2, 0);
	}
	return r->dead;
}

static void ring_add_locked(struct local_ring *r, struct ava_call *call, uint32_t offset)
{
	uint32_t segs_len = call->seg_count * sizeof(struct ava_seg);
	struct ava_sqe *sqe = &r->sq[r->tail % AVA_LOCAL_ENTRIES];
	char *shared = (char *)r->shared;
	bool idle = r->head == r->tail;
	uint64_t now = idle ? ava_spin_now() : 0;

	offset += AVA_LOCAL_ARENA_OFF;
	*sqe = (struct ava_sqe){
		.seq = r->tail,
		.func = call->func,
		.flags = call->flags,
		.args_off = offset,
		.args_len = call->args_len,
		.segs_off = offset + pad8(call->args_len),
		.seg_count = call->seg_count,
		.reply_off = offset + pad8(call->args_len) + segs_len,
		.reply_cap = call->reply_cap,
		.reserved = { idle ? now - r->last_ns : 0 },
	};
	if (call->args_len)
		memcpy(shared + sqe->args_off, (void *)(uintptr_t)call->args, call->args_len);
	if (segs_len)
		memcpy(shared + sqe->segs_off, (void *)(uintptr_t)call->segs, segs_len);
	r->slots[r->tail % AVA_LOCAL_ENTRIES] = (struct local_slot){
		.call = local_call_waits(call) ? call : NULL,
		.arena_end = r->arena_tail,
		.func = call->func,
	};
	if (idle)
		r->last_ns = now;
	call->status = local_call_waits(call) ? CALL_PENDING : 0;
	call->reply_len = local_call_waits(call) ? r->tail : 0;
	r->tail++;
	__atomic_store_n(&r->shared->sq_tail, r->tail, __ATOMIC_SEQ_CST);
}

int local_ring_post(struct local_ring *r, struct ava_call *call)
{
	uint32_t len = pad8(call->args_len) + call->seg_count * sizeof(struct ava_seg) +
		       pad8(call->reply_cap);
	uint32_t offset = 0;
	int ret;

	pthread_mutex_lock(&r->lock);
	ret = ring_room_locked(r, len, &offset);
	if (!ret)
		ring_add_locked(r, call, offset);
	pthread_mutex_unlock(&r->lock);
	return ret;
}
