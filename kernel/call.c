// SPDX-License-Identifier: GPL-2.0
/*
 * call.c - a call: one allocation, filled from a chain, answered once
 *
 * Everything that the guest wrote is copied here exactly once; after that nothing
 * of the call but bulk bytes is read from guest memory again.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ava_host.h"

/**
 * struct call_shape - where the parts of a call's allocation lie
 * @rooms: offset of the rooms
 * @segs: offset of the segments
 * @runs: offset of the runs
 * @io: offset of the argument and reply bytes
 * @size: of all
 */
struct call_shape {
	size_t rooms;
	size_t segs;
	size_t runs;
	size_t io;
	size_t size;
};

/* The wire's bounds keep the sum below 32 MiB. */
static void shape_call(const struct ava_call_req *req, u32 room_count,
		       struct call_shape *shape)
{
	size_t args = req->args_len + req->args_pad;
	size_t io = max_t(size_t, args, req->reply_cap);

	shape->rooms = ALIGN(sizeof(struct ava_host_call), 8);
	shape->segs = shape->rooms + room_count * sizeof(struct ava_room);
	shape->runs = shape->segs + req->seg_count * sizeof(struct ava_seg_runs);
	shape->io = shape->runs + req->run_count * sizeof(union ava_run);
	shape->size = shape->io + ALIGN(io, 8);
}

static struct ava_host_call *alloc_call(struct ava_host_stream *stream,
					const struct ava_call_req *req,
					const struct ava_chain *chain,
					const struct call_shape *shape)
{
	struct ava_host_call *call = kvmalloc(shape->size, GFP_KERNEL_ACCOUNT);

	if (!call)
		return NULL;
	memset(call, 0, sizeof(*call));
	INIT_LIST_HEAD(&call->node);
	ava_life_init(&call->life);
	ava_stream_get(stream);
	call->stream = stream;
	call->req = *req;
	call->size = shape->size;
	call->head = chain->head;
	call->room_count = chain->room_count;
	call->rooms = (void *)call + shape->rooms;
	memcpy(call->rooms, chain->rooms,
	       array_size(chain->room_count, sizeof(*chain->rooms)));
	call->segs = (void *)call + shape->segs;
	call->io = (void *)call + shape->io;
	ava_context_call_added(stream->ctx);
	return call;
}

/* Return: VIRTIO_AVA_S_*; for BAD_REQUEST, @expected says what was. */
static u32 read_body(struct ava_host_call *call, struct ava_chain *chain,
		     union ava_run *runs, const char **expected)
{
	const struct ava_call_req *req = &call->req;
	size_t args = req->args_len + req->args_pad;
	size_t segs = req->seg_count * sizeof(*chain->seg_scratch);
	size_t run_bytes = req->run_count * sizeof(*runs);

	if (!copy_from_iter_full(call->io, args, chain->from) ||
	    !copy_from_iter_full(chain->seg_scratch, segs, chain->from) ||
	    !copy_from_iter_full(runs, run_bytes, chain->from))
		return VIRTIO_AVA_S_FAULT;
	*expected = ava_proto_pad(call->io + req->args_len, req->args_pad);
	if (!*expected)
		*expected = ava_proto_segs(req, chain->seg_scratch, runs,
					   &call->stream->ctx->limits,
					   call->segs, &call->bulk);
	if (*expected) {
		call->bulk = 0;
		return VIRTIO_AVA_S_BAD_REQUEST;
	}
	atomic64_add(call->bulk, &ava_stats.bulk_bytes);
	return VIRTIO_AVA_S_OK;
}

/**
 * ava_call_create() - take a call out of its chain
 * @stream: the stream that it names
 * @req: its header, judged
 * @chain: at the first byte behind the header
 * @callp: (out) the call
 * @expected: (out) for BAD_REQUEST, what was expected
 *
 * Return: VIRTIO_AVA_S_*.
 */
u32 ava_call_create(struct ava_host_stream *stream, const struct ava_call_req *req,
		    struct ava_chain *chain, struct ava_host_call **callp,
		    const char **expected)
{
	struct ava_vm *vm = stream->ctx->vm;
	struct call_shape shape;
	struct ava_host_call *call;
	u32 status;

	shape_call(req, chain->room_count, &shape);
	status = ava_vm_charge_call(vm, shape.size);
	if (status)
		return status;
	call = alloc_call(stream, req, chain, &shape);
	if (!call) {
		ava_vm_uncharge_call(vm, shape.size);
		return VIRTIO_AVA_S_NO_MEMORY;
	}
	status = read_body(call, chain, (void *)call + shape.runs, expected);
	if (status) {
		ava_call_free(call);
		return status;
	}
	*callp = call;
	return VIRTIO_AVA_S_OK;
}

/* ava_call_free() - the guest has its chain back, or is gone */
void ava_call_free(struct ava_host_call *call)
{
	struct ava_host_stream *stream = call->stream;
	size_t size = call->size;

	atomic64_sub(call->bulk, &ava_stats.bulk_bytes);
	kvfree(call);
	/*
	 * The context first: once the VM holds no call it may be reset, and an
	 * answer to CLOSE must not come after that. The stream holds them both.
	 */
	ava_context_call_gone(stream->ctx);
	ava_vm_uncharge_call(stream->ctx->vm, size);
	ava_stream_put(stream);
}

/* ava_call_reply() - the head of a call's answer; @call->io has the rest */
void ava_call_reply(const struct ava_host_call *call, struct virtio_ava_reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->status = cpu_to_le32(call->status);
	reply->len = cpu_to_le32(call->reply_len);
	reply->device_ns = cpu_to_le64(call->device_ns);
	reply->seq = cpu_to_le64(call->req.seq);
}

/* ava_call_interrupts() - must the guest be told at once that it is answered? */
bool ava_call_interrupts(const struct ava_host_call *call)
{
	return call->status || !(call->req.flags & VIRTIO_AVA_CALL_ASYNC) ||
	       call->req.flags & VIRTIO_AVA_CALL_NOTIFY;
}
