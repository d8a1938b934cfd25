/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_ring.h - the guest's end of a stream of the LOCAL channel
 */
#ifndef AVA_LIBAVA_LOCAL_RING_H
#define AVA_LIBAVA_LOCAL_RING_H

#include <stdbool.h>
#include <linux/ava.h>

struct local_ring;

/**
 * local_ring_descriptor() - a descriptor that is not where a program expects its standard ones
 * @fd: a new one, close-on-exec, or -1 with errno; taken over
 *
 * A program that was started without those writes to them all the same.
 * Return: the same or another one, or -errno.
 */
int local_ring_descriptor(int fd);

/**
 * local_ring_open() - make a stream's memory and socket
 * @ring: (out) the stream
 * @fds: (out) memory and socket for the server; the caller closes them
 *
 * Return: 0 or -errno.
 */
int local_ring_open(struct local_ring **ring, int fds[2]);

/**
 * local_ring_busy() - are calls in flight, or a thread at work?
 * @r: the stream
 */
bool local_ring_busy(struct local_ring *r);

/**
 * local_ring_close() - tell the server, and free; no other thread uses it
 * @r: the stream
 */
void local_ring_close(struct local_ring *r);

/**
 * local_ring_forget() - in the child of a fork: free, the server does not notice
 * @r: the stream, whose locks may be held by threads that are not here
 */
void local_ring_forget(struct local_ring *r);

/**
 * local_ring_post() - put a call where the server finds it
 * @r: the stream
 * @call: the call, checked; must stay if local_call_waits()
 *
 * Waits for room. Sets its status; a server that sleeps is not woken.
 * Return: 0 or -errno.
 */
int local_ring_post(struct local_ring *r, struct ava_call *call);

/**
 * local_ring_kick() - wake the server if it sleeps
 * @r: the stream
 *
 * Return: whether it slept.
 */
bool local_ring_kick(struct local_ring *r);

/**
 * local_ring_wait() - wait for the end of a call that was posted
 * @r: the stream
 * @call: its status says what became of it
 * @woken: the server had to be woken for it
 */
void local_ring_wait(struct local_ring *r, struct ava_call *call, bool woken);

/**
 * local_call_waits() - does somebody wait for the end of the call?
 * @call: the call
 *
 * The server reaches into the caller's memory for segments, so those are waited
 * for even if the call has no reply.
 */
static inline bool local_call_waits(const struct ava_call *call)
{
	return !(call->flags & AVA_CALL_ASYNC) || call->seg_count;
}

#endif /* AVA_LIBAVA_LOCAL_RING_H */
