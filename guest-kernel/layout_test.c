// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the guest driver's pure part: a case for each refusal
 *
 * Every table starts from something right and breaks one thing at a time.
 */
#include <kunit/test.h>
#include <linux/mm.h>

#include "layout.h"

static const struct avag_limits test_limits = {
	.max_args = 4096,
	.max_reply = 2048,
	.max_segs = 4,
	.max_streams = 8,
	.max_bulk = 1 << 20,
};

/* ---- AVA_IOC_OPEN ---- */

static void open_accepts_a_name(struct kunit *test)
{
	struct ava_open req = { .api.name = "ava-echo" };

	KUNIT_EXPECT_EQ(test, avag_open_check(&req), 0);
	memset(req.api.name, 'x', AVA_API_NAME_LEN - 1);
	KUNIT_EXPECT_EQ(test, avag_open_check(&req), 0);
}

static void open_refuses_flags_and_reserved(struct kunit *test)
{
	struct ava_open req = { .api.name = "ava-echo", .flags = 1 };
	int i;

	KUNIT_EXPECT_EQ(test, avag_open_check(&req), -EINVAL);
	req.flags = 0;
	for (i = 0; i < ARRAY_SIZE(req.reserved); i++) {
		req.reserved[i] = 1;
		KUNIT_EXPECT_EQ(test, avag_open_check(&req), -EINVAL);
		req.reserved[i] = 0;
	}
}

static void open_refuses_bad_names(struct kunit *test)
{
	struct ava_open req = {};

	KUNIT_EXPECT_EQ(test, avag_open_check(&req), -EINVAL);
	memset(req.api.name, 'x', AVA_API_NAME_LEN);
	KUNIT_EXPECT_EQ(test, avag_open_check(&req), -EINVAL);
	req.api.name[3] = 0;
	KUNIT_EXPECT_EQ(test, avag_open_check(&req), -EINVAL);
}

/* ---- limits of a context ---- */

static void limits_are_the_hosts_within_the_wires(struct kunit *test)
{
	struct virtio_ava_ctrl_resp resp = {
		.ctx = cpu_to_le32(7),
		.max_args = cpu_to_le32(100),
		.max_reply = cpu_to_le32(U32_MAX),
		.max_segs = cpu_to_le32(U32_MAX),
		.max_streams = cpu_to_le32(3),
		.max_bulk = cpu_to_le64(U64_MAX),
	};
	struct avag_limits lim;

	KUNIT_EXPECT_EQ(test, avag_limits_init(&lim, &resp), 0);
	KUNIT_EXPECT_EQ(test, lim.max_args, 100u);
	KUNIT_EXPECT_EQ(test, lim.max_reply, VIRTIO_AVA_MAX_REPLY);
	KUNIT_EXPECT_EQ(test, lim.max_segs, VIRTIO_AVA_MAX_SEGS);
	KUNIT_EXPECT_EQ(test, lim.max_streams, 3u);
	KUNIT_EXPECT_EQ(test, lim.max_bulk,
			(u64)VIRTIO_AVA_MAX_RUNS << PAGE_SHIFT);
}

static void limits_refuse_nothing_to_work_with(struct kunit *test)
{
	struct virtio_ava_ctrl_resp resp = { .ctx = cpu_to_le32(7) };
	struct avag_limits lim;

	KUNIT_EXPECT_EQ(test, avag_limits_init(&lim, &resp), -EBADMSG);
	resp.ctx = 0;
	resp.max_streams = cpu_to_le32(1);
	KUNIT_EXPECT_EQ(test, avag_limits_init(&lim, &resp), -EBADMSG);
}

/* ---- AVA_IOC_SUBMIT ---- */

struct submit_case {
	const char *name;
	struct ava_submit req;
	int ret;
};

