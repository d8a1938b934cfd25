// SPDX-License-Identifier: Apache-2.0
/*
 * ring.c - the server's end of /dev/ava-server: a context's file, a ring per stream
 *
 * The guest cannot write the ring: what the kernel put there is taken as it is.
 * Completions are handed to the kernel when somebody waits for them or when
 * there is nothing else to do, so that a run of asynchronous calls costs one
 * system call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

struct ring_stream {
	struct ava_server_stream base;
	int fd;
	struct ava_ring *ring;
	size_t size;
	struct ava_sqe *sq;
	struct ava_cqe *cq;
	uint32_t sq_head;
	uint32_t cq_tail;
};

static int ring_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, cmd, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

static int ring_attach(int fd, const struct ava_server_api *api)
{
	struct ava_context_attach arg = {
		.api = api->id,
		.funcs = (uintptr_t)api->funcs,
		.func_count = api->func_count,
		.func_stride = sizeof(*api->funcs),
	};

	return ring_ioctl(fd, AVA_CONTEXT_IOC_ATTACH, &arg);
}

/* The kernel made the layout; a mismatch means headers of another build. */
static int ring_check(const struct ring_stream *st)
{
	const struct ava_ring *r = st->ring;

	if (r->sq_off > st->size || r->cq_off > st->size || r->arena_off > st->size ||
	    r->sq_entries > (st->size - r->sq_off) / sizeof(struct ava_sqe) ||
	    r->cq_entries > (st->size - r->cq_off) / sizeof(struct ava_cqe) ||
	    r->arena_size > st->size - r->arena_off ||
	    !r->sq_entries || (r->sq_entries & (r->sq_entries - 1)) ||
	    r->cq_entries < r->sq_entries || (r->cq_entries & (r->cq_entries - 1)))
		return -EPROTO;
	return 0;
}

static int ring_map(struct ring_stream *st)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct ava_ring *head;

	head = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, st->fd, 0);
	if (head == MAP_FAILED)
		return -errno;
	st->size = head->size;
	munmap(head, page);
	st->ring = mmap(NULL, st->size, PROT_READ | PROT_WRITE, MAP_SHARED, st->fd, 0);
	if (st->ring == MAP_FAILED)
		return -errno;
	if (ring_check(st)) {
		munmap(st->ring, st->size);
		return -EPROTO;
	}
	st->sq = (void *)((char *)st->ring + st->ring->sq_off);
	st->cq = (void *)((char *)st->ring + st->ring->cq_off);
	st->sq_head = st->ring->sq_head;
	st->cq_tail = st->ring->cq_tail;
	return 0;
}

static int ring_stream_new(int fd, struct ava_server_stream **out)
{
	struct ring_stream *st = calloc(1, sizeof(*st));
	int ret;

	if (!st)
		return -ENOMEM;
	st->base.ops = &ava_server_ring;
	st->fd = fd;
	ret = ring_map(st);
	if (ret) {
		free(st);
		return ret;
	}
	*out = &st->base;
	return 0;
}

