// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_args.c - every kind of kernel argument, set in loops and from copies
 */
#include "cl_test.h"

static const char source[] =
"typedef struct { char a; long b; short c; float4 d; uchar e[5]; } odd;\n"
"__kernel void of_struct(__global ulong *out, odd s)\n"
"{\n"
"	out[0] = s.a; out[1] = s.b; out[2] = s.c; out[3] = (ulong)s.d.w; out[4] = s.e[4];\n"
"}\n"
"__kernel void of_sizes(__global ulong *out, uchar a, ushort b, uint c, ulong d, float e,\n"
"		       uchar16 f, int3 g, ulong16 h)\n"
"{\n"
"	out[0] = a; out[1] = b; out[2] = c; out[3] = d; out[4] = (ulong)e;\n"
"	out[5] = f.sf; out[6] = g.z; out[7] = h.sf;\n"
"}\n"
"__kernel void of_local(__global uint *out, __local uint *a, __local ulong *b)\n"
"{\n"
"	const uint i = get_local_id(0), n = get_local_size(0);\n"
"	a[i] = get_global_id(0);\n"
"	b[i] = 3 * a[i];\n"
"	barrier(CLK_LOCAL_MEM_FENCE);\n"
"	out[get_global_id(0)] = a[n - 1 - i] + (uint)b[n - 1 - i];\n"
"}\n"
"__kernel void of_null(__global int *out, __global int *a, __constant int *b)\n"
"{ out[0] = a ? a[0] : -1; out[1] = b ? b[0] : -1; }\n"
"__kernel void of_number(__global ulong *out, ulong i, ulong n) { out[i] = n; }\n"
"__kernel void of_sampler(__global uint4 *out, read_only image2d_t a, sampler_t s)\n"
"{ out[0] = read_imageui(a, s, (int2)(-1, 0)); out[1] = read_imageui(a, s, (int2)(1, 0)); }\n"
"__kernel void to_image(write_only image2d_t a, uint n)\n"
"{ write_imageui(a, (int2)(get_global_id(0), 0), (uint4)(n, get_global_id(0), 3, 4)); }\n";

static cl_int run(const struct cl_env *env, cl_kernel kernel, size_t items, size_t group)
{
	return clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items,
				      group ? &group : NULL, 0, NULL, NULL);
}

/* Naive: a value's size is that of a register, or its padding is lost. */
static void test_struct(const struct cl_env *env, cl_program program)
{
	const struct {
		cl_char a;
		cl_long b;
		cl_short c;
		cl_float4 d;
		cl_uchar e[5];
	} s = { 7, -1L, 300, { { 1, 2, 3, 4 } }, { 1, 2, 3, 4, 5 } };
	const cl_ulong want[5] = { 7, -1UL, 300, 4, 5 };
	cl_kernel kernel = cl_test_kernel(program, "of_struct");
	cl_mem out = cl_test_buffer(env, sizeof(want));

	clSetKernelArg(kernel, 0, sizeof(out), &out);
	tap_err(clSetKernelArg(kernel, 1, sizeof(s), &s), CL_SUCCESS, "a struct with gaps");
	run(env, kernel, 1, 0);
	tap(cl_test_holds(env, out, 0, sizeof(want), want), "arrives");
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
}

