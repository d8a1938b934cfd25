// SPDX-License-Identifier: Apache-2.0
/*
 * guest_queue.c - commands that wait for nothing but events, and need not be waited for
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <ava/guest.h>

#include "opencl_common.h"

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
	if (!waits)
		return !wait_list;
	return wait_list && contexts == 1 && (event < wait_list || event >= wait_list + waits);
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

/* Both lists are of 64-bit numbers. */
cl_command_queue ocl_create_queue_khr(cl_context context, cl_device_id device,
				      const cl_queue_properties_khr *properties, cl_int *err)
{
	return clCreateCommandQueueWithProperties(context, device,
						  (const cl_queue_properties *)properties, err);
}
