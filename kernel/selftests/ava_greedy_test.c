// SPDX-License-Identifier: GPL-2.0
/*
 * ava_greedy_test.c - a guest that takes more than is its due: chains it has offered
 * already, more requests than it lets the host answer, contexts beyond its quota,
 * chains that take long to walk
 *
 * One thread plays guest, manager and server in turn.
 */
#include "ava_harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SMALL_RING	4u
#define OFFERS		64u		/* as many answers as the host writes at once */
#define GUARD		0xcc
#define FLOOD		20000u
#define CONTEXTS	3u
#define TABLE		65536u		/* descriptors, as many as vhost lets be */
#define TABLES		4u		/* of one chain */
#define WALKS		200u
#define FEW_WALKS	32u		/* half of what one turn takes at the least */

FIXTURE(greedy) {
	struct ring_vm vm;
	int manager;
};

static int vm_with_small_ring(struct ring_vm *vm)
{
	uint64_t guest_id = test_guest_id();
	unsigned int i;
	int ret = ring_vm_open(vm, MIB);

	if (ret)
		return ret;
	vm->vq[VIRTIO_AVA_VQ_SUBMIT].num = SMALL_RING;
	if (ioctl(vm->fd, VHOST_SET_OWNER) ||
	    ioctl(vm->fd, VHOST_SET_FEATURES, &vm->features) ||
	    ioctl(vm->fd, VHOST_AVA_SET_GUEST_ID, &guest_id))
		return -errno;
	ret = ring_vm_set_mem(vm);
	for (i = 0; !ret && i < VIRTIO_AVA_VQ_COUNT; i++)
		ret = ring_vm_set_vring(vm, i);
	return ret ? ret : ring_vm_run(vm, 1);
}

FIXTURE_SETUP(greedy)
{
	self->manager = ring_manager();
	ASSERT_LE(0, self->manager);
	ASSERT_EQ(0, vm_with_small_ring(&self->vm));
}

FIXTURE_TEARDOWN(greedy)
{
	EXPECT_EQ(0, ring_params_restore());
	close(self->manager);
	ring_vm_down(&self->vm);
	EXPECT_IDLE();
}

/* File of a new context that is attached, or -errno. */
static int open_context(FIXTURE_DATA(greedy) *self, uint32_t *ctx)
{
	struct ava_api_id id = ring_api_id();
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	struct virtio_ava_ctrl_resp resp;
	struct ring_ctrl open;
	int ret, fd;

	ret = ring_ctrl_send(&self->vm, &req, &open);
	if (ret)
		return ret;
	fd = ring_accept(self->manager, NULL);
	if (fd < 0)
		return fd;
	ret = ring_attach(fd, &id);
	if (!ret && ring_ctrl_wait(&self->vm, &open, &resp) != VIRTIO_AVA_S_OK)
		ret = -EPROTO;
	if (!ret) {
		*ctx = resp.ctx;
		return fd;
	}
	close(fd);
	return ret;
}

static int control(FIXTURE_DATA(greedy) *self, uint32_t cmd, uint32_t ctx)
{
	struct virtio_ava_ctrl req = ring_ctrl_of(cmd, ctx, 0);

	return ring_ctrl(&self->vm, &req, NULL);
}

/* The chain of @head once more, although the host has it. */
static void offer_again(struct ring_vm *vm, unsigned int index, int head)
{
	struct ring_vq *vq = &vm->vq[index];

	vq->avail->ring[vq->avail_idx % vq->num] = head;
	vq->avail_idx++;
	ring_kick(vm, index);
}

static int wait_used(struct ring_vq *vq, uint16_t used)
{
	uint64_t end = ring_ms() + RING_TIMEOUT;

	while (__atomic_load_n(&vq->used->idx, __ATOMIC_ACQUIRE) != used) {
		if (ring_ms() > end)
			return -ETIMEDOUT;
		usleep(1000);
	}
	return 0;
}