static const struct submit_case submit_cases[] = {
	{ "ours", { .calls = 8, .count = 1, .stride = sizeof(struct ava_call) }, 0 },
	{ "smallest", { .count = 1, .stride = AVAG_CALL_MIN_SIZE }, 0 },
	{ "larger", { .count = 9, .stride = 256 }, 0 },
	{ "no calls", { .stride = 80 }, -EINVAL },
	{ "flags", { .count = 1, .stride = 80, .flags = 1 }, -EINVAL },
	{ "reserved", { .count = 1, .stride = 80, .reserved = 1 }, -EINVAL },
	{ "no stride", { .count = 1 }, -EINVAL },
	{ "short", { .count = 1, .stride = AVAG_CALL_MIN_SIZE - 8 }, -EINVAL },
	{ "uneven", { .count = 1, .stride = 81 }, -EINVAL },
	{ "huge stride", { .count = 1, .stride = 1 << 20 }, -EINVAL },
	{ "wraps", { .calls = U64_MAX - 8, .count = 1, .stride = 80 }, -EFAULT },
};

static void submit_case_desc(const struct submit_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(submit, submit_cases, submit_case_desc);

static void submit_is_checked(struct kunit *test)
{
	const struct submit_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, avag_submit_check(&c->req), c->ret);
}

struct call_case {
	const char *name;
	struct ava_call req;
	int ret;
};

static const struct call_case call_cases[] = {
	{ "empty", {}, 0 },
	{ "async", { .flags = AVA_CALL_ASYNC }, 0 },
	{ "full", { .args_len = 4096, .reply_cap = 2048, .seg_count = 4 }, 0 },
	{ "flag", { .flags = 2 }, -EINVAL },
	{ "reserved", { .reserved = 1 }, -EINVAL },
	{ "async reply", { .flags = AVA_CALL_ASYNC, .reply_cap = 1 }, -EINVAL },
	{ "args", { .args_len = 4097 }, -E2BIG },
	{ "reply", { .reply_cap = 2049 }, -E2BIG },
	{ "segs", { .seg_count = 5 }, -E2BIG },
};

static void call_case_desc(const struct call_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(call, call_cases, call_case_desc);

static void call_is_checked(struct kunit *test)
{
	const struct call_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, avag_call_check(&c->req, &test_limits), c->ret);
}

/* ---- segments ---- */

struct seg_case {
	const char *name;
	struct ava_seg seg;
	int ret;
	unsigned long pages;
};

static const struct seg_case seg_cases[] = {
	{ "empty", { 0, 0, AVA_SEG_TO_HOST }, 0, 0 },
	{ "empty anywhere", { U64_MAX, 0, AVA_SEG_FROM_HOST }, 0, 0 },
	{ "one byte", { PAGE_SIZE + 1, 1, AVA_SEG_TO_HOST }, 0, 1 },
	{ "a page", { PAGE_SIZE, PAGE_SIZE, AVA_SEG_TO_HOST }, 0, 1 },
	{ "odd page", { PAGE_SIZE + 1, PAGE_SIZE, AVA_SEG_TO_HOST }, 0, 2 },
	{ "two bytes", { 2 * PAGE_SIZE - 1, 2, AVA_SEG_TO_HOST }, 0, 2 },
	{ "both ways", { 0, 1, AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST }, 0, 1 },
	{ "the most", { 0, 1 << 20, AVA_SEG_TO_HOST }, 0, (1 << 20) >> PAGE_SHIFT },
	{ "no direction", { 0, 1, 0 }, -EINVAL, 0 },
	{ "flag", { 0, 1, AVA_SEG_TO_HOST | 4 }, -EINVAL, 0 },
	{ "reserved", { 0, 1, AVA_SEG_TO_HOST, 1 }, -EINVAL, 0 },
	{ "too long", { 0, (1 << 20) + 1, AVA_SEG_TO_HOST }, -E2BIG, 0 },
	{ "wraps", { U64_MAX, 2, AVA_SEG_TO_HOST }, -EFAULT, 0 },
};

