// SPDX-License-Identifier: Apache-2.0
/*
 * callback_serve.c - the server's half of callbacks
 *
 * The vendor may call back before the function that took the callback returns. The
 * guest then knows neither the call's new object nor whether it succeeded, so what
 * comes early is kept until the reply is on its way.
 */
#include <pthread.h>
#include <stdlib.h>

#include <ava/callback.h>
#include <ava/cs_serve.h>

struct early {
	struct early *next;
	uint32_t len;
	uint8_t args[];
};

struct ava_server_callback {
	struct ava_server_callback *next;	/* of the same call */
	uint64_t cookie;
	struct early *first, **last;
	bool many;
	bool ready;				/* the call is over */
	bool called;
	bool ends;
};

/* A callback that a release brought, for the thread of the guest that released. */
struct ended {
	struct ended *next;
	uint64_t cookie;
	uint64_t len;
	uint8_t args[];
};

/* Of the thread that serves a stream: the guest's thread asks for them on the same one. */
static __thread struct {
	bool releasing;
	struct ended *first, **last;
} ends;

/* Held for a moment only, never while an event is sent. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ava_server_callback *standing;	/* may be called until the process ends */

struct ava_server_callback *ava_serve_callback(struct ava_serve *s, bool many)
{
	uint64_t cookie = ava_cs_get_word(&s->in);
	struct ava_server_callback *cb;

	if (!cookie || s->err)
		return NULL;
	cb = calloc(1, sizeof(*cb));
	if (!cb) {
		ava_serve_fail(s, -ENOMEM);
		return NULL;
	}
	cb->cookie = cookie;
	cb->many = many;
	cb->last = &cb->first;
	cb->next = s->callbacks;
	s->callbacks = cb;
	return cb;
}

bool ava_serve_called_back(struct ava_serve *s)
{
	struct ava_server_callback *cb;
	bool called = false;

	pthread_mutex_lock(&lock);
	for (cb = s->callbacks; cb; cb = cb->next)
		called |= cb->called;
	pthread_mutex_unlock(&lock);
	return called;
}

void ava_serve_put_called_back(struct ava_serve *s)
{
	struct ava_server_callback *cb = s->callbacks;
	struct early *e = NULL;
	bool called = ava_serve_called_back(s);

	/* one that comes once, and is the only one of its call */
	pthread_mutex_lock(&lock);
	if (cb && !cb->next && !cb->many && cb->first) {
		e = cb->first;
		cb->first = NULL;
		cb->last = &cb->first;
	}
	pthread_mutex_unlock(&lock);
	if (!e) {
		ava_cs_put_word(&s->out, called ? AVA_CS_CALLED_EVENT : AVA_CS_CALLED_NOT);
		return;
	}
	ava_cs_put_word(&s->out, AVA_CS_CALLED_HERE);
	ava_cs_put_word(&s->out, e->len);
	ava_cs_put_bytes(&s->out, e->args, e->len);
	free(e);
}

/* ---- callbacks that tell of an end -------------------------------------------------- */

void ava_server_callback_ends(struct ava_server_callback *cb)
{
	cb->ends = true;
}

void ava_serve_ends_here(bool releasing)
{
	ends.releasing = releasing;
}

/* False if it is not of a release on this thread: then nobody waits for it. */
static bool keep_ended(const struct ava_server_callback *cb, const struct ava_cs_writer *args)
{
	struct ended *e;

	if (!cb->ends || cb->many || !ends.releasing)
		return false;
	e = malloc(sizeof(*e) + args->len);
	if (!e)
		return false;
	e->next = NULL;
	e->cookie = cb->cookie;
	e->len = args->len;
	memcpy(e->args, args->buf, args->len);
	if (!ends.first)
		ends.last = &ends.first;
	*ends.last = e;
	ends.last = &e->next;
	return true;
}

