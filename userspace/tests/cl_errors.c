// SPDX-License-Identifier: Apache-2.0
/*
 * cl_errors.c - wrong calls, and the error that each of them gets
 *
 * A case is right when the call is refused. Which error it is stands in the
 * case's name, so that the output of two runs can be compared: what a remote
 * implementation says must be what the local one says. --plain prints only
 * "name code" lines. Calls whose behaviour OpenCL leaves undefined are not made.
 */
#include "cl_test.h"

static bool plain;

struct objects {
	struct cl_env env;
	cl_mem mem;
	cl_program program;
	cl_kernel kernel;
	cl_event event;
};

static const char source[] =
"__kernel void add(__global int *a, int b, __local int *scratch)\n"
"{ a[get_global_id(0)] += b; }\n";

static void refused(cl_int err, const char *name)
{
	if (plain)
		printf("%s %d\n", name, err);
	else
		tap(err != CL_SUCCESS, "%s: %s", name, cl_name(err));
}

/* For calls that return an object: there must be none, and an error. */
static void no_object(const void *object, cl_int err, const char *name)
{
	if (object && !plain)
		printf("# %s made an object\n", name);
	refused(object ? CL_SUCCESS : err, name);
}

static void test_platforms(const struct objects *o)
{
	cl_platform_id platform;
	cl_device_id device;
	char text[4];
	cl_uint n;

	refused(clGetPlatformIDs(0, &platform, NULL), "clGetPlatformIDs room for 0");
	refused(clGetPlatformIDs(1, NULL, NULL), "clGetPlatformIDs nowhere to put them");
	refused(clGetPlatformInfo(o->env.platform, CL_PLATFORM_NAME, sizeof(text), text,
				  NULL), "clGetPlatformInfo too small");
	refused(clGetPlatformInfo(o->env.platform, 0x7fff, 0, NULL, NULL),
		"clGetPlatformInfo unknown name");
	refused(clGetDeviceIDs(o->env.platform, CL_DEVICE_TYPE_ALL, 0, &device, NULL),
		"clGetDeviceIDs room for 0");
	refused(clGetDeviceIDs(o->env.platform, CL_DEVICE_TYPE_ALL, 1, NULL, NULL),
		"clGetDeviceIDs nowhere to put them");
	refused(clGetDeviceIDs(o->env.platform, 0, 1, &device, NULL),
		"clGetDeviceIDs no type");
	refused(clGetDeviceIDs(o->env.platform, CL_DEVICE_TYPE_ACCELERATOR, 1, &device,
			       &n), "clGetDeviceIDs type that is not there");
}

static void test_devices(const struct objects *o)
{
	const cl_device_partition_property none[] = { 0 };
	const cl_device_partition_property odd[] = { 0x7777, 1, 0 };
	char text[2];

	refused(clGetDeviceInfo(NULL, CL_DEVICE_NAME, 0, NULL, NULL),
		"clGetDeviceInfo no device");
	refused(clGetDeviceInfo(o->env.device, 0x7fff, 0, NULL, NULL),
		"clGetDeviceInfo unknown name");
	refused(clGetDeviceInfo(o->env.device, CL_DEVICE_NAME, sizeof(text), text, NULL),
		"clGetDeviceInfo too small");
	refused(clCreateSubDevices(o->env.device, NULL, 0, NULL, NULL),
		"clCreateSubDevices no properties");
	refused(clCreateSubDevices(o->env.device, none, 0, NULL, NULL),
		"clCreateSubDevices empty properties");
	refused(clCreateSubDevices(o->env.device, odd, 0, NULL, NULL),
		"clCreateSubDevices unknown property");
	refused(clRetainDevice(NULL), "clRetainDevice no device");
}

