/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel.h - how the guest's runtime reaches an API server
 *
 * A channel carries marshalled calls and knows nothing of any API. Calls,
 * segments and events have the shape of <linux/ava.h> behind every channel.
 * Selected by the environment variable AVA_CHANNEL: "AVA" (alias "SHM", the
 * default: /dev/ava), or "LOCAL[:<path>]" (a server on this machine, behind the
 * socket of a manager or of a server itself; rings and arenas in shared memory).
 */
#ifndef AVA_CHANNEL_H
#define AVA_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/ava.h>

struct ava_channel;

/**
 * struct ava_limits - what an open channel carries at most
 * @max_args: inline argument bytes of a call
 * @max_reply: inline reply bytes of a call
 * @max_segs: bulk segments of a call
 * @max_streams: streams open at once
 * @max_bulk: bulk bytes of a call
 */
struct ava_limits {
	uint32_t max_args;
	uint32_t max_reply;
	uint32_t max_segs;
	uint32_t max_streams;
	uint64_t max_bulk;
};

/**
 * struct ava_channel_ops - one kind of channel
 * @name: as in AVA_CHANNEL
 * @shared_room: a call may have to wait for room that other streams' calls take
 * @open: connect to a server of @api; @where is what follows "NAME:" or NULL
 * @close: give everything back; no other thread uses the channel any more
 * @forget: in the child of a fork: drop what was inherited; the parent's peer
 *	does not notice
 * @stream_open: new stream; calls of a stream run in order, streams are independent
 * @stream_close: end one that has no call in flight
 * @submit: submit @count calls and wait for the synchronous ones; @done says how
 *	many were submitted, each call's status what became of it. Thread-safe.
 * @read_event: wait for an event; -EAGAIN if @wait is false and none is there,
 *	-ENODATA when none can come any more, -EMSGSIZE if its payload is over @cap
 *
 * All return 0 or -errno with the meanings of <linux/ava.h>.
 */
struct ava_channel_ops {
	const char *name;
	bool shared_room;
	int (*open)(struct ava_channel **ch, const char *where,
		    const struct ava_api_id *api, struct ava_limits *limits);
	void (*close)(struct ava_channel *ch);
	void (*forget)(struct ava_channel *ch);
	int (*stream_open)(struct ava_channel *ch, uint32_t *stream);
	int (*stream_close)(struct ava_channel *ch, uint32_t stream);
	int (*submit)(struct ava_channel *ch, struct ava_call *calls,
		      uint32_t count, uint32_t *done);
	int (*read_event)(struct ava_channel *ch, int wait,
			  struct ava_event *ev, void *payload, size_t cap);
};

extern const struct ava_channel_ops ava_channel_ava;
extern const struct ava_channel_ops ava_channel_local;

#endif /* AVA_CHANNEL_H */
