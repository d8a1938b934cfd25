// SPDX-License-Identifier: Apache-2.0
/*
 * cl_refused.c - what AvA's OpenCL does not do, it refuses with the API's own error
 *
 * Only for the remote side: natively most of these calls work.
 */
#include "cl_test.h"

#include <CL/cl_gl.h>

static const char source[] = "__kernel void set(__global int *a) { a[0] = 1; }";

static void test_shared_memory(const struct cl_env *env, cl_kernel kernel)
{
	void *none[1] = { NULL };
	cl_device_svm_capabilities able = ~0ul;
	char bytes[64];
	cl_int err;

	clGetDeviceInfo(env->device, CL_DEVICE_SVM_CAPABILITIES, sizeof(able), &able, NULL);
	tap(!able, "CL_DEVICE_SVM_CAPABILITIES: 0");
	tap(!clSVMAlloc(env->context, CL_MEM_READ_WRITE, 64, 0), "clSVMAlloc");
	clSVMFree(env->context, NULL);
	err = clSetKernelArgSVMPointer(kernel, 0, bytes);
	tap_err(err, CL_INVALID_OPERATION, "clSetKernelArgSVMPointer");
	err = clSetKernelExecInfo(kernel, CL_KERNEL_EXEC_INFO_SVM_PTRS, sizeof(none), none);
	tap_err(err, CL_INVALID_OPERATION, "clSetKernelExecInfo");
	err = clEnqueueSVMMemcpy(env->queue, CL_TRUE, bytes, bytes + 32, 8, 0, NULL, NULL);
	tap_err(err, CL_INVALID_OPERATION, "clEnqueueSVMMemcpy");
	err = clEnqueueSVMMemFill(env->queue, bytes, bytes, 4, 8, 0, NULL, NULL);
	tap_err(err, CL_INVALID_OPERATION, "clEnqueueSVMMemFill");
	err = clEnqueueSVMMap(env->queue, CL_TRUE, CL_MAP_READ, bytes, 8, 0, NULL, NULL);
	tap_err(err, CL_INVALID_OPERATION, "clEnqueueSVMMap");
	err = clEnqueueSVMUnmap(env->queue, bytes, 0, NULL, NULL);
	tap_err(err, CL_INVALID_OPERATION, "clEnqueueSVMUnmap");
	err = clEnqueueSVMFree(env->queue, 1, none, NULL, NULL, 0, NULL, NULL);
	tap_err(err, CL_INVALID_OPERATION, "clEnqueueSVMFree");
	err = clEnqueueSVMMigrateMem(env->queue, 1, (const void **)none, NULL, 0, 0, NULL,
				     NULL);
	tap_err(err, CL_INVALID_OPERATION, "clEnqueueSVMMigrateMem");
}

/* The loader has these; the description has not. */
static void test_graphics(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, 64), shared;
	cl_gl_object_type type;
	cl_int err = 0;

	shared = clCreateFromGLBuffer(env->context, CL_MEM_READ_ONLY, 1, &err);
	tap(!shared, "clCreateFromGLBuffer makes nothing");
	tap_err(err, CL_INVALID_OPERATION, "clCreateFromGLBuffer");
	tap_err(clGetGLObjectInfo(mem, &type, NULL), CL_INVALID_OPERATION,
		"clGetGLObjectInfo");
	clReleaseMemObject(mem);
}

static void test_extensions(const struct cl_env *env)
{
	tap(!clGetExtensionFunctionAddressForPlatform(env->platform, "clEnqueueMapBuffer"),
	    "no address for what is not an extension");
	tap(!clGetExtensionFunctionAddressForPlatform(env->platform,
						      "clNoSuchFunctionKHR"),
	    "no address for what nobody has");
}

/* Objects of the wrong type never reach the vendor's library. */
static void test_wrong_objects(const struct cl_env *env, cl_kernel kernel)
{
	cl_mem mem = cl_test_buffer(env, 64), not_mem = (cl_mem)env->queue;
	cl_event not_event = (cl_event)mem;
	char bytes[8];
	cl_uint n;
	cl_int err;

	err = clEnqueueReadBuffer(env->queue, not_mem, CL_TRUE, 0, 8, bytes, 0, NULL, NULL);
	tap_err(err, CL_INVALID_MEM_OBJECT, "a queue for a buffer");
	err = clFinish((cl_command_queue)mem);
	tap_err(err, CL_INVALID_COMMAND_QUEUE, "a buffer for a queue");
	err = clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, 8, bytes, 1, &not_event, NULL);
	tap_err(err, CL_INVALID_EVENT_WAIT_LIST, "a buffer in a wait list");
	err = clGetContextInfo((cl_context)env->device, CL_CONTEXT_NUM_DEVICES, sizeof(n),
			       &n, NULL);
	tap_err(err, CL_INVALID_CONTEXT, "a device for a context");
	not_mem = (cl_mem)bytes;
	err = clSetKernelArg(kernel, 0, sizeof(not_mem), &not_mem);
	tap_err(err, CL_INVALID_MEM_OBJECT, "a wild pointer as a kernel's argument");
	clReleaseMemObject(mem);
}

int main(void)
{
	struct cl_env env;
	cl_program program;
	cl_kernel kernel;

	cl_env_open(&env);
	program = cl_test_build(&env, source, "-cl-kernel-arg-info");
	kernel = cl_test_kernel(program, "set");
	test_shared_memory(&env, kernel);
	test_graphics(&env);
	test_extensions(&env);
	test_wrong_objects(&env, kernel);
	clReleaseKernel(kernel);
	clReleaseProgram(program);
	cl_env_close(&env);
	return tap_end();
}
