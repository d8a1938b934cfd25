// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
ava_server int g(int n);
int f(int n, void *p ava_out ava_bytes(8) ava_maybe_handle(g(n), thing)) ava_id(1); // expect: ava_maybe_handle: expected 'p' to be ava_in ava_bytes(expr)
