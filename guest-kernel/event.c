// SPDX-License-Identifier: GPL-2.0
/*
 * What the host tells unasked: callbacks and lost contexts
 *
 * The event queue is kept full of buffers. An event is copied out of its buffer,
 * which goes back at once, and waits in its context's list for read(2): so a
 * process that does not read holds up nobody else. A context that lets
 * AVAG_EVENTS_MAX pile up has lost one, and is in error.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ava_guest.h"

#define AVAG_EVENTS_MAX		1024
#define AVAG_EVENT_BUFS		64u

struct avag_event_buf {
	struct virtio_ava_event ev;
	u8 payload[VIRTIO_AVA_MAX_EVENT];
};

struct avag_event {
	struct list_head node;
	struct ava_event ev;
	u8 payload[];
};

/* ---- the queue ---- */

static int avag_event_post(struct avag_device *dev, struct avag_event_buf *buf)
{
	struct scatterlist sg;
	int ret = -ENODEV;

	sg_init_one(&sg, buf, sizeof(*buf));
	spin_lock_irq(&dev->event.lock);
	if (dev->event.run)
		ret = virtqueue_add_inbuf(dev->event.vq, &sg, 1, buf,
					  GFP_ATOMIC);
	spin_unlock_irq(&dev->event.lock);
	return ret;
}

/* Post the first buffers, just after the queues were started. */
int avag_event_fill(struct avag_device *dev)
{
	struct avag_event_buf *buf;
	unsigned int i, n;
	int ret;

	lockdep_assert_held(&dev->state_lock);
	n = min(virtqueue_get_vring_size(dev->event.vq), AVAG_EVENT_BUFS);
	for (i = 0; i < n; i++) {
		buf = kzalloc(sizeof(*buf), GFP_KERNEL);
		if (!buf)
			return -ENOMEM;
		ret = avag_event_post(dev, buf);
		if (ret) {
			kfree(buf);
			return ret;
		}
	}
	avag_queue_kick(&dev->event);
	return 0;
}

static struct avag_event_buf *avag_event_take(struct avag_device *dev, u32 *used)
{
	struct avag_event_buf *buf = NULL;

	spin_lock_irq(&dev->event.lock);
	if (dev->event.run) {
		buf = virtqueue_get_buf(dev->event.vq, used);
		avag_queue_check(dev, &dev->event);
	}
	spin_unlock_irq(&dev->event.lock);
	return buf;
}

/* The queue is reset: free the buffers that the host had. */
void avag_event_abort(struct avag_device *dev)
{
	void *buf;

	while ((buf = virtqueue_detach_unused_buf(dev->event.vq)))
		kfree(buf);
}

/* ---- from the queue to the context ---- */

static struct avag_event *avag_event_alloc(u32 type, u64 cookie, int status,
					   const void *payload, u32 len)
{
	struct avag_event *event;

	event = kzalloc(struct_size(event, payload, len), GFP_KERNEL);
	if (!event)
		return NULL;
	event->ev.type = type;
	event->ev.len = len;
	event->ev.cookie = cookie;
	event->ev.status = status;
	memcpy(event->payload, payload, len);
	return event;
}

static bool avag_event_push(struct avag_context *ctx, struct avag_event *event)
{
	bool fits;

	spin_lock(&ctx->event_lock);
	fits = ctx->nr_events < AVAG_EVENTS_MAX;
	/* The last word of a context always has a place. */
	if (event->ev.type == AVA_EVENT_LOST) {
		fits = !ctx->lost_told;
		ctx->lost_told = true;
	}
	if (fits) {
		list_add_tail(&event->node, &ctx->events);
		ctx->nr_events++;
	}
	spin_unlock(&ctx->event_lock);
	return fits;
}

static void avag_event_lost(struct avag_context *ctx, int error)
{
	struct avag_event *event;

	avag_context_fail(ctx, error);
	event = avag_event_alloc(AVA_EVENT_LOST, 0, READ_ONCE(ctx->error),
				 NULL, 0);
	/* Without memory the reader gets an end of file and no event. */
	if (!event)
		WRITE_ONCE(ctx->lost_told, true);
	else if (!avag_event_push(ctx, event))
		kfree(event);
}

static void avag_event_callback(struct avag_context *ctx, u64 cookie,
				const void *payload, u32 len)
{
	struct avag_event *event;

	event = avag_event_alloc(AVA_EVENT_CALLBACK, cookie, 0, payload, len);
	if (!event || !avag_event_push(ctx, event)) {
		kfree(event);
		/* Better no context than one with a callback missing. */
		avag_event_lost(ctx, -ENOLINK);
	}
}

