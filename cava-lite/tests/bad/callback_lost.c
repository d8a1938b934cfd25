// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
int f(thing t, void (*fn)(thing t ava_lost(3), void *data) ava_callback(data), void *data) ava_id(1); // expect: ava_lost: expected 't' to be a number
