// SPDX-License-Identifier: Apache-2.0
/*
 * guest_host.c - memory of the application that memory objects use, without maps
 *
 * The storage of CL_MEM_USE_HOST_PTR is the server's copy. OpenCL promises that both are
 * the same while they are mapped. A vendor that uses the memory in place does more, and
 * programs know it: they write to it before a launch, and look at it behind clFinish().
 *
 * So what the application changed is sent before a command that uses the object, and
 * what commands may have changed comes back when the application can know that they
 * are complete. Either is found by comparing with what both had last, so that neither
 * overwrites what the other one wrote. A program that maps the object to see what
 * commands did needs none of this: from that map on the object is left to its maps. So
 * is one that recorded commands use, for when they run is not seen here.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guest_memory.h"

#define PIECE	4096

/* Described in the spec; not of the API, so no header declares them. */
cl_int ocl_host_send(cl_ulong host, size_t offset, size_t size, const void *bytes);
cl_int ocl_host_mark(cl_command_queue queue, cl_event done, cl_ulong host, cl_ulong id,
		     size_t offset, size_t size);

static bool tracked;			/* there was such an object */
static struct ocl_shadow *hosts;	/* of those that are alive; under the lock */

bool ocl_host_tracked(void)
{
	return __atomic_load_n(&tracked, __ATOMIC_RELAXED);
}

void ocl_host_begin(void)
{
	__atomic_store_n(&tracked, true, __ATOMIC_RELAXED);
}

/* ---- under the lock -------------------------------------------------------------------- */

void ocl_host_add(struct ocl_shadow *s)
{
	s->next_host = hosts;
	hosts = s;
}

/* From now on its maps are all there is. */
static void host_leave(struct ocl_shadow *s)
{
	if (s->seen)
		munmap(s->seen, s->host_size);
	s->seen = NULL;
	__atomic_store_n(&s->left, true, __ATOMIC_RELAXED);
}

void ocl_host_del(struct ocl_shadow *s)
{
	struct ocl_shadow **pos = &hosts;

	while (*pos && *pos != s)
		pos = &(*pos)->next_host;
	if (*pos)
		*pos = s->next_host;
	host_leave(s);
}

void ocl_host_forget(void)
{
	hosts = NULL;
}

static struct ocl_shadow *host_find(cl_ulong id)
{
	struct ocl_shadow *s = hosts;

	while (s && s->host_id != id)
		s = s->next_host;
	return s && !s->left ? s : NULL;
}

static bool host_put(struct ocl_shadow *s, size_t at, size_t len)
{
	memcpy(s->seen + at, s->base + at, len);
	return !ocl_host_send(s->host_id, at, len, s->seen + at);
}

/* The first time all goes: the program may have written since it made the object. */
static bool host_send_all(struct ocl_shadow *s)
{
	if (!ocl_is_mapped(s->base, s->host_size))
		return false;
	s->seen = ocl_pages(s->host_size);
	return s->seen && host_put(s, 0, s->host_size);
}

static bool host_changed(const struct ocl_shadow *s, size_t at, size_t end, size_t *len)
{
	*len = end - at < PIECE ? end - at : PIECE;
	return memcmp(s->base + at, s->seen + at, *len);
}

static bool host_send_changes(struct ocl_shadow *s, size_t at, size_t end)
{
	size_t len, next;
	bool sent = true;

	for (; sent && at < end; at = next) {
		bool changed = host_changed(s, at, end, &len);

		next = at + len;
		while (changed && next < end && host_changed(s, next, end, &len))
			next += len;
		if (changed)
			sent = host_put(s, at, next - at);
	}
	return sent;
}

/* Cuts @len from @at on to what there is. */
static size_t host_end(const struct ocl_shadow *s, size_t at, size_t len)
{
	size_t end = ocl_add(at, len);

	return end < s->host_size ? end : s->host_size;
}

/*
 * Not where commands may be changing it: what they do and have done is not known. What
 * the program wrote there before them was sent before the first of them.
 */
