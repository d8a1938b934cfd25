/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the files of the server runtime share
 *
 * A server process has one context and a thread for each of its streams. The
 * main thread accepts streams and ends the process when the context is gone.
 */
#ifndef AVA_SERVER_INTERNAL_H
#define AVA_SERVER_INTERNAL_H

#include <stdbool.h>

#include <ava/server.h>

/**
 * struct ava_server_channel - one way to reach a guest
 * @attach: offer @api on the context's descriptor
 * @accept: wait for the next stream; -ESHUTDOWN when the context is gone
 * @fetch: end the call before, wait for the next; -ESHUTDOWN when the stream is gone
 * @complete: the call's reply is in place; @bad for arguments that do not decode
 * @copy: move bulk bytes of the call being dispatched
 * @publish: the thread is about to wait for another stream: completed calls that
 *	the guest does not know of yet become known; NULL if there are none ever
 * @close: give a stream back
 * @event: send an event on the context's descriptor; any thread. Does not wait for the
 *	guest: -ENOBUFS while it has too many that it did not take, -ESHUTDOWN when
 *	the context is over
 *
 * All return 0 or -errno. @fetch, @complete, @copy and @publish: the stream's thread only.
 */
struct ava_server_channel {
	int (*attach)(int fd, const struct ava_server_api *api);
	int (*accept)(int fd, const struct ava_server_api *api,
		      struct ava_server_stream **stream);
	int (*fetch)(struct ava_server_stream *stream, struct ava_server_call *call);
	int (*complete)(struct ava_server_stream *stream,
			const struct ava_server_call *call, bool bad);
	int (*copy)(struct ava_server_stream *stream, const struct ava_server_call *call,
		    struct ava_stream_copy *copy);
	int (*publish)(struct ava_server_stream *stream);
	void (*close)(struct ava_server_stream *stream);
	int (*event)(int fd, uint64_t cookie, const void *data, uint32_t len);
};

extern const struct ava_server_channel ava_server_ring;
extern const struct ava_server_channel ava_server_local;

/* A LOCAL server is like its guest's process in all that a vendor's library may look at. */
extern bool ava_local_native;

/**
 * struct ava_server_stream - common start of every channel's stream
 * @ops: the channel
 */
struct ava_server_stream {
	const struct ava_server_channel *ops;
};

/**
 * ava_server_events_on() - where ava_server_event() sends
 */
void ava_server_events_on(const struct ava_server_channel *ops, int fd);

/**
 * ava_server_events_taken() - the guest has taken so many events since the beginning
 */
void ava_server_events_taken(uint64_t count);

/**
 * ava_server_events_made() - how many events there were since the beginning
 *
 * Those that the guest has no room for yet, too.
 */
uint64_t ava_server_events_made(void);

/**
 * ava_server_events_retry() - a call has come: perhaps there is room for events that wait
 */
void ava_server_events_retry(void);

/**
 * ava_server_serve() - serve one context until it is gone
 *
 * Return: exit status. Does not wait for threads that are in vendor code: end
 * the process with _exit().
 */
int ava_server_serve(const struct ava_server_channel *ops, int fd,
		     const struct ava_server_api *api);

/**
 * ava_server_run() - ava_server_serve() in a process that has nothing else to do
 *
 * What is written to standard output is the guest's from now on.
 * Return: exit status.
 */
int ava_server_run(const struct ava_server_channel *ops, int fd,
		   const struct ava_server_api *api);

struct ava_sandbox;

/**
 * ava_server_listen() - serve a socket of the LOCAL channel, a process per connection
 *
 * Return: exit status; in a child, that of its context.
 */
int ava_server_listen(const char *path, const struct ava_server_api *api,
		      const struct ava_sandbox *sandbox);

#endif /* AVA_SERVER_INTERNAL_H */
