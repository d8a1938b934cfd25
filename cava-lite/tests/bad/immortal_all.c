// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
ava_guest void all(void);
typedef thing thing ava_handle(-5) ava_immortal_all(all); // expect: ava_immortal_all: expected a server helper without arguments, not 'all'
int f(thing a) ava_id(1);
