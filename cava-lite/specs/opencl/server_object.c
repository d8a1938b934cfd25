// SPDX-License-Identifier: Apache-2.0
/*
 * server_object.c - platforms, devices, and counts of references as the application knows them
 */
#include <stdlib.h>
#include <string.h>

#include <ava/handle.h>

#include "opencl_common.h"

/* Each kind of object has a name of its own for the number of its references. */
static uint32_t counted_type(cl_uint name)
{
	switch (name) {
	case CL_DEVICE_REFERENCE_COUNT:
		return AVA_T_cl_device_id;
	case CL_CONTEXT_REFERENCE_COUNT:
		return AVA_T_cl_context;
	case CL_QUEUE_REFERENCE_COUNT:
		return AVA_T_cl_command_queue;
	case CL_MEM_REFERENCE_COUNT:
		return AVA_T_cl_mem;
	case CL_SAMPLER_REFERENCE_COUNT:
		return AVA_T_cl_sampler;
	case CL_PROGRAM_REFERENCE_COUNT:
		return AVA_T_cl_program;
	case CL_KERNEL_REFERENCE_COUNT:
		return AVA_T_cl_kernel;
	case CL_COMMAND_BUFFER_REFERENCE_COUNT_KHR:
		return AVA_T_cl_command_buffer_khr;
	default:
		return AVA_T_cl_event;
	}
}

void ocl_count_refs(void *object, cl_uint name, size_t size, void *value,
		    cl_uint guest_refs)
{
	cl_uint count;

	if (!ocl_is_count(name) || !value || size < sizeof(count))
		return;
	memcpy(&count, value, sizeof(count));
	count += guest_refs - 1 - ava_handle_extra_refs(object, counted_type(name));
	if (name == CL_EVENT_REFERENCE_COUNT)
		count -= ocl_own_event_refs(object);
	memcpy(value, &count, sizeof(count));
}

static int is_root(cl_device_id device)
{
	cl_device_id parent = NULL;

	clGetDeviceInfo(device, CL_DEVICE_PARENT_DEVICE, sizeof(parent), &parent, NULL);
	return !parent;
}

void ocl_device_answer(cl_device_id device, cl_device_info name, size_t size, void *value,
		       cl_uint guest_refs)
{
	if (name == CL_DEVICE_SVM_CAPABILITIES && value)
		memset(value, 0, size < sizeof(cl_device_svm_capabilities) ?
				 size : sizeof(cl_device_svm_capabilities));
	/* Nobody counts the references of a device that was always there. */
	if (name == CL_DEVICE_REFERENCE_COUNT && !is_root(device))
		ocl_count_refs(device, name, size, value, guest_refs);
}

void ocl_find_platforms(void)
{
	cl_platform_id *all;
	cl_uint i, count = 0;

	if (clGetPlatformIDs(0, NULL, &count))
		return;
	all = calloc(count, sizeof(*all));
	if (all && !clGetPlatformIDs(count, all, NULL))
		for (i = 0; i < count; i++)
			ava_handle_of(all[i], AVA_T_cl_platform_id);
	free(all);
}

cl_int ocl_server_has_function(cl_platform_id platform, const char *name)
{
	if (!name || !clGetExtensionFunctionAddressForPlatform(platform, name))
		return CL_INVALID_VALUE;
	return CL_SUCCESS;
}

cl_int clSetContentSizeBufferPoCL(cl_mem buffer, cl_mem content_size)
{
	cl_int (CL_API_CALL *set)(cl_mem, cl_mem) = NULL;
	cl_platform_id platform = NULL;
	cl_context context = NULL;
	cl_device_id *devices = NULL;
	size_t size = 0;

	clGetMemObjectInfo(buffer, CL_MEM_CONTEXT, sizeof(context), &context, NULL);
	if (context)
		clGetContextInfo(context, CL_CONTEXT_DEVICES, 0, NULL, &size);
	if (size)
		devices = malloc(size);
	if (devices && !clGetContextInfo(context, CL_CONTEXT_DEVICES, size, devices, NULL))
		clGetDeviceInfo(devices[0], CL_DEVICE_PLATFORM, sizeof(platform), &platform,
				NULL);
	free(devices);
	if (platform)
		set = clGetExtensionFunctionAddressForPlatform(platform,
							       "clSetContentSizeBufferPoCL");
	return set ? set(buffer, content_size) : CL_INVALID_OPERATION;
}
