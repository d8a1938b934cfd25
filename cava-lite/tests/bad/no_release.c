// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
typedef thing thing ava_handle(-5); // expect: handle type 'thing' has no release: expected ava_lifetime(retain, release), ava_lifetime(release) or ava_immortal
int f(thing a) ava_id(1);
