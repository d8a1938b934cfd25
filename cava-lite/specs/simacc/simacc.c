// SPDX-License-Identifier: Apache-2.0
/*
 * simacc.c - the simulated accelerator
 *
 * The example of Documentation/tutorial-simacc.rst, which quotes it.
 */
#include "helpers.h"

ava_api(simacc, 1, 0);
ava_status(sim_status, SIM_OK, ava_errno == ENOMEM ? SIM_OUT_OF_MEMORY : SIM_DEVICE_LOST);

typedef sim_device sim_device ava_handle(SIM_INVALID_DEVICE) ava_immortal;
typedef sim_context sim_context ava_handle(SIM_INVALID_CONTEXT)
	ava_lifetime(sim_context_retain, sim_context_release);
typedef sim_queue sim_queue ava_handle(SIM_INVALID_QUEUE)
	ava_lifetime(sim_queue_retain, sim_queue_release);
typedef sim_buffer sim_buffer ava_handle(SIM_INVALID_BUFFER)
	ava_lifetime(sim_buffer_retain, sim_buffer_release);
typedef sim_kernel sim_kernel ava_handle(SIM_INVALID_KERNEL)
	ava_lifetime(sim_kernel_retain, sim_kernel_release);
typedef sim_event sim_event ava_handle(SIM_INVALID_EVENT)
	ava_lifetime(sim_event_retain, sim_event_release);

#define SIM_ANSWER \
	size_t size, void *value ava_out ava_bytes(size) ava_valid(*size_ret)
#define SIM_ANSWER_SIZE size_t *size_ret ava_out
#define SIM_COUNTED(object) ava_server_after(sim_server_references(object, what, value)) \
	ava_guest_after(sim_guest_references(object, what, value))

/* What every command ends with. */
#define SIM_WAITS uint32_t waits, \
	const sim_event *wait_list ava_in ava_count(waits) ava_invalid(SIM_INVALID_WAIT_LIST)
#define SIM_EVENT sim_event *event ava_out ava_new

/* ---- library and devices ---------------------------------------------------------- */

sim_status sim_get_version(uint32_t *version ava_out) ava_id(1) ava_cached;

const char *sim_status_text(sim_status status) ava_guest_replace(sim_guest_status_text);

sim_status sim_get_devices(uint32_t n, sim_device *devices ava_out ava_count(n) ava_valid(*count),
	uint32_t *count ava_out) ava_id(2) ava_cached;

sim_status sim_device_info(sim_device device, sim_info what, SIM_ANSWER, SIM_ANSWER_SIZE)
	ava_id(3) ava_cached_if(what != SIM_DEVICE_MEMORY_USED && what != SIM_DEVICE_LOST_STATE);

sim_status sim_inject(sim_device device, uint32_t n,
	const struct sim_fault *faults ava_in ava_count(n)) ava_id(4);

/* ---- contexts ------------------------------------------------------------------------ */

sim_context sim_context_create(
	const intptr_t *properties ava_in ava_list ava_list_handle(SIM_CONTEXT_DEVICE, sim_device),
	void (*notify)(const char *text ava_string, const void *data ava_in ava_bytes(size),
		       size_t size, void *data_of_program) ava_callback_many(userdata),
	void *userdata, sim_status *status ava_status_out) ava_id(10) ava_new;

sim_status sim_context_retain(sim_context context ava_retains) ava_id(11);
sim_status sim_context_release(sim_context context ava_releases) ava_id(12) ava_async;

sim_status sim_context_info(sim_context context, sim_info what,
	SIM_ANSWER ava_handles_if(what == SIM_CONTEXT_DEVICES, sim_device)
		ava_list_if(what == SIM_CONTEXT_PROPERTIES, SIM_CONTEXT_DEVICE, sim_device),
	SIM_ANSWER_SIZE) ava_id(13) SIM_COUNTED(context);

/* ---- buffers ------------------------------------------------------------------------- */

sim_buffer sim_buffer_create(sim_context context, sim_device device, uint32_t flags, size_t size,
	const void *init ava_in ava_bytes(flags & SIM_BUFFER_COPY ? size : 0),
	sim_status *status ava_status_out)
	ava_id(20) ava_new ava_allocates(device_memory, size, SIM_OUT_OF_DEVICE_MEMORY);

sim_status sim_buffer_retain(sim_buffer buffer ava_retains) ava_id(21);
sim_status sim_buffer_release(sim_buffer buffer ava_releases) ava_id(22) ava_async;

sim_status sim_buffer_info(sim_buffer buffer, sim_info what,
	SIM_ANSWER ava_handles_if(what == SIM_BUFFER_CONTEXT, sim_context)
		ava_handles_if(what == SIM_BUFFER_DEVICE, sim_device),
	SIM_ANSWER_SIZE) ava_id(23) SIM_COUNTED(buffer);

sim_status sim_buffer_on_destroy(sim_buffer buffer,
	void (*fn)(sim_buffer buffer ava_was(buffer), void *data) ava_callback(userdata),
	void *userdata) ava_id(24);

