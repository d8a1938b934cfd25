// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_inplace.c - CL_MEM_USE_HOST_PTR without maps
 *
 * OpenCL promises that the program's memory and the object are the same while mapped.
 * With a device that uses the memory in place they always are, and programs count on
 * it. Naive: the object is a copy, which neither sees what the program writes without
 * a map, nor shows what commands write.
 */
#include "cl_test.h"

#include <semaphore.h>
#include <sys/mman.h>
#include <time.h>

#define COUNT	20000
#define BYTES	(COUNT * sizeof(int))

static const char source[] =
"__kernel void inc(__global int *a) { a[get_global_id(0)] += 1; }\n"
"__kernel void put(__global int *to, __global const int *from)\n"
"{ to[get_global_id(0)] = from[get_global_id(0)]; }\n"
"__kernel void even(__global int *a, int value) { a[2 * get_global_id(0)] = value; }\n";

static _Alignas(4096) int a[COUNT], b[COUNT];

struct here {
	struct cl_env env;
	cl_program program;
	cl_kernel inc, put, even;
	cl_mem mem_a, mem_b;
};

static cl_mem use(const struct here *h, cl_mem_flags flags, int *p)
{
	cl_int err;
	cl_mem mem = clCreateBuffer(h->env.context, flags | CL_MEM_USE_HOST_PTR, BYTES, p, &err);

	if (err)
		printf("# clCreateBuffer: %s\n", cl_name(err));
	return mem;
}

static void begin(struct here *h)
{
	for (int i = 0; i < COUNT; i++)
		a[i] = b[i] = -1;
	h->mem_a = use(h, CL_MEM_READ_WRITE, a);
	h->mem_b = use(h, CL_MEM_READ_WRITE, b);
	/* after they are made */
	for (int i = 0; i < COUNT; i++)
		a[i] = i;
	clSetKernelArg(h->inc, 0, sizeof(cl_mem), &h->mem_a);
	clSetKernelArg(h->put, 0, sizeof(cl_mem), &h->mem_b);
	clSetKernelArg(h->put, 1, sizeof(cl_mem), &h->mem_a);
	clSetKernelArg(h->even, 0, sizeof(cl_mem), &h->mem_a);
}

static void end(struct here *h)
{
	clReleaseMemObject(h->mem_a);
	clReleaseMemObject(h->mem_b);
}

static void launch(const struct here *h, cl_kernel kernel, size_t items, cl_event *event)
{
	clEnqueueNDRangeKernel(h->env.queue, kernel, 1, NULL, &items, NULL, 0, NULL, event);
}

/* Is p[i] == i + @add, all of it? */
static bool counts(const int *p, int add)
{
	for (int i = 0; i < COUNT; i++)
		if (p[i] != i + add)
			return false;
	return true;
}

static void test_kernels(struct here *h)
{
	bool good = true;
	cl_event event;

	begin(h);
	launch(h, h->inc, COUNT, NULL);
	clFinish(h->env.queue);
	tap(counts(a, 1), "written after the object was made, seen behind clFinish");
	for (int round = 0; round < 20; round++) {
		launch(h, h->inc, COUNT, &event);
		clWaitForEvents(1, &event);
		clReleaseEvent(event);
		good = good && counts(a, 2 + round);
	}
	tap(good, "behind the launch's event, 20 times");
	for (int i = 0; i < 100; i++)
		launch(h, h->inc, COUNT, NULL);
	clFinish(h->env.queue);
	tap(counts(a, 121), "behind 100 launches");
	a[7] = 777;
	a[COUNT - 1] = 778;
	launch(h, h->put, COUNT, NULL);
	clFinish(h->env.queue);
	tap(b[7] == 777 && b[COUNT - 1] == 778 && b[8] == 129,
	    "a kernel sees what the program wrote");
	end(h);
}

