// SPDX-License-Identifier: Apache-2.0
/*
 * local.c - avad --local: the manager of one user's servers on this machine
 *
 * The manager is found by its socket and ends when nobody has used it for a
 * while; servers end with their programs, not with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/local_proto.h"
#include "local.h"
#include "local_spawn.h"
#include "log.h"
#include "manager.h"
#include "spawn.h"

#define COMMAND_FD	100	/* out of the way of what a program opens */

/**
 * struct local_peer - a program that connected, or the server that it got
 * @source: its connection, or the server's pidfd
 * @next: in the manager's list
 * @pid: of the server
 * @api: of the server
 */
struct local_peer {
	struct avad_source source;
	struct local_peer *next;
	pid_t pid;
	char api[AVA_API_NAME_LEN];
};

/**
 * struct local_manager - the one instance
 * @m: event loop, signals and configuration; its device is the socket
 * @place: where programs connect
 * @idle: timer that runs while there is no program
 * @idle_seconds: how long
 * @peers: programs and servers
 * @retired: does not listen any more
 */
struct local_manager {
	struct avad_manager m;
	struct avad_local_socket place;
	struct avad_source idle;
	unsigned int idle_seconds;
	struct local_peer *peers;
	bool retired;
};

static void idle_arm(struct local_manager *l)
{
	struct itimerspec when = { 0 };

	if (!l->peers)
		when.it_value.tv_sec = l->idle_seconds;
	timerfd_settime(l->idle.fd, 0, &when, NULL);
	if (!l->peers && l->retired)
		l->m.stop = true;
}

static struct local_peer *peer_add(struct local_manager *l, int fd,
				   void (*ready)(struct avad_manager *m, struct avad_source *s))
{
	struct local_peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->source = (struct avad_source){ .fd = fd, .ready = ready };
	if (avad_manager_watch(&l->m, &p->source)) {
		free(p);
		return NULL;
	}
	p->next = l->peers;
	l->peers = p;
	idle_arm(l);
	return p;
}

static void peer_remove(struct local_manager *l, struct local_peer *p)
{
	struct local_peer **pos = &l->peers;

	while (*pos != p)
		pos = &(*pos)->next;
	*pos = p->next;
	avad_manager_unwatch(&l->m, &p->source);
	free(p);
	if (l->m.device_paused && !avad_manager_watch(&l->m, &l->m.device))
		l->m.device_paused = false;
	idle_arm(l);
}

/* ---- servers ------------------------------------------------------------------ */

static void server_ended(struct avad_manager *m, struct avad_source *source)
{
	struct local_manager *l = (struct local_manager *)m;
	struct local_peer *p = (struct local_peer *)source;
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, source->fd, &info, WEXITED | WNOHANG) || !info.si_pid)
		return;
	if (info.si_code != CLD_EXITED || info.si_status)
		avad_log(AVAD_WARNING, "%s: server %d %s %d", p->api, p->pid,
			 info.si_code == CLD_EXITED ? "exited with status" :
			 "was ended by signal", info.si_status);
	peer_remove(l, p);
}

/* The configuration may be younger than the manager. */
static const struct avad_api *find_api(struct local_manager *l, const char *name)
{
	const struct avad_api *api = avad_config_find(l->m.apis, name);
	struct avad_api *apis;

	if (api || avad_config_load(l->m.config_dir, &apis))
		return api;
	avad_config_free(l->m.apis);
	l->m.apis = apis;
	return avad_config_find(apis, name);
}

static int server_start(struct local_manager *l, const char *name, int conn)
{
	const struct avad_api *api = find_api(l, name);
	struct local_peer *p;
	int pidfd;
	pid_t pid;

	if (!api)
		return -ENOENT;
	pid = avad_local_spawn(api, conn, &pidfd);
	if (pid < 0)
		return -EIO;
	p = peer_add(l, pidfd, server_ended);
	if (!p) {
		/* It serves; the end of the manager reaps it. */
		close(pidfd);
		return 0;
	}
	p->pid = pid;
	strcpy(p->api, name);
	return 0;
}

/* ---- programs ----------------------------------------------------------------- */

/* Return: 1 when there is a hello, 0 when not yet, -EPIPE or -EPROTO. */
static int peek_hello(int fd, char name[AVA_API_NAME_LEN])
{
	struct ava_local_hello hello;
	ssize_t ret = recv(fd, &hello, sizeof(hello), MSG_PEEK | MSG_DONTWAIT);

	if (ret < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!ret)
		return -EPIPE;
	if (ret != sizeof(hello) || hello.magic != AVA_LOCAL_MAGIC)
		return -EPROTO;
	memcpy(name, hello.api.name, AVA_API_NAME_LEN);
	name[AVA_API_NAME_LEN - 1] = '\0';
	return 1;
}

static void refuse(int conn, int status)
{
	const struct ava_local_welcome welcome = { .status = status };

	ava_local_send(conn, &welcome, sizeof(welcome), NULL, 0);
}

static void program_ready(struct avad_manager *m, struct avad_source *source)
{
	struct local_manager *l = (struct local_manager *)m;
	char name[AVA_API_NAME_LEN];
	int ret = peek_hello(source->fd, name);

	if (!ret)
		return;
	if (ret > 0) {
		ret = server_start(l, name, source->fd);
		if (ret)
			refuse(source->fd, ret);
	}
	peer_remove(l, (struct local_peer *)source);
}

/* Its directory keeps others out; a socket at another path may not. */
static bool same_user(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) && cred.uid == geteuid();
}

