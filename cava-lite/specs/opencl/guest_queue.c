// SPDX-License-Identifier: Apache-2.0
/*
 * guest_queue.c - commands that wait for nothing but events, and need not be waited for
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <ava/guest.h>

#include "opencl_common.h"

/* The generated library. */
extern const struct ava_guest_api ava_guest_library;

/* Which calls on the queue have succeeded: OCL_MARKER, ... */
struct queue {
	atomic_uint done;
};

static const char key;
static atomic_uint contexts;

void ocl_context_made(void)
{
	if (contexts < 2)
		contexts++;
}

/* Without memory everything works, and waits. */
void ocl_queue_made(cl_command_queue queue)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (q && !ava_object_attach(queue, &key, q, free))
		free(q);
}

/*
 * Events of another context are an error. Which context an event has is not known
 * here, but that it is the right one while there has been one only.
 */
int ocl_good_waits(cl_uint waits, const cl_event *wait_list, const cl_event *event)
{
	cl_uint i;

	if (!waits || !wait_list)
		return !waits && !wait_list;
	for (i = 0; i < waits; i++)
		if (!wait_list[i] || event == wait_list + i)
			return false;
	return contexts == 1;
}

int ocl_queue_knows(cl_command_queue queue, cl_uint what, cl_uint waits,
		    const cl_event *wait_list, const cl_event *event)
{
	struct queue *q = ava_object_attached(queue, &key);

	return q && (q->done & what) == what && ocl_good_waits(waits, wait_list, event);
}

void ocl_queue_learns(cl_command_queue queue, cl_uint what)
{
	struct queue *q = ava_object_attached(queue, &key);

	if (q && (q->done & what) != what)
		q->done |= what;
}

void ocl_flushed(cl_command_queue queue)
{
	ocl_queue_learns(queue, OCL_FLUSH);
	ava_guest_flush(&ava_guest_library);
}

/* Both lists are of 64-bit numbers. */
cl_command_queue ocl_create_queue_khr(cl_context context, cl_device_id device,
				      const cl_queue_properties_khr *properties, cl_int *err)
{
	return clCreateCommandQueueWithProperties(context, device,
						  (const cl_queue_properties *)properties, err);
}
