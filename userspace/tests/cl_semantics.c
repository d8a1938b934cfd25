// SPDX-License-Identifier: Apache-2.0
/*
 * cl_semantics.c - objects are what OpenCL says they are
 *
 * Queries give back the very handles that the program has, references are
 * counted, commands wait for their events, programs and kernels tell about
 * themselves, and every kind of kernel argument arrives.
 */
#include <sched.h>
#include <stdatomic.h>

#include "cl_test.h"

static const char source[] =
"typedef struct { int a; float b; char c[8]; } packet;\n"
"__constant sampler_t unused = CLK_NORMALIZED_COORDS_FALSE;\n"
"__kernel void args(__global int *out, packet p, ulong wide, __local int *tmp,\n"
"		   __constant int *table, __global int *none)\n"
"{\n"
"	tmp[get_local_id(0)] = table[get_local_id(0)];\n"
"	barrier(CLK_LOCAL_MEM_FENCE);\n"
"	if (get_global_id(0) == 0) {\n"
"		out[0] = p.a;\n"
"		out[1] = (int)(p.b * 4.0f);\n"
"		out[2] = p.c[7];\n"
"		out[3] = (int)(wide >> 32);\n"
"		out[4] = tmp[get_local_size(0) - 1];\n"
"		out[5] = none == 0;\n"
"	}\n"
"}\n"
"__kernel void sample(read_only image2d_t image, sampler_t how, __global uint4 *out)\n"
"{\n"
"	const int x = get_global_id(0), y = get_global_id(1);\n"
"	out[y * get_global_size(0) + x] = read_imageui(image, how, (int2)(x - 1, y));\n"
"}\n"
"__kernel void twice(__global int *a) { a[get_global_id(0)] *= 2; }\n";

static void test_platforms(const struct cl_env *env)
{
	cl_platform_id again = NULL, of_device = NULL;
	cl_device_id device = NULL;
	cl_uint devices = 0;

	clGetPlatformIDs(1, &again, NULL);
	tap(again == env->platform, "the same platform each time");
	clGetDeviceIDs(env->platform, CL_DEVICE_TYPE_ALL, 1, &device, &devices);
	tap(device == env->device && devices >= 1, "the same device each time");
	clGetDeviceInfo(device, CL_DEVICE_PLATFORM, sizeof(of_device), &of_device, NULL);
	tap(of_device == env->platform, "CL_DEVICE_PLATFORM");
	clGetDeviceInfo(device, CL_DEVICE_PARENT_DEVICE, sizeof(device), &device, NULL);
	tap(!device, "CL_DEVICE_PARENT_DEVICE of a root device");
	tap(!clGetExtensionFunctionAddressForPlatform(env->platform, "clNoSuchThing"),
	    "no address for an unknown function");
	tap(!clGetExtensionFunctionAddress("clNoSuchThing"), "nor of any platform");
}

