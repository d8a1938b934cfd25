// SPDX-License-Identifier: Apache-2.0
/*
 * output.c - what the vendor's library printed appears on the application's standard output
 */
#include <errno.h>
#include <unistd.h>

#include <ava/cs.h>

#include "internal.h"

#define OUTPUT_ROOM	4096

/* Where the application's own output goes wrong, this one does too, and nobody is told. */
static void output_write(const char *p, size_t len)
{
	ssize_t ret;

	while (len) {
		ret = write(STDOUT_FILENO, p, len);
		if (ret < 0 && errno != EINTR)
			return;
		if (ret > 0) {
			p += ret;
			len -= ret;
		}
	}
}

static uint32_t output_fetch(struct ava_context *ctx, char *buf)
{
	uint64_t head[AVA_CS_HEAD] = { AVA_CS_ARGS_INLINE };
	struct ava_call call = {
		.func = AVA_FUNC_OUTPUT,
		.args = (uintptr_t)head,
		.args_len = sizeof(head),
		.reply = (uintptr_t)buf,
		.reply_cap = OUTPUT_ROOM,
	};

	return ava_context_call(ctx, &call) ? 0 : call.reply_len;
}

void ava_context_output(struct ava_context *ctx)
{
	char buf[OUTPUT_ROOM];
	int saved = errno, state;
	uint32_t len;

	/* A thread that is cancelled while it writes would take the lock along. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	atomic_fetch_add(&ctx->outputs, 1);
	pthread_mutex_lock(&ctx->output_lock);
	do {
		len = output_fetch(ctx, buf);
		output_write(buf, len);
	} while (len == OUTPUT_ROOM);
	pthread_mutex_unlock(&ctx->output_lock);
	atomic_fetch_sub(&ctx->outputs, 1);
	pthread_setcancelstate(state, &state);
	errno = saved;
}

void ava_context_await_output(struct ava_context *ctx)
{
	if (!atomic_load(&ctx->outputs))
		return;
	pthread_mutex_lock(&ctx->output_lock);
	pthread_mutex_unlock(&ctx->output_lock);
}
