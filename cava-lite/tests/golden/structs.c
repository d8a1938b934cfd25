// SPDX-License-Identifier: Apache-2.0
/* A handle and a buffer inside a struct. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

struct order {
	uint32_t kind;
	thing on;
	const uint16_t *parts;
	uint32_t part_count;
};
int gold_order(const struct order *o ava_in ava_field_handle(on, thing)
		ava_field_buffer(parts, o->part_count)) ava_id(1);