uint64_t ava_server_take_ended(void *buf, uint64_t size)
{
	struct ava_cs_writer w;
	struct ended *e;

	ava_cs_writer_init(&w, buf, size, 0);
	while ((e = ends.first) && size - w.len >= 3 * sizeof(uint64_t) + e->len) {
		ava_cs_put_word(&w, e->cookie);
		ava_cs_put_word(&w, e->len);
		ava_cs_put_bytes(&w, e->args, e->len);
		ends.first = e->next;
		free(e);
	}
	return w.len;
}

/* ---- a callback comes --------------------------------------------------------------- */

/* With the lock; true if the event has to wait. */
static bool keep_early(struct ava_server_callback *cb, const struct ava_cs_writer *args)
{
	struct early *e;

	cb->called = true;
	if (cb->ready)
		return false;
	e = args->err ? NULL : malloc(sizeof(*e) + args->len);
	if (e) {
		e->next = NULL;
		e->len = args->len;
		memcpy(e->args, args->buf, args->len);
		*cb->last = e;
		cb->last = &e->next;
	}
	return true;
}

void ava_server_callback_run(struct ava_server_callback *cb, struct ava_cs_writer *args)
{
	bool early;

	pthread_mutex_lock(&lock);
	early = keep_early(cb, args);
	pthread_mutex_unlock(&lock);
	if (early)
		return;
	if (!args->err && !keep_ended(cb, args))
		ava_server_event(cb->cookie, args->buf, args->len);
	if (!cb->many)
		free(cb);
}

/* What comes from now on is sent at once, behind what came early. */
static void callback_ready(struct ava_server_callback *cb)
{
	struct early *e;
	bool over;

	pthread_mutex_lock(&lock);
	while ((e = cb->first)) {
		cb->first = e->next;
		if (!cb->first)
			cb->last = &cb->first;
		pthread_mutex_unlock(&lock);
		ava_server_event(cb->cookie, e->args, e->len);
		free(e);
		pthread_mutex_lock(&lock);
	}
	cb->ready = true;
	over = cb->called && !cb->many;
	if (cb->many) {
		cb->next = standing;
		standing = cb;
	}
	pthread_mutex_unlock(&lock);
	if (over)
		free(cb);
}

void ava_serve_end_callbacks(struct ava_serve *s)
{
	struct ava_server_callback *cb, *next;
	bool called = ava_serve_called_back(s);

	for (cb = s->callbacks; cb; cb = next) {
		next = cb->next;
		if (s->registered || called)
			callback_ready(cb);
		else
			free(cb);
	}
	s->callbacks = NULL;
}

/* ---- arguments that an event may have to cut --------------------------------------- */

static uint64_t room_for(const struct ava_cs_writer *w, unsigned int share)
{
	uint64_t left = (w->cap - w->len) / share, head = 2 * sizeof(uint64_t);

	/* bytes are padded to a word */
	return left > head + 7 ? left - head - 7 : 0;
}

void ava_server_callback_string(struct ava_cs_writer *w, const char *s, unsigned int share)
{
	uint64_t room = room_for(w, share), len;
	char *at;

	if (!s || !room) {
		ava_cs_put_word(w, AVA_CS_BUF_NULL);
		return;
	}
	len = strnlen(s, room - 1) + 1;
	ava_cs_put_word(w, AVA_CS_BUF_INLINE);
	ava_cs_put_word(w, len);
	at = ava_cs_reserve(w, len);
	if (at) {
		memcpy(at, s, len - 1);
		at[len - 1] = 0;
	}
}

void ava_server_callback_bytes(struct ava_cs_writer *w, const void *p, uint64_t len,
			       unsigned int share)
{
	ava_cs_put_word(w, p ? AVA_CS_BUF_INLINE : AVA_CS_BUF_NULL);
	if (!p)
		return;
	len = ava_cs_min(len, room_for(w, share));
	ava_cs_put_word(w, len);
	ava_cs_put_bytes(w, p, len);
}
