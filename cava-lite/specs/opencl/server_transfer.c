// SPDX-License-Identifier: Apache-2.0
/*
 * server_transfer.c - reads and writes of memory objects, as the vendor's library sees them
 *
 * The vendor's library gets the application's own arguments and host memory of the
 * same shape, so that it judges and executes what the application asked for. What a
 * command that does not block writes is copied, and freed when it is complete; what
 * it reads stays here until the guest has taken it.
 */
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "server_memory.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *transfers;		/* a tree by id */

/* ---- those that outlive their call ---------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	const struct ocl_transfer *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

bool ocl_transfer_add(struct ocl_transfer *t)
{
	struct ocl_transfer **node;

	pthread_mutex_lock(&lock);
	node = tsearch(t, &transfers, by_id);
	pthread_mutex_unlock(&lock);
	return node && *node == t;
}

static struct ocl_transfer *transfer_find(cl_ulong id)
{
	struct ocl_transfer key = { .id = id }, **node = tfind(&key, &transfers, by_id);

	return node ? *node : NULL;
}

struct ocl_transfer *ocl_transfer_take(cl_ulong id)
{
	struct ocl_transfer *t;

	pthread_mutex_lock(&lock);
	t = transfer_find(id);
	if (t)
		tdelete(t, &transfers, by_id);
	pthread_mutex_unlock(&lock);
	return t;
}

void ocl_transfer_free(struct ocl_transfer *t)
{
	if (t->event)
		clReleaseEvent(t->event);
	ocl_heap_free(t->heap, t->heap_size);
	free(t);
}

static cl_event counted_event;
static cl_uint counted;

static void count_event(const void *node, VISIT which, int depth)
{
	const struct ocl_transfer *const *t = node;

	(void)depth;
	if ((which == postorder || which == leaf) && (*t)->event == counted_event)
		counted++;
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
	if (!t->event)
		return OCL_READY;
	status = event_status(t->event);
	if (status > CL_COMPLETE)
		return OCL_PENDING;
	return status < 0 ? status : OCL_READY;
}

/* The guest needs nothing of it any more; a map lives on until it is unmapped. */
static void transfer_over(struct ocl_transfer *t)
{
	if (!t)
		return;
	if (t->event)
		clReleaseEvent(t->event);
	t->event = NULL;
	if (t->ptr)
		return;
	tdelete(t, &transfers, by_id);
	ocl_transfer_free(t);
}

cl_int ocl_server_collect(cl_uint count, const cl_ulong *ids, cl_int *states, size_t size,
			  void *bytes, size_t *used)
{
	size_t at = 0, len;
	struct ocl_transfer *t;

	pthread_mutex_lock(&lock);
	for (cl_uint i = 0; i < count; i++) {
		t = transfer_find(ids[i]);
		states[i] = transfer_state(t);
		if (states[i] == OCL_READY) {
			len = t->ptr && !t->base ? 0 : ocl_box_size(&t->box);
			if (len > size - at)
				continue;
			ocl_pack((char *)bytes + at, t->base, &t->box, 0, len);
			at += len;
			states[i] = OCL_DONE;
		}
		if (states[i] != OCL_PENDING)
			transfer_over(t);
	}
	pthread_mutex_unlock(&lock);
	*used = at;
	return CL_SUCCESS;
}

