/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cl_test.h - what the OpenCL test programs share: TAP, and one device with a queue
 *
 * The programs use OpenCL only and know nothing of AvA: they run natively, over
 * a socket and in a guest, and must say the same everywhere.
 */
#ifndef AVA_TESTS_CL_TEST_H
#define AVA_TESTS_CL_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

#include "../examples/cl_name.h"

struct cl_env {
	cl_platform_id platform;
	cl_device_id device;
	cl_context context;
	cl_command_queue queue;
};

/* One test case. */
bool tap(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A call that must succeed, or whatever error is expected. */
bool tap_err(cl_int err, cl_int expected, const char *name);

void tap_skip(const char *name, const char *why);

/* The plan; the program's exit status. */
int tap_end(void);

/* The first device and an in-order profiling queue; exits if there is none. */
void cl_env_open(struct cl_env *env);
void cl_env_close(struct cl_env *env);

/* Build @source, or say "Bail out!" and exit. */
cl_program cl_test_build(const struct cl_env *env, const char *source,
			 const char *options);
cl_kernel cl_test_kernel(cl_program program, const char *name);
cl_mem cl_test_buffer(const struct cl_env *env, size_t size);

/* Are bytes [@offset, @offset + @len) of @mem those of @want? A blocking read tells. */
bool cl_test_holds(const struct cl_env *env, cl_mem mem, size_t offset, size_t len,
		   const void *want);

/* CL_EVENT_COMMAND_EXECUTION_STATUS. */
cl_int cl_test_status(cl_event event);

/* Seconds of a clock that only goes forward. */
double cl_test_seconds(void);

/* Bytes that differ from place to place and from @seed to @seed. */
void cl_test_pattern(uint8_t *p, size_t len, uint32_t seed);

/* @n, or less where CL_TEST_PART says so: each machine repeats as often as it is fast. */
int cl_test_times(int n);

#endif /* AVA_TESTS_CL_TEST_H */
