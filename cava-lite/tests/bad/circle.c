// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <cava.h>
ava_api(bad, 1, 0);
ava_pure static inline size_t sum(const void *p) { return p ? 1 : 0; }
int f(const char *a ava_in ava_bytes(sum(b)), // expect: the size of 'a' depends on itself: expected sizes in an order
      const size_t *b ava_in ava_bytes(sum(a))) ava_id(1);
