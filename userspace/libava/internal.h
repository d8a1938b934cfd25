/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the files of libava share
 *
 * Lock order: the registry's lock, then for each context in the order of the
 * registry its open lock, idle lock and batches' lock; these are held across fork.
 * A batch's lock is held while somebody sends it, the output lock also across a
 * call that waits; under neither is one of the others taken but by that call.
 */
#ifndef AVA_LIBAVA_INTERNAL_H
#define AVA_LIBAVA_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <ava/context.h>

#define AVA_BATCH_CALLS	64
#define AVA_BATCH_BYTES	32768

/**
 * struct ava_batch - asynchronous calls of a thread that were not sent yet
 * @next: in the context's list; never changes once it is published
 * @used: has a thread; protected by the context's batches' lock
 * @stream: the thread's
 * @lock: of what follows. Only the thread itself adds calls; it takes them out to
 *	send them with one of its own, others send them with the lock held
 * @count: calls; stays until they are numbered, and until they are sent if others do it
 * @bytes: of @room in use
 * @since: when the first one came, CLOCK_MONOTONIC in ns
 * @mine: the context's last ticket when this thread's last ones were taken
 * @after: the last ticket up to @mine that is not this thread's, or 0
 * @error: of a call that could not be sent; the thread's next call gets it
 * @calls: the calls, and one place for the call that is sent with them
 * @room: their arguments
 */
struct ava_batch {
	struct ava_batch *next;
	bool used;
	uint32_t stream;
	pthread_mutex_t lock;
	atomic_uint count;
	uint32_t bytes;
	_Atomic uint64_t since;
	uint64_t mine;
	uint64_t after;
	atomic_int error;
	struct ava_call calls[AVA_BATCH_CALLS + 1];
	uint64_t room[AVA_BATCH_BYTES / 8];
};

/**
 * struct ava_context - one API in this process; lives as long as the process
 * @next: in the registry; never changes once it is published
 * @api: the key
 * @epoch: how many forks lie between this process and the one that made it
 * @ready: @ops, @ch and @limits are valid
 * @lost: 0, or the -errno that every call gets
 * @open_lock: serialises opening; held across fork
 * @failure_logged: an open failed and was logged
 * @idle_lock: protects the streams below
 * @idle: streams whose thread ended while their calls were still in flight
 * @idle_count: entries of @idle
 * @idle_room: entries that @idle has room for
 * @last_ticket: of all asynchronous calls that were sent
 * @order_lock: held while tickets are given and their calls submitted, where streams
 *	share their room; taken under a batch's lock
 * @pending: batches that are not empty
 * @batches: one for each thread, kept for others when it ends; the list only grows
 * @batches_lock: serialises adding, and who uses which
 * @closing: the process ends: nothing is batched any more
 * @flush_lock: of the thread that sends batches whose time has come
 * @flush_wake: wakes it
 * @flusher: the thread, valid while @flusher_runs
 * @flusher_runs: it was started
 * @flusher_asleep: it waits without a time, for @flush_wake
 * @output_lock: one fetches what the vendor's library printed
 * @outputs: who is at it, or waits for it
 * @events_run: the thread that takes events was started
 * @event_fn: what it does with them
 * @events_lock: of what follows
 * @events_wake: wakes who waits for events to be taken
 * @events_taken: how many are over: their function has returned
 * @events_stuck: with so many taken somebody waited for the next one in vain; 0: nobody has
 * @events_clock: tells how much the thread has worked
 * @events_clocked: it is known
 */
struct ava_context {
	struct ava_context *next;
	const struct ava_api_id *api;
	atomic_uint_fast64_t epoch;
	atomic_bool ready;
	atomic_int lost;

	pthread_mutex_t open_lock;
	const struct ava_channel_ops *ops;
	struct ava_channel *ch;
	struct ava_limits limits;
	bool failure_logged;

