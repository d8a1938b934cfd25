// SPDX-License-Identifier: Apache-2.0
/*
 * ut_batch.c - asynchronous calls: when they are sent
 *
 * Against a real server that logs what it executes. Where a test has to see what
 * is sent, or to make it fail, a function stands in front of the channel's submit.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../libava/internal.h"
#include "order_client.h"
#include "ut.h"

static int send_sum(struct ava_context *ctx, const void *p, uint64_t len)
{
	uint64_t args[AVA_CS_HEAD] = { 0 };
	struct ava_seg seg = { .addr = (uintptr_t)p, .len = len, .flags = AVA_SEG_TO_HOST };
	struct ava_call call = {
		.func = ORDER_SUM,
		.flags = AVA_CALL_ASYNC,
		.args = (uintptr_t)args,
		.args_len = sizeof(args),
		.segs = (uintptr_t)&seg,
		.seg_count = 1,
	};

	return ava_context_send(ctx, &call);
}

/* ---- a function in front of the channel -------------------------------------------- */

static struct {
	const struct ava_channel_ops *real;
	struct ava_channel_ops ops;
	atomic_uint submits;
	atomic_uint calls;
	sem_t submitted;
	atomic_int fail_at;		/* number of the call that fails, from 1 */
	atomic_int fail_count;		/* how often, from there */
} front;

static int front_submit(struct ava_channel *ch, struct ava_call *calls, uint32_t count,
			uint32_t *done)
{
	uint32_t ok = count;
	int ret = 0, left = atomic_load(&front.fail_at);

	if (left > 0 && (uint32_t)left <= count)
		ok = left - 1;
	if (left > 0)
		atomic_store(&front.fail_at, left - ok);
	*done = 0;
	if (ok)
		ret = front.real->submit(ch, calls, ok, done);
	else if (atomic_fetch_sub(&front.fail_count, 1) > 1)
		ret = -ENOMEM;
	else {
		atomic_store(&front.fail_at, 0);
		ret = -ENOMEM;
	}
	atomic_fetch_add(&front.submits, 1);
	atomic_fetch_add(&front.calls, *done);
	sem_post(&front.submitted);
	return ret;
}

static struct ava_context *fronted_context(void)
{
	struct ava_context *ctx = fresh_context();
	uint32_t len = 8;
	uint64_t pid;

	assert_int_equal(call_words(ctx, ORDER_PID, 0, 0, &pid, &len), 0);
	front.real = ctx->ops;
	front.ops = *ctx->ops;
	front.ops.submit = front_submit;
	front.submits = 0;
	front.calls = 0;
	front.fail_at = 0;
	front.fail_count = 0;
	sem_init(&front.submitted, 0, 0);
	ctx->ops = &front.ops;
	return ctx;
}

/* Stands still until the test is over: what is left to the timer is its own test. */
static void stop_timer(struct ava_context *ctx)
{
	pthread_mutex_lock(&ctx->flush_lock);
	ctx->flusher_runs = true;
	pthread_mutex_unlock(&ctx->flush_lock);
}

static void start_timer(struct ava_context *ctx)
{
	ctx->flusher_runs = false;
}

/* ---- when they are sent -------------------------------------------------------------- */

static void test_sent_with_a_call(void **state)
{
	struct ava_context *ctx = fronted_context();
	int i;

	(void)state;
	stop_timer(ctx);
	for (i = 1; i <= 10; i++)
		assert_int_equal(send_append(ctx, i, 0), 0);
	assert_int_equal(front.submits, 0);
	check_log(ctx, 10);
	assert_int_equal(front.submits, 1);
	assert_int_equal(front.calls, 11);
	start_timer(ctx);
}

static void test_sent_when_full(void **state)
{
	struct ava_context *ctx = fronted_context();
	int i;

	(void)state;
	stop_timer(ctx);
	for (i = 1; i <= AVA_BATCH_CALLS; i++)
		assert_int_equal(send_append(ctx, i, 0), 0);
	assert_int_equal(front.submits, 0);
	assert_int_equal(send_append(ctx, i, 0), 0);
	assert_int_equal(front.submits, 1);
	assert_int_equal(front.calls, AVA_BATCH_CALLS);
	check_log(ctx, AVA_BATCH_CALLS + 1);
	start_timer(ctx);
}

