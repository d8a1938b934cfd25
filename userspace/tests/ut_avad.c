// SPDX-License-Identifier: Apache-2.0
/*
 * ut_avad.c - the manager as a process: serving, refusing, surviving, restarting
 *
 * avad-standin is avad with tests/standin_device.c in place of the device.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/rmtree.h"
#include "../common/local_proto.h"
#include "ut.h"

#include <linux/ava_server.h>

/* Milliseconds after which something will not happen any more, on a busy machine. */
#define PATIENCE	60000

static struct {
	char dir[64];
	int listener;		/* the stand-in device */
	int device;		/* its connection to the manager */
	int notify;
	int log;
	pid_t pid;
	uint64_t next_context;
	char text[65536];	/* the log so far */
	size_t text_len;
} t;

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", t.dir, name);
	return path;
}

static int socket_at(const char *name, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, in_dir(name));
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return sock;
}

static void write_config(const char *api, const char *server, const char *more)
{
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "conf/%s.json", api);
	f = fopen(in_dir(name), "w");
	assert_non_null(f);
	fprintf(f, "{ \"api\": \"%s\", \"server\": \"%s\", \"work_dir\": \"%s\"%s }\n", api,
		server, in_dir("work"), more);
	fclose(f);
}

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.next_context = 1;
	strcpy(t.dir, "/tmp/ava-ut-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	assert_int_equal(chmod(t.dir, 0755), 0);
	assert_int_equal(mkdir(in_dir("conf"), 0755), 0);
	write_config("echo", ut_tool("standin-server"), ", \"namespaces\": []");
	t.listener = socket_at("device", SOCK_SEQPACKET);
	assert_int_equal(listen(t.listener, 5), 0);
	t.notify = socket_at("notify", SOCK_DGRAM);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(t.listener);
	close(t.notify);
	close(t.log);
	return ava_rmtree(t.dir);
}

static void avad_exec(int log_write)
{
	char device[160], config[160];

	snprintf(device, sizeof(device), "--device=%s", in_dir("device"));
	snprintf(config, sizeof(config), "--config-dir=%s", in_dir("conf"));
	setenv("NOTIFY_SOCKET", in_dir("notify"), 1);
	setenv("SECRET", "of the manager", 1);
	dup2(log_write, STDERR_FILENO);
	execl(ut_tool("avad-standin"), "avad", config, device, NULL);
	_exit(127);
}

static void avad_launch(void)
{
	int pipefd[2];

	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
	t.pid = fork();
	if (!t.pid)
		avad_exec(pipefd[1]);
	close(pipefd[1]);
	t.log = pipefd[0];
}

