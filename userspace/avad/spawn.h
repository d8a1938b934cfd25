/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.h - start a process for a context, in namespaces of its own
 */
#ifndef AVAD_SPAWN_H
#define AVAD_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

#include "config.h"

/**
 * avad_fork() - fork(2) with namespaces and a descriptor of the child
 * @namespaces: CLONE_NEW*
 * @pidfd: (out) for the parent
 *
 * Return: 0 in the child, its process id in the parent, or -errno.
 */
pid_t avad_fork(int namespaces, int *pidfd);

/**
 * avad_spawn() - start @api's server
 * @context_fd: becomes its descriptor 3; the caller closes its own
 * @work_dir: its private directory
 * @pidfd: (out) for the caller
 *
 * A server that cannot be executed refuses the context itself.
 * Return: process id or -errno.
 */
pid_t avad_spawn(const struct avad_api *api, int context_fd, const char *work_dir, int *pidfd);

/**
 * avad_spawn_init() - remember what a server gets of the manager's own limits
 */
void avad_spawn_init(void);

/**
 * avad_work_dir_make() - make a context's private directory
 * @path: (out) to be freed
 */
int avad_work_dir_make(const struct avad_api *api, unsigned long long context_id, char **path);

/**
 * avad_work_dir_sweep() - remove what servers of an earlier manager left
 */
void avad_work_dir_sweep(const struct avad_api *apis);

#endif /* AVAD_SPAWN_H */
