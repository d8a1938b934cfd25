// SPDX-License-Identifier: Apache-2.0
/*
 * guest.c - helpers of the OpenCL spec that run in the guest's library
 */
#include "ocl.h"

size_t ocl_guest_pixel(cl_mem image)
{
	size_t bytes = 0;

	clGetImageInfo(image, CL_IMAGE_ELEMENT_SIZE, sizeof(bytes), &bytes, NULL);
	return bytes;
}

cl_mem_object_type ocl_guest_type(cl_mem image)
{
	cl_mem_object_type type = 0;

	clGetMemObjectInfo(image, CL_MEM_TYPE, sizeof(type), &type, NULL);
	return type;
}
