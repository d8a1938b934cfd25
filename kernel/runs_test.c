// SPDX-License-Identifier: GPL-2.0
/*
 * runs_test.c - tests of walks over runs and of address translation (runs.c)
 */
#include <linux/vhost_iotlb.h>

#include "runs.h"
#include "suite_test.h"

static const union ava_run three_runs[] = {
	{ .addr = 0x1000, .end = 10 },
	{ .addr = 0x9007, .end = 11 },
	{ .addr = 0x5000, .end = 4107 },
};

static const struct ava_seg_runs three = {
	.len = 4107,
	.runs = three_runs,
	.run_count = ARRAY_SIZE(three_runs),
};

static void test_cursor_at_any_offset(struct kunit *test)
{
	static const struct { u64 offset, gpa, len; } at[] = {
		{ 0, 0x1000, 10 }, { 9, 0x1009, 1 }, { 10, 0x9007, 1 },
		{ 11, 0x5000, 4096 }, { 12, 0x5001, 4095 }, { 4106, 0x5fff, 1 },
	};
	struct ava_run_cursor cur;
	u64 gpa = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		ava_cursor_init(&cur, &three, at[i].offset);
		KUNIT_EXPECT_EQ(test, ava_cursor_peek(&cur, &gpa), at[i].len);
		KUNIT_EXPECT_EQ(test, gpa, at[i].gpa);
	}
	ava_cursor_init(&cur, &three, three.len);
	KUNIT_EXPECT_EQ(test, ava_cursor_peek(&cur, &gpa), 0ull);
}

static void test_cursor_of_nothing(struct kunit *test)
{
	static const struct ava_seg_runs none;
	struct ava_run_cursor cur;
	u64 gpa;

	ava_cursor_init(&cur, &none, 0);
	KUNIT_EXPECT_EQ(test, ava_cursor_peek(&cur, &gpa), 0ull);
}

static void test_cursor_walks_all(struct kunit *test)
{
	struct ava_run_cursor cur;
	u64 gpa, n, total = 0;
	int steps = 0;

	ava_cursor_init(&cur, &three, 0);
	while ((n = ava_cursor_peek(&cur, &gpa))) {
		n = min_t(u64, n, 100);
		ava_cursor_advance(&cur, n);
		total += n;
		steps++;
	}
	KUNIT_EXPECT_EQ(test, total, three.len);
	KUNIT_EXPECT_EQ(test, steps, 43);
}

/* Two regions side by side in guest memory, far apart on the host. */
static struct vhost_iotlb *make_umem(struct kunit *test)
{
	struct vhost_iotlb *umem = vhost_iotlb_alloc(16, 0);

	KUNIT_ASSERT_NOT_NULL(test, umem);
	KUNIT_ASSERT_EQ(test, vhost_iotlb_add_range(umem, 0x1000, 0x1fff, 0x70000,
						    VHOST_MAP_RW), 0);
	KUNIT_ASSERT_EQ(test, vhost_iotlb_add_range(umem, 0x2000, 0x2fff, 0x10000,
						    VHOST_MAP_RO), 0);
	return umem;
}

static void test_translate(struct kunit *test)
{
	struct vhost_iotlb *umem = make_umem(test);
	u64 hva = 0;

	KUNIT_EXPECT_EQ(test, ava_translate(umem, 0x1010, 16, VHOST_MAP_WO, &hva), 16ull);
	KUNIT_EXPECT_EQ(test, hva, 0x70010ull);
	KUNIT_EXPECT_EQ(test, ava_translate(umem, 0x1fff, 16, VHOST_MAP_RO, &hva), 1ull);
	KUNIT_EXPECT_EQ(test, hva, 0x70fffull);
	KUNIT_EXPECT_EQ(test, ava_translate(umem, 0x2000, 16, VHOST_MAP_RO, &hva), 16ull);
	KUNIT_EXPECT_EQ(test, hva, 0x10000ull);
	vhost_iotlb_free(umem);
}

static void test_translate_refused(struct kunit *test)
{
	struct vhost_iotlb *umem = make_umem(test);
	u64 hva;

	KUNIT_EXPECT_EQ(test, ava_translate(umem, 0xfff, 2, VHOST_MAP_RO, &hva), 0ull);
	KUNIT_EXPECT_EQ(test, ava_translate(umem, 0x3000, 1, VHOST_MAP_RO, &hva), 0ull);
	KUNIT_EXPECT_EQ(test, ava_translate(umem, U64_MAX, 1, VHOST_MAP_RO, &hva), 0ull);
	KUNIT_EXPECT_EQ(test, ava_translate(umem, 0x2000, 1, VHOST_MAP_WO, &hva), 0ull);
	KUNIT_EXPECT_EQ(test, ava_translate(NULL, 0x1000, 1, VHOST_MAP_RO, &hva), 0ull);
	vhost_iotlb_free(umem);
}

static struct kunit_case runs_cases[] = {
	KUNIT_CASE(test_cursor_at_any_offset),
	KUNIT_CASE(test_cursor_of_nothing),
	KUNIT_CASE(test_cursor_walks_all),
	KUNIT_CASE(test_translate),
	KUNIT_CASE(test_translate_refused),
	{}
};

struct kunit_suite ava_runs_suite = {
	.name = "ava_runs",
	.test_cases = runs_cases,
};
