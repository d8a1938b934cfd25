// SPDX-License-Identifier: Apache-2.0
/*
 * server_command_buffer.c - command buffers: functions that only the vendor's platform gives out
 *
 * They have an address, but no name in the loader's library: these are the names.
 * Which platform's function it is follows from the object that it is called with.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "opencl_common.h"
#include "server_memory.h"

/* One per platform that made a command buffer. Made once, and never freed. */
struct functions {
	struct functions *next;
	cl_platform_id platform;
	clCreateCommandBufferKHR_fn create;
	clFinalizeCommandBufferKHR_fn finalize;
	clRetainCommandBufferKHR_fn retain;
	clReleaseCommandBufferKHR_fn release;
	clEnqueueCommandBufferKHR_fn enqueue;
	clGetCommandBufferInfoKHR_fn info;
	clCommandBarrierWithWaitListKHR_fn barrier;
	clCommandCopyBufferKHR_fn copy_buffer;
	clCommandCopyBufferRectKHR_fn copy_rect;
	clCommandCopyBufferToImageKHR_fn copy_to_image;
	clCommandCopyImageKHR_fn copy_image;
	clCommandCopyImageToBufferKHR_fn copy_to_buffer;
	clCommandFillBufferKHR_fn fill_buffer;
	clCommandFillImageKHR_fn fill_image;
	clCommandNDRangeKernelKHR_fn kernel;
};

struct made {
	struct made *next;
	cl_command_buffer_khr buffer;
	const struct functions *by;
	cl_uint queue_count;
	cl_command_queue queues[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct functions *platforms;
static struct made *buffers;

static void *address(cl_platform_id platform, const char *name)
{
	return clGetExtensionFunctionAddressForPlatform(platform, name);
}

static void find_commands(struct functions *f)
{
	f->barrier = address(f->platform, "clCommandBarrierWithWaitListKHR");
	f->copy_buffer = address(f->platform, "clCommandCopyBufferKHR");
	f->copy_rect = address(f->platform, "clCommandCopyBufferRectKHR");
	f->copy_to_image = address(f->platform, "clCommandCopyBufferToImageKHR");
	f->copy_image = address(f->platform, "clCommandCopyImageKHR");
	f->copy_to_buffer = address(f->platform, "clCommandCopyImageToBufferKHR");
	f->fill_buffer = address(f->platform, "clCommandFillBufferKHR");
	f->fill_image = address(f->platform, "clCommandFillImageKHR");
	f->kernel = address(f->platform, "clCommandNDRangeKernelKHR");
}

static void find_all(struct functions *f)
{
	f->create = address(f->platform, "clCreateCommandBufferKHR");
	f->finalize = address(f->platform, "clFinalizeCommandBufferKHR");
	f->retain = address(f->platform, "clRetainCommandBufferKHR");
	f->release = address(f->platform, "clReleaseCommandBufferKHR");
	f->enqueue = address(f->platform, "clEnqueueCommandBufferKHR");
	f->info = address(f->platform, "clGetCommandBufferInfoKHR");
	find_commands(f);
}

static const struct functions *functions_of(cl_platform_id platform)
{
	struct functions *f;

	pthread_mutex_lock(&lock);
	for (f = platforms; f && f->platform != platform; f = f->next)
		;
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (f) {
			f->platform = platform;
			f->next = platforms;
			platforms = f;
			find_all(f);
		}
	}
	pthread_mutex_unlock(&lock);
	return f;
}

static const struct functions *functions_of_queue(cl_command_queue queue)
{
	cl_platform_id platform = NULL;
	cl_device_id device = NULL;

	if (clGetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof(device), &device, NULL) ||
	    clGetDeviceInfo(device, CL_DEVICE_PLATFORM, sizeof(platform), &platform, NULL))
		return NULL;
	return functions_of(platform);
}

static const struct made *made_of(cl_command_buffer_khr buffer)
{
	const struct made *m;

	pthread_mutex_lock(&lock);
	for (m = buffers; m && m->buffer != buffer; m = m->next)
		;
	pthread_mutex_unlock(&lock);
	return m;
}

static const struct functions *functions_by(cl_command_buffer_khr buffer)
{
	const struct made *m = made_of(buffer);

	return m ? m->by : NULL;
}

static void forget(cl_command_buffer_khr buffer)
{
	struct made **pos, *m;

	pthread_mutex_lock(&lock);
	for (pos = &buffers; (m = *pos) && m->buffer != buffer; pos = &m->next)
		;
	if (m)
		*pos = m->next;
	pthread_mutex_unlock(&lock);
	free(m);
}

