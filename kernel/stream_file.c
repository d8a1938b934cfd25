// SPDX-License-Identifier: GPL-2.0
/*
 * stream_file.c - the file of a stream, which one server thread works on
 *
 * The file holds a reference to the stream, and keeps the ring's pages; a mapping
 * holds the file. Closing it while the guest still has the stream open loses the
 * context, since nobody would answer its calls.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "ava_host.h"

#define AVA_ENTER_BUDGET	64u

/* Something for a waiting server to see: entries, the end, or its own bad index. */
static bool has_news(struct ava_host_stream *stream)
{
	return ava_stream_ready(stream) != 0;
}

static int enter(struct ava_host_stream *stream, struct ava_stream_enter *arg)
{
	int ret;

	ret = ava_stream_complete(stream, &arg->completed);
	if (ret)
		return ret;
	ava_sched_run(AVA_ENTER_BUDGET);
	if (arg->flags & AVA_ENTER_WAIT) {
		ret = wait_event_interruptible(stream->wq, has_news(stream));
		if (ret)
			return ret;
	}
	ret = ava_stream_ready(stream);
	if (ret == -EBADMSG)
		ava_context_lose(stream->ctx, "its server broke the protocol");
	if (ret < 0)
		return ret;
	arg->ready = ret;
	return 0;
}

static long ioctl_enter(struct ava_host_stream *stream, void __user *argp)
{
	struct ava_stream_enter arg;
	long ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~AVA_ENTER_WAIT || arg.reserved)
		return -EINVAL;
	if (test_and_set_bit_lock(0, &stream->entering))
		return -EBUSY;
	ret = enter(stream, &arg);
	clear_bit_unlock(0, &stream->entering);
	if (!ret && copy_to_user(argp, &arg, sizeof(arg)))
		ret = -EFAULT;
	return ret;
}

static long ioctl_copy(struct ava_host_stream *stream, void __user *argp)
{
	struct ava_stream_copy arg;
	long ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.reserved || arg.dir > AVA_COPY_TO_GUEST)
		return -EINVAL;
	ret = ava_bulk_copy(stream, &arg);
	if (copy_to_user(argp, &arg, sizeof(arg)))
		return -EFAULT;
	return ret;
}

static long stream_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ava_host_stream *stream = file->private_data;
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case AVA_STREAM_IOC_ENTER:
		return ioctl_enter(stream, argp);
	case AVA_STREAM_IOC_COPY:
		return ioctl_copy(stream, argp);
	default:
		return -ENOTTY;
	}
}

static int stream_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct ava_host_stream *stream = file->private_data;
	unsigned long len = vma->vm_end - vma->vm_start;

	/* One page, to read the size; or all. */
	if (vma->vm_pgoff || (len != PAGE_SIZE && len != stream->layout.size))
		return -EINVAL;
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	ava_vm_flags_mod(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	return vm_map_pages(vma, stream->pages, stream->layout.size >> PAGE_SHIFT);
}

static __poll_t stream_poll(struct file *file, poll_table *wait)
{
	struct ava_host_stream *stream = file->private_data;
	int ready;

	poll_wait(file, &stream->wq, wait);
	ready = ava_stream_ready(stream);
	if (ready == -ESHUTDOWN)
		return EPOLLHUP;
	if (ready < 0)
		return EPOLLERR;
	return ready ? EPOLLIN | EPOLLRDNORM : 0;
}

static int stream_file_release(struct inode *inode, struct file *file)
{
	struct ava_host_stream *stream = file->private_data;

	if (ava_stream_ready(stream) != -ESHUTDOWN)
		ava_context_lose(stream->ctx, "its server closed a stream in use");
	ava_stream_abandon(stream);
	ava_context_file_closed(stream->ctx);
	ava_stream_put(stream);
	return 0;
}

static const struct file_operations stream_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= stream_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= stream_mmap,
	.poll		= stream_poll,
	.release	= stream_file_release,
	.llseek		= noop_llseek,
};

/* ava_stream_file_create() - the stream has its ring; the file gets a reference */
int ava_stream_file_create(struct ava_host_stream *stream, struct file **file)
{
	*file = anon_inode_getfile("[ava-stream]", &stream_fops, stream,
				   O_RDWR | O_CLOEXEC);
	if (IS_ERR(*file))
		return PTR_ERR(*file);
	ava_stream_get(stream);
	ava_context_file_opened(stream->ctx);
	return 0;
}