static void test_sent_when_large(void **state)
{
	struct ava_context *ctx = fronted_context();
	uint64_t args[500] = { 0 };
	struct ava_call call = {
		.func = ORDER_APPEND, .flags = AVA_CALL_ASYNC,
		.args = (uintptr_t)args, .args_len = sizeof(args),
	};
	uint64_t i;

	(void)state;
	stop_timer(ctx);
	for (i = 1; i <= 9; i++) {
		args[AVA_CS_HEAD] = i;
		assert_int_equal(ava_context_send(ctx, &call), 0);
		assert_int_equal(front.submits, i > AVA_BATCH_BYTES / sizeof(args));
	}
	check_log(ctx, 9);
	start_timer(ctx);
}

static void test_sent_by_flush(void **state)
{
	struct ava_context *ctx = fronted_context();

	(void)state;
	stop_timer(ctx);
	assert_int_equal(ava_context_flush(ctx), 0);
	assert_int_equal(front.submits, 0);
	assert_int_equal(send_append(ctx, 1, 0), 0);
	assert_int_equal(ava_context_flush(ctx), 0);
	assert_int_equal(front.submits, 1);
	assert_int_equal(ava_context_flush(ctx), 0);
	assert_int_equal(front.submits, 1);
	check_log(ctx, 1);
	start_timer(ctx);
}

static bool submitted_within(int seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += seconds;
	return !sem_timedwait(&front.submitted, &until);
}

/* Twice: the thread sleeps without a time in between. */
static void test_sent_in_time(void **state)
{
	const struct timespec pause = { .tv_nsec = 20 * AVA_FLUSH_NS };
	struct ava_context *ctx = fronted_context();
	int i;

	(void)state;
	for (i = 1; i <= 5; i++) {
		assert_int_equal(send_append(ctx, i, 0), 0);
		assert_true(submitted_within(60));
		nanosleep(&pause, NULL);
		assert_int_equal(front.submits, i);
	}
	check_log(ctx, 5);
}

static void test_sent_when_the_thread_ends(void **state)
{
	struct ava_context *ctx = fronted_context();

	(void)state;
	stop_timer(ctx);
	on_thread(thread_append, ctx);
	assert_int_equal(front.submits, 1);
	check_log(ctx, 1);
	start_timer(ctx);
}

static void test_segments_go_at_once(void **state)
{
	struct ava_context *ctx = fronted_context();
	unsigned char bytes[1000];

	(void)state;
	stop_timer(ctx);
	memset(bytes, 1, sizeof(bytes));
	assert_int_equal(send_append(ctx, 7, 0), 0);
	assert_int_equal(send_sum(ctx, bytes, sizeof(bytes)), 0);
	assert_int_equal(front.submits, 1);
	assert_int_equal(front.calls, 2);
	assert_int_equal(send_sum(ctx, bytes, 10), 0);
	assert_int_equal(front.submits, 2);
	assert_int_equal(get_log(ctx), 3);
	assert_int_equal(log_values[0], 7);
	assert_int_equal(log_values[1], 1000);
	assert_int_equal(log_values[2], 10);
	start_timer(ctx);
}

/* ---- when sending fails ------------------------------------------------------------------ */

static void *thread_log(void *arg)
{
	return (void *)(uintptr_t)get_log(arg);
}

/* The call's thread is told, once; nobody waits for its ticket. */
static void test_failed_call(void **state)
{
	struct ava_context *ctx = fronted_context();
	pthread_t thread;
	void *count;
	int i;

	(void)state;
	stop_timer(ctx);
	for (i = 1; i <= 5; i++)
		assert_int_equal(send_append(ctx, i, 0), 0);
	front.fail_count = 1;
	front.fail_at = 3;
	pthread_create(&thread, NULL, thread_log, ctx);
	pthread_join(thread, &count);
	assert_int_equal((uintptr_t)count, 4);
	assert_int_equal(log_values[2], 4);
	assert_int_equal(send_append(ctx, 6, 0), -ENOMEM);
	assert_int_equal(send_append(ctx, 7, 0), 0);
	assert_int_equal(get_log(ctx), 5);
	assert_int_equal(log_values[4], 7);
	start_timer(ctx);
}

static void test_failed_with_a_call_behind(void **state)
{
	struct ava_context *ctx = fronted_context();
	unsigned char bytes[10] = { 1 };
	uint32_t len = sizeof(log_values);

	(void)state;
	stop_timer(ctx);
	assert_int_equal(send_append(ctx, 1, 0), 0);
	assert_int_equal(send_append(ctx, 2, 0), 0);
	front.fail_count = 1;
	front.fail_at = 1;
	assert_int_equal(call_words(ctx, ORDER_LOG, 0, 0, log_values, &len), -ENOMEM);
	assert_int_equal(get_log(ctx), 1);
	assert_int_equal(send_append(ctx, 3, 0), 0);
	front.fail_count = 1;
	front.fail_at = 1;
	assert_int_equal(send_sum(ctx, bytes, sizeof(bytes)), -ENOMEM);
	assert_int_equal(get_log(ctx), 1);
	front.fail_count = 1;
	front.fail_at = 1;
	assert_int_equal(send_sum(ctx, bytes, sizeof(bytes)), -ENOMEM);
	front.fail_count = 1;
	front.fail_at = 1;
	assert_int_equal(call_words(ctx, ORDER_APPEND, 9, 0, NULL, NULL), -ENOMEM);
	on_thread(thread_log, ctx);
	assert_int_equal(get_log(ctx), 1);
	start_timer(ctx);
}

