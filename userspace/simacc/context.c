// SPDX-License-Identifier: Apache-2.0
/*
 * context.c - what belongs together
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define MAX_PACE	1000000

static void context_destroy(void *object)
{
	free(object);
}

/* Look through the properties; their length in words with the final 0 goes to @count. */
static sim_status check_properties(const intptr_t *properties, size_t *count, uint64_t *pace)
{
	bool any = false;
	size_t i;

	if (!properties)
		return SIM_INVALID_VALUE;
	for (i = 0; properties[i]; i += 2) {
		if (properties[i] == SIM_CONTEXT_DEVICE) {
			if (!sim_is((void *)properties[i + 1], SIM_TYPE_DEVICE))
				return SIM_INVALID_DEVICE;
			any = true;
		} else if (properties[i] == SIM_CONTEXT_PACE) {
			if (properties[i + 1] < 0 || properties[i + 1] > MAX_PACE)
				return SIM_INVALID_VALUE;
			*pace = properties[i + 1];
		} else {
			return SIM_INVALID_VALUE;
		}
	}
	*count = i + 1;
	return any ? SIM_OK : SIM_INVALID_VALUE;
}

sim_context sim_context_create(const intptr_t *properties,
			       void (*notify)(const char *text, const void *data, size_t size,
					      void *userdata),
			       void *userdata, sim_status *status)
{
	struct sim_context_s *c;
	uint64_t pace = 0;
	size_t count;
	sim_status ret = check_properties(properties, &count, &pace);

	if (ret)
		return sim_created(NULL, ret, status);
	c = sim_object_new(SIM_TYPE_CONTEXT, sizeof(*c) + count * sizeof(intptr_t),
			   context_destroy);
	if (!c)
		return sim_created(NULL, SIM_OUT_OF_MEMORY, status);
	c->notify = notify;
	c->userdata = userdata;
	c->pace = pace;
	c->property_count = count;
	memcpy(c->properties, properties, count * sizeof(intptr_t));
	return sim_created(c, SIM_OK, status);
}

sim_status sim_context_retain(sim_context context)
{
	return sim_retain(context, SIM_TYPE_CONTEXT, SIM_INVALID_CONTEXT);
}

sim_status sim_context_release(sim_context context)
{
	return sim_release(context, SIM_TYPE_CONTEXT, SIM_INVALID_CONTEXT);
}

/* The devices in the order of the properties. */
static sim_status answer_devices(const struct sim_context_s *c, size_t size, void *value,
				 size_t *size_ret)
{
	sim_device list[c->property_count];
	size_t n = 0;

	for (size_t i = 0; c->properties[i]; i += 2)
		if (c->properties[i] == SIM_CONTEXT_DEVICE)
			list[n++] = (sim_device)c->properties[i + 1];
	return sim_answer(size, value, size_ret, list, n * sizeof(list[0]));
}

sim_status sim_context_info(sim_context context, sim_info what, size_t size, void *value,
			    size_t *size_ret)
{
	uint32_t refs;

	if (!sim_is(context, SIM_TYPE_CONTEXT))
		return SIM_INVALID_CONTEXT;
	switch (what) {
	case SIM_CONTEXT_REFERENCES:
		refs = sim_refs(context);
		return sim_answer(size, value, size_ret, &refs, sizeof(refs));
	case SIM_CONTEXT_DEVICES:
		return answer_devices(context, size, value, size_ret);
	case SIM_CONTEXT_PROPERTIES:
		return sim_answer(size, value, size_ret, context->properties,
				  context->property_count * sizeof(intptr_t));
	}
	return SIM_INVALID_VALUE;
}

bool sim_context_has(const struct sim_context_s *context, const struct sim_device_s *device)
{
	for (size_t i = 0; context->properties[i]; i += 2)
		if (context->properties[i] == SIM_CONTEXT_DEVICE &&
		    context->properties[i + 1] == (intptr_t)device)
			return true;
	return false;
}
