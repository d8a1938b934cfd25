// SPDX-License-Identifier: Apache-2.0
/*
 * ut_order.c - in which order calls of many threads are executed, and what the server believes
 *
 * Against a real server that logs what it executes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../libava/internal.h"
#include "../server/order.h"
#include "order_client.h"
#include "ut.h"

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
		cmocka_unit_test(test_order_between_threads),
		cmocka_unit_test(test_order_of_many_threads),
		cmocka_unit_test(test_threads_that_end),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_order_window),
		cmocka_unit_test(test_output),
	};

	return cmocka_run_group_tests_name("order", tests, order_setup, order_teardown);
}
