// SPDX-License-Identifier: GPL-2.0
/*
 * attack_peer.c - the server of ring_attack, and the VM that must not notice anything
 *
 * The server is one process with one thread around poll(2), so that a context
 * costs little: the attack goes through tens of thousands of them.
 */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- the server ------------------------------------------------------------ */

struct peer_slot {
	int context;			/* its context's file */
	bool is_stream;
	struct ring_stream stream;
};

struct peer_server {
	int manager;
	struct pollfd *fds;		/* [0] is the manager; others as slots */
	struct peer_slot *slots;
	unsigned int count, room;
};

static const struct ava_func attack_funcs[] = {
	{ .id = ATTACK_ANY, .flags = AVA_FUNC_ASYNC, .max_args = VIRTIO_AVA_MAX_ARGS,
	  .max_reply = VIRTIO_AVA_MAX_REPLY, .max_segs = VIRTIO_AVA_MAX_SEGS },
	{ .id = ATTACK_EIGHT, .min_args = 8, .max_args = 8, .max_reply = 8 },
	{ .id = ATTACK_EVENT, .max_args = VIRTIO_AVA_MAX_EVENT, .max_reply = 64 },
};

static void server_add(struct peer_server *sv, int fd, struct peer_slot slot)
{
	if (sv->count == sv->room) {
		sv->room = sv->room ? 2 * sv->room : 64;
		sv->fds = realloc(sv->fds, sv->room * sizeof(*sv->fds));
		sv->slots = realloc(sv->slots, sv->room * sizeof(*sv->slots));
	}
	sv->fds[sv->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	sv->slots[sv->count++] = slot;
}

static void server_drop(struct peer_server *sv, unsigned int i)
{
	if (sv->slots[i].is_stream)
		ring_stream_drop(&sv->slots[i].stream);
	else
		close(sv->fds[i].fd);
	sv->count--;
	sv->fds[i] = sv->fds[sv->count];
	sv->slots[i] = sv->slots[sv->count];
}

/* A context and all streams of it. */
static void server_drop_context(struct peer_server *sv, int context)
{
	unsigned int i = 1;

	while (i < sv->count)
		if (sv->slots[i].context == context)
			server_drop(sv, i);
		else
			i++;
}

static void server_accept(struct peer_server *sv)
{
	struct ava_context_attach att = {
		.funcs = (uintptr_t)attack_funcs,
		.func_count = sizeof(attack_funcs) / sizeof(attack_funcs[0]),
		.func_stride = sizeof(attack_funcs[0]),
	};
	struct ava_server_accept acc;
	int fd;

	while ((fd = ring_accept(sv->manager, &acc)) >= 0) {
		att.api = acc.api;
		if (ioctl(fd, AVA_CONTEXT_IOC_ATTACH, &att)) {
			close(fd);
			continue;
		}
		fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
		server_add(sv, fd, (struct peer_slot){ .context = fd });
		/* Only the end of a lazy context is of interest. */
		if (!strcmp((char *)acc.api.name, ATTACK_LAZY_API))
			sv->fds[sv->count - 1].events = 0;
	}
}

static void server_streams(struct peer_server *sv, int context)
{
	struct peer_slot slot = { .context = context, .is_stream = true };
	int ret;

	while (!(ret = ring_stream_take(context, &slot.stream)))
		server_add(sv, slot.stream.fd, slot);
	if (ret != -EAGAIN)
		server_drop_context(sv, context);
}

/* Reads what may be read, fills what may be filled; a segment's first 64 KiB. */
static void server_bulk(struct ring_stream *s, const struct ava_sqe *e)
{
	static uint8_t buf[65536];
	struct ava_ring_seg *segs = ring_at(s, e->segs_off);
	uint8_t sum = 0;
	uint32_t i;

	for (i = 0; i < e->seg_count; i++) {
		uint64_t len = segs[i].len < sizeof(buf) ? segs[i].len : sizeof(buf), j;

		if (segs[i].flags & AVA_SEG_TO_HOST) {
			int64_t n = ring_copy(s, e->tag, i, AVA_COPY_FROM_GUEST, 0, buf, len);

			for (j = 0; n > 0 && j < (uint64_t)n; j++)
				sum += buf[j];
		}
		if (segs[i].flags & AVA_SEG_FROM_HOST) {
			memset(buf, sum, len);
			ring_copy(s, e->tag, i, AVA_COPY_TO_GUEST, 0, buf, len);
		}
	}
}

static uint32_t server_execute(struct peer_slot *slot, const struct ava_sqe *e)
{
	struct ring_stream *s = &slot->stream;
	uint32_t len = e->args_len < e->reply_cap ? e->args_len : e->reply_cap;

	server_bulk(s, e);
	memcpy(ring_at(s, e->reply_off), ring_at(s, e->args_off), len);
	if (e->func == ATTACK_EVENT) {
		struct ava_context_event ev = {
			.data = (uintptr_t)ring_at(s, e->args_off),
			.len = e->args_len,
		};

		/* A guest that takes no events gets no more of them. */
		if (ioctl(slot->context, AVA_CONTEXT_IOC_EVENT, &ev) && errno == ENOBUFS)
			return 0;
	}
	return len;
}

/* Executes what waits; false when the stream is over. */
static bool server_serve(struct peer_slot *slot)
{
	struct ring_stream *s = &slot->stream;
	struct ava_stream_enter n;
	struct ava_sqe e;

	do {
		while (ring_take(s, &e))
			ring_complete(s, e.tag, 0, server_execute(slot, &e));
		if (ring_enter(s, 0, &n))
			return false;
	} while (n.ready);
	return true;
}

static void server_loop(struct peer_server *sv)
{
	unsigned int i;

	for (;;) {
		if (poll(sv->fds, sv->count, -1) < 0 && errno != EINTR)
			_exit(4);
		/* Downwards, since dropping moves the last one into the gap. */
		for (i = sv->count; i-- > 1;) {
			struct peer_slot slot;

			if (i >= sv->count || !sv->fds[i].revents)
				continue;
			sv->fds[i].revents = 0;
			slot = sv->slots[i];
			if (!slot.is_stream && !sv->fds[i].events)
				server_drop_context(sv, slot.context);
			else if (!slot.is_stream)
				server_streams(sv, slot.context);
			else if (!server_serve(&sv->slots[i]))
				server_drop(sv, i);
		}
		if (sv->fds[0].revents)
			server_accept(sv);
	}
}

pid_t attack_server_start(void)
{
	struct peer_server sv = { 0 };
	int ready[2];
	char ok;
	pid_t pid;

	if (pipe(ready))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sv.manager = ring_manager();
		if (sv.manager < 0)
			_exit(3);
		fcntl(sv.manager, F_SETFL, O_RDWR | O_NONBLOCK);
		server_add(&sv, sv.manager, (struct peer_slot){ .context = -1 });
		if (write(ready[1], "x", 1) != 1)
			_exit(3);
		close(ready[0]);
		close(ready[1]);
		server_loop(&sv);
	}
	close(ready[1]);
	if (read(ready[0], &ok, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

/* ---- the well-behaved VM ---------------------------------------------------- */

int attack_peer_up(struct attack_peer *peer, uint64_t guest_id)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	struct virtio_ava_ctrl_resp resp = { 0 };
	int ret = ring_vm_up(&peer->vm, guest_id, ATTACK_HIGH);

	if (!ret)
		ret = ring_ctrl(&peer->vm, &req, &resp);
	peer->ctx = resp.ctx;
	peer->seq = 0;
	req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_OPEN, resp.ctx, 0);
	return ret ? ret : ring_ctrl(&peer->vm, &req, NULL);
}

int attack_peer_call(struct attack_peer *peer, struct attack_rng *rng)
{
	struct ring_vm *vm = &peer->vm;
	uint32_t len = 1 + rng_below(rng, 200), in = 1 + rng_below(rng, 5000), i;
	struct virtio_ava_run runs[2];
	struct ring_seg segs[2] = {
		{ in, VIRTIO_AVA_SEG_TO_HOST, 1, &runs[0] },
		{ in, VIRTIO_AVA_SEG_FROM_HOST, 1, &runs[1] },
	};
	uint8_t args[200], sum = 0, *p;
	struct ring_call call;
	int ret;

	vm->bulk = 0;
	runs[0] = (struct virtio_ava_run){ ring_bulk(vm, 8192) + rng_below(rng, 3000), in };
	runs[1] = (struct virtio_ava_run){ ring_bulk(vm, 8192) + rng_below(rng, 3000), in };
	for (i = 0; i < len; i++)
		args[i] = rng_next(rng);
	p = ring_ptr(vm, runs[0].addr);
	for (i = 0; i < in; i++)
		sum += p[i] = rng_next(rng);
	ring_call_init(&call, peer->ctx, 0, ++peer->seq, ATTACK_ANY);
	ring_call_args(&call, args, len, len);
	ring_call_segs(&call, segs, 2);
	ret = ring_call_do(vm, &call);
	if (ret)
		return ret;
	p = ring_ptr(vm, runs[1].addr);
	for (i = 0; i < in; i++)
		if (p[i] != sum)
			return -EILSEQ;
	return call.reply.len == len && !memcmp(call.data, args, len) ? 0 : -EBADE;
}
