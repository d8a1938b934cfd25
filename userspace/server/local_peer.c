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
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../common/limits.h"
#include "../common/native_env.h"
#include "local_peer.h"

/* One system call copies at most this; larger is cut by the kernel anyway. */
#define PEER_CHUNK	(1ull << 30)

/*
 * One processor moves less than memory can give: a large copy is shared out, so many
 * bytes at least to each thread. To start one takes as long as to copy some 200 KiB.
 */
#define SHARE_MIN		(4ull << 20)
#define SHARES_MAX		4u

#define PEER_PAGE		4096u
#define ENVIRON_VARIABLE	(128u * 1024)	/* the kernel's bound for one */
#define ENVIRON_VARIABLES	65536u

int local_peer_open(struct local_peer *peer, int conn)
{
	char path[64];
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
	snprintf(path, sizeof(path), "/proc/%d/mem", peer->pid);
	peer->mem = open(path, O_RDWR | O_CLOEXEC);
	return 0;
}

void local_peer_close(struct local_peer *peer)
{
	close(peer->pidfd);
	if (peer->mem >= 0)
		close(peer->mem);
	*peer = (struct local_peer){ .pidfd = -1, .mem = -1 };
}

bool local_peer_alive(const struct local_peer *peer)
{
	struct pollfd pfd = { .fd = peer->pidfd, .events = POLLIN };

	return poll(&pfd, 1, 0) <= 0;
}

/*
 * The system calls that copy look for a process's memory at its first thread. A
 * program may end that and go on in others; then the file still has the memory. It
 * is not used before: it writes to what the program itself may only read.
 */
static ssize_t peer_copy_some(const struct local_peer *peer, bool write, uint64_t addr,
			      char *buf, size_t len)
{
	struct iovec here = { .iov_base = buf, .iov_len = len };
	struct iovec there = { .iov_base = (void *)(uintptr_t)addr, .iov_len = len };
	ssize_t ret;

	ret = write ? process_vm_writev(peer->pid, &here, 1, &there, 1, 0) :
	      process_vm_readv(peer->pid, &here, 1, &there, 1, 0);
	if (ret >= 0 || errno != ESRCH)
		return ret;
	if (peer->mem < 0 || !local_peer_alive(peer)) {
		errno = ESRCH;
		return -1;
	}
	return write ? pwrite(peer->mem, buf, len, addr) : pread(peer->mem, buf, len, addr);
}

