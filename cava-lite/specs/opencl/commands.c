// SPDX-License-Identifier: Apache-2.0
/*
 * commands.c - commands of queues and of command buffers: imported by opencl.c
 *
 * How bytes move is told in ocl_memory.h.
 */
#include "spec.h"

/* ---- commands on buffers -------------------------------------------------------- */

/* Not of the API: reads and writes of every kind are made of these. */
cl_int ocl_read(cl_command_queue queue, cl_mem mem, const struct ocl_move *move ava_in,
	size_t size, void *bytes ava_out ava_bytes(size) ava_direct, OCL_WAITS, OCL_EVENT)
	ava_id(187) ava_may_wait ava_server_replace(ocl_server_read) ava_cost(1)
	OCL_LEARNED(ocl_move_known(queue, mem, move, OCL_LEARN_READ, size, waits, wait_list, event),
		    ocl_move_learned(queue, mem, move, OCL_LEARN_READ, event));

cl_int ocl_write(cl_command_queue queue, cl_mem mem, const struct ocl_move *move ava_in,
	size_t size, const void *bytes ava_in ava_bytes(size) ava_direct, OCL_WAITS, OCL_EVENT)
	ava_id(188) ava_may_wait ava_server_replace(ocl_server_write) ava_cost(1)
	OCL_LEARNED(ocl_move_known(queue, mem, move, OCL_LEARN_WRITE, size, waits, wait_list, event),
		    ocl_move_learned(queue, mem, move, OCL_LEARN_WRITE, event));

/* And these bring what was not there when ocl_read() or ocl_map() returned. */
cl_int ocl_collect(cl_uint n, const cl_ulong *ids ava_in ava_count(n),
	cl_int *states ava_out ava_count(n),
	size_t size, void *bytes ava_out ava_bytes(size) ava_valid(*used),
	size_t *used ava_out)
	ava_id(189) ava_server_replace(ocl_server_collect);

cl_int ocl_fetch(cl_ulong id, size_t offset, size_t size,
	void *bytes ava_out ava_bytes(size) ava_direct)
	ava_id(178) ava_server_replace(ocl_server_fetch);

cl_int ocl_wait(cl_ulong id, cl_bool for_room)
	ava_id(179) ava_may_wait ava_server_replace(ocl_server_wait);

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
	size_t offset, size_t size, void *ptr, cl_uint waits, const cl_event *wait_list,
	cl_event *event)
	ava_guest_replace(ocl_guest_read_buffer);

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
	size_t offset, size_t size, const void *ptr, cl_uint waits,
	const cl_event *wait_list, cl_event *event)
	ava_guest_replace(ocl_guest_write_buffer);

cl_int clEnqueueReadBufferRect(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
	const size_t *buffer_origin, const size_t *host_origin, const size_t *region,
	size_t buffer_row, size_t buffer_slice, size_t host_row, size_t host_slice,
	void *ptr, cl_uint waits, const cl_event *wait_list, cl_event *event)
	ava_guest_replace(ocl_guest_read_rect);

cl_int clEnqueueWriteBufferRect(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
	const size_t *buffer_origin, const size_t *host_origin, const size_t *region,
	size_t buffer_row, size_t buffer_slice, size_t host_row, size_t host_slice,
	const void *ptr, cl_uint waits, const cl_event *wait_list, cl_event *event)
	ava_guest_replace(ocl_guest_write_rect);

cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem buffer,
	const void *pattern ava_in ava_bytes(given), size_t pattern_size,
	size_t offset, size_t size, OCL_WAITS, OCL_EVENT)
	ava_id(184) ava_guest_before(ocl_host_use_range(buffer, offset, size)) ava_server_replace(ocl_server_fill) ava_cost(1)
	ava_implicit(size_t, given, ocl_pattern_bytes(pattern_size))
	OCL_LEARNED(ocl_fill_known(queue, buffer, pattern, pattern_size, offset, size, waits,
				   wait_list, event),
		    ocl_fill_learned(queue, buffer, pattern_size, offset, size, event));

