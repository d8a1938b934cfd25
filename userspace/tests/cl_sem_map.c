// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_map.c - mapped buffers: what was mapped changes, and nothing else does
 */
#include "cl_test.h"

#define SIZE	4096
#define READ	CL_MAP_READ
#define WRITE	CL_MAP_WRITE
#define RDWR	(CL_MAP_READ | CL_MAP_WRITE)
#define INVALID	CL_MAP_WRITE_INVALIDATE_REGION

static uint8_t *map(const struct cl_env *env, cl_mem mem, cl_map_flags flags, size_t at,
		    size_t len)
{
	cl_int err;
	uint8_t *p = clEnqueueMapBuffer(env->queue, mem, CL_TRUE, flags, at, len, 0, NULL,
					NULL, &err);

	if (err)
		printf("# clEnqueueMapBuffer: %s\n", cl_name(err));
	return p;
}

static cl_int unmap(const struct cl_env *env, cl_mem mem, void *p)
{
	return clEnqueueUnmapMemObject(env->queue, mem, p, 0, NULL, NULL);
}

/* The vendor's threads may count a map for a moment after the command's end. */
static bool map_count(cl_mem mem, cl_uint want)
{
	double end = cl_test_seconds() + 100;
	cl_uint n = 99;

	do
		clGetMemObjectInfo(mem, CL_MEM_MAP_COUNT, sizeof(n), &n, NULL);
	while (n > want && cl_test_seconds() < end);
	return n == want;
}

static cl_mem filled(const struct cl_env *env, uint8_t *bytes, uint32_t seed)
{
	cl_mem mem = cl_test_buffer(env, SIZE);

	cl_test_pattern(bytes, SIZE, seed);
	clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 0, SIZE, bytes, 0, NULL, NULL);
	return mem;
}

static void test_read(const struct cl_env *env)
{
	uint8_t want[SIZE], *p;
	cl_mem mem = filled(env, want, 1);

	p = map(env, mem, READ, 0, SIZE);
	tap(p && !memcmp(p, want, SIZE), "a map for reading has the bytes");
	tap(!((uintptr_t)p & 127), "its address is aligned for every type");
	tap(map_count(mem, 1), "CL_MEM_MAP_COUNT is 1");
	tap_err(unmap(env, mem, p), CL_SUCCESS, "clEnqueueUnmapMemObject");
	clFinish(env->queue);
	tap(map_count(mem, 0), "CL_MEM_MAP_COUNT is 0 again");
	p = map(env, mem, READ, 1001, 77);
	tap(p && !memcmp(p, want + 1001, 77), "a part of it, at an odd offset");
	unmap(env, mem, p);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "nothing has changed");
	clReleaseMemObject(mem);
}

/* Naive: unmap sends the whole object, and brings back what others wrote meanwhile. */
static void test_neighbours(const struct cl_env *env, cl_map_flags flags, const char *name)
{
	uint8_t want[SIZE], other[SIZE], *p;
	cl_mem mem = filled(env, want, 2);

	cl_test_pattern(other, SIZE, 3);
	p = map(env, mem, flags, 1000, 100);
	/* Both sides of the region, by another command, while it is mapped. */
	clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 0, 1000, other, 0, NULL, NULL);
	clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 1100, 500, other + 1100, 0, NULL,
			     NULL);
	memcpy(want, other, 1000);
	memcpy(want + 1100, other + 1100, 500);
	for (int i = 0; i < 100; i++)
		p[i] = want[1000 + i] = i;
	unmap(env, mem, p);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "%s: the neighbours keep theirs", name);
	clReleaseMemObject(mem);
}

