// SPDX-License-Identifier: Apache-2.0
/*
 * guest.c - guest helpers of the round-trip API
 */
#include <ava/object.h>

#include "tiny_common.h"

static uint32_t calls;

uint32_t tiny_caller(void)
{
	return 4711;
}

tiny_status tiny_check_scale(double by)
{
	return by < 0 ? TINY_BAD_VALUE : TINY_OK;
}

void tiny_count_call(void)
{
	calls++;
}

tiny_status tiny_local_version(uint32_t *version)
{
	*version = 100 + calls;
	return TINY_OK;
}

/* The vendor's count is without the references that are counted here. */
void tiny_add_refs(tiny_box box, uint32_t *refs)
{
	*refs += ava_object_refs(box) - 1;
}

static uint32_t sent;

void tiny_count_sent(void)
{
	sent++;
}

tiny_status tiny_get_sent(uint32_t *count)
{
	*count = sent;
	return TINY_OK;
}
