// SPDX-License-Identifier: Apache-2.0
#include <cava.h>
ava_api(bad, 1, 0);
ava_import("import_itself.c"); // expect: ava_import: expected a spec that does not import this one
