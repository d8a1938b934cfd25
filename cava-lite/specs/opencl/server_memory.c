// SPDX-License-Identifier: Apache-2.0
/*
 * server_memory.c - memory objects: their host memory, and what the guest asks about them
 *
 * The memory of CL_MEM_USE_HOST_PTR is a copy here, aligned as the application's is,
 * and lives as long as the object. The vendor's library answers questions about it
 * with addresses of the copy, which become the application's again.
 */
#include <stdlib.h>
#include <string.h>

#include "server_memory.h"

/* ---- host memory ------------------------------------------------------------------ */

static void CL_CALLBACK host_memory_free(cl_mem mem, void *p)
{
	(void)mem;
	ocl_host_over(p);
	ocl_host_put(p);
}

void ocl_mem_answer(cl_mem mem, cl_mem_info name, size_t size, void *value,
		    cl_uint guest_refs)
{
	void *native;
	cl_ulong address, id, bytes;

	ocl_count_refs(mem, name, size, value, guest_refs);
	if (name != CL_MEM_HOST_PTR || !value || size < sizeof(native))
		return;
	memcpy(&native, value, sizeof(native));
	ocl_host_at(native, &address, &id, &bytes);
	memcpy(value, &address, sizeof(address));
}

/**
 * struct host_arg - the host_ptr argument of one call
 * @ptr: what to pass
 * @used: memory that the object will use
 * @heap: memory that the call copies
 * @heap_size: its bytes
 */
struct host_arg {
	void *ptr;
	struct ocl_host *used;
	void *heap;
	size_t heap_size;
};

/* @need: bytes that the vendor's library touches. */
static cl_int host_arg_init(struct host_arg *a, cl_mem_flags flags, struct ava_bulk *bytes,
			    size_t given, size_t need, cl_ulong address)
{
	*a = (struct host_arg){ .ptr = bytes ? ocl_nowhere() : NULL };
	if (!bytes || !given)
		return CL_SUCCESS;
	if (given < need)
		return CL_INVALID_HOST_PTR;
	if (flags & CL_MEM_USE_HOST_PTR) {
		a->used = ocl_host_new(bytes, address);
		a->ptr = a->used ? a->used->base : NULL;
	} else {
		a->heap_size = given;
		a->ptr = a->heap = ocl_heap_alloc(given, true);
		if (a->heap && ava_bulk_pull(bytes, 0, a->heap, given)) {
			ocl_heap_free(a->heap, given);
			a->ptr = NULL;
		}
	}
	return a->ptr ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
}

static cl_mem host_arg_done(struct host_arg *a, cl_mem mem)
{
	if (a->heap)
		ocl_heap_free(a->heap, a->heap_size);
	if (a->used && !mem)
		ocl_host_put(a->used);
	/* Where the callback is refused the bytes stay: better than freed too early. */
	else if (a->used)
		clSetMemObjectDestructorCallback(mem, host_memory_free, a->used);
	return mem;
}

static cl_mem refuse(cl_int *err, cl_int why)
{
	if (err)
		*err = why;
	return NULL;
}

cl_mem ocl_server_buffer(cl_context context, cl_mem_flags flags, size_t size,
			 struct ava_bulk *host_ptr, cl_int *err, size_t given,
			 cl_ulong address)
{
	struct host_arg a;
	cl_int bad = host_arg_init(&a, flags, host_ptr, given, size, address);

	if (bad)
		return refuse(err, bad);
	return host_arg_done(&a, clCreateBuffer(context, flags, size, a.ptr, err));
}

cl_mem ocl_server_buffer_with(cl_context context, const cl_mem_properties *properties,
			      cl_mem_flags flags, size_t size, struct ava_bulk *host_ptr, cl_int *err,
			      size_t given, cl_ulong address)
{
	struct host_arg a;
	cl_int bad = host_arg_init(&a, flags, host_ptr, given, size, address);

	if (bad)
		return refuse(err, bad);
	return host_arg_done(&a, clCreateBufferWithProperties(context, properties, flags,
							      size, a.ptr, err));
}

cl_mem ocl_server_image(cl_context context, cl_mem_flags flags,
			const cl_image_format *format, const cl_image_desc *desc,
			struct ava_bulk *host_ptr, cl_int *err, size_t given, cl_ulong address)
{
	size_t need = ocl_image_bytes(format, desc);
	struct host_arg a;
	cl_int bad = host_arg_init(&a, flags, host_ptr, given, need, address);

	if (bad)
		return refuse(err, bad);
	return host_arg_done(&a, clCreateImage(context, flags, format, desc, a.ptr, err));
}

