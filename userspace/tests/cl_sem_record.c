// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_record.c - command buffers: commands that are recorded, and run as often as is asked
 *
 * Their functions have addresses only, which the platform gives out. Where a line says
 * what the implementation says, it must be the same natively and through AvA.
 */
#include "cl_test.h"

#include <CL/cl_ext.h>

#define COUNT	256
#define BYTES	(COUNT * sizeof(int))

static const char source[] =
"__kernel void add(__global int *to, __global const int *from, int n)\n"
"{ to[get_global_id(0)] = from[get_global_id(0)] + n; }\n";

static struct {
	clCreateCommandBufferKHR_fn create;
	clFinalizeCommandBufferKHR_fn finalize;
	clRetainCommandBufferKHR_fn retain;
	clReleaseCommandBufferKHR_fn release;
	clEnqueueCommandBufferKHR_fn enqueue;
	clCommandBarrierWithWaitListKHR_fn barrier;
	clCommandCopyBufferKHR_fn copy;
	clCommandFillBufferKHR_fn fill;
	clCommandNDRangeKernelKHR_fn kernel;
	clGetCommandBufferInfoKHR_fn info;
} cb;

static struct cl_env env;
static cl_kernel add;
static cl_mem in, out;

static bool find_functions(void)
{
#define FIND(member, name) \
	(cb.member = clGetExtensionFunctionAddressForPlatform(env.platform, name))
	return FIND(create, "clCreateCommandBufferKHR") &&
	       FIND(finalize, "clFinalizeCommandBufferKHR") &&
	       FIND(retain, "clRetainCommandBufferKHR") &&
	       FIND(release, "clReleaseCommandBufferKHR") &&
	       FIND(enqueue, "clEnqueueCommandBufferKHR") &&
	       FIND(barrier, "clCommandBarrierWithWaitListKHR") &&
	       FIND(copy, "clCommandCopyBufferKHR") &&
	       FIND(fill, "clCommandFillBufferKHR") &&
	       FIND(kernel, "clCommandNDRangeKernelKHR") &&
	       FIND(info, "clGetCommandBufferInfoKHR");
#undef FIND
}

static const char *named(cl_int err)
{
	switch (err) {
	case CL_INVALID_COMMAND_BUFFER_KHR:
		return "CL_INVALID_COMMAND_BUFFER_KHR";
	case CL_INVALID_SYNC_POINT_WAIT_LIST_KHR:
		return "CL_INVALID_SYNC_POINT_WAIT_LIST_KHR";
	case CL_INCOMPATIBLE_COMMAND_QUEUE_KHR:
		return "CL_INCOMPATIBLE_COMMAND_QUEUE_KHR";
	}
	return cl_name(err);
}

/* An answer that is only compared. */
static void says(const char *what, cl_int err)
{
	tap(true, "%s says %s", what, named(err));
}

static cl_command_buffer_khr begin(const cl_command_buffer_properties_khr *properties)
{
	cl_int err = 77;
	cl_command_buffer_khr buffer = cb.create(1, &env.queue, properties, &err);

	if (err || !buffer)
		printf("# clCreateCommandBufferKHR: %s\n", named(err));
	return buffer;
}

static cl_uint state_of(cl_command_buffer_khr buffer)
{
	cl_command_buffer_state_khr state = 77;

	cb.info(buffer, CL_COMMAND_BUFFER_STATE_KHR, sizeof(state), &state, NULL);
	return state;
}

static cl_int run(cl_command_buffer_khr buffer, cl_uint n, const cl_event *list)
{
	cl_event done = NULL;
	cl_int err = cb.enqueue(0, NULL, buffer, n, list, &done);

	err = err ? err : clWaitForEvents(1, &done);
	if (done)
		clReleaseEvent(done);
	return err;
}

static bool all(cl_mem mem, int value)
{
	int want[COUNT];

	for (int i = 0; i < COUNT; i++)
		want[i] = value;
	return cl_test_holds(&env, mem, 0, BYTES, want);
}

static void put(cl_mem mem, int value)
{
	clEnqueueFillBuffer(env.queue, mem, &value, 4, 0, BYTES, 0, NULL, NULL);
}

