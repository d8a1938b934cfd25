// SPDX-License-Identifier: Apache-2.0
/*
 * context.c - the process's contexts: opened lazily, never closed, fresh after fork
 *
 * Contexts are kept in a list that only grows, so that finding one takes no
 * lock. Nothing here ends the process or waits without the channel's own
 * promise that the wait ends when the peer is gone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ava/cs.h>

#include "../common/log.h"
#include "internal.h"

static struct {
	pthread_mutex_t lock;	/* adding to the list; held across fork */
	_Atomic(struct ava_context *) first;
	int atfork_error;
} registry = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static void context_lock(struct ava_context *ctx)
{
	pthread_mutex_lock(&ctx->open_lock);
	pthread_mutex_lock(&ctx->idle_lock);
	pthread_mutex_lock(&ctx->batches_lock);
}

static void context_unlock(struct ava_context *ctx)
{
	pthread_mutex_unlock(&ctx->batches_lock);
	pthread_mutex_unlock(&ctx->idle_lock);
	pthread_mutex_unlock(&ctx->open_lock);
}

static void registry_prepare(void)
{
	struct ava_context *ctx;

	pthread_mutex_lock(&registry.lock);
	for (ctx = registry.first; ctx; ctx = ctx->next)
		context_lock(ctx);
}

static void registry_parent(void)
{
	struct ava_context *ctx;

	for (ctx = registry.first; ctx; ctx = ctx->next)
		context_unlock(ctx);
	pthread_mutex_unlock(&registry.lock);
}

/*
 * The parent's calls are sent by the parent; its threads do not exist here. Their
 * locks are not held across the fork, as there may be any number, and somebody
 * sending under one: nothing of what they protect is used again, nor are they.
 */
static void context_forget_calls(struct ava_context *ctx)
{
	struct ava_batch *b;

	for (b = ctx->batches; b; b = b->next) {
		b->used = false;
		b->bytes = 0;
		b->count = 0;
		b->error = 0;
		pthread_mutex_init(&b->lock, NULL);
	}
	ctx->pending = 0;
	ctx->last_ticket = 0;
	ctx->flusher_runs = false;
	ctx->flusher_asleep = false;
	ctx->events_run = false;
	pthread_mutex_init(&ctx->order_lock, NULL);
	pthread_mutex_init(&ctx->flush_lock, NULL);
	pthread_cond_init(&ctx->flush_wake, NULL);
	pthread_mutex_init(&ctx->output_lock, NULL);
	ctx->outputs = 0;
	ava_events_init(ctx);
}

/* The parent's file is only dropped here: the peer must not notice the child. */
static void registry_child(void)
{
	struct ava_context *ctx;

	for (ctx = registry.first; ctx; ctx = ctx->next) {
		if (ctx->ready)
			ctx->ops->forget(ctx->ch);
		ctx->ready = false;
		ctx->ch = NULL;
		ctx->lost = 0;
		ctx->failure_logged = false;
		ctx->idle_count = 0;
		ctx->epoch++;
		context_forget_calls(ctx);
	}
	registry_parent();
}

/* Before all who make calls with a lock held that they hold over fork, too. */
static void __attribute__((constructor)) registry_init(void)
{
	registry.atfork_error = pthread_atfork(registry_prepare, registry_parent,
					       registry_child);
}

/*
 * What was not sent yet is sent when the process ends in order. A lock that
 * somebody holds is somebody sending: it is not waited for.
 */
static void __attribute__((destructor)) registry_end(void)
{
	struct ava_context *ctx;
	struct ava_batch *b;

	for (ctx = registry.first; ctx; ctx = ctx->next) {
		if (!atomic_load(&ctx->ready))
			continue;
		ava_flusher_stop(ctx);
		for (b = ctx->batches; b; b = b->next)
			ava_batch_flush(ctx, b, false);
	}
}

static struct ava_context *registry_find(const struct ava_api_id *api)
{
	struct ava_context *ctx;

