/* SPDX-License-Identifier: GPL-2.0 */
/*
 * arena.h - contiguous pieces of a circular area, freed in the order they were taken
 */
#ifndef AVA_ARENA_H
#define AVA_ARENA_H

#include <linux/types.h>

#define AVA_ARENA_ALIGN		8u

/**
 * struct ava_arena - which part of an area is in use
 * @size: bytes of the area
 * @head: free-running end of the newest piece
 * @tail: free-running end of the newest freed piece
 */
struct ava_arena {
	u32 size;
	u64 head;
	u64 tail;
};

void ava_arena_init(struct ava_arena *arena, u32 size);
int ava_arena_alloc(struct ava_arena *arena, u32 len, u32 *off, u64 *end);
int ava_arena_free(struct ava_arena *arena, u64 end);

#endif /* AVA_ARENA_H */