/* Naive: one map at a time, or each with memory of its own that forgets the other's. */
static void test_overlap(const struct cl_env *env)
{
	uint8_t want[SIZE], *all, *part;
	cl_mem mem = filled(env, want, 4);

	all = map(env, mem, READ, 0, SIZE);
	part = map(env, mem, READ, 512, 64);
	tap(all && part && !memcmp(all, want, SIZE) && !memcmp(part, want + 512, 64),
	    "two maps for reading overlap");
	tap(map_count(mem, 2), "CL_MEM_MAP_COUNT is 2");
	tap(part - all == 512, "they are one memory");
	unmap(env, mem, all);
	clFinish(env->queue);
	tap(map_count(mem, 1), "one is unmapped");
	tap(!memcmp(part, want + 512, 64), "the other stays readable");
	unmap(env, mem, part);
	clFinish(env->queue);
	tap(map_count(mem, 0), "now both are");
	clReleaseMemObject(mem);
}

/* Naive: an unmap finds its region by the object alone, or by the address alone. */
static void test_two_writers(const struct cl_env *env)
{
	uint8_t want[SIZE], *one, *two;
	cl_mem mem = filled(env, want, 5);

	one = map(env, mem, WRITE, 100, 50);
	two = map(env, mem, INVALID, 3000, 50);
	memset(one, 1, 50);
	memset(two, 2, 50);
	memset(want + 100, 1, 50);
	memset(want + 3000, 2, 50);
	unmap(env, mem, one);
	unmap(env, mem, two);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "two regions are written at once");
	clReleaseMemObject(mem);
}

static void test_same_twice(const struct cl_env *env)
{
	uint8_t want[SIZE], *one, *two;
	cl_mem mem = filled(env, want, 6);
	cl_int err;

	one = map(env, mem, READ, 64, 64);
	two = map(env, mem, READ, 64, 64);
	tap(one && one == two, "one region mapped twice is one address");
	err = unmap(env, mem, one);
	tap_err(err, CL_SUCCESS, "unmapped once");
	clFinish(env->queue);
	tap(map_count(mem, 1) && !memcmp(two, want + 64, 64), "it is mapped still");
	err = unmap(env, mem, two);
	tap_err(err, CL_SUCCESS, "unmapped twice");
	clFinish(env->queue);
	err = unmap(env, mem, two);
	tap_err(err, CL_INVALID_VALUE, "unmapped once too often");
	tap(map_count(mem, 0), "CL_MEM_MAP_COUNT stays 0");
	clReleaseMemObject(mem);
}

static void test_errors(const struct cl_env *env)
{
	uint8_t want[SIZE], *p;
	cl_mem mem = filled(env, want, 7), other = cl_test_buffer(env, SIZE), secret;
	cl_int err = 1;

	p = clEnqueueMapBuffer(env->queue, mem, CL_TRUE, READ, 4000, 97, 0, NULL, NULL, &err);
	tap(!p, "no address");
	tap_err(err, CL_INVALID_VALUE, "a map beyond the end");
	p = clEnqueueMapBuffer(env->queue, mem, CL_TRUE, READ, 0, 0, 0, NULL, NULL, &err);
	tap(!p, "a map of nothing: %s", cl_name(err));
	p = clEnqueueMapBuffer(env->queue, mem, CL_TRUE, WRITE | INVALID, 0, 64, 0, NULL,
			       NULL, &err);
	tap(!p == !!err, "write and invalidate: %s", cl_name(err));
	if (p)
		unmap(env, mem, p);
	p = map(env, mem, READ, 0, 64);
	tap_err(unmap(env, other, p), CL_INVALID_VALUE, "unmap from another buffer");
	tap_err(unmap(env, mem, want), CL_INVALID_VALUE, "unmap of some address");
	tap_err(unmap(env, mem, NULL), CL_INVALID_VALUE, "unmap of no address");
	tap_err(unmap(env, mem, p), CL_SUCCESS, "unmap");
	secret = clCreateBuffer(env->context, CL_MEM_HOST_NO_ACCESS, 64, NULL, NULL);
	p = clEnqueueMapBuffer(env->queue, secret, CL_TRUE, READ, 0, 64, 0, NULL, NULL, &err);
	tap(!p, "no address");
	tap_err(err, CL_INVALID_OPERATION, "a map of CL_MEM_HOST_NO_ACCESS");
	clReleaseMemObject(secret);
	clReleaseMemObject(other);
	clReleaseMemObject(mem);
}

