// SPDX-License-Identifier: Apache-2.0
/*
 * bulk.c - buffers whose bytes a server helper moves itself
 *
 * A segment is read and written where the guest has it. Inline bytes are read in
 * the message; what is pushed is noted byte by byte, so that the guest's memory
 * keeps what was not. All on the thread that serves the call.
 */
#include <ava/bulk.h>
#include <ava/cs_serve.h>

struct ava_bulk {
	struct ava_serve *s;
	uint64_t len;
	uint32_t seg;		/* 0: inline */
	uint32_t dir;		/* AVA_SEG_* */
	const uint8_t *in;	/* inline, to the host */
	uint8_t *out;		/* inline, from the host */
	uint8_t *mask;		/* a bit for each byte of @out that was pushed */
	uint64_t start, end;	/* of what was pushed, unless it is @scattered */
	bool scattered;
};

struct ava_bulk *ava_serve_bulk(struct ava_serve *s, uint64_t len, uint32_t dir)
{
	struct ava_bulk *b;
	uint32_t seg;

	if (!ava_serve_head(s, len, &seg, dir))
		return NULL;
	b = ava_serve_hidden(s, sizeof(*b));
	if (!b)
		return NULL;
	*b = (struct ava_bulk){ .s = s, .len = len, .seg = seg, .dir = dir };
	if (seg)
		return b;
	if (dir & AVA_SEG_TO_HOST) {
		b->in = ava_cs_get_bytes(&s->in, len);
		return b;
	}
	if (len > s->call->reply_cap) {
		ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	b->out = ava_serve_hidden(s, len);
	b->mask = ava_serve_hidden(s, (len + 7) / 8);
	return b;
}

uint64_t ava_bulk_len(const struct ava_bulk *b)
{
	return b ? b->len : 0;
}

static bool in_range(const struct ava_bulk *b, uint64_t offset, uint64_t len, uint32_t dir)
{
	return b && b->dir & dir && offset <= b->len && len <= b->len - offset && !b->s->err;
}

int ava_bulk_pull(struct ava_bulk *b, uint64_t offset, void *to, uint64_t len)
{
	if (!in_range(b, offset, len, AVA_SEG_TO_HOST))
		return -ERANGE;
	if (b->seg)
		return len ? ava_server_pull(b->s->call, b->seg, offset, to, len) : 0;
	if (len)
		memcpy(to, b->in + offset, len);
	return 0;
}

int ava_bulk_push(struct ava_bulk *b, uint64_t offset, const void *from, uint64_t len)
{
	uint64_t i;

	if (!in_range(b, offset, len, AVA_SEG_FROM_HOST))
		return -ERANGE;
	if (!len)
		return 0;
	if (b->seg)
		return ava_server_push(b->s->call, b->seg, offset, from, len);
	memcpy(b->out + offset, from, len);
	for (i = offset; i < offset + len; i++)
		b->mask[i / 8] |= 1u << i % 8;
	if (b->start == b->end)
		b->start = b->end = offset;
	b->scattered |= offset != b->end;
	b->end = offset + len;
	return 0;
}

void ava_serve_put_bulk(struct ava_serve *s, const struct ava_bulk *b)
{
	if (!b)
		return;
	if (b->seg || b->start == b->end) {
		ava_cs_put_word(&s->out, AVA_CS_BULK_DONE);
	} else if (!b->scattered) {
		ava_cs_put_word(&s->out, AVA_CS_BULK_RANGE);
		ava_cs_put_word(&s->out, b->start);
		ava_cs_put_word(&s->out, b->end - b->start);
		ava_cs_put_bytes(&s->out, b->out + b->start, b->end - b->start);
	} else {
		ava_cs_put_word(&s->out, AVA_CS_BULK_MASK);
		ava_cs_put_bytes(&s->out, b->mask, (b->len + 7) / 8);
		ava_cs_put_bytes(&s->out, b->out, b->len);
	}
}
