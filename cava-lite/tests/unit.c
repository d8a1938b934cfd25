// SPDX-License-Identifier: Apache-2.0
/*
 * unit.c - the encoding primitives, the handle table and the object table by themselves
 *
 * Server calls run against segments in this process.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <ava/cs.h>
#include <ava/cs_serve.h>
#include <ava/guest.h>
#include <ava/handle.h>
#include <ava/object.h>

/* ---- a channel that is not there: only marshalling is tested -------------------------- */

static const struct ava_limits limits = { .max_args = 65536, .max_reply = 65536, .max_segs = 64 };
static int context_err;
static int call_err;
static uint8_t seen_args[65536];
static struct ava_call seen;
static uint64_t answer[16];
static size_t answer_len;

int ava_context_get(const struct ava_api_id *api, struct ava_context **ctx)
{
	(void)api;
	*ctx = NULL;
	return context_err;
}

const struct ava_limits *ava_context_limits(const struct ava_context *ctx)
{
	(void)ctx;
	return &limits;
}

int ava_context_call(struct ava_context *ctx, struct ava_call *call)
{
	(void)ctx;
	seen = *call;
	memcpy(seen_args, (void *)(uintptr_t)call->args, call->args_len);
	if (call_err)
		return call_err;
	if (call->reply_cap < answer_len)
		return -EMSGSIZE;
	memcpy((void *)(uintptr_t)call->reply, answer, answer_len);
	call->reply_len = answer_len;
	return 0;
}

int ava_context_send(struct ava_context *ctx, struct ava_call *call)
{
	return ava_context_call(ctx, call);
}

int ava_context_flush(struct ava_context *ctx)
{
	(void)ctx;
	return 0;
}

void ava_context_output(struct ava_context *ctx)
{
	(void)ctx;
}

static int context_status;

int ava_context_status(const struct ava_context *ctx)
{
	(void)ctx;
	return context_status;
}

/* Nothing ever comes. */
int ava_context_events(struct ava_context *ctx, ava_event_fn fn)
{
	(void)ctx;
	(void)fn;
	return 0;
}

static uint8_t seg_bytes[4][8192];

int ava_server_pull(struct ava_server_call *call, uint32_t seg, uint64_t offset, void *buf,
		    uint64_t len)
{
	(void)call;
	if (offset + len > sizeof(seg_bytes[0]))
		return -ERANGE;
	memcpy(buf, seg_bytes[seg] + offset, len);
	return 0;
}

int ava_server_push(struct ava_server_call *call, uint32_t seg, uint64_t offset, const void *buf,
		    uint64_t len)
{
	(void)call;
	memcpy(seg_bytes[seg] + offset, buf, len);
	return 0;
}

static uint64_t events[8], event_count;

int ava_server_event(uint64_t cookie, const void *data, uint32_t len)
{
	assert_int_equal(len, 8);
	memcpy(&events[event_count], data, len);
	events[event_count++] += cookie;
	return 0;
}

/* ---- cs.h --------------------------------------------------------------------------------- */

AVA_CS_SCALAR(float, float)
AVA_CS_SCALAR(int8_t, int8_t)

static void test_arithmetic(void **state)
{
	(void)state;
	assert_true(ava_cs_add(1, 2) == 3);
	assert_true(ava_cs_add(UINT64_MAX, 1) == UINT64_MAX);
	assert_true(ava_cs_mul(1ull << 32, 1ull << 32) == UINT64_MAX);
	assert_true(ava_cs_mul(0, UINT64_MAX) == 0);
	assert_true(ava_cs_pad(0) == 0 && ava_cs_pad(1) == 8 && ava_cs_pad(8) == 8);
	assert_true(ava_cs_pad(UINT64_MAX) >= UINT64_MAX - 7);
	assert_true(ava_cs_min(1, 2) == 1 && ava_cs_max(1, 2) == 2);
}

static void test_scalars(void **state)
{
	uint64_t buf[4];
	struct ava_cs_writer w;
	struct ava_cs_reader r;

	(void)state;
	ava_cs_writer_init(&w, buf, sizeof(buf), 0);
	ava_encode_float(&w, 1.5f);
	ava_encode_int8_t(&w, -3);
	ava_cs_put_word(&w, UINT64_MAX);
	assert_int_equal(w.err, 0);
	assert_int_equal(w.len, 24);
	ava_cs_reader_init(&r, buf, w.len);
	assert_true(ava_decode_float(&r) == 1.5f);
	assert_int_equal(ava_decode_int8_t(&r), -3);
	assert_true(ava_cs_get_word(&r) == UINT64_MAX);
	assert_int_equal(r.err, 0);
}

static void test_writer_full(void **state)
{
	uint64_t buf[2] = { 0 };
	struct ava_cs_writer w;

	(void)state;
	ava_cs_writer_init(&w, buf, sizeof(buf), 0);
	ava_cs_put_bytes(&w, "123456789", 9);
	assert_int_equal(w.err, 0);
	ava_cs_put_word(&w, 1);
	assert_int_equal(w.err, -EMSGSIZE);
	assert_int_equal(w.len, 16);
	ava_cs_put_bytes(&w, "", 0);
	assert_int_equal(w.err, -EMSGSIZE);
}

static void test_writer_grows(void **state)
{
	uint64_t buf[2];
	struct ava_cs_writer w;
	int i;

	(void)state;
	ava_cs_writer_init(&w, buf, sizeof(buf), 4096);
	for (i = 0; i < 512; i++)
		ava_cs_put_word(&w, i);
	assert_int_equal(w.err, 0);
	assert_true(((uint64_t *)w.buf)[0] == 0 && ((uint64_t *)w.buf)[511] == 511);
	ava_cs_put_word(&w, 0);
	assert_int_equal(w.err, -EMSGSIZE);
	ava_cs_writer_fini(&w);
	assert_ptr_equal(w.buf, buf);
}

static void test_padding_is_zero(void **state)
{
	uint64_t buf[1];
	struct ava_cs_writer w;

	(void)state;
	memset(buf, 0xff, sizeof(buf));
	ava_cs_writer_init(&w, buf, sizeof(buf), 0);
	ava_cs_put_bytes(&w, "a", 1);
	assert_true(buf[0] == 'a');
}

