// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_many.c - a lot of everything: what is counted in tables must not overflow
 */
#include "cl_test.h"

#define SIZE	1024

static const char source[] =
"__kernel void put(__global int *out, int i, int n) { out[i] = n; }\n";

/* Naive: handles are places in a table of some size. */
static void test_objects(const struct cl_env *env)
{
	const int n = 20000;
	cl_mem *mems = malloc(n * sizeof(*mems));
	bool made = true, good = true;
	int value = 0;

	for (int i = 0; i < n; i++) {
		cl_int err;

		mems[i] = clCreateBuffer(env->context, CL_MEM_COPY_HOST_PTR, sizeof(i), &i, &err);
		made = made && !err;
	}
	tap(made, "20000 buffers live at once");
	for (int i = 0; i < n; i += 997)
		good = good && !clEnqueueReadBuffer(env->queue, mems[i], CL_TRUE, 0, 4, &value, 0,
						    NULL, NULL) && value == i;
	tap(good, "each has its own bytes");
	for (int i = 0; i < n; i++)
		good = good && !clReleaseMemObject(mems[i]);
	tap(good, "and all are released");
	free(mems);
}

static void test_queues(const struct cl_env *env)
{
	enum { N = 100 };
	cl_mem mem = cl_test_buffer(env, N * 4);
	cl_command_queue queues[N];
	cl_event events[N];
	int want[N];

	for (int i = 0; i < N; i++) {
		want[i] = i * i;
		queues[i] = clCreateCommandQueue(env->context, env->device, 0, NULL);
		clEnqueueWriteBuffer(queues[i], mem, CL_FALSE, i * 4, 4, &want[i], 0, NULL,
				     &events[i]);
		clFlush(queues[i]);
	}
	tap_err(clWaitForEvents(N, events), CL_SUCCESS, "a command on each of 100 queues");
	tap(cl_test_holds(env, mem, 0, sizeof(want), want), "all have run");
	for (int i = 0; i < N; i++) {
		clReleaseEvent(events[i]);
		clReleaseCommandQueue(queues[i]);
	}
	clReleaseMemObject(mem);
}

/* Naive: a call's lists must fit a message of some size. */
static void test_wait_list(const struct cl_env *env)
{
	const cl_uint n = 5000;
	cl_event *users = malloc(n * sizeof(*users)), done;
	cl_mem mem = cl_test_buffer(env, SIZE);
	const cl_uint one = 1;
	cl_int err;

	for (cl_uint i = 0; i < n; i++)
		users[i] = clCreateUserEvent(env->context, NULL);
	err = clEnqueueFillBuffer(env->queue, mem, &one, 4, 0, SIZE, n, users, &done);
	tap_err(err, CL_SUCCESS, "a command that waits for 5000 events");
	for (cl_uint i = 0; i + 1 < n; i++)
		clSetUserEventStatus(users[i], CL_COMPLETE);
	tap(cl_test_status(done) > CL_COMPLETE, "waits for the last of them");
	clSetUserEventStatus(users[n - 1], CL_COMPLETE);
	tap_err(clWaitForEvents(1, &done), CL_SUCCESS, "then it runs");
	tap_err(clWaitForEvents(n, users), CL_SUCCESS, "a wait for 5000 events");
	for (cl_uint i = 0; i < n; i++)
		clReleaseEvent(users[i]);
	clReleaseEvent(done);
	clReleaseMemObject(mem);
	free(users);
}

/* Naive: commands that nobody waits for fill something up, and all stops. */
static void test_pending(const struct cl_env *env)
{
	const int n = 20000;
	cl_program program = cl_test_build(env, source, "");
	cl_kernel kernel = cl_test_kernel(program, "put");
	cl_event gate = clCreateUserEvent(env->context, NULL);
	cl_mem mem = cl_test_buffer(env, n * 4);
	int *want = malloc(n * 4);
	cl_int err = CL_SUCCESS;

	clEnqueueMarkerWithWaitList(env->queue, 1, &gate, NULL);
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	for (int i = 0; i < n; i++) {
		want[i] = 7 * i;
		clSetKernelArg(kernel, 1, sizeof(i), &i);
		clSetKernelArg(kernel, 2, sizeof(int), &want[i]);
		err |= clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &(size_t){ 1 }, NULL,
					      0, NULL, NULL);
	}
	tap_err(err, CL_SUCCESS, "20000 kernels wait at once");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap(cl_test_holds(env, mem, 0, n * 4, want), "all run");
	free(want);
	clReleaseEvent(gate);
	clReleaseMemObject(mem);
	clReleaseKernel(kernel);
	clReleaseProgram(program);
}

