// SPDX-License-Identifier: Apache-2.0
/*
 * object.c - counted objects, and what all functions of the API end with
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

pthread_mutex_t sim_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t sim_changed = PTHREAD_COND_INITIALIZER;

void *sim_object_new(enum sim_type type, size_t size, void (*destroy)(void *object))
{
	struct sim_object *o = calloc(1, size);

	if (o)
		*o = (struct sim_object){ type, 1, 1, destroy };
	return o;
}

bool sim_is(const void *object, enum sim_type type)
{
	const struct sim_object *o = object;

	return o && o->type == type;
}

uint32_t sim_refs(const void *object)
{
	const struct sim_object *o = object;
	uint32_t refs;

	pthread_mutex_lock(&sim_lock);
	refs = o->refs;
	pthread_mutex_unlock(&sim_lock);
	return refs;
}

void *sim_use(void *object)
{
	struct sim_object *o = object;

	if (!o)
		return NULL;
	pthread_mutex_lock(&sim_lock);
	o->uses++;
	pthread_mutex_unlock(&sim_lock);
	return o;
}

void sim_unuse(void *object)
{
	struct sim_object *o = object;
	bool last;

	if (!o)
		return;
	pthread_mutex_lock(&sim_lock);
	last = !--o->uses;
	/* a queue's thread waits to be the last */
	if (o->type == SIM_TYPE_QUEUE)
		pthread_cond_broadcast(&sim_changed);
	pthread_mutex_unlock(&sim_lock);
	if (last)
		o->destroy(o);
}

sim_status sim_retain(void *object, enum sim_type type, sim_status invalid)
{
	struct sim_object *o = object;

	if (!sim_is(o, type))
		return invalid;
	pthread_mutex_lock(&sim_lock);
	/* also one that only lives because another object needs it */
	if (!o->refs++)
		o->uses++;
	pthread_mutex_unlock(&sim_lock);
	return SIM_OK;
}

sim_status sim_release(void *object, enum sim_type type, sim_status invalid)
{
	struct sim_object *o = object;
	uint32_t before;

	if (!sim_is(o, type))
		return invalid;
	pthread_mutex_lock(&sim_lock);
	before = o->refs;
	o->refs -= !!before;
	pthread_mutex_unlock(&sim_lock);
	if (before == 1)
		sim_unuse(o);
	return before ? SIM_OK : invalid;
}

sim_status sim_answer(size_t size, void *value, size_t *size_ret, const void *answer, size_t len)
{
	if (value && size < len)
		return SIM_INVALID_SIZE;
	if (value)
		memcpy(value, answer, len);
	if (size_ret)
		*size_ret = len;
	return SIM_OK;
}

void *sim_created(void *object, sim_status status, sim_status *out)
{
	if (out)
		*out = status;
	return object;
}

#define STATUS_TEXT(name, value, text) { value, text },

const char *sim_status_text(sim_status status)
{
	static const struct {
		sim_status status;
		const char *text;
	} texts[] = { SIM_STATUSES(STATUS_TEXT) };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "unknown status";
}
