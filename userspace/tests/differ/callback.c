// SPDX-License-Identifier: Apache-2.0
/*
 * callback.c - what callbacks said, told in an order of our own
 *
 * Callbacks come on any thread and in any order; they are counted, waited for where
 * they are sure to come, sorted and told.
 */
#include "differ.h"

#include <time.h>

#define PATIENCE 10

struct cookie *cookie_make(struct world *w, enum hearings when, const char *format, ...)
{
	struct cookie *cookie = keep(w, sizeof(*cookie));
	va_list ap;

	cookie->w = w;
	cookie->when = when;
	va_start(ap, format);
	vsnprintf(cookie->text, sizeof(cookie->text), format, ap);
	va_end(ap);
	return cookie;
}

void cookie_heard(struct cookie *cookie, const char *format, ...)
{
	struct world *w = cookie->w;
	struct hearing *h = &w->hearing[cookie->when];
	char text[160];
	char **list;
	va_list ap;
	int n = snprintf(text, sizeof(text), "%s: ", cookie->text);

	va_start(ap, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, ap);
	va_end(ap);
	pthread_mutex_lock(&w->lock);
	list = realloc(h->said, (h->count + 1) * sizeof(*list));
	if (!list)
		abort();
	h->said = list;
	h->said[h->count++] = strdup(text);
	pthread_cond_broadcast(&w->heard);
	pthread_mutex_unlock(&w->lock);
}

void cookie_expect(struct world *w, enum hearings when)
{
	pthread_mutex_lock(&w->lock);
	w->hearing[when].expected++;
	pthread_mutex_unlock(&w->lock);
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
	pthread_mutex_lock(&w->lock);
	while (h->count < h->expected && !pthread_cond_timedwait(&w->heard, &w->lock, &end))
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
	pthread_mutex_unlock(&w->lock);
}
