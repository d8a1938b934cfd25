// SPDX-License-Identifier: GPL-2.0
/*
 * AVA_IOC_SUBMIT: calls go onto the ring, and come back
 *
 * Under submit.lock a call gets its sequence number and its place in the ring at
 * once, so a stream's numbers follow the ring's order whoever submits.
 *
 * Calls hold their place until the host is done, however long that takes, so the
 * ring is shared out: a context may add a call while fewer of its calls are in
 * flight than places are left. One context then gets half of the places, n of
 * them get n parts of n + 1, and there is always one more for a newcomer. A
 * stream that has calls in flight stops earlier, at half as many of its context,
 * so that the context's other streams do not wait for it.
 *
 * The host does not interrupt for a successful async call without NOTIFY, a
 * silent one, so nobody may wait for the place of one. At most silent_max calls
 * are silent; places for those are set apart, and only the others count above,
 * each of which wakes who waits when it ends. And a stream may have async_window
 * calls in flight when it adds an async one, at least one of every half of those
 * is not silent, and it comes after the others.
 */
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "ava_guest.h"

/* Sync calls that a batch leaves uncollected; bounds the memory of one ioctl. */
#define AVAG_BATCH_MAX	256

struct avag_batch {
	struct avag_context *ctx;
	u64 calls;
	u32 stride;
	struct list_head waiting;	/* sync calls submitted, in order */
	unsigned int nr_waiting;
};

/* ---- the ring; all under submit.lock ---- */

static void avag_submit_count(struct avag_call *call, int n)
{
	struct avag_context *ctx = call->ctx;

	lockdep_assert_held(&ctx->dev->submit.lock);
	call->stream->in_flight += n;
	if (call->silent) {
		ctx->dev->silent += n;
		return;
	}
	ctx->loud += n;
	call->stream->loud += n;
}

static void avag_submit_returned(struct avag_call *call, u32 used)
{
	struct virtio_ava_reply reply;

	/* One copy: the host can still write the original. */
	memcpy(&reply, call->in->chunk[0], sizeof(reply));
	avag_reply_parse(&call->res, &reply, used, call->reply_cap, call->seq,
			 call->async);
	avag_submit_count(call, -1);
	if (call->res.sticky)
		avag_context_fail(call->ctx, call->res.status);
	complete(&call->done);
	avag_call_put_atomic(call);
}

void avag_submit_reclaim_locked(struct avag_device *dev)
{
	struct avag_call *call;
	bool any = false;
	u32 used;

	lockdep_assert_held(&dev->submit.lock);
	while ((call = virtqueue_get_buf(dev->submit.vq, &used))) {
		avag_submit_returned(call, used);
		any = true;
	}
	if (any && wq_has_sleeper(&dev->room))
		wake_up(&dev->room);
	avag_queue_check(dev, &dev->submit);
}

void avag_submit_reclaim(struct avag_device *dev)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->submit.lock, flags);
	if (dev->submit.run)
		avag_submit_reclaim_locked(dev);
	spin_unlock_irqrestore(&dev->submit.lock, flags);
}

void avag_submit_interrupt(struct virtqueue *vq)
{
	avag_submit_reclaim(vq->vdev->priv);
}

/* The queue is reset: end every call that was on it. */
void avag_submit_abort(struct avag_device *dev)
{
	struct avag_call *call;

	while ((call = virtqueue_detach_unused_buf(dev->submit.vq))) {
		spin_lock_irq(&dev->submit.lock);
		avag_submit_count(call, -1);
		spin_unlock_irq(&dev->submit.lock);
		call->res.status = -ENODEV;
		complete(&call->done);
		avag_call_put_atomic(call);
	}
	wake_up_all(&dev->room);
}

static bool avag_submit_has_room(const struct avag_call *call)
{
	struct avag_device *dev = call->ctx->dev;
	unsigned int num_free = dev->submit.vq->num_free;
	unsigned int taken = call->ctx->loud;
	unsigned int need = 1;

	if (!dev->indirect)
		need = call->out->nr + call->in->nr;
	if (num_free < need)
		return false;
	if (call->stream->loud)
		taken *= 2;
	/* A silent call's place counts as free: no interrupt will say so. */
	return num_free + dev->silent > dev->silent_max + taken;
}

