// SPDX-License-Identifier: Apache-2.0
/*
 * work_dir.c - a private directory for each context, gone with its server
 *
 * The only place that a server can write to. A server holds a lock on its
 * directory (server/sandbox.c), so a manager that was restarted can tell what
 * is still in use.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/rmtree.h"
#include "log.h"
#include "spawn.h"

static int work_dir_own(const char *path, const char *user)
{
	const struct passwd *pw;

	if (geteuid())
		return 0;
	pw = getpwnam(user);
	if (!pw)
		return -ENOENT;
	return chown(path, pw->pw_uid, pw->pw_gid) ? -errno : 0;
}

int avad_work_dir_make(const struct avad_api *api, unsigned long long context_id, char **path)
{
	int ret;

	if (asprintf(path, "%s/%llu", api->work_dir, context_id) < 0)
		return -ENOMEM;
	if (mkdir(api->work_dir, 0755) && errno != EEXIST)
		goto err;
	/* Numbers start again when the module is loaded again. */
	if (mkdir(*path, 0700) && (errno != EEXIST || ava_rmtree(*path) || mkdir(*path, 0700)))
		goto err;
	ret = work_dir_own(*path, api->user);
	if (!ret)
		return 0;
	rmdir(*path);
	errno = -ret;
err:
	ret = -errno;
	avad_log(AVAD_ERR, "%s: cannot make a work directory: %s", *path, strerror(-ret));
	free(*path);
	*path = NULL;
	return ret;
}

static int is_context(const struct dirent *entry)
{
	return entry->d_name[0] && !entry->d_name[strspn(entry->d_name, "0123456789")];
}

static void sweep_one(const char *dir, const char *name)
{
	char path[4096];
	int fd, ret = 0;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		ret = ava_rmtree(path);
	close(fd);
	if (ret)
		avad_log(AVAD_WARNING, "%s: cannot remove: %s", path, strerror(-ret));
}

void avad_work_dir_sweep(const struct avad_api *apis)
{
	struct dirent **entries;
	int count, i;

	for (; apis; apis = apis->next) {
		count = scandir(apis->work_dir, &entries, is_context, NULL);
		for (i = 0; i < count; i++) {
			sweep_one(apis->work_dir, entries[i]->d_name);
			free(entries[i]);
		}
		if (count >= 0)
			free(entries);
	}
}
