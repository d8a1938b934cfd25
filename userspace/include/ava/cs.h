/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cs.h - the primitives of every encoder and decoder
 *
 * A stream is a sequence of 8-byte little-endian words; bytes are padded to a
 * word. Errors stick: after the first one a writer writes nothing and a reader
 * returns zeros, so that generated code checks once. A reader trusts nothing: it
 * compares with what is left before each read, and a pool caps what a message
 * may make its reader allocate.
 */
#ifndef AVA_CS_H
#define AVA_CS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(sizeof(void *) == 8, "handles replace pointers in place");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are stored as they are");

/*
 * The arguments begin with AVA_CS_HEAD words: where they are, and their place in
 * the order of the context. Streams run by themselves, but a program that passes
 * what one thread made to another expects the order of its own synchronisation:
 * each asynchronous call has a ticket (1, 2, .. in the context, 0 for synchronous
 * calls), and a call is executed after all calls whose tickets are not above @after.
 */
#define AVA_CS_HEAD_WHERE	0
#define AVA_CS_HEAD_TICKET	1
#define AVA_CS_HEAD_AFTER	2
#define AVA_CS_HEAD		3

#define AVA_CS_ARGS_INLINE	0	/* they follow the head */
#define AVA_CS_ARGS_SEGMENT	1	/* segment 0 is all of them, with a head that is not read */

/* Low byte of the word that introduces a buffer; the segment's index is above it. */
#define AVA_CS_BUF_NULL		0
#define AVA_CS_BUF_INLINE	1
#define AVA_CS_BUF_SEGMENT	2
#define AVA_CS_BUF_INDEX_SHIFT	8

/* Word that introduces what a helper pushed to a buffer of its own. */
#define AVA_CS_BULK_DONE	0	/* nothing, or it is there already */
#define AVA_CS_BULK_RANGE	1	/* offset, length, bytes */
#define AVA_CS_BULK_MASK	2	/* a bit for each byte, then all bytes */

/* Word of a reply: did the vendor call back before its function returned? */
#define AVA_CS_CALLED_NOT	0
#define AVA_CS_CALLED_EVENT	1	/* yes; an event comes */
#define AVA_CS_CALLED_HERE	2	/* yes; length and arguments follow */

/* Low byte of the first word of a reply. */
#define AVA_CS_EXECUTED		0
#define AVA_CS_REFUSED		1	/* a word with the API's status follows */
#define AVA_CS_STATUS		0xffu
#define AVA_CS_OUTPUT		(1u << 8)	/* flag: the vendor's library printed; see below */
#define AVA_CS_EVENTS_SHIFT	16		/* above: how often the vendor has called back */

/*
 * In the cookie of a callback's event: the vendor's library printed before it called
 * back, so the guest fetches that (AVA_FUNC_OUTPUT) before it runs the function.
 */
#define AVA_CS_COOKIE_OUTPUT	((uint64_t)1 << 63)

/*
 * Functions of the runtime itself, in every server's table:
 * AVA_FUNC_OUTPUT: reply is bytes that the vendor's library wrote to standard
 * output since; the guest writes them to its own before the call that showed the
 * flag returns. AVA_FUNC_NOP: nothing, asynchronous or not. AVA_FUNC_FORGET (made
 * by generated servers): how many, then pairs of a handle that ended in the guest
 * and how often the server had given it out. AVA_FUNC_EVENTS: how many events the
 * guest has taken since the context began.
 */
#define AVA_FUNC_OUTPUT		65535
#define AVA_FUNC_NOP		65534
#define AVA_FUNC_FORGET		65533
#define AVA_FUNC_EVENTS		65532

/* In AVA_FUNC_FORGET's first word: its thread then asks for what the ends call. */
#define AVA_CS_FORGET_ASKS	((uint64_t)1 << 63)

/* ---- arithmetic that saturates: sizes that spec expressions compute ---------- */

static inline uint64_t ava_cs_add(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_add_overflow(a, b, &r) ? UINT64_MAX : r;
}

static inline uint64_t ava_cs_mul(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_mul_overflow(a, b, &r) ? UINT64_MAX : r;
}

static inline uint64_t ava_cs_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t ava_cs_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t ava_cs_pad(uint64_t len)
{
	return ava_cs_add(len, 7) & ~7ull;
}

/* ---- writer ------------------------------------------------------------------ */

/**
 * struct ava_cs_writer - encodes into memory
 * @buf: start
 * @len: bytes written
 * @cap: room at @buf
 * @limit: @buf may grow to this on the heap; equal to @cap if it may not
 * @fixed: the caller's memory, which is not freed
 * @err: 0 or the first -errno
 */
struct ava_cs_writer {
	uint8_t *buf;
	size_t len;
	size_t cap;
	size_t limit;
	uint8_t *fixed;
	int err;
};

/**
 * ava_cs_writer_init() - start to write
 * @w: the writer
 * @buf: memory of the caller's, which outlives @w
 * @cap: its bytes
 * @limit: bytes up to which the writer may go on to the heap; less than @cap counts as @cap
 */
static inline void ava_cs_writer_init(struct ava_cs_writer *w, void *buf, size_t cap,
				      size_t limit)
{
	w->buf = buf;
	w->len = 0;
	w->cap = cap;
	w->limit = limit > cap ? limit : cap;
	w->fixed = buf;
	w->err = 0;
}

/**
 * ava_cs_writer_fini() - free what the writer has on the heap
 * @w: the writer
 */
void ava_cs_writer_fini(struct ava_cs_writer *w);

/**
 * ava_cs_grow() - make room
 * @w: the writer
 * @len: further bytes
 *
 * Return: false, and a sticky -EMSGSIZE or -ENOMEM, if there is none.
 */