/* Naive: a map that does not block fetches its bytes when it is called. */
static void test_non_blocking(const struct cl_env *env)
{
	uint8_t want[SIZE], *p;
	cl_mem mem = filled(env, want, 8);
	cl_event gate = clCreateUserEvent(env->context, NULL), written, mapped;
	cl_command_type type = 0;
	cl_int err;

	cl_test_pattern(want, SIZE, 9);
	clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, SIZE, want, 1, &gate, &written);
	p = clEnqueueMapBuffer(env->queue, mem, CL_FALSE, RDWR, 0, SIZE, 1, &written,
			       &mapped, &err);
	tap(p && !err, "a map waits for a write that waits for the program");
	tap(cl_test_status(mapped) > CL_COMPLETE, "it is not done");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clWaitForEvents(1, &mapped), CL_SUCCESS, "clWaitForEvents");
	tap(p && !memcmp(p, want, SIZE), "now the new bytes are there");
	clGetEventInfo(mapped, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL);
	tap(type == CL_COMMAND_MAP_BUFFER, "the event is a map's");
	memset(p + 10, 0xee, 10);
	memset(want + 10, 0xee, 10);
	unmap(env, mem, p);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "and what is written arrives");
	clReleaseEvent(gate);
	clReleaseEvent(written);
	clReleaseEvent(mapped);
	clReleaseMemObject(mem);
}

/* Naive: unmap writes at once, whatever it has to wait for. */
static void test_late_unmap(const struct cl_env *env)
{
	uint8_t want[SIZE], *p;
	cl_mem mem = filled(env, want, 10), before = cl_test_buffer(env, SIZE);
	cl_event gate = clCreateUserEvent(env->context, NULL), done;
	cl_command_type type = 0;
	cl_int err;

	p = map(env, mem, RDWR, 0, SIZE);
	memset(p, 0x3c, 100);
	memset(want, 0x3c, 100);
	err = clEnqueueUnmapMemObject(env->queue, mem, p, 1, &gate, &done);
	tap_err(err, CL_SUCCESS, "an unmap that waits for the program");
	tap(cl_test_status(done) > CL_COMPLETE, "it is not done");
	clGetEventInfo(done, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL);
	tap(type == CL_COMMAND_UNMAP_MEM_OBJECT, "the event is an unmap's");
	err = clEnqueueCopyBuffer(env->queue, mem, before, 0, 0, SIZE, 1, &done, NULL);
	tap_err(err, CL_SUCCESS, "a copy that waits for the unmap");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap(cl_test_holds(env, before, 0, SIZE, want), "the copy has what was written");
	clReleaseEvent(gate);
	clReleaseEvent(done);
	clReleaseMemObject(before);
	clReleaseMemObject(mem);
}

/* Naive: what a sub-buffer's map writes stays in the sub-buffer's own copy. */
static void test_sub_buffer(const struct cl_env *env)
{
	uint8_t want[SIZE], *p;
	cl_mem mem = filled(env, want, 11), sub;
	const cl_buffer_region region = { 1024, 1024 };

	sub = clCreateSubBuffer(mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, NULL);
	p = map(env, sub, RDWR, 100, 200);
	tap(p && !memcmp(p, want + 1124, 200), "a map of a sub-buffer");
	memset(p, 0x77, 200);
	memset(want + 1124, 0x77, 200);
	unmap(env, sub, p);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "the parent has what was written");
	p = map(env, mem, WRITE, 1024, 8);
	memset(p, 0x66, 8);
	memset(want + 1024, 0x66, 8);
	unmap(env, mem, p);
	p = map(env, sub, READ, 0, 1024);
	tap(p && !memcmp(p, want + 1024, 1024), "and the sub-buffer what its parent got");
	unmap(env, sub, p);
	clReleaseMemObject(sub);
	clReleaseMemObject(mem);
}

