// SPDX-License-Identifier: GPL-2.0
/*
 * functable_test.c - tests of function tables (functable.c)
 */
#include <linux/overflow.h>

#include "functable.h"
#include "proto.h"
#include "suite_test.h"

static const struct ava_func good_rows[] = {
	{ .id = 1, .flags = AVA_FUNC_ASYNC, .min_args = 8, .max_args = 64, .max_reply = 16,
	  .max_segs = 2 },
	{ .id = 5, .flags = AVA_FUNC_MAY_WAIT },
	{ .id = U32_MAX, .max_args = VIRTIO_AVA_MAX_ARGS, .max_reply = VIRTIO_AVA_MAX_REPLY,
	  .max_segs = VIRTIO_AVA_MAX_SEGS, .cost_class = 1 },
};

static struct ava_functable *make_table(struct kunit *test)
{
	struct ava_functable *table;

	table = kunit_kzalloc(test, struct_size(table, rows, ARRAY_SIZE(good_rows)),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, table);
	table->count = ARRAY_SIZE(good_rows);
	memcpy(table->rows, good_rows, sizeof(good_rows));
	return table;
}

static void test_good_table(struct kunit *test)
{
	struct ava_functable *table = make_table(test);

	KUNIT_EXPECT_NULL(test, (void *)ava_functable_check(table));
	KUNIT_EXPECT_PTR_EQ(test, ava_functable_find(table, 1), &table->rows[0]);
	KUNIT_EXPECT_PTR_EQ(test, ava_functable_find(table, U32_MAX), &table->rows[2]);
	KUNIT_EXPECT_NULL(test, (void *)ava_functable_find(table, 0));
	KUNIT_EXPECT_NULL(test, (void *)ava_functable_find(table, 4));
}

struct row_case {
	const char *name;
	u32 row;
	struct ava_func value;
};

static const struct row_case row_cases[] = {
	{ "same id twice", 1, { .id = 1 } },
	{ "ids not sorted", 1, { .id = 0 } },
	{ "unknown flag", 0, { .id = 1, .flags = 1u << 2 } },
	{ "reserved", 0, { .id = 1, .reserved = 1 } },
	{ "min_args over max_args", 0, { .id = 1, .min_args = 9, .max_args = 8 } },
	{ "max_args over the wire's", 0, { .id = 1, .max_args = VIRTIO_AVA_MAX_ARGS + 1 } },
	{ "max_reply over the wire's", 0, { .id = 1, .max_reply = VIRTIO_AVA_MAX_REPLY + 1 } },
	{ "max_segs over the wire's", 0, { .id = 1, .max_segs = VIRTIO_AVA_MAX_SEGS + 1 } },
};

static void row_desc(const struct row_case *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(row, row_cases, row_desc);

static void test_table_refused(struct kunit *test)
{
	const struct row_case *param = test->param_value;
	struct ava_functable *table = make_table(test);

	table->rows[param->row] = param->value;
	KUNIT_EXPECT_NOT_NULL(test, (void *)ava_functable_check(table));
}

static void test_row_count_refused(struct kunit *test)
{
	struct ava_functable *table = make_table(test);

	table->count = 0;
	KUNIT_EXPECT_NOT_NULL(test, (void *)ava_functable_check(table));
	table->count = AVA_MAX_FUNCS + 1;
	KUNIT_EXPECT_NOT_NULL(test, (void *)ava_functable_check(table));
}

struct admit_case {
	const char *name;
	struct ava_call_req req;
	bool admitted;
};

static const struct admit_case admit_cases[] = {
	{ "most", { .func = 1, .args_len = 64, .reply_cap = 16, .seg_count = 2 }, true },
	{ "least", { .func = 1, .args_len = 8 }, true },
	{ "async", { .func = 1, .args_len = 8, .flags = VIRTIO_AVA_CALL_ASYNC }, true },
	{ "unknown function", { .func = 2, .args_len = 8 }, false },
	{ "too few arguments", { .func = 1, .args_len = 7 }, false },
	{ "too many arguments", { .func = 1, .args_len = 65 }, false },
	{ "too much reply", { .func = 1, .args_len = 8, .reply_cap = 17 }, false },
	{ "too many segments", { .func = 1, .args_len = 8, .seg_count = 3 }, false },
	{ "async of a synchronous", { .func = 5, .flags = VIRTIO_AVA_CALL_ASYNC }, false },
};

static void admit_desc(const struct admit_case *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(admit, admit_cases, admit_desc);

static void test_admit(struct kunit *test)
{
	const struct admit_case *param = test->param_value;
	struct ava_functable *table = make_table(test);

	KUNIT_EXPECT_EQ(test, !ava_functable_admit(table, &param->req), param->admitted);
}

static struct kunit_case functable_cases[] = {
	KUNIT_CASE(test_good_table),
	KUNIT_CASE_PARAM(test_table_refused, row_gen_params),
	KUNIT_CASE(test_row_count_refused),
	KUNIT_CASE_PARAM(test_admit, admit_gen_params),
	{}
};

struct kunit_suite ava_functable_suite = {
	.name = "ava_functable",
	.test_cases = functable_cases,
};
