// SPDX-License-Identifier: Apache-2.0
/*
 * trace.c - a line for each call of the API, with its duration
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ava/trace.h>

#include "../common/log.h"

bool ava_trace_on;
static int trace_fd = STDERR_FILENO;

static void __attribute__((constructor)) trace_init(void)
{
	const char *to = secure_getenv("AVA_TRACE");

	if (!to || !*to || !strcmp(to, "0"))
		return;
	if (strcmp(to, "1") && strcmp(to, "stderr")) {
		trace_fd = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		if (trace_fd < 0) {
			ava_log("ava", "AVA_TRACE: cannot write to \"%s\": %s", to, strerror(errno));
			return;
		}
	}
	ava_trace_on = true;
}

uint64_t ava_trace_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

void ava_trace_call(const char *name, uint64_t start, enum ava_trace_how how)
{
	static const char *const names[] = {
		[AVA_TRACE_LOCAL] = "local",
		[AVA_TRACE_CACHED] = "cached",
		[AVA_TRACE_ASYNC] = "async",
		[AVA_TRACE_SYNC] = "sync",
	};
	double us = (ava_trace_now() - start) / 1000.0;
	int saved = errno, len;
	char line[256];

	len = snprintf(line, sizeof(line), "ava[%d.%d]: %-6s %12.3f us %s\n", getpid(), gettid(),
		       names[how], us, name);
	if (len >= (int)sizeof(line))
		len = sizeof(line) - 1;
	if (write(trace_fd, line, len) < 0)
		ava_trace_on = false;
	errno = saved;
}
