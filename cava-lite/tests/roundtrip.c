// SPDX-License-Identifier: Apache-2.0
/*
 * roundtrip.c - a program of the test API, linked with the generated library
 *
 * Runs against a generated server behind the LOCAL channel; knows the API only.
 * Ends with the death of the server, which it is given the pid of.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "tiny/tiny.h"

static tiny_box make(size_t size)
{
	intptr_t props[] = { TINY_PROP_SIZE, size, 0 };
	tiny_status status = 99;
	tiny_box b = tiny_create(props, &status);

	OK(b && status == TINY_OK, "create a box of %zu bytes", size);
	return b;
}

static void test_handles(void)
{
	tiny_box root = NULL, again = NULL, b, child, parts[5] = { 0 };
	intptr_t props[] = { TINY_PROP_PARENT, 0, TINY_PROP_SIZE, 10, 0 };
	uint32_t refs = 0, count = 0;
	tiny_status status;

	OK(tiny_root(&root) == TINY_OK && root, "found handle");
	OK(tiny_root(&again) == TINY_OK && again == root, "the same object, the same pointer");
	OK(tiny_root(NULL) == TINY_BAD_VALUE, "NULL arrives as NULL");
	b = make(1);
	OK(tiny_parent(b) == root, "returned handle is found");
	OK(!tiny_parent(NULL), "NULL handle comes back");
	props[1] = (intptr_t)b;
	child = tiny_create(props, NULL);
	OK(child && tiny_parent(child) == b, "handle in a list, no place for the status");
	props[1] = (intptr_t)&status;
	OK(!tiny_create(props, &status) && status == TINY_BAD_BOX, "no handle in a list");
	props[0] = 12345;
	OK(!tiny_create(props, &status) && status == TINY_BAD_VALUE, "the vendor's own refusal");
	OK(!tiny_retain(child) && !tiny_refs(child, &refs) && refs == 2, "retain");
	OK(!tiny_release(child) && !tiny_refs(child, &refs) && refs == 1, "release");
	OK(!tiny_release(child) && tiny_refs(child, &refs) == TINY_BAD_BOX, "last release");
	OK(tiny_refs((tiny_box)&refs, &refs) == TINY_BAD_BOX, "no handle");
	OK(!tiny_release(root) && !tiny_release(root) && !tiny_refs(root, &refs),
	   "a found handle survives releases");
	OK(!tiny_split(b, 5, parts, &count) && count == 3 && parts[2] && !parts[3],
	   "array of new handles, clamped");
	OK(!tiny_refs(parts[2], &refs) && refs == 1, "they live");
	OK(!tiny_release(parts[2]) && tiny_refs(parts[2], &refs) == TINY_BAD_BOX, "and end");
	OK(!tiny_split(b, 2, parts, NULL), "the count may be missing");
	tiny_release(b);
}

static uint32_t handles(void)
{
	uint32_t n = 0;

	tiny_handles(&n);
	return n;
}

/* Objects that others keep, and what was found in them, go with those that keep them. */
static void test_lifetimes(void)
{
	intptr_t props[] = { TINY_PROP_PARENT, 0, 0 };
	tiny_box root, parent, child, found, parts[3];
	uint32_t before, refs = 0;
	int i, ok = 1;

	tiny_root(&root);
	before = handles();
	parent = make(7);
	OK(!tiny_split(parent, 3, parts, NULL) && !tiny_release(parent), "release a box that its parts keep");
	OK(!tiny_refs(parent, &refs) && refs == 3, "it is there, with the references of its parts");
	OK(tiny_parent(parts[0]) == parent, "and the same one");
	for (i = 0; i < 3; i++)
		tiny_release(parts[i]);
	OK(tiny_refs(parent, &refs) == TINY_BAD_BOX && handles() == before, "it ends with the last part");
	parent = make(7);
	props[1] = (intptr_t)parent;
	child = tiny_create(props, NULL);
	tiny_release(parent);
	OK(tiny_refs(parent, &refs) == TINY_BAD_BOX, "nothing says that the list's box is kept");
	found = tiny_parent(child);
	OK(found && !tiny_refs(found, &refs), "it is found again");
	OK(!tiny_retain(found) && !tiny_release(child) && !tiny_refs(found, &refs) && refs == 1,
	   "a reference of a found box outlives its finder");
	OK(!tiny_release(found) && tiny_refs(found, &refs) == TINY_BAD_BOX && handles() == before,
	   "until it is released");
	for (i = 0; i < 100000 && ok; i++) {
		child = tiny_create(NULL, NULL);
		ok = child && (i % 50 || (tiny_parent(child) == root && !tiny_ask(child, TINY_ASK_PARENT,
									 sizeof(found), &found, NULL)));
		ok = ok && !tiny_retain(child) && !tiny_release(child) && !tiny_release(child);
	}
	OK(ok && handles() == before, "100000 boxes come and go");
}