	for (ctx = registry.first; ctx; ctx = ctx->next)
		if (ctx->api == api)
			return ctx;
	return NULL;
}

static struct ava_context *registry_add(const struct ava_api_id *api)
{
	struct ava_context *ctx;

	pthread_mutex_lock(&registry.lock);
	ctx = registry_find(api);
	if (ctx)
		goto out;
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		goto out;
	ctx->api = api;
	pthread_mutex_init(&ctx->open_lock, NULL);
	pthread_mutex_init(&ctx->idle_lock, NULL);
	pthread_mutex_init(&ctx->batches_lock, NULL);
	pthread_mutex_init(&ctx->order_lock, NULL);
	pthread_mutex_init(&ctx->flush_lock, NULL);
	pthread_mutex_init(&ctx->output_lock, NULL);
	pthread_cond_init(&ctx->flush_wake, NULL);
	ava_events_init(ctx);
	ctx->next = registry.first;
	registry.first = ctx;
out:
	pthread_mutex_unlock(&registry.lock);
	return ctx;
}

static const char *open_error(const struct ava_channel_ops *ops, int err)
{
	switch (-err) {
	case EPERM:
		return "the system does not let the server reach this program's memory (it runs "
		       "as another user, or see kernel.yama.ptrace_scope)";
	case ENODEV:
		return ops == &ava_channel_local ?
		       "nobody listens; expected avad --local, which ava-run starts, or a server" :
		       "no device: expected /dev/ava, made by ava_guest for a vhost-ava-pci device";
	case ECONNREFUSED:
		return "no manager on the host: expected avad to run";
	case ENOENT:
		return "the host's manager serves no such API";
	case EPROTONOSUPPORT:
		return "the host's server was built from another spec; both must be of one build";
	case EIO:
		return "the host's server did not start";
	case ETIMEDOUT:
		return "the host's server did not answer in time";
	case EDQUOT:
		return "a limit of this VM is reached";
	default:
		return strerror(-err);
	}
}

static void log_open_failure(struct ava_context *ctx, const char *where, int err)
{
	if (ctx->failure_logged)
		return;
	ctx->failure_logged = true;
	ava_log("ava", "%.*s %u.%u: cannot open a context over %s%s%s: %s",
		AVA_API_NAME_LEN, (const char *)ctx->api->name,
		ctx->api->version_major, ctx->api->version_minor,
		ctx->ops->name, where ? ":" : "", where ? where : "",
		open_error(ctx->ops, err));
}

static int context_open_locked(struct ava_context *ctx)
{
	const char *text = secure_getenv("AVA_CHANNEL");
	const char *where;
	int ret;

	/* In a server, the vendor's loader tries this library as it does all others. */
	if (getenv("AVA_SERVER"))
		return -ENODEV;
	ret = ava_channel_select(text, &ctx->ops, &where);
	if (ret) {
		if (!ctx->failure_logged)
			ava_log("ava", "AVA_CHANNEL is \"%s\"; expected AVA, SHM, LOCAL or LOCAL:<path>",
				text);
		ctx->failure_logged = true;
		return ret;
	}
	ret = ctx->ops->open(&ctx->ch, where, ctx->api, &ctx->limits);
	if (ret) {
		log_open_failure(ctx, where, ret);
		return ret;
	}
	atomic_store(&ctx->ready, true);
	return 0;
}

/* A thread that is cancelled while it opens would take the lock along. */
static int context_open(struct ava_context *ctx)
{
	int ret = 0, state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&ctx->open_lock);
	if (!ctx->ready)
		ret = context_open_locked(ctx);
	pthread_mutex_unlock(&ctx->open_lock);
	pthread_setcancelstate(state, &state);
	return ret;
}

int ava_context_get(const struct ava_api_id *api, struct ava_context **out)
{
	struct ava_context *ctx = registry_find(api);
	int ret = 0;

	if (!ctx) {
		if (registry.atfork_error)
			return -registry.atfork_error;
		ctx = registry_add(api);
		if (!ctx)
			return -ENOMEM;
	}
	if (!atomic_load(&ctx->ready))
		ret = context_open(ctx);
	if (!ret)
		*out = ctx;
	return ret;
}