static void test_sub_devices(const struct cl_env *env)
{
	cl_device_partition_property props[3] = { CL_DEVICE_PARTITION_EQUALLY, 1, 0 };
	cl_device_id subs[64] = { NULL }, parent = NULL;
	cl_uint units = 0, n = 0, refs = 0;
	cl_int err;

	clGetDeviceInfo(env->device, CL_DEVICE_PARTITION_MAX_SUB_DEVICES, sizeof(units),
			&units, NULL);
	if (units < 2 || units > 64) {
		tap_skip("clCreateSubDevices", "the device cannot be divided");
		return;
	}
	err = clCreateSubDevices(env->device, props, 64, subs, &n);
	tap_err(err, CL_SUCCESS, "clCreateSubDevices");
	tap(n == units && subs[0] && subs[0] != subs[1], "as many as it has units");
	clGetDeviceInfo(subs[0], CL_DEVICE_PARENT_DEVICE, sizeof(parent), &parent, NULL);
	tap(parent == env->device, "CL_DEVICE_PARENT_DEVICE");
	clRetainDevice(subs[0]);
	clGetDeviceInfo(subs[0], CL_DEVICE_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
	tap(refs == 2, "a retained sub-device counts 2");
	clReleaseDevice(subs[0]);
	for (cl_uint i = 0; i < n; i++)
		err = err ? err : clReleaseDevice(subs[i]);
	tap_err(err, CL_SUCCESS, "clReleaseDevice");
	clReleaseDevice(env->device);
	err = clGetDeviceInfo(env->device, CL_DEVICE_PARENT_DEVICE, sizeof(parent),
			      &parent, NULL);
	tap_err(err, CL_SUCCESS, "a root device survives its release");
}

static void test_contexts(const struct cl_env *env)
{
	cl_context_properties props[3] = {
		CL_CONTEXT_PLATFORM, (cl_context_properties)env->platform, 0,
	};
	cl_context_properties got[3] = { 0 };
	cl_device_id device = NULL;
	cl_uint refs = 0, n = 0;
	size_t size = 0;
	cl_int err;
	cl_context context = clCreateContext(props, 1, &env->device, NULL, NULL, &err);

	tap_err(err, CL_SUCCESS, "clCreateContext");
	clGetContextInfo(context, CL_CONTEXT_PROPERTIES, sizeof(got), got, &size);
	tap(size == sizeof(got) && !memcmp(got, props, size), "CL_CONTEXT_PROPERTIES");
	clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof(device), &device, &size);
	tap(device == env->device && size == sizeof(device), "CL_CONTEXT_DEVICES");
	clGetContextInfo(context, CL_CONTEXT_NUM_DEVICES, sizeof(n), &n, NULL);
	tap(n == 1, "CL_CONTEXT_NUM_DEVICES");
	clRetainContext(context);
	clGetContextInfo(context, CL_CONTEXT_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
	tap(refs == 2, "a retained context counts 2");
	tap_err(clReleaseContext(context), CL_SUCCESS, "clReleaseContext");
	tap_err(clReleaseContext(context), CL_SUCCESS, "clReleaseContext, the last");
	context = clCreateContextFromType(props, CL_DEVICE_TYPE_ALL, NULL, NULL, &err);
	tap_err(err, CL_SUCCESS, "clCreateContextFromType");
	clReleaseContext(context);
}

static void test_queues(const struct cl_env *env)
{
	const cl_queue_properties props[] = {
		CL_QUEUE_PROPERTIES, CL_QUEUE_PROFILING_ENABLE, 0,
	};
	cl_command_queue_properties set = 0;
	cl_context context = NULL;
	cl_device_id device = NULL;
	cl_int err;
	cl_command_queue queue = clCreateCommandQueueWithProperties(env->context,
								    env->device, props,
								    &err);

	tap_err(err, CL_SUCCESS, "clCreateCommandQueueWithProperties");
	tap(queue && queue != env->queue, "another queue is another handle");
	clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof(context), &context, NULL);
	tap(context == env->context, "CL_QUEUE_CONTEXT");
	clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof(device), &device, NULL);
	tap(device == env->device, "CL_QUEUE_DEVICE");
	clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof(set), &set, NULL);
	tap(set == CL_QUEUE_PROFILING_ENABLE, "CL_QUEUE_PROPERTIES");
	tap_err(clReleaseCommandQueue(queue), CL_SUCCESS, "clReleaseCommandQueue");
}

static void test_buffers(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, 8192), sub, parent = NULL;
	const cl_buffer_region region = { 4096, 256 };
	cl_context context = NULL;
	size_t size = 0, offset = 0;
	cl_mem_object_type type = 0;
	cl_int err;

	clGetMemObjectInfo(mem, CL_MEM_CONTEXT, sizeof(context), &context, NULL);
	tap(context == env->context, "CL_MEM_CONTEXT");
	clGetMemObjectInfo(mem, CL_MEM_TYPE, sizeof(type), &type, NULL);
	tap(type == CL_MEM_OBJECT_BUFFER, "CL_MEM_TYPE");
	clGetMemObjectInfo(mem, CL_MEM_SIZE, sizeof(size), &size, NULL);
	tap(size == 8192, "CL_MEM_SIZE");
	sub = clCreateSubBuffer(mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
				&region, &err);
	tap_err(err, CL_SUCCESS, "clCreateSubBuffer");
	clGetMemObjectInfo(sub, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(parent), &parent, NULL);
	tap(parent == mem, "CL_MEM_ASSOCIATED_MEMOBJECT");
	clGetMemObjectInfo(sub, CL_MEM_OFFSET, sizeof(offset), &offset, NULL);
	tap(offset == 4096, "CL_MEM_OFFSET");
	tap_err(clReleaseMemObject(sub), CL_SUCCESS, "clReleaseMemObject");
	clReleaseMemObject(mem);
}

