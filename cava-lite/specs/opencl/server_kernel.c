// SPDX-License-Identifier: Apache-2.0
/*
 * server_kernel.c - which arguments of a kernel are objects
 */
#include "ocl.h"

#include <stdbool.h>
#include <string.h>

/* As in the list of types behind clSetKernelArg's value. */
enum { OBJECT_MEM = 1, OBJECT_SAMPLER, OBJECT_QUEUE };

static bool is_one_of(const char *type, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(type, names[i]))
			return true;
	return false;
}

/*
 * Arguments by value that are objects nevertheless. A name that the language does
 * not define may be a program's own for one of these.
 */
static int value_object(const char *type)
{
	static const char *const scalars[] = {
		"long", "ulong", "unsigned long", "double", "size_t", "ptrdiff_t", "intptr_t",
		"uintptr_t", "char8", "uchar8", "short4", "ushort4", "half4", "int2", "uint2",
		"float2", "short3", "ushort3", "half3",
	};
	size_t len = strlen(type);

	if (!strcmp(type, "sampler_t"))
		return OBJECT_SAMPLER;
	if (!strcmp(type, "queue_t"))
		return OBJECT_QUEUE;
	if (!strncmp(type, "image", 5) && len > 2 && !strcmp(type + len - 2, "_t"))
		return OBJECT_MEM;
	return is_one_of(type, scalars, sizeof(scalars) / sizeof(scalars[0])) ? 0 : -1;
}

int ocl_arg_object(cl_kernel kernel, cl_uint index, size_t size)
{
	cl_kernel_arg_address_qualifier space;
	char type[256] = "";

	/* No object: the vendor's library refuses the size where it should be one. */
	if (size != sizeof(cl_mem))
		return 0;
	if (clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER,
			       sizeof(space), &space, NULL))
		return -1;
	if (space == CL_KERNEL_ARG_ADDRESS_LOCAL)
		return 0;
	if (clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_NAME, sizeof(type) - 1,
			       type, NULL))
		type[0] = '\0';
	if (space != CL_KERNEL_ARG_ADDRESS_PRIVATE)
		return strcmp(type, "sampler_t") ? OBJECT_MEM : OBJECT_SAMPLER;
	return value_object(type);
}
