// SPDX-License-Identifier: Apache-2.0
/*
 * cl_lost.c - the API server dies while many threads wait in it, each for something else
 *
 * Says "# ready" when all of them wait; the test that starts it then kills the server.
 * Each wait ends with CL_OUT_OF_RESOURCES, so does every later call, each callback that
 * was pending is told of an error once, and nothing hangs. Only for the remote side:
 * natively the threads would wait for ever.
 */
#include "cl_test.h"

#include <pthread.h>
#include <unistd.h>

#define SIZE	(64 << 10)
#define WAITERS	32
#define LIMIT_S	200
#define LATER_S	20	/* all later calls; much less but on a machine that is busy */

static const char source[] =
"__kernel void add(__global uint *a, uint n) { a[get_global_id(0)] += n; }\n";

static struct cl_env env;
static cl_program program;
static cl_kernel kernel;
static cl_mem mem;
static cl_event gate, gated;	/* never set; a read that waits for it */
static pthread_barrier_t started;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* ---- what the threads wait for --------------------------------------------------- */

static cl_int wait_finish(void)
{
	return clFinish(env.queue);
}

static cl_int wait_gate(void)
{
	return clWaitForEvents(1, &gate);
}

static cl_int wait_gated(void)
{
	return clWaitForEvents(1, &gated);
}

static cl_int wait_read(void)
{
	uint8_t bytes[256];

	return clEnqueueReadBuffer(env.queue, mem, CL_TRUE, 0, sizeof(bytes), bytes, 1, &gate,
				   NULL);
}

static cl_int wait_large_read(void)
{
	static uint8_t bytes[SIZE];

	return clEnqueueReadBuffer(env.queue, mem, CL_TRUE, 0, SIZE, bytes, 1, &gate, NULL);
}

static cl_int wait_write(void)
{
	uint8_t bytes[256] = { 0 };

	return clEnqueueWriteBuffer(env.queue, mem, CL_TRUE, 0, sizeof(bytes), bytes, 1, &gate,
				    NULL);
}

static cl_int wait_map(void)
{
	cl_int err = CL_SUCCESS;
	void *p = clEnqueueMapBuffer(env.queue, mem, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
				     SIZE, 1, &gate, NULL, &err);

	return p && !err ? CL_SUCCESS : err;
}

/* These do not wait for the gate: they ask, enqueue and build until it fails. */
static cl_int keep_asking(void)
{
	cl_int err, status;

	do
		err = clGetEventInfo(gated, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status),
				     &status, NULL);
	while (!err);
	return err;
}

static cl_int keep_launching(void)
{
	cl_command_queue queue = clCreateCommandQueue(env.context, env.device, 0, NULL);
	cl_mem mine = cl_test_buffer(&env, SIZE);
	cl_kernel k = clCreateKernel(program, "add", NULL);
	const size_t items = SIZE / 4;
	cl_uint n = 1;
	cl_int err;

	/* What could not be made any more could not be launched, for another reason. */
	pthread_barrier_wait(&started);
	do {
		err = clSetKernelArg(k, 0, sizeof(mine), &mine);
		if (!err)
			err = clSetKernelArg(k, 1, sizeof(n), &n);
		if (!err)
			err = clEnqueueNDRangeKernel(queue, k, 1, NULL, &items, NULL, 0, NULL,
						     NULL);
		if (!err && n++ % 64 == 0)
			err = clFinish(queue);
	} while (!err);
	return err;
}

static cl_int keep_building(void)
{
	const char *text = source;
	cl_program p;
	cl_int err;

	do {
		p = clCreateProgramWithSource(env.context, 1, &text, NULL, &err);
		if (p && !err)
			err = clBuildProgram(p, 0, NULL, "", NULL, NULL);
		if (p)
			clReleaseProgram(p);
	} while (!err);
	/* the build that was under way did not fail by its source */
	return err;
}

static const struct {
	cl_int (*fn)(void);
	const char *name;
} kinds[] = {
	{ wait_finish, "clFinish" },
	{ wait_gate, "clWaitForEvents of a user event" },
	{ wait_gated, "clWaitForEvents of a read" },
	{ wait_read, "a blocking read" },
	{ wait_large_read, "a large blocking read" },
	{ wait_write, "a blocking write" },
	{ wait_map, "a blocking map" },
	{ keep_asking, "queries" },
	{ keep_launching, "launches" },
	{ keep_building, "builds" },
};

#define KINDS	(int)(sizeof(kinds) / sizeof(*kinds))

static cl_int results[WAITERS];

static void *waiter(void *arg)
{
	intptr_t i = (intptr_t)arg;

	/* which waits for the others when it has made what it needs */
	if (kinds[i % KINDS].fn != keep_launching)
		pthread_barrier_wait(&started);
	results[i] = kinds[i % KINDS].fn();
	return NULL;
}