	pthread_mutex_t idle_lock;
	uint32_t *idle;
	size_t idle_count;
	size_t idle_room;

	_Atomic uint64_t last_ticket;
	pthread_mutex_t order_lock;
	atomic_uint pending;
	_Atomic(struct ava_batch *) batches;
	pthread_mutex_t batches_lock;

	atomic_bool closing;
	pthread_mutex_t flush_lock;
	pthread_cond_t flush_wake;
	pthread_t flusher;
	atomic_bool flusher_runs;
	atomic_bool flusher_asleep;

	pthread_mutex_t output_lock;
	atomic_uint outputs;

	atomic_bool events_run;
	ava_event_fn event_fn;
	pthread_mutex_t events_lock;
	pthread_cond_t events_wake;
	uint64_t events_taken;
	uint64_t events_stuck;
	clockid_t events_clock;
	bool events_clocked;
};

/**
 * ava_events_init() - no event was taken yet: a new context, or the child's after fork
 */
void ava_events_init(struct ava_context *ctx);

/**
 * ava_channel_select() - the channel that AVA_CHANNEL asks for
 * @text: value of AVA_CHANNEL or NULL
 * @ops: (out) the channel
 * @where: (out) what follows "NAME:", or NULL
 *
 * Return: 0, or -EINVAL for a text that names none.
 */
int ava_channel_select(const char *text, const struct ava_channel_ops **ops,
		       const char **where);

/**
 * ava_stream_get() - the calling thread's batch of @ctx, with a stream opened at first use
 */
int ava_stream_get(struct ava_context *ctx, struct ava_batch **b);

/**
 * ava_stream_find() - the calling thread's batch of @ctx if it has one, else NULL
 */
struct ava_batch *ava_stream_find(struct ava_context *ctx);

/**
 * ava_context_check() - is what became of a call the end of its context?
 * @status: of the call; the first bad one is logged
 */
void ava_context_check(struct ava_context *ctx, int status);

/**
 * ava_context_lose() - @ctx is lost with @status; the first caller logs it
 */
void ava_context_lose(struct ava_context *ctx, int status);

/* ---- batch.c --------------------------------------------------------------------- */

/**
 * ava_batch_take() - a batch for a thread; NULL without memory
 */
struct ava_batch *ava_batch_take(struct ava_context *ctx);

/**
 * ava_batch_give() - the thread ends: what it has is sent, the batch is free for others
 */
void ava_batch_give(struct ava_context *ctx, struct ava_batch *b);

/**
 * ava_batch_add() - copy an asynchronous call into the calling thread's batch
 *
 * Return: 0, or the error of an earlier call that could not be sent: @call is not made.
 */
int ava_batch_add(struct ava_context *ctx, struct ava_batch *b, const struct ava_call *call);

/**
 * ava_batch_run() - send the calling thread's batch and one call behind it
 * @call: synchronous, or asynchronous with a head; its stream is set
 *
 * Return: 0, or why it or an earlier call of the thread could not be sent.
 */
int ava_batch_run(struct ava_context *ctx, struct ava_batch *b, struct ava_call *call);

/**
 * ava_batch_flush_others() - before @b's thread does anything: what other threads did first
 * @b: NULL: all of them
 */
void ava_batch_flush_others(struct ava_context *ctx, const struct ava_batch *b);

/**
 * ava_batch_flush() - send what @b has; any thread
 * @wait: for another thread that is doing so
 */
void ava_batch_flush(struct ava_context *ctx, struct ava_batch *b, bool wait);

/* ---- flusher.c ------------------------------------------------------------------- */

/**
 * ava_flusher_arm() - a batch became non-empty
 *
 * Return: false if there is no thread that will send it.
 */
bool ava_flusher_arm(struct ava_context *ctx);

/**
 * ava_flusher_stop() - end the thread; nothing is batched any more
 */
void ava_flusher_stop(struct ava_context *ctx);

#endif /* AVA_LIBAVA_INTERNAL_H */
