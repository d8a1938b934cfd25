// SPDX-License-Identifier: Apache-2.0
/*
 * handle.c - the server's table of handles
 *
 * Two hashes over the same entries, by handle and by native pointer, under one
 * lock: lookups share it. The API is never called with the lock held but for
 * retain, which must be atomic with the entry's appearance.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <ava/handle.h>

#include "hash.h"

struct entry {
	struct ava_hash_node by_handle;
	struct ava_hash_node by_native;
	uint32_t refs;		/* the guest's */
	bool borrowed;		/* found, and retained by the server */
};

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static struct ava_hash handles;
static struct ava_hash natives;
static uint64_t next_serial = 1;
static const struct ava_handle_ops *types;
static uint32_t type_count;

void ava_handle_types(const struct ava_handle_ops *ops, uint32_t count)
{
	types = ops;
	type_count = count;
}

static struct entry *entry_by_handle(uint64_t handle)
{
	struct ava_hash_node *n = ava_hash_find(&handles, handle);

	return (struct entry *)n;
}

static struct entry *entry_by_native(void *native, uint32_t type)
{
	struct ava_hash_node *n = ava_hash_find(&natives, (uintptr_t)native);
	struct entry *e;

	for (; n; n = ava_hash_next(n)) {
		e = (struct entry *)((char *)n - offsetof(struct entry, by_native));
		if (ava_handle_type(e->by_handle.key) == type)
			return e;
	}
	return NULL;
}

static int entry_add(uint64_t handle, void *native, uint32_t refs, bool borrowed)
{
	struct entry *e;

	if (handles.count >= AVA_HANDLE_MAX)
		return -EDQUOT;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->refs = refs;
	e->borrowed = borrowed;
	if (!ava_hash_add(&handles, &e->by_handle, handle))
		goto err_free;
	if (!ava_hash_add(&natives, &e->by_native, (uintptr_t)native))
		goto err_del;
	return 0;

err_del:
	ava_hash_del(&handles, &e->by_handle);
err_free:
	free(e);
	return -ENOMEM;
}

static void entry_del(struct entry *e)
{
	ava_hash_del(&handles, &e->by_handle);
	ava_hash_del(&natives, &e->by_native);
	free(e);
}

void *ava_handle_find(uint64_t handle, uint32_t type)
{
	struct entry *e;
	void *native = NULL;

	if (ava_handle_type(handle) != type)
		return NULL;
	pthread_rwlock_rdlock(&lock);
	e = entry_by_handle(handle);
	if (e)
		native = (void *)(uintptr_t)e->by_native.key;
	pthread_rwlock_unlock(&lock);
	return native;
}

int ava_handle_adopt(uint64_t chosen, void *native, uint32_t type, uint64_t *handle)
{
	struct entry *e;
	int err = 0;

	if (chosen && (ava_handle_is_host(chosen) || ava_handle_type(chosen) != type))
		return -EBADMSG;
	pthread_rwlock_wrlock(&lock);
	e = entry_by_native(native, type);
	if (e) {
		e->refs++;
		*handle = e->by_handle.key;
	} else if (chosen && entry_by_handle(chosen)) {
		err = -EBADMSG;
	} else {
		*handle = chosen ? chosen : ava_handle_make(next_serial++, type, true);
		err = entry_add(*handle, native, 1, false);
	}
	pthread_rwlock_unlock(&lock);
	return err;
}

uint64_t ava_handle_of(void *native, uint32_t type)
{
	uint64_t handle = 0;
	struct entry *e;

	pthread_rwlock_wrlock(&lock);
	e = entry_by_native(native, type);
	if (e) {
		handle = e->by_handle.key;
	} else {
		handle = ava_handle_make(next_serial++, type, true);
		if (entry_add(handle, native, 0, true))
			handle = 0;
		else if (type < type_count && types[type].retain)
			types[type].retain(native);
	}
	pthread_rwlock_unlock(&lock);
	return handle;
}

void ava_handle_retained(uint64_t handle)
{
	struct entry *e;

	pthread_rwlock_wrlock(&lock);
	e = entry_by_handle(handle);
	if (e)
		e->refs++;
	pthread_rwlock_unlock(&lock);
}

void ava_handle_releasing(uint64_t handle)
{
	uint32_t type = ava_handle_type(handle);
	struct entry *e;

	pthread_rwlock_rdlock(&lock);
	e = entry_by_handle(handle);
	if (e && e->borrowed && !e->refs && type < type_count && types[type].retain)
		types[type].retain((void *)(uintptr_t)e->by_native.key);
	pthread_rwlock_unlock(&lock);
}

void ava_handle_released(uint64_t handle)
{
	struct entry *e;

	pthread_rwlock_wrlock(&lock);
	e = entry_by_handle(handle);
	if (e && e->refs)
		e->refs--;
	if (e && !e->refs && !e->borrowed)
		entry_del(e);
	pthread_rwlock_unlock(&lock);
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
	size_t i;

	pthread_rwlock_wrlock(&lock);
	for (i = 0; i < handles.size; i++)
		while (handles.buckets[i])
			entry_del((struct entry *)handles.buckets[i]);
	free(handles.buckets);
	free(natives.buckets);
	handles = natives = (struct ava_hash){ 0 };
	next_serial = 1;
	pthread_rwlock_unlock(&lock);
}
