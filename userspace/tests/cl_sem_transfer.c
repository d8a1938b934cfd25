// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_transfer.c - transfers that do not block: memory is in use until the event
 */
#include "cl_test.h"

#include <unistd.h>

#define SIZE	4096
#define MANY	200

static cl_mem filled(const struct cl_env *env, uint8_t *bytes, size_t len, uint32_t seed)
{
	cl_mem mem = cl_test_buffer(env, len);

	cl_test_pattern(bytes, len, seed);
	clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 0, len, bytes, 0, NULL, NULL);
	return mem;
}

/*
 * Naive: the call waits for the bytes; the thread that would open the gate hangs.
 */
static void test_gated_read(const struct cl_env *env)
{
	uint8_t want[SIZE], out[SIZE] = { 0 }, zero[SIZE] = { 0 };
	cl_mem mem = filled(env, want, SIZE, 1);
	cl_event gate = clCreateUserEvent(env->context, NULL), done;
	cl_command_type type = 0;
	cl_int err;

	err = clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, SIZE, out, 1, &gate, &done);
	tap_err(err, CL_SUCCESS, "a read that waits for the program itself");
	tap(cl_test_status(done) > CL_COMPLETE, "is not done");
	tap_err(clFlush(env->queue), CL_SUCCESS, "clFlush");
	tap(!memcmp(out, zero, SIZE), "and has touched nothing");
	clGetEventInfo(done, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL);
	tap(type == CL_COMMAND_READ_BUFFER, "its event is a read's");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clWaitForEvents(1, &done), CL_SUCCESS, "clWaitForEvents");
	tap(!memcmp(out, want, SIZE), "now the bytes are there");
	clReleaseEvent(gate);
	clReleaseEvent(done);
	clReleaseMemObject(mem);
}

/*
 * Every way to learn that a read is complete shows its bytes too. Naive: only
 * clFinish and clWaitForEvents bring them.
 */
static bool observed(const struct cl_env *env, int how, cl_mem mem, uint8_t *out,
		     const uint8_t *want)
{
	cl_mem other = cl_test_buffer(env, 16);
	double end = cl_test_seconds() + 100;
	cl_event done, marker;
	uint8_t bytes[16];
	bool good = false;

	memset(out, 0, SIZE);
	clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, SIZE, out, 0, NULL, &done);
	clFlush(env->queue);
	if (how == 0) {
		clFinish(env->queue);
	} else if (how == 1) {
		clWaitForEvents(1, &done);
	} else if (how == 2) {
		while (cl_test_status(done) != CL_COMPLETE && cl_test_seconds() < end)
			usleep(100);
	} else if (how == 3) {
		clEnqueueReadBuffer(env->queue, other, CL_TRUE, 0, 16, bytes, 0, NULL, NULL);
	} else if (how == 4) {
		clEnqueueMarkerWithWaitList(env->queue, 1, &done, &marker);
		clWaitForEvents(1, &marker);
		clReleaseEvent(marker);
	} else {
		clEnqueueWriteBuffer(env->queue, other, CL_TRUE, 0, 16, bytes, 1, &done,
				     NULL);
	}
	good = !memcmp(out, want, SIZE);
	clReleaseEvent(done);
	clReleaseMemObject(other);
	return good;
}

static void test_observed(const struct cl_env *env)
{
	static const char * const names[] = {
		"clFinish", "clWaitForEvents", "polling its event", "a blocking read",
		"a marker that waits for it", "a blocking write that waits for it",
	};
	uint8_t want[SIZE], out[SIZE];
	cl_mem mem = filled(env, want, SIZE, 2);

	for (int how = 0; how < 6; how++) {
		bool good = true;

		for (int i = 0; i < 100; i++)
			good = observed(env, how, mem, out, want) && good;
		tap(good, "%s shows a read's bytes", names[how]);
	}
	clReleaseMemObject(mem);
}

