// SPDX-License-Identifier: Apache-2.0
/*
 * guest.c - helpers of the OpenCL spec that run in the guest's library
 */
#include "ocl.h"

#include <stdlib.h>
#include <string.h>

/* Described in the spec; not of the API, so no header declares them. */
cl_int ocl_get_program_info(cl_program program, cl_program_info name, size_t size,
			    void *value, size_t *size_ret);
cl_int ocl_get_program_binary(cl_program program, cl_uint index, size_t size,
			      void *binary);

size_t ocl_partition_length(const cl_device_partition_property *list)
{
	size_t i = 0;

	while (list[i]) {
		if (list[i] == CL_DEVICE_PARTITION_BY_COUNTS)
			while (list[++i] != CL_DEVICE_PARTITION_BY_COUNTS_LIST_END)
				;
		else
			i++;
		i++;
	}
	return i + 1;
}

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

void ocl_built(void (*notify)(cl_program, void *), cl_program program, void *user_data)
{
	if (notify)
		notify(program, user_data);
}

cl_int ocl_check_binaries(cl_uint count, const size_t *lengths,
			  const unsigned char **binaries)
{
	if (!lengths || !binaries)
		return CL_INVALID_VALUE;
	for (cl_uint i = 0; i < count; i++)
		if (!lengths[i] || !binaries[i])
			return CL_INVALID_VALUE;
	return CL_SUCCESS;
}

void *ocl_extension_address(const char *name)
{
	if (name && !strcmp(name, "clIcdGetPlatformIDsKHR"))
		return (void *)clIcdGetPlatformIDsKHR;
	return NULL;
}

void *ocl_platform_extension_address(cl_platform_id platform, const char *name)
{
	return platform ? ocl_extension_address(name) : NULL;
}

/* The sizes of all binaries, in a list to free; their number or a negative OpenCL error. */
static cl_int binary_sizes(cl_program program, size_t **sizes)
{
	cl_uint count = 0;
	cl_int err = ocl_get_program_info(program, CL_PROGRAM_NUM_DEVICES,
					  sizeof(count), &count, NULL);

	*sizes = NULL;
	if (err)
		return err;
	*sizes = calloc(count, sizeof(**sizes));
	if (!*sizes)
		return CL_OUT_OF_HOST_MEMORY;
	err = ocl_get_program_info(program, CL_PROGRAM_BINARY_SIZES,
				   count * sizeof(**sizes), *sizes, NULL);
	return err ? err : (cl_int)count;
}

static cl_int program_binaries(cl_program program, size_t size,
			       unsigned char **binaries, size_t *size_ret)
{
	size_t *sizes;
	cl_int count = binary_sizes(program, &sizes);
	cl_int err = count < 0 ? count : CL_SUCCESS;
	size_t need = err ? 0 : count * sizeof(*binaries);

	if (!err && binaries && size < need)
		err = CL_INVALID_VALUE;
	for (cl_int i = 0; binaries && i < count && !err; i++)
		if (binaries[i] && sizes[i])
			err = ocl_get_program_binary(program, i, sizes[i], binaries[i]);
	if (!err && size_ret)
		*size_ret = need;
	free(sizes);
	return err;
}

cl_int ocl_program_info(cl_program program, cl_program_info name, size_t size,
			void *value, size_t *size_ret)
{
	if (name == CL_PROGRAM_BINARIES)
		return program_binaries(program, size, value, size_ret);
	return ocl_get_program_info(program, name, size, value, size_ret);
}
