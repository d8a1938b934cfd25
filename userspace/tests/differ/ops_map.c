// SPDX-License-Identifier: Apache-2.0
/*
 * ops_map.c - memory is mapped, looked at, written and unmapped
 */
#include "differ.h"

static void forget(struct world *w, struct mapping *m)
{
	struct mapping **p;
	struct obj *root = mem_root(m->mem);

	for (p = &w->mappings; *p != m; p = &(*p)->next)
		;
	*p = m->next;
	m->mem->maps--;
	root->maps -= root != m->mem;
	root->written = false;
	for (struct mapping *i = w->mappings; i; i = i->next)
		if (mem_root(i->mem) == root && (i->flags != CL_MAP_READ))
			root->written = true;
	free(m);
}

static void unmap(struct world *w, struct mapping *m)
{
	struct cmd c;

	settle(w);
	cmd_open(w, &c, m->mem->context, false);
	cmd_touch(&c, m->mem);
	say(w, "  unmap");
	say_obj(w, m->mem);
	cmd_arm(w, &c, 0);
	cmd_close(w, &c, clEnqueueUnmapMemObject(c.q, m->mem->handle, m->at, c.count, c.listp,
						 c.eventp));
	forget(w, m);
}

void unmap_all(struct world *w, struct obj *mem)
{
	struct mapping *m = w->mappings, *next;

	for (; m; m = next) {
		next = m->next;
		if (!mem || m->mem == mem || mem_root(m->mem) == mem)
			unmap(w, m);
	}
}

static unsigned char *line_of(const struct mapping *m, size_t y, size_t z)
{
	return (unsigned char *)m->at + y * m->row + z * m->slice;
}

static void look(struct world *w, struct mapping *m)
{
	uint64_t sum = 0;

	for (size_t z = 0; z < m->region[2]; z++)
		for (size_t y = 0; y < m->region[1]; y++)
			for (size_t x = 0; x < m->region[0]; x++)
				sum = sum * 31 + line_of(m, y, z)[x];
	say(w, "  mapped %llx", (unsigned long long)sum);
	end_line(w);
}

/* All of it where nothing else is known, else a part. */
static void scribble(struct world *w, struct mapping *m)
{
	bool all = m->flags & CL_MAP_WRITE_INVALIDATE_REGION;
	unsigned char byte = (unsigned char)draw(w, 256);

	for (size_t z = 0; z < m->region[2]; z++)
		for (size_t y = 0; y < m->region[1]; y++)
			for (size_t x = 0; x < m->region[0]; x++)
				if (all || draw(w, 3) == 0)
					line_of(m, y, z)[x] = byte++;
}

/* The map is over: see what is there, write if that is what it is for. */
static void use(struct world *w, struct mapping *m, struct cmd *c)
{
	if (!c->blocking) {
		settle(w);
		say(w, "  wait");
		say_err(w, clWaitForEvents(1, (cl_event[]){ m->event->handle }));
		end_line(w);
		event_finished(w, m->event);
	}
	if (!(m->flags & CL_MAP_WRITE_INVALIDATE_REGION))
		look(w, m);
	if (m->flags & (CL_MAP_WRITE | CL_MAP_WRITE_INVALIDATE_REGION))
		scribble(w, m);
}

static struct mapping *remember(struct world *w, struct obj *mem, void *at, cl_map_flags flags,
				struct obj *event)
{
	struct mapping *m = calloc(1, sizeof(*m));
	struct obj *root = mem_root(mem);

	if (!m)
		abort();
	m->next = w->mappings;
	m->mem = mem;
	m->at = at;
	m->flags = flags;
	m->event = event;
	w->mappings = m;
	mem->maps++;
	root->maps += root != mem;
	root->written |= flags != CL_MAP_READ;
	return m;
}

static cl_map_flags some_map_flags(struct world *w)
{
	return ONE_OF(w, CL_MAP_READ, CL_MAP_READ, CL_MAP_WRITE, CL_MAP_READ | CL_MAP_WRITE,
		      CL_MAP_WRITE_INVALIDATE_REGION);
}

/* There must be nothing that reads what is written, and no other map then. */
static cl_map_flags fit_flags(struct obj *mem, cl_map_flags flags)
{
	return mem_root(mem)->maps ? CL_MAP_READ : flags;
}

