// SPDX-License-Identifier: Apache-2.0
/*
 * server_transfer.c - reads and writes of memory objects, as the vendor's library sees them
 *
 * The vendor's library gets the application's own arguments and host memory of the
 * same shape, so that it judges and executes what the application asked for. What a
 * command that does not block writes is copied, and freed when it is complete; what
 * it reads stays here until the guest has taken it.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "server_memory.h"

#define DIRECT_MIN	(128u << 10)	/* smaller ones are not worth a map */
#define STUCK_NS	250000000	/* so long a map of a queue that was idle may take */

/* One read or write. */
struct command {
	cl_command_queue queue;
	cl_mem mem;
	const struct ocl_move *move;
	const size_t *origin, *host_origin, *region;
	cl_uint waits;
	const cl_event *wait_list;
	struct ocl_box box;
	size_t size;
	cl_event undone;	/* what it has to wait for then; else NULL */
};

/*
 * What a move may be: a buffer's bytes are one row, for the vendor's library looks at
 * no other number of it.
 */
bool ocl_move_valid(const struct ocl_move *move)
{
	if (!move || move->kind > OCL_MOVE_IMAGE)
		return false;
	return move->kind != OCL_MOVE_BUFFER || (move->region[1] == 1 && move->region[2] == 1);
}

/* Finds the rows; false if the guest says that the vendor must not touch host memory. */
static bool command_init(struct command *c)
{
	const struct ocl_move *move = c->move;
	struct ocl_facts facts = { 0 };

	c->origin = move->flags & OCL_ORIGIN ? move->origin : NULL;
	c->host_origin = move->flags & OCL_HOST_ORIGIN ? move->host_origin : NULL;
	c->region = move->flags & OCL_REGION ? move->region : NULL;
	if (!(move->flags & OCL_BYTES) ||
	    (move->kind == OCL_MOVE_IMAGE && ocl_server_facts(c->mem, &facts)))
		return false;
	ocl_host_box(move, &facts, &c->box);
	c->size = ocl_box_size(&c->box);
	return c->size;
}

