// SPDX-License-Identifier: GPL-2.0
/*
 * ava_fault_test.c - when a guest, a server, a manager or a VM goes away at a bad moment
 *
 * Each case ends with the defined status, and with every counter at 0 within a second.
 */
#include "ava_harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

FIXTURE(fault) {
	struct ring_service svc;
	struct ring_vm vm;
};

FIXTURE_SETUP(fault)
{
	ASSERT_EQ(0, ring_service_start(&self->svc));
	ASSERT_EQ(0, ring_vm_up(&self->vm, test_guest_id(), 80 * MIB));
}

FIXTURE_TEARDOWN(fault)
{
	EXPECT_EQ(0, ring_params_restore());
	ring_vm_down(&self->vm);
	ring_service_stop(&self->svc);
	EXPECT_IDLE();
}

static int open_raw(struct ring_vm *vm, const char *name, uint32_t *ctx)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(name, RING_API_MAJOR, RING_API_MINOR,
						    RING_API_HASH);
	struct virtio_ava_ctrl_resp resp = { 0 };
	int ret = ring_ctrl(vm, &req, &resp);

	if (ctx)
		*ctx = resp.ctx;
	return ret;
}

static int open_stream(struct ring_vm *vm, uint32_t ctx, uint32_t slot)
{
	struct virtio_ava_ctrl req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_OPEN, ctx, slot);

	return ring_ctrl(vm, &req, NULL);
}

static int close_context(struct ring_vm *vm, uint32_t ctx)
{
	struct virtio_ava_ctrl req = ring_ctrl_of(VIRTIO_AVA_CTRL_CLOSE, ctx, 0);

	return ring_ctrl(vm, &req, NULL);
}

static uint32_t open_context(struct ring_vm *vm)
{
	uint32_t ctx;

	if (open_raw(vm, RING_API_NAME, &ctx) || open_stream(vm, ctx, 0))
		return 0;
	return ctx;
}

static int echo(struct ring_vm *vm, uint32_t ctx, uint64_t seq)
{
	struct ring_call call;

	ring_call_init(&call, ctx, 0, seq, RING_ECHO);
	ring_call_args(&call, "ping", 4, 4);
	return ring_call_do(vm, &call);
}

static int kill_server(struct ring_service *svc, unsigned int nth)
{
	pid_t server = ring_service_server(svc, nth);

	if (server < 0)
		return server;
	return kill(server, SIGKILL) ? -errno : 0;
}

/* @count calls of stream 0, all stuck behind the first. */
static int stick(struct ring_vm *vm, uint32_t ctx, struct ring_call *call, int count)
{
	int i, ret = 0;

	for (i = 0; !ret && i < count; i++) {
		ring_call_init(&call[i], ctx, 0, i + 1, RING_GATE);
		ret = ring_call_queue(vm, &call[i]);
	}
	ring_kick(vm, VIRTIO_AVA_VQ_SUBMIT);
	return ret;
}

/* ---- opens that fail ------------------------------------------------------------- */

TEST_F(fault, no_manager)
{
	ring_service_stop(&self->svc);
	EXPECT_EQ(VIRTIO_AVA_S_NO_MANAGER, open_raw(&self->vm, RING_API_NAME, NULL));
	EXPECT_EQ(0, ring_counter("ava-server", "contexts"));
}

TEST_F(fault, manager_comes_back)
{
	/* The new one must not inherit this VM's file, so the VM comes again too. */
	ring_service_stop(&self->svc);
	ring_vm_down(&self->vm);
	ASSERT_EQ(0, ring_service_start(&self->svc));
	ASSERT_EQ(0, ring_vm_up(&self->vm, test_guest_id(), 0));
	EXPECT_NE(0, open_context(&self->vm));
}

TEST_F(fault, no_such_api)
{
	self->svc.shared->refuse = AVA_REJECT_NO_API;
	EXPECT_EQ(VIRTIO_AVA_S_NO_API, open_raw(&self->vm, "nonesuch", NULL));
	self->svc.shared->refuse = 0;
	EXPECT_NE(0, open_context(&self->vm));
}

TEST_F(fault, other_version)
{
	self->svc.shared->claim = RING_API_MINOR + 1;
	EXPECT_EQ(VIRTIO_AVA_S_VERSION, open_raw(&self->vm, RING_API_NAME, NULL));
	self->svc.shared->claim = 0;
	EXPECT_NE(0, open_context(&self->vm));
}

