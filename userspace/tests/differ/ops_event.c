// SPDX-License-Identifier: Apache-2.0
/*
 * ops_event.c - events, user events, callbacks, markers, barriers, waiting
 */
#include "differ.h"

static const struct query event_queries[] = {
	QH(CL_EVENT_COMMAND_QUEUE, S_HANDLE, K_QUEUE), Q(CL_EVENT_COMMAND_TYPE, S_BYTES),
	Q(CL_EVENT_REFERENCE_COUNT, S_SKIP), QH(CL_EVENT_CONTEXT, S_HANDLE, K_CONTEXT),
	Q(CL_EVENT_COMMAND_EXECUTION_STATUS, S_STATUS),
};

static const struct query profiling_queries[] = {
	Q(CL_PROFILING_COMMAND_QUEUED, S_TIME), Q(CL_PROFILING_COMMAND_SUBMIT, S_TIME),
	Q(CL_PROFILING_COMMAND_START, S_TIME), Q(CL_PROFILING_COMMAND_END, S_TIME),
	Q(CL_PROFILING_COMMAND_COMPLETE, S_TIME),
};

static struct obj *new_user_event(struct world *w, struct obj *context)
{
	cl_int err = NO_ERR;
	struct obj *event;

	event = made(w, K_EVENT, clCreateUserEvent(context->handle, &err), context, &err);
	if (event)
		event->user = event->gated = true;
	return event;
}

struct obj *need_event(struct world *w, struct obj *context)
{
	struct obj *event = obj_pick(w, K_EVENT, context);

	if (event)
		return event;
	end_line(w);
	say(w, "  create-user-event");
	return new_user_event(w, context);
}

static void user_event(struct world *w)
{
	struct obj *context = need_context(w);
	cl_int err = NO_ERR;

	if (fault(w))
		made(w, K_EVENT, clCreateUserEvent(NULL, &err), NULL, &err);
	else
		new_user_event(w, context);
}

static void set_status(struct world *w)
{
	struct obj *event = need_event(w, need_context(w));
	unsigned int wrong = fault(w);
	cl_int err, status = CL_COMPLETE;

	if (!event)
		return end_line(w);
	say(w, " fault %u", wrong);
	if (wrong == 1)
		status = (cl_int)ONE_OF(w, CL_RUNNING, CL_SUBMITTED, CL_QUEUED, 100);
	say_obj(w, event);
	say(w, " %d", status);
	err = clSetUserEventStatus(wrong == 2 ? NULL : event->handle, status);
	say_err(w, err);
	end_line(w);
	if (err == CL_SUCCESS) {
		event->done = true;
		/* what waited for it may wait for another */
		for (struct obj *o = w->all; o; o = o->next)
			if (!o->user)
				o->gated = false;
	}
}

static cl_int get_event(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			void *more)
{
	(void)more;
	return clGetEventInfo(of, name, size, value, ret);
}

static cl_int get_profiling(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			    void *more)
{
	(void)more;
	return clGetEventProfilingInfo(of, name, size, value, ret);
}

static void event_info(struct world *w)
{
	struct obj *event = need_event(w, need_context(w));

	if (!event)
		return end_line(w);
	query_one(w, event, get_event, NULL, event_queries,
		  sizeof(event_queries) / sizeof(*event_queries));
}

static void wait_one(struct world *w, struct obj *event)
{
	settle(w);
	say(w, "  wait");
	say_obj(w, event);
	say_err(w, clWaitForEvents(1, (cl_event[]){ event->handle }));
	end_line(w);
	event_finished(w, event);
}

/* Times differ; that there are some, and in order, does not. */
static void profiling(struct world *w)
{
	struct obj *event = need_event(w, need_context(w));
	cl_ulong t[4] = { 0 };
	cl_int err = 0;

	if (!event)
		return end_line(w);
	if (!event->done && !event->gated) {
		end_line(w);
		wait_one(w, event);
	}
	for (cl_uint i = 0; i < 4; i++)
		err |= clGetEventProfilingInfo(event->handle, CL_PROFILING_COMMAND_QUEUED + i,
					       sizeof(t[i]), &t[i], NULL);
	if (!err)
		say(w, " ordered %d", t[0] <= t[1] && t[1] <= t[2] && t[2] <= t[3] && t[3]);
	query_one(w, event, get_profiling, NULL, profiling_queries,
		  sizeof(profiling_queries) / sizeof(*profiling_queries));
}