static void test_reader_short(void **state)
{
	uint64_t buf[2] = { 7, 8 };
	struct ava_cs_reader r;

	(void)state;
	ava_cs_reader_init(&r, buf, sizeof(buf));
	assert_null(ava_cs_get_bytes(&r, 17));
	assert_int_equal(r.err, -EBADMSG);
	assert_true(ava_cs_get_word(&r) == 0);
	ava_cs_reader_init(&r, buf, sizeof(buf));
	assert_null(ava_cs_get_bytes(&r, UINT64_MAX));
	ava_cs_reader_init(&r, buf, 12);
	assert_true(ava_cs_get_word(&r) == 7);
	assert_true(ava_cs_get_word(&r) == 0 && r.err);
}

static void test_pool(void **state)
{
	struct ava_cs_pool p;
	char *a, *b, *big;
	size_t i;

	(void)state;
	ava_cs_pool_init(&p, 1 << 20);
	a = ava_cs_alloc(&p, 0, 8);
	b = ava_cs_alloc(&p, 3, 5);
	assert_true(a && b && a != b && !((uintptr_t)b % 16));
	big = ava_cs_alloc(&p, 1000, 100);
	assert_non_null(big);
	for (i = 0; i < 100000; i++)
		assert_int_equal(big[i], 0);
	assert_null(ava_cs_alloc(&p, UINT64_MAX, UINT64_MAX));
	assert_null(ava_cs_alloc(&p, 1 << 20, 1));
	assert_non_null(ava_cs_alloc(&p, 16, 1));
	ava_cs_pool_fini(&p);
}

/* ---- handle.h --------------------------------------------------------------------------------- */

static int retained, released;

static void count_retain(void *native)
{
	(void)native;
	retained++;
}

static void count_release(void *native)
{
	(void)native;
	released++;
}

static void find_immortals(void);

static const struct ava_handle_ops types[] = {
	{ 0 }, { .name = "counted", .retain = count_retain, .release = count_release },
	{ .name = "plain" },
	{ .name = "immortal", .immortal = true, .find = find_immortals },
};

static void *find(uint64_t handle, uint32_t type)
{
	struct ava_handle_entry *e;
	void *native = ava_handle_get(handle, type, &e);

	if (native)
		ava_handle_put(e);
	return native;
}

/* As the generated code of a function that releases. */
static void release_with(uint64_t handle, uint32_t refs, uint32_t seen, bool success)
{
	struct ava_handle_release r = { .refs = refs, .seen = seen };

	assert_non_null(ava_handle_get(handle, ava_handle_type(handle), &r.entry));
	assert_true(ava_handle_releasing(&r));
	/* the vendor's release is here */
	ava_handle_released(&r, success);
	ava_handle_put(r.entry);
}

static void release_call(uint64_t handle, bool success)
{
	release_with(handle, 1, 1, success);
}

static int adopt(uint64_t chosen, void *native, uint32_t type, uint64_t *handle)
{
	return ava_handle_adopt(chosen, native, type, false, handle);
}

static int handles_setup(void **state)
{
	(void)state;
	retained = released = 0;
	ava_handle_reset();
	ava_handle_types(types, 4);
	return 0;
}

static int handles_teardown(void **state)
{
	(void)state;
	ava_handle_reset();
	return 0;
}

static void test_handle_adopt(void **state)
{
	uint64_t h = 0, chosen = ava_handle_make(5, 1, false);
	int native;

	(void)state;
	assert_int_equal(adopt(chosen, &native, 1, &h), 0);
	assert_true(h == chosen);
	assert_ptr_equal(find(h, 1), &native);
	assert_null(find(h, 2));
	assert_null(find(h + 1, 1));
	assert_null(find(0, 1));
	assert_int_equal(adopt(chosen, &h, 1, &h), -EBADMSG);
	assert_int_equal(adopt(ava_handle_make(6, 1, true), &h, 1, &h), -EBADMSG);
	assert_int_equal(adopt(ava_handle_make(6, 2, false), &h, 1, &h), -EBADMSG);
	release_call(chosen, true);
	assert_null(find(chosen, 1));
	assert_int_equal(ava_handle_count(), 0);
}

/* The API gave out one object twice: the guest gives back both references at once. */
static void test_handle_counts(void **state)
{
	uint64_t h, again;
	int native;

	(void)state;
	adopt(0, &native, 1, &h);
	assert_true(ava_handle_is_host(h) && ava_handle_type(h) == 1);
	assert_int_equal(adopt(ava_handle_make(9, 1, false), &native, 1, &again), 0);
	assert_true(again == h);
	assert_int_equal(ava_handle_extra_refs(&native, 1), 1);
	release_with(h, 2, 2, true);
	assert_null(find(h, 1));
	assert_int_equal(released, 1);	/* the other one is the vendor's call */
}

/* The guest forgets one while an answer with the second is on its way. */
static void test_handle_crossing(void **state)
{
	uint64_t h, again;
	int native;

	(void)state;
	adopt(0, &native, 1, &h);
	adopt(0, &native, 1, &again);
	release_with(h, 1, 1, true);
	assert_non_null(find(h, 1));
	release_with(h, 1, 1, true);
	assert_null(find(h, 1));
	h = ava_handle_of(&native, 1);
	assert_true(ava_handle_of(&native, 1) == h);
	ava_handle_forget(h, 1);
	assert_non_null(find(h, 1));
	ava_handle_forget(h, 1);
	assert_null(find(h, 1));
	assert_true(retained == 1 && released == 1);
}

static void test_handle_found(void **state)
{
	int native, other;
	uint64_t h = ava_handle_of(&native, 1), p = ava_handle_of(&native, 2);

	(void)state;
	assert_true(h && p && h != p);
	assert_true(ava_handle_of(&native, 1) == h);
	assert_int_equal(retained, 1);
	assert_int_equal(ava_handle_extra_refs(&native, 1), 0);
	release_with(h, 1, 0, true);	/* a reference that the guest does not have */
	assert_int_equal(retained, 2);
	assert_non_null(find(h, 1));
	assert_true(ava_handle_of(&other, 1) != h);
	ava_handle_forget(h, 7);
	assert_null(find(h, 1));
	assert_int_equal(released, 1);
	ava_handle_forget(h, 1);
	ava_handle_forget(12345, 1);
	assert_int_equal(released, 1);
}

/* Released, but other objects of the guest's keep it. */
static void test_handle_kept(void **state)
{
	int native;
	uint64_t h;

	(void)state;
	adopt(0, &native, 1, &h);
	release_with(h, 1, 0, true);
	assert_int_equal(retained, 1);
	assert_ptr_equal(find(h, 1), &native);
	assert_int_equal(ava_handle_extra_refs(&native, 1), 0);
	ava_handle_forget(h, 1);
	assert_null(find(h, 1));
	assert_int_equal(released, 1);
}

