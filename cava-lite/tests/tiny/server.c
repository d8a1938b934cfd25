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

tiny_status tiny_native_refs(tiny_box box, uint32_t *refs)
{
	tiny_status status = tiny_refs(box, refs);

	if (!status && refs)
		*refs -= ava_handle_extra_refs(box, AVA_T_tiny_box);
	return status;
}

tiny_status tiny_count_handles(uint32_t *count)
{
	if (!count)
		return TINY_BAD_VALUE;
	*count = ava_handle_count();
	return TINY_OK;
}