/* When even a ticket cannot be made good, nobody may go on. */
static void test_failed_for_good(void **state)
{
	struct ava_context *ctx = fronted_context();
	uint32_t len = sizeof(log_values);

	(void)state;
	stop_timer(ctx);
	assert_int_equal(send_append(ctx, 1, 0), 0);
	ut_capture_begin();
	front.fail_count = 3;
	front.fail_at = 1;
	assert_int_equal(ava_context_flush(ctx), -ENOMEM);
	assert_int_equal(call_words(ctx, ORDER_LOG, 0, 0, log_values, &len), -ENOMEM);
	assert_int_equal(ut_count(ut_capture_end(), "context lost"), 1);
	start_timer(ctx);
}

static void test_lost(void **state)
{
	struct ava_context *ctx = fresh_context();
	uint64_t args[AVA_CS_HEAD] = { 0 };
	struct ava_call call = {
		.func = ORDER_CRASH, .flags = AVA_CALL_ASYNC,
		.args = (uintptr_t)args, .args_len = sizeof(args),
	};
	uint32_t len = sizeof(log_values);

	(void)state;
	ut_capture_begin();
	assert_int_equal(ava_context_send(ctx, &call), 0);
	assert_int_equal(send_append(ctx, 1, 0), 0);
	assert_int_equal(call_words(ctx, ORDER_LOG, 0, 0, log_values, &len), -ENOLINK);
	assert_int_equal(send_append(ctx, 1, 0), -ENOLINK);
	assert_int_equal(ava_context_flush(ctx), -ENOLINK);
	assert_int_equal(ut_count(ut_capture_end(), "context lost"), 1);
}

static void test_refused(void **state)
{
	struct ava_context *ctx = fresh_context();
	uint64_t args[AVA_CS_HEAD] = { 0 };
	struct ava_call call = {
		.func = AVA_FUNC_NOP, .args = (uintptr_t)args, .args_len = sizeof(args),
	};

	(void)state;
	assert_int_equal(ava_context_send(ctx, &call), -EINVAL);
	call.flags = AVA_CALL_ASYNC;
	call.args_len = 16;
	assert_int_equal(ava_context_send(ctx, &call), -EINVAL);
	call.args_len = ava_context_limits(ctx)->max_args + 8;
	assert_int_equal(ava_context_send(ctx, &call), -E2BIG);
	call.args_len = sizeof(args);
	assert_int_equal(ava_context_send(ctx, &call), 0);
	check_log(ctx, 0);
}

/* ---- processes ----------------------------------------------------------------------------- */

static int child_batches_are_empty(void *arg)
{
	struct ava_context *ctx = arg;

	if (get_log(ctx))
		return 1;
	if (send_append(ctx, 1, 0) || send_append(ctx, 2, 0))
		return 2;
	return get_log(ctx) == 2 ? 0 : 3;
}

static void test_fork(void **state)
{
	struct ava_context *ctx = fresh_context();

	(void)state;
	stop_timer(ctx);
	assert_int_equal(send_append(ctx, 1, 0), 0);
	assert_int_equal(ut_child(child_batches_are_empty, ctx), 0);
	assert_int_equal(send_append(ctx, 2, 0), 0);
	assert_int_equal(ut_child(child_batches_are_empty, ctx), 0);
	check_log(ctx, 2);
	start_timer(ctx);
}

struct busy {
	struct ava_context *ctx;
	atomic_bool stop;
	atomic_int failures;
};

static void *thread_busy(void *arg)
{
	struct busy *b = arg;
	uint64_t pid;
	uint32_t len;
	int i;

	/* as many as the log has room for */
	for (i = 0; !b->stop && i < ORDER_LOG_MAX / 4; i++) {
		len = sizeof(pid);
		if (send_append(b->ctx, 1, 0))
			b->failures++;
		if (i % 10 == 9 && call_words(b->ctx, ORDER_PID, 0, 0, &pid, &len))
			b->failures++;
	}
	return NULL;
}