cl_int clEnqueueCopyBuffer(cl_command_queue queue, cl_mem from, cl_mem to,
	size_t from_offset, size_t to_offset, size_t size, OCL_WAITS, OCL_EVENT)
	ava_id(185) ava_guest_before(ocl_host_use_copy(from, from_offset, to, to_offset, size)) ava_cost(1)
	OCL_LEARNED(ocl_copy_known(queue, from, to, from_offset, to_offset, size, waits,
				   wait_list, event),
		    ocl_copy_learned(queue, from, to, to_offset, size, event));

cl_int clEnqueueCopyBufferRect(cl_command_queue queue, cl_mem from, cl_mem to,
	OCL_XYZ(from_origin), OCL_XYZ(to_origin), OCL_XYZ(region),
	size_t from_row, size_t from_slice, size_t to_row, size_t to_slice,
	OCL_WAITS, OCL_EVENT)
	ava_id(186) ava_guest_before(ocl_host_use(from, to)) ava_cost(1)
	OCL_LEARNED(ocl_box_known(queue, from, to, OCL_LEARN_RECT, from_origin, to_origin,
				  region, from_row, from_slice, to_row, to_slice,
				  waits, wait_list, event),
		    ocl_box_learned(queue, from, to, OCL_LEARN_RECT, from_origin, to_origin,
				    region, from_row, from_slice, to_row, to_slice, event));

/* ---- commands on images --------------------------------------------------------- */

cl_int clEnqueueReadImage(cl_command_queue queue, cl_mem image, cl_bool blocking,
	const size_t *origin, const size_t *region, size_t row, size_t slice, void *ptr,
	cl_uint waits, const cl_event *wait_list, cl_event *event)
	ava_guest_replace(ocl_guest_read_image);

cl_int clEnqueueWriteImage(cl_command_queue queue, cl_mem image, cl_bool blocking,
	const size_t *origin, const size_t *region, size_t row, size_t slice,
	const void *ptr, cl_uint waits, const cl_event *wait_list, cl_event *event)
	ava_guest_replace(ocl_guest_write_image);

cl_int clEnqueueFillImage(cl_command_queue queue, cl_mem image,
	const void *color ava_in ava_bytes(given),
	OCL_XYZ(origin), OCL_XYZ(region), OCL_WAITS, OCL_EVENT)
	ava_id(192) ava_guest_before(ocl_host_use(image, NULL)) ava_server_replace(ocl_server_fill_image) ava_cost(1)
	ava_implicit(size_t, given, ocl_color_bytes(image))
	OCL_LEARNED(ocl_box_known(queue, NULL, image, OCL_LEARN_FILL_IMAGE, origin, NULL,
				  region, color != NULL, 0, 0, 0,
				  waits, wait_list, event),
		    ocl_box_learned(queue, NULL, image, OCL_LEARN_FILL_IMAGE, origin, NULL,
				    region, color != NULL, 0, 0, 0, event));

cl_int clEnqueueCopyImage(cl_command_queue queue, cl_mem from, cl_mem to,
	OCL_XYZ(from_origin), OCL_XYZ(to_origin), OCL_XYZ(region), OCL_WAITS, OCL_EVENT)
	ava_id(193) ava_guest_before(ocl_host_use(from, to)) ava_cost(1)
	OCL_LEARNED(ocl_box_known(queue, from, to, OCL_LEARN_IMAGE, from_origin, to_origin,
				  region, 0, 0, 0, 0,
				  waits, wait_list, event),
		    ocl_box_learned(queue, from, to, OCL_LEARN_IMAGE, from_origin, to_origin,
				    region, 0, 0, 0, 0, event));

cl_int clEnqueueCopyImageToBuffer(cl_command_queue queue, cl_mem image, cl_mem buffer,
	OCL_XYZ(origin), OCL_XYZ(region), size_t offset, OCL_WAITS, OCL_EVENT)
	ava_id(194) ava_guest_before(ocl_host_use(image, buffer)) ava_cost(1)
	OCL_LEARNED(ocl_box_known(queue, image, buffer, OCL_LEARN_FROM_IMAGE, origin, NULL,
				  region, offset, 0, 0, 0,
				  waits, wait_list, event),
		    ocl_box_learned(queue, image, buffer, OCL_LEARN_FROM_IMAGE, origin, NULL,
				    region, offset, 0, 0, 0, event));

