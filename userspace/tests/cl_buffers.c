// SPDX-License-Identifier: Apache-2.0
/*
 * cl_buffers.c - bytes go into OpenCL buffers and come back intact
 *
 * Sizes around every limit that a transport may have, at odd host addresses,
 * blocking and not; with guard bytes around what is read back, because a copy
 * that writes too much is worse than one that fails.
 */
#include "cl_test.h"

#include <sys/mman.h>

#define PAGE	4096
#define GUARD	64
#define MIB	(1u << 20)

/* Host memory for @len bytes at @offset in a page, with guards on both sides. */
struct host {
	uint8_t *map;
	size_t map_len;
	uint8_t *p;
	size_t len;
};

static void host_alloc(struct host *h, size_t len, size_t offset)
{
	h->map_len = len + 3 * PAGE;
	h->map = mmap(NULL, h->map_len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (h->map == MAP_FAILED) {
		printf("Bail out! no memory\n");
		exit(EXIT_FAILURE);
	}
	h->p = h->map + PAGE + offset;
	h->len = len;
	memset(h->p - GUARD, 0xa5, GUARD);
	memset(h->p + len, 0x5a, GUARD);
}

static bool host_guards_intact(const struct host *h)
{
	for (size_t i = 0; i < GUARD; i++)
		if (h->p[-(ptrdiff_t)i - 1] != 0xa5 || h->p[h->len + i] != 0x5a)
			return false;
	return true;
}

static void host_free(struct host *h)
{
	munmap(h->map, h->map_len);
}

static bool round_trip(const struct cl_env *env, size_t len, size_t offset,
		       cl_bool blocking)
{
	cl_mem mem = cl_test_buffer(env, len);
	struct host in, out;
	cl_int err;
	bool good;

	host_alloc(&in, len, offset);
	host_alloc(&out, len, (offset * 7 + 1) % PAGE);
	cl_test_pattern(in.p, len, len + offset);
	err = clEnqueueWriteBuffer(env->queue, mem, blocking, 0, len, in.p, 0,
				   NULL, NULL);
	err = err ? err : clEnqueueReadBuffer(env->queue, mem, blocking, 0, len,
					      out.p, 0, NULL, NULL);
	err = err ? err : clFinish(env->queue);
	if (err)
		printf("# %s\n", cl_name(err));
	good = !err && !memcmp(in.p, out.p, len) && host_guards_intact(&in) &&
	       host_guards_intact(&out);
	host_free(&in);
	host_free(&out);
	clReleaseMemObject(mem);
	return good;
}

static void test_sizes(const struct cl_env *env)
{
	static const size_t sizes[] = {
		1, 2, 63, 64, 65, 255, 256, 1023, 4095, 4096, 4097, 8192, 16385,
		65535, 65536, 65537, 1000003, 4 * MIB + 5,
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		tap(round_trip(env, sizes[i], 0, CL_TRUE), "%zu bytes, blocking",
		    sizes[i]);
		tap(round_trip(env, sizes[i], 0, CL_FALSE), "%zu bytes, then clFinish",
		    sizes[i]);
	}
}

static void test_offsets(const struct cl_env *env)
{
	static const size_t offsets[] = { 1, 7, 63, 2047, 4033, 4095 };

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		tap(round_trip(env, 2 * PAGE + 3, offsets[i], i & 1),
		    "%d bytes at offset %zu of a page", 2 * PAGE + 3, offsets[i]);
}

static void test_empty(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, 16);
	uint8_t byte = 0x77;
	cl_int err;
	cl_mem none;

	none = clCreateBuffer(env->context, CL_MEM_READ_WRITE, 0, NULL, &err);
	tap(!none, "a buffer of 0 bytes is refused");
	tap_err(err, CL_INVALID_BUFFER_SIZE, "a buffer of 0 bytes");
	err = clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, 0, &byte, 0, NULL, NULL);
	tap(byte == 0x77, "a read of 0 bytes touches nothing");
	tap(true, "a read of 0 bytes: %s", cl_name(err));
	err = clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 0, 0, &byte, 0, NULL, NULL);
	tap(true, "a write of 0 bytes: %s", cl_name(err));
	clReleaseMemObject(mem);
}

static void test_large(const struct cl_env *env)
{
	tap(round_trip(env, 64 * MIB, 17, CL_TRUE), "64 MiB at an odd address");
	tap(round_trip(env, 64 * MIB + 1, 0, CL_FALSE), "64 MiB and 1 byte, then clFinish");
}

static void test_initial(const struct cl_env *env)
{
	uint8_t in[1000], out[1000] = { 0 };
	cl_int err;
	cl_mem mem;

	cl_test_pattern(in, sizeof(in), 5);
	mem = clCreateBuffer(env->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
			     sizeof(in), in, &err);
	tap_err(err, CL_SUCCESS, "CL_MEM_COPY_HOST_PTR");
	err = clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, sizeof(out), out, 0,
				  NULL, NULL);
	tap(!err && !memcmp(in, out, sizeof(in)), "CL_MEM_COPY_HOST_PTR holds the bytes");
	clReleaseMemObject(mem);
}