/* Naive: a read without an event of its own is forgotten, or only the last is kept. */
static void test_many_reads(const struct cl_env *env)
{
	uint8_t *want = malloc(SIZE * MANY), *out = calloc(MANY, SIZE);
	cl_mem mem = filled(env, want, SIZE * MANY, 3);
	cl_event gate = clCreateUserEvent(env->context, NULL);
	cl_int err = CL_SUCCESS;

	for (size_t i = MANY; i-- > 0;)
		err |= clEnqueueReadBuffer(env->queue, mem, CL_FALSE, i * SIZE, SIZE,
					   out + i * SIZE, 1, &gate, NULL);
	tap_err(err, CL_SUCCESS, "200 reads wait at once");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clFinish(env->queue), CL_SUCCESS, "clFinish");
	tap(!memcmp(out, want, SIZE * MANY), "each has its bytes");
	clReleaseEvent(gate);
	clReleaseMemObject(mem);
	free(want);
	free(out);
}

/* Naive: the bytes are fetched when the program looks, not when the command runs. */
static void test_read_then_write(const struct cl_env *env)
{
	uint8_t want[SIZE], out[SIZE] = { 0 }, later[SIZE];
	cl_mem mem = filled(env, want, SIZE, 4);
	const uint8_t seven = 7;
	cl_event done;

	memset(later, 7, SIZE);
	clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, SIZE, out, 0, NULL, &done);
	clEnqueueFillBuffer(env->queue, mem, &seven, 1, 0, SIZE, 0, NULL, NULL);
	tap(cl_test_holds(env, mem, 0, SIZE, later), "a read, then a fill of the same");
	clWaitForEvents(1, &done);
	tap(!memcmp(out, want, SIZE), "the read has what was there before");
	clReleaseEvent(done);
	clReleaseMemObject(mem);
}

/* The program may use its memory again once the event is complete, not before. */
static void test_write_reuse(const struct cl_env *env)
{
	uint8_t in[SIZE], want[SIZE];
	cl_mem mem = filled(env, want, SIZE, 5);
	cl_event gate = clCreateUserEvent(env->context, NULL), done;
	cl_int err;

	cl_test_pattern(in, SIZE, 6);
	memcpy(want, in, SIZE);
	err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, SIZE, in, 1, &gate, &done);
	tap_err(err, CL_SUCCESS, "a write that waits for the program itself");
	clSetUserEventStatus(gate, CL_COMPLETE);
	clWaitForEvents(1, &done);
	memset(in, 0, SIZE);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "its memory is used again after the event");
	clReleaseEvent(gate);
	clReleaseEvent(done);
	clReleaseMemObject(mem);
}

static void test_write_loop(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, SIZE);
	uint8_t in[64], want[SIZE];
	bool good = true;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < SIZE / 64; i++) {
			cl_event done;

			memset(in, round + i, 64);
			memset(want + 64 * i, round + i, 64);
			clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, i * 64, 64, in, 0,
					     NULL, &done);
			clWaitForEvents(1, &done);
			clReleaseEvent(done);
		}
		good = good && cl_test_holds(env, mem, 0, SIZE, want);
	}
	tap(good, "one memory for 1280 writes, one after the other");
	clReleaseMemObject(mem);
}

/* Naive: memory that is freed after the event is read or written later. */
static void test_freed(const struct cl_env *env)
{
	bool good = true;
	cl_mem mem = cl_test_buffer(env, SIZE);

	for (int i = 0; i < 200; i++) {
		uint8_t *in = malloc(SIZE), *out = malloc(SIZE);

		cl_test_pattern(in, SIZE, 100 + i);
		clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, SIZE, in, 0, NULL, NULL);
		clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, SIZE, out, 0, NULL, NULL);
		clFinish(env->queue);
		good = good && !memcmp(in, out, SIZE);
		memset(in, 0xff, SIZE);
		free(in);
		free(out);
	}
	tap(good, "memory of 200 round trips is freed after clFinish");
	clReleaseMemObject(mem);
}

/* A read whose buffer, queue and event are released before it has run. */
static void test_released(const struct cl_env *env)
{
	cl_command_queue queue = clCreateCommandQueue(env->context, env->device, 0, NULL);
	uint8_t want[SIZE], out[SIZE] = { 0 };
	cl_mem mem = filled(env, want, SIZE, 7);
	cl_event gate = clCreateUserEvent(env->context, NULL), done, marker;

	clEnqueueReadBuffer(queue, mem, CL_FALSE, 0, SIZE, out, 1, &gate, &done);
	clEnqueueMarkerWithWaitList(queue, 1, &done, &marker);
	clReleaseMemObject(mem);
	clReleaseEvent(done);
	clReleaseCommandQueue(queue);
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clWaitForEvents(1, &marker), CL_SUCCESS, "all is released under a read");
	tap(!memcmp(out, want, SIZE), "it has its bytes");
	clReleaseEvent(gate);
	clReleaseEvent(marker);
}

