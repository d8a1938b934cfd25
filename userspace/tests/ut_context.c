// SPDX-License-Identifier: Apache-2.0
/*
 * ut_context.c - libava's contexts and streams, against a real server process
 *
 * A context is kept per pointer to an API's identity, so a test that needs a
 * fresh one takes a fresh copy of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "ut.h"

static const struct ava_api_id *fresh_id(void)
{
	struct ava_api_id *id = malloc(sizeof(*id));

	*id = echo_id;
	return id;	/* the library keeps the pointer for good */
}

static struct ava_context *fresh_context(void)
{
	struct ava_context *ctx;

	assert_int_equal(ava_context_get(fresh_id(), &ctx), 0);
	return ctx;
}

static uint64_t server_pid(struct ava_context *ctx)
{
	uint64_t pid = 0;

	assert_int_equal(ut_u64(ctx, ECHO_PID, NULL, 0, &pid), 0);
	return pid;
}

static unsigned int fds_at_start;

static int setup(void **state)
{
	fds_at_start = ut_fd_count();
	*state = malloc(sizeof(struct ut_server));
	ut_server_start(*state, "--no-sandbox");
	return 0;
}

static int teardown(void **state)
{
	ut_server_stop(*state);
	free(*state);
	return 0;
}

static void test_call_and_reply(void **state)
{
	struct ava_context *ctx = fresh_context();
	char reply[ECHO_MAX], args[ECHO_MAX];
	uint32_t len;

	(void)state;
	memset(args, 0x5a, sizeof(args));
	assert_int_equal(ut_echo(ctx, "hello", 6, reply, sizeof(reply), &len), 0);
	assert_int_equal(len, 6);
	assert_string_equal(reply, "hello");
	assert_int_equal(ut_echo(ctx, args, sizeof(args), reply, sizeof(reply), &len), 0);
	assert_int_equal(len, sizeof(args));
	assert_memory_equal(reply, args, sizeof(args));
	assert_int_equal(ut_echo(ctx, NULL, 0, NULL, 0, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(ava_context_limits(ctx)->max_args, 65536);
}

static void check_bulk(struct ava_context *ctx, size_t offset, size_t len)
{
	unsigned char *buf = malloc(offset + len + 1);
	uint64_t sum = ~0ull, want = 0;
	size_t i;

	memset(buf, 0, offset + len + 1);
	for (i = 0; i < len; i++) {
		buf[offset + i] = i * 7;
		want += buf[offset + i];
	}
	assert_int_equal(ut_sum(ctx, buf + offset, len, &sum), 0);
	assert_int_equal(sum, want);
	memset(buf, 0, offset + len + 1);
	assert_int_equal(ut_fill(ctx, buf + offset, len, 0xa5, 0), 0);
	for (i = 0; i < offset; i++)
		assert_int_equal(buf[i], 0);
	for (i = 0; i < len; i++)
		if (buf[offset + i] != 0xa5)
			fail_msg("byte %zu of %zu is %#x", i, len, buf[offset + i]);
	assert_int_equal(buf[offset + len], 0);
	free(buf);
}

static void test_bulk_sizes(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 4095, 4096, 4097, 1 << 20, (21 << 20) + 5,
					64 << 20 };
	struct ava_context *ctx = fresh_context();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		check_bulk(ctx, 0, sizes[i]);
		check_bulk(ctx, 13, sizes[i]);
	}
}

static void test_async_in_order(void **state)
{
	struct ava_context *ctx = fresh_context();
	uint64_t value = 0;
	int i;

	(void)state;
	for (i = 1; i <= 1000; i++)
		assert_int_equal(ut_count_add(ctx, i), 0);
	assert_int_equal(ut_u64(ctx, ECHO_READ, NULL, 0, &value), 0);
	assert_int_equal(value, 500500);
}

static void test_async_bulk_from_host(void **state)
{
	struct ava_context *ctx = fresh_context();
	unsigned char buf[100] = { 0 };

	(void)state;
	assert_int_equal(ut_fill(ctx, buf, sizeof(buf), 9, AVA_CALL_ASYNC), 0);
	assert_int_equal(buf[0], 9);
	assert_int_equal(buf[99], 9);
}

struct shared {
	const struct ava_api_id *id;
	pthread_barrier_t barrier;
	atomic_int failures;
	uint64_t pids[8];
};

struct thread_arg {
	struct shared *shared;
	int number;
};

static void *thread_calls(void *arg)
{
	struct thread_arg *t = arg;
	struct shared *s = t->shared;
	struct ava_context *ctx;
	uint32_t i, len, reply[2];

	pthread_barrier_wait(&s->barrier);
	if (ava_context_get(s->id, &ctx) ||
	    ut_u64(ctx, ECHO_PID, NULL, 0, &s->pids[t->number]))
		s->failures++;
	for (i = 0; i < 500; i++) {
		uint32_t args[2] = { t->number, i };

		if (ut_echo(ctx, args, sizeof(args), reply, sizeof(reply), &len) ||
		    memcmp(args, reply, sizeof(args)))
			s->failures++;
	}
	return NULL;
}

