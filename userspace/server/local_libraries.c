// SPDX-License-Identifier: Apache-2.0
/*
 * local_libraries.c - where the guest of a LOCAL context has its libraries from
 *
 * The system's loader reads LD_LIBRARY_PATH when a process starts and never again, so
 * of all variables this one cannot be taken over by a server that runs already.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/local_proto.h"
#include "local_libraries.h"
#include "local_peer.h"

#define LIBRARY_PATH	"LD_LIBRARY_PATH"
#define STARTED_AGAIN	"AVA_SERVER_LIBRARIES"

/* Return: what the guest has, for the caller to free, or NULL. */
static char *guest_path(int conn)
{
	struct ava_local_hello hello;
	struct local_peer peer;
	char *path = NULL;

	/* Without room for the descriptor that comes along it stays where it is, too. */
	if (recv(conn, &hello, sizeof(hello), MSG_PEEK) != sizeof(hello) ||
	    hello.magic != AVA_LOCAL_MAGIC || local_peer_open(&peer, conn))
		return NULL;
	path = local_peer_variable(&peer, hello.environ, LIBRARY_PATH);
	local_peer_close(&peer);
	return path;
}

static int put_path(const char *guest)
{
	const char *configured = getenv(LIBRARY_PATH);
	char *both;
	int ret;

	if (!configured || !*configured)
		return setenv(LIBRARY_PATH, guest, 1);
	if (asprintf(&both, "%s:%s", configured, guest) < 0)
		return -1;
	ret = setenv(LIBRARY_PATH, both, 1);
	free(both);
	return ret;
}

void local_libraries_adopt(int conn, char **argv)
{
	const char *self = (const char *)getauxval(AT_EXECFN);
	char *path = self && !getenv(STARTED_AGAIN) ? guest_path(conn) : NULL;

	if (path && *path && !put_path(path) && !setenv(STARTED_AGAIN, "1", 1) &&
	    !fcntl(conn, F_SETFD, 0)) {
		execv(self, argv);
		fcntl(conn, F_SETFD, FD_CLOEXEC);
	}
	free(path);
}