static void seg_case_desc(const struct seg_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(seg, seg_cases, seg_case_desc);

static void seg_is_checked(struct kunit *test)
{
	const struct seg_case *c = test->param_value;
	unsigned long pages;

	KUNIT_EXPECT_EQ(test, avag_segs_check(&c->seg, 1, test_limits.max_bulk,
					      &pages), c->ret);
	if (!c->ret)
		KUNIT_EXPECT_EQ(test, pages, c->pages);
}

static void segs_add_up(struct kunit *test)
{
	struct ava_seg segs[3] = {
		{ PAGE_SIZE + 1, PAGE_SIZE, AVA_SEG_TO_HOST },
		{ 0, 0, AVA_SEG_TO_HOST },
		{ PAGE_SIZE + 1, PAGE_SIZE, AVA_SEG_FROM_HOST },
	};
	unsigned long pages;

	KUNIT_EXPECT_EQ(test, avag_segs_check(segs, 3, 2 * PAGE_SIZE, &pages), 0);
	KUNIT_EXPECT_EQ(test, pages, 4ul);
	KUNIT_EXPECT_EQ(test, avag_segs_check(segs, 3, 2 * PAGE_SIZE - 1,
					      &pages), -E2BIG);
	segs[0].addr = 0;
	segs[0].len = U64_MAX;
	KUNIT_EXPECT_EQ(test, avag_segs_check(segs, 3, U64_MAX, &pages),
			sizeof(long) == 8 ? -E2BIG : -EFAULT);
}

/* ---- the chain ---- */

static void layout_pads_the_arguments(struct kunit *test)
{
	struct avag_layout lay;

	avag_layout_init(&lay, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, lay.out_len, (size_t)64);
	KUNIT_EXPECT_EQ(test, lay.in_len, (size_t)32);

	avag_layout_init(&lay, 1, 2, 3, 5);
	KUNIT_EXPECT_EQ(test, lay.segs_off, (size_t)72);
	KUNIT_EXPECT_EQ(test, lay.runs_off, (size_t)(72 + 2 * 16));
	KUNIT_EXPECT_EQ(test, lay.out_len, (size_t)(72 + 2 * 16 + 3 * 16));
	KUNIT_EXPECT_EQ(test, lay.in_len, (size_t)37);

	avag_layout_init(&lay, 8, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, lay.out_len, (size_t)72);
}

static void layout_holds_the_largest_call(struct kunit *test)
{
	struct avag_layout lay;

	avag_layout_init(&lay, VIRTIO_AVA_MAX_ARGS, VIRTIO_AVA_MAX_SEGS,
			 VIRTIO_AVA_MAX_RUNS, VIRTIO_AVA_MAX_REPLY);
	KUNIT_EXPECT_EQ(test, lay.out_len,
			(size_t)64 + 65536 + 64 * 16 + (16 << 20));
}

static void wire_structs_have_their_sizes(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, sizeof(struct virtio_ava_ctrl), (size_t)104);
	KUNIT_EXPECT_EQ(test, sizeof(struct virtio_ava_ctrl_resp), (size_t)40);
	KUNIT_EXPECT_EQ(test, sizeof(struct virtio_ava_call), (size_t)64);
	KUNIT_EXPECT_EQ(test, sizeof(struct virtio_ava_seg), (size_t)16);
	KUNIT_EXPECT_EQ(test, sizeof(struct virtio_ava_run), (size_t)16);
	KUNIT_EXPECT_EQ(test, sizeof(struct virtio_ava_reply), (size_t)32);
	KUNIT_EXPECT_EQ(test, sizeof(struct virtio_ava_event), (size_t)32);
	KUNIT_EXPECT_EQ(test, sizeof(struct ava_call), (size_t)80);
}

/* ---- runs ---- */

static void runs_join_what_follows(struct kunit *test)
{
	struct virtio_ava_run tab[4];
	struct avag_runs runs = { .run = tab, .cap = ARRAY_SIZE(tab) };

	avag_runs_start_seg(&runs);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x1ff0, 0x10), 0);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x2000, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x3000, 0x1), 0);
	KUNIT_EXPECT_EQ(test, runs.count, 1u);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(tab[0].addr), 0x1ff0ull);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(tab[0].len), 0x1011ull);
}

