// SPDX-License-Identifier: Apache-2.0
/*
 * failing.c - preloaded into a server: the vendor's library runs out of memory
 *
 * What the numbers below ask for fails, though it has always succeeded: commands and
 * arguments of that shape, which nobody waits for any more.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl.h>

#include "failing.h"

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dim,
			      const size_t *offset, const size_t *global, const size_t *local,
			      cl_uint waits, const cl_event *wait_list, cl_event *event)
{
	typeof(clEnqueueNDRangeKernel) *next = dlsym(RTLD_NEXT, __func__);

	if (global && global[0] == FAILING_GLOBAL)
		return CL_MEM_OBJECT_ALLOCATION_FAILURE;
	return next(queue, kernel, dim, offset, global, local, waits, wait_list, event);
}

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
			    size_t offset, size_t size, const void *ptr, cl_uint waits,
			    const cl_event *wait_list, cl_event *event)
{
	typeof(clEnqueueWriteBuffer) *next = dlsym(RTLD_NEXT, __func__);

	if (size == FAILING_SIZE)
		return CL_OUT_OF_RESOURCES;
	return next(queue, buffer, blocking, offset, size, ptr, waits, wait_list, event);
}

cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
	typeof(clSetKernelArg) *next = dlsym(RTLD_NEXT, __func__);

	if (value && size == sizeof(cl_int) && !memcmp(value, &(cl_int){ FAILING_VALUE }, size))
		return CL_OUT_OF_HOST_MEMORY;
	return next(kernel, index, size, value);
}
