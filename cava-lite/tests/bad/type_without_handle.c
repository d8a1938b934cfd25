// SPDX-License-Identifier: Apache-2.0
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
typedef thing thing ava_immortal; // expect: annotated type 'thing' is nothing yet: expected ava_handle(error)
void f(int n) ava_id(1);
