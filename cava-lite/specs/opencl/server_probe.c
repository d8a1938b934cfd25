// SPDX-License-Identifier: Apache-2.0
/*
 * server_probe.c - which of two readings of the specification the vendor has
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server_memory.h"

static const cl_image_format rgba = { CL_RGBA, CL_UNSIGNED_INT8 };
enum { PIXEL = 4, ROW = 8, SLICE = 16 };

/* Two images of one pixel are read with a row's pitch that is not the slice's. */
static bool read_by_row(cl_command_queue queue, cl_mem images)
{
	const size_t origin[3] = { 0 }, region[3] = { 1, 2, 1 };
	unsigned char bytes[SLICE + PIXEL] = { 0 };

	return !clEnqueueReadImage(queue, images, CL_TRUE, origin, region, ROW, SLICE, bytes,
				   0, NULL, NULL) && bytes[ROW];
}

static bool probe(cl_context context, cl_device_id device)
{
	unsigned char bytes[2 * PIXEL];
	cl_image_desc desc = {
		.image_type = CL_MEM_OBJECT_IMAGE1D_ARRAY,
		.image_width = 1,
		.image_array_size = 2,
	};
	cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
	bool by_row = false;
	cl_mem images;

	memset(bytes, 1, sizeof(bytes));
	images = clCreateImage(context, CL_MEM_COPY_HOST_PTR, &rgba, &desc, bytes, NULL);
	if (queue && images)
		by_row = read_by_row(queue, images);
	if (images)
		clReleaseMemObject(images);
	if (queue)
		clReleaseCommandQueue(queue);
	return by_row;
}

static cl_device_id first_device(cl_context context)
{
	cl_device_id *all, device = NULL;
	size_t size;

	if (clGetContextInfo(context, CL_CONTEXT_DEVICES, 0, NULL, &size))
		return NULL;
	all = malloc(size);
	if (all && !clGetContextInfo(context, CL_CONTEXT_DEVICES, size, all, NULL))
		device = all[0];
	free(all);
	return device;
}

bool ocl_array_by_row(cl_mem image)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static cl_context known;	/* only to be compared */
	static bool by_row;
	cl_context context = NULL;
	cl_device_id device;
	bool answer;

	clGetMemObjectInfo(image, CL_MEM_CONTEXT, sizeof(context), &context, NULL);
	pthread_mutex_lock(&lock);
	device = context != known ? first_device(context) : NULL;
	if (device) {
		by_row = probe(context, device);
		known = context;
	}
	answer = by_row;
	pthread_mutex_unlock(&lock);
	return answer;
}