static void host_use(struct ocl_shadow *s, size_t at, size_t len)
{
	size_t end = host_end(s, at, len), gap;
	bool sent = true;

	if (!s->left && !s->seen)
		sent = host_send_all(s);
	for (; sent && !s->left && at < end; at = gap) {
		gap = ocl_pending_host_gap(s, &at, end);
		if (at < gap)
			sent = host_send_changes(s, at, gap);
	}
	if (!sent)
		host_leave(s);
}

/* Only what the commands changed: the program may have written beside it. */
static void merge_piece(char *host, char *seen, const char *now, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (seen[i] != now[i])
			host[i] = seen[i] = now[i];
}

void ocl_host_merge(struct ocl_shadow *s, size_t at, const void *bytes, size_t len)
{
	const char *now = bytes;
	size_t i, n;

	for (i = 0; s->seen && i < len; i += n) {
		n = len - i < PIECE ? len - i : PIECE;
		if (memcmp(s->seen + at + i, now + i, n))
			merge_piece(s->base + at + i, s->seen + at + i, now + i, n);
	}
}

/*
 * What a map put there is on both sides now. Not known before the unmap is sent: another
 * thread's merge would bring back what was there before.
 */
void ocl_host_unmapped(const struct ocl_map *map)
{
	struct ocl_shadow *s = map->shadow;
	size_t size = ocl_box_size(&map->box), at, here, left;

	if (map->base != s->base)
		return;
	ocl_memory_lock();
	for (at = 0; s->seen && at < size; at += left) {
		here = ocl_box_at(&map->box, at, &left);
		if (here < s->host_size)
			memcpy(s->seen + here, s->base + here, host_end(s, here, left) - here);
	}
	ocl_memory_unlock();
}

/* ---- before and behind commands ----------------------------------------------------------- */

static struct ocl_mem *host_of(cl_mem mem)
{
	struct ocl_mem *m = ocl_host_tracked() && mem ? ocl_mem_of(mem) : NULL;

	return m && m->shadow->host_id ? m : NULL;
}

/* Of an image all, for where its bytes are is the vendor's affair. */
struct ocl_host_part ocl_host_part(cl_mem mem)
{
	struct ocl_mem *m = host_of(mem);

	if (!m)
		return (struct ocl_host_part){ 0 };
	return (struct ocl_host_part){
		.id = m->shadow->host_id,
		.at = m->facts.pixel ? 0 : m->origin,
		.len = m->facts.pixel ? SIZE_MAX : m->facts.size,
		.writable = !(m->facts.flags & CL_MEM_READ_ONLY),
	};
}

/* Cut to the object: what a sub-buffer shares its memory with is not its command's. */
static struct ocl_host_part part_of(cl_mem mem, size_t offset, size_t size)
{
	struct ocl_host_part part = ocl_host_part(mem);

	offset = offset < part.len ? offset : part.len;
	part.at += offset;
	part.len = size < part.len - offset ? size : part.len - offset;
	return part;
}

void ocl_host_use_part(const struct ocl_host_part *part)
{
	struct ocl_shadow *s;

	ocl_memory_lock();
	s = host_find(part->id);
	if (s) {
		s->used = true;
		host_use(s, part->at, part->len);
	}
	ocl_memory_unlock();
}

cl_int ocl_host_use_range(cl_mem mem, size_t offset, size_t size)
{
	struct ocl_host_part part = part_of(mem, offset, size);

	if (part.id)
		ocl_host_use_part(&part);
	return CL_SUCCESS;
}

cl_int ocl_host_use_copy(cl_mem from, size_t from_offset, cl_mem to, size_t to_offset,
			 size_t size)
{
	ocl_host_use_range(from, from_offset, size);
	return ocl_host_use_range(to, to_offset, size);
}

cl_int ocl_host_use(cl_mem a, cl_mem b)
{
	return ocl_host_use_copy(a, 0, b, 0, SIZE_MAX);
}

