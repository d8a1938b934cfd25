// SPDX-License-Identifier: Apache-2.0
/*
 * ops_transfer.c - buffers are read, written, filled and copied
 */
#include "differ.h"

static void some_range(struct world *w, const struct obj *mem, size_t *offset, size_t *len)
{
	*offset = chance(w, 30) ? 0 : draw(w, (uint32_t)mem->size);
	*len = chance(w, 20) ? mem->size - *offset
			     : draw(w, (uint32_t)(mem->size - *offset)) + 1;
}

static void range_wrong(struct world *w, const struct obj *mem, size_t *offset, size_t *len,
			unsigned int wrong)
{
	switch (wrong) {
	case 1: *len = 0; break;
	case 2: *offset = mem->size; *len = (size_t)ONE_OF(w, 1, 64); break;
	case 3: *offset = mem->size - 1; *len = 2; break;
	case 4: *offset = ~(size_t)0 - 7; *len = 16; break;
	}
}

/* Which memory objects may be the target of a wrong call: their bytes must not change. */
static void read_buffer(struct world *w)
{
	struct obj *context = need_context(w), *mem = need_buffer(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	unsigned char *data;
	size_t offset, len;
	struct cmd c;
	cl_int err;

	some_range(w, mem, &offset, &len);
	data = keep(w, len + 64);
	range_wrong(w, mem, &offset, &len, own);
	cmd_open(w, &c, context, own == 7 || chance(w, 40));
	cmd_touch(&c, mem);
	say_obj(w, mem);
	say(w, " %zu+%zu%s own %u", offset, len, c.blocking ? " blocking" : "", own);
	cmd_arm(w, &c, wrong);
	err = clEnqueueReadBuffer(c.q, own == 5 ? NULL : mem->handle,
				  own == 7 ? 2 : c.blocking, offset, len,
				  own == 6 ? NULL : data, c.count, c.listp, c.eventp);
	if (cmd_close(w, &c, err))
		cmd_result(w, &c, data, len);
}

static void write_buffer(struct world *w)
{
	struct obj *context = need_context(w), *mem = need_buffer(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	unsigned char *data;
	size_t offset, len;
	struct cmd c;

	some_range(w, mem, &offset, &len);
	data = keep_pattern(w, len + 64);
	range_wrong(w, mem, &offset, &len, own);
	cmd_open(w, &c, context, chance(w, 40));
	cmd_touch(&c, mem);
	say_obj(w, mem);
	say(w, " %zu+%zu%s own %u", offset, len, c.blocking ? " blocking" : "", own);
	cmd_arm(w, &c, wrong);
	cmd_close(w, &c, clEnqueueWriteBuffer(c.q, own == 5 ? NULL : mem->handle, c.blocking,
					      offset, len, own == 6 ? NULL : data, c.count,
					      c.listp, c.eventp));
}

static void fill_buffer(struct world *w)
{
	struct obj *context = need_context(w), *mem = need_buffer(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	size_t unit = (size_t)ONE_OF(w, 1, 2, 4, 8, 16, 32, 64, 128), offset, len;
	unsigned char *pattern = keep_pattern(w, 256);
	struct cmd c;

	if (unit > mem->size)
		unit = 1;
	offset = draw(w, (uint32_t)(mem->size / unit)) * unit;
	len = (draw(w, (uint32_t)((mem->size - offset) / unit)) + 1) * unit;
	if (len > mem->size - offset)
		len = 0;
	range_wrong(w, mem, &offset, &len, own);
	if (own == 6)
		unit = (size_t)ONE_OF(w, 0, 3, 5, 24, 256);
	if (own == 7)
		offset += 1;
	if (own == 8)
		len += 1;
	cmd_open(w, &c, context, false);
	cmd_touch(&c, mem);
	say_obj(w, mem);
	say(w, " %zu of %zu+%zu own %u", unit, offset, len, own);
	cmd_arm(w, &c, wrong);
	cmd_close(w, &c, clEnqueueFillBuffer(c.q, own == 5 ? NULL : mem->handle,
					     own == 9 ? NULL : pattern, unit, offset, len,
					     c.count, c.listp, c.eventp));
}

/* Where source and target are one memory, the ranges must be apart, or it is an error. */
static void copy_buffer(struct world *w)
{
	struct obj *context = need_context(w), *from = need_buffer(w, context);
	struct obj *to = need_buffer(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	size_t at_from, at_to, len, max;
	struct cmd c;

	max = (from->size < to->size ? from->size : to->size) / 2;
	at_from = draw(w, (uint32_t)max);
	at_to = draw(w, (uint32_t)max);
	len = draw(w, (uint32_t)(max - (at_from > at_to ? at_from : at_to))) + 1;
	/* sub-buffers of one buffer may overlap without an error: that is undefined */
	if (mem_root(from) == mem_root(to)) {
		to = from;
		at_to = max;
		at_from = 0;
	}
	range_wrong(w, from, &at_from, &len, own);
	if (own == 5)
		at_to = to->size;
	cmd_open(w, &c, context, false);
	cmd_touch(&c, from);
	cmd_touch(&c, to);
	say_obj(w, from);
	say_obj(w, to);
	say(w, " %zu %zu+%zu own %u", at_from, at_to, len, own);
	cmd_arm(w, &c, wrong);
	if (own == 8) {
		cmd_close(w, &c, clEnqueueCopyBuffer(c.q, from->handle, from->handle, 0, 1, 64,
						     c.count, c.listp, c.eventp));
		return;
	}
	cmd_close(w, &c, clEnqueueCopyBuffer(c.q, own == 6 ? NULL : from->handle,
					     own == 7 ? NULL : to->handle, at_from, at_to, len,
					     c.count, c.listp, c.eventp));
}

/* --- rectangles --------------------------------------------------------------------- */

struct rect {
	size_t origin[3], region[3], row, slice;
};

/* A box that fits into @size bytes. */
static void some_rect(struct world *w, struct rect *r, size_t size, const size_t *region)
{
	size_t row = region ? region[0] : draw(w, 16) + 1;
	size_t rows = region ? region[1] : draw(w, 4) + 1;
	size_t slices = region ? region[2] : draw(w, 2) + 1;

	memset(r, 0, sizeof(*r));
	r->region[0] = row;
	r->region[1] = rows;
	r->region[2] = slices;
	if (chance(w, 40))
		return;
	/* 16 x 4 x 2 bytes at least 256 of room: pitches and origins of a little more */
	r->row = row + draw(w, 4);
	r->slice = r->row * (rows + draw(w, 2));
	r->origin[0] = r->row > row ? draw(w, (uint32_t)(r->row - row + 1)) : 0;
	r->origin[1] = draw(w, 2);
	r->origin[2] = draw(w, 2);
	if ((r->origin[2] + slices) * r->slice + (r->origin[1] + 1) * r->row + row > size)
		memset(r->origin, 0, sizeof(r->origin));
}

static void rect_wrong(struct world *w, struct rect *r, size_t size, unsigned int wrong)
{
	switch (avoid_fault(wrong, 6, "rect-origin-overflow")) {
	case 1: r->region[draw(w, 3)] = 0; break;
	case 2: r->origin[draw(w, 3)] = size; break;
	case 3: r->row = 1; r->region[0] = 2; break;
	case 4: r->row = 16; r->slice = (size_t)ONE_OF(w, 1, 15, 17); r->region[1] = 4;
		r->region[0] = 8; break;
	case 5: r->region[draw(w, 3)] = size + 1; break;
	case 6: r->origin[draw(w, 3)] = ~(size_t)0; break;
	}
}

static void say_rect(struct world *w, const struct rect *r)
{
	say(w, " (%zu %zu %zu / %zu %zu)", r->origin[0], r->origin[1], r->origin[2], r->row,
	    r->slice);
}

static void say_region(struct world *w, const size_t *region)
{
	say(w, " [%zu %zu %zu]", region[0], region[1], region[2]);
}

#define RECT_ROOM 4096

static void rect_io(struct world *w, bool writing)
{
	struct obj *context = need_context(w), *mem = need_buffer(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	unsigned char *data = writing ? keep_pattern(w, RECT_ROOM) : keep(w, RECT_ROOM);
	struct rect in, host;
	struct cmd c;
	cl_int err;

	some_rect(w, &in, mem->size, NULL);
	some_rect(w, &host, RECT_ROOM, in.region);
	if (mem->size < 256)
		in = host = (struct rect){ { 0, 0, 0 }, { 1, 1, 1 }, 0, 0 };
	rect_wrong(w, &in, mem->size, own);
	if (own == 7)
		host.row = 1, in.region[0] = 8;
	cmd_open(w, &c, context, chance(w, 40));
	cmd_touch(&c, mem);
	say_obj(w, mem);
	say_rect(w, &in);
	say_rect(w, &host);
	say_region(w, in.region);
	say(w, "%s own %u", c.blocking ? " blocking" : "", own);
	cmd_arm(w, &c, wrong);
	if (own == 9)
		data = NULL;
	if (writing)
		err = clEnqueueWriteBufferRect(c.q, own == 8 ? NULL : mem->handle, c.blocking,
				own == 10 ? NULL : in.origin, host.origin,
				own == 11 ? NULL : in.region, in.row, in.slice, host.row,
				host.slice, data, c.count, c.listp, c.eventp);
	else
		err = clEnqueueReadBufferRect(c.q, own == 8 ? NULL : mem->handle, c.blocking,
				own == 10 ? NULL : in.origin, host.origin,
				own == 11 ? NULL : in.region, in.row, in.slice, host.row,
				host.slice, data, c.count, c.listp, c.eventp);
	if (cmd_close(w, &c, err) && !writing && data)
		cmd_result(w, &c, data, RECT_ROOM);
}

static void read_rect(struct world *w)
{
	rect_io(w, false);
}

static void write_rect(struct world *w)
{
	rect_io(w, true);
}

static void copy_rect(struct world *w)
{
	struct obj *context = need_context(w), *from = need_buffer(w, context);
	struct obj *to = need_buffer(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	struct rect in, out;
	struct cmd c;

	if ((from->parent || to->parent) && avoided("sub-buffer-rect"))
		return end_line(w);
	own = avoid_fault(own, 7, "copy-rect-null");
	own = avoid_fault(own, 8, "copy-rect-null");
	own = avoid_fault(own, 1, "copy-rect-empty");
	some_rect(w, &in, from->size, NULL);
	some_rect(w, &out, to->size, in.region);
	if (from->size < 256 || to->size < 256)
		in = out = (struct rect){ { 0, 0, 0 }, { 1, 1, 1 }, 0, 0 };
	rect_wrong(w, &in, from->size, own);
	/* an overlap must be one that the specification calls an error */
	if (mem_root(from) == mem_root(to)) {
		to = from;
		out = in;
	}
	cmd_open(w, &c, context, false);
	cmd_touch(&c, from);
	cmd_touch(&c, to);
	say_obj(w, from);
	say_obj(w, to);
	say_rect(w, &in);
	say_rect(w, &out);
	say_region(w, in.region);
	say(w, " own %u", own);
	cmd_arm(w, &c, wrong);
	cmd_close(w, &c, clEnqueueCopyBufferRect(c.q, own == 7 ? NULL : from->handle,
			own == 8 ? NULL : to->handle, own == 9 ? NULL : in.origin, out.origin,
			in.region, in.row, in.slice, out.row, out.slice, c.count, c.listp,
			c.eventp));
}

static void migrate(struct world *w)
{
	struct obj *context = need_context(w), *mem = need_buffer(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	cl_mem list[2] = { mem->handle, NULL };
	cl_mem_migration_flags flags = ONE_OF(w, 0, CL_MIGRATE_MEM_OBJECT_HOST,
					      CL_MIGRATE_MEM_OBJECT_CONTENT_UNDEFINED * 0);
	cl_uint n = 1;
	struct cmd c;

	if (own == 1)
		n = 0;
	if (own == 2)
		n = 2;
	if (own == 3)
		flags = ONE_OF(w, 4, 1ull << 40);
	cmd_open(w, &c, context, false);
	cmd_touch(&c, mem);
	say_obj(w, mem);
	say(w, " own %u", own);
	cmd_arm(w, &c, wrong);
	cmd_close(w, &c, clEnqueueMigrateMemObjects(c.q, n, own == 4 ? NULL : list, flags,
						    c.count, c.listp, c.eventp));
}

const struct op transfer_ops[] = {
	{ "read-buffer", read_buffer, CMD_FAULTS + 7, 10, false },
	{ "write-buffer", write_buffer, CMD_FAULTS + 6, 8, false },
	{ "fill-buffer", fill_buffer, CMD_FAULTS + 9, 5, false },
	{ "copy-buffer", copy_buffer, CMD_FAULTS + 8, 6, false },
	{ "read-rect", read_rect, CMD_FAULTS + 11, 5, false },
	{ "write-rect", write_rect, CMD_FAULTS + 11, 5, false },
	{ "copy-rect", copy_rect, CMD_FAULTS + 9, 5, false },
	{ "migrate", migrate, CMD_FAULTS + 4, 2, false },
	{ NULL, NULL, 0, 0, false }
};
