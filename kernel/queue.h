/* SPDX-License-Identifier: GPL-2.0 */
/*
 * queue.h - one open of /dev/vhost-ava with its virtqueues
 */
#ifndef AVA_QUEUE_H
#define AVA_QUEUE_H

#include <linux/rwsem.h>
#include <linux/uio.h>

#include "vhost.h"

#include "ava_host.h"

/**
 * struct ava_vhost - one open of /dev/vhost-ava, as vhost sees it
 * @dev: the vhost device
 * @vqs: its queues
 * @vq_ptrs: they again, as vhost wants them
 * @vm: the VM that it carries; a reference
 * @mem_lock: dev.umem changes under it (write), and is used outside the worker
 *	under it (read); the queues' mutexes would make the worker wait for copies
 * @out: writes what the VM's queues hold into the rings
 * @rooms: writable parts of the chain in hand; under that queue's mutex
 * @segs: for submit.c; under the submit queue's mutex
 */
struct ava_vhost {
	struct vhost_dev dev;
	struct vhost_virtqueue vqs[VIRTIO_AVA_VQ_COUNT];
	struct vhost_virtqueue *vq_ptrs[VIRTIO_AVA_VQ_COUNT];
	struct ava_vm *vm;
	struct rw_semaphore mem_lock;
	struct vhost_work out;
	struct ava_room rooms[VIRTIO_AVA_VQ_COUNT][UIO_MAXIOV];
	struct virtio_ava_seg segs[VIRTIO_AVA_MAX_SEGS];
};

/* ava_queues_init() - the queues with their kicks, and the work that answers */
void ava_queues_init(struct ava_vhost *vhost);

#endif /* AVA_QUEUE_H */