cl_mem ocl_server_image_with(cl_context context, const cl_mem_properties *properties,
			     cl_mem_flags flags, const cl_image_format *format,
			     const cl_image_desc *desc, struct ava_bulk *host_ptr, cl_int *err,
			     size_t given, cl_ulong address)
{
	size_t need = ocl_image_bytes(format, desc);
	struct host_arg a;
	cl_int bad = host_arg_init(&a, flags, host_ptr, given, need, address);

	if (bad)
		return refuse(err, bad);
	return host_arg_done(&a, clCreateImageWithProperties(context, properties, flags,
							     format, desc, a.ptr, err));
}

cl_mem ocl_server_image2d(cl_context context, cl_mem_flags flags,
			  const cl_image_format *format, size_t width, size_t height,
			  size_t row_pitch, struct ava_bulk *host_ptr, cl_int *err, size_t given,
			  cl_ulong address)
{
	size_t need = ocl_image3d_bytes(format, width, height, 1, row_pitch, 0);
	struct host_arg a;
	cl_int bad = host_arg_init(&a, flags, host_ptr, given, need, address);

	if (bad)
		return refuse(err, bad);
	return host_arg_done(&a, clCreateImage2D(context, flags, format, width, height,
						 row_pitch, a.ptr, err));
}

cl_mem ocl_server_image3d(cl_context context, cl_mem_flags flags,
			  const cl_image_format *format, size_t width, size_t height,
			  size_t depth, size_t row_pitch, size_t slice_pitch,
			  struct ava_bulk *host_ptr, cl_int *err, size_t given, cl_ulong address)
{
	size_t need = ocl_image3d_bytes(format, width, height, depth, row_pitch,
					  slice_pitch);
	struct host_arg a;
	cl_int bad = host_arg_init(&a, flags, host_ptr, given, need, address);

	if (bad)
		return refuse(err, bad);
	return host_arg_done(&a, clCreateImage3D(context, flags, format, width, height,
						 depth, row_pitch, slice_pitch, a.ptr, err));
}

/* ---- facts -------------------------------------------------------------------------- */

static cl_int mem_value(cl_mem mem, cl_mem_info name, void *value, size_t size)
{
	memset(value, 0, size);
	return clGetMemObjectInfo(mem, name, size, value, NULL);
}

static size_t image_size(cl_mem image, cl_image_info name)
{
	size_t value = 0;

	clGetImageInfo(image, name, sizeof(value), &value, NULL);
	return value;
}

static size_t at_least_one(size_t n)
{
	return n ? n : 1;
}

static void image_facts(cl_mem image, struct ocl_facts *f)
{
	cl_image_format format = { 0 };
	bool array = f->type == CL_MEM_OBJECT_IMAGE1D_ARRAY;

	f->pixel = image_size(image, CL_IMAGE_ELEMENT_SIZE);
	f->extent[0] = image_size(image, CL_IMAGE_WIDTH);
	f->extent[1] = at_least_one(image_size(image, array ? CL_IMAGE_ARRAY_SIZE :
							      CL_IMAGE_HEIGHT));
	f->extent[2] = at_least_one(image_size(image, f->type == CL_MEM_OBJECT_IMAGE2D_ARRAY ?
						      CL_IMAGE_ARRAY_SIZE : CL_IMAGE_DEPTH));
	f->row = image_size(image, CL_IMAGE_ROW_PITCH);
	f->slice = image_size(image, CL_IMAGE_SLICE_PITCH);
	clGetImageInfo(image, CL_IMAGE_FORMAT, sizeof(format), &format, NULL);
	f->order = format.image_channel_order;
	f->array_by_row = array && ocl_array_by_row(image);
}

cl_int ocl_server_facts(cl_mem mem, struct ocl_facts *facts)
{
	void *host_ptr;
	cl_int err;

	if (!facts)
		return CL_INVALID_VALUE;
	memset(facts, 0, sizeof(*facts));
	err = mem_value(mem, CL_MEM_TYPE, &facts->type, sizeof(facts->type));
	if (err)
		return err;
	mem_value(mem, CL_MEM_FLAGS, &facts->flags, sizeof(facts->flags));
	mem_value(mem, CL_MEM_SIZE, &facts->size, sizeof(facts->size));
	mem_value(mem, CL_MEM_HOST_PTR, &host_ptr, sizeof(host_ptr));
	ocl_host_at(host_ptr, &facts->host_ptr, &facts->host_id, &facts->host_size);
	if (facts->type != CL_MEM_OBJECT_BUFFER && facts->type != CL_MEM_OBJECT_PIPE)
		image_facts(mem, facts);
	return CL_SUCCESS;
}