static int peer_copy(const struct local_peer *peer, bool write, uint64_t addr, char *buf,
		     uint64_t len)
{
	ssize_t ret;

	while (len) {
		ret = peer_copy_some(peer, write, addr, buf, len < PEER_CHUNK ? len : PEER_CHUNK);
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

/* What one of the threads of a copy does. */
struct share {
	const struct local_peer *peer;
	uint64_t addr, len;
	char *buf;
	pthread_t thread;
	bool write, apart;
	int ret;
};

static void *share_copy(void *data)
{
	struct share *s = data;

	s->ret = peer_copy(s->peer, s->write, s->addr, s->buf, s->len);
	return NULL;
}

static unsigned int shares_for(uint64_t len)
{
	unsigned int n = len / SHARE_MIN < SHARES_MAX ? len / SHARE_MIN : SHARES_MAX;
	unsigned int cpus;
	cpu_set_t set;

	if (n < 2 || sched_getaffinity(0, sizeof(set), &set))
		return 1;
	cpus = CPU_COUNT(&set);
	return n < cpus ? n : cpus;
}

static int peer_copy_shared(const struct local_peer *peer, bool write, uint64_t addr, char *buf,
			    uint64_t len)
{
	unsigned int n = shares_for(len), i;
	struct share shares[SHARES_MAX], *s;
	uint64_t at = 0, part = len / n & ~(uint64_t)(PEER_PAGE - 1);
	int ret = 0;

	for (i = 0; i < n; i++, at += part) {
		s = &shares[i];
		*s = (struct share){ .peer = peer, .write = write, .addr = addr + at,
				     .buf = buf + at, .len = i + 1 < n ? part : len - at };
		s->apart = i + 1 < n && !pthread_create(&s->thread, NULL, share_copy, s);
		if (!s->apart)
			share_copy(s);
	}
	for (i = 0; i < n; i++) {
		if (shares[i].apart)
			pthread_join(shares[i].thread, NULL);
		ret = ret ? ret : shares[i].ret;
	}
	return ret;
}

int local_peer_read(const struct local_peer *peer, uint64_t addr, void *buf, uint64_t len)
{
	int ret = peer_copy_shared(peer, false, addr, buf, len);

	return ret || local_peer_alive(peer) ? ret : -ESHUTDOWN;
}

int local_peer_write(const struct local_peer *peer, uint64_t addr, const void *buf,
		     uint64_t len)
{
	if (!local_peer_alive(peer))
		return -ESHUTDOWN;
	return peer_copy_shared(peer, true, addr, (char *)buf, len);
}

/* Return: bytes of the string at @addr with its NUL, or 0. Reads up to ends of pages. */
static size_t peer_string(const struct local_peer *peer, uint64_t addr, char *buf, size_t cap)
{
	size_t len = 0, part;
	char *end;

	while (len < cap) {
		part = PEER_PAGE - (addr + len) % PEER_PAGE;
		if (part > cap - len)
			part = cap - len;
		if (local_peer_read(peer, addr + len, buf + len, part))
			return 0;
		end = memchr(buf + len, 0, part);
		if (end)
			return end + 1 - buf;
		len += part;
	}
	return 0;
}

/*
 * Return: "NAME=VALUE", until the next call: what number @index of the variables that
 * begin at @environ means for a server; NULL if nothing. @end: there is none.
 */
static const char *peer_variable(const struct local_peer *peer, uint64_t environ, size_t index,
				 bool *end)
{
	static char text[ENVIRON_VARIABLE];
	uint64_t addr;

	*end = index == ENVIRON_VARIABLES ||
	       local_peer_read(peer, environ + index * sizeof(addr), &addr, sizeof(addr)) || !addr;
	return *end || !peer_string(peer, addr, text, sizeof(text)) ? NULL :
	       ava_native_variable(text);
}

char *local_peer_variable(const struct local_peer *peer, uint64_t environ, const char *name)
{
	size_t i, len = strlen(name);
	const char *native;
	bool end = !environ;

	for (i = 0; !end; i++) {
		native = peer_variable(peer, environ, i, &end);
		if (native && !strncmp(native, name, len) && native[len] == '=')
			return strdup(native + len + 1);
	}
	return NULL;
}

static void adopt_variable(const char *native)
{
	const char *equals = strchr(native, '=');
	char *name;

	name = equals && equals != native ? strndup(native, equals - native) : NULL;
	if (name)
		setenv(name, equals + 1, 1);
	free(name);
}

/* The server's own is what the manager was started with, perhaps long ago. */
static void adopt_environment(const struct local_peer *peer, uint64_t environ)
{
	const char *library_path = getenv("LD_LIBRARY_PATH"), *native;
	bool end = false;
	uint64_t addr;
	size_t i;

	if (!environ || local_peer_read(peer, environ, &addr, sizeof(addr)))
		return;
	library_path = library_path ? strdup(library_path) : NULL;
	clearenv();
	for (i = 0; !end; i++) {
		native = peer_variable(peer, environ, i, &end);
		if (native)
			adopt_variable(native);
	}
	setenv("AVA_SERVER", "1", 1);
	/* what is looked at, see local_libraries.c */
	if (library_path)
		setenv("LD_LIBRARY_PATH", library_path, 1);
}

void local_peer_follow(const struct local_peer *peer)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/cwd", peer->pid);
	if (chdir(path))
		return;
}

/* Descriptors are taken here by every thread of the program: as many as may be. */
static void adopt_limits(const struct local_peer *peer)
{
	struct rlimit limit;
	size_t i;

	for (i = 0; i < ava_limits_count; i++) {
		if (prlimit(peer->pid, ava_limits_known[i].resource, NULL, &limit))
			continue;
		if (ava_limits_known[i].resource == RLIMIT_NOFILE)
			limit.rlim_cur = limit.rlim_max;
		setrlimit(ava_limits_known[i].resource, &limit);
	}
}

/* Being nicer is always allowed. */
static void adopt_niceness(const struct local_peer *peer)
{
	int nice;

	errno = 0;
	nice = getpriority(PRIO_PROCESS, peer->pid);
	if (!errno)
		setpriority(PRIO_PROCESS, 0, nice);
}

void local_peer_adopt(const struct local_peer *peer, uint64_t environ)
{
	cpu_set_t cpus;

	if (!sched_getaffinity(peer->pid, sizeof(cpus), &cpus))
		sched_setaffinity(0, sizeof(cpus), &cpus);
	adopt_niceness(peer);
	adopt_environment(peer, environ);
	local_peer_follow(peer);
	adopt_limits(peer);
}
