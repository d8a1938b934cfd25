// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_kernels.c - kernels: copies of them, native ones, released ones, queries
 */
#include "cl_test.h"

#include <semaphore.h>

static const char source[] =
"__kernel void put(__global int *out, int i, int n) { out[i] = n; }\n"
"__kernel __attribute__((reqd_work_group_size(4, 2, 1))) void four(__global int *out)\n"
"{ out[get_local_id(0)] = get_group_id(0); }\n"
"__kernel void where(__global uint *out)\n"
"{\n"
"	const uint i = get_global_id(0) - get_global_offset(0) + get_global_size(0) *\n"
"		(get_global_id(1) - get_global_offset(1));\n"
"	out[2 * i] = get_global_id(0) * 1000 + get_global_id(1);\n"
"	out[2 * i + 1] = get_local_id(0) * 1000 + get_group_id(1);\n"
"}\n";

static cl_int run(const struct cl_env *env, cl_kernel kernel)
{
	return clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &(size_t){ 1 }, NULL, 0,
				      NULL, NULL);
}

static void set(cl_kernel kernel, cl_mem out, int i, int n)
{
	clSetKernelArg(kernel, 0, sizeof(out), &out);
	clSetKernelArg(kernel, 1, sizeof(i), &i);
	clSetKernelArg(kernel, 2, sizeof(n), &n);
}

/* Naive: a copy shares its arguments with the original, or has none. */
static void test_clone(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "put"), clone;
	cl_mem out = cl_test_buffer(env, 16);
	const int want[4] = { 11, 22, 33, 0 }, zero = 0, two = 2, i33 = 33;
	cl_int err = 1;

	clEnqueueFillBuffer(env->queue, out, &zero, 4, 0, 16, 0, NULL, NULL);
	set(kernel, out, 0, 11);
	clone = clCloneKernel(kernel, &err);
	tap(!clone == !!err, "clCloneKernel: %s", cl_name(err));
	if (!clone) {
		clReleaseKernel(kernel);
		clReleaseMemObject(out);
		return;
	}
	set(kernel, out, 1, 22);
	tap_err(run(env, clone), CL_SUCCESS, "a copy runs with the arguments of its making");
	run(env, kernel);
	clReleaseKernel(kernel);
	clSetKernelArg(clone, 1, sizeof(two), &two);
	clSetKernelArg(clone, 2, sizeof(i33), &i33);
	run(env, clone);
	tap(cl_test_holds(env, out, 0, 16, want), "and lives on its own");
	clReleaseKernel(clone);
	clReleaseMemObject(out);
}

/* Naive: a release overtakes the launch, or drops the batch it is in. */
static void test_released(const struct cl_env *env, cl_program program)
{
	const int n = 2000;
	cl_mem out = cl_test_buffer(env, n * 4);
	int *want = malloc(n * 4);

	for (int i = 0; i < n; i++) {
		cl_kernel kernel = cl_test_kernel(program, "put");

		set(kernel, out, i, 3 * i);
		run(env, kernel);
		clReleaseKernel(kernel);
		want[i] = 3 * i;
	}
	tap(cl_test_holds(env, out, 0, n * 4, want),
	    "2000 kernels are made, set, launched and released");
	free(want);
	clReleaseMemObject(out);
}

/* Kernels, buffers and events that are made and released around each launch. */
static void test_churn(const struct cl_env *env, cl_program program)
{
	bool good = true;

	for (int i = 0; i < 500; i++) {
		cl_kernel kernel = cl_test_kernel(program, "put");
		cl_mem out = cl_test_buffer(env, 4), copy = cl_test_buffer(env, 4);
		cl_event ran, copied;
		int got = 0;

		set(kernel, out, 0, i + 1);
		clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &(size_t){ 1 }, NULL, 0,
				       NULL, &ran);
		clReleaseKernel(kernel);
		clEnqueueCopyBuffer(env->queue, out, copy, 0, 0, 4, 1, &ran, &copied);
		clReleaseMemObject(out);
		clReleaseEvent(ran);
		clEnqueueReadBuffer(env->queue, copy, CL_TRUE, 0, 4, &got, 1, &copied, NULL);
		clReleaseEvent(copied);
		clReleaseMemObject(copy);
		good = good && got == i + 1;
	}
	tap(good, "500 times everything is new, and released at once");
}

static void test_ranges(const struct cl_env *env, cl_program program)
{
	const size_t offset[2] = { 5, 7 }, global[2] = { 6, 4 }, local[2] = { 3, 2 };
	cl_kernel kernel = cl_test_kernel(program, "where");
	cl_mem out = cl_test_buffer(env, 6 * 4 * 8);
	cl_uint want[48];

	clSetKernelArg(kernel, 0, sizeof(out), &out);
	for (cl_uint y = 0; y < 4; y++)
		for (cl_uint x = 0; x < 6; x++) {
			want[2 * (x + 6 * y)] = (x + 5) * 1000 + y + 7;
			want[2 * (x + 6 * y) + 1] = (x % 3) * 1000 + y / 2;
		}
	clEnqueueNDRangeKernel(env->queue, kernel, 2, offset, global, local, 0, NULL, NULL);
	tap(cl_test_holds(env, out, 0, sizeof(want), want), "an offset, a range and a group");
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
}

