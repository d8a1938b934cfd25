// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_refs.c - objects live as long as something refers to them
 *
 * Counts are the implementation's own and part of a case's name where the
 * specification leaves them open, so that two runs compare.
 */
#include "cl_test.h"

static const char source[] =
"__kernel void add(__global int *a, int n) { a[get_global_id(0)] += n; }\n";

static cl_uint mem_refs(cl_mem mem)
{
	cl_uint refs = 0;

	clGetMemObjectInfo(mem, CL_MEM_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
	return refs;
}

static cl_uint context_refs(cl_context context)
{
	cl_uint refs = 0;

	clGetContextInfo(context, CL_CONTEXT_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
	return refs;
}

/* Naive: the count is cached as if it never changed, or retain never counts. */
static void test_counts(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, 64);
	bool good = true;

	for (cl_uint i = 1; i <= 100; i++) {
		good = good && mem_refs(mem) == i;
		clRetainMemObject(mem);
	}
	tap(good, "each retain counts one more");
	for (cl_uint i = 100; i >= 1; i--) {
		clReleaseMemObject(mem);
		good = good && mem_refs(mem) == i;
	}
	tap(good, "each release counts one less");
	tap_err(clReleaseMemObject(mem), CL_SUCCESS, "the last release");
}

static void test_kinds(const struct cl_env *env)
{
	cl_program program = cl_test_build(env, source, "");
	cl_kernel kernel = cl_test_kernel(program, "add");
	cl_sampler sampler = clCreateSampler(env->context, CL_FALSE, CL_ADDRESS_CLAMP,
					     CL_FILTER_NEAREST, NULL);
	cl_event user = clCreateUserEvent(env->context, NULL);
	cl_uint queue_refs = 0, kernel_refs = 0, sampler_refs = 0, user_refs = 0;

	clRetainKernel(kernel);
	clRetainSampler(sampler);
	clRetainEvent(user);
	clRetainCommandQueue(env->queue);
	clGetKernelInfo(kernel, CL_KERNEL_REFERENCE_COUNT, sizeof(cl_uint), &kernel_refs,
			NULL);
	clGetSamplerInfo(sampler, CL_SAMPLER_REFERENCE_COUNT, sizeof(cl_uint),
			 &sampler_refs, NULL);
	clGetEventInfo(user, CL_EVENT_REFERENCE_COUNT, sizeof(cl_uint), &user_refs, NULL);
	clGetCommandQueueInfo(env->queue, CL_QUEUE_REFERENCE_COUNT, sizeof(cl_uint),
			      &queue_refs, NULL);
	tap(true, "retained: kernel %u, sampler %u, user event %u, queue %u", kernel_refs,
	    sampler_refs, user_refs, queue_refs);
	clReleaseCommandQueue(env->queue);
	tap_err(clReleaseKernel(kernel) | clReleaseSampler(sampler) | clReleaseEvent(user),
		CL_SUCCESS, "one release each");
	tap_err(clReleaseKernel(kernel) | clReleaseSampler(sampler) | clReleaseEvent(user),
		CL_SUCCESS, "and the last of each");
	clReleaseProgram(program);
}

/* Naive: each object has one count of its own, and others do not hold it. */
static void test_children_count(const struct cl_env *env)
{
	cl_context context = clCreateContext(NULL, 1, &env->device, NULL, NULL, NULL);
	cl_command_queue queue;
	cl_uint before;
	cl_mem mem;

	before = context_refs(context);
	queue = clCreateCommandQueue(context, env->device, 0, NULL);
	tap(true, "a queue adds %u to its context", context_refs(context) - before);
	mem = clCreateBuffer(context, CL_MEM_READ_WRITE, 64, NULL, NULL);
	tap(true, "and a buffer: %u", context_refs(context) - before);
	clRetainMemObject(mem);
	tap(true, "a retained buffer: %u", context_refs(context) - before);
	clReleaseMemObject(mem);
	clReleaseMemObject(mem);
	tap(true, "a released buffer: %u", context_refs(context) - before);
	clReleaseCommandQueue(queue);
	tap(context_refs(context) == before, "all released: as before");
	clReleaseContext(context);
}

/*
 * Naive: an object is gone when the program's last reference is, though others
 * hold it: a queue its context, a kernel its program, a sub-buffer its parent.
 */
static void test_context_held(const struct cl_env *env)
{
	cl_context context = clCreateContext(NULL, 1, &env->device, NULL, NULL, NULL), got;
	cl_command_queue queue = clCreateCommandQueue(context, env->device, 0, NULL);
	cl_mem mem = clCreateBuffer(context, CL_MEM_READ_WRITE, 64, NULL, NULL);
	const int seven = 7;
	int out = 0;
	cl_int err;

	tap_err(clReleaseContext(context), CL_SUCCESS, "the context is released first");
	got = NULL;
	clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof(got), &got, NULL);
	tap(got == context, "the queue still names it");
	err = clEnqueueFillBuffer(queue, mem, &seven, 4, 0, 64, 0, NULL, NULL);
	tap_err(err, CL_SUCCESS, "a command on its queue");
	err = clEnqueueReadBuffer(queue, mem, CL_TRUE, 60, 4, &out, 0, NULL, NULL);
	tap(!err && out == 7, "and its result");
	got = NULL;
	clGetMemObjectInfo(mem, CL_MEM_CONTEXT, sizeof(got), &got, NULL);
	tap(got == context, "the buffer still names it");
	clReleaseMemObject(mem);
	tap_err(clReleaseCommandQueue(queue), CL_SUCCESS, "the queue is released last");
}

