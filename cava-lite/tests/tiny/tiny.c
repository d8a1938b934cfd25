// SPDX-License-Identifier: Apache-2.0
/*
 * tiny.c - the spec of the API of the round-trip tests
 */
#include <errno.h>

#include <cava.h>

#include "tiny.h"

ava_api(tiny, 3, 7);
ava_status(tiny_status, TINY_OK, ava_errno == ENOMEM ? TINY_NO_MEMORY : TINY_LOST);
ava_unsupported_status(TINY_NOT_THERE);

typedef tiny_box tiny_box ava_handle(TINY_BAD_BOX) ava_lifetime(tiny_retain, tiny_release);
typedef tiny_note tiny_note ava_handle(TINY_BAD_NOTE)
	ava_lifetime(tiny_note_retain, tiny_note_release);

ava_guest uint32_t tiny_caller(void);
ava_guest tiny_status tiny_check_scale(double by);
ava_guest tiny_status tiny_local_version(uint32_t *version);
ava_guest void tiny_count_call(void);
ava_guest void tiny_count_sent(void);
ava_guest tiny_status tiny_get_sent(uint32_t *count);
ava_server void tiny_fail_note(tiny_note *note);
ava_server tiny_status tiny_where_from(tiny_box box, uint32_t *caller, uint32_t who);
ava_guest void tiny_add_refs(tiny_box box, uint32_t *refs);
ava_server tiny_status tiny_native_refs(tiny_box box, uint32_t *refs);
ava_server tiny_status tiny_count_handles(uint32_t *count);
struct ava_bulk;
ava_server tiny_status tiny_fetch_direct(tiny_box box, size_t step, size_t size, struct ava_bulk *to);
ava_server tiny_status tiny_store_direct(tiny_box box, size_t step, size_t size, struct ava_bulk *from);
ava_server int tiny_slot_is_box(tiny_box box, uint32_t index);
ava_server void tiny_keep(tiny_box box, void *bytes);

tiny_status tiny_root(tiny_box *root ava_out) ava_id(1);
tiny_box tiny_create(const intptr_t *properties ava_in ava_list
			ava_list_handle(TINY_PROP_PARENT, tiny_box),
		     tiny_status *status ava_status_out) ava_id(2) ava_new;
tiny_status tiny_retain(tiny_box box ava_retains) ava_id(3);
tiny_status tiny_release(tiny_box box ava_releases) ava_id(4);
tiny_status tiny_refs(tiny_box box, uint32_t *refs ava_out) ava_id(5)
	ava_server_replace(tiny_native_refs) ava_guest_after(tiny_add_refs(box, refs));
tiny_status tiny_ask(tiny_box box, uint32_t what, size_t size,
		     void *value ava_out ava_bytes(size) ava_valid(*size_ret)
			ava_handles_if(what == TINY_ASK_PARENT || what == TINY_ASK_CHILDREN, tiny_box)
			ava_list_if(what == TINY_ASK_PROPERTIES, TINY_PROP_PARENT, tiny_box),
		     size_t *size_ret ava_out) ava_id(6)
	ava_cached_if(what == TINY_ASK_SIZE || what == TINY_ASK_PARENT);
tiny_status tiny_write(tiny_box box, size_t offset, size_t size,
		       const void *bytes ava_in ava_bytes(size), int blocking,
		       tiny_note *note ava_out ava_new) ava_id(7) ava_sync_if(blocking)
	ava_async_failed(tiny_fail_note(note));
tiny_status tiny_read(tiny_box box, size_t offset, size_t size,
		      void *bytes ava_out ava_bytes(size)) ava_id(8) ava_cost(1);
tiny_status tiny_flip(uint32_t n, uint32_t *values ava_inout ava_count(n)) ava_id(9);
tiny_status tiny_join(uint32_t n, const char **strings ava_strings(n, lengths),
		      const size_t *lengths ava_in ava_count(n), size_t room,
		      char *joined ava_out ava_count(room) ava_valid(*needed),
		      size_t *needed ava_out) ava_id(10);