/* What the kernel reads through a buffer that uses or copies host memory. */
static void test_host_memory(const struct cl_env *env)
{
	static const cl_mem_flags flags[] = { CL_MEM_COPY_HOST_PTR, CL_MEM_USE_HOST_PTR };
	static const char * const names[] = { "CL_MEM_COPY_HOST_PTR", "CL_MEM_USE_HOST_PTR" };
	_Alignas(4096) static int in[1024];
	int out[1024];

	for (int i = 0; i < 2; i++) {
		cl_int err;
		cl_mem mem;

		cl_test_pattern((uint8_t *)in, sizeof(in), 40 + i);
		mem = clCreateBuffer(env->context, flags[i], sizeof(in), in, &err);
		tap_err(err, CL_SUCCESS, names[i]);
		err = clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, sizeof(out), out,
					  0, NULL, NULL);
		tap(!err && !memcmp(in, out, sizeof(in)), "%s: its bytes", names[i]);
		clReleaseMemObject(mem);
	}
}

static void test_program_queries(const struct cl_env *env, cl_program program)
{
	cl_context context = NULL;
	cl_device_id device = NULL;
	cl_build_status status = 1;
	char text[4096] = "";
	size_t size = 0;
	cl_uint n = 0;

	clGetProgramInfo(program, CL_PROGRAM_CONTEXT, sizeof(context), &context, NULL);
	tap(context == env->context, "CL_PROGRAM_CONTEXT");
	clGetProgramInfo(program, CL_PROGRAM_DEVICES, sizeof(device), &device, NULL);
	tap(device == env->device, "CL_PROGRAM_DEVICES");
	clGetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, sizeof(n), &n, NULL);
	tap(n == 1, "CL_PROGRAM_NUM_DEVICES");
	clGetProgramInfo(program, CL_PROGRAM_SOURCE, sizeof(text), text, &size);
	tap(size == sizeof(source) && !strcmp(text, source), "CL_PROGRAM_SOURCE");
	clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, sizeof(text), text, NULL);
	tap(strstr(text, "args") && strstr(text, "sample") && strstr(text, "twice"),
	    "CL_PROGRAM_KERNEL_NAMES");
	clGetProgramBuildInfo(program, env->device, CL_PROGRAM_BUILD_STATUS,
			      sizeof(status), &status, NULL);
	tap(status == CL_BUILD_SUCCESS, "CL_PROGRAM_BUILD_STATUS");
	clGetProgramBuildInfo(program, env->device, CL_PROGRAM_BUILD_OPTIONS,
			      sizeof(text), text, NULL);
	tap(strstr(text, "-cl-kernel-arg-info"), "CL_PROGRAM_BUILD_OPTIONS");
}

static void test_build_log(const struct cl_env *env)
{
	const char *parts[2] = { "__kernel void broken(__global int *a)\n{ a[0] = ",
				 "no_such_name; }XXXX" };
	const size_t lengths[2] = { 0, 15 };
	char log[4096] = "";
	cl_int err;
	cl_program program = clCreateProgramWithSource(env->context, 2, parts, lengths,
						       &err);

	tap_err(err, CL_SUCCESS, "clCreateProgramWithSource in parts");
	err = clBuildProgram(program, 0, NULL, NULL, NULL, NULL);
	tap_err(err, CL_BUILD_PROGRAM_FAILURE, "a program that is wrong");
	clGetProgramBuildInfo(program, env->device, CL_PROGRAM_BUILD_LOG, sizeof(log) - 1,
			      log, NULL);
	tap(strstr(log, "no_such_name") != NULL, "the log names the mistake");
	clReleaseProgram(program);
}

static void CL_CALLBACK count_call(cl_program program, void *count)
{
	(void)program;
	atomic_fetch_add((atomic_int *)count, 1);
}

