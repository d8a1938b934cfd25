// SPDX-License-Identifier: Apache-2.0
/*
 * cs.c - the parts of cs.h that allocate
 *
 * Used on both sides. Nothing here is shared between threads.
 */
#include <stdlib.h>

#include <ava/cs.h>

struct ava_cs_chunk {
	struct ava_cs_chunk *next;
	uint64_t reserved;	/* keeps data aligned to 16 */
	uint8_t data[];
};

void ava_cs_writer_fini(struct ava_cs_writer *w)
{
	if (w->buf != w->fixed)
		free(w->buf);
	w->buf = w->fixed;
}

bool ava_cs_grow(struct ava_cs_writer *w, size_t len)
{
	size_t need, cap;
	uint8_t *buf;

	if (__builtin_add_overflow(w->len, len, &need) || need > w->limit) {
		w->err = -EMSGSIZE;
		return false;
	}
	cap = need > w->limit / 2 ? w->limit : need * 2;
	buf = w->buf == w->fixed ? malloc(cap) : realloc(w->buf, cap);
	if (!buf) {
		w->err = -ENOMEM;
		return false;
	}
	if (w->buf == w->fixed)
		memcpy(buf, w->fixed, w->len);
	w->buf = buf;
	w->cap = cap;
	return true;
}

void ava_cs_pool_fini(struct ava_cs_pool *p)
{
	struct ava_cs_chunk *c = p->chunks, *next;

	for (; c; c = next) {
		next = c->next;
		free(c);
	}
	p->chunks = NULL;
}

void *ava_cs_alloc(struct ava_cs_pool *p, uint64_t count, uint64_t size)
{
	uint64_t bytes = ava_cs_mul(count, size), total;
	struct ava_cs_chunk *c;
	void *at;

	bytes = ava_cs_add(bytes ? bytes : 1, 15) & ~15ull;
	if (__builtin_add_overflow(p->total, bytes, &total) || total > p->cap)
		return NULL;
	if (bytes <= sizeof(p->fixed) - p->used) {
		at = memset(p->fixed + p->used, 0, bytes);
		p->used += bytes;
	} else {
		/* calloc: fresh pages of a large buffer are not touched twice */
		c = calloc(1, sizeof(*c) + bytes);
		if (!c)
			return NULL;
		c->next = p->chunks;
		p->chunks = c;
		at = c->data;
	}
	p->total = total;
	return at;
}
