// SPDX-License-Identifier: Apache-2.0
/*
 * guest.c - helpers of the simulated accelerator's spec that run in the guest
 */
#include "helpers.h"

#define STATUS_TEXT(name, value, text) case value: return text;

const char *sim_guest_status_text(sim_status status)
{
	switch (status) {
	SIM_STATUSES(STATUS_TEXT)
	}
	return "unknown status";
}
