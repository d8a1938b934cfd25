// SPDX-License-Identifier: Apache-2.0
/* Resources, recording and cost are kept in the model. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

thing gold_alloc(size_t size) ava_id(1) ava_new ava_allocates(device_memory, size, -6)
	ava_record(create) ava_cost(0);
int gold_drop(thing t ava_releases) ava_id(2) ava_consumes(device_memory, 0) ava_record(destroy);
