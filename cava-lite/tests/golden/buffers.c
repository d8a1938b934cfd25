// SPDX-License-Identifier: Apache-2.0
/* Element counts, byte counts, one element, both ways, and NULL. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

int gold_in(unsigned int n, const uint32_t *v ava_in ava_count(n)) ava_id(1);
int gold_bytes(const void *p ava_in ava_bytes(size), size_t size) ava_id(2);
int gold_out(unsigned int n, double *v ava_out ava_count(n * 2 + 1)) ava_id(3);
int gold_inout(uint64_t *one ava_inout) ava_id(4);
