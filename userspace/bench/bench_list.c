// SPDX-License-Identifier: Apache-2.0
/*
 * bench_list.c - the measurements: each does one thing N times and tells how long
 *
 * What is not to be measured (setting up, waiting for what was enqueued to begin
 * with) is done outside the time.
 */
#include "bench.h"

static const char source[] =
"__kernel void nothing(__global uint *a, uint n) { if (n == 12345678) a[0] = n; }\n";

static cl_program build(struct bench_env *env, const char *text, const char *options)
{
	cl_int err;
	cl_program program = clCreateProgramWithSource(env->context, 1, &text, NULL, &err);

	bench_must(err, "clCreateProgramWithSource");
	bench_must(clBuildProgram(program, 1, &env->device, options, NULL, NULL),
		   "clBuildProgram");
	return program;
}

static void set_args(struct bench_env *env)
{
	const cl_uint zero = 0;

	bench_must(clSetKernelArg(env->kernel, 0, sizeof(cl_mem), &env->small),
		   "clSetKernelArg");
	bench_must(clSetKernelArg(env->kernel, 1, sizeof(zero), &zero), "clSetKernelArg");
}

static void launch(struct bench_env *env)
{
	const size_t one = 1;

	bench_must(clEnqueueNDRangeKernel(env->queue, env->kernel, 1, NULL, &one, &one, 0,
					  NULL, NULL), "clEnqueueNDRangeKernel");
}

void bench_open(struct bench_env *env)
{
	cl_platform_id platform;
	cl_program program;
	cl_int err;

	bench_must(clGetPlatformIDs(1, &platform, NULL), "clGetPlatformIDs");
	bench_must(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &env->device, NULL),
		   "clGetDeviceIDs");
	env->context = clCreateContext(NULL, 1, &env->device, NULL, NULL, &err);
	bench_must(err, "clCreateContext");
	env->queue = clCreateCommandQueue(env->context, env->device, 0, &err);
	bench_must(err, "clCreateCommandQueue");
	env->small = clCreateBuffer(env->context, CL_MEM_READ_WRITE, 4096, NULL, &err);
	bench_must(err, "clCreateBuffer");
	env->mem = clCreateBuffer(env->context, CL_MEM_READ_WRITE, BENCH_MOST, NULL, &err);
	bench_must(err, "clCreateBuffer");
	program = build(env, source, "");
	env->kernel = clCreateKernel(program, "nothing", &err);
	bench_must(err, "clCreateKernel");
	clReleaseProgram(program);
	set_args(env);
	env->host = malloc(BENCH_MOST);
	env->other = malloc(BENCH_MOST);
	if (!env->host || !env->other)
		bench_must(CL_OUT_OF_HOST_MEMORY, "malloc");
	memset(env->host, 1, BENCH_MOST);
	memset(env->other, 2, BENCH_MOST);
	/* Pages that were never touched are no part of any measurement. */
	bench_must(clEnqueueWriteBuffer(env->queue, env->mem, CL_TRUE, 0, BENCH_MOST,
					env->host, 0, NULL, NULL), "clEnqueueWriteBuffer");
	launch(env);
	bench_must(clFinish(env->queue), "clFinish");
}

void bench_close(struct bench_env *env)
{
	clReleaseKernel(env->kernel);
	clReleaseMemObject(env->small);
	clReleaseMemObject(env->mem);
	clReleaseCommandQueue(env->queue);
	clReleaseContext(env->context);
	free(env->host);
	free(env->other);
}

/* A query whose answer changes, so that nobody may keep it. */
static double run_sync(struct bench_env *env, size_t arg, long n)
{
	cl_event user = clCreateUserEvent(env->context, NULL);
	double start = bench_now(), ns;
	cl_int status;

	(void)arg;
	for (long i = 0; i < n; i++)
		bench_must(clGetEventInfo(user, CL_EVENT_COMMAND_EXECUTION_STATUS,
					  sizeof(status), &status, NULL), "clGetEventInfo");
	ns = bench_now() - start;
	clSetUserEventStatus(user, CL_COMPLETE);
	clReleaseEvent(user);
	return ns;
}

/* A query whose answer never changes. */
static double run_cached(struct bench_env *env, size_t arg, long n)
{
	double start = bench_now();
	size_t size;

	(void)arg;
	for (long i = 0; i < n; i++)
		bench_must(clGetMemObjectInfo(env->mem, CL_MEM_SIZE, sizeof(size), &size,
					      NULL), "clGetMemObjectInfo");
	return bench_now() - start;
}

static double run_retain(struct bench_env *env, size_t arg, long n)
{
	double start = bench_now();

	(void)arg;
	for (long i = 0; i < n; i++) {
		bench_must(clRetainMemObject(env->mem), "clRetainMemObject");
		bench_must(clReleaseMemObject(env->mem), "clReleaseMemObject");
	}
	return (bench_now() - start) / 2;
}

static double run_set_arg(struct bench_env *env, size_t arg, long n)
{
	double start = bench_now(), ns;

	(void)arg;
	for (cl_uint i = 0; i < n; i++)
		bench_must(clSetKernelArg(env->kernel, 1, sizeof(i), &i), "clSetKernelArg");
	ns = bench_now() - start;
	set_args(env);
	return ns;
}

