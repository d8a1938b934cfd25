// SPDX-License-Identifier: GPL-2.0
/*
 * ring.c - guest RAM, vrings and the vhost ioctls; see ring.h
 */
#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

uint64_t ring_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

void *ring_ptr(struct ring_vm *vm, uint64_t gpa)
{
	return vm->ram + (gpa < RING_LOW_SIZE ? gpa : gpa - RING_HIGH_GPA + RING_LOW_SIZE);
}

uint64_t ring_heap(struct ring_vm *vm, size_t len)
{
	unsigned int i;
	uint64_t at;

	for (i = 0; i < VIRTIO_AVA_VQ_COUNT && vm->heap + len + 64 > RING_LOW_SIZE; i++)
		ring_reap(vm, i);
	if (!vm->inflight && vm->heap + len + 64 > RING_LOW_SIZE)
		vm->heap = vm->heap_start;
	at = (vm->heap + 15) & ~15ull;
	if (at + len > RING_LOW_SIZE) {
		fprintf(stderr, "ring: chains need more than %u bytes of guest memory\n",
			RING_LOW_SIZE);
		abort();
	}
	vm->heap = at + len;
	return at;
}

uint64_t ring_bulk(struct ring_vm *vm, size_t len)
{
	uint64_t at = RING_HIGH_GPA + vm->bulk;

	if (vm->bulk + len > vm->high_size) {
		fprintf(stderr, "ring: bulk needs more than %zu bytes\n", vm->high_size);
		abort();
	}
	vm->bulk += (len + RING_PAGE - 1) & ~(size_t)(RING_PAGE - 1);
	return at;
}

void ring_vq_reset(struct ring_vm *vm, unsigned int index)
{
	struct ring_vq *vq = &vm->vq[index];
	unsigned int i;

	for (i = 0; i < RING_NUM; i++) {
		if (i < vq->num)
			vq->free[i] = vq->num - 1 - i;
		vm->inflight -= vq->busy[i];
		vq->busy[i] = false;
		vq->done[i] = false;
	}
	vq->nfree = vq->num;
	vq->avail_idx = 0;
	vq->base = 0;
	vq->used_idx = 0;
	memset(vq->avail, 0, RING_PAGE);
	memset(vq->used, 0, RING_PAGE);
}

static void ring_vq_init(struct ring_vm *vm, unsigned int index, size_t at)
{
	struct ring_vq *vq = &vm->vq[index];

	vq->num = RING_NUM;
	vq->desc = ring_ptr(vm, at);
	vq->avail = ring_ptr(vm, at + RING_PAGE);
	vq->used = ring_ptr(vm, at + 2 * RING_PAGE);
	vq->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	vq->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	vq->err = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ring_vq_reset(vm, index);
}

int ring_vm_open(struct ring_vm *vm, size_t high_size)
{
	unsigned int i;

	memset(vm, 0, sizeof(*vm));
	vm->high_size = high_size;
	vm->features = RING_FEATURES;
	vm->fd = open("/dev/vhost-ava", O_RDWR | O_CLOEXEC);
	if (vm->fd < 0)
		return -errno;
	vm->memfd = memfd_create("guest-ram", MFD_CLOEXEC);
	if (vm->memfd < 0 || ftruncate(vm->memfd, RING_LOW_SIZE + high_size))
		return -errno;
	vm->ram = mmap(NULL, RING_LOW_SIZE + high_size, PROT_READ | PROT_WRITE,
		       MAP_SHARED, vm->memfd, 0);
	if (vm->ram == MAP_FAILED)
		return -errno;
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++)
		ring_vq_init(vm, i, RING_PAGE * (1 + 4 * i));
	vm->heap_start = RING_PAGE * (1 + 4 * VIRTIO_AVA_VQ_COUNT);
	vm->heap = vm->heap_start;
	return 0;
}

int ring_vm_set_mem(struct ring_vm *vm)
{
	struct {
		struct vhost_memory head;
		struct vhost_memory_region region[2];
	} mem = {
		.head.nregions = vm->high_size ? 2 : 1,
		.region = {
			{ 0, RING_LOW_SIZE, (uintptr_t)vm->ram, 0 },
			{ RING_HIGH_GPA, vm->high_size, (uintptr_t)vm->ram + RING_LOW_SIZE, 0 },
		},
	};

	return ioctl(vm->fd, VHOST_SET_MEM_TABLE, &mem) ? -errno : 0;
}

