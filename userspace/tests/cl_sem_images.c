// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_images.c - images of every type and every format, with pitches
 */
#include "cl_test.h"

#define SIZE	65536

struct shape {
	const char *name;
	cl_mem_object_type type;
	size_t region[3];		/* all of it, as read and written */
};

static const struct shape shapes[] = {
	{ "1D", CL_MEM_OBJECT_IMAGE1D, { 37, 1, 1 } },
	{ "1D array", CL_MEM_OBJECT_IMAGE1D_ARRAY, { 19, 5, 1 } },
	{ "2D", CL_MEM_OBJECT_IMAGE2D, { 21, 9, 1 } },
	{ "2D array", CL_MEM_OBJECT_IMAGE2D_ARRAY, { 13, 7, 4 } },
	{ "3D", CL_MEM_OBJECT_IMAGE3D, { 11, 6, 5 } },
};

#define SHAPES	(sizeof(shapes) / sizeof(shapes[0]))

static const cl_image_format rgba8 = { CL_RGBA, CL_UNSIGNED_INT8 };

static cl_image_desc desc_of(const struct shape *s)
{
	const bool array1 = s->type == CL_MEM_OBJECT_IMAGE1D_ARRAY;
	const bool array2 = s->type == CL_MEM_OBJECT_IMAGE2D_ARRAY;

	return (cl_image_desc){
		.image_type = s->type,
		.image_width = s->region[0],
		.image_height = array1 || s->type == CL_MEM_OBJECT_IMAGE1D ? 0 : s->region[1],
		.image_depth = s->type == CL_MEM_OBJECT_IMAGE3D ? s->region[2] : 0,
		.image_array_size = array1 ? s->region[1] : array2 ? s->region[2] : 0,
	};
}

static cl_mem create(const struct cl_env *env, const struct shape *s,
		     const cl_image_format *format, cl_mem_flags flags)
{
	const cl_image_desc desc = desc_of(s);
	cl_int err;
	cl_mem image = clCreateImage(env->context, flags, format, &desc, NULL, &err);

	if (err)
		printf("# clCreateImage: %s\n", cl_name(err));
	return image;
}

static size_t element_size(cl_mem image)
{
	size_t size = 0;

	clGetImageInfo(image, CL_IMAGE_ELEMENT_SIZE, sizeof(size), &size, NULL);
	return size;
}

static const size_t zero[3];

/* Naive: the size of a pixel is known for a few formats only. */
static bool format_works(const struct cl_env *env, const struct shape *s,
			 const cl_image_format *format, cl_mem_flags flags)
{
	static uint8_t in[SIZE], out[SIZE];
	cl_mem image = create(env, s, format, flags);
	size_t len = s->region[0] * s->region[1] * s->region[2] * element_size(image);
	cl_int err;

	cl_test_pattern(in, len, format->image_channel_data_type);
	memset(out, 0x77, sizeof(out));
	err = clEnqueueWriteImage(env->queue, image, CL_FALSE, zero, s->region, 0, 0, in, 0,
				  NULL, NULL);
	err = err ? err : clEnqueueReadImage(env->queue, image, CL_TRUE, zero, s->region, 0,
					     0, out, 0, NULL, NULL);
	if (err)
		printf("# %s\n", cl_name(err));
	clReleaseMemObject(image);
	return !err && len && !memcmp(in, out, len) && out[len] == 0x77;
}

static void test_formats(const struct cl_env *env, const struct shape *s)
{
	cl_image_format *formats;
	cl_uint n = 0;

	clGetSupportedImageFormats(env->context, CL_MEM_READ_WRITE, s->type, 0, NULL, &n);
	formats = calloc(n, sizeof(*formats));
	clGetSupportedImageFormats(env->context, CL_MEM_READ_WRITE, s->type, n, formats,
				   NULL);
	for (cl_uint i = 0; i < n; i++)
		tap(format_works(env, s, &formats[i], CL_MEM_READ_WRITE),
		    "%s: format %#x of %#x", s->name, formats[i].image_channel_order,
		    formats[i].image_channel_data_type);
	tap(n > 0, "%s: %u formats", s->name, n);
	free(formats);
}

