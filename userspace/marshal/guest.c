// SPDX-License-Identifier: Apache-2.0
/*
 * guest.c - encode a call, send it, decode its reply
 *
 * Everything of a call is in the caller's struct ava_gcall; nothing is shared
 * but the object table and the context, which lock for themselves.
 */
#include <stdlib.h>
#include <string.h>

#include <ava/guest.h>

#include "../common/log.h"

static void guest_fail(struct ava_gcall *g, int err)
{
	if (!g->err)
		g->err = err;
}

void ava_guest_begin(struct ava_gcall *g, const struct ava_guest_api *api, uint32_t func)
{
	g->api = api;
	g->func = func;
	g->reply_heap = NULL;
	g->status = 0;
	g->refused = false;
	g->async = false;
	g->borrowed = false;
	g->sent = false;
	g->local = false;
	g->again = false;
	g->unbound = false;
	g->owner = NULL;
	g->release.object = NULL;
	g->asks = false;
	g->reply_need = 4 * sizeof(uint64_t);
	g->inline_sum = 0;
	g->seg_count = 1;
	ava_cs_writer_init(&g->args, g->args_buf, sizeof(g->args_buf), AVA_GUEST_MAX_ARGS);
	ava_cs_reader_init(&g->reply, g->reply_buf, 0);
	g->ctx = NULL;
	g->err = ava_context_get(&api->id, &g->ctx);
	if (!g->err)
		g->limits = ava_context_limits(g->ctx);
	ava_cs_put_word(&g->args, AVA_CS_ARGS_INLINE);
	ava_cs_put_word(&g->args, 0);
	ava_cs_put_word(&g->args, 0);
}

void ava_guest_forget(struct ava_context *ctx)
{
	struct {
		uint64_t head[AVA_CS_HEAD];
		uint64_t count;
		struct ava_object_forgotten list[24];
	} args = { .head = { AVA_CS_ARGS_INLINE } };
	struct ava_call c = {
		.func = AVA_FUNC_FORGET, .flags = AVA_CALL_ASYNC, .args = (uintptr_t)&args,
	};
	uint64_t count;

	while ((count = ava_object_forgotten(args.list, 24))) {
		args.count = count | (ava_object_asks() ? AVA_CS_FORGET_ASKS : 0);
		c.args_len = offsetof(typeof(args), list) + count * sizeof(args.list[0]);
		/* A context that does not take it has ended, and what it had with it. */
		ava_context_send(ctx, &c);
	}
}

void ava_guest_end(struct ava_gcall *g)
{
	ava_cs_writer_fini(&g->args);
	free(g->reply_heap);
	if (g->ctx)
		ava_guest_forget(g->ctx);
	if (g->asks)
		ava_object_ask(false);
}

void ava_guest_refuse(struct ava_gcall *g, int64_t status)
{
	if (!g->refused)
		g->status = status;
	g->refused = true;
}

/* ---- handles --------------------------------------------------------------------- */

static uint64_t guest_handle(struct ava_gcall *g, const void *p, uint32_t type, uint32_t flags,
			     int64_t invalid)
{
	uint64_t handle;

	if (!p && flags & AVA_GUEST_NULLABLE)
		return 0;
	handle = p ? ava_object_handle(p, type) : 0;
	if (!handle)
		ava_guest_refuse(g, invalid);
	return handle;
}

void ava_guest_put_handle(struct ava_gcall *g, const void *p, uint32_t type, uint32_t flags,
			  int64_t invalid)
{
	ava_cs_put_word(&g->args, guest_handle(g, p, type, flags, invalid));
}

void ava_guest_put_handles(struct ava_gcall *g, const void *array, uint64_t count,
			   uint32_t type, uint32_t flags, int64_t invalid)
{
	const void *const *p = array;
	uint64_t i;

	ava_cs_put_word(&g->args, p ? AVA_CS_BUF_INLINE : AVA_CS_BUF_NULL);
	if (!p)
		return;
	ava_cs_put_word(&g->args, ava_cs_mul(count, sizeof(*p)));
	for (i = 0; i < count && !g->args.err && !g->refused; i++)
		ava_cs_put_word(&g->args, guest_handle(g, p[i], type, flags, invalid));
}