/* 0 if @call can be added now, -EAGAIN if it must wait for room. */
static int avag_submit_may_add(struct avag_call *call)
{
	struct avag_device *dev = call->ctx->dev;
	int error;

	lockdep_assert_held(&dev->submit.lock);
	if (!dev->submit.run)
		return -ENODEV;
	avag_submit_reclaim_locked(dev);
	error = READ_ONCE(call->ctx->error);
	if (error)
		return error;
	if (!call->stream->open)
		return -ENOENT;
	if (!avag_submit_has_room(call))
		return -EAGAIN;
	if (call->async && call->stream->in_flight >= dev->async_window)
		return -EAGAIN;
	return 0;
}

static bool avag_submit_silent(const struct avag_call *call)
{
	struct avag_device *dev = call->ctx->dev;

	return call->async && dev->silent < dev->silent_max &&
	       call->stream->silent + 1 < (dev->async_window + 1) / 2;
}

static int avag_submit_add(struct avag_call *call)
{
	struct virtio_ava_call *hdr = call->out->chunk[0];
	struct scatterlist *sgs[] = { call->sg, call->sg + call->out->nr };
	struct avag_device *dev = call->ctx->dev;
	u32 flags = 0;
	int ret;

	lockdep_assert_held(&dev->submit.lock);
	call->silent = avag_submit_silent(call);
	if (call->async)
		flags |= VIRTIO_AVA_CALL_ASYNC;
	if (call->async && !call->silent)
		flags |= VIRTIO_AVA_CALL_NOTIFY;
	call->seq = call->stream->seq + 1;
	hdr->seq = cpu_to_le64(call->seq);
	hdr->flags = cpu_to_le32(flags);

	ret = virtqueue_add_sgs(dev->submit.vq, sgs, 1, 1, call, GFP_ATOMIC);
	if (ret == -EIO)
		return -ENODEV;
	/* No memory for an indirect table, and no room without one. */
	if (ret)
		return -ENOMEM;
	kref_get(&call->ref);
	call->stream->seq++;
	call->stream->silent = call->silent ? call->stream->silent + 1 : 0;
	avag_submit_count(call, 1);
	return 0;
}

static int avag_submit_try(struct avag_call *call)
{
	struct avag_device *dev = call->ctx->dev;
	int ret;

	spin_lock_irq(&dev->submit.lock);
	ret = avag_submit_may_add(call);
	if (!ret)
		ret = avag_submit_add(call);
	spin_unlock_irq(&dev->submit.lock);
	return ret;
}

static bool avag_submit_settled(struct avag_call *call)
{
	struct avag_device *dev = call->ctx->dev;
	int ret;

	spin_lock_irq(&dev->submit.lock);
	ret = avag_submit_may_add(call);
	spin_unlock_irq(&dev->submit.lock);
	return ret != -EAGAIN;
}

/* Put a call on the ring; the call is not submitted if this is interrupted. */
static int avag_submit_call(struct avag_call *call)
{
	struct avag_device *dev = call->ctx->dev;
	int ret;

	while ((ret = avag_submit_try(call)) == -EAGAIN) {
		/* What fills the ring may be ours, and not yet announced. */
		avag_queue_kick(&dev->submit);
		ret = wait_event_interruptible(dev->room,
					       avag_submit_settled(call));
		if (ret)
			break;
	}
	return ret;
}

/* ---- the ioctl ---- */

static void __user *avag_batch_elem(const struct avag_batch *b, u32 index)
{
	return u64_to_user_ptr(b->calls + (u64)index * b->stride);
}

/* Write back the (out) fields that the element has. */
static int avag_batch_answer(const struct avag_batch *b, u32 index,
			     const struct avag_result *res)
{
	struct ava_call __user *elem = avag_batch_elem(b, index);

	if (put_user(res->reply_len, &elem->reply_len) ||
	    put_user(res->status, &elem->status))
		return -EFAULT;
	if (b->stride >= offsetofend(struct ava_call, device_ns) &&
	    put_user(res->device_ns, &elem->device_ns))
		return -EFAULT;
	return 0;
}

