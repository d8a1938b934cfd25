// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_threads.c - objects go from thread to thread while they are in use
 *
 * What a thread enqueued and then handed over through a mutex has happened before
 * what the other does with it, though neither waited for the device.
 */
#include "cl_test.h"

#include <pthread.h>

#define THREADS	64
#define SIZE	4096

static const char source[] =
"__kernel void add(__global uint *a, uint n) { a[get_global_id(0)] += n; }\n";

static struct cl_env env;
static cl_program program;

/* Starts @n threads of @run with their numbers; how many of them said that all was well. */
static int together(int n, void *(*run)(void *))
{
	pthread_t threads[THREADS];
	int good = 0;

	for (intptr_t i = 0; i < n; i++)
		pthread_create(&threads[i], NULL, run, (void *)i);
	for (int i = 0; i < n; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		good += !!result;
	}
	return good;
}

static cl_command_queue new_queue(void)
{
	return clCreateCommandQueue(env.context, env.device, 0, NULL);
}

static cl_int add(cl_command_queue queue, cl_kernel kernel, cl_mem mem, cl_uint n,
		  const cl_event *after, cl_event *event)
{
	const size_t items = SIZE / 4;

	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clSetKernelArg(kernel, 1, sizeof(n), &n);
	return clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, NULL, !!after, after,
				      event);
}

static bool holds(cl_command_queue queue, cl_mem mem, cl_uint first)
{
	struct cl_env mine = env;
	cl_uint want[SIZE / 4];

	for (cl_uint i = 0; i < SIZE / 4; i++)
		want[i] = first + i;
	mine.queue = queue;
	return cl_test_holds(&mine, mem, 0, SIZE, want);
}

static void ramp(cl_uint *p, cl_uint first)
{
	for (cl_uint i = 0; i < SIZE / 4; i++)
		p[i] = first + i;
}

/* ---- each for itself ------------------------------------------------------------ */

static void *own_queue(void *number)
{
	cl_command_queue queue = new_queue();
	cl_kernel kernel = cl_test_kernel(program, "add");
	cl_mem mem = cl_test_buffer(&env, SIZE);
	const cl_uint seed = 1000 * (cl_uint)(intptr_t)number;
	cl_uint in[SIZE / 4];
	bool good = true;

	for (cl_uint i = 0; i < 20; i++) {
		ramp(in, seed + i);
		clEnqueueWriteBuffer(queue, mem, CL_FALSE, 0, SIZE, in, 0, NULL, NULL);
		add(queue, kernel, mem, 7, NULL, NULL);
		good = holds(queue, mem, seed + i + 7) && good;
	}
	clReleaseMemObject(mem);
	clReleaseKernel(kernel);
	clReleaseCommandQueue(queue);
	return good ? queue : NULL;
}

/* ---- all on one queue -------------------------------------------------------------- */

static cl_mem common;

static void *one_queue(void *number)
{
	const size_t at = (size_t)(intptr_t)number * SIZE;
	uint8_t in[SIZE], out[SIZE];
	bool good = true;

	for (uint32_t i = 0; i < 20; i++) {
		cl_event done;

		cl_test_pattern(in, SIZE, at + i);
		clEnqueueWriteBuffer(env.queue, common, CL_FALSE, at, SIZE, in, 0, NULL,
				     &done);
		clEnqueueReadBuffer(env.queue, common, CL_TRUE, at, SIZE, out, 1, &done, NULL);
		good = good && !memcmp(in, out, SIZE);
		clReleaseEvent(done);
	}
	return good ? &common : NULL;
}

/* ---- handed over ------------------------------------------------------------------- */

/* A place for one piece of work; who puts waits for it to be empty. */
struct hatch {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool full;
	cl_mem mem;
	cl_event event;
	cl_kernel kernel;
	cl_uint first;
};

#define PAIRS	4

static struct hatch hatches[PAIRS];
static int handed;

