// SPDX-License-Identifier: Apache-2.0
/*
 * lab-hold.c - an OpenCL program with a call in flight that will not end by itself
 *
 * Waits for a user event that nobody completes. A test then kills it, or what
 * serves it. If the wait comes back, prints its error and that of a later call:
 * the program must live, and both must be errors.
 */
#include <stdio.h>
#include <stdlib.h>

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

static void need(const char *what, cl_int err)
{
	if (!err)
		return;
	printf("%s: %d\n", what, err);
	exit(3);
}

int main(void)
{
	cl_platform_id platform;
	cl_device_id device;
	cl_context context;
	cl_event event;
	cl_mem buffer;
	cl_int err, later;

	need("clGetPlatformIDs", clGetPlatformIDs(1, &platform, NULL));
	need("clGetDeviceIDs",
	     clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL));
	context = clCreateContext(NULL, 1, &device, NULL, NULL, &err);
	need("clCreateContext", err);
	event = clCreateUserEvent(context, &err);
	need("clCreateUserEvent", err);
	puts("holding");
	fflush(stdout);
	err = clWaitForEvents(1, &event);
	buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, 4096, NULL, &later);
	printf("call %d\nlater %d\n", err, later);
	return err && later && !buffer ? 0 : 1;
}