/* OpenCL may call when clBuildProgram has returned long since, but it calls. */
static void test_build_callback(const struct cl_env *env)
{
	static atomic_int called;
	const char *text = source;
	double end = cl_test_seconds() + 100;
	cl_int err;
	cl_program program = clCreateProgramWithSource(env->context, 1, &text, NULL, &err);

	err = clBuildProgram(program, 1, &env->device, "", count_call, &called);
	tap_err(err, CL_SUCCESS, "clBuildProgram with a callback");
	while (!called && cl_test_seconds() < end)
		sched_yield();
	tap(called == 1, "the callback was called once");
	clReleaseProgram(program);
}

/* Twice 1..64 must be 2..128. */
static bool twice_works(const struct cl_env *env, cl_program program)
{
	const size_t items = 64;
	cl_mem mem = cl_test_buffer(env, items * sizeof(int));
	cl_kernel kernel = cl_test_kernel(program, "twice");
	bool good = true;
	int v[64];

	for (int i = 0; i < 64; i++)
		v[i] = i + 1;
	clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, sizeof(v), v, 0, NULL, NULL);
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL);
	clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, sizeof(v), v, 0, NULL, NULL);
	for (int i = 0; i < 64; i++)
		good = good && v[i] == 2 * (i + 1);
	clReleaseKernel(kernel);
	clReleaseMemObject(mem);
	return good;
}

static void test_binaries(const struct cl_env *env, cl_program program)
{
	cl_int err, status = -1;
	unsigned char *binary;
	cl_program loaded;
	size_t size = 0;

	clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(size), &size, NULL);
	tap(size > 0, "CL_PROGRAM_BINARY_SIZES");
	binary = malloc(size + 8);
	memset(binary + size, 0x3c, 8);
	err = clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof(binary), &binary, NULL);
	tap_err(err, CL_SUCCESS, "CL_PROGRAM_BINARIES");
	tap(binary[size] == 0x3c && binary[size + 7] == 0x3c, "not more than its size");
	loaded = clCreateProgramWithBinary(env->context, 1, &env->device, &size,
					   (const unsigned char **)&binary, &status, &err);
	tap_err(err, CL_SUCCESS, "clCreateProgramWithBinary");
	tap(status == CL_SUCCESS, "the binary's status");
	free(binary);
	if (err)
		return;
	tap_err(clBuildProgram(loaded, 1, &env->device, "", NULL, NULL), CL_SUCCESS,
		"clBuildProgram of a binary");
	tap(twice_works(env, loaded), "a kernel of a binary");
	clReleaseProgram(loaded);
}

static void test_compile_link(const struct cl_env *env)
{
	const char *header = "#define FACTOR 2\n", *name = "factor.h";
	const char *body = "#include \"factor.h\"\n"
		"__kernel void twice(__global int *a) { a[get_global_id(0)] *= FACTOR; }\n";
	cl_program h = clCreateProgramWithSource(env->context, 1, &header, NULL, NULL);
	cl_program b = clCreateProgramWithSource(env->context, 1, &body, NULL, NULL);
	cl_program linked;
	cl_int err;

	err = clCompileProgram(b, 1, &env->device, "", 1, &h, &name, NULL, NULL);
	tap_err(err, CL_SUCCESS, "clCompileProgram with a header");
	linked = clLinkProgram(env->context, 1, &env->device, "", 1, &b, NULL, NULL, &err);
	tap_err(err, CL_SUCCESS, "clLinkProgram");
	tap(!err && twice_works(env, linked), "a kernel of a linked program");
	if (linked)
		clReleaseProgram(linked);
	clReleaseProgram(b);
	clReleaseProgram(h);
}

static void test_kernel_queries(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "args"), all[8] = { NULL };
	cl_program of = NULL;
	cl_context context = NULL;
	char text[64] = "";
	cl_uint n = 0;
	size_t size = 0;

	clGetKernelInfo(kernel, CL_KERNEL_PROGRAM, sizeof(of), &of, NULL);
	tap(of == program, "CL_KERNEL_PROGRAM");
	clGetKernelInfo(kernel, CL_KERNEL_CONTEXT, sizeof(context), &context, NULL);
	tap(context == env->context, "CL_KERNEL_CONTEXT");
	clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof(text), text, NULL);
	tap(!strcmp(text, "args"), "CL_KERNEL_FUNCTION_NAME");
	clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof(n), &n, NULL);
	tap(n == 6, "CL_KERNEL_NUM_ARGS");
	clGetKernelArgInfo(kernel, 4, CL_KERNEL_ARG_NAME, sizeof(text), text, NULL);
	tap(!strcmp(text, "table"), "CL_KERNEL_ARG_NAME");
	clGetKernelWorkGroupInfo(kernel, env->device, CL_KERNEL_WORK_GROUP_SIZE,
				 sizeof(size), &size, NULL);
	tap(size > 0, "CL_KERNEL_WORK_GROUP_SIZE");
	clCreateKernelsInProgram(program, 8, all, &n);
	tap(n == 3 && all[2] && !all[3], "clCreateKernelsInProgram");
	for (cl_uint i = 0; i < n; i++)
		clReleaseKernel(all[i]);
	clReleaseKernel(kernel);
}

