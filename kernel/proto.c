// SPDX-License-Identifier: GPL-2.0
/*
 * proto.c - the wire format, parsed and judged
 *
 * Pure: every input is the kernel's own copy, read once from the guest. A refusal
 * is the text of what was expected; NULL is consent.
 */
#include <linux/build_bug.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "compat.h"
#include "proto.h"

static_assert(sizeof(struct virtio_ava_ctrl) == 104);
static_assert(sizeof(struct virtio_ava_ctrl_resp) == 40);
static_assert(sizeof(struct virtio_ava_call) == 64);
static_assert(sizeof(struct virtio_ava_seg) == 16);
static_assert(sizeof(struct virtio_ava_run) == 16);
static_assert(sizeof(struct virtio_ava_reply) == 32);
static_assert(sizeof(struct virtio_ava_event) == 32);
static_assert(sizeof(union ava_run) == sizeof(struct virtio_ava_run));
static_assert(VIRTIO_AVA_API_NAME_LEN == AVA_API_NAME_LEN);
static_assert(VIRTIO_AVA_HASH_LEN == AVA_HASH_LEN);

/* A name is printed in log lines: printable, not empty, NUL-padded. */
static bool name_ok(const u8 *name)
{
	size_t len = strnlen((const char *)name, AVA_API_NAME_LEN);
	size_t i;

	if (!len || len == AVA_API_NAME_LEN)
		return false;
	for (i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return !memchr_inv(name + len, 0, AVA_API_NAME_LEN - len);
}

static const char *check_open(const struct virtio_ava_ctrl *wire)
{
	if (wire->ctx || wire->stream)
		return "no context and no stream to open one";
	if (!name_ok(wire->api))
		return "the name of an API";
	return NULL;
}

static const char *check_named(const struct virtio_ava_ctrl *wire, bool stream)
{
	if (!wire->ctx)
		return "a context id";
	if (!stream && wire->stream)
		return "no stream to close a context";
	if (memchr_inv(wire->api, 0, sizeof(wire->api)) || wire->version_major ||
	    wire->version_minor || memchr_inv(wire->hash, 0, sizeof(wire->hash)))
		return "no API but to open a context";
	return NULL;
}

static const char *check_ctrl(const struct virtio_ava_ctrl *wire)
{
	if (wire->flags)
		return "no flags";
	if (wire->reserved[0] || wire->reserved[1])
		return "reserved fields of zero";
	switch (le32_to_cpu(wire->cmd)) {
	case VIRTIO_AVA_CTRL_OPEN:
		return check_open(wire);
	case VIRTIO_AVA_CTRL_CLOSE:
		return check_named(wire, false);
	case VIRTIO_AVA_CTRL_STREAM_OPEN:
	case VIRTIO_AVA_CTRL_STREAM_CLOSE:
		return check_named(wire, true);
	default:
		return "a known command";
	}
}

/**
 * ava_proto_ctrl() - parse a control request
 * @wire: kernel's copy of the readable part
 * @readable: bytes that the chain had
 * @req: (out)
 *
 * Return: NULL, or what was expected.
 */
const char *ava_proto_ctrl(const struct virtio_ava_ctrl *wire, size_t readable,
			   struct ava_ctrl_req *req)
{
	const char *why;

	if (readable != sizeof(*wire))
		return "104 readable bytes";
	why = check_ctrl(wire);
	if (why)
		return why;
	req->cmd = le32_to_cpu(wire->cmd);
	req->ctx = le32_to_cpu(wire->ctx);
	req->stream = le32_to_cpu(wire->stream);
	memcpy(req->api.name, wire->api, sizeof(req->api.name));
	memcpy(req->api.hash, wire->hash, sizeof(req->api.hash));
	req->api.version_major = le32_to_cpu(wire->version_major);
	req->api.version_minor = le32_to_cpu(wire->version_minor);
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ava_proto_ctrl);

static void decode_call(const struct virtio_ava_call *wire, struct ava_call_req *req)
{
	req->func = le32_to_cpu(wire->func);
	req->ctx = le32_to_cpu(wire->ctx);
	req->stream = le32_to_cpu(wire->stream);
	req->flags = le32_to_cpu(wire->flags);
	req->seq = le64_to_cpu(wire->seq);
	req->cost_hint = le64_to_cpu(wire->cost_hint);
	req->reply_cap = le32_to_cpu(wire->reply_cap);
	req->seg_count = le32_to_cpu(wire->seg_count);
	req->run_count = le32_to_cpu(wire->run_count);
}

/* The bounds make every sum below small, so none can overflow. */
static const char *check_bounds(const struct virtio_ava_call *wire,
				const struct ava_call_req *req)
{
	if (req->flags & ~VIRTIO_AVA_CALL_FLAGS)
		return "known flags";
	if (wire->reserved[0] || wire->reserved[1])
		return "reserved fields of zero";
	if (le32_to_cpu(wire->len) < sizeof(*wire) ||
	    le32_to_cpu(wire->len) - sizeof(*wire) > VIRTIO_AVA_MAX_ARGS)
		return "a length of 64 bytes to VIRTIO_AVA_MAX_ARGS more";
	if (req->reply_cap > VIRTIO_AVA_MAX_REPLY)
		return "reply_cap <= VIRTIO_AVA_MAX_REPLY";
	if (req->seg_count > VIRTIO_AVA_MAX_SEGS)
		return "seg_count <= VIRTIO_AVA_MAX_SEGS";
	if (req->run_count > VIRTIO_AVA_MAX_RUNS)
		return "run_count <= VIRTIO_AVA_MAX_RUNS";
	return NULL;
}

/**
 * ava_proto_call() - parse the header of a call
 * @wire: kernel's copy
 * @readable: bytes that the guest gave to read
 * @writable: bytes that it gave to write
 * @req: (out) valid when the header is
 *
 * Return: NULL, or what was expected.
 */
const char *ava_proto_call(const struct virtio_ava_call *wire, size_t readable,
			   size_t writable, struct ava_call_req *req)
{
	const char *why;
	size_t want;

	decode_call(wire, req);
	why = check_bounds(wire, req);
	if (why)
		return why;
	req->args_len = le32_to_cpu(wire->len) - sizeof(*wire);
	req->args_pad = -req->args_len & 7;
	want = sizeof(*wire) + req->args_len + req->args_pad +
	       (size_t)req->seg_count * sizeof(struct virtio_ava_seg) +
	       (size_t)req->run_count * sizeof(struct virtio_ava_run);
	if (readable != want)
		return "as many readable bytes as the header says";
	if (writable != sizeof(struct virtio_ava_reply) + req->reply_cap)
		return "as many writable bytes as the header says";
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ava_proto_call);

/* ava_proto_limits() - does a call keep to what its context was granted? */
const char *ava_proto_limits(const struct ava_call_req *req,
			     const struct ava_limits *limits)
{
	if (req->args_len > limits->max_args)
		return "no more argument bytes than max_args";
	if (req->reply_cap > limits->max_reply)
		return "reply_cap <= max_reply";
	if (req->seg_count > limits->max_segs)
		return "seg_count <= max_segs";
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ava_proto_limits);

/* ava_proto_pad() - the bytes between arguments and segments */
const char *ava_proto_pad(const u8 *pad, u32 len)
{
	return memchr_inv(pad, 0, len) ? "padding of zero" : NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ava_proto_pad);

/* Converts a segment's runs in place; wire and host order share their bytes. */
static const char *convert_runs(union ava_run *runs, u32 count, u64 len)
{
	u64 addr, size, last, end = 0;
	u32 i;

	for (i = 0; i < count; i++) {
		addr = le64_to_cpu(runs[i].wire.addr);
		size = le64_to_cpu(runs[i].wire.len);
		if (!size)
			return "runs that are not empty";
		if (check_add_overflow(addr, size - 1, &last))
			return "runs within the address space";
		if (check_add_overflow(end, size, &end) || end > len)
			return "runs that add up to their segment";
		runs[i].addr = addr;
		runs[i].end = end;
	}
	return end == len ? NULL : "runs that add up to their segment";
}

static const char *check_seg(const struct virtio_ava_seg *wire, u32 runs_left)
{
	u32 flags = le32_to_cpu(wire->flags);

	if (!flags || flags & ~VIRTIO_AVA_SEG_FLAGS)
		return "segments with a direction and no unknown flag";
	if (le32_to_cpu(wire->run_count) > runs_left)
		return "run counts that add up to the call's";
	return NULL;
}

/**
 * ava_proto_segs() - parse segments and runs
 * @req: the call's header
 * @wire: kernel's copy of @req->seg_count segments
 * @runs: kernel's copy of @req->run_count runs; converted in place
 * @limits: the context's
 * @segs: (out) segments; they point into @runs
 * @bulk: (out) bytes of all segments
 *
 * Return: NULL, or what was expected.
 */
const char *ava_proto_segs(const struct ava_call_req *req,
			   const struct virtio_ava_seg *wire,
			   union ava_run *runs, const struct ava_limits *limits,
			   struct ava_seg_runs *segs, u64 *bulk)
{
	u32 left = req->run_count;
	const char *why;
	u64 total = 0;
	u32 i;

	for (i = 0; i < req->seg_count; i++) {
		why = check_seg(&wire[i], left);
		if (why)
			return why;
		segs[i].len = le64_to_cpu(wire[i].len);
		segs[i].flags = le32_to_cpu(wire[i].flags);
		segs[i].run_count = le32_to_cpu(wire[i].run_count);
		segs[i].runs = runs;
		if (check_add_overflow(total, segs[i].len, &total) ||
		    total > limits->max_bulk)
			return "no more bulk bytes than max_bulk";
		why = convert_runs(runs, segs[i].run_count, segs[i].len);
		if (why)
			return why;
		runs += segs[i].run_count;
		left -= segs[i].run_count;
	}
	if (left)
		return "run counts that add up to the call's";
	*bulk = total;
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ava_proto_segs);
