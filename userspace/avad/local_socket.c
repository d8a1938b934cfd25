// SPDX-License-Identifier: Apache-2.0
/*
 * local_socket.c - one manager for a user: who listens, and who does not any more
 *
 * The socket is in the file system, and of a manager that was killed it stays
 * there. So "nobody listens" is decided by connecting, with a lock held that all who
 * start or end to listen take: of two who start at once the second finds the first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../common/local_where.h"
#include "local.h"
#include "log.h"

static int socket_address(const struct avad_local_socket *s, struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(addr->sun_path, s->path);
	return fd < 0 ? -errno : fd;
}

/* The directory may be there; ava_local_where() looks at whose it is. */
static int user_path(char path[AVA_LOCAL_PATH])
{
	char dir[AVA_LOCAL_PATH];
	int ret = ava_local_where(path, "local.sock");

	if (ret)
		return ret;
	strcpy(dir, path);
	*strrchr(dir, '/') = '\0';
	if (mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	return ava_local_where(path, "local.sock");
}

static int socket_lock_open(struct avad_local_socket *s)
{
	char name[AVA_LOCAL_PATH + 8];

	snprintf(name, sizeof(name), "%s.lock", s->path);
	s->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return s->lock < 0 ? -errno : 0;
}

int avad_local_socket_open(struct avad_local_socket *s, const char *path)
{
	int ret = 0;

	_Static_assert(sizeof(s->path) == AVA_LOCAL_PATH, "one length of paths");
	if (!path)
		ret = user_path(s->path);
	else if (snprintf(s->path, sizeof(s->path), "%s", path) >= (int)sizeof(s->path))
		ret = -ENAMETOOLONG;
	if (!ret)
		ret = socket_lock_open(s);
	if (ret == -EACCES)
		avad_log(AVAD_ERR, "%s: its directory is not only this user's", s->path);
	else if (ret)
		avad_log(AVAD_ERR, "%s: %s", path ? path : "local.sock", strerror(-ret));
	return ret;
}

static void lock_take(const struct avad_local_socket *s)
{
	while (flock(s->lock, LOCK_EX) && errno == EINTR)
		;
}

static void lock_give(const struct avad_local_socket *s)
{
	flock(s->lock, LOCK_UN);
}

int avad_local_connect(const struct avad_local_socket *s)
{
	struct sockaddr_un addr;
	int fd = socket_address(s, &addr);
	int ret;

	if (fd < 0)
		return fd;
	do {
		ret = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
	} while (ret == -EINTR);
	if (!ret)
		return fd;
	close(fd);
	return ret == -ECONNREFUSED ? -ENOENT : ret;
}

static ino_t socket_inode(const struct avad_local_socket *s)
{
	struct stat st;

	return lstat(s->path, &st) ? 0 : st.st_ino;
}

static int listen_locked(struct avad_local_socket *s)
{
	struct sockaddr_un addr;
	int fd = avad_local_connect(s);
	int ret;

	if (fd >= 0) {
		close(fd);
		return -EADDRINUSE;
	}
	if (fd != -ENOENT)
		return fd;
	unlink(s->path);
	fd = socket_address(s, &addr);
	if (fd < 0)
		return fd;
	ret = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || chmod(s->path, 0600) ||
	      listen(fd, SOMAXCONN) || fcntl(fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
	s->inode = socket_inode(s);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int avad_local_listen(struct avad_local_socket *s)
{
	int ret;

	lock_take(s);
	ret = listen_locked(s);
	lock_give(s);
	return ret;
}

int avad_local_hold(const struct avad_local_socket *s)
{
	int fd;

	lock_take(s);
	fd = avad_local_connect(s);
	lock_give(s);
	return fd;
}

static bool somebody_connects(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}

bool avad_local_retire(const struct avad_local_socket *s, int fd, bool if_idle)
{
	bool stays;

	lock_take(s);
	stays = if_idle && somebody_connects(fd);
	if (!stays) {
		if (socket_inode(s) == s->inode)
			unlink(s->path);
		shutdown(fd, SHUT_RD);
	}
	lock_give(s);
	return !stays;
}
