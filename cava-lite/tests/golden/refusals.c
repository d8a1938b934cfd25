// SPDX-License-Identifier: Apache-2.0
/* What is not supported: by status, by pointer, by a stub; callbacks. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

int gold_old(int n) ava_unsupported;
int gold_gone(int n) ava_unsupported_with(-77);
void *gold_map(thing t) ava_unsupported;
int gold_each(thing t, void (*fn)(thing t, void *data) ava_callback(data), void *data) ava_id(1);
int gold_hear(void (*fn)(int what, void *data) ava_callback_dropped(data), void *data) ava_id(2);
int gold_tag(thing t, void *tag ava_opaque) ava_id(3);
