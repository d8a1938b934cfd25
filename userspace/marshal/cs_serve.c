// SPDX-License-Identifier: Apache-2.0
/*
 * cs_serve.c - decode a call, encode its reply
 *
 * Everything of a call is in the caller's struct ava_serve; only the handle
 * table is shared, and it locks for itself.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <ava/callback.h>
#include <ava/cs_serve.h>

/**
 * struct ava_serve_pin - a handle that a call uses
 */
struct ava_serve_pin {
	struct ava_serve_pin *next;
	struct ava_handle_entry *entry;
};

void ava_serve_fail(struct ava_serve *s, int err)
{
	if (!s->err)
		s->err = err;
}

static void *serve_alloc(struct ava_serve *s, uint64_t count, uint64_t size)
{
	void *p = s->err ? NULL : ava_cs_alloc(&s->pool, count, size);

	if (!p)
		ava_serve_fail(s, -ENOMEM);
	return p;
}

static const struct ava_ring_seg *serve_seg(struct ava_serve *s, uint64_t index, uint32_t flags)
{
	if (index < s->call->seg_count && (s->call->segs[index].flags & flags) == flags)
		return &s->call->segs[index];
	ava_serve_fail(s, -EBADMSG);
	return NULL;
}

/* Arguments in a segment are copied once and then parsed from the copy. */
static void serve_fetch_args(struct ava_serve *s)
{
	const struct ava_ring_seg *seg = serve_seg(s, 0, AVA_SEG_TO_HOST);
	int err;

	if (!seg)
		return;
	if (seg->len > AVA_SERVE_MAX_ARGS) {
		ava_serve_fail(s, -EMSGSIZE);
		return;
	}
	s->args_heap = malloc(seg->len + 1);
	err = s->args_heap ? ava_server_pull(s->call, 0, 0, s->args_heap, seg->len) : -ENOMEM;
	if (err) {
		ava_serve_fail(s, err);
		return;
	}
	ava_cs_reader_init(&s->in, s->args_heap, seg->len);
	ava_cs_get_bytes(&s->in, AVA_CS_HEAD * sizeof(uint64_t));
}

void ava_serve_begin(struct ava_serve *s, struct ava_server_call *call)
{
	uint64_t where;

	s->call = call;
	s->status = 0;
	s->err = 0;
	s->refused = false;
	s->outputs = false;
	s->args_heap = NULL;
	s->pins = NULL;
	s->callbacks = NULL;
	s->registered = false;
	ava_cs_pool_init(&s->pool, AVA_SERVE_POOL);
	ava_cs_reader_init(&s->in, call->args, call->args_len);
	ava_cs_writer_init(&s->out, call->reply, call->reply_cap, call->reply_cap);
	where = ava_cs_get_word(&s->in);
	/* The order is the runtime's: it was kept before this call was dispatched. */
	ava_cs_get_bytes(&s->in, (AVA_CS_HEAD - 1) * sizeof(uint64_t));
	if (where == AVA_CS_ARGS_SEGMENT)
		serve_fetch_args(s);
	else if (where != AVA_CS_ARGS_INLINE)
		ava_serve_fail(s, -EBADMSG);
}

static void serve_answer(struct ava_serve *s, int64_t status)
{
	ava_cs_writer_init(&s->out, s->call->reply, s->call->reply_cap, s->call->reply_cap);
	ava_cs_put_word(&s->out, AVA_CS_REFUSED);
	ava_cs_put_word(&s->out, (uint64_t)status);
}

int ava_serve_end(struct ava_serve *s, int64_t failure)
{
	bool async = s->call->flags & AVA_CALL_ASYNC;
	int ret = 0;

	if (!s->err && s->out.err && !async)
		s->err = s->out.err;
	if (s->err == -EBADMSG)
		ret = -EBADMSG;
	else if (s->err)
		serve_answer(s, failure);
	else if (s->refused)
		serve_answer(s, s->status);
	if (!ret && !async && s->out.err)
		ret = -EBADMSG;		/* the guest left no room for any answer */
	if (s->callbacks)
		ava_serve_end_callbacks(s);
	s->call->reply_len = async || ret ? 0 : s->out.len;
	for (; s->pins; s->pins = s->pins->next)
		ava_handle_put(s->pins->entry);
	ava_serve_ends_here(false);
	ava_cs_pool_fini(&s->pool);
	free(s->args_heap);
	return ret;
}

