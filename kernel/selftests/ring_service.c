// SPDX-License-Identifier: GPL-2.0
/*
 * ring_service.c - a manager process with a server process per context
 *
 * The "ring" API of ring_server.h is executed here. Every process dies with its
 * parent, so a test that fails leaves nothing behind.
 */
#define _GNU_SOURCE
#include "ring.h"
#include "ring_server.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct service_thread {
	struct ring_stream stream;
	struct ring_shared *shared;
	int context;
};

static void service_futex(uint32_t *word, int op, uint32_t val)
{
	syscall(SYS_futex, word, op, val, NULL, NULL, 0);
}

/* One more, which service_await() sees. */
static void service_count(uint32_t *word)
{
	__atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
	service_futex(word, FUTEX_WAKE, INT32_MAX);
}

static int service_await(uint32_t *word, uint32_t count)
{
	uint64_t now = ring_ms(), end = now + RING_TIMEOUT;
	uint32_t seen;

	for (; now < end; now = ring_ms()) {
		struct timespec left = {
			.tv_sec = (end - now) / 1000,
			.tv_nsec = (end - now) % 1000 * 1000000,
		};

		seen = __atomic_load_n(word, __ATOMIC_SEQ_CST);
		if (seen >= count)
			return 0;
		syscall(SYS_futex, word, FUTEX_WAIT, seen, &left, NULL, 0);
	}
	return -ETIMEDOUT;
}

static void service_gate(struct ring_shared *sh)
{
	service_count(&sh->waiting);
	while (!__atomic_load_n(&sh->gate, __ATOMIC_SEQ_CST))
		service_futex(&sh->gate, FUTEX_WAIT, 0);
	__atomic_sub_fetch(&sh->waiting, 1, __ATOMIC_SEQ_CST);
}

static struct ava_ring_seg *service_seg(struct ring_stream *s, const struct ava_sqe *e,
					uint32_t i)
{
	return (struct ava_ring_seg *)ring_at(s, e->segs_off) + i;
}

/* A buffer per thread that grows to the largest segment seen. */
static uint8_t *service_buf(uint64_t len)
{
	static __thread uint8_t *buf;
	static __thread uint64_t size;

	if (len > size) {
		free(buf);
		size = len;
		buf = malloc(size);
	}
	return buf;
}

static void service_xor(struct ring_stream *s, const struct ava_sqe *e)
{
	uint64_t i, len = service_seg(s, e, 0)->len;
	uint8_t *buf = service_buf(len + 1);

	if (ring_copy(s, e->tag, 0, AVA_COPY_FROM_GUEST, 0, buf, len) != (int64_t)len)
		return;
	for (i = 0; i < len; i++)
		buf[i] ^= 0x5a;
	ring_copy(s, e->tag, 1, AVA_COPY_TO_GUEST, 0, buf, len);
}

static uint32_t service_sum(struct ring_stream *s, const struct ava_sqe *e)
{
	uint64_t sum = 0, i;
	uint32_t seg;

	for (seg = 0; seg < e->seg_count; seg++) {
		uint64_t len = service_seg(s, e, seg)->len;
		uint8_t *buf = service_buf(len + 1);

		if (ring_copy(s, e->tag, seg, AVA_COPY_FROM_GUEST, 0, buf, len) != (int64_t)len)
			return 0;
		for (i = 0; i < len; i++)
			sum = sum * 31 + buf[i];
	}
	memcpy(ring_at(s, e->reply_off), &sum, sizeof(sum));
	return sizeof(sum);
}

static void service_fill(struct ring_stream *s, const struct ava_sqe *e)
{
	uint32_t seg;

	for (seg = 0; seg < e->seg_count; seg++) {
		struct ava_ring_seg *rs = service_seg(s, e, seg);
		uint64_t len = rs->len;
		uint8_t *buf = service_buf(len + 1);

		if (!(rs->flags & AVA_SEG_FROM_HOST))
			continue;
		memset(buf, seg + 1, len);
		ring_copy(s, e->tag, seg, AVA_COPY_TO_GUEST, 0, buf, len);
	}
}

static void service_callback(struct service_thread *t, const struct ava_sqe *e)
{
	struct ava_context_event ev = {
		.cookie = 77,
		.data = (uintptr_t)ring_at(&t->stream, e->args_off),
		.len = e->args_len,
	};
	int32_t ret = ioctl(t->context, AVA_CONTEXT_IOC_EVENT, &ev) ? -errno : 0;

	memcpy(ring_at(&t->stream, e->reply_off), &ret, sizeof(ret));
}