static void test_contexts(const struct objects *o)
{
	const cl_context_properties odd[] = { 0x7777, 1, 0 };
	const cl_context_properties no_platform[] = { CL_CONTEXT_PLATFORM, 0, 0 };
	cl_context context;
	cl_int err = 0;

	context = clCreateContext(NULL, 0, NULL, NULL, NULL, &err);
	no_object(context, err, "clCreateContext no device");
	context = clCreateContext(NULL, 0, &o->env.device, NULL, NULL, &err);
	no_object(context, err, "clCreateContext 0 devices");
	context = clCreateContext(odd, 1, &o->env.device, NULL, NULL, &err);
	no_object(context, err, "clCreateContext unknown property");
	context = clCreateContext(no_platform, 1, &o->env.device, NULL, NULL, &err);
	no_object(context, err, "clCreateContext platform NULL");
	refused(clRetainContext(NULL), "clRetainContext no context");
	refused(clReleaseContext(NULL), "clReleaseContext no context");
	refused(clGetContextInfo(o->env.context, 0x7fff, 0, NULL, NULL),
		"clGetContextInfo unknown name");
	refused(clGetContextInfo(NULL, CL_CONTEXT_DEVICES, 0, NULL, NULL),
		"clGetContextInfo no context");
}

static void test_queues(const struct objects *o)
{
	const cl_queue_properties odd[] = { 0x7777, 1, 0 };
	cl_command_queue queue;
	cl_int err = 0;

	queue = clCreateCommandQueue(NULL, o->env.device, 0, &err);
	no_object(queue, err, "clCreateCommandQueue no context");
	queue = clCreateCommandQueue(o->env.context, NULL, 0, &err);
	no_object(queue, err, "clCreateCommandQueue no device");
	queue = clCreateCommandQueue(o->env.context, o->env.device, 1u << 20, &err);
	no_object(queue, err, "clCreateCommandQueue unknown property");
	queue = clCreateCommandQueueWithProperties(o->env.context, o->env.device, odd,
						   &err);
	no_object(queue, err, "clCreateCommandQueueWithProperties unknown property");
	refused(clFinish(NULL), "clFinish no queue");
	refused(clFlush(NULL), "clFlush no queue");
	refused(clReleaseCommandQueue(NULL), "clReleaseCommandQueue no queue");
	refused(clGetCommandQueueInfo(o->env.queue, 0x7fff, 0, NULL, NULL),
		"clGetCommandQueueInfo unknown name");
}

static void test_buffers(const struct objects *o)
{
	const cl_mem_flags clash = CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY;
	char bytes[64];
	cl_int err = 0;
	cl_mem mem;

	mem = clCreateBuffer(NULL, 0, 64, NULL, &err);
	no_object(mem, err, "clCreateBuffer no context");
	mem = clCreateBuffer(o->env.context, 0, 0, NULL, &err);
	no_object(mem, err, "clCreateBuffer 0 bytes");
	mem = clCreateBuffer(o->env.context, clash, 64, NULL, &err);
	no_object(mem, err, "clCreateBuffer flags that clash");
	mem = clCreateBuffer(o->env.context, CL_MEM_COPY_HOST_PTR, 64, NULL, &err);
	no_object(mem, err, "clCreateBuffer copy of nothing");
	mem = clCreateBuffer(o->env.context, CL_MEM_READ_ONLY, 64, bytes, &err);
	no_object(mem, err, "clCreateBuffer host pointer without a flag");
	mem = clCreateBuffer(o->env.context, CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR,
			     sizeof(bytes), bytes, &err);
	no_object(mem, err, "clCreateBuffer use and copy");
	mem = clCreateBuffer(o->env.context, 0, (size_t)1 << 60, NULL, &err);
	no_object(mem, err, "clCreateBuffer too large");
	refused(clRetainMemObject(NULL), "clRetainMemObject no object");
	refused(clReleaseMemObject(NULL), "clReleaseMemObject no object");
	refused(clGetMemObjectInfo(o->mem, 0x7fff, 0, NULL, NULL),
		"clGetMemObjectInfo unknown name");
}

static void test_sub_buffers(const struct objects *o)
{
	const cl_buffer_region outside = { 0, 8192 }, empty = { 0, 0 }, odd = { 1, 16 };
	cl_int err = 0;
	cl_mem mem;

	mem = clCreateSubBuffer(NULL, 0, CL_BUFFER_CREATE_TYPE_REGION, &outside, &err);
	no_object(mem, err, "clCreateSubBuffer no buffer");
	mem = clCreateSubBuffer(o->mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &outside, &err);
	no_object(mem, err, "clCreateSubBuffer outside");
	mem = clCreateSubBuffer(o->mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &empty, &err);
	no_object(mem, err, "clCreateSubBuffer empty");
	mem = clCreateSubBuffer(o->mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &odd, &err);
	no_object(mem, err, "clCreateSubBuffer misaligned");
	mem = clCreateSubBuffer(o->mem, 0, 0x7777, &outside, &err);
	no_object(mem, err, "clCreateSubBuffer unknown type");
	mem = clCreateSubBuffer(o->mem, 0, CL_BUFFER_CREATE_TYPE_REGION, NULL, &err);
	no_object(mem, err, "clCreateSubBuffer no region");
}

