// SPDX-License-Identifier: Apache-2.0
/*
 * guest_svm.c - shared virtual memory: as on a device that has none
 *
 * CL_DEVICE_SVM_CAPABILITIES says 0, and OpenCL says what these calls report then.
 */
#include <ava/guest.h>

#include "opencl_common.h"

static cl_int refuse_queue(cl_command_queue queue)
{
	return ava_object_handle(queue, AVA_T_cl_command_queue) ? CL_INVALID_OPERATION :
								  CL_INVALID_COMMAND_QUEUE;
}

static cl_int refuse_kernel(cl_kernel kernel)
{
	return ava_object_handle(kernel, AVA_T_cl_kernel) ? CL_INVALID_OPERATION :
							    CL_INVALID_KERNEL;
}

void *ocl_svm_alloc(cl_context context, cl_svm_mem_flags flags, size_t size,
		    cl_uint alignment)
{
	return NULL;
}

void ocl_svm_free(cl_context context, void *ptr)
{
}

cl_int ocl_svm_arg(cl_kernel kernel, cl_uint index, const void *value)
{
	return refuse_kernel(kernel);
}

cl_int ocl_svm_exec_info(cl_kernel kernel, cl_kernel_exec_info name, size_t size,
			 const void *value)
{
	return refuse_kernel(kernel);
}

cl_int ocl_svm_enqueue_free(cl_command_queue queue, cl_uint n, void *ptrs[],
			    void (*func)(cl_command_queue, cl_uint, void *[], void *),
			    void *user_data, cl_uint waits, const cl_event *wait_list,
			    cl_event *event)
{
	return refuse_queue(queue);
}

cl_int ocl_svm_copy(cl_command_queue queue, cl_bool blocking, void *to, const void *from,
		    size_t size, cl_uint waits, const cl_event *wait_list, cl_event *event)
{
	return refuse_queue(queue);
}

cl_int ocl_svm_fill(cl_command_queue queue, void *ptr, const void *pattern,
		    size_t pattern_size, size_t size, cl_uint waits,
		    const cl_event *wait_list, cl_event *event)
{
	return refuse_queue(queue);
}

cl_int ocl_svm_map(cl_command_queue queue, cl_bool blocking, cl_map_flags flags, void *ptr,
		   size_t size, cl_uint waits, const cl_event *wait_list, cl_event *event)
{
	return refuse_queue(queue);
}

cl_int ocl_svm_unmap(cl_command_queue queue, void *ptr, cl_uint waits,
		     const cl_event *wait_list, cl_event *event)
{
	return refuse_queue(queue);
}

cl_int ocl_svm_migrate(cl_command_queue queue, cl_uint n, const void **ptrs,
		       const size_t *sizes, cl_mem_migration_flags flags, cl_uint waits,
		       const cl_event *wait_list, cl_event *event)
{
	return refuse_queue(queue);
}