static void query(cl_mem image, cl_image_info what, const char *name)
{
	size_t value = 999;
	cl_int err = clGetImageInfo(image, what, sizeof(value), &value, NULL);

	tap(true, "  %s: %zu, %s", name, value, cl_name(err));
}

/* Naive: the queries answer what the program said, not what the image is. */
static void test_queries(const struct cl_env *env, const struct shape *s)
{
	cl_mem image = create(env, s, &rgba8, 0);
	cl_image_format format = { 0, 0 };
	cl_mem_object_type type = 0;

	clGetImageInfo(image, CL_IMAGE_FORMAT, sizeof(format), &format, NULL);
	clGetMemObjectInfo(image, CL_MEM_TYPE, sizeof(type), &type, NULL);
	tap(type == s->type && !memcmp(&format, &rgba8, sizeof(format)),
	    "%s: type and format", s->name);
	query(image, CL_IMAGE_ELEMENT_SIZE, "element size");
	query(image, CL_IMAGE_ROW_PITCH, "row pitch");
	query(image, CL_IMAGE_SLICE_PITCH, "slice pitch");
	query(image, CL_IMAGE_WIDTH, "width");
	query(image, CL_IMAGE_HEIGHT, "height");
	query(image, CL_IMAGE_DEPTH, "depth");
	query(image, CL_IMAGE_ARRAY_SIZE, "array size");
	clReleaseMemObject(image);
}

/* A part of an image, and host memory with pitches: a model in plain memory. */
struct host {
	uint8_t bytes[SIZE];
	size_t row, slice;
};

static void host_set(struct host *h, const size_t *at, const size_t *region,
		     const uint8_t *image, const struct shape *s, bool to_image)
{
	for (size_t z = 0; z < region[2]; z++)
		for (size_t y = 0; y < region[1]; y++) {
			uint8_t *host = h->bytes + y * h->row + z * h->slice;
			uint8_t *pixel = (uint8_t *)image +
				4 * (at[0] + s->region[0] *
				     (at[1] + y + s->region[1] * (at[2] + z)));

			memcpy(to_image ? pixel : host, to_image ? host : pixel,
			       4 * region[0]);
		}
}

/* Naive: pitches of the host's memory are ignored, or rows in between are lost. */
static void test_pitches(const struct cl_env *env, const struct shape *s)
{
	const bool layers = s->type == CL_MEM_OBJECT_IMAGE3D ||
			    s->type == CL_MEM_OBJECT_IMAGE2D_ARRAY;
	const bool rows = s->type != CL_MEM_OBJECT_IMAGE1D;
	const size_t at[3] = { 3, rows, layers };
	const size_t region[3] = { 7, rows ? 4 : 1, layers ? 3 : 1 };
	const size_t slice = s->type == CL_MEM_OBJECT_IMAGE1D_ARRAY ? 64 : layers ? 512 : 0;
	static struct host host, want;
	static uint8_t model[SIZE], out[SIZE];
	cl_mem image = create(env, s, &rgba8, 0);
	const size_t len = s->region[0] * s->region[1] * s->region[2] * 4;
	const uint32_t nothing[4] = { 0 };
	cl_int err;

	host.row = want.row = 64;
	host.slice = want.slice = slice;
	memset(model, 0, sizeof(model));
	clEnqueueFillImage(env->queue, image, nothing, zero, s->region, 0, NULL, NULL);
	cl_test_pattern(host.bytes, SIZE, 7);
	err = clEnqueueWriteImage(env->queue, image, CL_TRUE, at, region, 64, slice,
				  host.bytes, 0, NULL, NULL);
	host_set(&host, at, region, model, s, true);
	err = err ? err : clEnqueueReadImage(env->queue, image, CL_TRUE, zero, s->region, 0,
					     0, out, 0, NULL, NULL);
	tap(!err && !memcmp(out, model, len), "%s: a part is written from memory with pitches",
	    s->name);
	memset(host.bytes, 0xd2, SIZE);
	memset(want.bytes, 0xd2, SIZE);
	err = clEnqueueReadImage(env->queue, image, CL_FALSE, at, region, 64, slice,
				 host.bytes, 0, NULL, NULL);
	err = err ? err : clFinish(env->queue);
	host_set(&want, at, region, model, s, false);
	tap(!err && !memcmp(host.bytes, want.bytes, SIZE),
	    "%s: and read into such memory, nothing in between", s->name);
	clReleaseMemObject(image);
}

