// SPDX-License-Identifier: Apache-2.0
/*
 * cl_killed.c - what a program sees when its API server dies under it
 *
 * Runs kernels until one fails, having said "# ready" once they run; the test
 * that starts it then kills the server. Every call must come back with an OpenCL
 * error, this one and all later ones; nothing may hang, crash or succeed.
 * --rounds N gives up after N kernels: then nobody was killed.
 */
#include "cl_test.h"

#include <time.h>

#define LATER_S	20	/* all later calls; much less but on a machine that is busy */

static const char source[] =
"__kernel void spin(__global uint *out, uint rounds)\n"
"{\n"
"	uint x = get_global_id(0) + 1;\n"
"\n"
"	for (uint i = 0; i < rounds; i++)\n"
"		x = x * 1664525u + 1013904223u;\n"
"	out[get_global_id(0)] = x;\n"
"}\n";

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static cl_int spin_once(const struct cl_env *env, cl_kernel kernel)
{
	const size_t items = 64;
	cl_int err = clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items, NULL, 0,
					    NULL, NULL);

	return err ? err : clFinish(env->queue);
}

static cl_int spin_until_error(const struct cl_env *env, cl_kernel kernel, long rounds)
{
	cl_int err = spin_once(env, kernel);

	printf("# ready\n");
	fflush(stdout);
	for (long i = 0; !err && i < rounds; i++)
		err = spin_once(env, kernel);
	return err;
}

static void refused(cl_int err, const char *name)
{
	tap(err < 0, "%s fails: %s", name, cl_name(err));
}

static void later_calls(const struct cl_env *env, cl_kernel kernel, cl_mem mem)
{
	char bytes[256];
	cl_uint n;
	cl_int err = 0;
	cl_mem other;

	refused(clFinish(env->queue), "clFinish");
	refused(clSetKernelArg(kernel, 0, sizeof(mem), &mem), "clSetKernelArg");
	refused(spin_once(env, kernel), "clEnqueueNDRangeKernel");
	err = clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, sizeof(bytes), bytes, 0,
				  NULL, NULL);
	refused(err, "clEnqueueReadBuffer");
	err = clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 0, sizeof(bytes), bytes, 0,
				   NULL, NULL);
	refused(err, "clEnqueueWriteBuffer");
	other = clCreateBuffer(env->context, CL_MEM_READ_WRITE, 64, NULL, &err);
	tap(!other, "clCreateBuffer makes nothing");
	refused(err, "clCreateBuffer");
	refused(clGetContextInfo(env->context, CL_CONTEXT_NUM_DEVICES, sizeof(n), &n,
				 NULL), "clGetContextInfo");
}

int main(int argc, char **argv)
{
	long rounds = argc == 3 && !strcmp(argv[1], "--rounds") ? atol(argv[2]) : 1000000;
	const cl_uint steps = 100000;
	cl_program program;
	struct cl_env env;
	cl_kernel kernel;
	double start;
	cl_mem mem;
	cl_int err;

	cl_env_open(&env);
	mem = cl_test_buffer(&env, 256);
	program = cl_test_build(&env, source, "");
	kernel = cl_test_kernel(program, "spin");
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clSetKernelArg(kernel, 1, sizeof(steps), &steps);
	err = spin_until_error(&env, kernel, rounds);
	start = seconds();
	if (tap(err < 0, "the call under way fails: %s", cl_name(err)))
		later_calls(&env, kernel, mem);
	clReleaseMemObject(mem);
	clReleaseKernel(kernel);
	clReleaseProgram(program);
	cl_env_close(&env);
	tap(seconds() - start < LATER_S, "none of the later calls waits");
	return tap_end();
}
