// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_callbacks.c - functions of the program that OpenCL calls
 *
 * Each must come exactly once, with the objects and the userdata that the program
 * gave, on a thread that may call OpenCL itself.
 */
#include "cl_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static const char source[] = "__kernel void one(__global int *a) { a[0] = 1; }\n";

/* What was called, in order; the tests wait for a number of calls. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int calls;
static int order[4096];

static void note(int what)
{
	pthread_mutex_lock(&lock);
	if (calls < 4096)
		order[calls] = what;
	calls++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static bool reached(int n)
{
	struct timespec end;
	bool good;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 100;
	pthread_mutex_lock(&lock);
	while (calls < n && !pthread_cond_timedwait(&changed, &lock, &end))
		;
	good = calls >= n;
	if (!good)
		printf("# %d of %d calls\n", calls, n);
	pthread_mutex_unlock(&lock);
	return good;
}

static int made(void)
{
	int n;

	pthread_mutex_lock(&lock);
	n = calls;
	pthread_mutex_unlock(&lock);
	return n;
}

static void begin(void)
{
	pthread_mutex_lock(&lock);
	calls = 0;
	pthread_mutex_unlock(&lock);
}

/* ---- events ------------------------------------------------------------- */

struct seen {
	cl_event event;
	cl_int status[3];
	int calls[3];
};

static void CL_CALLBACK on_status(cl_event event, cl_int status, void *data)
{
	struct seen *seen = data;
	const int i = status < 0 ? 0 : status;

	/* what is complete already is told by the thread that registers */
	pthread_mutex_lock(&lock);
	if (event == seen->event && i < 3) {
		seen->status[i] = status;
		seen->calls[i]++;
	}
	pthread_mutex_unlock(&lock);
	note(status);
}

/* Naive: only CL_COMPLETE is called, or each is called when registered. */
static void test_each_status(const struct cl_env *env)
{
	cl_event gate = clCreateUserEvent(env->context, NULL);
	cl_mem mem = cl_test_buffer(env, 16);
	struct seen seen = { .status = { 9, 9, 9 } };
	const int zero = 0;
	cl_int err;

	begin();
	clEnqueueFillBuffer(env->queue, mem, &zero, 4, 0, 16, 1, &gate, &seen.event);
	err = clSetEventCallback(seen.event, CL_COMPLETE, on_status, &seen);
	err |= clSetEventCallback(seen.event, CL_RUNNING, on_status, &seen);
	err |= clSetEventCallback(seen.event, CL_SUBMITTED, on_status, &seen);
	tap_err(err, CL_SUCCESS, "clSetEventCallback for three states");
	tap(!seen.calls[CL_COMPLETE] && !seen.calls[CL_RUNNING],
	    "none is called before its state");
	clSetUserEventStatus(gate, CL_COMPLETE);
	clFlush(env->queue);
	tap(reached(3), "all three are called");
	tap(seen.calls[0] == 1 && seen.calls[1] == 1 && seen.calls[2] == 1, "once each");
	tap(seen.status[0] == CL_COMPLETE && seen.status[1] == CL_RUNNING &&
	    seen.status[2] == CL_SUBMITTED, "with their state");
	clReleaseEvent(seen.event);
	clReleaseEvent(gate);
	clReleaseMemObject(mem);
}

static void test_event_errors(const struct cl_env *env)
{
	cl_event user = clCreateUserEvent(env->context, NULL);
	struct seen seen = { .event = user };

	tap_err(clSetEventCallback(user, CL_COMPLETE, NULL, NULL), CL_INVALID_VALUE,
		"no function");
	tap_err(clSetEventCallback(user, CL_QUEUED, on_status, &seen), CL_INVALID_VALUE,
		"a callback for CL_QUEUED");
	tap_err(clSetEventCallback(user, 17, on_status, &seen), CL_INVALID_VALUE,
		"a callback for no status");
	tap_err(clSetEventCallback(NULL, CL_COMPLETE, on_status, &seen), CL_INVALID_EVENT,
		"a callback for no event");
	clSetUserEventStatus(user, CL_COMPLETE);
	clReleaseEvent(user);
}

