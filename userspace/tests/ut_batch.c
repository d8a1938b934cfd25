// SPDX-License-Identifier: Apache-2.0
/*
 * ut_batch.c - asynchronous calls: when they are sent, and in which order they are executed
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
#include "../server/order.h"
#include "order_api.h"
#include "ut.h"

static int setup(void **state)
{
	*state = malloc(sizeof(struct ut_server));
	ut_server_start_tool(*state, "order-server", "--no-sandbox");
	return 0;
}

static int teardown(void **state)
{
	ut_server_stop(*state);
	free(*state);
	return 0;
}

/* The library keeps the pointer for good. */
static struct ava_context *fresh_context(void)
{
	struct ava_api_id *id = malloc(sizeof(*id));
	struct ava_context *ctx;

	*id = (struct ava_api_id){ .name = "order", .version_major = 1, .hash = { 0x0d } };
	assert_int_equal(ava_context_get(id, &ctx), 0);
	return ctx;
}

/* ---- the server's functions ------------------------------------------------------ */

static int send_append(struct ava_context *ctx, uint64_t value, uint64_t us)
{
	uint64_t args[AVA_CS_HEAD + 2] = { 0, 0, 0, value, us };
	struct ava_call call = {
		.func = ORDER_APPEND,
		.flags = AVA_CALL_ASYNC,
		.args = (uintptr_t)args,
		.args_len = sizeof(args),
	};

	return ava_context_send(ctx, &call);
}

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

static int call_words(struct ava_context *ctx, uint32_t func, uint64_t a, uint64_t b,
		      void *reply, uint32_t *len)
{
	uint64_t args[AVA_CS_HEAD + 2] = { 0, 0, 0, a, b };
	bool two = func == ORDER_APPEND || func == ORDER_PRINT;
	struct ava_call call = {
		.func = func,
		.args = (uintptr_t)args,
		.args_len = two ? sizeof(args) : AVA_CS_HEAD * sizeof(uint64_t),
		.reply = (uintptr_t)reply,
		.reply_cap = reply ? *len : 0,
	};
	int ret = ava_context_call(ctx, &call);

	if (reply)
		*len = call.reply_len;
	return ret;
}

static uint64_t values[ORDER_LOG_MAX];

static uint32_t get_log(struct ava_context *ctx)
{
	uint32_t len = sizeof(values);

	assert_int_equal(call_words(ctx, ORDER_LOG, 0, 0, values, &len), 0);
	return len / sizeof(values[0]);
}

static void check_log(struct ava_context *ctx, uint32_t count)
{
	uint32_t i;

	assert_int_equal(get_log(ctx), count);
	for (i = 0; i < count; i++)
		if (values[i] != i + 1)
			fail_msg("entry %u of the log is %lu", i, (unsigned long)values[i]);
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

static void on_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, fn, arg), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
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
		assert_true(submitted_within(10));
		nanosleep(&pause, NULL);
		assert_int_equal(front.submits, i);
	}
	check_log(ctx, 5);
}

static void *thread_append(void *arg)
{
	assert_int_equal(send_append(arg, 1, 0), 0);
	return NULL;
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
	assert_int_equal(values[0], 7);
	assert_int_equal(values[1], 1000);
	assert_int_equal(values[2], 10);
	start_timer(ctx);
}

/* ---- in which order -------------------------------------------------------------------- */

struct pair {
	struct ava_context *ctx;
	sem_t go, done;
};

static void *thread_slow(void *arg)
{
	struct pair *p = arg;

	assert_int_equal(send_append(p->ctx, 1, 50000), 0);
	sem_post(&p->done);
	sem_wait(&p->go);
	return NULL;
}

/* The other thread's stream is slow; what comes after its call waits for it. */
static void test_order_between_threads(void **state)
{
	struct pair p = { .ctx = fresh_context() };
	pthread_t thread;
	int i;

	(void)state;
	sem_init(&p.go, 0, 0);
	sem_init(&p.done, 0, 0);
	pthread_create(&thread, NULL, thread_slow, &p);
	sem_wait(&p.done);
	check_log(p.ctx, 1);
	sem_post(&p.go);
	pthread_join(thread, NULL);

	/* ... also if that is asynchronous, and sent much later */
	p.ctx = fresh_context();
	pthread_create(&thread, NULL, thread_slow, &p);
	sem_wait(&p.done);
	for (i = 2; i <= 200; i++)
		assert_int_equal(send_append(p.ctx, i, 0), 0);
	check_log(p.ctx, 200);
	sem_post(&p.go);
	pthread_join(thread, NULL);
}