cl_int clEnqueueCopyBufferToImage(cl_command_queue queue, cl_mem buffer, cl_mem image,
	size_t offset, OCL_XYZ(origin), OCL_XYZ(region), OCL_WAITS, OCL_EVENT)
	ava_id(195) ava_guest_before(ocl_host_use(buffer, image)) ava_cost(1)
	OCL_LEARNED(ocl_box_known(queue, buffer, image, OCL_LEARN_TO_IMAGE, NULL, origin,
				  region, offset, 0, 0, 0,
				  waits, wait_list, event),
		    ocl_box_learned(queue, buffer, image, OCL_LEARN_TO_IMAGE, NULL, origin,
				    region, offset, 0, 0, 0, event));

/* ---- mapping -------------------------------------------------------------------- */

void *clEnqueueMapBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking,
	cl_map_flags flags, size_t offset, size_t size, cl_uint waits,
	const cl_event *wait_list, cl_event *event, cl_int *err)
	ava_guest_replace(ocl_guest_map_buffer);

void *clEnqueueMapImage(cl_command_queue queue, cl_mem image, cl_bool blocking,
	cl_map_flags flags, const size_t *origin, const size_t *region, size_t *row,
	size_t *slice, cl_uint waits, const cl_event *wait_list, cl_event *event,
	cl_int *err)
	ava_guest_replace(ocl_guest_map_image);

cl_int clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem mem, void *ptr,
	cl_uint waits, const cl_event *wait_list, cl_event *event)
	ava_guest_replace(ocl_guest_unmap);

/* Not of the API: maps in the vendor's library, by the guest's name for them. */
cl_int ocl_map(cl_command_queue queue, cl_mem mem, const struct ocl_move *move ava_in,
	size_t *pitches ava_out ava_count(2),
	size_t size, void *bytes ava_out ava_bytes(size) ava_direct, OCL_WAITS, OCL_EVENT)
	ava_id(201) ava_may_wait ava_server_replace(ocl_server_map) ava_cost(1) OCL_WAITS_FOR(waits, wait_list);

cl_int ocl_unmap(cl_command_queue queue, cl_mem mem, cl_ulong id,
	size_t size, const void *bytes ava_in ava_bytes(size) ava_direct, OCL_WAITS, OCL_EVENT)
	ava_id(202) ava_server_replace(ocl_server_unmap) ava_cost(1)
	OCL_LEARNED(ocl_unmap_known(queue, mem, id, waits, wait_list, event),
		    ocl_unmap_learned(queue, mem));

cl_int clEnqueueMigrateMemObjects(cl_command_queue queue, cl_uint n,
	const cl_mem *mems ava_in ava_count(n), cl_mem_migration_flags flags,
	OCL_WAITS, OCL_EVENT)
	ava_id(200) ava_guest_before(ocl_host_use_all(n, mems)) ava_cost(1) OCL_WAITS_FOR(waits, wait_list);

/* ---- kernels to run, and order --------------------------------------------------- */

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dim,
	const size_t *offset ava_in ava_count(min(dim, 3)),
	const size_t *global ava_in ava_count(min(dim, 3)),
	const size_t *local ava_in ava_count(min(dim, 3)), OCL_WAITS, OCL_EVENT)
	ava_id(210) ava_guest_before(ocl_host_use_args(kernel)) ava_cost(2) ava_server_replace(ocl_launch)
	OCL_WAITS_FOR(waits, wait_list)
	ava_sync_if(!ocl_launch_known(queue, kernel, dim, offset, global, local, waits,
				      wait_list, event))
	ava_guest_after(ocl_launch_learned(queue, kernel, dim, offset, global, local, event))
	ava_async_failed(ocl_command_failed(queue, ret, event));

cl_int clEnqueueTask(cl_command_queue queue, cl_kernel kernel, OCL_WAITS, OCL_EVENT)
	ava_id(211) ava_guest_before(ocl_host_use_args(kernel)) ava_cost(2) ava_server_replace(ocl_task) OCL_WAITS_FOR(waits, wait_list)
	ava_guest_after(ocl_host_wrote_args(queue, kernel, event));

