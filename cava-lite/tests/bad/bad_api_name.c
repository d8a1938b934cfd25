// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(Bad-Name, 1, 0); // expect: expected a name of at most 31 of a-z, 0-9 and _, not 'Bad-Name'
int f(int a) ava_id(1);