/* A callback that is registered when all is over is called too; many of one are. */
static void test_late_and_many(const struct cl_env *env)
{
	cl_event user = clCreateUserEvent(env->context, NULL);
	struct seen seen = { .event = user };

	begin();
	for (int i = 0; i < 50; i++)
		clSetEventCallback(user, CL_COMPLETE, on_status, &seen);
	clSetUserEventStatus(user, CL_COMPLETE);
	for (int i = 0; i < 50; i++)
		clSetEventCallback(user, CL_COMPLETE, on_status, &seen);
	tap(reached(100), "50 callbacks before an event, 50 after");
	tap(seen.calls[0] == 100 && calls == 100, "each is called once");
	clReleaseEvent(user);
}

static void test_failed_event(const struct cl_env *env)
{
	cl_event gate = clCreateUserEvent(env->context, NULL);
	cl_command_queue queue = clCreateCommandQueue(env->context, env->device, 0, NULL);
	cl_mem mem = cl_test_buffer(env, 16);
	struct seen user = { .event = gate }, command = { 0 };
	const int zero = 0;

	begin();
	clEnqueueFillBuffer(queue, mem, &zero, 4, 0, 16, 1, &gate, &command.event);
	clSetEventCallback(gate, CL_COMPLETE, on_status, &user);
	clSetEventCallback(command.event, CL_COMPLETE, on_status, &command);
	clSetUserEventStatus(gate, -5);
	clFinish(queue);
	/* Some call back with the error; some do not. Never with another state. */
	tap(!user.calls[1] && !user.calls[2] && user.status[0] <= 0 &&
	    command.status[0] <= 0, "an event that fails calls back %d times", calls);
	clReleaseEvent(gate);
	clReleaseEvent(command.event);
	clReleaseMemObject(mem);
	clReleaseCommandQueue(queue);
}

/* A callback that goes on: it enqueues the next command and sets its callback. */
struct relay {
	const struct cl_env *env;
	cl_mem mem;
	int left;
};

static atomic_int relay_failed;

static void CL_CALLBACK go_on(cl_event event, cl_int status, void *data)
{
	struct relay *relay = data;
	cl_command_queue queue = relay->env->queue;
	cl_event next;
	int value = relay->left;
	cl_uint refs = 0;

	/* Naive: inside a callback the event is not the program's handle any more. */
	if (status || clGetEventInfo(event, CL_EVENT_REFERENCE_COUNT, sizeof(refs), &refs,
				     NULL) || !refs)
		relay_failed++;
	clReleaseEvent(event);
	if (relay->left-- == 0) {
		note(0);
		return;
	}
	if (clEnqueueFillBuffer(queue, relay->mem, &value, 4, 0, 16, 0, NULL, &next))
		relay_failed++;
	/* from here on the relay is the next one's, which may be over before this is */
	if (clSetEventCallback(next, CL_COMPLETE, go_on, relay))
		relay_failed++;
	clFlush(queue);
}

/* Naive: the thread that runs callbacks cannot wait for an answer itself. */
static void test_relay(const struct cl_env *env)
{
	struct relay relay = { .env = env, .mem = cl_test_buffer(env, 16), .left = 100 };
	const int want[4] = { 1, 1, 1, 1 };
	cl_event first;

	begin();
	clEnqueueMarkerWithWaitList(env->queue, 0, NULL, &first);
	clSetEventCallback(first, CL_COMPLETE, go_on, &relay);
	clFlush(env->queue);
	tap(reached(1), "each of 100 callbacks enqueues a command and sets the next");
	tap(!relay_failed, "no call failed");
	tap(cl_test_holds(env, relay.mem, 0, 16, want), "the last command ran");
	clReleaseMemObject(relay.mem);
}

/* A callback opens the gate that the main thread's command waits for. */
static void CL_CALLBACK open_gate(cl_event event, cl_int status, void *gate)
{
	(void)event;
	clSetUserEventStatus(gate, status);
	note(1);
}

static void test_gate(const struct cl_env *env)
{
	bool good = true;

	begin();
	for (int i = 0; i < 100; i++) {
		cl_event gate = clCreateUserEvent(env->context, NULL), first, second;

		clEnqueueMarkerWithWaitList(env->queue, 0, NULL, &first);
		clEnqueueMarkerWithWaitList(env->queue, 1, &gate, &second);
		clSetEventCallback(first, CL_COMPLETE, open_gate, gate);
		good = good && !clWaitForEvents(1, &second);
		clReleaseEvent(first);
		clReleaseEvent(second);
		clReleaseEvent(gate);
	}
	/* A callback may still be on its way out; the next test counts from 0. */
	good = reached(100) && good;
	tap(good, "a wait that only a callback can end, 100 times");
}

