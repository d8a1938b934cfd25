// SPDX-License-Identifier: Apache-2.0
/*
 * server.c - helpers of the OpenCL spec that run in the API server
 *
 * A server serves one context of one guest process, so the user events that it
 * knows are the process's own.
 */
#include "server_queue.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A user event whose status the program has not set. */
struct unset {
	struct unset *next;
	cl_event event;
};

static pthread_mutex_t unset_lock = PTHREAD_MUTEX_INITIALIZER;
static struct unset *unset_list;
static bool unset_unknown;	/* one of them could not be remembered */

void ocl_user_event_made(cl_event event)
{
	struct unset *u = malloc(sizeof(*u));

	pthread_mutex_lock(&unset_lock);
	if (u) {
		u->event = event;
		u->next = unset_list;
		unset_list = u;
	} else {
		unset_unknown = true;
	}
	pthread_mutex_unlock(&unset_lock);
}

void ocl_user_event_set(cl_event event)
{
	struct unset **pos, *u;

	pthread_mutex_lock(&unset_lock);
	for (pos = &unset_list; (u = *pos) && u->event != event; pos = &u->next)
		;
	if (u)
		*pos = u->next;
	pthread_mutex_unlock(&unset_lock);
	free(u);
}

int ocl_any_user_event_unset(void)
{
	bool any;

	pthread_mutex_lock(&unset_lock);
	any = unset_list || unset_unknown;
	pthread_mutex_unlock(&unset_lock);
	return any;
}

/* Nobody can set an event that is gone, and nothing waits for one that goes. */
cl_int ocl_release_event(cl_event event)
{
	cl_uint refs = 0;
	cl_int err;

	if (ocl_any_user_event_unset() || ocl_is_spoiled(event))
		clGetEventInfo(event, CL_EVENT_REFERENCE_COUNT, sizeof(refs), &refs, NULL);
	err = clReleaseEvent(event);
	if (!err && refs == 1) {
		ocl_user_event_set(event);
		ocl_mend(event, OCL_ALL);
	}
	return err;
}
