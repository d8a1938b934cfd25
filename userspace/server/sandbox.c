// SPDX-License-Identifier: Apache-2.0
/*
 * sandbox.c - what a server gives up before it serves
 *
 * A guest may get control of this process through a bug in a vendor's library.
 * What it has then: the context's file, the device nodes of the API, its work
 * directory, and what any unprivileged program can do. Namespaces are made by
 * whoever started the process. See Documentation/security.rst.
 */
#define _GNU_SOURCE
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../common/limits.h"
#include "../common/log.h"
#include "sandbox.h"

static const struct passwd *sandbox_passwd(const struct ava_sandbox *sb)
{
	const struct passwd *pw;

	if (sb->user)
		return getpwnam(sb->user);
	pw = getpwnam("ava");
	return pw ? pw : getpwnam("nobody");
}

int ava_sandbox_user(const struct ava_sandbox *sb, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw;

	*uid = geteuid();
	*gid = getegid();
	if (sb->off || *uid)
		return 0;
	pw = sandbox_passwd(sb);
	if (!pw)
		return -ENOENT;
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return 0;
}

static int sandbox_limits(const struct ava_sandbox *sb, const char *who)
{
	size_t i;
	int ret = ava_limit_apply("core=0");

	for (i = 0; !ret && i < sb->limit_count; i++) {
		ret = ava_limit_apply(sb->limits[i]);
		if (ret)
			ava_log(who, "limit %s: %s", sb->limits[i], strerror(-ret));
	}
	return ret;
}

/*
 * The lock tells a manager that was restarted that the directory is in use. It
 * lasts as long as the process, so nothing keeps the descriptor's number.
 */
static int sandbox_work_dir(const struct ava_sandbox *sb, const char *who)
{
	char cache[4096];
	int fd, ret;

	if (!sb->work_dir)
		return 0;
	fd = open(sb->work_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) || fchdir(fd)) {
		ret = -errno;
		ava_log(who, "work directory %s: %s", sb->work_dir, strerror(-ret));
		return ret;
	}
	snprintf(cache, sizeof(cache), "%s/.cache", sb->work_dir);
	if (setenv("HOME", sb->work_dir, 1) || setenv("TMPDIR", sb->work_dir, 1) ||
	    setenv("XDG_CACHE_HOME", cache, 1))
		return -ENOMEM;
	return 0;
}

/* Supplementary groups are the user's: they open the device nodes. */
static int sandbox_become(const struct ava_sandbox *sb, const char *who)
{
	const struct passwd *pw;
	int ret;

	capng_clear(CAPNG_SELECT_ALL);
	if (geteuid()) {
		ret = capng_apply(CAPNG_SELECT_CAPS);
		goto out;
	}
	pw = sandbox_passwd(sb);
	if (!pw || !pw->pw_uid) {
		ava_log(who, "user %s: %s", sb->user ? sb->user : "nobody",
			pw ? "is root; expected another one" : "does not exist");
		return -EINVAL;
	}
	ret = capng_change_id(pw->pw_uid, pw->pw_gid,
			      CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING |
			      CAPNG_CLEAR_AMBIENT);
out:
	if (!ret)
		return 0;
	ava_log(who, "cannot drop privileges (step %d)", ret);
	return -EPERM;
}

/* Not dumpable: servers of other VMs may run as the same user. */
static int sandbox_lock(const struct ava_sandbox *sb, const char *who)
{
	int ret = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		ret = -errno;
	if (!ret)
		ret = ava_seccomp_load(sb->local);
	if (ret)
		ava_log(who, "cannot restrict system calls: %s", strerror(-ret));
	return ret;
}

int ava_sandbox_enter(const struct ava_sandbox *sb, const char *who)
{
	int ret;

	if (sb->off)
		return 0;
	ret = sandbox_limits(sb, who);
	if (!ret)
		ret = sandbox_become(sb, who);
	if (!ret)
		ret = sandbox_work_dir(sb, who);
	if (!ret)
		ret = sandbox_lock(sb, who);
	return ret;
}
