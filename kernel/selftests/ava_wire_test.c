// SPDX-License-Identifier: GPL-2.0
/*
 * ava_wire_test.c - one malformed request at a time: what it gets, and what it does not touch
 *
 * Each spoiled call runs on a context of its own. A malformed call puts that
 * context into error and nothing else: a second context answers after each.
 */
#include "ava_harness.h"

#include <string.h>
#include <sys/ioctl.h>

#define ARGS_LEN	12u	/* and 4 bytes of padding */
#define SEGS_OFF	(sizeof(struct virtio_ava_call) + 16)
#define RUNS_OFF	(SEGS_OFF + 2 * sizeof(struct virtio_ava_seg))

/* The well-formed call that every case spoils: 2 segments, 3 runs. */
struct wire_call {
	struct ring_vm *vm;
	struct ring_call call;
	struct virtio_ava_run runs[3];
	struct ring_seg segs[2];
	struct virtio_ava_call *hdr;
	struct virtio_ava_seg *seg;
	struct virtio_ava_run *run;
};

struct wire_case {
	const char *name;
	void (*spoil)(struct wire_call *w);
	int status;	/* of the spoiled call; -1: an empty used entry */
	int after;	/* of a good call behind it on the same stream */
};

#define S(name) VIRTIO_AVA_S_ ## name

static struct vring_desc *wire_desc(struct wire_call *w, bool writable)
{
	struct ring_vq *vq = &w->vm->vq[VIRTIO_AVA_VQ_SUBMIT];
	struct vring_desc *d = &vq->desc[w->call.head];

	return writable ? &vq->desc[d->next] : d;
}

#define SPOIL(name, code) \
	static void spoil_ ## name(struct wire_call *w) { code; }

SPOIL(nothing, (void)w)
SPOIL(len_zero, w->hdr->len = 0)
SPOIL(len_short, w->hdr->len = 63)
SPOIL(len_off_by_one, w->hdr->len += 8)
SPOIL(len_below, w->hdr->len -= 8)
SPOIL(len_huge, w->hdr->len = 64 + VIRTIO_AVA_MAX_ARGS + 1)
SPOIL(len_max, w->hdr->len = UINT32_MAX)
SPOIL(func_unknown, w->hdr->func = 7)
SPOIL(func_zero, w->hdr->func = 0)
SPOIL(func_max, w->hdr->func = UINT32_MAX)
SPOIL(func_few_segs, w->hdr->func = RING_ECHO)
SPOIL(func_few_args, w->hdr->func = RING_XOR)
SPOIL(ctx_zero, w->hdr->ctx = 0)
SPOIL(ctx_other, w->hdr->ctx += 1000000)
SPOIL(ctx_max, w->hdr->ctx = UINT32_MAX)
SPOIL(stream_other, w->hdr->stream = 9)
SPOIL(stream_max, w->hdr->stream = UINT32_MAX)
SPOIL(seq_zero, w->hdr->seq = 0; w->call.hdr.seq = 0)
SPOIL(seq_gap, w->hdr->seq++; w->call.hdr.seq++)
SPOIL(seq_max, w->hdr->seq = UINT64_MAX; w->call.hdr.seq = UINT64_MAX)
SPOIL(flag_unknown, w->hdr->flags = 4)
SPOIL(flag_high, w->hdr->flags = 1u << 31)
SPOIL(seg_count_below, w->hdr->seg_count = 1)
SPOIL(seg_count_above, w->hdr->seg_count = 3)
SPOIL(seg_count_limit, w->hdr->seg_count = VIRTIO_AVA_MAX_SEGS + 1)
SPOIL(seg_count_max, w->hdr->seg_count = UINT32_MAX)
SPOIL(run_count_zero, w->hdr->run_count = 0)
SPOIL(run_count_below, w->hdr->run_count = 2)
SPOIL(run_count_above, w->hdr->run_count = 4)
SPOIL(run_count_limit, w->hdr->run_count = VIRTIO_AVA_MAX_RUNS + 1)
SPOIL(run_count_max, w->hdr->run_count = UINT32_MAX)
SPOIL(reply_cap_below, w->hdr->reply_cap = 8)
SPOIL(reply_cap_above, w->hdr->reply_cap = 24)
SPOIL(reply_cap_limit, w->hdr->reply_cap = VIRTIO_AVA_MAX_REPLY + 1)
SPOIL(reply_cap_max, w->hdr->reply_cap = UINT32_MAX)
SPOIL(cost_hint, w->hdr->cost_hint = UINT64_MAX)
SPOIL(reserved0, w->hdr->reserved[0] = 1)
SPOIL(reserved1, w->hdr->reserved[1] = 1ull << 63)
SPOIL(padding, ((uint8_t *)w->hdr)[sizeof(*w->hdr) + ARGS_LEN + 3] = 1)
SPOIL(seg_no_flag, w->seg[0].flags = 0)
SPOIL(seg_unknown_flag, w->seg[1].flags |= 4)
SPOIL(seg_short, w->seg[0].len--)
SPOIL(seg_long, w->seg[0].len++)
SPOIL(seg_huge, w->seg[0].len = UINT64_MAX)
SPOIL(seg_empty_with_runs, w->seg[0].len = 0)
SPOIL(seg_sum_wraps, w->seg[0].len = UINT64_MAX - 99; w->seg[1].len = 200)
SPOIL(seg_too_many_runs, w->seg[0].run_count = 4)
SPOIL(seg_runs_max, w->seg[0].run_count = UINT32_MAX)
SPOIL(seg_too_few_runs, w->seg[1].run_count = 0)
SPOIL(seg_runs_swapped, w->seg[0].run_count = 1; w->seg[1].run_count = 2)
SPOIL(run_empty, w->run[0].len = 0; w->run[1].len = 100)
SPOIL(run_wraps, w->run[0].addr = UINT64_MAX - 10)
SPOIL(run_huge, w->run[0].len = UINT64_MAX)
SPOIL(run_sum_wraps, w->run[0].len = UINT64_MAX - 9; w->run[1].len = 110)
SPOIL(bulk_over_limit, w->seg[0].len = w->run[0].len = 1ull << 62; w->seg[0].run_count = 1)
SPOIL(readable_short, wire_desc(w, false)->len -= 8)
SPOIL(readable_long, wire_desc(w, false)->len += 8)
SPOIL(readable_header_only, wire_desc(w, false)->len = 64)
SPOIL(readable_below_header, wire_desc(w, false)->len = 63)
SPOIL(readable_one_byte, wire_desc(w, false)->len = 1)
SPOIL(writable_short, wire_desc(w, true)->len -= 1)
SPOIL(writable_long, wire_desc(w, true)->len += 1)
SPOIL(writable_header_only, wire_desc(w, true)->len = 32)
SPOIL(writable_below_header, wire_desc(w, true)->len = 31)
SPOIL(writable_none, wire_desc(w, false)->flags = 0)

