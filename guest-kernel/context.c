// SPDX-License-Identifier: GPL-2.0
/*
 * An open file of /dev/ava and the context that it is bound to
 *
 * Opening waits for the host interruptibly. An OPEN interrupted by a signal is
 * not withdrawn: the same ioctl issued again takes up the wait, so a process
 * with a busy timer still gets its context, and closing the file cancels it: an
 * answer that comes later closes the context on the host. Closing a file sends
 * CLOSE and does not wait; the request for that was allocated with OPEN.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "ava_guest.h"

struct avag_context *avag_context_alloc(void)
{
	struct avag_context *ctx;

	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return NULL;
	kref_init(&ctx->ref);
	mutex_init(&ctx->lock);
	xa_init_flags(&ctx->streams, XA_FLAGS_ALLOC);
	init_waitqueue_head(&ctx->wait);
	mutex_init(&ctx->read_lock);
	spin_lock_init(&ctx->event_lock);
	INIT_LIST_HEAD(&ctx->events);
	return ctx;
}

struct avag_context *avag_context_get(struct avag_context *ctx)
{
	kref_get(&ctx->ref);
	return ctx;
}

static void avag_context_free(struct kref *ref)
{
	struct avag_context *ctx = container_of(ref, struct avag_context, ref);

	avag_streams_free(ctx);
	avag_events_free(ctx);
	avag_ctrl_put(ctx->close);
	if (ctx->dev)
		avag_device_put(ctx->dev);
	mutex_destroy(&ctx->read_lock);
	mutex_destroy(&ctx->lock);
	kfree(ctx);
}

void avag_context_put(struct avag_context *ctx)
{
	kref_put(&ctx->ref, avag_context_free);
}

/* Is the file bound? Then what avag_open_bind() wrote can be read. */
bool avag_context_bound(struct avag_context *ctx)
{
	/* Pairs with the release in avag_open_bind(). */
	return smp_load_acquire(&ctx->bound);
}

/* Has this file a context, and that a device? */
int avag_context_live(struct avag_context *ctx)
{
	if (!avag_context_bound(ctx))
		return -ENOTCONN;
	return READ_ONCE(ctx->dev->gone) ? -ENODEV : 0;
}

/* And does the host still take calls of it? */
int avag_context_ready(struct avag_context *ctx)
{
	int ret = avag_context_live(ctx);

	return ret ? ret : READ_ONCE(ctx->error);
}

/* Put the context in error; the first error stays. Any context, also atomic. */
void avag_context_fail(struct avag_context *ctx, int error)
{
	if (cmpxchg(&ctx->error, 0, error))
		return;
	wake_up(&ctx->wait);
	wake_up(&ctx->dev->room);
}

/* ---- what is open on the host ---- */

static int avag_context_enter(struct avag_context *ctx)
{
	struct avag_device *dev = ctx->dev;
	int ret;

	mutex_lock(&dev->lock);
	ret = xa_insert(&dev->contexts, ctx->id, ctx, GFP_KERNEL);
	if (!ret) {
		avag_context_get(ctx);
		avag_stat_add(AVAG_STAT_CONTEXTS, 1);
	}
	mutex_unlock(&dev->lock);
	return ret;
}

/* The host has closed the context, or is gone. Safe to repeat. */
static void avag_context_leave(struct avag_context *ctx)
{
	struct avag_device *dev = ctx->dev;
	bool entered;

	mutex_lock(&dev->lock);
	entered = xa_load(&dev->contexts, ctx->id) == ctx;
	if (entered)
		xa_erase(&dev->contexts, ctx->id);
	mutex_unlock(&dev->lock);
	if (!entered)
		return;
	avag_stat_add(AVAG_STAT_CONTEXTS, -1);
	avag_context_put(ctx);
}

static void avag_close_answered(struct avag_ctrl *ctrl)
{
	struct avag_context *ctx = ctrl->ctx;
	bool current_attempt;

	mutex_lock(&ctx->lock);
	current_attempt = ctx->close == ctrl;
	mutex_unlock(&ctx->lock);
	if (!current_attempt)
		return;
	/* Calls that succeeded without an interrupt have waited for this. */
	avag_submit_reclaim(ctx->dev);
	avag_context_leave(ctx);
}

static void avag_close_send(struct avag_context *ctx, __le32 id)
{
	ctx->close->req.ctx = id;
	avag_ctrl_send(ctx->close, ctx);
}

/* The device is gone: wake who waits for events, let go of the contexts. */
void avag_contexts_gone(struct avag_device *dev)
{
	struct avag_context *ctx;
	unsigned long id;

	for (;;) {
		mutex_lock(&dev->lock);
		id = 0;
		ctx = xa_find(&dev->contexts, &id, ULONG_MAX, XA_PRESENT);
		if (ctx)
			avag_context_get(ctx);
		mutex_unlock(&dev->lock);
		if (!ctx)
			break;
		wake_up(&ctx->wait);
		avag_context_leave(ctx);
		avag_context_put(ctx);
	}
}

/* ---- opening ---- */

/* Take the host's answer to an OPEN that is still wanted. */
static int avag_open_bind(struct avag_context *ctx,
			  const struct virtio_ava_ctrl_resp *resp)
{
	int ret;

	ret = avag_limits_init(&ctx->lim, resp);
	if (ret)
		return ret;
	ctx->id = le32_to_cpu(resp->ctx);
	ret = avag_context_enter(ctx);
	if (ret)
		return ret;
	/* Pairs with the acquire in avag_context_bound(). */
	smp_store_release(&ctx->bound, true);
	return 0;
}

