// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_events.c - wait lists, user events, out-of-order queues, profiling
 */
#include "cl_test.h"

#define SIZE	1024

static cl_command_queue queue_of(const struct cl_env *env, cl_command_queue_properties flags)
{
	return clCreateCommandQueue(env->context, env->device, flags, NULL);
}

static cl_int fill(cl_command_queue queue, cl_mem mem, int value, cl_uint n,
		   const cl_event *list, cl_event *event)
{
	return clEnqueueFillBuffer(queue, mem, &value, 4, 0, SIZE, n, list, event);
}

static bool all(const struct cl_env *env, cl_mem mem, int value)
{
	int want[SIZE / 4];

	for (int i = 0; i < SIZE / 4; i++)
		want[i] = value;
	return cl_test_holds(env, mem, 0, SIZE, want);
}

/* Naive: queues are separate streams, and a wait list across them orders nothing. */
static void test_two_queues(const struct cl_env *env)
{
	cl_command_queue other = queue_of(env, 0);
	cl_mem a = cl_test_buffer(env, SIZE), b = cl_test_buffer(env, SIZE);
	bool good = true;

	for (int i = 1; i <= 300; i++) {
		cl_event filled, copied;

		fill(env->queue, a, i, 0, NULL, &filled);
		clFlush(env->queue);
		clEnqueueCopyBuffer(other, a, b, 0, 0, SIZE, 1, &filled, &copied);
		clFlush(other);
		clEnqueueBarrierWithWaitList(env->queue, 1, &copied, NULL);
		good = good && all(env, b, i);
		clReleaseEvent(filled);
		clReleaseEvent(copied);
	}
	tap(good, "300 times a fill, and a copy on another queue that waits for it");
	clReleaseCommandQueue(other);
	clReleaseMemObject(a);
	clReleaseMemObject(b);
}

/* A chain through queues whose first link waits for the program. */
static void test_chain(const struct cl_env *env)
{
	cl_event gate = clCreateUserEvent(env->context, NULL), events[16];
	cl_mem mem = cl_test_buffer(env, SIZE);
	cl_command_queue queues[4];
	bool waiting = true, done = true;

	for (int i = 0; i < 4; i++)
		queues[i] = queue_of(env, 0);
	for (int i = 0; i < 16; i++)
		fill(queues[i % 4], mem, i, 1, i ? &events[i - 1] : &gate, &events[i]);
	for (int i = 0; i < 4; i++)
		clFlush(queues[i]);
	for (int i = 0; i < 16; i++)
		waiting = waiting && cl_test_status(events[i]) > CL_COMPLETE;
	tap(waiting, "16 commands on 4 queues wait for the program");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clWaitForEvents(16, events), CL_SUCCESS, "clWaitForEvents of 16");
	for (int i = 0; i < 16; i++) {
		done = done && cl_test_status(events[i]) == CL_COMPLETE;
		clReleaseEvent(events[i]);
	}
	tap(done, "all are complete");
	tap(all(env, mem, 15), "and ran in their order");
	for (int i = 0; i < 4; i++)
		clReleaseCommandQueue(queues[i]);
	clReleaseEvent(gate);
	clReleaseMemObject(mem);
}

/* Naive: a failed user event counts as complete, or its commands wait for ever. */
static void test_negative(const struct cl_env *env)
{
	cl_command_queue queue = queue_of(env, 0);
	cl_event gate = clCreateUserEvent(env->context, NULL), done;
	cl_mem mem = cl_test_buffer(env, SIZE);
	cl_int err;

	fill(env->queue, mem, 1, 0, NULL, NULL);
	clFinish(env->queue);
	tap(cl_test_status(gate) == CL_SUBMITTED, "a user event begins submitted");
	fill(queue, mem, 2, 1, &gate, &done);
	tap_err(clSetUserEventStatus(gate, 1), CL_INVALID_VALUE, "a status that is none");
	tap_err(clSetUserEventStatus(gate, -77), CL_SUCCESS, "the program sets an error");
	tap(cl_test_status(gate) == -77, "the event has it");
	tap_err(clSetUserEventStatus(gate, CL_COMPLETE), CL_INVALID_OPERATION,
		"and keeps it");
	err = clWaitForEvents(1, &done);
	tap_err(err, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, "who waits gets an error");
	tap(cl_test_status(done) < 0, "the command ends with %s",
	    cl_name(cl_test_status(done)));
	tap(all(env, mem, 1), "and has not run");
	clReleaseEvent(gate);
	clReleaseEvent(done);
	clReleaseMemObject(mem);
	clReleaseCommandQueue(queue);
}

