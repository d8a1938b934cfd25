// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
int f(size_t n, void *p ava_out ava_bytes(n) ava_direct) ava_id(1); // expect: ava_direct: expected 'f' to have a helper that moves the bytes: ava_server_replace(fn)
