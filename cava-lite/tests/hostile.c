// SPDX-License-Identifier: Apache-2.0
/*
 * hostile.c - calls that no guest library makes, to the OpenCL server and the vendor's library
 *
 * The generated server and its helpers are built with the sanitizers, the vendor's
 * library is this machine's. Objects are made here and named as a guest would; what
 * the server does with the calls must be an answer, and never memory that is not its.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <ava/callback.h>
#include <ava/cs_serve.h>
#include <ava/server.h>

#include "hostile.h"

#define KIB	1024u
#define SIZE	(1024 * KIB)	/* of the buffer */

int ava_api_dispatch(struct ava_server_call *call);
void ava_api_init(void);

static cl_context context;
static cl_command_queue queue;
static cl_mem buffer;
static uint64_t next_handle = 1, context_h, queue_h, buffer_h;

/* ---- calls ----------------------------------------------------------------------------- */

struct message {
	uint64_t words[256];
	size_t n;
	struct ava_ring_seg segs[2];
	bool async;
	uint64_t reply[512];
};

static void put(struct message *m, uint64_t word)
{
	m->words[m->n++] = word;
}

static void put_bytes(struct message *m, const void *p, size_t len)
{
	put(m, AVA_CS_BUF_INLINE);
	put(m, len);
	memcpy(&m->words[m->n], p, len);
	m->n += (len + 7) / 8;
}

/* Segment 1. */
static void put_segment(struct message *m, uint64_t len, uint32_t dir)
{
	m->segs[1] = (struct ava_ring_seg){ .len = len, .flags = dir };
	put(m, AVA_CS_BUF_SEGMENT | 1 << AVA_CS_BUF_INDEX_SHIFT);
	put(m, len);
}

static void put_room(struct message *m, size_t len)
{
	put(m, AVA_CS_BUF_INLINE);
	put(m, len);
}

#define NEW_MESSAGE(name) struct message name = { .n = AVA_CS_HEAD }

/* What the function gave back; 1 if the arguments do not decode. */
static cl_int answer(struct message *m, uint32_t func)
{
	struct ava_server_call call = {
		.func = func, .flags = m->async ? AVA_CALL_ASYNC : 0, .args = (void *)m->words,
		.args_len = m->n * sizeof(m->words[0]), .segs = m->segs, .seg_count = 2,
		.reply = (void *)m->reply, .reply_cap = sizeof(m->reply),
	};

	return ava_api_dispatch(&call) ? 1 : (cl_int)m->reply[1];
}

static uint64_t name(void *native, uint32_t type)
{
	uint64_t h;

	assert_int_equal(ava_handle_adopt(ava_handle_make(next_handle++, type, false), native,
					  type, false, &h), 0);
	return h;
}

static void put_waits(struct message *m, uint64_t event)
{
	put(m, AVA_CS_BUF_NULL);
	if (event)
		m->words[m->n - 1] = AVA_CS_BUF_INLINE;
	if (event)
		put(m, sizeof(event));
	if (event)
		put(m, event);
}

/* ocl_read() and ocl_write(); @wait: an event or 0. */
static cl_int transfer(uint32_t func, const struct ocl_move *move, uint64_t size, uint64_t wait)
{
	NEW_MESSAGE(m);

	put(&m, queue_h);
	put(&m, buffer_h);
	put(&m, size);
	put(&m, wait ? 1 : 0);
	if (move)
		put_bytes(&m, move, sizeof(*move));
	else
		put(&m, AVA_CS_BUF_NULL);
	if (size)
		put_segment(&m, size, func == AVA_F_ocl_read ? AVA_SEG_FROM_HOST :
							       AVA_SEG_TO_HOST);
	else
		put(&m, AVA_CS_BUF_NULL);
	put_waits(&m, wait);
	put(&m, 0);
	return answer(&m, func);
}

static cl_int map_of(uint64_t mem_h, const struct ocl_move *move, bool pitches)
{
	NEW_MESSAGE(m);

	put(&m, queue_h);
	put(&m, mem_h);
	put(&m, 0);
	put(&m, 0);
	if (move)
		put_bytes(&m, move, sizeof(*move));
	else
		put(&m, AVA_CS_BUF_NULL);
	if (pitches)
		put_room(&m, 2 * sizeof(size_t));
	else
		put(&m, AVA_CS_BUF_NULL);
	put(&m, AVA_CS_BUF_NULL);
	put(&m, AVA_CS_BUF_NULL);
	put(&m, 0);
	return answer(&m, AVA_F_ocl_map);
}

