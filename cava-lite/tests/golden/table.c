// SPDX-License-Identifier: Apache-2.0
/* A loader's dispatch table: members without a description get stubs. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

struct gold_table {
	int (*gold_known)(thing t);
	int (*gold_unknown)(thing t, const char *name);
	thing (*gold_maker)(int kind, int *status);
	void (*gold_nothing)(void);
	void *gold_reserved;
};
ava_dispatch_table(struct gold_table);
ava_unsupported_status(-59);
int gold_known(thing t) ava_id(1);
int gold_entry(thing t) ava_id(2) ava_export;