static void test_images(const struct objects *o)
{
	const cl_image_format good = { CL_RGBA, CL_UNSIGNED_INT8 };
	const cl_image_format bad = { CL_RGBA, 0x7777 };
	cl_image_desc desc = { .image_type = CL_MEM_OBJECT_IMAGE2D };
	cl_int err = 0;
	cl_mem mem;

	mem = clCreateImage(o->env.context, 0, &good, &desc, NULL, &err);
	no_object(mem, err, "clCreateImage 0 x 0");
	desc.image_width = 4;
	desc.image_height = 4;
	mem = clCreateImage(o->env.context, 0, &bad, &desc, NULL, &err);
	no_object(mem, err, "clCreateImage unknown format");
	mem = clCreateImage(o->env.context, 0, NULL, &desc, NULL, &err);
	no_object(mem, err, "clCreateImage no format");
	mem = clCreateImage(o->env.context, 0, &good, NULL, NULL, &err);
	no_object(mem, err, "clCreateImage no description");
	desc.image_type = 0x7777;
	mem = clCreateImage(o->env.context, 0, &good, &desc, NULL, &err);
	no_object(mem, err, "clCreateImage unknown type");
	refused(clGetSupportedImageFormats(NULL, 0, CL_MEM_OBJECT_IMAGE2D, 0, NULL, NULL),
		"clGetSupportedImageFormats no context");
}

static void test_samplers(const struct objects *o)
{
	cl_sampler sampler;
	cl_int err = 0;

	sampler = clCreateSampler(NULL, CL_FALSE, CL_ADDRESS_NONE, CL_FILTER_NEAREST,
				  &err);
	no_object(sampler, err, "clCreateSampler no context");
	refused(clRetainSampler(NULL), "clRetainSampler no sampler");
	refused(clReleaseSampler(NULL), "clReleaseSampler no sampler");
	refused(clGetSamplerInfo(NULL, CL_SAMPLER_CONTEXT, 0, NULL, NULL),
		"clGetSamplerInfo no sampler");
	(void)o;
}

static void test_transfers(const struct objects *o)
{
	char bytes[8192];
	cl_int err;

	err = clEnqueueReadBuffer(NULL, o->mem, CL_TRUE, 0, 64, bytes, 0, NULL, NULL);
	refused(err, "clEnqueueReadBuffer no queue");
	err = clEnqueueReadBuffer(o->env.queue, NULL, CL_TRUE, 0, 64, bytes, 0, NULL,
				  NULL);
	refused(err, "clEnqueueReadBuffer no buffer");
	err = clEnqueueReadBuffer(o->env.queue, o->mem, CL_TRUE, 0, 64, NULL, 0, NULL,
				  NULL);
	refused(err, "clEnqueueReadBuffer nowhere to put it");
	err = clEnqueueReadBuffer(o->env.queue, o->mem, CL_TRUE, 0, sizeof(bytes), bytes,
				  0, NULL, NULL);
	refused(err, "clEnqueueReadBuffer behind the end");
	err = clEnqueueReadBuffer(o->env.queue, o->mem, CL_TRUE, 4090, 64, bytes, 0,
				  NULL, NULL);
	refused(err, "clEnqueueReadBuffer across the end");
	err = clEnqueueWriteBuffer(o->env.queue, o->mem, CL_TRUE, 0, 64, NULL, 0, NULL,
				   NULL);
	refused(err, "clEnqueueWriteBuffer of nothing");
	memset(bytes, 0, sizeof(bytes));
	err = clEnqueueWriteBuffer(o->env.queue, o->mem, CL_FALSE, 4096, 1, bytes, 0,
				   NULL, NULL);
	refused(err, "clEnqueueWriteBuffer behind the end");
}

