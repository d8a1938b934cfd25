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

#endif /* AVA_SPEC_SIMACC_HELPERS_H */
