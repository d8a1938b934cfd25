// SPDX-License-Identifier: GPL-2.0
/*
 * vhost.c - /dev/vhost-ava: its ioctls, its life, and the owner's memory
 *
 * What goes through the queues is queue.c's.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vhost_ava.h>

#include "queue.h"

#define AVA_VHOST_FEATURES	((1ULL << VIRTIO_F_VERSION_1) |		\
				 (1ULL << VIRTIO_RING_F_INDIRECT_DESC) |	\
				 (1ULL << VIRTIO_RING_F_EVENT_IDX))

/* ---- bulk: guest memory for the server's context ------------------------------------ */

/**
 * ava_vhost_pin() - pin the next chunk of a segment's guest memory
 * @vhost: of the VM; a call of it is kept, so it has its owner's memory
 * @cur: where; moves on
 * @len: bytes wanted, not 0
 * @write: for the host to write
 * @pins: (out) for ava_unpin()
 *
 * Pinned under mem_lock: an address that left the memory table while it was in
 * use may be the VMM's own memory a moment later. Both locks may be held by a VMM
 * that makes no progress, which must not keep a killed server.
 * Return: 0 with at least a byte pinned, -EIO if the first is not guest memory,
 * -ENOMEM, or -EINTR if the server was killed.
 */
int ava_vhost_pin(struct ava_vhost *vhost, struct ava_run_cursor *cur, u64 len,
		  bool write, struct ava_pins *pins)
{
	int ret;

	pins->count = 0;
	ret = down_read_killable(&vhost->mem_lock);
	if (ret)
		return ret;
	ret = mmap_read_lock_killable(vhost->dev.mm);
	if (!ret) {
		ret = ava_pin_runs(vhost->dev.umem, vhost->dev.mm, cur, len, write,
				   pins);
		mmap_read_unlock(vhost->dev.mm);
	}
	up_read(&vhost->mem_lock);
	return pins->count ? 0 : ret;
}

/* ---- ioctls ---------------------------------------------------------------------- */

static bool is_running(struct ava_vhost *vhost)
{
	struct vhost_virtqueue *vq = &vhost->vqs[VIRTIO_AVA_VQ_SUBMIT];
	bool running;

	lockdep_assert_held(&vhost->dev.mutex);
	mutex_lock(&vq->mutex);
	running = vhost_vq_get_backend(vq);
	mutex_unlock(&vq->mutex);
	return running;
}

/* Afterwards no handler runs and none will, until the next start. */
static void stop_queues(struct ava_vhost *vhost)
{
	int i;

	lockdep_assert_held(&vhost->dev.mutex);
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
		mutex_lock(&vhost->vqs[i].mutex);
		vhost_vq_set_backend(&vhost->vqs[i], NULL);
		mutex_unlock(&vhost->vqs[i].mutex);
	}
	vhost_dev_flush(&vhost->dev);
}

static int start_queue(struct ava_vhost *vhost, struct vhost_virtqueue *vq)
{
	int ret = 0;

	mutex_lock(&vq->mutex);
	if (!vhost_vq_is_setup(vq)) {
		ret = -EFAULT;
	} else if (vq->num > VHOST_AVA_MAX_VRING) {
		ret = -EINVAL;
	} else if (!vhost_vq_get_backend(vq)) {
		vhost_vq_set_backend(vq, vhost);
		ret = vhost_vq_init_access(vq);
	}
	mutex_unlock(&vq->mutex);
	return ret;
}

static int start_queues(struct ava_vhost *vhost)
{
	int i, ret;

	lockdep_assert_held(&vhost->dev.mutex);
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
		ret = start_queue(vhost, &vhost->vqs[i]);
		if (ret) {
			stop_queues(vhost);
			return ret;
		}
	}
	/* What was answered while stopped, and what the guest put there meanwhile. */
	ava_vhost_kick(vhost);
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++)
		vhost_poll_queue(&vhost->vqs[i].poll);
	return 0;
}

static long ioctl_set_running(struct ava_vhost *vhost, int __user *argp)
{
	int running;

	if (get_user(running, argp))
		return -EFAULT;
	if (running != 0 && running != 1)
		return -EINVAL;
	if (!running) {
		stop_queues(vhost);
		return 0;
	}
	if (!ava_vm_has_guest_id(vhost->vm))
		return -ENXIO;
	return start_queues(vhost);
}

static long ioctl_set_guest_id(struct ava_vhost *vhost, u64 __user *argp)
{
	u64 guest_id;

	if (copy_from_user(&guest_id, argp, sizeof(guest_id)))
		return -EFAULT;
	return ava_vm_set_guest_id(vhost->vm, guest_id);
}

static long ioctl_reset(struct ava_vhost *vhost)
{
	if (is_running(vhost))
		return -EBUSY;
	ava_vm_drain(vhost->vm);
	vhost_dev_flush(&vhost->dev);
	ava_vm_revive(vhost->vm);
	return 0;
}

static long ioctl_get_features(u64 __user *argp)
{
	u64 features = AVA_VHOST_FEATURES;

	return copy_to_user(argp, &features, sizeof(features)) ? -EFAULT : 0;
}

