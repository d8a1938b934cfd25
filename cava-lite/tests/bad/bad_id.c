// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
int f(int a) ava_id(70000); // expect: expected a number from 1 to 65531, not '70000'
int g(int a) ava_id(one); // expect: expected a number from 1 to 65531, not 'one'
