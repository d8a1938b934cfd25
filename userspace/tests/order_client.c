// SPDX-License-Identifier: Apache-2.0
/*
 * order_client.c - contexts and calls of the order API
 */
#include <pthread.h>
#include <stdlib.h>

#include "order_client.h"
#include "ut.h"

int order_setup(void **state)
{
	*state = malloc(sizeof(struct ut_server));
	ut_server_start_tool(*state, "order-server", "--no-sandbox");
	return 0;
}

int order_teardown(void **state)
{
	ut_server_stop(*state);
	free(*state);
	return 0;
}

/* The library keeps the pointer for good. */
struct ava_context *fresh_context(void)
{
	struct ava_api_id *id = malloc(sizeof(*id));
	struct ava_context *ctx;

	*id = (struct ava_api_id){ .name = "order", .version_major = 1, .hash = { 0x0d } };
	assert_int_equal(ava_context_get(id, &ctx), 0);
	return ctx;
}

int send_append(struct ava_context *ctx, uint64_t value, uint64_t us)
{
	uint64_t args[AVA_CS_HEAD + 2] = { 0, 0, 0, value, us };
	struct ava_call call = {
		.func = ORDER_APPEND,
		.flags = AVA_CALL_ASYNC,
		.args = (uintptr_t)args,
		.args_len = sizeof(args),
	};

	return ava_context_send(ctx, &call);
}

int call_words(struct ava_context *ctx, uint32_t func, uint64_t a, uint64_t b,
		      void *reply, uint32_t *len)
{
	uint64_t args[AVA_CS_HEAD + 2] = { 0, 0, 0, a, b };
	bool two = func == ORDER_APPEND || func == ORDER_PRINT;
	struct ava_call call = {
		.func = func,
		.args = (uintptr_t)args,
		.args_len = two ? sizeof(args) : AVA_CS_HEAD * sizeof(uint64_t),
		.reply = (uintptr_t)reply,
		.reply_cap = reply ? *len : 0,
	};
	int ret = ava_context_call(ctx, &call);

	if (reply)
		*len = call.reply_len;
	return ret;
}

uint64_t log_values[ORDER_LOG_MAX];

uint32_t get_log(struct ava_context *ctx)
{
	uint32_t len = sizeof(log_values);

	assert_int_equal(call_words(ctx, ORDER_LOG, 0, 0, log_values, &len), 0);
	return len / sizeof(log_values[0]);
}

void check_log(struct ava_context *ctx, uint32_t count)
{
	uint32_t i;

	assert_int_equal(get_log(ctx), count);
	for (i = 0; i < count; i++)
		if (log_values[i] != i + 1)
			fail_msg("entry %u of the log is %lu", i, (unsigned long)log_values[i]);
}

void on_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, fn, arg), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

void *thread_append(void *arg)
{
	assert_int_equal(send_append(arg, 1, 0), 0);
	return NULL;
}
