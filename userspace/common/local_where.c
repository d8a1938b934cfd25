// SPDX-License-Identifier: Apache-2.0
/*
 * local_where.c - where a user's manager of local servers is found
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local_where.h"

/* In /tmp anybody may have been first. */
static int where_check(const char *dir)
{
	struct stat st;

	if (lstat(dir, &st))
		return errno == ENOENT ? 0 : -errno;
	return S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077) ? 0 : -EACCES;
}

int ava_local_where(char *path, const char *name)
{
	const char *run = secure_getenv("XDG_RUNTIME_DIR");
	char dir[AVA_LOCAL_PATH];
	int len, ret;

	/* It may name a session's directory that is gone, or another user's. */
	if (run && *run == '/' && !access(run, W_OK | X_OK))
		len = snprintf(dir, sizeof(dir), "%s/ava", run);
	else
		len = snprintf(dir, sizeof(dir), "/tmp/ava-%u", geteuid());
	if (len >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	ret = where_check(dir);
	if (ret)
		return ret;
	len = snprintf(path, AVA_LOCAL_PATH, "%s/%s", dir, name);
	return len >= AVA_LOCAL_PATH ? -ENAMETOOLONG : 0;
}