cl_int ocl_server_fetch(cl_ulong id, size_t offset, size_t size, void *bytes)
{
	struct ocl_transfer *t;
	cl_int err = CL_INVALID_VALUE;
	size_t all;

	pthread_mutex_lock(&lock);
	t = transfer_find(id);
	all = t ? ocl_box_size(&t->box) : 0;
	if (t && t->base && transfer_state(t) == OCL_READY && offset <= all &&
	    size <= all - offset) {
		ocl_pack(bytes, t->base, &t->box, offset, size);
		if (offset + size == all)
			transfer_over(t);
		err = CL_SUCCESS;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

cl_int ocl_server_wait(cl_ulong id)
{
	struct ocl_transfer *t;
	cl_event event = NULL;
	cl_int err;

	if (ocl_any_user_event_unset())
		return CL_INVALID_OPERATION;
	pthread_mutex_lock(&lock);
	t = transfer_find(id);
	if (t && t->event && !clRetainEvent(t->event))
		event = t->event;
	pthread_mutex_unlock(&lock);
	if (!event)
		return CL_INVALID_VALUE;
	err = clWaitForEvents(1, &event);
	clReleaseEvent(event);
	return err == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST ? CL_SUCCESS : err;
}

/* ---- rows ------------------------------------------------------------------------------ */

void ocl_pack(void *packed, const void *base, const struct ocl_box *box, size_t at, size_t len)
{
	char *to = packed;
	size_t left, from;

	for (; len; at += left, to += left, len -= left) {
		from = ocl_box_at(box, at, &left);
		left = left < len ? left : len;
		memcpy(to, (const char *)base + from, left);
	}
}

void ocl_unpack(void *base, const struct ocl_box *box, const void *packed)
{
	size_t size = ocl_box_size(box), at, left, to;

	for (at = 0; at < size; at += left) {
		to = ocl_box_at(box, at, &left);
		memcpy((char *)base + to, (const char *)packed + at, left);
	}
}

/* ---- the vendor's calls ------------------------------------------------------------------ */

/**
 * struct command - one read or write
 * @ptr: host memory for the vendor
 */
struct command {
	cl_command_queue queue;
	cl_mem mem;
	const struct ocl_move *move;
	const size_t *origin, *host_origin, *region;
	cl_uint waits;
	const cl_event *wait_list;
	struct ocl_box box;
	size_t size;
};

/* Finds the rows; false if the guest says that the vendor must not touch host memory. */
static bool command_init(struct command *c)
{
	const struct ocl_move *move = c->move;
	struct ocl_facts facts = { 0 };

	c->origin = move->flags & OCL_ORIGIN ? move->origin : NULL;
	c->host_origin = move->flags & OCL_HOST_ORIGIN ? move->host_origin : NULL;
	c->region = move->flags & OCL_REGION ? move->region : NULL;
	if (!(move->flags & OCL_BYTES) || move->kind > OCL_MOVE_IMAGE ||
	    (move->kind == OCL_MOVE_IMAGE && ocl_server_facts(c->mem, &facts)))
		return false;
	ocl_host_box(move, &facts, &c->box);
	c->size = ocl_box_size(&c->box);
	return c->size;
}

static void *no_bytes(const struct command *c)
{
	return c->move->flags & OCL_POINTER ? ocl_nowhere() : NULL;
}

static cl_int native_read(const struct command *c, void *ptr, cl_event *event)
{
	const struct ocl_move *m = c->move;
	cl_bool blocking = m->flags & OCL_BLOCKING ? CL_TRUE : CL_FALSE;

	if (m->kind == OCL_MOVE_BUFFER)
		return clEnqueueReadBuffer(c->queue, c->mem, blocking, m->origin[0],
					   m->region[0], ptr, c->waits, c->wait_list, event);
	if (m->kind == OCL_MOVE_RECT)
		return clEnqueueReadBufferRect(c->queue, c->mem, blocking, c->origin,
					       c->host_origin, c->region, m->row, m->slice,
					       m->host_row, m->host_slice, ptr, c->waits,
					       c->wait_list, event);
	return clEnqueueReadImage(c->queue, c->mem, blocking, c->origin, c->region,
				  m->host_row, m->host_slice, ptr, c->waits, c->wait_list,
				  event);
}

static cl_int native_write(const struct command *c, const void *ptr, cl_bool blocking,
			   cl_event *event)
{
	const struct ocl_move *m = c->move;

	if (m->kind == OCL_MOVE_BUFFER)
		return clEnqueueWriteBuffer(c->queue, c->mem, blocking, m->origin[0],
					    m->region[0], ptr, c->waits, c->wait_list, event);
	if (m->kind == OCL_MOVE_RECT)
		return clEnqueueWriteBufferRect(c->queue, c->mem, blocking, c->origin,
						c->host_origin, c->region, m->row, m->slice,
						m->host_row, m->host_slice, ptr, c->waits,
						c->wait_list, event);
	return clEnqueueWriteImage(c->queue, c->mem, blocking, c->origin, c->region,
				   m->host_row, m->host_slice, ptr, c->waits, c->wait_list,
				   event);
}

/* Memory for the rows; the vendor counts the box's offset from the pointer it gets. */
static char *rows_alloc(const struct command *c, void **heap, size_t *size)
{
	*size = ocl_box_span(&c->box);
	*heap = ocl_heap_alloc(*size);
	return *heap ? (char *)((uintptr_t)*heap - c->box.offset) : NULL;
}

static cl_int read_blocking(const struct command *c, void *bytes, cl_event *event)
{
	size_t size;
	void *heap;
	char *base;
	cl_int err;

	if (ocl_box_packed(&c->box))
		return native_read(c, (char *)((uintptr_t)bytes - c->box.offset), event);
	base = rows_alloc(c, &heap, &size);
	if (!base)
		return CL_OUT_OF_HOST_MEMORY;
	err = native_read(c, base, event);
	if (!err)
		ocl_pack(bytes, base, &c->box, 0, c->size);
	ocl_heap_free(heap, size);
	return err;
}

/* The native event is needed to see that the bytes are there, whoever else wants it. */
static cl_int read_later(const struct command *c, cl_event *event)
{
	struct ocl_transfer *t = calloc(1, sizeof(*t));
	cl_int err;

	if (!t)
		return CL_OUT_OF_HOST_MEMORY;
	t->id = c->move->id;
	t->box = c->box;
	t->base = rows_alloc(c, &t->heap, &t->heap_size);
	err = t->base ? native_read(c, t->base, &t->event) : CL_OUT_OF_HOST_MEMORY;
	if (!err && event)
		clRetainEvent(*event = t->event);
	if (err) {
		t->event = NULL;
		ocl_transfer_free(t);
	} else if (!ocl_transfer_add(t)) {
		/* the command goes on writing there: only a guest that cheats gets here */
		err = CL_INVALID_VALUE;
	}
	return err;
}

cl_int ocl_server_read(cl_command_queue queue, cl_mem mem, const struct ocl_move *move,
		       size_t size, void *bytes, cl_uint waits, const cl_event *wait_list,
		       cl_event *event)
{
	struct command c = {
		.queue = queue, .mem = mem, .move = move, .waits = waits, .wait_list = wait_list,
	};

	if (!command_init(&c))
		return native_read(&c, no_bytes(&c), event);
	if (move->id)
		return read_later(&c, event);
	if (!bytes || size != c.size)
		return CL_INVALID_VALUE;
	return read_blocking(&c, bytes, event);
}

/* ---- writes ------------------------------------------------------------------------------- */

/* Bytes of a command that is under way. */
struct copy {
	size_t size;
	void *heap;
};

static void CL_CALLBACK copy_free(cl_event event, cl_int status, void *p)
{
	struct copy *copy = p;

	(void)event;
	(void)status;
	ocl_heap_free(copy->heap, copy->size);
	free(copy);
}

static cl_int write_rows(const struct command *c, const void *bytes, cl_bool blocking,
			 cl_event *event, struct copy *copy)
{
	char *base = rows_alloc(c, &copy->heap, &copy->size);

	if (!base)
		return CL_OUT_OF_HOST_MEMORY;
	ocl_unpack(base, &c->box, bytes);
	return native_write(c, base, blocking, event);
}

static cl_int write_blocking(const struct command *c, const void *bytes, cl_event *event)
{
	struct copy copy;
	cl_int err;

	if (ocl_box_packed(&c->box))
		return native_write(c, (char *)((uintptr_t)bytes - c->box.offset), CL_TRUE,
				    event);
	err = write_rows(c, bytes, CL_TRUE, event, &copy);
	ocl_heap_free(copy.heap, copy.size);
	return err;
}

static cl_int write_later(const struct command *c, const void *bytes, cl_event *event)
{
	struct copy *copy = calloc(1, sizeof(*copy));
	cl_event done = NULL;
	cl_int err;

	if (!copy)
		return CL_OUT_OF_HOST_MEMORY;
	err = write_rows(c, bytes, CL_FALSE, &done, copy);
	if (err) {
		copy_free(NULL, err, copy);
		return err;
	}
	/* Where the callback is refused the bytes stay: better than freed too early. */
	clSetEventCallback(done, CL_COMPLETE, copy_free, copy);
	if (event)
		*event = done;
	else
		clReleaseEvent(done);
	return CL_SUCCESS;
}

cl_int ocl_server_write(cl_command_queue queue, cl_mem mem, const struct ocl_move *move,
			size_t size, const void *bytes, cl_uint waits,
			const cl_event *wait_list, cl_event *event)
{
	struct command c = {
		.queue = queue, .mem = mem, .move = move, .waits = waits, .wait_list = wait_list,
	};
	cl_bool blocking = move->flags & OCL_BLOCKING ? CL_TRUE : CL_FALSE;

	if (!command_init(&c))
		return native_write(&c, no_bytes(&c), blocking, event);
	if (!bytes || size != c.size)
		return CL_INVALID_VALUE;
	return blocking ? write_blocking(&c, bytes, event) : write_later(&c, bytes, event);
}

cl_int ocl_server_fill(cl_command_queue queue, cl_mem buffer, const void *pattern,
		       size_t pattern_size, size_t offset, size_t size, cl_uint waits,
		       const cl_event *wait_list, cl_event *event, size_t given)
{
	if (pattern && !given)
		pattern = ocl_nowhere();
	return clEnqueueFillBuffer(queue, buffer, pattern, pattern_size, offset, size, waits,
				   wait_list, event);
}

cl_int ocl_server_fill_image(cl_command_queue queue, cl_mem image, const void *color,
			     const size_t *origin, const size_t *region, cl_uint waits,
			     const cl_event *wait_list, cl_event *event, size_t given)
{
	cl_uint four[4] = { 0 };

	if (color && given <= sizeof(four))
		memcpy(four, color, given);
	return clEnqueueFillImage(queue, image, color ? four : NULL, origin, region, waits,
				  wait_list, event);
}
