// SPDX-License-Identifier: GPL-2.0
/*
 * ava_call_test.c - calls end to end, with a manager and server processes of their own
 *
 * Inline and bulk bytes of every awkward size, batches, async calls, streams and
 * contexts side by side, and what the VMM may do in mid-flight.
 */
#include "ava_harness.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define BULK (64 * MIB)

FIXTURE(call) {
	struct ring_service svc;
	struct ring_vm vm;
	uint32_t ctx;
	uint64_t seq;
};

static uint32_t open_context(struct ring_vm *vm)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	struct virtio_ava_ctrl_resp resp;

	return ring_ctrl(vm, &req, &resp) ? 0 : resp.ctx;
}

static int open_stream(struct ring_vm *vm, uint32_t ctx, uint32_t slot)
{
	struct virtio_ava_ctrl req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_OPEN, ctx, slot);

	return ring_ctrl(vm, &req, NULL);
}

FIXTURE_SETUP(call)
{
	/* The service first: a process forked later would hold the VM's file. */
	ASSERT_EQ(0, ring_service_start(&self->svc));
	ASSERT_EQ(0, ring_vm_up(&self->vm, test_guest_id(), 4 * BULK));
	self->ctx = open_context(&self->vm);
	ASSERT_NE(0, self->ctx);
	ASSERT_EQ(0, open_stream(&self->vm, self->ctx, 0));
}

FIXTURE_TEARDOWN(call)
{
	ring_vm_down(&self->vm);
	ring_service_stop(&self->svc);
	EXPECT_IDLE();
}

static void next_call(FIXTURE_DATA(call) *self, struct ring_call *call, uint32_t func)
{
	ring_call_init(call, self->ctx, 0, ++self->seq, func);
}

static void pattern(void *buf, size_t len, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;
	uint8_t *p = buf;
	size_t i;

	for (i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = x >> 24;
	}
}

/* ---- inline bytes ------------------------------------------------------------- */

static int echo(FIXTURE_DATA(call) *self, uint32_t len, unsigned int pieces, bool indirect)
{
	static uint8_t args[VIRTIO_AVA_MAX_ARGS];
	struct ring_call call;
	int ret;

	pattern(args, len, len + pieces);
	next_call(self, &call, RING_ECHO);
	ring_call_args(&call, args, len, len);
	call.pieces = pieces;
	call.indirect = indirect;
	ret = ring_call_do(&self->vm, &call);
	if (!ret && (call.reply.len != len || memcmp(call.data, args, len)))
		ret = -EILSEQ;
	return ret;
}

TEST_F(call, inline_sizes)
{
	static const uint32_t len[] = { 0, 1, 7, 8, 9, 63, 64, 65, 4032, 4033, 4096, 30001 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(len); i++)
		EXPECT_EQ(0, echo(self, len[i], 1, false)) TH_LOG("%u bytes", len[i]);
}

TEST_F(call, chains_of_many_pieces)
{
	static const unsigned int pieces[] = { 2, 3, 17, 60 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		EXPECT_EQ(0, echo(self, 5001, pieces[i], false));
		EXPECT_EQ(0, echo(self, 5001, pieces[i], true));
		/* Headers cut in the middle. */
		EXPECT_EQ(0, echo(self, 1, pieces[i], true));
	}
}

TEST_F(call, largest_inline)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	struct virtio_ava_ctrl_resp resp;

	ASSERT_EQ(0, ring_ctrl(&self->vm, &req, &resp));
	EXPECT_EQ(0, echo(self, resp.max_args < resp.max_reply ? resp.max_args : resp.max_reply,
			  1, false));
}

TEST_F(call, reply_shorter_than_its_room)
{
	struct ring_call call;

	next_call(self, &call, RING_ECHO);
	ring_call_args(&call, "abc", 3, 4096);
	ASSERT_EQ(0, ring_call_do(&self->vm, &call));
	EXPECT_EQ(3, call.reply.len);
	EXPECT_EQ(sizeof(call.reply) + 3, call.used);
	/* The rest of the room is untouched. */
	EXPECT_EQ(0xee, ((uint8_t *)call.data)[3]);
}

/* ---- bulk bytes ------------------------------------------------------------------ */