static void test_queries(void)
{
	tiny_box root, b = make(33), box = NULL, boxes[2] = { 0 };
	intptr_t list[5];
	size_t size = 0, n = 0;

	tiny_root(&root);
	OK(!tiny_ask(b, TINY_ASK_SIZE, sizeof(size), &size, NULL) && size == 33, "bytes, no size");
	OK(!tiny_ask(b, TINY_ASK_SIZE, 0, NULL, &n) && n == sizeof(size), "size, no bytes");
	OK(!tiny_ask(b, TINY_ASK_PARENT, sizeof(box), &box, &n) && box == root, "handle in bytes");
	OK(!tiny_ask(b, TINY_ASK_CHILDREN, sizeof(boxes), boxes, NULL) && boxes[0] == b &&
	   boxes[1] == root, "handles in bytes");
	OK(!tiny_ask(b, TINY_ASK_PROPERTIES, sizeof(list), list, &n) && n == sizeof(list) &&
	   list[1] == 33 && (tiny_box)list[3] == root && !list[4], "handle in a list in bytes");
	OK(tiny_ask(b, TINY_ASK_PROPERTIES, 8, list, &n) == TINY_BAD_VALUE, "too small");
	OK(tiny_ask(b, 99, sizeof(list), list, &n) == TINY_BAD_VALUE, "unknown question");
	tiny_release(b);
}

/* What never changes is asked once, of each object. */
static void test_cached(void)
{
	tiny_box b = make(33), c = make(34), root, found = NULL;
	size_t size = 0, n = 0;
	uint32_t asked = tiny_asked();
	int i, ok = 1;

	tiny_root(&root);
	for (i = 0; i < 10; i++)
		ok &= !tiny_ask(b, TINY_ASK_SIZE, sizeof(size), &size, &n) && size == 33 && n == sizeof(size);
	OK(ok && tiny_asked() == asked + 1, "ten questions, one call");
	OK(!tiny_ask(c, TINY_ASK_SIZE, sizeof(size), &size, NULL) && size == 34 && tiny_asked() == asked + 2,
	   "another box is asked itself");
	OK(tiny_ask(b, TINY_ASK_SIZE, 1, &size, NULL) == TINY_BAD_VALUE &&
	   tiny_ask(b, TINY_ASK_SIZE, 1, &size, NULL) == TINY_BAD_VALUE && tiny_asked() == asked + 4,
	   "refusals are not kept");
	for (i = 0; i < 3; i++)
		ok &= !tiny_ask(b, TINY_ASK_PARENT, sizeof(found), &found, NULL) && found == root;
	OK(ok && tiny_asked() == asked + 5, "a kept object");
	tiny_release(b);
	tiny_release(c);
	b = make(35);
	OK(!tiny_ask(b, TINY_ASK_SIZE, sizeof(size), &size, NULL) && size == 35, "a box in the place of one");
	tiny_release(b);
}

/* The note of a write that nobody waited for and that failed says so. */
static void test_async_failure(void)
{
	tiny_box b = make(4);
	tiny_note note = NULL;

	OK(!tiny_write(b, 0, 1000, "", 0, NULL), "a write that will fail");
	OK(!tiny_write(b, 2, 4, "abcd", 0, &note) && note, "another one, with a note");
	OK(tiny_wait(1, &note) == TINY_LOST && !tiny_note_release(note), "its note has failed");
	tiny_release(b);
}

