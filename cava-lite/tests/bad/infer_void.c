// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
int f(int n, const void *p) ava_id(1); // expect: void pointer 'p' has neither direction nor size: expected ava_in or ava_out, and ava_bytes(expr)
