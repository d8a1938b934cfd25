/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * vhost_ava.h - the ioctls of /dev/vhost-ava beside those of every vhost device
 *
 * Order of use by a VMM: VHOST_SET_OWNER, VHOST_SET_FEATURES,
 * VHOST_AVA_SET_GUEST_ID, VHOST_SET_MEM_TABLE, the vrings (index as in
 * virtio_ava.h), VHOST_AVA_SET_RUNNING with 1.
 */
#ifndef _UAPI_LINUX_VHOST_AVA_H
#define _UAPI_LINUX_VHOST_AVA_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vhost.h>

/**
 * VHOST_AVA_SET_GUEST_ID - name the VM, once, before it runs
 *
 * A __u64 that the host's operator chose, not zero. -EADDRINUSE if another VM
 * has it, -EBUSY if this one has one or runs, -EINVAL for zero.
 */
#define VHOST_AVA_SET_GUEST_ID	_IOW(VHOST_VIRTIO, 0xC0, __u64)

/**
 * VHOST_AVA_SET_RUNNING - start (1) or stop (0) all queues
 *
 * -EINVAL for other values, and to start with a vring of more than
 * VHOST_AVA_MAX_VRING entries: their number bounds how long the host may have to
 * walk one chain. -EFAULT for vrings that are not mapped in the VMM, -ENXIO to start
 * without a guest id. A vring that is mapped but not in the memory table starts, and
 * answers nothing. Stopping waits for the queues' handlers; contexts stay open and
 * their calls complete after the next start.
 */
#define VHOST_AVA_SET_RUNNING	_IOW(VHOST_VIRTIO, 0xC1, int)
#define VHOST_AVA_MAX_VRING	1024

/**
 * VHOST_AVA_RESET - the guest reset the device: forget what it held
 *
 * A stop alone may be a pause. This closes every context of the VM and drops every
 * request taken from the rings without answering it: the rings that it came from
 * are not the guest's any more. The guest id stays. -EBUSY while running.
 */
#define VHOST_AVA_RESET		_IO(VHOST_VIRTIO, 0xC2)

#endif /* _UAPI_LINUX_VHOST_AVA_H */
