// SPDX-License-Identifier: Apache-2.0
/*
 * cl_failing.c - calls that nobody waits for fail: who asks is told, and nothing hangs
 *
 * Only for a server with failing.c in it. Natively these calls would return the error.
 */
#include "cl_test.h"
#include "failing.h"

#define ITEMS	64

static const char source[] =
	"kernel void set(global int *a, int v) { a[get_global_id(0)] = v; }";

static cl_int launch(const struct cl_env *env, cl_kernel kernel, size_t items, cl_uint waits,
		     const cl_event *wait_list, cl_event *event)
{
	return clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items, &(size_t){ 1 }, waits,
				      wait_list, event);
}

/* Ends with a queue that has nothing to say. */
static void check_failed(const struct cl_env *env, cl_event failed, const char *what)
{
	cl_event more = NULL;

	tap(cl_test_status(failed) < 0, "%s: its event has failed", what);
	tap_err(clWaitForEvents(1, &failed), CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
		"clWaitForEvents");
	clEnqueueMarkerWithWaitList(env->queue, 1, &failed, &more);
	tap_err(clFinish(env->queue), CL_OUT_OF_RESOURCES, "clFinish after it");
	if (more) {
		tap(cl_test_status(more) < 0, "%s: so has what waited for it", what);
		clReleaseEvent(more);
	}
	tap_err(clFinish(env->queue), CL_SUCCESS, "clFinish once more");
	clReleaseEvent(failed);
}

static void test_launch(const struct cl_env *env, cl_kernel kernel)
{
	cl_event event = NULL;

	tap_err(launch(env, kernel, ITEMS, 0, NULL, NULL), CL_SUCCESS, "a launch");
	tap_err(clEnqueueMarkerWithWaitList(env->queue, 0, NULL, NULL), CL_SUCCESS, "a marker");
	tap_err(clFinish(env->queue), CL_SUCCESS, "clFinish");
	tap_err(launch(env, kernel, FAILING_GLOBAL, 0, NULL, &event), CL_SUCCESS,
		"a launch that will fail");
	tap(event, "it has an event");
	check_failed(env, event, "launch");
	tap_err(launch(env, kernel, FAILING_GLOBAL, 0, NULL, NULL), CL_SUCCESS,
		"without an event");
	tap_err(clFinish(env->queue), CL_OUT_OF_RESOURCES, "clFinish after it");
}

static void test_write(const struct cl_env *env, cl_mem mem)
{
	const char ones[ITEMS] = { 1 };
	cl_event event = NULL;
	cl_int err;

	err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, 16, ones, 0, NULL, NULL);
	tap_err(err, CL_SUCCESS, "a write");
	err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, FAILING_SIZE, ones, 0, NULL,
				   &event);
	tap_err(err, CL_SUCCESS, "a write that will fail");
	check_failed(env, event, "write");
}

/* The kernel must not run with the value that it had before. */
static void test_argument(const struct cl_env *env, cl_kernel kernel, cl_mem mem)
{
	cl_int value = 1, bytes[2] = { 1, 1 };

	tap_err(clSetKernelArg(kernel, 1, sizeof(value), &value), CL_SUCCESS, "an argument");
	tap_err(launch(env, kernel, ITEMS, 0, NULL, NULL), CL_SUCCESS, "a launch");
	value = FAILING_VALUE;
	tap_err(clSetKernelArg(kernel, 1, sizeof(value), &value), CL_SUCCESS,
		"an argument that will fail");
	tap_err(launch(env, kernel, ITEMS, 0, NULL, NULL), CL_SUCCESS, "a launch with it");
	tap_err(clFinish(env->queue), CL_OUT_OF_RESOURCES, "clFinish");
	value = 2;
	tap_err(clSetKernelArg(kernel, 1, sizeof(value), &value), CL_SUCCESS, "another one");
	tap(cl_test_holds(env, mem, 0, sizeof(bytes), bytes), "what was there is there");
	tap_err(launch(env, kernel, ITEMS, 0, NULL, NULL), CL_SUCCESS, "a launch");
	tap_err(clFinish(env->queue), CL_SUCCESS, "clFinish");
	bytes[0] = bytes[1] = 2;
	tap(cl_test_holds(env, mem, 0, sizeof(bytes), bytes), "it did run");
}

int main(void)
{
	struct cl_env env;
	cl_program program;
	cl_kernel kernel;
	cl_mem mem;
	cl_int value = 0;

	cl_env_open(&env);
	program = cl_test_build(&env, source, "");
	kernel = cl_test_kernel(program, "set");
	mem = cl_test_buffer(&env, ITEMS * sizeof(cl_int));
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clSetKernelArg(kernel, 1, sizeof(value), &value);
	test_launch(&env, kernel);
	test_write(&env, mem);
	test_argument(&env, kernel, mem);
	clReleaseMemObject(mem);
	clReleaseKernel(kernel);
	clReleaseProgram(program);
	cl_env_close(&env);
	return tap_end();
}
