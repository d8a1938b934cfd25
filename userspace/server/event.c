// SPDX-License-Identifier: Apache-2.0
/*
 * event.c - events of the process's one context
 */
#include <errno.h>
#include <stdatomic.h>

#include <ava/callback.h>

#include "internal.h"

static _Atomic(const struct ava_server_channel *) channel;
static int context_fd;

void ava_server_events_on(const struct ava_server_channel *ops, int fd)
{
	context_fd = fd;
	atomic_store(&channel, ops);
}

int ava_server_event(uint64_t cookie, const void *data, uint32_t len)
{
	const struct ava_server_channel *ops = atomic_load(&channel);

	if (len > AVA_CALLBACK_MAX)
		return -EMSGSIZE;
	return ops ? ops->event(context_fd, cookie, data, len) : -ESHUTDOWN;
}
