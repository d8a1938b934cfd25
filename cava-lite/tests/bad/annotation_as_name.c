// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
int f(int a, void *p ava_in ava_bytes(a + ava_new)) ava_id(1); // expect: ava_bytes: unknown name 'ava_new'