/* ---- command buffers ------------------------------------------------------------------ */

static cl_command_buffer_khr refuse(cl_int *err, cl_int why)
{
	if (err)
		*err = why;
	return NULL;
}

cl_command_buffer_khr clCreateCommandBufferKHR(cl_uint n, const cl_command_queue *queues,
	const cl_command_buffer_properties_khr *properties, cl_int *err)
{
	const struct functions *f = n && queues ? functions_of_queue(queues[0]) : NULL;
	struct made *m;

	/* Which vendor would say so is not known without a queue. */
	if (!n || !queues)
		return refuse(err, CL_INVALID_VALUE);
	if (!f || !f->create || !f->retain || !f->release)
		return refuse(err, CL_INVALID_OPERATION);
	m = calloc(1, sizeof(*m) + n * sizeof(*queues));
	if (!m)
		return refuse(err, CL_OUT_OF_HOST_MEMORY);
	m->by = f;
	m->queue_count = n;
	memcpy(m->queues, queues, n * sizeof(*queues));
	m->buffer = f->create(n, queues, properties, err);
	if (!m->buffer) {
		free(m);
		return NULL;
	}
	pthread_mutex_lock(&lock);
	m->next = buffers;
	buffers = m;
	pthread_mutex_unlock(&lock);
	return m->buffer;
}

/* The function @member of the object's platform, or the end. */
#define BY(f, buffer, member)							\
	const struct functions *f = functions_by(buffer);			\
										\
	if (!f || !f->member)							\
		return f ? CL_INVALID_OPERATION : CL_INVALID_COMMAND_BUFFER_KHR

cl_int clFinalizeCommandBufferKHR(cl_command_buffer_khr buffer)
{
	BY(f, buffer, finalize);

	return f->finalize(buffer);
}

cl_int clRetainCommandBufferKHR(cl_command_buffer_khr buffer)
{
	BY(f, buffer, retain);

	return f->retain(buffer);
}

cl_int clReleaseCommandBufferKHR(cl_command_buffer_khr buffer)
{
	cl_uint refs = 0;
	BY(f, buffer, release);

	if (f->info)
		f->info(buffer, CL_COMMAND_BUFFER_REFERENCE_COUNT_KHR, sizeof(refs), &refs,
			NULL);
	if (refs == 1)
		forget(buffer);
	return f->release(buffer);
}

cl_int clEnqueueCommandBufferKHR(cl_uint n, cl_command_queue *queues,
	cl_command_buffer_khr buffer, cl_uint waits, const cl_event *wait_list,
	cl_event *event)
{
	BY(f, buffer, enqueue);

	return f->enqueue(n, queues, buffer, waits, wait_list, event);
}

cl_int clGetCommandBufferInfoKHR(cl_command_buffer_khr buffer,
	cl_command_buffer_info_khr name, size_t size, void *value, size_t *size_ret)
{
	const struct made *m;
	cl_int err;
	BY(f, buffer, info);

	err = f->info(buffer, name, size, value, size_ret);
	/* The queues become handles, so they must be ones: not all vendors fill them in. */
	m = err || !value || name != CL_COMMAND_BUFFER_QUEUES_KHR ? NULL : made_of(buffer);
	if (m && size >= m->queue_count * sizeof(m->queues[0]))
		memcpy(value, m->queues, m->queue_count * sizeof(m->queues[0]));
	return err;
}

/* ---- recorded commands: none of them can be changed later ------------------------------ */

cl_int clCommandBarrierWithWaitListKHR(cl_command_buffer_khr record, cl_command_queue queue,
	cl_uint waits, const cl_sync_point_khr *wait_list, cl_sync_point_khr *sync_point,
	cl_mutable_command_khr *mutable_handle)
{
	BY(f, record, barrier);

	if (mutable_handle)
		return CL_INVALID_VALUE;
	return f->barrier(record, queue, waits, wait_list, sync_point, NULL);
}

cl_int clCommandCopyBufferKHR(cl_command_buffer_khr record, cl_command_queue queue,
	cl_mem from, cl_mem to, size_t from_offset, size_t to_offset, size_t size,
	cl_uint waits, const cl_sync_point_khr *wait_list, cl_sync_point_khr *sync_point,
	cl_mutable_command_khr *mutable_handle)
{
	BY(f, record, copy_buffer);

	if (mutable_handle)
		return CL_INVALID_VALUE;
	return f->copy_buffer(record, queue, from, to, from_offset, to_offset, size, waits,
		wait_list, sync_point, NULL);
}