static void test_sizes(const struct cl_env *env, cl_program program)
{
	const cl_ulong want[8] = { 200, 60000, 4000000000, 1UL << 63, 77, 15, -1UL, 16 };
	const cl_uchar a = 200;
	const cl_ushort b = 60000;
	const cl_uint c = 4000000000;
	const cl_ulong d = 1UL << 63;
	const cl_float e = 77;
	const cl_uchar16 f = { .s[15] = 15 };
	const cl_int3 g = { .s[2] = -1 };
	const cl_ulong16 h = { .s[15] = 16 };
	cl_kernel kernel = cl_test_kernel(program, "of_sizes");
	cl_mem out = cl_test_buffer(env, sizeof(want));
	cl_int err;

	err = clSetKernelArg(kernel, 0, sizeof(out), &out);
	err |= clSetKernelArg(kernel, 1, sizeof(a), &a);
	err |= clSetKernelArg(kernel, 2, sizeof(b), &b);
	err |= clSetKernelArg(kernel, 3, sizeof(c), &c);
	err |= clSetKernelArg(kernel, 4, sizeof(d), &d);
	err |= clSetKernelArg(kernel, 5, sizeof(e), &e);
	err |= clSetKernelArg(kernel, 6, sizeof(f), &f);
	err |= clSetKernelArg(kernel, 7, sizeof(g), &g);
	err |= clSetKernelArg(kernel, 8, sizeof(h), &h);
	tap_err(err, CL_SUCCESS, "values of 1 to 128 bytes");
	run(env, kernel, 1, 0);
	tap(cl_test_holds(env, out, 0, sizeof(want), want), "arrive");
	tap_err(clSetKernelArg(kernel, 1, 2, &b), CL_INVALID_ARG_SIZE, "a value too large");
	tap_err(clSetKernelArg(kernel, 4, 4, &c), CL_INVALID_ARG_SIZE, "a value too small");
	tap_err(clSetKernelArg(kernel, 9, 4, &c), CL_INVALID_ARG_INDEX, "an index too large");
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
}

/* Naive: the size of local memory is set once. */
static void test_local(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "of_local");
	cl_mem out = cl_test_buffer(env, 64 * 4);
	bool good = true;

	clSetKernelArg(kernel, 0, sizeof(out), &out);
	for (size_t group = 1; group <= 64; group *= 2) {
		cl_uint want[64];

		clSetKernelArg(kernel, 1, 4 * group, NULL);
		clSetKernelArg(kernel, 2, 8 * group, NULL);
		run(env, kernel, 64, group);
		for (size_t i = 0; i < 64; i++)
			want[i] = 4 * (i / group * group + group - 1 - i % group);
		good = good && cl_test_holds(env, out, 0, sizeof(want), want);
	}
	tap(good, "two pieces of local memory, of seven sizes");
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
}

/* Naive: no buffer is an invalid handle; or once a buffer, always a buffer. */
static void test_null(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "of_null");
	cl_mem out = cl_test_buffer(env, 8), in, none = NULL;
	int five = 5, a[2] = { -1, -1 }, b[2] = { 5, -1 }, c[2] = { -1, 5 };

	in = clCreateBuffer(env->context, CL_MEM_COPY_HOST_PTR, 4, &five, NULL);
	clSetKernelArg(kernel, 0, sizeof(out), &out);
	clSetKernelArg(kernel, 1, sizeof(none), NULL);
	clSetKernelArg(kernel, 2, sizeof(none), &none);
	run(env, kernel, 1, 0);
	tap(cl_test_holds(env, out, 0, 8, a), "no buffer, said in two ways");
	clSetKernelArg(kernel, 1, sizeof(in), &in);
	run(env, kernel, 1, 0);
	tap(cl_test_holds(env, out, 0, 8, b), "then a buffer");
	clSetKernelArg(kernel, 1, sizeof(none), &none);
	clSetKernelArg(kernel, 2, sizeof(in), &in);
	run(env, kernel, 1, 0);
	tap(cl_test_holds(env, out, 0, 8, c), "then none, and another");
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
	clReleaseMemObject(in);
}

/* Naive: arguments are sent when set, to a kernel that still has launches to come. */
static void test_loop(const struct cl_env *env, cl_program program)
{
	const size_t n = 5000;
	cl_kernel kernel = cl_test_kernel(program, "of_number");
	cl_mem out = cl_test_buffer(env, n * 8);
	cl_ulong *want = malloc(n * 8);
	cl_event gate = clCreateUserEvent(env->context, NULL);

	clEnqueueMarkerWithWaitList(env->queue, 1, &gate, NULL);
	clSetKernelArg(kernel, 0, sizeof(out), &out);
	for (cl_ulong i = 0; i < n; i++) {
		const cl_ulong value = i * i + 1;

		if (i == n / 2)
			clSetUserEventStatus(gate, CL_COMPLETE);
		clSetKernelArg(kernel, 1, sizeof(i), &i);
		clSetKernelArg(kernel, 2, sizeof(value), &value);
		run(env, kernel, 1, 0);
		want[i] = value;
	}
	tap(cl_test_holds(env, out, 0, n * 8, want), "5000 launches, each with its arguments");
	free(want);
	clReleaseEvent(gate);
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
}

