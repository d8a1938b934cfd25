// SPDX-License-Identifier: Apache-2.0
/*
 * local_peer.c - the guest of a LOCAL context: who it is, and its memory
 *
 * A process id may come to name another process. A descriptor of the process
 * does not, so bytes that were read count only if it is alive afterwards, and
 * nothing is written unless it is alive just before.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../common/limits.h"
#include "local_peer.h"

/* One system call copies at most this; larger is cut by the kernel anyway. */
#define PEER_CHUNK	(1ull << 30)

int local_peer_open(struct local_peer *peer, int conn)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	if (cred.pid <= 0)
		return -EPERM;
	peer->pid = cred.pid;
	peer->pidfd = syscall(SYS_pidfd_open, cred.pid, 0);
	if (peer->pidfd < 0)
		return errno == ESRCH ? -ESHUTDOWN : -errno;
	return 0;
}

bool local_peer_alive(const struct local_peer *peer)
{
	struct pollfd pfd = { .fd = peer->pidfd, .events = POLLIN };

	return poll(&pfd, 1, 0) <= 0;
}

typedef ssize_t (*peer_copy_fn)(pid_t pid, const struct iovec *local, unsigned long nlocal,
				const struct iovec *remote, unsigned long nremote,
				unsigned long flags);

static int peer_copy(const struct local_peer *peer, peer_copy_fn copy, uint64_t addr,
		     char *buf, uint64_t len)
{
	struct iovec here, there;
	ssize_t ret;

	while (len) {
		here.iov_base = buf;
		here.iov_len = there.iov_len = len < PEER_CHUNK ? len : PEER_CHUNK;
		there.iov_base = (void *)(uintptr_t)addr;
		ret = copy(peer->pid, &here, 1, &there, 1, 0);
		if (ret < 0 && errno != EINTR)
			return errno == ESRCH ? -ESHUTDOWN : -errno;
		if (!ret)
			return -EFAULT;
		if (ret < 0)
			continue;
		addr += ret;
		buf += ret;
		len -= ret;
	}
	return 0;
}

int local_peer_read(const struct local_peer *peer, uint64_t addr, void *buf, uint64_t len)
{
	int ret = peer_copy(peer, process_vm_readv, addr, buf, len);

	return ret || local_peer_alive(peer) ? ret : -ESHUTDOWN;
}

int local_peer_write(const struct local_peer *peer, uint64_t addr, const void *buf,
		     uint64_t len)
{
	if (!local_peer_alive(peer))
		return -ESHUTDOWN;
	return peer_copy(peer, process_vm_writev, addr, (char *)buf, len);
}

static void adopt_directory(const struct local_peer *peer)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/cwd", peer->pid);
	if (chdir(path))
		return;
}

static void adopt_limits(const struct local_peer *peer)
{
	struct rlimit limit;
	size_t i;

	for (i = 0; i < ava_limits_count; i++)
		if (!prlimit(peer->pid, ava_limits_known[i].resource, NULL, &limit))
			setrlimit(ava_limits_known[i].resource, &limit);
}

void local_peer_adopt(const struct local_peer *peer)
{
	cpu_set_t cpus;

	if (!sched_getaffinity(peer->pid, sizeof(cpus), &cpus))
		sched_setaffinity(0, sizeof(cpus), &cpus);
	adopt_directory(peer);
	adopt_limits(peer);
}
