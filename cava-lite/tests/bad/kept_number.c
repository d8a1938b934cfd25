// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
ava_server void g(int ret, void *p);
int f(void *p ava_in ava_bytes(8) ava_kept(g)) ava_id(1); // expect: ava_kept: expected 'p' to be an input buffer of a function that returns a new handle
