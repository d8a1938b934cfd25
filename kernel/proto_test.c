// SPDX-License-Identifier: GPL-2.0
/*
 * proto_test.c - tests of the wire format: each refusal has a case (proto.c)
 */
#include "proto.h"
#include "suite_test.h"

/* @want: the text of the refusal, NULL for consent. */
static void expect_why(struct kunit *test, const char *why, const char *want)
{
	KUNIT_EXPECT_STREQ(test, why ?: "consent", want ?: "consent");
}

/* ---- control ------------------------------------------------------------------- */

struct ctrl_case {
	const char *name;
	struct virtio_ava_ctrl wire;
	size_t readable;
	const char *want;
};

#define CTRL(_name, _want, ...)						\
	{ .name = _name, .readable = sizeof(struct virtio_ava_ctrl), .want = _want,	\
	  .wire = { __VA_ARGS__ } }
#define OPEN		.cmd = cpu_to_le32(VIRTIO_AVA_CTRL_OPEN)
#define CLOSE		.cmd = cpu_to_le32(VIRTIO_AVA_CTRL_CLOSE)
#define STREAM_OPEN	.cmd = cpu_to_le32(VIRTIO_AVA_CTRL_STREAM_OPEN)
#define STREAM_CLOSE	.cmd = cpu_to_le32(VIRTIO_AVA_CTRL_STREAM_CLOSE)
#define ONE		cpu_to_le32(1)

#define CTRL_SIZE	"104 readable bytes"
#define CTRL_CMD	"a known command"
#define NO_FLAGS	"no flags"
#define RESERVED	"reserved fields of zero"
#define OPEN_IDS	"no context and no stream to open one"
#define API_NAME	"the name of an API"
#define CTX_ID		"a context id"
#define CLOSE_STREAM	"no stream to close a context"
#define NO_API		"no API but to open a context"

static const struct ctrl_case ctrl_cases[] = {
	CTRL("open", NULL, OPEN, .api = "opencl", .version_major = ONE, .hash = { 1 }),
	CTRL("close", NULL, CLOSE, .ctx = ONE),
	CTRL("stream open", NULL, STREAM_OPEN, .ctx = ONE, .stream = ONE),
	CTRL("stream close", NULL, STREAM_CLOSE, .ctx = ONE),
	CTRL("no command", CTRL_CMD, .ctx = ONE),
	CTRL("unknown command", CTRL_CMD, .cmd = cpu_to_le32(5), .ctx = ONE),
	CTRL("flags", NO_FLAGS, CLOSE, .ctx = ONE, .flags = ONE),
	CTRL("reserved 0", RESERVED, CLOSE, .ctx = ONE, .reserved = { cpu_to_le64(1) }),
	CTRL("reserved 1", RESERVED, CLOSE, .ctx = ONE, .reserved = { 0, cpu_to_le64(1) }),
	CTRL("open with context", OPEN_IDS, OPEN, .api = "x", .ctx = ONE),
	CTRL("open with stream", OPEN_IDS, OPEN, .api = "x", .stream = ONE),
	CTRL("open without name", API_NAME, OPEN),
	CTRL("name not terminated", API_NAME, OPEN,
	     .api = "0123456789abcdef0123456789abcdef"),
	CTRL("name not padded", API_NAME, OPEN, .api = "x\0y"),
	CTRL("name with newline", API_NAME, OPEN, .api = "x\ny"),
	CTRL("name with space", API_NAME, OPEN, .api = "x y"),
	CTRL("name not ASCII", API_NAME, OPEN, .api = "x\xc3\xa4"),
	CTRL("close without context", CTX_ID, CLOSE),
	CTRL("close with stream", CLOSE_STREAM, CLOSE, .ctx = ONE, .stream = ONE),
	CTRL("close with API", NO_API, CLOSE, .ctx = ONE, .api = "x"),
	CTRL("close with major", NO_API, CLOSE, .ctx = ONE, .version_major = ONE),
	CTRL("close with minor", NO_API, CLOSE, .ctx = ONE, .version_minor = ONE),
	CTRL("close with hash", NO_API, CLOSE, .ctx = ONE, .hash = { [31] = 1 }),
	CTRL("stream without context", CTX_ID, STREAM_OPEN, .stream = ONE),
	CTRL("stream close with API", NO_API, STREAM_CLOSE, .ctx = ONE, .api = "x"),
	{ "short", { CLOSE, .ctx = ONE }, sizeof(struct virtio_ava_ctrl) - 1, CTRL_SIZE },
	{ "long", { CLOSE, .ctx = ONE }, sizeof(struct virtio_ava_ctrl) + 1, CTRL_SIZE },
	{ "empty", {}, 0, CTRL_SIZE },
};

