// SPDX-License-Identifier: GPL-2.0
/*
 * ring_test.c - tests of a ring's shape and of what a server may write (ring.c)
 */
#include <linux/mm.h>

#include "ring.h"
#include "suite_test.h"

static void test_layout_holds_its_parts(struct kunit *test)
{
	struct ava_ring_layout l;

	KUNIT_ASSERT_EQ(test, ava_ring_layout(256, 65536, &l), 0);
	KUNIT_EXPECT_GE(test, l.sq_off, (u32)sizeof(struct ava_ring));
	KUNIT_EXPECT_GE(test, l.cq_off, l.sq_off + 256 * (u32)sizeof(struct ava_sqe));
	KUNIT_EXPECT_GE(test, l.arena_off, l.cq_off + 256 * (u32)sizeof(struct ava_cqe));
	KUNIT_EXPECT_GE(test, l.arena_size, 65536u);
	KUNIT_EXPECT_EQ(test, l.arena_off + l.arena_size, l.size);
	KUNIT_EXPECT_EQ(test, l.size % PAGE_SIZE, 0ul);
	KUNIT_EXPECT_EQ(test, l.arena_off % 8, 0u);
}

static void test_layout_refused(struct kunit *test)
{
	struct ava_ring_layout l;

	KUNIT_EXPECT_EQ(test, ava_ring_layout(0, 4096, &l), -EINVAL);
	KUNIT_EXPECT_EQ(test, ava_ring_layout(3, 4096, &l), -EINVAL);
	KUNIT_EXPECT_EQ(test, ava_ring_layout(8192, 4096, &l), -EINVAL);
	KUNIT_EXPECT_EQ(test, ava_ring_layout(4, 0, &l), -EINVAL);
	KUNIT_EXPECT_EQ(test, ava_ring_layout(4, (16u << 20) + 1, &l), -EINVAL);
}

static void test_format_tells_the_layout(struct kunit *test)
{
	struct ava_ring *ring = kunit_kzalloc(test, sizeof(*ring), GFP_KERNEL);
	struct ava_ring_layout l;

	KUNIT_ASSERT_NOT_NULL(test, ring);
	memset(ring, 0xff, sizeof(*ring));
	KUNIT_ASSERT_EQ(test, ava_ring_layout(64, 4096, &l), 0);
	ava_ring_format(ring, &l);
	KUNIT_EXPECT_EQ(test, ring->size, (u64)l.size);
	KUNIT_EXPECT_EQ(test, ring->sq_entries, 64u);
	KUNIT_EXPECT_EQ(test, ring->cq_entries, 64u);
	KUNIT_EXPECT_EQ(test, ring->arena_off, (u64)l.arena_off);
	KUNIT_EXPECT_EQ(test, ring->sq_tail | ring->sq_head | ring->cq_tail | ring->cq_head, 0u);
}

static void test_pending(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ava_ring_pending(5, 5, 8), 0);
	KUNIT_EXPECT_EQ(test, ava_ring_pending(13, 5, 8), 8);
	KUNIT_EXPECT_EQ(test, ava_ring_pending(2, U32_MAX, 8), 3);
	KUNIT_EXPECT_EQ(test, ava_ring_pending(14, 5, 8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ava_ring_pending(4, 5, 8), -EBADMSG);
	KUNIT_EXPECT_EQ(test, ava_ring_pending(0, 1u << 31, 8), -EBADMSG);
}

static void test_cqe_accepted(struct kunit *test)
{
	struct ava_cqe cqe = { .tag = 7, .reply_len = 16 };

	KUNIT_EXPECT_NULL(test, (void *)ava_ring_check_cqe(&cqe, 7, 16));
	cqe.status = AVA_CQE_BAD_CALL;
	KUNIT_EXPECT_NULL(test, (void *)ava_ring_check_cqe(&cqe, 7, 16));
}

struct cqe_case {
	const char *name;
	struct ava_cqe cqe;
};

static const struct cqe_case cqe_cases[] = {
	{ "older tag", { .tag = 6 } },
	{ "newer tag", { .tag = 8 } },
	{ "no tag", {} },
	{ "unknown status", { .tag = 7, .status = 2 } },
	{ "reply over its room", { .tag = 7, .reply_len = 17 } },
	{ "reply over all", { .tag = 7, .reply_len = U32_MAX } },
	{ "reserved", { .tag = 7, .reserved = 1 } },
};

static void cqe_desc(const struct cqe_case *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cqe, cqe_cases, cqe_desc);

static void test_cqe_refused(struct kunit *test)
{
	const struct cqe_case *param = test->param_value;

	KUNIT_EXPECT_NOT_NULL(test, (void *)ava_ring_check_cqe(&param->cqe, 7, 16));
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(test_layout_holds_its_parts),
	KUNIT_CASE(test_layout_refused),
	KUNIT_CASE(test_format_tells_the_layout),
	KUNIT_CASE(test_pending),
	KUNIT_CASE(test_cqe_accepted),
	KUNIT_CASE_PARAM(test_cqe_refused, cqe_gen_params),
	{}
};

struct kunit_suite ava_ring_suite = {
	.name = "ava_ring",
	.test_cases = ring_cases,
};
