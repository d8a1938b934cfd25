// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>
#include <stdint.h>
#include <cava.h>
#include "thing.h"
ava_api(bad, 1, 0);
ava_status(int, 0, -1);
struct ava_bulk;
ava_server int mv(size_t n, struct ava_bulk *p);
int f(size_t n, void *p ava_inout ava_bytes(n) ava_direct) ava_id(1) // expect: ava_direct: expected 'p' to be a buffer of plain bytes that is ava_in or ava_out
	ava_server_replace(mv);
