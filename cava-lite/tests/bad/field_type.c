// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
struct s { thing on; };
int f(const struct s *a ava_in ava_field_handle(on, int)) ava_id(1); // expect: ava_field_handle: expected a handle type, not 'int'
