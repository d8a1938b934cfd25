// SPDX-License-Identifier: Apache-2.0
/*
 * server_rows.c - rows of host memory, and their way from and to the guest
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "server_memory.h"

#define BOUNCE_MAX	(256u << 10)
#define HUGE_MIN	(4u << 20)	/* to touch so much page by page costs more than to copy it */
#define KEPT_MAX	(256u << 20)	/* bytes of pieces that nobody uses */

/* Large pieces are kept for the next transfer: to touch new ones costs more than to copy. */
struct piece {
	struct piece *next;
	size_t size;
};

static pthread_mutex_t pieces_lock = PTHREAD_MUTEX_INITIALIZER;
static struct piece *pieces;
static size_t pieces_size;

/* Transfers of about the same size share a piece. */
static size_t piece_size(size_t size)
{
	size_t step = (size_t)1 << (63 - __builtin_clzl(size) - 3);

	return ocl_add(size, step - 1) & ~(step - 1);
}

static void *piece_take(size_t size)
{
	struct piece **pos, *p;

	pthread_mutex_lock(&pieces_lock);
	for (pos = &pieces; (p = *pos) && p->size != size; pos = &p->next)
		;
	if (p) {
		*pos = p->next;
		pieces_size -= size;
	}
	pthread_mutex_unlock(&pieces_lock);
	return p;
}

static bool piece_keep(void *at, size_t size)
{
	struct piece *p = at;
	bool room;

	pthread_mutex_lock(&pieces_lock);
	room = size <= KEPT_MAX && pieces_size <= KEPT_MAX - size;
	if (room) {
		*p = (struct piece){ .next = pieces, .size = size };
		pieces = p;
		pieces_size += size;
	}
	pthread_mutex_unlock(&pieces_lock);
	return room;
}

static void *piece_new(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* A row far behind another one takes no memory between them, unless it is @dense. */
void *ocl_heap_alloc(size_t size, bool dense)
{
	void *p;

	if (size <= BOUNCE_MAX)
		return malloc(size);
	size = piece_size(size);
	p = piece_take(size);
	if (p)
		return p;
	p = piece_new(size);
	if (p && dense && size >= HUGE_MIN)
		madvise(p, size, MADV_HUGEPAGE);
	return p;
}

void ocl_heap_free(void *p, size_t size)
{
	if (size <= BOUNCE_MAX)
		free(p);
	else if (p && !piece_keep(p, piece_size(size)))
		munmap(p, piece_size(size));
}

static char *nowhere;

static void make_nowhere(void)
{
	void *p = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* Without even that, the highest page of user space will do. */
	nowhere = p == MAP_FAILED ? (char *)((1ull << 47) - 8192) : (char *)p + (1 << 19);
}

void *ocl_nowhere(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_nowhere);
	return nowhere;
}

void ocl_pack(void *packed, const void *base, const struct ocl_box *box, size_t at, size_t len)
{
	char *to = packed;
	size_t left, from;

	for (; len; at += left, to += left, len -= left) {
		from = ocl_box_at(box, at, &left);
		left = left < len ? left : len;
		memcpy(to, (const char *)base + from, left);
	}
}

static void unpack(void *base, const struct ocl_box *box, size_t at, const void *packed,
		   size_t len)
{
	const char *from = packed;
	size_t left, to;

	for (; len; at += left, from += left, len -= left) {
		to = ocl_box_at(box, at, &left);
		left = left < len ? left : len;
		memcpy((char *)base + to, from, left);
	}
}

cl_int ocl_pull_rows(struct ava_bulk *bulk, void *base, const struct ocl_box *box)
{
	size_t size = ocl_box_size(box), at, len;
	char *bounce;
	int err = 0;

	if (ocl_box_packed(box))
		return ava_bulk_pull(bulk, 0, (char *)base + box->offset, size) ?
		       CL_OUT_OF_RESOURCES : CL_SUCCESS;
	bounce = malloc(size < BOUNCE_MAX ? size : BOUNCE_MAX);
	if (!bounce)
		return CL_OUT_OF_HOST_MEMORY;
	for (at = 0; at < size && !err; at += len) {
		len = size - at < BOUNCE_MAX ? size - at : BOUNCE_MAX;
		err = ava_bulk_pull(bulk, at, bounce, len);
		if (!err)
			unpack(base, box, at, bounce, len);
	}
	free(bounce);
	return err ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

cl_int ocl_push_rows(struct ava_bulk *bulk, const void *base, const struct ocl_box *box,
		     size_t start, size_t size)
{
	size_t at, len;
	char *bounce;
	int err = 0;

	if (ocl_box_packed(box))
		return ava_bulk_push(bulk, 0, (const char *)base + box->offset + start, size) ?
		       CL_OUT_OF_RESOURCES : CL_SUCCESS;
	bounce = malloc(size < BOUNCE_MAX ? size : BOUNCE_MAX);
	if (!bounce)
		return CL_OUT_OF_HOST_MEMORY;
	for (at = 0; at < size && !err; at += len) {
		len = size - at < BOUNCE_MAX ? size - at : BOUNCE_MAX;
		ocl_pack(bounce, base, box, start + at, len);
		err = ava_bulk_push(bulk, at, bounce, len);
	}
	free(bounce);
	return err ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}
