// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <cava.h>
ava_api(bad, 1, 0);
int f(size_t n, const size_t *a ava_in ava_count(n), void *p ava_out ava_bytes(*a)) ava_id(1); // expect: 'a' may have no elements: expected one with a literal count
int g(size_t n, const size_t *a ava_in ava_bytes(n), void *p ava_out ava_bytes(*a)) ava_id(2); // expect: 'a' may have no elements: expected one with a literal count
