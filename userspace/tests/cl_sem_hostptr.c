// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_hostptr.c - buffers with CL_MEM_USE_HOST_PTR, ALLOC_HOST_PTR, COPY_HOST_PTR
 */
#include "cl_test.h"

#define SIZE	8192
#define RDWR	(CL_MAP_READ | CL_MAP_WRITE)

static const char source[] =
"__kernel void fives(__global uchar *a) { a[get_global_id(0)] = 5; }\n"
"__kernel void next(__global uchar *a, __global uchar *b)\n"
"{ b[get_global_id(0)] = a[get_global_id(0)] + 1; }\n";

static _Alignas(4096) uint8_t host[SIZE];

static uint8_t *map(const struct cl_env *env, cl_mem mem, cl_map_flags flags, size_t at,
		    size_t len)
{
	cl_int err;
	uint8_t *p = clEnqueueMapBuffer(env->queue, mem, CL_TRUE, flags, at, len, 0, NULL,
					NULL, &err);

	if (err)
		printf("# clEnqueueMapBuffer: %s\n", cl_name(err));
	return p;
}

static void unmap(const struct cl_env *env, cl_mem mem, void *p)
{
	clEnqueueUnmapMemObject(env->queue, mem, p, 0, NULL, NULL);
	clFinish(env->queue);
}

static void run(const struct cl_env *env, cl_kernel kernel, size_t items)
{
	clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &items, NULL, 0, NULL, NULL);
	clFinish(env->queue);
}

static cl_mem create(const struct cl_env *env, cl_mem_flags flags, size_t len, void *p)
{
	cl_int err;
	cl_mem mem = clCreateBuffer(env->context, flags, len, p, &err);

	if (err)
		printf("# clCreateBuffer: %s\n", cl_name(err));
	return mem;
}

/* Naive: the memory is copied once, and a map is somewhere else. */
static void test_use(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "fives");
	uint8_t want[SIZE], *p;
	void *got = NULL;
	cl_mem mem;

	cl_test_pattern(host, SIZE, 1);
	memcpy(want, host, SIZE);
	mem = create(env, CL_MEM_USE_HOST_PTR, SIZE, host);
	clGetMemObjectInfo(mem, CL_MEM_HOST_PTR, sizeof(got), &got, NULL);
	tap(got == host, "CL_MEM_HOST_PTR is the program's memory");
	tap(cl_test_holds(env, mem, 0, SIZE, want), "the buffer has its bytes");
	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	run(env, kernel, 1000);
	memset(want, 5, 1000);
	p = map(env, mem, RDWR, 0, SIZE);
	tap(p == host, "a map is the program's memory");
	tap(!memcmp(host, want, SIZE), "mapped, it has what a kernel wrote");
	host[2000] = want[2000] = 0x99;
	unmap(env, mem, p);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "unmapped, the buffer has what was written");
	p = map(env, mem, RDWR, 4000, 100);
	tap(p == host + 4000, "a map of a part is there in the program's memory");
	memset(p, 3, 100);
	memset(want + 4000, 3, 100);
	unmap(env, mem, p);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "and what is written there arrives");
	clReleaseMemObject(mem);
	clReleaseKernel(kernel);
}

/* A program may rely on its memory after a map of all, and write before an unmap. */
static void test_use_kernels(const struct cl_env *env, cl_program program)
{
	cl_kernel kernel = cl_test_kernel(program, "next");
	static _Alignas(4096) uint8_t other[SIZE];
	bool good = true;
	cl_mem a, b;

	memset(host, 0, SIZE);
	memset(other, 0, SIZE);
	a = create(env, CL_MEM_USE_HOST_PTR | CL_MEM_READ_ONLY, SIZE, host);
	b = create(env, CL_MEM_USE_HOST_PTR | CL_MEM_WRITE_ONLY, SIZE, other);
	clSetKernelArg(kernel, 0, sizeof(a), &a);
	clSetKernelArg(kernel, 1, sizeof(b), &b);
	for (int round = 0; round < 100; round++) {
		void *p = map(env, a, CL_MAP_WRITE, 0, SIZE);

		memset(host, round, SIZE);
		clEnqueueUnmapMemObject(env->queue, a, p, 0, NULL, NULL);
		clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &(size_t){ SIZE },
				       NULL, 0, NULL, NULL);
		p = map(env, b, CL_MAP_READ, 0, SIZE);
		good = good && p == other && other[0] == round + 1 &&
		       other[SIZE - 1] == round + 1;
		clEnqueueUnmapMemObject(env->queue, b, p, 0, NULL, NULL);
	}
	clFinish(env->queue);
	tap(good, "100 times through a kernel from memory to memory");
	clReleaseMemObject(a);
	clReleaseMemObject(b);
	clReleaseKernel(kernel);
}

