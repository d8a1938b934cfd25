/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost-ava.c - set up /dev/vhost-ava for a guest, and start and stop it
 *
 * The guest's status writes and the VM's run state are the only things that start
 * or stop the backend, through vhost_ava_set_status(). Everything here runs with
 * the big QEMU lock held. A context's state lives in the host kernel and in its API
 * server, so a device cannot be migrated; see vmstate_vhost_ava.
 */
#include "qemu/osdep.h"

#include <linux/vhost_ava.h>
#include <sys/ioctl.h>

#include "exec/memory.h"
#include "hw/qdev-properties.h"
#include "hw/virtio/vhost-ava.h"
#include "hw/virtio/virtio-bus.h"
#include "migration/vmstate.h"
#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/host-utils.h"
#include "qemu/module.h"

#define VHOST_AVA_NODE "/dev/vhost-ava"

/* Ring features: the guest is offered what both sides have, and nothing else. */
static const int vhost_ava_feature_bits[] = {
    VIRTIO_F_VERSION_1,
    VIRTIO_RING_F_INDIRECT_DESC,
    VIRTIO_RING_F_EVENT_IDX,
    VIRTIO_F_NOTIFY_ON_EMPTY,
    VIRTIO_F_ANY_LAYOUT,
    VIRTIO_F_IOMMU_PLATFORM,
    VIRTIO_F_RING_PACKED,
    VIRTIO_F_RING_RESET,
    VHOST_INVALID_FEATURE_BIT
};

static int vhost_ava_ioctl(VHostAva *ava, unsigned long request, void *arg)
{
    int fd = (uintptr_t)ava->vhost_dev.opaque;

    return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

/* ---- start and stop ------------------------------------------------------ */

static int vhost_ava_set_running(VHostAva *ava, int running)
{
    return vhost_ava_ioctl(ava, VHOST_AVA_SET_RUNNING, &running);
}

static int vhost_ava_set_guest_notifiers(VirtIODevice *vdev, bool assign)
{
    BusState *bus = qdev_get_parent_bus(DEVICE(vdev));
    VirtioBusClass *k = VIRTIO_BUS_GET_CLASS(bus);

    if (!k->set_guest_notifiers) {
        return -ENOSYS;
    }
    return k->set_guest_notifiers(bus->parent, VIRTIO_AVA_VQ_COUNT, assign);
}

static int vhost_ava_start(VirtIODevice *vdev)
{
    VHostAva *ava = VHOST_AVA(vdev);
    const char *what;
    int ret;
    int i;

    what = "bind the queues' kick notifiers";
    ret = vhost_dev_enable_notifiers(&ava->vhost_dev, vdev);
    if (ret < 0) {
        goto err_report;
    }

    what = "bind the guest's interrupts";
    ret = vhost_ava_set_guest_notifiers(vdev, true);
    if (ret < 0) {
        goto err_host_notifiers;
    }

    what = "hand memory and rings to the host kernel";
    ava->vhost_dev.acked_features = vdev->guest_features;
    ret = vhost_dev_start(&ava->vhost_dev, vdev, true);
    if (ret < 0) {
        goto err_guest_notifiers;
    }

    /* nothing tells vhost of vectors that were unmasked before it started */
    for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
        vhost_virtqueue_mask(&ava->vhost_dev, vdev, i, false);
    }

    what = "start the queues";
    ret = vhost_ava_set_running(ava, 1);
    if (ret < 0) {
        goto err_vhost_dev;
    }
    return 0;

err_vhost_dev:
    vhost_dev_stop(&ava->vhost_dev, vdev, true);
err_guest_notifiers:
    vhost_ava_set_guest_notifiers(vdev, false);
err_host_notifiers:
    vhost_dev_disable_notifiers(&ava->vhost_dev, vdev);
err_report:
    error_report("vhost-ava: guest-id %" PRIu64 ": cannot %s: %s",
                 ava->guest_id, what, strerror(-ret));
    return ret;
}