/* Naive: what comes back overwrites what the program wrote beside it, or the reverse. */
static void test_beside(struct here *h)
{
	bool good = true;

	begin(h);
	for (int round = 1; round <= 10; round++) {
		for (int i = 1; i < COUNT; i += 2)
			a[i] = -round;
		clSetKernelArg(h->even, 1, sizeof(round), &round);
		launch(h, h->even, COUNT / 2, NULL);
		clFinish(h->env.queue);
		for (int i = 1; i < COUNT; i += 2)
			a[i] -= 100;
		for (int i = 0; i < COUNT; i++)
			good = good && a[i] == (i % 2 ? -round - 100 : round);
	}
	tap(good, "program and kernel write side by side");
	clEnqueueCopyBuffer(h->env.queue, h->mem_a, h->mem_b, 0, 0, BYTES, 0, NULL, NULL);
	clFinish(h->env.queue);
	tap(!memcmp(a, b, BYTES), "and both is in the object");
	end(h);
}

static void test_commands(struct here *h)
{
	const size_t zero[3] = { 0, 0, 0 }, region[3] = { 64, 4, 1 };
	const int nine = 9, w[2] = { 55, 56 };
	int r[4];

	begin(h);
	clEnqueueFillBuffer(h->env.queue, h->mem_b, &nine, 4, 400, 800, 0, NULL, NULL);
	clFinish(h->env.queue);
	tap(b[99] == -1 && b[100] == 9 && b[299] == 9 && b[300] == -1, "a fill of a part");
	a[0] = 4242;
	clEnqueueCopyBuffer(h->env.queue, h->mem_a, h->mem_b, 0, 16, 400, 0, NULL, NULL);
	clFinish(h->env.queue);
	tap(b[3] == -1 && b[4] == 4242 && b[5] == 1, "a copy");
	a[1] = 31;
	clEnqueueReadBuffer(h->env.queue, h->mem_a, CL_TRUE, 0, sizeof(r), r, 0, NULL, NULL);
	tap(r[0] == 4242 && r[1] == 31 && r[2] == 2, "a read");
	clEnqueueWriteBuffer(h->env.queue, h->mem_b, CL_TRUE, 40, sizeof(w), w, 0, NULL, NULL);
	tap(b[10] == 55 && b[11] == 56, "a write is seen when it returns");
	clEnqueueCopyBufferRect(h->env.queue, h->mem_a, h->mem_b, zero, zero, region, 80, 0, 64,
				0, 0, NULL, NULL);
	clFinish(h->env.queue);
	tap(b[0] == 4242 && b[16] == a[20] && b[63] == a[75], "a copied rectangle");
	clEnqueueReadBuffer(h->env.queue, h->mem_a, CL_TRUE, 0, BYTES, b, 0, NULL, NULL);
	tap(!memcmp(a, b, BYTES), "one object's bytes into the memory of another");
	end(h);
}

/* The way of programs that were written for cards: they migrate, and never map. */
static void test_migrate(struct here *h)
{
	begin(h);
	clEnqueueMigrateMemObjects(h->env.queue, 1, &h->mem_a, 0, 0, NULL, NULL);
	launch(h, h->put, COUNT, NULL);
	clEnqueueMigrateMemObjects(h->env.queue, 1, &h->mem_b, CL_MIGRATE_MEM_OBJECT_HOST, 0,
				   NULL, NULL);
	clFinish(h->env.queue);
	tap(counts(b, 0), "migrated there and back");
	end(h);
}

static void test_parts(struct here *h)
{
	const cl_buffer_region region = { 4096, 8192 };
	cl_kernel clone;
	cl_mem sub;
	bool good;

	begin(h);
	sub = clCreateSubBuffer(h->mem_a, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, NULL);
	clSetKernelArg(h->inc, 0, sizeof(sub), &sub);
	clone = clCloneKernel(h->inc, NULL);
	a[1024] = 5;
	launch(h, h->inc, 2048, NULL);
	clFinish(h->env.queue);
	good = a[1023] == 1023 && a[1024] == 6 && a[3071] == 3072 && a[3072] == 3072;
	tap(good, "a sub-buffer's part, and no more");
	a[1024] = 50;
	launch(h, clone, 2048, NULL);
	clFinish(h->env.queue);
	tap(a[1024] == 51 && a[3071] == 3073, "the arguments of a copied kernel");
	clReleaseKernel(clone);
	clReleaseMemObject(sub);
	end(h);
}