static void expect_notify(const char *expected)
{
	char text[64] = "";

	if (!ut_wait_readable(t.notify, PATIENCE))
		fail_msg("not notified of %s", expected);
	assert_true(recv(t.notify, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, expected);
}

static void avad_start(void)
{
	avad_launch();
	t.device = accept4(t.listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(t.device >= 0);
	expect_notify("READY=1");
}

static int avad_wait(void)
{
	int status;

	assert_int_equal(waitpid(t.pid, &status, 0), t.pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void avad_stop(void)
{
	kill(t.pid, SIGTERM);
	expect_notify("STOPPING=1");
	assert_int_equal(avad_wait(), 0);
	close(t.device);
}

/* Waits until the log says @text. */
static void expect_log(const char *text)
{
	ssize_t ret;

	while (!strstr(t.text, text)) {
		if (!ut_wait_readable(t.log, PATIENCE))
			fail_msg("log has no \"%s\" but is\n%s", text, t.text);
		ret = read(t.log, t.text + t.text_len, sizeof(t.text) - 1 - t.text_len);
		if (ret <= 0)
			fail_msg("log ends without \"%s\":\n%s", text, t.text);
		t.text_len += ret;
	}
}

/* A guest opens a context; what the server writes to it is read from the result. */
static int guest_open(const char *name, uint64_t *id)
{
	struct ava_server_accept msg = { .guest_id = 42, .context_id = t.next_context++ };
	int sv[2];

	memcpy(msg.api.name, name, strnlen(name, AVA_API_NAME_LEN));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	assert_int_equal(ava_local_send(t.device, &msg, sizeof(msg), &sv[1], 1), 0);
	close(sv[1]);
	if (id)
		*id = msg.context_id;
	return sv[0];
}

/* Return: 0, or -EPIPE at the end. */
static int take(int fd, void *buf, size_t len)
{
	return recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len ? 0 : -EPIPE;
}

static void expect_reject(int fd, uint32_t reason)
{
	uint32_t got = 0;

	assert_true(ut_wait_readable(fd, PATIENCE));
	if (take(fd, &got, sizeof(got)) || got != reason) {
		if (read(t.log, t.text + t.text_len, sizeof(t.text) - 1 - t.text_len) > 0)
			fail_msg("refused for %u, expected %u; log:\n%s", got, reason, t.text);
		fail_msg("refused for %u, expected %u", got, reason);
	}
	assert_int_equal(take(fd, &got, 1), -EPIPE);
	close(fd);
}

static void expect_end(int fd)
{
	char byte;

	assert_true(ut_wait_readable(fd, PATIENCE));
	assert_int_equal(take(fd, &byte, 1), -EPIPE);
	close(fd);
}

static const char *guest_report(int fd)
{
	static char text[65536];
	size_t len = 0;
	ssize_t ret;

	memset(text, 0, sizeof(text));
	while (!strstr(text, "end\n")) {
		assert_true(ut_wait_readable(fd, PATIENCE));
		ret = read(fd, text + len, sizeof(text) - 1 - len);
		assert_true(ret > 0);
		len += ret;
	}
	return text;
}

static void guest_command(int fd, char command)
{
	char answer = 0;

	assert_int_equal(write(fd, &command, 1), 1);
	if (command == 'x' || command == 'k')
		return;
	assert_int_equal(take(fd, &answer, 1), 0);
	assert_int_equal(answer, command);
}

static bool work_dir_exists(uint64_t id)
{
	char name[32];

	snprintf(name, sizeof(name), "work/%llu", (unsigned long long)id);
	return !access(in_dir(name), F_OK);
}

/* The remover is nobody's child here, so the directory itself is watched. */
static void expect_no_work_dir(uint64_t id)
{
	int watch = inotify_init1(IN_CLOEXEC);
	char event[4096];

	assert_true(inotify_add_watch(watch, in_dir("work"), IN_DELETE) >= 0);
	while (work_dir_exists(id)) {
		assert_true(ut_wait_readable(watch, PATIENCE));
		assert_true(read(watch, event, sizeof(event)) > 0);
	}
	close(watch);
}

static pid_t report_pid(const char *report)
{
	return atoi(strstr(report, "\npid=") + 5);
}

static void test_serves(void **state)
{
	char expected[512];
	struct rlimit rlim;
	const char *report;
	uint64_t id;
	int fd;

	(void)state;
	write_config("echo", ut_tool("standin-server"),
		     ", \"namespaces\": [], \"args\": [\"--one\", \"two three\"], "
		     "\"env\": {\"NAME\": \"value\"}, \"limits\": {\"nofile\": 77}, "
		     "\"user\": \"daemon\"");
	avad_start();
	fd = guest_open("echo", &id);
	report = guest_report(fd);
	snprintf(expected, sizeof(expected), "arg=--context-fd=3\narg=--user=daemon\n"
		 "arg=--work-dir=%s/%llu\narg=--limit=nofile=77\narg=--one\narg=two three\n",
		 in_dir("work"), (unsigned long long)id);
	assert_non_null(strstr(report, expected));
	assert_non_null(strstr(report, "env=NAME=value\n"));
	assert_null(strstr(report, "SECRET"));
	assert_int_equal(ut_count(report, "env="), 3);
	assert_int_equal(ut_count(report, "fd="), 5);	/* 4 and --context-fd= */
	assert_non_null(strstr(report, "fd=3\n"));
	assert_non_null(strstr(report, "blocked=0\n"));
	getrlimit(RLIMIT_NOFILE, &rlim);
	snprintf(expected, sizeof(expected), "nofile=%llu\n", (unsigned long long)rlim.rlim_cur);
	assert_non_null(strstr(report, expected));
	assert_true(work_dir_exists(id));
	expect_log("(VM 42, echo): server ");
	close(fd);
	expect_log("exited with status 0");
	expect_no_work_dir(id);
	avad_stop();
}

static void test_refuses(void **state)
{
	int fd;

	(void)state;
	write_config("gone", "/nonexistent/server", ", \"namespaces\": []");
	write_config("few", ut_tool("standin-server"),
		     ", \"namespaces\": [], \"max_contexts\": 1");
	avad_start();
	expect_reject(guest_open("what", NULL), AVA_REJECT_NO_API);
	expect_log("what): refused: no such API is configured");
	expect_reject(guest_open("gone", NULL), AVA_REJECT_NO_SERVER);
	expect_log("/nonexistent/server: exec: No such file or directory");
	fd = guest_open("few", NULL);
	guest_report(fd);
	expect_reject(guest_open("few", NULL), AVA_REJECT_QUOTA);
	expect_log("few): refused: max_contexts is reached");
	guest_command(fd, 'x');
	expect_log("exited with status 5");
	expect_end(fd);
	fd = guest_open("few", NULL);
	guest_report(fd);
	close(fd);
	avad_stop();
}

static void test_hostile_name(void **state)
{
	(void)state;
	avad_start();
	expect_reject(guest_open("a\n<0>b\033[2J", NULL), AVA_REJECT_NO_API);
	expect_log("a?<0>b?[2J): refused");
	expect_reject(guest_open("0123456789012345678901234567890123456789", NULL),
		      AVA_REJECT_NO_API);
	expect_log("0123456789012345678901234567890): refused");
	avad_stop();
}

static void test_survives_crashes(void **state)
{
	int fd, i;

	(void)state;
	avad_start();
	for (i = 0; i < 20; i++) {
		fd = guest_open("echo", NULL);
		guest_report(fd);
		if (i % 10 == 0)
			guest_command(fd, 'w');
		guest_command(fd, 'k');
		expect_end(fd);
	}
	expect_log("was ended by signal 9");
	for (i = 1; i <= 20; i++)
		expect_no_work_dir(i);
	avad_stop();
	/* Nothing followed the links of those trees. */
	assert_int_equal(access("/etc/passwd", F_OK), 0);
}

static void test_many_at_once(void **state)
{
	int fds[50], i;

	(void)state;
	avad_start();
	for (i = 0; i < 50; i++)
		fds[i] = guest_open("echo", NULL);
	for (i = 0; i < 50; i++)
		guest_report(fds[i]);
	for (i = 0; i < 50; i++)
		close(fds[i]);
	for (i = 1; i <= 50; i++)
		expect_no_work_dir(i);
	avad_stop();
}

/* Servers live on; the next manager leaves what is in use and clears the rest. */
static void test_restart(void **state)
{
	uint64_t kept, left;
	int fd_kept, fd_left;
	pid_t pid;

	(void)state;
	avad_start();
	fd_kept = guest_open("echo", &kept);
	guest_report(fd_kept);
	fd_left = guest_open("echo", &left);
	pid = report_pid(guest_report(fd_left));
	avad_stop();
	close(fd_left);
	assert_true(ut_process_gone(pid, PATIENCE));
	assert_true(work_dir_exists(left));
	close(t.log);
	avad_start();
	assert_false(work_dir_exists(left));
	assert_true(work_dir_exists(kept));
	guest_command(fd_kept, 'n');	/* still served */
	close(fd_kept);
	avad_stop();
}

static void test_killed(void **state)
{
	int fd;

	(void)state;
	avad_start();
	fd = guest_open("echo", NULL);
	guest_report(fd);
	kill(t.pid, SIGKILL);
	assert_int_equal(avad_wait(), -SIGKILL);
	close(t.device);
	close(t.log);
	avad_start();
	guest_command(fd, 'n');
	close(fd);
	avad_stop();
}

static void test_reload(void **state)
{
	FILE *f;
	int fd;

	(void)state;
	avad_start();
	expect_reject(guest_open("late", NULL), AVA_REJECT_NO_API);
	write_config("late", ut_tool("standin-server"), ", \"namespaces\": []");
	kill(t.pid, SIGHUP);
	expect_notify("RELOADING=1");
	expect_notify("READY=1");
	expect_log("serving late with ");
	fd = guest_open("late", NULL);
	guest_report(fd);
	f = fopen(in_dir("conf/late.json"), "w");
	fputs("{ \"api\": \"late\" }", f);
	fclose(f);
	kill(t.pid, SIGHUP);
	expect_notify("RELOADING=1");
	expect_notify("READY=1");
	expect_log("late.json:1: expected the keys");
	expect_log("the configuration stays as it was");
	close(fd);
	fd = guest_open("late", NULL);
	guest_report(fd);
	close(fd);
	avad_stop();
}

static int child_unshare(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET) ? 1 : 0;
}

static bool can_make_namespaces(void)
{
	return !geteuid() && !ut_child(child_unshare, NULL);
}

/* What a server started does not outlive it, and sees no process of the host. */
static void test_namespaces(void **state)
{
	const char *report;
	int fd;

	(void)state;
	if (!can_make_namespaces())
		skip();
	write_config("echo", ut_tool("standin-server"), "");
	avad_start();
	fd = guest_open("echo", NULL);
	report = guest_report(fd);
	assert_int_equal(report_pid(report), 1);
	assert_non_null(strstr(report, "init=1\n"));
	guest_command(fd, 'f');
	guest_command(fd, 'x');
	/* The child of 'f' holds the context too: it is seen to end, so the child did. */
	expect_log("exited with status 5");
	expect_end(fd);
	avad_stop();
}

/* A server can write to nothing that another one sees, nor fill the host's disk. */
static void test_work_dir_alone(void **state)
{
	char name[64], more[160];
	uint64_t id;
	int fd;

	(void)state;
	if (!can_make_namespaces())
		skip();
	snprintf(more, sizeof(more), ", \"writable\": [\"%s\"]", in_dir("shared"));
	write_config("echo", ut_tool("standin-server"), more);
	assert_int_equal(mkdir(in_dir("shared"), 0700), 0);
	avad_start();
	fd = guest_open("echo", &id);
	guest_report(fd);
	guest_command(fd, 'o');
	assert_int_equal(access(in_dir("shared/probe"), F_OK), 0);
	guest_command(fd, 'w');
	snprintf(name, sizeof(name), "work/%llu/f0", (unsigned long long)id);
	assert_int_not_equal(access(in_dir(name), F_OK), 0);
	avad_stop();
	close(t.log);
	avad_start();
	assert_true(work_dir_exists(id));	/* the next manager sees that it is in use */
	guest_command(fd, 'n');
	close(fd);
	avad_stop();
}

/* The real runtime gets through its sandbox there, up to what only a kernel gives. */
static void test_real_server(void **state)
{
	uint64_t id;

	(void)state;
	if (!can_make_namespaces())
		skip();
	write_config("echo", ut_tool("echo-server"), ", \"limits\": { \"nofile\": 50 }");
	avad_start();
	close(guest_open("echo", &id));
	expect_log("ava-server-echo: cannot attach to the context: Inappropriate ioctl");
	expect_log("exited with status 1");
	expect_no_work_dir(id);
	avad_stop();
}

static void test_no_device(void **state)
{
	(void)state;
	close(t.listener);
	unlink(in_dir("device"));
	avad_launch();
	assert_int_equal(avad_wait(), EXIT_FAILURE);
	expect_log("device: no such device; is the module ava_host loaded?");
}

/* Whoever watches over the manager starts it again only if it says that it failed. */
static void test_device_fails(void **state)
{
	(void)state;
	avad_start();
	close(t.device);
	expect_log("cannot accept a context: Broken pipe");
	expect_notify("STOPPING=1");
	assert_int_equal(avad_wait(), EXIT_FAILURE);
}

static void test_bad_config_at_start(void **state)
{
	(void)state;
	write_config("echo", "relative", "");
	avad_launch();
	assert_int_equal(avad_wait(), EXIT_FAILURE);
	expect_log("echo.json:1: \"server\": expected an absolute path");
}

static void check_options(int expected, const char *text, const char *a, const char *b)
{
	char *argv[] = { (char *)ut_tool("avad-standin"), (char *)a, (char *)b, NULL };
	char *out;
	int ret = ut_run(argv, &out);

	if (ret != expected || !strstr(out, text))
		fail_msg("status %d, said \"%s\"", ret, out);
	free(out);
}

static void test_options(void **state)
{
	char config[160];

	(void)state;
	snprintf(config, sizeof(config), "--config-dir=%s", in_dir("conf"));
	check_options(0, "usage: avad", "--help", NULL);
	check_options(2, "usage: avad", "--what", NULL);
	check_options(2, "usage: avad", "more", NULL);
	check_options(0, "", "--check", config);
	check_options(1, "expected a directory", "--check", "--config-dir=/nonexistent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_serves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_survives_crashes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
		cmocka_unit_test_setup_teardown(test_namespaces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_work_dir_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_real_server, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_config_at_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_options, setup, teardown),
	};

	return cmocka_run_group_tests_name("avad", tests, NULL, NULL);
}