static long ioctl_set_features(struct ava_vhost *vhost, u64 __user *argp)
{
	u64 features;
	int i;

	if (copy_from_user(&features, argp, sizeof(features)))
		return -EFAULT;
	if (features & ~AVA_VHOST_FEATURES)
		return -EOPNOTSUPP;
	if (is_running(vhost))
		return -EBUSY;
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
		mutex_lock(&vhost->vqs[i].mutex);
		vhost->vqs[i].acked_features = features;
		mutex_unlock(&vhost->vqs[i].mutex);
	}
	return 0;
}

static long ioctl_reset_owner(struct ava_vhost *vhost)
{
	struct vhost_iotlb *umem;
	long ret;

	ret = vhost_dev_check_owner(&vhost->dev);
	if (ret)
		return ret;
	umem = vhost_dev_reset_owner_prepare();
	if (!umem)
		return -ENOMEM;
	stop_queues(vhost);
	vhost_dev_stop(&vhost->dev);
	ava_vm_drain(vhost->vm);
	vhost_dev_flush(&vhost->dev);
	down_write(&vhost->mem_lock);
	vhost_dev_reset_owner(&vhost->dev, umem);
	up_write(&vhost->mem_lock);
	ava_vm_revive(vhost->vm);
	return 0;
}

static long ioctl_core(struct ava_vhost *vhost, unsigned int cmd, void __user *argp)
{
	long ret;

	down_write(&vhost->mem_lock);
	ret = vhost_dev_ioctl(&vhost->dev, cmd, argp);
	up_write(&vhost->mem_lock);
	if (ret != -ENOIOCTLCMD) {
		vhost_dev_flush(&vhost->dev);
		return ret;
	}
	ret = vhost_vring_ioctl(&vhost->dev, cmd, argp);
	return ret == -ENOIOCTLCMD ? -ENOTTY : ret;
}

static long ioctl_own(struct ava_vhost *vhost, unsigned int cmd, void __user *argp)
{
	long ret = vhost_dev_check_owner(&vhost->dev);

	if (ret)
		return ret;
	switch (cmd) {
	case VHOST_AVA_SET_GUEST_ID:
		return ioctl_set_guest_id(vhost, argp);
	case VHOST_AVA_SET_RUNNING:
		return ioctl_set_running(vhost, argp);
	case VHOST_AVA_RESET:
		return ioctl_reset(vhost);
	default:
		return ioctl_set_features(vhost, argp);
	}
}

static long ioctl_locked(struct ava_vhost *vhost, unsigned int cmd, void __user *argp)
{
	lockdep_assert_held(&vhost->dev.mutex);
	switch (cmd) {
	case VHOST_GET_FEATURES:
		return ioctl_get_features(argp);
	case VHOST_AVA_SET_GUEST_ID:
	case VHOST_AVA_SET_RUNNING:
	case VHOST_AVA_RESET:
	case VHOST_SET_FEATURES:
		return ioctl_own(vhost, cmd, argp);
	case VHOST_RESET_OWNER:
		return ioctl_reset_owner(vhost);
	default:
		return ioctl_core(vhost, cmd, argp);
	}
}

static long vhost_ava_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ava_vhost *vhost = file->private_data;
	long ret;

	mutex_lock(&vhost->dev.mutex);
	ret = ioctl_locked(vhost, cmd, (void __user *)arg);
	mutex_unlock(&vhost->dev.mutex);
	return ret;
}

/* ---- the file -------------------------------------------------------------------- */

static int vhost_ava_open(struct inode *inode, struct file *file)
{
	struct ava_vhost *vhost = kvzalloc(sizeof(*vhost), GFP_KERNEL_ACCOUNT);

	if (!vhost)
		return -ENOMEM;
	vhost->vm = ava_vm_create(vhost);
	if (!vhost->vm) {
		kvfree(vhost);
		return -ENOMEM;
	}
	init_rwsem(&vhost->mem_lock);
	ava_queues_init(vhost);
	file->private_data = vhost;
	atomic64_inc(&ava_stats.vms);
	return 0;
}

/*
 * Stop the queues, so nothing new comes; close every context, which ends all
 * calls; wait until no copy uses the owner's memory; only then let go of it.
 */
static int vhost_ava_release(struct inode *inode, struct file *file)
{
	struct ava_vhost *vhost = file->private_data;

	mutex_lock(&vhost->dev.mutex);
	stop_queues(vhost);
	mutex_unlock(&vhost->dev.mutex);
	vhost_dev_stop(&vhost->dev);
	ava_vm_drain(vhost->vm);
	vhost_dev_flush(&vhost->dev);
	ava_vm_forget_guest_id(vhost->vm);
	vhost_dev_cleanup(&vhost->dev);
	ava_vm_put(vhost->vm);
	kvfree(vhost);
	atomic64_dec(&ava_stats.vms);
	return 0;
}

static const struct file_operations vhost_ava_fops = {
	.owner		= THIS_MODULE,
	.open		= vhost_ava_open,
	.release	= vhost_ava_release,
	.unlocked_ioctl	= vhost_ava_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.llseek		= noop_llseek,
};

static struct miscdevice vhost_ava_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "vhost-ava",
	.fops	= &vhost_ava_fops,
};

int ava_vhost_register(void)
{
	return misc_register(&vhost_ava_misc);
}

void ava_vhost_unregister(void)
{
	misc_deregister(&vhost_ava_misc);
}