/* ---- callbacks --------------------------------------------------------------------- */

struct told {
	int count;
	cl_int status;
};

static void CL_CALLBACK tell(cl_event event, cl_int status, void *data)
{
	struct told *told = data;
	cl_int ignored;

	/* may call OpenCL, also now */
	clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(ignored), &ignored,
		       NULL);
	pthread_mutex_lock(&lock);
	told->count++;
	told->status = status;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static struct told told_gate, told_read[2];

static void register_callbacks(void)
{
	static const cl_int when[] = { CL_RUNNING, CL_COMPLETE };

	tap_err(clSetEventCallback(gate, CL_COMPLETE, tell, &told_gate), CL_SUCCESS,
		"a callback of the user event");
	/* one that waits is neither running nor complete */
	for (int i = 0; i < 2; i++)
		tap_err(clSetEventCallback(gated, when[i], tell, &told_read[i]), CL_SUCCESS,
			"a callback of the read");
}

static void check_told(const struct told *told, const char *name)
{
	pthread_mutex_lock(&lock);
	while (!told->count)
		pthread_cond_wait(&changed, &lock);
	tap(told->count == 1 && told->status < 0, "%s is told once: %s", name,
	    cl_name(told->status));
	pthread_mutex_unlock(&lock);
}

/* ---- afterwards ---------------------------------------------------------------------- */

static void lost(cl_int err, const char *name)
{
	tap_err(err, CL_OUT_OF_RESOURCES, name);
}

static void lost_object(void *object, cl_int err, const char *name)
{
	tap(!object, "%s makes nothing", name);
	lost(err, name);
}

static void later_objects(void)
{
	const cl_image_format format = { CL_RGBA, CL_UNORM_INT8 };
	const cl_image_desc desc = {
		.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8, .image_height = 8,
	};
	const char *text = source;
	cl_int err = 0;
	void *p;

	p = clCreateContext(NULL, 1, &env.device, NULL, NULL, &err);
	lost_object(p, err, "clCreateContext");
	p = clCreateCommandQueue(env.context, env.device, 0, &err);
	lost_object(p, err, "clCreateCommandQueue");
	p = clCreateBuffer(env.context, 0, 64, NULL, &err);
	lost_object(p, err, "clCreateBuffer");
	p = clCreateImage(env.context, 0, &format, &desc, NULL, &err);
	lost_object(p, err, "clCreateImage");
	p = clCreateSampler(env.context, CL_TRUE, CL_ADDRESS_CLAMP, CL_FILTER_NEAREST, &err);
	lost_object(p, err, "clCreateSampler");
	p = clCreateProgramWithSource(env.context, 1, &text, NULL, &err);
	lost_object(p, err, "clCreateProgramWithSource");
	p = clCreateKernel(program, "add", &err);
	lost_object(p, err, "clCreateKernel");
	p = clCreateUserEvent(env.context, &err);
	lost_object(p, err, "clCreateUserEvent");
	p = clEnqueueMapBuffer(env.queue, mem, CL_FALSE, CL_MAP_READ, 0, 64, 0, NULL, NULL,
			       &err);
	lost_object(p, err, "clEnqueueMapBuffer");
}

static void later_commands(void)
{
	const cl_uint zero = 0;
	const size_t items = 4;
	uint8_t bytes[64];

	lost(clSetKernelArg(kernel, 0, sizeof(mem), &mem), "clSetKernelArg");
	lost(clEnqueueNDRangeKernel(env.queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL),
	     "clEnqueueNDRangeKernel");
	lost(clEnqueueReadBuffer(env.queue, mem, CL_FALSE, 0, 64, bytes, 0, NULL, NULL),
	     "clEnqueueReadBuffer");
	lost(clEnqueueWriteBuffer(env.queue, mem, CL_FALSE, 0, 64, bytes, 0, NULL, NULL),
	     "clEnqueueWriteBuffer");
	lost(clEnqueueFillBuffer(env.queue, mem, &zero, 4, 0, 64, 0, NULL, NULL),
	     "clEnqueueFillBuffer");
	lost(clEnqueueMarkerWithWaitList(env.queue, 0, NULL, NULL),
	     "clEnqueueMarkerWithWaitList");
	lost(clSetUserEventStatus(gate, CL_COMPLETE), "clSetUserEventStatus");
	lost(clSetEventCallback(gate, CL_COMPLETE, tell, &told_gate), "clSetEventCallback");
	lost(clBuildProgram(program, 0, NULL, "", NULL, NULL), "clBuildProgram");
	lost(clFlush(env.queue), "clFlush");
	lost(clFinish(env.queue), "clFinish");
}