/* Types without a count end with their release, whatever the guest says. */
static void test_handle_uncounted(void **state)
{
	int native;
	uint64_t h;

	(void)state;
	adopt(0, &native, 2, &h);
	release_with(h, 1, 0, true);
	assert_null(find(h, 2));
}

/* An asynchronous call cannot learn that its object has a handle already. */
static void test_handle_async(void **state)
{
	uint64_t h, chosen = ava_handle_make(3, 1, false);
	int native;

	(void)state;
	adopt(0, &native, 1, &h);
	assert_int_equal(ava_handle_adopt(chosen, &native, 1, true, &h), 0);
	assert_true(h == chosen);
	assert_ptr_equal(find(chosen, 1), &native);
	assert_int_equal(ava_handle_count(), 2);
}

static int immortals[3];

static void find_immortals(void)
{
	for (int i = 0; i < 3; i++)
		ava_handle_of(&immortals[i], 3);
}

/* A child's server has the handles that the parent's had. */
static void test_handle_immortal(void **state)
{
	uint64_t h[3];
	int i, native;

	(void)state;
	for (i = 0; i < 3; i++)
		h[i] = ava_handle_of(&immortals[i], 3);
	assert_true(ava_handle_is_immortal(h[0]) && h[0] != h[1]);
	ava_handle_forget(h[1], 1);
	assert_ptr_equal(find(h[1], 3), &immortals[1]);
	ava_handle_reset();
	ava_handle_of(&native, 1);
	assert_ptr_equal(find(h[2], 3), &immortals[2]);
	assert_ptr_equal(find(h[0], 3), &immortals[0]);
}

/* Two threads release the one reference: the vendor sees one release. */
static void test_handle_released_twice(void **state)
{
	struct ava_handle_release a = { .refs = 1, .seen = 1 }, b = a;
	uint64_t h, again;
	int native;

	(void)state;
	adopt(0, &native, 1, &h);
	ava_handle_get(h, 1, &a.entry);
	ava_handle_get(h, 1, &b.entry);
	assert_true(ava_handle_releasing(&a));
	assert_false(ava_handle_releasing(&b));
	assert_null(find(h, 1));
	/* An object made at the address of one that goes is another one. */
	assert_int_equal(adopt(0, &native, 1, &again), 0);
	assert_true(again != h);
	ava_handle_released(&a, true);
	ava_handle_put(a.entry);
	ava_handle_put(b.entry);
	assert_non_null(find(again, 1));
}

/* A thread uses what another one releases: the object lives until it is done. */
static void test_handle_used_while_released(void **state)
{
	struct ava_handle_entry *user;
	int native;
	uint64_t h;

	(void)state;
	adopt(0, &native, 1, &h);
	assert_ptr_equal(ava_handle_get(h, 1, &user), &native);
	release_call(h, true);
	assert_null(find(h, 1));
	assert_int_equal(retained, 1);
	assert_int_equal(released, 0);
	ava_handle_put(user);
	assert_int_equal(released, 1);
}

static void test_handle_release_fails(void **state)
{
	int native;
	uint64_t h;

	(void)state;
	adopt(0, &native, 1, &h);
	release_call(h, false);
	assert_ptr_equal(find(h, 1), &native);
	release_call(h, true);
	assert_null(find(h, 1));
	assert_int_equal(ava_handle_count(), 0);
	assert_int_equal(retained, 0);
}

static void test_handle_many(void **state)
{
	static char natives[5000];
	uint64_t h[5000];
	size_t i;

	(void)state;
	for (i = 0; i < 5000; i++)
		assert_int_equal(adopt(0, &natives[i], 1, &h[i]), 0);
	for (i = 0; i < 5000; i += 2)
		release_call(h[i], true);
	for (i = 0; i < 5000; i++)
		assert_ptr_equal(find(h[i], 1), i % 2 ? &natives[i] : NULL);
}

/* ---- object.h ----------------------------------------------------------------------------------- */

static int metas_freed;

static void free_meta(void *meta)
{
	assert_int_equal(*(int *)meta, 42);
	metas_freed++;
}

/* Drops a reference as generated code does; the words that it would send go to @r. */
static enum ava_release drop(void *o, uint32_t type, struct ava_object_release *r)
{
	enum ava_release how = ava_object_release(o, type, r);
	struct ava_object_release sent = *r;

	ava_object_released(r, true);
	*r = sent;
	return how;
}

static uint32_t forgotten(uint64_t *handle)
{
	struct ava_object_forgotten f = { 0 };
	uint32_t n = ava_object_forgotten(&f, 1);

	*handle = f.handle;
	return n ? f.seen : 0;
}

static void test_objects(void **state)
{
	int dispatch = 0, meta = 42;
	struct ava_object *o = ava_object_new(&dispatch, 3);
	uint64_t h = ava_object_handle(o, 3);
	struct ava_object_release r;

	(void)state;
	assert_ptr_equal(o->dispatch, &dispatch);
	assert_true(h && !ava_handle_is_host(h) && ava_handle_type(h) == 3);
	assert_true(!ava_object_handle(o, 2) && !ava_object_handle(&meta, 3));
	assert_true(ava_object_set_meta(o, &meta, free_meta));
	assert_ptr_equal(ava_object_meta(o), &meta);
	assert_false(ava_object_set_meta(&meta, &meta, NULL));
	assert_true(ava_object_attach(o, &dispatch, &dispatch, NULL));
	assert_true(ava_object_attach(o, &dispatch, &r, NULL));
	assert_ptr_equal(ava_object_attached(o, &dispatch), &r);
	assert_ptr_equal(ava_object_meta(o), &meta);
	assert_true(ava_object_retain(o, 3) && !ava_object_retain(o, 2) && ava_object_refs(o) == 2);
	assert_int_equal(drop(o, 2, &r), AVA_RELEASE_INVALID);
	assert_int_equal(drop(o, 3, &r), AVA_RELEASE_LOCAL);
	assert_true(ava_object_handle(o, 3) == h);
	assert_int_equal(drop(o, 3, &r), AVA_RELEASE_LAST);
	assert_true(r.handle == h && r.refs == 1 && r.seen == 1);
	assert_true(!ava_object_handle(o, 3));
	assert_int_equal(metas_freed, 1);
	assert_int_equal(drop(o, 3, &r), AVA_RELEASE_INVALID);
	assert_int_equal(forgotten(&h), 0);
}