static void ctrl_desc(const struct ctrl_case *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ctrl, ctrl_cases, ctrl_desc);

static void test_ctrl(struct kunit *test)
{
	const struct ctrl_case *param = test->param_value;
	struct ava_ctrl_req req;

	expect_why(test, ava_proto_ctrl(&param->wire, param->readable, &req), param->want);
}

static void test_ctrl_decodes(struct kunit *test)
{
	struct virtio_ava_ctrl wire = {
		OPEN, .api = "opencl", .version_major = cpu_to_le32(3),
		.version_minor = cpu_to_le32(4), .hash = { 9 },
	};
	struct ava_ctrl_req req;

	KUNIT_ASSERT_NULL(test, (void *)ava_proto_ctrl(&wire, sizeof(wire), &req));
	KUNIT_EXPECT_EQ(test, req.cmd, (u32)VIRTIO_AVA_CTRL_OPEN);
	KUNIT_EXPECT_STREQ(test, (char *)req.api.name, "opencl");
	KUNIT_EXPECT_EQ(test, req.api.version_major, 3u);
	KUNIT_EXPECT_EQ(test, req.api.version_minor, 4u);
	KUNIT_EXPECT_EQ(test, req.api.hash[0], 9);
}

/* ---- call headers ------------------------------------------------------------------ */

struct call_case {
	const char *name;
	struct virtio_ava_call wire;
	size_t readable;
	size_t writable;
	const char *want;
};

#define LEN(args)	.len = cpu_to_le32(64 + (args))
#define N(field, n)	.field = cpu_to_le32(n)

#define CALL_FLAGS	"known flags"
#define CALL_LEN	"a length of 64 bytes to VIRTIO_AVA_MAX_ARGS more"
#define CALL_REPLY	"reply_cap <= VIRTIO_AVA_MAX_REPLY"
#define CALL_SEGS	"seg_count <= VIRTIO_AVA_MAX_SEGS"
#define CALL_RUNS	"run_count <= VIRTIO_AVA_MAX_RUNS"
#define READABLE	"as many readable bytes as the header says"
#define WRITABLE	"as many writable bytes as the header says"