/* @len bytes at @off in one run. */
static struct virtio_ava_run one_run(struct ring_vm *vm, uint64_t len, uint32_t off)
{
	struct virtio_ava_run run = { ring_bulk(vm, len + off + 1) + off, len };

	return run;
}

/* XORs @len bytes from one place to another; both guarded by a byte on each side. */
static int xor_bytes(FIXTURE_DATA(call) *self, uint64_t len, uint32_t off)
{
	struct virtio_ava_run from = one_run(&self->vm, len, off + 1);
	struct virtio_ava_run to = one_run(&self->vm, len, off + 1);
	struct ring_seg segs[2] = {
		{ len, AVA_SEG_TO_HOST, len ? 1 : 0, &from },
		{ len, AVA_SEG_FROM_HOST, len ? 1 : 0, &to },
	};
	uint8_t *src = ring_ptr(&self->vm, from.addr), *dst = ring_ptr(&self->vm, to.addr);
	struct ring_call call;
	uint64_t i;
	int ret;

	pattern(src, len, len);
	dst[-1] = 0x99;
	dst[len] = 0x99;
	next_call(self, &call, RING_XOR);
	ring_call_segs(&call, segs, 2);
	ret = ring_call_do(&self->vm, &call);
	for (i = 0; !ret && i < len; i++)
		if (dst[i] != (src[i] ^ 0x5a))
			ret = -EILSEQ;
	return ret || (dst[-1] == 0x99 && dst[len] == 0x99) ? ret : -EOVERFLOW;
}

TEST_F(call, bulk_sizes)
{
	static const uint64_t len[] = { 0, 1, 2, 4095, 4096, 4097, 65536, 1000003 };
	static const uint32_t off[] = { 0, 1, 2047, 4094 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(len); i++)
		for (j = 0; j < ARRAY_SIZE(off); j++)
			EXPECT_EQ(0, xor_bytes(self, len[i], off[j]))
				TH_LOG("%llu bytes at %u", (unsigned long long)len[i], off[j]);
}

TEST_F(call, bulk_of_64_mib)
{
	EXPECT_EQ(0, xor_bytes(self, BULK, 0));
	EXPECT_EQ(0, ring_counter("ava-server", "bulk_bytes"));
}

/* Every page a run of its own, in a scattered order, head and tail odd. */
TEST_F(call, bulk_of_64_mib_in_scattered_pages)
{
	unsigned int pages = BULK / RING_PAGE, i;
	struct virtio_ava_run *runs = calloc(2 * pages, sizeof(*runs));
	uint64_t from = ring_bulk(&self->vm, BULK), to = ring_bulk(&self->vm, BULK);
	uint64_t len = BULK - 100 - 33;
	struct ring_seg segs[2] = {
		{ len, AVA_SEG_TO_HOST, pages, runs },
		{ len, AVA_SEG_FROM_HOST, pages, runs + pages },
	};
	struct ring_call call;
	unsigned int bad = 0;

	for (i = 0; i < pages; i++) {
		/* An odd factor permutes a power of two. */
		uint64_t at = (uint64_t)(i * 2654435761u % pages) * RING_PAGE;

		runs[i] = (struct virtio_ava_run){ from + at, RING_PAGE };
		runs[pages + i] = (struct virtio_ava_run){ to + at, RING_PAGE };
	}
	runs[0].addr += 100;
	runs[0].len -= 100;
	runs[pages] = runs[0];
	runs[pages].addr += to - from;
	runs[pages - 1].len -= 33;
	runs[2 * pages - 1].len -= 33;
	pattern(ring_ptr(&self->vm, from), BULK, 1);
	next_call(self, &call, RING_XOR);
	ring_call_segs(&call, segs, 2);
	ASSERT_EQ(0, ring_call_do(&self->vm, &call));
	for (i = 0; i < pages; i++) {
		uint8_t *src = ring_ptr(&self->vm, runs[i].addr);
		uint8_t *dst = ring_ptr(&self->vm, runs[pages + i].addr);

		bad += src[0] != (dst[0] ^ 0x5a);
		bad += src[runs[i].len - 1] != (dst[runs[i].len - 1] ^ 0x5a);
		bad += src[runs[i].len / 2] != (dst[runs[i].len / 2] ^ 0x5a);
	}
	EXPECT_EQ(0, bad);
	free(runs);
}

