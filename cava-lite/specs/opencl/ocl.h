/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocl.h - the declared helpers of the OpenCL spec
 *
 * What annotations cannot say: sizes that follow from image formats and pitches,
 * which kernel arguments are objects, and OpenCL's rule that host memory of a
 * command belongs to it until the command is complete.
 */
#ifndef AVA_SPEC_OCL_H
#define AVA_SPEC_OCL_H

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_0_APIS
#define CL_USE_DEPRECATED_OPENCL_2_1_APIS
#define CL_USE_DEPRECATED_OPENCL_2_2_APIS

#include <errno.h>

#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <CL/cl_icd.h>
#include <cava.h>

/* ---- sizes; the same on both sides, saturating ------------------------------- */

ava_pure static inline size_t ocl_mul(size_t a, size_t b)
{
	size_t r;

	return __builtin_mul_overflow(a, b, &r) ? (size_t)-1 : r;
}

ava_pure static inline size_t ocl_add(size_t a, size_t b)
{
	size_t r;

	return __builtin_add_overflow(a, b, &r) ? (size_t)-1 : r;
}

/*
 * Bytes from the first byte of a box to behind its last one: @width bytes a row,
 * @height rows @row apart, @depth slices @slice apart. Nothing if it is empty.
 */
ava_pure static inline size_t ocl_box_bytes(size_t width, size_t height,
					    size_t depth, size_t row,
					    size_t slice)
{
	if (!width || !height || !depth)
		return 0;
	return ocl_add(width, ocl_add(ocl_mul(height - 1, row),
				      ocl_mul(depth - 1, slice)));
}

/* Bytes behind the pointer of a rectangular transfer; pitches of 0 mean tight. */
ava_pure static inline size_t ocl_rect_bytes(const size_t *origin,
					     const size_t *region,
					     size_t row, size_t slice)
{
	size_t box;

	if (!origin || !region)
		return 0;
	row = row ? row : region[0];
	slice = slice ? slice : ocl_mul(row, region[1]);
	box = ocl_box_bytes(region[0], region[1], region[2], row, slice);
	if (!box)
		return 0;
	return ocl_add(box, ocl_add(origin[0],
				    ocl_add(ocl_mul(origin[1], row),
					    ocl_mul(origin[2], slice))));
}

ava_pure static inline size_t ocl_channels(cl_channel_order order)
{
	switch (order) {
	case CL_R:
	case CL_A:
	case CL_INTENSITY:
	case CL_LUMINANCE:
	case CL_DEPTH:
	case CL_Rx:
		return 1;
	case CL_RG:
	case CL_RA:
	case CL_RGx:
		return 2;
	case CL_RGB:
	case CL_RGBx:
	case CL_sRGB:
		return 3;
	}
	return 4;
}

/* Bytes of a pixel. A format that does not exist gets some size, and is refused later. */
ava_pure static inline size_t ocl_pixel_bytes(const cl_image_format *format)
{
	if (!format)
		return 0;
	switch (format->image_channel_data_type) {
	case CL_UNORM_SHORT_565:
	case CL_UNORM_SHORT_555:
		return 2;
	case CL_UNORM_INT_101010:
	case CL_UNORM_INT_101010_2:
		return 4;
	case CL_SNORM_INT8:
	case CL_UNORM_INT8:
	case CL_SIGNED_INT8:
	case CL_UNSIGNED_INT8:
		return ocl_channels(format->image_channel_order);
	case CL_SIGNED_INT32:
	case CL_UNSIGNED_INT32:
	case CL_FLOAT:
		return 4 * ocl_channels(format->image_channel_order);
	}
	return 2 * ocl_channels(format->image_channel_order);
}

/* Bytes that clCreateImage reads from host_ptr: whole rows and slices, as OpenCL says. */
ava_pure static inline size_t ocl_image_bytes(const cl_image_format *format,
					      const cl_image_desc *desc)
{
	size_t row, slice;

	if (!format || !desc)
		return 0;
	row = desc->image_row_pitch ? desc->image_row_pitch :
	      ocl_mul(desc->image_width, ocl_pixel_bytes(format));
	slice = ocl_mul(row, desc->image_height);
	switch (desc->image_type) {
	case CL_MEM_OBJECT_IMAGE1D:
	case CL_MEM_OBJECT_IMAGE1D_BUFFER:
		return row;
	case CL_MEM_OBJECT_IMAGE1D_ARRAY:
		slice = row;
		break;
	case CL_MEM_OBJECT_IMAGE2D_ARRAY:
	case CL_MEM_OBJECT_IMAGE3D:
		break;
	default:
		return slice;
	}
	slice = desc->image_slice_pitch ? desc->image_slice_pitch : slice;
	return ocl_mul(slice, desc->image_type == CL_MEM_OBJECT_IMAGE3D ?
			      desc->image_depth : desc->image_array_size);
}

