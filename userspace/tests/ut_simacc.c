// SPDX-License-Identifier: Apache-2.0
/*
 * ut_simacc.c - the simulated accelerator by itself: memory, time, order and failures are exact
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../simacc/simacc.h"
#include "ut.h"

static sim_device device[2];
static sim_context context;
static sim_queue queue;

static struct {
	atomic_int calls;
	char text[80];
	uint64_t items[2];
} told;

static void on_failure(const char *text, const void *data, size_t size, void *userdata)
{
	assert_ptr_equal(userdata, &told);
	snprintf(told.text, sizeof(told.text), "%s", text);
	memset(told.items, 0, sizeof(told.items));
	if (data)
		memcpy(told.items, data, size);
	told.calls++;
}

static int setup(void **state)
{
	intptr_t properties[] = { SIM_CONTEXT_DEVICE, 0, SIM_CONTEXT_DEVICE, 0, 0 };

	(void)state;
	assert_int_equal(sim_get_devices(2, device, NULL), SIM_OK);
	properties[1] = (intptr_t)device[0];
	properties[3] = (intptr_t)device[1];
	context = sim_context_create(properties, on_failure, &told, NULL);
	queue = sim_queue_create(context, device[0], NULL);
	told.calls = 0;
	return context && queue ? 0 : -1;
}

static uint64_t device_number(sim_device d, sim_info what)
{
	uint64_t n = 0;

	assert_int_equal(sim_device_info(d, what, sizeof(n), &n, NULL), SIM_OK);
	return n;
}

static uint64_t event_number(sim_event e, sim_info what)
{
	uint64_t n = 0;

	assert_int_equal(sim_event_info(e, what, sizeof(n), &n, NULL), SIM_OK);
	return n;
}

/* Whatever a test did, all memory is back when the last object is gone. */
static int teardown(void **state)
{
	(void)state;
	assert_int_equal(sim_inject(device[0], 0, NULL), SIM_OK);
	sim_queue_finish(queue);
	assert_int_equal(sim_queue_release(queue), SIM_OK);
	assert_int_equal(sim_context_release(context), SIM_OK);
	return device_number(device[0], SIM_DEVICE_MEMORY_USED) != 0;
}

static sim_buffer new_buffer(size_t floats)
{
	sim_buffer b = sim_buffer_create(context, device[0], 0, floats * sizeof(float), NULL, NULL);

	assert_non_null(b);
	return b;
}

static sim_kernel new_fill(sim_buffer buffer, float value)
{
	sim_kernel k = sim_kernel_create(context, "fill", NULL);

	assert_non_null(k);
	assert_int_equal(sim_kernel_set_buffer(k, 0, buffer), SIM_OK);
	assert_int_equal(sim_kernel_set_value(k, 1, sizeof(value), &value), SIM_OK);
	return k;
}

static sim_event launch(sim_kernel kernel, uint64_t items, uint32_t waits, const sim_event *list)
{
	struct sim_launch l = { 1, 0, &items };
	sim_event e = NULL;

	assert_int_equal(sim_enqueue_launch(queue, kernel, &l, waits, list, &e), SIM_OK);
	return e;
}

static void test_memory(void **state)
{
	uint64_t limit = device_number(device[0], SIM_DEVICE_MEMORY);
	sim_buffer a, b;
	sim_status status;

	(void)state;
	a = sim_buffer_create(context, device[0], 0, limit - 100, NULL, &status);
	assert_non_null(a);
	assert_int_equal(device_number(device[0], SIM_DEVICE_MEMORY_USED), limit - 100);
	assert_null(sim_buffer_create(context, device[0], 0, 101, NULL, &status));
	assert_int_equal(status, SIM_OUT_OF_DEVICE_MEMORY);
	assert_null(sim_buffer_create(context, device[0], 0, SIZE_MAX, NULL, &status));
	assert_int_equal(status, SIM_OUT_OF_DEVICE_MEMORY);
	b = sim_buffer_create(context, device[0], 0, 100, NULL, &status);
	assert_non_null(b);
	assert_int_equal(device_number(device[1], SIM_DEVICE_MEMORY_USED), 0);
	sim_buffer_release(a);
	assert_int_equal(device_number(device[0], SIM_DEVICE_MEMORY_USED), 100);
	sim_buffer_release(b);
}

