/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_proto.h - what the two ends of the LOCAL channel say to each other
 *
 * Both ends run on one machine and are built from one tree, so the structs are
 * the host's own. The context is a SOCK_SEQPACKET connection: hello and welcome,
 * then a message with two descriptors for every stream, and events the other
 * way. Its end is the end of the context.
 *
 * A stream is a memfd that the guest made, with the layout of struct ava_ring
 * at fixed offsets, and a socket. Differences from the kernel's ring:
 *
 * - Segments are struct ava_seg, with addresses: the server copies bulk bytes
 *   with process_vm_readv(2) and process_vm_writev(2).
 * - A server that sleeps sets AVA_LOCAL_SERVER_SLEEPS and waits for that word to
 *   change, a futex; whoever adds to the ring, or closes it, clears and wakes.
 * - A guest that sleeps says in AVA_LOCAL_GUEST_WANTS up to which index
 *   completions must come, sets AVA_LOCAL_GUEST_SLEEPS and reads from the stream's
 *   socket: one byte wakes it, and so does the end of the server's process. Of
 *   the two only the server's end needs no socket: it ends with its main thread.
 * - Both ends tell the other how long they take, without what sleeping and
 *   waking costs, so that each can judge whether to spin: the guest in
 *   reserved[0] of an entry (since its last completion), the server in reserved
 *   of a completion.
 *
 * The server copies what it parses, once; a guest that writes nonsense into its
 * ring ends its own context.
 */
#ifndef AVA_COMMON_LOCAL_PROTO_H
#define AVA_COMMON_LOCAL_PROTO_H

#include <stddef.h>
#include <stdint.h>
#include <linux/ava.h>
#include <linux/ava_server.h>

#define AVA_LOCAL_MAGIC		0x4c417641u

#define AVA_LOCAL_MAX_ARGS	(64u * 1024)
#define AVA_LOCAL_MAX_REPLY	(64u * 1024)
#define AVA_LOCAL_MAX_SEGS	64u
#define AVA_LOCAL_MAX_STREAMS	4096u
#define AVA_LOCAL_MAX_BULK	(1ull << 38)
#define AVA_LOCAL_MAX_EVENT	256u

#define AVA_LOCAL_ENTRIES	256u
#define AVA_LOCAL_SQ_OFF	4096u
#define AVA_LOCAL_CQ_OFF	(AVA_LOCAL_SQ_OFF + AVA_LOCAL_ENTRIES * sizeof(struct ava_sqe))
#define AVA_LOCAL_ARENA_OFF	(AVA_LOCAL_CQ_OFF + AVA_LOCAL_ENTRIES * sizeof(struct ava_cqe))
#define AVA_LOCAL_ARENA_SIZE	(512u * 1024)
#define AVA_LOCAL_RING_SIZE	(AVA_LOCAL_ARENA_OFF + AVA_LOCAL_ARENA_SIZE)

/* Words beside the indices; each is on the line of the side that writes it most. */
#define AVA_LOCAL_CLOSED(ring)		(&(ring)->reserved1[0])
#define AVA_LOCAL_SERVER_SLEEPS(ring)	(&(ring)->reserved2[0])
#define AVA_LOCAL_GUEST_SLEEPS(ring)	(&(ring)->reserved4[0])
#define AVA_LOCAL_GUEST_WANTS(ring)	(&(ring)->reserved4[1])

/**
 * struct ava_local_hello - first message of a guest
 * @magic: AVA_LOCAL_MAGIC
 * @reserved: zero
 * @api: as the library was built
 * @probe: address of a word in the guest that holds @nonce; the server adds one to it
 * @nonce: any value
 * @environ: address of the guest's environment, as environ(7)
 *
 * The guest's standard error may come along.
 */
struct ava_local_hello {
	uint32_t magic;
	uint32_t reserved;
	struct ava_api_id api;
	uint64_t probe;
	uint64_t nonce;
	uint64_t environ;
};

/**
 * struct ava_local_welcome - the answer
 * @status: 0 or -errno of AVA_IOC_OPEN; -EPERM: the server cannot reach the guest's memory
 */
struct ava_local_welcome {
	int32_t status;
	uint32_t max_args;
	uint32_t max_reply;
	uint32_t max_segs;
	uint64_t max_bulk;
	uint32_t max_streams;
	uint32_t reserved;
};

/**
 * struct ava_local_stream - a new stream; its memory and its socket come along
 */
struct ava_local_stream {
	uint32_t magic;
	uint32_t stream;
};

/**
 * struct ava_local_event - an event, in front of @len bytes
 */
struct ava_local_event {
	uint32_t len;
	uint32_t reserved;
	uint64_t cookie;
};

/**
 * ava_local_send() - send one message; waits while the peer takes none
 * @fd: a SOCK_SEQPACKET socket
 * @msg: its bytes
 * @len: how many
 * @fds: descriptors to go along
 * @count: how many, 2 at most
 *
 * Return: 0, -EPIPE when the peer is gone, or another -errno.
 */
int ava_local_send(int fd, const void *msg, size_t len, const int *fds, unsigned int count);

/**
 * ava_local_recv() - receive one message of exactly @len bytes
 * @fd: a SOCK_SEQPACKET socket
 * @msg: where to
 * @len: its bytes
 * @fds: (out) descriptors that came along, close-on-exec; the rest of @count is -1
 * @count: how many may come, 2 at most
 *
 * Return: 0, -EPIPE when the peer is gone, -EPROTO for another message.
 */
int ava_local_recv(int fd, void *msg, size_t len, int *fds, unsigned int count);

#endif /* AVA_COMMON_LOCAL_PROTO_H */
