// SPDX-License-Identifier: GPL-2.0
/*
 * ring.c - the shape of a stream's shared memory and what may stand in it
 *
 * Pure: no memory of the server is read here. Callers read an index or an entry
 * once into kernel memory and have the copy judged.
 */
#include <linux/align.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "compat.h"
#include "ring.h"

#define AVA_RING_MAX_ENTRIES	4096u
#define AVA_RING_MAX_ARENA	(16u << 20)

static_assert(sizeof(struct ava_ring) == 320);
static_assert(sizeof(struct ava_sqe) == 64);
static_assert(sizeof(struct ava_cqe) == 32);

/**
 * ava_ring_layout() - place rings and arena
 * @entries: of each ring, a power of two
 * @arena_size: least bytes of arena; it gets the rest of its last page too
 * @layout: (out)
 *
 * Return: 0, or -EINVAL for sizes out of bounds.
 */
int ava_ring_layout(u32 entries, u32 arena_size, struct ava_ring_layout *layout)
{
	if (!is_power_of_2(entries) || entries > AVA_RING_MAX_ENTRIES)
		return -EINVAL;
	if (!arena_size || arena_size > AVA_RING_MAX_ARENA)
		return -EINVAL;
	layout->entries = entries;
	layout->sq_off = ALIGN(sizeof(struct ava_ring), 64);
	layout->cq_off = layout->sq_off + entries * sizeof(struct ava_sqe);
	layout->arena_off = layout->cq_off + entries * sizeof(struct ava_cqe);
	layout->size = PAGE_ALIGN(layout->arena_off + arena_size);
	layout->arena_size = layout->size - layout->arena_off;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ava_ring_layout);

/* ava_ring_format() - write the head of a stream's memory, for the server to read */
void ava_ring_format(struct ava_ring *ring, const struct ava_ring_layout *layout)
{
	memset(ring, 0, sizeof(*ring));
	ring->size = layout->size;
	ring->sq_entries = layout->entries;
	ring->cq_entries = layout->entries;
	ring->sq_off = layout->sq_off;
	ring->cq_off = layout->cq_off;
	ring->arena_off = layout->arena_off;
	ring->arena_size = layout->arena_size;
}
EXPORT_SYMBOL_IF_KUNIT(ava_ring_format);

/**
 * ava_ring_pending() - entries between two indices, one of which the server wrote
 * @tail: free-running, of the producer
 * @head: free-running, of the consumer
 * @entries: of the ring
 *
 * Return: how many, or -EBADMSG for more than there can be.
 */
int ava_ring_pending(u32 tail, u32 head, u32 entries)
{
	u32 pending = tail - head;

	return pending > entries ? -EBADMSG : (int)pending;
}
EXPORT_SYMBOL_IF_KUNIT(ava_ring_pending);

/**
 * ava_ring_check_cqe() - may this entry complete that call?
 * @cqe: kernel's copy of the entry
 * @tag: of the oldest call that is not completed
 * @reply_cap: room for its reply
 *
 * Return: NULL, or what was expected.
 */
const char *ava_ring_check_cqe(const struct ava_cqe *cqe, u64 tag, u32 reply_cap)
{
	if (cqe->tag != tag)
		return "the tag of the oldest call";
	if (cqe->status && cqe->status != AVA_CQE_BAD_CALL)
		return "a known status";
	if (cqe->reply_len > reply_cap)
		return "a reply within its room";
	if (cqe->reserved)
		return "reserved fields of zero";
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ava_ring_check_cqe);