static void check_bytes(size_t size, size_t offset)
{
	unsigned char *in = malloc(size + offset + 1), *out = calloc(1, size + offset + 2);
	tiny_box b = make(size);
	tiny_note note = NULL;

	for (size_t i = 0; i < size + offset; i++)
		in[i] = i * 31 + (i >> 8);
	OK(!tiny_write(b, 0, size, in + offset, 1, &note) && note, "write %zu bytes", size);
	OK(!tiny_read(b, 0, size, out + offset) && !memcmp(in + offset, out + offset, size) &&
	   !out[offset + size], "read %zu bytes", size);
	OK(!tiny_wait(1, &note) && !tiny_note_release(note), "its note");
	OK(!tiny_write(b, 0, size, in + offset, 0, &note) && note, "write %zu bytes at once", size);
	OK(!tiny_wait(1, &note) && !tiny_note_release(note), "its note is usable at once");
	tiny_release(b);
	free(in);
	free(out);
}

static void test_bytes(void)
{
	static const size_t sizes[] = { 0, 1, 8, 4095, 4096, 4097, 65536, 1000003, 64 << 20 };
	tiny_box b = make(4);
	unsigned char got = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check_bytes(sizes[i], i % 3);
	OK(tiny_write(b, 0, 4, NULL, 1, NULL) == TINY_BAD_VALUE, "no bytes");
	OK(tiny_read(b, 1, 4, &got) == TINY_BAD_VALUE && !got, "a refused read leaves the buffer");
	OK(!tiny_poke(b, 42) && !tiny_read(b, 0, 1, &got) && got == 42, "asynchronous calls are in order");
	tiny_release(b);
}

/* Bytes that the server's helper moves: what it leaves stays as it was here. */
static void check_direct(size_t size)
{
	unsigned char *in = malloc(size + 1), *out = malloc(size + 1);
	tiny_box b = make(size);
	size_t i, good = 1;

	for (i = 0; i < size; i++)
		in[i] = i * 7 + 1;
	memset(out, 0xee, size + 1);
	OK(!tiny_store(b, 1, size, in) && !tiny_fetch(b, 3, size, out), "every third of %zu bytes", size);
	for (i = 0; i <= size; i++)
		good &= out[i] == (i % 3 || i == size ? 0xee : in[i]);
	OK(good, "the others stay");
	OK(!tiny_fetch(b, 1, size, out) && !memcmp(in, out, size) && out[size] == 0xee, "all of them");
	OK(tiny_fetch(b, 1, size, NULL) == TINY_BAD_VALUE && tiny_fetch(b, 0, size, out) == TINY_BAD_VALUE,
	   "nowhere to put them");
	tiny_release(b);
	free(in);
	free(out);
}

static void test_strings(void)
{
	enum { BIG = 300000 };
	char *big = malloc(BIG), *joined = malloc(2 * BIG), small[8] = "-------";
	const char *strings[] = { "ab", "cdef", NULL, big };
	size_t lengths[] = { 0, 2, 0, BIG }, needed = 0;
	tiny_box b = make(1);
	uint64_t tag = 0;

	memset(big, 'x', BIG);
	OK(!tiny_join(3, strings, NULL, 8, small, &needed) && needed == 6 && !memcmp(small, "abcdef-", 7),
	   "strings");
	OK(!tiny_join(3, strings, lengths, 8, small, &needed) && needed == 4 && !memcmp(small, "abcd", 4),
	   "strings with lengths");
	OK(!tiny_join(4, strings, lengths, 2 * BIG, joined, &needed) && needed == BIG + 4 &&
	   !memcmp(joined, "abcdxxxx", 8) && joined[BIG + 3] == 'x', "a string larger than a call");
	OK(tiny_join(3, NULL, NULL, 8, small, &needed) == TINY_BAD_VALUE, "no strings");
	OK(!tiny_join(0, strings, NULL, 8, small, NULL), "zero strings");
	OK(!tiny_name(b, "name") && !tiny_tagged(b, &tag) && tag == 4, "a string");
	OK(tiny_name(b, NULL) == TINY_BAD_VALUE, "no string");
	OK(!tiny_name(b, "") && !tiny_tagged(b, &tag) && !tag, "an empty string");
	tiny_release(b);
	free(big);
	free(joined);
}

