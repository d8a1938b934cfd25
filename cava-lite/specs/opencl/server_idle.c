// SPDX-License-Identifier: Apache-2.0
/*
 * server_idle.c - does a queue have nothing to do?
 *
 * No query of OpenCL tells. A marker does, which is complete at once then; a short
 * while is waited for it, for on some devices it is a thread that completes it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "server_memory.h"

#define PATIENCE_NS	200000

/* Of who waits and of the marker's callback: the last one frees it. */
struct mark {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned int refs;
	bool over;
};

static struct mark *mark_new(void)
{
	struct mark *m = calloc(1, sizeof(*m));
	pthread_condattr_t attr;

	if (!m)
		return NULL;
	m->refs = 2;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->cond, &attr);
	pthread_condattr_destroy(&attr);
	return m;
}

static void mark_free(struct mark *m)
{
	pthread_cond_destroy(&m->cond);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* With the lock, which it gives back. */
static void mark_put(struct mark *m)
{
	bool last = !--m->refs;

	pthread_mutex_unlock(&m->lock);
	if (last)
		mark_free(m);
}

static void CL_CALLBACK mark_over(cl_event event, cl_int status, void *p)
{
	struct mark *m = p;

	(void)event;
	(void)status;
	pthread_mutex_lock(&m->lock);
	m->over = true;
	pthread_cond_signal(&m->cond);
	mark_put(m);
}

static bool mark_wait(struct mark *m)
{
	struct timespec until;
	bool over;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&m->lock);
	while (!m->over && !err)
		err = pthread_cond_timedwait(&m->cond, &m->lock, &until);
	over = m->over;
	mark_put(m);
	return over;
}

bool ocl_queue_idle(cl_command_queue queue)
{
	struct mark *m = mark_new();
	cl_event event = NULL;
	cl_int err;

	if (!m)
		return false;
	err = clEnqueueMarkerWithWaitList(queue, 0, NULL, &event);
	if (!err)
		err = clSetEventCallback(event, CL_COMPLETE, mark_over, m);
	if (event)
		clReleaseEvent(event);
	if (err) {
		mark_free(m);
		return false;
	}
	clFlush(queue);
	return mark_wait(m);
}