static void test_object_not_made(void **state)
{
	struct ava_object *o = ava_object_new(NULL, 3);
	uint64_t h;

	(void)state;
	ava_object_abandon(o);
	assert_true(!ava_object_handle(o, 3) && !forgotten(&h));
}

static void test_object_release_fails(void **state)
{
	struct ava_object *o = ava_object_new(NULL, 3);
	uint64_t h = ava_object_handle(o, 3);
	struct ava_object_release r;

	(void)state;
	assert_int_equal(ava_object_release(o, 3, &r), AVA_RELEASE_LAST);
	assert_true(!ava_object_handle(o, 3));
	ava_object_released(&r, false);
	assert_true(ava_object_handle(o, 3) == h && ava_object_refs(o) == 1);
	assert_int_equal(drop(o, 3, &r), AVA_RELEASE_LAST);
	assert_true(r.refs == 1 && r.seen == 1);
}

/* Found where nothing says how long it lives: for ever. */
static void test_found_objects(void **state)
{
	uint64_t h = ava_handle_make(77, 2, true), none;
	bool bound;
	struct ava_object *o = ava_object_found(NULL, h, NULL, false, &bound);
	struct ava_object_release r;

	(void)state;
	assert_ptr_equal(ava_object_found(NULL, h, NULL, false, &bound), o);
	assert_int_equal(drop(o, 2, &r), AVA_RELEASE_LOCAL);
	assert_int_equal(drop(o, 2, &r), AVA_RELEASE_LOCAL);
	assert_true(ava_object_retain(o, 2) && ava_object_refs(o) == 1);
	assert_int_equal(drop(o, 2, &r), AVA_RELEASE_LOCAL);
	assert_true(ava_object_handle(o, 2) == h && !forgotten(&none));
}

/* What was found in an object goes with it, unless the application took a reference. */
static void test_found_in(void **state)
{
	struct ava_object *in = ava_object_new(NULL, 1), *again = ava_object_new(NULL, 1), *o;
	uint64_t h = ava_handle_make(78, 2, true), got;
	struct ava_object_release r;
	bool bound = false;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		o = ava_object_found(NULL, h, in, false, &bound);
	ava_object_found(NULL, h, in, true, &bound);
	assert_true(bound);
	assert_int_equal(drop(in, 1, &r), AVA_RELEASE_LAST);
	assert_true(!ava_object_handle(o, 2));
	assert_int_equal(forgotten(&got), 3);
	assert_true(got == h && !forgotten(&got));
	o = ava_object_found(NULL, h, again, false, &bound);
	ava_object_retain(o, 2);
	drop(again, 1, &r);
	assert_true(ava_object_handle(o, 2) == h && !forgotten(&got));
	assert_int_equal(drop(o, 2, &r), AVA_RELEASE_LOCAL);
	assert_true(!ava_object_handle(o, 2) && forgotten(&got) == 1);
}

/* A released object stays while one that was made of it lives. */
static void test_kept_objects(void **state)
{
	struct ava_object *program = ava_object_new(NULL, 1), *kernel = ava_object_new(NULL, 2);
	uint64_t h = ava_object_handle(program, 1), got;
	struct ava_object_release r;

	(void)state;
	assert_true(ava_object_keep(kernel, program) && ava_object_keep(kernel, program));
	assert_false(ava_object_keep(program, kernel));	/* they would never end */
	assert_false(ava_object_keep(program, &h));
	assert_int_equal(drop(program, 1, &r), AVA_RELEASE_LAST);
	assert_true(r.refs == 1 && !r.seen);
	assert_true(ava_object_handle(program, 1) == h && !ava_object_refs(program));
	assert_int_equal(drop(program, 1, &r), AVA_RELEASE_LOCAL);
	assert_int_equal(drop(kernel, 2, &r), AVA_RELEASE_LAST);
	assert_true(r.seen == 1 && !ava_object_handle(program, 1));
	assert_true(forgotten(&got) == 1 && got == h);
}

static void test_held_objects(void **state)
{
	struct ava_object *o = ava_object_new(NULL, 1), *pinned = ava_object_new(NULL, 1), *other;
	uint64_t h = ava_object_handle(o, 1), got;
	struct ava_object_release r;

	(void)state;
	ava_object_hold(o);
	assert_int_equal(drop(o, 1, &r), AVA_RELEASE_LAST);
	assert_true(ava_object_handle(o, 1) == h);
	ava_object_unhold(o);
	assert_true(!ava_object_handle(o, 1) && forgotten(&got) == 1);
	assert_true(ava_object_pin(pinned) && !ava_object_pin(&got));
	drop(pinned, 1, &r);
	assert_true(!ava_object_handle(pinned, 1));
	other = ava_object_new(NULL, 1);
	assert_ptr_not_equal(other, pinned);
	ava_object_unpin(pinned);
	drop(other, 1, &r);
}

static void *use_shared(void *arg)
{
	struct ava_object *shared = arg;
	struct ava_object_release r;
	uint64_t h;
	int i;

	for (i = 0; i < 2000; i++) {
		ava_object_retain(shared, 1);
		ava_object_keep(shared, &h);
		drop(shared, 1, &r);
		forgotten(&h);
	}
	drop(shared, 1, &r);
	drop(shared, 1, &r);
	return NULL;
}

/* Too many releases by two threads at once: one of them is the last. */
static void test_objects_threads(void **state)
{
	struct ava_object *shared = ava_object_new(NULL, 1);
	pthread_t threads[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, use_shared, shared);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_true(!ava_object_handle(shared, 1));
}

static void *make_objects(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
		ava_object_abandon(ava_object_new(NULL, 4));
	return NULL;
}

