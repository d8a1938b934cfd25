// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_conf_api.c - what conformance programs ask for, and few others do
 *
 * Most lines hold the implementation's own answer, whatever it is: it must be the
 * same natively and through AvA.
 */
#include "cl_test.h"

/* An answer that is only compared. */
static void says(const char *what, cl_int err)
{
	tap(true, "%s says %s", what, cl_name(err));
}

/* Naive: an object that must not be NULL is refused before the device that has none. */
static void test_default_queue(const struct cl_env *env)
{
	says("a default queue on the device that is none",
	     clSetDefaultDeviceCommandQueue(env->context, env->device, NULL));
	says("a default queue on no device",
	     clSetDefaultDeviceCommandQueue(env->context, NULL, env->queue));
	says("a default queue of the host",
	     clSetDefaultDeviceCommandQueue(env->context, env->device, env->queue));
}

static void test_wait_for_nothing(const struct cl_env *env)
{
	cl_event none = NULL;

	says("clEnqueueWaitForEvents of no list", clEnqueueWaitForEvents(env->queue, 1, NULL));
	says("clEnqueueWaitForEvents of no event",
	     clEnqueueWaitForEvents(env->queue, 1, &none));
}

/* Naive: room is made for as many as the program says it has room for, list or not. */
static void test_only_counts(const struct cl_env *env)
{
	const cl_device_partition_property equally[] = { CL_DEVICE_PARTITION_EQUALLY, 1, 0 };
	static const char source[] = "kernel void one(void) { } kernel void two(void) { }";
	const cl_uint most = ~0u;
	cl_program program = cl_test_build(env, source, "");
	cl_uint n = 0, formats = 0, few = 0;

	says("a count of platforms", clGetPlatformIDs(most, NULL, &n));
	says("a count of devices", clGetDeviceIDs(env->platform, CL_DEVICE_TYPE_ALL, most, NULL, &n));
	says("a count of parts", clCreateSubDevices(env->device, equally, most, NULL, &n));
	says("a count of kernels", clCreateKernelsInProgram(program, most, NULL, &n));
	tap(true, "%u kernels", n);
	says("a count of formats", clGetSupportedImageFormats(env->context, CL_MEM_READ_ONLY,
			CL_MEM_OBJECT_IMAGE2D, most, NULL, &formats));
	clGetSupportedImageFormats(env->context, CL_MEM_READ_ONLY, CL_MEM_OBJECT_IMAGE2D, 1, NULL,
				   &few);
	tap(formats == few && formats, "all formats");
	clReleaseProgram(program);
}

/* Naive: what was answered once is answered again, though the question has more to it. */
static void test_sub_groups(const struct cl_env *env)
{
	const size_t sizes[4][3] = { { 8, 1, 1 }, { 64, 1, 1 }, { 4, 4, 1 }, { 1, 1, 1 } };
	cl_program program = cl_test_build(env, "kernel void one(void) { }", "");
	cl_kernel kernel = cl_test_kernel(program, "one");
	size_t got[3];

	for (int i = 0; i < 8; i++) {
		size_t count = i % 4 + 1, told = 4711;
		cl_int err;

		got[0] = 4711;
		err = clGetKernelSubGroupInfo(kernel, env->device,
				CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE, sizeof(size_t) * 2,
				sizes[i % 4], sizeof(got[0]), got, NULL);
		tap(true, "sub-groups of %zu: %zu, %s", sizes[i % 4][0], got[0], cl_name(err));
		got[0] = got[1] = got[2] = 4711;
		err = clGetKernelSubGroupInfo(kernel, env->device,
				CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT, sizeof(count), &count,
				sizeof(got), got, &told);
		tap(true, "%zu sub-groups: %zu %zu %zu, size %zu, %s", count, got[0], got[1],
		    got[2], told, cl_name(err));
	}
	clReleaseKernel(kernel);
	clReleaseProgram(program);
}

static void test_pipes(const struct cl_env *env)
{
	cl_int err = 77;
	cl_mem pipe = clCreatePipe(env->context, CL_MEM_READ_WRITE, 4, 16, NULL, &err);
	cl_uint packet = 77;

	tap(!pipe == !!err, "a pipe: %s", cl_name(err));
	if (pipe) {
		says("its packets", clGetPipeInfo(pipe, CL_PIPE_PACKET_SIZE, sizeof(packet), &packet,
						  NULL));
		clReleaseMemObject(pipe);
	}
	pipe = clCreatePipe(env->context, CL_MEM_HOST_READ_ONLY, 0, 0, NULL, &err);
	tap(!pipe, "a pipe of nothing: %s", cl_name(err));
	says("a buffer asked as a pipe", clGetPipeInfo(NULL, CL_PIPE_PACKET_SIZE, 4, &packet, NULL));
}

/* Naive: two clocks, or answers of another moment. */
static void test_timers(const struct cl_env *env)
{
	cl_ulong device[3] = { 0 }, host[3] = { 0 }, resolution = 0, queued = 0;
	cl_int err = clGetDeviceAndHostTimer(env->device, &device[0], &host[0]);
	cl_event event;

	clGetPlatformInfo(env->platform, CL_PLATFORM_HOST_TIMER_RESOLUTION, sizeof(resolution),
			  &resolution, NULL);
	tap(true, "clGetDeviceAndHostTimer: %s, resolution %lu", cl_name(err),
	    (unsigned long)resolution);
	if (err)
		return;
	clEnqueueMarkerWithWaitList(env->queue, 0, NULL, &event);
	clGetDeviceAndHostTimer(env->device, &device[1], &host[1]);
	clGetHostTimer(env->device, &host[2]);
	clWaitForEvents(1, &event);
	clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_QUEUED, sizeof(queued), &queued, NULL);
	tap(device[0] < queued && queued < device[1], "a command is queued between two moments");
	tap(host[0] < host[1] && host[1] <= host[2], "and the host's clock goes on");
	clReleaseEvent(event);
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_default_queue(&env);
	test_wait_for_nothing(&env);
	test_only_counts(&env);
	test_sub_groups(&env);
	test_pipes(&env);
	test_timers(&env);
	cl_env_close(&env);
	return tap_end();
}
