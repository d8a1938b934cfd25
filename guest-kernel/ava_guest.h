/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Private to the guest driver
 *
 * Lock order: context.lock, then device.lock; context.read_lock alone. Inside
 * them, never both: a queue's lock (taken in interrupts) or context.event_lock.
 * Nothing is sent on the control queue with context.lock held, because a
 * request to a device that has gone is answered on the spot.
 *
 * Lifetimes: an open file holds its context; so does every call and every
 * control request until the host has returned its chain, and the device's table
 * of contexts until the host has answered CLOSE. A context holds its device.
 * A call is held by its submitter and by the ring, and owns its pinned pages.
 */
#ifndef AVA_GUEST_H
#define AVA_GUEST_H

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "layout.h"

struct mm_struct;
struct attribute_group;

/* ---- device.c ---- */

struct avag_queue {
	/* protects the fields and every use of @vq, which is valid while @run */
	spinlock_t lock;
	struct virtqueue *vq;
	bool run;
};

struct avag_device {
	struct kref ref;
	struct virtio_device *vdev;
	struct avag_queue ctrl;
	struct avag_queue event;
	struct avag_queue submit;

	/* set for good with avag_published_lock held, before the queues are stopped */
	bool gone;

	/* constant while the queues run */
	bool indirect;
	unsigned int ring_size;
	unsigned int max_opens;
	unsigned int async_window;
	unsigned int silent_max;

	/* calls in flight whose success raises no interrupt; under submit.lock */
	unsigned int silent;

	/* control requests that wait for room, and OPENs sent; under ctrl.lock */
	struct list_head ctrl_waiting;
	struct list_head ctrl_opens;
	unsigned int opens;

	/* submitters that wait for room; woken with submit.lock held */
	wait_queue_head_t room;

	/* answers of the control queue, and events */
	struct work_struct work;

	/* a ring that the host has spoilt ends the device */
	struct work_struct broken_work;

	/* protects starting and stopping, against broken_work */
	struct mutex state_lock;
	bool started;

	/* protects @contexts: those open on the host, by the host's id */
	struct mutex lock;
	struct xarray contexts;
};

extern struct workqueue_struct *avag_wq;

int avag_device_register(void);
void avag_device_unregister(void);
struct avag_device *avag_device_find(void);
struct avag_device *avag_device_get(struct avag_device *dev);
void avag_device_put(struct avag_device *dev);
void avag_queue_kick(struct avag_queue *q);
void avag_queue_check(struct avag_device *dev, struct avag_queue *q);

/* ---- control.c ---- */

struct avag_context;
struct avag_stream;

/* One control request; held by its sender and, while sent, by the queue. */
struct avag_ctrl {
	struct kref ref;
	struct list_head node;		/* device.ctrl_waiting, ctrl_opens */
	bool opens;			/* OPEN: takes as long as a server to start */
	struct avag_context *ctx;	/* from sending to answer */
	struct avag_stream *stream;	/* STREAM_*: held until freed */
	struct avag_ctrl *undo;		/* STREAM_OPEN: its STREAM_CLOSE */
	bool settled;			/* context.lock: STREAM_OPEN is answered */
	bool abandoned;			/* context.lock: nobody waits any more */
	void (*answered)(struct avag_ctrl *ctrl);
	struct completion done;
	int err;			/* valid after @done */
	struct virtio_ava_ctrl req;
	struct virtio_ava_ctrl_resp resp;
};

struct avag_ctrl *avag_ctrl_alloc(u32 cmd, void (*answered)(struct avag_ctrl *));
void avag_ctrl_put(struct avag_ctrl *ctrl);
void avag_ctrl_send(struct avag_ctrl *ctrl, struct avag_context *ctx);
void avag_ctrl_withdraw(struct avag_ctrl *ctrl, struct avag_device *dev);
void avag_ctrl_drain(struct avag_device *dev);
void avag_ctrl_abort(struct avag_device *dev);

/* ---- context.c ---- */

struct avag_context {
	struct kref ref;

	/* protects the group below */
	struct mutex lock;
	struct avag_ctrl *opening;	/* OPEN whose outcome nobody has taken */
	bool opener;			/* somebody waits for it */
	bool released;
	unsigned int nr_streams;

	/* written under @lock before @bound is set, constant after it */
	struct avag_device *dev;
	struct avag_ctrl *close;
	struct avag_limits lim;
	u32 id;
	bool bound;			/* store-release, load-acquire */

	/* changed under @lock, looked up under RCU */
	struct xarray streams;

	int error;			/* sticky -errno, set once by cmpxchg */

	/* calls in flight that will interrupt; under device.submit.lock */
	unsigned int loud;

	/* readers and pollers */
	wait_queue_head_t wait;
	struct mutex read_lock;		/* one reader at a time */
	spinlock_t event_lock;		/* protects the group below */
	struct list_head events;
	unsigned int nr_events;
	bool lost_told;
};

