// SPDX-License-Identifier: Apache-2.0
/*
 * event.c - the thread that takes a context's events
 *
 * It runs functions of the application, so it holds no lock then, and finds out
 * afterwards whether it is still in the process that it was started in.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <time.h>

#include <ava/cs.h>

#include "internal.h"

#define EVENT_MAX	256
#define EVENTS_TOLD	64	/* the server is told after so many what was taken */

/*
 * How long a function is waited for: so often in turn so long in which it does
 * nothing, so often in all, and so much work at most. While a machine stands still,
 * that is once.
 */
#define LOOK_NS		50000000
#define LOOKS_IDLE	5
#define LOOKS		100
#define LOOK_WORK_NS	100000		/* less is nothing */
#define WORK_NS		1000000000

#define SECOND_NS	1000000000

void ava_events_init(struct ava_context *ctx)
{
	pthread_mutex_init(&ctx->events_lock, NULL);
	pthread_cond_init(&ctx->events_wake, NULL);
	ctx->events_taken = 0;
	ctx->events_stuck = 0;
	ctx->events_clocked = false;
}

/* What the thread that takes events has worked so far. */
static uint64_t events_work_locked(struct ava_context *ctx)
{
	struct timespec work = { 0 };

	if (ctx->events_clocked)
		clock_gettime(ctx->events_clock, &work);
	return work.tv_sec * (uint64_t)SECOND_NS + work.tv_nsec;
}

static void events_clock_on(struct ava_context *ctx)
{
	pthread_mutex_lock(&ctx->events_lock);
	ctx->events_clocked = !pthread_getcpuclockid(pthread_self(), &ctx->events_clock);
	pthread_mutex_unlock(&ctx->events_lock);
}

static void events_over(struct ava_context *ctx, uint64_t taken)
{
	pthread_mutex_lock(&ctx->events_lock);
	ctx->events_taken = taken;
	pthread_cond_broadcast(&ctx->events_wake);
	pthread_mutex_unlock(&ctx->events_lock);
}

/* Waits until more than @taken are over, or for a while. */
static void events_look_locked(struct ava_context *ctx, uint64_t taken)
{
	struct timespec until;
	int ret = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / SECOND_NS;
	until.tv_nsec %= SECOND_NS;
	while (ctx->events_taken == taken && !ret)
		ret = pthread_cond_clockwait(&ctx->events_wake, &ctx->events_lock,
					     CLOCK_MONOTONIC, &until);
}

/* Waits for the next one to be over. */
static void events_await_one_locked(struct ava_context *ctx)
{
	uint64_t taken = ctx->events_taken, began = events_work_locked(ctx), before = began;
	uint64_t now = began;
	int idle = 0, looks;

	for (looks = 0; looks < LOOKS && idle < LOOKS_IDLE; looks++) {
		if (ctx->events_taken != taken || now - began >= WORK_NS)
			break;
		events_look_locked(ctx, taken);
		now = events_work_locked(ctx);
		idle = now - before < LOOK_WORK_NS ? idle + 1 : 0;
		before = now;
	}
	if (ctx->events_taken == taken)
		ctx->events_stuck = taken + 1;
}

/*
 * A function of the application may wait for the thread that waits for it here: for
 * a lock that the thread holds, say. So nobody waits long for one function, and
 * nobody at all for one that somebody has waited for.
 */
void ava_context_await_events(struct ava_context *ctx, uint64_t count)
{
	int state;

	if (!atomic_load(&ctx->events_run))
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&ctx->events_lock);
	while (ctx->events_taken < count && ctx->events_stuck != ctx->events_taken + 1)
		events_await_one_locked(ctx);
	pthread_mutex_unlock(&ctx->events_lock);
	pthread_setcancelstate(state, &state);
}

/*
 * The server bounds what is under way by what it knows to be taken. Without a
 * ticket: a callback is in no order with calls that follow it.
 */
static void events_tell(struct ava_context *ctx, uint64_t taken)
{
	uint64_t args[AVA_CS_HEAD + 1] = { AVA_CS_ARGS_INLINE, [AVA_CS_HEAD] = taken };
	struct ava_call call = {
		.func = AVA_FUNC_EVENTS,
		.flags = AVA_CALL_ASYNC,
		.args = (uintptr_t)args,
		.args_len = sizeof(args),
	};

	ava_context_call(ctx, &call);
}

static void *events_main(void *arg)
{
	struct ava_context *ctx = arg;
	uint64_t epoch = atomic_load(&ctx->epoch), taken = 0;
	struct ava_event ev = { 0 };
	char payload[EVENT_MAX];
	int ret;

	events_clock_on(ctx);
	for (;;) {
		ret = ctx->ops->read_event(ctx->ch, 1, &ev, payload, sizeof(payload));
		if (ret)
			ev = (struct ava_event){ .type = AVA_EVENT_LOST, .status = ret };
		ctx->event_fn(ctx, &ev, payload);
		if (atomic_load(&ctx->epoch) != epoch)
			return NULL;
		events_over(ctx, ev.type == AVA_EVENT_LOST ? UINT64_MAX : ++taken);
		if (ev.type == AVA_EVENT_LOST)
			return NULL;
		if (taken % EVENTS_TOLD == 0)
			events_tell(ctx, taken);
	}
}

static int events_start_locked(struct ava_context *ctx)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	int ret;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&thread, &attr, events_main, ctx);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (!ret)
		pthread_setname_np(thread, "ava-event");
	return -ret;
}

int ava_context_events(struct ava_context *ctx, ava_event_fn fn)
{
	int ret = 0;

	if (atomic_load(&ctx->events_run))
		return 0;
	pthread_mutex_lock(&ctx->open_lock);
	if (!atomic_load(&ctx->ready))
		ret = -ENOLINK;
	if (!ret && !atomic_load(&ctx->events_run)) {
		ctx->event_fn = fn;
		ret = events_start_locked(ctx);
		atomic_store(&ctx->events_run, !ret);
	}
	pthread_mutex_unlock(&ctx->open_lock);
	return ret;
}