/* Naive: the bytes of a read are not there yet when its callback runs. */
struct landing {
	uint8_t *out;
	const uint8_t *want;
	bool good;
};

static void CL_CALLBACK on_landing(cl_event event, cl_int status, void *data)
{
	struct landing *landing = data;

	(void)event;
	landing->good = !status && !memcmp(landing->out, landing->want, 4096);
	note(2);
}

static void test_read_callback(const struct cl_env *env)
{
	uint8_t want[4096], out[4096];
	cl_mem mem = cl_test_buffer(env, 4096);
	bool good = true, came = true;

	for (int i = 0; i < 50 && came; i++) {
		struct landing landing = { out, want, false };
		cl_event done;

		cl_test_pattern(want, 4096, i);
		begin();
		clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 0, 4096, want, 0, NULL, NULL);
		clEnqueueReadBuffer(env->queue, mem, CL_FALSE, 0, 4096, out, 0, NULL, &done);
		clSetEventCallback(done, CL_COMPLETE, on_landing, &landing);
		clFlush(env->queue);
		came = reached(1);
		good = good && landing.good;
		clReleaseEvent(done);
	}
	tap(came && good, "the callback of a read finds its bytes, 50 times");
	clReleaseMemObject(mem);
}

/* ---- programs ------------------------------------------------------------ */

struct built {
	cl_program program;
	cl_build_status status;
	size_t log;
	const struct cl_env *env;
};

static void CL_CALLBACK on_built(cl_program program, void *data)
{
	struct built *built = data;

	built->program = program;
	clGetProgramBuildInfo(program, built->env->device, CL_PROGRAM_BUILD_STATUS,
			      sizeof(built->status), &built->status, NULL);
	clGetProgramBuildInfo(program, built->env->device, CL_PROGRAM_BUILD_LOG, 0, NULL,
			      &built->log);
	note(3);
}

static cl_program program_of(const struct cl_env *env, const char *text)
{
	return clCreateProgramWithSource(env->context, 1, &text, NULL, NULL);
}

static void test_build(const struct cl_env *env)
{
	struct built built = { .env = env, .status = 77 };
	cl_program program = program_of(env, source);
	cl_kernel kernel;
	cl_int err;

	begin();
	err = clBuildProgram(program, 1, &env->device, "", on_built, &built);
	tap_err(err, CL_SUCCESS, "clBuildProgram with a callback");
	tap(reached(1) && built.program == program, "is called with the program");
	tap(built.status == CL_BUILD_SUCCESS, "which is built");
	kernel = clCreateKernel(program, "one", &err);
	tap_err(err, CL_SUCCESS, "and has kernels");
	clReleaseKernel(kernel);
	err = clBuildProgram(program, 1, &env->device, "", NULL, &built);
	tap_err(err, CL_INVALID_VALUE, "userdata without a callback");
	clReleaseProgram(program);
}

/* Naive: a build that fails does not call back. */
static void test_build_fails(const struct cl_env *env)
{
	struct built built = { .env = env, .status = 77 };
	cl_program program = program_of(env, "__kernel void broken( {\n");
	cl_int err;

	begin();
	err = clBuildProgram(program, 1, &env->device, "", on_built, &built);
	tap(true, "a build that fails returns %s", cl_name(err));
	tap(reached(1) && built.program == program, "its callback is called");
	tap(built.status == CL_BUILD_ERROR, "and sees CL_BUILD_ERROR");
	clReleaseProgram(program);
}

static void test_compile_link(const struct cl_env *env)
{
	struct built compiled = { .env = env }, linked = { .env = env };
	cl_program part = program_of(env, source), whole;
	cl_kernel kernel;
	cl_int err;

	begin();
	err = clCompileProgram(part, 1, &env->device, "", 0, NULL, NULL, on_built, &compiled);
	tap_err(err, CL_SUCCESS, "clCompileProgram with a callback");
	tap(reached(1) && compiled.program == part, "is called with the program");
	begin();
	whole = clLinkProgram(env->context, 1, &env->device, "", 1, &part, on_built, &linked,
			      &err);
	tap_err(err, CL_SUCCESS, "clLinkProgram with a callback");
	/* Naive: a callback that comes before the new program has its handle. */
	tap(reached(1) && linked.program == whole, "is called with the new program");
	kernel = clCreateKernel(whole, "one", &err);
	tap_err(err, CL_SUCCESS, "which has kernels");
	clReleaseKernel(kernel);
	clReleaseProgram(whole);
	clReleaseProgram(part);
}

