// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_imagemap.c - mapped images: pitches, origins, and what lies around
 */
#include "cl_test.h"

#define WIDTH	24
#define HEIGHT	10
#define DEPTH	5
#define RDWR	(CL_MAP_READ | CL_MAP_WRITE)
#define INVALID	CL_MAP_WRITE_INVALIDATE_REGION

static const cl_image_format rgba8 = { CL_RGBA, CL_UNSIGNED_INT8 };
static const size_t zero[3];

/* An image and what it should hold, pixel by pixel without gaps. */
struct picture {
	const char *name;
	cl_mem_object_type type;
	size_t region[3];
	cl_mem image;
	uint8_t want[WIDTH * HEIGHT * DEPTH * 4];
};

static uint8_t *pixel(struct picture *p, size_t x, size_t y, size_t z)
{
	return p->want + 4 * (x + p->region[0] * (y + p->region[1] * z));
}

static void picture_open(const struct cl_env *env, struct picture *p)
{
	const bool array1 = p->type == CL_MEM_OBJECT_IMAGE1D_ARRAY;
	const bool array2 = p->type == CL_MEM_OBJECT_IMAGE2D_ARRAY;
	const cl_image_desc desc = {
		.image_type = p->type,
		.image_width = p->region[0],
		.image_height = array1 ? 0 : p->region[1],
		.image_depth = p->type == CL_MEM_OBJECT_IMAGE3D ? p->region[2] : 0,
		.image_array_size = array1 ? p->region[1] : array2 ? p->region[2] : 0,
	};
	cl_int err;

	p->image = clCreateImage(env->context, 0, &rgba8, &desc, NULL, &err);
	cl_test_pattern(p->want, sizeof(p->want), p->type);
	err = err ? err : clEnqueueWriteImage(env->queue, p->image, CL_TRUE, zero, p->region,
					      0, 0, p->want, 0, NULL, NULL);
	tap_err(err, CL_SUCCESS, p->name);
}

static bool picture_same(const struct cl_env *env, struct picture *p)
{
	static uint8_t out[sizeof(p->want)];
	cl_int err = clEnqueueReadImage(env->queue, p->image, CL_TRUE, zero, p->region, 0, 0,
					out, 0, NULL, NULL);

	return !err && !memcmp(out, p->want, 4 * p->region[0] * p->region[1] * p->region[2]);
}

/* Rows of a mapped part: equal to the picture, or the picture made equal to them. */
static bool part(struct picture *p, uint8_t *map, size_t row, size_t slice, const size_t *at,
		 const size_t *region, bool write)
{
	bool same = true;

	if (p->type == CL_MEM_OBJECT_IMAGE1D_ARRAY)
		row = slice;
	for (size_t z = 0; z < region[2]; z++)
		for (size_t y = 0; y < region[1]; y++) {
			uint8_t *here = map + y * row + z * slice;
			uint8_t *there = pixel(p, at[0], at[1] + y, at[2] + z);

			if (write) {
				memset(here, 16 * z + y, 4 * region[0]);
				memset(there, 16 * z + y, 4 * region[0]);
			}
			same = same && !memcmp(here, there, 4 * region[0]);
		}
	return same;
}

/* Naive: the pitches are the guest's guess; a part is mapped as a whole, or from 0. */
static void test_part(const struct cl_env *env, struct picture *p, cl_map_flags flags,
		      const char *name)
{
	const size_t at[3] = { 5, p->region[1] > 1 ? 2 : 0, p->region[2] > 1 ? 1 : 0 };
	const size_t region[3] = { 9, p->region[1] > 1 ? 4 : 1, p->region[2] > 1 ? 3 : 1 };
	size_t row = 0, slice = 0;
	uint8_t *map;
	cl_int err;

	map = clEnqueueMapImage(env->queue, p->image, CL_TRUE, flags, at, region, &row, &slice,
				0, NULL, NULL, &err);
	tap_err(err, CL_SUCCESS, p->name);
	tap(true, "  %s: row pitch %zu, slice pitch %zu", name, row, slice);
	if (!map)
		return;
	if (flags & CL_MAP_READ)
		tap(part(p, map, row, slice, at, region, false), "  %s: the bytes", name);
	if (flags & ~(cl_map_flags)CL_MAP_READ)
		part(p, map, row, slice, at, region, true);
	clEnqueueUnmapMemObject(env->queue, p->image, map, 0, NULL, NULL);
	tap(picture_same(env, p), "  %s: unmapped, the image is right", name);
}

