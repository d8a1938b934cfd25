/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap.h - what the test programs print
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>

static int tap_count, tap_failed;

#define OK(cond, ...) tap_check(!!(cond), #cond, __LINE__, __VA_ARGS__)

static inline void __attribute__((format(printf, 4, 5)))
tap_check(int good, const char *cond, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!good) {
		printf("# line %d: %s\n", line, cond);
		tap_failed = 1;
	}
	fflush(stdout);
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed;
}

#endif /* TAP_H */
