// SPDX-License-Identifier: Apache-2.0
#include <cava.h>
ava_api(bad, 1, 0);
ava_import("../bad"); // expect: cannot read ./bad/../bad: expected a spec there