const struct ava_limits *ava_context_limits(const struct ava_context *ctx)
{
	return &ctx->limits;
}

/* What only one call suffers from is not in this list. */
static bool loses_context(int err)
{
	switch (-err) {
	case ENOLINK:	/* the server is gone */
	case EBADMSG:	/* the host refused a call as malformed */
	case ENODEV:	/* the device is gone */
	case ECANCELED:	/* the context was closed */
	case EBADF:	/* the application closed our file */
	case ENOTTY:	/* ... and opened something else in its place */
		return true;
	}
	return false;
}

void ava_context_lose(struct ava_context *ctx, int status)
{
	int expected = 0;

	if (!atomic_compare_exchange_strong(&ctx->lost, &expected, status))
		return;
	ava_log("ava", "%.*s: context lost: %s; all calls of this process fail from now on",
		AVA_API_NAME_LEN, (const char *)ctx->api->name,
		status == -ENOLINK ? "the host's server is gone" : strerror(-status));
}

void ava_context_check(struct ava_context *ctx, int status)
{
	if (loses_context(status))
		ava_context_lose(ctx, status);
}

/* What every call begins with: a context, a stream, and other threads' calls are sent. */
static int context_begin(struct ava_context **ctx, struct ava_batch **b)
{
	int ret;

	/* After fork the context that the caller holds has to be opened again. */
	if (!atomic_load(&(*ctx)->ready)) {
		ret = ava_context_get((*ctx)->api, ctx);
		if (ret)
			return ret;
	}
	ret = atomic_load(&(*ctx)->lost);
	if (!ret)
		ret = ava_stream_get(*ctx, b);
	if (!ret)
		ava_batch_flush_others(*ctx, *b);
	return ret;
}

/* A call that has no place in the order but that of its stream. */
static int context_pass(struct ava_context *ctx, struct ava_batch *b, struct ava_call *call)
{
	uint32_t done = 0;
	int ret;

	ava_batch_flush(ctx, b, true);
	ret = ctx->ops->submit(ctx->ch, call, 1, &done);
	if (!ret)
		ret = call->status;
	ava_context_check(ctx, ret);
	return ret;
}

static int context_call(struct ava_context *ctx, struct ava_call *call)
{
	struct ava_batch *b;
	int ret = context_begin(&ctx, &b);

	if (ret)
		return ret;
	call->stream = b->stream;
	return call->flags & AVA_CALL_ASYNC ? context_pass(ctx, b, call) :
					      ava_batch_run(ctx, b, call);
}

int ava_context_status(const struct ava_context *ctx)
{
	return atomic_load(&ctx->lost);
}

int ava_context_call(struct ava_context *ctx, struct ava_call *call)
{
	call->status = context_call(ctx, call);
	return call->status;
}

static int context_send(struct ava_context *ctx, struct ava_call *call)
{
	struct ava_batch *b;
	int ret = context_begin(&ctx, &b);

	if (ret)
		return ret;
	if (!(call->flags & AVA_CALL_ASYNC) || call->args_len < AVA_CS_HEAD * sizeof(uint64_t))
		return -EINVAL;
	if (call->args_len > ctx->limits.max_args)
		return -E2BIG;
	call->stream = b->stream;
	if (call->seg_count || call->args_len > AVA_BATCH_BYTES)
		return ava_batch_run(ctx, b, call);
	return ava_batch_add(ctx, b, call);
}

int ava_context_send(struct ava_context *ctx, struct ava_call *call)
{
	call->status = context_send(ctx, call);
	return call->status;
}

int ava_context_flush(struct ava_context *ctx)
{
	struct ava_batch *b;

	if (!atomic_load(&ctx->ready))
		return 0;
	b = ava_stream_find(ctx);
	ava_batch_flush_others(ctx, b);
	if (b)
		ava_batch_flush(ctx, b, true);
	return atomic_load(&ctx->lost);
}
