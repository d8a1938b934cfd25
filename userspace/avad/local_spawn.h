/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_spawn.h - start a server for a program of the same user
 */
#ifndef AVAD_LOCAL_SPAWN_H
#define AVAD_LOCAL_SPAWN_H

#include <sys/types.h>

#include "config.h"

/**
 * avad_local_spawn() - start @api's server
 * @api: its configuration, of which program, arguments and environment count
 * @conn: the program's connection; the caller closes its own
 * @pidfd: (out) for the caller
 *
 * A server that cannot be executed refuses the program itself.
 * Return: process id or -errno.
 */
pid_t avad_local_spawn(const struct avad_api *api, int conn, int *pidfd);

#endif /* AVAD_LOCAL_SPAWN_H */
