/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ring.h - QEMU played from user space: guest RAM, vrings, the vhost node
 *
 * A ring_vm owns one open of /dev/vhost-ava, a memfd of guest RAM in two pieces
 * with a hole between them, and the three vrings. One thread uses it at a time.
 * Functions return 0 or -errno.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/vhost.h>
#include <linux/vhost_ava.h>
#include <linux/virtio_ava.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#define RING_PAGE	4096u
#define RING_LOW_SIZE	(16u << 20)		/* at address 0: rings and chains */
#define RING_HIGH_GPA	(4ull << 30)		/* the rest: bulk */
#define RING_NUM	256u			/* entries of each vring */
#define RING_TIMEOUT	60000			/* ms; an emulated host is slow */

#define RING_FEATURES	((1ull << VIRTIO_F_VERSION_1) | \
			 (1ull << VIRTIO_RING_F_INDIRECT_DESC))

/**
 * struct ring_vq - one split vring, seen from the guest
 * @free: descriptors not in a chain, a stack
 * @next: per descriptor the chain's next one as we know it, -1 ends
 * @base: next entry for the host to take, as it said when it was stopped
 * @done: per head: the host returned it
 * @done_len: per head: with this length
 */
struct ring_vq {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	unsigned int num;
	int kick, call, err;
	uint16_t avail_idx;
	uint16_t used_idx;
	uint16_t base;
	unsigned int nfree;
	uint16_t free[RING_NUM];
	int32_t next[RING_NUM];
	bool busy[RING_NUM];
	bool done[RING_NUM];
	uint32_t done_len[RING_NUM];
};

struct ring_vm {
	int fd;
	int memfd;
	uint8_t *ram;
	size_t high_size;
	size_t heap_start;	/* chains live in low memory above the rings */
	size_t heap;
	size_t bulk;		/* next free byte of high memory */
	unsigned int inflight;	/* chains; the heap starts over at none */
	uint64_t features;
	struct ring_vq vq[VIRTIO_AVA_VQ_COUNT];
};

/* A piece of a chain, in the order it is given. */
struct ring_buf {
	uint64_t addr;
	uint32_t len;
	bool write;		/* the host may write it */
};

/* Everything up to running queues. */
int ring_vm_up(struct ring_vm *vm, uint64_t guest_id, size_t high_size);
void ring_vm_down(struct ring_vm *vm);

/* The steps of it. */
int ring_vm_open(struct ring_vm *vm, size_t high_size);
int ring_vm_set_mem(struct ring_vm *vm);
int ring_vm_set_vring(struct ring_vm *vm, unsigned int index);
/* The ring as a guest that resets its device makes it. */
void ring_vq_reset(struct ring_vm *vm, unsigned int index);
int ring_vm_run(struct ring_vm *vm, int on);

void *ring_ptr(struct ring_vm *vm, uint64_t gpa);
uint64_t ring_heap(struct ring_vm *vm, size_t len);
uint64_t ring_bulk(struct ring_vm *vm, size_t len);

/* Head of the new chain, or -ENOSPC. Not visible to the host before ring_kick(). */
int ring_add(struct ring_vm *vm, unsigned int index, const struct ring_buf *bufs,
	     unsigned int count);
int ring_add_indirect(struct ring_vm *vm, unsigned int index,
		      const struct ring_buf *bufs, unsigned int count);
void ring_kick(struct ring_vm *vm, unsigned int index);
/* Notes what the host returned; -EPROTO if that was no chain of ours. */
int ring_reap(struct ring_vm *vm, unsigned int index);
/* A returned chain's length; its descriptors are free again. */
uint32_t ring_collect(struct ring_vm *vm, unsigned int index, int head);
/* Length the host gave, or -ETIMEDOUT, -EPROTO, -EPIPE if it broke the ring. */
int64_t ring_wait(struct ring_vm *vm, unsigned int index, int head, int timeout);

/* One decimal value of /sys/class/misc/<device>/<name>, or -errno. */
long long ring_counter(const char *device, const char *name);
/* Waits up to a second for /dev/ava-server's counters to be 0, but @managers. */
int ring_counters_idle(int managers, char *culprit, size_t len);

/* Sets a parameter of the host module; @name is static. 0 or -errno. */
int ring_param_set(const char *name, unsigned int value);
/* Undoes every ring_param_set(); for a fixture's teardown. 0 or the first -errno. */
int ring_params_restore(void);

uint64_t ring_ms(void);

#endif /* RING_H */
