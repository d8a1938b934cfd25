// SPDX-License-Identifier: Apache-2.0
/*
 * local_event.c - events of the LOCAL channel, on their way to the guest
 *
 * What the socket does not take at once waits in a queue, which a thread empties:
 * started when it is needed, it ends when the queue is empty.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../common/local_proto.h"
#include "local_event.h"

#define EVENTS_MAX	65536u	/* in the queue */

struct local_queued {
	struct local_queued *next;
	int fd;
	size_t len;
	char msg[sizeof(struct ava_local_event) + AVA_LOCAL_MAX_EVENT];
};

static struct {
	pthread_mutex_t lock;
	struct local_queued *first;
	struct local_queued **last;
	unsigned int count;
	bool running;
} queue = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.last = &queue.first,
};

static int event_error(int err)
{
	return err == EPIPE || err == ECONNRESET ? -ESHUTDOWN : -err;
}

/* An entry stays in the queue until it is sent, so that no later one overtakes it. */
static void *queue_main(void *arg)
{
	struct local_queued *q;

	(void)arg;
	pthread_mutex_lock(&queue.lock);
	while ((q = queue.first)) {
		pthread_mutex_unlock(&queue.lock);
		ava_local_send(q->fd, q->msg, q->len, NULL, 0);
		pthread_mutex_lock(&queue.lock);
		queue.first = q->next;
		if (!queue.first)
			queue.last = &queue.first;
		queue.count--;
		free(q);
	}
	queue.running = false;
	pthread_mutex_unlock(&queue.lock);
	return NULL;
}

static int queue_run_locked(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	if (queue.running)
		return 0;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	ret = pthread_create(&thread, &attr, queue_main, NULL);
	pthread_attr_destroy(&attr);
	queue.running = !ret;
	return -ret;
}

static int queue_add_locked(int fd, const void *msg, size_t len)
{
	struct local_queued *q;
	int ret;

	if (queue.count == EVENTS_MAX)
		return -ENOBUFS;
	q = malloc(sizeof(*q));
	if (!q)
		return -ENOMEM;
	ret = queue_run_locked();
	if (ret) {
		free(q);
		return ret;
	}
	q->next = NULL;
	q->fd = fd;
	q->len = len;
	memcpy(q->msg, msg, len);
	*queue.last = q;
	queue.last = &q->next;
	queue.count++;
	return 0;
}

int ava_local_event(int fd, uint64_t cookie, const void *data, uint32_t len)
{
	char msg[sizeof(struct ava_local_event) + AVA_LOCAL_MAX_EVENT];
	struct ava_local_event head = { .len = len, .cookie = cookie };
	size_t size = sizeof(head) + len;
	int ret = 0;

	if (len > AVA_LOCAL_MAX_EVENT)
		return -EINVAL;
	memcpy(msg, &head, sizeof(head));
	if (len)
		memcpy(msg + sizeof(head), data, len);
	pthread_mutex_lock(&queue.lock);
	if (queue.first)
		ret = queue_add_locked(fd, msg, size);
	else if (send(fd, msg, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		ret = errno == EAGAIN ? queue_add_locked(fd, msg, size) : event_error(errno);
	pthread_mutex_unlock(&queue.lock);
	return ret;
}
