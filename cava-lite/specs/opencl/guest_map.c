// SPDX-License-Identifier: Apache-2.0
/*
 * guest_map.c - mapped parts of memory objects
 *
 * The vendor's library maps on the server, so errors, events, order and counts are
 * its own. What the application gets is a place in the object's shadow, into which
 * the bytes are copied when the map is complete, and from which they are sent when
 * it is unmapped.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <ava/guest.h>

#include "guest_memory.h"

/* The generated library. */
extern const struct ava_guest_api ava_guest_library;

/* One call of the application's. */
struct mapping {
	struct ocl_move move;
	cl_command_queue queue;
	cl_mem mem;
	cl_uint waits;
	const cl_event *wait_list;
	cl_event *event;
	size_t pitches[2];
	bool told[2];		/* those pitches are the vendor's answer to this call */
	struct ocl_mem *m;
	struct ocl_map *map;
	struct ocl_pending *pending;
};

static void map_free(struct ocl_map *map)
{
	if (map->own)
		munmap(map->own, map->own_size);
	free(map);
}

void ocl_maps_free(struct ocl_shadow *shadow)
{
	struct ocl_map *map;

	while ((map = shadow->maps)) {
		shadow->maps = map->next;
		map_free(map);
	}
}

/* ---- maps that overlap ------------------------------------------------------------ */

/*
 * Is @at, counted from the shadow's start, in a row of the box? In any case @left
 * bytes from there on are the same, as far as can be told here.
 */
static bool box_covers(const struct ocl_box *box, size_t at, size_t *left)
{
	size_t in, y = 0, z = 0;

	if (at < box->offset) {
		*left = box->offset - at;
		return false;
	}
	in = at - box->offset;
	if (box->depth > 1) {
		z = in / box->slice;
		in %= box->slice;
	}
	if (box->height > 1) {
		y = in / box->row;
		in %= box->row;
	}
	if (z < box->depth && y < box->height && in < box->width) {
		*left = box->width - in;
		return true;
	}
	*left = SIZE_MAX;
	if (z < box->depth && (y + 1 < box->height || z + 1 < box->depth))
		*left = box->height > 1 && in < box->row ? box->row - in : 1;
	return false;
}

/* Another map whose bytes in the shadow are newer than the vendor's. */
static bool is_newer(const struct ocl_map *map, const struct ocl_map *other)
{
	return other != map && other->writes && other->open && !other->own;
}

/* Does another map cover byte @at? @left is cut to how many bytes that is so for. */
static bool is_covered(const struct ocl_map *map, size_t at, size_t *left)
{
	bool covered = false;
	size_t len;

	for (struct ocl_map *other = map->shadow->maps; other && !covered; other = other->next) {
		if (!is_newer(map, other))
			continue;
		covered = box_covers(&other->box, at, &len);
		*left = len < *left ? len : *left;
	}
	return covered;
}

bool ocl_map_clear(const struct ocl_map *map)
{
	for (struct ocl_map *other = map->shadow->maps; other; other = other->next)
		if (!map->own && is_newer(map, other))
			return false;
	return true;
}

void ocl_map_scatter(const struct ocl_map *map, size_t at, const void *packed, size_t len)
{
	const char *from = packed;
	size_t left, to;
	bool covered;

	if (ocl_map_clear(map)) {
		ocl_scatter(map->base, &map->box, at, packed, len);
		return;
	}
	for (; len; at += left, from += left, len -= left) {
		to = ocl_box_at(&map->box, at, &left);
		left = left < len ? left : len;
		covered = is_covered(map, to, &left);
		if (!covered)
			memcpy(map->base + to, from, left);
	}
}

/* ---- map ---------------------------------------------------------------------------- */

/* Where in its shadow the mapped part is, if the vendor's pitches are @row and @slice. */
static void map_place(struct mapping *c, size_t row, size_t slice)
{
	struct ocl_map *map = c->map;

	ocl_map_box(&c->move, &c->m->facts, row, slice, &map->box);
	map->base = map->shadow->base;
	map->box.offset += c->m->origin;
}

/* All that can fail here does so before the vendor's library maps. */
static bool map_prepare(struct mapping *c)
{
	cl_map_flags flags = c->move.map_flags;
	struct ocl_map *map = c->map = calloc(1, sizeof(*map));
	char *base;

	c->pending = calloc(1, sizeof(*c->pending));
	ocl_memory_lock();
	base = ocl_shadow_base(c->m->shadow);
	ocl_memory_unlock();
	if (!map || !c->pending || !base)
		return false;
	map->id = c->move.id = ocl_transfer_id();
	map->mem = c->mem;
	map->shadow = c->m->shadow;
	/* Vendors may accept flags that nobody knows. */
	map->writes = flags != CL_MAP_READ;
	map->reads = !(flags & CL_MAP_WRITE_INVALIDATE_REGION);
	map_place(c, c->m->facts.row, c->m->facts.slice);
	c->move.flags |= OCL_BYTES;
	return true;
}

