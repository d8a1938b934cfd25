// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
int f(int t, void (*fn)(int t ava_was(t), void *data) ava_callback(data), void *data) ava_id(1); // expect: ava_was: expected 't' to be a handle