bool ava_cs_grow(struct ava_cs_writer *w, size_t len);

/**
 * ava_cs_reserve() - room in the message, padded with zeros to a word
 * @w: the writer
 * @len: bytes
 *
 * Return: where to write them, or NULL once the writer is in error.
 */
static inline void *ava_cs_reserve(struct ava_cs_writer *w, uint64_t len)
{
	uint64_t padded = ava_cs_pad(len);
	uint8_t *at;

	if (w->err || (padded > w->cap - w->len && !ava_cs_grow(w, padded)))
		return NULL;
	at = w->buf + w->len;
	if (padded != len)
		memset(at + len, 0, padded - len);
	w->len += padded;
	return at;
}

/**
 * ava_cs_put_word() - append a word
 * @w: the writer
 * @v: the word
 *
 * Nothing once the writer is in error.
 */
static inline void ava_cs_put_word(struct ava_cs_writer *w, uint64_t v)
{
	void *at = ava_cs_reserve(w, sizeof(v));

	if (at)
		memcpy(at, &v, sizeof(v));
}

/**
 * ava_cs_put_bytes() - append bytes, padded with zeros to a word
 * @w: the writer
 * @p: the bytes; may be NULL if there are none
 * @len: how many
 *
 * Nothing once the writer is in error.
 */
static inline void ava_cs_put_bytes(struct ava_cs_writer *w, const void *p, uint64_t len)
{
	void *at = ava_cs_reserve(w, len);

	if (at && len)
		memcpy(at, p, len);
}

/* ---- reader ------------------------------------------------------------------ */

/**
 * struct ava_cs_reader - decodes from memory that nobody else writes
 * @cur: next byte; a word boundary
 * @end: first byte that is not the message's
 * @err: 0 or the first -errno
 */
struct ava_cs_reader {
	const uint8_t *cur;
	const uint8_t *end;
	int err;
};

/**
 * ava_cs_reader_init() - start to read
 * @r: the reader
 * @buf: the message; outlives @r
 * @len: its bytes
 */
static inline void ava_cs_reader_init(struct ava_cs_reader *r, const void *buf, size_t len)
{
	r->cur = buf;
	r->end = r->cur + len;
	r->err = 0;
}

/**
 * ava_cs_get_bytes() - the next bytes, in place
 * @r: the reader
 * @len: how many, without the padding
 *
 * Return: a pointer into the message, aligned as the message is, or NULL and a
 * sticky -EBADMSG if so many are not left.
 */
static inline const void *ava_cs_get_bytes(struct ava_cs_reader *r, uint64_t len)
{
	uint64_t padded = ava_cs_pad(len);
	const uint8_t *at = r->cur;

	if (r->err || padded > (uint64_t)(r->end - r->cur)) {
		r->err = r->err ? r->err : -EBADMSG;
		return NULL;
	}
	r->cur += padded;
	return at;
}

/**
 * ava_cs_get_word() - the next word
 * @r: the reader
 *
 * Return: the word, or 0 and a sticky -EBADMSG if none is left.
 */
static inline uint64_t ava_cs_get_word(struct ava_cs_reader *r)
{
	const void *at = ava_cs_get_bytes(r, sizeof(uint64_t));
	uint64_t v = 0;

	if (at)
		memcpy(&v, at, sizeof(v));
	return v;
}

/* The triple of every scalar type is made of these: one word, value in its low bytes. */
#define AVA_CS_SCALAR(name, type)							\
	_Static_assert(sizeof(type) <= 8, #type " is no scalar");			\
	enum { ava_sizeof_##name = 8 };							\
	static inline __attribute__((unused))						\
	void ava_encode_##name(struct ava_cs_writer *w, type v)				\
	{										\
		uint64_t word = 0;							\
											\
		memcpy(&word, &v, sizeof(v));						\
		ava_cs_put_word(w, word);						\
	}										\
	static inline __attribute__((unused))						\
	type ava_decode_##name(struct ava_cs_reader *r)					\
	{										\
		uint64_t word = ava_cs_get_word(r);					\
		type v;									\
											\
		memcpy(&v, &word, sizeof(v));						\
		return v;								\
	}

/* ---- pool: what decoding one call allocates ------------------------------------ */

#define AVA_CS_POOL_INLINE	2048

struct ava_cs_chunk;

/**
 * struct ava_cs_pool - memory that lives as long as the call
 * @chunks: on the heap
 * @used: bytes used of @fixed
 * @total: bytes handed out
 * @cap: what @total may reach
 * @fixed: for the small things, so that a small call allocates nothing
 */
struct ava_cs_pool {
	struct ava_cs_chunk *chunks;
	size_t used;
	uint64_t total;
	uint64_t cap;
	uint8_t fixed[AVA_CS_POOL_INLINE] __attribute__((aligned(16)));
};

/**
 * ava_cs_pool_init() - an empty pool
 * @p: the pool
 * @cap: bytes that it may hand out
 */
static inline void ava_cs_pool_init(struct ava_cs_pool *p, uint64_t cap)
{
	p->chunks = NULL;
	p->used = 0;
	p->total = 0;
	p->cap = cap;
}

/**
 * ava_cs_pool_fini() - free all that the pool handed out
 * @p: the pool
 */
void ava_cs_pool_fini(struct ava_cs_pool *p);

/**
 * ava_cs_alloc() - zeroed memory for an array
 * @p: the pool
 * @count: elements
 * @size: bytes of one
 *
 * Return: never the same pointer twice, also for 0 bytes; NULL over the cap or
 * without memory.
 */
void *ava_cs_alloc(struct ava_cs_pool *p, uint64_t count, uint64_t size);

#endif /* AVA_CS_H */
