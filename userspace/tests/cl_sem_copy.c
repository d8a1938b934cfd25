// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_copy.c - rectangles, fills, copies and sub-buffers, against a model
 *
 * Each command is also done on an array of the program's own; buffer and array
 * must be equal afterwards, every byte of them.
 */
#include "cl_test.h"

#define SIZE	65536

struct model {
	const struct cl_env *env;
	cl_mem mem;
	uint8_t want[SIZE];
};

static void model_open(struct model *m, const struct cl_env *env, uint32_t seed)
{
	m->env = env;
	m->mem = cl_test_buffer(env, SIZE);
	cl_test_pattern(m->want, SIZE, seed);
	clEnqueueWriteBuffer(env->queue, m->mem, CL_TRUE, 0, SIZE, m->want, 0, NULL, NULL);
}

static bool model_same(const struct model *m)
{
	return cl_test_holds(m->env, m->mem, 0, SIZE, m->want);
}

/* A box in memory: where it begins, and how far its rows and slices are apart. */
struct box {
	size_t origin[3];
	size_t row;
	size_t slice;
};

static uint8_t *box_row(const struct box *box, const size_t *region, uint8_t *base,
			size_t y, size_t z)
{
	size_t row = box->row ? box->row : region[0];
	size_t slice = box->slice ? box->slice : row * region[1];

	return base + box->origin[0] + (box->origin[1] + y) * row +
	       (box->origin[2] + z) * slice;
}

static void box_copy(const struct box *to, uint8_t *to_base, const struct box *from,
		     uint8_t *from_base, const size_t *region)
{
	for (size_t z = 0; z < region[2]; z++)
		for (size_t y = 0; y < region[1]; y++)
			memcpy(box_row(to, region, to_base, y, z),
			       box_row(from, region, from_base, y, z), region[0]);
}

/* Naive: pitches of 0 are sent as 0, slices are forgotten, host memory is one run. */
static const struct { struct box buffer, host; size_t region[3]; } rects[] = {
	{ { { 0 }, 0, 0 }, { { 0 }, 0, 0 }, { 100, 1, 1 } },
	{ { { 0 }, 0, 0 }, { { 0 }, 0, 0 }, { 10, 10, 10 } },
	{ { { 3, 2, 1 }, 64, 1024 }, { { 0 }, 0, 0 }, { 20, 7, 5 } },
	{ { { 0 }, 0, 0 }, { { 3, 2, 1 }, 64, 1024 }, { 20, 7, 5 } },
	{ { { 1, 1, 1 }, 33, 33 * 9 }, { { 5, 4, 3 }, 41, 41 * 13 }, { 21, 8, 6 } },
	{ { { 0 }, 100, 0 }, { { 0 }, 0, 3000 }, { 50, 20, 3 } },
	{ { { 0, 0, 2 }, 128, 0 }, { { 7, 0, 0 }, 256, 0 }, { 128, 4, 4 } },
	{ { { 0, 5, 0 }, 17, 340 }, { { 0, 0, 5 }, 17, 340 }, { 17, 10, 1 } },
	{ { { 63, 0, 0 }, 64, 64 * 32 }, { { 0 }, 1, 32 }, { 1, 32, 8 } },
};

#define RECTS	(sizeof(rects) / sizeof(rects[0]))

static void test_write_rect(struct model *m)
{
	for (size_t i = 0; i < RECTS; i++) {
		const struct box *b = &rects[i].buffer, *h = &rects[i].host;
		uint8_t *host = malloc(SIZE);
		cl_int err;

		cl_test_pattern(host, SIZE, 100 + i);
		err = clEnqueueWriteBufferRect(m->env->queue, m->mem, i & 1, b->origin,
					       h->origin, rects[i].region, b->row, b->slice,
					       h->row, h->slice, host, 0, NULL, NULL);
		clFinish(m->env->queue);
		box_copy(b, m->want, h, host, rects[i].region);
		tap(!err && model_same(m), "box %zu is written", i);
		free(host);
	}
}

static void test_read_rect(struct model *m)
{
	for (size_t i = 0; i < RECTS; i++) {
		const struct box *b = &rects[i].buffer, *h = &rects[i].host;
		uint8_t *host = malloc(SIZE), *want = malloc(SIZE);
		cl_int err;

		memset(host, 0x44, SIZE);
		memset(want, 0x44, SIZE);
		err = clEnqueueReadBufferRect(m->env->queue, m->mem, i & 1, b->origin,
					      h->origin, rects[i].region, b->row, b->slice,
					      h->row, h->slice, host, 0, NULL, NULL);
		clFinish(m->env->queue);
		box_copy(h, want, b, m->want, rects[i].region);
		tap(!err && !memcmp(host, want, SIZE), "box %zu is read, nothing around it", i);
		free(host);
		free(want);
	}
}

