// expect: the spec describes no function
// SPDX-License-Identifier: Apache-2.0
#include <cava.h>
ava_api(bad, 1, 0);