#define BAD(name)	{ #name, spoil_ ## name, S(BAD_REQUEST), S(ERROR) }
#define SOFT(name, s)	{ #name, spoil_ ## name, S(s), S(OK) }
#define MUTE(name)	{ #name, spoil_ ## name, -1, S(ERROR) }

static const struct wire_case wire_cases[] = {
	SOFT(nothing, OK), SOFT(cost_hint, OK),
	BAD(len_zero), BAD(len_short), BAD(len_off_by_one), BAD(len_below), BAD(len_huge),
	BAD(len_max), BAD(func_unknown), BAD(func_zero), BAD(func_max), BAD(func_few_segs),
	BAD(func_few_args),
	SOFT(ctx_zero, NO_CONTEXT), SOFT(ctx_other, NO_CONTEXT), SOFT(ctx_max, NO_CONTEXT),
	SOFT(stream_other, NO_CONTEXT), SOFT(stream_max, NO_CONTEXT),
	BAD(seq_zero), BAD(seq_gap), BAD(seq_max), BAD(flag_unknown), BAD(flag_high),
	BAD(seg_count_below), BAD(seg_count_above), BAD(seg_count_limit), BAD(seg_count_max),
	BAD(run_count_zero), BAD(run_count_below), BAD(run_count_above), BAD(run_count_limit),
	BAD(run_count_max), BAD(reply_cap_below), BAD(reply_cap_above), BAD(reply_cap_limit),
	BAD(reply_cap_max), BAD(reserved0), BAD(reserved1), BAD(padding), BAD(seg_no_flag),
	BAD(seg_unknown_flag), BAD(seg_short), BAD(seg_long), BAD(seg_huge),
	BAD(seg_empty_with_runs), BAD(seg_sum_wraps), BAD(seg_too_many_runs),
	BAD(seg_runs_max), BAD(seg_too_few_runs), BAD(seg_runs_swapped), BAD(run_empty),
	BAD(run_wraps), BAD(run_huge), BAD(run_sum_wraps), BAD(bulk_over_limit),
	BAD(readable_short), BAD(readable_long), BAD(readable_header_only),
	SOFT(readable_below_header, BAD_REQUEST), SOFT(readable_one_byte, BAD_REQUEST),
	BAD(writable_short), BAD(writable_long), BAD(writable_header_only),
	MUTE(writable_below_header), MUTE(writable_none),
};

