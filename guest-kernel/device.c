// SPDX-License-Identifier: GPL-2.0
/*
 * The virtio device: probe, remove, its three queues
 *
 * At most one device is published at a time, under avag_published_lock, and none
 * that is gone. Whoever uses a queue holds the queue's lock and sees it run;
 * stopping clears that first, then resets the device, then ends everything that
 * was on the rings, so a device may go away below any number of open files.
 * Suspending to disk or to RAM is refused while a context is open: its state lives
 * on the host.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "ava_guest.h"
#include "compat.h"

static DEFINE_MUTEX(avag_published_lock);
static struct avag_device *avag_published;

/* Notifying the host may be slow and is done outside the queue's lock. */
DEFINE_STATIC_SRCU(avag_notify_srcu);

struct avag_device *avag_device_get(struct avag_device *dev)
{
	kref_get(&dev->ref);
	return dev;
}

static void avag_device_free(struct kref *ref)
{
	struct avag_device *dev = container_of(ref, struct avag_device, ref);

	xa_destroy(&dev->contexts);
	mutex_destroy(&dev->lock);
	mutex_destroy(&dev->state_lock);
	kfree(dev);
}

void avag_device_put(struct avag_device *dev)
{
	kref_put(&dev->ref, avag_device_free);
}

/* The published device, with a reference, or NULL. */
struct avag_device *avag_device_find(void)
{
	struct avag_device *dev;

	mutex_lock(&avag_published_lock);
	dev = avag_published;
	if (dev)
		avag_device_get(dev);
	mutex_unlock(&avag_published_lock);
	return dev;
}

static int avag_device_publish(struct avag_device *dev)
{
	int ret = 0;

	mutex_lock(&avag_published_lock);
	if (dev->gone)
		ret = -ENODEV;
	else if (avag_published)
		ret = -EBUSY;
	else
		avag_published = dev;
	mutex_unlock(&avag_published_lock);
	return ret;
}

/* From here on nobody finds it, also if it was still to be published. */
static void avag_device_unpublish(struct avag_device *dev)
{
	mutex_lock(&avag_published_lock);
	WRITE_ONCE(dev->gone, true);
	if (avag_published == dev)
		avag_published = NULL;
	mutex_unlock(&avag_published_lock);
}

/* ---- queues ---- */

static void avag_queue_init(struct avag_queue *q)
{
	spin_lock_init(&q->lock);
}

static void avag_queue_set(struct avag_queue *q, struct virtqueue *vq)
{
	spin_lock_irq(&q->lock);
	q->vq = vq;
	q->run = vq;
	spin_unlock_irq(&q->lock);
}

/* Tell the host of what was added since the last time, if it wants to know. */
void avag_queue_kick(struct avag_queue *q)
{
	unsigned long flags;
	bool notify;
	int idx;

	idx = srcu_read_lock(&avag_notify_srcu);
	spin_lock_irqsave(&q->lock, flags);
	notify = q->run && virtqueue_kick_prepare(q->vq);
	spin_unlock_irqrestore(&q->lock, flags);
	if (notify)
		virtqueue_notify(q->vq);
	srcu_read_unlock(&avag_notify_srcu, idx);
}

/* After taking from a queue, with its lock held: has the host spoilt it? */
void avag_queue_check(struct avag_device *dev, struct avag_queue *q)
{
	lockdep_assert_held(&q->lock);
	if (unlikely(virtqueue_is_broken(q->vq)))
		queue_work(avag_wq, &dev->broken_work);
}

static void avag_work_interrupt(struct virtqueue *vq)
{
	struct avag_device *dev = vq->vdev->priv;

	queue_work(avag_wq, &dev->work);
}

static void avag_work(struct work_struct *work)
{
	struct avag_device *dev = container_of(work, struct avag_device, work);

	avag_ctrl_drain(dev);
	avag_event_drain(dev);
}

/* ---- starting and stopping ---- */

static int avag_device_start(struct avag_device *dev)
{
	vq_callback_t *cbs[VIRTIO_AVA_VQ_COUNT] = {
		[VIRTIO_AVA_VQ_CONTROL] = avag_work_interrupt,
		[VIRTIO_AVA_VQ_EVENT] = avag_work_interrupt,
		[VIRTIO_AVA_VQ_SUBMIT] = avag_submit_interrupt,
	};
	static const char * const names[VIRTIO_AVA_VQ_COUNT] = {
		[VIRTIO_AVA_VQ_CONTROL] = "control",
		[VIRTIO_AVA_VQ_EVENT] = "event",
		[VIRTIO_AVA_VQ_SUBMIT] = "submit",
	};
	struct virtqueue *vqs[VIRTIO_AVA_VQ_COUNT];
	int ret;

	ret = avag_find_vqs(dev->vdev, VIRTIO_AVA_VQ_COUNT, vqs, cbs, names);
	if (ret)
		return ret;
	dev->indirect = virtio_has_feature(dev->vdev,
					   VIRTIO_RING_F_INDIRECT_DESC);
	dev->ring_size = virtqueue_get_vring_size(vqs[VIRTIO_AVA_VQ_SUBMIT]);
	dev->async_window = max(dev->ring_size / 4, 1u);
	/* Silent calls are counted in entries, so each must take exactly one. */
	dev->silent_max = dev->indirect ? dev->ring_size / 2 : 0;

	dev->max_opens = max(virtqueue_get_vring_size(vqs[VIRTIO_AVA_VQ_CONTROL]) / 4,
			     1u);

	virtio_device_ready(dev->vdev);
	mutex_lock(&dev->state_lock);
	dev->started = true;
	avag_queue_set(&dev->ctrl, vqs[VIRTIO_AVA_VQ_CONTROL]);
	avag_queue_set(&dev->event, vqs[VIRTIO_AVA_VQ_EVENT]);
	avag_queue_set(&dev->submit, vqs[VIRTIO_AVA_VQ_SUBMIT]);
	/* Under the lock, because a ring that is spoilt at once is stopped and freed. */
	ret = avag_event_fill(dev);
	mutex_unlock(&dev->state_lock);
	return ret;
}

