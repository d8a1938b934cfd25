// SPDX-License-Identifier: Apache-2.0
/*
 * unit_object.c - the guest's table of objects
 */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static int metas_freed;

static void free_meta(void *meta)
{
	assert_int_equal(*(int *)meta, 42);
	metas_freed++;
}

/* Drops a reference as generated code does; the words that it would send go to @r. */
enum ava_release drop(void *o, uint32_t type, struct ava_object_release *r)
{
	enum ava_release how = ava_object_release(o, type, r);
	struct ava_object_release sent = *r;

	ava_object_released(r, true);
	*r = sent;
	return how;
}

uint32_t forgotten(uint64_t *handle)
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

static void *forget_one(void *handle)
{
	return (void *)(uintptr_t)forgotten(handle);
}

/*
 * What a release ends is told by the thread that releases, and no other one just then:
 * that would neither ask for what the end calls nor wait for it.
 */
static void test_forgotten_by(void **state)
{
	struct ava_object *whole = ava_object_new(NULL, 1), *part = ava_object_new(NULL, 1);
	uint64_t h = ava_object_handle(whole, 1), got = 0;
	struct ava_object_release r;
	pthread_t thread;
	void *seen;

	(void)state;
	assert_true(ava_object_keep(part, whole));
	drop(whole, 1, &r);
	ava_object_ask(true);
	drop(part, 1, &r);
	pthread_create(&thread, NULL, forget_one, &got);
	pthread_join(thread, &seen);
	assert_null(seen);
	assert_true(ava_object_asks() && forgotten(&got) == 1 && got == h);
	ava_object_ask(false);
	assert_false(ava_object_asks());
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
			alarm(60);	/* the sanitizer's own allocator may hang: no new object */
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

int unit_object(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_object_not_made),
		cmocka_unit_test(test_object_release_fails),
		cmocka_unit_test(test_found_objects),
		cmocka_unit_test(test_found_in),
		cmocka_unit_test(test_kept_objects),
		cmocka_unit_test(test_forgotten_by),
		cmocka_unit_test(test_held_objects),
		cmocka_unit_test(test_objects_threads),
		cmocka_unit_test(test_objects_child),
		cmocka_unit_test(test_objects_fork),
	};

	return cmocka_run_group_tests_name("unit_object", tests, NULL, NULL);
}
