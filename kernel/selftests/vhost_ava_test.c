// SPDX-License-Identifier: GPL-2.0
/*
 * vhost_ava_test.c - the ioctls of /dev/vhost-ava: what is refused, and when
 *
 * No manager and no server take part.
 */
#include "ava_harness.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

FIXTURE(node) {
	struct ring_vm vm;
	uint64_t id;
};

FIXTURE_SETUP(node)
{
	ASSERT_EQ(0, ring_vm_open(&self->vm, 1 * MIB));
	self->id = test_guest_id();
}

FIXTURE_TEARDOWN(node)
{
	ring_vm_down(&self->vm);
	EXPECT_IDLE();
}

/* Everything but the id, the vrings and running. */
static int node_own(struct ring_vm *vm)
{
	if (ioctl(vm->fd, VHOST_SET_OWNER) ||
	    ioctl(vm->fd, VHOST_SET_FEATURES, &vm->features))
		return -errno;
	return ring_vm_set_mem(vm);
}

static int node_vrings(struct ring_vm *vm)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < VIRTIO_AVA_VQ_COUNT; i++)
		ret = ring_vm_set_vring(vm, i);
	return ret;
}

TEST_F(node, every_step_needs_an_owner)
{
	struct vhost_vring_state num = { 0, RING_NUM };

	EXPECT_EQ(-EPERM, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	EXPECT_EQ(-EPERM, ring_vm_run(&self->vm, 1));
	EXPECT_EQ(-EPERM, ring_vm_set_mem(&self->vm));
	EXPECT_EQ(-EPERM, IOCTL(self->vm.fd, VHOST_SET_VRING_NUM, &num));
	EXPECT_EQ(-EPERM, IOCTL(self->vm.fd, VHOST_AVA_RESET, 0));
	EXPECT_EQ(-EPERM, IOCTL(self->vm.fd, VHOST_SET_FEATURES, &self->vm.features));
	EXPECT_EQ(-EPERM, IOCTL(self->vm.fd, VHOST_RESET_OWNER, 0));
}

TEST_F(node, one_owner_only)
{
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_SET_OWNER, 0));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_SET_OWNER, 0));
}

TEST_F(node, another_process_is_not_the_owner)
{
	pid_t pid;
	int status;

	ASSERT_EQ(0, node_own(&self->vm));
	pid = fork();
	if (!pid)
		_exit(ring_vm_set_mem(&self->vm) == -EPERM &&
		      IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id) == -EPERM &&
		      ring_vm_run(&self->vm, 0) == -EPERM ? 0 : 1);
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
}

TEST_F(node, guest_id_is_not_zero)
{
	uint64_t zero = 0;

	ASSERT_EQ(0, node_own(&self->vm));
	EXPECT_EQ(-EINVAL, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &zero));
	EXPECT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
}

TEST_F(node, guest_id_is_set_once)
{
	uint64_t other = self->id + 1;

	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &other));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
}

TEST_F(node, guest_id_must_be_readable)
{
	ASSERT_EQ(0, node_own(&self->vm));
	EXPECT_EQ(-EFAULT, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, (void *)16));
	EXPECT_EQ(-EFAULT, IOCTL(self->vm.fd, VHOST_AVA_SET_RUNNING, (void *)16));
}

