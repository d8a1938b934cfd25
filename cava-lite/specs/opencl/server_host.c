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
#include <string.h>
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

void ocl_host_over(struct ocl_host *h)
{
	__atomic_store_n(&h->over, true, __ATOMIC_RELEASE);
}

static void CL_CALLBACK object_ends(cl_mem mem, void *p)
{
	(void)mem;
	ocl_host_over(p);
}

/* That of the object itself, which keeps it; NULL if it is another one's part, or has none. */
static struct ocl_host *host_of(cl_mem mem)
{
	cl_mem whole = NULL;
	struct ocl_host *h;
	char *p = NULL;

	clGetMemObjectInfo(mem, CL_MEM_ASSOCIATED_MEMOBJECT, sizeof(whole), &whole, NULL);
	clGetMemObjectInfo(mem, CL_MEM_HOST_PTR, sizeof(p), &p, NULL);
	if (!p || whole)
		return NULL;
	pthread_mutex_lock(&lock);
	for (h = all; h && h->base != p; h = h->next)
		;
	pthread_mutex_unlock(&lock);
	return h;
}

/* What was registered last is called first. */
void ocl_host_tell_end(cl_mem mem)
{
	struct ocl_host *h = host_of(mem);

	if (h)
		clSetMemObjectDestructorCallback(mem, object_ends, h);
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

static bool is_over(cl_event event)
{
	cl_int status = CL_COMPLETE;

	return clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status,
			      NULL) || status <= CL_COMPLETE;
}

/* An event may be that of all commands in a queue, of which others are under way. */
bool ocl_host_news(struct ocl_transfer *t)
{
	bool ended = __atomic_load_n(&t->host->over, __ATOMIC_ACQUIRE);
	cl_uint i, left = 0;

	for (i = 0; i < t->event_count; i++) {
		if (!ended && !is_over(t->events[i])) {
			t->events[left++] = t->events[i];
			continue;
		}
		clReleaseEvent(t->events[i]);
		t->news = true;
	}
	t->event_count = left;
	return t->news || !left;
}

/* The first ones only: there may be many. */
static void drop_first_over(struct ocl_transfer *t)
{
	cl_uint n = 0;

	while (n < t->event_count && is_over(t->events[n]))
		clReleaseEvent(t->events[n++]);
	if (!n)
		return;
	t->event_count -= n;
	memmove(t->events, t->events + n, t->event_count * sizeof(*t->events));
	t->news = true;
}

/* Complete when the command is, or all that are in the queue; NULL: that is so already. */
static cl_event event_of(cl_command_queue queue, cl_event done)
{
	cl_event all_done = NULL;

	if (!queue)
		return NULL;
	if (done)
		return clRetainEvent(done) ? NULL : done;
	clEnqueueMarkerWithWaitList(queue, 0, NULL, &all_done);
	return all_done;
}

static bool add_event(struct ocl_transfer *t, cl_event event)
{
	cl_uint room = t->event_room ? 2 * t->event_room : 4;
	cl_event *more;

	if (t->event_count == t->event_room) {
		more = realloc(t->events, room * sizeof(*more));
		if (!more)
			return false;
		t->events = more;
		t->event_room = room;
	}
	t->events[t->event_count++] = event;
	return true;
}

/* The transfer of that name, or a new one; NULL if there is no such memory. */
static struct ocl_transfer *host_transfer(cl_ulong host, cl_ulong id)
{
	struct ocl_transfer *t = ocl_transfer_take_host(id);

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

/* A program may wait for any of several commands, and look at what that one did. */
static void host_expect(struct ocl_transfer *t, cl_command_queue queue, cl_event done)
{
	cl_event event;

	drop_first_over(t);
	event = event_of(queue, done);
	if (event && add_event(t, event))
		return;
	t->news = true;
	if (event)
		clReleaseEvent(event);
}

static void host_forget(cl_ulong id)
{
	struct ocl_transfer *t = ocl_transfer_take_host(id);

	if (t)
		ocl_transfer_free(t);
}

/* No bytes: the guest will not ask about those of that name any more. */
cl_int ocl_server_host_mark(cl_command_queue queue, cl_event done, cl_ulong host, cl_ulong id,
			    size_t offset, size_t size)
{
	struct ocl_transfer *t;

	if (!size) {
		host_forget(id);
		return CL_SUCCESS;
	}
	t = host_transfer(host, id);
	if (!t)
		return CL_INVALID_VALUE;
	/* Only a guest that cheats has no such bytes, or another transfer of that name. */
	if (offset <= t->host->size && size <= t->host->size - offset) {
		host_expect(t, queue, done);
		t->base = t->host->base;
		t->box = (struct ocl_box){
			.offset = offset, .width = size, .height = 1, .depth = 1,
		};
	}
	if (ocl_transfer_add(t))
		return CL_SUCCESS;
	ocl_transfer_free(t);
	return CL_INVALID_VALUE;
}
