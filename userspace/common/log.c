// SPDX-License-Identifier: Apache-2.0
/*
 * log.c - one line to stderr, written at once so that threads do not mix
 *
 * Used where stdio may not be: in a library that others load, and in a child
 * between fork and exec.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

void ava_log(const char *who, const char *fmt, ...)
{
	int saved = errno;
	char line[1024];
	va_list ap;
	size_t len;
	ssize_t ret;

	snprintf(line, sizeof(line), "%s: ", who);
	len = strlen(line);
	va_start(ap, fmt);
	vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	va_end(ap);
	len = strlen(line);
	line[len++] = '\n';
	ret = write(STDERR_FILENO, line, len);
	(void)ret;
	errno = saved;
}