/* Naive: an error is reported, and the memory changes all the same. */
static void test_wrong(const struct cl_env *env)
{
	uint8_t want[SIZE], out[SIZE] = { 0 }, zero[SIZE] = { 0 };
	cl_mem mem = filled(env, want, SIZE, 8);
	cl_event done = NULL;
	cl_int err;

	err = clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 1, SIZE, out, 0, NULL, &done);
	tap_err(err, CL_INVALID_VALUE, "a read beyond the end");
	tap(!done, "has no event");
	err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, SIZE, 1, out, 0, NULL, NULL);
	tap_err(err, CL_INVALID_VALUE, "a write beyond the end");
	err = clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, SIZE, NULL, 0, NULL, NULL);
	tap_err(err, CL_INVALID_VALUE, "a read to nowhere");
	err = clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, SIZE, out, 1, NULL, NULL);
	tap_err(err, CL_INVALID_EVENT_WAIT_LIST, "a read with a wait list that is not there");
	clFinish(env->queue);
	tap(!memcmp(out, zero, SIZE), "none touched the memory");
	tap(cl_test_holds(env, mem, 0, SIZE, want), "or the buffer");
	clReleaseMemObject(mem);
}

/* The same through rectangles: the bytes between the rows are the program's. */
static void test_rect(const struct cl_env *env)
{
	const size_t origin[3] = { 8, 1, 0 }, host[3] = { 4, 2, 0 }, region[3] = { 16, 10, 1 };
	uint8_t want[SIZE], out[SIZE], expect[SIZE];
	cl_mem mem = filled(env, want, SIZE, 9);
	cl_event gate = clCreateUserEvent(env->context, NULL), done;
	cl_int err;

	memset(out, 0xc3, SIZE);
	memset(expect, 0xc3, SIZE);
	err = clEnqueueReadBufferRect(env->queue, mem, CL_FALSE, origin, host, region, 64, 0,
				      48, 0, out, 1, &gate, &done);
	tap_err(err, CL_SUCCESS, "a rectangle's read waits for the program");
	/* What is beside the rows may change while the read waits. */
	out[0] = expect[0] = 1;
	out[2 * 48 + 3] = expect[2 * 48 + 3] = 2;
	out[2 * 48 + 20] = expect[2 * 48 + 20] = 3;
	for (int y = 0; y < 10; y++)
		memcpy(expect + (y + 2) * 48 + 4, want + (y + 1) * 64 + 8, 16);
	clSetUserEventStatus(gate, CL_COMPLETE);
	clWaitForEvents(1, &done);
	tap(!memcmp(out, expect, SIZE), "its rows are there, and only they");
	clReleaseEvent(gate);
	clReleaseEvent(done);
	clReleaseMemObject(mem);
}

static void test_image(const struct cl_env *env)
{
	const cl_image_format format = { CL_RGBA, CL_UNSIGNED_INT8 };
	const cl_image_desc desc = {
		.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 16, .image_height = 8,
	};
	const size_t zero[3] = { 0 }, region[3] = { 16, 8, 1 };
	uint8_t in[8 * 64], out[8 * 80], expect[8 * 80];
	cl_event gate = clCreateUserEvent(env->context, NULL), done;
	cl_int err;
	cl_mem image = clCreateImage(env->context, 0, &format, &desc, NULL, &err);

	cl_test_pattern(in, sizeof(in), 10);
	memset(out, 0x3e, sizeof(out));
	memset(expect, 0x3e, sizeof(expect));
	for (int y = 0; y < 8; y++)
		memcpy(expect + y * 80, in + y * 64, 64);
	clEnqueueWriteImage(env->queue, image, CL_FALSE, zero, region, 0, 0, in, 0, NULL,
			    NULL);
	err = clEnqueueReadImage(env->queue, image, CL_FALSE, zero, region, 80, 0, out, 1,
				 &gate, &done);
	tap_err(err, CL_SUCCESS, "an image's read waits for the program");
	tap(out[0] == 0x3e && cl_test_status(done) > CL_COMPLETE, "and is not done");
	clSetUserEventStatus(gate, CL_COMPLETE);
	clWaitForEvents(1, &done);
	tap(!memcmp(out, expect, sizeof(out)), "its rows are there, and only they");
	clReleaseEvent(gate);
	clReleaseEvent(done);
	clReleaseMemObject(image);
}