FIXTURE(wire) {
	struct ring_service svc;
	struct ring_vm vm;
	uint32_t ctx;		/* of the bystander */
	uint64_t seq;
};

static uint32_t open_context(struct ring_vm *vm)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	struct virtio_ava_ctrl_resp resp;

	if (ring_ctrl(vm, &req, &resp))
		return 0;
	req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_OPEN, resp.ctx, 0);
	return ring_ctrl(vm, &req, NULL) ? 0 : resp.ctx;
}

static int close_context(struct ring_vm *vm, uint32_t ctx)
{
	struct virtio_ava_ctrl req = ring_ctrl_of(VIRTIO_AVA_CTRL_CLOSE, ctx, 0);

	return ring_ctrl(vm, &req, NULL);
}

FIXTURE_SETUP(wire)
{
	ASSERT_EQ(0, ring_service_start(&self->svc));
	ring_service_gate(&self->svc, true);
	ASSERT_EQ(0, ring_vm_up(&self->vm, test_guest_id(), 1 * MIB));
	self->ctx = open_context(&self->vm);
	ASSERT_NE(0, self->ctx);
}

FIXTURE_TEARDOWN(wire)
{
	ring_vm_down(&self->vm);
	ring_service_stop(&self->svc);
	EXPECT_IDLE();
}

static int bystander(FIXTURE_DATA(wire) *self)
{
	struct ring_call call;
	int ret;

	ring_call_init(&call, self->ctx, 0, ++self->seq, RING_ECHO);
	ring_call_args(&call, &self->seq, 8, 8);
	ret = ring_call_do(&self->vm, &call);
	if (!ret && memcmp(call.data, &self->seq, 8))
		ret = -EILSEQ;
	return ret;
}

static int wire_build(struct ring_vm *vm, struct wire_call *w, uint32_t ctx)
{
	uint8_t *p;
	int ret;

	memset(w, 0, sizeof(*w));
	vm->bulk = 0;
	w->vm = vm;
	w->runs[0] = (struct virtio_ava_run){ ring_bulk(vm, 4096), 60 };
	w->runs[1] = (struct virtio_ava_run){ ring_bulk(vm, 4096) + 4000, 40 };
	w->runs[2] = (struct virtio_ava_run){ ring_bulk(vm, 4096), 300 };
	w->segs[0] = (struct ring_seg){ 100, VIRTIO_AVA_SEG_TO_HOST, 2, w->runs };
	w->segs[1] = (struct ring_seg){ 300, VIRTIO_AVA_SEG_FROM_HOST, 1, w->runs + 2 };
	ring_call_init(&w->call, ctx, 0, 1, RING_GATE);
	ring_call_args(&w->call, "hello world", ARGS_LEN, 16);
	ring_call_segs(&w->call, w->segs, 2);
	ret = ring_call_queue(vm, &w->call);
	p = ring_ptr(vm, w->call.readable);
	w->hdr = (void *)p;
	w->seg = (void *)(p + SEGS_OFF);
	w->run = (void *)(p + RUNS_OFF);
	return ret;
}

/* What came of a spoiled call, and of a good one behind it; 0 if as expected. */
static int wire_run(struct ring_vm *vm, const struct wire_case *c, int *got, int *after)
{
	uint32_t ctx = open_context(vm);
	struct ring_call good;
	struct wire_call w;

	*got = *after = -1000;
	if (!ctx || wire_build(vm, &w, ctx))
		return -1;
	c->spoil(&w);
	ring_kick(vm, VIRTIO_AVA_VQ_SUBMIT);
	*got = ring_call_wait(vm, &w.call);
	if (!*got && !w.call.used)
		*got = -1;
	ring_call_init(&good, ctx, 0, c->status == S(OK) ? 2 : 1, RING_ECHO);
	*after = ring_call_do(vm, &good);
	return close_context(vm, ctx);
}

