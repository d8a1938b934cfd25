// SPDX-License-Identifier: Apache-2.0
/*
 * stream.c - the calling thread's streams, closed when the thread exits
 *
 * A stream cannot be closed while an asynchronous call of it is in flight. One
 * whose thread exits then is kept by the context for the next thread that needs
 * a stream: calls of a stream run in order, so the new owner sees nothing of it.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

struct thread_stream {
	struct thread_stream *next;
	struct ava_context *ctx;
	struct ava_batch *batch;	/* in the child of a fork: somebody's, until it is current */
	uint64_t epoch;
};

static pthread_key_t stream_key;
static pthread_once_t stream_once = PTHREAD_ONCE_INIT;
static int stream_key_error;

/* Takes an idle stream, and closes those that have become closable. */
static bool stream_take_idle(struct ava_context *ctx, uint32_t *stream)
{
	bool found = false;

	pthread_mutex_lock(&ctx->idle_lock);
	if (ctx->idle_count) {
		*stream = ctx->idle[--ctx->idle_count];
		found = true;
	}
	while (ctx->idle_count &&
	       ctx->ops->stream_close(ctx->ch, ctx->idle[ctx->idle_count - 1]) != -EBUSY)
		ctx->idle_count--;
	pthread_mutex_unlock(&ctx->idle_lock);
	return found;
}

/* Without memory the slot stays open until the process ends. */
static void stream_keep_idle(struct ava_context *ctx, uint32_t stream)
{
	size_t room;
	uint32_t *idle;

	pthread_mutex_lock(&ctx->idle_lock);
	if (ctx->idle_count == ctx->idle_room) {
		room = ctx->idle_room ? 2 * ctx->idle_room : 8;
		idle = realloc(ctx->idle, room * sizeof(*idle));
		if (!idle)
			goto out;
		ctx->idle = idle;
		ctx->idle_room = room;
	}
	ctx->idle[ctx->idle_count++] = stream;
out:
	pthread_mutex_unlock(&ctx->idle_lock);
}

static bool stream_is_current(const struct thread_stream *ts)
{
	return ts->epoch == atomic_load(&ts->ctx->epoch) &&
	       atomic_load(&ts->ctx->ready);
}

static void stream_end(struct ava_context *ctx, struct ava_batch *b)
{
	uint32_t stream = b->stream;

	ava_batch_give(ctx, b);
	if (ctx->ops->stream_close(ctx->ch, stream) == -EBUSY)
		stream_keep_idle(ctx, stream);
}

static void stream_thread_exit(void *value)
{
	struct thread_stream *ts = value, *next;

	for (; ts; ts = next) {
		next = ts->next;
		if (stream_is_current(ts))
			stream_end(ts->ctx, ts->batch);
		free(ts);
	}
}

static void stream_init(void)
{
	stream_key_error = pthread_key_create(&stream_key, stream_thread_exit);
}

static struct thread_stream *stream_add(struct ava_context *ctx,
					struct thread_stream *first)
{
	struct thread_stream *ts = calloc(1, sizeof(*ts));

	if (!ts)
		return NULL;
	ts->ctx = ctx;
	ts->epoch = ctx->epoch - 1;	/* not current */
	ts->next = first;
	if (!pthread_setspecific(stream_key, ts))
		return ts;
	free(ts);
	return NULL;
}

/* A thread that is cancelled meanwhile, in close(2), would take locks along. */
static int stream_take(struct ava_context *ctx, uint32_t *stream)
{
	int ret = 0, state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	if (!stream_take_idle(ctx, stream))
		ret = ctx->ops->stream_open(ctx->ch, stream);
	pthread_setcancelstate(state, &state);
	return ret;
}

static int stream_open(struct ava_context *ctx, struct thread_stream *ts)
{
	struct ava_batch *b = ava_batch_take(ctx);
	int ret;

	if (!b)
		return -ENOMEM;
	ret = stream_take(ctx, &b->stream);
	if (ret) {
		ava_batch_give(ctx, b);
		return ret;
	}
	ts->batch = b;
	ts->epoch = ctx->epoch;
	return 0;
}

static struct thread_stream *stream_find(struct ava_context *ctx, struct thread_stream *first)
{
	while (first && first->ctx != ctx)
		first = first->next;
	return first;
}

struct ava_batch *ava_stream_find(struct ava_context *ctx)
{
	struct thread_stream *ts;

	pthread_once(&stream_once, stream_init);
	if (stream_key_error)
		return NULL;
	ts = stream_find(ctx, pthread_getspecific(stream_key));
	return ts && stream_is_current(ts) ? ts->batch : NULL;
}

int ava_stream_get(struct ava_context *ctx, struct ava_batch **b)
{
	struct thread_stream *first, *ts;
	int ret;

	pthread_once(&stream_once, stream_init);
	if (stream_key_error)
		return -stream_key_error;
	first = pthread_getspecific(stream_key);
	ts = stream_find(ctx, first);
	if (!ts)
		ts = stream_add(ctx, first);
	if (!ts)
		return -ENOMEM;
	if (!stream_is_current(ts)) {
		ret = stream_open(ctx, ts);
		if (ret)
			return ret;
	}
	*b = ts->batch;
	return 0;
}
