/* SPDX-License-Identifier: GPL-2.0 */
/*
 * call.h - the life of a call, as a state machine
 *
 *   NEW --queue--> QUEUED --run--> RUNNING
 *                    |                |
 *                   end              end
 *                    |                |-- copies in progress --> ENDING
 *                    v                v                             |
 *                   DONE <--------- DONE <------- last copy ends ---+
 *
 * Whoever brings a call to DONE owns it and answers the guest. While a copy is in
 * progress the chain stays the host's, because returning it would let the guest
 * reuse memory that the copy still touches.
 */
#ifndef AVA_CALL_H
#define AVA_CALL_H

#include <linux/types.h>

enum ava_call_phase {
	AVA_CALL_NEW,
	AVA_CALL_QUEUED,
	AVA_CALL_RUNNING,
	AVA_CALL_ENDING,
	AVA_CALL_DONE,
};

/**
 * struct ava_call_life - where a call is in its life
 * @phase: AVA_CALL_*
 * @copies: bulk copies in progress
 *
 * The stream's lock protects it.
 */
struct ava_call_life {
	enum ava_call_phase phase;
	u32 copies;
};

void ava_life_init(struct ava_call_life *life);
int ava_life_queue(struct ava_call_life *life);
int ava_life_run(struct ava_call_life *life);
int ava_life_end(struct ava_call_life *life);
int ava_life_copy_begin(struct ava_call_life *life);
int ava_life_copy_end(struct ava_call_life *life);

#endif /* AVA_CALL_H */