cl_int clEnqueueNativeKernel(cl_command_queue queue, void (CL_CALLBACK *func)(void *),
	void *args, size_t args_size, cl_uint n, const cl_mem *mems, const void **mem_places,
	OCL_WAITS, OCL_EVENT)
	ava_guest_replace(ocl_native_kernel);

/* Not of the API: a native kernel, and how its function comes to its bytes. */
cl_int ocl_enqueue_native(cl_command_queue queue,
	void (CL_CALLBACK *run)(cl_ulong id, void *data) ava_callback(user_data),
	void *user_data, cl_uint shape, size_t args_size, cl_uint n,
	const cl_mem *mems ava_in ava_count(n), OCL_WAITS, OCL_EVENT)
	ava_id(217) ava_server_replace(ocl_server_native) ava_cost(2) OCL_WAITS_FOR(waits, wait_list);

cl_int ocl_native_get(cl_ulong id, cl_uint index, size_t size,
	void *bytes ava_out ava_bytes(size))
	ava_id(218) ava_server_replace(ocl_server_native_get);

cl_int ocl_native_put(cl_ulong id, cl_uint index, size_t size,
	const void *bytes ava_in ava_bytes(size))
	ava_id(219) ava_server_replace(ocl_server_native_put);

cl_int ocl_native_done(cl_ulong id)
	ava_id(240) ava_server_replace(ocl_server_native_done);

cl_int clEnqueueMarkerWithWaitList(cl_command_queue queue, OCL_WAITS, OCL_EVENT)
	ava_id(212)
	OCL_WAITS_FOR(waits, wait_list)
	ava_sync_if(!ocl_queue_knows(queue, OCL_MARKER, waits, wait_list, event))
	ava_guest_after(ocl_queue_learns(queue, OCL_MARKER))
	ava_async_failed(ocl_command_failed(queue, ret, event));

cl_int clEnqueueBarrierWithWaitList(cl_command_queue queue, OCL_WAITS, OCL_EVENT)
	ava_id(213)
	OCL_WAITS_FOR(waits, wait_list)
	ava_sync_if(!ocl_queue_knows(queue, OCL_BARRIER, waits, wait_list, event))
	ava_guest_after(ocl_queue_learns(queue, OCL_BARRIER))
	ava_async_failed(ocl_command_failed(queue, ret, event));

cl_int clEnqueueMarker(cl_command_queue queue, OCL_EVENT)
	ava_id(214);

cl_int clEnqueueBarrier(cl_command_queue queue)
	ava_id(215);

cl_int clEnqueueWaitForEvents(cl_command_queue queue, cl_uint n,
	const cl_event *events ava_in ava_count(n) ava_nullable
		ava_invalid(CL_INVALID_EVENT_WAIT_LIST))
	ava_id(216) ava_server_replace(ocl_enqueue_wait) OCL_WAITS_FOR(n, events);

/* ---- command buffers (cl_khr_command_buffer), where the vendor has them ------------ */

cl_command_buffer_khr clCreateCommandBufferKHR(cl_uint n,
	const cl_command_queue *queues ava_in ava_count(n) ava_keeps,
	const cl_command_buffer_properties_khr *properties ava_in ava_list, OCL_ERROR)
	ava_id(220) ava_new;

cl_int clFinalizeCommandBufferKHR(cl_command_buffer_khr buffer)
	ava_id(221);

cl_int clRetainCommandBufferKHR(cl_command_buffer_khr buffer ava_retains)
	ava_id(222);

cl_int clReleaseCommandBufferKHR(cl_command_buffer_khr buffer ava_releases)
	ava_id(223) OCL_RELEASED;

cl_int clEnqueueCommandBufferKHR(cl_uint n, cl_command_queue *queues ava_in ava_count(n),
	cl_command_buffer_khr buffer, OCL_WAITS, OCL_EVENT)
	ava_id(224) ava_cost(2) OCL_WAITS_FOR(waits, wait_list);