/* Behind a ring may lie the VMM's own memory. */
TEST_F(greedy, answers_stay_inside_a_small_ring)
{
	struct ring_vq *vq = &self->vm.vq[VIRTIO_AVA_VQ_SUBMIT];
	uint8_t *behind = (uint8_t *)&vq->used->ring[SMALL_RING] + 2;
	uint8_t *end = (uint8_t *)vq->used + RING_PAGE;
	struct virtio_ava_call *hdr;
	struct ring_call call;
	struct ring_stream s;
	struct ava_sqe e;
	unsigned int i;
	uint32_t ctx;
	int context;

	memset(behind, GUARD, end - behind);
	context = open_context(self, &ctx);
	ASSERT_LE(0, context);
	ASSERT_EQ(VIRTIO_AVA_S_OK, control(self, VIRTIO_AVA_CTRL_STREAM_OPEN, ctx));
	ASSERT_EQ(0, ring_stream_take(context, &s));

	ring_call_init(&call, ctx, 0, 1, RING_ECHO);
	call.indirect = true;
	ASSERT_EQ(0, ring_call_send(&self->vm, &call));
	hdr = ring_ptr(&self->vm, call.readable);
	for (i = 1; i <= OFFERS; i++) {
		ASSERT_EQ(0, ring_fetch(&s, &e));
		EXPECT_EQ(i, e.seq);
		if (i == OFFERS)
			break;
		hdr->seq = i + 1;
		offer_again(&self->vm, VIRTIO_AVA_VQ_SUBMIT, call.head);
	}
	for (i = 1; i <= OFFERS; i++)
		ring_complete(&s, i, 0, 0);
	ASSERT_EQ(0, ring_enter(&s, 0, NULL));
	EXPECT_EQ(0, wait_used(vq, OFFERS));
	for (; behind < end && *behind == GUARD; behind++)
		;
	EXPECT_EQ(end, behind)
		TH_LOG("written %td bytes behind the start of the used ring",
		       behind - (uint8_t *)vq->used);
	ring_stream_drop(&s);
	close(context);
}

/* One flood: every offer is refused and comes back, however fast they follow. */
TEST_F(greedy, control_requests_offered_without_waiting)
{
	struct ring_vq *vq = &self->vm.vq[VIRTIO_AVA_VQ_CONTROL];
	struct virtio_ava_ctrl req = ring_ctrl_of(99, 1, 0);
	struct virtio_ava_ctrl_resp *resp;
	struct ring_ctrl ctrl;
	uint16_t taken = 1;
	unsigned int i;

	ASSERT_EQ(0, ring_ctrl_send(&self->vm, &req, &ctrl));
	for (i = 1; i < FLOOD; i++) {
		/* An index further ahead than the ring is long would be no flood. */
		while ((uint16_t)(vq->avail_idx - taken) >= vq->num - 1)
			taken = __atomic_load_n(&vq->used->idx, __ATOMIC_ACQUIRE);
		offer_again(&self->vm, VIRTIO_AVA_VQ_CONTROL, ctrl.head);
	}
	EXPECT_EQ(0, wait_used(vq, FLOOD));
	resp = ring_ptr(&self->vm, ctrl.resp);
	EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, resp->status);
}

/* A context that the guest closed costs the host a server until that lets go. */
TEST_F(greedy, closed_contexts_count_until_the_server_lets_go)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	unsigned int i;
	int fds[2 * CONTEXTS];
	uint32_t ctx;

	ASSERT_EQ(0, ring_param_set("max_contexts", CONTEXTS));
	ASSERT_EQ(0, ring_param_set("grace_ms", 100000));
	for (i = 0; i < 2 * CONTEXTS; i++) {
		fds[i] = open_context(self, &ctx);
		EXPECT_LE(0, fds[i]);
		EXPECT_EQ(VIRTIO_AVA_S_OK, control(self, VIRTIO_AVA_CTRL_CLOSE, ctx));
	}
	EXPECT_EQ(VIRTIO_AVA_S_QUOTA, ring_ctrl(&self->vm, &req, NULL));
	close(fds[0]);
	fds[0] = open_context(self, &ctx);
	EXPECT_LE(0, fds[0]);
	EXPECT_EQ(VIRTIO_AVA_S_OK, control(self, VIRTIO_AVA_CTRL_CLOSE, ctx));
	for (i = 0; i < 2 * CONTEXTS; i++)
		close(fds[i]);
}