static void test_lists(const struct cl_env *env)
{
	cl_context elsewhere = clCreateContext(NULL, 1, &env->device, NULL, NULL, NULL);
	cl_event user = clCreateUserEvent(env->context, NULL), foreign, both[2];
	cl_mem mem = cl_test_buffer(env, SIZE);

	foreign = clCreateUserEvent(elsewhere, NULL);
	both[0] = user;
	both[1] = foreign;
	tap_err(clWaitForEvents(0, NULL), CL_INVALID_VALUE, "a wait for nothing");
	tap_err(clWaitForEvents(2, both), CL_INVALID_CONTEXT, "a wait across contexts");
	tap_err(fill(env->queue, mem, 1, 1, &foreign, NULL), CL_INVALID_CONTEXT,
		"a command that waits across contexts");
	tap_err(fill(env->queue, mem, 1, 0, &user, NULL), CL_INVALID_EVENT_WAIT_LIST,
		"a list without a length");
	tap_err(fill(env->queue, mem, 1, 2, NULL, NULL), CL_INVALID_EVENT_WAIT_LIST,
		"a length without a list");
	clSetUserEventStatus(user, CL_COMPLETE);
	clSetUserEventStatus(foreign, CL_COMPLETE);
	both[1] = user;
	tap_err(fill(env->queue, mem, 3, 2, both, NULL), CL_SUCCESS, "one event twice");
	tap(all(env, mem, 3), "the command runs");
	clReleaseEvent(user);
	clReleaseEvent(foreign);
	clReleaseContext(elsewhere);
	clReleaseMemObject(mem);
}

/* Naive: what is enqueued without order runs in the order of its calls, or any. */
static void test_out_of_order(const struct cl_env *env)
{
	cl_command_queue queue = queue_of(env, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	cl_event gate = clCreateUserEvent(env->context, NULL), first, second, marker;
	cl_mem a = cl_test_buffer(env, SIZE), b = cl_test_buffer(env, SIZE);

	fill(queue, a, 1, 1, &gate, &first);
	fill(queue, b, 2, 0, NULL, &second);
	clFlush(queue);
	tap_err(clWaitForEvents(1, &second), CL_SUCCESS, "the second command runs alone");
	tap(cl_test_status(first) > CL_COMPLETE, "the first still waits");
	clReleaseEvent(second);
	clEnqueueCopyBuffer(queue, a, b, 0, 0, SIZE, 1, &first, &second);
	clEnqueueMarkerWithWaitList(queue, 0, NULL, &marker);
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clWaitForEvents(1, &marker), CL_SUCCESS, "a marker waits for all before it");
	tap(cl_test_status(first) == CL_COMPLETE && cl_test_status(second) == CL_COMPLETE,
	    "they are complete");
	tap(all(env, b, 1), "in the order of their events");
	clReleaseEvent(gate);
	clReleaseEvent(first);
	clReleaseEvent(second);
	clReleaseEvent(marker);
	clReleaseMemObject(a);
	clReleaseMemObject(b);
	clReleaseCommandQueue(queue);
}