/* Naive: memory that is the program's again is written to. */
static void test_freed(struct here *h)
{
	bool good = true;

	for (int round = 0; round < 50; round++) {
		int *p = malloc(BYTES), *q;
		cl_mem mem;

		memset(p, 0, BYTES);
		mem = use(h, CL_MEM_READ_WRITE, p);
		clSetKernelArg(h->inc, 0, sizeof(mem), &mem);
		launch(h, h->inc, COUNT, NULL);
		clFinish(h->env.queue);
		good = good && p[0] == 1 && p[COUNT - 1] == 1;
		free(p);
		q = malloc(BYTES);
		memset(q, 0x5a, BYTES);
		clFinish(h->env.queue);
		clReleaseMemObject(mem);
		clFinish(h->env.queue);
		for (size_t i = 0; i < BYTES; i++)
			good = good && ((uint8_t *)q)[i] == 0x5a;
		free(q);
	}
	tap(good, "freed before the object is released, and used again");
}

/* Naive: a program that maps once, to fill the memory, is taken for one that always maps. */
static void test_filled_by_map(struct here *h)
{
	int *p;

	begin(h);
	a[5] = 5000;
	p = clEnqueueMapBuffer(h->env.queue, h->mem_a, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
			       BYTES, 0, NULL, NULL, NULL);
	tap(p == a && a[5] == 5000, "a map has what the program wrote before");
	for (int i = 0; i < COUNT; i++)
		p[i] = i + 10;
	clEnqueueUnmapMemObject(h->env.queue, h->mem_a, p, 0, NULL, NULL);
	launch(h, h->inc, COUNT, NULL);
	clFinish(h->env.queue);
	tap(counts(a, 11), "filled through a map, then used in place");
	for (int i = 0; i < COUNT; i++)
		a[i] += 100;
	launch(h, h->inc, COUNT, NULL);
	launch(h, h->put, COUNT, NULL);
	clFinish(h->env.queue);
	tap(counts(a, 112) && counts(b, 112), "and written to between launches");
	end(h);
}

/*
 * Naive: what was put there by a map is not known to be the same on both sides, so a
 * command that writes what was there before seems to have written nothing.
 */
static void test_filled_while_busy(struct here *h)
{
	const size_t half = BYTES / 2;
	const int before = 3;
	cl_command_queue other = clCreateCommandQueue(h->env.context, h->env.device, 0, NULL);
	cl_event gate = clCreateUserEvent(h->env.context, NULL);
	bool good = true;
	int *map;

	begin(h);
	for (int i = 0; i < COUNT; i++)
		a[i] = before;
	map = clEnqueueMapBuffer(h->env.queue, h->mem_a, CL_TRUE, CL_MAP_WRITE, 0, half, 0, NULL,
				 NULL, NULL);
	memset(map, 5, half);
	clEnqueueFillBuffer(other, h->mem_a, &before, sizeof(before), half, half, 1, &gate, NULL);
	clFlush(other);
	clEnqueueUnmapMemObject(h->env.queue, h->mem_a, map, 0, NULL, NULL);
	clEnqueueFillBuffer(h->env.queue, h->mem_a, &before, sizeof(before), 0, half, 0, NULL,
			    NULL);
	clFinish(h->env.queue);
	clSetUserEventStatus(gate, CL_COMPLETE);
	clFinish(other);
	for (int i = 0; i < COUNT; i++)
		good = good && a[i] == before;
	tap(good, "filled by a map, then by a command, while another queue uses the rest");
	end(h);
	clReleaseEvent(gate);
	clReleaseCommandQueue(other);
}

/*
 * Naive: while any part of the memory is used by commands, nothing is looked at, and what
 * the program writes beside it does not reach the next command.
 */
