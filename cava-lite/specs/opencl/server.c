// SPDX-License-Identifier: Apache-2.0
/*
 * server.c - helpers of the OpenCL spec that run in the API server
 *
 * A server serves one context of one guest process, so the user events that it
 * knows are the process's own.
 */
#include "ocl.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A user event whose status the program has not set. */
struct unset {
	struct unset *next;
	cl_event event;
};

static pthread_mutex_t unset_lock = PTHREAD_MUTEX_INITIALIZER;
static struct unset *unset_list;
static bool unset_unknown;	/* one of them could not be remembered */

void ocl_user_event_made(cl_event event)
{
	struct unset *u = malloc(sizeof(*u));

	pthread_mutex_lock(&unset_lock);
	if (u) {
		u->event = event;
		u->next = unset_list;
		unset_list = u;
	} else {
		unset_unknown = true;
	}
	pthread_mutex_unlock(&unset_lock);
}

void ocl_user_event_set(cl_event event)
{
	struct unset **pos, *u;

	pthread_mutex_lock(&unset_lock);
	for (pos = &unset_list; (u = *pos) && u->event != event; pos = &u->next)
		;
	if (u)
		*pos = u->next;
	pthread_mutex_unlock(&unset_lock);
	free(u);
}

static bool any_unset(void)
{
	bool any;

	pthread_mutex_lock(&unset_lock);
	any = unset_list || unset_unknown;
	pthread_mutex_unlock(&unset_lock);
	return any;
}

/* Nobody can set an event that is gone, and nothing waits for one that goes. */
cl_int ocl_release_event(cl_event event)
{
	cl_uint refs = 0;
	cl_int err;

	if (any_unset())
		clGetEventInfo(event, CL_EVENT_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
	err = clReleaseEvent(event);
	if (!err && refs == 1)
		ocl_user_event_set(event);
	return err;
}

/* Might a transfer executed as a blocking one wait for its own caller? */
static bool may_wait_for_caller(cl_bool blocking)
{
	return !blocking && any_unset();
}

void ocl_hide_host_ptr(cl_mem_info name, size_t size, void *value)
{
	if (name == CL_MEM_HOST_PTR && value)
		memset(value, 0, size < sizeof(void *) ? size : sizeof(void *));
}

static void CL_CALLBACK free_host_memory(cl_mem mem, void *bytes)
{
	(void)mem;
	free(bytes);
}

void ocl_keep_host_memory(cl_mem mem, void *bytes)
{
	cl_mem_flags flags = CL_MEM_USE_HOST_PTR;

	clGetMemObjectInfo(mem, CL_MEM_FLAGS, sizeof(flags), &flags, NULL);
	/* Where the callback is refused the bytes stay: better than freed too early. */
	if (flags & CL_MEM_USE_HOST_PTR)
		clSetMemObjectDestructorCallback(mem, free_host_memory, bytes);
	else
		free(bytes);
}

/* Does the guest know the image? If not an image at all, the call itself says so. */
static bool image_is(cl_mem image, size_t pixel, cl_mem_object_type type)
{
	cl_mem_object_type real_type;
	size_t real_pixel;

	if (clGetMemObjectInfo(image, CL_MEM_TYPE, sizeof(real_type), &real_type, NULL) ||
	    clGetImageInfo(image, CL_IMAGE_ELEMENT_SIZE, sizeof(real_pixel),
			   &real_pixel, NULL))
		return true;
	return pixel == real_pixel && type == real_type;
}

static void CL_CALLBACK free_copy(cl_event event, cl_int status, void *copy)
{
	(void)event;
	(void)status;
	free(copy);
}

/*
 * If @err says that the command that @event names is under way, it reads @copy:
 * free it when it ends. The event is handed on to @out if the application wants it.
 */
static cl_int own_copy(cl_int err, cl_event event, void *copy, cl_event *out)
{
	if (err) {
		free(copy);
		return err;
	}
	/* Without a callback nobody can tell when it may be freed. */
	err = clSetEventCallback(event, CL_COMPLETE, free_copy, copy);
	if (out)
		*out = event;
	else
		clReleaseEvent(event);
	return err;
}

static void *copy_of(const void *from, size_t size)
{
	void *copy = from ? malloc(size ? size : 1) : NULL;

	if (copy)
		memcpy(copy, from, size);
	return copy;
}

cl_int ocl_read_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
		       size_t offset, size_t size, void *ptr, cl_uint count,
		       const cl_event *list, cl_event *event)
{
	if (may_wait_for_caller(blocking))
		return CL_OUT_OF_RESOURCES;
	return clEnqueueReadBuffer(queue, buffer, CL_TRUE, offset, size, ptr, count,
				   list, event);
}