static int avag_batch_deliver(const struct avag_batch *b,
			      struct avag_call *call)
{
	struct avag_result res = call->res;

	if (avag_buf_to_user(call->in, sizeof(struct virtio_ava_reply),
			     u64_to_user_ptr(call->reply), res.reply_len)) {
		res.status = -EFAULT;
		res.reply_len = 0;
	}
	return avag_batch_answer(b, call->index, &res);
}

static void avag_batch_drop(struct avag_batch *b)
{
	struct avag_call *call, *next;

	list_for_each_entry_safe(call, next, &b->waiting, node) {
		list_del(&call->node);
		avag_call_put(call);
	}
	b->nr_waiting = 0;
}

/* Wait for the oldest sync calls until @leave are left. */
static int avag_batch_collect(struct avag_batch *b, unsigned int leave)
{
	struct avag_call *call;
	int ret;

	while (b->nr_waiting > leave) {
		call = list_first_entry(&b->waiting, struct avag_call, node);
		ret = wait_for_completion_killable(&call->done);
		if (ret)
			return -EINTR;
		ret = avag_batch_deliver(b, call);
		list_del(&call->node);
		b->nr_waiting--;
		avag_call_put(call);
		if (ret)
			return ret;
	}
	return 0;
}

static int avag_batch_fetch(const struct avag_batch *b, u32 index,
			    struct ava_call *req)
{
	int ret;

	ret = copy_struct_from_user(req, sizeof(*req),
				    avag_batch_elem(b, index), b->stride);
	/* Something past our struct that we do not know. */
	return ret == -E2BIG ? -EINVAL : ret;
}

static int avag_batch_submit(struct avag_batch *b, u32 index)
{
	static const struct avag_result submitted;
	struct avag_call *call;
	struct ava_call req;
	int ret;

	ret = avag_batch_fetch(b, index, &req);
	if (ret)
		return ret;
	call = avag_call_create(b->ctx, &req);
	if (IS_ERR(call))
		return PTR_ERR(call);
	call->index = index;
	/* Before it is submitted: afterwards it would be too late to fail. */
	if (call->async)
		ret = avag_batch_answer(b, index, &submitted);
	if (!ret)
		ret = avag_submit_call(call);
	if (!ret && !call->async) {
		list_add_tail(&call->node, &b->waiting);
		b->nr_waiting++;
		return 0;
	}
	avag_call_put(call);
	return ret;
}

/* Submit up to @count calls; *@done says how many were. */
static int avag_batch_run(struct avag_batch *b, u32 count, u32 *done)
{
	struct avag_queue *q = &b->ctx->dev->submit;
	int ret = 0;
	int err;

	for (*done = 0; *done < count; ++*done) {
		/* A host that is fast enough never makes us wait. */
		ret = fatal_signal_pending(current) ? -EINTR :
						      avag_batch_submit(b, *done);
		if (ret)
			break;
		if (b->nr_waiting == AVAG_BATCH_MAX) {
			avag_queue_kick(q);
			err = avag_batch_collect(b, AVAG_BATCH_MAX / 2);
			if (err)
				return err;
		}
		cond_resched();
	}
	avag_queue_kick(q);
	err = avag_batch_collect(b, 0);
	if (err)
		return err;
	return *done ? 0 : ret;
}

long avag_ioctl_submit(struct avag_context *ctx, void __user *arg)
{
	struct ava_submit __user *user = arg;
	struct avag_batch b = { .ctx = ctx };
	struct ava_submit req;
	u32 done;
	int ret;

	if (copy_from_user(&req, user, sizeof(req)))
		return -EFAULT;
	ret = avag_submit_check(&req);
	if (ret)
		return ret;
	ret = avag_context_ready(ctx);
	if (ret)
		return ret;

	b.calls = req.calls;
	b.stride = req.stride;
	INIT_LIST_HEAD(&b.waiting);
	ret = avag_batch_run(&b, req.count, &done);
	avag_batch_drop(&b);
	if (ret)
		return ret;
	return put_user(done, &user->done);
}