static void test_apart(struct here *h)
{
	enum { FIRST = 10240 };		/* parts begin where a device may want them to */
	const cl_buffer_region one = { 0, sizeof(int[FIRST]) };
	const cl_buffer_region two = { one.size, BYTES - one.size };
	static const int values[100] = { -2 };
	cl_command_queue other = clCreateCommandQueue(h->env.context, h->env.device, 0, NULL);
	cl_event gate = clCreateUserEvent(h->env.context, NULL);
	bool good = true;
	cl_mem x, y;

	begin(h);
	x = clCreateSubBuffer(h->mem_a, 0, CL_BUFFER_CREATE_TYPE_REGION, &one, NULL);
	y = clCreateSubBuffer(h->mem_a, 0, CL_BUFFER_CREATE_TYPE_REGION, &two, NULL);
	clSetKernelArg(h->inc, 0, sizeof(y), &y);
	launch(h, h->inc, COUNT - FIRST, NULL);
	clEnqueueFillBuffer(other, y, values, sizeof(int), 0, 400, 1, &gate, NULL);
	clFlush(other);
	clSetKernelArg(h->inc, 0, sizeof(x), &x);
	for (int round = 1; round <= 5; round++) {
		for (int i = 0; i < FIRST; i++)
			a[i] = i * round;
		launch(h, h->inc, FIRST, NULL);
		clFinish(h->env.queue);
		for (int i = 0; i < FIRST; i++)
			good = good && a[i] == i * round + 1;
	}
	tap(good, "one part is used in place while commands on another one wait");
	clEnqueueWriteBuffer(other, y, CL_FALSE, 0, 400, values, 0, NULL, NULL);
	a[3] = 300;
	good = !clEnqueueReadBuffer(h->env.queue, h->mem_a, CL_TRUE, 0, 400, b, 0, NULL, NULL);
	tap(good && b[3] == 300, "and read");
	clSetUserEventStatus(gate, CL_COMPLETE);
	clFinish(other);
	tap(a[FIRST] == -2 && !a[FIRST + 1] && a[COUNT - 1] == COUNT, "what waited comes at last");
	end(h);
	clReleaseMemObject(x);
	clReleaseMemObject(y);
	clReleaseEvent(gate);
	clReleaseCommandQueue(other);
}

/*
 * One part is filled while commands of the same queue are at work on the other. Naive: all
 * from the first to the last that a queue's commands may write to is left alone.
 */
static void test_in_turn(struct here *h)
{
	enum { FIRST = 10240, value = -3 };
	const cl_buffer_region one = { 0, sizeof(int[FIRST]) };
	const cl_buffer_region two = { one.size, BYTES - one.size };
	const int fill = value;
	cl_event gate = clCreateUserEvent(h->env.context, NULL), event;
	bool good = true;
	cl_mem x, y;

	begin(h);
	x = clCreateSubBuffer(h->mem_a, 0, CL_BUFFER_CREATE_TYPE_REGION, &one, NULL);
	y = clCreateSubBuffer(h->mem_a, 0, CL_BUFFER_CREATE_TYPE_REGION, &two, NULL);
	clSetKernelArg(h->inc, 0, sizeof(x), &x);
	launch(h, h->inc, FIRST, &event);
	clEnqueueFillBuffer(h->env.queue, y, &fill, sizeof(fill), 0, 400, 1, &gate, NULL);
	clFlush(h->env.queue);
	clWaitForEvents(1, &event);
	for (int i = 0; i < FIRST; i++) {
		good = good && a[i] == i + 1;
		a[i] = 7 * i;
	}
	tap(good, "what is complete is seen while the queue's next command waits");
	launch(h, h->inc, FIRST, NULL);
	clSetUserEventStatus(gate, CL_COMPLETE);
	clFinish(h->env.queue);
	good = true;
	for (int i = 0; i < FIRST; i++)
		good = good && a[i] == 7 * i + 1;
	tap(good, "and filled anew for the one behind that");
	tap(a[FIRST] == value && a[FIRST + 100] == FIRST + 100, "which has its part, too");
	end(h);
	clReleaseMemObject(x);
	clReleaseMemObject(y);
	clReleaseEvent(event);
	clReleaseEvent(gate);
}

/* Naive: parts beyond a number that are apart are forgotten, or each is asked about for ever. */
static void test_many_apart(struct here *h)
{
	enum { PARTS = 200, STEP = COUNT / PARTS };
	cl_event gate = clCreateUserEvent(h->env.context, NULL);
	bool good = true;

	begin(h);
	for (int i = 0; i < PARTS; i++)
		clEnqueueFillBuffer(h->env.queue, h->mem_a, &i, sizeof(i),
				    sizeof(int) * STEP * i, sizeof(i), i ? 0 : 1,
				    i ? NULL : &gate, NULL);
	clFlush(h->env.queue);
	clSetUserEventStatus(gate, CL_COMPLETE);
	clFinish(h->env.queue);
	for (int i = 0; i < COUNT; i++)
		good = good && a[i] == (i % STEP ? i : i / STEP);
	tap(good, "200 commands each write to a part of their own");
	end(h);
	clReleaseEvent(gate);
}

