// SPDX-License-Identifier: Apache-2.0
/* Buffers whose bytes a server helper moves. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

struct ava_bulk;
ava_server int gold_move_out(size_t n, struct ava_bulk *p);
ava_server int gold_move_in(size_t n, struct ava_bulk *p);

int gold_read(size_t n, void *p ava_out ava_bytes(n) ava_direct) ava_id(1)
	ava_server_replace(gold_move_out);
int gold_write(size_t n, const int *p ava_in ava_count(n) ava_direct) ava_id(2)
	ava_server_replace(gold_move_in);
