// SPDX-License-Identifier: Apache-2.0
/*
 * server.c - helpers of the simulated accelerator's spec that run in the API server
 */
#include <pthread.h>
#include <stdlib.h>

#include "simacc_common.h"

void sim_server_references(void *object, sim_info what, void *value)
{
	if (what != SIM_BUFFER_REFERENCES || !value)
		return;
	/* it has a handle of one type */
	for (uint32_t type = 1; type < AVA_T_COUNT; type++)
		*(uint32_t *)value -= ava_handle_extra_refs(object, type);
}

/* ---- reads that do not block -------------------------------------------------------- */

struct transfer {
	struct transfer *next;
	uint64_t id;
	size_t size;
	void *bytes;
	sim_event event;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct transfer *transfer_list;

static void transfer_free(struct transfer *t)
{
	if (t->event)
		sim_event_release(t->event);
	free(t->bytes);
	free(t);
}

/* A read that will be refused needs no memory. */
static struct transfer *transfer_new(sim_buffer buffer, size_t size, uint64_t id)
{
	struct transfer *t = calloc(1, sizeof(*t));
	uint64_t all = 0;

	if (!t)
		return NULL;
	sim_buffer_info(buffer, SIM_BUFFER_SIZE, sizeof(all), &all, NULL);
	t->id = id;
	t->size = size <= all ? size : 0;
	t->bytes = malloc(t->size ? t->size : 1);
	if (t->bytes)
		return t;
	free(t);
	return NULL;
}

static void transfer_add(struct transfer *t)
{
	pthread_mutex_lock(&lock);
	t->next = transfer_list;
	transfer_list = t;
	pthread_mutex_unlock(&lock);
}

sim_status sim_server_read(sim_queue queue, sim_buffer buffer, int blocking, size_t offset,
			   size_t size, void *bytes, uint32_t waits, const sim_event *wait_list,
			   sim_event *event, uint64_t id)
{
	struct transfer *t;
	sim_status ret;

	if (blocking || !bytes)
		return sim_enqueue_read(queue, buffer, blocking, offset, size, bytes, waits,
					wait_list, event);
	t = transfer_new(buffer, size, id);
	if (!t)
		return SIM_OUT_OF_MEMORY;
	ret = sim_enqueue_read(queue, buffer, 0, offset, size, t->bytes, waits, wait_list,
			       &t->event);
	if (ret) {
		transfer_free(t);
		return ret;
	}
	if (event) {
		sim_event_retain(t->event);
		*event = t->event;
	}
	transfer_add(t);
	return SIM_OK;
}

/* Under the lock: the transfer of that name if it is over, unlinked. */
static struct transfer *transfer_over(uint64_t id, sim_status *status)
{
	struct transfer **pos = &transfer_list, *t;

	while ((t = *pos) && t->id != id)
		pos = &t->next;
	*status = SIM_INVALID_VALUE;
	if (!t)
		return NULL;
	sim_event_info(t->event, SIM_EVENT_STATUS, sizeof(*status), status, NULL);
	if (*status == SIM_NOT_READY)
		return NULL;
	*pos = t->next;
	return t;
}

sim_status sim_server_fetch(uint64_t id, size_t size, void *bytes, uint32_t *state)
{
	struct transfer *t;
	sim_status status;

	pthread_mutex_lock(&lock);
	t = transfer_over(id, &status);
	pthread_mutex_unlock(&lock);
	*state = status == SIM_NOT_READY ? SIM_READ_RUNS : status ? SIM_READ_FAILED : SIM_READ_DONE;
	if (!status && bytes && size == t->size)
		memcpy(bytes, t->bytes, size);
	if (t)
		transfer_free(t);
	return SIM_OK;
}

/* ---- writes that do not block --------------------------------------------------------- */

static void free_copy(sim_event event, sim_status status, void *copy)
{
	(void)event;
	(void)status;
	free(copy);
}

sim_status sim_server_write(sim_queue queue, sim_buffer buffer, int blocking, size_t offset,
			    size_t size, const void *bytes, uint32_t waits,
			    const sim_event *wait_list, sim_event *event)
{
	void *copy = blocking || !bytes ? NULL : malloc(size ? size : 1);
	sim_event done;
	sim_status ret;

	if (!copy)
		return blocking || !bytes ?
		       sim_enqueue_write(queue, buffer, blocking, offset, size, bytes, waits,
					 wait_list, event) : SIM_OUT_OF_MEMORY;
	memcpy(copy, bytes, size);
	ret = sim_enqueue_write(queue, buffer, 0, offset, size, copy, waits, wait_list, &done);
	if (ret) {
		free(copy);
		return ret;
	}
	sim_event_on_complete(done, free_copy, copy);
	if (event)
		*event = done;
	else
		sim_event_release(done);
	return SIM_OK;
}
