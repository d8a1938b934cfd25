// SPDX-License-Identifier: GPL-2.0
/*
 * arena.c - contiguous pieces of a circular area, freed in the order they were taken
 *
 * Pure arithmetic: the owner of the struct serialises, and owns the bytes. Two
 * free-running positions describe everything; a piece that would wrap starts at
 * the area's beginning instead, and the bytes it skips are freed with it.
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/math64.h>

#include "arena.h"
#include "compat.h"

void ava_arena_init(struct ava_arena *arena, u32 size)
{
	arena->size = ALIGN_DOWN(size, AVA_ARENA_ALIGN);
	arena->head = 0;
	arena->tail = 0;
}
EXPORT_SYMBOL_IF_KUNIT(ava_arena_init);

/**
 * ava_arena_alloc() - take a piece
 * @arena: the area
 * @len: bytes, rounded up to AVA_ARENA_ALIGN; an empty piece takes as much too,
 *	or the area could start over as empty while the piece is in use
 * @off: (out) where it starts
 * @end: (out) what ava_arena_free() wants
 *
 * Return: 0, -ENOSPC until older pieces are freed, -EMSGSIZE if it never fits.
 */
int ava_arena_alloc(struct ava_arena *arena, u32 len, u32 *off, u64 *end)
{
	u64 pos = arena->head;
	u32 at;

	if (len > arena->size)
		return -EMSGSIZE;
	len = len ? ALIGN(len, AVA_ARENA_ALIGN) : AVA_ARENA_ALIGN;
	/* From the start, an empty area has room for anything that fits at all. */
	if (arena->head == arena->tail) {
		arena->head = 0;
		arena->tail = 0;
		pos = 0;
	}
	div_u64_rem(pos, arena->size, &at);
	if (at + (u64)len > arena->size) {
		pos += arena->size - at;
		at = 0;
	}
	if (pos + len - arena->tail > arena->size)
		return -ENOSPC;
	arena->head = pos + len;
	*off = at;
	*end = arena->head;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ava_arena_alloc);

/**
 * ava_arena_free() - give back the oldest piece
 * @arena: the area
 * @end: from ava_arena_alloc(); frees older pieces too
 *
 * Return: 0, or -EINVAL for a position that is not in use.
 */
int ava_arena_free(struct ava_arena *arena, u64 end)
{
	if (end < arena->tail || end > arena->head)
		return -EINVAL;
	arena->tail = end;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(ava_arena_free);
