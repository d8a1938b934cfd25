// SPDX-License-Identifier: Apache-2.0
/*
 * object.c - the guest's table of objects, and who keeps them
 *
 * Two hashes over the same objects, by address and by handle, under one mutex:
 * held for a lookup only, and over fork. No rwlock: a child could not unlock one,
 * which knows its writer by thread id.
 *
 * An object ends when the application has no reference, nothing in the guest keeps
 * it and the runtime does not hold it. What it kept may end with it. The server is
 * told of each end, with the number of times that it gave out the handle: one that
 * crosses with the message keeps the handle valid.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <ava/handle.h>
#include <ava/object.h>

#include "hash.h"

struct attachment {
	struct attachment *next;
	const void *key;
	void *data;
	void (*free_data)(void *data);
};

struct object {
	struct ava_hash_node by_address; /* first: a leak checker follows starts of blocks */
	struct ava_object pub;		/* what the application points to */
	struct ava_hash_node by_handle;
	struct object *next;		/* of those that ended together */
	const void *by;			/* ended: only this thread tells the server; NULL: any */
	struct attachment *attached;
	struct object **kept;		/* what it keeps */
	uint32_t kept_count, kept_room;
	uint32_t refs;			/* the application's */
	uint32_t owned;			/* references that the server has for us */
	uint32_t seen;			/* how often the server gave out the handle */
	uint32_t keepers;		/* objects that keep this one */
	uint32_t holds;			/* the runtime's */
	uint32_t pins;			/* the memory stays when the object ends */
	bool made;			/* by a call, not only found */
	bool permanent;			/* found where nothing says when it ends */
	bool ended;
	bool buried;			/* nothing is attached any more */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ava_hash addresses;
static struct ava_hash handles;
static uint64_t next_serial = 1;
static struct object *to_forget;	/* ended; the server does not know yet */
static __thread bool asking;		/* its address names the thread */

static struct object *object_of_node(struct ava_hash_node *by_address)
{
	return (struct object *)((char *)by_address - offsetof(struct object, by_address));
}

static struct object *object_at(const void *p)
{
	struct ava_hash_node *n = ava_hash_find(&addresses, (uintptr_t)p);

	return n ? object_of_node(n) : NULL;
}

static struct object *object_typed(const void *p, uint32_t type)
{
	struct object *o = object_at(p);

	return o && ava_handle_type(o->by_handle.key) == type ? o : NULL;
}

static bool object_hash(struct object *o, uint64_t handle)
{
	if (!ava_hash_add(&addresses, &o->by_address, (uintptr_t)&o->pub))
		return false;
	if (ava_hash_add(&handles, &o->by_handle, handle))
		return true;
	ava_hash_del(&addresses, &o->by_address);
	return false;
}

static void object_unhash(struct object *o)
{
	ava_hash_del(&addresses, &o->by_address);
	ava_hash_del(&handles, &o->by_handle);
}

static struct object *object_add(const void *dispatch, uint64_t handle)
{
	struct object *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->pub.dispatch = dispatch;
	if (object_hash(o, handle))
		return o;
	free(o);
	return NULL;
}

/* ---- fork ------------------------------------------------------------------------ */

/* A child of fork(2) must not find the lock held by a thread that it does not have. */
static void fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/*
 * The child's objects are others. Loaders look into the objects that they are
 * given, wrong ones too, so the memory of the parent's stays. Immortal objects are
 * the same in every context, and what a loader kept of them stays valid.
 */
static void fork_child(void)
{
	struct ava_hash old = addresses;
	struct ava_hash_node *n, *next;
	struct object *o;
	size_t i;

	addresses = handles = (struct ava_hash){ 0 };
	to_forget = NULL;
	for (i = 0; i < old.size; i++) {
		for (n = old.buckets[i]; n; n = next) {
			next = n->next;
			o = object_of_node(n);
			if (!ava_handle_is_immortal(o->by_handle.key))
				continue;
			o->kept_count = 0;
			o->attached = NULL;
			object_hash(o, o->by_handle.key);
		}
	}
	pthread_mutex_unlock(&lock);
}

