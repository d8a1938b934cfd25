// SPDX-License-Identifier: Apache-2.0
/*
 * ut_callback.c - functions of the application that the server calls
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ava/guest.h>

#include "order_api.h"
#include "ut.h"

/* One context for one process: what a generated library is. */
static struct ava_guest_api library = {
	.id = { .name = "order", .version_major = 1, .hash = { 0x0d } },
};

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

#define OUTPUT_WAITS	"output-waits"	/* what this program is asked for by test_output */

#define LONG_NS	400000000	/* longer than a callback is waited for that does nothing */

/* ---- a callback that takes notes ---------------------------------------------------- */

struct notes {
	sem_t ran;
	sem_t in;		/* the first run has begun if @slow ... */
	sem_t go;		/* ... and waits for it */
	bool slow;
	bool works;		/* more than LONG_NS */
	bool calls;		/* it makes a call itself */
	atomic_uint runs;
	atomic_uint dones;
	atomic_uint lost;
	atomic_uint wrong;
	atomic_bool own_thread;
};

static atomic_uint before;

static void note_before(void)
{
	before++;
}

static bool simple_call(uint32_t func, uint64_t *reply);

static void work(void)
{
	struct timespec now;
	uint64_t end = 0, ns;

	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
		ns = now.tv_sec * 1000000000ull + now.tv_nsec;
		end = end ? end : ns + LONG_NS;
	} while (ns < end);
}

static void note_run(const struct ava_callback *cb, struct ava_cs_reader *in)
{
	struct notes *n = cb->userdata;
	uint64_t pid = 0;

	if (n->slow && !n->runs) {
		sem_post(&n->in);
		sem_wait(&n->go);
	}
	if (n->works)
		work();
	if (!in)
		n->lost++;
	else if (ava_cs_get_word(in) != n->runs || in->err || cb->is[1] != 42)
		n->wrong++;
	if (n->calls && (!simple_call(ORDER_PID, &pid) || !pid))
		n->wrong++;
	n->own_thread = ava_guest_is_callback_thread();
	n->runs++;
	sem_post(&n->ran);
}

static void note_done(const struct ava_callback *cb)
{
	struct notes *n = cb->userdata;

	n->dones++;
}

static void notes_init(struct notes *n)
{
	memset(n, 0, sizeof(*n));
	sem_init(&n->ran, 0, 0);
	sem_init(&n->in, 0, 0);
	sem_init(&n->go, 0, 0);
}

static bool wait_for_runs(struct notes *n, unsigned int count)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 100;
	while (count--)
		if (sem_timedwait(&n->ran, &until))
			return false;
	return true;
}

/* done() follows the run, on the other thread. */
static void check_done(struct notes *n, unsigned int count)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < 100000 && n->dones != count; i++)
		nanosleep(&pause, NULL);
	assert_int_equal(n->dones, count);
}

/* ---- calls --------------------------------------------------------------------------- */

static bool simple_call(uint32_t func, uint64_t *reply)
{
	uint64_t head[AVA_CS_HEAD] = { 0 };
	struct ava_context *ctx;
	struct ava_call call = {
		.func = func,
		.args = (uintptr_t)head,
		.args_len = sizeof(head),
		.reply = (uintptr_t)reply,
		.reply_cap = reply ? sizeof(*reply) : 0,
	};

	return !ava_context_get(&library.id, &ctx) && !ava_context_call(ctx, &call);
}

/* Registers a callback with a call that makes the server call it @count times. */
static uint64_t register_callback(struct notes *n, uint32_t flags, const void *owner,
				  uint64_t count)
{
	const struct ava_callback cb = {
		.run = note_run, .done = note_done, .fn = (void *)1, .userdata = n,
		.is = { 0, 42 },
	};
	struct ava_gcall g;
	uint64_t cookie;
	bool ok;

	ava_guest_begin(&g, &library, ORDER_EVENT);
	cookie = ava_guest_put_callback(&g, &cb, flags, owner);
	ava_cs_put_word(&g.args, count);
	ok = ava_guest_call(&g);
	ava_guest_end(&g);
	if (!ok)
		ava_guest_drop_callback(cookie);
	return ok ? cookie : 0;
}

static uint64_t call_again(uint64_t cookie, uint64_t count)
{
	struct ava_gcall g;
	bool ok;

	ava_guest_begin(&g, &library, ORDER_EVENT);
	ava_cs_put_word(&g.args, cookie);
	ava_cs_put_word(&g.args, count);
	ok = ava_guest_call(&g);
	ava_guest_end(&g);
	return ok;
}

/* ---- tests ---------------------------------------------------------------------------- */

