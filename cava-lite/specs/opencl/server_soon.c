// SPDX-License-Identifier: Apache-2.0
/*
 * server_soon.c - is a command complete soon? does a queue have nothing to do?
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "server_memory.h"

#define NSEC_PER_SEC	1000000000

/* A thread of the vendor's may have to wake up for a marker of an idle queue. */
#define IDLE_NS		200000

/* Of who waits and of the event's callback: the last one frees it. */
struct soon {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned int refs;
	bool over;
	cl_int status;
};

static struct soon *soon_new(void)
{
	struct soon *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	if (!s)
		return NULL;
	s->refs = 2;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->cond, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

static void soon_free(struct soon *s)
{
	pthread_cond_destroy(&s->cond);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* With the lock, which it gives back. */
static void soon_put(struct soon *s)
{
	bool last = !--s->refs;

	pthread_mutex_unlock(&s->lock);
	if (last)
		soon_free(s);
}

static void CL_CALLBACK soon_over(cl_event event, cl_int status, void *p)
{
	struct soon *s = p;

	(void)event;
	pthread_mutex_lock(&s->lock);
	s->over = true;
	s->status = status;
	pthread_cond_signal(&s->cond);
	soon_put(s);
}

static bool soon_wait(struct soon *s, long ns)
{
	struct timespec until;
	bool good;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ns;
	until.tv_sec += until.tv_nsec / NSEC_PER_SEC;
	until.tv_nsec %= NSEC_PER_SEC;
	pthread_mutex_lock(&s->lock);
	while (!s->over && !err)
		err = pthread_cond_timedwait(&s->cond, &s->lock, &until);
	good = s->over && s->status == CL_COMPLETE;
	soon_put(s);
	return good;
}

bool ocl_complete_within(cl_command_queue queue, cl_event event, long ns)
{
	struct soon *s = soon_new();

	if (!s)
		return false;
	if (clSetEventCallback(event, CL_COMPLETE, soon_over, s)) {
		soon_free(s);
		return false;
	}
	clFlush(queue);
	return soon_wait(s, ns);
}

/* No query of OpenCL tells; a marker does. */
bool ocl_queue_idle(cl_command_queue queue)
{
	cl_event marker;
	bool idle;

	if (clEnqueueMarkerWithWaitList(queue, 0, NULL, &marker))
		return false;
	idle = ocl_complete_within(queue, marker, IDLE_NS);
	clReleaseEvent(marker);
	return idle;
}
