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
 * @refs: of the objects that it is the shadow of, a buffer and its parts, and of what is
 *	pending with it as @host; under the lock
 * @base: the memory, or NULL before the first map; under the lock
 * @size: its bytes
 * @given: @base is the application's own memory
 * @maps: what is mapped, the oldest first; under the lock
 * @host_id: the server's name for its copy of memory that is @given; else 0
 * @host_size: its bytes
 * @seen: what it and the application's memory had last; under the lock, see guest_host.c
 * @used: by a command since it was made; under the lock
 * @left: to its maps; under the lock
 * @next_host: under the lock
 */
struct ocl_shadow {
	unsigned int refs;
	char *base;
	size_t size;
	bool given;
	struct ocl_map *maps;
	cl_ulong host_id;
	size_t host_size;
	char *seen;
	bool used;
	bool left;
	struct ocl_shadow *next_host;
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
 * @host: of memory of the application that commands write to; else NULL
 * @queue: theirs, only to be compared
 */
struct ocl_pending {
	struct ocl_pending *next;
	cl_ulong id;
	char *base;
	struct ocl_box box;
	size_t size;
	struct ocl_map *map;
	struct ocl_shadow *host;
	const void *queue;
};

void ocl_memory_lock(void);
void ocl_memory_unlock(void);

/* What is kept with @mem, asked for at its first use; NULL if it is not alive, or without memory. */
struct ocl_mem *ocl_mem_of(cl_mem mem);

/* Memory of whole pages, which munmap() frees; NULL without memory. */
void *ocl_pages(size_t size);

/* Memory for rows that are packed for their way. */
void *ocl_packed_alloc(size_t size);
void ocl_packed_free(void *p, size_t size);

/* Memory for maps; NULL without memory. Under the lock. */
char *ocl_shadow_base(struct ocl_shadow *shadow);

/* Is there memory all the way? What a refused call names need not be. */
bool ocl_is_mapped(const void *ptr, size_t size);

/* A name for a transfer that outlives its call. */
cl_ulong ocl_transfer_id(void);

/* @p is under way; freed when it has arrived. */
void ocl_pending_add(struct ocl_pending *p);

/* The same under the lock. */
void ocl_pending_add_locked(struct ocl_pending *p);

/* Commands of @queue that write to these bytes of @host, or that others join. Under the lock. */
struct ocl_pending *ocl_pending_host(const struct ocl_shadow *host, const void *queue,
				     size_t at, size_t end);

/* Moves @at to what no command writes to; returns where that ends, @end at the latest. */
size_t ocl_pending_host_gap(const struct ocl_shadow *host, size_t *at, size_t end);

/* Forgets the oldest one of any queue. Return: its name, or 0 if there is none. Under the lock. */
cl_ulong ocl_pending_drop_host(const struct ocl_shadow *host);

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

/* The memory stays while it has a user. Under the lock. */
struct ocl_shadow *ocl_shadow_get_locked(struct ocl_shadow *shadow);
void ocl_shadow_put_locked(struct ocl_shadow *shadow);

/* Nothing covers it: its bytes may come right into place. Under the lock. */
bool ocl_map_clear(const struct ocl_map *map);

/* Was there ever an object that uses the application's memory? */
bool ocl_host_tracked(void);
void ocl_host_begin(void);

/* A shadow with a host_id comes and goes. Under the lock. */
void ocl_host_add(struct ocl_shadow *s);
void ocl_host_del(struct ocl_shadow *s);

/* In the child of a fork: they are the parent's. */
void ocl_host_forget(void);

/* What commands left in the copy. Under the lock. */
void ocl_host_merge(struct ocl_shadow *s, size_t at, const void *bytes, size_t len);

/* The bytes of a map that may have been written to have been sent. */
void ocl_host_unmapped(const struct ocl_map *map);

/**
 * struct ocl_host_part - the memory that a kernel's argument uses
 * @id: of the memory; 0: there is none
 * @at: where the argument starts in it
 * @len: bytes from there on, or more
 * @writable: kernels may write to it
 */
struct ocl_host_part {
	cl_ulong id;
	size_t at;
	size_t len;
	bool writable;
};

struct ocl_host_part ocl_host_part(cl_mem mem);
void ocl_host_use_part(const struct ocl_host_part *part);
void ocl_host_leave_id(cl_ulong id);
void ocl_host_wrote_part(cl_command_queue queue, const struct ocl_host_part *part,
			 const cl_event *event);

/* The shadow goes: so do its maps. */
void ocl_maps_free(struct ocl_shadow *shadow);

#endif /* OCL_GUEST_MEMORY_H */