static void avag_queue_stop(struct avag_queue *q)
{
	spin_lock_irq(&q->lock);
	q->run = false;
	spin_unlock_irq(&q->lock);
}

static void avag_device_stop(struct avag_device *dev)
{
	mutex_lock(&dev->state_lock);
	if (!dev->started)
		goto out;
	dev->started = false;
	avag_queue_stop(&dev->ctrl);
	avag_queue_stop(&dev->event);
	avag_queue_stop(&dev->submit);
	synchronize_srcu(&avag_notify_srcu);

	/* From here on the host does not touch our memory. */
	virtio_reset_device(dev->vdev);
	cancel_work_sync(&dev->work);
	avag_submit_abort(dev);
	avag_ctrl_abort(dev);
	avag_event_abort(dev);
	dev->vdev->config->del_vqs(dev->vdev);
	/* Not every transport's reset waits for a handler that is running. */
	cancel_work_sync(&dev->work);
out:
	mutex_unlock(&dev->state_lock);
}

/* The end of the device, while files may still be open. */
static void avag_device_end(struct avag_device *dev)
{
	avag_device_unpublish(dev);
	avag_device_stop(dev);
	avag_contexts_gone(dev);
}

static void avag_device_broken(struct work_struct *work)
{
	struct avag_device *dev = container_of(work, struct avag_device,
					       broken_work);

	if (READ_ONCE(dev->gone))
		return;
	dev_err(&dev->vdev->dev, "the host spoilt a ring; the device is unusable until it is bound again\n");
	avag_device_end(dev);
}

/* ---- the driver ---- */

static struct avag_device *avag_device_alloc(struct virtio_device *vdev)
{
	struct avag_device *dev;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return NULL;
	kref_init(&dev->ref);
	dev->vdev = vdev;
	avag_queue_init(&dev->ctrl);
	avag_queue_init(&dev->event);
	avag_queue_init(&dev->submit);
	INIT_LIST_HEAD(&dev->ctrl_waiting);
	INIT_LIST_HEAD(&dev->ctrl_opens);
	init_waitqueue_head(&dev->room);
	INIT_WORK(&dev->work, avag_work);
	INIT_WORK(&dev->broken_work, avag_device_broken);
	mutex_init(&dev->state_lock);
	mutex_init(&dev->lock);
	xa_init(&dev->contexts);
	return dev;
}

static int avag_probe(struct virtio_device *vdev)
{
	struct avag_device *dev;
	int ret;

	dev = avag_device_alloc(vdev);
	if (!dev)
		return -ENOMEM;
	vdev->priv = dev;
	ret = avag_device_start(dev);
	if (ret)
		goto err_stop;
	ret = avag_device_publish(dev);
	if (ret == -EBUSY)
		dev_err(&vdev->dev, "only one device is supported\n");
	if (ret)
		goto err_stop;
	return 0;

err_stop:
	avag_device_end(dev);
	cancel_work_sync(&dev->broken_work);
	vdev->priv = NULL;
	avag_device_put(dev);
	return ret;
}

static void avag_remove(struct virtio_device *vdev)
{
	struct avag_device *dev = vdev->priv;

	avag_device_end(dev);
	cancel_work_sync(&dev->broken_work);
	vdev->priv = NULL;
	avag_device_put(dev);
}

/* Runs are guest-physical addresses: no translation may stand between. */
static int avag_validate(struct virtio_device *vdev)
{
	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1)) {
		dev_err(&vdev->dev, "not a modern device\n");
		return -ENODEV;
	}
	__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	return 0;
}

#ifdef CONFIG_PM_SLEEP
static int avag_freeze(struct virtio_device *vdev)
{
	struct avag_device *dev = vdev->priv;
	bool busy;

	/* An OPEN may still be answered, or have been taken by the work item. */
	spin_lock_irq(&dev->ctrl.lock);
	busy = dev->opens || !list_empty(&dev->ctrl_opens);
	spin_unlock_irq(&dev->ctrl.lock);
	flush_work(&dev->work);

	mutex_lock(&dev->lock);
	busy |= !xa_empty(&dev->contexts);
	mutex_unlock(&dev->lock);
	if (busy) {
		dev_err(&vdev->dev, "cannot suspend while a context is open\n");
		return -EBUSY;
	}
	avag_device_stop(dev);
	return 0;
}

static int avag_restore(struct virtio_device *vdev)
{
	struct avag_device *dev = vdev->priv;

	return dev->gone ? 0 : avag_device_start(dev);
}
#endif

static const struct virtio_device_id avag_ids[] = {
	{ VIRTIO_ID_AVA, VIRTIO_DEV_ANY_ID },
	{ }
};
MODULE_DEVICE_TABLE(virtio, avag_ids);

static struct virtio_driver avag_driver = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.id_table = avag_ids,
	.validate = avag_validate,
	.probe = avag_probe,
	.remove = avag_remove,
#ifdef CONFIG_PM_SLEEP
	.freeze = avag_freeze,
	.restore = avag_restore,
#endif
};

int avag_device_register(void)
{
	return register_virtio_driver(&avag_driver);
}

void avag_device_unregister(void)
{
	unregister_virtio_driver(&avag_driver);
}