static void test_copies(const struct objects *o)
{
	const size_t zero[3] = { 0, 0, 0 }, box[3] = { 64, 100, 1 };
	char bytes[6400];
	cl_int err;

	err = clEnqueueCopyBuffer(o->env.queue, o->mem, o->mem, 0, 8, 64, 0, NULL, NULL);
	refused(err, "clEnqueueCopyBuffer overlap");
	err = clEnqueueCopyBuffer(o->env.queue, o->mem, o->mem, 0, 4000, 200, 0, NULL,
				  NULL);
	refused(err, "clEnqueueCopyBuffer behind the end");
	err = clEnqueueCopyBuffer(o->env.queue, NULL, o->mem, 0, 0, 64, 0, NULL, NULL);
	refused(err, "clEnqueueCopyBuffer no buffer");
	err = clEnqueueFillBuffer(o->env.queue, o->mem, bytes, 3, 0, 63, 0, NULL, NULL);
	refused(err, "clEnqueueFillBuffer pattern of 3 bytes");
	err = clEnqueueFillBuffer(o->env.queue, o->mem, NULL, 4, 0, 64, 0, NULL, NULL);
	refused(err, "clEnqueueFillBuffer no pattern");
	err = clEnqueueFillBuffer(o->env.queue, o->mem, bytes, 4, 2, 64, 0, NULL, NULL);
	refused(err, "clEnqueueFillBuffer misaligned");
	err = clEnqueueReadBufferRect(o->env.queue, o->mem, CL_TRUE, zero, zero, box, 0,
				      0, 0, 0, bytes, 0, NULL, NULL);
	refused(err, "clEnqueueReadBufferRect behind the end");
	err = clEnqueueReadBufferRect(o->env.queue, o->mem, CL_TRUE, zero, zero, zero, 0,
				      0, 0, 0, bytes, 0, NULL, NULL);
	refused(err, "clEnqueueReadBufferRect empty");
	err = clEnqueueReadBufferRect(o->env.queue, o->mem, CL_TRUE, NULL, zero, box, 0,
				      0, 0, 0, bytes, 0, NULL, NULL);
	refused(err, "clEnqueueReadBufferRect no origin");
}

static void test_wait_lists(const struct objects *o)
{
	const cl_event none = NULL;
	char bytes[64];
	cl_int err;

	err = clEnqueueReadBuffer(o->env.queue, o->mem, CL_TRUE, 0, 64, bytes, 1, NULL,
				  NULL);
	refused(err, "clEnqueueReadBuffer no wait list");
	err = clEnqueueReadBuffer(o->env.queue, o->mem, CL_TRUE, 0, 64, bytes, 0,
				  &o->event, NULL);
	refused(err, "clEnqueueReadBuffer wait list of 0");
	err = clEnqueueReadBuffer(o->env.queue, o->mem, CL_TRUE, 0, 64, bytes, 1, &none,
				  NULL);
	refused(err, "clEnqueueReadBuffer no event in the wait list");
	err = clEnqueueMarkerWithWaitList(o->env.queue, 1, NULL, NULL);
	refused(err, "clEnqueueMarkerWithWaitList no wait list");
	err = clEnqueueBarrierWithWaitList(o->env.queue, 1, &none, NULL);
	refused(err, "clEnqueueBarrierWithWaitList no event");
}

static void test_programs(const struct objects *o)
{
	const char *text = source, *missing = NULL;
	const unsigned char garbage[16] = "not a binary";
	const unsigned char *binary = garbage;
	const size_t length = sizeof(garbage), none = 0;
	cl_program program;
	cl_int err = 0;

	program = clCreateProgramWithSource(NULL, 1, &text, NULL, &err);
	no_object(program, err, "clCreateProgramWithSource no context");
	program = clCreateProgramWithSource(o->env.context, 0, &text, NULL, &err);
	no_object(program, err, "clCreateProgramWithSource 0 strings");
	program = clCreateProgramWithSource(o->env.context, 1, &missing, NULL, &err);
	no_object(program, err, "clCreateProgramWithSource no string");
	program = clCreateProgramWithBinary(o->env.context, 1, &o->env.device, &length,
					    &binary, NULL, &err);
	no_object(program, err, "clCreateProgramWithBinary garbage");
	program = clCreateProgramWithBinary(o->env.context, 1, &o->env.device, &none,
					    &binary, NULL, &err);
	no_object(program, err, "clCreateProgramWithBinary 0 bytes");
	program = clCreateProgramWithBinary(o->env.context, 0, NULL, &length, &binary,
					    NULL, &err);
	no_object(program, err, "clCreateProgramWithBinary no device");
	program = clCreateProgramWithBuiltInKernels(o->env.context, 1, &o->env.device,
						    "no such kernel", &err);
	no_object(program, err, "clCreateProgramWithBuiltInKernels unknown");
}