/* The text at the top of simacc.h, in numbers. */
static void test_clock(void **state)
{
	sim_buffer b = new_buffer(1000);
	sim_kernel k = new_fill(b, 1);
	sim_event e[3];
	uint64_t clock;

	(void)state;
	e[0] = launch(k, 1000, 0, NULL);
	sim_enqueue_read(queue, b, 0, 0, 0, &clock, 0, NULL, &e[1]);
	sim_enqueue_copy(queue, &(struct sim_copy){ b, b, 0, 2000, 2000 }, 0, NULL, &e[2]);
	assert_int_equal(sim_queue_finish(queue), SIM_OK);
	assert_int_equal(event_number(e[0], SIM_EVENT_COST), 2 * 1000 + 16);
	assert_int_equal(event_number(e[1], SIM_EVENT_COST), 1000);
	assert_int_equal(event_number(e[2], SIM_EVENT_COST), 1000 + 63);
	assert_int_equal(event_number(e[0], SIM_EVENT_START), 0);
	assert_int_equal(event_number(e[1], SIM_EVENT_START), 2016);
	assert_int_equal(event_number(e[2], SIM_EVENT_END), 4079);
	sim_queue_info(queue, SIM_QUEUE_CLOCK, sizeof(clock), &clock, NULL);
	assert_int_equal(clock, 4079);
	for (int i = 0; i < 3; i++)
		sim_event_release(e[i]);
	sim_kernel_release(k);
	sim_buffer_release(b);
}

/* A command of one queue starts where the command that it waits for ended on another one. */
static void test_clocks_meet(void **state)
{
	sim_queue other = sim_queue_create(context, device[0], NULL);
	sim_buffer b = new_buffer(16);
	sim_kernel k = new_fill(b, 1);
	sim_event first = launch(k, 16, 0, NULL), gate = sim_event_create(context, NULL);
	sim_event list[2] = { first, gate }, second;
	float f[16];

	(void)state;
	sim_enqueue_read(other, b, 0, 0, sizeof(f), f, 2, list, &second);
	sim_queue_finish(queue);
	assert_int_equal(sim_event_info(second, SIM_EVENT_END, 8, &(uint64_t){ 0 }, NULL),
			 SIM_NOT_READY);
	sim_event_set(gate, SIM_OK);
	assert_int_equal(sim_queue_finish(other), SIM_OK);
	assert_int_equal(event_number(second, SIM_EVENT_START), event_number(first, SIM_EVENT_END));
	assert_true(f[15] == 1);
	sim_event_release(first);
	sim_event_release(second);
	sim_event_release(gate);
	sim_kernel_release(k);
	sim_buffer_release(b);
	sim_queue_release(other);
}

static void test_launch_fails(void **state)
{
	struct sim_fault fault = { SIM_FAULT_LAUNCH, 2 };
	sim_buffer b = new_buffer(4);
	sim_kernel k = new_fill(b, 1);
	sim_event e[3];
	sim_status status[3];

	(void)state;
	sim_inject(device[0], 1, &fault);
	e[0] = launch(k, 4, 0, NULL);
	e[1] = launch(k, 3, 0, NULL);
	e[2] = launch(k, 4, 1, &e[1]);
	assert_int_equal(sim_queue_finish(queue), SIM_LAUNCH_FAILED);
	assert_int_equal(sim_queue_finish(queue), SIM_OK);
	for (int i = 0; i < 3; i++) {
		sim_event_info(e[i], SIM_EVENT_STATUS, sizeof(status[i]), &status[i], NULL);
		sim_event_release(e[i]);
	}
	assert_int_equal(status[0], SIM_OK);
	assert_int_equal(status[1], SIM_LAUNCH_FAILED);
	assert_int_equal(status[2], SIM_WAIT_FAILED);
	assert_int_equal(told.calls, 2);
	assert_string_equal(told.text, "fill on sim0: an awaited event failed");
	assert_int_equal(told.items[0], 4);
	sim_kernel_release(k);
	sim_buffer_release(b);
}