static void launch(const struct cl_env *env, cl_kernel kernel, cl_uint dim,
		   const size_t *global, const size_t *local, const char *name)
{
	cl_int err = clEnqueueNDRangeKernel(env->queue, kernel, dim, NULL, global, local, 0,
					    NULL, NULL);

	tap(true, "%s: %s", name, cl_name(err));
	clFinish(env->queue);
}

/* Naive: a launch that goes out without waiting hides its error. */
static void test_wrong_ranges(const struct cl_env *env, cl_program program)
{
	const size_t g[3] = { 8, 2, 1 }, l[3] = { 4, 2, 1 }, odd[3] = { 3, 2, 1 };
	const size_t huge[3] = { 1u << 30, 1, 1 }, none[3] = { 8, 0, 1 };
	cl_kernel kernel = cl_test_kernel(program, "four");
	cl_mem out = cl_test_buffer(env, 64);

	launch(env, kernel, 2, g, l, "no arguments");
	clSetKernelArg(kernel, 0, sizeof(out), &out);
	/* Each wrong one after a right one of the same kernel. */
	launch(env, kernel, 2, g, l, "a group as required");
	launch(env, kernel, 2, g, odd, "a group that is not as required");
	launch(env, kernel, 2, g, l, "a group as required");
	launch(env, kernel, 2, g, NULL, "no group where one is required");
	launch(env, kernel, 0, g, l, "no dimensions");
	launch(env, kernel, 4, g, l, "four dimensions");
	launch(env, kernel, 2, NULL, l, "no range");
	launch(env, kernel, 2, none, l, "a range of nothing");
	launch(env, kernel, 2, g, huge, "a huge group");
	launch(env, kernel, 2, g, l, "a group as required");
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
}

static void test_queries(const struct cl_env *env, cl_program program)
{
	cl_kernel kernels[3] = { NULL };
	cl_uint n = 0, args = 0;
	size_t sizes[3] = { 0 };
	cl_int err;

	err = clCreateKernelsInProgram(program, 3, kernels, &n);
	tap_err(err, CL_SUCCESS, "clCreateKernelsInProgram");
	tap(n == 3 && kernels[0] && kernels[1] && kernels[2], "all three");
	for (cl_uint i = 0; i < n; i++) {
		char name[16] = "";

		clGetKernelInfo(kernels[i], CL_KERNEL_FUNCTION_NAME, sizeof(name), name, NULL);
		clGetKernelInfo(kernels[i], CL_KERNEL_NUM_ARGS, sizeof(args), &args, NULL);
		clGetKernelWorkGroupInfo(kernels[i], env->device,
					 CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof(sizes),
					 sizes, NULL);
		tap(true, "%s: %u arguments, group %zu %zu %zu", name, args, sizes[0],
		    sizes[1], sizes[2]);
		clReleaseKernel(kernels[i]);
	}
	tap(!clCreateKernel(program, "nobody", &err), "no kernel");
	tap_err(err, CL_INVALID_KERNEL_NAME, "of an unknown name");
	err = clCreateKernelsInProgram(program, 2, kernels, &n);
	tap_err(err, CL_INVALID_VALUE, "clCreateKernelsInProgram with too little room");
}

/* What clEnqueueNativeKernel calls: a function here, with memory of OpenCL there. */
static void CL_CALLBACK native(void *args)
{
	struct {
		int *a;
		int n;
	} *p = args;

	for (int i = 0; i < 4; i++)
		p->a[i] += p->n;
}

/*
 * Naive: the function's address is called in another process. Where the device
 * cannot do it, it says so in its properties and refuses.
 */
static void test_native(const struct cl_env *env)
{
	cl_device_exec_capabilities can = 0;
	cl_mem mem = cl_test_buffer(env, 16);
	struct {
		cl_mem mem;
		int n;
	} args = { mem, 7 };
	const void *where = &args.mem;
	const int three = 3, want[4] = { 10, 10, 10, 10 };
	cl_int err;

	clGetDeviceInfo(env->device, CL_DEVICE_EXECUTION_CAPABILITIES, sizeof(can), &can,
			NULL);
	clEnqueueFillBuffer(env->queue, mem, &three, 4, 0, 16, 0, NULL, NULL);
	err = clEnqueueNativeKernel(env->queue, native, &args, sizeof(args), 1, &mem, &where,
				    0, NULL, NULL);
	if (can & CL_EXEC_NATIVE_KERNEL)
		tap(!err && cl_test_holds(env, mem, 0, 16, want), "a native kernel");
	else
		tap_err(err, CL_INVALID_OPERATION, "a native kernel");
	clReleaseMemObject(mem);
}