TEST_F(node, guest_id_is_unique)
{
	struct ring_vm other;

	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	ASSERT_EQ(0, ring_vm_open(&other, 0));
	ASSERT_EQ(0, node_own(&other));
	EXPECT_EQ(-EADDRINUSE, IOCTL(other.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	ring_vm_down(&self->vm);
	EXPECT_EQ(0, IOCTL(other.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	ring_vm_down(&other);
}

TEST_F(node, running_is_zero_or_one)
{
	ASSERT_EQ(0, node_own(&self->vm));
	EXPECT_EQ(-EINVAL, ring_vm_run(&self->vm, 2));
	EXPECT_EQ(-EINVAL, ring_vm_run(&self->vm, -1));
	EXPECT_EQ(0, ring_vm_run(&self->vm, 0));
}

TEST_F(node, running_needs_a_guest_id)
{
	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, node_vrings(&self->vm));
	EXPECT_EQ(-ENXIO, ring_vm_run(&self->vm, 1));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	EXPECT_EQ(0, ring_vm_run(&self->vm, 1));
}

TEST_F(node, running_needs_vrings)
{
	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	EXPECT_EQ(-EFAULT, ring_vm_run(&self->vm, 1));
	ASSERT_EQ(0, ring_vm_set_vring(&self->vm, 0));
	ASSERT_EQ(0, ring_vm_set_vring(&self->vm, 1));
	EXPECT_EQ(-EFAULT, ring_vm_run(&self->vm, 1));
	ASSERT_EQ(0, ring_vm_set_vring(&self->vm, 2));
	EXPECT_EQ(0, ring_vm_run(&self->vm, 1));
}

TEST_F(node, vrings_are_not_longer_than_a_vmm_makes_them)
{
	unsigned int i;

	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
		ASSERT_EQ(0, node_vrings(&self->vm));
		self->vm.vq[i].num = 2 * VHOST_AVA_MAX_VRING;
		ASSERT_EQ(0, ring_vm_set_vring(&self->vm, i));
		EXPECT_EQ(-EINVAL, ring_vm_run(&self->vm, 1));
		self->vm.vq[i].num = VHOST_AVA_MAX_VRING;
		ASSERT_EQ(0, ring_vm_set_vring(&self->vm, i));
		EXPECT_EQ(0, ring_vm_run(&self->vm, 1));
		ASSERT_EQ(0, ring_vm_run(&self->vm, 0));
		self->vm.vq[i].num = RING_NUM;
	}
}

TEST_F(node, vrings_in_no_memory)
{
	static const uint64_t nowhere[] = { 0x10000, 1ull << 47, 1ull << 63, -4096ull * 4 };
	unsigned int i;

	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	ASSERT_EQ(0, node_vrings(&self->vm));
	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		struct vhost_vring_addr addr = {
			.index = 1,
			.desc_user_addr = nowhere[i],
			.avail_user_addr = nowhere[i] + RING_PAGE,
			.used_user_addr = nowhere[i] + 2 * RING_PAGE,
		};

		/* Refused at once, or at the latest where it would be used. */
		if (!IOCTL(self->vm.fd, VHOST_SET_VRING_ADDR, &addr))
			EXPECT_EQ(-EFAULT, ring_vm_run(&self->vm, 1));
	}
	ASSERT_EQ(0, ring_vm_set_vring(&self->vm, 1));
	EXPECT_EQ(0, ring_vm_run(&self->vm, 1));
}

TEST_F(node, vring_addresses_must_be_aligned)
{
	struct vhost_vring_addr addr = {
		.desc_user_addr = (uintptr_t)self->vm.vq[0].desc + 1,
		.avail_user_addr = (uintptr_t)self->vm.vq[0].avail + 1,
		.used_user_addr = (uintptr_t)self->vm.vq[0].used + 1,
	};

	ASSERT_EQ(0, node_own(&self->vm));
	EXPECT_EQ(-EINVAL, IOCTL(self->vm.fd, VHOST_SET_VRING_ADDR, &addr));
}

TEST_F(node, there_are_three_vrings)
{
	struct vhost_vring_state num = { VIRTIO_AVA_VQ_COUNT, RING_NUM };

	ASSERT_EQ(0, node_own(&self->vm));
	EXPECT_EQ(-ENOBUFS, IOCTL(self->vm.fd, VHOST_SET_VRING_NUM, &num));
	num.index = UINT32_MAX;
	EXPECT_EQ(-ENOBUFS, IOCTL(self->vm.fd, VHOST_SET_VRING_NUM, &num));
}

TEST_F(node, start_and_stop_again_and_again)
{
	int i;

	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	ASSERT_EQ(0, node_vrings(&self->vm));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, ring_vm_run(&self->vm, 1));
		ASSERT_EQ(0, ring_vm_run(&self->vm, 1));
		ASSERT_EQ(0, ring_vm_run(&self->vm, 0));
		ASSERT_EQ(0, ring_vm_run(&self->vm, 0));
	}
}

TEST_F(node, what_may_not_change_while_running)
{
	uint64_t other = self->id + 1;
	struct vhost_vring_state num = { 2, 128 };

	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	ASSERT_EQ(0, node_vrings(&self->vm));
	ASSERT_EQ(0, ring_vm_run(&self->vm, 1));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_SET_VRING_NUM, &num));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_SET_VRING_BASE, &num));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &other));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_AVA_RESET, 0));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_SET_FEATURES, &self->vm.features));
	EXPECT_EQ(1, ring_counter("ava-server", "vms"));
}

