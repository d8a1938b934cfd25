// SPDX-License-Identifier: Apache-2.0
/*
 * unit_handle.c - the server's table of handles
 */
#include "unit.h"

int retained, released;

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

void *find(uint64_t handle, uint32_t type)
{
	struct ava_handle_entry *e;
	void *native = ava_handle_get(handle, type, &e);

	if (native)
		ava_handle_put(e);
	return native;
}

/* As the generated code of a function that releases. */
void release_with(uint64_t handle, uint32_t refs, uint32_t seen, bool success)
{
	struct ava_handle_release r = { .refs = refs, .seen = seen };

	assert_non_null(ava_handle_get(handle, ava_handle_type(handle), &r.entry));
	assert_true(ava_handle_releasing(&r));
	/* the vendor's release is here */
	ava_handle_released(&r, success);
	ava_handle_put(r.entry);
}

void release_call(uint64_t handle, bool success)
{
	release_with(handle, 1, 1, success);
}

int adopt(uint64_t chosen, void *native, uint32_t type, uint64_t *handle)
{
	return ava_handle_adopt(chosen, native, type, false, handle);
}

int handles_setup(void **state)
{
	(void)state;
	retained = released = 0;
	ava_handle_reset();
	ava_handle_types(types, 4);
	return 0;
}

int handles_teardown(void **state)
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

int unit_handle(void)
{
	const struct CMUnitTest tests[] = {
		HANDLES(test_handle_adopt),
		HANDLES(test_handle_counts),
		HANDLES(test_handle_found),
		HANDLES(test_handle_many),
		HANDLES(test_handle_released_twice),
		HANDLES(test_handle_used_while_released),
		HANDLES(test_handle_release_fails),
		HANDLES(test_handle_crossing),
		HANDLES(test_handle_kept),
		HANDLES(test_handle_uncounted),
		HANDLES(test_handle_async),
		HANDLES(test_handle_immortal),
	};

	return cmocka_run_group_tests_name("unit_handle", tests, NULL, NULL);
}
