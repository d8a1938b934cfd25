// SPDX-License-Identifier: Apache-2.0
/* A spec that is made of another one, and adds to it. */
#include <cava.h>

ava_api(gold, 1, 2);
ava_import("base/base.c");

int gold_more(base_thing t, int kind) ava_id(2);
