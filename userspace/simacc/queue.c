// SPDX-License-Identifier: Apache-2.0
/*
 * queue.c - commands one after the other on a thread of the queue's own
 *
 * The thread has a use of the queue, which it gives back when it is the last one
 * and everything was run.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

static void queue_destroy(void *object)
{
	struct sim_queue_s *q = object;

	sim_unuse(q->context);
	free(q);
}

/* The next command, or NULL when none can come any more. */
static struct sim_command *queue_next(struct sim_queue_s *q)
{
	struct sim_command *cmd;

	pthread_mutex_lock(&sim_lock);
	while (!q->first && q->base.uses > 1)
		pthread_cond_wait(&sim_changed, &sim_lock);
	cmd = q->first;
	if (cmd)
		q->first = cmd->next;
	if (!q->first)
		q->last = &q->first;
	pthread_mutex_unlock(&sim_lock);
	return cmd;
}

/* Wait for the command's events; when it starts. */
static uint64_t queue_wait(struct sim_queue_s *q, struct sim_command *cmd)
{
	uint64_t start = q->clock;

	for (uint32_t i = 0; i < cmd->wait_count; i++) {
		if (sim_event_wait(cmd->waits[i]) && !cmd->status)
			cmd->status = SIM_WAIT_FAILED;
		if (cmd->waits[i]->end > start)
			start = cmd->waits[i]->end;
	}
	return start;
}

/* Device time passes for real if the context wants it to. */
static void queue_pass(const struct sim_queue_s *q, uint64_t ns)
{
	uint64_t real = q->context->pace ? sim_mul(ns, q->context->pace) / 100 : 0;
	struct timespec left = { real / 1000000000, real % 1000000000 };

	while (real && clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

/*
 * What the command used is let go before anybody can see that it is complete, so
 * that a program that waited finds device memory as it must be.
 */
static void queue_run(struct sim_queue_s *q, struct sim_command *cmd)
{
	uint64_t start = queue_wait(q, cmd), end = start;
	sim_status status = cmd->status;

	if (!status) {
		sim_command_run(cmd);
		queue_pass(q, cmd->event->cost);
		end += cmd->event->cost;
		status = cmd->fails;
	}
	if (status)
		sim_command_notify(cmd, status);
	sim_command_put(cmd);
	pthread_mutex_lock(&sim_lock);
	q->clock = end;
	if (!q->failed)
		q->failed = status;
	pthread_mutex_unlock(&sim_lock);
	sim_event_complete(cmd->event, status, start, end);
	pthread_mutex_lock(&sim_lock);
	q->completed++;
	pthread_cond_broadcast(&sim_changed);
	pthread_mutex_unlock(&sim_lock);
	sim_unuse(cmd->event);
	free(cmd);
}

static void *queue_main(void *arg)
{
	struct sim_command *cmd;

	while ((cmd = queue_next(arg)))
		queue_run(arg, cmd);
	sim_unuse(arg);
	return NULL;
}

/* Signals are for the program's threads. */
static int queue_start(struct sim_queue_s *q)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&thread, &attr, queue_main, q);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return ret;
}

sim_queue sim_queue_create(sim_context context, sim_device device, sim_status *status)
{
	struct sim_queue_s *q;

	if (!sim_is(context, SIM_TYPE_CONTEXT))
		return sim_created(NULL, SIM_INVALID_CONTEXT, status);
	if (!sim_is(device, SIM_TYPE_DEVICE) || !sim_context_has(context, device))
		return sim_created(NULL, SIM_INVALID_DEVICE, status);
	if (sim_device_is_lost(device))
		return sim_created(NULL, SIM_DEVICE_LOST, status);
	q = sim_object_new(SIM_TYPE_QUEUE, sizeof(*q), queue_destroy);
	if (!q)
		return sim_created(NULL, SIM_OUT_OF_MEMORY, status);
	q->context = sim_use(context);
	q->device = device;
	q->last = &q->first;
	sim_use(q);
	if (queue_start(q)) {
		queue_destroy(q);
		return sim_created(NULL, SIM_OUT_OF_MEMORY, status);
	}
	return sim_created(q, SIM_OK, status);
}

sim_status sim_queue_retain(sim_queue queue)
{
	return sim_retain(queue, SIM_TYPE_QUEUE, SIM_INVALID_QUEUE);
}

sim_status sim_queue_release(sim_queue queue)
{
	return sim_release(queue, SIM_TYPE_QUEUE, SIM_INVALID_QUEUE);
}

sim_status sim_queue_info(sim_queue queue, sim_info what, size_t size, void *value,
			  size_t *size_ret)
{
	uint64_t number;
	uint32_t refs;

	if (!sim_is(queue, SIM_TYPE_QUEUE))
		return SIM_INVALID_QUEUE;
	switch (what) {
	case SIM_QUEUE_REFERENCES:
		refs = sim_refs(queue);
		return sim_answer(size, value, size_ret, &refs, sizeof(refs));
	case SIM_QUEUE_CONTEXT:
		return sim_answer(size, value, size_ret, &queue->context, sizeof(queue->context));
	case SIM_QUEUE_DEVICE:
		return sim_answer(size, value, size_ret, &queue->device, sizeof(queue->device));
	case SIM_QUEUE_CLOCK:
	case SIM_QUEUE_COMMANDS:
		pthread_mutex_lock(&sim_lock);
		number = what == SIM_QUEUE_CLOCK ? queue->clock : queue->enqueued;
		pthread_mutex_unlock(&sim_lock);
		return sim_answer(size, value, size_ret, &number, sizeof(number));
	}
	return SIM_INVALID_VALUE;
}

void sim_queue_add(struct sim_queue_s *queue, struct sim_command *command)
{
	pthread_mutex_lock(&sim_lock);
	queue->enqueued++;
	*queue->last = command;
	queue->last = &command->next;
	pthread_cond_broadcast(&sim_changed);
	pthread_mutex_unlock(&sim_lock);
}

/* What other threads enqueue meanwhile is not waited for. */
sim_status sim_queue_finish(sim_queue queue)
{
	uint64_t enqueued;
	sim_status ret;

	if (!sim_is(queue, SIM_TYPE_QUEUE))
		return SIM_INVALID_QUEUE;
	pthread_mutex_lock(&sim_lock);
	enqueued = queue->enqueued;
	while (queue->completed < enqueued)
		pthread_cond_wait(&sim_changed, &sim_lock);
	ret = queue->failed;
	queue->failed = SIM_OK;
	pthread_mutex_unlock(&sim_lock);
	return ret;
}
