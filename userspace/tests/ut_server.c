// SPDX-License-Identifier: Apache-2.0
/*
 * ut_server.c - the server runtime as a program: options, refusals, sandbox, end
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ut.h"

static void check_run(int expected, const char *text, const char *option, const char *more)
{
	char *argv[] = { (char *)ut_tool("echo-server"), (char *)option, (char *)more, NULL };
	char *out;
	int ret = ut_run(argv, &out);

	if (ret != expected || !strstr(out, text))
		fail_msg("%s %s: status %d, said \"%s\"; expected status %d and \"%s\"",
			 option ? option : "", more ? more : "", ret, out, expected, text);
	free(out);
}

static void test_identify(void **state)
{
	(void)state;
	check_run(0, "echo 1.2 ec40000000000000000000000000000000000000000000000000000000000000\n",
		  "--identify", NULL);
	check_run(0, "usage: ", "--help", NULL);
}

static void test_bad_options(void **state)
{
	(void)state;
	check_run(2, "usage: ", NULL, NULL);
	check_run(2, "usage: ", "--identify", "more");
	check_run(2, "usage: ", "--identify", "--listen=/tmp/x");
	check_run(2, "usage: ", "--no-such-option", NULL);
	check_run(2, "--context-fd: expected an open descriptor", "--context-fd=99", NULL);
	check_run(2, "--context-fd: expected an open descriptor", "--context-fd=x", NULL);
	check_run(2, "--context-fd: expected an open descriptor", "--context-fd=", NULL);
	check_run(2, "--context-fd: expected an open descriptor", "--context-fd=-1", NULL);
	check_run(2, "--limit: expected NAME=VALUE", "--limit=nofile", "--identify");
	check_run(2, "--limit: expected NAME=VALUE", "--limit=files=1", "--identify");
	check_run(2, "--limit: expected NAME=VALUE", "--limit=nofile=x", "--identify");
	check_run(2, "--limit: expected NAME=VALUE", "--limit=nofile=-1", "--identify");
	check_run(2, "--limit: expected NAME=VALUE", "--limit=nofile=1x", "--identify");
	check_run(2, "--limit: expected NAME=VALUE", "--limit=core=99999999999999999999",
		  "--identify");
	check_run(2, "--work-dir: expected an absolute path", "--work-dir=x", "--identify");
	check_run(1, "cannot listen at /nonexistent/sock", "--listen=/nonexistent/sock", NULL);
}

/* A descriptor that is no context: the sandbox is entered, then the kernel says no. */
static void test_no_context(void **state)
{
	(void)state;
	check_run(1, "cannot attach to the context", "--context-fd=0", "--no-sandbox");
	if (geteuid())
		return;
	check_run(1, "user nobody-of-that-name: does not exist", "--context-fd=0",
		  "--user=nobody-of-that-name");
	check_run(1, "user root: is root", "--context-fd=0", "--user=root");
	check_run(1, "work directory /nonexistent: No such file", "--context-fd=0",
		  "--work-dir=/nonexistent");
}

static const struct ava_api_id *fresh_id(void)
{
	struct ava_api_id *id = malloc(sizeof(*id));

	*id = echo_id;
	return id;
}

static struct ava_context *fresh_context(void)
{
	struct ava_context *ctx;

	assert_int_equal(ava_context_get(fresh_id(), &ctx), 0);
	return ctx;
}

static void check_refused(struct ut_server *s, struct ava_call call)
{
	static char zero[8192];
	struct ava_limits limits;
	struct ava_channel *ch;
	uint32_t done;

	call.args = (uintptr_t)zero;
	call.reply = (uintptr_t)zero;
	assert_int_equal(ava_channel_local.open(&ch, s->path, &echo_id, &limits), 0);
	assert_int_equal(ava_channel_local.stream_open(ch, &call.stream), 0);
	assert_int_equal(ava_channel_local.submit(ch, &call, 1, &done), 0);
	assert_int_equal(call.status, -EBADMSG);
	/* The context is in error for good. */
	assert_int_equal(ava_channel_local.submit(ch, &call, 1, &done), -EBADMSG);
	assert_int_equal(done, 0);
	ava_channel_local.close(ch);
}

static void test_function_table(void **state)
{
	struct ava_seg segs[2] = { { .flags = AVA_SEG_TO_HOST }, { .flags = AVA_SEG_TO_HOST } };
	struct ut_server s;

	(void)state;
	ut_server_start(&s, "--no-sandbox");
	check_refused(&s, (struct ava_call){ .func = 0 });
	check_refused(&s, (struct ava_call){ .func = 999 });
	check_refused(&s, (struct ava_call){ .func = ECHO_COUNT, .args_len = 7 });
	check_refused(&s, (struct ava_call){ .func = ECHO_COUNT, .args_len = 9 });
	check_refused(&s, (struct ava_call){ .func = ECHO_READ, .reply_cap = 9 });
	check_refused(&s, (struct ava_call){ .func = ECHO_SUM, .reply_cap = 8, .seg_count = 2,
					     .segs = (uintptr_t)segs });
	ut_server_stop(&s);
}

