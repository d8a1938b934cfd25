// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_import("nothing.c"); // expect: ava_import: cannot read ./bad/nothing.c: expected a spec there