static void vhost_ava_stop(VirtIODevice *vdev)
{
    VHostAva *ava = VHOST_AVA(vdev);
    int ret;

    ret = vhost_ava_set_running(ava, 0);
    if (ret < 0) {
        error_report("vhost-ava: guest-id %" PRIu64 ": cannot stop the queues: %s",
                     ava->guest_id, strerror(-ret));
    }

    /* also after an error: the rings are about to go away */
    vhost_dev_stop(&ava->vhost_dev, vdev, true);

    ret = vhost_ava_set_guest_notifiers(vdev, false);
    if (ret < 0) {
        error_report("vhost-ava: guest-id %" PRIu64 ": cannot unbind the guest's interrupts: %s",
                     ava->guest_id, strerror(-ret));
    }
    vhost_dev_disable_notifiers(&ava->vhost_dev, vdev);
}

static void vhost_ava_set_status(VirtIODevice *vdev, uint8_t status)
{
    VHostAva *ava = VHOST_AVA(vdev);
    bool start = virtio_device_should_start(vdev, status);

    if (vhost_dev_is_started(&ava->vhost_dev) == start) {
        return;
    }
    if (start) {
        vhost_ava_start(vdev);
    } else {
        vhost_ava_stop(vdev);
    }
}

/*
 * A pause stops the queues too, so only this tells the host kernel that the guest
 * forgot its contexts, and that ring entries taken before belong to nobody now.
 */
static void vhost_ava_reset(VirtIODevice *vdev)
{
    VHostAva *ava = VHOST_AVA(vdev);
    int ret;

    ret = vhost_ava_ioctl(ava, VHOST_AVA_RESET, NULL);
    if (ret < 0) {
        error_report("vhost-ava: guest-id %" PRIu64 ": cannot reset the host's side: %s",
                     ava->guest_id, strerror(-ret));
    }
}

/* ---- virtio callbacks ---------------------------------------------------- */

static uint64_t vhost_ava_get_features(VirtIODevice *vdev, uint64_t features,
                                       Error **errp)
{
    VHostAva *ava = VHOST_AVA(vdev);

    return vhost_get_features(&ava->vhost_dev, vhost_ava_feature_bits, features);
}

static void vhost_ava_handle_output(VirtIODevice *vdev, VirtQueue *vq)
{
    /* A kick while stopped; the host kernel looks at every queue when it starts. */
}

static void vhost_ava_guest_notifier_mask(VirtIODevice *vdev, int idx, bool mask)
{
    VHostAva *ava = VHOST_AVA(vdev);

    vhost_virtqueue_mask(&ava->vhost_dev, vdev, idx, mask);
}

static bool vhost_ava_guest_notifier_pending(VirtIODevice *vdev, int idx)
{
    VHostAva *ava = VHOST_AVA(vdev);

    return vhost_virtqueue_pending(&ava->vhost_dev, idx);
}

static struct vhost_dev *vhost_ava_get_vhost(VirtIODevice *vdev)
{
    return &VHOST_AVA(vdev)->vhost_dev;
}

/* ---- realize ------------------------------------------------------------- */

static bool vhost_ava_check_properties(VHostAva *ava, Error **errp)
{
    if (!ava->guest_id) {
        error_setg(errp, "vhost-ava: guest-id must be given and not be zero:"
                   " it is the number under which the host knows this VM");
        return false;
    }
    if (ava->queue_size < VHOST_AVA_QUEUE_SIZE_MIN ||
        ava->queue_size > VHOST_AVA_QUEUE_SIZE_MAX ||
        !is_power_of_2(ava->queue_size)) {
        error_setg(errp, "vhost-ava: queue-size is %u, expected a power of two"
                   " from %u to %u", ava->queue_size,
                   VHOST_AVA_QUEUE_SIZE_MIN, VHOST_AVA_QUEUE_SIZE_MAX);
        return false;
    }
    return true;
}

