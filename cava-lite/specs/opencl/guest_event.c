// SPDX-License-Identifier: Apache-2.0
/*
 * guest_event.c - callbacks of events
 *
 * A callback tells the application that a command is complete, so what the command
 * brought must be in the application's memory before.
 */
#include <stdlib.h>

#include <ava/guest.h>

#include "opencl_common.h"

/* Described in the spec; not of the API, so no header declares it. */
cl_int ocl_event_callback(cl_event event, cl_int type,
			  void (CL_CALLBACK *notify)(cl_event, cl_int, void *),
			  void *user_data);

void ocl_caught_up(void)
{
	ocl_observed();
	ava_guest_await_callbacks();
}

struct watch {
	void (CL_CALLBACK *notify)(cl_event event, cl_int status, void *user_data);
	void *user_data;
};

static void CL_CALLBACK event_is_there(cl_event event, cl_int status, void *data)
{
	struct watch w = *(struct watch *)data;

	free(data);
	ocl_observed();
	w.notify(event, status, w.user_data);
}

cl_int ocl_set_event_callback(cl_event event, cl_int type,
			      void (CL_CALLBACK *notify)(cl_event, cl_int, void *),
			      void *user_data)
{
	struct watch *w;
	cl_int err;

	if (!notify)
		return ocl_event_callback(event, type, NULL, user_data);
	w = malloc(sizeof(*w));
	if (!w)
		return CL_OUT_OF_HOST_MEMORY;
	w->notify = notify;
	w->user_data = user_data;
	err = ocl_event_callback(event, type, event_is_there, w);
	if (err)
		free(w);
	return err;
}
