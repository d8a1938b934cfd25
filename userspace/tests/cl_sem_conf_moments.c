// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_conf_moments.c - when callbacks run: before the call that made them due returns
 *
 * The specification leaves it open, but vendors call back from within such calls, and
 * programs that were written with one of them look at once.
 */
#include "cl_test.h"

#include <semaphore.h>

#define ROUNDS	200

static void CL_CALLBACK event_called(cl_event event, cl_int status, void *data)
{
	(void)event;
	*(volatile int *)data += status == CL_COMPLETE ? 1 : 100;
}

static void CL_CALLBACK mem_called(cl_mem mem, void *data)
{
	(void)mem;
	*(volatile int *)data += 1;
}

static void CL_CALLBACK context_called(cl_context context, void *data)
{
	(void)context;
	*(volatile int *)data += 1;
}

/* Naive: a thread of its own runs them some time later. */
static void test_user_events(const struct cl_env *env)
{
	volatile int called = 0;
	int late = 0;

	for (int i = 0; i < ROUNDS; i++) {
		cl_event event = clCreateUserEvent(env->context, NULL);

		clSetEventCallback(event, CL_COMPLETE, event_called, (void *)&called);
		clSetUserEventStatus(event, CL_COMPLETE);
		late += called != i + 1;
		clReleaseEvent(event);
	}
	tap(!late, "clSetUserEventStatus: its callback has run");
}

static void test_dependents(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, 64);
	volatile int called = 0;
	int late = 0, bytes;

	for (int i = 0; i < ROUNDS; i++) {
		cl_event gate = clCreateUserEvent(env->context, NULL);

		clSetEventCallback(gate, CL_COMPLETE, event_called, (void *)&called);
		clEnqueueFillBuffer(env->queue, mem, &i, 4, 0, 64, 1, &gate, NULL);
		clSetUserEventStatus(gate, CL_COMPLETE);
		clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, 4, &bytes, 0, NULL, NULL);
		late += called != i + 1 || bytes != i;
		clReleaseEvent(gate);
	}
	tap(!late, "a blocking read behind a user event: its callback has run");
	clReleaseMemObject(mem);
}

static void test_releases(const struct cl_env *env)
{
	volatile int called = 0;
	cl_context context;
	int late = 0;
	cl_mem mem;

	for (int i = 0; i < ROUNDS; i++) {
		mem = cl_test_buffer(env, 64);
		clSetMemObjectDestructorCallback(mem, mem_called, (void *)&called);
		clRetainMemObject(mem);
		clReleaseMemObject(mem);
		late += called != i;
		clReleaseMemObject(mem);
		late += called != i + 1;
	}
	tap(!late, "clReleaseMemObject, the last one: its callback has run");
	called = late = 0;
	for (int i = 0; i < ROUNDS; i++) {
		context = clCreateContext(NULL, 1, &env->device, NULL, NULL, NULL);
		clSetContextDestructorCallback(context, context_called, (void *)&called);
		clReleaseContext(context);
		late += called != i + 1;
	}
	tap(!late, "clReleaseContext: its callback has run");
}

struct meeting {
	sem_t in;
	sem_t out;
};

static void CL_CALLBACK meet(cl_event event, cl_int status, void *data)
{
	struct meeting *m = data;

	(void)event;
	(void)status;
	sem_post(&m->in);
	while (sem_wait(&m->out))
		;
}

/* Naive remedy: a call waits for all functions that were called, and here for ever. */
static void test_meeting(const struct cl_env *env)
{
	cl_event gate = clCreateUserEvent(env->context, NULL), event;
	cl_event start = clCreateUserEvent(env->context, NULL);
	cl_mem mem = cl_test_buffer(env, 64);
	static struct meeting m;	/* the function may end after this one */
	bool waits = true;

	sem_init(&m.in, 0, 0);
	sem_init(&m.out, 0, 0);
	clEnqueueFillBuffer(env->queue, mem, "0123", 4, 0, 64, 1, &start, &event);
	clSetEventCallback(event, CL_COMPLETE, meet, &m);
	clFlush(env->queue);
	clSetUserEventStatus(start, CL_COMPLETE);
	while (sem_wait(&m.in))
		;
	for (int i = 0; i < 100; i++)
		waits = waits && cl_test_status(gate) == CL_SUBMITTED;
	sem_post(&m.out);
	clFinish(env->queue);
	tap(waits, "a function that waits for the program does not stop the program");
	clReleaseEvent(event);
	clReleaseEvent(start);
	clReleaseEvent(gate);
	clReleaseMemObject(mem);
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_user_events(&env);
	test_dependents(&env);
	test_releases(&env);
	test_meeting(&env);
	cl_env_close(&env);
	return tap_end();
}