TEST_F(call, as_many_segments_as_allowed)
{
	struct virtio_ava_run runs[VIRTIO_AVA_MAX_SEGS];
	struct ring_seg segs[VIRTIO_AVA_MAX_SEGS];
	struct ring_call call;
	uint64_t sum = 0, got;
	uint32_t i, j;

	for (i = 0; i < VIRTIO_AVA_MAX_SEGS; i++) {
		uint8_t *p;

		runs[i] = one_run(&self->vm, 100 + i, i);
		segs[i].len = 100 + i;
		segs[i].flags = AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST;
		segs[i].run_count = 1;
		segs[i].runs = &runs[i];
		p = ring_ptr(&self->vm, runs[i].addr);
		pattern(p, 100 + i, i);
		for (j = 0; j < 100 + i; j++)
			sum = sum * 31 + p[j];
	}
	next_call(self, &call, RING_SUM);
	ring_call_args(&call, NULL, 0, 8);
	ring_call_segs(&call, segs, VIRTIO_AVA_MAX_SEGS);
	ASSERT_EQ(0, ring_call_do(&self->vm, &call));
	memcpy(&got, call.data, 8);
	EXPECT_EQ(sum, got);
	next_call(self, &call, RING_FILL);
	ring_call_segs(&call, segs, VIRTIO_AVA_MAX_SEGS);
	ASSERT_EQ(0, ring_call_do(&self->vm, &call));
	for (i = 0; i < VIRTIO_AVA_MAX_SEGS; i++)
		EXPECT_EQ(i + 1, ((uint8_t *)ring_ptr(&self->vm, runs[i].addr))[99 + i]);
}

/* A run that crosses from one region of the memory table into the next, where they touch. */
TEST_F(call, bulk_across_regions)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region region[3];
	} mem = {
		.head.nregions = 3,
		.region = {
			{ 0, RING_LOW_SIZE, (uintptr_t)self->vm.ram, 0 },
			{ RING_HIGH_GPA, MIB, (uintptr_t)self->vm.ram + RING_LOW_SIZE, 0 },
			{ RING_HIGH_GPA + MIB, self->vm.high_size - MIB,
			  (uintptr_t)self->vm.ram + RING_LOW_SIZE + MIB, 0 },
		},
	};

	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_SET_MEM_TABLE, &mem));
	EXPECT_EQ(0, xor_bytes(self, MIB - RING_PAGE, 5));
	EXPECT_EQ(0, xor_bytes(self, 2 * MIB, 5));
}

/* ---- many at once ------------------------------------------------------------------- */

TEST_F(call, many_chains_per_kick)
{
	enum { N = 100 };
	struct ring_call call[N];
	uint32_t i, args[N];

	for (i = 0; i < N; i++) {
		args[i] = i * 3;
		next_call(self, &call[i], RING_ECHO);
		ring_call_args(&call[i], &args[i], 4, 4);
		ASSERT_EQ(0, ring_call_queue(&self->vm, &call[i]));
	}
	ring_kick(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, ring_call_wait(&self->vm, &call[i]));
		EXPECT_EQ(0, memcmp(call[i].data, &args[i], 4));
	}
}

static void note(FIXTURE_DATA(call) *self, struct ring_call *call, uint64_t *v, uint32_t flags)
{
	next_call(self, call, RING_NOTE);
	ring_call_args(call, v, sizeof(*v), 0);
	call->hdr.flags = VIRTIO_AVA_CALL_ASYNC | flags;
}

TEST_F(call, async_calls_are_silent)
{
	struct ring_vq *vq = &self->vm.vq[VIRTIO_AVA_VQ_SUBMIT];
	struct ring_call call[50], total;
	uint64_t v = 5, got;
	eventfd_t n = 0;
	int i;

	eventfd_read(vq->call, &n);
	for (i = 0; i < 50; i++) {
		note(self, &call[i], &v, 0);
		ASSERT_EQ(0, ring_call_queue(&self->vm, &call[i]));
	}
	ring_kick(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, ring_call_wait(&self->vm, &call[i]));
		EXPECT_EQ(0, call[i].used);
	}
	EXPECT_EQ(-1, eventfd_read(vq->call, &n));
	next_call(self, &total, RING_TOTAL);
	ring_call_args(&total, NULL, 0, 8);
	ASSERT_EQ(0, ring_call_do(&self->vm, &total));
	memcpy(&got, total.data, 8);
	EXPECT_EQ(250, got);
}

