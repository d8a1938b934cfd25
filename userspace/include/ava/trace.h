/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - a line for each call of the API, with its duration
 *
 * On when the environment variable AVA_TRACE is set: "1" or "stderr" writes to
 * stderr, anything else is the name of a file that lines are appended to.
 */
#ifndef AVA_TRACE_H
#define AVA_TRACE_H

#include <stdbool.h>
#include <stdint.h>

extern bool ava_trace_on;	/* set before main(); hidden */

enum ava_trace_how {
	AVA_TRACE_LOCAL,	/* answered in the guest */
	AVA_TRACE_CACHED,
	AVA_TRACE_ASYNC,
	AVA_TRACE_SYNC,
};

/**
 * ava_trace_now() - CLOCK_MONOTONIC in ns
 */
uint64_t ava_trace_now(void);

/**
 * ava_trace_call() - write the line of a call
 * @name: of the function; static storage
 * @start: of ava_trace_now()
 * @how: what it cost
 *
 * Any thread; one write(2) a line.
 */
void ava_trace_call(const char *name, uint64_t start, enum ava_trace_how how);

#endif /* AVA_TRACE_H */
