/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - what a generated API server gives to and gets from the server runtime
 *
 * The runtime owns processes, threads and channels; generated code owns
 * arguments. One server thread runs all calls of one stream, in order.
 */
#ifndef AVA_SERVER_H
#define AVA_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/ava.h>
#include <linux/ava_server.h>

struct ava_server_stream;	/* the channel's; opaque to generated code */

/**
 * struct ava_server_call - one call, while it is dispatched
 * @func: function id; a row of the table
 * @flags: AVA_CALL_*
 * @args: inline arguments; nobody else writes them
 * @args_len: their bytes, within the row's bounds
 * @reply: room for the inline reply
 * @reply_cap: its bytes
 * @reply_len: (out) bytes of reply
 * @segs: bulk segments: lengths and directions
 * @seg_count: how many
 * @device_ns: (out) time on the device, or 0 where not known
 * @stream: for ava_server_pull() and ava_server_push()
 * @tag: the channel's
 */
struct ava_server_call {
	uint32_t func;
	uint32_t flags;
	const void *args;
	uint32_t args_len;
	uint32_t reply_cap;
	void *reply;
	uint32_t reply_len;
	uint32_t seg_count;
	const struct ava_ring_seg *segs;
	uint64_t device_ns;
	struct ava_server_stream *stream;
	uint64_t tag;
};

/**
 * ava_server_pull() - copy bulk bytes from the guest
 * @call: the call being dispatched
 * @seg: index of the segment; must have AVA_SEG_TO_HOST
 * @offset: first byte in the segment
 * @buf: where to
 * @len: bytes
 *
 * On the thread that dispatches @call.
 * Return: 0, or -errno of AVA_STREAM_IOC_COPY.
 */
int ava_server_pull(struct ava_server_call *call, uint32_t seg,
		    uint64_t offset, void *buf, uint64_t len);

/**
 * ava_server_push() - copy bulk bytes to the guest
 * @call: the call being dispatched
 * @seg: index of the segment; must have AVA_SEG_FROM_HOST
 * @offset: first byte in the segment
 * @buf: where from
 * @len: bytes
 *
 * On the thread that dispatches @call.
 * Return: 0, or -errno of AVA_STREAM_IOC_COPY.
 */
int ava_server_push(struct ava_server_call *call, uint32_t seg,
		    uint64_t offset, const void *buf, uint64_t len);

/**
 * ava_server_follow() - stand in the directory in which the guest's process stands now
 *
 * For a server that is like its guest's process (LOCAL on one machine): call it before
 * the vendor's library looks for files by names that the application gave. Does nothing
 * in any other server. Any thread.
 *
 * Return: does this server see the guest's files?
 */
bool ava_server_follow(void);

/**
 * struct ava_server_api - a generated server
 * @id: name, version, hash
 * @funcs: function table, sorted by id
 * @func_count: its rows
 * @dispatch: decode, execute, encode; 0, or -EBADMSG if the arguments do not
 *	decode (the context then goes into error). Called from many threads,
 *	never twice at once for one stream.
 * @log_name: short name for log lines
 * @ordered: arguments begin with AVA_CS_HEAD words (<ava/cs.h>), which the runtime
 *	honours before it dispatches, and the table has the runtime's own functions
 */
struct ava_server_api {
	struct ava_api_id id;
	const struct ava_func *funcs;
	uint32_t func_count;
	int (*dispatch)(struct ava_server_call *call);
	const char *log_name;
	bool ordered;
};

/**
 * ava_server_main() - main() of every API server
 * @argc: of main()
 * @argv: of main()
 * @api: the generated server; static storage
 *
 * --context-fd=N serves the /dev/ava-server context that a manager passed;
 * --local-fd=N a connection of the LOCAL channel that a manager took; --listen=PATH
 * serves a socket of that channel, one process per connection (for tests);
 * --identify prints name, version and hash.
 * Return: exit status.
 */
int ava_server_main(int argc, char **argv, const struct ava_server_api *api);

#endif /* AVA_SERVER_H */
