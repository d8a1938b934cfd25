// SPDX-License-Identifier: Apache-2.0
/* Sizes are decoded before what they size: the box behind the bytes. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

int gold_box(void *bytes ava_out ava_bytes(box[0] * box[1] * sizeof(float)),
	     const size_t *box ava_in ava_count(2)) ava_id(1);