/* Returns the reply's length; completes with *status. */
static uint32_t service_execute(struct service_thread *t, const struct ava_sqe *e,
				uint32_t *status)
{
	struct ring_stream *s = &t->stream;
	uint64_t v;

	switch (e->func) {
	case RING_ECHO:
		memcpy(ring_at(s, e->reply_off), ring_at(s, e->args_off),
		       e->args_len < e->reply_cap ? e->args_len : e->reply_cap);
		return e->args_len < e->reply_cap ? e->args_len : e->reply_cap;
	case RING_XOR:
		service_xor(s, e);
		return 0;
	case RING_SUM:
		return service_sum(s, e);
	case RING_NOTE:
		memcpy(&v, ring_at(s, e->args_off), sizeof(v));
		s->total += v;
		return 0;
	case RING_TOTAL:
		memcpy(ring_at(s, e->reply_off), &s->total, sizeof(s->total));
		return sizeof(s->total);
	case RING_GATE:
		service_gate(t->shared);
		return 0;
	case RING_CALLBACK:
		service_callback(t, e);
		return 4;
	case RING_FILL:
		service_fill(s, e);
		return 0;
	case RING_DIE:
		_exit(7);
	default:
		*status = AVA_CQE_BAD_CALL;
		return 0;
	}
}

static void *service_stream(void *arg)
{
	struct service_thread *t = arg;
	struct ava_sqe e;

	while (!ring_fetch(&t->stream, &e)) {
		uint32_t status = 0, len = service_execute(t, &e, &status);

		ring_complete(&t->stream, e.tag, status, len);
		if (ring_enter(&t->stream, 0, NULL))
			break;
	}
	ring_stream_drop(&t->stream);
	free(t);
	return NULL;
}

/* One server process: attach, then a thread per stream until the guest closes. */
static void service_server(int context, struct ring_shared *sh)
{
	struct ava_api_id id = ring_api_id();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sh->claim)
		id.version_minor = sh->claim;
	while (sh->stall)
		pause();
	if (ring_attach(context, &id))
		_exit(1);
	for (;;) {
		struct service_thread *t = calloc(1, sizeof(*t));
		pthread_t thread;
		int ret = ring_stream_take(context, &t->stream);

		if (ret == -EINTR)
			continue;
		if (ret)
			_exit(ret == -ESHUTDOWN ? 0 : 2);
		t->shared = sh;
		t->context = context;
		if (pthread_create(&thread, NULL, service_stream, t))
			_exit(3);
		pthread_detach(thread);
	}
}

static void service_manager(struct ring_shared *sh, int ready)
{
	int manager = ring_manager();
	char ok = manager < 0 ? -manager : 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	if (write(ready, &ok, 1) != 1 || ok)
		_exit(1);
	close(ready);
	for (;;) {
		int context = ring_accept(manager, NULL);
		pid_t pid;

		if (context == -EINTR)
			continue;
		if (context < 0)
			_exit(2);
		if (sh->refuse) {
			struct ava_context_reject rej = { .reason = sh->refuse };

			ioctl(context, AVA_CONTEXT_IOC_REJECT, &rej);
			close(context);
			continue;
		}
		pid = fork();
		if (!pid) {
			close(manager);
			service_server(context, sh);
		}
		sh->servers[sh->server_count % 1024] = pid;
		service_count(&sh->server_count);
		close(context);
	}
}

int ring_service_start(struct ring_service *svc)
{
	int fds[2];
	char ok = 1;

	svc->shared = mmap(NULL, sizeof(*svc->shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (svc->shared == MAP_FAILED || pipe(fds))
		return -errno;
	fflush(NULL);
	svc->manager = fork();
	if (!svc->manager) {
		close(fds[0]);
		service_manager(svc->shared, fds[1]);
	}
	close(fds[1]);
	if (read(fds[0], &ok, 1) != 1)
		ok = EPIPE;
	close(fds[0]);
	return -ok;
}

void ring_service_stop(struct ring_service *svc)
{
	if (svc->manager > 0) {
		kill(svc->manager, SIGKILL);
		waitpid(svc->manager, NULL, 0);
	}
	if (svc->shared)
		munmap(svc->shared, sizeof(*svc->shared));
	memset(svc, 0, sizeof(*svc));
}

void ring_service_gate(struct ring_service *svc, bool open)
{
	__atomic_store_n(&svc->shared->gate, open, __ATOMIC_SEQ_CST);
	service_futex(&svc->shared->gate, FUTEX_WAKE, INT32_MAX);
}

int ring_service_stuck(struct ring_service *svc, uint32_t count)
{
	return service_await(&svc->shared->waiting, count);
}

pid_t ring_service_server(struct ring_service *svc, unsigned int nth)
{
	int ret = service_await(&svc->shared->server_count, nth + 1);

	return ret ? ret : svc->shared->servers[nth % 1024];
}