#define LARGE		(16u << 20)
#define LARGE_COUNT	24

/*
 * More bytes under way than anybody should keep, also while nothing can get on:
 * where room is waited for then, the program never comes to open the gate.
 */
static void test_large(const struct cl_env *env, bool gated)
{
	uint8_t *want = malloc(LARGE), *out = calloc(LARGE_COUNT, LARGE);
	cl_mem mem = filled(env, want, LARGE, 10);
	cl_event gate = gated ? clCreateUserEvent(env->context, NULL) : NULL;
	cl_int err = CL_SUCCESS;
	bool good = true;

	for (int i = 0; i < LARGE_COUNT && !err; i++) {
		err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, LARGE, want, !!gate,
					   gate ? &gate : NULL, NULL);
		err = err ? err : clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, LARGE,
						      out + (size_t)i * LARGE, 0, NULL, NULL);
	}
	tap_err(err, CL_SUCCESS, gated ? "large transfers that a gate holds" :
			 "large transfers, one after the other");
	if (gate) {
		clSetUserEventStatus(gate, CL_COMPLETE);
		clReleaseEvent(gate);
	}
	clFinish(env->queue);
	for (int i = 0; i < LARGE_COUNT; i++)
		good = good && !memcmp(out + (size_t)i * LARGE, want, LARGE);
	tap(good, "their bytes are there");
	clReleaseMemObject(mem);
	free(want);
	free(out);
}

/* Naive: a list of events in which there are none is no list. */
static void test_no_count(const struct cl_env *env, cl_mem mem, uint8_t *bytes)
{
	cl_event done;
	cl_int err;

	clEnqueueMarkerWithWaitList(env->queue, 0, NULL, &done);
	clWaitForEvents(1, &done);
	err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, LARGE, bytes, 0, &done, NULL);
	tap(true, "a write with a list and no count: %s", cl_name(err));
	err = clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, LARGE, bytes, 0, &done, NULL);
	tap(true, "a read: %s", cl_name(err));
	clReleaseEvent(done);
}

/*
 * A transfer so large that it is worth to look whether it can be executed at once, in a
 * queue that is idle, and that somebody holds.
 */
static void test_at_once(const struct cl_env *env)
{
	uint8_t *bytes = malloc(2 * LARGE), *out = bytes + LARGE;
	cl_mem mem = filled(env, bytes, LARGE, 11);
	cl_event gate = clCreateUserEvent(env->context, NULL);
	cl_int err;

	clFinish(env->queue);
	cl_test_pattern(bytes, LARGE, 12);
	err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, LARGE, bytes, 0, NULL, NULL);
	err = err ? err : clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, LARGE, out, 0, NULL,
					      NULL);
	clFinish(env->queue);
	tap(!err && !memcmp(out, bytes, LARGE), "large ones in a queue that is idle");
	test_no_count(env, mem, bytes);
	clFinish(env->queue);
	clEnqueueMarkerWithWaitList(env->queue, 1, &gate, NULL);
	cl_test_pattern(bytes, LARGE, 13);
	memset(out, 0, LARGE);
	err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, LARGE, bytes, 0, NULL, NULL);
	err = err ? err : clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, LARGE, out, 0, NULL,
					      NULL);
	tap(!err && !out[0] && !out[LARGE - 1], "and in one that somebody holds");
	clSetUserEventStatus(gate, CL_COMPLETE);
	clFinish(env->queue);
	tap(!memcmp(out, bytes, LARGE), "which has them afterwards");
	clReleaseEvent(gate);
	clReleaseMemObject(mem);
	free(bytes);
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_gated_read(&env);
	test_observed(&env);
	test_many_reads(&env);
	test_read_then_write(&env);
	test_write_reuse(&env);
	test_write_loop(&env);
	test_freed(&env);
	test_released(&env);
	test_wrong(&env);
	test_rect(&env);
	test_image(&env);
	if (!getenv("CL_TEST_APART")) {
		test_at_once(&env);
		test_large(&env, false);
		test_large(&env, true);
	}
	cl_env_close(&env);
	return tap_end();
}
