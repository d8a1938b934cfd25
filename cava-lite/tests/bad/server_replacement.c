// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
ava_server int g(int a);
int f(int a) ava_id(1) ava_implicit(int, b, 3) ava_server_replace(g); // expect: expected a server helper of 2 arguments, not 'g'
