// SPDX-License-Identifier: Apache-2.0
/*
 * cl_platforms.c - several platforms in one program: whose objects are whose
 *
 * Says the same natively and through AvA, whatever platforms there are; needs two to
 * say much, which run-ava-run sees to.
 */
#include "cl_test.h"

#define MOST 8

static cl_device_id device_of(cl_platform_id platform)
{
	cl_device_id device = NULL;

	if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL) &&
	    clGetDeviceIDs(platform, CL_DEVICE_TYPE_ACCELERATOR, 1, &device, NULL))
		return NULL;
	return device;
}

static cl_int try_context(cl_platform_id platform, cl_device_id device, cl_context *context)
{
	const cl_context_properties properties[] = {
		CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0,
	};
	cl_int err = 0;

	*context = clCreateContext(properties, 1, &device, NULL, NULL, &err);
	return err;
}

static void test_one(cl_platform_id platform)
{
	cl_device_id device = device_of(platform), found = NULL;
	cl_platform_id mine = NULL;
	char name[256] = "", device_name[256] = "";
	cl_context context;
	cl_uint refs = 0;

	clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof(name), name, NULL);
	clGetDeviceInfo(device, CL_DEVICE_NAME, sizeof(device_name), device_name, NULL);
	printf("# %s: %s\n", name, device_name);
	clGetDeviceInfo(device, CL_DEVICE_PLATFORM, sizeof(mine), &mine, NULL);
	tap(mine == platform, "the device's platform is the platform");
	tap_err(try_context(platform, device, &context), CL_SUCCESS, "a context of both");
	clGetContextInfo(context, CL_CONTEXT_DEVICES, sizeof(found), &found, NULL);
	tap(found == device, "the context's device is the device");
	clRetainContext(context);
	clGetContextInfo(context, CL_CONTEXT_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
	tap(refs == 2, "the context has two references");
	clReleaseContext(context);
	tap_err(clReleaseContext(context), CL_SUCCESS, "the last release");
}

/*
 * Naive: objects of one platform are handed to another, which looks inside. Natively
 * some do: only the stand-in is asked.
 */
static void test_two(cl_platform_id one, cl_platform_id two)
{
	cl_context context = NULL;
	char name[256] = "";

	tap(device_of(one) != device_of(two), "two platforms have two devices");
	clGetPlatformInfo(one, CL_PLATFORM_NAME, sizeof(name), name, NULL);
	if (!strcmp(name, "A second platform"))
		tap_err(try_context(one, device_of(two), &context), CL_INVALID_DEVICE,
			"a context of one's platform and the other's device");
}

/* Contexts of all at the same time. */
static void test_together(cl_platform_id *all, cl_uint n)
{
	cl_context contexts[MOST];
	cl_device_id found;

	for (cl_uint i = 0; i < n; i++)
		try_context(all[i], device_of(all[i]), &contexts[i]);
	for (cl_uint i = 0; i < n; i++) {
		found = NULL;
		clGetContextInfo(contexts[i], CL_CONTEXT_DEVICES, sizeof(found), &found, NULL);
		tap(found == device_of(all[i]), "context %u of %u has its own device", i + 1, n);
	}
	for (cl_uint i = 0; i < n; i++)
		clReleaseContext(contexts[i]);
}

int main(void)
{
	cl_platform_id all[MOST], again[MOST];
	cl_uint n = 0;

	clGetPlatformIDs(MOST, all, &n);
	n = n < MOST ? n : MOST;
	tap(!clGetPlatformIDs(MOST, again, NULL) && !memcmp(all, again, n * sizeof(*all)),
	    "platforms stay the same: %u", n);
	for (cl_uint i = 0; i < n; i++)
		test_one(all[i]);
	for (cl_uint i = 1; i < n; i++)
		test_two(all[i], all[i - 1]);
	test_together(all, n);
	return tap_end();
}
