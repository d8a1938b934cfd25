// SPDX-License-Identifier: Apache-2.0
/*
 * local_proto.c - messages of the LOCAL channel, with descriptors
 *
 * Every function restarts after signals, never raises SIGPIPE and ends when
 * the peer is gone. System calls are made without the C library's wrappers,
 * which are cancellation points: an application may cancel its threads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "local_proto.h"

#define LOCAL_FDS	2

union local_control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(LOCAL_FDS * sizeof(int))];
};

static int local_error(void)
{
	return errno == ECONNRESET ? -EPIPE : -errno;
}

int ava_local_send(int fd, const void *data, size_t len, const int *fds, unsigned int count)
{
	union local_control control = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg = &control.align;
	long ret;

	if (count) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
	}
	do {
		ret = syscall(SYS_sendmsg, fd, &msg, MSG_NOSIGNAL);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? local_error() : 0;
}

/* Takes what came along, whatever it is: nothing may stay open unseen. */
static unsigned int local_take_fds(struct msghdr *msg, int *fds)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	unsigned int count;

	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return 0;
	count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(cmsg), count * sizeof(int));
	return count;
}

int ava_local_recv(int fd, void *data, size_t len, int *fds, unsigned int count)
{
	union local_control control = { 0 };
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	int got[LOCAL_FDS] = { -1, -1 };
	unsigned int came, i;
	long ret;

	do {
		ret = syscall(SYS_recvmsg, fd, &msg, MSG_CMSG_CLOEXEC);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return local_error();
	came = local_take_fds(&msg, got);
	if ((size_t)ret == len && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && came <= count) {
		for (i = 0; i < count; i++)
			fds[i] = got[i];
		return 0;
	}
	while (came)
		close(got[--came]);
	return ret ? -EPROTO : -EPIPE;
}
