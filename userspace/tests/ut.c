// SPDX-License-Identifier: Apache-2.0
/*
 * ut.c - what the unit tests of userspace share
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ut.h"

#define CAPTURE_MAX	65536

const char *ut_tool(const char *name)
{
	static char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	assert_true(len > 0);
	path[len] = '\0';
	strcpy(strrchr(path, '/') + 1, name);
	return path;
}

bool ut_wait_readable(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, ms) == 1;
}

/* The server's socket appears by a rename, when it can be connected to. */
static void wait_for_file(int notify, const char *path)
{
	char event[4096];

	while (access(path, F_OK)) {
		assert_true(ut_wait_readable(notify, 60000));
		assert_true(read(notify, event, sizeof(event)) > 0);
	}
}

void ut_server_start(struct ut_server *s, const char *option)
{
	ut_server_start_tool(s, "echo-server", option);
}

void ut_server_start_tool(struct ut_server *s, const char *tool, const char *option)
{
	char arg[128], channel[128];
	int notify = inotify_init1(IN_CLOEXEC);

	strcpy(s->dir, "/tmp/ava-ut-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->path, sizeof(s->path), "%s/sock", s->dir);
	snprintf(arg, sizeof(arg), "--listen=%s", s->path);
	snprintf(channel, sizeof(channel), "LOCAL:%s", s->path);
	assert_true(inotify_add_watch(notify, s->dir, IN_MOVED_TO) >= 0);
	s->pid = fork();
	if (!s->pid) {
		execl(ut_tool(tool), tool, arg, option, NULL);
		_exit(127);
	}
	wait_for_file(notify, s->path);
	close(notify);
	setenv("AVA_CHANNEL", channel, 1);
}

void ut_server_stop(struct ut_server *s)
{
	int status;

	kill(s->pid, SIGTERM);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	assert_int_equal(status, 0);
	assert_int_not_equal(access(s->path, F_OK), 0);
	assert_int_equal(rmdir(s->dir), 0);
}

static char *read_all(int fd)
{
	char *text = calloc(1, CAPTURE_MAX);
	size_t len = 0;
	ssize_t ret;

	while ((ret = read(fd, text + len, CAPTURE_MAX - 1 - len)) > 0)
		len += ret;
	return text;
}

int ut_run(char *const argv[], char **out)
{
	int pipefd[2], status;
	pid_t pid;
	char *text;

	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		dup2(pipefd[1], STDOUT_FILENO);
		dup2(pipefd[1], STDERR_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(pipefd[1]);
	text = read_all(pipefd[0]);
	close(pipefd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (out)
		*out = text;
	else
		free(text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int capture_fd = -1;
static int capture_old;

void ut_capture_begin(void)
{
	capture_fd = memfd_create("stderr", MFD_CLOEXEC);
	capture_old = dup(STDERR_FILENO);
	dup2(capture_fd, STDERR_FILENO);
}

const char *ut_capture_end(void)
{
	static char *text;

	dup2(capture_old, STDERR_FILENO);
	close(capture_old);
	lseek(capture_fd, 0, SEEK_SET);
	free(text);
	text = read_all(capture_fd);
	close(capture_fd);
	return text;
}

unsigned int ut_count(const char *text, const char *needle)
{
	unsigned int count = 0;

	while ((text = strstr(text, needle))) {
		count++;
		text += strlen(needle);
	}
	return count;
}

unsigned int ut_fd_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 3;	/* ".", ".." and the directory's own */
}

bool ut_process_gone(pid_t pid, int ms)
{
	int fd = pidfd_open(pid, 0);
	bool gone;

	if (fd < 0)
		return errno == ESRCH;
	gone = ut_wait_readable(fd, ms);
	close(fd);
	return gone;
}

int ut_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int ut_echo(struct ava_context *ctx, const void *args, uint32_t len, void *reply,
	    uint32_t cap, uint32_t *reply_len)
{
	struct ava_call call = {
		.func = ECHO_REPLY,
		.args = (uintptr_t)args,
		.args_len = len,
		.reply = (uintptr_t)reply,
		.reply_cap = cap,
	};
	int ret = ava_context_call(ctx, &call);

	assert_int_equal(ret, call.status);
	if (!ret)
		assert_int_equal(call.device_ns, 77);
	*reply_len = call.reply_len;
	return ret;
}

int ut_u64(struct ava_context *ctx, uint32_t func, const void *args, uint32_t len,
	   uint64_t *value)
{
	struct ava_call call = {
		.func = func,
		.args = (uintptr_t)args,
		.args_len = len,
		.reply = (uintptr_t)value,
		.reply_cap = sizeof(*value),
	};

	return ava_context_call(ctx, &call);
}

int ut_sum(struct ava_context *ctx, const void *buf, uint64_t len, uint64_t *sum)
{
	struct ava_seg seg = { .addr = (uintptr_t)buf, .len = len, .flags = AVA_SEG_TO_HOST };
	struct ava_call call = {
		.func = ECHO_SUM,
		.reply = (uintptr_t)sum,
		.reply_cap = sizeof(*sum),
		.segs = (uintptr_t)&seg,
		.seg_count = 1,
	};

	return ava_context_call(ctx, &call);
}

int ut_fill(struct ava_context *ctx, void *buf, uint64_t len, uint8_t value, uint32_t flags)
{
	struct ava_seg seg = { .addr = (uintptr_t)buf, .len = len, .flags = AVA_SEG_FROM_HOST };
	struct ava_call call = {
		.func = ECHO_FILL,
		.args = (uintptr_t)&value,
		.args_len = 1,
		.segs = (uintptr_t)&seg,
		.seg_count = 1,
		.flags = flags,
	};

	return ava_context_call(ctx, &call);
}

int ut_count_add(struct ava_context *ctx, uint64_t add)
{
	struct ava_call call = {
		.func = ECHO_COUNT,
		.args = (uintptr_t)&add,
		.args_len = sizeof(add),
		.flags = AVA_CALL_ASYNC,
	};

	return ava_context_call(ctx, &call);
}

int ut_plain(struct ava_context *ctx, uint32_t func, uint32_t flags)
{
	struct ava_call call = { .func = func, .flags = flags };

	return ava_context_call(ctx, &call);
}
