// SPDX-License-Identifier: Apache-2.0
/*
 * unix_proto.c - whole messages over the sockets of the UNIX channel (a test part)
 *
 * Every function restarts after signals, never raises SIGPIPE and ends when
 * the peer is gone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix_proto.h"

static int ava_unix_error(void)
{
	return errno == ECONNRESET ? -EPIPE : -errno;
}

static void iov_advance(struct msghdr *msg, size_t len)
{
	while (msg->msg_iovlen && len >= msg->msg_iov->iov_len) {
		len -= msg->msg_iov->iov_len;
		msg->msg_iov++;
		msg->msg_iovlen--;
	}
	if (len) {
		msg->msg_iov->iov_base = (char *)msg->msg_iov->iov_base + len;
		msg->msg_iov->iov_len -= len;
	}
}

int ava_unix_send(int fd, struct iovec *iov, int count)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = count };
	ssize_t ret;

	iov_advance(&msg, 0);
	while (msg.msg_iovlen) {
		ret = sendmsg(fd, &msg, MSG_NOSIGNAL);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0)
			return ava_unix_error();
		iov_advance(&msg, ret);
	}
	return 0;
}

int ava_unix_recv(int fd, void *buf, size_t len)
{
	char *pos = buf;
	ssize_t ret;

	while (len) {
		ret = recv(fd, pos, len, 0);
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret < 0)
			return ava_unix_error();
		if (!ret)
			return -EPIPE;
		pos += ret;
		len -= ret;
	}
	return 0;
}

int ava_unix_send_fd(int sock, const void *data, size_t len, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	ssize_t ret;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	do {
		ret = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? ava_unix_error() : 0;
}

int ava_unix_recv_fd(int sock, void *data, size_t len, int *fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	ssize_t ret;

	do {
		ret = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return ava_unix_error();
	if (!ret)
		return -EPIPE;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS ||
	    cmsg->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EPROTO;
	memcpy(fd, CMSG_DATA(cmsg), sizeof(*fd));
	if ((size_t)ret == len)
		return 0;
	close(*fd);
	return -EPROTO;
}