static void test_program_held(const struct cl_env *env)
{
	cl_program program = cl_test_build(env, source, ""), got = NULL;
	cl_kernel kernel = cl_test_kernel(program, "add");
	cl_mem mem = cl_test_buffer(env, 16);
	const int zero = 0, three = 3, want[4] = { 3, 3, 3, 3 };
	const size_t items = 4;
	char name[16] = "";

	tap_err(clReleaseProgram(program), CL_SUCCESS, "the program is released first");
	clGetKernelInfo(kernel, CL_KERNEL_PROGRAM, sizeof(got), &got, NULL);
	tap(got == program, "the kernel still names it");
	clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof(name), name, NULL);
	tap(!strcmp(name, "add"), "the kernel still knows its name");
	clEnqueueFillBuffer(env->queue, mem, &zero, 4, 0, 16, 0, NULL, NULL);
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clSetKernelArg(kernel, 1, sizeof(three), &three);
	clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL);
	tap(cl_test_holds(env, mem, 0, 16, want), "and runs");
	clReleaseKernel(kernel);
	clReleaseMemObject(mem);
}

static void test_parent_held(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, 8192), got = NULL;
	const cl_buffer_region region = { 4096, 256 };
	cl_mem sub = clCreateSubBuffer(mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
				       &region, NULL);
	double end = cl_test_seconds() + 100;
	uint8_t bytes[256];

	cl_test_pattern(bytes, sizeof(bytes), 4);
	clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 4096, 256, bytes, 0, NULL, NULL);
	/* The vendor's threads may keep what a command used for a moment after its end. */
	while (mem_refs(mem) > 2 && cl_test_seconds() < end)
		;
	tap(true, "a sub-buffer: its parent counts %u", mem_refs(mem));
	tap_err(clReleaseMemObject(mem), CL_SUCCESS, "the parent is released first");
	tap(cl_test_holds(env, sub, 0, 256, bytes), "the sub-buffer has its bytes");
	clGetMemObjectInfo(sub, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(got), &got, NULL);
	tap(got == mem, "and names its parent");
	tap_err(clReleaseMemObject(sub), CL_SUCCESS, "the sub-buffer is released last");
}