static void test_diamonds(const struct cl_env *env)
{
	cl_command_queue queue = queue_of(env, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	cl_mem top = cl_test_buffer(env, SIZE), left = cl_test_buffer(env, SIZE);
	cl_mem right = cl_test_buffer(env, SIZE);
	cl_event last = NULL;
	bool good = true;

	for (int i = 1; i <= 200; i++) {
		cl_event e[3];

		fill(queue, top, i, last ? 1 : 0, last ? &last : NULL, &e[0]);
		clEnqueueCopyBuffer(queue, top, left, 0, 0, SIZE, 1, &e[0], &e[1]);
		clEnqueueCopyBuffer(queue, top, right, 0, 0, SIZE, 1, &e[0], &e[2]);
		if (last)
			clReleaseEvent(last);
		clEnqueueMarkerWithWaitList(queue, 2, &e[1], &last);
		for (int j = 0; j < 3; j++)
			clReleaseEvent(e[j]);
		if (i % 50 == 0) {
			clWaitForEvents(1, &last);
			good = good && all(env, left, i) && all(env, right, i);
		}
	}
	tap(good, "200 diamonds of four commands, one after the other");
	clReleaseEvent(last);
	clReleaseMemObject(top);
	clReleaseMemObject(left);
	clReleaseMemObject(right);
	clReleaseCommandQueue(queue);
}

static void test_barrier(const struct cl_env *env)
{
	cl_command_queue queue = queue_of(env, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
	cl_event gate = clCreateUserEvent(env->context, NULL), done, barrier;
	cl_mem mem = cl_test_buffer(env, SIZE);
	cl_command_type type = 0;

	clEnqueueBarrierWithWaitList(queue, 1, &gate, &barrier);
	fill(queue, mem, 4, 0, NULL, &done);
	clFlush(queue);
	tap(cl_test_status(done) > CL_COMPLETE, "a command behind a barrier waits");
	clGetEventInfo(barrier, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL);
	tap(type == CL_COMMAND_BARRIER, "CL_COMMAND_BARRIER");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clFinish(queue), CL_SUCCESS, "clFinish");
	tap(cl_test_status(done) == CL_COMPLETE && all(env, mem, 4), "now it has run");
	clReleaseEvent(gate);
	clReleaseEvent(done);
	clReleaseEvent(barrier);
	clReleaseMemObject(mem);
	clReleaseCommandQueue(queue);
}

static cl_ulong profile(cl_event event, cl_profiling_info what)
{
	cl_ulong value = 0;
	cl_int err = clGetEventProfilingInfo(event, what, sizeof(value), &value, NULL);

	if (err)
		printf("# clGetEventProfilingInfo: %s\n", cl_name(err));
	return value;
}

static void test_profiling(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, SIZE);
	cl_ulong before = 0;
	bool inner = true, outer = true;

	for (int i = 0; i < 50; i++) {
		cl_ulong t[4];
		cl_event event;

		fill(env->queue, mem, i, 0, NULL, &event);
		clWaitForEvents(1, &event);
		for (int j = 0; j < 4; j++)
			t[j] = profile(event, CL_PROFILING_COMMAND_QUEUED + j);
		inner = inner && t[0] && t[0] <= t[1] && t[1] <= t[2] && t[2] <= t[3];
		outer = outer && before <= t[3];
		before = t[3];
		clReleaseEvent(event);
	}
	tap(inner, "queued, submitted, started, ended: in this order, 50 times");
	tap(outer, "one command after the other");
	clReleaseMemObject(mem);
}

/* Naive: answers of an event that is not complete are kept and given again. */
static void test_profiling_late(const struct cl_env *env)
{
	cl_command_queue plain = queue_of(env, 0);
	cl_event gate = clCreateUserEvent(env->context, NULL), event, unprofiled;
	cl_mem mem = cl_test_buffer(env, SIZE);
	cl_ulong t = 0;
	cl_int err;

	fill(env->queue, mem, 1, 1, &gate, &event);
	err = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof(t), &t, NULL);
	tap_err(err, CL_PROFILING_INFO_NOT_AVAILABLE, "the end of what has not begun");
	clSetUserEventStatus(gate, CL_COMPLETE);
	clWaitForEvents(1, &event);
	err = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof(t), &t, NULL);
	tap(!err && t, "is known when it is complete");
	tap(profile(event, CL_PROFILING_COMMAND_END) == t, "and stays the same");
	fill(plain, mem, 1, 0, NULL, &unprofiled);
	clFinish(plain);
	err = clGetEventProfilingInfo(unprofiled, CL_PROFILING_COMMAND_END, sizeof(t), &t,
				      NULL);
	tap_err(err, CL_PROFILING_INFO_NOT_AVAILABLE, "a queue without profiling");
	err = clGetEventProfilingInfo(gate, CL_PROFILING_COMMAND_END, sizeof(t), &t, NULL);
	tap_err(err, CL_PROFILING_INFO_NOT_AVAILABLE, "a user event");
	clReleaseEvent(gate);
	clReleaseEvent(event);
	clReleaseEvent(unprofiled);
	clReleaseMemObject(mem);
	clReleaseCommandQueue(plain);
}

static void test_user_info(const struct cl_env *env)
{
	cl_event user = clCreateUserEvent(env->context, NULL), event;
	cl_command_queue queue = env->queue;
	cl_context context = NULL;
	cl_command_type type = 0;

	clGetEventInfo(user, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL);
	tap(type == CL_COMMAND_USER, "CL_COMMAND_USER");
	clGetEventInfo(user, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, NULL);
	tap(!queue, "a user event has no queue");
	clGetEventInfo(user, CL_EVENT_CONTEXT, sizeof(context), &context, NULL);
	tap(context == env->context, "but a context");
	clEnqueueMarker(env->queue, &event);
	tap_err(clSetUserEventStatus(event, CL_COMPLETE), CL_INVALID_EVENT,
		"another's event is not the program's to set");
	clReleaseEvent(event);
	clReleaseEvent(user);
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_two_queues(&env);
	test_chain(&env);
	test_negative(&env);
	test_lists(&env);
	test_out_of_order(&env);
	test_diamonds(&env);
	test_barrier(&env);
	test_profiling(&env);
	test_profiling_late(&env);
	test_user_info(&env);
	cl_env_close(&env);
	return tap_end();
}
