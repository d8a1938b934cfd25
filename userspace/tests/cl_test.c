// SPDX-License-Identifier: Apache-2.0
/*
 * cl_test.c - one OpenCL device for a test program to work on
 */
#include "cl_test.h"

static void bail_out(const char *what, cl_int err)
{
	printf("Bail out! %s: %s\n", what, cl_name(err));
	exit(EXIT_FAILURE);
}

void cl_env_open(struct cl_env *env)
{
	cl_int err = clGetPlatformIDs(1, &env->platform, NULL);

	if (err)
		bail_out("clGetPlatformIDs", err);
	err = clGetDeviceIDs(env->platform, CL_DEVICE_TYPE_ALL, 1, &env->device, NULL);
	if (err)
		bail_out("clGetDeviceIDs", err);
	env->context = clCreateContext(NULL, 1, &env->device, NULL, NULL, &err);
	if (err)
		bail_out("clCreateContext", err);
	env->queue = clCreateCommandQueue(env->context, env->device,
					  CL_QUEUE_PROFILING_ENABLE, &err);
	if (err)
		bail_out("clCreateCommandQueue", err);
}

void cl_env_close(struct cl_env *env)
{
	clReleaseCommandQueue(env->queue);
	clReleaseContext(env->context);
}

cl_program cl_test_build(const struct cl_env *env, const char *source,
			 const char *options)
{
	cl_int err;
	cl_program program = clCreateProgramWithSource(env->context, 1, &source,
						       NULL, &err);

	if (err)
		bail_out("clCreateProgramWithSource", err);
	err = clBuildProgram(program, 1, &env->device, options, NULL, NULL);
	if (err)
		bail_out("clBuildProgram", err);
	return program;
}

cl_kernel cl_test_kernel(cl_program program, const char *name)
{
	cl_int err;
	cl_kernel kernel = clCreateKernel(program, name, &err);

	if (err)
		bail_out("clCreateKernel", err);
	return kernel;
}

cl_mem cl_test_buffer(const struct cl_env *env, size_t size)
{
	cl_int err;
	cl_mem mem = clCreateBuffer(env->context, CL_MEM_READ_WRITE, size, NULL, &err);

	if (err)
		bail_out("clCreateBuffer", err);
	return mem;
}

bool cl_test_holds(const struct cl_env *env, cl_mem mem, size_t offset, size_t len,
		   const void *want)
{
	uint8_t *got = malloc(len);
	cl_int err = clEnqueueReadBuffer(env->queue, mem, CL_TRUE, offset, len, got, 0,
					 NULL, NULL);
	bool same = !err && !memcmp(got, want, len);

	if (err)
		printf("# clEnqueueReadBuffer: %s\n", cl_name(err));
	for (size_t i = 0; !same && !err && i < len; i++)
		if (got[i] != ((const uint8_t *)want)[i]) {
			printf("# byte %zu is %#x\n", offset + i, got[i]);
			break;
		}
	free(got);
	return same;
}

cl_int cl_test_status(cl_event event)
{
	cl_int status = CL_QUEUED, err;

	err = clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
			     &status, NULL);
	if (err)
		printf("# clGetEventInfo: %s\n", cl_name(err));
	return status;
}

int cl_test_times(int n)
{
	const char *text = getenv("CL_TEST_PART");
	const int part = text ? atoi(text) : 1;

	return part > 1 && n > part ? n / part : n;
}
