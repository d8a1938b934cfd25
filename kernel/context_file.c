// SPDX-License-Identifier: GPL-2.0
/*
 * context_file.c - the file of a context, which a manager hands to a server
 *
 * The file holds a reference to the context; its last close loses the context.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/overflow.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ava_host.h"

#define AVA_MAX_FUNC_STRIDE	4096u

static long ioctl_reject(struct ava_context *ctx, void __user *argp)
{
	struct ava_context_reject arg;
	u32 status;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.reserved)
		return -EINVAL;
	switch (arg.reason) {
	case AVA_REJECT_NO_API:
		status = VIRTIO_AVA_S_NO_API;
		break;
	case AVA_REJECT_NO_SERVER:
		status = VIRTIO_AVA_S_NO_SERVER;
		break;
	case AVA_REJECT_QUOTA:
		status = VIRTIO_AVA_S_QUOTA;
		break;
	default:
		return -EINVAL;
	}
	return ava_context_refuse(ctx, status);
}

/* ---- attach ------------------------------------------------------------------- */

static int copy_rows(struct ava_functable *table, const struct ava_context_attach *arg)
{
	const void __user *rows = u64_to_user_ptr(arg->funcs);
	u32 i;
	int ret;

	for (i = 0; i < arg->func_count; i++) {
		ret = copy_struct_from_user(&table->rows[i], sizeof(table->rows[i]),
					    rows + (size_t)i * arg->func_stride,
					    arg->func_stride);
		/* A larger row with more than zeroes in it is no row of ours. */
		if (ret)
			return ret == -E2BIG ? -EINVAL : ret;
		cond_resched();
	}
	return 0;
}

static struct ava_functable *copy_table(struct ava_context *ctx,
					const struct ava_context_attach *arg)
{
	struct ava_functable *table;
	const char *expected;
	int ret;

	if (!arg->func_count || arg->func_count > AVA_MAX_FUNCS || !arg->func_stride ||
	    arg->func_stride % 8 || arg->func_stride > AVA_MAX_FUNC_STRIDE)
		return ERR_PTR(-EINVAL);
	table = kvzalloc(struct_size(table, rows, arg->func_count), GFP_KERNEL_ACCOUNT);
	if (!table)
		return ERR_PTR(-ENOMEM);
	table->count = arg->func_count;
	ret = copy_rows(table, arg);
	expected = ret ? NULL : ava_functable_check(table);
	if (expected) {
		ava_vm_log(ctx->vm, "context %llu: bad function table: expected %s\n",
			   ctx->number, expected);
		ret = -EINVAL;
	}
	if (ret) {
		kvfree(table);
		return ERR_PTR(ret);
	}
	return table;
}

static bool same_api(const struct ava_api_id *a, const struct ava_api_id *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static int refuse_version(struct ava_context *ctx, const struct ava_api_id *server)
{
	const struct ava_api_id *guest = &ctx->api;
	int ret = ava_context_refuse(ctx, VIRTIO_AVA_S_VERSION);

	if (ret)
		return ret;
	ava_vm_log(ctx->vm,
		   "context %llu: guest has %.*s %u.%u hash %*phN, server %*pE %u.%u hash %*phN\n",
		   ctx->number, AVA_API_NAME_LEN, guest->name,
		   guest->version_major, guest->version_minor, 8, guest->hash,
		   (int)strnlen(server->name, AVA_API_NAME_LEN), server->name,
		   server->version_major, server->version_minor, 8, server->hash);
	return -EPROTONOSUPPORT;
}

static long ioctl_attach(struct ava_context *ctx, void __user *argp)
{
	struct ava_context_attach arg;
	struct ava_functable *table;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.flags || arg.reserved)
		return -EINVAL;
	table = copy_table(ctx, &arg);
	if (IS_ERR(table))
		return PTR_ERR(table);
	if (same_api(&arg.api, &ctx->api))
		ret = ava_context_attach(ctx, table);
	else
		ret = refuse_version(ctx, &arg.api);
	if (ret)
		kvfree(table);
	return ret;
}

/* ---- streams ------------------------------------------------------------------ */

/* Return: 1 with a reference in @stream, 0 to wait, -ESHUTDOWN, -EINVAL before attach. */
static int take_fresh(struct ava_context *ctx, struct ava_host_stream **stream)
{
	int ret = 0;

	spin_lock(&ctx->lock);
	*stream = NULL;
	if (ctx->state > AVA_CONTEXT_ATTACHED) {
		ret = -ESHUTDOWN;
	} else if (ctx->state < AVA_CONTEXT_ATTACHED) {
		ret = -EINVAL;
	} else if (!list_empty(&ctx->fresh)) {
		*stream = list_first_entry(&ctx->fresh, struct ava_host_stream, fresh);
		list_del_init(&(*stream)->fresh);
		ava_stream_get(*stream);
		ret = 1;
	}
	spin_unlock(&ctx->lock);
	return ret;
}

