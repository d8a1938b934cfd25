// SPDX-License-Identifier: GPL-2.0
/*
 * arena_test.c - tests of the arena's arithmetic (arena.c)
 */
#include <linux/prandom.h>

#include "arena.h"
#include "suite_test.h"

#define SIZE	1024u

static void test_fills_and_frees_in_order(struct kunit *test)
{
	struct ava_arena arena;
	u64 end[4];
	u32 off, i;

	ava_arena_init(&arena, SIZE);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, ava_arena_alloc(&arena, 256, &off, &end[i]), 0);
		KUNIT_EXPECT_EQ(test, off, i * 256);
	}
	KUNIT_EXPECT_EQ(test, ava_arena_alloc(&arena, 1, &off, &end[0]), -ENOSPC);
	KUNIT_EXPECT_EQ(test, ava_arena_free(&arena, 256), 0);
	KUNIT_EXPECT_EQ(test, ava_arena_alloc(&arena, 256, &off, &end[0]), 0);
	KUNIT_EXPECT_EQ(test, off, 0u);
}

static void test_piece_does_not_wrap(struct kunit *test)
{
	struct ava_arena arena;
	u64 first, second, third;
	u32 off;

	ava_arena_init(&arena, SIZE);
	KUNIT_ASSERT_EQ(test, ava_arena_alloc(&arena, 400, &off, &first), 0);
	KUNIT_ASSERT_EQ(test, ava_arena_alloc(&arena, 400, &off, &second), 0);
	KUNIT_ASSERT_EQ(test, ava_arena_free(&arena, first), 0);
	/* 224 are left at the end, 400 at the start. */
	KUNIT_ASSERT_EQ(test, ava_arena_alloc(&arena, 300, &off, &third), 0);
	KUNIT_EXPECT_EQ(test, off, 0u);
	KUNIT_EXPECT_EQ(test, ava_arena_alloc(&arena, 120, &off, &first), -ENOSPC);
}

static void test_empty_arena_takes_its_whole_size(struct kunit *test)
{
	struct ava_arena arena;
	u64 end;
	u32 off;

	ava_arena_init(&arena, SIZE);
	KUNIT_ASSERT_EQ(test, ava_arena_alloc(&arena, 8, &off, &end), 0);
	KUNIT_ASSERT_EQ(test, ava_arena_free(&arena, end), 0);
	KUNIT_EXPECT_EQ(test, ava_arena_alloc(&arena, SIZE, &off, &end), 0);
	KUNIT_EXPECT_EQ(test, off, 0u);
}

static void test_refuses_what_never_fits(struct kunit *test)
{
	struct ava_arena arena;
	u64 end = 7;
	u32 off = 7;

	ava_arena_init(&arena, SIZE);
	KUNIT_EXPECT_EQ(test, ava_arena_alloc(&arena, SIZE + 1, &off, &end), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, ava_arena_alloc(&arena, U32_MAX, &off, &end), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, off, 7u);
	KUNIT_EXPECT_EQ(test, end, 7ull);
}

static void test_refuses_free_of_what_is_not_taken(struct kunit *test)
{
	struct ava_arena arena;
	u64 first, second;
	u32 off;

	ava_arena_init(&arena, SIZE);
	ava_arena_alloc(&arena, 64, &off, &first);
	ava_arena_alloc(&arena, 64, &off, &second);
	KUNIT_EXPECT_EQ(test, ava_arena_free(&arena, second + 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, ava_arena_free(&arena, first), 0);
	KUNIT_EXPECT_EQ(test, ava_arena_free(&arena, first - 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, ava_arena_free(&arena, second), 0);
}

static void test_pieces_are_aligned(struct kunit *test)
{
	struct ava_arena arena;
	u64 end;
	u32 off;

	ava_arena_init(&arena, SIZE + 5);
	KUNIT_EXPECT_EQ(test, arena.size, SIZE);
	ava_arena_alloc(&arena, 1, &off, &end);
	ava_arena_alloc(&arena, 1, &off, &end);
	KUNIT_EXPECT_EQ(test, off, 8u);
}

/* Its end would lie inside whatever comes next, and freeing it free that in part. */
static void test_empty_piece_is_a_piece(struct kunit *test)
{
	struct ava_arena arena;
	u64 end, empty;
	u32 off;

	ava_arena_init(&arena, SIZE);
	KUNIT_ASSERT_EQ(test, ava_arena_alloc(&arena, 64, &off, &end), 0);
	KUNIT_ASSERT_EQ(test, ava_arena_free(&arena, end), 0);
	KUNIT_ASSERT_EQ(test, ava_arena_alloc(&arena, 0, &off, &empty), 0);
	KUNIT_ASSERT_EQ(test, ava_arena_alloc(&arena, 512, &off, &end), 0);
	KUNIT_EXPECT_EQ(test, off, AVA_ARENA_ALIGN);
	KUNIT_EXPECT_EQ(test, ava_arena_free(&arena, empty), 0);
	KUNIT_ASSERT_EQ(test, ava_arena_alloc(&arena, 504, &off, &end), 0);
	KUNIT_EXPECT_EQ(test, ava_arena_alloc(&arena, 64, &off, &end), -ENOSPC);
}

/* Pieces in use never overlap; every one lies in the area. */
static void test_random_pieces_do_not_overlap(struct kunit *test)
{
	struct { u32 off, len; u64 end; } live[64] = {};
	struct rnd_state rnd;
	struct ava_arena arena;
	u32 head = 0, tail = 0, i, j, len, off;
	u64 end;

	prandom_seed_state(&rnd, 20);
	ava_arena_init(&arena, SIZE);
	for (i = 0; i < 20000; i++) {
		len = prandom_u32_state(&rnd) % 400;
		if (head - tail < 64 && !ava_arena_alloc(&arena, len, &off, &end)) {
			KUNIT_ASSERT_LE(test, off + len, SIZE);
			for (j = tail; j != head; j++) {
				u32 o = live[j % 64].off, l = live[j % 64].len;

				KUNIT_ASSERT_TRUE(test, !len || !l || off + len <= o ||
						  o + l <= off);
			}
			live[head % 64].off = off;
			live[head % 64].len = len;
			live[head++ % 64].end = end;
		} else if (head != tail) {
			KUNIT_ASSERT_EQ(test, ava_arena_free(&arena, live[tail++ % 64].end), 0);
		}
	}
}

static struct kunit_case arena_cases[] = {
	KUNIT_CASE(test_fills_and_frees_in_order),
	KUNIT_CASE(test_piece_does_not_wrap),
	KUNIT_CASE(test_empty_arena_takes_its_whole_size),
	KUNIT_CASE(test_refuses_what_never_fits),
	KUNIT_CASE(test_refuses_free_of_what_is_not_taken),
	KUNIT_CASE(test_pieces_are_aligned),
	KUNIT_CASE(test_empty_piece_is_a_piece),
	KUNIT_CASE(test_random_pieces_do_not_overlap),
	{}
};

struct kunit_suite ava_arena_suite = {
	.name = "ava_arena",
	.test_cases = arena_cases,
};