static void test_arguments(const struct cl_env *env, cl_program program)
{
	const struct { int a; float b; char c[8]; } packet = { 11, 2.25f, "1234567" };
	const int table[8] = { 1, 2, 3, 4, 5, 6, 7, 888 };
	const size_t items = 8;
	const cl_ulong wide = (cl_ulong)77 << 32;
	cl_kernel kernel = cl_test_kernel(program, "args");
	cl_mem out = cl_test_buffer(env, 64), in = cl_test_buffer(env, 64), none = NULL;
	cl_int got[6] = { 0 }, err = 0;

	clEnqueueWriteBuffer(env->queue, in, CL_TRUE, 0, sizeof(table), table, 0, NULL, NULL);
	err |= clSetKernelArg(kernel, 0, sizeof(out), &out);
	err |= clSetKernelArg(kernel, 1, sizeof(packet), &packet);
	err |= clSetKernelArg(kernel, 2, sizeof(wide), &wide);
	err |= clSetKernelArg(kernel, 3, sizeof(table), NULL);
	err |= clSetKernelArg(kernel, 4, sizeof(in), &in);
	err |= clSetKernelArg(kernel, 5, sizeof(none), &none);
	tap_err(err, CL_SUCCESS, "clSetKernelArg of every kind");
	err = clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items, &items, 0, NULL,
				     NULL);
	tap_err(err, CL_SUCCESS, "clEnqueueNDRangeKernel");
	clEnqueueReadBuffer(env->queue, out, CL_TRUE, 0, sizeof(got), got, 0, NULL, NULL);
	tap(got[0] == 11 && got[1] == 9 && got[2] == 0, "a struct by value");
	tap(got[3] == 77, "a 64-bit number");
	tap(got[4] == 888, "local and constant memory");
	tap(got[5] == 1, "no buffer");
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
	clReleaseMemObject(in);
}

/* A number that happens to be an object's address is still a number. */
static void test_number_like_handle(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "args");
	cl_mem out = cl_test_buffer(env, 64), in = cl_test_buffer(env, 64);
	const cl_ulong address = (cl_ulong)(uintptr_t)env->context;
	const struct { int a; float b; char c[8]; } packet = { 1, 1.0f, "" };
	cl_int got[6] = { 0 };
	const size_t items = 8;

	clSetKernelArg(kernel, 0, sizeof(out), &out);
	clSetKernelArg(kernel, 1, sizeof(packet), &packet);
	clSetKernelArg(kernel, 2, sizeof(address), &address);
	clSetKernelArg(kernel, 3, 32, NULL);
	clSetKernelArg(kernel, 4, sizeof(in), &in);
	clSetKernelArg(kernel, 5, sizeof(in), &in);
	clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items, &items, 0, NULL, NULL);
	clEnqueueReadBuffer(env->queue, out, CL_TRUE, 0, sizeof(got), got, 0, NULL, NULL);
	tap(got[3] == (cl_int)(address >> 32) && got[5] == 0,
	    "a number with a handle's value");
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
	clReleaseMemObject(in);
}

