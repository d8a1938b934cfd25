// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
ava_guest int twice(int n);
int f(int n, const int *a ava_in ava_count(twice(n))) ava_id(1); // expect: helper 'twice' is not available on the server: expected it declared ava_pure