static void put(struct hatch *h, cl_mem mem, cl_event event, cl_kernel kernel, cl_uint first)
{
	pthread_mutex_lock(&h->lock);
	while (h->full)
		pthread_cond_wait(&h->changed, &h->lock);
	h->mem = mem;
	h->event = event;
	h->kernel = kernel;
	h->first = first;
	h->full = true;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

static struct hatch take(struct hatch *h)
{
	struct hatch got;

	pthread_mutex_lock(&h->lock);
	while (!h->full)
		pthread_cond_wait(&h->changed, &h->lock);
	got = *h;
	h->full = false;
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	return got;
}

/*
 * Naive: each thread has a stream of its own, and nothing orders the use of a new
 * object in one after its making in the other.
 */
static void *giver(struct hatch *h)
{
	cl_command_queue queue = new_queue();
	static const cl_uint zero;

	for (cl_uint i = 0; i < (cl_uint)handed; i++) {
		cl_mem mem = cl_test_buffer(&env, SIZE);
		cl_kernel kernel = cl_test_kernel(program, "add");
		cl_event event;
		cl_uint in[SIZE / 4];

		if (i % 2) {
			/* The bytes are OpenCL's when a write that blocks returns. */
			ramp(in, i);
			clEnqueueWriteBuffer(queue, mem, CL_TRUE, 0, SIZE, in, 0, NULL, NULL);
			add(queue, kernel, mem, 0, NULL, &event);
		} else {
			clEnqueueFillBuffer(queue, mem, &zero, 4, 0, SIZE, 0, NULL, NULL);
			add(queue, kernel, mem, i, NULL, &event);
			clFlush(queue);
		}
		put(h, mem, event, kernel, i);
	}
	clReleaseCommandQueue(queue);
	return h;
}

static bool taken_works(cl_command_queue queue, const struct hatch *h)
{
	cl_uint got[2] = { 0 }, want[2];
	cl_int err;

	want[0] = h->first + 5;
	want[1] = h->first + 5 + (h->first % 2 ? 1 : 0);
	err = add(queue, h->kernel, h->mem, 5, &h->event, NULL);
	clReleaseKernel(h->kernel);
	clReleaseEvent(h->event);
	err = err ? err : clEnqueueReadBuffer(queue, h->mem, CL_TRUE, 0, 8, got, 0, NULL,
					      NULL);
	clReleaseMemObject(h->mem);
	if (err)
		printf("# %s\n", cl_name(err));
	else if (memcmp(got, want, 8))
		printf("# %u %u in place of %u %u\n", got[0], got[1], want[0], want[1]);
	return !err && !memcmp(got, want, 8);
}

static void *taker(struct hatch *h)
{
	cl_command_queue queue = new_queue();
	bool good = true;

	for (int i = 0; i < handed; i++) {
		const struct hatch got = take(h);

		good = taken_works(queue, &got) && good;
	}
	clReleaseCommandQueue(queue);
	return good ? h : NULL;
}

static void *hand_over(void *number)
{
	const intptr_t n = (intptr_t)number;

	return n % 2 ? taker(&hatches[n / 2]) : giver(&hatches[n / 2]);
}

/* ---- arguments and reference counts from many threads ------------------------------------ */

/* Naive: a kernel's arguments or an object's references are kept per thread. */
static cl_kernel relay_kernel;
static cl_mem relay_mem;
static pthread_barrier_t relay_gate;

static void *relay(void *number)
{
	const int n = (int)(intptr_t)number;

	for (int i = 0; i < 200; i++) {
		const cl_uint one = 1;

		/* Three threads in turn: one sets, the next launches, the last looks on. */
		if (n == 0) {
			clSetKernelArg(relay_kernel, 0, sizeof(relay_mem), &relay_mem);
			clSetKernelArg(relay_kernel, 1, sizeof(one), &one);
		}
		pthread_barrier_wait(&relay_gate);
		if (n == 1)
			clEnqueueNDRangeKernel(env.queue, relay_kernel, 1, NULL,
					       &(size_t){ SIZE / 4 }, NULL, 0, NULL, NULL);
		pthread_barrier_wait(&relay_gate);
		if (n == 2 && !holds(env.queue, relay_mem, i + 1))
			return NULL;
		pthread_barrier_wait(&relay_gate);
	}
	return &relay_gate;
}

static void *retain_release(void *number)
{
	cl_int err = CL_SUCCESS;

	(void)number;
	for (int i = 0; i < 1000; i++) {
		err |= clRetainMemObject(common);
		err |= clRetainContext(env.context);
		err |= clReleaseMemObject(common);
		err |= clReleaseContext(env.context);
	}
	return err ? NULL : &common;
}

/* ---- waiting for one another ----------------------------------------------------------- */

static cl_event gates[THREADS];

static void *wait_or_open(void *number)
{
	const int n = (int)(intptr_t)number;
	cl_int err;

	if (n % 2) {
		err = clSetUserEventStatus(gates[n / 2], CL_COMPLETE);
	} else {
		cl_command_queue queue = new_queue();
		cl_mem mem = cl_test_buffer(&env, SIZE);
		cl_uint out[SIZE / 4];

		/* Naive: a blocking call holds a lock that the opening thread needs. */
		err = clEnqueueReadBuffer(queue, mem, CL_TRUE, 0, SIZE, out, 1, &gates[n / 2],
					  NULL);
		clReleaseMemObject(mem);
		clReleaseCommandQueue(queue);
	}
	return err ? NULL : gates;
}

static void test_waiting(void)
{
	bool good = true;

	for (int round = 0; round < cl_test_times(10); round++) {
		for (int i = 0; i < THREADS / 2; i++)
			gates[i] = clCreateUserEvent(env.context, NULL);
		good = together(THREADS, wait_or_open) == THREADS && good;
		for (int i = 0; i < THREADS / 2; i++)
			clReleaseEvent(gates[i]);
	}
	tap(good, "32 threads block on what 32 others set, again and again");
}

static void test_counts(void)
{
	cl_uint refs = 0;

	tap(together(THREADS, retain_release) == THREADS, "64 threads retain and release");
	clGetMemObjectInfo(common, CL_MEM_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
	tap(refs == 1, "the count is 1 in the end");
}

static void test_relay(void)
{
	cl_uint in[SIZE / 4];

	relay_kernel = cl_test_kernel(program, "add");
	relay_mem = cl_test_buffer(&env, SIZE);
	ramp(in, 0);
	clEnqueueWriteBuffer(env.queue, relay_mem, CL_TRUE, 0, SIZE, in, 0, NULL, NULL);
	pthread_barrier_init(&relay_gate, NULL, 3);
	tap(together(3, relay) == 3, "one thread sets arguments, one launches, one reads");
	pthread_barrier_destroy(&relay_gate);
	clReleaseKernel(relay_kernel);
	clReleaseMemObject(relay_mem);
}

/* Threads that come and go: whatever is kept for a thread must go with it. */
static void *short_life(void *number)
{
	cl_mem mem = cl_test_buffer(&env, 64);
	const cl_uint n = (cl_uint)(intptr_t)number;
	cl_uint out = 0;

	clEnqueueFillBuffer(env.queue, mem, &n, 4, 0, 64, 0, NULL, NULL);
	clEnqueueReadBuffer(env.queue, mem, CL_TRUE, 60, 4, &out, 0, NULL, NULL);
	clReleaseMemObject(mem);
	return out == n ? &env : NULL;
}

static void test_short_lives(void)
{
	const int rounds = cl_test_times(20);
	int good = 0;

	for (int i = 0; i < rounds; i++)
		good += together(THREADS, short_life);
	tap(good == rounds * THREADS, "threads live for one command each");
}

int main(void)
{
	cl_env_open(&env);
	program = cl_test_build(&env, source, "");
	common = cl_test_buffer(&env, THREADS * SIZE);
	handed = cl_test_times(1000);
	for (int i = 0; i < PAIRS; i++) {
		pthread_mutex_init(&hatches[i].lock, NULL);
		pthread_cond_init(&hatches[i].changed, NULL);
	}
	tap(together(THREADS, own_queue) == THREADS, "64 threads, each with a queue");
	tap(together(THREADS, one_queue) == THREADS, "64 threads on one queue");
	tap(together(2 * PAIRS, hand_over) == 2 * PAIRS,
	    "buffers, events and kernels go from thread to thread");
	test_relay();
	test_counts();
	test_waiting();
	test_short_lives();
	clReleaseMemObject(common);
	clReleaseProgram(program);
	cl_env_close(&env);
	return tap_end();
}