static void runs_keep_apart_what_does_not(struct kunit *test)
{
	struct virtio_ava_run tab[4];
	struct avag_runs runs = { .run = tab, .cap = ARRAY_SIZE(tab) };

	avag_runs_start_seg(&runs);
	/* backwards, a gap, the same page again */
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x2000, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x1000, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x2001, 0xfff), 0);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x2001, 0xfff), 0);
	KUNIT_EXPECT_EQ(test, runs.count, 4u);
}

static void runs_do_not_join_segments(struct kunit *test)
{
	struct virtio_ava_run tab[4];
	struct avag_runs runs = { .run = tab, .cap = ARRAY_SIZE(tab) };

	avag_runs_start_seg(&runs);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x1000, 0x1000), 0);
	avag_runs_start_seg(&runs);
	KUNIT_EXPECT_EQ(test, runs.seg_start, 1u);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x2000, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, runs.count, 2u);
}

static void runs_refuse_a_full_table(struct kunit *test)
{
	struct virtio_ava_run tab[1];
	struct avag_runs runs = { .run = tab, .cap = ARRAY_SIZE(tab) };

	avag_runs_start_seg(&runs);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x1000, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x5000, 0x1000), -E2BIG);
	KUNIT_EXPECT_EQ(test, runs.count, 1u);
	/* what follows the last one needs no room */
	KUNIT_EXPECT_EQ(test, avag_runs_add(&runs, 0x2000, 0x1000), 0);
}

/* ---- what the host says ---- */

struct reply_case {
	const char *name;
	u32 status, len, used;
	u64 seq, reserved;
	bool async;
	int ret;
	u32 reply_len;
	bool sticky;
};

/* The call asked for room for 16 bytes and has number 5. */
static const struct reply_case reply_cases[] = {
	{ "ok", .len = 16, .used = 48, .seq = 5, .reply_len = 16 },
	{ "no reply", .used = 32, .seq = 5 },
	{ "used more", .len = 8, .used = 48, .seq = 5, .reply_len = 8 },
	{ "async", .async = true },
	{ "async with reply", .used = 32, .seq = 5, .async = true },
	{ "async, reply lost", .used = 1, .async = true, .ret = -EBADMSG, .sticky = true },
	{ "sync and empty", .ret = -EBADMSG, .sticky = true },
	{ "short", .used = 31, .seq = 5, .ret = -EBADMSG, .sticky = true },
	{ "len over used", .len = 16, .used = 47, .seq = 5, .ret = -EBADMSG, .sticky = true },
	{ "len over cap", .len = 17, .used = 49, .seq = 5, .ret = -EBADMSG, .sticky = true },
	{ "len wraps", .len = U32_MAX, .used = 32, .seq = 5, .ret = -EBADMSG, .sticky = true },
	{ "other call", .used = 32, .seq = 6, .ret = -EBADMSG, .sticky = true },
	{ "reserved", .used = 32, .seq = 5, .reserved = 1, .ret = -EBADMSG, .sticky = true },
	{ "bad request", 1, .used = 32, .seq = 5, .ret = -EBADMSG, .sticky = true },
	{ "lost", 3, .used = 32, .seq = 5, .ret = -ENOLINK, .sticky = true },
	{ "cancelled", 4, .used = 32, .seq = 5, .ret = -ECANCELED },
	{ "quota", 8, 16, 48, .seq = 5, .ret = -EDQUOT },
	{ "async quota", 8, .used = 32, .seq = 5, .async = true, .ret = -EDQUOT, .sticky = true },
	{ "unknown", 99, .used = 32, .seq = 5, .ret = -EBADMSG, .sticky = true },
};

