/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec.h - types of objects, and what many functions have in common
 */
#ifndef AVA_SPEC_OPENCL_H
#define AVA_SPEC_OPENCL_H

#include "ocl.h"

typedef cl_platform_id cl_platform_id ava_handle(CL_INVALID_PLATFORM)
	ava_immortal_all(ocl_find_platforms);
typedef cl_device_id cl_device_id ava_handle(CL_INVALID_DEVICE)
	ava_lifetime(clRetainDevice, clReleaseDevice);
typedef cl_context cl_context ava_handle(CL_INVALID_CONTEXT)
	ava_lifetime(clRetainContext, clReleaseContext);
typedef cl_command_queue cl_command_queue ava_handle(CL_INVALID_COMMAND_QUEUE)
	ava_lifetime(clRetainCommandQueue, clReleaseCommandQueue);
typedef cl_mem cl_mem ava_handle(CL_INVALID_MEM_OBJECT)
	ava_lifetime(clRetainMemObject, clReleaseMemObject);
typedef cl_sampler cl_sampler ava_handle(CL_INVALID_SAMPLER)
	ava_lifetime(clRetainSampler, clReleaseSampler);
typedef cl_program cl_program ava_handle(CL_INVALID_PROGRAM)
	ava_lifetime(clRetainProgram, clReleaseProgram);
typedef cl_kernel cl_kernel ava_handle(CL_INVALID_KERNEL)
	ava_lifetime(clRetainKernel, clReleaseKernel);
typedef cl_event cl_event ava_handle(CL_INVALID_EVENT)
	ava_lifetime(clRetainEvent, clReleaseEvent);
typedef cl_command_buffer_khr cl_command_buffer_khr
	ava_handle(CL_INVALID_COMMAND_BUFFER_KHR)
	ava_lifetime(clRetainCommandBufferKHR, clReleaseCommandBufferKHR);

/* What almost every query ends with. */
#define OCL_VALUE	size_t size, void *value ava_out ava_bytes(size) ava_valid(*size_ret)
#define OCL_VALUE_RET	size_t *size_ret ava_out

/* Counts of references are the guest's and the vendor's together. */
#define OCL_REFS(object) ava_implicit(cl_uint, guest_refs, ocl_guest_refs(object, name)) \
	ava_server_after(ocl_count_refs(object, name, size, value, guest_refs))

/* What an object's end calls runs before the release returns, on the same thread. */
#define OCL_RELEASED	ava_guest_finally(ocl_released())

/* Commands that failed while nobody waited for them are not waited for either. */
#define OCL_WAITS_FOR(waits, wait_list) ava_server_before(ocl_check_waits(waits, wait_list))

/* A command that nobody waits for if the vendor accepted one like it before. */
#define OCL_LEARNED(known, learned) OCL_WAITS_FOR(waits, wait_list) ava_sync_if(!known) ava_guest_after(learned) \
	ava_async_failed(ocl_command_failed(queue, ret, event))

/* What every command ends with. */
#define OCL_WAITS	cl_uint waits, \
	const cl_event *wait_list ava_in ava_count(waits) ava_nullable \
		ava_invalid(CL_INVALID_EVENT_WAIT_LIST)
#define OCL_EVENT	cl_event *event ava_out ava_new

#define OCL_ERROR	cl_int *err ava_status_out
#define OCL_XYZ(name)	const size_t *name ava_in ava_count(3)

#endif /* AVA_SPEC_OPENCL_H */