void ava_guest_put_release(struct ava_gcall *g, const void *p, uint32_t type, uint32_t flags,
			   int64_t invalid)
{
	if (g->asks)
		ava_object_ask(true);
	if (!p && !(flags & AVA_GUEST_NULLABLE))
		ava_guest_refuse(g, invalid);
	if (p && !g->err && !g->refused) {
		switch (ava_object_release(p, type, &g->release)) {
		case AVA_RELEASE_INVALID:
			ava_guest_refuse(g, invalid);
			break;
		case AVA_RELEASE_LOCAL:
			g->local = true;
			break;
		case AVA_RELEASE_LAST:
			ava_cs_put_word(&g->args, g->release.handle);
			ava_cs_put_word(&g->args, g->release.refs);
			ava_cs_put_word(&g->args, g->release.seen);
			return;
		}
	}
	ava_cs_put_word(&g->args, 0);
	ava_cs_put_word(&g->args, 0);
	ava_cs_put_word(&g->args, 0);
}

void ava_guest_released(struct ava_gcall *g, bool success)
{
	/* Where the server is gone, so is what it had. */
	ava_object_released(&g->release, success || g->err);
}

void ava_guest_put_new(struct ava_gcall *g, struct ava_object **obj, uint32_t type)
{
	*obj = ava_object_new(g->api->dispatch, type);
	if (!*obj)
		guest_fail(g, -ENOMEM);
	ava_cs_put_word(&g->args, *obj ? ava_object_handle(*obj, type) : 0);
	g->reply_need += sizeof(uint64_t);
}

static struct ava_object *guest_found(struct ava_gcall *g, uint64_t handle)
{
	bool bound = true;
	struct ava_object *obj = ava_object_found(g->api->dispatch, handle, g->owner, g->again,
						  &bound);

	g->unbound |= !bound;
	if (!obj)
		guest_fail(g, -ENOMEM);
	return obj;
}

static struct ava_object *guest_given(struct ava_gcall *g, uint64_t handle)
{
	struct ava_object *obj = ava_object_given(g->api->dispatch, handle);

	if (!obj)
		guest_fail(g, -ENOMEM);
	else if (g->owner)
		ava_object_keep(obj, g->owner);
	return obj;
}

void *ava_guest_get_found(struct ava_gcall *g)
{
	uint64_t handle = ava_cs_get_word(&g->reply);

	return handle ? guest_found(g, handle) : NULL;
}

void *ava_guest_get_new(struct ava_gcall *g, struct ava_object *obj)
{
	uint64_t handle = 0;

	if (!g->async)
		handle = ava_cs_get_word(&g->reply);
	if (g->async || (handle && ava_object_handle(obj, ava_handle_type(handle)) == handle)) {
		if (g->owner)
			ava_object_keep(obj, g->owner);
		return obj;
	}
	ava_object_abandon(obj);
	return handle ? guest_given(g, handle) : NULL;
}

void ava_guest_fix_handles(struct ava_gcall *g, void *p, uint64_t bytes, bool new_ref)
{
	struct ava_object *obj;
	uint64_t i, handle;
	char *at;

	for (i = 0; i < bytes / sizeof(handle); i++) {
		at = (char *)p + i * sizeof(handle);
		memcpy(&handle, at, sizeof(handle));
		obj = !handle ? NULL : new_ref ? guest_given(g, handle) : guest_found(g, handle);
		memcpy(at, &obj, sizeof(obj));
	}
}

void ava_guest_fix_list(struct ava_gcall *g, void *p, uint64_t bytes, uint64_t key)
{
	uint64_t i, word;
	char *at;

	for (i = 0; i + 1 < bytes / sizeof(word); i += 2) {
		at = (char *)p + i * sizeof(word);
		memcpy(&word, at, sizeof(word));
		if (!word)
			return;
		if (word == key)
			ava_guest_fix_handles(g, at + sizeof(word), sizeof(word), false);
	}
}

/* ---- buffers --------------------------------------------------------------------- */

/* Whether @len bytes should be a segment; keeps count of what goes inline. */
static bool guest_wants_seg(struct ava_gcall *g, uint64_t len)
{
	if (g->err || g->seg_count >= AVA_GUEST_SEGS || g->seg_count >= g->limits->max_segs)
		return false;
	if (len > AVA_GUEST_BUF_INLINE || g->inline_sum + len > AVA_GUEST_ALL_INLINE)
		return true;
	g->inline_sum += len;
	return false;
}

