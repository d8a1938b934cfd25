// SPDX-License-Identifier: Apache-2.0
/*
 * handle.c - the server's table of handles
 *
 * Two hashes over the same entries, by handle and by native pointer, under one
 * lock: lookups share it. The API is never called with the lock held but for
 * retain, which must be atomic with the entry's appearance or end. Calls pin the
 * entries that they use: a guest may release an object while another of its
 * threads is in the vendor's library with it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <ava/cs.h>
#include <ava/handle.h>

#include "hash.h"

struct ava_handle_entry {
	struct ava_hash_node by_handle;
	struct ava_hash_node by_native;
	uint32_t users;		/* calls; atomic, starts only under the lock */
	uint32_t refs;		/* native references that the guest has to give back */
	uint64_t given;		/* how often the guest got the handle */
	bool borrowed;		/* retained by the server itself */
	bool dead;		/* in no hash; the last user frees it */
	bool owed;		/* retained for the users: the last one releases it */
};

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct ava_hash handles;
static struct ava_hash natives;
static uint64_t next_serial = 1;
static uint64_t next_immortal = 1;
static const struct ava_handle_ops *types;
static uint32_t type_count;

void ava_handle_types(const struct ava_handle_ops *ops, uint32_t count)
{
	types = ops;
	type_count = count;
}

static struct ava_handle_entry *entry_by_handle(uint64_t handle)
{
	struct ava_hash_node *n = ava_hash_find(&handles, handle);

	return (struct ava_handle_entry *)n;
}

static struct ava_handle_entry *entry_by_native(void *native, uint32_t type)
{
	struct ava_hash_node *n = ava_hash_find(&natives, (uintptr_t)native);
	struct ava_handle_entry *e;

	for (; n; n = ava_hash_next(n)) {
		e = (struct ava_handle_entry *)((char *)n - offsetof(struct ava_handle_entry, by_native));
		if (ava_handle_type(e->by_handle.key) == type)
			return e;
	}
	return NULL;
}

static bool is_counted(uint32_t type)
{
	return type < type_count && types[type].retain;
}

static void entry_retain(struct ava_handle_entry *e)
{
	uint32_t type = ava_handle_type(e->by_handle.key);

	if (is_counted(type))
		types[type].retain((void *)(uintptr_t)e->by_native.key);
}

static int entry_add(uint64_t handle, void *native, uint32_t refs)
{
	struct ava_handle_entry *e;

	if (handles.count >= AVA_HANDLE_MAX)
		return -EDQUOT;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->refs = refs;
	e->given = 1;
	e->borrowed = !refs;
	if (!ava_hash_add(&handles, &e->by_handle, handle))
		goto err_free;
	if (!ava_hash_add(&natives, &e->by_native, (uintptr_t)native))
		goto err_del;
	if (e->borrowed)
		entry_retain(e);
	return 0;

err_del:
	ava_hash_del(&handles, &e->by_handle);
err_free:
	free(e);
	return -ENOMEM;
}

/* Immortal objects have numbers of their own: the same in every process that finds them in order. */
static uint64_t choose_handle(uint32_t type)
{
	if (type < type_count && types[type].immortal)
		return ava_handle_make(next_immortal++, type, true) | AVA_HANDLE_IMMORTAL;
	return ava_handle_make(next_serial++, type, true);
}

static void entry_unhash(struct ava_handle_entry *e)
{
	ava_hash_del(&handles, &e->by_handle);
	ava_hash_del(&natives, &e->by_native);
}

static void *entry_object(const struct ava_handle_entry *e)
{
	return (void *)(uintptr_t)e->by_native.key;
}

/* Pinned. */
static struct ava_handle_entry *entry_get(uint64_t handle)
{
	struct ava_handle_entry *e;

	pthread_rwlock_rdlock(&lock);
	e = entry_by_handle(handle);
	if (e)
		__atomic_add_fetch(&e->users, 1, __ATOMIC_RELAXED);
	pthread_rwlock_unlock(&lock);
	return e;
}

void *ava_handle_get(uint64_t handle, uint32_t type, struct ava_handle_entry **entry)
{
	struct ava_handle_entry *e;

	if (ava_handle_type(handle) != type)
		return NULL;
	e = entry_get(handle);
	/* A child of fork(2) knows immortal objects that its server has not met yet. */
	if (!e && ava_handle_is_immortal(handle) && type < type_count && types[type].find) {
		types[type].find();
		e = entry_get(handle);
	}
	*entry = e;
	return e ? entry_object(e) : NULL;
}

void ava_handle_drop(void *native, uint32_t type)
{
	if (type < type_count && types[type].release)
		types[type].release(native);
}

void ava_handle_put(struct ava_handle_entry *e)
{
	bool last;

	/* Whoever marks an entry dead uses it, so nobody is behind its last user. */
	pthread_rwlock_rdlock(&lock);
	last = !__atomic_sub_fetch(&e->users, 1, __ATOMIC_ACQ_REL) && e->dead;
	pthread_rwlock_unlock(&lock);
	if (!last)
		return;
	for (e->refs += e->owed; e->refs; e->refs--)
		ava_handle_drop(entry_object(e), ava_handle_type(e->by_handle.key));
	free(e);
}