TEST_F(wire, calls)
{
	unsigned int i;
	int got, after;

	for (i = 0; i < ARRAY_SIZE(wire_cases); i++) {
		const struct wire_case *c = &wire_cases[i];

		EXPECT_EQ(0, wire_run(&self->vm, c, &got, &after))
			TH_LOG("%s: no context", c->name);
		EXPECT_EQ(c->status, got) TH_LOG("%s", c->name);
		EXPECT_EQ(c->after, after) TH_LOG("after %s", c->name);
		EXPECT_EQ(0, bystander(self)) TH_LOG("bystander after %s", c->name);
	}
}

/* The function table's rows bound what may reach the server. */
TEST_F(wire, function_rows)
{
	static const struct { uint32_t func, args, reply, flags; } bad[] = {
		{ RING_NOTE, 7, 0, 0 },			/* below min_args */
		{ RING_NOTE, 9, 0, 0 },			/* above max_args */
		{ RING_TOTAL, 0, 9, 0 },		/* above max_reply */
		{ RING_ECHO, 4, 4, VIRTIO_AVA_CALL_ASYNC },	/* not asynchronous */
	};
	uint8_t args[16] = "";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		uint32_t ctx = open_context(&self->vm);
		struct ring_call call;

		ASSERT_NE(0, ctx);
		ring_call_init(&call, ctx, 0, 1, bad[i].func);
		ring_call_args(&call, args, bad[i].args, bad[i].reply);
		call.hdr.flags = bad[i].flags;
		EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, ring_call_do(&self->vm, &call))
			TH_LOG("row %u", i);
		EXPECT_EQ(0, close_context(&self->vm, ctx));
		EXPECT_EQ(0, bystander(self));
	}
}

/* The run is refused where it is used: in the copy, which the server sees fail. */
TEST_F(wire, runs_outside_guest_memory)
{
	static const uint64_t addr[] = {
		RING_LOW_SIZE - 4, RING_LOW_SIZE, RING_HIGH_GPA - 1, RING_HIGH_GPA + MIB,
		1ull << 63,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		struct virtio_ava_run run = { addr[i], 8 };
		struct ring_seg seg = { 8, VIRTIO_AVA_SEG_TO_HOST, 1, &run };
		uint32_t ctx = open_context(&self->vm);
		struct ring_call call;

		ASSERT_NE(0, ctx);
		ring_call_init(&call, ctx, 0, 1, RING_SUM);
		ring_call_args(&call, NULL, 0, 8);
		ring_call_segs(&call, &seg, 1);
		EXPECT_EQ(VIRTIO_AVA_S_FAULT, ring_call_do(&self->vm, &call));
		/* A fault is no malformed request. */
		ring_call_init(&call, ctx, 0, 2, RING_ECHO);
		EXPECT_EQ(VIRTIO_AVA_S_OK, ring_call_do(&self->vm, &call));
		EXPECT_EQ(0, close_context(&self->vm, ctx));
	}
}

/* ---- control requests ------------------------------------------------------------ */

#define CTRL_SPOIL(name, code) \
	static void name(struct virtio_ava_ctrl *c) { code; }

CTRL_SPOIL(ctrl_name_unterminated, memset(c->api, 'a', 32))
CTRL_SPOIL(ctrl_name_empty, memset(c->api, 0, 32))
CTRL_SPOIL(ctrl_name_tail, c->api[31] = 'x'; c->api[30] = 0)
CTRL_SPOIL(ctrl_name_escape, c->api[1] = '\n')
CTRL_SPOIL(ctrl_flags, c->flags = 1)
CTRL_SPOIL(ctrl_ctx, c->ctx = 1)
CTRL_SPOIL(ctrl_stream, c->stream = 1)
CTRL_SPOIL(ctrl_reserved0, c->reserved[0] = 1)
CTRL_SPOIL(ctrl_reserved1, c->reserved[1] = 1)
CTRL_SPOIL(ctrl_cmd_zero, c->cmd = 0)
CTRL_SPOIL(ctrl_cmd_unknown, c->cmd = 5)
CTRL_SPOIL(ctrl_cmd_max, c->cmd = UINT32_MAX)