struct avag_context *avag_context_alloc(void);
struct avag_context *avag_context_get(struct avag_context *ctx);
void avag_context_put(struct avag_context *ctx);
bool avag_context_bound(struct avag_context *ctx);
int avag_context_live(struct avag_context *ctx);
int avag_context_ready(struct avag_context *ctx);
void avag_context_fail(struct avag_context *ctx, int error);
void avag_context_release(struct avag_context *ctx);
void avag_contexts_gone(struct avag_device *dev);
long avag_ioctl_open(struct avag_context *ctx, void __user *arg);

/* ---- stream.c ---- */

struct avag_stream {
	struct kref ref;
	struct rcu_head rcu;
	u32 id;

	/* under device.submit.lock */
	bool open;
	u64 seq;
	unsigned int in_flight;
	unsigned int loud;	/* of those, how many will interrupt */
	unsigned int silent;	/* calls since one that interrupts */
};

struct avag_stream *avag_stream_find(struct avag_context *ctx, u32 id);
void avag_stream_put(struct avag_stream *stream);
void avag_streams_free(struct avag_context *ctx);
long avag_ioctl_stream_open(struct avag_context *ctx, void __user *arg);
long avag_ioctl_stream_close(struct avag_context *ctx, void __user *arg);

/* ---- buf.c ---- */

/* Bytes in chunks that are each physically contiguous. */
struct avag_buf {
	size_t len;
	unsigned int nr;
	void *chunk[];
};

struct avag_buf *avag_buf_alloc(size_t len);
void avag_buf_free(struct avag_buf *buf);
void avag_buf_sg(const struct avag_buf *buf, struct scatterlist *sg);
void avag_buf_write(struct avag_buf *buf, size_t off, const void *data,
		    size_t len);
int avag_buf_from_user(struct avag_buf *buf, size_t off,
		       const void __user *data, size_t len);
int avag_buf_to_user(const struct avag_buf *buf, size_t off, void __user *data,
		     size_t len);

/* ---- pin.c ---- */

struct avag_pin {
	unsigned long first;	/* index of its first page */
	unsigned long count;
	bool dirty;
};

/* The user pages of a call, all segments; zeroed means none. */
struct avag_pins {
	struct mm_struct *mm;	/* charged for them */
	unsigned long charged;
	struct page **pages;
	struct avag_pin *pin;
	u32 nr;			/* pins begun, the last perhaps in part */
};

int avag_pins_charge(struct avag_pins *pins, unsigned long pages);
int avag_pins_get(struct avag_pins *pins, const struct ava_seg *segs,
		  u32 count);
int avag_pins_runs(const struct avag_pins *pins, const struct ava_seg *segs,
		   struct virtio_ava_seg *wire, struct avag_runs *runs);
void avag_pins_put(struct avag_pins *pins);

/* ---- call.c ---- */

struct avag_call {
	struct kref ref;
	struct llist_node dead;
	struct list_head node;		/* the submitter's batch */
	u32 index;			/* in the submitter's array */
	struct avag_context *ctx;
	struct avag_stream *stream;
	struct avag_pins pins;
	struct avag_buf *out;
	struct avag_buf *in;
	struct scatterlist *sg;		/* out's, then in's */
	u64 reply;			/* user address */
	u32 reply_cap;
	bool async;
	bool silent;			/* constant once on the ring */

	/* under device.submit.lock until @done */
	u64 seq;
	struct completion done;
	struct avag_result res;
};

struct avag_call *avag_call_create(struct avag_context *ctx,
				   const struct ava_call *req);
void avag_call_put(struct avag_call *call);
void avag_call_put_atomic(struct avag_call *call);

/* ---- submit.c ---- */

long avag_ioctl_submit(struct avag_context *ctx, void __user *arg);
void avag_submit_interrupt(struct virtqueue *vq);
void avag_submit_reclaim(struct avag_device *dev);
void avag_submit_reclaim_locked(struct avag_device *dev);
void avag_submit_abort(struct avag_device *dev);

/* ---- event.c ---- */

int avag_event_fill(struct avag_device *dev);
void avag_event_drain(struct avag_device *dev);
void avag_event_abort(struct avag_device *dev);
void avag_events_free(struct avag_context *ctx);
ssize_t avag_event_read(struct avag_context *ctx, char __user *to, size_t count,
			bool nonblock);
__poll_t avag_event_poll(struct avag_context *ctx, struct file *file,
			 poll_table *pt);

/* ---- stats.c ---- */

enum avag_stat {
	AVAG_STAT_CONTEXTS,
	AVAG_STAT_STREAMS,
	AVAG_STAT_CALLS,
	AVAG_STAT_PINNED,
	AVAG_STAT_COUNT,
};

extern const struct attribute_group *avag_stat_groups[];
void avag_stat_add(enum avag_stat stat, long n);

#endif /* AVA_GUEST_H */
