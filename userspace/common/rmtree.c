// SPDX-License-Identifier: Apache-2.0
/*
 * rmtree.c - remove a directory that somebody else filled
 *
 * A server chooses what lies in its work directory, also how deep. So nothing
 * is followed and nothing recurses: directories that are not empty are emptied
 * into the top, one level at a time, under names that cannot be there yet.
 * Others may remove the same at the same time: what is gone is no error.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rmtree.h"

static int gone_is_fine(void)
{
	return errno == ENOENT ? 0 : -errno;
}

static DIR *dir_open(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* Removes what can be removed; moves the rest from @from up into @top. */
static int entry_lift(int top, int from, const char *name, unsigned long *serial)
{
	char unique[64];
	int ret;

	if (!unlinkat(from, name, 0))
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return gone_is_fine();
	if (!unlinkat(from, name, AT_REMOVEDIR))
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return gone_is_fine();
	if (from == top)
		return 1;
	do {
		snprintf(unique, sizeof(unique), ".%lu", (*serial)++);
		ret = renameat2(from, name, top, unique, RENAME_NOREPLACE);
	} while (ret && errno == EEXIST);
	return ret ? gone_is_fine() : 0;
}

static int dir_empty(int top, DIR *dir, unsigned long *serial)
{
	struct dirent *entry;
	int ret = 0;

	while (ret >= 0 && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		ret = entry_lift(top, dirfd(dir), entry->d_name, serial);
	}
	return ret < 0 ? ret : 0;
}

/* One directory of the top that is not empty: 1 if there was one. */
static int top_lower(int top, DIR *top_dir, unsigned long *serial)
{
	struct dirent *entry;
	bool found = false;
	DIR *dir;
	int ret;

	rewinddir(top_dir);
	while ((errno = 0, entry = readdir(top_dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		found = true;
		ret = entry_lift(top, top, entry->d_name, serial);
		if (ret < 0)
			return ret;
		if (!ret)
			continue;
		dir = dir_open(top, entry->d_name);
		ret = dir ? dir_empty(top, dir, serial) : gone_is_fine();
		if (dir)
			closedir(dir);
		if (ret)
			return ret;
	}
	return errno ? -errno : found;
}

/* Once others have removed or moved the directory, another one may have its name. */
static bool has_name(int dir, const char *path)
{
	struct stat here, there;

	return !fstat(dir, &here) && !lstat(path, &there) && here.st_ino == there.st_ino &&
	       here.st_dev == there.st_dev;
}

int ava_rmtree(const char *path)
{
	unsigned long serial = 0;
	DIR *top = dir_open(AT_FDCWD, path);
	int ret;

	if (!top)
		return gone_is_fine();
	do {
		do {
			ret = top_lower(dirfd(top), top, &serial);
		} while (ret > 0);
		if (!ret && has_name(dirfd(top), path) && rmdir(path))
			ret = gone_is_fine();
		/* Not if another remover lifted something here meanwhile. */
	} while (ret == -ENOTEMPTY || ret == -EEXIST);
	closedir(top);
	return ret;
}