static void test_alloc_fails(void **state)
{
	struct sim_fault faults[2] = { { SIM_FAULT_ALLOC, 2 }, { SIM_FAULT_ALLOC, 3 } };
	sim_status status[4];

	(void)state;
	sim_inject(device[0], 2, faults);
	for (int i = 0; i < 4; i++) {
		sim_buffer b = sim_buffer_create(context, device[0], 0, 8, NULL, &status[i]);

		assert_int_equal(!b, status[i] != SIM_OK);
		sim_buffer_release(b);
	}
	assert_int_equal(status[0], SIM_OK);
	assert_int_equal(status[1], SIM_OUT_OF_DEVICE_MEMORY);
	assert_int_equal(status[2], SIM_OUT_OF_DEVICE_MEMORY);
	assert_int_equal(status[3], SIM_OK);
	faults[1].kind = 99;
	assert_int_equal(sim_inject(device[0], 2, faults), SIM_INVALID_VALUE);
}

/* This program once more, with faults in its environment. */
static int run_again(const char *how, const char *faults, char **out)
{
	char *again[] = { program_invocation_name, (char *)how, NULL };
	int ret;

	setenv("SIMACC_FAULTS", faults, 1);
	ret = ut_run(again, out);
	unsetenv("SIMACC_FAULTS");
	return ret;
}

static int no_buffer(sim_device d, sim_status expected)
{
	sim_status status;

	return !sim_buffer_create(context, d, 0, 4, NULL, &status) && status == expected;
}

/* Main program of test_device_lost(). */
static int lost_main(void)
{
	sim_status status, wrote[2];
	uint32_t lost;
	sim_buffer b;
	float f = 0;

	setup(NULL);
	b = new_buffer(1);
	for (int i = 0; i < 2; i++)
		wrote[i] = sim_enqueue_write(queue, b, 1, 0, 4, &f, 0, NULL, NULL);
	assert_int_equal(wrote[0], SIM_OK);
	assert_int_equal(wrote[1], SIM_DEVICE_LOST);
	sim_device_info(device[0], SIM_DEVICE_LOST_STATE, sizeof(lost), &lost, NULL);
	assert_int_equal(lost, 1);
	assert_true(no_buffer(device[0], SIM_DEVICE_LOST));
	assert_null(sim_queue_create(context, device[0], &status));
	assert_int_equal(status, SIM_DEVICE_LOST);
	sim_buffer_release(b);
	return teardown(NULL);
}

/* In a process of its own: a device is lost for good. */
static void test_device_lost(void **state)
{
	(void)state;
	assert_int_equal(run_again("--lost", "lost=2", NULL), 0);
}

/* Main program of test_environment(). */
static int environment_main(void)
{
	sim_buffer b;

	setup(NULL);
	assert_true(no_buffer(device[1], SIM_OUT_OF_DEVICE_MEMORY));
	b = sim_buffer_create(context, device[1], 0, 4, NULL, NULL);
	assert_non_null(b);
	sim_buffer_release(b);
	return teardown(NULL);
}

static void test_environment(void **state)
{
	char *out;

	(void)state;
	assert_int_equal(run_again("--environment", "1:alloc=1,,launch=x", &out), 0);
	assert_int_equal(ut_count(out, "not 'launch=x'"), 1);
	free(out);
}

static void on_destroy(sim_buffer buffer, void *userdata)
{
	(void)buffer;
	strcat(told.text, userdata);
}

