// SPDX-License-Identifier: Apache-2.0
/* An output clamped to a count that the call returns; the count may be NULL. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

int gold_info(size_t size, void *value ava_out ava_bytes(size) ava_valid(*size_ret),
	      size_t *size_ret ava_out) ava_id(1);
int gold_list(unsigned int n, uint16_t *v ava_out ava_count(n) ava_valid(*count),
	      unsigned int *count ava_out) ava_id(2) ava_outputs_if(ret == 0 || ret == -3);