static void guest_put_seg(struct ava_gcall *g, const void *p, uint64_t len, uint32_t flags)
{
	struct ava_seg *s = &g->segs[g->seg_count];

	s->addr = (uintptr_t)p;
	s->len = len;
	s->flags = flags;
	s->reserved = 0;
	ava_cs_put_word(&g->args, AVA_CS_BUF_SEGMENT |
			(uint64_t)g->seg_count << AVA_CS_BUF_INDEX_SHIFT);
	ava_cs_put_word(&g->args, len);
	g->seg_count++;
}

/* True if that was all: NULL, or a segment. */
static bool guest_put_head(struct ava_gcall *g, const void *p, uint64_t len, uint32_t dir)
{
	if (!p || g->err || g->refused) {
		ava_cs_put_word(&g->args, AVA_CS_BUF_NULL);
		return true;
	}
	if (guest_wants_seg(g, len)) {
		guest_put_seg(g, p, len, dir);
		return true;
	}
	ava_cs_put_word(&g->args, AVA_CS_BUF_INLINE);
	ava_cs_put_word(&g->args, len);
	return false;
}

void ava_guest_put_in(struct ava_gcall *g, const void *p, uint64_t len, uint32_t flags)
{
	uint32_t segs = g->seg_count;

	if (!guest_put_head(g, p, len, AVA_SEG_TO_HOST))
		ava_cs_put_bytes(&g->args, p, len);
	else if (g->seg_count != segs && !(flags & AVA_GUEST_STABLE))
		g->borrowed = true;
}

static void guest_put_room(struct ava_gcall *g, struct ava_guest_buf *b, void *p,
			   uint64_t cap, uint32_t dir)
{
	uint32_t segs = g->seg_count;
	bool done = guest_put_head(g, p, cap, dir);

	b->p = p;
	b->cap = cap;
	b->seg = g->seg_count != segs;
	g->borrowed |= p != NULL;
	g->reply_need = ava_cs_add(g->reply_need, sizeof(uint64_t));
	if (done)
		return;
	g->reply_need = ava_cs_add(g->reply_need, ava_cs_pad(cap));
	if (dir & AVA_SEG_TO_HOST)
		ava_cs_put_bytes(&g->args, p, cap);
}

void ava_guest_put_out(struct ava_gcall *g, struct ava_guest_buf *b, void *p, uint64_t cap)
{
	guest_put_room(g, b, p, cap, AVA_SEG_FROM_HOST);
}

void ava_guest_put_inout(struct ava_gcall *g, struct ava_guest_buf *b, void *p, uint64_t cap)
{
	guest_put_room(g, b, p, cap, AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST);
}

uint64_t ava_guest_get_out(struct ava_gcall *g, struct ava_guest_buf *b)
{
	uint64_t len;
	const void *at;

	if (!b->p)
		return 0;
	len = ava_cs_get_word(&g->reply);
	if (len > b->cap) {
		guest_fail(g, -EPROTO);
		return 0;
	}
	if (b->seg)
		return len;
	at = ava_cs_get_bytes(&g->reply, len);
	if (!at)
		return 0;
	memcpy(b->p, at, len);
	return len;
}

void ava_guest_put_direct(struct ava_gcall *g, struct ava_guest_buf *b, void *p, uint64_t cap)
{
	guest_put_room(g, b, p, cap, AVA_SEG_FROM_HOST);
	if (p && !b->seg)
		g->reply_need = ava_cs_add(g->reply_need, ava_cs_pad(cap / 8 + 1) + 16);
}

static void guest_get_masked(struct ava_gcall *g, struct ava_guest_buf *b)
{
	const uint8_t *mask = ava_cs_get_bytes(&g->reply, (b->cap + 7) / 8);
	const uint8_t *at = ava_cs_get_bytes(&g->reply, b->cap);
	uint64_t i;

	for (i = 0; at && i < b->cap; i++)
		if (mask[i / 8] & 1u << i % 8)
			((uint8_t *)b->p)[i] = at[i];
}

void ava_guest_get_direct(struct ava_gcall *g, struct ava_guest_buf *b)
{
	uint64_t how, start, len;
	const void *at;

	if (!b->p)
		return;
	how = ava_cs_get_word(&g->reply);
	if (how == AVA_CS_BULK_DONE)
		return;
	if (b->seg || how > AVA_CS_BULK_MASK) {
		guest_fail(g, -EPROTO);
		return;
	}
	if (how == AVA_CS_BULK_MASK) {
		guest_get_masked(g, b);
		return;
	}
	start = ava_cs_get_word(&g->reply);
	len = ava_cs_get_word(&g->reply);
	at = ava_cs_get_bytes(&g->reply, len);
	if (start > b->cap || len > b->cap - start)
		guest_fail(g, -EPROTO);
	else if (at)
		memcpy((uint8_t *)b->p + start, at, len);
}

