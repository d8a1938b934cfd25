// SPDX-License-Identifier: Apache-2.0
/* Handles: found, new by return and by pointer, arrays both ways, retain and release. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

int gold_first(thing *t ava_out) ava_id(1);
thing gold_make(int kind, int *err ava_status_out) ava_id(2) ava_new;
thing gold_owner(thing t) ava_id(3);
int gold_event(thing t, thing with ava_keeps, thing *event ava_out ava_new) ava_id(4);
thing gold_copy(thing t) ava_id(10) ava_new ava_keeps_nothing;
int gold_all(unsigned int n, thing *v ava_out ava_count(n) ava_valid(*count),
	     unsigned int *count ava_out) ava_id(5);
int gold_split(unsigned int n, thing *v ava_out ava_new ava_count(n)) ava_id(6);
int gold_wait(unsigned int n, const thing *v ava_in ava_count(n) ava_invalid(-9)) ava_id(7);
int gold_keep(thing t ava_retains) ava_id(8);
int gold_drop(thing t ava_releases) ava_id(9);