#define BATON_THREADS	8
#define BATON_TURNS	4000

struct baton {
	struct ava_context *ctx;
	pthread_mutex_t lock;
	uint32_t next;
	atomic_int failures;
};

/* Whoever gets the lock appends the next number: that is all the order there is. */
static void *thread_baton(void *arg)
{
	struct baton *b = arg;
	uint32_t turn, len;
	bool more = true;
	uint64_t pid;

	while (more) {
		pthread_mutex_lock(&b->lock);
		turn = ++b->next;
		more = turn <= BATON_TURNS;
		if (more && send_append(b->ctx, turn, turn % 97 ? 0 : 300))
			b->failures++;
		pthread_mutex_unlock(&b->lock);
		len = sizeof(pid);
		if (turn % 5 == 0 && call_words(b->ctx, ORDER_PID, 0, 0, &pid, &len))
			b->failures++;
	}
	return NULL;
}

static void test_order_of_many_threads(void **state)
{
	struct baton b = { .ctx = fresh_context(), .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[BATON_THREADS];
	int i;

	(void)state;
	for (i = 0; i < BATON_THREADS; i++)
		pthread_create(&threads[i], NULL, thread_baton, &b);
	for (i = 0; i < BATON_THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(b.failures, 0);
	check_log(b.ctx, BATON_TURNS);
}

/* Threads that come and go take over batches and streams of others. */
static void test_threads_that_end(void **state)
{
	struct baton b = { .ctx = fresh_context() };
	int i;

	(void)state;
	for (i = 1; i <= 100; i++) {
		on_thread(thread_append, b.ctx);
		assert_int_equal(get_log(b.ctx), i);
	}
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
	assert_int_equal(values[2], 4);
	assert_int_equal(send_append(ctx, 6, 0), -ENOMEM);
	assert_int_equal(send_append(ctx, 7, 0), 0);
	assert_int_equal(get_log(ctx), 5);
	assert_int_equal(values[4], 7);
	start_timer(ctx);
}

static void test_failed_with_a_call_behind(void **state)
{
	struct ava_context *ctx = fronted_context();
	unsigned char bytes[10] = { 1 };
	uint32_t len = sizeof(values);

	(void)state;
	stop_timer(ctx);
	assert_int_equal(send_append(ctx, 1, 0), 0);
	assert_int_equal(send_append(ctx, 2, 0), 0);
	front.fail_count = 1;
	front.fail_at = 1;
	assert_int_equal(call_words(ctx, ORDER_LOG, 0, 0, values, &len), -ENOMEM);
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
	uint32_t len = sizeof(values);

	(void)state;
	stop_timer(ctx);
	assert_int_equal(send_append(ctx, 1, 0), 0);
	ut_capture_begin();
	front.fail_count = 3;
	front.fail_at = 1;
	assert_int_equal(ava_context_flush(ctx), -ENOMEM);
	assert_int_equal(call_words(ctx, ORDER_LOG, 0, 0, values, &len), -ENOMEM);
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
	uint32_t len = sizeof(values);

	(void)state;
	ut_capture_begin();
	assert_int_equal(ava_context_send(ctx, &call), 0);
	assert_int_equal(send_append(ctx, 1, 0), 0);
	assert_int_equal(call_words(ctx, ORDER_LOG, 0, 0, values, &len), -ENOLINK);
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
	alarm(20);
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

static int child_in_room(void *arg)
{
	struct ava_context *ctx = fronted_context();
	pthread_t threads[ROOM_THREADS];
	void *failed;
	int i, ret = 0;

	room = arg;
	front.ops.submit = room_submit;
	front.ops.shared_room = true;
	alarm(60);
	for (i = 0; i < ROOM_THREADS; i++)
		pthread_create(&threads[i], NULL, thread_in_room, ctx);
	for (i = 0; i < ROOM_THREADS; i++) {
		pthread_join(threads[i], &failed);
		ret |= !!failed;
	}
	return ret;
}

/* Naive: calls that wait for a ticket take the room that the ticket's call needs. */
static void test_shared_room(void **state)
{
	sem_t places;

	(void)state;
	sem_init(&places, 0, ROOM);
	assert_int_equal(ut_child(child_in_room, &places), 0);
}

/* ---- what the server believes ---------------------------------------------------------------- */

static void check_raw(uint64_t ticket, uint64_t after, int expected)
{
	struct ava_context *ctx = fresh_context();
	uint64_t args[AVA_CS_HEAD + 2] = { 0, ticket, after, 1, 0 };
	struct ava_call call = {
		.func = ORDER_APPEND, .args = (uintptr_t)args, .args_len = sizeof(args),
	};
	uint32_t done;

	/* two alike: the second one has the ticket again */
	assert_int_equal(ctx->ops->stream_open(ctx->ch, &call.stream), 0);
	assert_int_equal(ctx->ops->submit(ctx->ch, &call, 1, &done), 0);
	if (!call.status)
		assert_int_equal(ctx->ops->submit(ctx->ch, &call, 1, &done), 0);
	assert_int_equal(call.status, expected);
}

static void test_nonsense(void **state)
{
	(void)state;
	check_raw(0, 0, 0);
	check_raw(1, 0, -EBADMSG);
	check_raw(3, 0, -EBADMSG);
	check_raw(1, 1, -EBADMSG);
	check_raw(5, 7, -EBADMSG);
	check_raw(AVA_ORDER_WINDOW + 1, 0, -EBADMSG);
	check_raw(~0ull, 0, -EBADMSG);
	check_raw(0, ~0ull, -EBADMSG);
}

static struct ava_order order = AVA_ORDER_INIT;

static void *thread_wait(void *arg)
{
	return (void *)(intptr_t)ava_order_wait(&order, 0, (uintptr_t)arg);
}

static void test_order_window(void **state)
{
	pthread_t thread;
	uint64_t i;
	void *ret;

	(void)state;
	assert_int_equal(ava_order_wait(&order, 0, 0), 0);
	pthread_create(&thread, NULL, thread_wait, (void *)(uintptr_t)AVA_ORDER_WINDOW);
	for (i = AVA_ORDER_WINDOW; i > 1; i--)
		assert_int_equal(ava_order_done(&order, i), 0);
	assert_false(ava_order_reached(&order, 1));
	assert_int_equal(ava_order_done(&order, 2), -EBADMSG);
	assert_int_equal(ava_order_done(&order, 1), 0);
	assert_true(ava_order_reached(&order, AVA_ORDER_WINDOW));
	pthread_join(thread, &ret);
	assert_null(ret);
	assert_int_equal(ava_order_wait(&order, 1, 0), -EBADMSG);
	assert_int_equal(ava_order_done(&order, AVA_ORDER_WINDOW), -EBADMSG);
	assert_int_equal(ava_order_wait(&order, AVA_ORDER_WINDOW + 1, AVA_ORDER_WINDOW), 0);
	assert_int_equal(ava_order_wait(&order, 2 * AVA_ORDER_WINDOW, 0), 0);
	assert_int_equal(ava_order_wait(&order, 2 * AVA_ORDER_WINDOW + 1, 0), -EBADMSG);
}

/* ---- what the vendor prints ------------------------------------------------------------------- */

static uint32_t print_to(int fd, struct ava_context *ctx, uint64_t number, uint64_t count)
{
	int old = dup(STDOUT_FILENO);
	uint64_t word = 0;
	uint32_t len = sizeof(word);

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	assert_int_equal(call_words(ctx, ORDER_PRINT, number, count, &word, &len), 0);
	if (word & AVA_CS_OUTPUT)
		ava_context_output(ctx);
	dup2(old, STDOUT_FILENO);
	close(old);
	return word;
}

static void test_output(void **state)
{
	struct ava_context *ctx = fresh_context();
	int fd = memfd_create("stdout", MFD_CLOEXEC);
	char line[8] = { 0 };

	(void)state;
	assert_int_equal(print_to(fd, ctx, 1, 0), AVA_CS_EXECUTED);
	assert_int_equal(print_to(fd, ctx, 12, 1), AVA_CS_EXECUTED | AVA_CS_OUTPUT);
	assert_int_equal(pread(fd, line, sizeof(line), 0), 3);
	assert_string_equal(line, "12\n");
	/* more than a pipe holds, or one reply */
	assert_int_equal(print_to(fd, ctx, 123, 50000), AVA_CS_EXECUTED | AVA_CS_OUTPUT);
	assert_int_equal(lseek(fd, 0, SEEK_END), 3 + 4 * 50000);
	assert_int_equal(print_to(fd, ctx, 1, 0), AVA_CS_EXECUTED);
	close(fd);
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
		cmocka_unit_test(test_order_between_threads),
		cmocka_unit_test(test_order_of_many_threads),
		cmocka_unit_test(test_threads_that_end),
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
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_order_window),
		cmocka_unit_test(test_output),
	};

	return cmocka_run_group_tests_name("batch", tests, setup, teardown);
}
