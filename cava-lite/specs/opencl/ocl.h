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

/* Does clCreateBuffer or clCreateImage read host_ptr? */
ava_pure static inline int ocl_reads_host_ptr(cl_mem_flags flags)
{
	return !!(flags & (CL_MEM_COPY_HOST_PTR | CL_MEM_USE_HOST_PTR));
}

/* ---- server --------------------------------------------------------------------- */

/*
 * User events that the program has not set: a transfer that another one would have to
 * wait for may depend on them.
 */
ava_server void ocl_user_event_made(cl_event event);
ava_server void ocl_user_event_set(cl_event event);
ava_server cl_int ocl_release_event(cl_event event);

#include "ocl_memory.h"

#include "ocl_objects.h"

#endif /* AVA_SPEC_OCL_H */
