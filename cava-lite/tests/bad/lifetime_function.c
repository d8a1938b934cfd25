// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_dorp); // expect: expected a function of the API, not 'gold_dorp'
int f(int a) ava_id(1);
