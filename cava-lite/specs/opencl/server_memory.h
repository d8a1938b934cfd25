/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_memory.h - host memory and transfers of the server's
 */
#ifndef OCL_SERVER_MEMORY_H
#define OCL_SERVER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <ava/bulk.h>

#include "ocl.h"

/* Host memory that a memory object uses: a copy of the application's. */
struct ocl_host {
	struct ocl_host *next;
	unsigned int refs;	/* of the object, and of transfers */
	cl_ulong id;
	char *base;
	size_t size;
	cl_ulong address;	/* the application's: only a name */
	void *heap;
	bool over;		/* no command uses it any more; atomic */
};

/**
 * struct ocl_transfer - bytes for the guest that outlive the call, or a map
 * @id: the guest's name for it
 * @event: of the native command; NULL once it was seen to be complete, and was taken
 * @ptr: of a map: what the vendor's library returned
 * @heap: of a read: its memory
 * @heap_size: its bytes
 * @base: @box is relative to it
 * @box: the rows
 * @host: of memory that an object uses: keeps it; else NULL
 * @events: with @host, in place of @event: of commands that may have changed it
 * @event_count: those that were not seen to be complete
 * @event_room: how many there is room for
 * @news: one was, since the guest got the bytes
 */
struct ocl_transfer {
	cl_ulong id;
	cl_event event;
	char *ptr;
	void *heap;
	size_t heap_size;
	char *base;
	struct ocl_box box;
	struct ocl_host *host;
	cl_event *events;
	cl_uint event_count;
	cl_uint event_room;
	bool news;
};

/* NULL without memory. */
struct ocl_host *ocl_host_new(struct ava_bulk *bytes, cl_ulong address);
void ocl_host_put(struct ocl_host *h);

/* The object ended. And: functions that are told of that find the memory as it is then. */
void ocl_host_over(struct ocl_host *h);
void ocl_host_tell_end(cl_mem mem);

/* Has a command changed memory that the guest has not got, or is none under way? */
bool ocl_host_news(struct ocl_transfer *t);

/* The application's address of @p, with what it is in; 0 if it is in none. */
void ocl_host_at(const char *p, cl_ulong *address, cl_ulong *id, cl_ulong *size);

/* Names the transfer; false, and nothing done, if the name is in use or without memory. */
bool ocl_transfer_add(struct ocl_transfer *t);
bool ocl_transfer_known(cl_ulong id);

/* Takes it out; the caller's. NULL if there is none. The other one: if it has a @host. */
struct ocl_transfer *ocl_transfer_take(cl_ulong id);
struct ocl_transfer *ocl_transfer_take_host(cl_ulong id);
void ocl_transfer_free(struct ocl_transfer *t);

/* Host memory that is touched where rows are; NULL without memory. */
void *ocl_heap_alloc(size_t size, bool dense);
void ocl_heap_free(void *p, size_t size);

/* An address that is not NULL and has no memory: for calls that will be refused. */
void *ocl_nowhere(void);

/*
 * In host memory of a transfer, does the row's pitch lead from one image of a 1D array to
 * the next, and not the slice's? Vendors read the specification in both ways.
 */
bool ocl_array_by_row(cl_mem image);

/* Is it one that the guest's library sends? */
bool ocl_move_valid(const struct ocl_move *move);

void ocl_pack(void *packed, const void *base, const struct ocl_box *box, size_t at,
	      size_t len);

/* Packed bytes of the guest's to rows; and @size of those from byte @start of the rows on. */
cl_int ocl_pull_rows(struct ava_bulk *bulk, void *base, const struct ocl_box *box);
cl_int ocl_push_rows(struct ava_bulk *bulk, const void *base, const struct ocl_box *box,
		     size_t start, size_t size);

/* Is a command of the queue complete, without an error, in less than @ns? No if in doubt. */
bool ocl_complete_within(cl_command_queue queue, cl_event event, long ns);

/* Is nothing under way in the queue? Waits a short while; no if in doubt. */
bool ocl_queue_idle(cl_command_queue queue);

#endif /* OCL_SERVER_MEMORY_H */
