// SPDX-License-Identifier: GPL-2.0
/*
 * life_test.c - tests of the state machine of calls (life.c)
 */
#include "call.h"
#include "suite_test.h"

static void new_call(struct ava_call_life *life, enum ava_call_phase phase)
{
	ava_life_init(life);
	life->phase = phase;
}

static void test_ordinary_life(struct kunit *test)
{
	struct ava_call_life life;

	ava_life_init(&life);
	KUNIT_EXPECT_EQ(test, life.phase, AVA_CALL_NEW);
	KUNIT_EXPECT_EQ(test, ava_life_queue(&life), 0);
	KUNIT_EXPECT_EQ(test, ava_life_run(&life), 0);
	KUNIT_EXPECT_EQ(test, ava_life_copy_begin(&life), 0);
	KUNIT_EXPECT_EQ(test, ava_life_copy_end(&life), 0);
	KUNIT_EXPECT_EQ(test, ava_life_end(&life), 1);
	KUNIT_EXPECT_EQ(test, life.phase, AVA_CALL_DONE);
}

static void test_cancel_before_dispatch(struct kunit *test)
{
	struct ava_call_life life;

	ava_life_init(&life);
	ava_life_queue(&life);
	KUNIT_EXPECT_EQ(test, ava_life_end(&life), 1);
	KUNIT_EXPECT_EQ(test, ava_life_run(&life), -EINVAL);
	KUNIT_EXPECT_EQ(test, life.phase, AVA_CALL_DONE);
}

static void test_last_copy_owns_ended_call(struct kunit *test)
{
	struct ava_call_life life;

	new_call(&life, AVA_CALL_RUNNING);
	KUNIT_EXPECT_EQ(test, ava_life_copy_begin(&life), 0);
	KUNIT_EXPECT_EQ(test, ava_life_copy_begin(&life), 0);
	KUNIT_EXPECT_EQ(test, ava_life_end(&life), 0);
	KUNIT_EXPECT_EQ(test, life.phase, AVA_CALL_ENDING);
	KUNIT_EXPECT_EQ(test, ava_life_copy_begin(&life), -EINVAL);
	KUNIT_EXPECT_EQ(test, ava_life_end(&life), -EINVAL);
	KUNIT_EXPECT_EQ(test, ava_life_copy_end(&life), 0);
	KUNIT_EXPECT_EQ(test, ava_life_copy_end(&life), 1);
	KUNIT_EXPECT_EQ(test, life.phase, AVA_CALL_DONE);
	KUNIT_EXPECT_EQ(test, ava_life_copy_end(&life), -EINVAL);
}

/* Every step in every phase: allowed where the picture has an arrow, else refused. */
struct step_case {
	const char *name;
	int (*step)(struct ava_call_life *life);
	u32 allowed;
};

static const struct step_case step_cases[] = {
	{ "queue", ava_life_queue, BIT(AVA_CALL_NEW) },
	{ "run", ava_life_run, BIT(AVA_CALL_QUEUED) },
	{ "end", ava_life_end, BIT(AVA_CALL_QUEUED) | BIT(AVA_CALL_RUNNING) },
	{ "copy_begin", ava_life_copy_begin, BIT(AVA_CALL_RUNNING) },
	{ "copy_end", ava_life_copy_end, 0 },
};

static void step_desc(const struct step_case *param, char *desc)
{
	strscpy(desc, param->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(step, step_cases, step_desc);

static void test_step_refused(struct kunit *test)
{
	const struct step_case *param = test->param_value;
	struct ava_call_life life;
	int phase;

	for (phase = AVA_CALL_NEW; phase <= AVA_CALL_DONE; phase++) {
		new_call(&life, phase);
		if (param->allowed & BIT(phase)) {
			KUNIT_EXPECT_GE(test, param->step(&life), 0);
			continue;
		}
		KUNIT_EXPECT_EQ(test, param->step(&life), -EINVAL);
		KUNIT_EXPECT_EQ(test, (int)life.phase, phase);
		KUNIT_EXPECT_EQ(test, life.copies, 0u);
	}
}

static void test_copies_do_not_wrap(struct kunit *test)
{
	struct ava_call_life life;

	new_call(&life, AVA_CALL_RUNNING);
	life.copies = U32_MAX;
	KUNIT_EXPECT_EQ(test, ava_life_copy_begin(&life), -EINVAL);
	KUNIT_EXPECT_EQ(test, life.copies, U32_MAX);
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE(test_ordinary_life),
	KUNIT_CASE(test_cancel_before_dispatch),
	KUNIT_CASE(test_last_copy_owns_ended_call),
	KUNIT_CASE_PARAM(test_step_refused, step_gen_params),
	KUNIT_CASE(test_copies_do_not_wrap),
	{}
};

struct kunit_suite ava_life_suite = {
	.name = "ava_life",
	.test_cases = life_cases,
};
