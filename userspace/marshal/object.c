// SPDX-License-Identifier: Apache-2.0
/*
 * object.c - the guest's table of objects
 *
 * Two hashes over the same objects, by address and by handle, under one mutex:
 * held for a lookup only, and over fork. No rwlock: a child could not unlock one,
 * which knows its writer by thread id. Whoever drops the last reference frees the
 * object.
 */
#include <pthread.h>
#include <stdlib.h>

#include <ava/handle.h>
#include <ava/object.h>

#include "hash.h"

struct object {
	struct ava_object pub;		/* first: what the application points to */
	struct ava_hash_node by_address;
	struct ava_hash_node by_handle;
	uint32_t refs;
	bool found;			/* never had a reference to drop */
	void *meta;
	void (*free_meta)(void *meta);
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ava_hash addresses;
static struct ava_hash handles;
static uint64_t next_serial = 1;

/* A child of fork(2) must not find the lock held by a thread that it does not have. */
static void fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

static void fork_done(void)
{
	pthread_mutex_unlock(&lock);
}

static void __attribute__((constructor)) object_init(void)
{
	pthread_atfork(fork_prepare, fork_done, fork_done);
}

static struct object *object_at(const void *p)
{
	struct ava_hash_node *n = ava_hash_find(&addresses, (uintptr_t)p);

	return n ? (struct object *)((char *)n - offsetof(struct object, by_address)) : NULL;
}

static struct object *object_add(const void *dispatch, uint64_t handle)
{
	struct object *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->pub.dispatch = dispatch;
	if (!ava_hash_add(&addresses, &o->by_address, (uintptr_t)o))
		goto err_free;
	if (!ava_hash_add(&handles, &o->by_handle, handle))
		goto err_del;
	return o;

err_del:
	ava_hash_del(&addresses, &o->by_address);
err_free:
	free(o);
	return NULL;
}

static void object_unhash(struct object *o)
{
	ava_hash_del(&addresses, &o->by_address);
	ava_hash_del(&handles, &o->by_handle);
}

struct ava_object *ava_object_new(const void *dispatch, uint32_t type)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_add(dispatch, ava_handle_make(next_serial++, type, false));
	if (o)
		o->refs = 1;
	pthread_mutex_unlock(&lock);
	return o ? &o->pub : NULL;
}

struct ava_object *ava_object_of(const void *dispatch, uint64_t handle, bool new_ref)
{
	struct ava_hash_node *n;
	struct object *o;

	pthread_mutex_lock(&lock);
	n = ava_hash_find(&handles, handle);
	if (n) {
		o = (struct object *)((char *)n - offsetof(struct object, by_handle));
	} else {
		o = object_add(dispatch, handle);
		if (o)
			o->found = !new_ref;
	}
	if (o && new_ref)
		o->refs++;
	pthread_mutex_unlock(&lock);
	return o ? &o->pub : NULL;
}

uint64_t ava_object_handle(const void *p, uint32_t type)
{
	struct object *o;
	uint64_t handle = 0;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	if (o && ava_handle_type(o->by_handle.key) == type)
		handle = o->by_handle.key;
	pthread_mutex_unlock(&lock);
	return handle;
}

void ava_object_retain(const void *p)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	if (o)
		o->refs++;
	pthread_mutex_unlock(&lock);
}

void ava_object_release(const void *p)
{
	struct object *o, *dead = NULL;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	if (o && o->refs)
		o->refs--;
	if (o && !o->refs && !o->found) {
		object_unhash(o);
		dead = o;
	}
	pthread_mutex_unlock(&lock);
	if (dead && dead->free_meta)
		dead->free_meta(dead->meta);
	free(dead);
}

bool ava_object_set_meta(const void *p, void *meta, void (*free_meta)(void *))
{
	void (*old_free)(void *) = NULL;
	void *old = NULL;
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	if (o) {
		old = o->meta;
		old_free = o->free_meta;
		o->meta = meta;
		o->free_meta = free_meta;
	}
	pthread_mutex_unlock(&lock);
	if (old_free)
		old_free(old);
	return o;
}

void *ava_object_meta(const void *p)
{
	struct object *o;
	void *meta;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	meta = o ? o->meta : NULL;
	pthread_mutex_unlock(&lock);
	return meta;
}