bool ava_serve_async_failed(const struct ava_serve *s, bool success)
{
	return s->call->flags & AVA_CALL_ASYNC && !success && s->err != -EBADMSG && !s->in.err;
}

bool ava_serve_ready(struct ava_serve *s)
{
	if (s->in.err)
		ava_serve_fail(s, s->in.err);
	if (!s->err && s->in.cur != s->in.end)
		ava_serve_fail(s, -EBADMSG);
	return !s->err && !s->refused;
}

void ava_serve_refuse(struct ava_serve *s, int64_t status)
{
	if (!s->refused)
		s->status = status;
	s->refused = true;
}

/* ---- handles --------------------------------------------------------------------- */

/* @pin: memory for it. */
static void *serve_find(struct ava_serve *s, uint64_t handle, uint32_t type,
			struct ava_serve_pin *pin)
{
	void *native = pin ? ava_handle_get(handle, type, &pin->entry) : NULL;

	if (native) {
		pin->next = s->pins;
		s->pins = pin;
	}
	return native;
}

static void *serve_object(struct ava_serve *s, uint64_t handle, uint32_t type, uint32_t flags,
			  int64_t invalid, struct ava_serve_pin *pin)
{
	void *native;

	if (!handle && flags & AVA_SERVE_NULLABLE)
		return NULL;
	native = serve_find(s, handle, type, pin);
	if (!native)
		ava_serve_refuse(s, invalid);
	return native;
}

void *ava_serve_handle(struct ava_serve *s, uint32_t type, uint32_t flags, int64_t invalid)
{
	struct ava_serve_pin *pin = serve_alloc(s, 1, sizeof(*pin));

	return serve_object(s, ava_cs_get_word(&s->in), type, flags, invalid, pin);
}

void *ava_serve_release(struct ava_serve *s, uint32_t type, uint32_t flags, int64_t invalid,
			struct ava_handle_release *r)
{
	struct ava_serve_pin *pin = serve_alloc(s, 1, sizeof(*pin));
	uint64_t handle = ava_cs_get_word(&s->in);
	void *native = serve_object(s, handle, type, flags, invalid, pin);

	*r = (struct ava_handle_release){
		.entry = native ? pin->entry : NULL,
		.refs = ava_cs_min(ava_cs_get_word(&s->in), UINT32_MAX),
		.seen = ava_cs_min(ava_cs_get_word(&s->in), UINT32_MAX),
	};
	return native;
}

bool ava_serve_releasing(struct ava_serve *s, struct ava_handle_release *r, int64_t invalid)
{
	if (!r->entry || ava_handle_releasing(r)) {
		ava_serve_ends_here(true);
		return true;
	}
	ava_serve_refuse(s, invalid);
	return false;
}

void ava_serve_released(struct ava_handle_release *r, bool success)
{
	if (r->entry)
		ava_handle_released(r, success);
}

int ava_serve_forget(struct ava_server_call *call)
{
	struct ava_serve s;
	uint64_t n, handle;

	ava_serve_begin(&s, call);
	n = ava_cs_get_word(&s.in);
	/* Where nobody asks for what an object's end calls, events tell. */
	ava_serve_ends_here(n & AVA_CS_FORGET_ASKS);
	for (n &= ~AVA_CS_FORGET_ASKS; n && !s.in.err && !s.err; n--) {
		handle = ava_cs_get_word(&s.in);
		ava_handle_forget(handle, ava_cs_get_word(&s.in));
	}
	if (ava_serve_ready(&s)) {
		ava_serve_reply(&s);
		ava_serve_outputs(&s, false);
	}
	return ava_serve_end(&s, 0);
}

uint64_t ava_serve_chosen(struct ava_serve *s, uint32_t type)
{
	uint64_t h = ava_cs_get_word(&s->in);

	if (h && (ava_handle_is_host(h) || ava_handle_type(h) != type))
		ava_serve_fail(s, -EBADMSG);
	return h;
}

