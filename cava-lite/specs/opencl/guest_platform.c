// SPDX-License-Identifier: Apache-2.0
/*
 * guest_platform.c - devices, addresses of functions, and how many references there are
 */
#include <stdlib.h>

#include <ava/guest.h>

#include "opencl_common.h"

/* Described in the spec; not of the API, so no header declares it. */
cl_int ocl_has_function(cl_platform_id platform, const char *name);

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

cl_uint ocl_guest_refs(const void *object, cl_uint name)
{
	return ocl_is_count(name) ? ava_object_refs(object) : 0;
}

void *ocl_platform_extension_address(cl_platform_id platform, const char *name)
{
	void *function = name ? ava_library_function(name) : NULL;

	return function && !ocl_has_function(platform, name) ? function : NULL;
}

/* Whose platform's is not said: any that has the function. */
void *ocl_extension_address(const char *name)
{
	cl_platform_id *platforms = NULL;
	void *function = NULL;
	cl_uint i, count = 0;

	if (!name || !ava_library_function(name) || clGetPlatformIDs(0, NULL, &count))
		return NULL;
	platforms = calloc(count, sizeof(*platforms));
	if (!platforms || clGetPlatformIDs(count, platforms, NULL))
		count = 0;
	for (i = 0; i < count && !function; i++)
		function = ocl_platform_extension_address(platforms[i], name);
	free(platforms);
	return function;
}