static void test_builds(const struct objects *o)
{
	const char *bad = "__kernel void broken(__global int *a) { a[0] = nothing; }";
	cl_program program;
	cl_kernel kernel;
	cl_int err = 0;

	program = clCreateProgramWithSource(o->env.context, 1, &bad, NULL, &err);
	kernel = clCreateKernel(program, "broken", &err);
	no_object(kernel, err, "clCreateKernel before the build");
	refused(clBuildProgram(program, 1, &o->env.device, "-no-such-option", NULL, NULL),
		"clBuildProgram unknown option");
	refused(clBuildProgram(program, 0, &o->env.device, "", NULL, NULL),
		"clBuildProgram 0 devices");
	refused(clBuildProgram(program, 1, NULL, "", NULL, NULL),
		"clBuildProgram no device");
	refused(clBuildProgram(program, 1, &o->env.device, "", NULL, NULL),
		"clBuildProgram broken source");
	refused(clBuildProgram(NULL, 1, &o->env.device, "", NULL, NULL),
		"clBuildProgram no program");
	refused(clGetProgramInfo(program, 0x7fff, 0, NULL, NULL),
		"clGetProgramInfo unknown name");
	refused(clGetProgramBuildInfo(program, o->env.device, 0x7fff, 0, NULL, NULL),
		"clGetProgramBuildInfo unknown name");
	refused(clGetProgramBuildInfo(program, NULL, CL_PROGRAM_BUILD_LOG, 0, NULL, NULL),
		"clGetProgramBuildInfo no device");
	clReleaseProgram(program);
}

static void test_kernels(const struct objects *o)
{
	cl_kernel kernel;
	cl_int err = 0;
	int value = 1;

	kernel = clCreateKernel(o->program, "no_such_kernel", &err);
	no_object(kernel, err, "clCreateKernel unknown name");
	kernel = clCreateKernel(o->program, NULL, &err);
	no_object(kernel, err, "clCreateKernel no name");
	kernel = clCreateKernel(NULL, "add", &err);
	no_object(kernel, err, "clCreateKernel no program");
	refused(clCreateKernelsInProgram(o->program, 0, &kernel, NULL),
		"clCreateKernelsInProgram room for 0");
	refused(clSetKernelArg(NULL, 0, 4, &value), "clSetKernelArg no kernel");
	refused(clSetKernelArg(o->kernel, 7, 4, &value), "clSetKernelArg index 7 of 3");
	refused(clSetKernelArg(o->kernel, 1, 4, NULL), "clSetKernelArg int of nothing");
	refused(clSetKernelArg(o->kernel, 0, 4, &value), "clSetKernelArg 4 bytes of buffer");
	refused(clSetKernelArg(o->kernel, 2, 0, NULL), "clSetKernelArg 0 bytes of local");
	refused(clSetKernelArg(o->kernel, 2, 8, &value), "clSetKernelArg local of something");
	refused(clGetKernelInfo(o->kernel, 0x7fff, 0, NULL, NULL),
		"clGetKernelInfo unknown name");
	refused(clGetKernelWorkGroupInfo(o->kernel, o->env.device, 0x7fff, 0, NULL, NULL),
		"clGetKernelWorkGroupInfo unknown name");
	refused(clGetKernelArgInfo(o->kernel, 9, CL_KERNEL_ARG_NAME, 0, NULL, NULL),
		"clGetKernelArgInfo index 9");
	refused(clReleaseKernel(NULL), "clReleaseKernel no kernel");
}

