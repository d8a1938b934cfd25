// SPDX-License-Identifier: Apache-2.0
/*
 * server.c - the servers that run: start, reap, clean up after
 *
 * A work directory is removed by a process of its own: a server decides how
 * much is in it, and contexts of other VMs do not wait for that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/rmtree.h"
#include "log.h"
#include "manager.h"
#include "spawn.h"

static void server_free(struct avad_server *s)
{
	if (s->source.fd >= 0)
		close(s->source.fd);
	free(s->api);
	free(s->work_dir);
	free(s);
}

static void server_unlink(struct avad_manager *m, struct avad_server *s)
{
	struct avad_server **pos = &m->servers;

	while (*pos != s)
		pos = &(*pos)->next;
	*pos = s->next;
}

static void server_log_end(const struct avad_server *s, const siginfo_t *info)
{
	bool killed = info->si_code != CLD_EXITED;

	avad_log(killed || info->si_status ? AVAD_WARNING : AVAD_INFO,
		 "context %llu (VM %llu, %s): server %d %s %d",
		 (unsigned long long)s->context_id, (unsigned long long)s->guest_id, s->api,
		 s->pid, killed ? "was ended by signal" : "exited with status",
		 info->si_status);
}

/* Return: whether a process is at work that will be reaped later. */
static bool server_clean(struct avad_manager *m, struct avad_server *s)
{
	pid_t pid;

	avad_manager_unwatch(m, &s->source);
	if (!s->work_dir || s->cleaning)
		return false;
	s->cleaning = true;
	pid = avad_fork(0, &s->source.fd);
	if (!pid) {
		/* The device must not stay registered for the sake of this. */
		close_range(STDERR_FILENO + 1, ~0u, 0);
		_exit(-ava_rmtree(s->work_dir));
	}
	if (pid < 0) {
		avad_log(AVAD_WARNING, "%s: cannot remove: %s", s->work_dir, strerror(-pid));
		return false;
	}
	s->pid = pid;
	return !avad_manager_watch(m, &s->source);
}

static void server_ready(struct avad_manager *m, struct avad_source *source)
{
	struct avad_server *s = (struct avad_server *)source;
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, source->fd, &info, WEXITED | WNOHANG) || !info.si_pid)
		return;
	if (!s->cleaning)
		server_log_end(s, &info);
	else if (info.si_status)
		avad_log(AVAD_WARNING, "%s: cannot remove: %s", s->work_dir,
			 strerror(info.si_status));
	if (!server_clean(m, s)) {
		server_unlink(m, s);
		server_free(s);
	}
	if (m->device_paused && !avad_manager_watch(m, &m->device))
		m->device_paused = false;
}

int avad_server_start(struct avad_manager *m, const struct avad_api *api, int context_fd,
		      uint64_t guest_id, uint64_t context_id)
{
	struct avad_server *s = calloc(1, sizeof(*s));
	int ret = -ENOMEM;

	if (!s)
		return ret;
	s->source = (struct avad_source){ .fd = -1, .ready = server_ready };
	s->guest_id = guest_id;
	s->context_id = context_id;
	s->api = strdup(api->name);
	if (!s->api)
		goto err;
	ret = avad_work_dir_make(api, context_id, &s->work_dir);
	if (ret)
		goto err;
	s->pid = avad_spawn(api, context_fd, s->work_dir, &s->source.fd);
	if (s->pid < 0) {
		ret = s->pid;
		rmdir(s->work_dir);
		goto err;
	}
	s->next = m->servers;
	m->servers = s;
	avad_log(AVAD_INFO, "context %llu (VM %llu, %s): server %d started",
		 (unsigned long long)context_id, (unsigned long long)guest_id, api->name, s->pid);
	/* Without memory for this it serves on, and is reaped when the manager ends. */
	if (avad_manager_watch(m, &s->source))
		avad_log(AVAD_WARNING, "server %d cannot be watched", s->pid);
	return 0;
err:
	server_free(s);
	return ret;
}

void avad_server_forget_all(struct avad_manager *m)
{
	struct avad_server *s;

	while ((s = m->servers)) {
		m->servers = s->next;
		server_free(s);
	}
}

unsigned int avad_server_count(const struct avad_manager *m, const char *api)
{
	const struct avad_server *s;
	unsigned int count = 0;

	for (s = m->servers; s; s = s->next)
		count += !s->cleaning && !strcmp(s->api, api);
	return count;
}
