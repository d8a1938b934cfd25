// SPDX-License-Identifier: Apache-2.0
/*
 * unit_guest.c - encoding calls in the guest, and answers that it keeps
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

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

int unit_guest(void)
{
	const struct CMUnitTest tests[] = {
		GUEST(test_guest_small),
		GUEST(test_guest_segments),
		GUEST(test_guest_spill),
		GUEST(test_guest_refuses),
		GUEST(test_cache),
		GUEST(test_cache_bounds),
		GUEST(test_cache_fork),
		GUEST(test_guest_bad_reply),
	};

	return cmocka_run_group_tests_name("unit_guest", tests, NULL, NULL);
}
