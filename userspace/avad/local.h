/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.h - avad --local: servers for one user's programs on this machine
 *
 * A program connects and says which API it wants; the manager looks at that
 * message, leaves it where it is and passes the connection to a server of its own.
 * A connection that says nothing keeps the manager from ending when it is idle.
 */
#ifndef AVAD_LOCAL_H
#define AVAD_LOCAL_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct avad_local_options - of the command line
 * @config_dir: a file for each API
 * @socket: path, or NULL for the user's own
 * @idle_seconds: end after so long without programs; 0: do not
 * @command: what to become once a manager listens, or NULL: be the manager
 */
struct avad_local_options {
	const char *config_dir;
	const char *socket;
	unsigned int idle_seconds;
	char **command;
};

/**
 * avad_local() - be the manager, or see to it that there is one and run a command
 * @o: the command line
 *
 * Return: exit status; with a command, only if it could not be started.
 */
int avad_local(const struct avad_local_options *o);

/**
 * struct avad_local_socket - where programs connect
 * @path: of the socket
 * @lock: open file that is locked while somebody starts or ends to listen
 * @inode: of the socket that this process made
 */
struct avad_local_socket {
	char path[108];
	int lock;
	ino_t inode;
};

/**
 * avad_local_socket_open() - prepare to look for a manager, or to become one
 * @s: (out) the place
 * @path: or NULL for the user's own, whose directory is made
 *
 * Return: 0 or -errno after a line in the log.
 */
int avad_local_socket_open(struct avad_local_socket *s, const char *path);

/**
 * avad_local_connect() - connect to the manager
 * @s: the place
 *
 * Return: descriptor, -ENOENT if nobody listens, or another -errno.
 */
int avad_local_connect(const struct avad_local_socket *s);

/**
 * avad_local_listen() - listen, unless somebody does
 * @s: the place
 *
 * Return: descriptor, -EADDRINUSE if somebody listens, or another -errno.
 */
int avad_local_listen(struct avad_local_socket *s);

/**
 * avad_local_hold() - connect to the manager to keep it
 * @s: the place
 *
 * The manager does not retire for being idle while the connection is there, which
 * avad_local_connect() does not promise.
 * Return: descriptor, -ENOENT if nobody listens, or another -errno.
 */
int avad_local_hold(const struct avad_local_socket *s);

/**
 * avad_local_retire() - stop to listen
 * @s: the place
 * @fd: of avad_local_listen()
 * @if_idle: not if somebody connects just now
 *
 * Whoever connects from now on finds nobody, or the next manager; who did before
 * can still be accepted from @fd.
 * Return: whether it stopped.
 */
bool avad_local_retire(const struct avad_local_socket *s, int fd, bool if_idle);

#endif /* AVAD_LOCAL_H */
