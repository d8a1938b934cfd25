// SPDX-License-Identifier: Apache-2.0
/*
 * order.c - calls of different streams in the order that the guest asks for
 */
#include <errno.h>

#include "order.h"

/* Only the window above what is executed means anything; what is below is over. */
static bool order_in_window(uint64_t done, uint64_t number)
{
	return number <= done || number - done <= AVA_ORDER_WINDOW;
}

static unsigned long *order_word(struct ava_order *o, uint64_t ticket, unsigned long *bit)
{
	uint64_t i = ticket % AVA_ORDER_WINDOW;

	*bit = 1ul << i % AVA_ORDER_WORD;
	return &o->early[i / AVA_ORDER_WORD];
}

int ava_order_wait(struct ava_order *o, uint64_t ticket, uint64_t after)
{
	uint64_t done = atomic_load_explicit(&o->done, memory_order_acquire);

	if (ticket && (ticket <= done || after >= ticket || !order_in_window(done, ticket)))
		return -EBADMSG;
	if (after <= done)
		return 0;
	if (!order_in_window(done, after))
		return -EBADMSG;
	pthread_mutex_lock(&o->lock);
	o->waiters++;
	while (atomic_load_explicit(&o->done, memory_order_relaxed) < after)
		pthread_cond_wait(&o->changed, &o->lock);
	o->waiters--;
	pthread_mutex_unlock(&o->lock);
	return 0;
}

/* The ticket after the last one: so are those that came early behind it. */
static void order_advance(struct ava_order *o, uint64_t done)
{
	unsigned long bit, *word;

	for (;;) {
		word = order_word(o, done + 1, &bit);
		if (!(*word & bit))
			break;
		*word &= ~bit;
		done++;
	}
	atomic_store_explicit(&o->done, done, memory_order_release);
	if (o->waiters)
		pthread_cond_broadcast(&o->changed);
}

int ava_order_done(struct ava_order *o, uint64_t ticket)
{
	unsigned long bit, *word;
	uint64_t done;
	int ret = 0;

	if (!ticket)
		return 0;
	pthread_mutex_lock(&o->lock);
	done = atomic_load_explicit(&o->done, memory_order_relaxed);
	word = order_word(o, ticket, &bit);
	if (ticket <= done || *word & bit)
		ret = -EBADMSG;
	else if (ticket == done + 1)
		order_advance(o, ticket);
	else
		*word |= bit;
	pthread_mutex_unlock(&o->lock);
	return ret;
}