static void test_wrong(const struct cl_env *env)
{
	const struct shape *s = &shapes[2];
	cl_mem image = create(env, s, &rgba8, 0), buffer = cl_test_buffer(env, 64);
	static uint8_t out[SIZE];
	const size_t beyond[3] = { 1, 0, 0 }, deep[3] = { 0, 0, 1 }, one[3] = { 1, 1, 1 };
	cl_command_queue queue = env->queue;
	cl_int err;

	err = clEnqueueReadImage(queue, image, CL_TRUE, beyond, s->region, 0, 0, out, 0, NULL,
				 NULL);
	tap_err(err, CL_INVALID_VALUE, "a read beyond the edge");
	err = clEnqueueReadImage(queue, image, CL_TRUE, deep, one, 0, 0, out, 0, NULL, NULL);
	tap_err(err, CL_INVALID_VALUE, "a read of a slice that a 2D image has not");
	err = clEnqueueReadImage(queue, image, CL_TRUE, zero, s->region, 0, 0, NULL, 0, NULL,
				 NULL);
	tap_err(err, CL_INVALID_VALUE, "a read to nowhere");
	err = clEnqueueReadImage(queue, buffer, CL_TRUE, zero, one, 0, 0, out, 0, NULL, NULL);
	tap_err(err, CL_INVALID_MEM_OBJECT, "a buffer read as an image");
	clReleaseMemObject(image);
	clReleaseMemObject(buffer);
}

static void wrong_image(const struct cl_env *env, cl_image_format format,
			cl_image_desc desc, const char *name)
{
	cl_int err = 0;
	cl_mem image = clCreateImage(env->context, 0, &format, &desc, NULL, &err);

	tap(!image == !!err, "%s: %s", name, cl_name(err));
	if (image)
		clReleaseMemObject(image);
}

static void test_wrong_images(const struct cl_env *env)
{
	const cl_image_desc good = desc_of(&shapes[2]);
	const cl_image_format strange = { CL_RGB, CL_FLOAT }, none = { 0, 0 };
	cl_image_desc desc = good;
	cl_int err = 0;

	wrong_image(env, none, good, "no format");
	wrong_image(env, strange, good, "a strange format");
	desc.image_width = 0;
	wrong_image(env, rgba8, desc, "no width");
	desc = good;
	desc.image_type = CL_MEM_OBJECT_BUFFER;
	wrong_image(env, rgba8, desc, "an image that is a buffer");
	desc = good;
	desc.image_row_pitch = 128;
	wrong_image(env, rgba8, desc, "a pitch without memory");
	tap(!clCreateImage(env->context, 0, NULL, &good, NULL, &err), "no format at all");
	tap_err(err, CL_INVALID_IMAGE_FORMAT_DESCRIPTOR, "its error");
	tap(!clCreateImage(env->context, 0, &rgba8, NULL, NULL, &err), "no description");
	tap_err(err, CL_INVALID_IMAGE_DESCRIPTOR, "its error");
}