static cl_int map(const struct ocl_move *move, bool pitches)
{
	return map_of(buffer_h, move, pitches);
}

static cl_int unmap(cl_ulong id, uint64_t size)
{
	NEW_MESSAGE(m);

	put(&m, queue_h);
	put(&m, buffer_h);
	put(&m, id);
	put(&m, size);
	put(&m, 0);
	if (size)
		put_segment(&m, size, AVA_SEG_TO_HOST);
	else
		put(&m, AVA_CS_BUF_NULL);
	put(&m, AVA_CS_BUF_NULL);
	put(&m, 0);
	return answer(&m, AVA_F_ocl_unmap);
}

static cl_int fetch(cl_ulong id, uint64_t offset, uint64_t size)
{
	NEW_MESSAGE(m);

	put(&m, id);
	put(&m, offset);
	put(&m, size);
	put_segment(&m, size, AVA_SEG_FROM_HOST);
	return answer(&m, AVA_F_ocl_fetch);
}

static cl_int finish(void)
{
	NEW_MESSAGE(m);

	put(&m, queue_h);
	return answer(&m, AVA_F_clFinish);
}

static struct ocl_move buffer_move(cl_ulong id, size_t size)
{
	return (struct ocl_move){
		.id = id, .kind = OCL_MOVE_BUFFER, .map_flags = CL_MAP_READ | CL_MAP_WRITE,
		.flags = OCL_ORIGIN | OCL_REGION | OCL_POINTER | OCL_BYTES | OCL_BLOCKING,
		.region = { size, 1, 1 },
	};
}

/* ---- transfers ------------------------------------------------------------------------- */

/* The vendor's library sees a row; ours would follow a pitch out of what it mapped. */
static void test_rows_of_a_buffer(void **state)
{
	struct ocl_move move = buffer_move(0, 256 * KIB);

	(void)state;
	assert_int_equal(transfer(AVA_F_ocl_write, &move, 256 * KIB, 0), CL_SUCCESS);
	move.region[1] = 2;
	move.host_row = 1ul << 40;
	assert_int_equal(transfer(AVA_F_ocl_write, &move, 512 * KIB, 0), CL_INVALID_VALUE);
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 512 * KIB, 0), CL_INVALID_VALUE);
	move.region[1] = 0;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 0, 0), CL_INVALID_VALUE);
}

static void test_unknown_kind(void **state)
{
	struct ocl_move move = buffer_move(0, 64);

	(void)state;
	move.kind = OCL_MOVE_IMAGE + 1;
	assert_int_equal(transfer(AVA_F_ocl_write, &move, 64, 0), CL_INVALID_VALUE);
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 64, 0), CL_INVALID_VALUE);
	assert_int_equal(map(&move, true), CL_INVALID_VALUE);
}

/* Here the way to the first row saturates, and there it would wrap. */
static void test_far_rows(void **state)
{
	struct ocl_move move = {
		.kind = OCL_MOVE_RECT,
		.flags = OCL_ORIGIN | OCL_HOST_ORIGIN | OCL_REGION | OCL_POINTER | OCL_BYTES |
			 OCL_BLOCKING,
		.region = { 16, 1, 1 }, .host_origin = { 5000, 1ul << 40 }, .host_row = 1ul << 30,
	};

	(void)state;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 16, 0), CL_OUT_OF_HOST_MEMORY);
	assert_int_equal(transfer(AVA_F_ocl_write, &move, 16, 0), CL_OUT_OF_HOST_MEMORY);
	move.host_origin[1] = 0;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 16, 0), CL_SUCCESS);
}

static void test_sizes_that_differ(void **state)
{
	struct ocl_move move = buffer_move(0, 64);

	(void)state;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 63, 0), CL_INVALID_VALUE);
	assert_int_equal(transfer(AVA_F_ocl_write, &move, 65, 0), CL_INVALID_VALUE);
	assert_int_equal(transfer(AVA_F_ocl_write, &move, 0, 0), CL_INVALID_VALUE);
}

