// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_devices.c - sub-devices, queues on them, contexts with several devices
 */
#include "cl_test.h"

#define MOST	64

static const char source[] =
"__kernel void put(__global int *out, int n) { out[get_global_id(0)] = n; }\n";

static cl_uint units(cl_device_id device)
{
	cl_uint n = 0;

	clGetDeviceInfo(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(n), &n, NULL);
	return n;
}

/* Naive: what the program asked for is told back without its end, or as another type. */
static void test_equally(const struct cl_env *env)
{
	const cl_device_partition_property how[3] = { CL_DEVICE_PARTITION_EQUALLY, 1, 0 };
	cl_device_partition_property got[8] = { 9 };
	cl_device_id subs[MOST], parent;
	size_t size = 0;
	cl_uint n = 0;
	cl_int err;

	err = clCreateSubDevices(env->device, how, 0, NULL, &n);
	tap_err(err, CL_SUCCESS, "clCreateSubDevices counts");
	tap(n == units(env->device) && n <= MOST, "as many as there are units");
	err = clCreateSubDevices(env->device, how, n, subs, NULL);
	tap_err(err, CL_SUCCESS, "clCreateSubDevices equally");
	for (cl_uint i = 0; i < n; i++) {
		parent = NULL;
		clGetDeviceInfo(subs[i], CL_DEVICE_PARENT_DEVICE, sizeof(parent), &parent,
				NULL);
		if (parent != env->device || units(subs[i]) != 1)
			err = CL_INVALID_DEVICE;
	}
	tap_err(err, CL_SUCCESS, "each has a unit, and its parent");
	clGetDeviceInfo(subs[0], CL_DEVICE_PARTITION_TYPE, sizeof(got), got, &size);
	tap(size == sizeof(how) && !memcmp(got, how, sizeof(how)), "CL_DEVICE_PARTITION_TYPE");
	for (cl_uint i = 0; i < n; i++)
		err |= clReleaseDevice(subs[i]);
	tap_err(err, CL_SUCCESS, "clReleaseDevice");
}

static void test_by_counts(const struct cl_env *env)
{
	cl_device_partition_property how[5] = { CL_DEVICE_PARTITION_BY_COUNTS, 1, 1, 0, 0 };
	const cl_device_partition_property few[4] = { CL_DEVICE_PARTITION_BY_COUNTS, 1, 0, 0 };
	cl_device_id subs[2] = { NULL }, one = NULL;
	cl_uint n = 0;
	cl_int err;

	err = clCreateSubDevices(env->device, how, 2, subs, &n);
	tap_err(err, CL_SUCCESS, "clCreateSubDevices by counts");
	tap(n == 2 && units(subs[0]) == 1 && units(subs[1]) == 1, "one unit each");
	clReleaseDevice(subs[0]);
	clReleaseDevice(subs[1]);
	err = clCreateSubDevices(env->device, few, 1, &one, &n);
	tap_err(err, CL_SUCCESS, "only some of the units");
	clReleaseDevice(one);
	err = clCreateSubDevices(env->device, how, 1, &one, &n);
	tap_err(err, CL_INVALID_VALUE, "too little room");
	how[1] = 100000;
	err = clCreateSubDevices(env->device, how, 2, subs, &n);
	tap_err(err, CL_INVALID_DEVICE_PARTITION_COUNT, "more units than there are");
	how[0] = 1;
	err = clCreateSubDevices(env->device, how, 2, subs, &n);
	tap_err(err, CL_INVALID_VALUE, "divided in no known way");
}

/*
 * CL_CONTEXT_DEVICES as places in the list that the program gave. Some
 * implementations tell of the parent in place of its parts: then place -1.
 */
static void context_devices(cl_context context, const cl_device_id *given, cl_uint n,
			    const char *name)
{
	cl_device_id got[MOST + 1];
	char places[8 * MOST] = "";
	size_t size = 0;

	clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof(got), got, &size);
	for (size_t i = 0; i < size / sizeof(got[0]); i++) {
		int at = -1;

		for (cl_uint j = 0; j < n; j++)
			if (given[j] == got[i])
				at = j;
		sprintf(places + strlen(places), " %d", at);
	}
	tap(size > 0, "%s:%s", name, places);
}