static void put_back_fresh(struct ava_context *ctx, struct ava_host_stream *stream)
{
	spin_lock(&ctx->lock);
	/* One that the guest closed meanwhile is not to be accepted any more. */
	if (!READ_ONCE(stream->ended))
		list_add(&stream->fresh, &ctx->fresh);
	spin_unlock(&ctx->lock);
	wake_up_all(&ctx->wq);
}

static int wait_for_stream(struct ava_context *ctx, struct file *file,
			   struct ava_host_stream **stream)
{
	int ret, got;

	got = take_fresh(ctx, stream);
	if (got)
		return got < 0 ? got : 0;
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	ret = wait_event_interruptible(ctx->wq, (got = take_fresh(ctx, stream)));
	if (ret)
		return ret;
	return got < 0 ? got : 0;
}

static int stream_fd(struct ava_host_stream *stream, struct ava_context_stream *arg,
		     void __user *argp, int fd)
{
	struct file *file;
	int ret;

	ret = ava_stream_prepare(stream);
	if (ret)
		return ret;
	arg->fd = fd;
	arg->stream = stream->slot;
	if (copy_to_user(argp, arg, sizeof(*arg)))
		return -EFAULT;
	ret = ava_stream_file_create(stream, &file);
	if (ret)
		return ret;
	fd_install(fd, file);
	/* Calls may have come before the ring did. */
	ava_sched_ready(&stream->entity);
	return 0;
}

static long ioctl_stream(struct ava_context *ctx, struct file *file, void __user *argp)
{
	struct ava_context_stream arg;
	struct ava_host_stream *stream;
	int ret, fd;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.flags || arg.reserved)
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	ret = wait_for_stream(ctx, file, &stream);
	if (ret)
		goto err_fd;
	ret = stream_fd(stream, &arg, argp, fd);
	if (ret)
		goto err_stream;
	ava_stream_put(stream);
	ava_sched_run(1);
	return 0;

err_stream:
	put_back_fresh(ctx, stream);
	ava_stream_put(stream);
err_fd:
	put_unused_fd(fd);
	return ret;
}

static long ioctl_event(struct ava_context *ctx, void __user *argp)
{
	struct ava_context_event arg;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.flags)
		return -EINVAL;
	return ava_context_event(ctx, arg.cookie, u64_to_user_ptr(arg.data), arg.len);
}

/* ---- the file ----------------------------------------------------------------- */

static long context_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ava_context *ctx = file->private_data;
	void __user *argp = (void __user *)arg;

	switch (cmd) {
	case AVA_CONTEXT_IOC_REJECT:
		return ioctl_reject(ctx, argp);
	case AVA_CONTEXT_IOC_ATTACH:
		return ioctl_attach(ctx, argp);
	case AVA_CONTEXT_IOC_STREAM:
		return ioctl_stream(ctx, file, argp);
	case AVA_CONTEXT_IOC_EVENT:
		return ioctl_event(ctx, argp);
	default:
		return -ENOTTY;
	}
}

static __poll_t context_poll(struct file *file, poll_table *wait)
{
	struct ava_context *ctx = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &ctx->wq, wait);
	spin_lock(&ctx->lock);
	if (!list_empty(&ctx->fresh))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (ctx->state > AVA_CONTEXT_ATTACHED)
		mask |= EPOLLHUP;
	spin_unlock(&ctx->lock);
	return mask;
}

static int context_file_release(struct inode *inode, struct file *file)
{
	struct ava_context *ctx = file->private_data;

	ava_context_file_closed(ctx);
	ava_context_lose(ctx, "its server let go");
	ava_context_put(ctx);
	return 0;
}

static const struct file_operations context_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= context_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.poll		= context_poll,
	.release	= context_file_release,
	.llseek		= noop_llseek,
};

/* ava_context_file_create() - on success, the caller's reference becomes the file's */
int ava_context_file_create(struct ava_context *ctx, struct file **file)
{
	*file = anon_inode_getfile("[ava-context]", &context_fops, ctx,
				   O_RDWR | O_CLOEXEC);
	if (IS_ERR(*file))
		return PTR_ERR(*file);
	ava_context_file_opened(ctx);
	return 0;
}