static cl_int send_map(struct mapping *c, size_t size, void *bytes)
{
	cl_int err = ocl_map(c->queue, c->mem, &c->move, c->pitches, size, bytes, c->waits,
			     c->wait_list, c->event);

	for (int i = 0; !err && c->m && i < 2; i++) {
		c->told[i] = c->pitches[i] != OCL_UNTOLD;
		if (!c->told[i])
			c->pitches[i] = i ? c->m->facts.slice : c->m->facts.row;
	}
	return err;
}

/*
 * The vendor has other pitches than it told: the map does not fit into the shadow.
 * What came was packed, at the place it was meant for.
 */
static bool map_apart(struct mapping *c)
{
	struct ocl_map *map = c->map;
	const char *packed = map->base + map->box.offset;
	void *p;

	map_place(c, c->pitches[0], c->pitches[1]);
	map->box.offset = 0;
	map->own_size = ocl_box_span(&map->box);
	p = mmap(NULL, map->own_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	if (p == MAP_FAILED)
		return false;
	map->own = map->base = p;
	if (map->open && map->reads)
		ocl_scatter(p, &map->box, 0, packed, ocl_box_size(&map->box));
	return true;
}

static bool pitches_as_told(const struct mapping *c)
{
	const struct ocl_facts *f = &c->m->facts;

	return c->move.kind == OCL_MOVE_BUFFER ||
	       ((c->move.region[1] == 1 || c->pitches[0] == f->row) &&
		(c->move.region[2] == 1 || c->pitches[1] == f->slice));
}

/* It is mapped; if it is not open its bytes are under way. */
static void map_add(struct mapping *c)
{
	struct ocl_map *map = c->map, **pos;
	struct ocl_pending *p = c->pending;
	bool open = map->open;

	map->ptr = map->base + map->box.offset;
	p->id = map->id;
	p->base = map->base;
	p->box = map->box;
	p->size = map->reads ? ocl_box_size(&map->box) : 0;
	p->map = map;
	ocl_memory_lock();
	for (pos = &map->shadow->maps; *pos; pos = &(*pos)->next)
		;
	*pos = map;
	ocl_memory_unlock();
	/* As natively, what is mapped can be unmapped after its release. */
	ava_object_hold(map->mem);
	c->map = NULL;
	if (open)
		return;
	c->pending = NULL;
	ocl_pending_add(p);
}

static void *map_done(struct mapping *c, cl_int *err)
{
	void *ptr;

	if (!c->map || (!pitches_as_told(c) && !map_apart(c))) {
		if (c->map)
			ocl_unmap(c->queue, c->mem, c->map->id, 0, NULL, 0, NULL, NULL);
		*err = CL_MAP_FAILURE;
		return NULL;
	}
	ptr = c->map->base + c->map->box.offset;
	map_add(c);
	return ptr;
}

/* A map that blocks brings its bytes at once if they may come into place in one piece. */
static cl_int map_send(struct mapping *c)
{
	struct ocl_map *map = c->map;

	if (!map || !(c->move.flags & OCL_BLOCKING))
		return send_map(c, 0, NULL);
	ocl_memory_lock();
	map->open = !map->reads || (ocl_box_packed(&map->box) && ocl_map_clear(map));
	ocl_memory_unlock();
	if (!map->open || !map->reads)
		return send_map(c, 0, NULL);
	return send_map(c, ocl_box_size(&map->box), map->base + map->box.offset);
}

static void *map_object(struct mapping *c, cl_int *errcode)
{
	cl_int err = CL_SUCCESS;
	void *ptr = NULL;

	ocl_host_mapped(c->mem);
	c->m = ocl_mem_of(c->mem);
	if (c->m && ocl_move_inside(&c->move, &c->m->facts) && !map_prepare(c))
		err = CL_OUT_OF_HOST_MEMORY;
	if (!err)
		err = map_send(c);
	if (!err)
		ptr = map_done(c, &err);
	if (c->move.flags & OCL_BLOCKING)
		ocl_caught_up();
	free(c->pending);
	free(c->map);
	if (errcode)
		*errcode = err;
	return ptr;
}

void *ocl_guest_map_buffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
			   cl_map_flags flags, size_t offset, size_t size, cl_uint waits,
			   const cl_event *wait_list, cl_event *event, cl_int *err)
{
	struct mapping c = {
		.move = {
			.kind = OCL_MOVE_BUFFER,
			.flags = OCL_ORIGIN | OCL_REGION | (blocking ? OCL_BLOCKING : 0),
			.map_flags = flags,
			.origin = { offset },
			.region = { size, 1, 1 },
		},
		.queue = queue, .mem = buffer,
		.waits = waits, .wait_list = wait_list, .event = event,
	};

	return map_object(&c, err);
}

