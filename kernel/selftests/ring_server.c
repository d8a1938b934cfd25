// SPDX-License-Identifier: GPL-2.0
/*
 * ring_server.c - single steps of a manager and a server; see ring_server.h
 */
#include "ring_server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/virtio_ava.h>

/* The numbers have gaps, so that "no such function" has a value inside. */
const struct ava_func ring_funcs[] = {
	{ .id = RING_ECHO, .max_args = VIRTIO_AVA_MAX_ARGS, .max_reply = VIRTIO_AVA_MAX_REPLY },
	{ .id = RING_XOR, .max_segs = 2 },
	{ .id = RING_SUM, .max_reply = 8, .max_segs = VIRTIO_AVA_MAX_SEGS },
	{ .id = RING_NOTE, .flags = AVA_FUNC_ASYNC, .min_args = 8, .max_args = 8, .max_reply = 8 },
	{ .id = RING_TOTAL, .max_reply = 8 },
	{ .id = RING_GATE, .flags = AVA_FUNC_ASYNC | AVA_FUNC_MAY_WAIT, .max_args = 64,
	  .max_reply = 64, .max_segs = 2 },
	{ .id = RING_CALLBACK, .max_args = VIRTIO_AVA_MAX_EVENT + 8, .max_reply = 8 },
	{ .id = RING_BAD, .flags = AVA_FUNC_ASYNC, .max_reply = 8 },
	{ .id = RING_FILL, .max_segs = VIRTIO_AVA_MAX_SEGS },
	{ .id = RING_DIE },
};

const unsigned int ring_func_count = sizeof(ring_funcs) / sizeof(ring_funcs[0]);

struct ava_api_id ring_api_id(void)
{
	struct ava_api_id id = {
		.name = RING_API_NAME,
		.version_major = RING_API_MAJOR,
		.version_minor = RING_API_MINOR,
	};

	memset(id.hash, RING_API_HASH, sizeof(id.hash));
	return id;
}

int ring_manager(void)
{
	struct ava_server_register reg = { 0 };
	int ret, fd = open("/dev/ava-server", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!ioctl(fd, AVA_SERVER_IOC_REGISTER, &reg))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

int ring_accept(int manager, struct ava_server_accept *out)
{
	struct ava_server_accept acc = { .fd = -1 };

	if (ioctl(manager, AVA_SERVER_IOC_ACCEPT, &acc))
		return -errno;
	if (out)
		*out = acc;
	return acc.fd;
}

int ring_attach(int context, const struct ava_api_id *id)
{
	struct ava_context_attach att = {
		.api = *id,
		.funcs = (uintptr_t)ring_funcs,
		.func_count = ring_func_count,
		.func_stride = sizeof(ring_funcs[0]),
	};

	return ioctl(context, AVA_CONTEXT_IOC_ATTACH, &att) ? -errno : 0;
}

int ring_stream_map(struct ring_stream *s)
{
	struct ava_ring *head = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);

	if (head == MAP_FAILED)
		return -errno;
	s->size = head->size;
	munmap(head, 4096);
	s->ring = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (s->ring == MAP_FAILED)
		return -errno;
	s->sq_mask = s->ring->sq_entries - 1;
	s->cq_mask = s->ring->cq_entries - 1;
	s->sq = ring_at(s, s->ring->sq_off);
	s->cq = ring_at(s, s->ring->cq_off);
	return 0;
}

int ring_stream_take(int context, struct ring_stream *s)
{
	struct ava_context_stream req = { .fd = -1 };

	memset(s, 0, sizeof(*s));
	if (ioctl(context, AVA_CONTEXT_IOC_STREAM, &req))
		return -errno;
	s->fd = req.fd;
	s->slot = req.stream;
	return ring_stream_map(s);
}

void ring_stream_drop(struct ring_stream *s)
{
	if (s->ring && s->ring != MAP_FAILED)
		munmap(s->ring, s->size);
	if (s->fd > 0)
		close(s->fd);
	memset(s, 0, sizeof(*s));
}

int ring_enter(struct ring_stream *s, uint32_t flags, struct ava_stream_enter *out)
{
	struct ava_stream_enter e = { .flags = flags };
	int ret = ioctl(s->fd, AVA_STREAM_IOC_ENTER, &e) ? -errno : 0;

	if (out)
		*out = e;
	return ret;
}

bool ring_take(struct ring_stream *s, struct ava_sqe *out)
{
	uint32_t head = s->ring->sq_head;

	if (head == __atomic_load_n(&s->ring->sq_tail, __ATOMIC_ACQUIRE))
		return false;
	*out = s->sq[head & s->sq_mask];
	__atomic_store_n(&s->ring->sq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

int ring_fetch(struct ring_stream *s, struct ava_sqe *out)
{
	while (!ring_take(s, out)) {
		int ret = ring_enter(s, AVA_ENTER_WAIT, NULL);

		if (ret && ret != -EINTR)
			return ret;
	}
	return 0;
}

void ring_complete(struct ring_stream *s, uint64_t tag, uint32_t status,
		   uint32_t reply_len)
{
	uint32_t tail = s->ring->cq_tail;
	struct ava_cqe *cqe = &s->cq[tail & s->cq_mask];

	*cqe = (struct ava_cqe){ .tag = tag, .status = status, .reply_len = reply_len };
	__atomic_store_n(&s->ring->cq_tail, tail + 1, __ATOMIC_RELEASE);
}

void *ring_at(struct ring_stream *s, uint32_t off)
{
	return (uint8_t *)s->ring + off;
}

int64_t ring_copy(struct ring_stream *s, uint64_t tag, uint32_t seg, uint32_t dir,
		  uint64_t off, void *buf, uint64_t len)
{
	struct ava_stream_copy c = {
		.tag = tag,
		.seg = seg,
		.dir = dir,
		.offset = off,
		.len = len,
		.addr = (uintptr_t)buf,
	};

	if (ioctl(s->fd, AVA_STREAM_IOC_COPY, &c) && !c.copied)
		return -errno;
	return c.copied;
}
