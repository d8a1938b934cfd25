// SPDX-License-Identifier: Apache-2.0
/*
 * order_server.c - the ordered test API's server
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ava/callback.h>

#include "order_api.h"

static struct {
	pthread_mutex_t lock;
	uint64_t values[ORDER_LOG_MAX];
	uint32_t count;
} order_log = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int log_append(uint64_t value)
{
	int ret = -EBADMSG;

	pthread_mutex_lock(&order_log.lock);
	if (order_log.count < ORDER_LOG_MAX) {
		order_log.values[order_log.count++] = value;
		ret = 0;
	}
	pthread_mutex_unlock(&order_log.lock);
	return ret;
}

static int reply_bytes(struct ava_server_call *call, const void *p, uint32_t len)
{
	if (len > call->reply_cap)
		return -EBADMSG;
	memcpy(call->reply, p, len);
	call->reply_len = len;
	return 0;
}

static int log_reply(struct ava_server_call *call)
{
	int ret;

	pthread_mutex_lock(&order_log.lock);
	ret = reply_bytes(call, order_log.values, order_log.count * sizeof(uint64_t));
	pthread_mutex_unlock(&order_log.lock);
	return ret;
}

static int log_sum(struct ava_server_call *call)
{
	unsigned char buf[4096];
	uint64_t sum = 0, i;

	if (!call->seg_count || call->segs[0].len > sizeof(buf) ||
	    ava_server_pull(call, 0, 0, buf, call->segs[0].len))
		return -EBADMSG;
	for (i = 0; i < call->segs[0].len; i++)
		sum += buf[i];
	return log_append(sum);
}

static int print(struct ava_server_call *call, uint64_t number, uint64_t count)
{
	const uint64_t executed = AVA_CS_EXECUTED;

	while (count--)
		printf("%llu\n", (unsigned long long)number);
	return reply_bytes(call, &executed, sizeof(executed));
}

static int events(struct ava_server_call *call, uint64_t cookie, uint64_t count)
{
	const uint64_t executed = AVA_CS_EXECUTED;
	uint64_t i;

	for (i = 0; i < count; i++)
		if (ava_server_event(cookie, &i, sizeof(i)))
			return -EBADMSG;
	return reply_bytes(call, &executed, sizeof(executed));
}

static int order_dispatch(struct ava_server_call *call)
{
	uint64_t args[AVA_CS_HEAD + 2] = { 0 };
	uint64_t pid = getpid();

	memcpy(args, call->args, call->args_len < sizeof(args) ? call->args_len : sizeof(args));
	switch (call->func) {
	case ORDER_APPEND:
		usleep(args[AVA_CS_HEAD + 1]);
		return log_append(args[AVA_CS_HEAD]);
	case ORDER_LOG:
		return log_reply(call);
	case ORDER_SUM:
		return log_sum(call);
	case ORDER_PRINT:
		return print(call, args[AVA_CS_HEAD], args[AVA_CS_HEAD + 1]);
	case ORDER_PID:
		return reply_bytes(call, &pid, sizeof(pid));
	case ORDER_EVENT:
		return events(call, args[AVA_CS_HEAD], args[AVA_CS_HEAD + 1]);
	case ORDER_CRASH:
		raise(SIGKILL);
	}
	return -EBADMSG;
}

#define HEAD_BYTES	(AVA_CS_HEAD * sizeof(uint64_t))
#define ARGS_BYTES	(HEAD_BYTES + 2 * sizeof(uint64_t))

static const struct ava_func order_funcs[] = {
	{ .id = ORDER_APPEND, .flags = AVA_FUNC_ASYNC, .min_args = ARGS_BYTES, .max_args = 4096 },
	{ .id = ORDER_LOG, .min_args = HEAD_BYTES, .max_args = HEAD_BYTES, .max_reply = 65536 },
	{ .id = ORDER_SUM, .flags = AVA_FUNC_ASYNC, .min_args = HEAD_BYTES, .max_args = HEAD_BYTES,
	  .max_segs = 1 },
	{ .id = ORDER_PRINT, .flags = AVA_FUNC_MAY_WAIT, .min_args = ARGS_BYTES,
	  .max_args = ARGS_BYTES, .max_reply = 8 },
	{ .id = ORDER_PID, .min_args = HEAD_BYTES, .max_args = HEAD_BYTES, .max_reply = 8 },
	{ .id = ORDER_CRASH, .flags = AVA_FUNC_ASYNC, .min_args = HEAD_BYTES, .max_args = HEAD_BYTES },
	{ .id = ORDER_EVENT, .min_args = ARGS_BYTES, .max_args = ARGS_BYTES, .max_reply = 512 },
	{ .id = AVA_FUNC_EVENTS, .flags = AVA_FUNC_ASYNC, .min_args = HEAD_BYTES + 8,
	  .max_args = HEAD_BYTES + 8 },
	{ .id = AVA_FUNC_NOP, .flags = AVA_FUNC_ASYNC, .min_args = HEAD_BYTES,
	  .max_args = HEAD_BYTES },
	{ .id = AVA_FUNC_OUTPUT, .min_args = HEAD_BYTES, .max_args = HEAD_BYTES,
	  .max_reply = 65536 },
};

int main(int argc, char **argv)
{
	const struct ava_server_api api = {
		.id = { .name = "order", .version_major = 1, .hash = { 0x0d } },
		.funcs = order_funcs,
		.func_count = sizeof(order_funcs) / sizeof(order_funcs[0]),
		.dispatch = order_dispatch,
		.log_name = "ava-server-order",
		.ordered = true,
	};

	return ava_server_main(argc, argv, &api);
}