/* Naive: maps and kernels of one queue overtake each other now and then. */
static void test_kernels_between(const struct cl_env *env)
{
	static const char source[] =
		"__kernel void inc(__global uint *a) { a[get_global_id(0)]++; }\n";
	cl_program program = cl_test_build(env, source, "");
	cl_kernel kernel = cl_test_kernel(program, "inc");
	cl_mem mem = cl_test_buffer(env, SIZE);
	const size_t items = SIZE / 4;
	bool good = true;
	const cl_uint zero = 0;

	clEnqueueFillBuffer(env->queue, mem, &zero, 4, 0, SIZE, 0, NULL, NULL);
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	for (cl_uint round = 0; round < 500; round++) {
		cl_uint *p;

		clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items, NULL, 0, NULL,
				       NULL);
		p = (cl_uint *)map(env, mem, RDWR, 2048, 1024);
		good = good && p && p[0] == 3 * round + 1 && p[255] == 3 * round + 1;
		for (int i = 0; p && i < 256; i++)
			p[i] += 2;
		unmap(env, mem, p);
	}
	tap(good, "500 times a kernel, then a map that reads and writes");
	clReleaseKernel(kernel);
	clReleaseProgram(program);
	clReleaseMemObject(mem);
}

static void test_large(const struct cl_env *env)
{
	const size_t len = 40u << 20;
	cl_mem mem = cl_test_buffer(env, len);
	uint8_t *bytes = malloc(len), *p;

	cl_test_pattern(bytes, len, 12);
	p = map(env, mem, INVALID, 0, len);
	memcpy(p, bytes, len);
	unmap(env, mem, p);
	p = map(env, mem, RDWR, len / 2, 5000);
	tap(p && !memcmp(p, bytes + len / 2, 5000), "a small map of 40 MiB");
	memset(p, 1, 5000);
	memset(bytes + len / 2, 1, 5000);
	unmap(env, mem, p);
	p = map(env, mem, READ, 0, len);
	tap(p && !memcmp(p, bytes, len), "all of 40 MiB");
	unmap(env, mem, p);
	free(bytes);
	clReleaseMemObject(mem);
}

/* Naive: a map belongs to the queue that made it, or dies with its object's handle. */
static void test_lifetimes(const struct cl_env *env)
{
	cl_command_queue queue = clCreateCommandQueue(env->context, env->device, 0, NULL);
	uint8_t want[SIZE], *p;
	cl_mem mem = filled(env, want, 13);
	cl_int err;

	p = clEnqueueMapBuffer(queue, mem, CL_TRUE, RDWR, 0, SIZE, 0, NULL, NULL, &err);
	clReleaseCommandQueue(queue);
	tap(p && !memcmp(p, want, SIZE), "a map outlives its queue");
	p[0] = want[0] = 0x42;
	tap_err(unmap(env, mem, p), CL_SUCCESS, "another queue unmaps it");
	tap(cl_test_holds(env, mem, 0, SIZE, want), "with what was written");
	p = map(env, mem, RDWR, 0, SIZE);
	p[1] = 0;
	err = unmap(env, mem, p);
	err = err ? err : clReleaseMemObject(mem);
	tap_err(err, CL_SUCCESS, "a buffer is released right after its unmap");
	tap_err(clFinish(env->queue), CL_SUCCESS, "clFinish");
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_read(&env);
	test_neighbours(&env, WRITE, "CL_MAP_WRITE");
	test_neighbours(&env, RDWR, "CL_MAP_READ | CL_MAP_WRITE");
	test_neighbours(&env, INVALID, "CL_MAP_WRITE_INVALIDATE_REGION");
	test_overlap(&env);
	test_two_writers(&env);
	test_same_twice(&env);
	test_errors(&env);
	test_non_blocking(&env);
	test_late_unmap(&env);
	test_sub_buffer(&env);
	test_kernels_between(&env);
	test_large(&env);
	test_lifetimes(&env);
	cl_env_close(&env);
	return tap_end();
}