/* The same for clCreateImage2D and clCreateImage3D. */
ava_pure static inline size_t ocl_image3d_bytes(const cl_image_format *format,
						size_t width, size_t height,
						size_t depth, size_t row,
						size_t slice)
{
	row = row ? row : ocl_mul(width, ocl_pixel_bytes(format));
	return depth == 1 ? ocl_mul(row, height) :
	       ocl_mul(slice ? slice : ocl_mul(row, height), depth);
}

/* Bytes behind the pointer of clEnqueueReadImage, for pixels of @pixel bytes. */
ava_pure static inline size_t ocl_region_bytes(const size_t *region, size_t row,
					       size_t slice, size_t pixel,
					       cl_mem_object_type type)
{
	size_t width;

	if (!region)
		return 0;
	width = ocl_mul(region[0], pixel);
	row = row ? row : width;
	/* Drivers differ in which pitch is between images; a slice has a row at least. */
	if (type == CL_MEM_OBJECT_IMAGE1D_ARRAY)
		return ocl_box_bytes(width, region[1], region[2],
				     slice > row ? slice : row, 0);
	slice = slice ? slice : ocl_mul(row, region[1]);
	return ocl_box_bytes(width, region[1], region[2], row, slice);
}

/* Does clCreateBuffer or clCreateImage read host_ptr? */
ava_pure static inline int ocl_reads_host_ptr(cl_mem_flags flags)
{
	return !!(flags & (CL_MEM_COPY_HOST_PTR | CL_MEM_USE_HOST_PTR));
}

/* ---- guest ---------------------------------------------------------------------- */

/* The image's own pixel size and type, which its reads and writes depend on. */
ava_guest size_t ocl_guest_pixel(cl_mem image);
ava_guest cl_mem_object_type ocl_guest_type(cl_mem image);

/* ---- server --------------------------------------------------------------------- */

/* A server's address is nobody's business; and useless in the guest. */
ava_server void ocl_hide_host_ptr(cl_mem_info name, size_t size, void *value);

/* Memory of CL_MEM_USE_HOST_PTR is freed with the object, all other at once. */
ava_server void ocl_keep_host_memory(cl_mem mem, void *bytes);

/*
 * A transfer that is not blocking owns host memory until it is complete. Reads
 * and writes are executed as blocking ones, which is the same to the application
 * as long as they need not wait for something that its thread does next. Only a
 * user event can be such a thing: while one of them is not set, writes use a
 * copy, and reads are refused instead of waiting for ever.
 */
ava_server void ocl_user_event_made(cl_event event);
ava_server void ocl_user_event_set(cl_event event);
ava_server cl_int ocl_release_event(cl_event event);

ava_server cl_int ocl_read_buffer(cl_command_queue queue, cl_mem buffer,
				  cl_bool blocking, size_t offset, size_t size,
				  void *ptr, cl_uint count,
				  const cl_event *list, cl_event *event);
ava_server cl_int ocl_write_buffer(cl_command_queue queue, cl_mem buffer,
				   cl_bool blocking, size_t offset, size_t size,
				   const void *ptr, cl_uint count,
				   const cl_event *list, cl_event *event);
ava_server cl_int ocl_read_rect(cl_command_queue queue, cl_mem buffer,
				cl_bool blocking, const size_t *buffer_origin,
				const size_t *host_origin, const size_t *region,
				size_t buffer_row, size_t buffer_slice,
				size_t host_row, size_t host_slice, void *ptr,
				cl_uint count, const cl_event *list,
				cl_event *event);
ava_server cl_int ocl_write_rect(cl_command_queue queue, cl_mem buffer,
				 cl_bool blocking, const size_t *buffer_origin,
				 const size_t *host_origin, const size_t *region,
				 size_t buffer_row, size_t buffer_slice,
				 size_t host_row, size_t host_slice,
				 const void *ptr, cl_uint count,
				 const cl_event *list, cl_event *event);

/* @pixel and @type are the guest's idea of the image; it is checked, @ptr depends on it. */
ava_server cl_int ocl_read_image(cl_command_queue queue, cl_mem image,
				 cl_bool blocking, const size_t *origin,
				 const size_t *region, size_t row, size_t slice,
				 void *ptr, cl_uint count, const cl_event *list,
				 cl_event *event, size_t pixel,
				 cl_mem_object_type type);
ava_server cl_int ocl_write_image(cl_command_queue queue, cl_mem image,
				  cl_bool blocking, const size_t *origin,
				  const size_t *region, size_t row, size_t slice,
				  const void *ptr, cl_uint count,
				  const cl_event *list, cl_event *event,
				  size_t pixel, cl_mem_object_type type);

#include "ocl_objects.h"

#endif /* AVA_SPEC_OCL_H */
