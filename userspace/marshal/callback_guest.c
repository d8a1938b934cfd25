// SPDX-License-Identifier: Apache-2.0
/*
 * callback_guest.c - the application's functions, by the cookie that the server sends
 *
 * An entry is in the table until it ran (or, if it may run often, until its owner
 * ends), or the call that registered it failed, or the server died. Whoever takes
 * it out calls its done(); if it is running just then, the runner does.
 */
#include <pthread.h>
#include <stdlib.h>

#include <ava/guest.h>

#include "hash.h"

struct entry {
	struct ava_hash_node node;	/* first; the key is the cookie */
	struct entry *next;		/* of those taken out together */
	struct ava_callback cb;
	bool many;
	bool gone;			/* not in the table: ends with its last run */
	unsigned int running;
};

/* What is attached to an owner: cookies, some of which may be gone. */
struct owned {
	struct owned *next;
	uint64_t cookie;
};

struct owner {
	struct owned *first;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Of what is attached to owners; not with the other one: objects lock for themselves. */
static pthread_mutex_t owners_lock = PTHREAD_MUTEX_INITIALIZER;
static struct ava_hash entries;
static uint64_t last_cookie;
static __thread bool is_callback_thread;

/* What this thread has been told that the vendor had called back. */
static __thread struct ava_context *due_ctx;
static __thread uint64_t due;

void (*ava_guest_before_callback)(void);

/* Also of the child: what the parent registered is called in the parent. */
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
	struct ava_hash_node *n, *next;
	size_t i;

	for (i = 0; i < entries.size; i++) {
		for (n = entries.buckets[i]; n; n = next) {
			next = n->next;
			if (!((struct entry *)n)->running)
				free(n);
		}
	}
	free(entries.buckets);
	entries = (struct ava_hash){ 0 };
	pthread_mutex_unlock(&lock);
	due = 0;
	/* A thread that the child does not have may have held it; what it protects is gone. */
	pthread_mutex_init(&owners_lock, NULL);
}

static void __attribute__((constructor)) callback_init(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

static void entry_end(struct entry *e)
{
	if (e->cb.done)
		e->cb.done(&e->cb);
	free(e);
}

/* With the lock. Return: the entry if the caller has to end it. */
static struct entry *entry_take_out(struct entry *e)
{
	ava_hash_del(&entries, &e->node);
	e->gone = true;
	return e->running ? NULL : e;
}

/* A run is over. */
static void entry_put(struct entry *e)
{
	bool over;

	pthread_mutex_lock(&lock);
	over = !--e->running && e->gone;
	pthread_mutex_unlock(&lock);
	if (over)
		entry_end(e);
}

static void entry_run(struct entry *e, struct ava_cs_reader *in)
{
	if (ava_guest_before_callback)
		ava_guest_before_callback();
	e->cb.run(&e->cb, in);
	entry_put(e);
}

/* ---- an event comes ---------------------------------------------------------------- */

static void callback_came(uint64_t cookie, const void *payload, uint32_t len)
{
	struct ava_cs_reader in;
	struct entry *e;

	pthread_mutex_lock(&lock);
	e = (struct entry *)ava_hash_find(&entries, cookie);
	if (e)
		e->running++;
	if (e && !e->many)
		entry_take_out(e);
	pthread_mutex_unlock(&lock);
	if (!e)
		return;
	ava_cs_reader_init(&in, payload, len);
	entry_run(e, &in);
}

void ava_guest_run_callback(uint64_t cookie, const struct ava_cs_reader *args)
{
	if (cookie && args->cur)
		callback_came(cookie, args->cur, args->end - args->cur);
}

unsigned int ava_guest_run_ended(const void *buf, uint64_t size)
{
	struct ava_cs_reader in;
	unsigned int n = 0;

	ava_cs_reader_init(&in, buf, size);
	while (in.cur != in.end && !in.err) {
		uint64_t cookie = ava_cs_get_word(&in), len = ava_cs_get_word(&in);
		const void *args = ava_cs_get_bytes(&in, len);

		if (in.err)
			break;
		callback_came(cookie, args, len);
		n++;
	}
	return n;
}

bool ava_guest_get_called_back(struct ava_gcall *g, struct ava_cs_reader *args)
{
	uint64_t called = ava_cs_get_word(&g->reply), len;
	const void *at;

	if (called != AVA_CS_CALLED_HERE)
		return called == AVA_CS_CALLED_EVENT;
	len = ava_cs_get_word(&g->reply);
	at = ava_cs_get_bytes(&g->reply, len);
	if (at)
		ava_cs_reader_init(args, at, len);
	return at;
}

static void insert_by_cookie(struct entry **pos, struct entry *e)
{
	while (*pos && (*pos)->node.key < e->node.key)
		pos = &(*pos)->next;
	e->next = *pos;
	*pos = e;
}

/* All entries, in the order in which they were registered. */
static struct entry *take_all(void)
{
	struct ava_hash_node *n, *next;
	struct entry *first = NULL;
	size_t i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < entries.size; i++) {
		for (n = entries.buckets[i]; n; n = next) {
			next = n->next;
			((struct entry *)n)->running++;
			entry_take_out((struct entry *)n);
			insert_by_cookie(&first, (struct entry *)n);
		}
	}
	pthread_mutex_unlock(&lock);
	return first;
}