static void command_end(struct command *c)
{
	if (c->undone)
		clReleaseEvent(c->undone);
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

/*
 * Memory for the rows; the vendor counts the box's offset from the pointer it gets, and
 * where that saturates here it wraps there.
 */
static char *rows_alloc(const struct command *c, void **heap, size_t *size)
{
	*size = ocl_box_span(&c->box);
	*heap = c->box.offset == SIZE_MAX ? NULL :
		 ocl_heap_alloc(*size, ocl_box_packed(&c->box));
	return *heap ? (char *)((uintptr_t)*heap - c->box.offset) : NULL;
}

/*
 * A large buffer's bytes can come right from and go right to what the vendor's library
 * maps, if nobody wants the command's event. It says no to what must not be mapped, and
 * in any such case the command itself is executed. A command that does not block is
 * executed like that where it would begin at once, and is so large that to find that
 * out, and to wait for it, costs less than to copy its bytes a second time.
 */
static bool is_direct(const struct command *c, const cl_event *event)
{
	if (c->move->kind != OCL_MOVE_BUFFER || event)
		return false;
	if (c->move->flags & OCL_BLOCKING)
		return c->size >= DIRECT_MIN;
	return c->size >= OCL_AT_ONCE_MIN && !c->waits && ocl_queue_idle(c->queue);
}

static char *map_now(const struct command *c, cl_map_flags flags)
{
	cl_int err;
	void *p = clEnqueueMapBuffer(c->queue, c->mem, CL_TRUE, flags, c->move->origin[0],
				     c->size, c->waits, c->wait_list, NULL, &err);

	return err ? NULL : p;
}

/*
 * For a command that does not block. The queue was idle, but another thread of the
 * program may have put a command in that waits for what this thread does next. So the
 * map is not waited for without end; if need be it is undone, and the command comes
 * behind that. There is nothing in the wait list, but maybe a list: for the vendor to judge.
 */
static char *map_soon(struct command *c, cl_map_flags flags)
{
	cl_event mapped;
	cl_int err;
	void *p = clEnqueueMapBuffer(c->queue, c->mem, CL_FALSE, flags, c->move->origin[0],
				     c->size, c->waits, c->wait_list, &mapped, &err);

	if (err)
		return NULL;
	if (!ocl_complete_within(c->queue, mapped, STUCK_NS)) {
		err = clEnqueueUnmapMemObject(c->queue, c->mem, p, 1, &mapped, &c->undone);
		c->waits = err ? 0 : 1;
		c->wait_list = err ? NULL : &c->undone;
		p = NULL;
	}
	clReleaseEvent(mapped);
	return p;
}

static cl_int unmap_now(const struct command *c, void *p)
{
	cl_event done;
	cl_int err = clEnqueueUnmapMemObject(c->queue, c->mem, p, 0, NULL, &done);

	if (err)
		return err;
	if (c->move->flags & OCL_BLOCKING)
		err = clWaitForEvents(1, &done);
	else
		ocl_complete_within(c->queue, done, STUCK_NS);
	clReleaseEvent(done);
	return err;
}

/* Return: was it moved? */
static bool move_direct(struct command *c, bool write, struct ava_bulk *bytes,
			const cl_event *event, cl_int *err)
{
	cl_map_flags flags = write ? CL_MAP_WRITE_INVALIDATE_REGION : CL_MAP_READ;
	char *base = NULL;
	cl_int unmap_err;

	if (is_direct(c, event))
		base = c->move->flags & OCL_BLOCKING ? map_now(c, flags) : map_soon(c, flags);
	if (!base)
		return false;
	*err = write ? ocl_pull_rows(bytes, base, &c->box) :
	       ocl_push_rows(bytes, base, &c->box, 0, c->size);
	unmap_err = unmap_now(c, base);
	*err = *err ? *err : unmap_err;
	return true;
}

static cl_int read_blocking(struct command *c, struct ava_bulk *bytes, cl_event *event)
{
	size_t size;
	void *heap;
	char *base;
	cl_int err;

	if (move_direct(c, false, bytes, event, &err))
		return err;
	base = rows_alloc(c, &heap, &size);
	if (!base)
		return CL_OUT_OF_HOST_MEMORY;
	err = native_read(c, base, event);
	if (!err) {
		err = ocl_push_rows(bytes, base, &c->box, 0, c->size);
		if (err && event)
			clReleaseEvent(*event);
	}
	ocl_heap_free(heap, size);
	return err;
}

/*
 * The native event is needed to see that the bytes are there, whoever else wants it.
 * With @bytes they may come at once; then nothing is known here of the transfer, and the
 * guest, which asks about it, is told so.
 */
static cl_int read_later(struct command *c, struct ava_bulk *bytes, cl_event *event)
{
	struct ocl_transfer *t;
	cl_int err;

	if (ocl_transfer_known(c->move->id))
		return CL_INVALID_VALUE;
	if (bytes && move_direct(c, false, bytes, event, &err))
		return err;
	t = calloc(1, sizeof(*t));
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
		/* the command goes on writing there; without memory, or two threads cheat */
		err = CL_INVALID_VALUE;
	}
	return err;
}

cl_int ocl_server_read(cl_command_queue queue, cl_mem mem, const struct ocl_move *move,
		       size_t size, struct ava_bulk *bytes, cl_uint waits, const cl_event *wait_list,
		       cl_event *event)
{
	struct command c = {
		.queue = queue, .mem = mem, .move = move, .waits = waits, .wait_list = wait_list,
	};
	cl_int err;

	if (!ocl_move_valid(move))
		return CL_INVALID_VALUE;
	if (!command_init(&c))
		return native_read(&c, no_bytes(&c), event);
	if ((bytes || !move->id) && ava_bulk_len(bytes) != c.size)
		return CL_INVALID_VALUE;
	err = move->id ? read_later(&c, bytes, event) : read_blocking(&c, bytes, event);
	command_end(&c);
	return err;
}

/* ---- writes ------------------------------------------------------------------------------- */