static const struct call_case call_cases[] = {
	{ "nothing", { LEN(0) }, 64, 32, NULL },
	{ "arguments", { LEN(8), N(reply_cap, 5) }, 72, 37, NULL },
	{ "padded arguments", { LEN(1) }, 72, 32, NULL },
	{ "segment and runs", { LEN(3), N(seg_count, 1), N(run_count, 2) },
	  64 + 8 + 16 + 32, 32, NULL },
	{ "most arguments", { LEN(VIRTIO_AVA_MAX_ARGS) }, 64 + VIRTIO_AVA_MAX_ARGS, 32, NULL },
	{ "most of all", { LEN(0), N(seg_count, 64), N(run_count, 1 << 20),
			   N(reply_cap, 65536) },
	  64 + 64 * 16 + (16 << 20), 32 + 65536, NULL },
	{ "async and notify", { LEN(0), N(flags, 3) }, 64, 32, NULL },
	{ "unknown flag", { LEN(0), N(flags, 4) }, 64, 32, CALL_FLAGS },
	{ "reserved 0", { LEN(0), .reserved = { cpu_to_le64(1) } }, 64, 32, RESERVED },
	{ "reserved 1", { LEN(0), .reserved = { 0, cpu_to_le64(1) } }, 64, 32, RESERVED },
	{ "no length", {}, 64, 32, CALL_LEN },
	{ "length under the header", { N(len, 63) }, 64, 32, CALL_LEN },
	{ "too many arguments", { LEN(VIRTIO_AVA_MAX_ARGS + 1) },
	  64 + VIRTIO_AVA_MAX_ARGS + 8, 32, CALL_LEN },
	{ "length of all ones", { N(len, U32_MAX) }, 64, 32, CALL_LEN },
	{ "too much reply", { LEN(0), N(reply_cap, VIRTIO_AVA_MAX_REPLY + 1) }, 64,
	  32 + VIRTIO_AVA_MAX_REPLY + 1, CALL_REPLY },
	{ "too many segments", { LEN(0), N(seg_count, 65) }, 64 + 65 * 16, 32, CALL_SEGS },
	{ "segments overflow", { LEN(0), N(seg_count, 1u << 28) }, 64, 32, CALL_SEGS },
	{ "too many runs", { LEN(0), N(run_count, (1 << 20) + 1) },
	  64 + 16 * ((1 << 20) + 1), 32, CALL_RUNS },
	{ "runs overflow", { LEN(0), N(run_count, 1u << 28) }, 64, 32, CALL_RUNS },
	{ "readable short", { LEN(8) }, 71, 32, READABLE },
	{ "readable long", { LEN(8) }, 73, 32, READABLE },
	{ "padding left out", { LEN(1) }, 65, 32, READABLE },
	{ "segments left out", { LEN(0), N(seg_count, 1) }, 64, 32, READABLE },
	{ "writable short", { LEN(0) }, 64, 31, WRITABLE },
	{ "writable long", { LEN(0) }, 64, 33, WRITABLE },
	{ "no room for the reply", { LEN(0), N(reply_cap, 8) }, 64, 32, WRITABLE },
	{ "nothing writable", { LEN(0) }, 64, 0, WRITABLE },
};

