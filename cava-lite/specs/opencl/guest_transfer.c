// SPDX-License-Identifier: Apache-2.0
/*
 * guest_transfer.c - reads and writes of memory objects, as the application calls them
 *
 * Each becomes a struct ocl_move; the rows of the application's memory that belong to
 * it cross in one piece. A read that does not block is noted, and its bytes are taken
 * by ocl_observed().
 */
#include <stdlib.h>
#include <string.h>

#include "guest_memory.h"

struct transfer {
	struct ocl_move move;
	cl_command_queue queue;
	cl_mem mem;
	char *ptr;
	cl_uint waits;
	const cl_event *wait_list;
	cl_event *event;
	struct ocl_box box;
	size_t size;		/* bytes to move; 0 if the vendor may not touch @ptr */
};

static void move_triple(struct ocl_move *move, cl_uint flag, size_t *to, const size_t *from)
{
	if (!from)
		return;
	move->flags |= flag;
	memcpy(to, from, 3 * sizeof(*to));
}

static struct ocl_move buffer_move(cl_bool blocking, size_t offset, size_t size)
{
	return (struct ocl_move){
		.kind = OCL_MOVE_BUFFER,
		.flags = OCL_ORIGIN | OCL_REGION | (blocking ? OCL_BLOCKING : 0),
		.origin = { offset },
		.region = { size, 1, 1 },
	};
}

static struct ocl_move image_move(cl_bool blocking, const size_t *origin,
				  const size_t *region, size_t row, size_t slice)
{
	struct ocl_move move = {
		.kind = OCL_MOVE_IMAGE,
		.flags = blocking ? OCL_BLOCKING : 0,
		.host_row = row,
		.host_slice = slice,
	};

	move_triple(&move, OCL_ORIGIN, move.origin, origin);
	move_triple(&move, OCL_REGION, move.region, region);
	return move;
}

/*
 * Is the host memory such that a vendor can want it? With pitches that OpenCL does not
 * allow it will refuse most likely, and then there may be no memory where they lead.
 */
static bool host_is_sane(const struct transfer *t)
{
	const struct ocl_box *box = &t->box;
	size_t span = ocl_add(box->offset, ocl_box_span(box));

	if (!t->ptr || span >= SIZE_MAX - (uintptr_t)t->ptr)
		return false;
	if (box->row >= box->width && (box->depth == 1 || box->slice >= box->row * box->height))
		return true;
	return ocl_is_mapped(t->ptr, span);
}

/*
 * A region that is not inside of the image should be refused. Vendors exist that let a
 * little too much pass, and then there must be memory.
 */
static bool may_be_accepted(const struct transfer *t, const struct ocl_facts *facts)
{
	size_t span = ocl_box_span(&t->box);

	return t->move.kind == OCL_MOVE_IMAGE && t->move.flags & OCL_ORIGIN && facts->pixel &&
	       t->ptr && span / 2 <= facts->size && ocl_is_mapped(t->ptr, span);
}

/* Finds the bytes to move. What is no memory object is refused where it is sent. */
static cl_int transfer_init(struct transfer *t)
{
	struct ocl_mem *m = ocl_mem_of(t->mem);

	t->size = 0;
	if (t->ptr)
		t->move.flags |= OCL_POINTER;
	if (!m && ava_object_handle(t->mem, AVA_T_cl_mem))
		return CL_OUT_OF_HOST_MEMORY;
	if (!m || !(t->move.flags & OCL_REGION))
		return CL_SUCCESS;
	ocl_host_box(&t->move, &m->facts, &t->box);
	if (!ocl_move_inside(&t->move, &m->facts) && !may_be_accepted(t, &m->facts))
		return CL_SUCCESS;
	if (!host_is_sane(t))
		return CL_SUCCESS;
	t->move.flags |= OCL_BYTES;
	t->size = ocl_box_size(&t->box);
	return CL_SUCCESS;
}

static cl_int send_read(struct transfer *t, size_t size, void *bytes)
{
	return ocl_read(t->queue, t->mem, &t->move, size, bytes, t->waits, t->wait_list,
			t->event);
}

/* Nothing that is under way writes there later, and it is worth the server's try. */
static bool may_come_at_once(const struct transfer *t)
{
	return t->move.kind == OCL_MOVE_BUFFER && !t->event && !t->waits &&
	       t->size >= OCL_AT_ONCE_MIN && !ocl_pending_in(t->ptr, t->size);
}

/* The bytes are asked for later, by the transfer's name, if they do not come at once. */
static cl_int read_pending(struct transfer *t)
{
	struct ocl_pending *p = calloc(1, sizeof(*p));
	bool at_once = may_come_at_once(t);
	cl_int err;

	if (!p)
		return CL_OUT_OF_HOST_MEMORY;
	p->id = t->move.id = ocl_transfer_id();
	p->base = t->ptr;
	p->box = t->box;
	p->size = t->size;
	err = at_once ? send_read(t, t->size, t->ptr) : send_read(t, 0, NULL);
	if (err)
		free(p);
	else
		ocl_pending_add(p);
	return err;
}

static cl_int read_rows(struct transfer *t)
{
	char *packed;
	cl_int err;

	if (ocl_box_packed(&t->box))
		return send_read(t, t->size, t->ptr + t->box.offset);
	packed = ocl_packed_alloc(t->size);
	if (!packed)
		return CL_OUT_OF_HOST_MEMORY;
	err = send_read(t, t->size, packed);
	if (!err)
		ocl_scatter(t->ptr, &t->box, 0, packed, t->size);
	ocl_packed_free(packed, t->size);
	return err;
}