/* Reads the head of an array of words; NULL if there is none, or after an error. */
static const uint64_t *serve_words(struct ava_serve *s, uint64_t *count)
{
	uint64_t kind = ava_cs_get_word(&s->in), bytes;

	*count = 0;
	if (kind != AVA_CS_BUF_INLINE) {
		if (kind != AVA_CS_BUF_NULL)
			ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	bytes = ava_cs_get_word(&s->in);
	if (bytes % sizeof(uint64_t))
		ava_serve_fail(s, -EBADMSG);
	*count = bytes / sizeof(uint64_t);
	return ava_cs_get_bytes(&s->in, bytes);
}

void *ava_serve_handles(struct ava_serve *s, uint64_t count, uint32_t type, uint32_t flags,
			int64_t invalid)
{
	uint64_t n, i, handle;
	const uint64_t *words = serve_words(s, &n);
	struct ava_serve_pin *pins;
	void **natives;

	if (!words)
		return NULL;
	if (n != count || n > AVA_SERVE_MAX_COUNT) {
		ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	natives = serve_alloc(s, n, sizeof(*natives));
	pins = serve_alloc(s, n, sizeof(*pins));
	for (i = 0; pins && i < n && !s->refused; i++) {
		memcpy(&handle, &words[i], sizeof(handle));
		natives[i] = serve_object(s, handle, type, flags, invalid, &pins[i]);
	}
	return natives;
}

void ava_serve_put_new(struct ava_serve *s, uint64_t chosen, void *native, uint32_t type)
{
	uint64_t handle = 0;
	bool async = s->call->flags & AVA_CALL_ASYNC;
	int err = native ? ava_handle_adopt(chosen, native, type, async, &handle) : 0;

	if (err) {
		/* Nobody could ever name it. */
		ava_handle_drop(native, type);
		ava_serve_fail(s, err);
	}
	ava_cs_put_word(&s->out, handle);
}

static uint64_t serve_handle_of(struct ava_serve *s, void *native, uint32_t type, bool new_ref)
{
	uint64_t handle = 0;

	if (!native)
		return 0;
	if (!new_ref)
		handle = ava_handle_of(native, type);
	else if (ava_handle_adopt(0, native, type, false, &handle))
		ava_handle_drop(native, type);
	if (!handle)
		ava_serve_fail(s, -ENOMEM);
	return handle;
}

void ava_serve_put_found(struct ava_serve *s, void *native, uint32_t type)
{
	ava_cs_put_word(&s->out, serve_handle_of(s, native, type, false));
}

void ava_serve_fix_handles(struct ava_serve *s, void *p, uint64_t bytes, uint32_t type,
			   bool new_ref)
{
	uint64_t i, handle;
	void *native;
	char *at;

	for (i = 0; i < bytes / sizeof(handle); i++) {
		at = (char *)p + i * sizeof(handle);
		memcpy(&native, at, sizeof(native));
		handle = serve_handle_of(s, native, type, new_ref);
		memcpy(at, &handle, sizeof(handle));
	}
}

void ava_serve_fix_list(struct ava_serve *s, void *p, uint64_t bytes, uint64_t key,
			uint32_t type)
{
	uint64_t i, word;
	char *at;

	for (i = 0; i + 1 < bytes / sizeof(word); i += 2) {
		at = (char *)p + i * sizeof(word);
		memcpy(&word, at, sizeof(word));
		if (!word)
			return;
		if (word == key)
			ava_serve_fix_handles(s, at + sizeof(word), sizeof(word), type, false);
	}
}

/* ---- buffers --------------------------------------------------------------------- */

bool ava_serve_head(struct ava_serve *s, uint64_t len, uint32_t *seg, uint32_t dir)
{
	uint64_t word = ava_cs_get_word(&s->in), index = word >> AVA_CS_BUF_INDEX_SHIFT;
	const struct ava_ring_seg *rs;

	*seg = 0;
	if (word == AVA_CS_BUF_NULL)
		return false;
	if (ava_cs_get_word(&s->in) != len || s->in.err) {
		ava_serve_fail(s, -EBADMSG);
		return false;
	}
	if (word == AVA_CS_BUF_INLINE)
		return true;
	rs = (word & 0xff) == AVA_CS_BUF_SEGMENT && index ? serve_seg(s, index, dir) : NULL;
	if (!rs || rs->len != len) {
		ava_serve_fail(s, -EBADMSG);
		return false;
	}
	*seg = index;
	return true;
}

/* Fills @p from the segment or from the inline arguments. */
static void serve_read(struct ava_serve *s, uint32_t seg, void *p, uint64_t len)
{
	const void *at;
	int err = 0;

	if (seg) {
		err = ava_server_pull(s->call, seg, 0, p, len);
		/* An asynchronous call has nowhere to say so: rather no context than no bytes. */
		if (err && s->call->flags & AVA_CALL_ASYNC)
			err = -EBADMSG;
	} else {
		at = ava_cs_get_bytes(&s->in, len);
		if (at)
			memcpy(p, at, len);
		else
			err = -EBADMSG;
	}
	if (err)
		ava_serve_fail(s, err);
}

const void *ava_serve_in(struct ava_serve *s, uint64_t len)
{
	uint32_t seg;
	void *p;

	if (!ava_serve_head(s, len, &seg, AVA_SEG_TO_HOST))
		return NULL;
	if (!seg)
		return ava_cs_get_bytes(&s->in, len);
	p = serve_alloc(s, len, 1);
	if (p)
		serve_read(s, seg, p, len);
	return p;
}

void *ava_serve_in_copy(struct ava_serve *s, uint64_t len)
{
	uint32_t seg;
	void *p;

	if (!ava_serve_head(s, len, &seg, AVA_SEG_TO_HOST))
		return NULL;
	if (!seg && len > (uint64_t)(s->in.end - s->in.cur)) {
		ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	p = serve_alloc(s, len, 1);
	if (p)
		serve_read(s, seg, p, len);
	return p;
}

void *ava_serve_in_kept(struct ava_serve *s, uint64_t len)
{
	uint32_t seg;
	void *p;

	if (!ava_serve_head(s, len, &seg, AVA_SEG_TO_HOST))
		return NULL;
	if (!seg && len > (uint64_t)(s->in.end - s->in.cur)) {
		ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	p = malloc(len ? len : 1);
	if (!p)
		ava_serve_fail(s, -ENOMEM);
	else
		serve_read(s, seg, p, len);
	return p;
}

static void *serve_room(struct ava_serve *s, struct ava_serve_buf *b, uint64_t cap, uint32_t dir)
{
	bool there = ava_serve_head(s, cap, &b->seg, dir);

	b->cap = cap;
	b->p = NULL;
	b->written = cap;
	if (!there)
		return NULL;
	if (!b->seg && cap > s->call->reply_cap) {
		ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	b->p = serve_alloc(s, cap, 1);
	return b->p;
}

void *ava_serve_out(struct ava_serve *s, struct ava_serve_buf *b, uint64_t cap)
{
	return serve_room(s, b, cap, AVA_SEG_FROM_HOST);
}

void *ava_serve_inout(struct ava_serve *s, struct ava_serve_buf *b, uint64_t cap)
{
	if (serve_room(s, b, cap, AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST))
		serve_read(s, b->seg, b->p, cap);
	return b->p;
}

/* No vendor writes this by chance, and none can know it. */
static uint64_t mark;

static void __attribute__((constructor)) mark_init(void)
{
	while (!mark && getrandom(&mark, sizeof(mark), 0) < 0 && errno == EINTR)
		;
}

void ava_serve_mark(struct ava_serve_buf *b)
{
	uint64_t at;

	for (at = 0; b->p && at < b->cap; at += sizeof(mark))
		memcpy((uint8_t *)b->p + at, &mark, ava_cs_min(sizeof(mark), b->cap - at));
}

void ava_serve_written(struct ava_serve_buf *b, uint32_t size)
{
	uint64_t at;
	uint8_t *p;

	if (b->cap < size)
		return;
	b->written = 0;
	for (at = 0; b->p && at + size <= b->cap; at += size) {
		p = (uint8_t *)b->p + at;
		if (memcmp(p, (uint8_t *)&mark + at % sizeof(mark), size))
			b->written = at + size;
		else
			memset(p, 0, size);
	}
}

void *ava_serve_hidden(struct ava_serve *s, uint64_t len)
{
	return serve_alloc(s, len, 1);
}

void ava_serve_put_out(struct ava_serve *s, struct ava_serve_buf *b, uint64_t len)
{
	int err;

	if (!b->p)
		return;
	len = ava_cs_min(len, b->written);
	ava_cs_put_word(&s->out, len);
	if (!b->seg) {
		ava_cs_put_bytes(&s->out, b->p, len);
		return;
	}
	err = len ? ava_server_push(s->call, b->seg, 0, b->p, len) : 0;
	if (err)
		ava_serve_fail(s, err);
}

/* ---- strings and lists ------------------------------------------------------------ */

const char *ava_serve_string(struct ava_serve *s)
{
	struct ava_cs_reader peek = s->in;
	const char *p;
	uint64_t len;

	ava_cs_get_word(&peek);
	len = ava_cs_get_word(&peek);
	p = ava_serve_in(s, len);
	if (p && (!len || memchr(p, 0, len) != p + len - 1)) {
		ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	return p;
}

static char *serve_one_string(struct ava_serve *s, uint64_t length)
{
	uint64_t kind = ava_cs_get_word(&s->in), len;
	const void *at;
	char *p;

	if (kind == AVA_CS_BUF_NULL)
		return NULL;
	len = ava_cs_get_word(&s->in);
	at = ava_cs_get_bytes(&s->in, len);
	if (!at || kind != AVA_CS_BUF_INLINE || (length && len != length)) {
		ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	p = serve_alloc(s, len + 1, 1);
	if (p)
		memcpy(p, at, len);
	return p;
}

void *ava_serve_strings(struct ava_serve *s, uint64_t count, const size_t *lengths)
{
	uint64_t kind = ava_cs_get_word(&s->in), n, i;
	char **strings;

	if (kind == AVA_CS_BUF_NULL)
		return NULL;
	n = ava_cs_get_word(&s->in);
	/* each string takes at least a word: more cannot be there */
	if (kind != AVA_CS_BUF_INLINE || n != count ||
	    n > (uint64_t)(s->in.end - s->in.cur) / sizeof(uint64_t)) {
		ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	strings = serve_alloc(s, n, sizeof(*strings));
	for (i = 0; strings && i < n && !s->err; i++)
		strings[i] = serve_one_string(s, lengths ? lengths[i] : 0);
	return strings;
}

static uint64_t serve_list_value(struct ava_serve *s, uint64_t key, uint64_t value,
				 const struct ava_serve_key *keys, uint32_t key_count)
{
	struct ava_serve_pin *pin;
	uint32_t k;

	for (k = 0; k < key_count; k++) {
		if (keys[k].key != key)
			continue;
		pin = serve_alloc(s, 1, sizeof(*pin));
		return (uintptr_t)serve_object(s, value, keys[k].type, AVA_SERVE_NULLABLE,
					       keys[k].invalid, pin);
	}
	return value;
}

void *ava_serve_list(struct ava_serve *s, bool pairs, const struct ava_serve_key *keys,
		     uint32_t key_count)
{
	uint64_t n, i;
	const uint64_t *words = serve_words(s, &n);
	uint64_t *list;

	if (!words)
		return NULL;
	if (!n || words[n - 1] || (pairs && n % 2 == 0)) {
		ava_serve_fail(s, -EBADMSG);
		return NULL;
	}
	list = serve_alloc(s, n, sizeof(*list));
	for (i = 0; list && i < n; i++)
		list[i] = i % 2 ? serve_list_value(s, words[i - 1], words[i], keys, key_count)
				: words[i];
	return list;
}

const void *ava_serve_maybe(struct ava_serve *s, uint64_t len, const uint32_t *types,
			    struct ava_serve_maybe *m)
{
	const void *p = ava_serve_in(s, len);
	uint64_t handle = ava_cs_get_word(&s->in);
	struct ava_serve_pin *pin = serve_alloc(s, 1, sizeof(*pin));

	*m = (struct ava_serve_maybe){ 0 };
	for (; pin && *types && handle && !m->native; types++) {
		m->native = serve_find(s, handle, *types, pin);
		m->which++;
	}
	return p;
}

static bool is_mapped(uintptr_t addr)
{
	uintptr_t page = sysconf(_SC_PAGESIZE);
	unsigned char resident;

	return !mincore((void *)(addr & ~(page - 1)), 1, &resident) || errno != ENOMEM;
}

/* Might the vendor's library take these bytes for one of its objects, and find memory there? */
static bool is_address(const void *p)
{
	uintptr_t addr, page = sysconf(_SC_PAGESIZE);

	memcpy(&addr, p, sizeof(addr));
	return addr && (is_mapped(addr) || is_mapped(addr + page));
}

const void *ava_serve_settle(struct ava_serve *s, int object, const void *p, uint64_t len,
			     struct ava_serve_maybe *m, int64_t invalid)
{
	static const void *none;
	bool pointer = p && len == sizeof(none);

	if (m->native && (object < 0 || object == m->which))
		return &m->native;
	/* The vendor would follow such a pointer. */
	if (object > 0 && pointer && memcmp(p, &none, sizeof(none)))
		ava_serve_refuse(s, invalid);
	if (object < 0 && pointer && is_address(p))
		ava_serve_refuse(s, invalid);
	return p;
}

/* ---- reply ------------------------------------------------------------------------- */

void ava_serve_reply(struct ava_serve *s)
{
	ava_cs_put_word(&s->out, AVA_CS_EXECUTED);
}

bool ava_serve_outputs(struct ava_serve *s, bool outputs)
{
	s->outputs = outputs;
	ava_cs_put_word(&s->out, outputs);
	return outputs;
}
