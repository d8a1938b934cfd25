/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the guest driver builds for
 *
 * Written for 6.1; the only place that looks at the kernel's version.
 */
#ifndef AVA_GUEST_COMPAT_H
#define AVA_GUEST_COMPAT_H

#include <linux/version.h>
#include <linux/virtio_config.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static inline int avag_find_vqs(struct virtio_device *vdev, unsigned int n,
				struct virtqueue *vqs[], vq_callback_t *cbs[],
				const char * const names[])
{
	struct virtqueue_info info[8] = {};
	unsigned int i;

	if (n > ARRAY_SIZE(info))
		return -EINVAL;
	for (i = 0; i < n; i++) {
		info[i].name = names[i];
		info[i].callback = cbs[i];
	}
	return virtio_find_vqs(vdev, n, vqs, info, NULL);
}
#else
static inline int avag_find_vqs(struct virtio_device *vdev, unsigned int n,
				struct virtqueue *vqs[], vq_callback_t *cbs[],
				const char * const names[])
{
	return virtio_find_vqs(vdev, n, vqs, cbs, names, NULL);
}
#endif

#endif /* AVA_GUEST_COMPAT_H */
