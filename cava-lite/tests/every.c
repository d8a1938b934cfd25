// SPDX-License-Identifier: Apache-2.0
/* Every annotation, on functions that have a use for it; quoted by Documentation/cava-lite.rst. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <cava.h>

typedef int demo_status;
typedef struct demo_board_s *demo_board;
typedef struct demo_slot_s *demo_slot;
typedef struct demo_box_s *demo_box;
typedef struct demo_job_s *demo_job;
struct ava_bulk;

enum { DEMO_OK, DEMO_LOST = -1, DEMO_NO_MEMORY = -2, DEMO_NOT_HERE = -3, DEMO_NO_BOARD = -4,
	DEMO_FEW = -5, DEMO_BAD_BOARD = -6, DEMO_BAD_SLOT = -7, DEMO_BAD_BOX = -8,
	DEMO_BAD_JOB = -9, DEMO_BAD_JOBS = -10 };
enum { DEMO_SIZE, DEMO_PARENT, DEMO_COUNT, DEMO_MADE_OF, DEMO_KEY_BOARD, DEMO_KEY_PARENT };

struct demo_shape {
	demo_box frame;
	const uint32_t *sides;
	uint32_t count;
};

struct demo_loader {
	demo_status (*demo_boards)(uint32_t n, demo_board *boards, uint32_t *count);
};

/* the API */
ava_api(demo, 1, 0);
ava_status(demo_status, DEMO_OK, ava_errno == ENOMEM ? DEMO_NO_MEMORY : DEMO_LOST);
ava_unsupported_status(DEMO_NOT_HERE);
ava_dispatch_table(struct demo_loader);

/* helpers: of both sides, of the guest, of the server */
ava_pure static inline size_t demo_area(size_t width, size_t height)
{
	return width && height > SIZE_MAX / width ? SIZE_MAX : width * height;
}
ava_guest demo_status demo_room(size_t size);
ava_guest uint64_t demo_thread(void);
ava_guest size_t demo_plan_length(const intptr_t *plan);
ava_guest demo_status demo_version_here(uint32_t *version);
ava_guest void demo_made(demo_box box);
ava_guest void demo_seen(void);
ava_server void demo_all_boards(void);
ava_server demo_status demo_room_here(size_t size);
ava_server void demo_count_box(demo_box box);
ava_server void demo_fail(demo_job *job, demo_status status);
ava_server void demo_keep_bytes(demo_box box, void *bytes);
ava_server int demo_slot_holds(demo_box box, uint32_t slot);
ava_server demo_status demo_run_as(demo_box box, uint64_t thread);
ava_server demo_status demo_pull(demo_box box, size_t size, struct ava_bulk *from);

/* types: never released; so, and every process has the same; with a count; without */
typedef demo_slot demo_slot ava_handle(DEMO_BAD_SLOT) ava_immortal;
typedef demo_board demo_board ava_handle(DEMO_BAD_BOARD) ava_immortal_all(demo_all_boards);
typedef demo_box demo_box ava_handle(DEMO_BAD_BOX) ava_lifetime(demo_retain, demo_release);
typedef demo_job demo_job ava_handle(DEMO_BAD_JOB) ava_lifetime(demo_forget);

/* the first call of all says that there is no board where there is no AvA; a loader finds it by name */
demo_status demo_boards(uint32_t n, demo_board *boards ava_out ava_count(n) ava_valid(*count),
	uint32_t *count ava_out)
	ava_id(1) ava_export ava_error(DEMO_NO_BOARD) ava_outputs_if(ret == DEMO_OK || ret == DEMO_FEW);

/* slots of a board never change: asked for once */
demo_status demo_board_slot(demo_board board, uint32_t index, demo_slot *slot ava_out)
	ava_id(2) ava_cached;

/* a new object; what it is made of, in pairs, stays usable while it lives; its memory counts */
demo_box demo_create(demo_board board, size_t width, size_t height,
	const intptr_t *made_of ava_in ava_list ava_list_handle(DEMO_KEY_PARENT, demo_box),
	demo_box lid ava_nullable ava_keeps, demo_status *status ava_status_out)
	ava_id(3) ava_new ava_guest_before(demo_room(demo_area(width, height)))
	ava_server_before(demo_room_here(demo_area(width, height)))
	ava_guest_after(demo_made(ret)) ava_server_after(demo_count_box(ret))
	ava_allocates(memory, demo_area(width, height), DEMO_NO_MEMORY) ava_record(create);

/* a copy needs nothing of what it was copied from */
demo_box demo_copy(demo_box box) ava_id(4) ava_new ava_keeps_nothing;

