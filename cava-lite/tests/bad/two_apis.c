// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
ava_api(worse, 1, 0); // expect: ava_api: expected once, 'bad' was declared before
int f(int n) ava_id(1);