static void test_copy_rect(struct model *m)
{
	struct model from;

	model_open(&from, m->env, 77);
	for (size_t i = 0; i < RECTS; i++) {
		const struct box *b = &rects[i].buffer, *h = &rects[i].host;
		cl_int err;

		err = clEnqueueCopyBufferRect(m->env->queue, from.mem, m->mem, h->origin,
					      b->origin, rects[i].region, h->row, h->slice,
					      b->row, b->slice, 0, NULL, NULL);
		box_copy(b, m->want, h, from.want, rects[i].region);
		tap(!err && model_same(m), "box %zu is copied", i);
	}
	clReleaseMemObject(from.mem);
}

static cl_int rect(const struct model *m, const size_t *region, size_t row, size_t slice)
{
	static const size_t zero[3];
	static uint8_t host[SIZE];

	return clEnqueueReadBufferRect(m->env->queue, m->mem, CL_TRUE, zero, zero, region,
				       row, slice, 0, 0, host, 0, NULL, NULL);
}

static void test_wrong_rects(struct model *m)
{
	tap_err(rect(m, (size_t[3]){ 0, 1, 1 }, 0, 0), CL_INVALID_VALUE, "no columns");
	tap_err(rect(m, (size_t[3]){ 8, 8, 0 }, 0, 0), CL_INVALID_VALUE, "no slices");
	tap_err(rect(m, (size_t[3]){ 8, 8, 1 }, 7, 0), CL_INVALID_VALUE, "a short row");
	tap_err(rect(m, (size_t[3]){ 8, 8, 2 }, 8, 63), CL_INVALID_VALUE, "a short slice");
	tap_err(rect(m, (size_t[3]){ 8, 8, 2 }, 8, 65), CL_INVALID_VALUE, "a crooked slice");
	tap_err(rect(m, (size_t[3]){ 256, 257, 1 }, 0, 0), CL_INVALID_VALUE,
		"a box beyond the end");
}

/* Naive: the pattern is taken for an int, or read when the command runs. */
static void test_fill(struct model *m)
{
	uint8_t pattern[128];

	for (size_t size = 1; size <= 128; size *= 2) {
		const size_t at = size * 3, len = size * 57;
		cl_int err;

		cl_test_pattern(pattern, sizeof(pattern), size);
		for (size_t i = 0; i < len; i++)
			m->want[at + i] = pattern[i % size];
		err = clEnqueueFillBuffer(m->env->queue, m->mem, pattern, size, at, len, 0,
					  NULL, NULL);
		memset(pattern, 0xee, sizeof(pattern));
		tap(!err && model_same(m), "a fill with %zu bytes", size);
	}
}

static cl_int fill(const struct model *m, size_t size, size_t at, size_t len)
{
	static const uint8_t pattern[256];

	return clEnqueueFillBuffer(m->env->queue, m->mem, pattern, size, at, len, 0, NULL,
				   NULL);
}

static void test_wrong_fills(struct model *m)
{
	cl_int err = clEnqueueFillBuffer(m->env->queue, m->mem, NULL, 4, 0, 64, 0, NULL, NULL);

	tap_err(err, CL_INVALID_VALUE, "a fill with nothing");
	tap_err(fill(m, 0, 0, 64), CL_INVALID_VALUE, "with 0 bytes");
	tap_err(fill(m, 3, 0, 63), CL_INVALID_VALUE, "with 3 bytes");
	tap_err(fill(m, 256, 0, 256), CL_INVALID_VALUE, "with 256 bytes");
	tap_err(fill(m, 8, 4, 64), CL_INVALID_VALUE, "at a wrong offset");
	tap_err(fill(m, 8, 0, 60), CL_INVALID_VALUE, "of a wrong length");
	tap_err(fill(m, 8, SIZE - 8, 16), CL_INVALID_VALUE, "beyond the end");
	tap(model_same(m), "none has done anything");
}

static void test_copy(struct model *m)
{
	struct model from;
	cl_int err = CL_SUCCESS;

	model_open(&from, m->env, 78);
	for (size_t i = 0; i < 40; i++) {
		const size_t src = i * 1237 % 30000, dst = i * 2741 % 30000, len = 1 + i * 83;

		err |= clEnqueueCopyBuffer(m->env->queue, from.mem, m->mem, src, dst, len, 0,
					   NULL, NULL);
		memcpy(m->want + dst, from.want + src, len);
	}
	tap(!err && model_same(m), "40 copies between two buffers");
	err = clEnqueueCopyBuffer(m->env->queue, m->mem, m->mem, 0, 40000, 20000, 0, NULL,
				  NULL);
	memcpy(m->want + 40000, m->want, 20000);
	tap(!err && model_same(m), "a copy within one");
	err = clEnqueueCopyBuffer(m->env->queue, m->mem, m->mem, 0, 10, 20, 0, NULL, NULL);
	tap_err(err, CL_MEM_COPY_OVERLAP, "a copy onto itself");
	err = clEnqueueCopyBuffer(m->env->queue, m->mem, from.mem, SIZE - 10, 0, 20, 0, NULL,
				  NULL);
	tap_err(err, CL_INVALID_VALUE, "a copy from beyond the end");
	tap(model_same(m), "which do nothing");
	clReleaseMemObject(from.mem);
}

