// SPDX-License-Identifier: GPL-2.0
/*
 * The module and its character device, /dev/ava
 *
 * Any user may open the device: what a context may do is the host's decision,
 * and what it pins is charged to the process.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "ava_guest.h"

struct workqueue_struct *avag_wq;

static int avag_fop_open(struct inode *inode, struct file *file)
{
	struct avag_context *ctx = avag_context_alloc();

	if (!ctx)
		return -ENOMEM;
	file->private_data = ctx;
	return nonseekable_open(inode, file);
}

static int avag_fop_release(struct inode *inode, struct file *file)
{
	avag_context_release(file->private_data);
	return 0;
}

static long avag_fop_ioctl(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	struct avag_context *ctx = file->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case AVA_IOC_OPEN:
		return avag_ioctl_open(ctx, user);
	case AVA_IOC_STREAM_OPEN:
		return avag_ioctl_stream_open(ctx, user);
	case AVA_IOC_STREAM_CLOSE:
		return avag_ioctl_stream_close(ctx, user);
	case AVA_IOC_SUBMIT:
		return avag_ioctl_submit(ctx, user);
	default:
		return -ENOTTY;
	}
}

static ssize_t avag_fop_read(struct file *file, char __user *to, size_t count,
			     loff_t *ppos)
{
	return avag_event_read(file->private_data, to, count,
			       file->f_flags & O_NONBLOCK);
}

static __poll_t avag_fop_poll(struct file *file, poll_table *pt)
{
	return avag_event_poll(file->private_data, file, pt);
}

static const struct file_operations avag_fops = {
	.owner = THIS_MODULE,
	.open = avag_fop_open,
	.release = avag_fop_release,
	.read = avag_fop_read,
	.poll = avag_fop_poll,
	.unlocked_ioctl = avag_fop_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice avag_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ava",
	.fops = &avag_fops,
	.groups = avag_stat_groups,
	.mode = 0666,
};

static int __init avag_init(void)
{
	int ret;

	/* How long its items take is for the host to say: no processor is bound to them. */
	avag_wq = alloc_workqueue("ava_guest", WQ_UNBOUND, 0);
	if (!avag_wq)
		return -ENOMEM;
	ret = misc_register(&avag_misc);
	if (ret)
		goto err_destroy_wq;
	ret = avag_device_register();
	if (ret)
		goto err_deregister_misc;
	return 0;

err_deregister_misc:
	misc_deregister(&avag_misc);
err_destroy_wq:
	destroy_workqueue(avag_wq);
	return ret;
}

static void __exit avag_exit(void)
{
	misc_deregister(&avag_misc);
	/* Ends what closed files have left pending with the host. */
	avag_device_unregister();
	destroy_workqueue(avag_wq);
	/* Streams are freed after a grace period, by kfree_rcu(). */
}

module_init(avag_init);
module_exit(avag_exit);

MODULE_DESCRIPTION("AvA guest driver: accelerator APIs of the host over virtio");
MODULE_LICENSE("GPL");
