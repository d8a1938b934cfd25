// SPDX-License-Identifier: Apache-2.0
/*
 * server_queue.c - commands that failed while nobody waited for them
 *
 * They are the ones that succeeded before in the same way, so the lists here are
 * empty but for devices that ran out of something.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "opencl_common.h"
#include "server_queue.h"

struct spoiled {
	struct spoiled *next;
	void *object;
	cl_uint what;
};

/* A queue that has to report a failure, or a kernel that must not be launched. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct spoiled *list;

/* With the lock. */
static bool is_listed(const void *object, cl_uint what)
{
	struct spoiled *s;

	for (s = list; s && (s->object != object || s->what != what); s = s->next)
		;
	return s;
}

void ocl_spoil(void *object, cl_uint what)
{
	struct spoiled *s = calloc(1, sizeof(*s));

	if (!s)
		return;
	s->object = object;
	s->what = what;
	pthread_mutex_lock(&lock);
	if (!is_listed(object, what)) {
		s->next = list;
		__atomic_store_n(&list, s, __ATOMIC_RELEASE);
		s = NULL;
	}
	pthread_mutex_unlock(&lock);
	free(s);
}

bool ocl_is_spoiled(const void *object)
{
	struct spoiled *s;
	bool found;

	if (!__atomic_load_n(&list, __ATOMIC_ACQUIRE))
		return false;
	pthread_mutex_lock(&lock);
	for (s = list; s && s->object != object; s = s->next)
		;
	found = s;
	pthread_mutex_unlock(&lock);
	return found;
}

bool ocl_mend(const void *object, cl_uint what)
{
	struct spoiled **pos, *s, *dead = NULL;
	bool found;

	if (!__atomic_load_n(&list, __ATOMIC_ACQUIRE))
		return false;
	pthread_mutex_lock(&lock);
	for (pos = &list; (s = *pos);) {
		if (s->object != object || (what != OCL_ALL && s->what != what)) {
			pos = &s->next;
			continue;
		}
		*pos = s->next;
		s->next = dead;
		dead = s;
	}
	pthread_mutex_unlock(&lock);
	found = dead;
	while ((s = dead)) {
		dead = s->next;
		free(s);
	}
	return found;
}

/* ---- commands ----------------------------------------------------------------------- */

static cl_event failed_event(cl_command_queue queue, cl_int err)
{
	cl_context context = NULL;
	cl_event event;

	if (clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof(context), &context, NULL))
		return NULL;
	event = clCreateUserEvent(context, NULL);
	if (!event)
		return NULL;
	clSetUserEventStatus(event, err < 0 ? err : CL_OUT_OF_RESOURCES);
	ocl_spoil(event, OCL_ALL);
	return event;
}

void ocl_command_failed(cl_command_queue queue, cl_int err, cl_event *event)
{
	if (!queue)
		return;
	ocl_spoil(queue, OCL_ALL);
	if (event)
		*event = failed_event(queue, err);
}

cl_int ocl_check_waits(cl_uint waits, const cl_event *wait_list)
{
	for (cl_uint i = 0; wait_list && i < waits; i++)
		if (wait_list[i] && ocl_is_spoiled(wait_list[i]))
			return CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;
	return CL_SUCCESS;
}

cl_int ocl_finish(cl_command_queue queue)
{
	cl_int err = clFinish(queue);
	bool spoiled = ocl_mend(queue, OCL_ALL);

	return !err && spoiled ? CL_OUT_OF_RESOURCES : err;
}

cl_int ocl_release_queue(cl_command_queue queue)
{
	ocl_mend(queue, OCL_ALL);
	return clReleaseCommandQueue(queue);
}

/* ---- kernels ------------------------------------------------------------------------ */

cl_int ocl_launch(cl_command_queue queue, cl_kernel kernel, cl_uint dim,
		  const size_t *offset, const size_t *global, const size_t *local,
		  cl_uint waits, const cl_event *wait_list, cl_event *event)
{
	if (ocl_is_spoiled(kernel))
		return CL_OUT_OF_RESOURCES;
	return clEnqueueNDRangeKernel(queue, kernel, dim, offset, global, local, waits,
				      wait_list, event);
}

cl_int ocl_task(cl_command_queue queue, cl_kernel kernel, cl_uint waits,
		const cl_event *wait_list, cl_event *event)
{
	if (ocl_is_spoiled(kernel))
		return CL_OUT_OF_RESOURCES;
	return clEnqueueTask(queue, kernel, waits, wait_list, event);
}

cl_int ocl_release_kernel(cl_kernel kernel)
{
	ocl_mend(kernel, OCL_ALL);
	return clReleaseKernel(kernel);
}

/* ---- what vendors leave out ----------------------------------------------------------- */

/* The loader would jump to nowhere. */
cl_int ocl_set_queue_property(cl_command_queue queue, cl_command_queue_properties properties,
			      cl_bool enable, cl_command_queue_properties *old)
{
	const struct _cl_icd_dispatch *vendor = *(struct _cl_icd_dispatch **)queue;

	if (!vendor->clSetCommandQueueProperty)
		return CL_INVALID_OPERATION;
	return clSetCommandQueueProperty(queue, properties, enable, old);
}

cl_int ocl_enqueue_wait(cl_command_queue queue, cl_uint count, const cl_event *events)
{
	if (!count)
		return CL_INVALID_VALUE;
	return clEnqueueBarrierWithWaitList(queue, count, events, NULL);
}

/* ---- events --------------------------------------------------------------------------- */

cl_int ocl_server_event_callback(cl_event event, cl_int type,
				 void (CL_CALLBACK *notify)(cl_event, cl_int, void *),
				 void *user_data)
{
	return clSetEventCallback(event, type, notify, user_data);
}