/* Naive: the program that nobody gets is gone before its callback runs. */
static void test_link_fails(const struct cl_env *env)
{
	struct built compiled = { .env = env }, linked = { .env = env, .status = 77 };
	cl_program part = program_of(env, "int other(int); __kernel void k(__global int *p) "
				     "{ *p = other(1); }"), whole;
	cl_int err;

	clCompileProgram(part, 1, &env->device, "", 0, NULL, NULL, on_built, &compiled);
	for (int i = 0; i < 20; i++) {
		begin();
		linked.log = 0;
		linked.program = NULL;
		whole = clLinkProgram(env->context, 1, &env->device, "", 1, &part, on_built,
				      &linked, &err);
		if (whole || err != CL_LINK_PROGRAM_FAILURE || !reached(1) || !linked.program)
			break;
	}
	tap_err(err, CL_LINK_PROGRAM_FAILURE, "clLinkProgram without a function");
	tap(!whole && reached(1), "gives no program and calls back");
	tap(linked.program && linked.status == CL_BUILD_ERROR, "with one that is not linked");
	tap(linked.log > 1, "and that has a log");
	begin();
	linked.program = part;
	whole = clLinkProgram(env->context, 1, &env->device, "", 0, NULL, on_built, &linked, &err);
	tap_err(err, CL_INVALID_VALUE, "a link of nothing");
	tap(!whole && reached(1) && !linked.program, "calls back without a program");
	clReleaseProgram(part);
}

/* ---- memory and contexts --------------------------------------------------- */

static void CL_CALLBACK on_gone(cl_mem mem, void *data)
{
	(void)mem;
	note((int)(intptr_t)data);
}

/* Naive: called in the order of registration, or when the program lets go. */
static void test_destructors(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, 16), sub;
	const cl_buffer_region region = { 0, 16 };
	cl_event gate = clCreateUserEvent(env->context, NULL);
	const int zero = 0;
	cl_int err = 0;

	begin();
	for (intptr_t i = 1; i <= 3; i++)
		err |= clSetMemObjectDestructorCallback(mem, on_gone, (void *)i);
	tap_err(err, CL_SUCCESS, "clSetMemObjectDestructorCallback three times");
	err = clSetMemObjectDestructorCallback(mem, NULL, NULL);
	tap_err(err, CL_INVALID_VALUE, "without a function");
	err = clSetMemObjectDestructorCallback(NULL, on_gone, NULL);
	tap_err(err, CL_INVALID_MEM_OBJECT, "without an object");
	sub = clCreateSubBuffer(mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, NULL);
	clEnqueueFillBuffer(env->queue, mem, &zero, 4, 0, 16, 1, &gate, NULL);
	clReleaseMemObject(mem);
	clSetUserEventStatus(gate, CL_COMPLETE);
	clFinish(env->queue);
	tap(calls == 0, "a sub-buffer keeps the object");
	clReleaseMemObject(sub);
	tap(reached(3), "all are called when it goes");
	tap(order[0] == 3 && order[1] == 2 && order[2] == 1, "the last one first");
	clReleaseEvent(gate);
}

static void CL_CALLBACK free_memory(cl_mem mem, void *data)
{
	(void)mem;
	memset(data, 0xff, 4096);
	free(data);
	note(4);
}

/* The use of it: memory that the program gave is the program's again. */
static void test_free_memory(const struct cl_env *env)
{
	bool good = true;

	begin();
	for (int i = 1; i <= 100; i++) {
		uint8_t *bytes = malloc(4096), want[4096];
		cl_mem mem;

		cl_test_pattern(bytes, 4096, i);
		memcpy(want, bytes, 4096);
		mem = clCreateBuffer(env->context, CL_MEM_USE_HOST_PTR, 4096, bytes, NULL);
		clSetMemObjectDestructorCallback(mem, free_memory, bytes);
		good = good && cl_test_holds(env, mem, 0, 4096, want);
		clReleaseMemObject(mem);
	}
	tap(reached(100), "100 buffers give their memory back");
	tap(good, "after use");
}

static pthread_t caller;

static void CL_CALLBACK on_gone_here(cl_mem mem, void *data)
{
	(void)mem;
	caller = pthread_self();
	*(int *)data = 1;
}

/*
 * Naive: it comes some time after the release, on a thread of the library's, and not at
 * all if the program ends. Then the buffer of a program that looks at once is still there.
 */