static void later_queries(void)
{
	char text[4096];

	lost(clGetDeviceInfo(env.device, CL_DEVICE_NAME, sizeof(text), text, NULL),
	     "clGetDeviceInfo");
	lost(clGetContextInfo(env.context, CL_CONTEXT_NUM_DEVICES, sizeof(text), text, NULL),
	     "clGetContextInfo");
	lost(clGetCommandQueueInfo(env.queue, CL_QUEUE_PROPERTIES, sizeof(text), text, NULL),
	     "clGetCommandQueueInfo");
	lost(clGetMemObjectInfo(mem, CL_MEM_SIZE, sizeof(text), text, NULL),
	     "clGetMemObjectInfo");
	lost(clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof(text), text, NULL),
	     "clGetKernelInfo");
	lost(clGetProgramInfo(program, CL_PROGRAM_SOURCE, sizeof(text), text, NULL),
	     "clGetProgramInfo");
	lost(clGetEventInfo(gate, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(text), text, NULL),
	     "clGetEventInfo");
	lost(clGetSupportedImageFormats(env.context, 0, CL_MEM_OBJECT_IMAGE2D, 0, NULL,
					(cl_uint *)text), "clGetSupportedImageFormats");
}

/* What the server cannot be asked any more must not keep the program's memory either. */
static void later_releases(void *mapped)
{
	memset(mapped, 1, SIZE);
	tap(true, "what was mapped may be written to");
	lost(clEnqueueUnmapMemObject(env.queue, mem, mapped, 0, NULL, NULL),
	     "clEnqueueUnmapMemObject");
	tap_err(clRetainMemObject(mem), CL_SUCCESS, "clRetainMemObject");
	tap_err(clReleaseMemObject(mem), CL_SUCCESS, "clReleaseMemObject");
	tap_err(clReleaseEvent(gated), CL_SUCCESS, "the last clReleaseEvent");
	tap_err(clReleaseEvent(gate), CL_SUCCESS, "clReleaseEvent of a user event");
	tap_err(clReleaseKernel(kernel), CL_SUCCESS, "the last clReleaseKernel");
	tap_err(clReleaseProgram(program), CL_SUCCESS, "the last clReleaseProgram");
	tap_err(clReleaseMemObject(mem), CL_SUCCESS, "the last clReleaseMemObject");
	tap_err(clReleaseCommandQueue(env.queue), CL_SUCCESS, "the last clReleaseCommandQueue");
	tap_err(clReleaseContext(env.context), CL_SUCCESS, "the last clReleaseContext");
}

/* ---- the test -------------------------------------------------------------------------- */

static void setup(void)
{
	const cl_uint one = 1;

	cl_env_open(&env);
	mem = cl_test_buffer(&env, SIZE);
	program = cl_test_build(&env, source, "");
	kernel = cl_test_kernel(program, "add");
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clSetKernelArg(kernel, 1, sizeof(one), &one);
	gate = clCreateUserEvent(env.context, NULL);
}

static void enqueue_gated(void)
{
	static uint8_t out[SIZE];

	tap_err(clEnqueueReadBuffer(env.queue, mem, CL_FALSE, 0, SIZE, out, 1, &gate, &gated),
		CL_SUCCESS, "a read that waits for a user event");
}

static void wait_for_loss(void)
{
	pthread_t threads[WAITERS];

	pthread_barrier_init(&started, NULL, WAITERS + 1);
	for (intptr_t i = 0; i < WAITERS; i++)
		pthread_create(&threads[i], NULL, waiter, (void *)i);
	pthread_barrier_wait(&started);
	/* that they wait already cannot be seen, and need not be */
	for (int i = 0; i < 200; i++)
		cl_test_status(gated);
	printf("# ready\n");
	fflush(stdout);
	for (intptr_t i = 0; i < WAITERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < WAITERS; i++)
		lost(results[i], kinds[i % KINDS].name);
}

int main(void)
{
	double start;
	void *mapped;

	setup();
	/* before the read, which the queue would have it wait for */
	mapped = clEnqueueMapBuffer(env.queue, mem, CL_TRUE, CL_MAP_WRITE, 0, SIZE, 0, NULL,
				    NULL, NULL);
	enqueue_gated();
	register_callbacks();
	/* what hangs ends here, and not well */
	alarm(LIMIT_S);
	wait_for_loss();
	start = cl_test_seconds();
	check_told(&told_gate, "the user event's callback");
	check_told(&told_read[0], "the callback of a read that runs");
	check_told(&told_read[1], "the callback of a complete read");
	later_queries();
	later_commands();
	later_objects();
	later_releases(mapped);
	tap(cl_test_seconds() - start < LATER_S, "none of this waits for anything");
	return tap_end();
}