/* Parts of a buffer: only what is named may change. */
static void test_parts(const struct cl_env *env)
{
	cl_mem mem = cl_test_buffer(env, 1000);
	uint8_t want[1000], out[1000], part[100];
	cl_int err;

	cl_test_pattern(want, sizeof(want), 1);
	cl_test_pattern(part, sizeof(part), 2);
	err = clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 0, 1000, want, 0, NULL, NULL);
	err = err ? err : clEnqueueWriteBuffer(env->queue, mem, CL_TRUE, 333, 100,
					       part, 0, NULL, NULL);
	memcpy(want + 333, part, 100);
	err = err ? err : clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, 1000, out,
					      0, NULL, NULL);
	tap(!err && !memcmp(want, out, 1000), "a write into the middle");
	memset(out, 0, sizeof(out));
	err = clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 700, 55, out, 0, NULL, NULL);
	tap(!err && !memcmp(want + 700, out, 55) && !out[55], "a read from the middle");
	clReleaseMemObject(mem);
}

static void test_fill_copy(const struct cl_env *env)
{
	const cl_uint pattern[2] = { 0x01020304, 0xcafe0001 };
	cl_mem a = cl_test_buffer(env, 4096), b = cl_test_buffer(env, 4096);
	cl_uint out[1024];
	cl_event filled;
	bool good;
	cl_int err;

	err = clEnqueueFillBuffer(env->queue, a, pattern, sizeof(pattern), 0, 4096,
				  0, NULL, &filled);
	tap_err(err, CL_SUCCESS, "clEnqueueFillBuffer");
	err = clEnqueueCopyBuffer(env->queue, a, b, 0, 8, 4088, 1, &filled, NULL);
	tap_err(err, CL_SUCCESS, "clEnqueueCopyBuffer");
	err = clEnqueueReadBuffer(env->queue, b, CL_TRUE, 0, 4096, out, 0, NULL, NULL);
	good = !err;
	for (size_t i = 2; i < 1024; i++)
		good = good && out[i] == pattern[i & 1];
	tap(good, "filled and copied bytes");
	clReleaseEvent(filled);
	clReleaseMemObject(a);
	clReleaseMemObject(b);
}

#define PITCH	40
#define SLICE	(PITCH * 20)

/* A box of 16 x 8 x 3 bytes in host memory of PITCH and SLICE. */
static void test_rect(const struct cl_env *env)
{
	const size_t buffer_origin[3] = { 4, 2, 0 }, host_origin[3] = { 3, 1, 1 };
	const size_t region[3] = { 16, 8, 3 };
	uint8_t in[SLICE * 4], out[SLICE * 4], want[SLICE * 4];
	cl_mem mem = cl_test_buffer(env, SLICE * 4);
	cl_int err;

	cl_test_pattern(in, sizeof(in), 9);
	memset(out, 0x11, sizeof(out));
	memset(want, 0x11, sizeof(want));
	for (size_t z = 0; z < 3; z++)
		for (size_t y = 0; y < 8; y++) {
			size_t at = (z + 1) * SLICE + (y + 1) * PITCH + 3;

			memcpy(want + at, in + at, 16);
		}
	err = clEnqueueWriteBufferRect(env->queue, mem, CL_TRUE, buffer_origin,
				       host_origin, region, 32, 32 * 16, PITCH,
				       SLICE, in, 0, NULL, NULL);
	tap_err(err, CL_SUCCESS, "clEnqueueWriteBufferRect");
	err = clEnqueueReadBufferRect(env->queue, mem, CL_TRUE, buffer_origin,
				      host_origin, region, 32, 32 * 16, PITCH,
				      SLICE, out, 0, NULL, NULL);
	tap_err(err, CL_SUCCESS, "clEnqueueReadBufferRect");
	tap(!memcmp(out, want, sizeof(out)), "a box comes back, and nothing around it");
	clReleaseMemObject(mem);
}

static void test_copy_rect(const struct cl_env *env)
{
	const size_t from[3] = { 0, 1, 0 }, to[3] = { 2, 0, 0 }, region[3] = { 4, 2, 1 };
	cl_mem a = cl_test_buffer(env, 64), b = cl_test_buffer(env, 64);
	uint8_t in[64], out[64];
	const uint8_t zero = 0;
	cl_int err;

	cl_test_pattern(in, sizeof(in), 3);
	clEnqueueWriteBuffer(env->queue, a, CL_FALSE, 0, 64, in, 0, NULL, NULL);
	clEnqueueFillBuffer(env->queue, b, &zero, 1, 0, 64, 0, NULL, NULL);
	err = clEnqueueCopyBufferRect(env->queue, a, b, from, to, region, 8, 0, 8, 0,
				      0, NULL, NULL);
	tap_err(err, CL_SUCCESS, "clEnqueueCopyBufferRect");
	err = clEnqueueReadBuffer(env->queue, b, CL_TRUE, 0, 64, out, 0, NULL, NULL);
	tap(!err && !memcmp(out + 2, in + 8, 4) && !memcmp(out + 10, in + 16, 4) &&
	    !out[0] && !out[6], "a copied rectangle");
	clReleaseMemObject(a);
	clReleaseMemObject(b);
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	test_empty(&env);
	test_sizes(&env);
	test_offsets(&env);
	test_initial(&env);
	test_parts(&env);
	test_fill_copy(&env);
	test_rect(&env);
	test_copy_rect(&env);
	test_large(&env);
	cl_env_close(&env);
	return tap_end();
}