/* A buffer lives as long as a kernel has it as argument, or a command uses it. */
static void test_lifetimes(void **state)
{
	sim_buffer b = new_buffer(4);
	sim_kernel k = new_fill(b, 1);
	sim_event gate = sim_event_create(context, NULL);

	(void)state;
	told.text[0] = '\0';
	sim_buffer_on_destroy(b, on_destroy, "a");
	sim_buffer_on_destroy(b, on_destroy, "b");
	sim_event_release(launch(k, 4, 1, &gate));
	sim_buffer_release(b);
	assert_int_equal(device_number(device[0], SIM_DEVICE_MEMORY_USED), 16);
	sim_kernel_release(k);
	assert_string_equal(told.text, "");
	sim_event_set(gate, SIM_OK);
	sim_queue_finish(queue);
	assert_string_equal(told.text, "ba");
	sim_event_release(gate);
}

static void on_complete(sim_event event, sim_status status, void *userdata)
{
	assert_int_equal(status, SIM_WAIT_FAILED);
	sim_event_release(event);
	atomic_fetch_add((atomic_int *)userdata, 1);
}

/* A callback may use the API, also to let its own event go. */
static void test_callbacks(void **state)
{
	sim_event gate = sim_event_create(context, NULL), e;
	atomic_int calls = 0;

	(void)state;
	e = sim_event_create(context, NULL);
	assert_int_equal(sim_event_on_complete(e, on_complete, &calls), SIM_OK);
	assert_int_equal(sim_event_set(e, SIM_WAIT_FAILED), SIM_OK);
	assert_int_equal(calls, 1);
	assert_int_equal(sim_event_set(gate, SIM_WAIT_FAILED), SIM_OK);
	assert_int_equal(sim_event_set(gate, SIM_OK), SIM_INVALID_OPERATION);
	sim_event_on_complete(gate, on_complete, &calls);
	assert_int_equal(calls, 2);
}

static void *many_commands(void *arg)
{
	sim_queue q = sim_queue_create(context, device[0], NULL);
	sim_buffer b = new_buffer(64);
	sim_kernel k = new_fill(b, 3);
	uint64_t items = 64;
	struct sim_launch l = { 1, 0, &items };
	float f[64];

	for (int i = 0; i < 200; i++) {
		sim_event e;

		sim_enqueue_launch(q, k, &l, 0, NULL, &e);
		sim_enqueue_read(q, b, i & 1, 0, sizeof(f), f, 1, &e, NULL);
		sim_event_release(e);
	}
	if (sim_queue_finish(q) || f[63] != 3)
		atomic_fetch_add((atomic_int *)arg, 1);
	sim_kernel_release(k);
	sim_buffer_release(b);
	sim_queue_release(q);
	return NULL;
}

static void test_threads(void **state)
{
	atomic_int wrong = 0;
	pthread_t threads[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, many_commands, &wrong);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wrong, 0);
}

static void test_pace(void **state)
{
	intptr_t properties[] = { SIM_CONTEXT_DEVICE, (intptr_t)device[0],
				  SIM_CONTEXT_PACE, 1000, 0 };
	sim_context paced = sim_context_create(properties, NULL, NULL, NULL);
	sim_queue q = sim_queue_create(paced, device[0], NULL);
	sim_buffer b = sim_buffer_create(paced, device[0], 0, 1 << 20, NULL, NULL);
	void *bytes = calloc(1, 1 << 20);
	struct timespec start, end;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(sim_enqueue_write(q, b, 1, 0, 1 << 20, bytes, 0, NULL, NULL), SIM_OK);
	clock_gettime(CLOCK_MONOTONIC, &end);
	/* 1000 + 2^20 / 8 ns, ten times */
	assert_true((end.tv_sec - start.tv_sec) * 1000000000 + end.tv_nsec - start.tv_nsec >= 1320720);
	free(bytes);
	sim_buffer_release(b);
	sim_queue_release(q);
	sim_context_release(paced);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clocks_meet, setup, teardown),
		cmocka_unit_test_setup_teardown(test_launch_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alloc_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lifetimes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_callbacks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pace, setup, teardown),
	};

	if (argc > 1)
		return strcmp(argv[1], "--lost") ? environment_main() : lost_main();
	return cmocka_run_group_tests_name("simacc", tests, NULL, NULL);
}