cl_int ocl_write_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
			size_t offset, size_t size, const void *ptr, cl_uint count,
			const cl_event *list, cl_event *event)
{
	cl_event done = NULL;
	void *copy;
	cl_int err;

	if (!may_wait_for_caller(blocking) || !ptr)
		return clEnqueueWriteBuffer(queue, buffer, CL_TRUE, offset, size, ptr,
					    count, list, event);
	copy = copy_of(ptr, size);
	if (!copy)
		return CL_OUT_OF_HOST_MEMORY;
	err = clEnqueueWriteBuffer(queue, buffer, CL_FALSE, offset, size, copy, count,
				   list, &done);
	return own_copy(err, done, copy, event);
}

cl_int ocl_read_rect(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
		     const size_t *buffer_origin, const size_t *host_origin,
		     const size_t *region, size_t buffer_row, size_t buffer_slice,
		     size_t host_row, size_t host_slice, void *ptr, cl_uint count,
		     const cl_event *list, cl_event *event)
{
	if (may_wait_for_caller(blocking))
		return CL_OUT_OF_RESOURCES;
	return clEnqueueReadBufferRect(queue, buffer, CL_TRUE, buffer_origin,
				       host_origin, region, buffer_row, buffer_slice,
				       host_row, host_slice, ptr, count, list, event);
}

cl_int ocl_write_rect(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
		      const size_t *buffer_origin, const size_t *host_origin,
		      const size_t *region, size_t buffer_row, size_t buffer_slice,
		      size_t host_row, size_t host_slice, const void *ptr,
		      cl_uint count, const cl_event *list, cl_event *event)
{
	cl_event done = NULL;
	void *copy;
	cl_int err;

	if (!may_wait_for_caller(blocking) || !ptr)
		return clEnqueueWriteBufferRect(queue, buffer, CL_TRUE, buffer_origin,
						host_origin, region, buffer_row,
						buffer_slice, host_row, host_slice, ptr,
						count, list, event);
	copy = copy_of(ptr, ocl_rect_bytes(host_origin, region, host_row, host_slice));
	if (!copy)
		return CL_OUT_OF_HOST_MEMORY;
	err = clEnqueueWriteBufferRect(queue, buffer, CL_FALSE, buffer_origin, host_origin,
				       region, buffer_row, buffer_slice, host_row,
				       host_slice, copy, count, list, &done);
	return own_copy(err, done, copy, event);
}

cl_int ocl_read_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
		      const size_t *origin, const size_t *region, size_t row,
		      size_t slice, void *ptr, cl_uint count, const cl_event *list,
		      cl_event *event, size_t pixel, cl_mem_object_type type)
{
	if (!image_is(image, pixel, type))
		return CL_INVALID_VALUE;
	if (may_wait_for_caller(blocking))
		return CL_OUT_OF_RESOURCES;
	return clEnqueueReadImage(queue, image, CL_TRUE, origin, region, row, slice, ptr,
				  count, list, event);
}

cl_int ocl_write_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
		       const size_t *origin, const size_t *region, size_t row,
		       size_t slice, const void *ptr, cl_uint count,
		       const cl_event *list, cl_event *event, size_t pixel,
		       cl_mem_object_type type)
{
	cl_event done = NULL;
	void *copy;
	cl_int err;

	if (!image_is(image, pixel, type))
		return CL_INVALID_VALUE;
	if (!may_wait_for_caller(blocking) || !ptr || !region)
		return clEnqueueWriteImage(queue, image, CL_TRUE, origin, region, row,
					   slice, ptr, count, list, event);
	copy = copy_of(ptr, ocl_region_bytes(region, row, slice, pixel, type));
	if (!copy)
		return CL_OUT_OF_HOST_MEMORY;
	err = clEnqueueWriteImage(queue, image, CL_FALSE, origin, region, row, slice, copy,
				  count, list, &done);
	return own_copy(err, done, copy, event);
}