static void test_nothing_given(void **state)
{
	(void)state;
	assert_int_equal(transfer(AVA_F_ocl_read, NULL, 64, 0), CL_INVALID_VALUE);
	assert_int_equal(transfer(AVA_F_ocl_write, NULL, 64, 0), CL_INVALID_VALUE);
	assert_int_equal(map(NULL, true), CL_INVALID_VALUE);
}

/* A name that is in use: the second read would have nowhere to stay. */
static void test_name_twice(void **state)
{
	struct ocl_move move = buffer_move(7, 64);

	(void)state;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 0, 0), CL_SUCCESS);
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 0, 0), CL_INVALID_VALUE);
	assert_int_equal(fetch(7, 0, 65), CL_INVALID_VALUE);
	assert_int_equal(fetch(7, 65, 0), CL_INVALID_VALUE);
	assert_int_equal(fetch(7, ~0ul, 2), CL_INVALID_VALUE);
	assert_int_equal(fetch(7, 0, 64), CL_SUCCESS);
	assert_int_equal(fetch(7, 0, 64), CL_INVALID_VALUE);
}

static uint64_t gate_h;

/* As another thread of the guest could. */
static void read_under_same_name(void)
{
	struct ocl_move move = buffer_move(8, 300 * KIB);

	move.flags &= ~OCL_BLOCKING;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 0, gate_h), CL_SUCCESS);
}

/* While bytes are fetched their name goes to a read under way: that one must stay. */
static void test_name_taken_over(void **state)
{
	struct ocl_move move = buffer_move(8, 64);
	cl_event other = clCreateUserEvent(context, NULL);

	(void)state;
	gate_h = name(other, AVA_T_cl_event);
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 0, 0), CL_SUCCESS);
	when_pushed = read_under_same_name;
	assert_int_equal(fetch(8, 0, 64), CL_SUCCESS);
	clSetUserEventStatus(other, CL_COMPLETE);
	clFinish(queue);
	assert_int_equal(fetch(8, 0, 300 * KIB), CL_SUCCESS);
}

/* ---- maps ------------------------------------------------------------------------------ */

static void test_maps(void **state)
{
	struct ocl_move move = buffer_move(20, 64 * KIB);

	(void)state;
	move.region[1] = 4096;
	assert_int_equal(map(&move, true), CL_INVALID_VALUE);
	move.region[1] = 1;
	assert_int_equal(map(&move, false), CL_INVALID_VALUE);
	move.kind = OCL_MOVE_RECT;
	assert_int_equal(map(&move, true), CL_INVALID_VALUE);
	move.kind = OCL_MOVE_BUFFER;
	assert_int_equal(map(&move, true), CL_SUCCESS);
	assert_int_equal(unmap(20, 64 * KIB + 1), CL_INVALID_VALUE);
	assert_int_equal(fetch(20, 0, 64 * KIB + 1), CL_INVALID_VALUE);
	assert_int_equal(unmap(20, 64 * KIB), CL_SUCCESS);
	assert_int_equal(unmap(20, 64 * KIB), CL_INVALID_VALUE);
}

/* PoCL takes any pitch; the last row would end far behind the image. */
static void test_map_of_odd_rows(void **state)
{
	cl_image_format format = { CL_RGBA, CL_UNORM_INT8 };
	cl_image_desc desc = { .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 4096,
			       .image_height = 2, .image_row_pitch = 16 };
	struct ocl_move move = {
		.id = 22, .kind = OCL_MOVE_IMAGE, .map_flags = CL_MAP_READ | CL_MAP_WRITE,
		.flags = OCL_ORIGIN | OCL_REGION | OCL_BYTES | OCL_BLOCKING | OCL_ROW | OCL_SLICE,
		.region = { 4096, 2, 1 },
	};
	static char bytes[4096 * 4 * 2];
	cl_mem image = clCreateImage(context, CL_MEM_COPY_HOST_PTR, &format, &desc, bytes, NULL);
	uint64_t image_h;

	(void)state;
	if (!image)
		return;
	image_h = name(image, AVA_T_cl_mem);
	assert_int_equal(map_of(image_h, &move, true), CL_INVALID_VALUE);
	assert_int_equal(fetch(22, 0, 4096 * 4 * 2), CL_INVALID_VALUE);
	/* and as it should be */
	desc.image_row_pitch = 0;
	image = clCreateImage(context, CL_MEM_COPY_HOST_PTR, &format, &desc, bytes, NULL);
	assert_int_equal(map_of(name(image, AVA_T_cl_mem), &move, true), CL_SUCCESS);
	assert_int_equal(fetch(22, 0, 4096 * 4 * 2), CL_SUCCESS);
}

