/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ring.h - the shape of a stream's shared memory and what may stand in it
 */
#ifndef AVA_RING_H
#define AVA_RING_H

#include <linux/types.h>
#include <linux/ava_server.h>

/**
 * struct ava_ring_layout - where the parts of a stream's memory lie
 * @size: bytes, whole pages
 * @entries: of each of the two rings
 * @sq_off: offset of the submission entries
 * @cq_off: offset of the completion entries
 * @arena_off: offset of the arena
 * @arena_size: its bytes
 */
struct ava_ring_layout {
	u32 size;
	u32 entries;
	u32 sq_off;
	u32 cq_off;
	u32 arena_off;
	u32 arena_size;
};

int ava_ring_layout(u32 entries, u32 arena_size, struct ava_ring_layout *layout);
void ava_ring_format(struct ava_ring *ring, const struct ava_ring_layout *layout);
int ava_ring_pending(u32 tail, u32 head, u32 entries);
const char *ava_ring_check_cqe(const struct ava_cqe *cqe, u64 tag, u32 reply_cap);

#endif /* AVA_RING_H */