static void test_overlap_rect(struct model *m)
{
	const size_t a[3] = { 0, 0, 0 }, b[3] = { 4, 4, 0 }, c[3] = { 8, 0, 0 };
	const size_t region[3] = { 8, 8, 1 };
	const struct box from = { { 0 }, 32, 0 }, to = { { 8, 0, 0 }, 32, 0 };
	cl_int err;

	err = clEnqueueCopyBufferRect(m->env->queue, m->mem, m->mem, a, b, region, 32, 0, 32,
				      0, 0, NULL, NULL);
	tap_err(err, CL_MEM_COPY_OVERLAP, "a box onto itself");
	err = clEnqueueCopyBufferRect(m->env->queue, m->mem, m->mem, a, c, region, 32, 0, 32,
				      0, 0, NULL, NULL);
	if (!err)
		box_copy(&to, m->want, &from, m->want, region);
	tap(model_same(m), "a box beside itself: %s", cl_name(err));
}

/* Naive: a sub-buffer is a copy, or its offset counts from the wrong place. */
static void test_sub_buffers(struct model *m)
{
	const cl_buffer_region where[2] = { { 4096, 8192 }, { 8192, 8192 } };
	uint8_t bytes[100];
	cl_mem sub[2];
	cl_int err;

	for (int i = 0; i < 2; i++)
		sub[i] = clCreateSubBuffer(m->mem, CL_MEM_READ_WRITE,
					   CL_BUFFER_CREATE_TYPE_REGION, &where[i], NULL);
	cl_test_pattern(bytes, sizeof(bytes), 55);
	err = clEnqueueWriteBuffer(m->env->queue, sub[0], CL_TRUE, 1000, 100, bytes, 0, NULL,
				   NULL);
	memcpy(m->want + 5096, bytes, 100);
	tap(!err && model_same(m), "a write to a sub-buffer is the parent's");
	tap(cl_test_holds(m->env, sub[1], 0, 8192, m->want + 8192), "a sub-buffer is read");
	err = clEnqueueCopyBuffer(m->env->queue, sub[0], sub[1], 0, 4096, 4096, 0, NULL, NULL);
	memcpy(m->want + 12288, m->want + 4096, 4096);
	tap(!err && model_same(m), "a copy from one to the other");
	err = clEnqueueCopyBuffer(m->env->queue, sub[0], sub[1], 4096, 0, 4096, 0, NULL, NULL);
	tap_err(err, CL_MEM_COPY_OVERLAP, "a copy of what both have");
	err = clEnqueueReadBuffer(m->env->queue, sub[0], CL_TRUE, 8192 - 50, 100, bytes, 0,
				  NULL, NULL);
	tap_err(err, CL_INVALID_VALUE, "a read beyond a sub-buffer's end");
	for (int i = 0; i < 2; i++)
		clReleaseMemObject(sub[i]);
}

static void wrong_sub(cl_mem parent, cl_mem_flags flags, size_t at, size_t len,
		      const char *name)
{
	const cl_buffer_region region = { at, len };
	cl_int err = 0;
	cl_mem sub = clCreateSubBuffer(parent, flags, CL_BUFFER_CREATE_TYPE_REGION, &region,
				       &err);

	tap(!sub == !!err, "%s: %s", name, cl_name(err));
	if (sub)
		clReleaseMemObject(sub);
}

static void test_wrong_subs(struct model *m)
{
	const cl_buffer_region region = { 0, 4096 };
	cl_mem constant = clCreateBuffer(m->env->context, CL_MEM_READ_ONLY, 4096, NULL, NULL);
	cl_mem sub = clCreateSubBuffer(m->mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, NULL);

	wrong_sub(m->mem, 0, 0, 0, "a sub-buffer of 0 bytes");
	wrong_sub(m->mem, 0, SIZE, 1, "one that begins at the end");
	wrong_sub(m->mem, 0, 4096, SIZE, "one beyond the end");
	wrong_sub(m->mem, 0, 1, 64, "one at a wrong offset");
	wrong_sub(constant, CL_MEM_READ_WRITE, 0, 64, "one that may more than its parent");
	wrong_sub(m->mem, CL_MEM_USE_HOST_PTR, 0, 64, "one with memory of its own");
	wrong_sub(sub, 0, 0, 64, "one of a sub-buffer");
	clReleaseMemObject(sub);
	clReleaseMemObject(constant);
}

int main(void)
{
	struct cl_env env;
	struct model *m = malloc(sizeof(*m));

	cl_env_open(&env);
	model_open(m, &env, 1);
	test_write_rect(m);
	test_read_rect(m);
	test_copy_rect(m);
	test_wrong_rects(m);
	test_fill(m);
	test_wrong_fills(m);
	test_copy(m);
	test_overlap_rect(m);
	test_sub_buffers(m);
	test_wrong_subs(m);
	clReleaseMemObject(m->mem);
	free(m);
	cl_env_close(&env);
	return tap_end();
}