/* Threads are at the table while another one forks: the child can go on. */
static void test_objects_fork(void **state)
{
	pthread_t threads[2];
	int i, stop = 0, status;
	pid_t pid;

	(void)state;
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, make_objects, &stop);
	for (i = 0; i < 200; i++) {
		pid = fork();
		if (!pid) {
			alarm(10);	/* the sanitizer's own allocator may hang: no new object */
			_exit(!!ava_object_handle(&status, 4));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* A child has objects of its own; only immortal ones are everywhere. */
static void test_objects_child(void **state)
{
	struct ava_object *o = ava_object_new(NULL, 1), *platform;
	uint64_t h = ava_handle_make(1, 3, true) | AVA_HANDLE_IMMORTAL;
	struct ava_object_release r;
	int status;
	bool bound;
	pid_t pid;

	(void)state;
	platform = ava_object_found(NULL, h, NULL, false, &bound);
	pid = fork();
	if (!pid)
		_exit(ava_object_handle(o, 1) || ava_object_handle(platform, 3) != h);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	drop(o, 1, &r);
}

/* ---- guest.h ------------------------------------------------------------------------------------- */

static const struct ava_guest_api api;

static int guest_setup(void **state)
{
	(void)state;
	context_err = call_err = 0;
	answer_len = 0;
	return 0;
}

static void test_guest_small(void **state)
{
	struct ava_gcall g;
	const uint64_t *w = (const uint64_t *)seen_args;

	(void)state;
	answer[0] = AVA_CS_EXECUTED;
	answer_len = 8;
	ava_guest_begin(&g, &api, 9);
	ava_guest_put_in(&g, "abc", 3, 0);
	ava_guest_put_in(&g, NULL, 3, 0);
	assert_true(ava_guest_call(&g));
	assert_true(w[0] == AVA_CS_ARGS_INLINE && w[3] == AVA_CS_BUF_INLINE && w[4] == 3);
	assert_true(w[6] == AVA_CS_BUF_NULL);
	assert_int_equal(seen.seg_count, 0);
	assert_int_equal(seen.func, 9);
	ava_guest_end(&g);
}

static void test_guest_segments(void **state)
{
	static char big[10000];
	struct ava_guest_buf b;
	struct ava_gcall g;
	struct ava_seg *segs;

	(void)state;
	answer[0] = AVA_CS_EXECUTED;
	answer[1] = 5;
	answer_len = 16;
	ava_guest_begin(&g, &api, 1);
	g.async = true;
	ava_guest_put_in(&g, big, sizeof(big), 0);
	ava_guest_put_out(&g, &b, big, sizeof(big));
	assert_true(ava_guest_call(&g));
	assert_false(g.async);
	assert_int_equal(seen.seg_count, 3);
	segs = (struct ava_seg *)(uintptr_t)seen.segs;
	assert_true(segs[0].len == 0 && segs[1].len == sizeof(big) &&
		    segs[1].flags == AVA_SEG_TO_HOST && segs[2].flags == AVA_SEG_FROM_HOST);
	assert_int_equal(ava_guest_get_out(&g, &b), 5);
	ava_guest_end(&g);
}

static void test_guest_spill(void **state)
{
	static char text[200000];
	const char *strings[] = { text };
	struct ava_gcall g;
	struct ava_seg *segs;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	answer[0] = AVA_CS_EXECUTED;
	answer_len = 8;
	ava_guest_begin(&g, &api, 1);
	ava_guest_put_strings(&g, strings, 1, NULL);
	assert_true(ava_guest_call(&g));
	assert_int_equal(seen.args_len, AVA_CS_HEAD * 8);
	assert_true(*(uint64_t *)seen_args == AVA_CS_ARGS_SEGMENT);
	segs = (struct ava_seg *)(uintptr_t)seen.segs;
	assert_true(seen.seg_count == 1 && segs[0].len > sizeof(text));
	ava_guest_end(&g);
}

static void test_guest_refuses(void **state)
{
	struct ava_gcall g;

	(void)state;
	ava_guest_begin(&g, &api, 1);
	ava_guest_put_handle(&g, &g, 1, 0, -38);
	ava_guest_put_handle(&g, NULL, 1, 0, -39);
	assert_false(ava_guest_call(&g));
	assert_true(g.refused && g.status == -38);
	ava_guest_end(&g);
	context_err = -ECONNREFUSED;
	ava_guest_begin(&g, &api, 1);
	assert_false(ava_guest_call(&g));
	assert_int_equal(g.err, -ECONNREFUSED);
	ava_guest_end(&g);
}

static void test_guest_bad_reply(void **state)
{
	char room[16] = "unchanged";
	struct ava_guest_buf b;
	struct ava_gcall g;

	(void)state;
	answer[0] = AVA_CS_EXECUTED;
	answer[1] = 17;
	answer_len = 16;
	ava_guest_begin(&g, &api, 1);
	ava_guest_put_out(&g, &b, room, sizeof(room));
	assert_true(ava_guest_call(&g));
	ava_guest_get_out(&g, &b);
	assert_false(ava_guest_decoded(&g));
	assert_string_equal(room, "unchanged");
	ava_guest_end(&g);
	answer[0] = 99;
	ava_guest_begin(&g, &api, 1);
	assert_false(ava_guest_call(&g));
	assert_int_equal(g.err, -EPROTO);
	ava_guest_end(&g);
}

/* Asks a query of one argument; true if the answer, which is in @value, was kept. */
static bool ask(const void *of, uint64_t question, uint64_t *value)
{
	struct ava_guest_buf b;
	struct ava_gcall g;
	bool again;

	answer[0] = AVA_CS_EXECUTED;
	answer[1] = 8;
	answer[2] = *value;
	answer_len = 24;
	ava_guest_begin(&g, &api, 5);
	if (of)
		ava_guest_put_handle(&g, of, 1, 0, -38);
	ava_cs_put_word(&g.args, question);
	ava_guest_put_out(&g, &b, value, 8);
	if (!ava_guest_cached(&g))
		assert_true(ava_guest_call(&g));
	assert_int_equal(ava_guest_get_out(&g, &b), 8);
	again = g.again;
	assert_true(ava_guest_decoded(&g));
	ava_guest_keep(&g, of, 1);
	ava_guest_end(&g);
	return again;
}

static void test_cache(void **state)
{
	struct ava_object *o = ava_object_new(NULL, 1), *p = ava_object_new(NULL, 1);
	struct ava_object_release r;
	uint64_t value = 1, other = 2;

	(void)state;
	assert_true(!ask(o, 7, &value) && value == 1);
	assert_true(ask(o, 7, &other) && other == 1);
	other = 3;
	assert_true(!ask(o, 8, &other) && other == 3);
	assert_true(!ask(p, 7, &other) && ask(p, 7, &value) && value == 3);
	assert_true(!ask(NULL, 7, &other) && ask(NULL, 7, &other));
	context_status = -ENOLINK;
	assert_false(ask(o, 7, &value));
	context_status = 0;
	drop(o, 1, &r);
	assert_true(ask(p, 7, &value));
	drop(p, 1, &r);
}

/* Whoever asks without end finds only the last answers. */
static void test_cache_bounds(void **state)
{
	struct ava_object *o = ava_object_new(NULL, 1);
	struct ava_object_release r;
	uint64_t i, value = 0;

	(void)state;
	for (i = 0; i < 2000; i++)
		assert_false(ask(o, i, &value));
	assert_true(ask(o, 1999, &value));
	assert_false(ask(o, 0, &value));
	drop(o, 1, &r);
}

static void *ask_always(void *o)
{
	uint64_t value = 1;

	for (int i = 0; i < 2000; i++)
		ava_guest_keep(&(struct ava_gcall){ .err = -EIO }, o, 1);
	(void)value;
	return NULL;
}

static void test_cache_fork(void **state)
{
	struct ava_object *o = ava_object_new(NULL, 1);
	struct ava_object_release r;
	uint64_t value = 4;
	pthread_t thread;
	int status;
	pid_t pid;

	(void)state;
	ask(NULL, 99, &value);
	pthread_create(&thread, NULL, ask_always, o);
	pid = fork();
	if (!pid)
		_exit(ask(NULL, 99, &value));
	pthread_join(thread, NULL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	drop(o, 1, &r);
}

/* ---- cs_serve.h ------------------------------------------------------------------------------------ */

static uint64_t args[64], reply[64];
static struct ava_ring_seg segs[2];
static struct ava_server_call call;
static struct ava_serve s;

static void serve(size_t words)
{
	call = (struct ava_server_call){
		.args = args, .args_len = words * 8, .reply = reply, .reply_cap = sizeof(reply),
		.segs = segs, .seg_count = 2,
	};
	ava_serve_begin(&s, &call);
}

static void test_serve_lengths(void **state)
{
	(void)state;
	args[0] = AVA_CS_ARGS_INLINE;
	args[3] = AVA_CS_BUF_INLINE;
	args[4] = 8;
	args[5] = 0x4142;
	serve(6);
	assert_memory_equal(ava_serve_in(&s, 8), "BA", 2);
	assert_true(ava_serve_ready(&s));
	assert_int_equal(ava_serve_end(&s, 0), 0);
	serve(6);
	assert_null(ava_serve_in(&s, 7));
	assert_false(ava_serve_ready(&s));
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
	serve(5);
	assert_null(ava_serve_in(&s, 8));
	assert_int_equal(ava_serve_ready(&s), 0);
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
	args[6] = 0;
	serve(7);	/* more than the arguments */
	ava_serve_in(&s, 8);
	assert_false(ava_serve_ready(&s));
	ava_serve_end(&s, 0);
}

static void test_serve_segments(void **state)
{
	struct ava_serve_buf b;

	(void)state;
	segs[1] = (struct ava_ring_seg){ .len = 100, .flags = AVA_SEG_TO_HOST };
	args[3] = AVA_CS_BUF_SEGMENT | 1 << AVA_CS_BUF_INDEX_SHIFT;
	args[4] = 100;
	memcpy(seg_bytes[1], "bulk", 5);
	serve(5);
	assert_string_equal(ava_serve_in(&s, 100), "bulk");
	assert_int_equal(ava_serve_end(&s, 0), 0);
	serve(5);
	assert_null(ava_serve_out(&s, &b, 100));	/* wrong direction */
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
	args[3] = AVA_CS_BUF_SEGMENT | 2 << AVA_CS_BUF_INDEX_SHIFT;
	serve(5);
	assert_null(ava_serve_in(&s, 100));		/* no such segment */
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
	args[3] = AVA_CS_BUF_SEGMENT;
	serve(5);
	assert_null(ava_serve_in(&s, 100));		/* the arguments' own */
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
}

static void test_serve_refusal(void **state)
{
	(void)state;
	args[3] = ava_handle_make(3, 1, false);
	serve(4);
	assert_null(ava_serve_handle(&s, 1, 0, -38));
	assert_false(ava_serve_ready(&s));
	assert_int_equal(ava_serve_end(&s, 0), 0);
	assert_true(reply[0] == AVA_CS_REFUSED && (int64_t)reply[1] == -38);
	assert_int_equal(call.reply_len, 16);
}

static void test_serve_null_handle(void **state)
{
	(void)state;
	args[3] = 0;
	serve(4);
	assert_null(ava_serve_handle(&s, 1, AVA_SERVE_NULLABLE, -38));
	assert_true(ava_serve_ready(&s));
	ava_serve_end(&s, 0);
	serve(4);
	assert_null(ava_serve_handle(&s, 1, 0, -38));
	assert_false(ava_serve_ready(&s));
	assert_int_equal(ava_serve_end(&s, 0), 0);
	assert_true(reply[0] == AVA_CS_REFUSED && (int64_t)reply[1] == -38);
	args[3] = AVA_CS_BUF_INLINE;
	args[4] = 8;
	args[5] = 0;
	serve(6);
	ava_serve_handles(&s, 1, 1, 0, -39);
	assert_false(ava_serve_ready(&s));
	assert_int_equal(ava_serve_end(&s, 0), 0);
	assert_true((int64_t)reply[1] == -39);
}

/* A release while the call runs must not end the object under it. */
static void test_serve_pins(void **state)
{
	int native;
	uint64_t h;

	(void)state;
	adopt(0, &native, 1, &h);
	args[3] = h;
	serve(4);
	assert_ptr_equal(ava_serve_handle(&s, 1, 0, -38), &native);
	release_call(h, true);
	assert_true(retained == 1 && !released);
	assert_int_equal(ava_serve_end(&s, 0), 0);
	assert_int_equal(released, 1);
}

/* Numbers that the vendor leaves alone stay as the guest has them. */
static void test_serve_untouched(void **state)
{
	struct ava_serve_buf b;
	uint32_t *p;

	(void)state;
	args[3] = AVA_CS_BUF_INLINE;
	args[4] = 12;
	serve(5);
	p = ava_serve_out(&s, &b, 12);
	ava_serve_mark(&b);
	ava_serve_reply(&s);
	ava_serve_written(&b, 4);
	assert_true(b.untouched && !p[0] && !p[2]);
	ava_serve_put_out(&s, &b, 12);
	assert_true(reply[1] == 0 && s.out.len == 16);
	ava_serve_mark(&b);
	p[1] = 0;
	ava_serve_written(&b, 4);
	assert_true(!b.untouched && !p[0] && !p[1] && !p[2]);
	ava_serve_put_out(&s, &b, 12);
	assert_true(reply[2] == 12);
	ava_serve_end(&s, 0);
}

static void test_serve_bulk(void **state)
{
	uint64_t word = 0;
	struct ava_bulk *b;

	(void)state;
	args[3] = AVA_CS_BUF_INLINE;
	args[4] = 12;
	memcpy(&args[5], "hello, world", 12);
	serve(7);
	b = ava_serve_bulk(&s, 12, AVA_SEG_TO_HOST);
	assert_int_equal(ava_bulk_len(b), 12);
	assert_int_equal(ava_bulk_pull(b, 7, &word, 5), 0);
	assert_memory_equal(&word, "world", 5);
	assert_int_equal(ava_bulk_pull(b, 8, &word, 5), -ERANGE);
	assert_int_equal(ava_bulk_pull(b, UINT64_MAX, &word, 2), -ERANGE);
	assert_int_equal(ava_bulk_push(b, 0, &word, 1), -ERANGE);
	assert_true(ava_serve_ready(&s));
	ava_serve_end(&s, 0);
	serve(5);
	b = ava_serve_bulk(&s, 12, AVA_SEG_FROM_HOST);
	ava_serve_reply(&s);
	assert_int_equal(ava_bulk_push(b, 4, "abcd", 4), 0);
	assert_int_equal(ava_bulk_push(b, 8, "ef", 2), 0);
	ava_serve_put_bulk(&s, b);
	assert_true(reply[1] == AVA_CS_BULK_RANGE && reply[2] == 4 && reply[3] == 6);
	assert_memory_equal(&reply[4], "abcdef", 6);
	assert_int_equal(ava_bulk_push(b, 0, "x", 1), 0);
	ava_serve_put_bulk(&s, b);
	assert_true(reply[5] == AVA_CS_BULK_MASK && reply[6] == 0x3f1);
	ava_serve_end(&s, 0);
	assert_true(!ava_bulk_len(NULL) && ava_bulk_pull(NULL, 0, &word, 0) == -ERANGE);
}

/* What the vendor gets for a value of 8 bytes that the guest says is @handle; NULL: refused. */
static const void *settled(int object, uint64_t value, uint64_t handle)
{
	static uint64_t got;
	struct ava_serve_maybe m;
	const void *p;

	args[3] = AVA_CS_BUF_INLINE;
	args[4] = 8;
	args[5] = value;
	args[6] = handle;
	serve(7);
	p = ava_serve_maybe(&s, 8, (const uint32_t[]){ 1, 2, 0 }, &m);
	assert_true(ava_serve_ready(&s));
	p = ava_serve_settle(&s, object, p, 8, &m, -38);
	memcpy(&got, p, sizeof(got));
	p = s.refused ? NULL : &got;
	ava_serve_end(&s, 0);
	return p;
}

static void test_serve_maybe(void **state)
{
	uint64_t first, second, wild = (uintptr_t)&first;
	int native, other;

	(void)state;
	adopt(0, &native, 1, &first);
	adopt(0, &other, 2, &second);
	assert_ptr_equal(*(void *const *)settled(1, wild, first), &native);
	assert_ptr_equal(*(void *const *)settled(2, wild, second), &other);
	assert_null(settled(2, wild, first));		/* of another type */
	assert_null(settled(1, wild, 0));
	assert_null(settled(1, 12345, 0));
	assert_true(*(const uint64_t *)settled(1, 0, 0) == 0);
	assert_true(*(const uint64_t *)settled(0, wild, first) == wild);
	assert_ptr_equal(*(void *const *)settled(-1, wild, first), &native);
	assert_true(*(const uint64_t *)settled(-1, 12345, 0) == 12345);
	assert_true(*(const uint64_t *)settled(-1, 0x3ff8000000000000, 0) == 0x3ff8000000000000);
	assert_null(settled(-1, wild, 0));		/* the vendor might follow it */
	assert_null(settled(-1, (uintptr_t)&settled, 0));
}

static void test_serve_strings(void **state)
{
	char **strings;

	(void)state;
	args[3] = AVA_CS_BUF_INLINE;
	args[4] = 4;
	memcpy(&args[5], "abc", 4);
	serve(6);
	assert_string_equal(ava_serve_string(&s), "abc");
	ava_serve_end(&s, 0);
	memcpy(&args[5], "a\0c", 4);
	serve(6);
	assert_null(ava_serve_string(&s));
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
	memcpy(&args[5], "abcd", 4);
	serve(6);
	assert_null(ava_serve_string(&s));
	ava_serve_end(&s, 0);
	args[4] = 1;
	args[5] = AVA_CS_BUF_INLINE;
	args[6] = 2;
	memcpy(&args[7], "xy", 2);
	serve(8);
	strings = ava_serve_strings(&s, 1, NULL);
	assert_string_equal(strings[0], "xy");
	assert_true(ava_serve_ready(&s));
	ava_serve_end(&s, 0);
	args[4] = 1ull << 60;
	serve(8);
	assert_null(ava_serve_strings(&s, 1ull << 60, NULL));
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
}

static void test_serve_lists(void **state)
{
	(void)state;
	args[3] = AVA_CS_BUF_INLINE;
	args[4] = 24;
	args[5] = 1;
	args[6] = 2;
	args[7] = 0;
	serve(8);
	assert_non_null(ava_serve_list(&s, true, NULL, 0));
	ava_serve_end(&s, 0);
	args[7] = 3;
	serve(8);
	assert_null(ava_serve_list(&s, true, NULL, 0));
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
	args[4] = 16;
	args[6] = 0;
	serve(7);
	assert_null(ava_serve_list(&s, true, NULL, 0));	/* ends at a value */
	ava_serve_end(&s, 0);
}

static void call_back(struct ava_server_callback *cb, uint64_t value)
{
	uint64_t room[4];
	struct ava_cs_writer w;

	ava_cs_writer_init(&w, room, sizeof(room), 0);
	ava_cs_put_word(&w, value);
	ava_server_callback_run(cb, &w);
}

/* What the vendor calls before its function returns waits for the reply. */
static void test_serve_callbacks(void **state)
{
	struct ava_server_callback *once, *many;

	(void)state;
	event_count = 0;
	args[3] = 100;
	args[4] = 200;
	args[5] = 0;
	serve(6);
	once = ava_serve_callback(&s, false);
	many = ava_serve_callback(&s, true);
	assert_true(once && many && !ava_serve_callback(&s, false));
	assert_true(ava_serve_ready(&s) && !ava_serve_called_back(&s));
	call_back(many, 1);
	call_back(many, 2);
	s.registered = true;
	assert_true(ava_serve_called_back(&s) && !event_count);
	ava_serve_end(&s, 0);
	assert_int_equal(event_count, 2);
	assert_true(events[0] == 201 && events[1] == 202);
	call_back(once, 3);
	call_back(many, 4);
	assert_true(event_count == 4 && events[2] == 103 && events[3] == 204);
}

/* A function that fails forgets its callback, unless the vendor called it. */
static void test_serve_callback_fails(void **state)
{
	struct ava_server_callback *cb;

	(void)state;
	event_count = 0;
	serve(4);
	assert_non_null(ava_serve_callback(&s, false));
	ava_serve_end(&s, 0);
	serve(4);
	cb = ava_serve_callback(&s, false);
	call_back(cb, 5);
	assert_true(ava_serve_called_back(&s));
	ava_serve_end(&s, 0);
	assert_true(event_count == 1 && events[0] == 105);
}

/* Strings and bytes share what an event can carry; the guest gets the full length. */
static void test_callback_bytes(void **state)
{
	static char text[1000], bytes[500];
	uint64_t room[AVA_CALLBACK_MAX / 8];
	struct ava_cs_writer w;
	struct ava_cs_reader r;
	void *heap = NULL, *p;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memset(bytes, 'y', sizeof(bytes));
	ava_cs_writer_init(&w, room, sizeof(room), 0);
	ava_server_callback_string(&w, text, 3);
	ava_server_callback_bytes(&w, bytes, sizeof(bytes), 2);
	ava_server_callback_string(&w, NULL, 1);
	assert_int_equal(w.err, 0);
	ava_cs_reader_init(&r, room, w.len);
	p = ava_callback_get_bytes(&r, 0, &heap);
	assert_true(p && !heap && strlen(p) > 50 && strlen(p) < 256);
	p = ava_callback_get_bytes(&r, sizeof(bytes), &heap);
	assert_true(p && p == heap && ((char *)p)[50] == 'y' && !((char *)p)[499]);
	free(heap);
	assert_null(ava_callback_get_bytes(&r, 0, &heap));
	assert_int_equal(r.err, 0);
}

static void test_serve_no_room(void **state)
{
	struct ava_serve_buf b;

	(void)state;
	args[3] = AVA_CS_BUF_INLINE;
	args[4] = 1 << 20;
	serve(5);
	assert_null(ava_serve_out(&s, &b, 1 << 20));
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
	call.reply_cap = 8;
	args[0] = 5;
	serve(5);
	assert_int_equal(ava_serve_end(&s, 0), -EBADMSG);
	args[0] = 0;
}

/* ---- sizes of the OpenCL spec ------------------------------------------------------------ */

#include "../specs/opencl/ocl.h"

/* What OpenCL lets a driver read from host_ptr: with the padding of the last row and slice. */
static void test_opencl_images(void **state)
{
	cl_image_format rgba = { CL_RGBA, CL_UNORM_INT8 };
	cl_image_desc d = { .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 1,
			    .image_height = 1, .image_row_pitch = 1 << 30 };

	(void)state;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 1 << 30);
	d.image_type = CL_MEM_OBJECT_IMAGE1D;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 1 << 30);
	d.image_type = CL_MEM_OBJECT_IMAGE1D_ARRAY;
	d.image_array_size = 3;
	d.image_row_pitch = 8;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 24);
	d.image_slice_pitch = 80;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 240);
	d.image_type = CL_MEM_OBJECT_IMAGE3D;
	d.image_depth = 2;
	assert_int_equal(ocl_image_bytes(&rgba, &d), 160);
	d.image_depth = SIZE_MAX;
	assert_true(ocl_image_bytes(&rgba, &d) == SIZE_MAX);
	assert_int_equal(ocl_image3d_bytes(&rgba, 1, 3, 1, 100, 0), 300);
	assert_int_equal(ocl_image3d_bytes(&rgba, 1, 3, 2, 100, 0), 600);
}

