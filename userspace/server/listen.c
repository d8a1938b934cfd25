// SPDX-License-Identifier: Apache-2.0
/*
 * listen.c - a socket that serves LOCAL contexts, a process for each: for tests
 *
 * Stands where the host's kernel and the manager stand in the product.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/rmtree.h"
#include "internal.h"
#include "sandbox.h"

/**
 * struct child - one context's process
 * @work_dir: made for it, removed after it; empty if none
 */
struct child {
	struct child *next;
	pid_t pid;
	char work_dir[64];
};

struct listener {
	const struct ava_server_api *api;
	const struct ava_sandbox *sandbox;
	const char *path;
	pid_t pid;
	int sock;
	int signals;
	sigset_t old_mask;
	struct child *children;
};

/* Listens under a name of its own first: whoever sees @path can connect. */
static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock, len, ret;

	len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.%d", path, getpid());
	if (len >= (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)))
		goto err_close;
	if (listen(sock, 64) || rename(addr.sun_path, path))
		goto err_unlink;
	return sock;
err_unlink:
	ret = errno;
	unlink(addr.sun_path);
	errno = ret;
err_close:
	ret = -errno;
	close(sock);
	return ret;
}

static int child_make_work_dir(const struct listener *l, struct child *c)
{
	uid_t uid;
	gid_t gid;
	int ret;

	if (l->sandbox->off || l->sandbox->work_dir)
		return 0;
	ret = ava_sandbox_user(l->sandbox, &uid, &gid);
	if (ret)
		return ret;
	strcpy(c->work_dir, "/tmp/ava-server-XXXXXX");
	if (!mkdtemp(c->work_dir)) {
		c->work_dir[0] = '\0';
		return -errno;
	}
	return chown(c->work_dir, uid, gid) ? -errno : 0;
}

static int child_main(const struct listener *l, const struct child *c, int conn)
{
	struct ava_sandbox sandbox = *l->sandbox;

	close(l->sock);
	close(l->signals);
	sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
	if (c->work_dir[0])
		sandbox.work_dir = c->work_dir;
	if (ava_sandbox_enter(&sandbox, l->api->log_name))
		return EXIT_FAILURE;
	/* Asked for last, because a change of user forgets it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != l->pid)
		return EXIT_FAILURE;
	return ava_server_run(&ava_server_local, conn, l->api);
}

static void child_free(struct child *c)
{
	int ret = c->work_dir[0] ? ava_rmtree(c->work_dir) : 0;

	if (ret)
		ava_log("ava-server", "cannot remove %s: %s", c->work_dir, strerror(-ret));
	free(c);
}

static void child_start(struct listener *l, int conn)
{
	struct child *c = calloc(1, sizeof(*c));
	int ret = c ? child_make_work_dir(l, c) : -ENOMEM;

	if (!ret) {
		c->pid = fork();
		if (!c->pid)
			_exit(child_main(l, c, conn));
		ret = c->pid < 0 ? -errno : 0;
	}
	if (!ret) {
		c->next = l->children;
		l->children = c;
		return;
	}
	ava_log(l->api->log_name, "cannot start a process for a context: %s", strerror(-ret));
	if (c)
		child_free(c);
}

static void listener_accept(struct listener *l)
{
	int conn = accept4(l->sock, NULL, NULL, SOCK_CLOEXEC);

	if (conn < 0)
		return;
	child_start(l, conn);
	close(conn);
}

static void listener_reap(struct listener *l)
{
	struct child **pos = &l->children, *c;

	while ((c = *pos)) {
		if (waitpid(c->pid, NULL, WNOHANG) != c->pid) {
			pos = &c->next;
			continue;
		}
		*pos = c->next;
		child_free(c);
	}
}

/* Return: whether to end. */
static bool listener_signal(struct listener *l)
{
	struct signalfd_siginfo info;

	if (read(l->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	listener_reap(l);
	return info.ssi_signo != SIGCHLD;
}

static int listener_run(struct listener *l)
{
	struct pollfd pfd[2] = {
		{ .fd = l->sock, .events = POLLIN },
		{ .fd = l->signals, .events = POLLIN },
	};

	for (;;) {
		if (poll(pfd, 2, -1) < 0 && errno != EINTR)
			return EXIT_FAILURE;
		if (pfd[1].revents & POLLIN && listener_signal(l))
			return EXIT_SUCCESS;
		if (pfd[0].revents & POLLIN)
			listener_accept(l);
	}
}

/* Contexts that still run lose their process: nobody would clean up after them. */
static void listener_end(struct listener *l)
{
	struct child *c;

	unlink(l->path);
	while ((c = l->children)) {
		l->children = c->next;
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
		child_free(c);
	}
}

int ava_server_listen(const char *path, const struct ava_server_api *api,
		      const struct ava_sandbox *sandbox)
{
	struct listener l = {
		.api = api, .sandbox = sandbox, .path = path, .pid = getpid(),
	};
	sigset_t mask;
	int ret;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, &l.old_mask);
	l.signals = signalfd(-1, &mask, SFD_CLOEXEC);
	l.sock = listen_at(path);
	if (l.signals < 0 || l.sock < 0) {
		ava_log(api->log_name, "cannot listen at %s: %s", path,
			strerror(l.sock < 0 ? -l.sock : errno));
		return EXIT_FAILURE;
	}
	/* Whoever started this need not poll for the socket. */
	printf("listening at %s\n", path);
	fflush(stdout);
	ret = listener_run(&l);
	listener_end(&l);
	return ret;
}
