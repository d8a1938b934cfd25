// SPDX-License-Identifier: Apache-2.0
/*
 * ut_spin.c - when waiting threads look at memory before they sleep, and for how long
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/spin.h"
#include "ut.h"

/* How many threads may look at once where there are @cpus CPUs; -1: there are fewer. */
static int room(int cpus)
{
	cpu_set_t have, set;
	int cpu, status, n = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		CPU_ZERO(&set);
		sched_getaffinity(0, sizeof(have), &have);
		for (cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&set) < cpus; cpu++)
			if (CPU_ISSET(cpu, &have))
				CPU_SET(cpu, &set);
		if (CPU_COUNT(&set) < cpus || sched_setaffinity(0, sizeof(set), &set))
			_exit(255);
		while (n < 200 && ava_spin_begin())
			n++;
		_exit(n);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

static void test_one_cpu(void **state)
{
	(void)state;
	assert_int_equal(room(1), 0);
}

static void test_two_cpus(void **state)
{
	int n = room(2);

	(void)state;
	if (n < 0)
		skip();
	assert_int_equal(n, 1);
}

/* Refused ones do not count; the end of one makes room. */
static void test_room_comes_back(void **state)
{
	int i;

	(void)state;
	if (!ava_spin_begin())
		skip();
	while (ava_spin_begin())
		;
	for (i = 0; i < 3; i++)
		assert_false(ava_spin_begin());
	ava_spin_end();
	assert_true(ava_spin_begin());
	assert_false(ava_spin_begin());
	ava_spin_forget();
	assert_true(ava_spin_begin());
	ava_spin_forget();
}

static void test_bounded(void **state)
{
	struct ava_spin s = { 0 };
	uint32_t average;

	(void)state;
	for (average = 0; average < 4 * AVA_SPIN_MAX_NS; average += 100) {
		assert_true(ava_spin_budget(&s, average, false) <= AVA_SPIN_MAX_NS);
		assert_true(ava_spin_budget(&s, average, true) <= AVA_SPIN_MAX_NS);
	}
	/* enough for what takes as long as it did, and for waking the other side */
	assert_true(ava_spin_budget(&s, 10000, false) >= 20000);
	assert_true(ava_spin_budget(&s, 1000, true) > ava_spin_budget(&s, 1000, false));
}

/* What takes long is not looked for; what became quick is, soon. */
static void test_adapts(void **state)
{
	struct ava_spin s = { 0 };
	uint32_t average = 0;
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		ava_spin_learn(&average, 1000000000ull);
	assert_int_equal(ava_spin_budget(&s, average, true), 0);
	for (i = 0; i < 20 && !ava_spin_budget(&s, average, false); i++)
		ava_spin_learn(&average, 2000);
	assert_true(i < 20);
	for (i = 0; i < 40; i++)
		ava_spin_learn(&average, 2000);
	assert_in_range(average, 1000, 3000);
}

/* How many times one sleeps at once before one looks again. */
static int slept(struct ava_spin *s)
{
	int n = 0;

	while (n < 100000 && !ava_spin_budget(s, 1000, false))
		n++;
	return n;
}

static void test_in_vain(void **state)
{
	struct ava_spin s = { 0 };
	int i, n, before = 0;

	(void)state;
	for (i = 0; i < 8; i++) {
		ava_spin_result(&s, false);
		n = slept(&s);
		assert_true(n > before);
		before = n;
	}
	ava_spin_result(&s, false);
	assert_int_equal(slept(&s), before);
	ava_spin_result(&s, true);
	assert_int_equal(slept(&s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_cpu),
		cmocka_unit_test(test_two_cpus),
		cmocka_unit_test(test_room_comes_back),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_adapts),
		cmocka_unit_test(test_in_vain),
	};

	return cmocka_run_group_tests_name("spin", tests, NULL, NULL);
}
