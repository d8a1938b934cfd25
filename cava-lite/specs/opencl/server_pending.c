// SPDX-License-Identifier: Apache-2.0
/*
 * server_pending.c - transfers that outlive their call: reads that the guest has not taken, maps
 *
 * A tree by the guest's names, under one lock. Who moves bytes of one takes it out first.
 */
#include <pthread.h>
#include <search.h>
#include <stdlib.h>

#include "server_memory.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *transfers;		/* a tree by id */

static int by_id(const void *a, const void *b)
{
	const struct ocl_transfer *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool transfer_add(struct ocl_transfer *t)
{
	struct ocl_transfer **node = tsearch(t, &transfers, by_id);

	return node && *node == t;
}

bool ocl_transfer_add(struct ocl_transfer *t)
{
	bool added;

	pthread_mutex_lock(&lock);
	added = transfer_add(t);
	pthread_mutex_unlock(&lock);
	return added;
}

static struct ocl_transfer *transfer_find(cl_ulong id)
{
	struct ocl_transfer key = { .id = id }, **node = tfind(&key, &transfers, by_id);

	return node ? *node : NULL;
}

bool ocl_transfer_known(cl_ulong id)
{
	bool known;

	pthread_mutex_lock(&lock);
	known = transfer_find(id);
	pthread_mutex_unlock(&lock);
	return known;
}

static struct ocl_transfer *transfer_take(cl_ulong id, bool of_host)
{
	struct ocl_transfer *t;

	pthread_mutex_lock(&lock);
	t = transfer_find(id);
	if (t && of_host && !t->host)
		t = NULL;
	if (t)
		tdelete(t, &transfers, by_id);
	pthread_mutex_unlock(&lock);
	return t;
}

struct ocl_transfer *ocl_transfer_take(cl_ulong id)
{
	return transfer_take(id, false);
}

/* A read under way stays: what it writes to could not be freed if its name were lost. */
struct ocl_transfer *ocl_transfer_take_host(cl_ulong id)
{
	return transfer_take(id, true);
}

void ocl_transfer_free(struct ocl_transfer *t)
{
	if (t->event)
		clReleaseEvent(t->event);
	while (t->event_count)
		clReleaseEvent(t->events[--t->event_count]);
	free(t->events);
	ocl_heap_free(t->heap, t->heap_size);
	if (t->host)
		ocl_host_put(t->host);
	free(t);
}

static cl_event counted_event;
static cl_uint counted;

static void count_event(const void *node, VISIT which, int depth)
{
	const struct ocl_transfer *t = *(const struct ocl_transfer *const *)node;

	(void)depth;
	if (which != postorder && which != leaf)
		return;
	counted += t->event == counted_event;
	for (cl_uint i = 0; i < t->event_count; i++)
		counted += t->events[i] == counted_event;
}

cl_uint ocl_own_event_refs(cl_event event)
{
	cl_uint n;

	pthread_mutex_lock(&lock);
	counted_event = event;
	counted = 0;
	twalk(transfers, count_event);
	n = counted;
	pthread_mutex_unlock(&lock);
	return n;
}

static cl_int event_status(cl_event event)
{
	cl_int status = CL_OUT_OF_RESOURCES, err;

	err = clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
			     NULL);
	return err ? err : status;
}

/* Its place among the states of a collection; it is not taken yet. */
static cl_int transfer_state(struct ocl_transfer *t)
{
	cl_int status;

	if (!t)
		return CL_INVALID_VALUE;
	if (t->host)
		return ocl_host_news(t) ? OCL_READY : OCL_PENDING;
	if (!t->event)
		return OCL_READY;
	status = event_status(t->event);
	if (status > CL_COMPLETE)
		return OCL_PENDING;
	return status < 0 ? status : OCL_READY;
}

/*
 * The guest needs nothing of it any more; a map lives on until it is unmapped, and
 * memory of which commands are under way until those are complete.
 */
