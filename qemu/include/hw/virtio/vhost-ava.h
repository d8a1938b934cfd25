/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost-ava.h - the virtio device through which a guest reaches the host's API servers
 *
 * The device only sets things up: it hands guest memory, rings and notifiers to
 * /dev/vhost-ava and keeps away from the data path. One device is one VM to the
 * host kernel, under the guest-id that the operator gave it.
 */
#ifndef HW_VIRTIO_VHOST_AVA_H
#define HW_VIRTIO_VHOST_AVA_H

#include <linux/virtio_ava.h>

#include "hw/virtio/vhost.h"
#include "hw/virtio/virtio.h"
#include "qom/object.h"

#define TYPE_VHOST_AVA "vhost-ava-device"
OBJECT_DECLARE_SIMPLE_TYPE(VHostAva, VHOST_AVA)

#define VHOST_AVA_QUEUE_SIZE_DEFAULT VIRTQUEUE_MAX_SIZE
#define VHOST_AVA_QUEUE_SIZE_MIN 16
#define VHOST_AVA_QUEUE_SIZE_MAX VIRTQUEUE_MAX_SIZE

struct VHostAva {
    VirtIODevice parent_obj;

    struct vhost_dev vhost_dev;
    struct vhost_virtqueue vhost_vqs[VIRTIO_AVA_VQ_COUNT];
    VirtQueue *vqs[VIRTIO_AVA_VQ_COUNT];

    /* properties, fixed once realized */
    uint64_t guest_id;
    char *vhostfd;
    uint16_t queue_size;
};

#endif /* HW_VIRTIO_VHOST_AVA_H */