void *ocl_guest_map_image(cl_command_queue queue, cl_mem image, cl_bool blocking,
			  cl_map_flags flags, const size_t *origin, const size_t *region,
			  size_t *row, size_t *slice, cl_uint waits,
			  const cl_event *wait_list, cl_event *event, cl_int *err)
{
	struct mapping c = {
		.move = {
			.kind = OCL_MOVE_IMAGE,
			.flags = (blocking ? OCL_BLOCKING : 0) | (origin ? OCL_ORIGIN : 0) |
				 (region ? OCL_REGION : 0) | (row ? OCL_ROW : 0) |
				 (slice ? OCL_SLICE : 0),
			.map_flags = flags,
		},
		.queue = queue, .mem = image,
		.waits = waits, .wait_list = wait_list, .event = event,
	};
	void *ptr;

	if (origin)
		memcpy(c.move.origin, origin, sizeof(c.move.origin));
	if (region)
		memcpy(c.move.region, region, sizeof(c.move.region));
	ptr = map_object(&c, err);
	if (ptr && row && c.told[0])
		*row = c.pitches[0];
	if (ptr && slice && c.told[1])
		*slice = c.pitches[1];
	return ptr;
}

/* ---- unmap --------------------------------------------------------------------------- */

/*
 * Takes the oldest map at @ptr out of the shadow, of @mem if there is one. Of another
 * part of the same buffer: whether that is the same the vendor will say. Under the lock.
 */
static struct ocl_map *map_take(struct ocl_shadow *shadow, cl_mem mem, const void *ptr)
{
	struct ocl_map **pos, **other = NULL, *map;

	for (pos = &shadow->maps; (map = *pos); pos = &map->next) {
		if (map->ptr != ptr)
			continue;
		if (map->mem == mem)
			break;
		other = other ? other : pos;
	}
	if (!map && other)
		map = *(pos = other);
	if (map)
		*pos = map->next;
	return map;
}

static struct ocl_map *map_find(cl_mem mem, const void *ptr)
{
	struct ocl_mem *m = ocl_mem_of(mem);
	struct ocl_map *map;

	if (!m)
		return NULL;
	ocl_memory_lock();
	map = map_take(m->shadow, mem, ptr);
	ocl_memory_unlock();
	return map;
}

static void map_put_back(struct ocl_map *map)
{
	ocl_memory_lock();
	map->next = map->shadow->maps;
	map->shadow->maps = map;
	ocl_memory_unlock();
}

static void map_end(struct ocl_map *map)
{
	cl_mem mem = map->mem;

	ocl_memory_lock();
	ocl_pending_drop(map, NULL);
	ocl_memory_unlock();
	map_free(map);
	ava_guest_unhold(&ava_guest_library, mem);
}

/* One that is not complete yet was not written to. */
static bool has_news(const struct ocl_map *map)
{
	bool open;

	ocl_memory_lock();
	open = map->open;
	ocl_memory_unlock();
	return open && map->writes;
}

static cl_int send_rows(cl_command_queue queue, cl_mem mem, const struct ocl_map *map,
			cl_uint waits, const cl_event *wait_list, cl_event *event)
{
	size_t size = ocl_box_size(&map->box);
	char *packed;
	cl_int err;

	if (ocl_box_packed(&map->box))
		return ocl_unmap(queue, mem, map->id, size, map->ptr, waits, wait_list,
				 event);
	packed = ocl_packed_alloc(size);
	if (!packed)
		return CL_OUT_OF_HOST_MEMORY;
	ocl_gather(packed, map->base, &map->box);
	err = ocl_unmap(queue, mem, map->id, size, packed, waits, wait_list, event);
	ocl_packed_free(packed, size);
	return err;
}

static cl_int send_unmap(cl_command_queue queue, cl_mem mem, const struct ocl_map *map,
			 cl_uint waits, const cl_event *wait_list, cl_event *event)
{
	cl_int err;

	ocl_settle(map->ptr, ocl_box_span(&map->box));
	if (!has_news(map))
		return ocl_unmap(queue, mem, map->id, 0, NULL, waits, wait_list, event);
	err = send_rows(queue, mem, map, waits, wait_list, event);
	if (!err)
		ocl_host_unmapped(map);
	return err;
}

cl_int ocl_guest_unmap(cl_command_queue queue, cl_mem mem, void *ptr, cl_uint waits,
		       const cl_event *wait_list, cl_event *event)
{
	struct ocl_map *map = map_find(mem, ptr);
	cl_int err;

	/* The vendor says what becomes of it. */
	if (!map)
		return ocl_unmap(queue, mem, ptr ? 0 : OCL_NO_ADDRESS, 0, NULL, waits, wait_list,
				 event);
	err = send_unmap(queue, mem, map, waits, wait_list, event);
	if (err)
		map_put_back(map);
	else
		map_end(map);
	return err;
}
