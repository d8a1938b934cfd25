// SPDX-License-Identifier: Apache-2.0
#include <cava.h>
ava_api(bad, 1, 0);
ava_status(number, 0, -1); // expect: ava_status: expected a type, not 'number'
void f(int n) ava_id(1);