TEST_F(fault, server_that_never_attaches)
{
	ASSERT_EQ(0, ring_param_set("open_timeout_ms", 300));
	self->svc.shared->stall = 1;
	EXPECT_EQ(VIRTIO_AVA_S_TIMEOUT, open_raw(&self->vm, RING_API_NAME, NULL));
}

TEST_F(fault, server_that_dies_before_attaching)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	struct ring_ctrl open;

	self->svc.shared->stall = 1;
	ASSERT_EQ(0, ring_ctrl_send(&self->vm, &req, &open));
	ASSERT_EQ(0, kill_server(&self->svc, 0));
	EXPECT_EQ(VIRTIO_AVA_S_NO_SERVER, ring_ctrl_wait(&self->vm, &open, NULL));
}

TEST_F(fault, vm_dies_while_opening)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	struct ring_ctrl open;
	pid_t server;

	self->svc.shared->stall = 1;
	ASSERT_EQ(0, ring_ctrl_send(&self->vm, &req, &open));
	server = ring_service_server(&self->svc, 0);
	ASSERT_LT(0, server);
	ring_vm_down(&self->vm);
	kill(server, SIGKILL);
}

/* ---- servers that die ---------------------------------------------------------------- */

TEST_F(fault, server_killed_with_calls_in_flight)
{
	uint32_t ctx = open_context(&self->vm), other = open_context(&self->vm);
	struct virtio_ava_event ev;
	struct ring_call call[20];
	struct ring_ctrl post;
	char payload[256];
	int i;

	ASSERT_NE(0, ctx);
	ASSERT_NE(0, other);
	ASSERT_EQ(0, ring_event_post(&self->vm, &post));
	ASSERT_EQ(0, stick(&self->vm, ctx, call, 20));
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	ASSERT_EQ(0, kill_server(&self->svc, 0));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(VIRTIO_AVA_S_LOST, ring_call_wait(&self->vm, &call[i]));
	ASSERT_EQ(0, ring_event_wait(&self->vm, &post, &ev, payload, sizeof(payload)));
	EXPECT_EQ(VIRTIO_AVA_EVENT_LOST, ev.type);
	EXPECT_EQ(ctx, ev.ctx);
	EXPECT_EQ(VIRTIO_AVA_S_LOST, ev.status);
	EXPECT_EQ(0, ev.len);
	/* It stays so; nobody else noticed; a new context works. */
	EXPECT_EQ(VIRTIO_AVA_S_LOST, echo(&self->vm, ctx, 21));
	EXPECT_EQ(VIRTIO_AVA_S_LOST, open_stream(&self->vm, ctx, 1));
	EXPECT_EQ(VIRTIO_AVA_S_OK, echo(&self->vm, other, 1));
	EXPECT_EQ(VIRTIO_AVA_S_OK, close_context(&self->vm, ctx));
	ctx = open_context(&self->vm);
	EXPECT_EQ(VIRTIO_AVA_S_OK, echo(&self->vm, ctx, 1));
}

TEST_F(fault, server_that_exits_instead_of_answering)
{
	uint32_t ctx = open_context(&self->vm);
	struct ring_call call;

	ASSERT_NE(0, ctx);
	ring_call_init(&call, ctx, 0, 1, RING_DIE);
	EXPECT_EQ(VIRTIO_AVA_S_LOST, ring_call_do(&self->vm, &call));
	EXPECT_EQ(VIRTIO_AVA_S_LOST, echo(&self->vm, ctx, 2));
}

TEST_F(fault, idle_server_killed)
{
	uint32_t ctx = open_context(&self->vm);
	struct virtio_ava_event ev;
	struct ring_ctrl post;
	char payload[256];

	ASSERT_EQ(VIRTIO_AVA_S_OK, echo(&self->vm, ctx, 1));
	ASSERT_EQ(0, kill_server(&self->svc, 0));
	/* The event that waits for a buffer is not lost. */
	usleep(200000);
	ASSERT_EQ(0, ring_event_post(&self->vm, &post));
	ASSERT_EQ(0, ring_event_wait(&self->vm, &post, &ev, payload, sizeof(payload)));
	EXPECT_EQ(VIRTIO_AVA_EVENT_LOST, ev.type);
	EXPECT_EQ(VIRTIO_AVA_S_LOST, echo(&self->vm, ctx, 2));
}