static void transfer_over(struct ocl_transfer *t)
{
	if (!t)
		return;
	if (t->event)
		clReleaseEvent(t->event);
	t->event = NULL;
	if (t->ptr || t->event_count)
		return;
	tdelete(t, &transfers, by_id);
	ocl_transfer_free(t);
}

/* Of one whose bytes are there: those, behind @at if there is room. */
static cl_int take_bytes(struct ocl_transfer *t, size_t size, char *bytes, size_t *at)
{
	size_t len = t->ptr && !t->base ? 0 : ocl_box_size(&t->box);
	cl_int more = t->event_count ? OCL_MORE : 0;

	t->news = false;
	if (len > size - *at)
		return OCL_READY | more;
	ocl_pack(bytes + *at, t->base, &t->box, 0, len);
	*at += len;
	return OCL_DONE | more;
}

cl_int ocl_server_collect(cl_uint count, const cl_ulong *ids, cl_int *states, size_t size,
			  void *bytes, size_t *used)
{
	struct ocl_transfer *t;
	size_t at = 0;

	if (!ids || !states || !used || (size && !bytes))
		return CL_INVALID_VALUE;
	pthread_mutex_lock(&lock);
	for (cl_uint i = 0; i < count; i++) {
		t = transfer_find(ids[i]);
		states[i] = transfer_state(t);
		if (states[i] == OCL_READY)
			states[i] = take_bytes(t, size, bytes, &at);
		if (states[i] == OCL_DONE || states[i] < 0)
			transfer_over(t);
	}
	pthread_mutex_unlock(&lock);
	*used = at;
	return CL_SUCCESS;
}

/* Takes a read, or a map, that is complete and has so many bytes. */
static struct ocl_transfer *take_ready(cl_ulong id, size_t offset, size_t size)
{
	struct ocl_transfer *t;
	size_t all;

	pthread_mutex_lock(&lock);
	t = transfer_find(id);
	all = t ? ocl_box_size(&t->box) : 0;
	if (!t || !t->base || offset > all || size > all - offset ||
	    (!t->host && transfer_state(t) != OCL_READY))
		t = NULL;
	else
		tdelete(t, &transfers, by_id);
	pthread_mutex_unlock(&lock);
	return t;
}

cl_int ocl_server_fetch(cl_ulong id, size_t offset, size_t size, struct ava_bulk *bytes)
{
	struct ocl_transfer *t = take_ready(id, offset, size);
	cl_int err;
	bool over;

	if (!t)
		return CL_INVALID_VALUE;
	err = ocl_push_rows(bytes, t->base, &t->box, offset, size);
	over = offset + size == ocl_box_size(&t->box);
	pthread_mutex_lock(&lock);
	/* A guest that cheats has given its name to another one meanwhile. */
	if (!transfer_add(t))
		ocl_transfer_free(t);
	else if (over)
		transfer_over(t);
	pthread_mutex_unlock(&lock);
	return err;
}

/* Its events, retained, in a list to free. Return: how many. */
static cl_uint events_of(const struct ocl_transfer *t, cl_event **list)
{
	cl_uint n = 0;

	*list = t ? calloc(t->event_count + 1, sizeof(**list)) : NULL;
	if (!*list)
		return 0;
	if (t->event && !clRetainEvent(t->event))
		(*list)[n++] = t->event;
	for (cl_uint i = 0; i < t->event_count; i++)
		if (!clRetainEvent(t->events[i]))
			(*list)[n++] = t->events[i];
	return n;
}

cl_int ocl_server_wait(cl_ulong id, cl_bool for_room)
{
	cl_event *events;
	cl_uint n;
	cl_int err;

	if (for_room ? ocl_any_waits_for_program() : ocl_any_user_event_unset())
		return CL_INVALID_OPERATION;
	pthread_mutex_lock(&lock);
	n = events_of(transfer_find(id), &events);
	pthread_mutex_unlock(&lock);
	err = n ? clWaitForEvents(n, events) : CL_INVALID_VALUE;
	while (n)
		clReleaseEvent(events[--n]);
	free(events);
	return err == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST ? CL_SUCCESS : err;
}
