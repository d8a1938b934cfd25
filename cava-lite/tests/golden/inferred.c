// SPDX-License-Identifier: Apache-2.0
/* Nothing is said of the arguments: the most likely meaning, and a note. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

int gold_guess(const char *name, const uint32_t *one, uint64_t *result) ava_id(1);
int gold_put(thing t, size_t size, const void *bytes) ava_id(2);
int gold_get(thing t, void *bytes, size_t size) ava_id(3);
int gold_wait(unsigned int n, const thing *list) ava_id(4);
int gold_list(unsigned int n, thing *list, unsigned int *found) ava_id(5);
int gold_first(thing t, thing *first) ava_id(6);