static void set_args(int n)
{
	clSetKernelArg(add, 0, sizeof(out), &out);
	clSetKernelArg(add, 1, sizeof(in), &in);
	clSetKernelArg(add, 2, sizeof(n), &n);
}

static cl_int record_add(cl_command_buffer_khr buffer, int n)
{
	set_args(n);
	return cb.kernel(buffer, NULL, NULL, add, 1, NULL, &(size_t){ COUNT }, NULL, 0, NULL,
			 NULL, NULL);
}

/* ---- made of what, and told how ------------------------------------------------------- */

static void made_with(const char *what, cl_uint n, const cl_command_queue *queues,
		      const cl_command_buffer_properties_khr *properties)
{
	cl_int err = 77;
	cl_command_buffer_khr buffer = cb.create(n, queues, properties, &err);

	tap(!buffer == !!err, "%s makes a command buffer: %s", what, named(err));
	if (buffer)
		cb.release(buffer);
}

static void test_create(void)
{
	const cl_command_buffer_properties_khr
		twice[] = { CL_COMMAND_BUFFER_FLAGS_KHR, CL_COMMAND_BUFFER_SIMULTANEOUS_USE_KHR, 0 },
		double_name[] = { CL_COMMAND_BUFFER_FLAGS_KHR, 0, CL_COMMAND_BUFFER_FLAGS_KHR, 0, 0 },
		odd[] = { CL_COMMAND_BUFFER_FLAGS_KHR, ~(cl_command_buffer_properties_khr)0, 0 },
		unknown[] = { 0x7777, 1, 0 }, none[] = { 0 };
	cl_command_queue other = clCreateCommandQueue(env.context, env.device,
			CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, NULL);
	cl_command_queue two[] = { env.queue, other };

	made_with("a queue", 1, two, NULL);
	made_with("a queue and an empty list", 1, two, none);
	made_with("a queue, to be pending twice,", 1, two, twice);
	made_with("a flag that is none", 1, two, odd);
	made_with("a property twice", 1, two, double_name);
	made_with("a property that is none", 1, two, unknown);
	made_with("no queue", 0, NULL, NULL);
	made_with("a count without queues", 1, NULL, NULL);
	made_with("queues without a count", 0, two, NULL);
	made_with("two queues", 2, two, NULL);
	made_with("an out-of-order queue", 1, &other, NULL);
	clReleaseCommandQueue(other);
}

/* Naive: more bytes come back than there is room for, or other ones than the vendor's. */
static void test_info(void)
{
	const cl_command_buffer_properties_khr twice[] = {
		CL_COMMAND_BUFFER_FLAGS_KHR, CL_COMMAND_BUFFER_SIMULTANEOUS_USE_KHR, 0,
	};
	cl_command_buffer_khr buffer = begin(twice);
	cl_uint refs = 0, queues = 0;
	uint8_t bytes[64];
	size_t size = 0;

	cb.info(buffer, CL_COMMAND_BUFFER_NUM_QUEUES_KHR, sizeof(queues), &queues, &size);
	tap(queues == 1 && size == sizeof(queues), "one queue");
	cb.retain(buffer);
	cb.info(buffer, CL_COMMAND_BUFFER_REFERENCE_COUNT_KHR, sizeof(refs), &refs, NULL);
	tap(refs == 2, "retained, two references");
	tap_err(cb.release(buffer), CL_SUCCESS, "and released");
	cb.info(buffer, CL_COMMAND_BUFFER_REFERENCE_COUNT_KHR, sizeof(refs), &refs, NULL);
	tap(refs == 1, "one");
	size = 4711;
	says("its properties' size", cb.info(buffer, CL_COMMAND_BUFFER_PROPERTIES_ARRAY_KHR, 0,
					     NULL, &size));
	tap(true, "%zu", size);
	memset(bytes, 0x55, sizeof(bytes));
	size = 4711;
	says("the state, in a byte", cb.info(buffer, CL_COMMAND_BUFFER_STATE_KHR, 1, bytes, &size));
	tap(bytes[1] == 0x55, "size %zu, value %d", size, bytes[0]);
	says("what is none", cb.info(buffer, 0x1, sizeof(bytes), bytes, NULL));
	says("nothing", cb.info(NULL, CL_COMMAND_BUFFER_STATE_KHR, 4, bytes, NULL));
	tap_err(cb.release(buffer), CL_SUCCESS, "the last release");
}