/* Naive: a queue is always the first device's. */
static void test_queues(const struct cl_env *env)
{
	const cl_device_partition_property how[3] = { CL_DEVICE_PARTITION_EQUALLY, 1, 0 };
	const char *text = source;
	const int one = 1, zero = 0, want[2] = { 1, 0 };
	cl_command_queue queues[2];
	cl_device_id subs[MOST];
	cl_program program;
	cl_context context;
	cl_kernel kernel;
	cl_uint n = 0;
	cl_int err;
	cl_mem mem;

	clCreateSubDevices(env->device, how, MOST, subs, &n);
	context = clCreateContext(NULL, 2, subs, NULL, NULL, &err);
	tap_err(err, CL_SUCCESS, "a context of two sub-devices");
	context_devices(context, subs, 2, "its devices");
	for (int i = 0; i < 2; i++) {
		cl_device_id device = NULL;

		queues[i] = clCreateCommandQueue(context, subs[i], 0, &err);
		clGetCommandQueueInfo(queues[i], CL_QUEUE_DEVICE, sizeof(device), &device,
				      NULL);
		tap(!err && device == subs[i], "a queue on sub-device %d", i);
	}
	program = clCreateProgramWithSource(context, 1, &text, NULL, NULL);
	err = clBuildProgram(program, 0, NULL, "", NULL, NULL);
	tap_err(err, CL_SUCCESS, "clBuildProgram for all devices of a context");
	kernel = clCreateKernel(program, "put", &err);
	mem = clCreateBuffer(context, CL_MEM_READ_WRITE, 8, NULL, NULL);
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	for (int i = 0; i < 2; i++) {
		int out[2];

		clEnqueueFillBuffer(queues[i], mem, &zero, 4, 0, 8, 0, NULL, NULL);
		clSetKernelArg(kernel, 1, sizeof(one), &one);
		clEnqueueNDRangeKernel(queues[i], kernel, 1, NULL, &(size_t){ 1 }, NULL, 0,
				       NULL, NULL);
		err = clEnqueueReadBuffer(queues[i], mem, CL_TRUE, 0, 8, out, 0, NULL, NULL);
		tap(!err && !memcmp(out, want, 8), "a kernel on sub-device %d", i);
	}
	err = clEnqueueFillBuffer(env->queue, mem, &zero, 4, 0, 8, 0, NULL, NULL);
	tap_err(err, CL_INVALID_CONTEXT, "a buffer of another context");
	clReleaseKernel(kernel);
	clReleaseProgram(program);
	clReleaseMemObject(mem);
	clReleaseCommandQueue(queues[0]);
	clReleaseCommandQueue(queues[1]);
	clReleaseContext(context);
	for (cl_uint i = 0; i < n; i++)
		clReleaseDevice(subs[i]);
}

/* A context of all devices of a platform, and one of the parent and its parts. */
static void test_several(const struct cl_env *env)
{
	const cl_device_partition_property how[3] = { CL_DEVICE_PARTITION_EQUALLY, 1, 0 };
	cl_device_id all[MOST + 1];
	cl_uint n = 0, count = 0;
	cl_context context;
	cl_int err;

	clGetDeviceIDs(env->platform, CL_DEVICE_TYPE_ALL, MOST, all, &n);
	context = clCreateContext(NULL, n, all, NULL, NULL, &err);
	tap_err(err, CL_SUCCESS, "a context of all devices");
	clReleaseContext(context);
	all[0] = env->device;
	clCreateSubDevices(env->device, how, MOST, all + 1, &n);
	context = clCreateContext(NULL, n + 1, all, NULL, NULL, &err);
	tap(!context == !!err, "a context of a device and its parts: %s", cl_name(err));
	clGetContextInfo(context, CL_CONTEXT_NUM_DEVICES, sizeof(count), &count, NULL);
	context_devices(context, all, n + 1, "its devices");
	tap(true, "their number: %u", count);
	clReleaseContext(context);
	all[1] = NULL;
	context = clCreateContext(NULL, 2, all, NULL, NULL, &err);
	tap(!context, "no device is none");
	tap_err(err, CL_INVALID_DEVICE, "clCreateContext");
	context = clCreateContext(NULL, 0, all, NULL, NULL, &err);
	tap_err(err, CL_INVALID_VALUE, "a context of nothing");
}

/* Naive: a list's count, its size and its content come from different moments. */
static void test_types(const struct cl_env *env)
{
	static const struct { cl_device_type type; const char *name; } types[] = {
		{ CL_DEVICE_TYPE_ALL, "all" }, { CL_DEVICE_TYPE_CPU, "CPU" },
		{ CL_DEVICE_TYPE_GPU, "GPU" }, { CL_DEVICE_TYPE_DEFAULT, "default" },
		{ CL_DEVICE_TYPE_ACCELERATOR, "accelerator" },
		{ CL_DEVICE_TYPE_CUSTOM, "custom" }, { 0, "none" }, { 1 << 20, "unknown" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		cl_uint n = 77;
		cl_int err = clGetDeviceIDs(env->platform, types[i].type, 0, NULL, &n);

		tap(true, "devices of type %s: %u, %s", types[i].name, n, cl_name(err));
	}
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_types(&env);
	if (units(env.device) >= 2 && units(env.device) <= MOST) {
		test_equally(&env);
		test_by_counts(&env);
		test_queues(&env);
		test_several(&env);
	} else {
		tap_skip("sub-devices", "the device cannot be divided");
	}
	cl_env_close(&env);
	return tap_end();
}
