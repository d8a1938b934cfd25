// expect: the spec has no name: expected ava_api(name, major, minor)
// SPDX-License-Identifier: Apache-2.0
#include <cava.h>
int f(int a) ava_id(1);
