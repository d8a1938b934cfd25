// SPDX-License-Identifier: GPL-2.0
/*
 * server.c - /dev/ava-server: the manager, and the contexts that wait for it
 *
 * At most one open file is the manager. A waiting context is in its list with a
 * reference; whoever takes it out of the list has that reference.
 */
#include <linux/capability.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "ava_host.h"

/**
 * struct ava_manager - who accepts contexts
 * @lock: protects what follows
 * @file: the manager's, or NULL
 * @waiting: contexts, oldest first
 * @wq: woken when one comes
 */
static struct ava_manager {
	spinlock_t lock;	/* all below */
	struct file *file;
	struct list_head waiting;
	wait_queue_head_t wq;
} ava_manager = {
	.lock = __SPIN_LOCK_UNLOCKED(ava_manager.lock),
	.waiting = LIST_HEAD_INIT(ava_manager.waiting),
	.wq = __WAIT_QUEUE_HEAD_INITIALIZER(ava_manager.wq),
};

/* ava_server_offer() - a context waits for the manager; false if there is none */
bool ava_server_offer(struct ava_context *ctx)
{
	bool present;

	spin_lock(&ava_manager.lock);
	present = ava_manager.file;
	if (present) {
		ava_context_get(ctx);
		list_add_tail(&ctx->waiting, &ava_manager.waiting);
	}
	spin_unlock(&ava_manager.lock);
	if (present)
		wake_up_interruptible(&ava_manager.wq);
	return present;
}

/* ava_server_withdraw() - it does not wait any more, if it did */
void ava_server_withdraw(struct ava_context *ctx)
{
	bool waited;

	spin_lock(&ava_manager.lock);
	waited = !list_empty(&ctx->waiting);
	list_del_init(&ctx->waiting);
	spin_unlock(&ava_manager.lock);
	if (waited)
		ava_context_put(ctx);
}

static struct ava_context *take_waiting(struct list_head *waiting)
{
	struct ava_context *ctx;

	spin_lock(&ava_manager.lock);
	ctx = list_first_entry_or_null(waiting, struct ava_context, waiting);
	if (ctx)
		list_del_init(&ctx->waiting);
	spin_unlock(&ava_manager.lock);
	return ctx;
}

static bool is_manager(struct file *file)
{
	bool is;

	spin_lock(&ava_manager.lock);
	is = ava_manager.file == file;
	spin_unlock(&ava_manager.lock);
	return is;
}

/* ---- ioctls ------------------------------------------------------------------- */

static long ioctl_register(struct file *file, void __user *argp)
{
	struct ava_server_register arg;
	int ret = 0;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.flags || arg.reserved)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	spin_lock(&ava_manager.lock);
	if (!ava_manager.file) {
		ava_manager.file = file;
		atomic64_inc(&ava_stats.managers);
	} else if (ava_manager.file != file) {
		ret = -EBUSY;
	}
	spin_unlock(&ava_manager.lock);
	return ret;
}

/* The oldest context that was not refused on its way here; NULL if there is none. */
static struct ava_context *accept_waiting(void)
{
	struct ava_context *ctx;

	while ((ctx = take_waiting(&ava_manager.waiting))) {
		if (ava_context_accept(ctx))
			return ctx;
		ava_context_put(ctx);
	}
	return NULL;
}

static int wait_for_context(struct file *file, struct ava_context **ctx)
{
	*ctx = accept_waiting();
	if (*ctx)
		return 0;
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(ava_manager.wq, (*ctx = accept_waiting()));
}

static int context_fd(struct ava_context *ctx, struct ava_server_accept *arg,
		      void __user *argp, int fd)
{
	struct file *file;
	int ret;

	arg->fd = fd;
	arg->guest_id = ctx->vm->guest_id;
	arg->context_id = ctx->number;
	arg->api = ctx->api;
	if (copy_to_user(argp, arg, sizeof(*arg)))
		return -EFAULT;
	ret = ava_context_file_create(ctx, &file);
	if (ret)
		return ret;
	fd_install(fd, file);
	return 0;
}

static long ioctl_accept(struct file *file, void __user *argp)
{
	struct ava_server_accept arg;
	struct ava_context *ctx;
	int ret, fd;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.flags || arg.reserved || !is_manager(file))
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	ret = wait_for_context(file, &ctx);
	if (ret)
		goto err_fd;
	ret = context_fd(ctx, &arg, argp, fd);
	if (ret)
		goto err_context;
	return 0;

err_context:
	ava_context_refuse(ctx, VIRTIO_AVA_S_NO_SERVER);
	ava_context_put(ctx);
err_fd:
	put_unused_fd(fd);
	return ret;
}

static long server_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case AVA_SERVER_IOC_REGISTER:
		return ioctl_register(file, argp);
	case AVA_SERVER_IOC_ACCEPT:
		return ioctl_accept(file, argp);
	default:
		return -ENOTTY;
	}
}

/* ---- the file ----------------------------------------------------------------- */

static __poll_t server_poll(struct file *file, poll_table *wait)
{
	__poll_t mask = 0;

	poll_wait(file, &ava_manager.wq, wait);
	spin_lock(&ava_manager.lock);
	if (ava_manager.file != file)
		mask = EPOLLERR;
	else if (!list_empty(&ava_manager.waiting))
		mask = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&ava_manager.lock);
	return mask;
}

/*
 * Contexts that were not accepted would wait in vain. They leave the list together
 * with the manager: what is offered from then on is another's to accept.
 */
static int server_release(struct inode *inode, struct file *file)
{
	struct ava_context *ctx;
	LIST_HEAD(left);
	bool was;

	spin_lock(&ava_manager.lock);
	was = ava_manager.file == file;
	if (was) {
		ava_manager.file = NULL;
		list_splice_init(&ava_manager.waiting, &left);
		atomic64_dec(&ava_stats.managers);
	}
	spin_unlock(&ava_manager.lock);
	if (!was)
		return 0;
	while ((ctx = take_waiting(&left))) {
		ava_context_refuse(ctx, VIRTIO_AVA_S_NO_MANAGER);
		ava_context_put(ctx);
	}
	return 0;
}

static const struct file_operations server_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= server_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.poll		= server_poll,
	.release	= server_release,
	.llseek		= noop_llseek,
};

static struct miscdevice server_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "ava-server",
	.fops	= &server_fops,
	.groups	= ava_stats_groups,
};

int ava_server_register(void)
{
	return misc_register(&server_misc);
}

void ava_server_unregister(void)
{
	misc_deregister(&server_misc);
}
