// SPDX-License-Identifier: Apache-2.0
/*
 * server_map.c - maps of memory objects, in the vendor's library
 *
 * A map is a transfer that stays: while it is not known to be complete the guest may
 * ask for its bytes, until it is unmapped the guest may send new ones.
 */
#include <stdlib.h>
#include <string.h>

#include "server_memory.h"

struct map_call {
	cl_command_queue queue;
	cl_mem mem;
	const struct ocl_move *move;
	size_t row, slice;
	cl_uint waits;
	const cl_event *wait_list;
	size_t *told;		/* what the vendor says of the two, or OCL_UNTOLD */
};

static void *native_map(struct map_call *c, cl_event *event, cl_int *err)
{
	const struct ocl_move *m = c->move;
	cl_bool blocking = m->flags & OCL_BLOCKING ? CL_TRUE : CL_FALSE;

	if (m->kind == OCL_MOVE_BUFFER)
		return clEnqueueMapBuffer(c->queue, c->mem, blocking, m->map_flags,
					  m->origin[0], m->region[0], c->waits, c->wait_list,
					  event, err);
	return clEnqueueMapImage(c->queue, c->mem, blocking, m->map_flags,
				 m->flags & OCL_ORIGIN ? m->origin : NULL,
				 m->flags & OCL_REGION ? m->region : NULL,
				 m->flags & OCL_ROW ? &c->told[0] : NULL,
				 m->flags & OCL_SLICE ? &c->told[1] : NULL, c->waits,
				 c->wait_list, event, err);
}

static void take_pitches(struct map_call *c)
{
	if (c->told[0] != OCL_UNTOLD)
		c->row = c->told[0];
	if (c->told[1] != OCL_UNTOLD)
		c->slice = c->told[1];
}

static bool map_reads(const struct map_call *c)
{
	return !(c->move->map_flags & CL_MAP_WRITE_INVALIDATE_REGION);
}

/*
 * Vendors exist that make images whose rows are longer than what lies between them:
 * those that are mapped must not end behind the image.
 */
static bool ends_behind(const struct ocl_box *box, const struct ocl_facts *facts)
{
	bool overlap = (box->height > 1 && box->row < box->width) ||
		       (box->depth > 1 && box->slice < ocl_mul(box->row, box->height));

	return overlap && ocl_add(box->offset, ocl_box_span(box)) > facts->size;
}

/* The mapped rows, from the pointer on. */
static bool map_init(struct ocl_transfer *t, const struct map_call *c,
		     const struct ocl_facts *facts)
{
	size_t slice = c->slice ? c->slice : c->row * c->move->region[1];

	if (!(c->move->flags & OCL_BYTES) || !ocl_move_inside(c->move, facts))
		return false;
	ocl_map_box(c->move, facts, c->row, slice, &t->box);
	if (ends_behind(&t->box, facts))
		return false;
	t->box.offset = 0;
	t->id = c->move->id;
	return true;
}

static cl_int map_keep(struct ocl_transfer *t, const struct map_call *c,
		       const struct ocl_facts *facts, size_t size, struct ava_bulk *bytes)
{
	if (!map_init(t, c, facts) || (size && size != ocl_box_size(&t->box)))
		return CL_INVALID_VALUE;
	if (map_reads(c))
		t->base = t->ptr;
	if (size && ocl_push_rows(bytes, t->ptr, &t->box, 0, size))
		return CL_OUT_OF_RESOURCES;
	return ocl_transfer_add(t) ? CL_SUCCESS : CL_INVALID_VALUE;
}

/* It is mapped, and @t's; @event is another reference where the application wants one. */
static cl_int map_done(struct ocl_transfer *t, const struct map_call *c,
		       const struct ocl_facts *facts, size_t size, struct ava_bulk *bytes,
		       cl_event *event)
{
	cl_int err;

	if (event)
		clRetainEvent(*event = t->event);
	/* Complete, so the guest will not ask whether it is. */
	if (c->move->flags & OCL_BLOCKING && (size || !map_reads(c))) {
		clReleaseEvent(t->event);
		t->event = NULL;
	}
	err = map_keep(t, c, facts, size, bytes);
	if (!err)
		return CL_SUCCESS;
	/* The guest cannot have it. */
	clEnqueueUnmapMemObject(c->queue, c->mem, t->ptr, 0, NULL, NULL);
	if (event)
		clReleaseEvent(*event);
	return err;
}

cl_int ocl_server_map(cl_command_queue queue, cl_mem mem, const struct ocl_move *move,
		      size_t *pitches, size_t size, struct ava_bulk *bytes, cl_uint waits,
		      const cl_event *wait_list, cl_event *event)
{
	struct ocl_facts facts = { 0 };
	struct map_call c = { queue, mem, move, 0, 0, waits, wait_list, pitches };
	struct ocl_transfer *t = calloc(1, sizeof(*t));
	cl_int err = CL_SUCCESS;

	if (!ocl_move_valid(move) || move->kind == OCL_MOVE_RECT || !pitches) {
		free(t);
		return CL_INVALID_VALUE;
	}
	if (!t)
		return CL_OUT_OF_HOST_MEMORY;
	ocl_server_facts(mem, &facts);
	c.row = move->kind == OCL_MOVE_BUFFER ? move->region[0] : facts.row;
	c.slice = facts.slice;
	pitches[0] = pitches[1] = OCL_UNTOLD;
	t->ptr = native_map(&c, &t->event, &err);
	take_pitches(&c);
	if (err)
		t->event = NULL;
	else
		err = map_done(t, &c, &facts, size, bytes, event);
	if (err)
		ocl_transfer_free(t);
	return err;
}

cl_int ocl_server_unmap(cl_command_queue queue, cl_mem mem, cl_ulong id, size_t size,
			struct ava_bulk *bytes, cl_uint waits, const cl_event *wait_list,
			cl_event *event)
{
	struct ocl_transfer *t = id && id != OCL_NO_ADDRESS ? ocl_transfer_take(id) : NULL;
	void *unmapped = id == OCL_NO_ADDRESS ? NULL : ocl_nowhere();
	cl_int err;

	if (t && (!t->ptr || (size && size != ocl_box_size(&t->box)))) {
		ocl_transfer_add(t);
		return CL_INVALID_VALUE;
	}
	if (t && size && ocl_pull_rows(bytes, t->ptr, &t->box)) {
		ocl_transfer_add(t);
		return CL_OUT_OF_RESOURCES;
	}
	err = clEnqueueUnmapMemObject(queue, mem, t ? t->ptr : unmapped, waits, wait_list, event);
	if (t && err)
		ocl_transfer_add(t);
	else if (t)
		ocl_transfer_free(t);
	return err;
}