/* ---- strings and lists ------------------------------------------------------------ */

void ava_guest_put_string(struct ava_gcall *g, const char *s)
{
	ava_guest_put_in(g, s, s ? strlen(s) + 1 : 0, 0);
}

/* Always inline: arguments that grow too large for that become a segment as a whole. */
void ava_guest_put_strings(struct ava_gcall *g, const void *strings, uint64_t count,
			   const size_t *lengths)
{
	const char *const *s = strings;
	uint64_t i, len;

	ava_cs_put_word(&g->args, s ? AVA_CS_BUF_INLINE : AVA_CS_BUF_NULL);
	if (!s)
		return;
	ava_cs_put_word(&g->args, count);
	for (i = 0; i < count && !g->args.err; i++) {
		ava_cs_put_word(&g->args, s[i] ? AVA_CS_BUF_INLINE : AVA_CS_BUF_NULL);
		if (!s[i])
			continue;
		len = lengths && lengths[i] ? lengths[i] : strlen(s[i]);
		ava_cs_put_word(&g->args, len);
		ava_cs_put_bytes(&g->args, s[i], len);
	}
}

uint64_t ava_guest_list_len(const void *list)
{
	const uint64_t *p = list;
	uint64_t n = 0;

	if (!p)
		return 0;
	while (p[n])
		n += 2;
	return n + 1;
}

static uint64_t guest_list_value(struct ava_gcall *g, uint64_t key, uint64_t value,
				 const struct ava_list_key *keys, uint32_t key_count)
{
	uint32_t k;

	for (k = 0; k < key_count; k++)
		if (keys[k].key == key)
			return guest_handle(g, (const void *)(uintptr_t)value,
					    keys[k].type, AVA_GUEST_NULLABLE, keys[k].invalid);
	return value;
}

void ava_guest_put_list(struct ava_gcall *g, const void *list, uint64_t count,
			const struct ava_list_key *keys, uint32_t key_count)
{
	const uint64_t *p = list;
	uint64_t i;

	ava_cs_put_word(&g->args, p ? AVA_CS_BUF_INLINE : AVA_CS_BUF_NULL);
	if (!p)
		return;
	ava_cs_put_word(&g->args, ava_cs_mul(count, sizeof(*p)));
	for (i = 0; i < count && !g->args.err; i++)
		ava_cs_put_word(&g->args, i % 2 ? guest_list_value(g, p[i - 1], p[i], keys,
								   key_count) : p[i]);
}

void ava_guest_put_maybe(struct ava_gcall *g, const void *p, uint64_t len,
			 const uint32_t *types)
{
	uint64_t handle = 0;
	void *value;

	ava_guest_put_in(g, p, len, 0);
	if (p && len == sizeof(value)) {
		memcpy(&value, p, sizeof(value));
		for (; *types && value && !handle; types++)
			handle = ava_object_handle(value, *types);
	}
	ava_cs_put_word(&g->args, handle);
}

/* ---- the call ---------------------------------------------------------------------- */

/* The head says where the arguments are; too many for inline become segment 0. */
static void guest_fill_args(struct ava_gcall *g, struct ava_call *c, uint64_t head[AVA_CS_HEAD])
{
	c->args = (uintptr_t)g->args.buf;
	c->args_len = g->args.len;
	c->segs = (uintptr_t)&g->segs[0];
	c->seg_count = g->seg_count > 1 ? g->seg_count : 0;
	g->segs[0] = (struct ava_seg){ .flags = AVA_SEG_TO_HOST };
	if (g->args.len <= g->limits->max_args)
		return;
	head[AVA_CS_HEAD_WHERE] = AVA_CS_ARGS_SEGMENT;
	g->segs[0].addr = (uintptr_t)g->args.buf;
	g->segs[0].len = g->args.len;
	g->borrowed = true;
	c->args = (uintptr_t)head;
	c->args_len = AVA_CS_HEAD * sizeof(*head);
	c->seg_count = g->seg_count;
}

