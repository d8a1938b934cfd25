/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_client.h - contexts and calls of the order API, of which a test may fail
 */
#ifndef AVA_TESTS_ORDER_CLIENT_H
#define AVA_TESTS_ORDER_CLIENT_H

#include <ava/context.h>

#include "order_api.h"

/* A server of its own for a group of tests. */
int order_setup(void **state);
int order_teardown(void **state);

/* The library keeps it for good. */
struct ava_context *fresh_context(void);

/* Nobody waits for it. */
int send_append(struct ava_context *ctx, uint64_t value, uint64_t us);

/* @a and @b: of functions that have arguments. @reply may be NULL. */
int call_words(struct ava_context *ctx, uint32_t func, uint64_t a, uint64_t b, void *reply,
	       uint32_t *len);

/* How many values the log has, which then are in @log_values; check_log(): they are 1 to @count. */
extern uint64_t log_values[ORDER_LOG_MAX];
uint32_t get_log(struct ava_context *ctx);
void check_log(struct ava_context *ctx, uint32_t count);

/* Runs @fn on a thread that ends. */
void on_thread(void *(*fn)(void *), void *arg);

/* For on_thread(): appends 1 in the context. */
void *thread_append(void *ctx);

#endif /* AVA_TESTS_ORDER_CLIENT_H */