/* ---- recorded --------------------------------------------------------------------------- */

static int first_of(cl_mem mem)
{
	int value = -1;

	clEnqueueReadBuffer(env.queue, mem, CL_TRUE, 0, sizeof(value), &value, 0, NULL, NULL);
	return value;
}

/* Whether values are taken when they are recorded, or when they run, is the vendor's. */
static void test_run(void)
{
	cl_command_buffer_khr buffer = begin(NULL);
	cl_sync_point_khr points[3] = { 77, 77, 77 };
	const int seven = 7;
	cl_int err;

	err = cb.fill(buffer, NULL, in, &seven, 4, 0, BYTES, 0, NULL, &points[0], NULL);
	tap_err(err, CL_SUCCESS, "a fill is recorded");
	err = cb.barrier(buffer, NULL, 1, &points[0], &points[1], NULL);
	tap(true, "a barrier: %s", named(err));
	set_args(30);
	err = cb.kernel(buffer, NULL, NULL, add, 1, NULL, &(size_t){ COUNT }, NULL,
			err ? 0 : 2, err ? NULL : points, &points[2], NULL);
	tap_err(err, CL_SUCCESS, "a kernel is recorded");
	tap(true, "sync points %u %u %u", points[0], points[1], points[2]);
	tap(state_of(buffer) == CL_COMMAND_BUFFER_STATE_RECORDING_KHR, "it is recording");
	says("not complete, it", run(buffer, 0, NULL));
	tap_err(cb.finalize(buffer), CL_SUCCESS, "complete");
	says("complete twice, it", cb.finalize(buffer));
	says("a command behind its end", record_add(buffer, 1));
	tap(state_of(buffer) == CL_COMMAND_BUFFER_STATE_EXECUTABLE_KHR, "it is executable");
	set_args(1000);
	for (int i = 0; i < 3; i++) {
		put(in, i);
		put(out, i);
		err = run(buffer, 0, NULL);
		tap(!err && all(in, 7), "run %d: %s, %d", i, named(err), first_of(out));
	}
	cb.release(buffer);
}

/* Naive: what was recorded dies with the program's references. */
static void test_released_early(void)
{
	cl_command_buffer_khr buffer = begin(NULL);
	cl_mem from = cl_test_buffer(&env, BYTES);
	cl_int err;

	put(from, 5);
	err = cb.copy(buffer, NULL, from, out, 0, 0, BYTES, 0, NULL, NULL, NULL);
	err = err ? err : cb.finalize(buffer);
	tap_err(err, CL_SUCCESS, "a copy is recorded");
	put(out, 1);
	err = run(buffer, 0, NULL);
	tap(!err && all(out, 5), "and runs: %s", named(err));
	cb.release(buffer);
	clReleaseMemObject(from);
}

static void test_pending(void)
{
	cl_command_buffer_khr buffer = begin(NULL);
	cl_event gate = clCreateUserEvent(env.context, NULL), done = NULL, again = NULL;
	cl_command_type type = 0;
	cl_int err;

	err = record_add(buffer, 10);
	err = err ? err : cb.finalize(buffer);
	put(in, 1);
	put(out, 0);
	err = err ? err : cb.enqueue(0, NULL, buffer, 1, &gate, &done);
	tap_err(err, CL_SUCCESS, "it waits for the program");
	tap(state_of(buffer) == CL_COMMAND_BUFFER_STATE_PENDING_KHR, "it is pending");
	says("a second time meanwhile, it", cb.enqueue(0, NULL, buffer, 0, NULL, &again));
	clGetEventInfo(done, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL);
	tap(type == CL_COMMAND_COMMAND_BUFFER_KHR, "CL_COMMAND_COMMAND_BUFFER_KHR");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clWaitForEvents(1, &done), CL_SUCCESS, "the program lets it run");
	tap(all(out, 11), "and it did");
	clReleaseEvent(gate);
	clReleaseEvent(done);
	if (again)
		clReleaseEvent(again);
	clFinish(env.queue);
	cb.release(buffer);
}

