// SPDX-License-Identifier: Apache-2.0
/*
 * standin_device.c - in place of avad/device.c: contexts come from a socket
 *
 * A test part. The "device" is a SOCK_SEQPACKET socket: a message with a
 * descriptor is a context that waits; a refusal is the reason, written to the
 * context's descriptor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../avad/device.h"
#include "../common/local_proto.h"

int avad_device_open(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr))) {
		close(sock);
		/* A backlog that is full stands for a manager that is there already. */
		return errno == EAGAIN ? -EBUSY : -errno;
	}
	fcntl(sock, F_SETFL, O_NONBLOCK);
	return sock;
}

int avad_device_accept(int dev, struct ava_server_accept *context)
{
	int fd;
	int ret = ava_local_recv(dev, context, sizeof(*context), &fd, 1);

	context->fd = fd;
	return ret;
}

int avad_device_reject(int context_fd, uint32_t reason)
{
	return write(context_fd, &reason, sizeof(reason)) == sizeof(reason) ? 0 : -EIO;
}