static void test_once(void **state)
{
	struct notes n;
	uint64_t cookie;

	(void)state;
	notes_init(&n);
	n.calls = true;
	ava_guest_before_callback = note_before;
	cookie = register_callback(&n, 0, NULL, 1);
	assert_int_not_equal(cookie, 0);
	assert_true(wait_for_runs(&n, 1));
	check_done(&n, 1);
	assert_int_equal(before, 1);
	ava_guest_before_callback = NULL;
	/* a second event finds nobody; nor does dropping */
	assert_true(call_again(cookie, 1));
	ava_guest_drop_callback(cookie);
	notes_init(&n);
	assert_int_not_equal(register_callback(&n, 0, NULL, 1), 0);
	assert_true(wait_for_runs(&n, 1));
	assert_int_equal(n.runs, 1);
	assert_int_equal(n.wrong, 0);
	assert_true(n.own_thread);
	check_done(&n, 1);
	assert_false(ava_guest_is_callback_thread());
}

static void test_null(void **state)
{
	const struct ava_callback cb = { .run = note_run, .done = note_done };
	struct ava_gcall g;

	(void)state;
	ava_guest_begin(&g, &library, ORDER_EVENT);
	assert_int_equal(ava_guest_put_callback(&g, &cb, 0, NULL), 0);
	ava_cs_put_word(&g.args, 0);
	assert_true(ava_guest_call(&g));
	ava_guest_end(&g);
	ava_guest_drop_callback(0);
}

/* More than anybody has room for, while the application does not take them. */
static void test_many(void **state)
{
	struct ava_object *owner = ava_object_new(NULL, 1);
	uint64_t count = 20000, cookie;
	struct notes n;

	(void)state;
	notes_init(&n);
	n.slow = true;
	cookie = register_callback(&n, AVA_CALLBACK_MANY, owner, count);
	assert_int_not_equal(cookie, 0);
	sem_post(&n.go);
	assert_true(wait_for_runs(&n, count));
	assert_int_equal(n.runs, count);
	assert_int_equal(n.wrong, 0);
	assert_int_equal(n.dones, 0);
	ava_object_abandon(owner);
	check_done(&n, 1);
	assert_true(call_again(cookie, 10));
	notes_init(&n);
	assert_int_not_equal(register_callback(&n, 0, NULL, 1), 0);
	assert_true(wait_for_runs(&n, 1));
	check_done(&n, 1);
}

static void test_owner_of_several(void **state)
{
	struct ava_object *owner = ava_object_new(NULL, 1);
	uint64_t cookies[3];
	struct notes n;
	int i;

	(void)state;
	notes_init(&n);
	for (i = 0; i < 3; i++)
		cookies[i] = register_callback(&n, AVA_CALLBACK_MANY, owner, 0);
	ava_guest_drop_callback(cookies[1]);
	assert_int_equal(n.dones, 1);	/* nobody runs it */
	assert_true(call_again(cookies[2], 1));
	assert_true(wait_for_runs(&n, 1));
	ava_object_abandon(owner);
	check_done(&n, 3);
}

/* The owner ends while its callback runs: it ends with the run. */
static void test_owner_ends_meanwhile(void **state)
{
	struct ava_object *owner = ava_object_new(NULL, 1);
	struct notes n;

	(void)state;
	notes_init(&n);
	n.slow = true;
	assert_int_not_equal(register_callback(&n, AVA_CALLBACK_MANY, owner, 1), 0);
	assert_int_equal(sem_wait(&n.in), 0);
	ava_object_abandon(owner);
	sem_post(&n.go);
	check_done(&n, 1);
}

static void test_failed_call(void **state)
{
	const struct ava_callback cb = {
		.run = note_run, .done = note_done, .fn = (void *)1,
	};
	struct ava_gcall g;

	(void)state;
	ava_guest_begin(&g, &library, ORDER_EVENT);
	ava_guest_refuse(&g, -1);
	assert_int_equal(ava_guest_put_callback(&g, &cb, 0, NULL), 0);
	assert_false(ava_guest_call(&g));
	ava_guest_end(&g);
}

static int child_registers(void *arg)
{
	struct notes *parents = arg, n;

	notes_init(&n);
	if (!register_callback(&n, 0, NULL, 1))
		return 1;
	if (!wait_for_runs(&n, 1) || n.wrong)
		return 2;
	check_done(&n, 1);
	return parents->dones || parents->runs ? 3 : 0;
}

static void test_fork(void **state)
{
	struct notes n;
	uint64_t cookie;

	(void)state;
	notes_init(&n);
	cookie = register_callback(&n, 0, NULL, 0);
	assert_int_equal(ut_child(child_registers, &n), 0);
	assert_true(call_again(cookie, 1));
	assert_true(wait_for_runs(&n, 1));
	assert_int_equal(n.wrong, 0);
	check_done(&n, 1);
}