/* Naive: unmap writes the rows with all that is between them. */
static void test_neighbours(const struct cl_env *env, struct picture *p)
{
	const size_t at[3] = { 4, 3, 0 }, region[3] = { 6, 4, 1 };
	const size_t left[3] = { 4, HEIGHT, 1 };
	uint8_t bytes[4 * HEIGHT * 4], *map;
	size_t row = 0;
	cl_int err;

	map = clEnqueueMapImage(env->queue, p->image, CL_TRUE, CL_MAP_WRITE, at, region, &row,
				NULL, 0, NULL, NULL, &err);
	cl_test_pattern(bytes, sizeof(bytes), 99);
	clEnqueueWriteImage(env->queue, p->image, CL_TRUE, zero, left, 0, 0, bytes, 0, NULL,
			    NULL);
	for (size_t y = 0; y < HEIGHT; y++)
		memcpy(pixel(p, 0, y, 0), bytes + 16 * y, 16);
	part(p, map, row, 0, at, region, true);
	clEnqueueUnmapMemObject(env->queue, p->image, map, 0, NULL, NULL);
	tap(picture_same(env, p), "columns beside a mapped part keep what was written");
}

static void test_two(const struct cl_env *env, struct picture *p)
{
	const size_t a[3] = { 0, 0, 0 }, b[3] = { 8, 5, 0 }, region[3] = { 8, 5, 1 };
	uint8_t *one, *two;
	cl_uint count = 0;
	size_t row = 0;

	one = clEnqueueMapImage(env->queue, p->image, CL_TRUE, CL_MAP_WRITE, a, region, &row,
				NULL, 0, NULL, NULL, NULL);
	two = clEnqueueMapImage(env->queue, p->image, CL_TRUE, INVALID, b, region, &row, NULL,
				0, NULL, NULL, NULL);
	clGetMemObjectInfo(p->image, CL_MEM_MAP_COUNT, sizeof(count), &count, NULL);
	tap(count == 2, "two parts are mapped");
	part(p, one, row, 0, a, region, true);
	part(p, two, row, 0, b, region, true);
	clEnqueueUnmapMemObject(env->queue, p->image, one, 0, NULL, NULL);
	clEnqueueUnmapMemObject(env->queue, p->image, two, 0, NULL, NULL);
	tap(picture_same(env, p), "both are written");
}

static void test_late(const struct cl_env *env, struct picture *p)
{
	cl_event gate = clCreateUserEvent(env->context, NULL), mapped;
	const size_t whole[3] = { WIDTH, HEIGHT, 1 };
	cl_command_type type = 0;
	uint8_t *map;
	size_t row = 0;

	cl_test_pattern(p->want, sizeof(p->want), 1234);
	clEnqueueWriteImage(env->queue, p->image, CL_FALSE, zero, whole, 0, 0, p->want, 1,
			    &gate, NULL);
	map = clEnqueueMapImage(env->queue, p->image, CL_FALSE, CL_MAP_READ, zero, whole, &row,
				NULL, 0, NULL, &mapped, NULL);
	tap(map && row >= 4 * WIDTH, "a map behind a write that waits has its pitch at once");
	clSetUserEventStatus(gate, CL_COMPLETE);
	clWaitForEvents(1, &mapped);
	tap(map && part(p, map, row, 0, zero, whole, false), "and later the bytes");
	clGetEventInfo(mapped, CL_EVENT_COMMAND_TYPE, sizeof(type), &type, NULL);
	tap(type == CL_COMMAND_MAP_IMAGE, "CL_COMMAND_MAP_IMAGE");
	clEnqueueUnmapMemObject(env->queue, p->image, map, 0, NULL, NULL);
	clFinish(env->queue);
	clReleaseEvent(gate);
	clReleaseEvent(mapped);
}

static void wrong(const struct cl_env *env, struct picture *p, cl_map_flags flags,
		  const size_t *at, const size_t *region, size_t *row, size_t *slice,
		  const char *name)
{
	cl_int err = 0;
	void *map = clEnqueueMapImage(env->queue, p->image, CL_TRUE, flags, at, region, row,
				      slice, 0, NULL, NULL, &err);

	tap(!map == !!err, "%s: %s", name, cl_name(err));
	if (map)
		clEnqueueUnmapMemObject(env->queue, p->image, map, 0, NULL, NULL);
}