TEST_F(wire, control_open)
{
	static void (*const spoil[])(struct virtio_ava_ctrl *) = {
		ctrl_name_unterminated, ctrl_name_empty, ctrl_name_tail, ctrl_name_escape,
		ctrl_flags, ctrl_ctx, ctrl_stream, ctrl_reserved0, ctrl_reserved1,
		ctrl_cmd_zero, ctrl_cmd_unknown, ctrl_cmd_max,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spoil); i++) {
		struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, 1, 2, RING_API_HASH);
		struct virtio_ava_ctrl_resp resp;

		spoil[i](&req);
		EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, ring_ctrl(&self->vm, &req, &resp))
			TH_LOG("case %u", i);
		EXPECT_EQ(0, resp.ctx);
	}
	EXPECT_EQ(1, ring_counter("ava-server", "contexts"));
	EXPECT_EQ(0, bystander(self));
}

TEST_F(wire, control_of_contexts)
{
	static const uint32_t cmds[] = {
		VIRTIO_AVA_CTRL_CLOSE, VIRTIO_AVA_CTRL_STREAM_OPEN, VIRTIO_AVA_CTRL_STREAM_CLOSE,
	};
	struct virtio_ava_ctrl req;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		req = ring_ctrl_of(cmds[i], self->ctx + 77, 0);
		EXPECT_EQ(VIRTIO_AVA_S_NO_CONTEXT, ring_ctrl(&self->vm, &req, NULL));
		req = ring_ctrl_of(cmds[i], self->ctx, 0);
		req.api[0] = 'x';
		EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, ring_ctrl(&self->vm, &req, NULL));
		req = ring_ctrl_of(cmds[i], self->ctx, 0);
		req.version_minor = 1;
		EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, ring_ctrl(&self->vm, &req, NULL));
		req = ring_ctrl_of(cmds[i], self->ctx, 0);
		req.hash[31] = 1;
		EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, ring_ctrl(&self->vm, &req, NULL));
		req = ring_ctrl_of(cmds[i], 0, 0);
		EXPECT_NE(VIRTIO_AVA_S_OK, ring_ctrl(&self->vm, &req, NULL));
	}
	req = ring_ctrl_of(VIRTIO_AVA_CTRL_CLOSE, self->ctx, 1);
	EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, ring_ctrl(&self->vm, &req, NULL));
	/* A slot that is open, one beyond the limit, one that is not open. */
	req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_OPEN, self->ctx, 0);
	EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, ring_ctrl(&self->vm, &req, NULL));
	req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_OPEN, self->ctx, UINT32_MAX);
	EXPECT_EQ(VIRTIO_AVA_S_QUOTA, ring_ctrl(&self->vm, &req, NULL));
	req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_CLOSE, self->ctx, 3);
	EXPECT_EQ(VIRTIO_AVA_S_NO_CONTEXT, ring_ctrl(&self->vm, &req, NULL));
	EXPECT_EQ(0, bystander(self));
}

TEST_F(wire, control_chains_of_wrong_size)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, 1, 2, RING_API_HASH);
	static const struct { uint32_t out, in; } size[] = {
		{ 103, 40 }, { 112, 40 }, { 1, 40 }, { 104, 39 }, { 104, 48 }, { 104, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(size); i++) {
		struct ring_buf bufs[2] = {
			{ ring_heap(&self->vm, 128), size[i].out, false },
			{ ring_heap(&self->vm, 128), size[i].in, true },
		};
		int64_t len;
		int head;

		memset(ring_ptr(&self->vm, bufs[0].addr), 0, 128);
		memcpy(ring_ptr(&self->vm, bufs[0].addr), &req, sizeof(req));
		head = ring_add(&self->vm, VIRTIO_AVA_VQ_CONTROL, bufs, 2);
		ASSERT_LE(0, head);
		ring_kick(&self->vm, VIRTIO_AVA_VQ_CONTROL);
		len = ring_wait(&self->vm, VIRTIO_AVA_VQ_CONTROL, head, RING_TIMEOUT);
		EXPECT_LE(0, len);
		EXPECT_GE(40, len);
		if (len == 40)
			EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST,
				  *(uint32_t *)ring_ptr(&self->vm, bufs[1].addr));
	}
	EXPECT_EQ(1, ring_counter("ava-server", "contexts"));
	EXPECT_EQ(0, bystander(self));
}

TEST_HARNESS_MAIN
