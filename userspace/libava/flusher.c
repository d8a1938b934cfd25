// SPDX-License-Identifier: Apache-2.0
/*
 * flusher.c - a thread that sends batches which nobody else sent in time
 *
 * It sleeps without a time while all batches are empty. Once woken it sleeps
 * until the oldest batch is due; most are sent by then and it finds younger ones,
 * so it is woken once in AVA_FLUSH_NS at most, not once for each batch.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <ava/trace.h>

#include "internal.h"

#define NSEC_PER_SEC	1000000000ull

/* How long a process that ends waits for the thread, which may be sending. */
#define FLUSHER_STOP_SEC	1

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };
}

/* When the next batch is due; UINT64_MAX if all are empty. */
static uint64_t flusher_flush_due(struct ava_context *ctx)
{
	uint64_t now = ava_trace_now(), next = UINT64_MAX, due;
	struct ava_batch *b;

	for (b = ctx->batches; b; b = b->next) {
		if (!atomic_load(&b->count))
			continue;
		due = atomic_load(&b->since) + AVA_FLUSH_NS;
		if (due <= now)
			ava_batch_flush(ctx, b, true);
		else if (due < next)
			next = due;
	}
	return next;
}

/* Whoever makes a batch non-empty looks at @flusher_asleep afterwards. */
static void flusher_sleep(struct ava_context *ctx)
{
	atomic_store(&ctx->flusher_asleep, true);
	if (!atomic_load(&ctx->pending) && !atomic_load(&ctx->closing))
		pthread_cond_wait(&ctx->flush_wake, &ctx->flush_lock);
	atomic_store(&ctx->flusher_asleep, false);
}

static void *flusher_main(void *arg)
{
	struct ava_context *ctx = arg;
	struct timespec due;
	uint64_t next;

	pthread_mutex_lock(&ctx->flush_lock);
	while (!atomic_load(&ctx->closing)) {
		pthread_mutex_unlock(&ctx->flush_lock);
		next = flusher_flush_due(ctx);
		pthread_mutex_lock(&ctx->flush_lock);
		due = timespec_of(next);
		if (next == UINT64_MAX)
			flusher_sleep(ctx);
		else if (!atomic_load(&ctx->closing))
			pthread_cond_clockwait(&ctx->flush_wake, &ctx->flush_lock,
					       CLOCK_MONOTONIC, &due);
	}
	pthread_mutex_unlock(&ctx->flush_lock);
	return NULL;
}

/* The application's signals are for the application's threads. */
static bool flusher_start(struct ava_context *ctx)
{
	sigset_t all, old;
	int ret = 0;

	pthread_mutex_lock(&ctx->flush_lock);
	if (!atomic_load(&ctx->flusher_runs)) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		ret = pthread_create(&ctx->flusher, NULL, flusher_main, ctx);
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		if (!ret)
			pthread_setname_np(ctx->flusher, "ava-flush");
		atomic_store(&ctx->flusher_runs, !ret);
	}
	pthread_mutex_unlock(&ctx->flush_lock);
	return !ret;
}

bool ava_flusher_arm(struct ava_context *ctx)
{
	if (atomic_load(&ctx->closing))
		return false;
	if (!atomic_load(&ctx->flusher_runs))
		return flusher_start(ctx);
	if (atomic_load(&ctx->flusher_asleep)) {
		pthread_mutex_lock(&ctx->flush_lock);
		pthread_cond_signal(&ctx->flush_wake);
		pthread_mutex_unlock(&ctx->flush_lock);
	}
	return true;
}

void ava_flusher_stop(struct ava_context *ctx)
{
	struct timespec until;
	bool runs;

	pthread_mutex_lock(&ctx->flush_lock);
	atomic_store(&ctx->closing, true);
	runs = atomic_exchange(&ctx->flusher_runs, false);
	pthread_cond_signal(&ctx->flush_wake);
	pthread_mutex_unlock(&ctx->flush_lock);
	if (!runs)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FLUSHER_STOP_SEC;
	pthread_timedjoin_np(ctx->flusher, NULL, &until);
}
