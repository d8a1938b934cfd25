// SPDX-License-Identifier: Apache-2.0
/*
 * guest_pending.c - transfers into the application's memory that outlive their call
 *
 * The server has the bytes when the native command is complete, and the application
 * may not look at its memory before it has learnt of that. Everything that can tell
 * it so ends with ocl_observed(), which asks for what is complete and puts it in
 * place, in the order in which the commands were enqueued. The list is empty most of
 * the time, and then nothing is done.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <ava/callback.h>

#include "guest_memory.h"

#define COLLECT_MAX	65536	/* bytes that come with the answer itself */
#define BOUNCE_MAX	(1u << 20)
#define COLLECT_COUNT	256	/* transfers that are asked about at once */
#define APART_MAX	64	/* parts of one object that commands of one queue write to */

/* So much of others may wait on the server when one more is added. */
#define WAITING_MAX	(64u << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ocl_pending *oldest;
static struct ocl_pending **youngest = &oldest;
static size_t count;
static size_t waiting;		/* bytes to come */
static uint8_t bounce[BOUNCE_MAX];
static cl_ulong last_id;

static void pending_del(struct ocl_pending **pos)
{
	struct ocl_pending *p = *pos;

	*pos = p->next;
	if (youngest == &p->next)
		youngest = pos;
	__atomic_store_n(&count, count - 1, __ATOMIC_RELEASE);
	waiting -= p->host ? 0 : p->size;
	if (p->host)
		ocl_shadow_put_locked(p->host);
	free(p);
}

/* The child has a context of its own, in which nothing is under way. */
static void fork_child(void)
{
	while (oldest)
		pending_del(&oldest);
	ocl_host_forget();
	pthread_mutex_unlock(&lock);
}

/*
 * Not in a constructor: the lock is taken before those of the runtime, so over fork it
 * must be, and handlers that come later run earlier.
 */
static void fork_init(void)
{
	pthread_atfork(ocl_memory_lock, ocl_memory_unlock, fork_child);
}

void ocl_memory_lock(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fork_init);
	pthread_mutex_lock(&lock);
}

void ocl_memory_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* A callback may be what tells the application. */
static void __attribute__((constructor)) observe_callbacks(void)
{
	ava_guest_before_callback = ocl_observed;
}

cl_ulong ocl_transfer_id(void)
{
	return __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
}

void ocl_pending_add_locked(struct ocl_pending *p)
{
	p->next = NULL;
	*youngest = p;
	youngest = &p->next;
	waiting += p->host ? 0 : p->size;
	__atomic_store_n(&count, count + 1, __ATOMIC_RELEASE);
}

/* The name of the oldest one if too much besides the youngest one waits, or 0. */
static cl_ulong too_many(void)
{
	const struct ocl_pending *p;
	size_t before = 0;
	cl_ulong id = 0;

	ocl_memory_lock();
	for (p = oldest; p && p->next; p = p->next) {
		if (p->host)
			continue;
		id = id ? id : p->id;
		before += p->size;
	}
	ocl_memory_unlock();
	return before > WAITING_MAX ? id : 0;
}

/*
 * The server's memory is not the program's to fill: the oldest is waited for then, as a
 * call that does not block may do, unless that may be for ever.
 */
void ocl_pending_add(struct ocl_pending *p)
{
	cl_ulong id;
	bool many;

	ocl_memory_lock();
	ocl_pending_add_locked(p);
	many = waiting > WAITING_MAX;
	ocl_memory_unlock();
	if (!many)
		return;
	ocl_observed();
	while ((id = too_many()) && !ocl_wait(id, CL_TRUE))
		ocl_observed();
}

static bool reads_into(const struct ocl_pending *p, uintptr_t start, size_t span)
{
	uintptr_t at = (uintptr_t)p->base + p->box.offset;

	return !p->map && at < start + span && start < at + ocl_box_span(&p->box);
}

/* The name of the youngest read into that memory, or 0. */
static cl_ulong pending_into(const void *ptr, size_t span)
{
	cl_ulong id = 0;

	if (!__atomic_load_n(&count, __ATOMIC_ACQUIRE))
		return 0;
	ocl_memory_lock();
	for (struct ocl_pending *p = oldest; p; p = p->next)
		if (reads_into(p, (uintptr_t)ptr, span))
			id = p->id;
	ocl_memory_unlock();
	return id;
}

bool ocl_pending_in(const void *ptr, size_t span)
{
	return pending_into(ptr, span);
}

/*
 * A write that follows a read in a queue may be told to send the read's bytes, which
 * are taken here at once: so the read is waited for, unless that may be for ever.
 */
void ocl_settle(const void *ptr, size_t span)
{
	cl_ulong id = pending_into(ptr, span);
	bool waited = true;

	if (!id)
		return;
	ocl_observed();
	while (waited && (id = pending_into(ptr, span))) {
		waited = !ocl_wait(id, CL_FALSE);
		/* In any case: another thread may be putting its bytes in place just now. */
		ocl_observed();
	}
}

void ocl_pending_drop(const struct ocl_map *map, const struct ocl_shadow *shadow)
{
	struct ocl_pending **pos = &oldest;

	while (*pos)
		if ((*pos)->map && ((*pos)->map == map || (*pos)->map->shadow == shadow))
			pending_del(pos);
		else
			pos = &(*pos)->next;
}

/*
 * Parts that are apart stay so, for each is over at its own time: a program may fill one
 * while commands are at work on the other. Too many to look through are joined.
 */
