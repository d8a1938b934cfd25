/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the files of libava share
 *
 * Lock order: the registry's lock, then contexts' open locks in the order of
 * the registry, then a context's idle lock. No lock is held across a call.
 */
#ifndef AVA_LIBAVA_INTERNAL_H
#define AVA_LIBAVA_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <ava/context.h>

/**
 * struct ava_context - one API in this process; lives as long as the process
 * @next: in the registry; never changes once it is published
 * @api: the key
 * @epoch: how many forks lie between this process and the one that made it
 * @ready: @ops, @ch and @limits are valid
 * @lost: 0, or the -errno that every call gets
 * @open_lock: serialises opening; held across fork
 * @failure_logged: an open failed and was logged
 * @idle_lock: protects the streams below
 * @idle: streams whose thread ended while their calls were still in flight
 * @idle_count: entries of @idle
 * @idle_room: entries that @idle has room for
 */
struct ava_context {
	struct ava_context *next;
	const struct ava_api_id *api;
	atomic_uint_fast64_t epoch;
	atomic_bool ready;
	atomic_int lost;

	pthread_mutex_t open_lock;
	const struct ava_channel_ops *ops;
	struct ava_channel *ch;
	struct ava_limits limits;
	bool failure_logged;

	pthread_mutex_t idle_lock;
	uint32_t *idle;
	size_t idle_count;
	size_t idle_room;
};

/**
 * ava_channel_select() - the channel that AVA_CHANNEL asks for
 * @text: value of AVA_CHANNEL or NULL
 * @ops: (out) the channel
 * @where: (out) what follows "NAME:", or NULL
 *
 * Return: 0, or -EINVAL for a text that names none.
 */
int ava_channel_select(const char *text, const struct ava_channel_ops **ops,
		       const char **where);

/**
 * ava_stream_get() - the calling thread's stream of @ctx, opened at first use
 */
int ava_stream_get(struct ava_context *ctx, uint32_t *stream);

/**
 * ava_context_lose() - @ctx is lost; the first caller logs it
 */
void ava_context_lose(struct ava_context *ctx, int status);

#endif /* AVA_LIBAVA_INTERNAL_H */
