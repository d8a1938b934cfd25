// SPDX-License-Identifier: Apache-2.0
/*
 * unit_serve.c - decoding calls on the server
 */
#include "unit.h"

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

/* More than there is to pull. */
static void test_serve_no_bytes(void **state)
{
	(void)state;
	segs[1] = (struct ava_ring_seg){ .len = 9000, .flags = AVA_SEG_TO_HOST };
	args[3] = AVA_CS_BUF_SEGMENT | 1 << AVA_CS_BUF_INDEX_SHIFT;
	args[4] = 9000;
	serve(5);
	ava_serve_in(&s, 9000);
	assert_false(ava_serve_ready(&s));
	assert_int_equal(ava_serve_end(&s, 0), 0);	/* its reply says so */
	serve(5);
	call.flags = AVA_CALL_ASYNC;
	ava_serve_in(&s, 9000);
	assert_false(ava_serve_ready(&s));
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
	assert_true(!b.written && !p[0] && !p[2]);
	ava_serve_put_out(&s, &b, 12);
	assert_true(reply[1] == 0 && s.out.len == 16);
	ava_serve_mark(&b);
	p[1] = 0;
	ava_serve_written(&b, 4);
	assert_true(b.written == 8 && !p[0] && !p[1] && !p[2]);
	ava_serve_put_out(&s, &b, 12);
	assert_true(reply[2] == 8);
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

/* What a release brings waits for the thread that released; anything else is an event. */
static void test_serve_ended(void **state)
{
	struct ava_server_callback *cb[3];
	uint64_t room[8];

	(void)state;
	event_count = 0;
	for (int i = 0; i < 3; i++) {
		args[3] = 100 * (i + 1);
		serve(4);
		cb[i] = ava_serve_callback(&s, false);
		ava_server_callback_ends(cb[i]);
		s.registered = true;
		ava_serve_end(&s, 0);
	}
	ava_serve_ends_here(true);
	call_back(cb[0], 1);
	call_back(cb[1], 2);
	ava_serve_ends_here(false);
	call_back(cb[2], 3);
	assert_true(event_count == 1 && events[0] == 303);
	/* room for one and a half */
	assert_int_equal(ava_server_take_ended(room, 5 * sizeof(room[0])), 3 * sizeof(room[0]));
	assert_true(room[0] == 100 && room[1] == sizeof(room[0]) && room[2] == 1);
	assert_int_equal(ava_server_take_ended(room, sizeof(room)), 3 * sizeof(room[0]));
	assert_true(room[0] == 200 && room[2] == 2);
	assert_int_equal(ava_server_take_ended(room, sizeof(room)), 0);
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

int unit_serve(void)
{
	const struct CMUnitTest tests[] = {
		HANDLES(test_serve_lengths),
		HANDLES(test_serve_segments),
		HANDLES(test_serve_no_bytes),
		HANDLES(test_serve_refusal),
		HANDLES(test_serve_strings),
		HANDLES(test_serve_null_handle),
		HANDLES(test_serve_pins),
		HANDLES(test_serve_maybe),
		HANDLES(test_serve_bulk),
		HANDLES(test_serve_untouched),
		HANDLES(test_serve_callbacks),
		HANDLES(test_serve_callback_fails),
		HANDLES(test_serve_ended),
		cmocka_unit_test(test_callback_bytes),
		HANDLES(test_serve_lists),
		HANDLES(test_serve_no_room),
	};

	return cmocka_run_group_tests_name("unit_serve", tests, NULL, NULL);
}