TEST_F(node, reset_keeps_the_guest_id)
{
	uint64_t other = self->id + 1;

	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	EXPECT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_RESET, 0));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &other));
	ASSERT_EQ(0, node_vrings(&self->vm));
	EXPECT_EQ(0, ring_vm_run(&self->vm, 1));
}

/* As a reset, and another process may own the device: with the id that it has. */
TEST_F(node, reset_owner_keeps_the_guest_id)
{
	uint64_t other = self->id + 1;

	ASSERT_EQ(0, node_own(&self->vm));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
	ASSERT_EQ(0, node_vrings(&self->vm));
	ASSERT_EQ(0, ring_vm_run(&self->vm, 1));
	EXPECT_EQ(0, IOCTL(self->vm.fd, VHOST_RESET_OWNER, 0));
	EXPECT_EQ(-EPERM, ring_vm_run(&self->vm, 0));
	ASSERT_EQ(0, node_own(&self->vm));
	EXPECT_EQ(-EBUSY, IOCTL(self->vm.fd, VHOST_AVA_SET_GUEST_ID, &other));
	/* The rings are forgotten with the owner. */
	EXPECT_EQ(-EFAULT, ring_vm_run(&self->vm, 1));
	ASSERT_EQ(0, node_vrings(&self->vm));
	EXPECT_EQ(0, ring_vm_run(&self->vm, 1));
}

TEST_F(node, features)
{
	uint64_t f = 0, bad;

	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_GET_FEATURES, &f));
	EXPECT_TRUE(f & (1ull << VIRTIO_F_VERSION_1));
	EXPECT_TRUE(f & (1ull << VIRTIO_RING_F_INDIRECT_DESC));
	/* Device memory cannot be migrated yet; see the design of migration. */
	EXPECT_FALSE(f & (1ull << VHOST_F_LOG_ALL));
	EXPECT_EQ(-EFAULT, IOCTL(self->vm.fd, VHOST_GET_FEATURES, (void *)16));
	ASSERT_EQ(0, IOCTL(self->vm.fd, VHOST_SET_OWNER, 0));
	EXPECT_EQ(-EFAULT, IOCTL(self->vm.fd, VHOST_SET_FEATURES, (void *)16));
	bad = f | (1ull << VHOST_F_LOG_ALL);
	EXPECT_EQ(-EOPNOTSUPP, IOCTL(self->vm.fd, VHOST_SET_FEATURES, &bad));
	bad = f | (1ull << 23);
	EXPECT_EQ(-EOPNOTSUPP, IOCTL(self->vm.fd, VHOST_SET_FEATURES, &bad));
	bad = f | (1ull << VIRTIO_F_RING_PACKED);
	EXPECT_EQ(-EOPNOTSUPP, IOCTL(self->vm.fd, VHOST_SET_FEATURES, &bad));
	EXPECT_EQ(0, IOCTL(self->vm.fd, VHOST_SET_FEATURES, &f));
}

TEST_F(node, unknown_commands)
{
	uint32_t zero[4] = { 0 };

	ASSERT_EQ(0, node_own(&self->vm));
	EXPECT_EQ(-ENOTTY, IOCTL(self->vm.fd, _IOW(VHOST_VIRTIO, 0xC3, __u64), zero));
	EXPECT_EQ(-ENOTTY, IOCTL(self->vm.fd, _IOW(VHOST_VIRTIO, 0xC0, __u32), zero));
	EXPECT_EQ(-ENOTTY, IOCTL(self->vm.fd, _IOW(0xBB, 0x20, __u64), zero));
}

TEST_F(node, release_at_every_step)
{
	struct ring_vm vm;
	int step;

	for (step = 0; step < 5; step++) {
		ASSERT_EQ(0, ring_vm_open(&vm, 0));
		if (step > 0)
			ASSERT_EQ(0, node_own(&vm));
		if (step > 1)
			ASSERT_EQ(0, IOCTL(vm.fd, VHOST_AVA_SET_GUEST_ID, &self->id));
		if (step > 2)
			ASSERT_EQ(0, node_vrings(&vm));
		if (step > 3)
			ASSERT_EQ(0, ring_vm_run(&vm, 1));
		ring_vm_down(&vm);
	}
}

TEST_HARNESS_MAIN
