// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
struct s { int n; };
int f(const struct s *a ava_in ava_field_buffer(parts, 1)) ava_id(1); // expect: has no pointer member 'parts'
