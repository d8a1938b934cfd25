// SPDX-License-Identifier: Apache-2.0
/*
 * second_icd.c - a vendor's OpenCL beside the real one: a platform with two devices
 *
 * Just enough for platforms, devices and contexts; all else of its table is empty, as
 * of a vendor with an older OpenCL. For run-ava-run.
 */
#include <stdlib.h>
#include <string.h>

#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#include <CL/cl.h>
#include <CL/cl_icd.h>

#define EXPORT __attribute__((visibility("default")))
#define DEVICES	2

struct _cl_platform_id { const cl_icd_dispatch *dispatch; };
struct _cl_device_id { const cl_icd_dispatch *dispatch; const char *name; };
struct _cl_context { const cl_icd_dispatch *dispatch; cl_uint refs; cl_device_id device; };

static cl_icd_dispatch table;
static struct _cl_platform_id platform = { &table };
static struct _cl_device_id devices[DEVICES] = { { &table, "second one" }, { &table, "second two" } };

static cl_int answer(const void *from, size_t len, size_t size, void *value, size_t *size_ret)
{
	if (value && size < len)
		return CL_INVALID_VALUE;
	if (value)
		memcpy(value, from, len);
	if (size_ret)
		*size_ret = len;
	return CL_SUCCESS;
}

static cl_int text(const char *from, size_t size, void *value, size_t *size_ret)
{
	return answer(from, strlen(from) + 1, size, value, size_ret);
}

static cl_int get_platforms(cl_uint n, cl_platform_id *platforms, cl_uint *count)
{
	if (platforms && n)
		platforms[0] = &platform;
	if (count)
		*count = 1;
	return CL_SUCCESS;
}

EXPORT cl_int clGetPlatformInfo(cl_platform_id p, cl_platform_info name, size_t size,
				void *value, size_t *size_ret)
{
	if (p && p != &platform)
		return CL_INVALID_PLATFORM;
	switch (name) {
	case CL_PLATFORM_PROFILE:
		return text("FULL_PROFILE", size, value, size_ret);
	case CL_PLATFORM_VERSION:
		return text("OpenCL 1.2 second", size, value, size_ret);
	case CL_PLATFORM_NAME:
		return text("A second platform", size, value, size_ret);
	case CL_PLATFORM_VENDOR:
		return text("Nobody", size, value, size_ret);
	case CL_PLATFORM_EXTENSIONS:
		return text("cl_khr_icd", size, value, size_ret);
	case CL_PLATFORM_ICD_SUFFIX_KHR:
		return text("SECOND", size, value, size_ret);
	}
	return CL_INVALID_VALUE;
}

static cl_int get_devices(cl_platform_id p, cl_device_type type, cl_uint n, cl_device_id *all,
			  cl_uint *count)
{
	if (p != &platform)
		return CL_INVALID_PLATFORM;
	if (!(type & (CL_DEVICE_TYPE_ACCELERATOR | CL_DEVICE_TYPE_DEFAULT)))
		return CL_DEVICE_NOT_FOUND;
	for (cl_uint i = 0; all && i < n && i < DEVICES; i++)
		all[i] = &devices[i];
	if (count)
		*count = DEVICES;
	return CL_SUCCESS;
}

static cl_int get_device(cl_device_id device, cl_device_info name, size_t size, void *value,
			 size_t *size_ret)
{
	const cl_device_type type = CL_DEVICE_TYPE_ACCELERATOR;
	const cl_platform_id mine = &platform;
	const cl_device_id parent = NULL;

	switch (name) {
	case CL_DEVICE_NAME:
		return text(device->name, size, value, size_ret);
	case CL_DEVICE_TYPE:
		return answer(&type, sizeof(type), size, value, size_ret);
	case CL_DEVICE_PLATFORM:
		return answer(&mine, sizeof(mine), size, value, size_ret);
	case CL_DEVICE_PARENT_DEVICE:
		return answer(&parent, sizeof(parent), size, value, size_ret);
	}
	return CL_INVALID_VALUE;
}

static cl_int device_count(cl_device_id device)
{
	(void)device;
	return CL_SUCCESS;
}

static cl_context create_context(const cl_context_properties *properties, cl_uint n,
				 const cl_device_id *all,
				 void (CL_CALLBACK *fn)(const char *, const void *, size_t, void *),
				 void *data, cl_int *err)
{
	cl_context context = NULL;
	cl_int status = CL_SUCCESS;

	(void)fn;
	(void)data;
	for (; properties && *properties; properties += 2)
		if (*properties == CL_CONTEXT_PLATFORM && (cl_platform_id)properties[1] != &platform)
			status = CL_INVALID_PLATFORM;
	if (n != 1 || (all[0] != &devices[0] && all[0] != &devices[1]))
		status = CL_INVALID_DEVICE;
	if (!status)
		context = malloc(sizeof(*context));
	if (context)
		*context = (struct _cl_context){ &table, 1, all[0] };
	if (err)
		*err = status;
	return context;
}

static cl_int retain_context(cl_context context)
{
	context->refs++;
	return CL_SUCCESS;
}

static cl_int release_context(cl_context context)
{
	if (!--context->refs)
		free(context);
	return CL_SUCCESS;
}

static cl_int get_context(cl_context context, cl_context_info name, size_t size, void *value,
			  size_t *size_ret)
{
	const cl_uint one = 1;

	switch (name) {
	case CL_CONTEXT_NUM_DEVICES:
		return answer(&one, sizeof(one), size, value, size_ret);
	case CL_CONTEXT_DEVICES:
		return answer(&context->device, sizeof(context->device), size, value, size_ret);
	case CL_CONTEXT_REFERENCE_COUNT:
		return answer(&context->refs, sizeof(context->refs), size, value, size_ret);
	}
	return CL_INVALID_VALUE;
}

EXPORT void *clGetExtensionFunctionAddress(const char *name)
{
	if (!strcmp(name, "clIcdGetPlatformIDsKHR"))
		return (void *)get_platforms;
	return strcmp(name, "clGetPlatformInfo") ? NULL : (void *)clGetPlatformInfo;
}

static cl_icd_dispatch table = {
	.clGetPlatformIDs = get_platforms,
	.clGetPlatformInfo = clGetPlatformInfo,
	.clGetDeviceIDs = get_devices,
	.clGetDeviceInfo = get_device,
	.clCreateContext = create_context,
	.clRetainContext = retain_context,
	.clReleaseContext = release_context,
	.clGetContextInfo = get_context,
	.clGetExtensionFunctionAddress = clGetExtensionFunctionAddress,
	.clRetainDevice = device_count,
	.clReleaseDevice = device_count,
};