static void test_images(const struct cl_env *env, cl_program program)
{
	const cl_image_format format = { CL_RGBA, CL_UNSIGNED_INT8 };
	const cl_image_desc desc = {
		.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8, .image_height = 4,
	};
	const size_t zero[3] = { 0 }, region[3] = { 8, 4, 1 }, items[2] = { 8, 4 };
	uint8_t in[4][8][4], out[4][8][4];
	cl_uint seen[4][8][4];
	cl_int err;
	cl_mem image = clCreateImage(env->context, CL_MEM_READ_WRITE, &format, &desc, NULL,
				     &err);
	cl_mem mem = cl_test_buffer(env, sizeof(seen));
	cl_sampler sampler = clCreateSampler(env->context, CL_FALSE, CL_ADDRESS_CLAMP_TO_EDGE,
					     CL_FILTER_NEAREST, NULL);
	cl_kernel kernel = cl_test_kernel(program, "sample");
	size_t width = 0;

	tap_err(err, CL_SUCCESS, "clCreateImage");
	clGetImageInfo(image, CL_IMAGE_WIDTH, sizeof(width), &width, NULL);
	tap(width == 8, "CL_IMAGE_WIDTH");
	cl_test_pattern(&in[0][0][0], sizeof(in), 77);
	err = clEnqueueWriteImage(env->queue, image, CL_TRUE, zero, region, 0, 0, in, 0,
				  NULL, NULL);
	tap_err(err, CL_SUCCESS, "clEnqueueWriteImage");
	err = clEnqueueReadImage(env->queue, image, CL_TRUE, zero, region, 32, 0, out, 0,
				 NULL, NULL);
	tap(!err && !memcmp(in, out, sizeof(in)), "an image comes back");
	err = clSetKernelArg(kernel, 0, sizeof(image), &image);
	err |= clSetKernelArg(kernel, 1, sizeof(sampler), &sampler);
	err |= clSetKernelArg(kernel, 2, sizeof(mem), &mem);
	tap_err(err, CL_SUCCESS, "clSetKernelArg of an image and a sampler");
	clEnqueueNDRangeKernel(env->queue, kernel, 2, NULL, items, NULL, 0, NULL, NULL);
	clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, sizeof(seen), seen, 0, NULL, NULL);
	tap(seen[2][0][1] == in[2][0][1] && seen[3][7][3] == in[3][6][3],
	    "the kernel sees the image through the sampler");
	clReleaseKernel(kernel);
	clReleaseSampler(sampler);
	clReleaseMemObject(mem);
	clReleaseMemObject(image);
}

static void test_image_formats(const struct cl_env *env)
{
	cl_image_format *formats;
	cl_uint n = 0, again = 0;
	cl_int err;

	err = clGetSupportedImageFormats(env->context, CL_MEM_READ_ONLY,
					 CL_MEM_OBJECT_IMAGE2D, 0, NULL, &n);
	tap(!err && n > 0, "clGetSupportedImageFormats counts");
	formats = calloc(n, sizeof(*formats));
	clGetSupportedImageFormats(env->context, CL_MEM_READ_ONLY, CL_MEM_OBJECT_IMAGE2D,
				   n, formats, &again);
	tap(again == n && formats[n - 1].image_channel_order, "and lists them");
	free(formats);
}

static void test_events(const struct cl_env *env)
{
	cl_ulong times[4] = { 0 };
	cl_command_queue queue = NULL;
	cl_context context = NULL;
	cl_command_type type = 0;
	cl_int status = 1, err;
	cl_uint refs = 0, before = 0;
	cl_event event;
	cl_mem mem = cl_test_buffer(env, 64);
	const int zero = 0;

	err = clEnqueueFillBuffer(env->queue, mem, &zero, 4, 0, 64, 0, NULL, &event);
	tap_err(err, CL_SUCCESS, "a command with an event");
	tap_err(clWaitForEvents(1, &event), CL_SUCCESS, "clWaitForEvents");
	clGetEventInfo(event, CL_EVENT_COMMAND_QUEUE, sizeof(queue), &queue, NULL);
	tap(queue == env->queue, "CL_EVENT_COMMAND_QUEUE");
	clGetEventInfo(event, CL_EVENT_CONTEXT, sizeof(context), &context, NULL);
	tap(context == env->context, "CL_EVENT_CONTEXT");
	clGetEventInfo(event, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL);
	tap(type == CL_COMMAND_FILL_BUFFER, "CL_EVENT_COMMAND_TYPE");
	clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
		       NULL);
	tap(status == CL_COMPLETE, "CL_EVENT_COMMAND_EXECUTION_STATUS");
	for (int i = 0; i < 4; i++)
		err |= clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_QUEUED + i,
					       sizeof(times[i]), &times[i], NULL);
	tap(!err && times[0] <= times[1] && times[1] <= times[2] && times[2] <= times[3],
	    "profiling times are in order");
	/* The queue may hold its last event too. */
	clGetEventInfo(event, CL_EVENT_REFERENCE_COUNT, sizeof(before), &before, NULL);
	for (int i = 0; i < 8; i++)
		clRetainEvent(event);
	clGetEventInfo(event, CL_EVENT_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
	/* ... and who ran it may let go of it just now. */
	tap(refs > before + 4 && refs <= before + 8, "an event that was retained counts more");
	for (int i = 0; i < 8; i++)
		clReleaseEvent(event);
	tap_err(clReleaseEvent(event), CL_SUCCESS, "clReleaseEvent");
	clReleaseMemObject(mem);
}