TEST_F(call, async_call_that_asks_for_an_interrupt)
{
	struct ring_vq *vq = &self->vm.vq[VIRTIO_AVA_VQ_SUBMIT];
	struct pollfd p = { .fd = vq->call, .events = POLLIN };
	struct ring_call call;
	uint64_t v = 5;
	eventfd_t n;

	eventfd_read(vq->call, &n);
	note(self, &call, &v, VIRTIO_AVA_CALL_NOTIFY);
	ASSERT_EQ(0, ring_call_send(&self->vm, &call));
	EXPECT_EQ(1, poll(&p, 1, RING_TIMEOUT));
	EXPECT_EQ(0, ring_call_wait(&self->vm, &call));
	EXPECT_EQ(0, call.used);
}

TEST_F(call, streams_do_not_wait_for_each_other)
{
	struct ring_call gate, after, other;

	ASSERT_EQ(0, open_stream(&self->vm, self->ctx, 1));
	next_call(self, &gate, RING_GATE);
	ASSERT_EQ(0, ring_call_send(&self->vm, &gate));
	next_call(self, &after, RING_ECHO);
	ASSERT_EQ(0, ring_call_send(&self->vm, &after));
	ring_call_init(&other, self->ctx, 1, 1, RING_ECHO);
	EXPECT_EQ(0, ring_call_do(&self->vm, &other));
	ring_reap(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	EXPECT_FALSE(self->vm.vq[VIRTIO_AVA_VQ_SUBMIT].done[after.head]);
	ring_service_gate(&self->svc, true);
	EXPECT_EQ(0, ring_call_wait(&self->vm, &gate));
	EXPECT_EQ(0, ring_call_wait(&self->vm, &after));
}

TEST_F(call, many_contexts_and_streams)
{
	enum { CONTEXTS = 4, STREAMS = 4, ROUNDS = 20 };
	struct ring_call call[CONTEXTS][STREAMS];
	uint32_t ctx[CONTEXTS], args[CONTEXTS][STREAMS];
	int c, s, r;

	for (c = 0; c < CONTEXTS; c++) {
		ctx[c] = open_context(&self->vm);
		ASSERT_NE(0, ctx[c]);
		for (s = 0; s < STREAMS; s++)
			ASSERT_EQ(0, open_stream(&self->vm, ctx[c], s));
	}
	EXPECT_EQ(CONTEXTS + 1, ring_counter("ava-server", "contexts"));
	for (r = 1; r <= ROUNDS; r++) {
		for (c = 0; c < CONTEXTS; c++)
			for (s = 0; s < STREAMS; s++) {
				args[c][s] = r << 16 | c << 8 | s;
				ring_call_init(&call[c][s], ctx[c], s, r, RING_ECHO);
				ring_call_args(&call[c][s], &args[c][s], 4, 4);
				ASSERT_EQ(0, ring_call_queue(&self->vm, &call[c][s]));
			}
		ring_kick(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
		for (c = 0; c < CONTEXTS; c++)
			for (s = 0; s < STREAMS; s++) {
				ASSERT_EQ(0, ring_call_wait(&self->vm, &call[c][s]));
				EXPECT_EQ(0, memcmp(call[c][s].data, &args[c][s], 4));
			}
	}
}

TEST_F(call, callback_reaches_the_guest_during_a_call)
{
	struct virtio_ava_event ev;
	struct ring_ctrl post;
	struct ring_call call;
	char payload[256];
	int32_t ret;

	ASSERT_EQ(0, ring_event_post(&self->vm, &post));
	next_call(self, &call, RING_CALLBACK);
	ring_call_args(&call, "kernel done", 11, 8);
	ASSERT_EQ(0, ring_call_do(&self->vm, &call));
	memcpy(&ret, call.data, 4);
	EXPECT_EQ(0, ret);
	ASSERT_EQ(0, ring_event_wait(&self->vm, &post, &ev, payload, sizeof(payload)));
	EXPECT_EQ(VIRTIO_AVA_EVENT_CALLBACK, ev.type);
	EXPECT_EQ(self->ctx, ev.ctx);
	EXPECT_EQ(77, ev.cookie);
	EXPECT_EQ(11, ev.len);
	EXPECT_EQ(0, memcmp(payload, "kernel done", 11));
}

/* ---- what the VMM may do in mid-flight ---------------------------------------------- */

TEST_F(call, stop_and_start_with_a_call_in_flight)
{
	struct ring_call gate;
	unsigned int i;

	next_call(self, &gate, RING_GATE);
	ASSERT_EQ(0, ring_call_send(&self->vm, &gate));
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	ASSERT_EQ(0, ring_vm_run(&self->vm, 0));
	ring_service_gate(&self->svc, true);
	usleep(100000);
	/* Stopped means that the ring is not touched. */
	ring_reap(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	EXPECT_FALSE(self->vm.vq[VIRTIO_AVA_VQ_SUBMIT].done[gate.head]);
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++)
		ASSERT_EQ(0, ring_vm_set_vring(&self->vm, i));
	ASSERT_EQ(0, ring_vm_run(&self->vm, 1));
	EXPECT_EQ(0, ring_call_wait(&self->vm, &gate));
	EXPECT_EQ(0, echo(self, 100, 1, false));
}

TEST_F(call, kick_while_stopped_is_served_after_start)
{
	struct ring_call call;

	ASSERT_EQ(0, ring_vm_run(&self->vm, 0));
	next_call(self, &call, RING_ECHO);
	ring_call_args(&call, "late", 4, 4);
	ASSERT_EQ(0, ring_call_send(&self->vm, &call));
	ASSERT_EQ(0, ring_vm_run(&self->vm, 1));
	EXPECT_EQ(0, ring_call_wait(&self->vm, &call));
}

TEST_F(call, memory_moves_in_mid_flight)
{
	struct virtio_ava_run to = one_run(&self->vm, 3 * RING_PAGE, 7);
	struct ring_seg seg = { 3 * RING_PAGE, AVA_SEG_FROM_HOST, 1, &to };
	size_t size = RING_LOW_SIZE + self->vm.high_size;
	struct ring_call gate, fill;
	uint8_t *old = self->vm.ram;
	unsigned int i;

	next_call(self, &gate, RING_GATE);
	ASSERT_EQ(0, ring_call_send(&self->vm, &gate));
	next_call(self, &fill, RING_FILL);
	ring_call_segs(&fill, &seg, 1);
	ASSERT_EQ(0, ring_call_send(&self->vm, &fill));
	/* The same memory at another address of this process; the old one goes away. */
	ASSERT_EQ(0, ring_vm_run(&self->vm, 0));
	self->vm.ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, self->vm.memfd, 0);
	ASSERT_NE(MAP_FAILED, self->vm.ram);
	munmap(old, size);
	ASSERT_EQ(0, ring_vm_set_mem(&self->vm));
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
		struct ring_vq *vq = &self->vm.vq[i];

		vq->desc = (void *)((uint8_t *)vq->desc - old + self->vm.ram);
		vq->avail = (void *)((uint8_t *)vq->avail - old + self->vm.ram);
		vq->used = (void *)((uint8_t *)vq->used - old + self->vm.ram);
		ASSERT_EQ(0, ring_vm_set_vring(&self->vm, i));
	}
	ASSERT_EQ(0, ring_vm_run(&self->vm, 1));
	ring_service_gate(&self->svc, true);
	EXPECT_EQ(0, ring_call_wait(&self->vm, &gate));
	EXPECT_EQ(0, ring_call_wait(&self->vm, &fill));
	EXPECT_EQ(1, *(uint8_t *)ring_ptr(&self->vm, to.addr));
	EXPECT_EQ(1, *(uint8_t *)ring_ptr(&self->vm, to.addr + 3 * RING_PAGE - 1));
}