/* Naive: the fill colour is 4 bytes, or always floats. */
static void test_fill(const struct cl_env *env)
{
	static const struct {
		cl_image_format format;
		uint32_t color[4];
		const char *name;
	} fills[] = {
		{ { CL_RGBA, CL_UNSIGNED_INT8 }, { 1, 2, 3, 4 }, "unsigned bytes" },
		{ { CL_RGBA, CL_SIGNED_INT32 }, { 1u << 31, 2, -3u, 4 }, "signed ints" },
		{ { CL_RGBA, CL_FLOAT }, { 0x3f800000, 0, 0x40000000, 0xbf800000 }, "floats" },
		{ { CL_R, CL_UNSIGNED_INT16 }, { 0xbeef, 0, 0, 0 }, "one unsigned short" },
		{ { CL_RGBA, CL_UNORM_INT8 }, { 0x3f800000, 0, 0x3f800000, 0 }, "normalised" },
	};
	const struct shape *s = &shapes[2];
	const size_t at[3] = { 2, 3, 0 }, region[3] = { 5, 4, 1 };
	static uint8_t out[SIZE];

	for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		cl_mem image = create(env, s, &fills[i].format, 0);
		size_t size = element_size(image), sum = 0;
		uint32_t none[4] = { 0 };
		cl_int err;

		clEnqueueFillImage(env->queue, image, none, zero, s->region, 0, NULL, NULL);
		err = clEnqueueFillImage(env->queue, image, fills[i].color, at, region, 0,
					 NULL, NULL);
		err = err ? err : clEnqueueReadImage(env->queue, image, CL_TRUE, zero,
						     s->region, 0, 0, out, 0, NULL, NULL);
		for (size_t j = 0; j < s->region[0] * s->region[1] * size; j++)
			sum += out[j] * (j % 251 + 1);
		tap(!err, "an image filled with %s: %zu", fills[i].name, sum);
		clReleaseMemObject(image);
	}
}

/* Between images, and from and to buffers. */
static void test_copies(const struct cl_env *env, const struct shape *s)
{
	const size_t len = s->region[0] * s->region[1] * s->region[2] * 4;
	cl_mem from = create(env, s, &rgba8, 0), to = create(env, s, &rgba8, 0);
	cl_mem buffer = cl_test_buffer(env, len + 64);
	static uint8_t in[SIZE], out[SIZE];
	cl_event done;
	cl_int err;

	cl_test_pattern(in, len, 31);
	clEnqueueWriteImage(env->queue, from, CL_TRUE, zero, s->region, 0, 0, in, 0, NULL,
			    NULL);
	err = clEnqueueCopyImage(env->queue, from, to, zero, zero, s->region, 0, NULL, &done);
	err = err ? err : clEnqueueCopyImageToBuffer(env->queue, to, buffer, zero, s->region,
						     64, 1, &done, NULL);
	tap(!err && cl_test_holds(env, buffer, 64, len, in), "%s: image to image to buffer",
	    s->name);
	clReleaseEvent(done);
	cl_test_pattern(in, len, 32);
	clEnqueueWriteBuffer(env->queue, buffer, CL_FALSE, 4, len, in, 0, NULL, NULL);
	err = clEnqueueCopyBufferToImage(env->queue, buffer, from, 4, zero, s->region, 0,
					 NULL, NULL);
	err = err ? err : clEnqueueReadImage(env->queue, from, CL_TRUE, zero, s->region, 0, 0,
					     out, 0, NULL, NULL);
	tap(!err && !memcmp(in, out, len), "%s: buffer to image", s->name);
	err = clEnqueueCopyImage(env->queue, from, from, zero, zero, s->region, 0, NULL, NULL);
	tap(true, "%s: a copy onto itself: %s", s->name, cl_name(err));
	clReleaseMemObject(from);
	clReleaseMemObject(to);
	clReleaseMemObject(buffer);
}

