/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - what a server gives up before it serves
 */
#ifndef AVA_SERVER_SANDBOX_H
#define AVA_SERVER_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct ava_sandbox - as asked for on the command line
 * @off: give up nothing
 * @user: become this user if started as root, or NULL for the default
 * @work_dir: the only place to write to, or NULL
 * @limits: "NAME=VALUE" each
 * @limit_count: entries of @limits
 * @local: the guest is a process of this user, whose memory the server reaches into
 */
struct ava_sandbox {
	bool off;
	const char *user;
	const char *work_dir;
	const char **limits;
	size_t limit_count;
	bool local;
};

/**
 * ava_sandbox_user() - who the server will be: 0, or -ENOENT for no such user
 *
 * Not root: the caller itself.
 */
int ava_sandbox_user(const struct ava_sandbox *sb, uid_t *uid, gid_t *gid);

/**
 * ava_sandbox_enter() - give up everything, in the calling thread, while it is the only one
 * @sb: what was asked for
 * @who: for log lines
 *
 * Return: 0, or -errno after a log line that says which step failed.
 */
int ava_sandbox_enter(const struct ava_sandbox *sb, const char *who);

/**
 * ava_seccomp_load() - refuse the system calls that no API server needs: 0 or -errno
 * @local: those that reach into another process's memory are needed
 */
int ava_seccomp_load(bool local);

#endif /* AVA_SERVER_SANDBOX_H */