/* ---- kernels ------------------------------------------------------------------------- */

sim_kernel sim_kernel_create(sim_context context, const char *name ava_string,
	sim_status *status ava_status_out) ava_id(30) ava_new;

sim_status sim_kernel_retain(sim_kernel kernel ava_retains) ava_id(31);
sim_status sim_kernel_release(sim_kernel kernel ava_releases) ava_id(32) ava_async;

sim_status sim_kernel_info(sim_kernel kernel, sim_info what,
	SIM_ANSWER ava_handles_if(what == SIM_KERNEL_CONTEXT, sim_context),
	SIM_ANSWER_SIZE) ava_id(33) SIM_COUNTED(kernel);

sim_status sim_kernel_set_buffer(sim_kernel kernel, uint32_t index, sim_buffer buffer) ava_id(34);

sim_status sim_kernel_set_value(sim_kernel kernel, uint32_t index, size_t size,
	const void *value ava_in ava_bytes(size)) ava_id(35);

/* ---- queues and commands ------------------------------------------------------------- */

sim_queue sim_queue_create(sim_context context, sim_device device,
	sim_status *status ava_status_out) ava_id(40) ava_new;

sim_status sim_queue_retain(sim_queue queue ava_retains) ava_id(41);
sim_status sim_queue_release(sim_queue queue ava_releases) ava_id(42) ava_async;

sim_status sim_queue_info(sim_queue queue, sim_info what,
	SIM_ANSWER ava_handles_if(what == SIM_QUEUE_CONTEXT, sim_context)
		ava_handles_if(what == SIM_QUEUE_DEVICE, sim_device),
	SIM_ANSWER_SIZE) ava_id(43) SIM_COUNTED(queue);

sim_status sim_queue_finish(sim_queue queue)
	ava_id(44) ava_may_wait ava_guest_finally(sim_guest_observed(1));

sim_status sim_enqueue_write(sim_queue queue, sim_buffer buffer, int blocking, size_t offset,
	size_t size, const void *bytes ava_in ava_bytes(size) ava_valid_until(event),
	SIM_WAITS, SIM_EVENT)
	ava_id(50) ava_sync_if(blocking) ava_may_wait ava_server_replace(sim_server_write)
	ava_guest_finally(sim_guest_observed(blocking)) ava_cost(1);

sim_status sim_enqueue_read(sim_queue queue, sim_buffer buffer, int blocking, size_t offset,
	size_t size, void *bytes ava_out ava_bytes(blocking ? size : 0), SIM_WAITS, SIM_EVENT)
	ava_id(51) ava_sync_if(blocking) ava_may_wait ava_server_replace(sim_server_read)
	ava_implicit(uint64_t, id, sim_guest_read_id(blocking))
	ava_guest_after(sim_guest_read_begun(id, size, bytes))
	ava_guest_finally(sim_guest_observed(blocking)) ava_cost(1);

/* Not of the API: what fetches the bytes of a read that did not block. */
sim_status sim_fetch_read(uint64_t id, size_t size,
	void *bytes ava_out ava_bytes(size) ava_valid(*state == SIM_READ_DONE ? size : 0),
	uint32_t *state ava_out) ava_id(54) ava_server_replace(sim_server_fetch);

sim_status sim_enqueue_copy(sim_queue queue,
	const struct sim_copy *copy ava_in ava_field_handle(from, sim_buffer)
		ava_field_handle(to, sim_buffer),
	SIM_WAITS, SIM_EVENT) ava_id(52) ava_sync_if(sim_is_no_copy(copy)) ava_cost(1);

sim_status sim_enqueue_launch(sim_queue queue, sim_kernel kernel,
	const struct sim_launch *launch ava_in ava_field_buffer(items, min(launch->dims, 2)),
	SIM_WAITS, SIM_EVENT) ava_id(53) ava_async ava_cost(2);

/* ---- events ------------------------------------------------------------------------- */

sim_event sim_event_create(sim_context context, sim_status *status ava_status_out)
	ava_id(60) ava_new;

sim_status sim_event_set(sim_event event, sim_status status) ava_id(61);

sim_status sim_event_retain(sim_event event ava_retains) ava_id(62);
sim_status sim_event_release(sim_event event ava_releases) ava_id(63) ava_async;

sim_status sim_event_info(sim_event event, sim_info what,
	SIM_ANSWER ava_handles_if(what == SIM_EVENT_CONTEXT, sim_context)
		ava_handles_if(what == SIM_EVENT_QUEUE, sim_queue),
	SIM_ANSWER_SIZE) ava_id(64) SIM_COUNTED(event) ava_guest_finally(sim_guest_observed(1));

sim_status sim_events_wait(uint32_t n, const sim_event *events ava_in ava_count(n))
	ava_id(65) ava_may_wait ava_guest_finally(sim_guest_observed(1));

sim_status sim_event_on_complete(sim_event event,
	void (*fn)(sim_event event ava_is(event), sim_status status ava_lost(SIM_DEVICE_LOST),
		   void *data) ava_callback(userdata),
	void *userdata) ava_id(66);
