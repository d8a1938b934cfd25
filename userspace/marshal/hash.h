/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - a growing hash of embedded nodes with a 64-bit key
 *
 * No lock of its own; nodes belong to the caller. Keys may repeat: the caller
 * walks ava_hash_next() and compares the rest.
 */
#ifndef AVA_MARSHAL_HASH_H
#define AVA_MARSHAL_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct ava_hash_node {
	struct ava_hash_node *next;
	uint64_t key;
};

struct ava_hash {
	struct ava_hash_node **buckets;
	size_t size;		/* 0 or a power of two */
	size_t count;
};

static inline size_t ava_hash_slot(const struct ava_hash *h, uint64_t key)
{
	return (size_t)((key * 0x9e3779b97f4a7c15ull) >> 32) & (h->size - 1);
}

static inline struct ava_hash_node *ava_hash_match(struct ava_hash_node *n, uint64_t key)
{
	while (n && n->key != key)
		n = n->next;
	return n;
}

static inline struct ava_hash_node *ava_hash_find(const struct ava_hash *h, uint64_t key)
{
	return h->size ? ava_hash_match(h->buckets[ava_hash_slot(h, key)], key) : NULL;
}

static inline struct ava_hash_node *ava_hash_next(struct ava_hash_node *n)
{
	return ava_hash_match(n->next, n->key);
}

static inline bool ava_hash_grow(struct ava_hash *h)
{
	struct ava_hash bigger = { .size = h->size ? h->size * 2 : 64, .count = h->count };
	struct ava_hash_node *n, *next, **slot;
	size_t i;

	bigger.buckets = calloc(bigger.size, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return false;
	for (i = 0; i < h->size; i++) {
		for (n = h->buckets[i]; n; n = next) {
			next = n->next;
			slot = &bigger.buckets[ava_hash_slot(&bigger, n->key)];
			n->next = *slot;
			*slot = n;
		}
	}
	free(h->buckets);
	*h = bigger;
	return true;
}

static inline bool ava_hash_add(struct ava_hash *h, struct ava_hash_node *n, uint64_t key)
{
	struct ava_hash_node **slot;

	if (h->count >= h->size && !ava_hash_grow(h) && !h->size)
		return false;
	n->key = key;
	slot = &h->buckets[ava_hash_slot(h, key)];
	n->next = *slot;
	*slot = n;
	h->count++;
	return true;
}

static inline void ava_hash_del(struct ava_hash *h, struct ava_hash_node *n)
{
	struct ava_hash_node **slot = &h->buckets[ava_hash_slot(h, n->key)];

	while (*slot != n)
		slot = &(*slot)->next;
	*slot = n->next;
	h->count--;
}

#endif /* AVA_MARSHAL_HASH_H */
