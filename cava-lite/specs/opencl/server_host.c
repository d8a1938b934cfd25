// SPDX-License-Identifier: Apache-2.0
/*
 * server_host.c - host memory that memory objects use
 *
 * A copy of the application's, aligned as that is. It lives as long as the object, and
 * as the transfers that bring it to the guest.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server_memory.h"

/* Vendors that check too little touch what is behind, as they would the application's. */
#define MARGIN	65536

#define HUGE_MIN	(4u << 20)	/* to touch so much page by page costs more than to copy it */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ocl_host *all;
static cl_ulong last_id;

/* Memory with the same place in its page, which kernels may rely on. */
struct ocl_host *ocl_host_new(struct ava_bulk *bytes, cl_ulong address)
{
	struct ocl_host *h = calloc(1, sizeof(*h));
	size_t page = sysconf(_SC_PAGESIZE), in_page = address % page;

	if (!h)
		return NULL;
	h->refs = 1;
	h->size = ava_bulk_len(bytes);
	h->address = address;
	if (h->size > SIZE_MAX - in_page - MARGIN ||
	    posix_memalign(&h->heap, page, in_page + h->size + MARGIN)) {
		free(h);
		return NULL;
	}
	if (h->size >= HUGE_MIN)
		madvise(h->heap, h->size, MADV_HUGEPAGE);
	h->base = (char *)h->heap + in_page;
	if (ava_bulk_pull(bytes, 0, h->base, h->size)) {
		free(h->heap);
		free(h);
		return NULL;
	}
	pthread_mutex_lock(&lock);
	h->id = ++last_id;
	h->next = all;
	all = h;
	pthread_mutex_unlock(&lock);
	return h;
}

void ocl_host_put(struct ocl_host *h)
{
	struct ocl_host **pos;
	bool last;

	pthread_mutex_lock(&lock);
	last = !--h->refs;
	if (last) {
		for (pos = &all; *pos != h; pos = &(*pos)->next)
			;
		*pos = h->next;
	}
	pthread_mutex_unlock(&lock);
	if (!last)
		return;
	free(h->heap);
	free(h);
}

static struct ocl_host *host_get(cl_ulong id)
{
	struct ocl_host *h;

	pthread_mutex_lock(&lock);
	for (h = all; h && h->id != id; h = h->next)
		;
	if (h)
		h->refs++;
	pthread_mutex_unlock(&lock);
	return h;
}

void ocl_host_at(const char *p, cl_ulong *address, cl_ulong *id, cl_ulong *size)
{
	*address = *id = *size = 0;
	pthread_mutex_lock(&lock);
	for (struct ocl_host *h = all; h && p && !*id; h = h->next) {
		if (p < h->base || p >= h->base + h->size)
			continue;
		*address = h->address + (p - h->base);
		*id = h->id;
		*size = h->size;
	}
	pthread_mutex_unlock(&lock);
}

/* ---- without maps ------------------------------------------------------------------------ */

cl_int ocl_server_host_send(cl_ulong host, size_t offset, size_t size, struct ava_bulk *bytes)
{
	struct ocl_host *h = host_get(host);
	cl_int err = CL_INVALID_VALUE;

	if (!h)
		return err;
	if (offset <= h->size && size <= h->size - offset && ava_bulk_len(bytes) == size)
		err = ava_bulk_pull(bytes, 0, h->base + offset, size) ? CL_OUT_OF_RESOURCES :
									CL_SUCCESS;
	ocl_host_put(h);
	return err;
}

static bool is_out_of_order(cl_command_queue queue)
{
	cl_command_queue_properties properties = 0;

	clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof(properties), &properties, NULL);
	return properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
}

/* When is the last command that may have changed it complete? NULL: it is. */
static cl_event last_change(cl_command_queue queue, cl_event done, cl_event before)
{
	cl_event events[] = { done, before }, all_done = NULL;

	if (!queue)
		return NULL;
	if (done && !(before && is_out_of_order(queue)))
		return clRetainEvent(done) ? NULL : done;
	clEnqueueMarkerWithWaitList(queue, done ? 2 : 0, done ? events : NULL, &all_done);
	return all_done;
}

/* The transfer of that name, or a new one; NULL if there is no such memory. */
static struct ocl_transfer *host_transfer(cl_ulong host, cl_ulong id)
{
	struct ocl_transfer *t = ocl_transfer_take(id);

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->id = id;
	t->host = host_get(host);
	if (t->host)
		return t;
	free(t);
	return NULL;
}

cl_int ocl_server_host_mark(cl_command_queue queue, cl_event done, cl_ulong host, cl_ulong id,
			    size_t offset, size_t size)
{
	struct ocl_transfer *t = host_transfer(host, id);
	cl_event before;

	if (!t)
		return CL_INVALID_VALUE;
	/* Only a guest that cheats has another transfer of that name, or no such bytes. */
	if (t->host && offset <= t->host->size && size <= t->host->size - offset) {
		before = t->event;
		t->event = last_change(queue, done, before);
		if (before)
			clReleaseEvent(before);
		t->base = t->host->base;
		t->box = (struct ocl_box){
			.offset = offset, .width = size, .height = 1, .depth = 1,
		};
	}
	if (!ocl_transfer_add(t))
		ocl_transfer_free(t);
	return CL_SUCCESS;
}