static int vhost_ava_open_node(Error **errp)
{
    int fd = qemu_open_old(VHOST_AVA_NODE, O_RDWR);

    if (fd >= 0) {
        return fd;
    }
    if (errno == ENOENT || errno == ENODEV || errno == ENXIO) {
        error_setg(errp, "vhost-ava: " VHOST_AVA_NODE " is not there;"
                   " run 'modprobe ava_host' on the host");
    } else {
        error_setg_errno(errp, errno, "vhost-ava: cannot open " VHOST_AVA_NODE);
    }
    return -1;
}

static int vhost_ava_open(VHostAva *ava, Error **errp)
{
    int fd;

    if (ava->vhostfd) {
        fd = monitor_fd_param(monitor_cur(), ava->vhostfd, errp);
        if (fd < 0) {
            error_prepend(errp, "vhost-ava: vhostfd=%s: ", ava->vhostfd);
            return -1;
        }
    } else {
        fd = vhost_ava_open_node(errp);
        if (fd < 0) {
            return -1;
        }
    }

    /* reads from it happen in the main loop */
    if (!g_unix_set_fd_nonblocking(fd, true, NULL)) {
        error_setg_errno(errp, errno, "vhost-ava: vhostfd=%s",
                         ava->vhostfd ?: VHOST_AVA_NODE);
        close(fd);
        return -1;
    }
    return fd;
}

static bool vhost_ava_set_guest_id(VHostAva *ava, Error **errp)
{
    int ret = vhost_ava_ioctl(ava, VHOST_AVA_SET_GUEST_ID, &ava->guest_id);

    switch (ret) {
    case 0:
        return true;
    case -EADDRINUSE:
        error_setg(errp, "vhost-ava: guest-id %" PRIu64
                   " is in use by another VM", ava->guest_id);
        break;
    case -EBUSY:
        error_setg(errp, "vhost-ava: vhostfd=%s already belongs to a VM",
                   ava->vhostfd ?: VHOST_AVA_NODE);
        break;
    case -ENOTTY:
        error_setg(errp, "vhost-ava: vhostfd=%s is a vhost device,"
                   " but not " VHOST_AVA_NODE, ava->vhostfd ?: VHOST_AVA_NODE);
        break;
    default:
        error_setg_errno(errp, -ret, "vhost-ava: guest-id %" PRIu64
                         " was refused", ava->guest_id);
    }
    return false;
}

/* Takes fd over, whatever the outcome. */
static bool vhost_ava_init_backend(VHostAva *ava, int fd, Error **errp)
{
    int ret;

    ava->vhost_dev.nvqs = VIRTIO_AVA_VQ_COUNT;
    ava->vhost_dev.vqs = ava->vhost_vqs;
    ret = vhost_dev_init(&ava->vhost_dev, (void *)(uintptr_t)fd,
                         VHOST_BACKEND_TYPE_KERNEL, 0, errp);
    if (ret < 0) {
        error_prepend(errp, "vhost-ava: vhostfd=%s does not act as " VHOST_AVA_NODE ": ",
                      ava->vhostfd ?: VHOST_AVA_NODE);
        return false;
    }
    if (!virtio_has_feature(ava->vhost_dev.features, VIRTIO_F_VERSION_1)) {
        error_setg(errp, "vhost-ava: the host kernel does not offer"
                   " VIRTIO_F_VERSION_1, without which the device cannot work");
        goto err_vhost_dev;
    }
    if (!vhost_ava_set_guest_id(ava, errp)) {
        goto err_vhost_dev;
    }
    return true;

err_vhost_dev:
    vhost_dev_cleanup(&ava->vhost_dev);
    return false;
}