static void avag_open_answered(struct avag_ctrl *ctrl)
{
	struct avag_context *ctx = ctrl->ctx;
	struct virtio_ava_ctrl_resp resp;
	bool close = false;

	if (ctrl->err)
		return;
	/* One copy: the host can still write the original. */
	memcpy(&resp, &ctrl->resp, sizeof(resp));
	mutex_lock(&ctx->lock);
	if (ctx->released) {
		close = true;
	} else {
		ctrl->err = avag_open_bind(ctx, &resp);
		/* An id that another context has is not ours to close. */
		close = ctrl->err && ctrl->err != -EBUSY && resp.ctx;
		if (ctrl->err == -EBUSY)
			ctrl->err = -EBADMSG;
	}
	mutex_unlock(&ctx->lock);
	if (close)
		avag_close_send(ctx, resp.ctx);
}

static void avag_open_request(struct avag_ctrl *ctrl,
			      const struct ava_api_id *api)
{
	memcpy(ctrl->req.api, api->name, sizeof(ctrl->req.api));
	memcpy(ctrl->req.hash, api->hash, sizeof(ctrl->req.hash));
	ctrl->req.version_major = cpu_to_le32(api->version_major);
	ctrl->req.version_minor = cpu_to_le32(api->version_minor);
}

static bool avag_open_same(const struct avag_ctrl *ctrl,
			   const struct ava_api_id *api)
{
	return !memcmp(ctrl->req.api, api->name, sizeof(ctrl->req.api)) &&
	       !memcmp(ctrl->req.hash, api->hash, sizeof(ctrl->req.hash)) &&
	       le32_to_cpu(ctrl->req.version_major) == api->version_major &&
	       le32_to_cpu(ctrl->req.version_minor) == api->version_minor;
}

/* Give the unbound file what a new attempt needs; ctx->lock is held. */
static int avag_open_prepare(struct avag_context *ctx,
			     const struct ava_api_id *api)
{
	struct avag_device *dev;
	struct avag_ctrl *ctrl;

	dev = avag_device_find();
	if (!dev)
		return -ENODEV;
	if (ctx->dev)
		avag_device_put(ctx->dev);
	ctx->dev = dev;
	/* One from an earlier attempt may have been used. */
	avag_ctrl_put(ctx->close);
	ctx->close = avag_ctrl_alloc(VIRTIO_AVA_CTRL_CLOSE,
				     avag_close_answered);
	ctrl = avag_ctrl_alloc(VIRTIO_AVA_CTRL_OPEN, avag_open_answered);
	if (!ctx->close || !ctrl) {
		avag_ctrl_put(ctrl);
		return -ENOMEM;
	}
	avag_open_request(ctrl, api);
	ctx->opening = ctrl;
	return 0;
}

/* Become the one who waits for OPEN; *@fresh if it has yet to be sent. */
static int avag_open_begin(struct avag_context *ctx,
			   const struct ava_api_id *api, bool *fresh)
{
	int ret = 0;

	mutex_lock(&ctx->lock);
	*fresh = !ctx->opening;
	if (ctx->opener || (ctx->bound && !ctx->opening))
		ret = -EBUSY;
	else if (ctx->opening && !avag_open_same(ctx->opening, api))
		ret = -EBUSY;
	else if (!ctx->opening)
		ret = avag_open_prepare(ctx, api);
	if (ret && ctx->bound && ctx->dev->gone)
		ret = -ENODEV;
	if (!ret)
		ctx->opener = true;
	mutex_unlock(&ctx->lock);
	return ret;
}

static int avag_open_wait(struct avag_context *ctx, bool fresh)
{
	struct avag_ctrl *ctrl = ctx->opening;
	int ret;

	if (fresh)
		avag_ctrl_send(ctrl, ctx);
	ret = wait_for_completion_interruptible(&ctrl->done);

	mutex_lock(&ctx->lock);
	ctx->opener = false;
	if (!ret) {
		ret = ctrl->err;
		ctx->opening = NULL;
		avag_ctrl_put(ctrl);
	}
	mutex_unlock(&ctx->lock);
	return ret;
}

long avag_ioctl_open(struct avag_context *ctx, void __user *arg)
{
	struct ava_open req;
	bool fresh;
	int ret;

	if (copy_from_user(&req, arg, sizeof(req)))
		return -EFAULT;
	ret = avag_open_check(&req);
	if (ret)
		return ret;
	ret = avag_open_begin(ctx, &req.api, &fresh);
	if (ret)
		return ret;
	ret = avag_open_wait(ctx, fresh);
	if (ret)
		return ret;

	req.max_args = ctx->lim.max_args;
	req.max_reply = ctx->lim.max_reply;
	req.max_segs = ctx->lim.max_segs;
	req.max_bulk = ctx->lim.max_bulk;
	req.max_streams = ctx->lim.max_streams;
	return copy_to_user(arg, &req, sizeof(req)) ? -EFAULT : 0;
}

/* The last close of the file. */
void avag_context_release(struct avag_context *ctx)
{
	struct avag_ctrl *opening;
	bool bound;

	mutex_lock(&ctx->lock);
	ctx->released = true;
	bound = ctx->bound;
	opening = ctx->opening;
	ctx->opening = NULL;
	mutex_unlock(&ctx->lock);

	if (opening)
		avag_ctrl_withdraw(opening, ctx->dev);
	avag_ctrl_put(opening);
	if (bound)
		avag_close_send(ctx, cpu_to_le32(ctx->id));
	avag_context_put(ctx);
}