/* Commands wait for an event that the program itself sets, later. */
static void test_user_events(const struct cl_env *env)
{
	cl_int in = 1234567, out = 0, status = 0, err;
	cl_mem mem = cl_test_buffer(env, sizeof(in));
	cl_event user = clCreateUserEvent(env->context, &err), written = NULL;

	tap_err(err, CL_SUCCESS, "clCreateUserEvent");
	err = clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, sizeof(in), &in, 1, &user,
				   &written);
	tap_err(err, CL_SUCCESS, "a write that waits for the program");
	clGetEventInfo(written, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
		       NULL);
	tap(status > CL_COMPLETE, "it has not run yet");
	tap_err(clSetUserEventStatus(user, CL_COMPLETE), CL_SUCCESS, "clSetUserEventStatus");
	tap_err(clWaitForEvents(1, &written), CL_SUCCESS, "now it runs");
	clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, sizeof(out), &out, 0, NULL, NULL);
	tap(out == in, "and wrote the right bytes");
	clReleaseEvent(user);
	clReleaseEvent(written);
	clReleaseMemObject(mem);
}

static void test_order(const struct cl_env *env)
{
	cl_command_queue queue;
	cl_mem mem = cl_test_buffer(env, 4096);
	cl_event events[3];
	cl_int err, out[2] = { 0 };
	const cl_int one = 1, two = 2;

	queue = clCreateCommandQueue(env->context, env->device,
				     CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &err);
	tap_err(err, CL_SUCCESS, "an out-of-order queue");
	clEnqueueFillBuffer(queue, mem, &one, 4, 0, 4096, 0, NULL, &events[0]);
	clEnqueueFillBuffer(queue, mem, &two, 4, 0, 2048, 1, &events[0], &events[1]);
	err = clEnqueueMarkerWithWaitList(queue, 2, events, &events[2]);
	tap_err(err, CL_SUCCESS, "clEnqueueMarkerWithWaitList");
	tap_err(clEnqueueBarrierWithWaitList(queue, 0, NULL, NULL), CL_SUCCESS,
		"clEnqueueBarrierWithWaitList");
	clFlush(queue);
	tap_err(clWaitForEvents(1, &events[2]), CL_SUCCESS, "the marker completes");
	clEnqueueReadBuffer(queue, mem, CL_TRUE, 2044, 8, out, 1, &events[1], NULL);
	tap(out[0] == 2 && out[1] == 1, "one command after the other");
	for (int i = 0; i < 3; i++)
		clReleaseEvent(events[i]);
	tap_err(clFinish(queue), CL_SUCCESS, "clFinish");
	clReleaseCommandQueue(queue);
	clReleaseMemObject(mem);
}

int main(void)
{
	struct cl_env env;
	cl_program program;

	cl_env_open(&env);
	test_platforms(&env);
	test_sub_devices(&env);
	test_contexts(&env);
	test_queues(&env);
	test_buffers(&env);
	test_host_memory(&env);
	program = cl_test_build(&env, source, "-cl-kernel-arg-info");
	test_program_queries(&env, program);
	test_build_log(&env);
	test_build_callback(&env);
	test_binaries(&env, program);
	test_compile_link(&env);
	test_kernel_queries(&env, program);
	test_arguments(&env, program);
	test_number_like_handle(&env, program);
	test_images(&env, program);
	test_image_formats(&env);
	test_events(&env);
	test_user_events(&env);
	test_order(&env);
	clReleaseProgram(program);
	cl_env_close(&env);
	return tap_end();
}
