// SPDX-License-Identifier: Apache-2.0
/*
 * guest_program.c - programs, as far as their calls are not simply sent
 */
#include <stdlib.h>
#include <string.h>

#include <ava/guest.h>

#include "opencl_common.h"

/* Described in the spec; not of the API, so no header declares them. */
cl_int ocl_get_program_info(cl_program program, cl_program_info name, size_t size,
			    void *value, size_t *size_ret);
cl_int ocl_get_program_binaries(cl_program program, size_t size, void *binaries);
cl_program ocl_link_program(cl_context context, cl_uint n, const cl_device_id *devices,
			    const char *options, cl_uint program_count,
			    const cl_program *programs,
			    void (CL_CALLBACK *notify)(cl_program, void *), void *user_data,
			    cl_int *err);

/* An object that is none is refused first. */
cl_int ocl_check_binaries(cl_context context, cl_uint count, const size_t *lengths,
			  const unsigned char **binaries)
{
	if (!ava_object_handle(context, AVA_T_cl_context))
		return CL_SUCCESS;
	if (!lengths || !binaries)
		return CL_INVALID_VALUE;
	for (cl_uint i = 0; i < count; i++)
		if (!lengths[i] || !binaries[i])
			return CL_INVALID_VALUE;
	return CL_SUCCESS;
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

static size_t sum(const size_t *sizes, cl_int count)
{
	size_t all = 0;

	for (cl_int i = 0; i < count; i++)
		all += sizes[i];
	return all;
}

/* They come in one piece, and each goes where the application wants it. */
static cl_int get_binaries(cl_program program, cl_int count, const size_t *sizes,
			   unsigned char **binaries)
{
	size_t at = 0, size = sum(sizes, count);
	unsigned char *all = malloc(size ? size : 1);
	cl_int err = all ? ocl_get_program_binaries(program, size, all) :
			   CL_OUT_OF_HOST_MEMORY;

	for (cl_int i = 0; i < count && !err; at += sizes[i++])
		if (binaries[i])
			memcpy(binaries[i], all + at, sizes[i]);
	free(all);
	return err;
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
	if (!err && binaries)
		err = get_binaries(program, count, sizes, binaries);
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

cl_program ocl_link(cl_context context, cl_uint n, const cl_device_id *devices,
		    const char *options, cl_uint program_count, const cl_program *programs,
		    void (CL_CALLBACK *notify)(cl_program, void *), void *user_data, cl_int *err)
{
	cl_int status = CL_SUCCESS;
	cl_program linked = ocl_link_program(context, n, devices, options, program_count,
					     programs, notify, user_data, &status);

	if (status && linked) {
		clReleaseProgram(linked);
		linked = NULL;
	}
	if (err)
		*err = status;
	return linked;
}
