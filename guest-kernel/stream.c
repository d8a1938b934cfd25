// SPDX-License-Identifier: GPL-2.0
/*
 * Streams of a context: slots that the driver hands out
 *
 * A slot is taken in context.streams from the moment its STREAM_OPEN is sent
 * until its STREAM_CLOSE is answered, so the host never sees a number twice at
 * once. Whether calls may be added, and how many are in flight, is under
 * submit.lock. Waits are killable; a stream that opens for a thread killed
 * meanwhile is closed again.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ava_guest.h"

static void avag_stream_free(struct kref *ref)
{
	struct avag_stream *stream = container_of(ref, struct avag_stream, ref);

	avag_stat_add(AVAG_STAT_STREAMS, -1);
	kfree_rcu(stream, rcu);
}

void avag_stream_put(struct avag_stream *stream)
{
	kref_put(&stream->ref, avag_stream_free);
}

/* The stream in a slot, with a reference, or NULL. */
struct avag_stream *avag_stream_find(struct avag_context *ctx, u32 id)
{
	struct avag_stream *stream;

	rcu_read_lock();
	stream = xa_load(&ctx->streams, id);
	if (stream && !kref_get_unless_zero(&stream->ref))
		stream = NULL;
	rcu_read_unlock();
	return stream;
}

/* The context's end: nobody looks streams up any more. */
void avag_streams_free(struct avag_context *ctx)
{
	struct avag_stream *stream;
	unsigned long id;

	xa_for_each(&ctx->streams, id, stream)
		avag_stream_put(stream);
	xa_destroy(&ctx->streams);
}

/* Free a slot: its STREAM_CLOSE is answered or its STREAM_OPEN failed. */
static void avag_stream_erase(struct avag_context *ctx,
			      struct avag_stream *stream)
{
	mutex_lock(&ctx->lock);
	xa_erase(&ctx->streams, stream->id);
	mutex_unlock(&ctx->lock);
	avag_stream_put(stream);
}

static void avag_stream_set_open(struct avag_device *dev,
				 struct avag_stream *stream)
{
	spin_lock_irq(&dev->submit.lock);
	stream->open = true;
	spin_unlock_irq(&dev->submit.lock);
}

static void avag_stream_close_answered(struct avag_ctrl *ctrl)
{
	avag_stream_erase(ctrl->ctx, ctrl->stream);
}

static void avag_stream_open_answered(struct avag_ctrl *ctrl)
{
	struct avag_context *ctx = ctrl->ctx;
	bool wanted, released;

	mutex_lock(&ctx->lock);
	ctrl->settled = true;
	released = ctx->released;
	wanted = !ctrl->err && !ctrl->abandoned;
	if (wanted)
		avag_stream_set_open(ctx->dev, ctrl->stream);
	mutex_unlock(&ctx->lock);
	/* With its context closed, the host has closed the stream as well. */
	if (ctrl->err || released)
		avag_stream_erase(ctx, ctrl->stream);
	else if (!wanted)
		avag_ctrl_send(ctrl->undo, ctx);
}

/* A control request on behalf of a stream, which it then holds. */
static struct avag_ctrl *avag_stream_ctrl(struct avag_context *ctx,
					  struct avag_stream *stream, u32 cmd,
					  void (*answered)(struct avag_ctrl *))
{
	struct avag_ctrl *ctrl;

	ctrl = avag_ctrl_alloc(cmd, answered);
	if (!ctrl)
		return NULL;
	kref_get(&stream->ref);
	ctrl->stream = stream;
	ctrl->req.ctx = cpu_to_le32(ctx->id);
	ctrl->req.stream = cpu_to_le32(stream->id);
	return ctrl;
}

/* A new stream in a free slot, not yet open; the slot holds it. */
static struct avag_stream *avag_stream_create(struct avag_context *ctx)
{
	struct xa_limit slots = XA_LIMIT(0, ctx->lim.max_streams - 1);
	struct avag_stream *stream;
	int ret;

	stream = kzalloc(sizeof(*stream), GFP_KERNEL_ACCOUNT);
	if (!stream)
		return ERR_PTR(-ENOMEM);
	kref_init(&stream->ref);
	mutex_lock(&ctx->lock);
	ret = xa_alloc(&ctx->streams, &stream->id, stream, slots,
		       GFP_KERNEL_ACCOUNT);
	mutex_unlock(&ctx->lock);
	if (ret) {
		kfree(stream);
		return ERR_PTR(ret == -EBUSY ? -EDQUOT : ret);
	}
	avag_stat_add(AVAG_STAT_STREAMS, 1);
	return stream;
}