/* A read is no map. */
static void test_unmap_of_a_read(void **state)
{
	struct ocl_move move = buffer_move(21, 64);

	(void)state;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 0, 0), CL_SUCCESS);
	assert_int_equal(unmap(21, 64), CL_INVALID_VALUE);
	assert_int_equal(fetch(21, 0, 64), CL_SUCCESS);
}

/* ---- lists of transfers ------------------------------------------------------------------ */

static cl_int collect(bool ids, bool states, bool bytes, bool used)
{
	cl_ulong id = 30;
	NEW_MESSAGE(m);

	put(&m, 1);
	put(&m, 64);
	if (ids)
		put_bytes(&m, &id, sizeof(id));
	else
		put(&m, AVA_CS_BUF_NULL);
	if (states)
		put_room(&m, sizeof(cl_int));
	else
		put(&m, AVA_CS_BUF_NULL);
	if (bytes)
		put_room(&m, 64);
	else
		put(&m, AVA_CS_BUF_NULL);
	if (used)
		put_room(&m, sizeof(size_t));
	else
		put(&m, AVA_CS_BUF_NULL);
	return answer(&m, AVA_F_ocl_collect);
}

static void test_collect(void **state)
{
	struct ocl_move move = buffer_move(30, 64);

	(void)state;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 0, 0), CL_SUCCESS);
	assert_int_equal(collect(false, true, true, true), CL_INVALID_VALUE);
	assert_int_equal(collect(true, false, true, true), CL_INVALID_VALUE);
	assert_int_equal(collect(true, true, false, true), CL_INVALID_VALUE);
	assert_int_equal(collect(true, true, false, false), CL_INVALID_VALUE);
	assert_int_equal(collect(true, true, true, true), CL_SUCCESS);
}

static void test_facts(void **state)
{
	NEW_MESSAGE(m);

	(void)state;
	put(&m, buffer_h);
	put(&m, AVA_CS_BUF_NULL);
	assert_int_equal(answer(&m, AVA_F_ocl_get_facts), CL_INVALID_VALUE);
}

/* ---- memory that is shorter than it should be --------------------------------------------- */

static cl_int create_buffer(cl_mem_flags flags, size_t size, size_t given)
{
	NEW_MESSAGE(m);

	put(&m, ava_handle_make(next_handle++, AVA_T_cl_mem, false));
	put(&m, given);
	put(&m, 0x1000);
	put(&m, context_h);
	put(&m, flags);
	put(&m, size);
	put_segment(&m, given, AVA_SEG_TO_HOST);
	return answer(&m, AVA_F_clCreateBuffer);
}

static void test_host_memory(void **state)
{
	(void)state;
	assert_int_equal(create_buffer(CL_MEM_COPY_HOST_PTR, SIZE, 1), CL_INVALID_HOST_PTR);
	assert_int_equal(create_buffer(CL_MEM_USE_HOST_PTR, SIZE, SIZE - 1), CL_INVALID_HOST_PTR);
	assert_int_equal(create_buffer(CL_MEM_COPY_HOST_PTR, 4096, 4096), CL_SUCCESS);
	assert_int_equal(create_buffer(CL_MEM_USE_HOST_PTR, 4096, 4096), CL_SUCCESS);
}

static cl_int mark(cl_ulong id, size_t size)
{
	NEW_MESSAGE(m);

	put(&m, queue_h);
	put(&m, 0);
	put(&m, 1);	/* of the buffer above */
	put(&m, id);
	put(&m, 0);
	put(&m, size);
	return answer(&m, AVA_F_ocl_host_mark);
}

/*
 * The name of a read: taken out for a moment another thread's read could get it, and
 * the memory into which the first one goes would be freed.
 */
static void test_mark_of_a_read(void **state)
{
	struct ocl_move move = buffer_move(40, 64);

	(void)state;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 0, 0), CL_SUCCESS);
	assert_int_equal(mark(40, 16), CL_INVALID_VALUE);
	assert_int_equal(fetch(40, 0, 64), CL_SUCCESS);
	assert_int_equal(mark(41, 16), CL_SUCCESS);
	assert_int_equal(mark(41, 4096), CL_SUCCESS);
	assert_int_equal(mark(41, 4097), CL_SUCCESS);
	finish();
	assert_int_equal(fetch(41, 0, 4097), CL_INVALID_VALUE);
	assert_int_equal(fetch(41, 0, 4096), CL_SUCCESS);
}