/* Naive: only what the first of several commands uses is looked at while nothing is busy. */
static void test_around(struct here *h)
{
	const int value = -7;
	cl_command_queue other = clCreateCommandQueue(h->env.context, h->env.device, 0, NULL);
	cl_event gate = clCreateUserEvent(h->env.context, NULL);
	bool good = true;

	begin(h);
	launch(h, h->inc, COUNT, NULL);
	clFinish(h->env.queue);
	for (int i = 0; i < COUNT; i++)
		a[i] = 5 * i;
	clEnqueueFillBuffer(other, h->mem_a, &value, sizeof(value), 8000, 400, 1, &gate, NULL);
	clFlush(other);
	launch(h, h->inc, COUNT, NULL);
	clFinish(h->env.queue);
	for (int i = 0; i < COUNT; i++)
		good = good && a[i] == 5 * i + 1;
	tap(good, "all is used in place while a command on a part waits");
	clSetUserEventStatus(gate, CL_COMPLETE);
	clFinish(other);
	tap(a[1999] == 9996 && a[2000] == value && a[2099] == value && a[2100] == 10501,
	    "which has its part at last");
	end(h);
	clReleaseEvent(gate);
	clReleaseCommandQueue(other);
}

/* From its first map behind a command on an object has what OpenCL promises. */
static void test_then_map(struct here *h)
{
	bool good = true;
	int *p;

	begin(h);
	launch(h, h->inc, COUNT, NULL);
	for (int round = 0; round < 10; round++) {
		p = clEnqueueMapBuffer(h->env.queue, h->mem_a, CL_TRUE,
				       CL_MAP_READ | CL_MAP_WRITE, 0, BYTES, 0, NULL, NULL, NULL);
		good = good && p == a && counts(a, 1 + 10 * round);
		for (int i = 0; i < COUNT; i++)
			p[i] += 9;
		clEnqueueUnmapMemObject(h->env.queue, h->mem_a, p, 0, NULL, NULL);
		launch(h, h->inc, COUNT, NULL);
	}
	clEnqueueReadBuffer(h->env.queue, h->mem_a, CL_TRUE, 0, BYTES, b, 0, NULL, NULL);
	tap(good && counts(b, 101), "launches and maps in turns");
	end(h);
}

static void test_out_of_order(struct here *h)
{
	const size_t items = COUNT;
	cl_event first, second;
	cl_command_queue queue;

	begin(h);
	queue = clCreateCommandQueue(h->env.context, h->env.device,
				     CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, NULL);
	clEnqueueNDRangeKernel(queue, h->inc, 1, NULL, &items, NULL, 0, NULL, &first);
	clEnqueueNDRangeKernel(queue, h->inc, 1, NULL, &items, NULL, 1, &first, &second);
	clEnqueueNDRangeKernel(queue, h->put, 1, NULL, &items, NULL, 1, &second, NULL);
	clFinish(queue);
	tap(counts(a, 2) && counts(b, 2), "a queue without order");
	clReleaseEvent(first);
	clReleaseEvent(second);
	clReleaseCommandQueue(queue);
	end(h);
}

static cl_command_queue queue_of(const struct here *h, cl_command_queue_properties properties)
{
	return clCreateCommandQueue(h->env.context, h->env.device, properties, NULL);
}

/*
 * Naive: only the last command that writes to the memory counts. Here the program waits
 * for the first one, whose part it goes on with while the second one has not begun.
 */