TEST_F(fault, async_calls_of_a_dead_server_are_answered)
{
	uint32_t ctx = open_context(&self->vm);
	struct ring_call call[3];
	int i;

	for (i = 0; i < 3; i++) {
		ring_call_init(&call[i], ctx, 0, i + 1, RING_GATE);
		call[i].hdr.flags = VIRTIO_AVA_CALL_ASYNC;
		ASSERT_EQ(0, ring_call_send(&self->vm, &call[i]));
	}
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	ASSERT_EQ(0, kill_server(&self->svc, 0));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(VIRTIO_AVA_S_LOST, ring_call_wait(&self->vm, &call[i]));
		EXPECT_NE(0, call[i].used);
	}
}

TEST_F(fault, server_killed_in_a_copy)
{
	int round;

	for (round = 0; round < 8; round++) {
		uint32_t ctx = open_context(&self->vm);
		struct virtio_ava_run run;
		struct ring_seg seg = { 64 * MIB, VIRTIO_AVA_SEG_FROM_HOST, 1, &run };
		struct ring_call call;

		ASSERT_NE(0, ctx);
		self->vm.bulk = 0;
		run = (struct virtio_ava_run){ ring_bulk(&self->vm, 64 * MIB), 64 * MIB };
		ring_call_init(&call, ctx, 0, 1, RING_FILL);
		ring_call_segs(&call, &seg, 1);
		ASSERT_EQ(0, ring_call_send(&self->vm, &call));
		usleep(round * 7000);
		ASSERT_EQ(0, kill_server(&self->svc, round));
		EXPECT_LE(0, ring_call_wait(&self->vm, &call));
		EXPECT_EQ(VIRTIO_AVA_S_OK, close_context(&self->vm, ctx));
	}
}

/* ---- guests that go -------------------------------------------------------------------- */

TEST_F(fault, close_with_calls_in_flight)
{
	uint32_t ctx = open_context(&self->vm), other = open_context(&self->vm);
	struct ring_call call[20];
	int i;

	ASSERT_EQ(0, stick(&self->vm, ctx, call, 20));
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	EXPECT_EQ(VIRTIO_AVA_S_OK, close_context(&self->vm, ctx));
	/* The answer to CLOSE came after those of its calls. */
	ring_reap(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	for (i = 0; i < 20; i++) {
		EXPECT_TRUE(self->vm.vq[VIRTIO_AVA_VQ_SUBMIT].done[call[i].head]);
		EXPECT_EQ(VIRTIO_AVA_S_CANCELLED, ring_call_wait(&self->vm, &call[i]));
	}
	EXPECT_EQ(VIRTIO_AVA_S_NO_CONTEXT, echo(&self->vm, ctx, 21));
	EXPECT_EQ(VIRTIO_AVA_S_OK, echo(&self->vm, other, 1));
	ring_service_gate(&self->svc, true);
}

TEST_F(fault, stream_close_with_calls_in_flight)
{
	uint32_t ctx = open_context(&self->vm);
	struct virtio_ava_ctrl req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_CLOSE, ctx, 0);
	struct ring_call call[5], late;
	int i;

	ASSERT_EQ(0, stick(&self->vm, ctx, call, 5));
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	EXPECT_EQ(VIRTIO_AVA_S_OK, ring_ctrl(&self->vm, &req, NULL));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(VIRTIO_AVA_S_CANCELLED, ring_call_wait(&self->vm, &call[i]));
	ring_service_gate(&self->svc, true);
	/* The slot is free again, and starts from 1. */
	EXPECT_EQ(VIRTIO_AVA_S_OK, open_stream(&self->vm, ctx, 0));
	ring_call_init(&late, ctx, 0, 1, RING_ECHO);
	EXPECT_EQ(VIRTIO_AVA_S_OK, ring_call_do(&self->vm, &late));
}

TEST_F(fault, vm_closed_with_calls_in_flight)
{
	uint32_t ctx = open_context(&self->vm);
	struct ring_call call[20];

	ASSERT_EQ(0, stick(&self->vm, ctx, call, 20));
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	ring_vm_down(&self->vm);
	ring_service_gate(&self->svc, true);
	EXPECT_VM_GONE();
}

