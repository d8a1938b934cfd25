// SPDX-License-Identifier: Apache-2.0
/* What import.c imports. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

#include "base.h"

ava_api(base, 1, 0);
ava_status(int, 0, -1);

typedef base_thing base_thing ava_handle(-5) ava_lifetime(base_keep, base_drop);

int base_do(base_thing t, size_t n, const void *p ava_in ava_bytes(n)) ava_id(1);
int base_keep(base_thing t ava_retains);
int base_drop(base_thing t ava_releases) ava_id(3);
