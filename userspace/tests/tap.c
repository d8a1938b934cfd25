// SPDX-License-Identifier: Apache-2.0
/*
 * tap.c - TAP lines and what else needs no OpenCL library
 */
#include "cl_test.h"

#include <stdarg.h>
#include <time.h>

static int cases;
static int failures;

bool tap(bool good, const char *format, ...)
{
	va_list args;

	cases++;
	failures += !good;
	printf("%s %d - ", good ? "ok" : "not ok", cases);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return good;
}

bool tap_err(cl_int err, cl_int expected, const char *name)
{
	if (err != expected)
		printf("# got %s\n", cl_name(err));
	if (expected)
		return tap(err == expected, "%s: %s", name, cl_name(expected));
	return tap(!err, "%s", name);
}

void tap_skip(const char *name, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++cases, name, why);
}

int tap_end(void)
{
	printf("1..%d\n", cases);
	if (failures)
		printf("# %d of %d failed\n", failures, cases);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

double cl_test_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

void cl_test_pattern(uint8_t *p, size_t len, uint32_t seed)
{
	uint32_t state = seed * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		p[i] = state >> 24;
	}
}
