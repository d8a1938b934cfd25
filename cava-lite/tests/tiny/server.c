// SPDX-License-Identifier: Apache-2.0
/*
 * server.c - server helpers of the round-trip API
 */
#include <stdlib.h>

#include "tiny_common.h"

tiny_status tiny_where_from(tiny_box box, uint32_t *caller, uint32_t who)
{
	if (!box || !caller)
		return TINY_BAD_VALUE;
	*caller = who;
	return TINY_OK;
}

/* Slot 0 holds a box, the others numbers. */
int tiny_slot_is_box(tiny_box box, uint32_t index)
{
	return box && !index;
}

void tiny_keep(tiny_box box, void *bytes)
{
	(void)box;
	free(bytes);
}
