// SPDX-License-Identifier: Apache-2.0
/*
 * spawn.c - start a process for a context, in namespaces of its own
 *
 * Namespaces are made here because they need privileges; everything that a
 * server can give up by itself it gives up itself (server/sandbox.c). In a PID
 * namespace the server is process 1: when it ends, whatever it started ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/log.h"
#include "device.h"
#include "spawn.h"

#define SERVER_CONTEXT_FD	3
#define SERVER_LOCK_FD		4
#define EXIT_NOT_EXECUTED	127

/* What a server can write at most, in bytes and in files. */
#define WORK_DIR_ROOM		"size=256m,nr_inodes=65536"

/**
 * struct child - what a child needs between fork and exec
 * @work_dir: its private directory
 * @lock: keeps it from being removed, or -1
 * @tmpfs: options of what is mounted there
 */
struct child {
	const struct avad_api *api;
	int context_fd;
	const char *work_dir;
	int lock;
	char tmpfs[128];
};

static struct rlimit server_nofile;

void avad_spawn_init(void)
{
	struct rlimit raised;

	getrlimit(RLIMIT_NOFILE, &server_nofile);
	raised = server_nofile;
	raised.rlim_cur = raised.rlim_max;
	setrlimit(RLIMIT_NOFILE, &raised);
}

pid_t avad_fork(int namespaces, int *pidfd)
{
	long ret = syscall(SYS_clone, namespaces | CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, 0);

	return ret < 0 ? -errno : ret;
}

static int server_command(const struct avad_api *api, const char *work_dir,
			  struct avad_strings *argv, struct avad_strings *env)
{
	char text[4096];
	int ret = avad_strings_add(argv, api->server);
	size_t i;

	snprintf(text, sizeof(text), "--context-fd=%d", SERVER_CONTEXT_FD);
	ret |= avad_strings_add(argv, text);
	snprintf(text, sizeof(text), "--user=%s", api->user);
	ret |= avad_strings_add(argv, text);
	snprintf(text, sizeof(text), "--work-dir=%s", work_dir);
	ret |= avad_strings_add(argv, text);
	for (i = 0; i < api->limits.count; i++) {
		snprintf(text, sizeof(text), "--limit=%s", api->limits.list[i]);
		ret |= avad_strings_add(argv, text);
	}
	for (i = 0; i < api->args.count; i++)
		ret |= avad_strings_add(argv, api->args.list[i]);
	ret |= avad_strings_add(env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	ret |= avad_strings_add(env, "LANG=C.UTF-8");
	for (i = 0; i < api->env.count; i++)
		ret |= avad_strings_add(env, api->env.list[i]);
	return ret ? -ENOMEM : 0;
}

/* From here to exec: only async-signal-safe functions, errors by name of the step. */

/*
 * All servers may be one user, so what one can write must not be what another
 * reads: everything is read-only but a filesystem of its own, which is bounded
 * and gone with it. The lock on the directory below says that it is in use.
 */
static const char *child_work_dir(struct child *c)
{
	c->lock = open(c->work_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->lock < 0 || flock(c->lock, LOCK_SH | LOCK_NB))
		return "the lock of its work directory";
	if (mount("ava", c->work_dir, "tmpfs", MS_NOSUID | MS_NODEV, c->tmpfs))
		return "its work directory";
	return NULL;
}

static const char *child_read_only(const struct child *c)
{
	struct mount_attr set = { .attr_set = MOUNT_ATTR_RDONLY };
	struct mount_attr clear = { .attr_clr = MOUNT_ATTR_RDONLY };
	char **path, **paths = c->api->writable.list;

	for (path = paths; path && *path; path++)
		if (mount(*path, *path, NULL, MS_BIND | MS_REC, NULL))
			return "what it may write to";
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &set, sizeof(set)))
		return errno == EINVAL ? NULL : "read-only mounts";
	for (path = paths; path && *path; path++)
		if (mount_setattr(AT_FDCWD, *path, AT_RECURSIVE, &clear, sizeof(clear)))
			return "what it may write to";
	return NULL;
}

static const char *child_mounts(struct child *c)
{
	const char *step;

	if (!(c->api->namespaces & CLONE_NEWNS))
		return NULL;
	/* A root that is no mount point of its own has nothing to make private. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	    (errno != EINVAL || mount(NULL, "/proc", NULL, MS_PRIVATE, NULL)))
		return "private mounts";
	if (c->api->namespaces & CLONE_NEWPID &&
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return "its own /proc";
	step = child_read_only(c);
	return step ? step : child_work_dir(c);
}

static const char *child_descriptors(const struct child *c)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int lock = c->lock < 0 ? -1 : fcntl(c->lock, F_DUPFD, SERVER_LOCK_FD + 1);
	int last = lock < 0 ? SERVER_CONTEXT_FD : SERVER_LOCK_FD;

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return "standard descriptors";
	if (c->context_fd == SERVER_CONTEXT_FD ? fcntl(c->context_fd, F_SETFD, 0) :
	    dup2(c->context_fd, SERVER_CONTEXT_FD) < 0)
		return "the context's descriptor";
	if (c->lock >= 0 && (lock < 0 || dup2(lock, SERVER_LOCK_FD) < 0))
		return "the lock's descriptor";
	return close_range(last + 1, ~0u, 0) ? "closing descriptors" : NULL;
}

static const char *child_signals(void)
{
	struct sigaction act = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &act, NULL);
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) ? "signals" : NULL;
}

static void child_main(struct child *c, char **argv, char **env)
{
	const char *step;

	setsid();
	umask(077);
	step = child_signals();
	if (!step)
		step = child_mounts(c);
	if (!step && setrlimit(RLIMIT_NOFILE, &server_nofile))
		step = "limits";
	if (!step)
		step = child_descriptors(c);
	if (!step) {
		execve(c->api->server, argv, env);
		step = "exec";
		c->context_fd = SERVER_CONTEXT_FD;
	}
	ava_log("avad", "%s: %s: %s", c->api->server, step, strerror(errno));
	avad_device_reject(c->context_fd, AVA_REJECT_NO_SERVER);
	_exit(EXIT_NOT_EXECUTED);
}

/* A child cannot look users up: it has locks of the C library that nobody gives back. */
static int child_tmpfs(struct child *c)
{
	const struct passwd *pw = getpwnam(c->api->user);

	if (!pw)
		return -ENOENT;
	snprintf(c->tmpfs, sizeof(c->tmpfs), "mode=0700,uid=%u,gid=%u," WORK_DIR_ROOM,
		 pw->pw_uid, pw->pw_gid);
	return 0;
}

pid_t avad_spawn(const struct avad_api *api, int context_fd, const char *work_dir, int *pidfd)
{
	struct child c = {
		.api = api, .context_fd = context_fd, .work_dir = work_dir, .lock = -1,
	};
	struct avad_strings argv = { 0 }, env = { 0 };
	pid_t pid = child_tmpfs(&c);

	if (!pid)
		pid = server_command(api, work_dir, &argv, &env);
	if (!pid)
		pid = avad_fork(api->namespaces, pidfd);
	if (!pid)
		child_main(&c, argv.list, env.list);
	avad_strings_free(&argv);
	avad_strings_free(&env);
	return pid;
}