static void check_async_refused(struct ut_server *s)
{
	struct ava_call call = { .func = ECHO_REPLY, .flags = AVA_CALL_ASYNC };
	struct ava_limits limits;
	struct ava_channel *ch;
	struct ava_event ev;
	uint32_t done;

	assert_int_equal(ava_channel_local.open(&ch, s->path, &echo_id, &limits), 0);
	assert_int_equal(ava_channel_local.stream_open(ch, &call.stream), 0);
	assert_int_equal(ava_channel_local.submit(ch, &call, 1, &done), 0);
	assert_int_equal(ava_channel_local.read_event(ch, 1, &ev, NULL, 0), 0);
	assert_int_equal(ev.type, AVA_EVENT_LOST);
	ava_channel_local.close(ch);
}

static void test_async_where_not_allowed(void **state)
{
	struct ut_server s;

	(void)state;
	ut_server_start(&s, "--no-sandbox");
	check_async_refused(&s);
	ut_server_stop(&s);
}

static uint64_t pid_of(struct ava_context *ctx)
{
	uint64_t pid = 0;

	assert_int_equal(ut_u64(ctx, ECHO_PID, NULL, 0, &pid), 0);
	return pid;
}

static void test_process_per_context(void **state)
{
	struct ava_context *a, *b;
	struct ut_server s;
	uint64_t value = 1;

	(void)state;
	ut_server_start(&s, "--no-sandbox");
	a = fresh_context();
	b = fresh_context();
	assert_int_not_equal(pid_of(a), pid_of(b));
	assert_int_equal(ut_count_add(a, 1), 0);
	assert_int_equal(ut_u64(b, ECHO_READ, NULL, 0, &value), 0);
	assert_int_equal(value, 0);
	ut_capture_begin();
	assert_int_equal(ut_plain(a, ECHO_CRASH, 0), -ENOLINK);
	ut_capture_end();
	assert_int_equal(ut_u64(b, ECHO_READ, NULL, 0, &value), 0);
	ut_server_stop(&s);
}

static int child_exit_mid_call(void *arg)
{
	struct ava_context *ctx;
	int *pipefd = arg;
	uint64_t pid;

	if (ava_context_get(&echo_id, &ctx))
		return 1;
	pid = pid_of(ctx);
	if (ut_plain(ctx, ECHO_BLOCK, AVA_CALL_ASYNC))
		return 2;
	return write(pipefd[1], &pid, sizeof(pid)) == sizeof(pid) ? 0 : 3;
}

/* The guest's process ends while a worker is in a call that never returns. */
static void test_guest_exits_mid_call(void **state)
{
	struct ut_server s;
	int pipefd[2];
	uint64_t pid;

	(void)state;
	ut_server_start(&s, "--no-sandbox");
	assert_int_equal(pipe(pipefd), 0);
	assert_int_equal(ut_child(child_exit_mid_call, pipefd), 0);
	assert_int_equal(read(pipefd[0], &pid, sizeof(pid)), sizeof(pid));
	assert_true(ut_process_gone(pid, 60000));
	close(pipefd[0]);
	close(pipefd[1]);
	ut_server_stop(&s);
}

static void test_listener_killed(void **state)
{
	struct ava_context *ctx;
	struct ut_server s;
	uint64_t pid;

	(void)state;
	ut_server_start(&s, "--no-sandbox");
	ctx = fresh_context();
	pid = pid_of(ctx);
	kill(s.pid, SIGKILL);
	assert_int_equal(waitpid(s.pid, NULL, 0), s.pid);
	assert_true(ut_process_gone(pid, 60000));
	ut_capture_begin();
	assert_int_equal(ut_u64(ctx, ECHO_READ, NULL, 0, &pid), -ENOLINK);
	ut_capture_end();
	assert_int_equal(unlink(s.path), 0);
	assert_int_equal(rmdir(s.dir), 0);
}

static uint64_t probe(struct ava_context *ctx, uint32_t what)
{
	uint64_t value = ~0ull;

	assert_int_equal(ut_u64(ctx, ECHO_PROBE, &what, sizeof(what), &value), 0);
	return value;
}

/* A child that may connect: a server reaches only into processes of its own user. */
static void as_user(struct ut_server *s, uid_t uid, int (*fn)(void *arg))
{
	assert_int_equal(chmod(s->dir, 0755), 0);
	assert_int_equal(chmod(s->path, 0777), 0);
	fflush(NULL);
	assert_int_equal(ut_child(fn, &uid), 0);
}

