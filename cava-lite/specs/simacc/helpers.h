/* SPDX-License-Identifier: Apache-2.0 */
/*
 * helpers.h - what the annotations of this spec cannot say
 */
#ifndef AVA_SPEC_SIMACC_HELPERS_H
#define AVA_SPEC_SIMACC_HELPERS_H

#include <errno.h>

#include <cava.h>
#include <simacc.h>

/* ---- both sides --------------------------------------------------------------------- */

/* A copy that the library refuses at once: the guest waits for its answer. */
ava_pure static inline int sim_is_no_copy(const struct sim_copy *copy)
{
	return !copy || !copy->from || !copy->to;
}

/* ---- guest ------------------------------------------------------------------------ */

/* Texts are the header's. */
ava_guest const char *sim_guest_status_text(sim_status status);

/* The program's references: all but one are counted here. All SIM_*_REFERENCES are 1. */
ava_guest void sim_guest_references(void *object, sim_info what, void *value);

/*
 * A read that does not block fills memory of the server. The guest keeps a list of
 * them, and fetches what is complete before the program can know that it is.
 */
ava_guest uint64_t sim_guest_read_id(int blocking);
ava_guest void sim_guest_read_begun(uint64_t id, size_t size, void *bytes);
ava_guest void sim_guest_observed(int something);

/* ---- server ----------------------------------------------------------------------- */

/* Without the references that the server itself has. */
ava_server void sim_server_references(void *object, sim_info what, void *value);

ava_server sim_status sim_server_read(sim_queue queue, sim_buffer buffer, int blocking,
				      size_t offset, size_t size, void *bytes, uint32_t waits,
				      const sim_event *wait_list, sim_event *event, uint64_t id);
ava_server sim_status sim_server_fetch(uint64_t id, size_t size, void *bytes, uint32_t *state);

/* The bytes of a write that does not block must outlive its call. */
ava_server sim_status sim_server_write(sim_queue queue, sim_buffer buffer, int blocking,
				       size_t offset, size_t size, const void *bytes,
				       uint32_t waits, const sim_event *wait_list,
				       sim_event *event);

enum { SIM_READ_RUNS, SIM_READ_DONE, SIM_READ_FAILED };

#endif /* AVA_SPEC_SIMACC_HELPERS_H */