static void test_pending_writes(const struct cl_env *env)
{
	const size_t n = 500, len = 100000;
	uint8_t *bytes = malloc(n * len), *out = calloc(n, len);
	cl_event gate = clCreateUserEvent(env->context, NULL);
	cl_mem mem = cl_test_buffer(env, n * len);
	cl_int err = CL_SUCCESS;

	cl_test_pattern(bytes, n * len, 3);
	for (size_t i = 0; i < n; i++)
		err |= clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, i * len, len,
					    bytes + i * len, 1, &gate, NULL);
	for (size_t i = 0; i < n; i++)
		err |= clEnqueueReadBuffer(env->queue, mem, CL_FALSE, i * len, len,
					   out + i * len, 0, NULL, NULL);
	tap_err(err, CL_SUCCESS, "50 MB to write and to read wait at once");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clFinish(env->queue), CL_SUCCESS, "clFinish");
	tap(!memcmp(bytes, out, n * len), "all bytes arrive");
	free(bytes);
	free(out);
	clReleaseEvent(gate);
	clReleaseMemObject(mem);
}

static void test_maps(const struct cl_env *env)
{
	enum { N = 1000 };
	cl_mem mem = cl_test_buffer(env, N * 64);
	uint8_t want[N * 64];
	void *maps[N];
	cl_int err = CL_SUCCESS, one;

	for (int i = 0; i < N; i++) {
		maps[i] = clEnqueueMapBuffer(env->queue, mem, CL_TRUE, CL_MAP_WRITE, i * 64, 64,
					     0, NULL, NULL, &one);
		err |= one;
	}
	tap_err(err, CL_SUCCESS, "1000 maps of one buffer");
	for (int i = 0; i < N; i++) {
		memset(maps[i], i, 64);
		memset(want + 64 * i, i, 64);
	}
	for (int i = N; i-- > 0;)
		err |= clEnqueueUnmapMemObject(env->queue, mem, maps[i], 0, NULL, NULL);
	tap_err(err, CL_SUCCESS, "are unmapped the other way round");
	tap(cl_test_holds(env, mem, 0, sizeof(want), want), "with what was written");
	clReleaseMemObject(mem);
}

/* A program of many kernels, with much text, and long options. */
static void test_program(const struct cl_env *env)
{
	enum { N = 200 };
	const size_t room = 300000;
	char *text = calloc(1, room), *options = calloc(1, 10000), *names;
	size_t size = 0, count = 0, at = 0;
	cl_kernel kernels[N];
	cl_program program;
	cl_uint n = 0;
	cl_int err;

	for (int i = 0; i < N; i++)
		at += sprintf(text + at, "__kernel void kernel_%d(__global int *a) "
			      "{ a[0] = %d + LAST; }\n", i, i);
	while (at < room - 100)
		at += sprintf(text + at, "/* a comment that makes the program long */\n");
	for (int i = 0; i < 300; i++)
		sprintf(options + strlen(options), "-DOPTION_%d=%d ", i, i);
	strcat(options, "-DLAST=OPTION_299");
	program = cl_test_build(env, text, options);
	clGetProgramInfo(program, CL_PROGRAM_NUM_KERNELS, sizeof(count), &count, NULL);
	tap(count == N, "a program of 200 kernels and 300000 bytes");
	clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, 0, NULL, &size);
	names = calloc(1, size);
	clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, size, names, NULL);
	tap(strstr(names, "kernel_0") && strstr(names, "kernel_199"), "knows their names");
	err = clCreateKernelsInProgram(program, N, kernels, &n);
	tap(!err && n == N, "and gives them all");
	for (cl_uint i = 0; i < n; i++)
		clReleaseKernel(kernels[i]);
	clReleaseProgram(program);
	free(names);
	free(text);
	free(options);
}