/* Naive: only an argument that changed its type or its size is sent again. */
static void test_buffers_in_turn(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "of_number");
	cl_ulong want[8] = { 0 };
	bool good = true;
	cl_mem out[8];

	for (int i = 0; i < 8; i++)
		out[i] = clCreateBuffer(env->context, CL_MEM_COPY_HOST_PTR, 64, want, NULL);
	for (cl_ulong i = 0; i < 64; i++) {
		const cl_ulong at = i / 8;

		clSetKernelArg(kernel, 0, sizeof(cl_mem), &out[i % 8]);
		clSetKernelArg(kernel, 1, sizeof(at), &at);
		clSetKernelArg(kernel, 2, sizeof(i), &i);
		run(env, kernel, 1, 0);
	}
	for (int i = 0; i < 8; i++) {
		for (int j = 0; j < 8; j++)
			want[j] = 8 * j + i;
		good = good && cl_test_holds(env, out[i], 0, 64, want);
		clReleaseMemObject(out[i]);
	}
	tap(good, "eight buffers in turn");
	clReleaseKernel(kernel);
}

/*
 * A wrong argument leaves the one before. Naive: the library keeps what the
 * implementation refused.
 */
static void test_refused(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "of_number");
	const cl_ulong zero = 0, nine = 9;
	cl_mem out = cl_test_buffer(env, 8);
	cl_int err;

	clSetKernelArg(kernel, 0, sizeof(out), &out);
	clSetKernelArg(kernel, 1, sizeof(zero), &zero);
	clSetKernelArg(kernel, 2, sizeof(nine), &nine);
	err = clSetKernelArg(kernel, 2, 1, &zero);
	tap_err(err, CL_INVALID_ARG_SIZE, "a value of a wrong size");
	err = clSetKernelArg(kernel, 2, sizeof(zero), NULL);
	tap_err(err, CL_INVALID_ARG_VALUE, "no value");
	run(env, kernel, 1, 0);
	tap(cl_test_holds(env, out, 0, 8, &nine), "the value before is still set");
	clReleaseKernel(kernel);
	kernel = cl_test_kernel(program, "of_number");
	clSetKernelArg(kernel, 0, sizeof(out), &out);
	tap_err(run(env, kernel, 1, 0), CL_INVALID_KERNEL_ARGS, "a launch without all");
	clSetKernelArg(kernel, 1, sizeof(zero), &zero);
	clSetKernelArg(kernel, 2, sizeof(nine), &nine);
	tap_err(run(env, kernel, 1, 0), CL_SUCCESS, "with all");
	clFinish(env->queue);
	clReleaseKernel(kernel);
	clReleaseMemObject(out);
}

static void test_sub_buffer(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "of_number");
	const cl_buffer_region region = { 4096, 4096 };
	cl_mem mem = cl_test_buffer(env, 8192), sub;
	const cl_ulong three = 3, value = 0x123456789abcdef0;

	sub = clCreateSubBuffer(mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, NULL);
	clSetKernelArg(kernel, 0, sizeof(sub), &sub);
	clSetKernelArg(kernel, 1, sizeof(three), &three);
	clSetKernelArg(kernel, 2, sizeof(value), &value);
	run(env, kernel, 1, 0);
	tap(cl_test_holds(env, mem, 4096 + 24, 8, &value), "a sub-buffer as an argument");
	clReleaseKernel(kernel);
	clReleaseMemObject(sub);
	clReleaseMemObject(mem);
}

