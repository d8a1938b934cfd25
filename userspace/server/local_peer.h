/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_peer.h - the guest of a LOCAL context: who it is, and its memory
 */
#ifndef AVA_SERVER_LOCAL_PEER_H
#define AVA_SERVER_LOCAL_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct local_peer - a process that connected
 * @pid: in this process's namespace
 * @pidfd: tells whether that is still the process that connected
 * @mem: its memory, or -1; for when its first thread has ended before the others
 */
struct local_peer {
	pid_t pid;
	int pidfd;
	int mem;
};

/**
 * local_peer_open() - find the process behind a connection
 * @peer: (out) the process
 * @conn: the connection
 *
 * Return: 0; -EPERM if it cannot be seen from here, or another -errno.
 */
int local_peer_open(struct local_peer *peer, int conn);

/**
 * local_peer_close() - forget it
 * @peer: the process
 */
void local_peer_close(struct local_peer *peer);

/**
 * local_peer_alive() - is it still there?
 * @peer: the process
 */
bool local_peer_alive(const struct local_peer *peer);

/**
 * local_peer_read() - copy from its memory
 * @peer: the process
 * @addr: there
 * @buf: here
 * @len: bytes
 *
 * Return: 0, -ESHUTDOWN when it is gone, -EFAULT or -EPERM.
 */
int local_peer_read(const struct local_peer *peer, uint64_t addr, void *buf, uint64_t len);

/**
 * local_peer_write() - copy to its memory
 * @peer: the process
 * @addr: there
 * @buf: here
 * @len: bytes
 *
 * Return: as local_peer_read().
 */
int local_peer_write(const struct local_peer *peer, uint64_t addr, const void *buf,
		     uint64_t len);

/**
 * local_peer_variable() - what one of its variables means for a server
 * @peer: the process
 * @environ: address of its environment, or 0
 * @name: of the variable without AvA, see native_env.h
 *
 * Return: the value, for free(), or NULL if it has none or cannot be read.
 */
char *local_peer_variable(const struct local_peer *peer, uint64_t environ, const char *name);

/**
 * local_peer_adopt() - be where the guest would have the vendor's library
 * @peer: the process
 * @environ: address of its environment
 *
 * Takes over its environment, working directory, CPUs, niceness and resource limits, as
 * far as the system lets; what cannot be taken over stays. In the only thread.
 */
void local_peer_adopt(const struct local_peer *peer, uint64_t environ);

/**
 * local_peer_follow() - go where it is
 * @peer: the process
 *
 * Stays where this process is if that cannot be.
 */
void local_peer_follow(const struct local_peer *peer);

#endif /* AVA_SERVER_LOCAL_PEER_H */
