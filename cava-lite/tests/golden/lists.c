// SPDX-License-Identifier: Apache-2.0
/* Zero-terminated lists: pairs with a handle at a key, and a shape of its own. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);
ava_guest size_t gold_count(const long *list);
int gold_pairs(const intptr_t *list ava_in ava_list ava_list_handle(0x10, thing)) ava_id(1);
int gold_other(const long *list ava_in ava_list_counted(gold_count(list))) ava_id(2);
int gold_keep(thing t ava_retains) ava_id(3);
int gold_drop(thing t ava_releases) ava_id(4);
