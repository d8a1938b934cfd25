// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
thing f(void *p ava_in ava_bytes(8) ava_kept(g)) ava_id(1) ava_new; // expect: ava_kept: expected a server helper of two arguments, not 'g'