static void test_runs(const struct objects *o)
{
	const size_t one[3] = { 1, 1, 1 }, many[3] = { 1u << 20, 1, 1 };
	cl_kernel fresh = cl_test_kernel(o->program, "add");
	cl_command_queue q = o->env.queue;

	refused(clEnqueueNDRangeKernel(q, fresh, 1, NULL, one, NULL, 0, NULL, NULL),
		"clEnqueueNDRangeKernel arguments not set");
	refused(clEnqueueNDRangeKernel(q, o->kernel, 0, NULL, one, NULL, 0, NULL, NULL),
		"clEnqueueNDRangeKernel 0 dimensions");
	refused(clEnqueueNDRangeKernel(q, o->kernel, 4, NULL, one, NULL, 0, NULL, NULL),
		"clEnqueueNDRangeKernel 4 dimensions");
	refused(clEnqueueNDRangeKernel(q, o->kernel, 1, NULL, many, many, 0, NULL, NULL),
		"clEnqueueNDRangeKernel group too large");
	refused(clEnqueueNDRangeKernel(NULL, o->kernel, 1, NULL, one, NULL, 0, NULL, NULL),
		"clEnqueueNDRangeKernel no queue");
	refused(clEnqueueTask(q, fresh, 0, NULL, NULL), "clEnqueueTask arguments not set");
	clReleaseKernel(fresh);
}

static void test_events(const struct objects *o)
{
	cl_event user, none = NULL;
	cl_ulong time;
	cl_int err = 0;

	refused(clWaitForEvents(0, NULL), "clWaitForEvents none");
	refused(clWaitForEvents(1, NULL), "clWaitForEvents no list");
	refused(clWaitForEvents(1, &none), "clWaitForEvents no event");
	refused(clRetainEvent(NULL), "clRetainEvent no event");
	refused(clGetEventInfo(o->event, 0x7fff, 0, NULL, NULL),
		"clGetEventInfo unknown name");
	refused(clSetUserEventStatus(o->event, CL_COMPLETE),
		"clSetUserEventStatus of a command");
	user = clCreateUserEvent(NULL, &err);
	no_object(user, err, "clCreateUserEvent no context");
	user = clCreateUserEvent(o->env.context, &err);
	refused(clSetUserEventStatus(user, CL_RUNNING), "clSetUserEventStatus running");
	refused(clGetEventProfilingInfo(user, CL_PROFILING_COMMAND_END, sizeof(time),
					&time, NULL), "clGetEventProfilingInfo user event");
	clSetUserEventStatus(user, CL_COMPLETE);
	refused(clSetUserEventStatus(user, CL_COMPLETE), "clSetUserEventStatus twice");
	clReleaseEvent(user);
}

static void make_objects(struct objects *o)
{
	const int zero = 0;

	cl_env_open(&o->env);
	o->mem = cl_test_buffer(&o->env, 4096);
	o->program = cl_test_build(&o->env, source, "-cl-kernel-arg-info");
	o->kernel = cl_test_kernel(o->program, "add");
	clEnqueueFillBuffer(o->env.queue, o->mem, &zero, sizeof(zero), 0, 4096, 0, NULL,
			    &o->event);
	clSetKernelArg(o->kernel, 0, sizeof(o->mem), &o->mem);
	clSetKernelArg(o->kernel, 1, sizeof(zero), &zero);
	clSetKernelArg(o->kernel, 2, 64, NULL);
	clFinish(o->env.queue);
}

static void drop_objects(struct objects *o)
{
	clReleaseEvent(o->event);
	clReleaseKernel(o->kernel);
	clReleaseProgram(o->program);
	clReleaseMemObject(o->mem);
	cl_env_close(&o->env);
}

int main(int argc, char **argv)
{
	static void (*const tests[])(const struct objects *) = {
		test_platforms, test_devices, test_contexts, test_queues, test_buffers,
		test_sub_buffers, test_images, test_samplers, test_transfers, test_copies,
		test_wait_lists, test_programs, test_builds, test_kernels, test_runs,
		test_events,
	};
	struct objects o;

	plain = argc > 1 && !strcmp(argv[1], "--plain");
	make_objects(&o);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tests[i](&o);
	drop_objects(&o);
	return plain ? EXIT_SUCCESS : tap_end();
}