/* @buf is the driver's again and the host can still write it: read once. */
static void avag_event_handle(struct avag_device *dev,
			      const struct avag_event_buf *buf, u32 used)
{
	struct virtio_ava_event ev;
	struct avag_context *ctx;
	int error;

	memcpy(&ev, &buf->ev, sizeof(ev));
	if (avag_event_check(&ev, used)) {
		dev_warn_ratelimited(&dev->vdev->dev, "malformed event\n");
		return;
	}
	mutex_lock(&dev->lock);
	ctx = xa_load(&dev->contexts, le32_to_cpu(ev.ctx));
	if (ctx)
		avag_context_get(ctx);
	mutex_unlock(&dev->lock);
	if (!ctx)
		return;

	if (le32_to_cpu(ev.type) == VIRTIO_AVA_EVENT_LOST) {
		error = avag_status_errno(le32_to_cpu(ev.status));
		avag_event_lost(ctx, error ? error : -ENOLINK);
	} else {
		avag_event_callback(ctx, le64_to_cpu(ev.cookie), buf->payload,
				    le32_to_cpu(ev.len));
	}
	wake_up(&ctx->wait);
	avag_context_put(ctx);
}

/* Deliver every event that there is and give the buffers back. */
void avag_event_drain(struct avag_device *dev)
{
	struct avag_event_buf *buf;
	u32 used;

	while ((buf = avag_event_take(dev, &used))) {
		/* The context's OPEN was answered before, on another queue. */
		avag_ctrl_drain(dev);
		avag_event_handle(dev, buf, used);
		if (avag_event_post(dev, buf))
			kfree(buf);
		cond_resched();
	}
	avag_queue_kick(&dev->event);
}

/* ---- from the context to the reader ---- */

void avag_events_free(struct avag_context *ctx)
{
	struct avag_event *event, *next;

	list_for_each_entry_safe(event, next, &ctx->events, node)
		kfree(event);
}

static bool avag_event_waits(struct avag_context *ctx)
{
	return !list_empty_careful(&ctx->events);
}

/* Take the first event if it fits in @room; -EAGAIN if there is none. */
static struct avag_event *avag_event_pop(struct avag_context *ctx, size_t room)
{
	struct avag_event *event;

	spin_lock(&ctx->event_lock);
	event = list_first_entry_or_null(&ctx->events, struct avag_event, node);
	if (!event) {
		event = ERR_PTR(-EAGAIN);
	} else if (sizeof(event->ev) + event->ev.len > room) {
		event = ERR_PTR(-EMSGSIZE);
	} else {
		list_del(&event->node);
		ctx->nr_events--;
	}
	spin_unlock(&ctx->event_lock);
	return event;
}

static void avag_event_unpop(struct avag_context *ctx, struct avag_event *event)
{
	spin_lock(&ctx->event_lock);
	list_add(&event->node, &ctx->events);
	ctx->nr_events++;
	spin_unlock(&ctx->event_lock);
}

static ssize_t avag_event_copy(struct avag_context *ctx, char __user *to,
			       size_t room)
{
	struct avag_event *event = avag_event_pop(ctx, room);
	size_t len;

	if (IS_ERR(event))
		return PTR_ERR(event);
	len = event->ev.len;
	if (copy_to_user(to, &event->ev, sizeof(event->ev)) ||
	    copy_to_user(to + sizeof(event->ev), event->payload, len)) {
		avag_event_unpop(ctx, event);
		return -EFAULT;
	}
	kfree(event);
	return sizeof(event->ev) + len;
}

/* As many whole events as fit. */
static ssize_t avag_events_copy(struct avag_context *ctx, char __user *to,
				size_t count)
{
	size_t done = 0;
	ssize_t n;

	if (mutex_lock_interruptible(&ctx->read_lock))
		return -ERESTARTSYS;
	do {
		n = avag_event_copy(ctx, to + done, count - done);
		if (n > 0)
			done += n;
	} while (n > 0);
	mutex_unlock(&ctx->read_lock);
	return done ? done : n;
}

/* With no event waiting: can one still come? */
static ssize_t avag_event_none(struct avag_context *ctx, bool nonblock)
{
	if (READ_ONCE(ctx->dev->gone))
		return -ENODEV;
	if (READ_ONCE(ctx->error) && READ_ONCE(ctx->lost_told))
		return 0;
	if (nonblock)
		return -EAGAIN;
	return 1;
}

ssize_t avag_event_read(struct avag_context *ctx, char __user *to, size_t count,
			bool nonblock)
{
	ssize_t ret;

	if (!avag_context_bound(ctx))
		return -ENOTCONN;
	for (;;) {
		ret = avag_events_copy(ctx, to, count);
		if (ret != -EAGAIN)
			return ret;
		ret = avag_event_none(ctx, nonblock);
		if (ret <= 0)
			return ret;
		ret = wait_event_interruptible(ctx->wait,
					       avag_event_waits(ctx) ||
					       avag_event_none(ctx, false) <= 0);
		if (ret)
			return ret;
	}
}

__poll_t avag_event_poll(struct avag_context *ctx, struct file *file,
			 poll_table *pt)
{
	__poll_t mask = 0;

	poll_wait(file, &ctx->wait, pt);
	if (!avag_context_bound(ctx))
		return 0;
	if (avag_event_waits(ctx))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(ctx->error))
		mask |= EPOLLERR;
	if (READ_ONCE(ctx->dev->gone))
		mask |= EPOLLHUP;
	return mask;
}
