// SPDX-License-Identifier: Apache-2.0
/*
 * batch.c - asynchronous calls that wait to be sent with others, and their order
 *
 * A thread's calls are in one stream, in order by themselves. Between threads
 * the order is the application's own synchronisation, which nobody sees from
 * here; so a thread sends what the others have in their batches before it adds
 * or makes a call: what is in different batches at one time is concurrent. Calls
 * get their tickets when they are taken out to be sent, and each waits for all
 * tickets given until then that are not of its own stream.
 *
 * Why that does not deadlock: the lowest ticket that is not executed is on its
 * way in the hands of a thread that waits for room in that call's stream at
 * most, where only lower tickets are, and no asynchronous call waits on the
 * server for anything but lower tickets. Where streams share their room, as on
 * a virtqueue, calls that wait for a ticket could take what its own call needs:
 * there tickets are given under a lock that is held until their calls are on the
 * ring, and a call's number is taken under it too. Then whatever is on the ring
 * waits for nothing that is not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ava/cs.h>
#include <ava/trace.h>

#include "internal.h"

static struct ava_batch *batch_new(struct ava_context *ctx)
{
	struct ava_batch *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	pthread_mutex_init(&b->lock, NULL);
	b->next = ctx->batches;
	ctx->batches = b;
	return b;
}

struct ava_batch *ava_batch_take(struct ava_context *ctx)
{
	struct ava_batch *b;

	pthread_mutex_lock(&ctx->batches_lock);
	for (b = ctx->batches; b && b->used; b = b->next)
		;
	if (!b)
		b = batch_new(ctx);
	if (b)
		b->used = true;
	pthread_mutex_unlock(&ctx->batches_lock);
	if (b) {
		/* What the thread before had done is others' work to this one. */
		b->mine = 0;
		b->after = 0;
		b->error = 0;
	}
	return b;
}

void ava_batch_give(struct ava_context *ctx, struct ava_batch *b)
{
	ava_batch_flush(ctx, b, true);
	pthread_mutex_lock(&ctx->batches_lock);
	b->used = false;
	pthread_mutex_unlock(&ctx->batches_lock);
}

/* ---- order ----------------------------------------------------------------------- */

static uint64_t *call_head(const struct ava_call *call)
{
	return (uint64_t *)(uintptr_t)call->args;
}

static void order_lock(struct ava_context *ctx)
{
	if (ctx->ops->shared_room)
		pthread_mutex_lock(&ctx->order_lock);
}

static void order_unlock(struct ava_context *ctx)
{
	if (ctx->ops->shared_room)
		pthread_mutex_unlock(&ctx->order_lock);
}

/* Under the order's lock, and the batch's or by its thread while it is empty. */
static void batch_number(struct ava_context *ctx, struct ava_batch *b,
			 struct ava_call *calls, uint32_t count)
{
	uint64_t ticket = atomic_fetch_add(&ctx->last_ticket, count);
	uint32_t i;

	if (ticket != b->mine)
		b->after = ticket;
	for (i = 0; i < count; i++) {
		call_head(&calls[i])[AVA_CS_HEAD_TICKET] = ++ticket;
		call_head(&calls[i])[AVA_CS_HEAD_AFTER] = b->after;
	}
	b->mine = ticket;
}

/* A call without a ticket comes after all that others have so far; also under the lock. */
static void batch_number_sync(struct ava_context *ctx, struct ava_batch *b,
			      struct ava_call *call)
{
	uint64_t last = atomic_load(&ctx->last_ticket);

	if (last != b->mine)
		b->after = last;
	if (b->after && call->args_len >= AVA_CS_HEAD * sizeof(uint64_t))
		call_head(call)[AVA_CS_HEAD_AFTER] = b->after;
	b->mine = last;
}

/* ---- sending --------------------------------------------------------------------- */

static int submit_all(struct ava_context *ctx, struct ava_call *calls, uint32_t count,
		      uint32_t *sent)
{
	uint32_t done, i;
	int ret = 0;

	for (*sent = 0; !ret && *sent < count; *sent += done) {
		done = 0;
		ret = ctx->ops->submit(ctx->ch, calls + *sent, count - *sent, &done);
		for (i = 0; i < done; i++)
			ava_context_check(ctx, calls[*sent + i].status);
		if (!ret && !done)
			ret = -EIO;
	}
	ava_context_check(ctx, ret);
	return ret;
}

/*
 * Nobody may wait for its ticket in vain: it becomes a call that does nothing.
 * False if it has none, or is one already.
 */
static bool call_cancel(struct ava_call *call)
{
	if (!(call->flags & AVA_CALL_ASYNC) || call->func == AVA_FUNC_NOP)
		return false;
	call->func = AVA_FUNC_NOP;
	call->args_len = AVA_CS_HEAD * sizeof(uint64_t);
	call->seg_count = 0;
	return true;
}

/*
 * Return: 0, or why one of the calls was not sent. The last one was then not sent
 * either, if @own says that the caller can still report it.
 */
static int batch_send(struct ava_context *ctx, struct ava_call *calls, uint32_t count,
		      bool own)
{
	struct ava_call *last = own ? &calls[count - 1] : NULL;
	int ret, first = 0;
	uint32_t sent;

	while ((ret = submit_all(ctx, calls, count, &sent)) && !atomic_load(&ctx->lost)) {
		first = first ? first : ret;
		calls += sent;
		count -= sent;
		if (last && !call_cancel(last))
			count--;
		if (count && calls != last && !call_cancel(calls))
			ava_context_lose(ctx, ret);
		last = NULL;
	}
	return ret ? atomic_load(&ctx->lost) : first;
}