tiny_status tiny_name(tiny_box box, const char *name ava_string) ava_id(11);
tiny_status tiny_sum(uint32_t n, const tiny_box *boxes ava_in ava_count(n) ava_invalid(TINY_BAD_LIST)
			ava_nullable,
		     uint64_t *sum ava_out) ava_id(12);
tiny_status tiny_split(tiny_box box, uint32_t n,
		       tiny_box *parts ava_out ava_new ava_count(n) ava_valid(*count),
		       uint32_t *count ava_out) ava_id(13);
tiny_status tiny_set(tiny_box box, uint32_t index, size_t size, const void *value ava_in
			ava_bytes(size) ava_maybe_handle(tiny_slot_is_box(box, index), tiny_box))
	ava_id(14);
tiny_status tiny_describe(const struct tiny_desc *desc ava_in ava_field_handle(box, tiny_box)
			ava_field_buffer(values, desc->value_count),
			uint64_t *digest ava_out) ava_id(15);
tiny_status tiny_scale(double by, float *result ava_out) ava_id(16)
	ava_guest_before(tiny_check_scale(by)) ava_guest_after(tiny_count_call()) ava_guest_finally(tiny_count_sent());
tiny_status tiny_wait(uint32_t n, const tiny_note *notes ava_in ava_count(n)) ava_id(17) ava_may_wait;
tiny_status tiny_note_release(tiny_note note ava_releases) ava_id(18) ava_async;
tiny_status tiny_note_retain(tiny_note note ava_retains) ava_id(19);
tiny_status tiny_each(tiny_box box, void (*fn)(tiny_box box ava_is(box), void *data) ava_callback(data),
		      void *data) ava_id(20);
tiny_status tiny_when(tiny_box box, void (*fn)(tiny_box box ava_is(box), tiny_box root, int value ava_lost(-99),
					       void *data) ava_callback(data), void *data) ava_id(36);
tiny_box tiny_watched(void (*fn)(const char *text ava_string, const void *bytes ava_in ava_bytes(n), size_t n,
				 void *data) ava_callback_many(data), void *data,
		      tiny_status *status ava_status_out) ava_id(37) ava_new;
tiny_status tiny_at_end(tiny_box box, void (*fn)(tiny_box box ava_was(box), void *data) ava_callback(data),
			void *data) ava_id(38);
tiny_status tiny_tag(tiny_box box, void *tag ava_opaque) ava_id(21);
tiny_status tiny_tagged(tiny_box box, uint64_t *tag ava_out) ava_id(22);
tiny_status tiny_poke(tiny_box box, uint8_t value) ava_id(23) ava_async;
tiny_status tiny_where(tiny_box box, uint32_t *caller ava_out) ava_id(24)
	ava_implicit(uint32_t, who, tiny_caller()) ava_server_replace(tiny_where_from);
tiny_status tiny_old(int n) ava_unsupported;
tiny_status tiny_version(uint32_t *version) ava_guest_replace(tiny_local_version);
tiny_box tiny_wrap(size_t size, void *bytes ava_in ava_bytes(size) ava_kept(tiny_keep),
		   tiny_status *status ava_status_out) ava_id(27) ava_new;
tiny_box tiny_parent(tiny_box box) ava_id(28);
uint32_t tiny_plus(uint32_t a, uint32_t b) ava_id(29) ava_returns(77);
void tiny_nothing(void) ava_id(30);
uint32_t tiny_asked(void) ava_id(34);
tiny_note tiny_note_failed(void) ava_id(35) ava_new;
tiny_status tiny_sent(uint32_t *count) ava_guest_replace(tiny_get_sent);
tiny_status tiny_handles(uint32_t *count ava_out) ava_id(31) ava_server_replace(tiny_count_handles);
tiny_status tiny_fetch(tiny_box box, size_t step, size_t size, void *to ava_out ava_bytes(size) ava_direct)
	ava_id(32) ava_server_replace(tiny_fetch_direct);
tiny_status tiny_store(tiny_box box, size_t step, size_t size,
		       const void *from ava_in ava_bytes(size) ava_direct)
	ava_id(33) ava_server_replace(tiny_store_direct);
