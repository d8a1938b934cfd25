// SPDX-License-Identifier: Apache-2.0
/* Asynchronous calls: always, and unless an argument asks to wait. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

int gold_poke(thing t, int value) ava_id(1) ava_async;
int gold_write(thing t, const void *p ava_in ava_bytes(n) ava_valid_until(done), size_t n,
	       int blocking, thing *done ava_out ava_new) ava_id(2) ava_sync_if(blocking);
int gold_finish(thing t) ava_id(3) ava_may_wait ava_cost(2);
