// SPDX-License-Identifier: Apache-2.0
/*
 * unit.c - the parts of marshalling by themselves, without a channel
 *
 * Server calls run against segments in this process.
 */
#include "unit.h"

static const struct ava_limits limits = { .max_args = 65536, .max_reply = 65536, .max_segs = 64 };
int context_err;
int call_err;
uint8_t seen_args[65536];
struct ava_call seen;
uint64_t answer[16];
size_t answer_len;

int ava_context_get(const struct ava_api_id *api, struct ava_context **ctx)
{
	(void)api;
	*ctx = NULL;
	return context_err;
}

const struct ava_limits *ava_context_limits(const struct ava_context *ctx)
{
	(void)ctx;
	return &limits;
}

int ava_context_call(struct ava_context *ctx, struct ava_call *call)
{
	(void)ctx;
	seen = *call;
	memcpy(seen_args, (void *)(uintptr_t)call->args, call->args_len);
	if (call_err)
		return call_err;
	if (call->reply_cap < answer_len)
		return -EMSGSIZE;
	memcpy((void *)(uintptr_t)call->reply, answer, answer_len);
	call->reply_len = answer_len;
	return 0;
}

int ava_context_send(struct ava_context *ctx, struct ava_call *call)
{
	return ava_context_call(ctx, call);
}

int ava_context_flush(struct ava_context *ctx)
{
	(void)ctx;
	return 0;
}

void ava_context_await_events(struct ava_context *ctx, uint64_t count)
{
	(void)ctx;
	(void)count;
}

void ava_context_output(struct ava_context *ctx)
{
	(void)ctx;
}

void ava_context_await_output(struct ava_context *ctx)
{
	(void)ctx;
}

int context_status;

int ava_context_status(const struct ava_context *ctx)
{
	(void)ctx;
	return context_status;
}

/* Nothing ever comes. */
int ava_context_events(struct ava_context *ctx, ava_event_fn fn)
{
	(void)ctx;
	(void)fn;
	return 0;
}

uint8_t seg_bytes[4][8192];

int ava_server_pull(struct ava_server_call *call, uint32_t seg, uint64_t offset, void *buf,
		    uint64_t len)
{
	(void)call;
	if (offset + len > sizeof(seg_bytes[0]))
		return -ERANGE;
	memcpy(buf, seg_bytes[seg] + offset, len);
	return 0;
}

int ava_server_push(struct ava_server_call *call, uint32_t seg, uint64_t offset, const void *buf,
		    uint64_t len)
{
	(void)call;
	memcpy(seg_bytes[seg] + offset, buf, len);
	return 0;
}

uint64_t events[8], event_count;

int ava_server_event(uint64_t cookie, const void *data, uint32_t len)
{
	assert_int_equal(len, 8);
	memcpy(&events[event_count], data, len);
	events[event_count++] += cookie;
	return 0;
}

int main(void)
{
	return unit_cs() + unit_handle() + unit_object() + unit_guest() + unit_serve() + unit_opencl();
}