/* What callbacks got, and a way to wait for them. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int calls, value;
	tiny_box box, root;
	uint32_t refs;
	char text[600];
	size_t bytes;
} got = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void got_one(void)
{
	pthread_mutex_lock(&got.lock);
	got.calls++;
	pthread_cond_signal(&got.changed);
	pthread_mutex_unlock(&got.lock);
}

static int wait_for(int calls)
{
	struct timespec end;
	int ret = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 60;
	pthread_mutex_lock(&got.lock);
	while (got.calls < calls && !ret)
		ret = pthread_cond_timedwait(&got.changed, &got.lock, &end);
	got.calls -= calls;
	pthread_mutex_unlock(&got.lock);
	return !ret;
}

static void visit(tiny_box box, void *data)
{
	got.box = box;
	got.value = *(int *)data;
	got_one();
}

static void poked(tiny_box box, tiny_box root, int value, void *data)
{
	got.box = box;
	got.root = root;
	got.value = value;
	got.bytes = (uintptr_t)data;
	tiny_refs(box, &got.refs);	/* it may call the API */
	got_one();
}

static void named(const char *text, const void *bytes, size_t n, void *data)
{
	(void)data;
	snprintf(got.text, sizeof(got.text), "%s", text);
	got.bytes = n && ((const char *)bytes)[0] == text[0] ? n : 0;
	got_one();
}

static void test_callbacks(void)
{
	tiny_box b = make(5), empty = tiny_create(NULL, NULL), root, w;
	char name[500] = "";
	int data = 77;

	tiny_root(&root);
	OK(!tiny_each(b, visit, &data) && got.calls == 1 && wait_for(1) && got.box == b && got.value == 77,
	   "a callback while its function runs, before that returns");
	OK(tiny_each(empty, visit, &data) == TINY_BAD_VALUE && got.calls == 1 && wait_for(1) && got.box == empty,
	   "one of a function that then fails");
	OK(tiny_each((tiny_box)&data, visit, &data) == TINY_BAD_BOX && !got.calls, "refused: none");
	OK(!tiny_when(b, poked, (void *)5) && !tiny_poke(b, 9) && wait_for(1) && got.value == 9 &&
	   got.box == b && got.root == root && got.bytes == 5 && got.refs == 1,
	   "one that comes later, with objects, that calls the API");
	OK(!tiny_when(b, poked, NULL) && !tiny_release(b) && tiny_refs(b, &got.refs) == TINY_OK,
	   "a box that a callback waits with stays");
	OK(!tiny_poke(b, 8) && wait_for(1) && got.value == 8, "and is what it gets");
	OK(tiny_when(empty, NULL, NULL) == TINY_BAD_VALUE, "no function");
	w = tiny_watched(named, NULL, NULL);
	OK(w && !tiny_name(w, "one") && wait_for(1) && !strcmp(got.text, "one") && got.bytes == 3 &&
	   !tiny_name(w, "two") && wait_for(1) && !strcmp(got.text, "two"), "one that comes often");
	memset(name, 'x', sizeof(name) - 1);
	OK(!tiny_name(w, name) && wait_for(1) && strlen(got.text) > 50 && got.bytes == sizeof(name) - 1,
	   "a text is cut, bytes are as many as there are");
	OK(!tiny_release(w), "the end of what calls");
	OK(!tiny_at_end(empty, visit, &data) && !tiny_release(empty) && wait_for(1) && got.box == empty,
	   "one that an object's end calls");
}

static void test_values(void)
{
	static uint32_t many[50000];
	uint32_t few[3] = { 1, 2, 3 }, who = 0, version = 0;
	tiny_box b = make(5);
	float f = 0;

	OK(!tiny_flip(3, few) && few[0] == ~1u && few[2] == ~3u, "inout");
	OK(!tiny_flip(50000, many) && many[0] == ~0u && many[49999] == ~0u, "large inout");
	OK(tiny_flip(3, NULL) == TINY_BAD_VALUE, "no inout");
	OK(!tiny_scale(1.25, &f) && f == 2.5f, "floating point");
	OK(tiny_scale(-1, &f) == TINY_BAD_VALUE, "guest_before refuses");
	OK(!tiny_sent(&version) && version == 1, "guest_finally ran for what was sent");
	OK(!tiny_version(&version) && version == 101, "guest_replace, and guest_after ran once");
	OK(tiny_old(1) == TINY_NOT_THERE, "unsupported");
	OK(!tiny_where(b, &who) && who == 4711, "implicit argument, server_replace");
	OK(tiny_plus(40, 2) == 42, "no status");
	tiny_nothing();
	OK(!tiny_each(b, NULL, NULL), "no callback");
	OK(tiny_each(b, NULL, &version) == TINY_NO_MEMORY, "user data without a callback");
	tiny_release(b);
}