static sem_t held;

static void CL_CALLBACK native_held(void *args)
{
	(void)args;
	while (sem_wait(&held))
		;
}

#define LARGE	(40u << 20)

/*
 * More bytes than anybody should keep, behind a native kernel that waits for the program.
 * Naive: room for them is waited for, and so for the kernel, which waits for this thread.
 */
static void test_native_held(const struct cl_env *env)
{
	char *out = malloc(3 * LARGE), small[64] = { 0 };
	cl_mem mem = cl_test_buffer(env, LARGE);
	cl_device_exec_capabilities can = 0;
	cl_int err = CL_SUCCESS;

	clGetDeviceInfo(env->device, CL_DEVICE_EXECUTION_CAPABILITIES, sizeof(can), &can, NULL);
	sem_init(&held, 0, 0);
	memset(out, 7, 3 * LARGE);
	for (int i = 0; i < 4; i++)
		clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, sizeof(small), small, 0, NULL,
				     NULL);
	clFinish(env->queue);
	if (can & CL_EXEC_NATIVE_KERNEL)
		clEnqueueNativeKernel(env->queue, native_held, NULL, 0, 0, NULL, NULL, 0, NULL,
				      NULL);
	for (int i = 0; i < 8 && !err; i++)
		err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, LARGE, out, 0, NULL, NULL);
	err = err ? err : clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, sizeof(small), small,
					       0, NULL, NULL);
	for (size_t i = 0; i < 3 && !err; i++)
		err = clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, LARGE, out + i * LARGE, 0,
					  NULL, NULL);
	clFlush(env->queue);
	sem_post(&held);
	err = err ? err : clFinish(env->queue);
	tap(!err && !out[0] && out[64] == 7 && !out[2 * LARGE] && out[3 * LARGE - 1] == 7,
	    "large transfers behind a native kernel that waits");
	clReleaseMemObject(mem);
	sem_destroy(&held);
	free(out);
}

/* Naive: the read is not waited for, since a native kernel is at work before it. */
static void test_native_then_write(const struct cl_env *env)
{
	static const int seven[1024] = { [1023] = 7 };
	cl_device_exec_capabilities can = 0;
	cl_mem a = cl_test_buffer(env, sizeof(seven)), b = cl_test_buffer(env, sizeof(seven));
	bool good = true;
	int p[1024];

	clGetDeviceInfo(env->device, CL_DEVICE_EXECUTION_CAPABILITIES, sizeof(can), &can, NULL);
	sem_init(&held, 0, 100);
	clEnqueueWriteBuffer(env->queue, a, CL_TRUE, 0, sizeof(seven), seven, 0, NULL, NULL);
	for (int i = 0; i < 20; i++) {
		memset(p, 0, sizeof(p));
		if (can & CL_EXEC_NATIVE_KERNEL)
			clEnqueueNativeKernel(env->queue, native_held, NULL, 0, 0, NULL, NULL, 0,
					      NULL, NULL);
		clEnqueueReadBuffer(env->queue, a, CL_FALSE, 0, sizeof(p), p, 0, NULL, NULL);
		clEnqueueWriteBuffer(env->queue, b, CL_FALSE, 0, sizeof(p), p, 0, NULL, NULL);
		good = good && cl_test_holds(env, b, 0, sizeof(seven), seven);
	}
	clFinish(env->queue);
	tap(good, "what was read behind a native kernel is written on");
	clReleaseMemObject(a);
	clReleaseMemObject(b);
	sem_destroy(&held);
}

static void test_task(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "put");
	cl_mem out = cl_test_buffer(env, 16);
	cl_command_type type = 0;
	const int want = 99;
	cl_event event;
	cl_int err;

	set(kernel, out, 2, 99);
	err = clEnqueueTask(env->queue, kernel, 0, NULL, &event);
	tap_err(err, CL_SUCCESS, "clEnqueueTask");
	clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL);
	tap(cl_test_holds(env, out, 8, 4, &want), "runs once, as %#x", type);
	clReleaseEvent(event);
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
}

int main(void)
{
	struct cl_env env;
	cl_program program;

	cl_env_open(&env);
	program = cl_test_build(&env, source, "");
	test_clone(&env, program);
	test_released(&env, program);
	test_churn(&env, program);
	test_ranges(&env, program);
	test_wrong_ranges(&env, program);
	test_queries(&env, program);
	test_task(&env, program);
	test_native(&env);
	test_native_then_write(&env);
	if (!getenv("CL_TEST_APART"))
		test_native_held(&env);
	clReleaseProgram(program);
	cl_env_close(&env);
	return tap_end();
}