/* Forgetting what is no memory's, or is at work: what a read or a map has must stay. */
static void test_forget_others(void **state)
{
	struct ocl_move move = buffer_move(43, 300 * KIB);
	cl_event other = clCreateUserEvent(context, NULL);

	(void)state;
	gate_h = name(other, AVA_T_cl_event);
	assert_int_equal(mark(42, 0), CL_SUCCESS);
	move.flags &= ~OCL_BLOCKING;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, 0, gate_h), CL_SUCCESS);
	assert_int_equal(mark(43, 0), CL_SUCCESS);
	clSetUserEventStatus(other, CL_COMPLETE);
	assert_int_equal(finish(), CL_SUCCESS);
	assert_int_equal(fetch(43, 0, 300 * KIB), CL_SUCCESS);
	move = buffer_move(44, 64 * KIB);
	assert_int_equal(map(&move, true), CL_SUCCESS);
	assert_int_equal(mark(44, 0), CL_SUCCESS);
	assert_int_equal(unmap(44, 64 * KIB), CL_SUCCESS);
}

static void forget(void)
{
	assert_int_equal(mark(45, 0), CL_SUCCESS);
}

static void test_forget(void **state)
{
	cl_event other = clCreateUserEvent(context, NULL);

	(void)state;
	clEnqueueBarrierWithWaitList(queue, 1, &other, NULL);
	assert_int_equal(mark(45, 16), CL_SUCCESS);
	assert_int_equal(mark(45, 0), CL_SUCCESS);
	assert_int_equal(fetch(45, 0, 16), CL_INVALID_VALUE);
	clSetUserEventStatus(other, CL_COMPLETE);
	clReleaseEvent(other);
	assert_int_equal(mark(45, 16), CL_SUCCESS);
	assert_int_equal(unmap(45, 16), CL_INVALID_VALUE);
	finish();
	when_pushed = forget;
	assert_int_equal(fetch(45, 0, 16), CL_SUCCESS);
	assert_int_equal(mark(45, 0), CL_SUCCESS);
}

static cl_int create_image(size_t width, size_t height, size_t given)
{
	cl_image_format format = { CL_RGBA, CL_UNORM_INT8 };
	cl_image_desc desc = { .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = width,
			       .image_height = height };
	NEW_MESSAGE(m);

	put(&m, ava_handle_make(next_handle++, AVA_T_cl_mem, false));
	put(&m, given);
	put(&m, 0x1000);
	put(&m, context_h);
	put(&m, CL_MEM_COPY_HOST_PTR);
	put_bytes(&m, &format, sizeof(format));
	put_bytes(&m, &desc, sizeof(desc));
	put(&m, 0);	/* of the description's object */
	put_segment(&m, given, AVA_SEG_TO_HOST);
	return answer(&m, AVA_F_clCreateImage);
}

static void test_image_memory(void **state)
{
	(void)state;
	assert_int_equal(create_image(64, 64, 64 * 64 * 4), CL_SUCCESS);
	assert_int_equal(create_image(64, 64, 64 * 64 * 4 - 1), CL_INVALID_HOST_PTR);
	assert_int_equal(create_image(1ul << 40, 1ul << 40, 64), CL_INVALID_HOST_PTR);
}

static cl_int fill(size_t pattern_size, size_t given)
{
	static const char zeros[128];
	NEW_MESSAGE(m);

	put(&m, given);
	put(&m, queue_h);
	put(&m, buffer_h);
	put(&m, pattern_size);
	put(&m, 0);
	put(&m, 256);
	put(&m, 0);
	put_bytes(&m, zeros, given);
	put(&m, AVA_CS_BUF_NULL);
	put(&m, 0);
	return answer(&m, AVA_F_clEnqueueFillBuffer);
}

static void test_pattern(void **state)
{
	(void)state;
	assert_int_equal(fill(16, 16), CL_SUCCESS);
	assert_int_equal(fill(128, 1), CL_INVALID_VALUE);
	assert_int_equal(fill(16, 0), CL_INVALID_VALUE);
	assert_int_equal(fill(3, 0), CL_INVALID_VALUE);
}

/* ---- transfers that are executed at once --------------------------------------------------- */

