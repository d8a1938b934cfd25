/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.h - calls of different streams in the order that the guest asks for
 *
 * Asynchronous calls have tickets; a call may have to come after all tickets up
 * to one. What a guest says here can make its own calls wait, and nothing else:
 * a ticket is one of the next AVA_ORDER_WINDOW, each once, or the call is bad.
 */
#ifndef AVA_SERVER_ORDER_H
#define AVA_SERVER_ORDER_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* More than the calls that all streams of a context have room for. */
#define AVA_ORDER_WINDOW	(1u << 21)
#define AVA_ORDER_WORD		(sizeof(unsigned long) * CHAR_BIT)

/**
 * struct ava_order - of one context
 * @done: every ticket up to this one is executed
 * @lock: of what follows, and of writes to @done
 * @changed: @done grew
 * @waiters: threads that wait for that
 * @early: executed tickets above @done, a bit each, modulo the window
 */
struct ava_order {
	_Atomic uint64_t done;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int waiters;
	unsigned long early[AVA_ORDER_WINDOW / AVA_ORDER_WORD];
};

#define AVA_ORDER_INIT	{						\
	.lock = PTHREAD_MUTEX_INITIALIZER,				\
	.changed = PTHREAD_COND_INITIALIZER,				\
}

/**
 * ava_order_reached() - is every ticket up to @after executed?
 * @o: the order
 * @after: 0 for nothing
 */
static inline bool ava_order_reached(const struct ava_order *o, uint64_t after)
{
	return atomic_load_explicit(&o->done, memory_order_acquire) >= after;
}

/**
 * ava_order_wait() - until every ticket up to @after is executed
 * @o: the order
 * @ticket: of the call that waits, or 0
 * @after: 0 for nothing
 *
 * Takes no lock if that is so already.
 * Return: 0, or -EBADMSG for numbers that no guest's runtime gives.
 */
int ava_order_wait(struct ava_order *o, uint64_t ticket, uint64_t after);

/**
 * ava_order_done() - a call was executed
 * @o: the order
 * @ticket: its, or 0
 *
 * Return: 0, or -EBADMSG for a ticket that was executed before.
 */
int ava_order_done(struct ava_order *o, uint64_t ticket);

#endif /* AVA_SERVER_ORDER_H */