static void test_mixed(void)
{
	uint16_t values[] = { 100, 200, 300 };
	struct tiny_desc desc = { 7, NULL, values, 3 };
	tiny_box b = make(5), c = make(6), boxes[3], wrapped;
	uint64_t sum = 0, tag = 0, number = 1234567;
	tiny_status status;

	boxes[0] = b;
	boxes[1] = NULL;
	boxes[2] = c;
	OK(!tiny_sum(3, boxes, &sum) && sum == 11, "array of handles with a NULL");
	boxes[1] = (tiny_box)values;
	OK(tiny_sum(3, boxes, &sum) == TINY_BAD_LIST, "array with no handle, its own error");
	OK(!tiny_set(b, 0, sizeof(c), &c) && !tiny_tagged(b, &tag) && tag == 6, "bytes that are a handle");
	OK(!tiny_set(b, 1, sizeof(c), &c) && !tiny_tagged(b, &tag) && tag == (uint64_t)(uintptr_t)c,
	   "bytes that only look like one");
	OK(!tiny_set(b, 2, sizeof(number), &number) && !tiny_tagged(b, &tag) && tag == number, "bytes");
	OK(!tiny_describe(&desc, &sum) && sum == 607, "struct with a buffer");
	desc.box = c;
	desc.values = NULL;
	OK(!tiny_describe(&desc, &sum) && sum == 13, "struct with a handle");
	desc.box = (tiny_box)values;
	OK(tiny_describe(&desc, &sum) == TINY_BAD_BOX, "struct with no handle");
	OK(tiny_describe(NULL, &sum) == TINY_BAD_VALUE, "no struct");
	OK(!tiny_tag(b, &tag) && !tiny_tagged(b, &sum) && sum == (uintptr_t)&tag, "opaque");
	wrapped = tiny_wrap(sizeof(values), values, &status);
	OK(wrapped && !status && !tiny_release(wrapped), "kept bytes");
	OK(!tiny_wrap(4, NULL, &status) && status == TINY_BAD_VALUE, "nothing to keep");
	tiny_release(b);
	tiny_release(c);
}

static void *thread_main(void *arg)
{
	tiny_box shared = arg, own;
	uint64_t i, tag = 0;
	intptr_t good = 1;

	for (i = 0; i < 200 && good; i++) {
		own = tiny_create(NULL, NULL);
		good = own && !tiny_tag(own, (void *)(uintptr_t)i) && !tiny_tagged(own, &tag) &&
		       tag == i && !tiny_retain(shared) && !tiny_release(shared) &&
		       !tiny_release(own);
	}
	return (void *)good;
}

static void test_threads(void)
{
	tiny_box shared = make(1);
	pthread_t threads[4];
	uint32_t refs = 0;
	void *good;
	int i, all = 1;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread_main, shared);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &good);
		all &= !!good;
	}
	OK(all, "four threads");
	OK(!tiny_refs(shared, &refs) && refs == 1, "the shared object's references add up");
	tiny_release(shared);
}

static void test_loss(pid_t server)
{
	tiny_box b = make(1);
	uint32_t refs;
	tiny_status status;

	tiny_when(b, poked, NULL);
	got.calls = 0;
	/* the listening process: its child that serves us is in the same group */
	kill(-server, SIGKILL);
	/* first: it may answer another call until the signal has reached it */
	OK(wait_for(1) && got.value == -99 && got.box == b, "a callback that cannot come any more");
	OK(tiny_refs(b, &refs) == TINY_LOST, "a call after the server's death");
	OK(!tiny_create(NULL, &status) && status == TINY_LOST, "a creation after it");
	OK(tiny_plus(1, 2) == 77, "a call without status after it");
}

int main(int argc, char **argv)
{
	test_handles();
	test_lifetimes();
	test_queries();
	test_cached();
	test_async_failure();
	test_bytes();
	check_direct(0);
	check_direct(100);
	check_direct(4096);
	check_direct(70001);
	test_strings();
	test_values();
	test_callbacks();
	test_mixed();
	test_threads();
	if (argc > 1)
		test_loss(atoi(argv[1]));
	return tap_done();
}
