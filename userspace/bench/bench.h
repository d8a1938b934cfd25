/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h - what cl_bench can measure
 */
#ifndef AVA_BENCH_H
#define AVA_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

/* The largest transfer. */
#define BENCH_MOST	(64u << 20)

struct bench_env {
	cl_device_id device;
	cl_context context;
	cl_command_queue queue;
	cl_kernel kernel;
	cl_mem small;		/* the kernel's argument */
	cl_mem mem;		/* BENCH_MOST bytes, as are both of these */
	uint8_t *host;
	uint8_t *other;
};

struct bench {
	const char *name;
	/* Does it @n times, with an argument of its own; ns for all of them. */
	double (*run)(struct bench_env *env, size_t arg, long n);
	size_t arg;
};

/* Ends with a name of NULL. */
extern const struct bench bench_list[];

void bench_open(struct bench_env *env);
void bench_close(struct bench_env *env);

/* CLOCK_MONOTONIC in ns. */
double bench_now(void);

/* Ends the process if @err is one. */
void bench_must(cl_int err, const char *what);

#endif /* AVA_BENCH_H */
