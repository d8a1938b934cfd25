// SPDX-License-Identifier: GPL-2.0
/*
 * submit.c - the submit queue's requests: from a chain to a queued call
 *
 * Runs in the vhost worker and never waits for a server. Checks go from cheap to
 * dear; memory is spent only on calls that passed all the cheap ones.
 */
#include <linux/uio.h>

#include "ava_host.h"

static u32 refuse(struct ava_context *ctx, const char *expected)
{
	ava_context_fail(ctx, expected);
	return VIRTIO_AVA_S_BAD_REQUEST;
}

/* The header is good; the stream exists. */
static u32 submit_on(struct ava_host_stream *stream, const struct ava_call_req *req,
		     struct ava_chain *chain)
{
	struct ava_context *ctx = stream->ctx;
	struct ava_host_call *call = NULL;
	const char *expected;
	u32 status;

	if (!ava_stream_take_seq(stream, req->seq))
		return refuse(ctx, "the stream's next sequence number");
	expected = ava_functable_admit(ctx->table, req);
	if (expected)
		return refuse(ctx, expected);
	status = ava_call_create(stream, req, chain, &call, &expected);
	if (status == VIRTIO_AVA_S_BAD_REQUEST)
		return refuse(ctx, expected);
	if (status)
		return status;
	status = ava_stream_queue(stream, call);
	if (status)
		ava_call_free(call);
	return status;
}

static u32 submit_to(struct ava_context *ctx, const struct virtio_ava_call *wire,
		     struct ava_chain *chain)
{
	struct ava_host_stream *stream;
	struct ava_call_req req;
	const char *expected;
	u32 status;

	status = ava_context_status(ctx);
	if (status)
		return status;
	expected = ava_proto_call(wire, chain->readable, chain->writable, &req);
	if (!expected)
		expected = ava_proto_limits(&req, &ctx->limits);
	if (expected)
		return refuse(ctx, expected);
	xa_lock(&ctx->streams);
	stream = xa_load(&ctx->streams, req.stream);
	if (stream)
		ava_stream_get(stream);
	xa_unlock(&ctx->streams);
	if (!stream)
		return VIRTIO_AVA_S_NO_CONTEXT;
	status = submit_on(stream, &req, chain);
	ava_stream_put(stream);
	return status;
}

/**
 * ava_submit() - take a call
 * @vm: whose
 * @chain: its chain, nothing read yet
 * @seq: (out) sequence number to answer with
 *
 * Return: VIRTIO_AVA_S_OK if the call is queued, else what to answer at once.
 */
u32 ava_submit(struct ava_vm *vm, struct ava_chain *chain, u64 *seq)
{
	struct virtio_ava_call wire;
	struct ava_context *ctx;
	u32 status;

	*seq = 0;
	if (chain->readable < sizeof(wire)) {
		ava_vm_log(vm, "call refused: expected at least 64 readable bytes, got %zu\n",
			   chain->readable);
		return VIRTIO_AVA_S_BAD_REQUEST;
	}
	if (!copy_from_iter_full(&wire, sizeof(wire), chain->from))
		return VIRTIO_AVA_S_FAULT;
	*seq = le64_to_cpu(wire.seq);
	ctx = ava_context_find(vm, le32_to_cpu(wire.ctx));
	if (!ctx)
		return VIRTIO_AVA_S_NO_CONTEXT;
	status = submit_to(ctx, &wire, chain);
	ava_context_put(ctx);
	return status;
}
