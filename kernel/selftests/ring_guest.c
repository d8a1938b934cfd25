// SPDX-License-Identifier: GPL-2.0
/*
 * ring_guest.c - control requests, calls and events over the vrings; see ring_guest.h
 */
#include "ring_guest.h"

#include <errno.h>
#include <string.h>

struct virtio_ava_ctrl ring_ctrl_open(const char *name, uint32_t major, uint32_t minor,
				      uint8_t hash)
{
	struct virtio_ava_ctrl c = {
		.cmd = VIRTIO_AVA_CTRL_OPEN,
		.version_major = major,
		.version_minor = minor,
	};

	strncpy((char *)c.api, name, sizeof(c.api) - 1);
	memset(c.hash, hash, sizeof(c.hash));
	return c;
}

struct virtio_ava_ctrl ring_ctrl_of(uint32_t cmd, uint32_t ctx, uint32_t stream)
{
	struct virtio_ava_ctrl c = { .cmd = cmd, .ctx = ctx, .stream = stream };

	return c;
}

int ring_ctrl_send(struct ring_vm *vm, const struct virtio_ava_ctrl *req,
		   struct ring_ctrl *out)
{
	uint64_t at = ring_heap(vm, sizeof(*req));
	struct ring_buf bufs[2] = {
		{ at, sizeof(*req), false },
		{ ring_heap(vm, sizeof(struct virtio_ava_ctrl_resp)),
		  sizeof(struct virtio_ava_ctrl_resp), true },
	};

	memcpy(ring_ptr(vm, at), req, sizeof(*req));
	memset(ring_ptr(vm, bufs[1].addr), 0xee, bufs[1].len);
	out->resp = bufs[1].addr;
	out->head = ring_add(vm, VIRTIO_AVA_VQ_CONTROL, bufs, 2);
	if (out->head < 0)
		return out->head;
	ring_kick(vm, VIRTIO_AVA_VQ_CONTROL);
	return 0;
}

int ring_ctrl_wait(struct ring_vm *vm, struct ring_ctrl *ctrl,
		   struct virtio_ava_ctrl_resp *resp)
{
	struct virtio_ava_ctrl_resp r;
	int64_t len = ring_wait(vm, VIRTIO_AVA_VQ_CONTROL, ctrl->head, RING_TIMEOUT);

	if (len < 0)
		return len;
	if (len != sizeof(r))
		return -EMSGSIZE;
	memcpy(&r, ring_ptr(vm, ctrl->resp), sizeof(r));
	if (resp)
		*resp = r;
	return r.reserved ? -EBADMSG : (int)r.status;
}

int ring_ctrl(struct ring_vm *vm, const struct virtio_ava_ctrl *req,
	      struct virtio_ava_ctrl_resp *resp)
{
	struct ring_ctrl ctrl;
	int ret = ring_ctrl_send(vm, req, &ctrl);

	return ret ? ret : ring_ctrl_wait(vm, &ctrl, resp);
}

void ring_call_init(struct ring_call *call, uint32_t ctx, uint32_t stream, uint64_t seq,
		    uint32_t func)
{
	memset(call, 0, sizeof(*call));
	call->hdr.len = sizeof(call->hdr);
	call->hdr.ctx = ctx;
	call->hdr.stream = stream;
	call->hdr.seq = seq;
	call->hdr.func = func;
}

void ring_call_args(struct ring_call *call, const void *args, uint32_t len,
		    uint32_t reply_cap)
{
	call->args = args;
	call->args_len = len;
	call->hdr.len = sizeof(call->hdr) + len;
	call->hdr.reply_cap = reply_cap;
}

void ring_call_segs(struct ring_call *call, const struct ring_seg *segs,
		    unsigned int count)
{
	unsigned int i;

	call->segs = segs;
	call->hdr.seg_count = count;
	call->hdr.run_count = 0;
	for (i = 0; i < count; i++)
		call->hdr.run_count += segs[i].run_count;
}

static size_t ring_call_size(const struct ring_call *call)
{
	return ((sizeof(call->hdr) + call->args_len + 7) & ~(size_t)7) +
	       call->hdr.seg_count * sizeof(struct virtio_ava_seg) +
	       call->hdr.run_count * sizeof(struct virtio_ava_run);
}

static void ring_call_fill(const struct ring_call *call, uint8_t *p, size_t size)
{
	unsigned int i;

	memset(p, 0, size);
	memcpy(p, &call->hdr, sizeof(call->hdr));
	if (call->args_len)
		memcpy(p + sizeof(call->hdr), call->args, call->args_len);
	p += (sizeof(call->hdr) + call->args_len + 7) & ~(size_t)7;
	for (i = 0; i < call->hdr.seg_count; i++) {
		struct virtio_ava_seg s = {
			.len = call->segs[i].len,
			.run_count = call->segs[i].run_count,
			.flags = call->segs[i].flags,
		};

		memcpy(p, &s, sizeof(s));
		p += sizeof(s);
	}
	for (i = 0; i < call->hdr.seg_count; i++) {
		size_t n = call->segs[i].run_count * sizeof(struct virtio_ava_run);

		if (n)
			memcpy(p, call->segs[i].runs, n);
		p += n;
	}
}