static void call_desc(const struct call_case *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(call, call_cases, call_desc);

static void test_call(struct kunit *test)
{
	const struct call_case *param = test->param_value;
	struct ava_call_req req;

	expect_why(test, ava_proto_call(&param->wire, param->readable, param->writable, &req),
		   param->want);
}

static void test_call_decodes(struct kunit *test)
{
	struct virtio_ava_call wire = {
		LEN(13), N(func, 2), N(ctx, 3), N(stream, 4), .seq = cpu_to_le64(5),
		N(flags, 1), N(seg_count, 6), N(run_count, 7), N(reply_cap, 8),
		.cost_hint = cpu_to_le64(9),
	};
	struct ava_call_req req;

	KUNIT_ASSERT_NULL(test, (void *)ava_proto_call(&wire, 64 + 16 + 6 * 16 + 7 * 16,
						       40, &req));
	KUNIT_EXPECT_EQ(test, req.args_len, 13u);
	KUNIT_EXPECT_EQ(test, req.args_pad, 3u);
	KUNIT_EXPECT_EQ(test, req.func, 2u);
	KUNIT_EXPECT_EQ(test, req.ctx, 3u);
	KUNIT_EXPECT_EQ(test, req.stream, 4u);
	KUNIT_EXPECT_EQ(test, req.seq, 5ull);
	KUNIT_EXPECT_EQ(test, req.flags, 1u);
	KUNIT_EXPECT_EQ(test, req.cost_hint, 9ull);
}

static const struct ava_limits small = {
	.max_args = 16, .max_reply = 8, .max_segs = 2, .max_bulk = 4096,
};

struct limit_case {
	const char *name;
	struct ava_call_req req;
	const char *want;
};

static const struct limit_case limit_cases[] = {
	{ "all of it", { .args_len = 16, .reply_cap = 8, .seg_count = 2 }, NULL },
	{ "arguments", { .args_len = 17 }, "no more argument bytes than max_args" },
	{ "reply", { .reply_cap = 9 }, "reply_cap <= max_reply" },
	{ "segments", { .seg_count = 3 }, "seg_count <= max_segs" },
};

static void limit_desc(const struct limit_case *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(limit, limit_cases, limit_desc);

static void test_limits(struct kunit *test)
{
	const struct limit_case *param = test->param_value;

	expect_why(test, ava_proto_limits(&param->req, &small), param->want);
}

static void test_pad(struct kunit *test)
{
	static const u8 pad[8] = { [3] = 1 };

	expect_why(test, ava_proto_pad(pad, 0), NULL);
	expect_why(test, ava_proto_pad(pad, 3), NULL);
	expect_why(test, ava_proto_pad(pad, 4), "padding of zero");
}

/* ---- segments ------------------------------------------------------------------- */

#define MAX_TEST_RUNS	4

struct segs_case {
	const char *name;
	u32 segs;
	u32 runs;
	struct { u64 len; u32 runs, flags; } seg[2];
	struct { u64 addr, len; } run[MAX_TEST_RUNS];
	const char *want;
};

#define SEG_FLAGS	"segments with a direction and no unknown flag"
#define RUN_COUNTS	"run counts that add up to the call's"
#define RUN_EMPTY	"runs that are not empty"
#define RUN_ADDR	"runs within the address space"
#define RUN_SUM		"runs that add up to their segment"
#define BULK		"no more bulk bytes than max_bulk"

static const struct segs_case segs_cases[] = {
	{ "none", 0, 0, {}, {}, NULL },
	{ "empty segment", 1, 0, { { 0, 0, 1 } }, {}, NULL },
	{ "one run", 1, 1, { { 9, 1, 2 } }, { { 0x1003, 9 } }, NULL },
	{ "both ways", 1, 1, { { 9, 1, 3 } }, { { 0x1003, 9 } }, NULL },
	{ "two segments", 2, 3, { { 5, 2, 1 }, { 7, 1, 2 } },
	  { { 0x1000, 4 }, { 0x3000, 1 }, { 0x5000, 7 } }, NULL },
	{ "last byte of all", 1, 1, { { 1, 1, 1 } }, { { U64_MAX, 1 } }, NULL },
	{ "same run twice", 1, 2, { { 8, 2, 1 } }, { { 0x1000, 4 }, { 0x1000, 4 } }, NULL },
	{ "most bulk", 1, 1, { { 4096, 1, 1 } }, { { 0, 4096 } }, NULL },
	{ "no direction", 1, 1, { { 9, 1, 0 } }, { { 0x1000, 9 } }, SEG_FLAGS },
	{ "unknown flag", 1, 1, { { 9, 1, 5 } }, { { 0x1000, 9 } }, SEG_FLAGS },
	{ "more runs than the call", 1, 1, { { 9, 2, 1 } }, { { 0x1000, 9 } }, RUN_COUNTS },
	{ "fewer runs than the call", 1, 2, { { 9, 1, 1 } }, { { 0x1000, 9 }, { 0, 1 } },
	  RUN_COUNTS },
	{ "runs without segment", 0, 1, {}, { { 0x1000, 9 } }, RUN_COUNTS },
	{ "run count of all ones", 1, 1, { { 9, U32_MAX, 1 } }, { { 0x1000, 9 } }, RUN_COUNTS },
	{ "empty run", 1, 2, { { 9, 2, 1 } }, { { 0x1000, 9 }, { 0x1000, 0 } }, RUN_EMPTY },
	{ "run past the end", 1, 1, { { 2, 1, 1 } }, { { U64_MAX, 2 } }, RUN_ADDR },
	{ "runs under the segment", 1, 1, { { 9, 1, 1 } }, { { 0x1000, 8 } }, RUN_SUM },
	{ "runs over the segment", 1, 1, { { 9, 1, 1 } }, { { 0x1000, 10 } }, RUN_SUM },
	{ "bytes without runs", 1, 0, { { 9, 0, 1 } }, {}, RUN_SUM },
	{ "run sum overflows", 1, 2, { { 1, 2, 1 } },
	  { { 0, U64_MAX }, { 0, 2 } }, RUN_SUM },
	{ "too much bulk", 1, 1, { { 4097, 1, 1 } }, { { 0, 4097 } }, BULK },
	{ "too much bulk in two", 2, 2, { { 4096, 1, 1 }, { 1, 1, 1 } },
	  { { 0, 4096 }, { 0, 1 } }, BULK },
	{ "bulk sum overflows", 2, 2, { { 2, 1, 1 }, { U64_MAX, 1, 1 } },
	  { { 0, 2 }, { 0, U64_MAX } }, BULK },
};

static void segs_desc(const struct segs_case *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(segs, segs_cases, segs_desc);

static void test_segs(struct kunit *test)
{
	const struct segs_case *param = test->param_value;
	struct ava_call_req req = { .seg_count = param->segs, .run_count = param->runs };
	struct virtio_ava_seg wire[2] = {};
	union ava_run runs[MAX_TEST_RUNS] = {};
	struct ava_seg_runs segs[2] = {};
	u64 bulk = 0, want = 0;
	u32 i;

	for (i = 0; i < param->segs; i++) {
		wire[i].len = cpu_to_le64(param->seg[i].len);
		wire[i].run_count = cpu_to_le32(param->seg[i].runs);
		wire[i].flags = cpu_to_le32(param->seg[i].flags);
		want += param->seg[i].len;
	}
	for (i = 0; i < param->runs; i++) {
		runs[i].wire.addr = cpu_to_le64(param->run[i].addr);
		runs[i].wire.len = cpu_to_le64(param->run[i].len);
	}
	expect_why(test, ava_proto_segs(&req, wire, runs, &small, segs, &bulk), param->want);
	if (!param->want)
		KUNIT_EXPECT_EQ(test, bulk, want);
}

static void test_segs_convert(struct kunit *test)
{
	struct ava_call_req req = { .seg_count = 2, .run_count = 3 };
	struct virtio_ava_seg wire[2] = {
		{ cpu_to_le64(5), cpu_to_le32(2), cpu_to_le32(1) },
		{ cpu_to_le64(7), cpu_to_le32(1), cpu_to_le32(2) },
	};
	union ava_run runs[3] = {
		{ .wire = { cpu_to_le64(0x1000), cpu_to_le64(4) } },
		{ .wire = { cpu_to_le64(0x3000), cpu_to_le64(1) } },
		{ .wire = { cpu_to_le64(0x5000), cpu_to_le64(7) } },
	};
	struct ava_seg_runs segs[2];
	u64 bulk;

	KUNIT_ASSERT_NULL(test, (void *)ava_proto_segs(&req, wire, runs, &small, segs, &bulk));
	KUNIT_EXPECT_EQ(test, segs[0].runs[1].addr, 0x3000ull);
	KUNIT_EXPECT_EQ(test, segs[0].runs[1].end, 5ull);
	KUNIT_EXPECT_PTR_EQ(test, segs[1].runs, (const union ava_run *)&runs[2]);
	KUNIT_EXPECT_EQ(test, segs[1].runs[0].end, 7ull);
}

static struct kunit_case proto_cases[] = {
	KUNIT_CASE_PARAM(test_ctrl, ctrl_gen_params),
	KUNIT_CASE(test_ctrl_decodes),
	KUNIT_CASE_PARAM(test_call, call_gen_params),
	KUNIT_CASE(test_call_decodes),
	KUNIT_CASE_PARAM(test_limits, limit_gen_params),
	KUNIT_CASE(test_pad),
	KUNIT_CASE_PARAM(test_segs, segs_gen_params),
	KUNIT_CASE(test_segs_convert),
	{}
};

struct kunit_suite ava_proto_suite = {
	.name = "ava_proto",
	.test_cases = proto_cases,
};
