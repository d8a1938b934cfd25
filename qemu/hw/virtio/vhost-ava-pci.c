/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vhost-ava-pci.c - the PCI function that carries a vhost-ava device
 *
 * Modern only: the device never had a legacy layout, so only the non-transitional
 * type exists and virtio-pci derives the PCI id from the virtio id.
 */
#include "qemu/osdep.h"

#include "hw/qdev-properties.h"
#include "hw/virtio/vhost-ava.h"
#include "hw/virtio/virtio-pci.h"
#include "qemu/module.h"

#define TYPE_VHOST_AVA_PCI "vhost-ava-pci-base"
OBJECT_DECLARE_SIMPLE_TYPE(VHostAvaPCI, VHOST_AVA_PCI)

/* PCI Code and ID Assignment: base class 12h, processing accelerator */
#define PCI_CLASS_ACCELERATOR 0x1200

struct VHostAvaPCI {
    VirtIOPCIProxy parent_obj;
    VHostAva vdev;
};

static Property vhost_ava_pci_properties[] = {
    /* one per queue and one for configuration changes */
    DEFINE_PROP_UINT32("vectors", VirtIOPCIProxy, nvectors,
                       VIRTIO_AVA_VQ_COUNT + 1),
    DEFINE_PROP_END_OF_LIST(),
};

static void vhost_ava_pci_realize(VirtIOPCIProxy *proxy, Error **errp)
{
    VHostAvaPCI *dev = VHOST_AVA_PCI(proxy);

    qdev_realize(DEVICE(&dev->vdev), BUS(&proxy->bus), errp);
}

static void vhost_ava_pci_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    VIRTIO_PCI_CLASS(klass)->realize = vhost_ava_pci_realize;
    pc->vendor_id = PCI_VENDOR_ID_REDHAT_QUMRANET;
    pc->device_id = 0;
    pc->revision = 0;
    pc->class_id = PCI_CLASS_ACCELERATOR;
    dc->desc = "AvA: accelerator APIs of the host (vhost)";
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, vhost_ava_pci_properties);
}

static void vhost_ava_pci_instance_init(Object *obj)
{
    VHostAvaPCI *dev = VHOST_AVA_PCI(obj);

    virtio_instance_init_common(obj, &dev->vdev, sizeof(dev->vdev),
                                TYPE_VHOST_AVA);
}

static const VirtioPCIDeviceTypeInfo vhost_ava_pci_info = {
    .base_name             = TYPE_VHOST_AVA_PCI,
    .non_transitional_name = "vhost-ava-pci",
    .instance_size         = sizeof(VHostAvaPCI),
    .instance_init         = vhost_ava_pci_instance_init,
    .class_init            = vhost_ava_pci_class_init,
};

static void vhost_ava_pci_register(void)
{
    virtio_pci_types_register(&vhost_ava_pci_info);
}

type_init(vhost_ava_pci_register)