static void reply_case_desc(const struct reply_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(reply, reply_cases, reply_case_desc);

static void reply_is_judged(struct kunit *test)
{
	const struct reply_case *c = test->param_value;
	struct virtio_ava_reply reply = {
		.status = cpu_to_le32(c->status),
		.len = cpu_to_le32(c->len),
		.seq = cpu_to_le64(c->seq),
		.reserved = cpu_to_le64(c->reserved),
		.device_ns = cpu_to_le64(77),
	};
	struct avag_result res;

	avag_reply_parse(&res, &reply, c->used, 16, 5, c->async);
	KUNIT_EXPECT_EQ(test, res.status, c->ret);
	KUNIT_EXPECT_EQ(test, res.reply_len, c->reply_len);
	KUNIT_EXPECT_EQ(test, res.sticky, c->sticky);
	KUNIT_EXPECT_EQ(test, res.device_ns, c->used && !c->ret ? 77ull : 0ull);
}

static void status_has_an_errno(struct kunit *test)
{
	static const int errnos[] = {
		0, -EBADMSG, -ENOLINK, -ENOLINK, -ECANCELED, -ECONNREFUSED,
		-ENOENT, -EPROTONOSUPPORT, -EDQUOT, -ENOMEM, -EIO, -ETIMEDOUT,
		-EBADMSG, -EBADMSG, -EBADMSG,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(errnos); i++)
		KUNIT_EXPECT_EQ(test, avag_status_errno(i), errnos[i]);
	KUNIT_EXPECT_EQ(test, avag_status_errno(U32_MAX), -EBADMSG);
	KUNIT_EXPECT_FALSE(test, avag_status_sticky(VIRTIO_AVA_S_OK));
	KUNIT_EXPECT_TRUE(test, avag_status_sticky(VIRTIO_AVA_S_ERROR));
}

static void event_is_checked(struct kunit *test)
{
	struct virtio_ava_event ev = {
		.type = cpu_to_le32(VIRTIO_AVA_EVENT_CALLBACK),
		.len = cpu_to_le32(VIRTIO_AVA_MAX_EVENT),
	};

	KUNIT_EXPECT_EQ(test, avag_event_check(&ev, 32 + 256), 0);
	KUNIT_EXPECT_EQ(test, avag_event_check(&ev, 32 + 255), -EBADMSG);
	KUNIT_EXPECT_EQ(test, avag_event_check(&ev, 31), -EBADMSG);
	ev.len = cpu_to_le32(VIRTIO_AVA_MAX_EVENT + 1);
	KUNIT_EXPECT_EQ(test, avag_event_check(&ev, 4096), -EBADMSG);
	ev.len = 0;
	KUNIT_EXPECT_EQ(test, avag_event_check(&ev, 32), 0);
	ev.type = cpu_to_le32(VIRTIO_AVA_EVENT_LOST);
	KUNIT_EXPECT_EQ(test, avag_event_check(&ev, 32), 0);
	ev.type = cpu_to_le32(3);
	KUNIT_EXPECT_EQ(test, avag_event_check(&ev, 32), -EBADMSG);
	ev.type = 0;
	KUNIT_EXPECT_EQ(test, avag_event_check(&ev, 32), -EBADMSG);
}

static struct kunit_case avag_layout_cases[] = {
	KUNIT_CASE(open_accepts_a_name),
	KUNIT_CASE(open_refuses_flags_and_reserved),
	KUNIT_CASE(open_refuses_bad_names),
	KUNIT_CASE(limits_are_the_hosts_within_the_wires),
	KUNIT_CASE(limits_refuse_nothing_to_work_with),
	KUNIT_CASE_PARAM(submit_is_checked, submit_gen_params),
	KUNIT_CASE_PARAM(call_is_checked, call_gen_params),
	KUNIT_CASE_PARAM(seg_is_checked, seg_gen_params),
	KUNIT_CASE(segs_add_up),
	KUNIT_CASE(layout_pads_the_arguments),
	KUNIT_CASE(layout_holds_the_largest_call),
	KUNIT_CASE(wire_structs_have_their_sizes),
	KUNIT_CASE(runs_join_what_follows),
	KUNIT_CASE(runs_keep_apart_what_does_not),
	KUNIT_CASE(runs_do_not_join_segments),
	KUNIT_CASE(runs_refuse_a_full_table),
	KUNIT_CASE_PARAM(reply_is_judged, reply_gen_params),
	KUNIT_CASE(status_has_an_errno),
	KUNIT_CASE(event_is_checked),
	{ }
};

static struct kunit_suite avag_layout_suite = {
	.name = "ava_guest_layout",
	.test_cases = avag_layout_cases,
};

kunit_test_suite(avag_layout_suite);