/* ---- refused ------------------------------------------------------------------------------ */

static void test_refused(void)
{
	cl_command_buffer_khr buffer = begin(NULL);
	cl_mutable_command_khr handle = NULL;
	const int seven = 7;
	const size_t count = COUNT;

	says("a kernel of no buffer", cb.kernel(NULL, NULL, NULL, add, 1, NULL, &count, NULL, 0,
						NULL, NULL, NULL));
	says("a kernel with a queue", cb.kernel(buffer, env.queue, NULL, add, 1, NULL, &count,
						NULL, 0, NULL, NULL, NULL));
	says("a kernel that may be changed", cb.kernel(buffer, NULL, NULL, add, 1, NULL, &count,
						       NULL, 0, NULL, NULL, &handle));
	says("a fill of nothing", cb.fill(buffer, NULL, NULL, &seven, 4, 0, BYTES, 0, NULL, NULL,
					  NULL));
	says("a fill with nothing", cb.fill(buffer, NULL, in, NULL, 4, 0, BYTES, 0, NULL, NULL,
					    NULL));
	/* Naive: the pattern is read before its size is judged. */
	says("a fill with too much", cb.fill(buffer, NULL, in, &seven, (size_t)1 << 40, 0, BYTES,
					     0, NULL, NULL, NULL));
	says("a fill with three bytes", cb.fill(buffer, NULL, in, &seven, 3, 0, 255, 0, NULL,
						NULL, NULL));
	says("a copy beyond the end", cb.copy(buffer, NULL, in, out, 4, 0, BYTES, 0, NULL, NULL,
					      NULL));
	says("a copy onto itself", cb.copy(buffer, NULL, in, in, 0, 4, 16, 0, NULL, NULL, NULL));
	cb.release(buffer);
}

/*
 * Naive: the memory of the program that a recorded command uses counts as the newer one,
 * and is put over what the command wrote.
 */
static void test_host_memory(void)
{
	cl_command_buffer_khr buffer = begin(NULL);
	static int host[2][COUNT];
	cl_mem mem[2];
	cl_int err;

	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < COUNT; j++)
			host[i][j] = 3;
		mem[i] = clCreateBuffer(env.context, CL_MEM_USE_HOST_PTR, BYTES, host[i], NULL);
	}
	put(in, 40);
	clSetKernelArg(add, 0, sizeof(mem[1]), &mem[1]);
	err = cb.copy(buffer, NULL, in, mem[0], 0, 0, BYTES, 0, NULL, NULL, NULL);
	err = err ? err : cb.kernel(buffer, NULL, NULL, add, 1, NULL, &(size_t){ COUNT }, NULL, 0,
				    NULL, NULL, NULL);
	err = err ? err : cb.finalize(buffer);
	err = err ? err : run(buffer, 0, NULL);
	tap_err(err, CL_SUCCESS, "a copy and a kernel into memory that the program gave");
	tap(all(mem[0], 40), "what was copied is there");
	tap(all(mem[1], 41), "what the kernel wrote is there");
	cb.release(buffer);
	clReleaseMemObject(mem[0]);
	clReleaseMemObject(mem[1]);
}

int main(void)
{
	cl_program program;

	cl_env_open(&env);
	if (!find_functions()) {
		tap_skip("command buffers", "the platform has none");
		cl_env_close(&env);
		return tap_end();
	}
	program = cl_test_build(&env, source, "");
	add = cl_test_kernel(program, "add");
	in = cl_test_buffer(&env, BYTES);
	out = cl_test_buffer(&env, BYTES);
	set_args(0);
	test_create();
	test_info();
	test_run();
	test_released_early();
	test_pending();
	test_refused();
	set_args(1);
	test_host_memory();
	clReleaseMemObject(in);
	clReleaseMemObject(out);
	clReleaseKernel(add);
	clReleaseProgram(program);
	cl_env_close(&env);
	return tap_end();
}