TEST_F(call, memory_shrinks_in_mid_flight)
{
	struct virtio_ava_run to = one_run(&self->vm, RING_PAGE, 0);
	struct ring_seg seg = { RING_PAGE, AVA_SEG_FROM_HOST, 1, &to };
	struct ring_call gate, fill;
	size_t high = self->vm.high_size;

	next_call(self, &gate, RING_GATE);
	ASSERT_EQ(0, ring_call_send(&self->vm, &gate));
	next_call(self, &fill, RING_FILL);
	ring_call_segs(&fill, &seg, 1);
	ASSERT_EQ(0, ring_call_send(&self->vm, &fill));
	self->vm.high_size = 0;
	ASSERT_EQ(0, ring_vm_set_mem(&self->vm));
	ring_service_gate(&self->svc, true);
	EXPECT_EQ(0, ring_call_wait(&self->vm, &gate));
	EXPECT_EQ(VIRTIO_AVA_S_FAULT, ring_call_wait(&self->vm, &fill));
	EXPECT_EQ(0, *(uint8_t *)ring_ptr(&self->vm, to.addr));
	self->vm.high_size = high;
}

/* Queues @call with its reply's room in high memory. */
static int queue_high(FIXTURE_DATA(call) *self, struct ring_call *call)
{
	struct ring_vq *vq = &self->vm.vq[VIRTIO_AVA_VQ_SUBMIT];
	int ret = ring_call_queue(&self->vm, call);

	call->writable = ring_bulk(&self->vm, RING_PAGE);
	if (!ret)
		vq->desc[vq->desc[call->head].next].addr = call->writable;
	return ret;
}

