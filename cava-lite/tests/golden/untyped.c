// SPDX-License-Identifier: Apache-2.0
/* Handles inside untyped bytes, by the value of another argument. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

int gold_ask(thing t, int what, size_t size,
	     void *value ava_out ava_bytes(size) ava_valid(*got) ava_handles_if(what == 1, thing)
		ava_list_if(what == 2, 0x10, thing),
	     size_t *got ava_out) ava_id(1);
int gold_tell(int what, size_t size,
	      const void *value ava_in ava_bytes(size) ava_handles_if(what == 1, thing)) ava_id(2);
ava_server int gold_is_thing(thing t, int index);
int gold_set(thing t, int index, size_t size,
	     const void *value ava_in ava_bytes(size)
		ava_maybe_handle(gold_is_thing(t, index), thing)) ava_id(3);