static void test_gone_in_release(const struct cl_env *env)
{
	const cl_buffer_region region = { 0, 16 };
	bool good = true, here = true;

	for (int i = 0; i < 50; i++) {
		cl_mem mem = cl_test_buffer(env, 16), sub;
		int gone = 0;

		caller = 0;
		clSetMemObjectDestructorCallback(mem, on_gone_here, &gone);
		sub = clCreateSubBuffer(mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, NULL);
		clReleaseMemObject(mem);
		good = good && !gone;
		clReleaseMemObject(sub);
		good = good && gone;
		here = here && pthread_equal(caller, pthread_self());
	}
	tap(good, "called before the release returns that ends it");
	tap(here, "by the thread that releases");
}

/*
 * Naive: what ends behind another call than a release, one that was mapped until then,
 * is told to nobody.
 */
static void test_gone_when_unmapped(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, 16);
	void *p;

	begin();
	clSetMemObjectDestructorCallback(mem, on_gone, (void *)5);
	p = clEnqueueMapBuffer(env->queue, mem, CL_TRUE, CL_MAP_READ, 0, 16, 0, NULL, NULL, NULL);
	clReleaseMemObject(mem);
	tap(made() == 0, "a map keeps the object");
	tap_err(clEnqueueUnmapMemObject(env->queue, mem, p, 0, NULL, NULL), CL_SUCCESS, "unmapped");
	clFinish(env->queue);
	tap(reached(1), "called when it is not mapped any more");
}

/* Naive: that the program's last reference is one that it got later is not noticed. */
static void test_gone_found(const struct cl_env *env)
{
	const cl_buffer_region region = { 0, 16 };
	cl_mem mem = cl_test_buffer(env, 16), found = NULL, sub;
	int gone = 0;

	clSetMemObjectDestructorCallback(mem, on_gone_here, &gone);
	sub = clCreateSubBuffer(mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, NULL);
	clReleaseMemObject(mem);
	clGetMemObjectInfo(sub, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(found), &found, NULL);
	clRetainMemObject(found);
	clReleaseMemObject(sub);
	tap(found == mem && !gone, "a sub-buffer's object that was retained again");
	clReleaseMemObject(found);
	tap(gone, "called before it is released");
}

static void CL_CALLBACK on_context_gone(cl_context context, void *data)
{
	(void)context;
	note((int)(intptr_t)data);
}

static void test_context_destructor(const struct cl_env *env)
{
	cl_context context = clCreateContext(NULL, 1, &env->device, NULL, NULL, NULL);
	cl_int err = clSetContextDestructorCallback(context, on_context_gone, (void *)1);

	begin();
	tap(true, "clSetContextDestructorCallback: %s", cl_name(err));
	if (!err)
		clSetContextDestructorCallback(context, on_context_gone, (void *)2);
	clReleaseContext(context);
	tap(err || (reached(2) && order[0] == 2 && order[1] == 1),
	    "called when it goes, the last one first");
}

static void CL_CALLBACK on_error(const char *text, const void *info, size_t size, void *data)
{
	(void)text;
	(void)info;
	(void)size;
	++*(int *)data;
}

/* What a context's callback is told is the implementation's own; it may not harm. */
static void test_context_errors(const struct cl_env *env)
{
	cl_context context;
	int told = 0;
	cl_mem mem;
	cl_int err;

	context = clCreateContext(NULL, 1, &env->device, on_error, &told, &err);
	tap_err(err, CL_SUCCESS, "a context with a callback for errors");
	mem = clCreateBuffer(context, CL_MEM_READ_WRITE, 0, NULL, &err);
	tap(!mem, "%s", cl_name(err));
	clReleaseContext(context);
	tap(true, "the callback was called %d times", told);
	context = clCreateContext(NULL, 1, &env->device, NULL, &told, &err);
	tap(!context, "userdata without a callback: %s", cl_name(err));
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_each_status(&env);
	test_event_errors(&env);
	test_late_and_many(&env);
	test_failed_event(&env);
	test_relay(&env);
	test_gate(&env);
	test_read_callback(&env);
	test_build(&env);
	test_build_fails(&env);
	test_link_fails(&env);
	test_compile_link(&env);
	test_destructors(&env);
	test_free_memory(&env);
	test_gone_in_release(&env);
	test_gone_when_unmapped(&env);
	test_gone_found(&env);
	test_context_destructor(&env);
	test_context_errors(&env);
	cl_env_close(&env);
	return tap_end();
}