/*
 * The queue was idle, and then somebody holds it: who writes and reads without blocking
 * is the one that would let go.
 */
static void test_held_after_all(void **state)
{
	struct ocl_move move = buffer_move(0, OCL_AT_ONCE_MIN);
	uint64_t small_h = buffer_h;
	unsigned char last = 0;
	cl_mem large = clCreateBuffer(context, 0, OCL_AT_ONCE_MIN, NULL, NULL);

	(void)state;
	buffer_h = name(large, AVA_T_cl_mem);
	clFinish(queue);
	gate = clCreateUserEvent(context, NULL);
	move.flags &= ~OCL_BLOCKING;
	assert_int_equal(transfer(AVA_F_ocl_write, &move, OCL_AT_ONCE_MIN, 0), CL_SUCCESS);
	assert_true(held);
	move.id = 77;
	assert_int_equal(transfer(AVA_F_ocl_read, &move, OCL_AT_ONCE_MIN, 0), CL_SUCCESS);
	assert_int_equal(fetch(77, 0, 64), CL_INVALID_VALUE);
	clSetUserEventStatus(gate, CL_COMPLETE);
	clReleaseEvent(gate);
	gate = NULL;
	held = false;
	clFinish(queue);
	assert_int_equal(fetch(77, 0, OCL_AT_ONCE_MIN), CL_SUCCESS);
	clEnqueueReadBuffer(queue, large, CL_TRUE, OCL_AT_ONCE_MIN - 1, 1, &last, 0, NULL, NULL);
	assert_int_equal(last, 0x2a);
	buffer_h = small_h;
}

/* ---- native kernels ------------------------------------------------------------------------ */

static cl_int native(uint32_t func, cl_ulong id, size_t size)
{
	static const char zeros[64];
	NEW_MESSAGE(m);

	put(&m, id);
	if (func != AVA_F_ocl_native_done) {
		put(&m, 0);
		put(&m, size);
	}
	if (func == AVA_F_ocl_native_get)
		put_room(&m, size);
	else if (func == AVA_F_ocl_native_put)
		put_bytes(&m, zeros, size);
	return answer(&m, func);
}

/* Nobody runs. */
static void test_native(void **state)
{
	(void)state;
	assert_int_equal(native(AVA_F_ocl_native_get, 1, 64), CL_INVALID_VALUE);
	assert_int_equal(native(AVA_F_ocl_native_put, 1, 64), CL_INVALID_VALUE);
	assert_int_equal(native(AVA_F_ocl_native_done, 1, 0), CL_INVALID_VALUE);
}

/* ---- failures that nobody waits for ---------------------------------------------------------- */

/* The event is one that has failed, and the next clFinish() tells, once. */
static void test_command_fails_later(void **state)
{
	struct ocl_move move = buffer_move(0, 64), good = move;
	uint64_t event_h = ava_handle_make(next_handle++, AVA_T_cl_event, false);
	struct ava_handle_entry *entry;
	cl_int status = CL_COMPLETE;
	cl_event event;
	NEW_MESSAGE(m);

	(void)state;
	move.origin[0] = SIZE;
	m.async = true;
	put(&m, queue_h);
	put(&m, buffer_h);
	put(&m, 64);
	put(&m, 0);
	put_bytes(&m, &move, sizeof(move));
	put_segment(&m, 64, AVA_SEG_TO_HOST);
	put(&m, AVA_CS_BUF_NULL);
	put(&m, event_h);
	assert_int_not_equal(answer(&m, AVA_F_ocl_write), 1);
	event = ava_handle_get(event_h, AVA_T_cl_event, &entry);
	assert_non_null(event);
	clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(status), &status, NULL);
	assert_int_equal(status, CL_INVALID_VALUE);
	ava_handle_put(entry);
	/* PoCL would wait for ever for such an event. */
	assert_int_equal(transfer(AVA_F_ocl_write, &good, 64, event_h),
			 CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
	assert_int_equal(finish(), CL_OUT_OF_RESOURCES);
	assert_int_equal(finish(), CL_SUCCESS);
}

static cl_int set_arg(uint64_t kernel_h, cl_uint index, size_t size, bool known)
{
	cl_ulong value = 5;
	NEW_MESSAGE(m);

	put(&m, size);
	put(&m, known);
	put(&m, kernel_h);
	put(&m, index);
	put(&m, size);
	put_bytes(&m, &value, size);
	put(&m, 0);
	return answer(&m, AVA_F_clSetKernelArg);
}

