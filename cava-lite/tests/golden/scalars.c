// SPDX-License-Identifier: Apache-2.0
/* Values of every width go as words; nothing needs an annotation. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

int gold_values(int8_t a, uint16_t b, int c, unsigned long d, float e, double f) ava_id(1);
unsigned int gold_plain(unsigned int a) ava_id(2) ava_returns(7);
void gold_void(void) ava_id(3);
