// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
ava_guest int check(int a);
int f(int a) ava_id(1) ava_server_before(check(a)); // expect: ava_server_before: helper 'check' is not available on the server
