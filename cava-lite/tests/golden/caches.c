// SPDX-License-Identifier: Apache-2.0
/* Answers that are kept; what runs behind every call; what stands for a handle that failed. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

ava_guest void gold_look(void);
ava_server void gold_fail(thing t, thing *done, int ret);

int gold_size(thing t, size_t *n ava_out) ava_id(1) ava_cached;
int gold_ask(thing t, int what, size_t size, void *v ava_out ava_bytes(size)) ava_id(2)
	ava_cached_if(what != 3);
int gold_version(int *v ava_out) ava_id(3) ava_cached;
int gold_start(thing t, thing *done ava_out ava_new) ava_id(4) ava_async
	ava_async_failed(gold_fail(t, done, ret));
int gold_wait(thing t) ava_id(5) ava_guest_finally(gold_look());
int gold_keep(thing t ava_retains);
int gold_drop(thing t ava_releases) ava_id(6);
