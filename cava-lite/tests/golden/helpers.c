// SPDX-License-Identifier: Apache-2.0
/* Helpers before, after and in place of a call; hidden arguments; passed values. */
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

ava_api(gold, 1, 2);
ava_status(int, 0, -1);

#include "thing.h"
typedef thing thing ava_handle(-5) ava_lifetime(gold_keep, gold_drop);

ava_pure static inline size_t gold_area(size_t a, size_t b)
{
	return a * b;
}
ava_guest int gold_check(thing t);
ava_guest void gold_note(thing t, int how);
ava_guest int gold_cached(int *v);
ava_guest int gold_thread(void);
ava_server int gold_do(thing t, int flags, int thread);
ava_server int gold_admit(thing t, int flags);
ava_server void gold_log(int ret);
ava_server void gold_own(thing t, void *p);
int gold_run(thing t, int flags ava_pass(flags | 4)) ava_id(1) ava_guest_before(gold_check(t)) ava_server_before(gold_admit(t, flags))
	ava_guest_after(gold_note(t, ret)) ava_server_after(gold_log(ret));
int gold_quick(int *v) ava_guest_replace(gold_cached);
int gold_thread_run(thing t, int flags) ava_id(2) ava_implicit(int, thread, gold_thread())
	ava_server_replace(gold_do);
int gold_fill(size_t w, size_t h, void *p ava_out ava_bytes(gold_area(w, h))) ava_id(3);
thing gold_wrap(void *p ava_in ava_bytes(8) ava_kept(gold_own)) ava_id(4) ava_new;