static void test_use_sub(const struct cl_env *env)
{
	const cl_buffer_region region = { 4096, 1024 };
	uint8_t want[SIZE], *p;
	void *got = NULL;
	cl_mem mem, sub;

	cl_test_pattern(host, SIZE, 2);
	memcpy(want, host, SIZE);
	mem = create(env, CL_MEM_USE_HOST_PTR, SIZE, host);
	sub = clCreateSubBuffer(mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, NULL);
	clGetMemObjectInfo(sub, CL_MEM_HOST_PTR, sizeof(got), &got, NULL);
	tap(got == host + 4096, "CL_MEM_HOST_PTR of a sub-buffer is where it begins");
	p = map(env, sub, RDWR, 100, 50);
	tap(p == host + 4196, "a map of a sub-buffer is in the program's memory");
	memset(p, 0xab, 50);
	memset(want + 4196, 0xab, 50);
	unmap(env, sub, p);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "and the parent gets what is written");
	clReleaseMemObject(sub);
	clReleaseMemObject(mem);
}

/* Memory that is only just large enough, and at no round address. */
static void test_use_odd(const struct cl_env *env)
{
	uint8_t *whole = malloc(1001 + 128), *odd = whole + 17, want[1001], *p;
	cl_mem mem;

	memset(whole, 0x5a, 1001 + 128);
	cl_test_pattern(odd, 1001, 3);
	memcpy(want, odd, 1001);
	mem = create(env, CL_MEM_USE_HOST_PTR, 1001, odd);
	p = map(env, mem, RDWR, 0, 1001);
	tap(p == odd && !memcmp(odd, want, 1001), "1001 bytes at an odd address");
	p[1000] = want[1000] = 1;
	unmap(env, mem, p);
	tap(cl_test_holds(env, mem, 0, 1001, want), "the last one is written");
	tap(whole[16] == 0x5a && whole[17 + 1001] == 0x5a, "and nothing around");
	clReleaseMemObject(mem);
	free(whole);
}

/* Naive: one memory per process, so that the first object's bytes are the second's. */
static void test_use_again(const struct cl_env *env)
{
	bool good = true;

	for (int i = 0; i < 20; i++) {
		uint8_t want[SIZE];
		cl_mem mem;

		cl_test_pattern(host, SIZE, 50 + i);
		memcpy(want, host, SIZE);
		mem = create(env, CL_MEM_USE_HOST_PTR, SIZE, host);
		good = good && cl_test_holds(env, mem, 0, SIZE, want);
		clReleaseMemObject(mem);
	}
	tap(good, "one memory for 20 buffers, one after the other");
}

/* Naive: USE and COPY are treated alike. */
static void test_copy(const struct cl_env *env)
{
	uint8_t want[SIZE], *p;
	void *got = host;
	cl_mem mem;

	cl_test_pattern(host, SIZE, 4);
	memcpy(want, host, SIZE);
	mem = create(env, CL_MEM_COPY_HOST_PTR, SIZE, host);
	memset(host, 0, SIZE);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "a copy stays as it was made");
	p = map(env, mem, RDWR, 0, SIZE);
	tap(p && p != host && !memcmp(p, want, SIZE), "its map is other memory");
	p[5] = want[5] = 5;
	unmap(env, mem, p);
	tap(!host[5] && cl_test_holds(env, mem, 0, SIZE, want),
	    "what is written there is not in the program's");
	clGetMemObjectInfo(mem, CL_MEM_HOST_PTR, sizeof(got), &got, NULL);
	tap(!got, "CL_MEM_HOST_PTR is none");
	clReleaseMemObject(mem);
}

