/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unix_proto.h - what the two ends of the UNIX channel say to each other
 *
 * A test part: both ends run on one machine and are built from one tree, so
 * the structs are the host's own. The context is a SOCK_SEQPACKET connection:
 * hello, welcome, then one message with a socket for every stream. A stream is
 * a SOCK_STREAM socket: a call's header, segments, arguments and the bytes of
 * the segments that go to the host; back come any number of PUSH records and,
 * if @want_reply, one REPLY record.
 */
#ifndef AVA_COMMON_UNIX_PROTO_H
#define AVA_COMMON_UNIX_PROTO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>
#include <linux/ava.h>
#include <linux/ava_server.h>

#define AVA_UNIX_MAGIC		0x41764155u

#define AVA_UNIX_MAX_ARGS	(64u * 1024)
#define AVA_UNIX_MAX_REPLY	(64u * 1024)
#define AVA_UNIX_MAX_SEGS	64u
#define AVA_UNIX_MAX_STREAMS	256u
#define AVA_UNIX_MAX_BULK	(1ull << 30)

struct ava_unix_hello {
	uint32_t magic;
	uint32_t reserved;
	struct ava_api_id api;
};

struct ava_unix_welcome {
	int32_t status;
	uint32_t max_args;
	uint32_t max_reply;
	uint32_t max_segs;
	uint64_t max_bulk;
	uint32_t max_streams;
	uint32_t reserved;
};

struct ava_unix_stream {
	uint32_t magic;
	uint32_t stream;
};

struct ava_unix_call {
	uint32_t func;
	uint32_t flags;
	uint32_t args_len;
	uint32_t reply_cap;
	uint32_t seg_count;
	uint32_t want_reply;
};

#define AVA_UNIX_PUSH	1
#define AVA_UNIX_REPLY	2

struct ava_unix_record {
	uint32_t type;
	uint32_t seg;
	uint64_t offset;
	uint64_t len;
	uint64_t device_ns;
	int32_t status;
	uint32_t reserved;
};

/**
 * ava_unix_send() - send all of @iov; modifies it
 *
 * Return: 0, or -EPIPE when the peer is gone, or another -errno.
 */
int ava_unix_send(int fd, struct iovec *iov, int count);

/**
 * ava_unix_recv() - receive exactly @len bytes
 *
 * Return: 0, or -EPIPE when the peer is gone, or another -errno.
 */
int ava_unix_recv(int fd, void *buf, size_t len);

/**
 * ava_unix_send_fd() - send one message with a descriptor
 */
int ava_unix_send_fd(int sock, const void *msg, size_t len, int fd);

/**
 * ava_unix_recv_fd() - receive one message of exactly @len bytes with a descriptor
 *
 * Return: 0, -EPIPE when the peer is gone, -EPROTO for anything else than that.
 */
int ava_unix_recv_fd(int sock, void *msg, size_t len, int *fd);

#endif /* AVA_COMMON_UNIX_PROTO_H */