/* Length 0 would say that the call succeeded. */
TEST_F(call, async_error_whose_room_is_gone)
{
	struct ring_call gate, bad;
	size_t high = self->vm.high_size;

	next_call(self, &gate, RING_GATE);
	ASSERT_EQ(0, ring_call_send(&self->vm, &gate));
	next_call(self, &bad, RING_BAD);
	bad.hdr.flags = VIRTIO_AVA_CALL_ASYNC;
	ASSERT_EQ(0, queue_high(self, &bad));
	ring_kick(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	self->vm.high_size = 0;
	ASSERT_EQ(0, ring_vm_set_mem(&self->vm));
	ring_service_gate(&self->svc, true);
	EXPECT_EQ(0, ring_call_wait(&self->vm, &gate));
	EXPECT_EQ(-EMSGSIZE, ring_call_wait(&self->vm, &bad));
	EXPECT_EQ(1, bad.used);
	self->vm.high_size = high;
}

TEST_F(call, async_refusal_whose_room_cannot_be_written)
{
	struct ring_call bad;

	ring_call_init(&bad, self->ctx + 1, 0, 1, RING_NOTE);
	bad.hdr.flags = VIRTIO_AVA_CALL_ASYNC;
	ASSERT_EQ(0, queue_high(self, &bad));
	ASSERT_EQ(0, mprotect(ring_ptr(&self->vm, bad.writable), RING_PAGE, PROT_READ));
	ring_kick(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	EXPECT_EQ(-EMSGSIZE, ring_call_wait(&self->vm, &bad));
	EXPECT_EQ(1, bad.used);
}

TEST_F(call, reset_forgets_everything)
{
	struct ring_call gate, call;
	struct ring_vm *vm = &self->vm;
	unsigned int i;

	next_call(self, &gate, RING_GATE);
	ASSERT_EQ(0, ring_call_send(vm, &gate));
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	ASSERT_EQ(0, ring_vm_run(vm, 0));
	ASSERT_EQ(0, IOCTL(vm->fd, VHOST_AVA_RESET, 0));
	EXPECT_EQ(0, ring_counter("ava-server", "calls"));
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
		ring_vq_reset(vm, i);
		ASSERT_EQ(0, ring_vm_set_vring(vm, i));
	}
	ASSERT_EQ(0, ring_vm_run(vm, 1));
	ring_service_gate(&self->svc, true);
	ring_call_init(&call, self->ctx, 0, 1, RING_ECHO);
	EXPECT_EQ(VIRTIO_AVA_S_NO_CONTEXT, ring_call_do(vm, &call));
	self->ctx = open_context(vm);
	ASSERT_NE(0, self->ctx);
	ASSERT_EQ(0, open_stream(vm, self->ctx, 0));
	self->seq = 0;
	EXPECT_EQ(0, echo(self, 9, 1, false));
}

TEST_HARNESS_MAIN