static struct avag_ctrl *avag_stream_open_ctrl(struct avag_context *ctx,
					       struct avag_stream *stream)
{
	struct avag_ctrl *ctrl;

	ctrl = avag_stream_ctrl(ctx, stream, VIRTIO_AVA_CTRL_STREAM_OPEN,
				avag_stream_open_answered);
	if (!ctrl)
		return NULL;
	ctrl->undo = avag_stream_ctrl(ctx, stream,
				      VIRTIO_AVA_CTRL_STREAM_CLOSE,
				      avag_stream_close_answered);
	if (!ctrl->undo) {
		avag_ctrl_put(ctrl);
		return NULL;
	}
	return ctrl;
}

/* Killed: leave the stream to its answer, unless that has come. */
static int avag_stream_abandon(struct avag_context *ctx, struct avag_ctrl *ctrl)
{
	int ret = -EINTR;

	mutex_lock(&ctx->lock);
	if (ctrl->settled)
		ret = ctrl->err;
	else
		ctrl->abandoned = true;
	mutex_unlock(&ctx->lock);
	return ret;
}

static int avag_stream_open(struct avag_context *ctx, u32 *id)
{
	struct avag_stream *stream;
	struct avag_ctrl *ctrl;
	int ret;

	stream = avag_stream_create(ctx);
	if (IS_ERR(stream))
		return PTR_ERR(stream);
	*id = stream->id;
	ctrl = avag_stream_open_ctrl(ctx, stream);
	if (!ctrl) {
		avag_stream_erase(ctx, stream);
		return -ENOMEM;
	}
	avag_ctrl_send(ctrl, ctx);
	ret = wait_for_completion_killable(&ctrl->done);
	if (ret)
		ret = avag_stream_abandon(ctx, ctrl);
	else
		ret = ctrl->err;
	avag_ctrl_put(ctrl);
	return ret;
}

/* Stop calls on the stream; fails while it has some. */
static int avag_stream_shut(struct avag_device *dev, struct avag_stream *stream)
{
	int ret = 0;

	spin_lock_irq(&dev->submit.lock);
	if (dev->submit.run)
		avag_submit_reclaim_locked(dev);
	if (!stream->open)
		ret = -ENOENT;
	else if (stream->in_flight)
		ret = -EBUSY;
	else
		stream->open = false;
	spin_unlock_irq(&dev->submit.lock);
	return ret;
}

static int avag_stream_close(struct avag_context *ctx, u32 id)
{
	struct avag_stream *stream;
	struct avag_ctrl *ctrl;
	int ret;

	stream = avag_stream_find(ctx, id);
	if (!stream)
		return -ENOENT;
	ctrl = avag_stream_ctrl(ctx, stream, VIRTIO_AVA_CTRL_STREAM_CLOSE,
				avag_stream_close_answered);
	if (!ctrl) {
		ret = -ENOMEM;
		goto out_put_stream;
	}
	ret = avag_stream_shut(ctx->dev, stream);
	if (ret)
		goto out_put_ctrl;
	avag_ctrl_send(ctrl, ctx);
	ret = wait_for_completion_killable(&ctrl->done);
	ret = ret ? -EINTR : ctrl->err;
out_put_ctrl:
	avag_ctrl_put(ctrl);
out_put_stream:
	avag_stream_put(stream);
	return ret;
}

static int avag_stream_fetch(struct avag_context *ctx, struct ava_stream *req,
			     const void __user *arg)
{
	if (copy_from_user(req, arg, sizeof(*req)))
		return -EFAULT;
	if (req->flags)
		return -EINVAL;
	return avag_context_live(ctx);
}

long avag_ioctl_stream_open(struct avag_context *ctx, void __user *arg)
{
	struct ava_stream req;
	int ret;

	ret = avag_stream_fetch(ctx, &req, arg);
	if (!ret)
		ret = avag_context_ready(ctx);
	if (ret)
		return ret;
	ret = avag_stream_open(ctx, &req.stream);
	if (ret)
		return ret;
	if (copy_to_user(arg, &req, sizeof(req))) {
		/* Nobody will know its number: do not keep it. */
		avag_stream_close(ctx, req.stream);
		return -EFAULT;
	}
	return 0;
}

long avag_ioctl_stream_close(struct avag_context *ctx, void __user *arg)
{
	struct ava_stream req;
	int ret;

	ret = avag_stream_fetch(ctx, &req, arg);
	if (ret)
		return ret;
	/* A lost context's streams can still be given back. */
	return avag_stream_close(ctx, req.stream);
}