cl_int clCommandCopyBufferRectKHR(cl_command_buffer_khr record, cl_command_queue queue,
	cl_mem from, cl_mem to, const size_t *from_origin, const size_t *to_origin,
	const size_t *region, size_t from_row, size_t from_slice, size_t to_row,
	size_t to_slice, cl_uint waits, const cl_sync_point_khr *wait_list,
	cl_sync_point_khr *sync_point, cl_mutable_command_khr *mutable_handle)
{
	BY(f, record, copy_rect);

	if (mutable_handle)
		return CL_INVALID_VALUE;
	return f->copy_rect(record, queue, from, to, from_origin, to_origin, region,
		from_row, from_slice, to_row, to_slice, waits, wait_list, sync_point, NULL);
}

cl_int clCommandCopyBufferToImageKHR(cl_command_buffer_khr record, cl_command_queue queue,
	cl_mem buffer, cl_mem image, size_t offset, const size_t *origin,
	const size_t *region, cl_uint waits, const cl_sync_point_khr *wait_list,
	cl_sync_point_khr *sync_point, cl_mutable_command_khr *mutable_handle)
{
	BY(f, record, copy_to_image);

	if (mutable_handle)
		return CL_INVALID_VALUE;
	return f->copy_to_image(record, queue, buffer, image, offset, origin, region, waits,
		wait_list, sync_point, NULL);
}

cl_int clCommandCopyImageKHR(cl_command_buffer_khr record, cl_command_queue queue,
	cl_mem from, cl_mem to, const size_t *from_origin, const size_t *to_origin,
	const size_t *region, cl_uint waits, const cl_sync_point_khr *wait_list,
	cl_sync_point_khr *sync_point, cl_mutable_command_khr *mutable_handle)
{
	BY(f, record, copy_image);

	if (mutable_handle)
		return CL_INVALID_VALUE;
	return f->copy_image(record, queue, from, to, from_origin, to_origin, region, waits,
		wait_list, sync_point, NULL);
}

cl_int clCommandCopyImageToBufferKHR(cl_command_buffer_khr record, cl_command_queue queue,
	cl_mem image, cl_mem buffer, const size_t *origin, const size_t *region,
	size_t offset, cl_uint waits, const cl_sync_point_khr *wait_list,
	cl_sync_point_khr *sync_point, cl_mutable_command_khr *mutable_handle)
{
	BY(f, record, copy_to_buffer);

	if (mutable_handle)
		return CL_INVALID_VALUE;
	return f->copy_to_buffer(record, queue, image, buffer, origin, region, offset,
		waits, wait_list, sync_point, NULL);
}

cl_int ocl_record_fill(cl_command_buffer_khr record, cl_command_queue queue,
	cl_mem mem, const void *pattern, size_t pattern_size, size_t offset, size_t size,
	cl_uint waits, const cl_sync_point_khr *wait_list, cl_sync_point_khr *sync_point,
	cl_mutable_command_khr *mutable_handle, size_t given)
{
	BY(f, record, fill_buffer);

	if (mutable_handle || (pattern && given != ocl_pattern_bytes(pattern_size)))
		return CL_INVALID_VALUE;
	if (pattern && !given)
		pattern = ocl_nowhere();
	return f->fill_buffer(record, queue, mem, pattern, pattern_size, offset, size,
		waits, wait_list, sync_point, NULL);
}

cl_int clCommandFillImageKHR(cl_command_buffer_khr record, cl_command_queue queue,
	cl_mem image, const void *color, const size_t *origin, const size_t *region,
	cl_uint waits, const cl_sync_point_khr *wait_list, cl_sync_point_khr *sync_point,
	cl_mutable_command_khr *mutable_handle)
{
	BY(f, record, fill_image);

	if (mutable_handle)
		return CL_INVALID_VALUE;
	return f->fill_image(record, queue, image, color, origin, region, waits, wait_list,
		sync_point, NULL);
}

cl_int clCommandNDRangeKernelKHR(cl_command_buffer_khr record, cl_command_queue queue,
	const cl_ndrange_kernel_command_properties_khr *properties, cl_kernel kernel,
	cl_uint dim, const size_t *offset, const size_t *global, const size_t *local,
	cl_uint waits, const cl_sync_point_khr *wait_list, cl_sync_point_khr *sync_point,
	cl_mutable_command_khr *mutable_handle)
{
	BY(f, record, kernel);

	if (mutable_handle)
		return CL_INVALID_VALUE;
	return f->kernel(record, queue, properties, kernel, dim, offset, global, local,
		waits, wait_list, sync_point, NULL);
}