#define HANDLES(f)	cmocka_unit_test_setup_teardown(f, handles_setup, handles_teardown)
#define GUEST(f)	cmocka_unit_test_setup(f, guest_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arithmetic), cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_writer_full), cmocka_unit_test(test_writer_grows),
		cmocka_unit_test(test_padding_is_zero), cmocka_unit_test(test_reader_short),
		cmocka_unit_test(test_pool), HANDLES(test_handle_adopt),
		HANDLES(test_handle_counts), HANDLES(test_handle_found), HANDLES(test_handle_many),
		HANDLES(test_handle_released_twice), HANDLES(test_handle_used_while_released),
		HANDLES(test_handle_release_fails), HANDLES(test_handle_crossing),
		HANDLES(test_handle_kept), HANDLES(test_handle_uncounted),
		HANDLES(test_handle_async), HANDLES(test_handle_immortal),
		cmocka_unit_test(test_objects), cmocka_unit_test(test_object_not_made),
		cmocka_unit_test(test_object_release_fails),
		cmocka_unit_test(test_found_objects), cmocka_unit_test(test_found_in),
		cmocka_unit_test(test_kept_objects), cmocka_unit_test(test_held_objects),
		cmocka_unit_test(test_objects_threads), cmocka_unit_test(test_objects_child),
		cmocka_unit_test(test_objects_fork),
		GUEST(test_guest_small), GUEST(test_guest_segments), GUEST(test_guest_spill),
		GUEST(test_guest_refuses), GUEST(test_cache), GUEST(test_cache_bounds),
		GUEST(test_cache_fork), GUEST(test_guest_bad_reply),
		HANDLES(test_serve_lengths), HANDLES(test_serve_segments),
		HANDLES(test_serve_refusal), HANDLES(test_serve_strings),
		HANDLES(test_serve_null_handle), HANDLES(test_serve_pins), HANDLES(test_serve_maybe),
		HANDLES(test_serve_bulk), HANDLES(test_serve_untouched),
		HANDLES(test_serve_callbacks), HANDLES(test_serve_callback_fails),
		cmocka_unit_test(test_callback_bytes),
		HANDLES(test_serve_lists), HANDLES(test_serve_no_room),
		cmocka_unit_test(test_opencl_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