cl_int clGetCommandBufferInfoKHR(cl_command_buffer_khr buffer,
	cl_command_buffer_info_khr name,
	OCL_VALUE ava_handles_if(name == CL_COMMAND_BUFFER_QUEUES_KHR, cl_command_queue),
	OCL_VALUE_RET)
	ava_id(225) OCL_REFS(buffer);

/*
 * What every recorded command ends with; there is no changing them later. When they run
 * is not seen here, so memory of the application that they use is left to its maps.
 */
#define OCL_SYNC cl_uint waits, \
	const cl_sync_point_khr *wait_list ava_in ava_count(waits), \
	cl_sync_point_khr *sync_point ava_out, cl_mutable_command_khr *mutable_handle ava_opaque

cl_int clCommandBarrierWithWaitListKHR(cl_command_buffer_khr record,
	cl_command_queue queue ava_nullable, OCL_SYNC)
	ava_id(226);

cl_int clCommandCopyBufferKHR(cl_command_buffer_khr record,
	cl_command_queue queue ava_nullable, cl_mem from, cl_mem to, size_t from_offset,
	size_t to_offset, size_t size, OCL_SYNC)
	ava_id(227) ava_guest_before(ocl_host_leave_two(from, to));

cl_int clCommandCopyBufferRectKHR(cl_command_buffer_khr record,
	cl_command_queue queue ava_nullable, cl_mem from, cl_mem to, OCL_XYZ(from_origin),
	OCL_XYZ(to_origin), OCL_XYZ(region), size_t from_row, size_t from_slice,
	size_t to_row, size_t to_slice, OCL_SYNC)
	ava_id(228) ava_guest_before(ocl_host_leave_two(from, to));

cl_int clCommandCopyBufferToImageKHR(cl_command_buffer_khr record,
	cl_command_queue queue ava_nullable, cl_mem buffer, cl_mem image, size_t offset,
	OCL_XYZ(origin), OCL_XYZ(region), OCL_SYNC)
	ava_id(229) ava_guest_before(ocl_host_leave_two(buffer, image));

cl_int clCommandCopyImageKHR(cl_command_buffer_khr record,
	cl_command_queue queue ava_nullable, cl_mem from, cl_mem to, OCL_XYZ(from_origin),
	OCL_XYZ(to_origin), OCL_XYZ(region), OCL_SYNC)
	ava_id(230) ava_guest_before(ocl_host_leave_two(from, to));

cl_int clCommandCopyImageToBufferKHR(cl_command_buffer_khr record,
	cl_command_queue queue ava_nullable, cl_mem image, cl_mem buffer, OCL_XYZ(origin),
	OCL_XYZ(region), size_t offset, OCL_SYNC)
	ava_id(231) ava_guest_before(ocl_host_leave_two(image, buffer));

cl_int clCommandFillBufferKHR(cl_command_buffer_khr record,
	cl_command_queue queue ava_nullable, cl_mem mem,
	const void *pattern ava_in ava_bytes(given), size_t pattern_size,
	size_t offset, size_t size, OCL_SYNC)
	ava_id(232) ava_guest_before(ocl_host_leave_two(mem, NULL))
	ava_implicit(size_t, given, ocl_pattern_bytes(pattern_size))
	ava_server_replace(ocl_record_fill);

cl_int clCommandFillImageKHR(cl_command_buffer_khr record,
	cl_command_queue queue ava_nullable, cl_mem image,
	const void *color ava_in ava_bytes(4 * sizeof(cl_uint)), OCL_XYZ(origin),
	OCL_XYZ(region), OCL_SYNC)
	ava_id(233) ava_guest_before(ocl_host_leave_two(image, NULL));

cl_int clCommandNDRangeKernelKHR(cl_command_buffer_khr record,
	cl_command_queue queue ava_nullable,
	const cl_ndrange_kernel_command_properties_khr *properties ava_in ava_list,
	cl_kernel kernel, cl_uint dim, const size_t *offset ava_in ava_count(min(dim, 3)),
	const size_t *global ava_in ava_count(min(dim, 3)),
	const size_t *local ava_in ava_count(min(dim, 3)), OCL_SYNC)
	ava_id(234) ava_guest_before(ocl_host_leave_args(kernel));