static void test_each_event(struct here *h, cl_command_queue_properties properties,
			    const char *name)
{
	const size_t half = COUNT / 2;
	cl_event gate = clCreateUserEvent(h->env.context, NULL), first, second;
	cl_command_queue queue = queue_of(h, properties);
	bool good = true;

	begin(h);
	clEnqueueNDRangeKernel(queue, h->inc, 1, NULL, &half, NULL, 0, NULL, &first);
	clEnqueueNDRangeKernel(queue, h->inc, 1, &half, &half, NULL, 1, &gate, &second);
	clWaitForEvents(1, &first);
	for (int i = 0; i < COUNT; i++)
		good = good && a[i] == i + (i < COUNT / 2);
	tap(good, "behind the first of two events of a queue %s", name);
	a[0] = 1000;
	clSetUserEventStatus(gate, CL_COMPLETE);
	clWaitForEvents(1, &second);
	for (int i = 1; i < COUNT; i++)
		good = good && a[i] == i + 1;
	tap(good && a[0] == 1000, "behind the second one, and what the program wrote stays");
	clFinish(queue);
	clReleaseEvent(gate);
	clReleaseEvent(first);
	clReleaseEvent(second);
	clReleaseCommandQueue(queue);
	end(h);
}

/* Naive: what is known of the memory goes with the object, which commands still use. */
static void test_released(struct here *h)
{
	cl_event gate = clCreateUserEvent(h->env.context, NULL);
	const size_t items = COUNT;

	begin(h);
	clEnqueueNDRangeKernel(h->env.queue, h->inc, 1, NULL, &items, NULL, 1, &gate, NULL);
	end(h);
	clSetUserEventStatus(gate, CL_COMPLETE);
	clFinish(h->env.queue);
	tap(counts(a, 1), "released before the command that writes is complete");
	clReleaseEvent(gate);
}

static int *lent, at_end;
static sem_t taken;

static void CL_CALLBACK take_back(cl_mem mem, void *data)
{
	(void)mem;
	(void)data;
	at_end = lent[COUNT - 1];
	munmap(lent, COUNT * sizeof(*lent));
	sem_post(&taken);
}

static bool is_taken(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 100;
	return !sem_timedwait(&taken, &until);
}

/*
 * Naive: what a command did is asked for with the queue's other commands. The object ends
 * here while those wait, and then there is no such memory any more.
 */
static void test_taken_back(struct here *h)
{
	cl_event gate = clCreateUserEvent(h->env.context, NULL);
	cl_command_queue queue = queue_of(h, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	const size_t items = COUNT, size = COUNT * sizeof(*lent);
	cl_mem mem;

	sem_init(&taken, 0, 0);
	lent = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mem = clCreateBuffer(h->env.context, CL_MEM_USE_HOST_PTR, size, lent, NULL);
	clSetMemObjectDestructorCallback(mem, take_back, NULL);
	clSetKernelArg(h->inc, 0, sizeof(mem), &mem);
	clEnqueueMarkerWithWaitList(queue, 1, &gate, NULL);
	clEnqueueNDRangeKernel(queue, h->inc, 1, NULL, &items, NULL, 0, NULL, NULL);
	clReleaseMemObject(mem);
	clFlush(queue);
	tap(is_taken() && at_end == 1, "the object's end finds what the command wrote");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clFinish(queue), CL_SUCCESS, "and later nothing is written to memory that went");
	clReleaseEvent(gate);
	clReleaseCommandQueue(queue);
}

int main(void)
{
	struct here h;

	cl_env_open(&h.env);
	h.program = cl_test_build(&h.env, source, "");
	h.inc = cl_test_kernel(h.program, "inc");
	h.put = cl_test_kernel(h.program, "put");
	h.even = cl_test_kernel(h.program, "even");
	test_kernels(&h);
	test_beside(&h);
	test_commands(&h);
	test_migrate(&h);
	test_parts(&h);
	test_freed(&h);
	test_filled_by_map(&h);
	test_filled_while_busy(&h);
	test_apart(&h);
	test_in_turn(&h);
	test_many_apart(&h);
	test_around(&h);
	test_then_map(&h);
	test_out_of_order(&h);
	test_each_event(&h, 0, "with order");
	test_each_event(&h, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, "without order");
	test_released(&h);
	test_taken_back(&h);
	clReleaseKernel(h.inc);
	clReleaseKernel(h.put);
	clReleaseKernel(h.even);
	clReleaseProgram(h.program);
	cl_env_close(&h.env);
	return tap_end();
}