static void test_alloc(const struct cl_env *env)
{
	uint8_t want[SIZE], *p, *again;
	cl_mem_flags flags = 0;
	cl_mem mem;

	cl_test_pattern(host, SIZE, 5);
	memcpy(want, host, SIZE);
	mem = create(env, CL_MEM_ALLOC_HOST_PTR | CL_MEM_COPY_HOST_PTR, SIZE, host);
	clGetMemObjectInfo(mem, CL_MEM_FLAGS, sizeof(flags), &flags, NULL);
	tap(flags & CL_MEM_ALLOC_HOST_PTR, "CL_MEM_FLAGS of allocated memory: %#llx",
	    (unsigned long long)flags);
	p = map(env, mem, RDWR, 0, SIZE);
	tap(p && p != host && !memcmp(p, want, SIZE), "allocated and copied");
	memset(p, 9, SIZE);
	memset(want, 9, SIZE);
	unmap(env, mem, p);
	again = map(env, mem, CL_MAP_READ, 0, SIZE);
	tap(again && !memcmp(again, want, SIZE), "what was written is there the next time");
	unmap(env, mem, again);
	tap(cl_test_holds(env, mem, 0, SIZE, want), "and in the buffer");
	clReleaseMemObject(mem);
}

static void refused(const struct cl_env *env, cl_mem_flags flags, void *p, const char *name)
{
	cl_int err = 0;
	cl_mem mem = clCreateBuffer(env->context, flags, 64, p, &err);

	tap(!mem == !!err, "%s: %s", name, cl_name(err));
	if (mem)
		clReleaseMemObject(mem);
}

static void test_refused(const struct cl_env *env)
{
	refused(env, CL_MEM_USE_HOST_PTR, NULL, "USE without memory");
	refused(env, CL_MEM_COPY_HOST_PTR, NULL, "COPY without memory");
	refused(env, CL_MEM_READ_WRITE, host, "memory without a flag");
	refused(env, CL_MEM_USE_HOST_PTR | CL_MEM_COPY_HOST_PTR, host, "USE and COPY");
	refused(env, CL_MEM_USE_HOST_PTR | CL_MEM_ALLOC_HOST_PTR, host, "USE and ALLOC");
}

/* An image in the program's memory, with a pitch of the program's. */
static void test_image(const struct cl_env *env)
{
	const cl_image_format format = { CL_RGBA, CL_UNSIGNED_INT8 };
	const cl_image_desc desc = {
		.image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 16, .image_height = 8,
		.image_row_pitch = 128,
	};
	const size_t origin[3] = { 4, 2, 0 }, region[3] = { 8, 4, 1 };
	uint8_t out[4][32], want[SIZE], *p;
	size_t pitch = 0, asked = 0;
	cl_mem image;
	cl_int err;
	bool good;

	cl_test_pattern(host, SIZE, 6);
	memcpy(want, host, SIZE);
	image = clCreateImage(env->context, CL_MEM_USE_HOST_PTR, &format, &desc, host, &err);
	tap_err(err, CL_SUCCESS, "an image in the program's memory");
	clGetImageInfo(image, CL_IMAGE_ROW_PITCH, sizeof(asked), &asked, NULL);
	tap(asked == 128, "with the program's pitch");
	err = clEnqueueReadImage(env->queue, image, CL_TRUE, origin, region, 0, 0, out, 0,
				 NULL, NULL);
	good = !err;
	for (int y = 0; y < 4; y++)
		good = good && !memcmp(out[y], want + (y + 2) * 128 + 16, 32);
	tap(good, "it has the bytes");
	p = clEnqueueMapImage(env->queue, image, CL_TRUE, RDWR, origin, region, &pitch, NULL,
			      0, NULL, NULL, &err);
	tap(!err && p == host + 2 * 128 + 16 && pitch == 128, "its map is in that memory");
	p[0] = want[2 * 128 + 16] = 0x11;
	unmap(env, image, p);
	tap(!memcmp(host, want, SIZE), "the memory between the rows is left alone");
	clEnqueueReadImage(env->queue, image, CL_TRUE, origin, region, 0, 0, out, 0, NULL,
			   NULL);
	tap(out[0][0] == 0x11, "what is written arrives");
	clReleaseMemObject(image);
}

int main(void)
{
	struct cl_env env;
	cl_program program;

	cl_env_open(&env);
	program = cl_test_build(&env, source, "");
	test_use(&env, program);
	test_use_kernels(&env, program);
	test_use_sub(&env);
	test_use_odd(&env);
	test_use_again(&env);
	test_copy(&env);
	test_alloc(&env);
	test_refused(&env);
	test_image(&env);
	clReleaseProgram(program);
	cl_env_close(&env);
	return tap_end();
}
