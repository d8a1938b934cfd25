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
 * Retries after signals. A synchronous call returns when its reply is there.
 * Return: 0, or the transport's -errno (also in call->status); the reply is
 * valid only for 0. The first loss of a context is logged once to stderr.
 */
int ava_context_call(struct ava_context *ctx, struct ava_call *call);

#endif /* AVA_CONTEXT_H */