/* Naive: an image of a buffer is an image of its own. */
static void test_buffer_image(const struct cl_env *env)
{
	cl_mem buffer = cl_test_buffer(env, 256), image, got = NULL;
	const cl_image_desc desc = {
		.image_type = CL_MEM_OBJECT_IMAGE1D_BUFFER, .image_width = 32,
		.buffer = buffer,
	};
	const size_t region[3] = { 32, 1, 1 };
	uint8_t bytes[256], out[128];
	cl_int err;

	cl_test_pattern(bytes, sizeof(bytes), 33);
	clEnqueueWriteBuffer(env->queue, buffer, CL_TRUE, 0, 256, bytes, 0, NULL, NULL);
	image = clCreateImage(env->context, 0, &rgba8, &desc, NULL, &err);
	tap_err(err, CL_SUCCESS, "an image of a buffer");
	clGetMemObjectInfo(image, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(got), &got, NULL);
	tap(got == buffer, "CL_MEM_ASSOCIATED_MEMOBJECT");
	got = NULL;
	clGetImageInfo(image, CL_IMAGE_BUFFER, sizeof(got), &got, NULL);
	tap(got == buffer, "CL_IMAGE_BUFFER");
	err = clEnqueueReadImage(env->queue, image, CL_TRUE, zero, region, 0, 0, out, 0, NULL,
				 NULL);
	tap(!err && !memcmp(out, bytes, 128), "it has the buffer's bytes");
	memset(bytes, 0x21, 128);
	err = clEnqueueWriteImage(env->queue, image, CL_TRUE, zero, region, 0, 0, bytes, 0,
				  NULL, NULL);
	tap(!err && cl_test_holds(env, buffer, 0, 256, bytes), "and writes them");
	clReleaseMemObject(buffer);
	err = clEnqueueReadImage(env->queue, image, CL_TRUE, zero, region, 0, 0, out, 0, NULL,
				 NULL);
	tap(!err && !memcmp(out, bytes, 128), "it keeps the buffer");
	clReleaseMemObject(image);
}

/* The functions of OpenCL 1.1, and host memory with pitches at creation. */
static void test_old(const struct cl_env *env)
{
	static uint8_t in[SIZE], out[SIZE];
	const size_t region2[3] = { 10, 6, 1 }, region3[3] = { 10, 6, 3 };
	bool good;
	cl_int err;
	cl_mem image;

	cl_test_pattern(in, SIZE, 40);
	image = clCreateImage2D(env->context, CL_MEM_COPY_HOST_PTR, &rgba8, 10, 6, 64, in,
				&err);
	tap_err(err, CL_SUCCESS, "clCreateImage2D from memory with a pitch");
	err = clEnqueueReadImage(env->queue, image, CL_TRUE, zero, region2, 0, 0, out, 0, NULL,
				 NULL);
	good = !err;
	for (size_t y = 0; y < 6; y++)
		good = good && !memcmp(out + y * 40, in + y * 64, 40);
	tap(good, "its rows");
	clReleaseMemObject(image);
	image = clCreateImage3D(env->context, CL_MEM_COPY_HOST_PTR, &rgba8, 10, 6, 3, 64, 512,
				in, &err);
	tap_err(err, CL_SUCCESS, "clCreateImage3D from memory with pitches");
	err = clEnqueueReadImage(env->queue, image, CL_TRUE, zero, region3, 0, 0, out, 0, NULL,
				 NULL);
	good = !err;
	for (size_t z = 0; z < 3; z++)
		for (size_t y = 0; y < 6; y++)
			good = good && !memcmp(out + 40 * (y + 6 * z), in + z * 512 + y * 64,
					       40);
	tap(good, "its rows and slices");
	clReleaseMemObject(image);
}

int main(void)
{
	struct cl_env env;

	cl_env_open(&env);
	for (size_t i = 0; i < SHAPES; i++) {
		test_formats(&env, &shapes[i]);
		test_queries(&env, &shapes[i]);
		test_pitches(&env, &shapes[i]);
		test_copies(&env, &shapes[i]);
	}
	test_wrong(&env);
	test_wrong_images(&env);
	test_fill(&env);
	test_buffer_image(&env);
	test_old(&env);
	cl_env_close(&env);
	return tap_end();
}
