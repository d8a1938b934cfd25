// SPDX-License-Identifier: Apache-2.0
/*
 * log.c - the manager's log: one line an event, to stderr
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/log.h"
#include "log.h"

static bool journal;

/* The journal says which file stderr was when it made the stream. */
void avad_log_init(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	journal = text && sscanf(text, "%llu:%llu", &dev, &ino) == 2 &&
		  !fstat(STDERR_FILENO, &st) && st.st_dev == dev && st.st_ino == ino;
}

void avad_log(int priority, const char *fmt, ...)
{
	char text[900], who[16] = "avad";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (journal)
		snprintf(who, sizeof(who), "<%d>avad", priority);
	ava_log(who, "%s", text);
}
