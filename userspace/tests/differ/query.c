// SPDX-License-Identifier: Apache-2.0
/*
 * query.c - one query of an object, right or wrong, and what came of it
 */
#include "differ.h"

#include <unistd.h>

#define CANARY 0x5c
#define ROOM 65536

static void say_handles(struct world *w, enum kind kind, const void *value, size_t len)
{
	void *const *list = value;

	for (size_t i = 0; i < len / sizeof(*list); i++)
		say_handle(w, kind, list[i]);
}

static void say_value(struct world *w, const struct obj *of, const struct query *q,
		      const void *value, size_t len)
{
	switch (q->shape) {
	case S_STRING:
		/* PoCL says "1 byte" and writes none for a program without kernels */
		if (len == 1 && *(const unsigned char *)value == CANARY)
			value = "";
		say(w, " \"%.*s\"", (int)strnlen(value, len), (const char *)value);
		break;
	case S_HANDLE:
	case S_HANDLES:
		say_handles(w, q->kind, value, len);
		break;
	case S_POINTER:
		if (of->host && *(void *const *)value == of->host)
			say(w, " host");
		else
			say(w, *(void *const *)value ? " pointer" : " NULL");
		break;
	case S_STATUS:
		if (of->done || of->gated)
			say(w, " %d", *(const cl_int *)value);
		break;
	case S_PROPS:
		/* pairs, of which a platform is an address */
		for (size_t i = 0; i + 8 <= len; i += 8) {
			int64_t p = *(const int64_t *)((const char *)value + i);

			say(w, p > 0x100000000 ? " pointer" : " %llx", (unsigned long long)p);
		}
		break;
	case S_TIME:
	case S_SKIP:
		break;
	default:
		say(w, " ");
		say_bytes(w, value, len);
	}
}

static bool untouched(const unsigned char *p, size_t from)
{
	for (size_t i = from; i < ROOM; i++)
		if (p[i] != CANARY)
			return false;
	return true;
}

/* Ask with room for @room bytes; tell everything. */
static void ask(struct world *w, const struct obj *of, void *handle, query_fn fn, void *more,
		const struct query *q, cl_uint name, size_t room)
{
	unsigned char *value = malloc(ROOM);
	size_t ret = 0x7777;
	cl_int err;

	if (!value)
		abort();
	memset(value, CANARY, ROOM);
	err = fn(handle, name, room, value, &ret, more);
	say_err(w, err);
	if (ret != 0x7777 && q->shape != S_SKIP)
		say(w, " size %zu", ret);
	if (err == CL_SUCCESS && ret != 0x7777 && ret <= room)
		say_value(w, of, q, value, ret);
	if (!untouched(value, room < ret ? room : ret))
		say(w, " wrote-past-the-end");
	free(value);
}

static size_t size_of(void *handle, query_fn fn, void *more, cl_uint name, cl_int *err)
{
	size_t ret = 0;

	*err = fn(handle, name, 0, NULL, &ret, more);
	return *err == CL_SUCCESS && ret < ROOM / 2 ? ret : 0;
}

static void query_right(struct world *w, const struct obj *of, query_fn fn, void *more,
			const struct query *q, unsigned int extra)
{
	cl_int err;
	size_t size = size_of(of->handle, fn, more, q->name, &err);

	if (err != CL_SUCCESS)
		say_err(w, err);
	else
		ask(w, of, of->handle, fn, more, q, q->name, size + extra);
	end_line(w);
}

void query_name(struct world *w, const struct obj *of, query_fn fn, void *more,
		const struct query *q)
{
	say(w, "  %s", q->text);
	say_obj(w, of);
	query_right(w, of, fn, more, q, 0);
}

static void query_wrong(struct world *w, const struct obj *of, query_fn fn, void *more,
			const struct query *q, unsigned int wrong)
{
	cl_int err;
	size_t size = size_of(of->handle, fn, more, q->name, &err);

	switch (wrong) {
	case 1:
		say(w, " [unknown name]");
		ask(w, of, of->handle, fn, more, q, (cl_uint)ONE_OF(w, 0, 0x7fff, 0xffffffff,
								   0x1234, 0x10ff), 64);
		break;
	case 2:
		say(w, " [too small]");
		ask(w, of, of->handle, fn, more, q, q->name, size ? size - 1 : 0);
		break;
	case 3:
		say(w, " [no room]");
		ask(w, of, of->handle, fn, more, q, q->name, 0);
		break;
	case 4:
		say(w, " [no object]");
		ask(w, of, NULL, fn, more, q, q->name, 256);
		break;
	default:
		say(w, " [nothing wanted]");
		say_err(w, fn(of->handle, q->name, 0, NULL, NULL, more));
	}
	end_line(w);
}

/* The vendor's threads let go of what a command used a moment after its end. */
static void wait_for_vendor(const struct obj *of, query_fn fn, void *more,
			    const struct query *q)
{
	cl_uint least = q->shape == S_REFS ? of->refs : 0, n;

	for (int i = 0; i < 20; i++) {
		n = 0;
		if (fn(of->handle, q->name, sizeof(n), &n, NULL, more) || n <= least)
			return;
		usleep(1000);
	}
}

void query_one(struct world *w, const struct obj *of, query_fn fn, void *more,
	       const struct query *queries, size_t n)
{
	const struct query *q = &queries[draw(w, (uint32_t)n)];
	unsigned int wrong = fault(w);

	if (q->name == CL_CONTEXT_PROPERTIES)
		wrong = avoid_fault(wrong, 5, "context-properties");
	/* commands hold references of their own, and maps, while they run */
	if (q->shape == S_REFS || q->name == CL_MEM_MAP_COUNT) {
		end_line(w);
		finish(w);
		wait_for_vendor(of, fn, more, q);
	}
	say(w, " %s", q->text);
	say_obj(w, of);
	if (wrong)
		query_wrong(w, of, fn, more, q, wrong);
	else
		query_right(w, of, fn, more, q, (unsigned int)ONE_OF(w, 0, 0, 1, 100));
}
