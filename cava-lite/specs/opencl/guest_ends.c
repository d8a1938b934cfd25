// SPDX-License-Identifier: Apache-2.0
/*
 * guest_ends.c - functions of the application that tell of an object's end
 *
 * Natively a release that ends an object calls them before it returns, on the thread
 * that releases. A program may free memory there, or leave right behind the release.
 */
#include <ava/callback.h>

#include "opencl_common.h"

#define ROOM	4096

/* Described in the spec; not of the API, so no header declares it. */
cl_int ocl_get_ended(size_t size, void *calls, size_t *used);

/* How many may come; too many only if one came in another way, or its call failed. */
static unsigned int expected;

void ocl_will_be_told(void)
{
	__atomic_add_fetch(&expected, 1, __ATOMIC_RELAXED);
}

void ocl_released(void)
{
	uint64_t calls[ROOM / sizeof(uint64_t)];
	size_t used;

	while (__atomic_load_n(&expected, __ATOMIC_RELAXED)) {
		used = 0;
		if (ocl_get_ended(sizeof(calls), calls, &used) || !used)
			return;
		__atomic_sub_fetch(&expected, ava_guest_run_ended(calls, used),
				   __ATOMIC_RELAXED);
	}
}