/* In a context whose first events these are. */
static int child_awaits(void *arg)
{
	struct notes busy, waits;
	struct ava_context *ctx;

	(void)arg;
	notes_init(&busy);
	notes_init(&waits);
	busy.works = waits.slow = true;
	if (!register_callback(&busy, 0, NULL, 1) || ava_context_get(&library.id, &ctx))
		return 1;
	ava_context_await_events(ctx, 1);
	if (busy.runs != 1)
		return 2;
	if (!register_callback(&waits, 0, NULL, 1))
		return 3;
	ava_context_await_events(ctx, 2);
	if (waits.runs)
		return 4;
	sem_post(&waits.go);
	return wait_for_runs(&waits, 1) ? 0 : 5;
}

/* One that works is waited for; one that waits itself, maybe for the caller, is not. */
static void test_awaited(void **state)
{
	(void)state;
	assert_int_equal(ut_child(child_awaits, NULL), 0);
}

static uint64_t print_line(uint64_t count)
{
	uint64_t args[AVA_CS_HEAD + 2] = { 0, 0, 0, 7, count }, word = 0;
	struct ava_context *ctx;
	struct ava_call call = {
		.func = ORDER_PRINT, .args = (uintptr_t)args, .args_len = sizeof(args),
		.reply = (uintptr_t)&word, .reply_cap = sizeof(word),
	};

	return ava_context_get(&library.id, &ctx) || ava_context_call(ctx, &call) ? 0 : word;
}

static void *thread_output(void *arg)
{
	ava_context_output(arg);
	return NULL;
}

/* Standard output is full; a thread has fetched a line and cannot write it. */
static int output_waits(void)
{
	const struct timespec pause = { .tv_nsec = 300000000 };
	static char page[4096];
	struct ava_context *ctx;
	struct notes n;
	pthread_t thread;
	int fds[2];

	notes_init(&n);
	if (pipe(fds) || dup2(fds[1], STDOUT_FILENO) < 0 ||
	    fcntl(fds[1], F_SETPIPE_SZ, (int)sizeof(page)) != (int)sizeof(page) ||
	    write(fds[1], page, sizeof(page)) != (ssize_t)sizeof(page))
		return 1;
	if (!(print_line(1) & AVA_CS_OUTPUT) || ava_context_get(&library.id, &ctx))
		return 2;
	pthread_create(&thread, NULL, thread_output, ctx);
	while (print_line(0) & AVA_CS_OUTPUT)
		sched_yield();
	if (!register_callback(&n, 0, NULL, 1))
		return 3;
	nanosleep(&pause, NULL);
	if (n.runs)
		return 4;
	if (read(fds[0], page, sizeof(page)) != (ssize_t)sizeof(page) || !wait_for_runs(&n, 1))
		return 5;
	pthread_join(thread, NULL);
	return read(fds[0], page, sizeof(page)) == 2 && page[0] == '7' ? 0 : 6;
}

/*
 * Naive: what another thread has fetched but not written yet comes after the callback.
 * A program of its own, since a sanitizer knows no threads behind a fork.
 */
static void test_output(void **state)
{
	char *argv[] = { (char *)ut_tool("ut_callback"), OUTPUT_WAITS, NULL };

	(void)state;
	assert_int_equal(ut_run(argv, NULL), 0);
}

static int child_loses(void *arg)
{
	struct ava_object *owner = ava_object_new(NULL, 1);
	struct notes once, many;
	int i;

	(void)arg;
	notes_init(&once);
	notes_init(&many);
	for (i = 0; i < 100; i++)
		if (!register_callback(&once, 0, NULL, 0))
			return 1;
	if (!register_callback(&many, AVA_CALLBACK_MANY, owner, 0))
		return 2;
	if (simple_call(ORDER_CRASH, NULL))
		return 3;
	if (!wait_for_runs(&once, 100))
		return 4;
	if (once.lost != 100)
		return 5;
	check_done(&once, 100);
	check_done(&many, 1);
	if (many.runs)
		return 6;
	/* ... and afterwards nobody registers in vain */
	if (register_callback(&once, 0, NULL, 0))
		return 7;
	check_done(&once, 101);
	return 0;
}

static void test_lost(void **state)
{
	(void)state;
	ut_capture_begin();
	assert_int_equal(ut_child(child_loses, NULL), 0);
	assert_int_equal(ut_count(ut_capture_end(), "context lost"), 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_owner_of_several),
		cmocka_unit_test(test_owner_ends_meanwhile),
		cmocka_unit_test(test_failed_call),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_awaited),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_lost),
	};

	if (argc == 2 && !strcmp(argv[1], OUTPUT_WAITS))
		return output_waits();
	return cmocka_run_group_tests_name("callback", tests, setup, teardown);
}
