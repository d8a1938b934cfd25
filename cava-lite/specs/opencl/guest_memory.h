/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_memory.h - memory objects, their shadows, and pending transfers of the guest
 *
 * What is said here to be under the lock is under ocl_memory_lock(), which is held
 * over the call that collects transfers, so that who observes meanwhile waits for it.
 */
#ifndef OCL_GUEST_MEMORY_H
#define OCL_GUEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <ava/object.h>

#include "opencl_common.h"

struct ocl_map;

/**
 * struct ocl_shadow - where maps of a memory object are in this process
 * @refs: of the objects that it is the shadow of: a buffer and its parts; atomic
 * @base: the memory, or NULL before the first map; under the lock
 * @size: its bytes
 * @given: @base is the application's own memory
 * @maps: what is mapped, the oldest first; under the lock
 */
struct ocl_shadow {
	unsigned int refs;
	char *base;
	size_t size;
	bool given;
	struct ocl_map *maps;
};

/**
 * struct ocl_mem - what is kept with a memory object
 * @facts: of the object; valid if @known
 * @shadow: its maps' memory
 * @origin: where the object starts in it
 */
struct ocl_mem {
	struct ocl_facts facts;
	struct ocl_shadow *shadow;
	size_t origin;
	bool known;
};

/**
 * struct ocl_map - a part of a memory object that the application has mapped
 * @next: in its shadow
 * @shadow: where it is
 * @id: its name on the server
 * @mem: the object, only to be compared
 * @ptr: what the application got
 * @base: @box is relative to it
 * @box: the mapped rows
 * @reads: its bytes come when it is complete
 * @writes: its bytes go when it is unmapped
 * @open: it is complete, and the application may have written to it
 * @own: memory of its own, where the vendor's pitches are not those of the shadow
 * @own_size: its bytes
 */
struct ocl_map {
	struct ocl_map *next;
	struct ocl_shadow *shadow;
	cl_ulong id;
	cl_mem mem;
	char *ptr;
	char *base;
	struct ocl_box box;
	bool reads;
	bool writes;
	bool open;
	char *own;
	size_t own_size;
};

/**
 * struct ocl_pending - a transfer into this process that was not complete when last seen
 * @next: the next younger one
 * @id: its name on the server
 * @base: @box is relative to it
 * @box: the rows that it fills
 * @size: bytes to come
 * @map: of a map; else NULL
 */
struct ocl_pending {
	struct ocl_pending *next;
	cl_ulong id;
	char *base;
	struct ocl_box box;
	size_t size;
	struct ocl_map *map;
};

void ocl_memory_lock(void);
void ocl_memory_unlock(void);

/* What is kept with @mem, asked for at its first use; NULL if it is not alive, or without memory. */
struct ocl_mem *ocl_mem_of(cl_mem mem);

/* Memory for maps; NULL without memory. Under the lock. */
char *ocl_shadow_base(struct ocl_shadow *shadow);

/* Is there memory all the way? What a refused call names need not be. */
bool ocl_is_mapped(const void *ptr, size_t size);

/* A name for a transfer that outlives its call. */
cl_ulong ocl_transfer_id(void);

/* @p is under way; freed when it has arrived. */
void ocl_pending_add(struct ocl_pending *p);

/* Does a read that is under way fill a part of this memory? */
bool ocl_pending_in(const void *ptr, size_t span);

/* Reads under way into this memory arrive first: it is about to be sent. */
void ocl_settle(const void *ptr, size_t span);

/* Forget what is under way for a map, or for all maps of a shadow. Under the lock. */
void ocl_pending_drop(const struct ocl_map *map, const struct ocl_shadow *shadow);

/* Rows of the application's memory to and from packed ones. */
void ocl_gather(void *packed, const void *base, const struct ocl_box *box);
void ocl_scatter(void *base, const struct ocl_box *box, size_t at, const void *packed,
		 size_t len);

/*
 * As ocl_scatter() for a map: what another map that the application may have
 * written to covers stays as it is. Under the lock.
 */
void ocl_map_scatter(const struct ocl_map *map, size_t at, const void *packed, size_t len);

/* Nothing covers it: its bytes may come right into place. Under the lock. */
bool ocl_map_clear(const struct ocl_map *map);

/* The shadow goes: so do its maps. */
void ocl_maps_free(struct ocl_shadow *shadow);

#endif /* OCL_GUEST_MEMORY_H */
