// SPDX-License-Identifier: Apache-2.0
/*
 * local_spawn.c - start a server for a program of the same user
 *
 * It is what the program's own process would be with the vendor's library in it:
 * same user, no sandbox, and what the program's environment says, which the server
 * reads from the program itself; here is the manager's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/local_proto.h"
#include "../common/log.h"
#include "../common/native_env.h"
#include "local_spawn.h"
#include "spawn.h"

#define SERVER_CONN_FD		3
#define EXIT_NOT_EXECUTED	127
#define LIBRARY_PATH		"LD_LIBRARY_PATH="

static int spawn_arguments(const struct avad_api *api, struct avad_strings *argv,
			   struct avad_strings *env)
{
	const char *native;
	int ret = 0;
	char **var;
	size_t i;

	ret |= avad_strings_add(argv, api->server);
	ret |= avad_strings_add(argv, "--local-fd=3");
	ret |= avad_strings_add(argv, "--no-sandbox");
	for (i = 0; i < api->args.count; i++)
		ret |= avad_strings_add(argv, api->args.list[i]);
	for (var = environ; *var; var++) {
		native = ava_native_variable(*var);
		/* of whoever started the manager; the server asks its own program */
		if (native && strncmp(native, LIBRARY_PATH, strlen(LIBRARY_PATH)) != 0)
			ret |= avad_strings_add(env, native);
	}
	for (i = 0; i < api->env.count; i++)
		ret |= avad_strings_add(env, api->env.list[i]);
	return ret ? -ENOMEM : 0;
}

static const char *child_descriptors(int conn)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return "standard descriptors";
	if (conn == SERVER_CONN_FD ? fcntl(conn, F_SETFD, 0) : dup2(conn, SERVER_CONN_FD) < 0)
		return "the connection";
	return close_range(SERVER_CONN_FD + 1, ~0u, 0) ? "closing descriptors" : NULL;
}

static void child_signals(void)
{
	struct sigaction act = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &act, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void child_main(const struct avad_api *api, int conn, char **argv, char **env)
{
	const struct ava_local_welcome refused = { .status = -EIO };
	const char *step;

	/* What a terminal sends is for the program, which may go on. */
	setsid();
	child_signals();
	step = child_descriptors(conn);
	if (!step) {
		conn = SERVER_CONN_FD;
		execve(api->server, argv, env);
		step = "exec";
	}
	ava_log("avad", "%s: %s: %s", api->server, step, strerror(errno));
	ava_local_send(conn, &refused, sizeof(refused), NULL, 0);
	_exit(EXIT_NOT_EXECUTED);
}

pid_t avad_local_spawn(const struct avad_api *api, int conn, int *pidfd)
{
	struct avad_strings argv = { 0 }, env = { 0 };
	pid_t pid = spawn_arguments(api, &argv, &env);

	if (!pid)
		pid = avad_fork(0, pidfd);
	if (!pid)
		child_main(api, conn, argv.list, env.list);
	avad_strings_free(&argv);
	avad_strings_free(&env);
	return pid;
}