static void __attribute__((constructor)) object_init(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* ---- ends ------------------------------------------------------------------------ */

static bool object_is_over(const struct object *o)
{
	return !o->ended && !o->permanent && !o->refs && !o->keepers && !o->holds &&
	       !ava_handle_is_immortal(o->by_handle.key);
}

static void object_end(struct object *o)
{
	object_unhash(o);
	o->ended = true;
}

/* What the objects that ended kept may end with them; all of them are in the list then. */
static void objects_settle(struct object *ended)
{
	struct object *o, *kept;
	uint32_t i;

	for (o = ended; o; o = o->next) {
		for (i = 0; i < o->kept_count; i++) {
			kept = o->kept[i];
			kept->keepers--;
			if (!object_is_over(kept))
				continue;
			object_end(kept);
			kept->next = o->next;
			o->next = kept;
		}
		o->kept_count = 0;
	}
}

static void attachments_free(struct attachment *a)
{
	struct attachment *next;

	for (; a; a = next) {
		next = a->next;
		if (a->free_data)
			a->free_data(a->data);
		free(a);
	}
}

/* Without the lock: what is attached may lock for itself. */
static void objects_bury(struct object *ended)
{
	struct object *o, *next;
	bool stays;

	for (o = ended; o; o = next) {
		next = o->next;
		attachments_free(o->attached);
		free(o->kept);
		pthread_mutex_lock(&lock);
		o->buried = true;
		o->by = asking ? &asking : NULL;
		stays = o->seen || o->pins;
		if (o->seen) {
			o->next = to_forget;
			__atomic_store_n(&to_forget, o, __ATOMIC_RELAXED);
		}
		pthread_mutex_unlock(&lock);
		if (!stays)
			free(o);
	}
}

/* Lets go of the lock. */
static void object_settle_unlock(struct object *o)
{
	bool over = o && object_is_over(o);

	if (over) {
		object_end(o);
		o->next = NULL;
		objects_settle(o);
	}
	pthread_mutex_unlock(&lock);
	if (over)
		objects_bury(o);
}

void ava_object_ask(bool ask)
{
	asking = ask;
}

bool ava_object_asks(void)
{
	return asking;
}

uint32_t ava_object_forgotten(struct ava_object_forgotten *list, uint32_t room)
{
	struct object **pos = &to_forget, *o, *dead = NULL;
	uint32_t n = 0;

	if (!__atomic_load_n(&to_forget, __ATOMIC_RELAXED))
		return 0;
	pthread_mutex_lock(&lock);
	while (n < room && (o = *pos)) {
		if (o->by && o->by != &asking) {
			pos = &o->next;
			continue;
		}
		__atomic_store_n(pos, o->next, __ATOMIC_RELAXED);
		list[n].handle = o->by_handle.key;
		list[n++].seen = o->seen;
		o->seen = 0;
		if (o->pins)
			continue;
		o->next = dead;
		dead = o;
	}
	pthread_mutex_unlock(&lock);
	while ((o = dead)) {
		dead = o->next;
		free(o);
	}
	return n;
}

/* ---- objects come ----------------------------------------------------------------- */

struct ava_object *ava_object_new(const void *dispatch, uint32_t type)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_add(dispatch, ava_handle_make(next_serial++, type, false));
	if (o) {
		o->refs = o->owned = o->seen = 1;
		o->made = true;
	}
	pthread_mutex_unlock(&lock);
	return o ? &o->pub : NULL;
}

void ava_object_abandon(struct ava_object *obj)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_at(obj);
	if (o)
		o->refs = o->owned = o->seen = 0;
	object_settle_unlock(o);
}

/* Objects that keep each other would never end. */
static bool object_reaches(const struct object *from, const struct object *to, unsigned int depth)
{
	uint32_t i;

	if (from == to || !depth)
		return true;
	for (i = 0; i < from->kept_count; i++)
		if (object_reaches(from->kept[i], to, depth - 1))
			return true;
	return false;
}

static bool object_add_kept(struct object *o, struct object *kept)
{
	uint32_t i, room = o->kept_room ? o->kept_room * 2 : 2;
	struct object **more;

	for (i = 0; i < o->kept_count; i++)
		if (o->kept[i] == kept)
			return true;
	if (o == kept || (o->keepers && object_reaches(kept, o, 8)))
		return false;
	if (o->kept_count == o->kept_room) {
		more = realloc(o->kept, room * sizeof(*more));
		if (!more)
			return false;
		o->kept = more;
		o->kept_room = room;
	}
	o->kept[o->kept_count++] = kept;
	kept->keepers++;
	return true;
}

static bool object_keep(struct object *o, struct object *kept)
{
	if (kept->permanent || ava_handle_is_immortal(kept->by_handle.key))
		return true;
	if (o && !o->permanent && !ava_handle_is_immortal(o->by_handle.key))
		return object_add_kept(o, kept);
	if (kept->made)
		return false;
	kept->permanent = true;
	return true;
}

bool ava_object_keep(const void *owner, const void *kept)
{
	struct object *o, *k;
	bool ok = false;

	pthread_mutex_lock(&lock);
	o = object_at(owner);
	k = object_at(kept);
	if (o && k)
		ok = object_keep(o, k);
	pthread_mutex_unlock(&lock);
	return ok;
}

static struct object *object_at_handle(const void *dispatch, uint64_t handle)
{
	struct ava_hash_node *n = ava_hash_find(&handles, handle);

	return n ? (struct object *)((char *)n - offsetof(struct object, by_handle)) :
	       object_add(dispatch, handle);
}

struct ava_object *ava_object_found(const void *dispatch, uint64_t handle, const void *in,
				    bool again, bool *bound)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_at_handle(dispatch, handle);
	if (o && !again)
		o->seen++;
	if (o)
		*bound = object_keep(object_at(in), o);
	pthread_mutex_unlock(&lock);
	return o ? &o->pub : NULL;
}

