// SPDX-License-Identifier: Apache-2.0
/*
 * event.c - events of the process's one context
 *
 * The guest tells now and then how many it has taken (AVA_FUNC_EVENTS). No more
 * than a window of them is under way, so that neither kernel has to keep, or
 * drop, more than that; the others wait here. What waits goes when the guest has
 * told, or at the next call after the channel had no room. Either will come: there
 * is no room only while events are under way that the guest has yet to take, and
 * it tells more often than there is no room for.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <ava/callback.h>

#include "internal.h"
#include "output.h"

/* Less than a guest's kernel keeps; the guest tells four times in a window. */
#define EVENTS_WINDOW	256
#define EVENTS_MAX	65536

struct event {
	struct event *next;
	uint64_t cookie;
	uint32_t len;
	char data[];
};

static struct {
	const struct ava_server_channel *channel;
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t room;
	struct event *first;
	struct event **last;
	unsigned int count;
	atomic_bool waiting;	/* there is a first */
	_Atomic uint64_t made;	/* sent or kept */
	uint64_t sent;
	uint64_t taken;		/* by the guest; never above @sent */
} events = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.room = PTHREAD_COND_INITIALIZER,
	.last = &events.first,
};

void ava_server_events_on(const struct ava_server_channel *ops, int fd)
{
	pthread_mutex_lock(&events.lock);
	events.fd = fd;
	events.channel = ops;
	pthread_mutex_unlock(&events.lock);
}

static int event_send_locked(uint64_t cookie, const void *data, uint32_t len)
{
	int ret;

	if (events.sent - events.taken >= EVENTS_WINDOW)
		return -ENOBUFS;
	ret = events.channel->event(events.fd, cookie, data, len);
	if (!ret)
		events.sent++;
	return ret;
}

/* An event that fails for another reason than room is lost with its context. */
static void events_drain_locked(void)
{
	struct event *e;

	while ((e = events.first) &&
	       event_send_locked(e->cookie, e->data, e->len) != -ENOBUFS) {
		events.first = e->next;
		if (events.count-- == EVENTS_MAX)
			pthread_cond_broadcast(&events.room);
		free(e);
	}
	if (!events.first)
		events.last = &events.first;
	atomic_store(&events.waiting, !!events.first);
}

static int event_keep_locked(uint64_t cookie, const void *data, uint32_t len)
{
	struct event *e;

	while (events.count >= EVENTS_MAX)
		pthread_cond_wait(&events.room, &events.lock);
	e = malloc(sizeof(*e) + len);
	if (!e)
		return -ENOMEM;
	e->next = NULL;
	e->cookie = cookie;
	e->len = len;
	memcpy(e->data, data, len);
	*events.last = e;
	events.last = &e->next;
	events.count++;
	atomic_store(&events.waiting, true);
	return 0;
}

int ava_server_event(uint64_t cookie, const void *data, uint32_t len)
{
	int ret = -ENOBUFS;

	if (len > AVA_CALLBACK_MAX)
		return -EMSGSIZE;
	if (ava_output_pending())
		cookie |= AVA_CS_COOKIE_OUTPUT;
	pthread_mutex_lock(&events.lock);
	if (!events.channel)
		ret = -ESHUTDOWN;
	else if (!events.first)
		ret = event_send_locked(cookie, data, len);
	if (ret == -ENOBUFS)
		ret = event_keep_locked(cookie, data, len);
	if (!ret)
		events.made++;
	pthread_mutex_unlock(&events.lock);
	return ret;
}

uint64_t ava_server_events_made(void)
{
	return atomic_load(&events.made);
}

void ava_server_events_retry(void)
{
	if (!atomic_load_explicit(&events.waiting, memory_order_relaxed))
		return;
	pthread_mutex_lock(&events.lock);
	events_drain_locked();
	pthread_mutex_unlock(&events.lock);
}

void ava_server_events_taken(uint64_t count)
{
	pthread_mutex_lock(&events.lock);
	if (count > events.taken && count <= events.sent)
		events.taken = count;
	events_drain_locked();
	pthread_mutex_unlock(&events.lock);
}
