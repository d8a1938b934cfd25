// SPDX-License-Identifier: GPL-2.0
/*
 * Requests on the control queue
 *
 * Sending never waits: requests that find no room queue in device.ctrl_waiting
 * and follow as chains come back, in order. OPENs, which the host answers when a
 * server has started, queue apart and get a part of the ring, so that nothing
 * else waits for them. Answers may come in any order; a work item takes them and
 * calls each request's answered(), which may sleep, then wakes the sender if it
 * still waits.
 */
#include <linux/slab.h>

#include "ava_guest.h"

struct avag_ctrl *avag_ctrl_alloc(u32 cmd, void (*answered)(struct avag_ctrl *))
{
	struct avag_ctrl *ctrl;

	ctrl = kzalloc(sizeof(*ctrl), GFP_KERNEL_ACCOUNT);
	if (!ctrl)
		return NULL;
	kref_init(&ctrl->ref);
	INIT_LIST_HEAD(&ctrl->node);
	ctrl->opens = cmd == VIRTIO_AVA_CTRL_OPEN;
	init_completion(&ctrl->done);
	ctrl->answered = answered;
	ctrl->req.cmd = cpu_to_le32(cmd);
	return ctrl;
}

static void avag_ctrl_free(struct kref *ref)
{
	struct avag_ctrl *ctrl = container_of(ref, struct avag_ctrl, ref);

	if (ctrl->undo)
		avag_ctrl_put(ctrl->undo);
	if (ctrl->stream)
		avag_stream_put(ctrl->stream);
	kfree(ctrl);
}

void avag_ctrl_put(struct avag_ctrl *ctrl)
{
	if (ctrl)
		kref_put(&ctrl->ref, avag_ctrl_free);
}

static void avag_ctrl_answer(struct avag_ctrl *ctrl, int err)
{
	struct avag_context *ctx = ctrl->ctx;

	ctrl->err = err;
	ctrl->answered(ctrl);
	complete(&ctrl->done);
	avag_ctrl_put(ctrl);
	avag_context_put(ctx);
}

/* The request to go next, at most @opens OPENs being on their way. */
static struct avag_ctrl *avag_ctrl_next(struct avag_device *dev,
					unsigned int opens)
{
	struct avag_ctrl *ctrl;

	lockdep_assert_held(&dev->ctrl.lock);
	ctrl = list_first_entry_or_null(&dev->ctrl_waiting, struct avag_ctrl,
					node);
	if (!ctrl && dev->opens < opens)
		ctrl = list_first_entry_or_null(&dev->ctrl_opens,
						struct avag_ctrl, node);
	return ctrl;
}

/* Move waiting requests to the ring while there is room. */
static void avag_ctrl_fill(struct avag_device *dev)
{
	struct scatterlist out, in, *sgs[] = { &out, &in };
	struct avag_ctrl *ctrl;

	while ((ctrl = avag_ctrl_next(dev, dev->max_opens))) {
		sg_init_one(&out, &ctrl->req, sizeof(ctrl->req));
		sg_init_one(&in, &ctrl->resp, sizeof(ctrl->resp));
		if (virtqueue_add_sgs(dev->ctrl.vq, sgs, 1, 1, ctrl,
				      GFP_ATOMIC))
			break;
		list_del_init(&ctrl->node);
		dev->opens += ctrl->opens;
	}
	avag_queue_check(dev, &dev->ctrl);
}

/* Send; answered() is called once, perhaps before this returns. */
void avag_ctrl_send(struct avag_ctrl *ctrl, struct avag_context *ctx)
{
	struct avag_device *dev = ctx->dev;
	bool run;

	kref_get(&ctrl->ref);
	ctrl->ctx = avag_context_get(ctx);

	spin_lock_irq(&dev->ctrl.lock);
	run = dev->ctrl.run;
	if (run) {
		list_add_tail(&ctrl->node, ctrl->opens ? &dev->ctrl_opens :
							 &dev->ctrl_waiting);
		avag_ctrl_fill(dev);
	}
	spin_unlock_irq(&dev->ctrl.lock);

	if (run)
		avag_queue_kick(&dev->ctrl);
	else
		avag_ctrl_answer(ctrl, -ENODEV);
}

/* Nobody wants the answer any more: forget a request that was not sent yet. */
void avag_ctrl_withdraw(struct avag_ctrl *ctrl, struct avag_device *dev)
{
	bool waiting;

	spin_lock_irq(&dev->ctrl.lock);
	waiting = !list_empty(&ctrl->node);
	list_del_init(&ctrl->node);
	spin_unlock_irq(&dev->ctrl.lock);
	if (waiting)
		avag_ctrl_answer(ctrl, -ECANCELED);
}

static struct avag_ctrl *avag_ctrl_take(struct avag_device *dev, u32 *used)
{
	struct avag_ctrl *ctrl = NULL;

	spin_lock_irq(&dev->ctrl.lock);
	if (dev->ctrl.run) {
		ctrl = virtqueue_get_buf(dev->ctrl.vq, used);
		if (ctrl)
			dev->opens -= ctrl->opens;
		avag_ctrl_fill(dev);
	}
	spin_unlock_irq(&dev->ctrl.lock);
	return ctrl;
}

/* Take every answer that there is. */
void avag_ctrl_drain(struct avag_device *dev)
{
	struct avag_ctrl *ctrl;
	u32 used;

	while ((ctrl = avag_ctrl_take(dev, &used))) {
		avag_queue_kick(&dev->ctrl);
		if (used < sizeof(ctrl->resp))
			avag_ctrl_answer(ctrl, -EBADMSG);
		else
			avag_ctrl_answer(ctrl, avag_status_errno(le32_to_cpu(ctrl->resp.status)));
	}
}

static struct avag_ctrl *avag_ctrl_pop(struct avag_device *dev)
{
	struct avag_ctrl *ctrl;

	spin_lock_irq(&dev->ctrl.lock);
	ctrl = avag_ctrl_next(dev, UINT_MAX);
	if (ctrl)
		list_del_init(&ctrl->node);
	spin_unlock_irq(&dev->ctrl.lock);
	return ctrl;
}

/* The queue is reset: end every request, sent or waiting. */
void avag_ctrl_abort(struct avag_device *dev)
{
	struct avag_ctrl *ctrl;

	while ((ctrl = virtqueue_detach_unused_buf(dev->ctrl.vq)))
		avag_ctrl_answer(ctrl, -ENODEV);
	dev->opens = 0;
	/* Nobody adds to the lists of a queue that does not run. */
	while ((ctrl = avag_ctrl_pop(dev)))
		avag_ctrl_answer(ctrl, -ENODEV);
}
