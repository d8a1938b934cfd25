// SPDX-License-Identifier: Apache-2.0
/*
 * echo_server.c - the test API's server
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ava/callback.h>

#include "echo_api.h"

static atomic_uint_fast64_t counter;

static int reply_u64(struct ava_server_call *call, uint64_t value)
{
	if (call->reply_cap < sizeof(value))
		return -EBADMSG;
	memcpy(call->reply, &value, sizeof(value));
	call->reply_len = sizeof(value);
	return 0;
}

static int echo_reply(struct ava_server_call *call)
{
	call->device_ns = 77;
	if (call->args_len > call->reply_cap)
		return -EBADMSG;
	memcpy(call->reply, call->args, call->args_len);
	call->reply_len = call->args_len;
	return 0;
}

static int echo_sum(struct ava_server_call *call)
{
	uint64_t sum = 0, i, len;
	unsigned char *buf;

	if (!call->seg_count)
		return -EBADMSG;
	len = call->segs[0].len;
	buf = malloc(len + 1);
	if (ava_server_pull(call, 0, 0, buf, len)) {
		free(buf);
		return -EBADMSG;
	}
	for (i = 0; i < len; i++)
		sum += buf[i];
	free(buf);
	return reply_u64(call, sum);
}

static int echo_fill(struct ava_server_call *call)
{
	uint64_t len, half;
	void *buf;
	int ret;

	if (!call->seg_count)
		return -EBADMSG;
	len = call->segs[0].len;
	half = len / 2;
	buf = malloc(len + 1);
	memset(buf, *(const unsigned char *)call->args, len);
	ret = ava_server_push(call, 0, 0, buf, half);
	if (!ret)
		ret = ava_server_push(call, 0, half, buf, len - half);
	free(buf);
	return ret ? -EBADMSG : 0;
}

static int echo_count(struct ava_server_call *call)
{
	uint64_t add;

	memcpy(&add, call->args, sizeof(add));
	counter += add;
	return 0;
}

static uint64_t error_of(long ret)
{
	return ret < 0 ? errno : 0;
}

static uint64_t probe_caps(void)
{
	unsigned long long caps = ~0ull;
	FILE *f = fopen("/proc/thread-self/status", "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "CapEff: %llx", &caps);
	if (f)
		fclose(f);
	return caps;
}

static uint64_t probe_rlimit(int resource)
{
	struct rlimit rlim;

	return getrlimit(resource, &rlim) ? ~0ull : rlim.rlim_max;
}

static uint64_t probe_file(const char *dir)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/ava-probe", dir ? dir : "");
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return error_of(fd);
}

static uint64_t probe_new_user(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (!pid)
		_exit(0);
	return error_of(pid);
}

static uint64_t probe_number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

static uint64_t probe_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 0 : CPU_COUNT(&set);
}

static uint64_t probe_cwd(void)
{
	struct stat st;

	return stat(".", &st) ? 0 : st.st_ino;
}

static uint64_t probe(uint32_t what)
{
	switch (what) {
	case ECHO_PROBE_UID:
		return getuid();
	case ECHO_PROBE_CAPS:
		return probe_caps();
	case ECHO_PROBE_PTRACE:
		return error_of(ptrace(PTRACE_TRACEME, 0, 0, 0));
	case ECHO_PROBE_UNSHARE:
		return error_of(unshare(CLONE_NEWUSER));
	case ECHO_PROBE_VSOCK:
		return error_of(socket(AF_VSOCK, SOCK_STREAM, 0));
	case ECHO_PROBE_NEWUSER:
		return probe_new_user();
	case ECHO_PROBE_NNP:
		return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	case ECHO_PROBE_CORE:
		return probe_rlimit(RLIMIT_CORE);
	case ECHO_PROBE_WRITE:
		return probe_file(getenv("HOME"));
	case ECHO_PROBE_ETC:
		return probe_file("/etc");
	case ECHO_PROBE_EXEC:
		return system("exit 3") >> 8;
	case ECHO_PROBE_DUMPABLE:
		return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	case ECHO_PROBE_NOFILE:
		return probe_rlimit(RLIMIT_NOFILE);
	case ECHO_PROBE_IOURING:
		return error_of(syscall(SYS_io_uring_setup, 0, NULL));
	case ECHO_PROBE_TTY:
		return error_of(ioctl(STDERR_FILENO, TIOCLINUX, ""));
	case ECHO_PROBE_VARIABLE:
		return probe_number("ECHO_VARIABLE");
	case ECHO_PROBE_CHANNEL:
		return !!getenv("AVA_CHANNEL");
	case ECHO_PROBE_VENDORS:
		return probe_number("OCL_ICD_VENDORS");
	case ECHO_PROBE_CPUS:
		return probe_cpus();
	case ECHO_PROBE_STDERR:
		return fprintf(stderr, "echo says\n");
	case ECHO_PROBE_LIBRARY:
		return !!dlopen("libava-probe.so", RTLD_LAZY);
	case ECHO_PROBE_CWD:
		return probe_cwd();
	}
	return ~0ull;
}

static int echo_probe(struct ava_server_call *call)
{
	uint32_t what;

	memcpy(&what, call->args, sizeof(what));
	return reply_u64(call, probe(what));
}

/* The payload is as long as the number's last two digits say. */
static int echo_events(struct ava_server_call *call)
{
	uint8_t data[AVA_CALLBACK_MAX];
	uint32_t count, i;

	memcpy(&count, call->args, sizeof(count));
	for (i = 0; i < count; i++) {
		memset(data, i, sizeof(data));
		if (ava_server_event(i, data, i % 100))
			return -EBADMSG;
	}
	return 0;
}

int echo_dispatch(struct ava_server_call *call)
{
	switch (call->func) {
	case ECHO_REPLY:
		return echo_reply(call);
	case ECHO_SUM:
		return echo_sum(call);
	case ECHO_FILL:
		return echo_fill(call);
	case ECHO_COUNT:
		return echo_count(call);
	case ECHO_READ:
		return reply_u64(call, counter);
	case ECHO_BLOCK:
		for (;;)
			pause();
	case ECHO_CRASH:
		raise(SIGKILL);
		return 0;
	case ECHO_PID:
		return reply_u64(call, getpid());
	case ECHO_PROBE:
		return echo_probe(call);
	case ECHO_EVENTS:
		return echo_events(call);
	}
	return -EBADMSG;
}
