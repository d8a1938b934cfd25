// SPDX-License-Identifier: Apache-2.0
/*
 * server.c - server helpers of the round-trip API
 */
#include <stdlib.h>

#include <ava/bulk.h>

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

tiny_status tiny_fetch_direct(tiny_box box, size_t step, size_t size, struct ava_bulk *to)
{
	tiny_status status = to && step ? TINY_OK : TINY_BAD_VALUE;
	uint8_t byte;
	size_t i;

	if (!status && step == 1) {
		void *all = malloc(size ? size : 1);

		status = all ? tiny_read(box, 0, size, all) : TINY_NO_MEMORY;
		if (!status && ava_bulk_push(to, 0, all, size))
			status = TINY_LOST;
		free(all);
		return status;
	}
	for (i = 0; !status && i < size; i += step) {
		status = tiny_read(box, i, 1, &byte);
		if (!status && ava_bulk_push(to, i, &byte, 1))
			status = TINY_LOST;
	}
	return status;
}

tiny_status tiny_store_direct(tiny_box box, size_t step, size_t size, struct ava_bulk *from)
{
	tiny_status status = ava_bulk_len(from) == size && step ? TINY_OK : TINY_BAD_VALUE;
	uint8_t byte;
	size_t i;

	for (i = 0; !status && i < size; i += step) {
		if (ava_bulk_pull(from, i, &byte, 1) || !ava_bulk_pull(from, size, &byte, 1))
			return TINY_LOST;
		status = tiny_write(box, i, 1, &byte, 1, NULL);
	}
	return status;
}

void tiny_fail_note(tiny_note *note)
{
	if (note)
		*note = tiny_note_failed();
}
