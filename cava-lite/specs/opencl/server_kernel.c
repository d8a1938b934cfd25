// SPDX-License-Identifier: Apache-2.0
/*
 * server_kernel.c - what the arguments of a kernel are
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "opencl_common.h"
#include "server_queue.h"

/* Size of a value of the language's own types, or 0. */
static cl_uint scalar_size(const char *type, size_t len)
{
	static const struct { const char *name; cl_uint size; } all[] = {
		{ "char", 1 }, { "uchar", 1 }, { "unsigned char", 1 },
		{ "short", 2 }, { "ushort", 2 }, { "unsigned short", 2 }, { "half", 2 },
		{ "int", 4 }, { "uint", 4 }, { "unsigned int", 4 }, { "float", 4 },
		{ "long", 8 }, { "ulong", 8 }, { "unsigned long", 8 }, { "double", 8 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strlen(all[i].name) == len && !strncmp(all[i].name, type, len))
			return all[i].size;
	return 0;
}

static cl_uint vector_width(const char *digits)
{
	static const char *const widths[] = { "2", "3", "4", "8", "16" };
	static const cl_uint elements[] = { 2, 4, 4, 8, 16 };

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++)
		if (!strcmp(digits, widths[i]))
			return elements[i];
	return *digits ? 0 : 1;
}

static void value_arg(const char *type, struct ocl_arg *arg)
{
	size_t len = strlen(type), base = strcspn(type, "0123456789");

	if (!strcmp(type, "sampler_t"))
		arg->kind = OCL_ARG_SAMPLER;
	else if (!strcmp(type, "queue_t"))
		arg->kind = OCL_ARG_QUEUE;
	else if (!strncmp(type, "image", 5) && len > 2 && !strcmp(type + len - 2, "_t"))
		arg->kind = OCL_ARG_MEM;
	else
		arg->size = scalar_size(type, base) * vector_width(type + base);
	if (arg->size)
		arg->kind = OCL_ARG_BYTES;
	else if (arg->kind)
		arg->size = sizeof(cl_mem);
}

/*
 * A name that the language does not define may be a program's own for anything: not
 * known. Pointers are recognised by their address space.
 */
static struct ocl_arg arg_of(cl_kernel kernel, cl_uint index)
{
	struct ocl_arg arg = { OCL_ARG_UNKNOWN, 0 };
	cl_kernel_arg_address_qualifier space;
	char type[256] = "";

	if (clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_ADDRESS_QUALIFIER,
			       sizeof(space), &space, NULL))
		return arg;
	if (space == CL_KERNEL_ARG_ADDRESS_LOCAL) {
		arg.kind = OCL_ARG_LOCAL;
		return arg;
	}
	if (clGetKernelArgInfo(kernel, index, CL_KERNEL_ARG_TYPE_NAME, sizeof(type) - 1,
			       type, NULL))
		type[0] = '\0';
	if (space == CL_KERNEL_ARG_ADDRESS_PRIVATE) {
		value_arg(type, &arg);
		return arg;
	}
	arg.kind = strcmp(type, "sampler_t") ? OCL_ARG_MEM : OCL_ARG_SAMPLER;
	arg.size = sizeof(cl_mem);
	return arg;
}

/*
 * What the vendor does not tell, its answers to no object and no value do: a buffer may
 * be either, local memory has no value, and all else must have one. The argument is set
 * next; one that is then refused is left without a buffer.
 */
static int kind_seen(cl_kernel kernel, cl_uint index)
{
	const cl_mem none = NULL;
	cl_int err = clSetKernelArg(kernel, index, sizeof(none), &none);

	if (err == CL_INVALID_ARG_VALUE)
		return 0;
	if (err || clSetKernelArg(kernel, index, sizeof(none), NULL))
		return -1;
	return OCL_ARG_MEM;
}

int ocl_arg_object(cl_kernel kernel, cl_uint index, size_t size, const void *value,
		   cl_bool known)
{
	static const cl_mem none;
	struct ocl_arg arg;

	/* No object: the vendor's library refuses the size where it should be one. */
	if (size != sizeof(cl_mem))
		return 0;
	arg = arg_of(kernel, index);
	switch (arg.kind) {
	case OCL_ARG_UNKNOWN:
		if (known || !value || !memcmp(value, &none, sizeof(none)))
			return -1;
		return kind_seen(kernel, index);
	case OCL_ARG_BYTES:
	case OCL_ARG_LOCAL:
		return 0;
	default:
		return arg.kind;
	}
}

cl_int ocl_server_kernel_args(cl_kernel kernel, cl_uint n, struct ocl_arg *args,
			      cl_uint *count)
{
	cl_uint i;
	cl_int err;

	if (!count)
		return CL_INVALID_VALUE;
	err = clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof(*count), count, NULL);
	for (i = 0; !err && args && i < n && i < *count; i++)
		args[i] = arg_of(kernel, i);
	return err;
}

/* The vendor refuses the size before it looks at the value; if not, it finds zeros. */
static cl_int set_without_value(cl_kernel kernel, cl_uint index, size_t size)
{
	cl_uint count = 0;
	cl_int err = CL_INVALID_ARG_SIZE;
	void *zeros;

	clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof(count), &count, NULL);
	if (index >= count)
		return CL_INVALID_ARG_INDEX;
	if (size > OCL_ARG_MAX)
		return err;
	zeros = calloc(1, size ? size : 1);
	err = zeros ? clSetKernelArg(kernel, index, size, zeros) : CL_OUT_OF_HOST_MEMORY;
	free(zeros);
	return err;
}

cl_int ocl_set_arg(cl_kernel kernel, cl_uint index, size_t size, const void *value,
		   size_t given, cl_bool known)
{
	cl_int err = value && given != size ? set_without_value(kernel, index, size) :
					      clSetKernelArg(kernel, index, size, value);

	if (!err)
		ocl_mend(kernel, index);
	else if (known)
		ocl_spoil(kernel, err == CL_INVALID_ARG_INDEX ? OCL_ALL : index);
	return err;
}
