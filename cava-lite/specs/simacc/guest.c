// SPDX-License-Identifier: Apache-2.0
/*
 * guest.c - helpers of the simulated accelerator's spec that run in the guest
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <ava/callback.h>
#include <ava/object.h>

#include "helpers.h"

#define STATUS_TEXT(name, value, text) case value: return text;

const char *sim_guest_status_text(sim_status status)
{
	switch (status) {
	SIM_STATUSES(STATUS_TEXT)
	}
	return "unknown status";
}

void sim_guest_references(void *object, sim_info what, void *value)
{
	if (what == SIM_BUFFER_REFERENCES && value)
		*(uint32_t *)value += ava_object_refs(object) - 1;
}

/* A read whose bytes did not come yet. */
struct pending {
	struct pending *next;
	uint64_t id;
	size_t size;
	void *bytes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pending *pending_list;

uint64_t sim_guest_read_id(int blocking)
{
	static uint64_t last_id;

	return blocking ? 0 : __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
}

void sim_guest_read_begun(uint64_t id, size_t size, void *bytes)
{
	struct pending *p = id && bytes ? malloc(sizeof(*p)) : NULL;
	struct pending **pos = &pending_list;

	if (!p)
		return;
	*p = (struct pending){ NULL, id, size, bytes };
	pthread_mutex_lock(&lock);
	while (*pos)
		pos = &(*pos)->next;
	*pos = p;
	pthread_mutex_unlock(&lock);
}

/* In the spec, and so in the generated library. */
sim_status sim_fetch_read(uint64_t id, size_t size, void *bytes, uint32_t *state);

/* Another thread that observes something meanwhile waits until the bytes are there. */
void sim_guest_observed(int something)
{
	struct pending **pos = &pending_list, *p;
	uint32_t state;

	if (!something)
		return;
	pthread_mutex_lock(&lock);
	while ((p = *pos)) {
		state = SIM_READ_FAILED;
		sim_fetch_read(p->id, p->size, p->bytes, &state);
		if (state == SIM_READ_RUNS) {
			pos = &p->next;
			continue;
		}
		*pos = p->next;
		free(p);
	}
	pthread_mutex_unlock(&lock);
}

/* A function of the program's that is told of an event may look at its memory, too. */
static void before_callback(void)
{
	sim_guest_observed(1);
}

static void __attribute__((constructor)) observe_before_callbacks(void)
{
	ava_guest_before_callback = before_callback;
}