TEST_F(fault, vm_killed_in_a_copy)
{
	int round;

	ring_vm_down(&self->vm);
	for (round = 0; round < 8; round++) {
		pid_t pid = fork();

		if (!pid) {
			struct virtio_ava_run run;
			struct ring_seg seg = { 64 * MIB, VIRTIO_AVA_SEG_FROM_HOST, 1, &run };
			struct ring_call call;
			uint32_t ctx;

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (ring_vm_up(&self->vm, 7, 80 * MIB))
				_exit(1);
			ctx = open_context(&self->vm);
			run = (struct virtio_ava_run){ RING_HIGH_GPA, 64 * MIB };
			ring_call_init(&call, ctx, 0, 1, RING_FILL);
			ring_call_segs(&call, &seg, 1);
			ring_call_send(&self->vm, &call);
			usleep(round * 5000);
			kill(getpid(), SIGKILL);
		}
		waitpid(pid, NULL, 0);
		EXPECT_VM_GONE();
	}
}

TEST_F(fault, vm_dies_under_a_server_that_holds_on)
{
	uint32_t ctx = open_context(&self->vm);
	struct ring_call call;

	ASSERT_EQ(0, ring_param_set("grace_ms", 200));
	ASSERT_EQ(0, stick(&self->vm, ctx, &call, 1));
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	ring_vm_down(&self->vm);
	/* The gate stays shut: the server does not see that it is over, and is killed. */
	EXPECT_VM_GONE();
}

/* ---- limits ------------------------------------------------------------------------------ */

TEST_F(fault, quota_of_streams)
{
	uint32_t ctx, slot;
	int ret = 0;

	ASSERT_EQ(0, ring_param_set("max_streams", 4));
	ctx = open_context(&self->vm);
	for (slot = 1; slot < 8 && !ret; slot++)
		ret = open_stream(&self->vm, ctx, slot);
	EXPECT_EQ(VIRTIO_AVA_S_QUOTA, ret);
	EXPECT_EQ(5, slot);
	EXPECT_EQ(VIRTIO_AVA_S_OK, echo(&self->vm, ctx, 1));
}

TEST_F(fault, quota_of_contexts)
{
	uint32_t ctx[4];
	unsigned int i;

	ASSERT_EQ(0, ring_param_set("max_contexts", 3));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(VIRTIO_AVA_S_OK, open_raw(&self->vm, RING_API_NAME, &ctx[i]));
	EXPECT_EQ(VIRTIO_AVA_S_QUOTA, open_raw(&self->vm, RING_API_NAME, &ctx[3]));
	EXPECT_EQ(VIRTIO_AVA_S_OK, close_context(&self->vm, ctx[0]));
	EXPECT_EQ(VIRTIO_AVA_S_OK, open_raw(&self->vm, RING_API_NAME, &ctx[3]));
	EXPECT_NE(ctx[0], ctx[3]);
}

TEST_F(fault, quota_of_calls)
{
	uint32_t ctx = open_context(&self->vm), slot;
	struct ring_call call[8], over;
	int i;

	ASSERT_EQ(0, ring_param_set("max_calls", 8));
	ASSERT_EQ(0, open_stream(&self->vm, ctx, 1));
	ASSERT_EQ(0, stick(&self->vm, ctx, call, 8));
	ASSERT_EQ(0, ring_service_stuck(&self->svc, 1));
	slot = 1;
	ring_call_init(&over, ctx, slot, 1, RING_ECHO);
	EXPECT_EQ(VIRTIO_AVA_S_QUOTA, ring_call_do(&self->vm, &over));
	ring_service_gate(&self->svc, true);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(VIRTIO_AVA_S_OK, ring_call_wait(&self->vm, &call[i]));
}

TEST_F(fault, quota_of_call_memory)
{
	uint32_t ctx = open_context(&self->vm);
	static uint8_t args[8192];
	struct ring_call over;

	ASSERT_EQ(0, ring_param_set("max_call_bytes", sizeof(args) / 2));
	ring_call_init(&over, ctx, 0, 1, RING_ECHO);
	ring_call_args(&over, args, sizeof(args), sizeof(args));
	EXPECT_EQ(VIRTIO_AVA_S_QUOTA, ring_call_do(&self->vm, &over));
	/* No offence: the number is used up, the context goes on. */
	EXPECT_EQ(VIRTIO_AVA_S_OK, echo(&self->vm, ctx, 2));
}

TEST_HARNESS_MAIN