cl_int ocl_host_use_all(cl_uint count, const cl_mem *mems)
{
	for (cl_uint i = 0; mems && i < count; i++)
		ocl_host_use_range(mems[i], 0, SIZE_MAX);
	return CL_SUCCESS;
}

static struct ocl_pending *pending_new(struct ocl_shadow *s, const void *queue, size_t at,
				       size_t len)
{
	struct ocl_pending *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct ocl_pending){
		.id = ocl_transfer_id(), .host = ocl_shadow_get_locked(s), .queue = queue, .base = s->base,
		.box = { .offset = at, .width = len, .height = 1, .depth = 1 }, .size = len,
	};
	ocl_pending_add_locked(p);
	return p;
}

static void pending_widen(struct ocl_pending *p, size_t at, size_t end)
{
	size_t start = p->box.offset, stop = start + p->box.width;

	start = at < start ? at : start;
	stop = end > stop ? end : stop;
	p->box.offset = start;
	p->box.width = p->size = stop - start;
}

static void host_wrote(struct ocl_shadow *s, cl_command_queue queue, size_t at, size_t len,
		       const cl_event *event)
{
	size_t end = host_end(s, at, len);
	struct ocl_pending *p;

	if (at >= end)
		return;
	p = ocl_pending_host(s, queue, at, end);
	if (p)
		pending_widen(p, at, end);
	else
		p = pending_new(s, queue, at, end - at);
	if (p)
		ocl_host_mark(queue, event ? *event : NULL, s->host_id, p->id, p->box.offset,
			      p->box.width);
}

void ocl_host_wrote_part(cl_command_queue queue, const struct ocl_host_part *part,
			 const cl_event *event)
{
	struct ocl_shadow *s;

	ocl_memory_lock();
	s = host_find(part->id);
	if (s)
		host_wrote(s, queue, part->at, part->len, event);
	ocl_memory_unlock();
}

void ocl_host_wrote(cl_command_queue queue, cl_mem mem, size_t offset, size_t size,
		    const cl_event *event)
{
	struct ocl_host_part part = part_of(mem, offset, size);

	if (part.id)
		ocl_host_wrote_part(queue, &part, event);
}

/* ---- objects that are left to their maps -------------------------------------------------- */

/* The server is told, or it would keep the memory for what nobody asks about any more. */
static void host_give_up(struct ocl_shadow *s)
{
	cl_ulong id;

	ocl_shadow_get_locked(s);
	host_use(s, 0, SIZE_MAX);
	while ((id = ocl_pending_drop_host(s)))
		ocl_host_mark(NULL, NULL, s->host_id, id, 0, 0);
	host_leave(s);
	ocl_shadow_put_locked(s);
}

static void leave(cl_mem mem, bool unused_too)
{
	struct ocl_mem *m = host_of(mem);
	struct ocl_shadow *s = m ? m->shadow : NULL;

	if (!s || __atomic_load_n(&s->left, __ATOMIC_RELAXED))
		return;
	ocl_observed();
	ocl_memory_lock();
	if (!s->left && (s->used || unused_too))
		host_give_up(s);
	else if (!s->left)
		host_use(s, 0, SIZE_MAX);
	ocl_memory_unlock();
}

void ocl_host_leave(cl_mem mem)
{
	leave(mem, true);
}

/* A map that comes before all commands is how a program fills the memory, and no more. */
void ocl_host_mapped(cl_mem mem)
{
	leave(mem, false);
}

void ocl_host_leave_id(cl_ulong id)
{
	struct ocl_shadow *s;

	ocl_observed();
	ocl_memory_lock();
	s = host_find(id);
	if (s)
		host_give_up(s);
	ocl_memory_unlock();
}

cl_int ocl_host_leave_two(cl_mem a, cl_mem b)
{
	ocl_host_leave(a);
	ocl_host_leave(b);
	return CL_SUCCESS;
}

/* What is complete comes before the object, and its memory, may go. */
cl_int ocl_host_release(void)
{
	if (ocl_host_tracked())
		ocl_observed();
	return CL_SUCCESS;
}