/* A burst, as programs enqueue before they wait; what comes after is not in the time. */
#define BURST	100

static void enqueue_marker(struct bench_env *env)
{
	bench_must(clEnqueueMarkerWithWaitList(env->queue, 0, NULL, NULL),
		   "clEnqueueMarkerWithWaitList");
}

/* What the caller waits for when it enqueues; the device's work is not in it. */
static double bursts(struct bench_env *env, void (*one)(struct bench_env *), long n)
{
	double ns = 0, start;

	for (long done = 0; done < n; done += BURST) {
		start = bench_now();
		for (long i = done; i < n && i < done + BURST; i++)
			one(env);
		ns += bench_now() - start;
		bench_must(clFinish(env->queue), "clFinish");
	}
	return ns;
}

static double run_launch(struct bench_env *env, size_t arg, long n)
{
	(void)arg;
	return bursts(env, launch, n);
}

static double run_marker(struct bench_env *env, size_t arg, long n)
{
	(void)arg;
	return bursts(env, enqueue_marker, n);
}

/* As many as fit, as fast as they are taken: the slowest part of all sets the rate. */
static double run_launch_done(struct bench_env *env, size_t arg, long n)
{
	double start = bench_now();

	(void)arg;
	for (long i = 0; i < n; i++)
		launch(env);
	bench_must(clFinish(env->queue), "clFinish");
	return bench_now() - start;
}

static double run_launch_finish(struct bench_env *env, size_t arg, long n)
{
	double start = bench_now();

	(void)arg;
	for (long i = 0; i < n; i++) {
		launch(env);
		bench_must(clFinish(env->queue), "clFinish");
	}
	return bench_now() - start;
}

static double run_finish(struct bench_env *env, size_t arg, long n)
{
	double start = bench_now();

	(void)arg;
	for (long i = 0; i < n; i++)
		bench_must(clFinish(env->queue), "clFinish");
	return bench_now() - start;
}

static double run_write(struct bench_env *env, size_t len, long n)
{
	double start = bench_now();

	for (long i = 0; i < n; i++)
		bench_must(clEnqueueWriteBuffer(env->queue, env->mem, CL_TRUE, 0, len,
						env->host, 0, NULL, NULL), "write");
	return bench_now() - start;
}

static double run_read(struct bench_env *env, size_t len, long n)
{
	double start = bench_now();

	for (long i = 0; i < n; i++)
		bench_must(clEnqueueReadBuffer(env->queue, env->mem, CL_TRUE, 0, len,
					       env->host, 0, NULL, NULL), "read");
	return bench_now() - start;
}

static double run_write_finish(struct bench_env *env, size_t len, long n)
{
	double start = bench_now();

	for (long i = 0; i < n; i++) {
		bench_must(clEnqueueWriteBuffer(env->queue, env->mem, CL_FALSE, 0, len,
						env->host, 0, NULL, NULL), "write");
		bench_must(clFinish(env->queue), "clFinish");
	}
	return bench_now() - start;
}

static double run_read_finish(struct bench_env *env, size_t len, long n)
{
	double start = bench_now();

	for (long i = 0; i < n; i++) {
		bench_must(clEnqueueReadBuffer(env->queue, env->mem, CL_FALSE, 0, len,
					       env->host, 0, NULL, NULL), "read");
		bench_must(clFinish(env->queue), "clFinish");
	}
	return bench_now() - start;
}

/* What a transfer of that size cannot do without. */
static double run_memcpy(struct bench_env *env, size_t len, long n)
{
	double start = bench_now();

	for (long i = 0; i < n; i++) {
		memcpy(env->other, env->host, len);
		__asm__ volatile("" ::: "memory");
	}
	return bench_now() - start;
}

/* Each program is one that no cache has seen. */
static double run_build(struct bench_env *env, size_t arg, long n)
{
	double ns = 0;

	(void)arg;
	for (long i = 0; i < n; i++) {
		char options[64];
		double start = bench_now();

		snprintf(options, sizeof(options), "-DUNIQUE=%.0f", start);
		clReleaseProgram(build(env, source, options));
		ns += bench_now() - start;
	}
	return ns;
}

#define KIB	1024u
#define MIB	(1024u * 1024u)
#define SIZES(name, run) \
	{ name "-4K", run, 4 * KIB }, { name "-1M", run, MIB }, { name "-64M", run, 64 * MIB }

const struct bench bench_list[] = {
	{ "sync", run_sync, 0 },
	{ "cached-query", run_cached, 0 },
	{ "retain-release", run_retain, 0 },
	{ "set-arg", run_set_arg, 0 },
	{ "marker", run_marker, 0 },
	{ "launch", run_launch, 0 },
	{ "launch-done", run_launch_done, 0 },
	{ "launch-finish", run_launch_finish, 0 },
	{ "finish", run_finish, 0 },
	SIZES("memcpy", run_memcpy),
	SIZES("write", run_write),
	SIZES("read", run_read),
	SIZES("write-finish", run_write_finish),
	SIZES("read-finish", run_read_finish),
	{ "build", run_build, 0 },
	{ NULL, NULL, 0 },
};
