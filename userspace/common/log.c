// SPDX-License-Identifier: Apache-2.0
/*
 * log.c - one line to stderr, written at once so that threads do not mix
 *
 * Used where stdio may not be: in a library that others load, and in a child
 * between fork and exec.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/*
 * Nobody dies of a reader of its stderr that went: SIGPIPE is blocked, and taken if it
 * came. Nor is a thread cancelled here, whose locks would stay.
 */
static void write_quietly(const char *line, size_t len)
{
	const struct timespec now = { 0 };
	sigset_t pipe, old, pending;
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	if (write(STDERR_FILENO, line, len) < 0 && errno == EPIPE &&
	    !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_setcancelstate(state, &state);
}

void ava_log(const char *who, const char *fmt, ...)
{
	int saved = errno;
	char line[1024];
	va_list ap;
	size_t len;

	snprintf(line, sizeof(line), "%s: ", who);
	len = strlen(line);
	va_start(ap, fmt);
	vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	va_end(ap);
	len = strlen(line);
	line[len++] = '\n';
	write_quietly(line, len);
	errno = saved;
}