/* A change of user makes a process unreadable for others; programs start readable. */
static int become(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	if (geteuid() == uid)
		return 0;
	return !pw || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) ||
	       setresuid(uid, uid, uid) || prctl(PR_SET_DUMPABLE, 1);
}

static int child_sandbox(void *arg)
{
	static const struct {
		uint32_t what;
		uint64_t answer;
	} cases[] = {
		{ ECHO_PROBE_CAPS, 0 },
		{ ECHO_PROBE_NNP, 1 },
		{ ECHO_PROBE_DUMPABLE, 0 },
		{ ECHO_PROBE_CORE, 0 },
		{ ECHO_PROBE_NOFILE, 100 },
		{ ECHO_PROBE_PTRACE, EPERM },
		{ ECHO_PROBE_UNSHARE, EPERM },
		{ ECHO_PROBE_NEWUSER, EPERM },
		{ ECHO_PROBE_IOURING, EPERM },
		{ ECHO_PROBE_TTY, EPERM },
		{ ECHO_PROBE_VSOCK, EAFNOSUPPORT },
		{ ECHO_PROBE_WRITE, 0 },
		/* Threads and programs start: vendor libraries compile kernels. */
		{ ECHO_PROBE_EXEC, 3 },
	};
	struct ava_context *ctx;
	uint64_t value;
	size_t i;

	if (become(*(uid_t *)arg) || ava_context_get(fresh_id(), &ctx))
		return 100;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (ut_u64(ctx, ECHO_PROBE, &cases[i].what, sizeof(cases[i].what), &value) ||
		    value != cases[i].answer)
			return cases[i].what;
	return 0;
}

static uid_t sandbox_uid(void)
{
	const struct passwd *pw = getpwnam("ava");

	if (geteuid())
		return geteuid();
	return pw ? pw->pw_uid : getpwnam("nobody")->pw_uid;
}

static void test_sandbox(void **state)
{
	struct ut_server s;

	(void)state;
	ut_server_start(&s, "--limit=nofile=100");
	as_user(&s, sandbox_uid(), child_sandbox);
	ut_server_stop(&s);
}

static int child_user(void *arg)
{
	uint32_t what[2] = { ECHO_PROBE_UID, ECHO_PROBE_ETC };
	uid_t uid = *(uid_t *)arg;
	struct ava_context *ctx;
	uint64_t value;

	if (become(uid) || ava_context_get(fresh_id(), &ctx))
		return 1;
	if (ut_u64(ctx, ECHO_PROBE, &what[0], sizeof(what[0]), &value) || value != uid)
		return 2;
	return ut_u64(ctx, ECHO_PROBE, &what[1], sizeof(what[1]), &value) || value != EACCES;
}

static void test_sandbox_user(void **state)
{
	struct ut_server s;

	(void)state;
	if (geteuid())
		skip();
	ut_server_start(&s, NULL);
	as_user(&s, sandbox_uid(), child_user);
	ut_server_stop(&s);
	ut_server_start(&s, "--user=daemon");
	as_user(&s, getpwnam("daemon")->pw_uid, child_user);
	ut_server_stop(&s);
}

/* A server that may not reach into the program says so; the program goes on. */
static void test_other_user(void **state)
{
	struct ava_context *ctx;
	struct ut_server s;

	(void)state;
	if (geteuid())
		skip();
	ut_server_start(&s, NULL);
	ut_capture_begin();
	assert_int_equal(ava_context_get(fresh_id(), &ctx), -EPERM);
	assert_int_equal(ut_count(ut_capture_end(), "does not let the server reach"), 1);
	ut_server_stop(&s);
}

static void test_no_sandbox(void **state)
{
	struct ava_context *ctx;
	struct ut_server s;

	(void)state;
	ut_server_start(&s, "--no-sandbox");
	ctx = fresh_context();
	assert_int_equal(probe(ctx, ECHO_PROBE_UID), getuid());
	assert_int_equal(probe(ctx, ECHO_PROBE_NNP), 0);
	ut_server_stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identify),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_no_context),
		cmocka_unit_test(test_function_table),
		cmocka_unit_test(test_async_where_not_allowed),
		cmocka_unit_test(test_process_per_context),
		cmocka_unit_test(test_guest_exits_mid_call),
		cmocka_unit_test(test_listener_killed),
		cmocka_unit_test(test_sandbox),
		cmocka_unit_test(test_sandbox_user),
		cmocka_unit_test(test_other_user),
		cmocka_unit_test(test_no_sandbox),
	};

	return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