int ring_vm_set_vring(struct ring_vm *vm, unsigned int index)
{
	struct ring_vq *vq = &vm->vq[index];
	struct vhost_vring_state num = { index, vq->num };
	struct vhost_vring_state base = { index, vq->base };
	struct vhost_vring_addr addr = {
		.index = index,
		.desc_user_addr = (uintptr_t)vq->desc,
		.avail_user_addr = (uintptr_t)vq->avail,
		.used_user_addr = (uintptr_t)vq->used,
	};
	struct vhost_vring_file kick = { index, vq->kick };
	struct vhost_vring_file call = { index, vq->call };
	struct vhost_vring_file err = { index, vq->err };

	if (ioctl(vm->fd, VHOST_SET_VRING_NUM, &num) ||
	    ioctl(vm->fd, VHOST_SET_VRING_BASE, &base) ||
	    ioctl(vm->fd, VHOST_SET_VRING_ADDR, &addr) ||
	    ioctl(vm->fd, VHOST_SET_VRING_KICK, &kick) ||
	    ioctl(vm->fd, VHOST_SET_VRING_CALL, &call) ||
	    ioctl(vm->fd, VHOST_SET_VRING_ERR, &err))
		return -errno;
	return 0;
}

int ring_vm_run(struct ring_vm *vm, int on)
{
	unsigned int i;

	if (ioctl(vm->fd, VHOST_AVA_SET_RUNNING, &on))
		return -errno;
	for (i = 0; !on && i < VIRTIO_AVA_VQ_COUNT; i++) {
		struct vhost_vring_state base = { .index = i };

		if (ioctl(vm->fd, VHOST_GET_VRING_BASE, &base))
			return -errno;
		vm->vq[i].base = base.num;
	}
	return 0;
}

static int ring_vm_setup(struct ring_vm *vm, uint64_t guest_id)
{
	unsigned int i;
	int ret;

	if (ioctl(vm->fd, VHOST_SET_OWNER) ||
	    ioctl(vm->fd, VHOST_SET_FEATURES, &vm->features) ||
	    ioctl(vm->fd, VHOST_AVA_SET_GUEST_ID, &guest_id))
		return -errno;
	ret = ring_vm_set_mem(vm);
	for (i = 0; !ret && i < VIRTIO_AVA_VQ_COUNT; i++)
		ret = ring_vm_set_vring(vm, i);
	return ret ? ret : ring_vm_run(vm, 1);
}

int ring_vm_up(struct ring_vm *vm, uint64_t guest_id, size_t high_size)
{
	int ret = ring_vm_open(vm, high_size);

	return ret ? ret : ring_vm_setup(vm, guest_id);
}

void ring_vm_down(struct ring_vm *vm)
{
	unsigned int i;

	if (vm->fd > 0)
		close(vm->fd);
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
		close(vm->vq[i].kick);
		close(vm->vq[i].call);
		close(vm->vq[i].err);
	}
	if (vm->ram && vm->ram != MAP_FAILED)
		munmap(vm->ram, RING_LOW_SIZE + vm->high_size);
	if (vm->memfd > 0)
		close(vm->memfd);
	memset(vm, 0, sizeof(*vm));
}

static void ring_publish(struct ring_vm *vm, struct ring_vq *vq, int head)
{
	vq->avail->ring[vq->avail_idx % vq->num] = head;
	vq->avail_idx++;
	vq->busy[head] = true;
	vq->done[head] = false;
	vm->inflight++;
}

int ring_add(struct ring_vm *vm, unsigned int index, const struct ring_buf *bufs,
	     unsigned int count)
{
	struct ring_vq *vq = &vm->vq[index];
	int head = -1, prev = -1;
	unsigned int i;

	if (!count || vq->nfree < count)
		return -ENOSPC;
	for (i = 0; i < count; i++) {
		int d = vq->free[--vq->nfree];

		vq->desc[d].addr = bufs[i].addr;
		vq->desc[d].len = bufs[i].len;
		vq->desc[d].flags = bufs[i].write ? VRING_DESC_F_WRITE : 0;
		vq->next[d] = -1;
		if (prev >= 0) {
			vq->desc[prev].flags |= VRING_DESC_F_NEXT;
			vq->desc[prev].next = d;
			vq->next[prev] = d;
		} else {
			head = d;
		}
		prev = d;
	}
	ring_publish(vm, vq, head);
	return head;
}

int ring_add_indirect(struct ring_vm *vm, unsigned int index,
		      const struct ring_buf *bufs, unsigned int count)
{
	struct ring_vq *vq = &vm->vq[index];
	struct vring_desc *table;
	uint64_t gpa;
	unsigned int i;
	int head;

	if (!vq->nfree)
		return -ENOSPC;
	gpa = ring_heap(vm, count * sizeof(*table));
	table = ring_ptr(vm, gpa);
	for (i = 0; i < count; i++) {
		table[i].addr = bufs[i].addr;
		table[i].len = bufs[i].len;
		table[i].flags = (bufs[i].write ? VRING_DESC_F_WRITE : 0) |
				 (i + 1 < count ? VRING_DESC_F_NEXT : 0);
		table[i].next = i + 1;
	}
	head = vq->free[--vq->nfree];
	vq->desc[head].addr = gpa;
	vq->desc[head].len = count * sizeof(*table);
	vq->desc[head].flags = VRING_DESC_F_INDIRECT;
	vq->next[head] = -1;
	ring_publish(vm, vq, head);
	return head;
}

