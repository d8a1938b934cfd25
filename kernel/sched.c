// SPDX-License-Identifier: GPL-2.0
/*
 * sched.c - the dispatcher, and the policy "first come, first served"
 *
 * Runs in whoever made a stream ready: the vhost worker after a kick, a server
 * after its completions. Each does a bounded number of dispatches; a work item
 * does the rest, so nobody works for all others.
 */
#include "ava_host.h"
#include "sched.h"

#define AVA_SCHED_WORK_BUDGET	256u

static void fifo_ready(struct ava_sched *sched, struct ava_sched_entity *entity)
{
	list_add_tail(&entity->node, &sched->fifo);
}

static struct ava_sched_entity *fifo_pick(struct ava_sched *sched)
{
	struct ava_sched_entity *entity;

	entity = list_first_entry_or_null(&sched->fifo, struct ava_sched_entity, node);
	if (entity)
		list_del_init(&entity->node);
	return entity;
}

static bool fifo_idle(struct ava_sched *sched)
{
	return list_empty(&sched->fifo);
}

static void fifo_charge(struct ava_sched *sched, struct ava_sched_entity *entity,
			u64 device_ns)
{
}

static const struct ava_sched_ops fifo_ops = {
	.name	= "fifo",
	.ready	= fifo_ready,
	.pick	= fifo_pick,
	.idle	= fifo_idle,
	.charge	= fifo_charge,
};

static struct ava_sched ava_sched;

static struct ava_host_stream *stream_of(struct ava_sched_entity *entity)
{
	return container_of(entity, struct ava_host_stream, entity);
}

void ava_sched_entity_init(struct ava_sched_entity *entity)
{
	INIT_LIST_HEAD(&entity->node);
	entity->ready = false;
}

/* ava_sched_ready() - a stream may have a call to dispatch; caller holds a reference */
void ava_sched_ready(struct ava_sched_entity *entity)
{
	struct ava_sched *sched = &ava_sched;

	spin_lock(&sched->lock);
	if (!entity->ready) {
		entity->ready = true;
		ava_stream_get(stream_of(entity));
		sched->ops->ready(sched, entity);
	}
	spin_unlock(&sched->lock);
}

void ava_sched_charge(struct ava_sched_entity *entity, u64 device_ns)
{
	struct ava_sched *sched = &ava_sched;

	spin_lock(&sched->lock);
	sched->ops->charge(sched, entity, device_ns);
	spin_unlock(&sched->lock);
}

/* The policy's reference passes to the caller. */
static struct ava_host_stream *take_ready(struct ava_sched *sched)
{
	struct ava_sched_entity *entity;

	spin_lock(&sched->lock);
	entity = sched->ops->pick(sched);
	if (entity)
		entity->ready = false;
	spin_unlock(&sched->lock);
	return entity ? stream_of(entity) : NULL;
}

static bool nothing_ready(struct ava_sched *sched)
{
	bool idle;

	spin_lock(&sched->lock);
	idle = sched->ops->idle(sched);
	spin_unlock(&sched->lock);
	return idle;
}

/* Return: false if the budget ended before the policy had nothing to pick. */
static bool dispatch(struct ava_sched *sched, unsigned int budget)
{
	struct ava_host_stream *stream;

	while (budget--) {
		stream = take_ready(sched);
		if (!stream)
			return true;
		if (ava_stream_dispatch(stream))
			ava_sched_ready(&stream->entity);
		ava_stream_put(stream);
	}
	return nothing_ready(sched);
}

static void sched_work(struct work_struct *work)
{
	struct ava_sched *sched = container_of(work, struct ava_sched, work);

	if (!dispatch(sched, AVA_SCHED_WORK_BUDGET))
		queue_work(ava_wq, &sched->work);
}

/* ava_sched_run() - dispatch up to @budget calls here, and the rest later */
void ava_sched_run(unsigned int budget)
{
	if (!dispatch(&ava_sched, budget))
		queue_work(ava_wq, &ava_sched.work);
}

void ava_sched_init(void)
{
	spin_lock_init(&ava_sched.lock);
	ava_sched.ops = &fifo_ops;
	INIT_LIST_HEAD(&ava_sched.fifo);
	INIT_WORK(&ava_sched.work, sched_work);
}
