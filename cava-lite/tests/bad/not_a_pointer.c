// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
typedef int number;
typedef number number ava_handle(-5) ava_immortal; // expect: expected a pointer type, 'number' is none
int f(int a) ava_id(1);
