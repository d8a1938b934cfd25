/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sched.h - which stream's call goes to its server next
 *
 * A stream with a call that its ring has room for is ready. The policy orders the
 * ready ones; the dispatcher takes the policy's pick and moves one call into that
 * stream's ring. A stream whose ring is full is not ready, so it delays nobody.
 */
#ifndef AVA_SCHED_H
#define AVA_SCHED_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct ava_sched;

/**
 * struct ava_sched_entity - a stream, as the policy sees it
 * @node: the policy's, while ready
 * @ready: known to the policy as ready; it then holds a reference to the stream
 */
struct ava_sched_entity {
	struct list_head node;
	bool ready;
};

/**
 * struct ava_sched_ops - a policy; every method runs under the dispatcher's lock
 * @name: for logs
 * @ready: an entity became ready
 * @pick: take a ready entity, or NULL to dispatch nothing now
 * @idle: would @pick return NULL?
 * @charge: a call of the entity ended; it cost this much
 */
struct ava_sched_ops {
	const char *name;
	void (*ready)(struct ava_sched *sched, struct ava_sched_entity *entity);
	struct ava_sched_entity *(*pick)(struct ava_sched *sched);
	bool (*idle)(struct ava_sched *sched);
	void (*charge)(struct ava_sched *sched, struct ava_sched_entity *entity,
		       u64 device_ns);
};

/**
 * struct ava_sched - a scheduling domain
 * @lock: protects all fields and the entities' while they are ready
 * @ops: the policy
 * @fifo: ready entities of the FIFO policy, oldest first
 * @work: dispatches what a caller's budget left over
 */
struct ava_sched {
	spinlock_t lock;	/* all below; see @lock */
	const struct ava_sched_ops *ops;
	struct list_head fifo;
	struct work_struct work;
};

void ava_sched_entity_init(struct ava_sched_entity *entity);
void ava_sched_ready(struct ava_sched_entity *entity);
void ava_sched_charge(struct ava_sched_entity *entity, u64 device_ns);
void ava_sched_run(unsigned int budget);
void ava_sched_init(void);

#endif /* AVA_SCHED_H */