struct ocl_pending *ocl_pending_host(const struct ocl_shadow *host, const void *queue,
				     size_t at, size_t end)
{
	struct ocl_pending *p, *last = NULL;
	unsigned int apart = 0;

	for (p = oldest; p; p = p->next) {
		if (p->host != host || p->queue != queue)
			continue;
		if (p->box.offset < end && at < p->box.offset + p->size)
			return p;
		last = p;
		apart++;
	}
	return apart < APART_MAX ? NULL : last;
}

static const struct ocl_pending *host_covered(const struct ocl_shadow *host, size_t at)
{
	const struct ocl_pending *p = oldest;

	while (p && (p->host != host || p->box.offset > at || p->box.offset + p->size <= at))
		p = p->next;
	return p;
}

/* Moves @at to what nothing pending covers; returns where that ends, @end at the latest. */
size_t ocl_pending_host_gap(const struct ocl_shadow *host, size_t *at, size_t end)
{
	const struct ocl_pending *p;

	while (*at < end && (p = host_covered(host, *at)))
		*at = p->box.offset + p->size;
	for (p = *at < end ? oldest : NULL; p; p = p->next)
		if (p->host == host && p->box.offset > *at && p->box.offset < end)
			end = p->box.offset;
	return end;
}

cl_ulong ocl_pending_drop_host(const struct ocl_shadow *host)
{
	struct ocl_pending **pos = &oldest;
	cl_ulong id;

	while (*pos && (*pos)->host != host)
		pos = &(*pos)->next;
	if (!*pos)
		return 0;
	id = (*pos)->id;
	pending_del(pos);
	return id;
}

void ocl_gather(void *packed, const void *base, const struct ocl_box *box)
{
	size_t size = ocl_box_size(box), at, left, from;

	for (at = 0; at < size; at += left) {
		from = ocl_box_at(box, at, &left);
		memcpy((char *)packed + at, (const char *)base + from, left);
	}
}

void ocl_scatter(void *base, const struct ocl_box *box, size_t at, const void *packed,
		 size_t len)
{
	const char *from = packed;
	size_t left, to;

	for (; len; at += left, from += left, len -= left) {
		to = ocl_box_at(box, at, &left);
		left = left < len ? left : len;
		memcpy((char *)base + to, from, left);
	}
}

static void place(const struct ocl_pending *p, size_t at, const void *packed, size_t len)
{
	if (p->host)
		ocl_host_merge(p->host, p->box.offset + at, packed, len);
	else if (p->map)
		ocl_map_scatter(p->map, at, packed, len);
	else
		ocl_scatter(p->base, &p->box, at, packed, len);
}

/* The bytes wait on the server: right into place where the rows are one piece. */
static cl_int fetch(const struct ocl_pending *p)
{
	size_t at, len;
	cl_int err = CL_SUCCESS;

	if (!p->host && ocl_box_packed(&p->box) && (!p->map || ocl_map_clear(p->map)))
		return ocl_fetch(p->id, 0, p->size, p->base + p->box.offset);
	for (at = 0; at < p->size && !err; at += len) {
		len = p->size - at < sizeof(bounce) ? p->size - at : sizeof(bounce);
		err = ocl_fetch(p->id, at, len, bounce);
		if (!err)
			place(p, at, bounce, len);
	}
	return err;
}

/* One that is over: its bytes are in @answer, or wait on the server, or never come. */
static void deliver(struct ocl_pending *p, cl_int state, const uint8_t *answer)
{
	if (state == OCL_DONE)
		place(p, 0, answer, p->size);
	else if (state == OCL_READY)
		fetch(p);
	if (p->map)
		p->map->open = true;
}

/*
 * Asks about those from @pos on, and takes out those that are over. Without an answer
 * the context is lost, and nothing will come any more.
 *
 * Return: behind the last one that was asked about.
 */
static struct ocl_pending **collect(struct ocl_pending **pos)
{
	static cl_ulong ids[COLLECT_COUNT];
	static cl_int states[COLLECT_COUNT];
	static uint8_t answer[COLLECT_MAX];
	size_t size = 0, used = 0, at = 0;
	struct ocl_pending *p;
	cl_uint n = 0, i;
	bool more;

	for (p = *pos; p && n < COLLECT_COUNT; p = p->next) {
		ids[n++] = p->id;
		size += p->size < sizeof(answer) - size ? p->size : 0;
	}
	if (ocl_collect(n, ids, states, size, answer, &used))
		for (i = 0; i < n; i++)
			states[i] = CL_OUT_OF_RESOURCES;
	for (i = 0; i < n; i++) {
		p = *pos;
		more = states[i] > 0 && states[i] & OCL_MORE;
		states[i] -= more ? OCL_MORE : 0;
		if (states[i] == OCL_PENDING || (states[i] == OCL_DONE && p->size > used - at)) {
			pos = &p->next;
			continue;
		}
		deliver(p, states[i], answer + at);
		at += states[i] == OCL_DONE ? p->size : 0;
		if (more)
			pos = &p->next;
		else
			pending_del(pos);
	}
	return pos;
}

void ocl_observed(void)
{
	struct ocl_pending **pos;

	if (!__atomic_load_n(&count, __ATOMIC_ACQUIRE))
		return;
	ocl_memory_lock();
	for (pos = &oldest; *pos; )
		pos = collect(pos);
	ocl_memory_unlock();
}