/* ---- chains that hold nothing and take long to walk ------------------------------ */

FIXTURE(walk) {
	struct ring_vm vm;
	int manager;
};

FIXTURE_SETUP(walk)
{
	self->manager = ring_manager();
	ASSERT_LE(0, self->manager);
	ASSERT_EQ(0, ring_vm_up(&self->vm, test_guest_id(), 0));
}

FIXTURE_TEARDOWN(walk)
{
	close(self->manager);
	ring_vm_down(&self->vm);
	EXPECT_IDLE();
}

/* One chain, offered WALKS times: each descriptor names the same table of empty ones. */
static void offer_walks(struct ring_vm *vm, unsigned int index)
{
	uint64_t at = ring_heap(vm, TABLE * sizeof(struct vring_desc));
	struct vring_desc *table = ring_ptr(vm, at);
	struct ring_vq *vq = &vm->vq[index];
	unsigned int i;

	for (i = 0; i < TABLE; i++)
		table[i] = (struct vring_desc){ .flags = i + 1 < TABLE ? VRING_DESC_F_NEXT : 0 };
	for (i = 0; i < TABLES; i++)
		vq->desc[i] = (struct vring_desc){
			.addr = at,
			.len = TABLE * sizeof(*table),
			.flags = VRING_DESC_F_INDIRECT |
				 (i + 1 < TABLES ? VRING_DESC_F_NEXT : 0),
			.next = i + 1,
		};
	memset(vq->avail->ring, 0, WALKS * sizeof(vq->avail->ring[0]));
	vq->avail_idx = WALKS;
	ring_kick(vm, index);
}

static uint16_t walked(struct ring_vm *vm, unsigned int index)
{
	return __atomic_load_n(&vm->vq[index].used->idx, __ATOMIC_ACQUIRE);
}

static int bad_request(struct ring_vm *vm)
{
	struct virtio_ava_ctrl req = ring_ctrl_of(99, 1, 0);

	return ring_ctrl(vm, &req, NULL);
}

TEST_F(walk, other_queues_get_their_turn)
{
	offer_walks(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, bad_request(&self->vm));
	EXPECT_LT(0, walked(&self->vm, VIRTIO_AVA_VQ_SUBMIT));
	EXPECT_GT(FEW_WALKS, walked(&self->vm, VIRTIO_AVA_VQ_SUBMIT));
}

/* Buffers are walked only while there is an event: that of a server which went. */
TEST_F(walk, event_buffers_are_no_exception)
{
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	struct ava_api_id id = ring_api_id();
	struct ring_ctrl open;
	int context;

	ASSERT_EQ(0, ring_ctrl_send(&self->vm, &req, &open));
	context = ring_accept(self->manager, NULL);
	ASSERT_LE(0, context);
	ASSERT_EQ(0, ring_attach(context, &id));
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl_wait(&self->vm, &open, NULL));
	close(context);
	offer_walks(&self->vm, VIRTIO_AVA_VQ_EVENT);
	EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, bad_request(&self->vm));
	EXPECT_GT(FEW_WALKS, walked(&self->vm, VIRTIO_AVA_VQ_EVENT));
}

TEST_F(walk, release_does_not_wait_for_all)
{
	offer_walks(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	close(self->vm.fd);
	self->vm.fd = -1;
	EXPECT_GT(FEW_WALKS, walked(&self->vm, VIRTIO_AVA_VQ_SUBMIT));
}

TEST_HARNESS_MAIN