int ava_handle_adopt(uint64_t chosen, void *native, uint32_t type, bool async, uint64_t *handle)
{
	struct ava_handle_entry *e;
	int err = 0;

	if (chosen && (ava_handle_is_host(chosen) || ava_handle_type(chosen) != type))
		return -EBADMSG;
	pthread_rwlock_wrlock(&lock);
	e = async ? NULL : entry_by_native(native, type);
	if (e) {
		e->refs++;
		e->given++;
		*handle = e->by_handle.key;
	} else if (chosen && entry_by_handle(chosen)) {
		err = -EBADMSG;
	} else {
		*handle = chosen ? chosen : choose_handle(type);
		err = entry_add(*handle, native, 1);
	}
	pthread_rwlock_unlock(&lock);
	return err;
}

uint64_t ava_handle_of(void *native, uint32_t type)
{
	uint64_t handle = 0;
	struct ava_handle_entry *e;

	pthread_rwlock_wrlock(&lock);
	e = entry_by_native(native, type);
	if (e) {
		handle = e->by_handle.key;
		e->given++;
	} else {
		handle = choose_handle(type);
		if (entry_add(handle, native, 0))
			handle = 0;
	}
	pthread_rwlock_unlock(&lock);
	return handle;
}

int ava_handle_extra_refs(void *native, uint32_t type)
{
	struct ava_hash_node *n;
	struct ava_handle_entry *e;
	int64_t refs = 0;
	bool known = false;

	pthread_rwlock_rdlock(&lock);
	for (n = ava_hash_find(&natives, (uintptr_t)native); n; n = ava_hash_next(n)) {
		e = (struct ava_handle_entry *)((char *)n - offsetof(struct ava_handle_entry, by_native));
		if (ava_handle_type(e->by_handle.key) != type)
			continue;
		known = true;
		refs += (int64_t)e->refs + (e->borrowed && is_counted(type));
	}
	pthread_rwlock_unlock(&lock);
	return known ? refs - 1 : 0;
}

/* ---- ends ------------------------------------------------------------------------ */

/* From here on nobody finds it; its last user gives back what the server retained. */
static void entry_end(struct ava_handle_entry *e)
{
	bool counted = is_counted(ava_handle_type(e->by_handle.key));

	entry_unhash(e);
	e->dead = true;
	e->owed = e->borrowed && counted;
	e->borrowed = false;
	if (counted && !e->owed && __atomic_load_n(&e->users, __ATOMIC_RELAXED) > 1) {
		entry_retain(e);
		e->owed = true;
	}
}

bool ava_handle_releasing(struct ava_handle_release *r)
{
	struct ava_handle_entry *e = r->entry;
	bool alive;

	pthread_rwlock_wrlock(&lock);
	alive = !e->dead;
	if (alive) {
		r->refs = ava_cs_min(r->refs, e->refs);
		r->seen = ava_cs_min(r->seen, e->given);
		/* the API's call drops one: not the server's own */
		r->added = !r->refs;
		if (r->added)
			entry_retain(e);
		r->kept = r->refs ? r->refs - 1 : 0;
		e->refs -= r->refs;
		e->given -= r->seen;
	}
	if (alive && !e->refs && (!e->given || !is_counted(ava_handle_type(e->by_handle.key)))) {
		entry_end(e);
	} else if (alive && !e->refs && !e->borrowed) {
		e->borrowed = true;
		entry_retain(e);
	}
	pthread_rwlock_unlock(&lock);
	return alive;
}

void ava_handle_released(struct ava_handle_release *r, bool success)
{
	struct ava_handle_entry *e = r->entry;
	uint32_t type = ava_handle_type(e->by_handle.key);

	if (success) {
		for (; r->kept; r->kept--)
			ava_handle_drop(entry_object(e), type);
		return;
	}
	if (r->added)
		ava_handle_drop(entry_object(e), type);
	pthread_rwlock_wrlock(&lock);
	e->refs += r->refs;
	e->given += r->seen;
	if (e->dead) {
		/* What has no bucket only gets one in a table that was reset. */
		e->dead = !ava_hash_add(&handles, &e->by_handle, e->by_handle.key) ||
			  !ava_hash_add(&natives, &e->by_native, e->by_native.key);
		e->borrowed = e->owed;
		e->owed = false;
	}
	pthread_rwlock_unlock(&lock);
}

void ava_handle_forget(uint64_t handle, uint64_t seen)
{
	struct ava_handle_entry *e = ava_handle_is_immortal(handle) ? NULL : entry_get(handle);

	if (!e)
		return;
	pthread_rwlock_wrlock(&lock);
	e->given -= ava_cs_min(seen, e->given);
	if (!e->dead && !e->given && !e->refs)
		entry_end(e);
	pthread_rwlock_unlock(&lock);
	ava_handle_put(e);
}

uint32_t ava_handle_count(void)
{
	uint32_t n;

	pthread_rwlock_rdlock(&lock);
	n = handles.count;
	pthread_rwlock_unlock(&lock);
	return n;
}

void ava_handle_reset(void)
{
	struct ava_handle_entry *e;
	size_t i;

	pthread_rwlock_wrlock(&lock);
	for (i = 0; i < handles.size; i++) {
		while ((e = (struct ava_handle_entry *)handles.buckets[i])) {
			entry_unhash(e);
			free(e);
		}
	}
	free(handles.buckets);
	free(natives.buckets);
	handles = natives = (struct ava_hash){ 0 };
	next_serial = next_immortal = 1;
	pthread_rwlock_unlock(&lock);
}