/* Naive: a release overtakes the commands that were enqueued before it. */
static void test_released_in_flight(const struct cl_env *env)
{
	cl_program program = cl_test_build(env, source, "");
	cl_kernel kernel = cl_test_kernel(program, "add");
	cl_event gate = clCreateUserEvent(env->context, NULL);
	cl_mem mem = cl_test_buffer(env, 16), copy = cl_test_buffer(env, 16);
	const int five = 5, zero = 0, want[4] = { 5, 5, 5, 5 };
	const size_t items = 4;
	cl_int err;

	clEnqueueFillBuffer(env->queue, mem, &zero, 4, 0, 16, 1, &gate, NULL);
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clSetKernelArg(kernel, 1, sizeof(five), &five);
	clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL);
	err = clEnqueueCopyBuffer(env->queue, mem, copy, 0, 0, 16, 0, NULL, NULL);
	tap_err(err, CL_SUCCESS, "commands that wait");
	err = clReleaseKernel(kernel);
	err |= clReleaseProgram(program);
	err |= clReleaseMemObject(mem);
	tap_err(err, CL_SUCCESS, "kernel, program and buffer are released meanwhile");
	err = clSetUserEventStatus(gate, CL_COMPLETE);
	err |= clReleaseEvent(gate);
	tap_err(err, CL_SUCCESS, "then they may run, and the gate is released");
	tap(cl_test_holds(env, copy, 0, 16, want), "the commands had what they needed");
	clReleaseMemObject(copy);
}

/*
 * Naive: what is known of a handle outlives the object, and the next object with
 * the same handle inherits it.
 */
static void test_reuse(const struct cl_env *env)
{
	bool sizes = true, flags = true;

	for (size_t i = 1; i <= 2000; i++) {
		const cl_mem_flags wanted = i & 1 ? CL_MEM_READ_ONLY : CL_MEM_WRITE_ONLY;
		cl_mem mem = clCreateBuffer(env->context, wanted, i, NULL, NULL);
		cl_mem_flags got = 0;
		size_t size = 0;

		clGetMemObjectInfo(mem, CL_MEM_SIZE, sizeof(size), &size, NULL);
		clGetMemObjectInfo(mem, CL_MEM_FLAGS, sizeof(got), &got, NULL);
		sizes = sizes && size == i;
		flags = flags && got == wanted;
		clReleaseMemObject(mem);
	}
	tap(sizes, "2000 buffers one after the other: each has its size");
	tap(flags, "and its flags");
}

/* Naive: the event of a command that is not done goes away with its reference. */
static void test_event_released(const struct cl_env *env)
{
	cl_event gate = clCreateUserEvent(env->context, NULL), first, second;
	cl_mem mem = cl_test_buffer(env, 16);
	const int one = 1, want[4] = { 1, 1, 1, 1 };
	cl_int err;

	clEnqueueFillBuffer(env->queue, mem, &one, 4, 0, 16, 1, &gate, &first);
	err = clEnqueueMarkerWithWaitList(env->queue, 1, &first, &second);
	tap_err(err, CL_SUCCESS, "a marker that waits for an event");
	tap_err(clReleaseEvent(first), CL_SUCCESS, "the event is released unset");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clWaitForEvents(1, &second), CL_SUCCESS, "the marker still completes");
	tap(cl_test_holds(env, mem, 0, 16, want), "and the command ran");
	clReleaseEvent(second);
	clReleaseEvent(gate);
	clReleaseMemObject(mem);
}

/* Naive: a queue's release drops what it has not been sent yet. */
static void test_queue_released(const struct cl_env *env)
{
	cl_command_queue queue = clCreateCommandQueue(env->context, env->device, 0, NULL);
	cl_mem mem = cl_test_buffer(env, 16);
	const int nine = 9, want[4] = { 9, 9, 9, 9 };
	cl_event done, user = clCreateUserEvent(env->context, NULL);
	cl_int err;

	clEnqueueFillBuffer(queue, mem, &nine, 4, 0, 16, 0, NULL, &done);
	tap_err(clReleaseCommandQueue(queue), CL_SUCCESS, "a queue with work is released");
	tap_err(clWaitForEvents(1, &done), CL_SUCCESS, "the work completes");
	tap(cl_test_holds(env, mem, 0, 16, want), "with its result");
	err = clSetUserEventStatus(user, CL_COMPLETE);
	err = err ? err : clSetUserEventStatus(user, CL_COMPLETE);
	tap_err(err, CL_INVALID_OPERATION, "a user event is set once");
	clReleaseEvent(user);
	clReleaseEvent(done);
	clReleaseMemObject(mem);
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_counts(&env);
	test_kinds(&env);
	test_children_count(&env);
	test_context_held(&env);
	test_program_held(&env);
	test_parent_held(&env);
	test_released_in_flight(&env);
	test_event_released(&env);
	test_queue_released(&env);
	test_reuse(&env);
	cl_env_close(&env);
	return tap_end();
}