static void test_wrong(const struct cl_env *env, struct picture *flat, struct picture *deep)
{
	const size_t one[3] = { 1, 1, 1 }, none[3] = { 0, 1, 1 }, far[3] = { WIDTH, 0, 0 };
	size_t row, slice;

	wrong(env, flat, CL_MAP_READ, zero, one, NULL, NULL, "no row pitch");
	wrong(env, deep, CL_MAP_READ, zero, one, &row, NULL, "no slice pitch of a 3D image");
	wrong(env, flat, CL_MAP_READ, zero, none, &row, &slice, "no columns");
	wrong(env, flat, CL_MAP_READ, far, one, &row, &slice, "beyond the edge");
	wrong(env, flat, CL_MAP_READ, NULL, one, &row, &slice, "no origin");
	wrong(env, flat, CL_MAP_READ, zero, NULL, &row, &slice, "no region");
}

/* Vendors exist that tell no pitches of it. Naive: the variables get some all the same. */
static void test_of_buffer(const struct cl_env *env)
{
	const cl_mem buffer = cl_test_buffer(env, 4 * WIDTH);
	const cl_image_desc desc = {
		.image_type = CL_MEM_OBJECT_IMAGE1D_BUFFER,
		.image_width = WIDTH,
		.mem_object = buffer,
	};
	const size_t at[3] = { 3, 0, 0 }, region[3] = { 8, 1, 1 };
	size_t row = 77, slice = 78;
	uint8_t in[4 * WIDTH], *map;
	cl_int err;
	cl_mem image = clCreateImage(env->context, 0, &rgba8, &desc, NULL, &err);

	tap_err(err, CL_SUCCESS, "1D image of a buffer");
	cl_test_pattern(in, sizeof(in), 5);
	clEnqueueWriteBuffer(env->queue, buffer, CL_TRUE, 0, sizeof(in), in, 0, NULL, NULL);
	map = clEnqueueMapImage(env->queue, image, CL_TRUE, CL_MAP_READ, at, region, &row,
				&slice, 0, NULL, NULL, &err);
	tap_err(err, CL_SUCCESS, "it is mapped");
	tap(true, "  row pitch %zu, slice pitch %zu", row, slice);
	tap(map && !memcmp(map, in + 4 * 3, 4 * 8), "  the bytes");
	clEnqueueUnmapMemObject(env->queue, image, map, 0, NULL, NULL);
	clFinish(env->queue);
	clReleaseMemObject(image);
	clReleaseMemObject(buffer);
}

int main(void)
{
	static struct picture pictures[] = {
		{ .name = "1D", .type = CL_MEM_OBJECT_IMAGE1D, .region = { WIDTH, 1, 1 } },
		{ .name = "1D array", .type = CL_MEM_OBJECT_IMAGE1D_ARRAY,
		  .region = { WIDTH, HEIGHT, 1 } },
		{ .name = "2D", .type = CL_MEM_OBJECT_IMAGE2D, .region = { WIDTH, HEIGHT, 1 } },
		{ .name = "2D array", .type = CL_MEM_OBJECT_IMAGE2D_ARRAY,
		  .region = { WIDTH, HEIGHT, DEPTH } },
		{ .name = "3D", .type = CL_MEM_OBJECT_IMAGE3D,
		  .region = { WIDTH, HEIGHT, DEPTH } },
	};
	struct cl_env env;

	cl_env_open(&env);
	for (int i = 0; i < 5; i++) {
		picture_open(&env, &pictures[i]);
		test_part(&env, &pictures[i], CL_MAP_READ, "read");
		test_part(&env, &pictures[i], CL_MAP_WRITE, "write");
		test_part(&env, &pictures[i], RDWR, "read and write");
		test_part(&env, &pictures[i], INVALID, "invalidate");
	}
	test_neighbours(&env, &pictures[2]);
	test_two(&env, &pictures[2]);
	test_late(&env, &pictures[2]);
	test_wrong(&env, &pictures[2], &pictures[4]);
	test_of_buffer(&env);
	for (int i = 0; i < 5; i++)
		clReleaseMemObject(pictures[i].image);
	cl_env_close(&env);
	return tap_end();
}
