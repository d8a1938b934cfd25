// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_dlopen.c - libOpenCL is loaded and closed again and again, with use
 *
 * The program is not linked with it. Naive: threads of the library run on in
 * memory that is gone, or each load leaves a connection, a thread or memory.
 */
#include "cl_test.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>

struct api {
	void *library;
	cl_int (*get_platforms)(cl_uint, cl_platform_id *, cl_uint *);
	cl_int (*get_devices)(cl_platform_id, cl_device_type, cl_uint, cl_device_id *,
			      cl_uint *);
	cl_context (*create_context)(const cl_context_properties *, cl_uint,
				     const cl_device_id *, void *, void *, cl_int *);
	cl_command_queue (*create_queue)(cl_context, cl_device_id,
					 cl_command_queue_properties, cl_int *);
	cl_mem (*create_buffer)(cl_context, cl_mem_flags, size_t, void *, cl_int *);
	cl_int (*write)(cl_command_queue, cl_mem, cl_bool, size_t, size_t, const void *,
			cl_uint, const cl_event *, cl_event *);
	cl_int (*read)(cl_command_queue, cl_mem, cl_bool, size_t, size_t, void *, cl_uint,
		       const cl_event *, cl_event *);
	cl_int (*release_mem)(cl_mem);
	cl_int (*release_queue)(cl_command_queue);
	cl_int (*release_context)(cl_context);
};

static bool find(struct api *api, void *function, const char *name)
{
	void *address = dlsym(api->library, name);

	memcpy(function, &address, sizeof(address));
	return address;
}

static bool api_open(struct api *api)
{
	api->library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
	return api->library &&
	       find(api, &api->get_platforms, "clGetPlatformIDs") &&
	       find(api, &api->get_devices, "clGetDeviceIDs") &&
	       find(api, &api->create_context, "clCreateContext") &&
	       find(api, &api->create_queue, "clCreateCommandQueue") &&
	       find(api, &api->create_buffer, "clCreateBuffer") &&
	       find(api, &api->write, "clEnqueueWriteBuffer") &&
	       find(api, &api->read, "clEnqueueReadBuffer") &&
	       find(api, &api->release_mem, "clReleaseMemObject") &&
	       find(api, &api->release_queue, "clReleaseCommandQueue") &&
	       find(api, &api->release_context, "clReleaseContext");
}

static bool use(const struct api *api, uint32_t seed)
{
	uint8_t in[5000], out[5000] = { 0 };
	cl_platform_id platform = NULL;
	cl_device_id device = NULL;
	cl_command_queue queue;
	cl_context context;
	cl_int err;
	cl_mem mem;

	cl_test_pattern(in, sizeof(in), seed);
	err = api->get_platforms(1, &platform, NULL);
	err = err ? err : api->get_devices(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL);
	if (err)
		return false;
	context = api->create_context(NULL, 1, &device, NULL, NULL, &err);
	queue = api->create_queue(context, device, 0, &err);
	mem = api->create_buffer(context, CL_MEM_READ_WRITE, sizeof(in), NULL, &err);
	err = err ? err : api->write(queue, mem, CL_FALSE, 0, sizeof(in), in, 0, NULL, NULL);
	err = err ? err : api->read(queue, mem, CL_TRUE, 0, sizeof(in), out, 0, NULL, NULL);
	api->release_mem(mem);
	api->release_queue(queue);
	api->release_context(context);
	return !err && !memcmp(in, out, sizeof(in));
}

static int entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static void test_again(void)
{
	bool loaded = true, works = true;
	int files = 0, threads = 0;
	struct api api;

	for (int i = 0; i < 50 && loaded && works; i++) {
		loaded = api_open(&api);
		works = loaded && use(&api, i);
		if (loaded)
			dlclose(api.library);
		if (i == 4) {
			files = entries("/proc/self/fd");
			threads = entries("/proc/self/task");
		}
	}
	tap(loaded, "50 times the library is loaded and closed");
	tap(works, "and used in between");
	tap(entries("/proc/self/fd") <= files + 1, "no file is left open each time");
	tap(entries("/proc/self/task") <= threads + 2, "no thread is left each time");
}

static void test_unused(void)
{
	bool loaded = true;
	struct api api;

	for (int i = 0; i < 50 && loaded; i++) {
		loaded = api_open(&api);
		if (loaded)
			dlclose(api.library);
	}
	tap(loaded, "50 times it is loaded and closed without use");
}

static void *run(void *arg)
{
	struct api api;
	bool good = true;

	for (int i = 0; i < 10 && good; i++) {
		good = api_open(&api) && use(&api, (uint32_t)(uintptr_t)arg + i);
		if (api.library)
			dlclose(api.library);
	}
	return good ? arg : NULL;
}

/* The last thread that closes it may not be the first that used it. */
static void test_threads(void)
{
	pthread_t threads[8];
	bool good = true;

	for (uintptr_t i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, run, (void *)(i + 1));
	for (int i = 0; i < 8; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		good = good && result;
	}
	tap(good, "8 threads do so at the same time");
}

int main(void)
{
	test_unused();
	test_again();
	test_threads();
	return tap_end();
}