/* Naive: an argument is at most so many bytes, or a kernel has at most so many. */
static void test_arguments(const struct cl_env *env)
{
	static const char text[] =
		"typedef struct { int n[250]; } large;\n"
		"__kernel void last(__global int *out, large l) { out[0] = l.n[249]; }\n";
	enum { N = 100 };
	char *many = calloc(1, 20000), *sum = calloc(1, 10000);
	const int want = 249, all = N * (N - 1) / 2;
	cl_mem out = cl_test_buffer(env, 4);
	cl_program program;
	cl_kernel kernel;
	int large[250];

	for (int i = 0; i < 250; i++)
		large[i] = i;
	program = cl_test_build(env, text, "");
	kernel = cl_test_kernel(program, "last");
	clSetKernelArg(kernel, 0, sizeof(out), &out);
	clSetKernelArg(kernel, 1, sizeof(large), large);
	clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &(size_t){ 1 }, NULL, 0, NULL, NULL);
	tap(cl_test_holds(env, out, 0, 4, &want), "an argument of 1000 bytes");
	clReleaseKernel(kernel);
	clReleaseProgram(program);
	strcpy(many, "__kernel void add(__global int *out");
	for (int i = 0; i < N; i++) {
		sprintf(many + strlen(many), ", int a%d", i);
		sprintf(sum + strlen(sum), " + a%d", i);
	}
	sprintf(many + strlen(many), ") { out[0] = 0%s; }", sum);
	program = cl_test_build(env, many, "");
	kernel = cl_test_kernel(program, "add");
	clSetKernelArg(kernel, 0, sizeof(out), &out);
	for (int i = 0; i < N; i++)
		clSetKernelArg(kernel, 1 + i, sizeof(i), &i);
	clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &(size_t){ 1 }, NULL, 0, NULL, NULL);
	tap(cl_test_holds(env, out, 0, 4, &all), "a hundred arguments");
	clReleaseKernel(kernel);
	clReleaseProgram(program);
	clReleaseMemObject(out);
	free(many);
	free(sum);
}

static void test_largest(const struct cl_env *env)
{
	const size_t len = 300u << 20;
	const cl_uint word = 0x5aa5c33c;
	cl_ulong most = 0;
	cl_uint got[4] = { 0 };
	uint8_t *all;
	bool good;
	cl_mem mem;
	cl_int err;

	clGetDeviceInfo(env->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(most), &most, NULL);
	if (most < len) {
		tap_skip("a buffer of 300 MiB", "the device has too little memory");
		return;
	}
	mem = clCreateBuffer(env->context, CL_MEM_READ_WRITE, len, NULL, &err);
	tap_err(err, CL_SUCCESS, "a buffer of 300 MiB");
	clEnqueueFillBuffer(env->queue, mem, &word, 4, 0, len, 0, NULL, NULL);
	clEnqueueReadBuffer(env->queue, mem, CL_TRUE, len - 16, 16, got, 0, NULL, NULL);
	tap(got[0] == word && got[3] == word, "is filled to its end");
	all = malloc(len);
	err = clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, len, all, 0, NULL, NULL);
	good = !err;
	for (size_t i = 0; i < len; i += 4096)
		good = good && !memcmp(all + i, &word, 4);
	tap(good, "and read as a whole");
	free(all);
	clReleaseMemObject(mem);
	mem = clCreateBuffer(env->context, CL_MEM_READ_WRITE, most + 1, NULL, &err);
	tap(!mem, "one larger than the largest");
	tap_err(err, CL_INVALID_BUFFER_SIZE, "clCreateBuffer");
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_objects(&env);
	test_queues(&env);
	test_wait_list(&env);
	test_pending(&env);
	test_pending_writes(&env);
	test_maps(&env);
	test_program(&env);
	test_arguments(&env);
	test_largest(&env);
	cl_env_close(&env);
	return tap_end();
}
