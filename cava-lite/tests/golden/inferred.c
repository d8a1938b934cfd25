// SPDX-License-Identifier: Apache-2.0
/* Nothing is said of the arguments: the most likely meaning, and a note. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

int gold_guess(const char *name, const uint32_t *one, uint64_t *result) ava_id(1);
