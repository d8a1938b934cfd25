// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
ava_server void none(void);
int f(int a) ava_id(1) ava_async ava_async_failed(none()); // expect: ava_async_failed: expected 'f' to be asynchronous, with an argument that is ava_out ava_new