void ring_kick(struct ring_vm *vm, unsigned int index)
{
	struct ring_vq *vq = &vm->vq[index];

	__atomic_store_n(&vq->avail->idx, vq->avail_idx, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&vq->used->flags, __ATOMIC_RELAXED) & VRING_USED_F_NO_NOTIFY))
		eventfd_write(vq->kick, 1);
}

uint32_t ring_collect(struct ring_vm *vm, unsigned int index, int head)
{
	struct ring_vq *vq = &vm->vq[index];
	int d;

	/* A head is not used again before its answer was seen. */
	for (d = head; d >= 0; d = vq->next[d])
		vq->free[vq->nfree++] = d;
	vq->done[head] = false;
	return vq->done_len[head];
}

int ring_reap(struct ring_vm *vm, unsigned int index)
{
	struct ring_vq *vq = &vm->vq[index];
	int taken = 0;

	while (vq->used_idx != __atomic_load_n(&vq->used->idx, __ATOMIC_ACQUIRE)) {
		struct vring_used_elem *e = &vq->used->ring[vq->used_idx % vq->num];

		if (e->id >= vq->num || !vq->busy[e->id])
			return -EPROTO;
		vq->busy[e->id] = false;
		vq->done[e->id] = true;
		vq->done_len[e->id] = e->len;
		vq->used_idx++;
		vm->inflight--;
		taken++;
	}
	return taken;
}

int64_t ring_wait(struct ring_vm *vm, unsigned int index, int head, int timeout)
{
	struct ring_vq *vq = &vm->vq[index];
	uint64_t end = ring_ms() + timeout;
	struct pollfd fds[2] = {
		{ .fd = vq->call, .events = POLLIN },
		{ .fd = vq->err, .events = POLLIN },
	};

	for (;;) {
		uint64_t now;
		eventfd_t n;
		int ret = ring_reap(vm, index);

		if (ret < 0)
			return ret;
		if (vq->done[head])
			return ring_collect(vm, index, head);
		now = ring_ms();
		if (now >= end)
			return -ETIMEDOUT;
		/* An asynchronous call comes back without an interrupt. */
		if (poll(fds, 2, end - now < 50 ? end - now : 50) < 0 && errno != EINTR)
			return -errno;
		if (fds[1].revents & POLLIN)
			return -EPIPE;
		eventfd_read(vq->call, &n);
	}
}

long long ring_counter(const char *device, const char *name)
{
	char path[160], text[32] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/misc/%s/%s", device, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n <= 0 ? -EIO : strtoll(text, NULL, 10);
}

int ring_counters_idle(int managers, char *culprit, size_t len)
{
	static const char * const names[] = {
		"vms", "contexts", "streams", "calls", "bulk_bytes", "managers",
	};
	uint64_t end = ring_ms() + 1000;
	unsigned int i = 0, looks = 0;

	while (i < sizeof(names) / sizeof(*names)) {
		long long v = ring_counter("ava-server", names[i]);

		if (v == (strcmp(names[i], "managers") ? 0 : managers)) {
			i++;
			continue;
		}
		/* A second in which this machine ran: its clock goes on while it does not. */
		if (v < 0 || (++looks > 1000 && ring_ms() > end)) {
			snprintf(culprit, len, "%s is %lld", names[i], v);
			return -EBUSY;
		}
		usleep(1000);
	}
	return 0;
}

/* A parameter's value before ring_param_set(). */
struct ring_param {
	struct ring_param *next;
	const char *name;
	unsigned int value;
};

static struct ring_param *ring_params;

static int param_write(const char *name, unsigned int value, unsigned int *old)
{
	char path[128];
	FILE *f;
	int ret = 0;

	snprintf(path, sizeof(path), "/sys/module/ava_host/parameters/%s", name);
	f = fopen(path, "r+");
	if (!f)
		return -errno;
	if (old && fscanf(f, "%u", old) != 1)
		ret = -EINVAL;
	rewind(f);
	if (!ret)
		fprintf(f, "%u\n", value);
	return fclose(f) ? -errno : ret;
}

int ring_param_set(const char *name, unsigned int value)
{
	struct ring_param *param = malloc(sizeof(*param));
	int ret = param ? param_write(name, value, &param->value) : -ENOMEM;

	if (ret) {
		free(param);
		return ret;
	}
	param->name = name;
	param->next = ring_params;
	ring_params = param;
	return 0;
}

int ring_params_restore(void)
{
	struct ring_param *param;
	int ret = 0, failed;

	while ((param = ring_params)) {
		failed = param_write(param->name, param->value, NULL);
		ret = ret ?: failed;
		ring_params = param->next;
		free(param);
	}
	return ret;
}