static int ring_wait_context(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int ret;

	do {
		ret = poll(&pfd, 1, -1);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	return pfd.revents & POLLIN && !(pfd.revents & (POLLHUP | POLLERR)) ? 0 : -ESHUTDOWN;
}

static int ring_accept(int fd, const struct ava_server_api *api,
		       struct ava_server_stream **out)
{
	struct ava_context_stream arg = { 0 };
	int ret;

	(void)api;
	do {
		ret = ring_wait_context(fd);
		if (!ret)
			ret = ring_ioctl(fd, AVA_CONTEXT_IOC_STREAM, &arg);
	} while (ret == -EAGAIN);
	if (ret)
		return ret;
	ret = ring_stream_new(arg.fd, out);
	if (ret)
		close(arg.fd);
	return ret;
}

static int ring_enter(struct ring_stream *st, uint32_t flags)
{
	struct ava_stream_enter arg = { .flags = flags };

	return ring_ioctl(st->fd, AVA_STREAM_IOC_ENTER, &arg);
}

static bool ring_sq_empty(const struct ring_stream *st)
{
	return __atomic_load_n(&st->ring->sq_tail, __ATOMIC_ACQUIRE) == st->sq_head;
}

static int ring_fetch(struct ava_server_stream *base, struct ava_server_call *call)
{
	struct ring_stream *st = (struct ring_stream *)base;
	char *mem = (char *)st->ring;
	struct ava_sqe sqe;
	int ret;

	while (ring_sq_empty(st)) {
		ret = ring_enter(st, AVA_ENTER_WAIT);
		if (ret)
			return ret;
	}
	sqe = st->sq[st->sq_head & (st->ring->sq_entries - 1)];
	st->sq_head++;
	__atomic_store_n(&st->ring->sq_head, st->sq_head, __ATOMIC_RELEASE);
	*call = (struct ava_server_call){
		.func = sqe.func,
		.flags = sqe.flags,
		.args = mem + sqe.args_off,
		.args_len = sqe.args_len,
		.reply = mem + sqe.reply_off,
		.reply_cap = sqe.reply_cap,
		.segs = (void *)(mem + sqe.segs_off),
		.seg_count = sqe.seg_count,
		.tag = sqe.tag,
	};
	return 0;
}

/*
 * A synchronous call's guest waits: with nothing else to take, the coming
 * fetch enters the kernel anyway and one system call does both.
 */
static bool ring_must_enter(const struct ring_stream *st, const struct ava_server_call *call)
{
	uint32_t pending = st->cq_tail - __atomic_load_n(&st->ring->cq_head, __ATOMIC_ACQUIRE);

	if (pending >= st->ring->cq_entries)
		return true;
	return !(call->flags & AVA_CALL_ASYNC) && !ring_sq_empty(st);
}

static int ring_complete(struct ava_server_stream *base, const struct ava_server_call *call,
			 bool bad)
{
	struct ring_stream *st = (struct ring_stream *)base;

	st->cq[st->cq_tail & (st->ring->cq_entries - 1)] = (struct ava_cqe){
		.tag = call->tag,
		.status = bad ? AVA_CQE_BAD_CALL : 0,
		.reply_len = bad ? 0 : call->reply_len,
		.device_ns = call->device_ns,
	};
	st->cq_tail++;
	__atomic_store_n(&st->ring->cq_tail, st->cq_tail, __ATOMIC_RELEASE);
	return ring_must_enter(st, call) ? ring_enter(st, 0) : 0;
}

static int ring_publish(struct ava_server_stream *base)
{
	struct ring_stream *st = (struct ring_stream *)base;
	uint32_t head = __atomic_load_n(&st->ring->cq_head, __ATOMIC_ACQUIRE);

	return head == st->cq_tail ? 0 : ring_enter(st, 0);
}

/* A signal may end the ioctl part-way: go on behind what was copied. */
static int ring_copy(struct ava_server_stream *base, const struct ava_server_call *call,
		     struct ava_stream_copy *copy)
{
	struct ring_stream *st = (struct ring_stream *)base;

	(void)call;
	for (;;) {
		copy->copied = 0;
		if (!ioctl(st->fd, AVA_STREAM_IOC_COPY, copy))
			return 0;
		if (errno != EINTR)
			return -errno;
		copy->offset += copy->copied;
		copy->addr += copy->copied;
		copy->len -= copy->copied;
		if (!copy->len)
			return 0;
	}
}

static void ring_close(struct ava_server_stream *base)
{
	struct ring_stream *st = (struct ring_stream *)base;

	munmap(st->ring, st->size);
	close(st->fd);
	free(st);
}

static int ring_event(int fd, uint64_t cookie, const void *data, uint32_t len)
{
	struct ava_context_event arg = {
		.cookie = cookie,
		.data = (uintptr_t)data,
		.len = len,
	};

	return ring_ioctl(fd, AVA_CONTEXT_IOC_EVENT, &arg);
}

const struct ava_server_channel ava_server_ring = {
	.attach = ring_attach,
	.accept = ring_accept,
	.fetch = ring_fetch,
	.complete = ring_complete,
	.copy = ring_copy,
	.publish = ring_publish,
	.close = ring_close,
	.event = ring_event,
};
