// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
int f(const long *l ava_in ava_list_counted(3) ava_list_handle(1, thing)) ava_id(1); // expect: list 'l' is not one of pairs: expected ava_list with ava_list_handle