static void socket_ready(struct avad_manager *m, struct avad_source *source)
{
	struct local_manager *l = (struct local_manager *)m;
	int fd;

	while ((fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		if (!same_user(fd) || !peer_add(l, fd, program_ready))
			close(fd);
	/* Programs wait in the socket until others end. */
	if ((errno == EMFILE || errno == ENFILE || errno == ENOMEM) && l->peers && !l->retired) {
		epoll_ctl(m->epoll, EPOLL_CTL_DEL, source->fd, NULL);
		m->device_paused = true;
	}
}

/* ---- the manager ---------------------------------------------------------------- */

static void retire(struct local_manager *l, bool if_idle)
{
	if (l->retired || !avad_local_retire(&l->place, l->m.device.fd, if_idle))
		return;
	l->retired = true;
	socket_ready(&l->m, &l->m.device);
	avad_manager_unwatch(&l->m, &l->m.device);
	idle_arm(l);
}

static void idle_ready(struct avad_manager *m, struct avad_source *source)
{
	struct local_manager *l = (struct local_manager *)m;
	uint64_t count;

	if (read(source->fd, &count, sizeof(count)) != sizeof(count))
		return;
	retire(l, true);
	if (!l->retired)
		idle_arm(l);
}

static void signal_ready(struct avad_manager *m, struct avad_source *source)
{
	struct signalfd_siginfo info;

	if (read(source->fd, &info, sizeof(info)) == sizeof(info)) {
		retire((struct local_manager *)m, false);
		m->stop = true;
	}
}

static int signals_open(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* Whoever started this may ignore it: the end of a server could not be waited for. */
	signal(SIGCHLD, SIG_DFL);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int manager_run(struct local_manager *l, int sock)
{
	avad_spawn_init();
	l->m.device = (struct avad_source){ .fd = sock, .ready = socket_ready };
	l->m.signals = (struct avad_source){ .fd = signals_open(), .ready = signal_ready };
	l->idle = (struct avad_source){
		.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
		.ready = idle_ready,
	};
	l->m.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->m.signals.fd < 0 || l->idle.fd < 0 || l->m.epoll < 0 ||
	    avad_manager_watch(&l->m, &l->m.signals) || avad_manager_watch(&l->m, &l->idle) ||
	    avad_manager_watch(&l->m, &l->m.device)) {
		avad_log(AVAD_ERR, "cannot set up the event loop: %s", strerror(errno));
		return -errno;
	}
	idle_arm(l);
	return avad_manager_run(&l->m);
}

/* ---- starting ---------------------------------------------------------------------- */

static int manager_foreground(struct local_manager *l)
{
	int sock = avad_local_listen(&l->place), ret;

	if (sock < 0) {
		avad_log(AVAD_ERR, "%s: %s", l->place.path, sock == -EADDRINUSE ?
			 "another manager listens there" : strerror(-sock));
		return EXIT_FAILURE;
	}
	/* Whoever started this need not poll for the socket. */
	printf("listening at %s\n", l->place.path);
	fflush(stdout);
	ret = manager_run(l, sock);
	retire(l, false);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* What else the program was given, a lock or the end of a pipe, ends with the program. */
static void close_inherited(int sock, int lock)
{
	int low = sock < lock ? sock : lock, high = sock < lock ? lock : sock;

	if (low > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

/* What it says is for later readers: whoever started it has gone on. */
static void become_daemon(const struct local_manager *l, int sock)
{
	char name[PATH_MAX];
	int null, log;

	close_inherited(sock, l->place.lock);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	snprintf(name, sizeof(name), "%s.log", l->place.path);
	log = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	setsid();
	if (chdir("/"))
		avad_log(AVAD_WARNING, "cannot change to /: %s", strerror(errno));
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(log < 0 ? null : log, STDERR_FILENO);
}

/* No child of what becomes the program: that may wait for all that it has. */
static int manager_fork(struct local_manager *l, int sock)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		pid = fork();
		if (pid)
			_exit(pid < 0 ? errno : 0);
		become_daemon(l, sock);
		_exit(manager_run(l, sock) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno == ECHILD ? 0 : -errno;	/* SIGCHLD is ignored */
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

/* The socket is there before the manager runs: connections wait in it. */
static int manager_background(struct local_manager *l)
{
	int sock = avad_local_listen(&l->place);
	int ret;

	if (sock < 0)
		return sock == -EADDRINUSE ? 0 : sock;
	ret = manager_fork(l, sock);
	close(sock);
	return ret;
}

/* Holds a connection as long as the command runs: the manager is not idle. */
static int manager_hold(struct local_manager *l)
{
	int fd = avad_local_hold(&l->place), high;

	if (fd == -ENOENT) {
		fd = manager_background(l);
		if (!fd)
			fd = avad_local_hold(&l->place);
	}
	if (fd < 0) {
		avad_log(AVAD_ERR, "%s: cannot connect to a manager: %s", l->place.path,
			 strerror(-fd));
		return fd;
	}
	high = fcntl(fd, F_DUPFD, COMMAND_FD);
	if (high < 0)
		high = dup(fd);
	close(fd);
	return high < 0 ? -errno : 0;
}

static int run_command(struct local_manager *l, char **command)
{
	if (manager_hold(l))
		return 126;
	execvp(command[0], command);
	avad_log(AVAD_ERR, "%s: %s", command[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

/* A program may be started without; what is opened must not take their places. */
static void fill_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int avad_local(const struct avad_local_options *o)
{
	struct local_manager l = { .idle_seconds = o->idle_seconds };
	int ret;

	fill_standard_descriptors();
	l.m.config_dir = o->config_dir;
	if (avad_config_load(o->config_dir, &l.m.apis) ||
	    avad_local_socket_open(&l.place, o->socket))
		return EXIT_FAILURE;
	ret = o->command ? run_command(&l, o->command) : manager_foreground(&l);
	avad_config_free(l.m.apis);
	return ret;
}