static void wait(struct world *w)
{
	struct obj *context = need_context(w);
	unsigned int wrong = fault(w), n = draw(w, 4) + 1;
	cl_event list[4] = { NULL };
	struct obj *events[4], *other;
	cl_int err;

	if (!wrong)
		settle(w);
	for (unsigned int i = 0; i < n; i++) {
		events[i] = need_event(w, context);
		if (!events[i])
			return end_line(w);
		list[i] = events[i]->handle;
		say_obj(w, events[i]);
	}
	settle(w);
	if (wrong == 1)
		list[draw(w, n)] = NULL;
	if (wrong == 4) {
		for (other = w->all; other; other = other->next)
			if (other->kind == K_EVENT && other->refs && other->context != context) {
				list[0] = other->handle;
				break;
			}
	}
	say(w, " fault %u", wrong);
	err = clWaitForEvents(wrong == 2 ? 0 : n, wrong == 3 ? NULL : list);
	say_err(w, err);
	end_line(w);
	for (unsigned int i = 0; err == CL_SUCCESS && i < n && wrong != 2; i++)
		if (list[i] == events[i]->handle)
			event_finished(w, events[i]);
}

static void CL_CALLBACK event_cb(cl_event event, cl_int status, void *data)
{
	(void)event;
	cookie_heard(data, "status %d", status);
}

static void event_callback(struct world *w)
{
	struct obj *event = need_event(w, need_context(w));
	cl_int type = (cl_int)ONE_OF(w, CL_COMPLETE, CL_COMPLETE, CL_RUNNING, CL_SUBMITTED);
	unsigned int wrong = fault(w);
	struct cookie *cookie;
	cl_int err;

	if (!event)
		return end_line(w);
	if (event->user)
		type = CL_COMPLETE;
	cookie = cookie_make(w, H_COMMANDS, "op %u: event%u for %d", w->index, event->id, type);
	if (wrong == 1)
		type = (cl_int)ONE_OF(w, 7, -1, CL_QUEUED);
	say(w, " fault %u %d", wrong, type);
	say_obj(w, event);
	err = clSetEventCallback(wrong == 2 ? NULL : event->handle, type,
				 wrong == 3 ? NULL : event_cb, cookie);
	if (err == CL_SUCCESS)
		cookie_expect(w, H_COMMANDS);
	say_err(w, err);
	end_line(w);
}

static void drain(struct world *w)
{
	end_line(w);
	finish(w);
	cookies_drain(w, H_COMMANDS);
}

static void marker(struct world *w)
{
	struct obj *context = need_context(w);
	unsigned int wrong = fault(w);
	bool barrier = chance(w, 50);
	struct cmd c;

	cmd_open(w, &c, context, false);
	say(w, barrier ? " barrier" : " marker");
	cmd_arm(w, &c, wrong);
	if (barrier)
		cmd_close(w, &c, clEnqueueBarrierWithWaitList(c.q, c.count, c.listp, c.eventp));
	else
		cmd_close(w, &c, clEnqueueMarkerWithWaitList(c.q, c.count, c.listp, c.eventp));
}

static void old_marker(struct world *w)
{
	struct obj *context = need_context(w), *event = need_event(w, context);
	cl_event list[1] = { event ? event->handle : NULL };
	unsigned int wrong = fault(w);
	struct cmd c;

	cmd_open(w, &c, context, false);
	c.plain = true;
	cmd_arm(w, &c, 0);
	c.eventp = NULL;
	say(w, " fault %u", wrong);
	switch (draw(w, avoided("wait-for-events") ? 2 : 3)) {
	case 0:
		c.eventp = wrong == 2 ? NULL : &c.event;
		cmd_close(w, &c, clEnqueueMarker(wrong == 1 ? NULL : c.q, c.eventp));
		break;
	case 1:
		cmd_close(w, &c, clEnqueueBarrier(wrong == 1 ? NULL : c.q));
		break;
	default:
		if (wrong == 3)
			list[0] = NULL;
		cmd_close(w, &c, clEnqueueWaitForEvents(wrong == 1 ? NULL : c.q,
							wrong == 2 ? 0 : 1,
							wrong == 4 ? NULL : list));
	}
}

static void flush(struct world *w)
{
	struct obj *queue = need_queue(w, need_context(w));

	if (fault(w)) {
		say_err(w, clFlush(NULL));
		say_err(w, clFinish(NULL));
	} else {
		say_obj(w, queue);
		say_err(w, clFlush(queue->handle));
	}
	end_line(w);
}

static void finish_one(struct world *w)
{
	struct obj *queue = need_queue(w, need_context(w));

	settle(w);
	say_obj(w, queue);
	say_err(w, clFinish(queue->handle));
	end_line(w);
	queue_finished(w, queue);
}

const struct op event_ops[] = {
	{ "user-event", user_event, 1, 4, false },
	{ "set-status", set_status, 2, 4, false },
	{ "event-info", event_info, QUERY_FAULTS, 5, false },
	{ "profiling", profiling, QUERY_FAULTS, 3, false },
	{ "wait", wait, 4, 5, false },
	{ "event-callback", event_callback, 3, 5, false },
	{ "drain", drain, 0, 3, false },
	{ "marker", marker, CMD_FAULTS, 4, false },
	{ "old-marker", old_marker, 4, 2, false },
	{ "flush", flush, 1, 2, false },
	{ "finish", finish_one, 0, 4, false },
	{ NULL, NULL, 0, 0, false }
};
