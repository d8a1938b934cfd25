/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context.h - the guest library's one context of an API, and the calling thread's stream
 */
#ifndef AVA_CONTEXT_H
#define AVA_CONTEXT_H

#include <ava/channel.h>

struct ava_context;

/**
 * ava_context_get() - the process's context of @api, opened at first use
 * @api: what the generated library was built from; the pointer is the key, static storage
 * @ctx: (out) the context; lives as long as the process
 *
 * Any thread. After fork(2) the child gets a context of its own. Once a context
 * is lost it stays lost for the life of the process (each call fails); an open
 * that failed is tried again at the next call.
 * Return: 0 or the -errno of AVA_IOC_OPEN; the first failure is logged once to stderr.
 */
int ava_context_get(const struct ava_api_id *api, struct ava_context **ctx);

/**
 * ava_context_limits() - what the context's channel carries at most
 * @ctx: the context
 *
 * Any thread.
 * Return: never NULL; the values do not change while the context lives.
 */
const struct ava_limits *ava_context_limits(const struct ava_context *ctx);

/**
 * ava_context_call() - run one call on the calling thread's stream
 * @ctx: the context
 * @call: all (in) fields but stream set; (out) fields are filled
 *
 * Opens the thread's stream at first use; it is closed when the thread exits.
 * Retries after signals. A synchronous call returns when its reply is there, and
 * is sent with the thread's batch. Where ava_context_send() is used too, the
 * arguments start with AVA_CS_HEAD words, of which the order is filled in here.
 * Return: 0, or the transport's -errno (also in call->status); the reply is
 * valid only for 0. The first loss of a context is logged once to stderr.
 */
int ava_context_call(struct ava_context *ctx, struct ava_call *call);

/**
 * ava_context_status() - is the context lost?
 * @ctx: the context
 *
 * Return: 0, or the -errno that calls report.
 */
int ava_context_status(const struct ava_context *ctx);

/**
 * ava_context_send() - a call that nobody waits for
 * @ctx: the context
 * @call: as for ava_context_call(), with AVA_CALL_ASYNC; the inline arguments are
 *	copied and start with AVA_CS_HEAD words, of which the order is filled in here
 *
 * Goes into the calling thread's batch, which is sent with the thread's next
 * synchronous call, when it is full, by ava_context_flush(), before another thread
 * adds or makes a call, and at the latest AVA_FLUSH_NS later. A call with segments
 * is sent at once, behind the batch. After fork(2) the child's batches are empty.
 * Return: 0 or -errno: of this call, which is then not made, or of an earlier one
 * that could not be sent although the context lives on. Once a context is lost,
 * each call fails.
 */
int ava_context_send(struct ava_context *ctx, struct ava_call *call);

/**
 * ava_context_flush() - send the calling thread's batch, and those of other threads
 * @ctx: the context
 *
 * Return: 0, or the -errno of a lost context.
 */
int ava_context_flush(struct ava_context *ctx);

/**
 * ava_context_output() - the vendor's library printed: write it to standard output
 * @ctx: the context
 *
 * After a reply with AVA_CS_OUTPUT. Returns when all of it is written, by
 * whichever thread.
 */
void ava_context_output(struct ava_context *ctx);

/**
 * ava_context_await_output() - what other threads have fetched is written
 * @ctx: the context
 *
 * For the thread that takes events: the server knows only that it was fetched.
 */
void ava_context_await_output(struct ava_context *ctx);

/* Of the thread that takes events; LOST is the last one. */
typedef void (*ava_event_fn)(struct ava_context *ctx, const struct ava_event *ev,
			     const void *payload);

/**
 * ava_context_events() - have the context's events taken by a thread
 * @ctx: the context
 * @fn: called with each, without locks; always the same function
 *
 * The thread is started once; after fork(2) the child has none until it asks.
 * Return: 0 or -errno.
 */
int ava_context_events(struct ava_context *ctx, ava_event_fn fn);

/**
 * ava_context_await_events() - wait until events were taken, and their function returned
 * @ctx: the context
 * @count: how many since the context began
 *
 * Not on the thread that takes them. Does not wait for ever for a function that does
 * not return: for 250 ms in which it does nothing, a second of work, or five in all.
 */
void ava_context_await_events(struct ava_context *ctx, uint64_t count);

#define AVA_FLUSH_NS	500000	/* how long a batch may wait for its thread's next call */

#endif /* AVA_CONTEXT_H */
