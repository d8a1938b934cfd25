// SPDX-License-Identifier: Apache-2.0
/*
 * callback.c - what callbacks said, told in an order of our own
 *
 * Callbacks come on any thread and in any order; they are counted, waited for where
 * they are sure to come, sorted and told.
 */
#include "differ.h"

#include <time.h>

#define PATIENCE 20

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t heard = PTHREAD_COND_INITIALIZER;
static uint64_t current;

void cookies_for(const struct world *w)
{
	pthread_mutex_lock(&lock);
	current = w ? w->seed : 0;
	pthread_mutex_unlock(&lock);
}

/* Never freed: a callback may come when its sequence is long over. */
struct cookie *cookie_make(struct world *w, enum hearings when, const char *format, ...)
{
	struct cookie *cookie = calloc(1, sizeof(*cookie));
	va_list ap;

	if (!cookie)
		abort();
	cookie->w = w;
	cookie->seed = w->seed;
	cookie->when = when;
	va_start(ap, format);
	vsnprintf(cookie->text, sizeof(cookie->text), format, ap);
	va_end(ap);
	return cookie;
}

void cookie_heard(struct cookie *cookie, const char *format, ...)
{
	struct hearing *h;
	char text[160];
	char **list;
	va_list ap;
	int n = snprintf(text, sizeof(text), "%s: ", cookie->text);

	va_start(ap, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, ap);
	va_end(ap);
	pthread_mutex_lock(&lock);
	if (cookie->seed != current) {
		pthread_mutex_unlock(&lock);
		return;
	}
	h = &cookie->w->hearing[cookie->when];
	list = realloc(h->said, (h->count + 1) * sizeof(*list));
	if (!list)
		abort();
	h->said = list;
	h->said[h->count++] = strdup(text);
	pthread_cond_broadcast(&heard);
	pthread_mutex_unlock(&lock);
}

void cookie_expect(struct world *w, enum hearings when)
{
	pthread_mutex_lock(&lock);
	w->hearing[when].expected++;
	pthread_mutex_unlock(&lock);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void cookies_drain(struct world *w, enum hearings when)
{
	struct hearing *h = &w->hearing[when];
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE;
	pthread_mutex_lock(&lock);
	while (h->count < h->expected && !pthread_cond_timedwait(&heard, &lock, &end))
		;
	if (h->count)
		qsort(h->said, h->count, sizeof(*h->said), by_text);
	for (unsigned int i = 0; i < h->count; i++) {
		say(w, "  callback %s", h->said[i]);
		end_line(w);
		free(h->said[i]);
	}
	if (h->count < h->expected) {
		say(w, "  %u callbacks never came", h->expected - h->count);
		end_line(w);
	}
	h->count = h->expected = 0;
	pthread_mutex_unlock(&lock);
}