static int guest_fill_reply(struct ava_gcall *g, struct ava_call *c)
{
	void *buf = g->reply_buf;

	if (g->async)
		return 0;
	if (g->reply_need > g->limits->max_reply)
		return -EMSGSIZE;
	if (g->reply_need > sizeof(g->reply_buf)) {
		buf = g->reply_heap = malloc(g->reply_need);
		if (!buf)
			return -ENOMEM;
	}
	c->reply = (uintptr_t)buf;
	c->reply_cap = g->reply_need;
	return 0;
}

static bool guest_open_reply(struct ava_gcall *g, const struct ava_call *c)
{
	uint64_t word;

	ava_cs_reader_init(&g->reply, (const void *)(uintptr_t)c->reply, c->reply_len);
	word = ava_cs_get_word(&g->reply);
	if (word & AVA_CS_OUTPUT)
		ava_context_output(g->ctx);
	if (word >> AVA_CS_EVENTS_SHIFT)
		ava_guest_callbacks_due(g->ctx, word >> AVA_CS_EVENTS_SHIFT);
	switch (word & AVA_CS_STATUS) {
	case AVA_CS_EXECUTED:
		return ava_guest_decoded(g);
	case AVA_CS_REFUSED:
		ava_guest_refuse(g, (int64_t)ava_cs_get_word(&g->reply));
		ava_guest_decoded(g);
		return false;
	default:
		guest_fail(g, -EPROTO);
		return false;
	}
}

/* What the server had is gone with it: nobody is left who could keep the object. */
static bool guest_released_with_server(struct ava_gcall *g)
{
	if (!g->release.object || !ava_context_status(g->ctx))
		return false;
	g->err = 0;
	g->local = true;
	g->async = true;
	return true;
}

bool ava_guest_call(struct ava_gcall *g)
{
	struct ava_call c = { .func = g->func };
	uint64_t head[AVA_CS_HEAD] = { AVA_CS_ARGS_INLINE };

	if (g->args.err)
		guest_fail(g, g->args.err);
	if (g->refused || g->err)
		return false;
	if (g->local) {
		g->async = true;
		return true;
	}
	guest_fill_args(g, &c, head);
	g->async = g->async && !g->borrowed;
	c.flags = g->async ? AVA_CALL_ASYNC : 0;
	g->err = guest_fill_reply(g, &c);
	if (!g->err)
		g->err = g->async ? ava_context_send(g->ctx, &c) :
				    ava_context_call(g->ctx, &c);
	if (g->err)
		return guest_released_with_server(g);
	g->sent = true;
	return g->async || guest_open_reply(g, &c);
}

int ava_guest_flush(const struct ava_guest_api *api)
{
	struct ava_context *ctx;
	int ret = ava_context_get(&api->id, &ctx);

	return ret ? ret : ava_context_flush(ctx);
}

void ava_guest_unhold(const struct ava_guest_api *api, const void *p)
{
	struct ava_context *ctx;

	ava_object_unhold(p);
	if (!ava_context_get(&api->id, &ctx))
		ava_guest_forget(ctx);
}

void *ava_callback_get_found(const struct ava_guest_api *api, struct ava_cs_reader *in,
			     const void *in_object)
{
	uint64_t handle = ava_cs_get_word(in);
	bool bound;

	return handle ? ava_object_found(api->dispatch, handle, in_object, false, &bound) : NULL;
}

/* Nothing longer than this is made up where an event could not carry it. */
#define CALLBACK_BYTES_MAX	(1u << 20)

void *ava_callback_get_bytes(struct ava_cs_reader *in, uint64_t len, void **heap)
{
	uint64_t kind = ava_cs_get_word(in), n;
	const void *at;

	if (kind == AVA_CS_BUF_NULL)
		return NULL;
	n = ava_cs_get_word(in);
	at = ava_cs_get_bytes(in, n);
	if (!at || (!len && (!n || ((const char *)at)[n - 1])))
		return NULL;
	if (n >= len)
		return (void *)(uintptr_t)at;
	*heap = len <= CALLBACK_BYTES_MAX ? calloc(1, len) : NULL;
	return *heap ? memcpy(*heap, at, n) : NULL;
}

void ava_guest_unsupported(const struct ava_guest_api *api, const char *func, int *said)
{
	if (!__atomic_exchange_n(said, 1, __ATOMIC_RELAXED))
		ava_log("ava", "%s: %s is not supported", (const char *)api->id.name, func);
}
