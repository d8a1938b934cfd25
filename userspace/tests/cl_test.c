// SPDX-License-Identifier: Apache-2.0
/*
 * cl_test.c - TAP lines, and one OpenCL device for a test program to work on
 */
#include "cl_test.h"

#include <stdarg.h>

static int cases;
static int failures;

static const struct {
	cl_int err;
	const char *name;
} names[] = {
#define E(x) { x, #x }
	E(CL_SUCCESS), E(CL_DEVICE_NOT_FOUND), E(CL_DEVICE_NOT_AVAILABLE),
	E(CL_COMPILER_NOT_AVAILABLE), E(CL_MEM_OBJECT_ALLOCATION_FAILURE),
	E(CL_OUT_OF_RESOURCES), E(CL_OUT_OF_HOST_MEMORY),
	E(CL_PROFILING_INFO_NOT_AVAILABLE), E(CL_MEM_COPY_OVERLAP),
	E(CL_IMAGE_FORMAT_MISMATCH), E(CL_IMAGE_FORMAT_NOT_SUPPORTED),
	E(CL_BUILD_PROGRAM_FAILURE), E(CL_MAP_FAILURE),
	E(CL_MISALIGNED_SUB_BUFFER_OFFSET),
	E(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
	E(CL_COMPILE_PROGRAM_FAILURE), E(CL_LINKER_NOT_AVAILABLE),
	E(CL_LINK_PROGRAM_FAILURE), E(CL_DEVICE_PARTITION_FAILED),
	E(CL_KERNEL_ARG_INFO_NOT_AVAILABLE), E(CL_INVALID_VALUE),
	E(CL_INVALID_DEVICE_TYPE), E(CL_INVALID_PLATFORM),
	E(CL_INVALID_DEVICE), E(CL_INVALID_CONTEXT),
	E(CL_INVALID_QUEUE_PROPERTIES), E(CL_INVALID_COMMAND_QUEUE),
	E(CL_INVALID_HOST_PTR), E(CL_INVALID_MEM_OBJECT),
	E(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR), E(CL_INVALID_IMAGE_SIZE),
	E(CL_INVALID_SAMPLER), E(CL_INVALID_BINARY),
	E(CL_INVALID_BUILD_OPTIONS), E(CL_INVALID_PROGRAM),
	E(CL_INVALID_PROGRAM_EXECUTABLE), E(CL_INVALID_KERNEL_NAME),
	E(CL_INVALID_KERNEL_DEFINITION), E(CL_INVALID_KERNEL),
	E(CL_INVALID_ARG_INDEX), E(CL_INVALID_ARG_VALUE),
	E(CL_INVALID_ARG_SIZE), E(CL_INVALID_KERNEL_ARGS),
	E(CL_INVALID_WORK_DIMENSION), E(CL_INVALID_WORK_GROUP_SIZE),
	E(CL_INVALID_WORK_ITEM_SIZE), E(CL_INVALID_GLOBAL_OFFSET),
	E(CL_INVALID_EVENT_WAIT_LIST), E(CL_INVALID_EVENT),
	E(CL_INVALID_OPERATION), E(CL_INVALID_GL_OBJECT),
	E(CL_INVALID_BUFFER_SIZE), E(CL_INVALID_MIP_LEVEL),
	E(CL_INVALID_GLOBAL_WORK_SIZE), E(CL_INVALID_PROPERTY),
	E(CL_INVALID_IMAGE_DESCRIPTOR), E(CL_INVALID_COMPILER_OPTIONS),
	E(CL_INVALID_LINKER_OPTIONS), E(CL_INVALID_DEVICE_PARTITION_COUNT),
	E(CL_INVALID_PIPE_SIZE), E(CL_INVALID_DEVICE_QUEUE),
#undef E
	{ -1001, "CL_PLATFORM_NOT_FOUND_KHR" },
};

const char *cl_name(cl_int err)
{
	static _Thread_local char unknown[24];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].err == err)
			return names[i].name;
	snprintf(unknown, sizeof(unknown), "%d", err);
	return unknown;
}

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

void cl_test_pattern(uint8_t *p, size_t len, uint32_t seed)
{
	uint32_t state = seed * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		p[i] = state >> 24;
	}
}