static void test_sampler(const struct cl_env *env, cl_program program)
{
	static const cl_addressing_mode modes[] = {
		CL_ADDRESS_CLAMP, CL_ADDRESS_CLAMP_TO_EDGE, CL_ADDRESS_NONE,
	};
	const cl_image_format format = { CL_RGBA, CL_UNSIGNED_INT8 };
	const cl_image_desc desc = {
		.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 8, .image_height = 1,
	};
	cl_mem image = clCreateImage(env->context, 0, &format, &desc, NULL, NULL);
	cl_mem out = cl_test_buffer(env, 32);
	cl_kernel write = cl_test_kernel(program, "to_image");
	cl_kernel read = cl_test_kernel(program, "of_sampler");
	const cl_uint nine = 9;

	clSetKernelArg(write, 0, sizeof(image), &image);
	clSetKernelArg(write, 1, sizeof(nine), &nine);
	run(env, write, 8, 0);
	clSetKernelArg(read, 0, sizeof(out), &out);
	clSetKernelArg(read, 1, sizeof(image), &image);
	for (size_t i = 0; i < 2; i++) {
		const cl_uint want[8] = { i * 9, 0, i * 3, i * 4, 9, 1, 3, 4 };
		cl_sampler sampler = clCreateSampler(env->context, CL_FALSE, modes[i],
						     CL_FILTER_NEAREST, NULL);
		cl_addressing_mode mode = 0;

		clGetSamplerInfo(sampler, CL_SAMPLER_ADDRESSING_MODE, sizeof(mode), &mode,
				 NULL);
		clSetKernelArg(read, 2, sizeof(sampler), &sampler);
		run(env, read, 1, 0);
		tap(mode == modes[i] && cl_test_holds(env, out, 0, 32, want),
		    "an image that a kernel wrote, through sampler %zu", i);
		clReleaseSampler(sampler);
	}
	clReleaseKernel(write);
	clReleaseKernel(read);
	clReleaseMemObject(image);
	clReleaseMemObject(out);
}

/* Naive: there is an end to what fits into a message. */
static void test_large(const struct cl_env *env)
{
	enum { LONGS = 25000 };
	static const char text[] =
		"typedef struct { ulong v[25000]; } large;\n"
		"__kernel void sum(__global ulong *out, large s) { out[0] = s.v[0] + s.v[24999]; }\n";
	static cl_ulong values[LONGS];
	cl_program program = cl_test_build(env, text, "");
	cl_kernel kernel = cl_test_kernel(program, "sum");
	cl_mem out = cl_test_buffer(env, sizeof(cl_ulong));
	bool good = true;

	clSetKernelArg(kernel, 0, sizeof(out), &out);
	for (cl_ulong i = 0; i < 20; i++) {
		cl_ulong want = 1001 * i;

		values[0] = i;
		values[LONGS - 1] = 1000 * i;
		good = good && !clSetKernelArg(kernel, 1, sizeof(values), values) &&
		       !run(env, kernel, 1, 1) && cl_test_holds(env, out, 0, sizeof(want), &want);
	}
	tap(good, "20 times a struct of 200000 bytes");
	clReleaseMemObject(out);
	clReleaseKernel(kernel);
	clReleaseProgram(program);
}

/* Naive: what may be a number or a buffer is given to a library that follows it. */
static void test_wrong_object(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "of_number");
	cl_mem out = cl_test_buffer(env, 16);
	const cl_ulong zero = 0, want = 0x7f1234567008;

	/* refused or not */
	clSetKernelArg(kernel, 0, sizeof(kernel), &kernel);
	tap_err(clSetKernelArg(kernel, 0, sizeof(out), &out), CL_SUCCESS,
		"a buffer behind what is none");
	clSetKernelArg(kernel, 1, sizeof(zero), &zero);
	tap_err(clSetKernelArg(kernel, 2, sizeof(want), &want), CL_SUCCESS,
		"a number that looks like an address");
	run(env, kernel, 1, 1);
	tap(cl_test_holds(env, out, 0, sizeof(want), &want), "arrives");
	clReleaseMemObject(out);
	clReleaseKernel(kernel);
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	/* Without and with what tells a library which arguments are objects. */
	for (int i = 0; i < 2; i++) {
		cl_program program = cl_test_build(&env, source,
						   i ? "-cl-kernel-arg-info" : "");

		test_struct(&env, program);
		test_sizes(&env, program);
		test_local(&env, program);
		test_null(&env, program);
		test_loop(&env, program);
		test_buffers_in_turn(&env, program);
		test_refused(&env, program);
		test_wrong_object(&env, program);
		test_sub_buffer(&env, program);
		test_sampler(&env, program);
		clReleaseProgram(program);
	}
	test_large(&env);
	cl_env_close(&env);
	return tap_end();
}
