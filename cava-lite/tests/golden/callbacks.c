// SPDX-License-Identifier: Apache-2.0
/* Function pointers: once and often, with values, objects, strings and bytes. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
typedef void (*gold_simple)(int code, void *data);

int gold_when(thing t, int at, void (*fn)(thing t ava_is(t), int status ava_lost(-14), void *data)
		ava_callback(data), void *data) ava_id(1);
thing gold_open(void (*fn)(const char *text ava_string, const void *info ava_in ava_bytes(n), size_t n,
			   void *data) ava_callback_many(data), void *data, int *err ava_status_out)
	ava_id(2) ava_new;
thing gold_make(thing t, void (*fn)(thing made ava_is(ret), thing with, void *data) ava_callback(data),
		void *data) ava_id(3) ava_new;
int gold_at_end(thing t, void (*fn)(thing t ava_was(t), void *data) ava_callback(data), void *data)
	ava_id(4);
int gold_any(gold_simple fn ava_callback(data), void *data) ava_id(5);