/* Copies of so many bytes may wait for their commands before a write waits for its own. */
#define COPIES_MAX	(256u << 20)

static atomic_size_t copies;

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
	atomic_fetch_sub(&copies, copy->size);
	ocl_heap_free(copy->heap, copy->size);
	free(copy);
}

static cl_int write_rows(const struct command *c, struct ava_bulk *bytes, cl_bool blocking,
			 cl_event *event, struct copy *copy)
{
	char *base = rows_alloc(c, &copy->heap, &copy->size);
	cl_int err = base ? ocl_pull_rows(bytes, base, &c->box) : CL_OUT_OF_HOST_MEMORY;

	return err ? err : native_write(c, base, blocking, event);
}

static cl_int write_blocking(const struct command *c, struct ava_bulk *bytes, cl_event *event)
{
	struct copy copy;
	cl_int err = write_rows(c, bytes, CL_TRUE, event, &copy);

	ocl_heap_free(copy.heap, copy.size);
	return err;
}

static cl_int write_later(const struct command *c, struct ava_bulk *bytes, cl_event *event)
{
	struct copy *copy = calloc(1, sizeof(*copy));
	cl_event done = NULL;
	size_t before;
	cl_int err;

	if (!copy)
		return CL_OUT_OF_HOST_MEMORY;
	err = write_rows(c, bytes, CL_FALSE, &done, copy);
	before = atomic_fetch_add(&copies, copy->size);
	if (err) {
		copy_free(NULL, err, copy);
		return err;
	}
	/* Where the callback is refused the bytes stay: better than freed too early. */
	clSetEventCallback(done, CL_COMPLETE, copy_free, copy);
	if (before > COPIES_MAX && !ocl_any_waits_for_program())
		clWaitForEvents(1, &done);
	if (event)
		*event = done;
	else
		clReleaseEvent(done);
	return CL_SUCCESS;
}

cl_int ocl_server_write(cl_command_queue queue, cl_mem mem, const struct ocl_move *move,
			size_t size, struct ava_bulk *bytes, cl_uint waits,
			const cl_event *wait_list, cl_event *event)
{
	struct command c = {
		.queue = queue, .mem = mem, .move = move, .waits = waits, .wait_list = wait_list,
	};
	cl_bool blocking;
	cl_int err;

	if (!ocl_move_valid(move))
		return CL_INVALID_VALUE;
	blocking = move->flags & OCL_BLOCKING ? CL_TRUE : CL_FALSE;
	if (!command_init(&c))
		return native_write(&c, no_bytes(&c), blocking, event);
	if (!bytes || size != c.size)
		return CL_INVALID_VALUE;
	if (!move_direct(&c, true, bytes, event, &err))
		err = blocking ? write_blocking(&c, bytes, event) : write_later(&c, bytes, event);
	command_end(&c);
	return err;
}

cl_int ocl_server_fill(cl_command_queue queue, cl_mem buffer, const void *pattern,
		       size_t pattern_size, size_t offset, size_t size, cl_uint waits,
		       const cl_event *wait_list, cl_event *event, size_t given)
{
	if (pattern && given != ocl_pattern_bytes(pattern_size))
		return CL_INVALID_VALUE;
	if (pattern && !given)
		pattern = ocl_nowhere();
	return clEnqueueFillBuffer(queue, buffer, pattern, pattern_size, offset, size, waits,
				   wait_list, event);
}

cl_int ocl_server_fill_image(cl_command_queue queue, cl_mem image, const void *color,
			     const size_t *origin, const size_t *region, cl_uint waits,
			     const cl_event *wait_list, cl_event *event, size_t given)
{
	struct ocl_facts facts;
	cl_uint four[4] = { 0 };

	/* The guest did not know that it is an image. */
	if (color && !given && !ocl_server_facts(image, &facts) && facts.pixel)
		return CL_OUT_OF_HOST_MEMORY;
	if (color && given <= sizeof(four))
		memcpy(four, color, given);
	return clEnqueueFillImage(queue, image, color ? four : NULL, origin, region, waits,
				  wait_list, event);
}