static void map_buffer(struct world *w)
{
	struct obj *context = need_context(w), *mem = need_buffer(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	cl_map_flags flags = fit_flags(mem, some_map_flags(w));
	size_t offset = draw(w, (uint32_t)mem->size);
	size_t len = draw(w, (uint32_t)(mem->size - offset)) + 1;
	struct mapping *m;
	struct cmd c;
	cl_int err = NO_ERR;
	void *at;

	cmd_open(w, &c, context, chance(w, 50));
	cmd_touch(&c, mem);
	say_obj(w, mem);
	if (own == 1)
		len = 0;
	if (own == 2)
		offset = mem->size;
	if (own == 3)
		len = mem->size + 1;
	if (own == 4)
		flags = ONE_OF(w, 1ull << 40, 1 << 10,
			       CL_MAP_WRITE_INVALIDATE_REGION | CL_MAP_READ);
	say(w, " %zu+%zu flags %llx%s own %u", offset, len, (unsigned long long)flags,
	    c.blocking ? " blocking" : "", own);
	cmd_arm(w, &c, wrong);
	c.eventp = &c.event;
	at = clEnqueueMapBuffer(c.q, own == 5 ? NULL : mem->handle, c.blocking, flags, offset,
				len, c.count, c.listp, c.eventp, own == 6 ? NULL : &err);
	if (own == 6)
		err = at ? CL_SUCCESS : 77;
	say(w, at ? " mapped" : " NULL");
	if (at && mem->host)
		say(w, at == mem->host + offset ? " in place" : " elsewhere");
	if (!cmd_close(w, &c, err))
		return;
	m = remember(w, mem, at, flags, c.made);
	m->region[0] = len;
	m->region[1] = m->region[2] = 1;
	use(w, m, &c);
}

static void map_image(struct world *w)
{
	struct obj *context = need_context(w), *mem = need_image(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	size_t origin[3], region[3], row = 0, slice = 0;
	cl_map_flags flags;
	struct mapping *m;
	struct cmd c;
	cl_int err = NO_ERR;
	void *at;

	if (!mem)
		return end_line(w);
	own = avoid_fault(own, 1, "map-image-empty");
	own = avoid_fault(own, 2, "image-beyond");
	own = avoid_fault(own, 3, "image-beyond");
	flags = fit_flags(mem, some_map_flags(w));
	for (int i = 0; i < 3; i++) {
		origin[i] = draw(w, (uint32_t)mem->dim[i]);
		region[i] = draw(w, (uint32_t)(mem->dim[i] - origin[i])) + 1;
	}
	if (own == 1)
		region[draw(w, 3)] = 0;
	if (own == 2)
		origin[draw(w, 3)] = 100000;
	if (own == 3)
		region[draw(w, 3)] = 100000;
	cmd_open(w, &c, context, chance(w, 50));
	cmd_touch(&c, mem);
	say_obj(w, mem);
	say(w, " (%zu %zu %zu) [%zu %zu %zu] flags %llx%s own %u", origin[0], origin[1],
	    origin[2], region[0], region[1], region[2], (unsigned long long)flags,
	    c.blocking ? " blocking" : "", own);
	cmd_arm(w, &c, wrong);
	c.eventp = &c.event;
	at = clEnqueueMapImage(c.q, own == 4 ? NULL : mem->handle, c.blocking, flags,
			       own == 5 ? NULL : origin, own == 6 ? NULL : region,
			       own == 7 ? NULL : &row, own == 8 ? NULL : &slice, c.count,
			       c.listp, c.eventp, &err);
	say(w, " %zu %zu %s", row, slice, at ? "mapped" : "NULL");
	if (!cmd_close(w, &c, err))
		return;
	m = remember(w, mem, at, flags, c.made);
	memcpy(m->region, region, sizeof(region));
	m->region[0] *= mem->elem;
	if (mem->type == CL_MEM_OBJECT_IMAGE1D_ARRAY && slice)
		row = slice;
	m->row = row;
	m->slice = slice;
	use(w, m, &c);
}

static struct mapping *some_mapping(struct world *w)
{
	struct mapping *m;
	unsigned int n = 0;

	for (m = w->mappings; m; m = m->next)
		n++;
	n = draw(w, n);
	for (m = w->mappings; m && n; m = m->next)
		n--;
	return m;
}

static void unmap_op(struct world *w)
{
	struct mapping *m = some_mapping(w);
	struct obj *context = need_context(w), *mem = need_buffer(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	char nowhere[16];
	struct cmd c;

	if (!wrong && m) {
		end_line(w);
		return unmap(w, m);
	}
	cmd_open(w, &c, context, false);
	say_obj(w, mem);
	say(w, " own %u", own);
	cmd_arm(w, &c, wrong);
	cmd_close(w, &c, clEnqueueUnmapMemObject(c.q, own == 1 ? NULL : mem->handle,
						 own == 2 ? NULL : nowhere, c.count, c.listp,
						 c.eventp));
}

const struct op map_ops[] = {
	{ "map-buffer", map_buffer, CMD_FAULTS + 6, 6, false },
	{ "map-image", map_image, CMD_FAULTS + 8, 4, false },
	{ "unmap", unmap_op, CMD_FAULTS + 2, 8, false },
	{ NULL, NULL, 0, 0, false }
};