static cl_int launch(uint64_t kernel_h)
{
	size_t one = 1;
	NEW_MESSAGE(m);

	put(&m, queue_h);
	put(&m, kernel_h);
	put(&m, 1);
	put(&m, 0);
	put(&m, AVA_CS_BUF_NULL);
	put_bytes(&m, &one, sizeof(one));
	put(&m, AVA_CS_BUF_NULL);
	put(&m, AVA_CS_BUF_NULL);
	put(&m, 0);
	return answer(&m, AVA_F_clEnqueueNDRangeKernel);
}

/* The kernel is not launched with what it had before, but is again with what it gets. */
static void test_argument_fails_later(void **state)
{
	const char *source = "kernel void k(int a, int b) {}";
	cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
	uint64_t kernel_h;

	(void)state;
	assert_int_equal(clBuildProgram(program, 0, NULL, "", NULL, NULL), CL_SUCCESS);
	kernel_h = name(clCreateKernel(program, "k", NULL), AVA_T_cl_kernel);
	assert_int_equal(set_arg(kernel_h, 0, 4, false), CL_SUCCESS);
	assert_int_equal(set_arg(kernel_h, 1, 4, false), CL_SUCCESS);
	assert_int_equal(launch(kernel_h), CL_SUCCESS);
	assert_int_equal(set_arg(kernel_h, 0, 8, true), CL_INVALID_ARG_SIZE);
	assert_int_equal(set_arg(kernel_h, 0, 8, true), CL_INVALID_ARG_SIZE);
	assert_int_equal(launch(kernel_h), CL_OUT_OF_RESOURCES);
	assert_int_equal(set_arg(kernel_h, 1, 4, true), CL_SUCCESS);
	assert_int_equal(launch(kernel_h), CL_OUT_OF_RESOURCES);
	assert_int_equal(set_arg(kernel_h, 0, 4, true), CL_SUCCESS);
	assert_int_equal(launch(kernel_h), CL_SUCCESS);
	clReleaseProgram(program);
}

static void test_kernel_args(void **state)
{
	const char *source = "kernel void k(int a) {}";
	cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
	NEW_MESSAGE(m);

	(void)state;
	assert_int_equal(clBuildProgram(program, 0, NULL, "", NULL, NULL), CL_SUCCESS);
	put(&m, name(clCreateKernel(program, "k", NULL), AVA_T_cl_kernel));
	put(&m, 0);
	put(&m, AVA_CS_BUF_NULL);
	put(&m, AVA_CS_BUF_NULL);
	assert_int_equal(answer(&m, AVA_F_ocl_get_kernel_args), CL_INVALID_VALUE);
	clReleaseProgram(program);
}

static int open_device(void **state)
{
	cl_platform_id platform;
	cl_device_id device;

	(void)state;
	ava_api_init();
	if (clGetPlatformIDs(1, &platform, NULL) ||
	    clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL))
		return -1;
	context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
	queue = clCreateCommandQueue(context, device, 0, NULL);
	buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, SIZE, NULL, NULL);
	context_h = name(context, AVA_T_cl_context);
	queue_h = name(queue, AVA_T_cl_command_queue);
	buffer_h = name(buffer, AVA_T_cl_mem);
	return buffer ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_a_buffer),
		cmocka_unit_test(test_unknown_kind),
		cmocka_unit_test(test_far_rows),
		cmocka_unit_test(test_sizes_that_differ),
		cmocka_unit_test(test_nothing_given),
		cmocka_unit_test(test_name_twice),
		cmocka_unit_test(test_name_taken_over),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_map_of_odd_rows),
		cmocka_unit_test(test_unmap_of_a_read),
		cmocka_unit_test(test_collect),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_host_memory),
		cmocka_unit_test(test_mark_of_a_read),
		cmocka_unit_test(test_forget_others),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_image_memory),
		cmocka_unit_test(test_pattern),
		cmocka_unit_test(test_held_after_all),
		cmocka_unit_test(test_native),
		cmocka_unit_test(test_command_fails_later),
		cmocka_unit_test(test_argument_fails_later),
		cmocka_unit_test(test_kernel_args),
	};

	return cmocka_run_group_tests_name("hostile", tests, open_device, NULL);
}