static void test_fork_while_threads_send(void **state)
{
	struct busy b = { .ctx = fresh_context() };
	pthread_t threads[3];
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, thread_busy, &b);
	for (i = 0; i < 10; i++)
		assert_int_equal(ut_child(child_batches_are_empty, b.ctx), 0);
	b.stop = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(b.failures, 0);
}

static atomic_uint *shared_calls;

static int shared_submit(struct ava_channel *ch, struct ava_call *calls, uint32_t count,
			 uint32_t *done)
{
	*shared_calls += count;
	return front.real->submit(ch, calls, count, done);
}

/* exit() and not _exit(): that is what is tested. */
static int child_exits(void *arg)
{
	struct ava_context *ctx = fronted_context();

	front.ops.submit = shared_submit;
	stop_timer(ctx);
	if (send_append(ctx, 1, 0) || *shared_calls)
		exit(3);
	start_timer(ctx);
	if (arg)
		kill(*(pid_t *)arg, SIGKILL);
	exit(0);
}

static void test_exit_sends(void **state)
{
	(void)state;
	shared_calls = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared_calls != MAP_FAILED);
	assert_int_equal(ut_child(child_exits, NULL), 0);
	assert_int_equal(*shared_calls, 1);
	munmap(shared_calls, 4096);
}

static int child_exits_after_death(void *arg)
{
	struct ava_context *ctx = fresh_context();
	uint32_t len = 8;
	uint64_t pid;

	(void)arg;
	if (call_words(ctx, ORDER_PID, 0, 0, &pid, &len))
		exit(3);
	stop_timer(ctx);
	if (send_append(ctx, 1, 0))
		exit(4);
	start_timer(ctx);
	kill(pid, SIGKILL);
	alarm(60);
	exit(0);
}

static void test_exit_after_death(void **state)
{
	(void)state;
	ut_capture_begin();
	assert_int_equal(ut_child(child_exits_after_death, NULL), 0);
	ut_capture_end();
}

/* ---- streams that share their room -------------------------------------------------- */

#define ROOM		4
#define ROOM_THREADS	16

static sem_t *room;

/* As on a virtqueue: a call that waits for its reply keeps its place. */
static int room_submit(struct ava_channel *ch, struct ava_call *calls, uint32_t count,
		       uint32_t *done)
{
	uint32_t one;
	int ret = 0;

	for (*done = 0; !ret && *done < count; *done += one) {
		sem_wait(room);
		one = 0;
		ret = front.real->submit(ch, calls + *done, 1, &one);
		sem_post(room);
	}
	return ret;
}

static void *thread_in_room(void *arg)
{
	uint32_t len = 8;
	uint64_t pid;
	int i, j;

	for (i = 0; i < 100; i++) {
		for (j = 0; j < 3; j++)
			if (send_append(arg, 1, 0))
				return arg;
		if (call_words(arg, ORDER_PID, 0, 0, &pid, &len))
			return arg;
	}
	return NULL;
}

/* Naive: calls that wait for a ticket take the room that the ticket's call needs. */
static void test_shared_room(void **state)
{
	struct ava_context *ctx = fronted_context();
	pthread_t threads[ROOM_THREADS];
	void *failed;
	sem_t places;
	int i;

	(void)state;
	sem_init(&places, 0, ROOM);
	room = &places;
	front.ops.submit = room_submit;
	front.ops.shared_room = true;
	/* Where they wait for one another they do so for good. */
	alarm(300);
	for (i = 0; i < ROOM_THREADS; i++)
		pthread_create(&threads[i], NULL, thread_in_room, ctx);
	for (i = 0; i < ROOM_THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	alarm(0);
	/* Each thread has sent what it had when it ended. */
	front.ops.submit = front_submit;
	front.ops.shared_room = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sent_with_a_call),
		cmocka_unit_test(test_sent_when_full),
		cmocka_unit_test(test_sent_when_large),
		cmocka_unit_test(test_sent_by_flush),
		cmocka_unit_test(test_sent_in_time),
		cmocka_unit_test(test_sent_when_the_thread_ends),
		cmocka_unit_test(test_segments_go_at_once),
		cmocka_unit_test(test_failed_call),
		cmocka_unit_test(test_failed_with_a_call_behind),
		cmocka_unit_test(test_failed_for_good),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_fork_while_threads_send),
		cmocka_unit_test(test_exit_sends),
		cmocka_unit_test(test_exit_after_death),
		cmocka_unit_test(test_shared_room),
	};

	return cmocka_run_group_tests_name("batch", tests, order_setup, order_teardown);
}
