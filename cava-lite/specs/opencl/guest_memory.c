// SPDX-License-Identifier: Apache-2.0
/*
 * guest_memory.c - what the guest keeps with a memory object
 *
 * The unchanging facts of an object are asked for once. Maps of an object are in a
 * shadow, which has the offsets of the object itself, so that maps which overlap
 * share bytes as they do natively; parts of a buffer are in the buffer's.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest_memory.h"

#define HUGE_MIN	(4u << 20)	/* to touch so much page by page costs more than to copy it */
#define PAGES	1024	/* the most that one call looks at */

/* Under this key a memory object has its struct ocl_mem. */
static const char kept;

struct ocl_shadow *ocl_shadow_get_locked(struct ocl_shadow *shadow)
{
	shadow->refs++;
	return shadow;
}

void ocl_shadow_put_locked(struct ocl_shadow *shadow)
{
	if (--shadow->refs)
		return;
	ocl_host_del(shadow);
	ocl_maps_free(shadow);
	if (shadow->base && !shadow->given)
		munmap(shadow->base, shadow->size);
	free(shadow);
}

static void mem_free(void *p)
{
	struct ocl_mem *m = p;

	if (m->shadow) {
		ocl_memory_lock();
		if (m->shadow->refs == 1)
			ocl_pending_drop(NULL, m->shadow);
		ocl_shadow_put_locked(m->shadow);
		ocl_memory_unlock();
	}
	free(m);
}

/* Bytes from an object's first to behind its last as a map sees them. */
static size_t shadow_size(const struct ocl_facts *f)
{
	size_t rows = f->type == CL_MEM_OBJECT_IMAGE1D_ARRAY && !f->array_by_row ?
		      f->slice : f->row;
	size_t box = ocl_box_bytes(f->row, f->extent[1], f->extent[2], rows, f->slice);

	return f->pixel && box > f->size ? box : f->size;
}

static struct ocl_shadow *shadow_new(const struct ocl_facts *facts)
{
	struct ocl_shadow *shadow = calloc(1, sizeof(*shadow));

	if (!shadow)
		return NULL;
	shadow->refs = 1;
	shadow->size = shadow_size(facts);
	shadow->base = (char *)(uintptr_t)facts->host_ptr;
	shadow->given = shadow->base;
	shadow->host_id = facts->host_id;
	shadow->host_size = facts->host_size;
	if (shadow->host_id)
		ocl_host_add(shadow);
	return shadow;
}

void *ocl_pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (size >= HUGE_MIN)
		madvise(p, size, MADV_HUGEPAGE);
	return p;
}

void *ocl_packed_alloc(size_t size)
{
	return size < HUGE_MIN ? malloc(size) : ocl_pages(size);
}

void ocl_packed_free(void *p, size_t size)
{
	if (size < HUGE_MIN)
		free(p);
	else if (p)
		munmap(p, size);
}

char *ocl_shadow_base(struct ocl_shadow *shadow)
{
	if (!shadow->base && shadow->size)
		shadow->base = ocl_pages(shadow->size);
	return shadow->base;
}


/* Takes @facts, or the place in another object's @shadow, unless it is there already. */
static struct ocl_mem *mem_keep(cl_mem mem, const struct ocl_facts *facts,
				struct ocl_shadow *shadow, size_t origin)
{
	struct ocl_mem *m;

	ocl_memory_lock();
	m = ava_object_attached(mem, &kept);
	if (!m) {
		m = calloc(1, sizeof(*m));
		if (m && !ava_object_attach(mem, &kept, m, mem_free)) {
			free(m);
			m = NULL;
		}
	}
	if (m && facts && !m->known)
		m->facts = *facts;
	if (m && !m->shadow) {
		m->shadow = shadow ? ocl_shadow_get_locked(shadow) : shadow_new(facts);
		m->origin = origin;
	}
	if (m && facts && m->shadow)
		__atomic_store_n(&m->known, true, __ATOMIC_RELEASE);
	ocl_memory_unlock();
	return m && m->shadow ? m : NULL;
}

struct ocl_mem *ocl_mem_of(cl_mem mem)
{
	struct ocl_mem *m = ava_object_attached(mem, &kept);
	struct ocl_facts facts;

	if (m && __atomic_load_n(&m->known, __ATOMIC_ACQUIRE))
		return m;
	if (ocl_get_facts(mem, &facts))
		return NULL;
	return mem_keep(mem, &facts, NULL, 0);
}

void ocl_part_made(cl_mem mem, cl_mem parent, size_t origin)
{
	struct ocl_mem *p = ocl_mem_of(parent);

	if (mem && p)
		mem_keep(mem, NULL, p->shadow, ocl_add(p->origin, origin));
}

void ocl_sub_buffer_made(cl_mem mem, cl_mem parent, const void *info)
{
	const cl_buffer_region *region = info;

	if (region)
		ocl_part_made(mem, parent, region->origin);
}

void ocl_image_made(cl_mem mem, const cl_image_desc *desc)
{
	if (!desc || !desc->mem_object)
		return;
	/* What queries of the image give back is the same object as before. */
	ava_object_keep(mem, desc->mem_object);
	ocl_part_made(mem, desc->mem_object, 0);
}

/* Is anything mapped there, all the way? */
static bool is_mapped(uintptr_t at, uintptr_t end, uintptr_t page)
{
	unsigned char resident[4096];
	size_t len;

	for (; at < end; at += len) {
		len = end - at < page * sizeof(resident) ? end - at : page * sizeof(resident);
		if (mincore((void *)at, len, resident))
			return errno != ENOMEM;
	}
	return true;
}

/*
 * May it be read, every page of it? What a refused call names may go on into memory
 * that is only reserved.
 */
static bool is_readable(uintptr_t at, uintptr_t end, uintptr_t page)
{
	struct iovec places[PAGES], local;
	char bytes[PAGES];
	ssize_t got;
	size_t n;

	while (at < end) {
		for (n = 0; at < end && n < PAGES; at += page)
			places[n++] = (struct iovec){ (void *)at, 1 };
		local = (struct iovec){ bytes, n };
		got = process_vm_readv(getpid(), &local, 1, places, n, 0);
		if (got != (ssize_t)n)
			return got < 0 && errno != EFAULT;
	}
	return true;
}

bool ocl_is_mapped(const void *ptr, size_t size)
{
	uintptr_t page = sysconf(_SC_PAGESIZE), at = (uintptr_t)ptr & ~(page - 1);
	uintptr_t end = (uintptr_t)ptr + size;

	if (!size || end < (uintptr_t)ptr)
		return !size;
	return is_mapped(at, end, page) && is_readable(at, end, page);
}

size_t ocl_given_bytes(cl_mem_flags flags, const void *host_ptr, size_t size)
{
	if (!ocl_reads_host_ptr(flags) || !host_ptr || !ocl_is_mapped(host_ptr, size))
		return 0;
	if (flags & CL_MEM_USE_HOST_PTR)
		ocl_host_begin();
	return size;
}

size_t ocl_color_bytes(cl_mem image)
{
	struct ocl_mem *m = ocl_mem_of(image);

	if (!m || !m->facts.pixel)
		return 0;
	return m->facts.order == CL_DEPTH ? sizeof(cl_float) : sizeof(cl_float4);
}