static void vhost_ava_add_queues(VirtIODevice *vdev)
{
    VHostAva *ava = VHOST_AVA(vdev);
    int i;

    virtio_init(vdev, VIRTIO_ID_AVA, 0);
    for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
        ava->vqs[i] = virtio_add_queue(vdev, ava->queue_size,
                                       vhost_ava_handle_output);
    }
}

static void vhost_ava_delete_queues(VirtIODevice *vdev)
{
    VHostAva *ava = VHOST_AVA(vdev);
    int i;

    for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
        virtio_delete_queue(ava->vqs[i]);
    }
    virtio_cleanup(vdev);
}

static void vhost_ava_device_realize(DeviceState *dev, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VHostAva *ava = VHOST_AVA(dev);
    int ret;
    int fd;

    if (!vhost_ava_check_properties(ava, errp)) {
        return;
    }

    fd = vhost_ava_open(ava, errp);
    if (fd < 0) {
        return;
    }

    /* The host reaches guest pages by their host address, which must stay. */
    ret = ram_block_discard_disable(true);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "vhost-ava: another device of this VM"
                         " needs to discard guest memory");
        close(fd);
        return;
    }

    vhost_ava_add_queues(vdev);
    if (!vhost_ava_init_backend(ava, fd, errp)) {
        goto err_queues;
    }
    return;

err_queues:
    vhost_ava_delete_queues(vdev);
    ram_block_discard_disable(false);
}

static void vhost_ava_device_unrealize(DeviceState *dev)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VHostAva *ava = VHOST_AVA(dev);

    vhost_ava_set_status(vdev, 0);
    vhost_dev_cleanup(&ava->vhost_dev);
    vhost_ava_delete_queues(vdev);
    ram_block_discard_disable(false);
}

/*
 * Not the missing dirty log alone stands against migration: contexts, their servers
 * and what those hold on a device would stay behind.
 */
static const VMStateDescription vmstate_vhost_ava = {
    .name = "vhost-ava",
    .unmigratable = 1,
};

static Property vhost_ava_properties[] = {
    DEFINE_PROP_UINT64("guest-id", VHostAva, guest_id, 0),
    DEFINE_PROP_STRING("vhostfd", VHostAva, vhostfd),
    DEFINE_PROP_UINT16("queue-size", VHostAva, queue_size,
                       VHOST_AVA_QUEUE_SIZE_DEFAULT),
    DEFINE_PROP_END_OF_LIST(),
};

static void vhost_ava_describe(ObjectClass *klass)
{
    object_class_property_set_description(klass, "guest-id",
        "number under which the host knows this VM, not 0");
    object_class_property_set_description(klass, "vhostfd",
        "open file of " VHOST_AVA_NODE ", instead of opening it here");
    object_class_property_set_description(klass, "queue-size",
        "entries of each queue, a power of two");
}

static void vhost_ava_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioDeviceClass *vdc = VIRTIO_DEVICE_CLASS(klass);

    device_class_set_props(dc, vhost_ava_properties);
    vhost_ava_describe(klass);
    dc->vmsd = &vmstate_vhost_ava;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    vdc->realize = vhost_ava_device_realize;
    vdc->unrealize = vhost_ava_device_unrealize;
    vdc->get_features = vhost_ava_get_features;
    vdc->set_status = vhost_ava_set_status;
    vdc->reset = vhost_ava_reset;
    vdc->guest_notifier_mask = vhost_ava_guest_notifier_mask;
    vdc->guest_notifier_pending = vhost_ava_guest_notifier_pending;
    vdc->get_vhost = vhost_ava_get_vhost;
}

static const TypeInfo vhost_ava_info = {
    .name = TYPE_VHOST_AVA,
    .parent = TYPE_VIRTIO_DEVICE,
    .instance_size = sizeof(VHostAva),
    .class_init = vhost_ava_class_init,
};

static void vhost_ava_register_types(void)
{
    type_register_static(&vhost_ava_info);
}

type_init(vhost_ava_register_types)
