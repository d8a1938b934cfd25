// SPDX-License-Identifier: Apache-2.0
/*
 * event.c - when a command is done, and how that went
 */
#include <stdlib.h>

#include "internal.h"

static void event_destroy(void *object)
{
	struct sim_event_s *e = object;
	struct sim_told *told, *next;

	/* a user event that never completed: nobody is told */
	for (told = e->told; told; told = next) {
		next = told->next;
		free(told);
	}
	sim_unuse(e->queue);
	sim_unuse(e->context);
	free(e);
}

struct sim_event_s *sim_event_new(struct sim_context_s *context, struct sim_queue_s *queue,
				  uint32_t command)
{
	struct sim_event_s *e = sim_object_new(SIM_TYPE_EVENT, sizeof(*e), event_destroy);

	if (!e)
		return NULL;
	e->context = sim_use(context);
	e->queue = sim_use(queue);
	e->command = command;
	e->status = SIM_NOT_READY;
	return e;
}

sim_event sim_event_create(sim_context context, sim_status *status)
{
	struct sim_event_s *e;

	if (!sim_is(context, SIM_TYPE_CONTEXT))
		return sim_created(NULL, SIM_INVALID_CONTEXT, status);
	e = sim_event_new(context, NULL, SIM_COMMAND_USER);
	return sim_created(e, e ? SIM_OK : SIM_OUT_OF_MEMORY, status);
}

/* Under the lock: the event is complete; whom to tell. */
static struct sim_told *event_end(struct sim_event_s *e, sim_status status, uint64_t start,
				  uint64_t end)
{
	struct sim_told *told = e->told;

	e->status = status;
	e->start = start;
	e->end = end;
	e->told = NULL;
	pthread_cond_broadcast(&sim_changed);
	return told;
}

static void event_tell(struct sim_event_s *e, sim_status status, struct sim_told *told)
{
	struct sim_told *next;

	for (; told; told = next) {
		next = told->next;
		told->event(e, status, told->userdata);
		free(told);
	}
}

void sim_event_complete(struct sim_event_s *event, sim_status status, uint64_t start, uint64_t end)
{
	struct sim_told *told;

	pthread_mutex_lock(&sim_lock);
	told = event_end(event, status, start, end);
	pthread_mutex_unlock(&sim_lock);
	event_tell(event, status, told);
}

sim_status sim_event_set(sim_event event, sim_status status)
{
	struct sim_told *told;

	if (!sim_is(event, SIM_TYPE_EVENT))
		return SIM_INVALID_EVENT;
	if (status > 0 || status == SIM_NOT_READY)
		return SIM_INVALID_VALUE;
	pthread_mutex_lock(&sim_lock);
	if (event->command != SIM_COMMAND_USER || event->status != SIM_NOT_READY) {
		pthread_mutex_unlock(&sim_lock);
		return SIM_INVALID_OPERATION;
	}
	/* the function that is told may release the program's last reference */
	event->base.uses++;
	told = event_end(event, status, 0, 0);
	pthread_mutex_unlock(&sim_lock);
	event_tell(event, status, told);
	sim_unuse(event);
	return SIM_OK;
}

sim_status sim_event_retain(sim_event event)
{
	return sim_retain(event, SIM_TYPE_EVENT, SIM_INVALID_EVENT);
}

sim_status sim_event_release(sim_event event)
{
	return sim_release(event, SIM_TYPE_EVENT, SIM_INVALID_EVENT);
}

static sim_status answer_time(struct sim_event_s *e, sim_info what, size_t size, void *value,
			      size_t *size_ret)
{
	sim_status status;
	uint64_t ns;

	pthread_mutex_lock(&sim_lock);
	status = e->status;
	ns = what == SIM_EVENT_START ? e->start : e->end;
	pthread_mutex_unlock(&sim_lock);
	if (what == SIM_EVENT_STATUS)
		return sim_answer(size, value, size_ret, &status, sizeof(status));
	if (status == SIM_NOT_READY)
		return SIM_NOT_READY;
	return sim_answer(size, value, size_ret, &ns, sizeof(ns));
}

sim_status sim_event_info(sim_event event, sim_info what, size_t size, void *value,
			  size_t *size_ret)
{
	uint32_t refs;

	if (!sim_is(event, SIM_TYPE_EVENT))
		return SIM_INVALID_EVENT;
	switch (what) {
	case SIM_EVENT_REFERENCES:
		refs = sim_refs(event);
		return sim_answer(size, value, size_ret, &refs, sizeof(refs));
	case SIM_EVENT_CONTEXT:
		return sim_answer(size, value, size_ret, &event->context, sizeof(event->context));
	case SIM_EVENT_QUEUE:
		return sim_answer(size, value, size_ret, &event->queue, sizeof(event->queue));
	case SIM_EVENT_COMMAND:
		return sim_answer(size, value, size_ret, &event->command, sizeof(event->command));
	case SIM_EVENT_COST:
		return sim_answer(size, value, size_ret, &event->cost, sizeof(event->cost));
	case SIM_EVENT_STATUS:
	case SIM_EVENT_START:
	case SIM_EVENT_END:
		return answer_time(event, what, size, value, size_ret);
	}
	return SIM_INVALID_VALUE;
}

sim_status sim_event_wait(struct sim_event_s *event)
{
	sim_status status;

	pthread_mutex_lock(&sim_lock);
	while (event->status == SIM_NOT_READY)
		pthread_cond_wait(&sim_changed, &sim_lock);
	status = event->status;
	pthread_mutex_unlock(&sim_lock);
	return status;
}

sim_status sim_events_wait(uint32_t n, const sim_event *events)
{
	sim_status ret = SIM_OK;

	if (!n || !events)
		return SIM_INVALID_VALUE;
	for (uint32_t i = 0; i < n; i++)
		if (!sim_is(events[i], SIM_TYPE_EVENT))
			return SIM_INVALID_EVENT;
	for (uint32_t i = 0; i < n; i++)
		if (events[i]->context != events[0]->context)
			return SIM_INVALID_WAIT_LIST;
	for (uint32_t i = 0; i < n; i++)
		if (sim_event_wait(events[i]))
			ret = SIM_WAIT_FAILED;
	return ret;
}

sim_status sim_event_on_complete(sim_event event,
				 void (*fn)(sim_event event, sim_status status, void *userdata),
				 void *userdata)
{
	struct sim_told *told;
	sim_status status;

	if (!sim_is(event, SIM_TYPE_EVENT))
		return SIM_INVALID_EVENT;
	if (!fn)
		return SIM_INVALID_VALUE;
	told = malloc(sizeof(*told));
	if (!told)
		return SIM_OUT_OF_MEMORY;
	*told = (struct sim_told){ .event = fn, .userdata = userdata };
	pthread_mutex_lock(&sim_lock);
	status = event->status;
	if (status == SIM_NOT_READY) {
		told->next = event->told;
		event->told = told;
		told = NULL;
	}
	pthread_mutex_unlock(&sim_lock);
	event_tell(event, status, told);
	return SIM_OK;
}
