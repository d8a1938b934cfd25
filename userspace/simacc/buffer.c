// SPDX-License-Identifier: Apache-2.0
/*
 * buffer.c - device memory
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static void buffer_destroy(void *object)
{
	struct sim_buffer_s *b = object;
	struct sim_told *told, *next;

	free(b->bytes);
	sim_device_give_back(b->device, b->size);
	for (told = b->told; told; told = next) {
		next = told->next;
		told->buffer(b, told->userdata);
		free(told);
	}
	sim_unuse(b->context);
	free(b);
}

static sim_status buffer_check(struct sim_context_s *context, struct sim_device_s *device,
			       uint32_t flags, size_t size, const void *init)
{
	if (!sim_is(context, SIM_TYPE_CONTEXT))
		return SIM_INVALID_CONTEXT;
	if (!sim_is(device, SIM_TYPE_DEVICE) || !sim_context_has(context, device))
		return SIM_INVALID_DEVICE;
	if (flags & ~SIM_BUFFER_COPY || !(flags & SIM_BUFFER_COPY) != !init)
		return SIM_INVALID_VALUE;
	return size ? SIM_OK : SIM_INVALID_SIZE;
}

sim_buffer sim_buffer_create(sim_context context, sim_device device, uint32_t flags, size_t size,
			     const void *init, sim_status *status)
{
	sim_status ret = buffer_check(context, device, flags, size, init);
	struct sim_buffer_s *b;

	if (!ret)
		ret = sim_device_take(device, size);
	if (ret)
		return sim_created(NULL, ret, status);
	b = sim_object_new(SIM_TYPE_BUFFER, sizeof(*b), buffer_destroy);
	if (b)
		b->bytes = calloc(1, size);
	if (!b || !b->bytes) {
		free(b);
		sim_device_give_back(device, size);
		return sim_created(NULL, SIM_OUT_OF_MEMORY, status);
	}
	b->context = sim_use(context);
	b->device = device;
	b->flags = flags;
	b->size = size;
	if (init)
		memcpy(b->bytes, init, size);
	return sim_created(b, SIM_OK, status);
}

sim_status sim_buffer_retain(sim_buffer buffer)
{
	return sim_retain(buffer, SIM_TYPE_BUFFER, SIM_INVALID_BUFFER);
}

sim_status sim_buffer_release(sim_buffer buffer)
{
	return sim_release(buffer, SIM_TYPE_BUFFER, SIM_INVALID_BUFFER);
}

sim_status sim_buffer_info(sim_buffer buffer, sim_info what, size_t size, void *value,
			   size_t *size_ret)
{
	uint64_t bytes;
	uint32_t refs;

	if (!sim_is(buffer, SIM_TYPE_BUFFER))
		return SIM_INVALID_BUFFER;
	switch (what) {
	case SIM_BUFFER_REFERENCES:
		refs = sim_refs(buffer);
		return sim_answer(size, value, size_ret, &refs, sizeof(refs));
	case SIM_BUFFER_SIZE:
		bytes = buffer->size;
		return sim_answer(size, value, size_ret, &bytes, sizeof(bytes));
	case SIM_BUFFER_FLAGS:
		return sim_answer(size, value, size_ret, &buffer->flags, sizeof(buffer->flags));
	case SIM_BUFFER_CONTEXT:
		return sim_answer(size, value, size_ret, &buffer->context,
				  sizeof(buffer->context));
	case SIM_BUFFER_DEVICE:
		return sim_answer(size, value, size_ret, &buffer->device, sizeof(buffer->device));
	}
	return SIM_INVALID_VALUE;
}

sim_status sim_buffer_on_destroy(sim_buffer buffer, void (*fn)(sim_buffer buffer, void *userdata),
				 void *userdata)
{
	struct sim_told *told;

	if (!sim_is(buffer, SIM_TYPE_BUFFER))
		return SIM_INVALID_BUFFER;
	if (!fn)
		return SIM_INVALID_VALUE;
	told = malloc(sizeof(*told));
	if (!told)
		return SIM_OUT_OF_MEMORY;
	told->buffer = fn;
	told->userdata = userdata;
	pthread_mutex_lock(&sim_lock);
	told->next = buffer->told;
	buffer->told = told;
	pthread_mutex_unlock(&sim_lock);
	return SIM_OK;
}