/* The batch's lock is held. What is lost with its context is no error of its own. */
static void batch_flush_locked(struct ava_context *ctx, struct ava_batch *b)
{
	uint32_t count = atomic_load(&b->count);
	int ret;

	if (!count)
		return;
	order_lock(ctx);
	batch_number(ctx, b, b->calls, count);
	ret = batch_send(ctx, b->calls, count, false);
	order_unlock(ctx);
	if (ret)
		atomic_store(&b->error, ret);
	b->bytes = 0;
	atomic_store(&b->count, 0);
	atomic_fetch_sub(&ctx->pending, 1);
}

void ava_batch_flush(struct ava_context *ctx, struct ava_batch *b, bool wait)
{
	if (!atomic_load(&b->count))
		return;
	if (!wait && pthread_mutex_trylock(&b->lock))
		return;
	if (wait)
		pthread_mutex_lock(&b->lock);
	batch_flush_locked(ctx, b);
	pthread_mutex_unlock(&b->lock);
}

/*
 * In this order: others may empty @own meanwhile, and then what a third thread
 * has must not be taken for it.
 */
void ava_batch_flush_others(struct ava_context *ctx, const struct ava_batch *own)
{
	uint32_t pending = atomic_load(&ctx->pending);
	struct ava_batch *b;

	if (pending <= (own && atomic_load(&own->count)))
		return;
	for (b = ctx->batches; b; b = b->next)
		if (b != own)
			ava_batch_flush(ctx, b, true);
}

/*
 * Numbers what the calling thread has and takes it out: only the thread adds to it.
 * The order's lock is held afterwards.
 */
static uint32_t batch_take_calls(struct ava_context *ctx, struct ava_batch *b,
				 struct ava_call *behind)
{
	uint32_t count;

	if (!atomic_load(&b->count)) {
		order_lock(ctx);
		return 0;
	}
	pthread_mutex_lock(&b->lock);
	order_lock(ctx);
	count = atomic_load(&b->count);
	if (count) {
		b->calls[count] = *behind;
		batch_number(ctx, b, b->calls, count + !!(behind->flags & AVA_CALL_ASYNC));
		b->bytes = 0;
		atomic_store(&b->count, 0);
		atomic_fetch_sub(&ctx->pending, 1);
	}
	pthread_mutex_unlock(&b->lock);
	return count;
}

/* Return: 0, or the error of an earlier call of the thread: the caller's is not made. */
static int batch_error(struct ava_batch *b)
{
	return atomic_load(&b->error) ? atomic_exchange(&b->error, 0) : 0;
}

static int batch_run_async(struct ava_context *ctx, struct ava_batch *b,
			   struct ava_call *call)
{
	uint32_t count = batch_take_calls(ctx, b, call);
	int ret;

	if (!count)
		batch_number(ctx, b, call, 1);
	ret = batch_send(ctx, count ? b->calls : call, count + 1, true);
	order_unlock(ctx);
	if (count)
		*call = b->calls[count];
	return ret;
}

static int batch_run_sync(struct ava_context *ctx, struct ava_batch *b,
			  struct ava_call *call)
{
	uint32_t count = batch_take_calls(ctx, b, call);
	bool apart = count && ctx->ops->shared_room;
	int ret = 0;

	if (apart)
		ret = batch_send(ctx, b->calls, count, false);
	batch_number_sync(ctx, b, call);
	order_unlock(ctx);
	if (ret)
		return ret;
	if (apart || !count)
		return batch_send(ctx, call, 1, true);
	ret = batch_send(ctx, b->calls, count + 1, true);
	*call = b->calls[count];
	return ret;
}

int ava_batch_run(struct ava_context *ctx, struct ava_batch *b, struct ava_call *call)
{
	bool async = call->flags & AVA_CALL_ASYNC;
	int ret = async ? batch_run_async(ctx, b, call) : batch_run_sync(ctx, b, call);

	if (!ret)
		ret = call->status;
	/* What came before the reply is executed, whoever did it. */
	if (!ret && !async)
		b->after = 0;
	return ret;
}

/* ---- adding ---------------------------------------------------------------------- */

static bool batch_has_room(const struct ava_batch *b, const struct ava_call *call)
{
	return atomic_load(&b->count) < AVA_BATCH_CALLS &&
	       call->args_len <= AVA_BATCH_BYTES - b->bytes;
}

static void batch_copy(struct ava_batch *b, const struct ava_call *call, uint32_t at)
{
	void *args = (char *)b->room + b->bytes;

	memcpy(args, (const void *)(uintptr_t)call->args, call->args_len);
	b->bytes += (call->args_len + 7) / 8 * 8;
	b->calls[at] = *call;
	b->calls[at].args = (uintptr_t)args;
	atomic_store(&b->count, at + 1);
}

int ava_batch_add(struct ava_context *ctx, struct ava_batch *b, const struct ava_call *call)
{
	uint32_t at;
	int ret;

	pthread_mutex_lock(&b->lock);
	if (!batch_has_room(b, call))
		batch_flush_locked(ctx, b);
	at = atomic_load(&b->count);
	ret = batch_error(b);
	if (!ret) {
		if (!at)
			atomic_store(&b->since, ava_trace_now());
		batch_copy(b, call, at);
		if (!at)
			atomic_fetch_add(&ctx->pending, 1);
	}
	pthread_mutex_unlock(&b->lock);
	if (!ret && !at && !ava_flusher_arm(ctx))
		ava_batch_flush(ctx, b, true);
	return ret;
}