/* the box uses the program's bytes as long as it lives */
demo_box demo_wrap(size_t size, void *bytes ava_in ava_bytes(size) ava_kept(demo_keep_bytes))
	ava_id(5) ava_new;

/* counted in the guest: the first is never sent, the second when it is the last */
demo_status demo_retain(demo_box box ava_retains) ava_id(6);
demo_status demo_release(demo_box box ava_releases) ava_id(7);
demo_status demo_forget(demo_job job ava_releases) ava_id(8) ava_async;

/* an answer in bytes, of which some are handles; all but the count never change */
demo_status demo_ask(demo_box box, uint32_t what, size_t size,
	void *value ava_out ava_bytes(size) ava_valid(*size_ret)
		ava_handles_if(what == DEMO_PARENT, demo_box)
		ava_list_if(what == DEMO_MADE_OF, DEMO_KEY_PARENT, demo_box),
	size_t *size_ret ava_out)
	ava_id(9) ava_cached_if(what != DEMO_COUNT);

/* bytes that may be a handle: only the server knows what the slot holds */
demo_status demo_set(demo_box box, uint32_t slot, size_t size,
	const void *value ava_in ava_bytes(size)
		ava_maybe_handle(demo_slot_holds(box, slot), demo_box))
	ava_id(10);

/* a write that need not be waited for; if it fails, its job is one that has failed */
demo_status demo_write(demo_box box, size_t size,
	const void *from ava_in ava_bytes(size) ava_valid_until(job), int wait,
	uint32_t n, const demo_job *after ava_in ava_count(n) ava_invalid(DEMO_BAD_JOBS),
	demo_job *job ava_out ava_new)
	ava_id(11) ava_sync_if(wait) ava_async_failed(demo_fail(job, ret)) ava_cost(1)
	ava_guest_finally(demo_seen());

/* the helper on the server takes the bytes to where the vendor wants them, without a copy between */
demo_status demo_store(demo_box box, size_t size,
	const void *from ava_in ava_bytes(size) ava_direct)
	ava_id(12) ava_server_replace(demo_pull);

/* in and out; text; texts with lengths */
demo_status demo_sort(uint32_t n, uint32_t *values ava_inout ava_count(n)) ava_id(13);
demo_status demo_name(demo_box box, const char *name ava_string) ava_id(14);
demo_status demo_label(demo_box box, uint32_t n, const char **lines ava_strings(n, lengths),
	const size_t *lengths ava_in ava_count(n)) ava_id(15);

/* a struct with a handle and an array behind it; a list of another shape than pairs */
demo_status demo_reshape(demo_box box,
	const struct demo_shape *shape ava_in ava_field_handle(frame, demo_box)
		ava_field_buffer(sides, shape->count)) ava_id(16);
demo_status demo_plan(demo_box box,
	const intptr_t *plan ava_in ava_list_counted(demo_plan_length(plan))) ava_id(17);

/* waits for others; the vendor is always told to; the caller's thread goes along */
demo_status demo_run(demo_box box, int wait ava_pass(1)) ava_id(18) ava_may_wait
	ava_consumes(time, 1);
demo_status demo_run_here(demo_box box) ava_id(19) ava_implicit(uint64_t, thread, demo_thread())
	ava_server_replace(demo_run_as);

/* called once, with the box of this call, or with this status if the server dies */
demo_status demo_when(demo_box box,
	void (*fn)(demo_box box ava_is(box), demo_status status ava_lost(DEMO_LOST), void *data)
		ava_callback(data), void *data) ava_id(20);
/* called when the box is no more */
demo_status demo_at_end(demo_box box,
	void (*fn)(demo_box gone ava_was(box), void *data) ava_callback(data), void *data) ava_id(21);
/* called often, with text and bytes; never called, whatever is passed */
demo_status demo_watch(demo_board board,
	void (*fn)(const char *text ava_string, const void *bytes ava_in ava_bytes(n), size_t n,
		   void *data) ava_callback_many(data), void *data) ava_id(22);
demo_status demo_hint(void (*fn)(int what, void *data) ava_callback_dropped(data), void *data)
	ava_id(23);

/* a pointer that is a number to the vendor; no status to report with */
demo_status demo_tag(demo_box box, void *tag ava_opaque) ava_id(24);
uint32_t demo_version_of(demo_box box) ava_id(25) ava_returns(0);

/* answered in the guest; never sent, with the API's error or with one of its own */
demo_status demo_version(uint32_t *version) ava_guest_replace(demo_version_here);
demo_status demo_old(int n) ava_unsupported;
demo_status demo_older(int n) ava_unsupported_with(DEMO_LOST);