struct ava_object *ava_object_given(const void *dispatch, uint64_t handle)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_at_handle(dispatch, handle);
	if (o) {
		o->seen++;
		o->refs++;
		o->owned++;
		o->made = true;
	}
	pthread_mutex_unlock(&lock);
	return o ? &o->pub : NULL;
}

/* ---- references ------------------------------------------------------------------- */

uint64_t ava_object_handle(const void *p, uint32_t type)
{
	struct object *o;
	uint64_t handle;

	pthread_mutex_lock(&lock);
	o = object_typed(p, type);
	handle = o ? o->by_handle.key : 0;
	pthread_mutex_unlock(&lock);
	return handle;
}

bool ava_object_retain(const void *p, uint32_t type)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_typed(p, type);
	if (o)
		o->refs++;
	pthread_mutex_unlock(&lock);
	return o;
}

uint32_t ava_object_refs(const void *p)
{
	struct object *o;
	uint32_t refs;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	refs = o ? o->refs : 0;
	pthread_mutex_unlock(&lock);
	return refs;
}

enum ava_release ava_object_release(const void *p, uint32_t type, struct ava_object_release *r)
{
	struct object *o;

	memset(r, 0, sizeof(*r));
	pthread_mutex_lock(&lock);
	o = object_typed(p, type);
	if (!o || !o->refs || --o->refs) {
		pthread_mutex_unlock(&lock);
		return o ? AVA_RELEASE_LOCAL : AVA_RELEASE_INVALID;
	}
	if (!o->owned) {
		object_settle_unlock(o);
		return AVA_RELEASE_LOCAL;
	}
	r->object = o;
	r->handle = o->by_handle.key;
	r->refs = o->owned;
	o->owned = 0;
	o->pins++;
	r->ended = object_is_over(o);
	if (r->ended) {
		object_end(o);
		r->seen = o->seen;
		o->seen = 0;
	}
	pthread_mutex_unlock(&lock);
	return AVA_RELEASE_LAST;
}

/* Lets go of the lock. */
static void object_unpin_unlock(struct object *o)
{
	bool last = !--o->pins && o->buried && !o->seen;

	pthread_mutex_unlock(&lock);
	if (last)
		free(o);
}

/* The release failed: everything is as before. */
static void object_restore(struct object *o, const struct ava_object_release *r)
{
	o->refs++;
	o->owned += r->refs;
	o->seen += r->seen;
	/* What has no bucket only gets one where memory is left for a first one. */
	if (r->ended)
		o->ended = !object_hash(o, r->handle);
}

void ava_object_released(struct ava_object_release *r, bool success)
{
	struct object *o = r->object;

	if (!o)
		return;
	r->object = NULL;
	pthread_mutex_lock(&lock);
	if (!success)
		object_restore(o, r);
	if (!success || !r->ended) {
		object_unpin_unlock(o);
		return;
	}
	o->pins--;
	o->next = NULL;
	objects_settle(o);
	pthread_mutex_unlock(&lock);
	objects_bury(o);
}

bool ava_object_hold(const void *p)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	if (o)
		o->holds++;
	pthread_mutex_unlock(&lock);
	return o;
}

void ava_object_unhold(const void *p)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	if (o && o->holds)
		o->holds--;
	object_settle_unlock(o);
}

bool ava_object_pin(const void *p)
{
	struct object *o;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	if (o)
		o->pins++;
	pthread_mutex_unlock(&lock);
	return o;
}

void ava_object_unpin(const void *p)
{
	pthread_mutex_lock(&lock);
	object_unpin_unlock((struct object *)((uintptr_t)p - offsetof(struct object, pub)));
}

/* ---- what modules keep with an object ----------------------------------------------- */

bool ava_object_attach(const void *p, const void *key, void *data, void (*free_data)(void *))
{
	struct attachment *a = malloc(sizeof(*a)), **at = NULL, *old = NULL;
	struct object *o;

	if (!a)
		return false;
	*a = (struct attachment){ .key = key, .data = data, .free_data = free_data };
	pthread_mutex_lock(&lock);
	o = object_at(p);
	if (o) {
		for (at = &o->attached; *at && (*at)->key != key;)
			at = &(*at)->next;
		old = *at;
		a->next = old ? old->next : NULL;
		*at = a;
		if (old)
			old->next = NULL;
	}
	pthread_mutex_unlock(&lock);
	attachments_free(old);
	if (!o)
		free(a);
	return o;
}

void *ava_object_attached(const void *p, const void *key)
{
	struct attachment *a = NULL;
	struct object *o;
	void *data;

	pthread_mutex_lock(&lock);
	o = object_at(p);
	for (a = o ? o->attached : NULL; a && a->key != key;)
		a = a->next;
	data = a ? a->data : NULL;
	pthread_mutex_unlock(&lock);
	return data;
}
