// SPDX-License-Identifier: Apache-2.0
/*
 * cache.c - answers that never change while an object lives
 *
 * A hash by function and encoded arguments. The arguments hold the handle of the
 * object that was asked, and no handle is used twice, so an answer can only be
 * found by a call that means the same object; when that ends, its answers go. One
 * mutex, held to find and copy; over fork, after which a child has no answers.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <ava/guest.h>

#include "hash.h"

#define OWNER_BYTES	(32u << 10)
#define ALL_BYTES	(4u << 20)

struct link {
	struct link *prev, *next;
};

/* Of an object; handle 0: of the context. */
struct owner {
	struct ava_hash_node by_handle;
	struct link answers;		/* oldest first */
	size_t bytes;
};

struct answer {
	struct ava_hash_node by_key;
	struct link of_owner, of_all;
	struct owner *owner;
	uint32_t func, args_len, reply_len;
	uint8_t bytes[];		/* arguments, then the reply */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ava_hash answers;
static struct ava_hash owners;
static struct link all = { &all, &all };
static size_t all_bytes;

static void link_add(struct link *head, struct link *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

static void link_del(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
}

static struct answer *answer_of(struct link *of_owner)
{
	return (struct answer *)((char *)of_owner - offsetof(struct answer, of_owner));
}

static size_t answer_bytes(const struct answer *a)
{
	return sizeof(*a) + a->args_len + a->reply_len;
}

static void answer_drop(struct answer *a)
{
	all_bytes -= answer_bytes(a);
	a->owner->bytes -= answer_bytes(a);
	link_del(&a->of_owner);
	link_del(&a->of_all);
	ava_hash_del(&answers, &a->by_key);
	free(a);
}

static struct owner *owner_find(uint64_t handle)
{
	return (struct owner *)ava_hash_find(&owners, handle);
}

static void owner_drop(struct owner *o)
{
	while (o->answers.next != &o->answers)
		answer_drop(answer_of(o->answers.next));
	ava_hash_del(&owners, &o->by_handle);
	free(o);
}

static struct owner *owner_new(uint64_t handle)
{
	struct owner *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->answers.prev = o->answers.next = &o->answers;
	if (ava_hash_add(&owners, &o->by_handle, handle))
		return o;
	free(o);
	return NULL;
}

/* ---- fork ------------------------------------------------------------------------ */

static void fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

static void fork_child(void)
{
	size_t i;

	for (i = 0; i < owners.size; i++)
		while (owners.buckets[i])
			owner_drop((struct owner *)owners.buckets[i]);
	pthread_mutex_unlock(&lock);
}

static void __attribute__((constructor)) cache_init(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* ---- calls ------------------------------------------------------------------------- */

/* Arguments without the head, which is the transport's. */
static const uint8_t *key_of(const struct ava_gcall *g, uint32_t *len)
{
	size_t head = AVA_CS_HEAD * sizeof(uint64_t);

	*len = g->args.len - head;
	return g->args.buf + head;
}

static uint64_t hash_of(uint32_t func, const uint8_t *key, uint32_t len)
{
	uint64_t h = func * 0x9e3779b97f4a7c15ull, word;
	uint32_t i;

	for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, key + i, sizeof(word));
		h = (h ^ word) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	return h;
}

static struct answer *answer_find(const struct ava_gcall *g)
{
	struct ava_hash_node *n;
	struct answer *a;
	const uint8_t *key;
	uint32_t len;

	key = key_of(g, &len);
	for (n = ava_hash_find(&answers, hash_of(g->func, key, len)); n; n = ava_hash_next(n)) {
		a = (struct answer *)n;
		if (a->func == g->func && a->args_len == len && !memcmp(a->bytes, key, len))
			return a;
	}
	return NULL;
}

/* Only what travelled inline is all there is of a call. */
static bool is_whole(const struct ava_gcall *g)
{
	return !g->err && !g->refused && !g->args.err && g->seg_count == 1 &&
	       g->args.len <= OWNER_BYTES;
}

bool ava_guest_cached(struct ava_gcall *g)
{
	struct answer *a;
	uint8_t *at = g->reply_buf;

	if (!is_whole(g) || ava_context_status(g->ctx))
		return false;
	pthread_mutex_lock(&lock);
	a = answer_find(g);
	if (a && a->reply_len > sizeof(g->reply_buf))
		at = g->reply_heap = malloc(a->reply_len);
	if (a && at) {
		memcpy(at, a->bytes + a->args_len, a->reply_len);
		ava_cs_reader_init(&g->reply, at, a->reply_len);
		g->again = true;
	}
	pthread_mutex_unlock(&lock);
	/* its first word says that the call was executed */
	return g->again && ava_cs_get_word(&g->reply) == AVA_CS_EXECUTED;
}

static struct answer *answer_new(const struct ava_gcall *g)
{
	const uint8_t *reply = g->reply_heap ? g->reply_heap : g->reply_buf, *key;
	const uint64_t executed = AVA_CS_EXECUTED;
	uint32_t key_len, reply_len = g->reply.end - reply;
	struct answer *a;

	key = key_of(g, &key_len);
	a = malloc(sizeof(*a) + key_len + reply_len);
	if (!a)
		return NULL;
	a->func = g->func;
	a->args_len = key_len;
	a->reply_len = reply_len;
	memcpy(a->bytes, key, key_len);
	memcpy(a->bytes + key_len, reply, reply_len);
	memcpy(a->bytes + key_len, &executed, sizeof(executed));
	if (answer_bytes(a) <= OWNER_BYTES)
		return a;
	free(a);
	return NULL;
}

/* Takes @a over. */
static void answer_add(struct owner *o, struct answer *a)
{
	while (o->bytes + answer_bytes(a) > OWNER_BYTES)
		answer_drop(answer_of(o->answers.next));
	while (all_bytes + answer_bytes(a) > ALL_BYTES)
		answer_drop((struct answer *)((char *)all.next - offsetof(struct answer, of_all)));
	if (!ava_hash_add(&answers, &a->by_key, hash_of(a->func, a->bytes, a->args_len))) {
		free(a);
		return;
	}
	a->owner = o;
	link_add(&o->answers, &a->of_owner);
	link_add(&all, &a->of_all);
	o->bytes += answer_bytes(a);
	all_bytes += answer_bytes(a);
}

static void owner_ended(void *handle)
{
	struct owner *o;

	pthread_mutex_lock(&lock);
	o = owner_find((uintptr_t)handle);
	if (o)
		owner_drop(o);
	pthread_mutex_unlock(&lock);
}

void ava_guest_keep(struct ava_gcall *g, const void *p, uint32_t type)
{
	uint64_t handle = p ? ava_object_handle(p, type) : 0;
	struct answer *a = NULL;
	bool is_new = false;
	struct owner *o;

	if (is_whole(g) && !g->again && !g->unbound && (!p || handle))
		a = answer_new(g);
	if (!a)
		return;
	pthread_mutex_lock(&lock);
	o = owner_find(handle);
	if (!o) {
		o = owner_new(handle);
		is_new = o;
	}
	/* two threads may have asked at once */
	if (o && !answer_find(g))
		answer_add(o, a);
	else
		free(a);
	pthread_mutex_unlock(&lock);
	/* What ended meanwhile takes nothing any more. */
	if (is_new && p && !ava_object_attach(p, &owners, (void *)(uintptr_t)handle, owner_ended))
		owner_ended((void *)(uintptr_t)handle);
}
