// SPDX-License-Identifier: Apache-2.0
/*
 * cl_setup.c - pick an OpenCL device by number, open it, build a program for it
 */
#include "cl_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cl_failed(const char *what, cl_int err)
{
	fprintf(stderr, "%s: %s\n", what, cl_name(err));
	return -1;
}

static char *platform_text(cl_platform_id platform, cl_platform_info what)
{
	size_t size = 0;
	char *text;

	if (clGetPlatformInfo(platform, what, 0, NULL, &size))
		return NULL;
	text = calloc(1, size + 1);
	if (text && clGetPlatformInfo(platform, what, size, text, NULL)) {
		free(text);
		return NULL;
	}
	return text;
}

static char *device_text(cl_device_id device, cl_device_info what)
{
	size_t size = 0;
	char *text;

	if (clGetDeviceInfo(device, what, 0, NULL, &size))
		return NULL;
	text = calloc(1, size + 1);
	if (text && clGetDeviceInfo(device, what, size, text, NULL)) {
		free(text);
		return NULL;
	}
	return text;
}

/* All platforms in a list to free; their number or -1. */
static int get_platforms(cl_platform_id **list)
{
	cl_uint count = 0;
	cl_int err = clGetPlatformIDs(0, NULL, &count);

	*list = NULL;
	if (err)
		return cl_failed("no OpenCL platform found: clGetPlatformIDs", err);
	*list = calloc(count, sizeof(**list));
	if (!*list)
		return cl_failed("platform list", CL_OUT_OF_HOST_MEMORY);
	err = clGetPlatformIDs(count, *list, NULL);
	if (err) {
		free(*list);
		return cl_failed("clGetPlatformIDs", err);
	}
	return (int)count;
}

static int get_devices(cl_platform_id platform, cl_device_id **list)
{
	cl_uint count = 0;
	cl_int err = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &count);

	*list = NULL;
	if (err == CL_DEVICE_NOT_FOUND)
		return 0;
	if (err)
		return cl_failed("clGetDeviceIDs", err);
	*list = calloc(count, sizeof(**list));
	if (!*list)
		return cl_failed("device list", CL_OUT_OF_HOST_MEMORY);
	err = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, *list, NULL);
	if (err) {
		free(*list);
		return cl_failed("clGetDeviceIDs", err);
	}
	return (int)count;
}

static int list_platform(int number, cl_platform_id platform)
{
	char *name = platform_text(platform, CL_PLATFORM_NAME);
	cl_device_id *devices;
	int count = get_devices(platform, &devices);

	printf("platform %d: %s\n", number, name ? name : "?");
	free(name);
	for (int i = 0; i < count; i++) {
		name = device_text(devices[i], CL_DEVICE_NAME);
		printf("  device %d: %s\n", i, name ? name : "?");
		free(name);
	}
	free(devices);
	return count < 0 ? -1 : 0;
}

int cl_list(void)
{
	cl_platform_id *platforms;
	int count = get_platforms(&platforms);
	int ret = count < 0 ? -1 : 0;

	for (int i = 0; i < count && !ret; i++)
		ret = list_platform(i, platforms[i]);
	free(platforms);
	return ret;
}

static int choose_platform(struct cl_open *cl, unsigned int number)
{
	cl_platform_id *platforms;
	int count = get_platforms(&platforms);

	if (count < 0)
		return -1;
	if (number < (unsigned int)count)
		cl->platform = platforms[number];
	else
		fprintf(stderr, "no platform %u: there are %d; --list shows them\n",
			number, count);
	free(platforms);
	return cl->platform ? 0 : -1;
}

static int choose_device(struct cl_open *cl, unsigned int number)
{
	cl_device_id *devices;
	int count = get_devices(cl->platform, &devices);

	if (count < 0)
		return -1;
	if (number < (unsigned int)count)
		cl->device = devices[number];
	else
		fprintf(stderr, "no device %u: the platform has %d; --list shows them\n",
			number, count);
	free(devices);
	return cl->device ? 0 : -1;
}

int cl_open_device(struct cl_open *cl, const struct cl_choice *choice)
{
	cl_context_properties props[3] = { CL_CONTEXT_PLATFORM, 0, 0 };
	cl_int err;

	memset(cl, 0, sizeof(*cl));
	if (choose_platform(cl, choice->platform) ||
	    choose_device(cl, choice->device))
		return -1;
	cl->platform_name = platform_text(cl->platform, CL_PLATFORM_NAME);
	cl->device_name = device_text(cl->device, CL_DEVICE_NAME);
	props[1] = (cl_context_properties)cl->platform;
	cl->context = clCreateContext(props, 1, &cl->device, NULL, NULL, &err);
	if (err) {
		cl_close_device(cl);
		return cl_failed("clCreateContext", err);
	}
	return 0;
}

void cl_close_device(struct cl_open *cl)
{
	if (cl->context)
		clReleaseContext(cl->context);
	free(cl->platform_name);
	free(cl->device_name);
	memset(cl, 0, sizeof(*cl));
}

cl_command_queue cl_open_queue(const struct cl_open *cl)
{
	cl_int err;
	cl_command_queue queue = clCreateCommandQueue(cl->context, cl->device,
						      CL_QUEUE_PROFILING_ENABLE,
						      &err);

	if (err) {
		cl_failed("clCreateCommandQueue", err);
		return NULL;
	}
	return queue;
}

static void print_build_log(cl_program program, cl_device_id device)
{
	size_t size = 0;
	char *log;

	clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
	log = calloc(1, size + 1);
	if (!log)
		return;
	clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
	fprintf(stderr, "%s\n", log);
	free(log);
}

cl_program cl_build(const struct cl_open *cl, const char *source,
		    const char *options)
{
	cl_int err;
	cl_program program = clCreateProgramWithSource(cl->context, 1, &source,
						       NULL, &err);

	if (err) {
		cl_failed("clCreateProgramWithSource", err);
		return NULL;
	}
	err = clBuildProgram(program, 1, &cl->device, options, NULL, NULL);
	if (err) {
		cl_failed("clBuildProgram", err);
		print_build_log(program, cl->device);
		clReleaseProgram(program);
		return NULL;
	}
	return program;
}

cl_ulong cl_event_ns(cl_event event)
{
	cl_ulong start = 0, end = 0;

	if (clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START,
				    sizeof(start), &start, NULL) ||
	    clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END,
				    sizeof(end), &end, NULL))
		return 0;
	return end - start;
}

unsigned long long wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}
