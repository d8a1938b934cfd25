// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
int f(int a) ava_id(65532); // expect: expected a number from 1 to 65531, not '65532'
int g(int a) ava_id(65535); // expect: expected a number from 1 to 65531, not '65535'
int h(int a) ava_id(65531);