/*
 * A blocking read into memory that an older one, not yet seen to be complete, fills
 * too must not be overtaken by it: it is put in line.
 */
static cl_int transfer_read(struct transfer *t)
{
	bool blocking = t->move.flags & OCL_BLOCKING;
	cl_int err = transfer_init(t);

	if (err)
		return err;
	ocl_host_use_range(t->mem, ocl_move_start(&t->move), ocl_move_span(&t->move));
	if (!t->size)
		err = send_read(t, 0, NULL);
	else if (!blocking || ocl_pending_in(t->ptr + t->box.offset, ocl_box_span(&t->box)))
		err = read_pending(t);
	else
		err = read_rows(t);
	if (blocking)
		ocl_caught_up();
	return err;
}

static cl_int send_write(struct transfer *t, size_t size, const void *bytes)
{
	return ocl_write(t->queue, t->mem, &t->move, size, bytes, t->waits, t->wait_list,
			 t->event);
}

static cl_int write_rows(struct transfer *t)
{
	char *packed;
	cl_int err;

	if (ocl_box_packed(&t->box))
		return send_write(t, t->size, t->ptr + t->box.offset);
	packed = ocl_packed_alloc(t->size);
	if (!packed)
		return CL_OUT_OF_HOST_MEMORY;
	ocl_gather(packed, t->ptr, &t->box);
	err = send_write(t, t->size, packed);
	ocl_packed_free(packed, t->size);
	return err;
}

static cl_int transfer_write(struct transfer *t)
{
	cl_int err = transfer_init(t);

	if (err)
		return err;
	ocl_host_use_range(t->mem, ocl_move_start(&t->move), ocl_move_span(&t->move));
	if (t->size) {
		ocl_settle(t->ptr + t->box.offset, ocl_box_span(&t->box));
		err = write_rows(t);
	} else {
		err = send_write(t, 0, NULL);
	}
	if (t->move.flags & OCL_BLOCKING)
		ocl_caught_up();
	return err;
}

cl_int ocl_guest_read_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
			     size_t offset, size_t size, void *ptr, cl_uint waits,
			     const cl_event *wait_list, cl_event *event)
{
	struct transfer t = {
		buffer_move(blocking, offset, size), queue, buffer, ptr, waits, wait_list, event,
	};

	return transfer_read(&t);
}

cl_int ocl_guest_write_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
			      size_t offset, size_t size, const void *ptr, cl_uint waits,
			      const cl_event *wait_list, cl_event *event)
{
	struct transfer t = {
		buffer_move(blocking, offset, size), queue, buffer, (char *)ptr, waits,
		wait_list, event,
	};

	return transfer_write(&t);
}

static struct ocl_move rect_move(cl_bool blocking, const size_t *buffer_origin,
				 const size_t *host_origin, const size_t *region,
				 const size_t pitches[4])
{
	struct ocl_move move = {
		.kind = OCL_MOVE_RECT,
		.flags = blocking ? OCL_BLOCKING : 0,
		.row = pitches[0],
		.slice = pitches[1],
		.host_row = pitches[2],
		.host_slice = pitches[3],
	};

	move_triple(&move, OCL_ORIGIN, move.origin, buffer_origin);
	move_triple(&move, OCL_HOST_ORIGIN, move.host_origin, host_origin);
	move_triple(&move, OCL_REGION, move.region, region);
	return move;
}

cl_int ocl_guest_read_rect(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
			   const size_t *buffer_origin, const size_t *host_origin,
			   const size_t *region, size_t buffer_row, size_t buffer_slice,
			   size_t host_row, size_t host_slice, void *ptr, cl_uint waits,
			   const cl_event *wait_list, cl_event *event)
{
	const size_t pitches[4] = { buffer_row, buffer_slice, host_row, host_slice };
	struct transfer t = {
		rect_move(blocking, buffer_origin, host_origin, region, pitches), queue,
		buffer, ptr, waits, wait_list, event,
	};

	return transfer_read(&t);
}

cl_int ocl_guest_write_rect(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
			    const size_t *buffer_origin, const size_t *host_origin,
			    const size_t *region, size_t buffer_row, size_t buffer_slice,
			    size_t host_row, size_t host_slice, const void *ptr,
			    cl_uint waits, const cl_event *wait_list, cl_event *event)
{
	const size_t pitches[4] = { buffer_row, buffer_slice, host_row, host_slice };
	struct transfer t = {
		rect_move(blocking, buffer_origin, host_origin, region, pitches), queue,
		buffer, (char *)ptr, waits, wait_list, event,
	};

	return transfer_write(&t);
}

cl_int ocl_guest_read_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
			    const size_t *origin, const size_t *region, size_t row,
			    size_t slice, void *ptr, cl_uint waits,
			    const cl_event *wait_list, cl_event *event)
{
	struct transfer t = {
		image_move(blocking, origin, region, row, slice), queue, image, ptr, waits,
		wait_list, event,
	};

	return transfer_read(&t);
}

cl_int ocl_guest_write_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
			     const size_t *origin, const size_t *region, size_t row,
			     size_t slice, const void *ptr, cl_uint waits,
			     const cl_event *wait_list, cl_event *event)
{
	struct transfer t = {
		image_move(blocking, origin, region, row, slice), queue, image, (char *)ptr,
		waits, wait_list, event,
	};

	return transfer_write(&t);
}