/* All open at once: one context, one server, a stream each that goes with its thread. */
static void test_threads(void **state)
{
	struct shared s = { .id = fresh_id() };
	struct thread_arg args[8];
	unsigned int before = ut_fd_count();
	pthread_t threads[8];
	int i;

	(void)state;
	pthread_barrier_init(&s.barrier, NULL, 8);
	for (i = 0; i < 8; i++) {
		args[i] = (struct thread_arg){ &s, i };
		pthread_create(&threads[i], NULL, thread_calls, &args[i]);
	}
	for (i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(s.failures, 0);
	for (i = 1; i < 8; i++)
		assert_int_equal(s.pids[i], s.pids[0]);
	assert_int_equal(ut_fd_count(), before + 1);
}

static void *thread_block(void *arg)
{
	return (void *)(intptr_t)ut_plain(arg, ECHO_BLOCK, 0);
}

/* One stream in a call that never ends does not hold up another. */
static void test_streams_are_independent(void **state)
{
	struct ava_context *ctx = fresh_context();
	pid_t pid = server_pid(ctx);
	pthread_t thread;
	uint32_t len;
	void *ret;
	int i;

	(void)state;
	pthread_create(&thread, NULL, thread_block, ctx);
	for (i = 0; i < 100; i++)
		assert_int_equal(ut_echo(ctx, NULL, 0, NULL, 0, &len), 0);
	ut_capture_begin();
	kill(pid, SIGKILL);
	pthread_join(thread, &ret);
	assert_int_equal((intptr_t)ret, -ENOLINK);
	assert_int_equal(ut_echo(ctx, NULL, 0, NULL, 0, &len), -ENOLINK);
	assert_int_equal(ut_count(ut_capture_end(), "context lost"), 1);
}

static int child_new_context(void *arg)
{
	struct ava_context *ctx = arg, *again;
	uint64_t pid = 0;
	uint32_t len;

	if (ut_echo(ctx, NULL, 0, NULL, 0, &len) || ut_u64(ctx, ECHO_PID, NULL, 0, &pid))
		return 1;
	return ava_context_get(&echo_id, &again) ? 2 : 0;
}

static void test_server_crash(void **state)
{
	struct ava_context *ctx = fresh_context();
	uint32_t len;
	const char *log;
	int i;

	(void)state;
	ut_capture_begin();
	assert_int_equal(ut_plain(ctx, ECHO_CRASH, 0), -ENOLINK);
	for (i = 0; i < 10; i++)
		assert_int_equal(ut_echo(ctx, NULL, 0, NULL, 0, &len), -ENOLINK);
	log = ut_capture_end();
	assert_int_equal(ut_count(log, "\n"), 1);
	assert_int_equal(ut_count(log, "ava: echo: context lost: the host's server is gone"), 1);
	/* Lost for this process, not for the next. */
	assert_int_equal(ut_child(child_new_context, ctx), 0);
}

static void test_bad_call_is_sticky(void **state)
{
	struct ava_context *ctx = fresh_context();
	uint32_t len;

	(void)state;
	ut_capture_begin();
	assert_int_equal(ut_plain(ctx, ECHO_BAD, 0), -EBADMSG);
	assert_int_equal(ut_echo(ctx, NULL, 0, NULL, 0, &len), -EBADMSG);
	assert_int_equal(ut_count(ut_capture_end(), "context lost"), 1);
}

static void test_refusals_leave_the_context(void **state)
{
	struct ava_context *ctx = fresh_context();
	struct ava_seg seg = { .flags = 0 };
	struct ava_call call = { .func = ECHO_REPLY, .flags = 1u << 9 };
	uint32_t len;

	(void)state;
	assert_int_equal(ava_context_call(ctx, &call), -EINVAL);
	call = (struct ava_call){ .func = ECHO_REPLY, .reserved = 1 };
	assert_int_equal(ava_context_call(ctx, &call), -EINVAL);
	call = (struct ava_call){ .func = ECHO_SUM, .seg_count = 1, .segs = (uintptr_t)&seg };
	assert_int_equal(ava_context_call(ctx, &call), -EINVAL);
	seg = (struct ava_seg){ .flags = AVA_SEG_TO_HOST, .len = 1ull << 40 };
	assert_int_equal(ava_context_call(ctx, &call), -E2BIG);
	call = (struct ava_call){ .func = ECHO_REPLY, .args_len = 1 << 20 };
	assert_int_equal(ava_context_call(ctx, &call), -E2BIG);
	assert_int_equal(ut_echo(ctx, NULL, 0, NULL, 0, &len), 0);
}

struct fork_case {
	struct ava_context *ctx;
	uint64_t parent_pid;
	unsigned int fds;
};

static int child_fork_case(void *arg)
{
	struct fork_case *c = arg;
	uint64_t value = ~0ull;

	/* What the parent's contexts had open is gone. */
	if (ut_fd_count() != c->fds)
		return 1;
	if (ut_u64(c->ctx, ECHO_READ, NULL, 0, &value) || value)
		return 2;
	if (server_pid(c->ctx) == c->parent_pid)
		return 3;
	return ut_count_add(c->ctx, 5) ? 4 : 0;
}

static int child_two_forks(void *arg)
{
	int ret = child_fork_case(arg);
	struct fork_case *c = arg;

	if (ret)
		return 10 + ret;
	c->parent_pid = server_pid(c->ctx);
	return ut_child(child_fork_case, c);
}

static void test_fork(void **state)
{
	struct fork_case c = { .fds = fds_at_start };
	uint64_t value = 0;

	(void)state;
	c.ctx = fresh_context();
	c.parent_pid = server_pid(c.ctx);
	assert_int_equal(ut_count_add(c.ctx, 3), 0);
	assert_int_equal(ut_child(child_fork_case, &c), 0);
	assert_int_equal(ut_child(child_two_forks, &c), 0);
	assert_int_equal(ut_u64(c.ctx, ECHO_READ, NULL, 0, &value), 0);
	assert_int_equal(value, 3);
	assert_int_equal(server_pid(c.ctx), c.parent_pid);
}

struct busy {
	struct ava_context *ctx;
	atomic_bool stop;
	atomic_int failures;
};

static int child_one_call(void *arg)
{
	uint32_t len;

	return ut_echo(arg, NULL, 0, NULL, 0, &len) ? 1 : 0;
}

static void *thread_busy(void *arg)
{
	struct busy *b = arg;
	uint32_t len;

	while (!b->stop)
		if (ut_echo(b->ctx, NULL, 0, NULL, 0, &len))
			b->failures++;
	return NULL;
}

static void test_fork_while_threads_call(void **state)
{
	struct busy b = { .ctx = fresh_context() };
	pthread_t threads[3];
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, thread_busy, &b);
	for (i = 0; i < 20; i++)
		assert_int_equal(ut_child(child_one_call, b.ctx), 0);
	b.stop = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(b.failures, 0);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void test_signals(void **state)
{
	struct sigaction act = { .sa_handler = on_alarm }, old;
	struct itimerval timer = { { 0, 200 }, { 0, 200 } };
	struct ava_context *ctx;

	(void)state;
	sigaction(SIGALRM, &act, &old);	/* without SA_RESTART */
	setitimer(ITIMER_REAL, &timer, NULL);
	ctx = fresh_context();
	check_bulk(ctx, 3, 32 << 20);
	timer = (struct itimerval){ 0 };
	setitimer(ITIMER_REAL, &timer, NULL);
	sigaction(SIGALRM, &old, NULL);
}

/* Cancelled before it calls, and the call is where it may notice. */
static void *thread_cancelled(void *arg)
{
	struct ava_context *ctx;

	pthread_cancel(pthread_self());
	if (ava_context_get(arg, &ctx) || !server_pid(ctx))
		return NULL;
	pthread_testcancel();
	return NULL;
}

static int child_cancelled(void *arg)
{
	const struct ava_api_id *id = fresh_id();
	struct ava_context *ctx;
	pthread_t thread;
	void *end;
	int i;

	(void)arg;
	alarm(60);
	for (i = 0; i < 4; i++) {
		if (pthread_create(&thread, NULL, thread_cancelled, (void *)id) ||
		    pthread_join(thread, &end) || end != PTHREAD_CANCELED)
			return 1;
	}
	return ava_context_get(id, &ctx) || !server_pid(ctx);
}

static void test_cancelled_threads(void **state)
{
	(void)state;
	assert_int_equal(ut_child(child_cancelled, NULL), 0);
}

static void check_open_fails(const char *channel, const struct ava_api_id *id, int err,
			     const char *text)
{
	struct ava_context *ctx;
	const char *log;

	if (channel)
		setenv("AVA_CHANNEL", channel, 1);
	ut_capture_begin();
	assert_int_equal(ava_context_get(id, &ctx), err);
	assert_int_equal(ava_context_get(id, &ctx), err);
	log = ut_capture_end();
	if (ut_count(log, text) != 1 || ut_count(log, "\n") != 1)
		fail_msg("logged \"%s\", expected one line with \"%s\"", log, text);
}

static void test_channel_names(void **state)
{
	static const char *const bad[] = {
		"TCP", "AVAX", "AV", "UNIX", "UNIX:/x", "LOCAL:", "AVA:", "AVA:/dev/ava", "SHM:x", ":", "local:/x",
	};
	struct ut_server *s = *state;
	char channel[128];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_open_fails(bad[i], fresh_id(), -EINVAL,
				 "expected AVA, SHM, LOCAL or LOCAL:<path>");
	if (access("/dev/ava", F_OK)) {
		check_open_fails("AVA", fresh_id(), -ENODEV, "no device: expected /dev/ava");
		check_open_fails("SHM", fresh_id(), -ENODEV, "no device: expected /dev/ava");
		check_open_fails("", fresh_id(), -ENODEV, "no device: expected /dev/ava");
	}
	snprintf(channel, sizeof(channel), "LOCAL:%s", s->path);
	setenv("AVA_CHANNEL", channel, 1);
	fresh_context();
}

static int child_broken_stderr(void *arg)
{
	struct ava_context *ctx;
	int fds[2];

	(void)arg;
	if (pipe(fds) || close(fds[0]) || dup2(fds[1], STDERR_FILENO) < 0)
		return 1;
	setenv("AVA_CHANNEL", "NOTHING", 1);
	return ava_context_get(fresh_id(), &ctx) == -EINVAL ? 0 : 2;
}

/* A message that nobody reads does not end the program. */
static void test_broken_stderr(void **state)
{
	(void)state;
	assert_int_equal(ut_child(child_broken_stderr, NULL), 0);
}

static void test_versions(void **state)
{
	struct ava_api_id *id = malloc(sizeof(*id));

	(void)state;
	*id = echo_id;
	id->hash[31] = 1;
	check_open_fails(NULL, id, -EPROTONOSUPPORT, "built from another spec");
	id = malloc(sizeof(*id));
	*id = echo_id;
	id->version_minor++;
	check_open_fails(NULL, id, -EPROTONOSUPPORT, "built from another spec");
	id = malloc(sizeof(*id));
	*id = echo_id;
	id->name[0] = 'o';
	check_open_fails(NULL, id, -ENOENT, "serves no such API");
}

/* An open that failed is tried again: the server may have come meanwhile. */
static void test_open_again(void **state)
{
	const struct ava_api_id *id = fresh_id();
	struct ut_server *s = *state;
	struct ava_context *ctx;
	char channel[128];

	check_open_fails("LOCAL:/nonexistent/sock", id, -ENODEV,
			 "LOCAL:/nonexistent/sock: nobody listens; expected avad --local");
	snprintf(channel, sizeof(channel), "LOCAL:%s", s->path);
	setenv("AVA_CHANNEL", channel, 1);
	assert_int_equal(ava_context_get(id, &ctx), 0);
}

/* Losing needs no call that waits: the event tells. */
static void test_lost_event(void **state)
{
	struct ut_server *s = *state;
	struct ava_channel *ch;
	struct ava_limits limits;
	struct ava_event ev;
	uint32_t stream, done;
	struct ava_call call = { .func = ECHO_CRASH };

	assert_int_equal(ava_channel_local.open(&ch, s->path, &echo_id, &limits), 0);
	assert_int_equal(ava_channel_local.read_event(ch, 0, &ev, NULL, 0), -EAGAIN);
	assert_int_equal(ava_channel_local.stream_open(ch, &stream), 0);
	call.stream = stream;
	assert_int_equal(ava_channel_local.submit(ch, &call, 1, &done), 0);
	assert_int_equal(done, 1);
	assert_int_equal(call.status, -ENOLINK);
	assert_int_equal(ava_channel_local.submit(ch, &call, 1, &done), -ENOLINK);
	assert_int_equal(done, 0);
	assert_int_equal(ava_channel_local.read_event(ch, 1, &ev, NULL, 0), 0);
	assert_int_equal(ev.type, AVA_EVENT_LOST);
	assert_int_equal(ev.status, -ENOLINK);
	assert_int_equal(ava_channel_local.read_event(ch, 1, &ev, NULL, 0), -ENODATA);
	assert_int_equal(ava_channel_local.stream_close(ch, stream), 0);
	assert_int_equal(ava_channel_local.stream_close(ch, stream), -ENOENT);
	ava_channel_local.close(ch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_call_and_reply),
		cmocka_unit_test(test_bulk_sizes),
		cmocka_unit_test(test_async_in_order),
		cmocka_unit_test(test_async_bulk_from_host),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_streams_are_independent),
		cmocka_unit_test(test_server_crash),
		cmocka_unit_test(test_bad_call_is_sticky),
		cmocka_unit_test(test_refusals_leave_the_context),
		cmocka_unit_test(test_broken_stderr),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_fork_while_threads_call),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_cancelled_threads),
		cmocka_unit_test(test_channel_names),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_open_again),
		cmocka_unit_test(test_lost_event),
	};

	return cmocka_run_group_tests_name("context", tests, setup, teardown);
}