/*
 * The server is gone: nobody may wait for a callback that cannot come, so it comes
 * without arguments. Those that may run often may as well run never.
 */
static void callbacks_lost(void)
{
	struct entry *e, *next;

	for (e = take_all(); e; e = next) {
		next = e->next;
		if (e->many)
			entry_put(e);
		else
			entry_run(e, NULL);
	}
}

static void callback_event(struct ava_context *ctx, const struct ava_event *ev,
			   const void *payload)
{
	is_callback_thread = true;
	if (ev->type == AVA_EVENT_LOST)
		callbacks_lost();
	if (ev->type != AVA_EVENT_CALLBACK)
		return;
	if (ev->cookie & AVA_CS_COOKIE_OUTPUT)
		ava_context_output(ctx);
	else
		ava_context_await_output(ctx);
	callback_came(ev->cookie & ~AVA_CS_COOKIE_OUTPUT, payload, ev->len);
}

bool ava_guest_is_callback_thread(void)
{
	return is_callback_thread;
}

void ava_guest_callbacks_due(struct ava_context *ctx, uint64_t count)
{
	due_ctx = ctx;
	due = count;
}

void ava_guest_await_callbacks(void)
{
	uint64_t count = due;

	due = 0;
	if (count && !is_callback_thread)
		ava_context_await_events(due_ctx, count);
}

/* ---- registering ------------------------------------------------------------------- */

void ava_guest_drop_callback(uint64_t cookie)
{
	struct entry *e;

	pthread_mutex_lock(&lock);
	e = (struct entry *)ava_hash_find(&entries, cookie);
	if (e)
		e = entry_take_out(e);
	pthread_mutex_unlock(&lock);
	if (e)
		entry_end(e);
}

static void owner_ended(void *data)
{
	struct owner *owner = data;
	struct owned *o, *next;

	for (o = owner->first; o; o = next) {
		next = o->next;
		ava_guest_drop_callback(o->cookie);
		free(o);
	}
	free(owner);
}

static bool owned_add_locked(const void *p, struct owned *o)
{
	struct owner *owner = ava_object_attached(p, &entries);

	if (!owner) {
		owner = calloc(1, sizeof(*owner));
		if (!owner || !ava_object_attach(p, &entries, owner, owner_ended)) {
			free(owner);
			return false;
		}
	}
	o->next = owner->first;
	owner->first = o;
	return true;
}

/* The owner lives as long as the call that registers. */
static bool owner_add(const void *p, uint64_t cookie)
{
	struct owned *o = malloc(sizeof(*o));
	bool added;

	if (!o)
		return false;
	o->cookie = cookie;
	pthread_mutex_lock(&owners_lock);
	added = owned_add_locked(p, o);
	pthread_mutex_unlock(&owners_lock);
	if (!added)
		free(o);
	return added;
}

/* Return: whether it was still there: if not, somebody runs or ends it. */
static bool entry_remove(uint64_t cookie)
{
	struct ava_hash_node *n;

	pthread_mutex_lock(&lock);
	n = ava_hash_find(&entries, cookie);
	if (n)
		ava_hash_del(&entries, n);
	pthread_mutex_unlock(&lock);
	return n;
}

static uint64_t entry_add(struct entry *e, const void *owner)
{
	uint64_t cookie;
	bool added;

	pthread_mutex_lock(&lock);
	cookie = ++last_cookie;
	added = ava_hash_add(&entries, &e->node, cookie);
	pthread_mutex_unlock(&lock);
	if (added && owner && !owner_add(owner, cookie))
		added = !entry_remove(cookie);
	return added ? cookie : 0;
}

static uint64_t callback_register(struct ava_gcall *g, const struct ava_callback *cb,
				  uint32_t flags, const void *owner)
{
	struct entry *e = calloc(1, sizeof(*e));
	uint64_t cookie = 0;

	g->err = e ? ava_context_events(g->ctx, callback_event) : -ENOMEM;
	if (!g->err) {
		e->cb = *cb;
		e->many = flags & AVA_CALLBACK_MANY;
		cookie = entry_add(e, owner);
		g->err = cookie ? 0 : -ENOMEM;
	}
	if (g->err)
		free(e);
	return cookie;
}

uint64_t ava_guest_put_callback(struct ava_gcall *g, const struct ava_callback *cb,
				uint32_t flags, const void *owner)
{
	uint64_t cookie = 0;

	if (cb->fn && !g->err && !g->refused)
		cookie = callback_register(g, cb, flags, owner);
	ava_cs_put_word(&g->args, cookie);
	g->reply_need += AVA_CALLBACK_MAX + 2 * sizeof(uint64_t);
	return cookie;
}