/* Cuts @size bytes at @at into @pieces descriptors of odd sizes. */
static unsigned int ring_call_cut(struct ring_buf *bufs, unsigned int pieces,
				  uint64_t at, size_t size)
{
	unsigned int i, n = pieces ? pieces : 1;
	size_t step = size / n | 1, done = 0;

	for (i = 0; i < n && done < size; i++) {
		size_t len = i + 1 < n && done + step < size ? step : size - done;

		bufs[i] = (struct ring_buf){ at + done, len, false };
		done += len;
	}
	return i;
}

int ring_call_queue(struct ring_vm *vm, struct ring_call *call)
{
	size_t size = ring_call_size(call);
	size_t room = sizeof(struct virtio_ava_reply) + call->hdr.reply_cap;
	uint64_t at = ring_heap(vm, size);
	struct ring_buf bufs[65];
	unsigned int n;

	call->readable = at;
	call->size = size;
	ring_call_fill(call, ring_ptr(vm, at), size);
	n = ring_call_cut(bufs, call->pieces < 64 ? call->pieces : 64, at, size);
	call->writable = ring_heap(vm, room);
	memset(ring_ptr(vm, call->writable), 0xee, room);
	bufs[n++] = (struct ring_buf){ call->writable, room, true };
	if (call->indirect)
		call->head = ring_add_indirect(vm, VIRTIO_AVA_VQ_SUBMIT, bufs, n);
	else
		call->head = ring_add(vm, VIRTIO_AVA_VQ_SUBMIT, bufs, n);
	return call->head < 0 ? call->head : 0;
}

int ring_call_send(struct ring_vm *vm, struct ring_call *call)
{
	int ret = ring_call_queue(vm, call);

	if (!ret)
		ring_kick(vm, VIRTIO_AVA_VQ_SUBMIT);
	return ret;
}

int ring_call_wait(struct ring_vm *vm, struct ring_call *call)
{
	int64_t len = ring_wait(vm, VIRTIO_AVA_VQ_SUBMIT, call->head, RING_TIMEOUT);

	if (len < 0)
		return len;
	call->used = len;
	if (!len)
		return VIRTIO_AVA_S_OK;
	if (len < (int64_t)sizeof(call->reply))
		return -EMSGSIZE;
	memcpy(&call->reply, ring_ptr(vm, call->writable), sizeof(call->reply));
	call->data = ring_ptr(vm, call->writable + sizeof(call->reply));
	if (call->reply.len > call->hdr.reply_cap ||
	    len != (int64_t)(sizeof(call->reply) + call->reply.len))
		return -EMSGSIZE;
	/* What was refused before its header was read has no sequence number. */
	if (call->reply.reserved || (call->reply.seq != call->hdr.seq &&
				     (call->reply.seq || !call->reply.status)))
		return -EBADMSG;
	return call->reply.status;
}

int ring_call_do(struct ring_vm *vm, struct ring_call *call)
{
	int ret = ring_call_send(vm, call);

	return ret ? ret : ring_call_wait(vm, call);
}

int ring_event_post(struct ring_vm *vm, struct ring_ctrl *out)
{
	size_t size = sizeof(struct virtio_ava_event) + VIRTIO_AVA_MAX_EVENT;
	struct ring_buf buf = { ring_heap(vm, size), size, true };

	out->resp = buf.addr;
	out->head = ring_add(vm, VIRTIO_AVA_VQ_EVENT, &buf, 1);
	if (out->head < 0)
		return out->head;
	ring_kick(vm, VIRTIO_AVA_VQ_EVENT);
	return 0;
}

int ring_event_wait(struct ring_vm *vm, struct ring_ctrl *ev,
		    struct virtio_ava_event *out, void *payload, size_t cap)
{
	int64_t len = ring_wait(vm, VIRTIO_AVA_VQ_EVENT, ev->head, RING_TIMEOUT);

	if (len < 0)
		return len;
	if (len < (int64_t)sizeof(*out))
		return -EMSGSIZE;
	memcpy(out, ring_ptr(vm, ev->resp), sizeof(*out));
	if (len != (int64_t)(sizeof(*out) + out->len) || out->len > cap)
		return -EMSGSIZE;
	memcpy(payload, ring_ptr(vm, ev->resp + sizeof(*out)), out->len);
	return 0;
}
