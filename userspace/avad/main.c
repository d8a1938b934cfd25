// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - avad, the manager: command line, signals, life and end
 *
 * Stays in the foreground. Servers outlive it: a restart does not touch them.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "device.h"
#include "local.h"
#include "log.h"
#include "manager.h"
#include "spawn.h"

#define EXIT_USAGE	2

struct options {
	const char *device;
	bool check;
	bool local;
	struct avad_local_options l;
};

static const struct option option_list[] = {
	{ "config-dir", required_argument, NULL, 'c' },
	{ "device", required_argument, NULL, 'd' },
	{ "check", no_argument, NULL, 'k' },
	{ "local", no_argument, NULL, 'l' },
	{ "socket", required_argument, NULL, 's' },
	{ "idle-seconds", required_argument, NULL, 'i' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: avad [options]\n"
		"       avad --local [options] [COMMAND [ARGUMENT...]]\n"
		"  --config-dir=DIR  a file for each API (/etc/ava/apis.d)\n"
		"  --device=PATH     where contexts come from (/dev/ava-server)\n"
		"  --check           check the configuration and exit\n"
		"  --local           servers for this user's programs on this machine; with a\n"
		"                    COMMAND, in the background, and become the command\n"
		"  --socket=PATH     where those connect ($XDG_RUNTIME_DIR/ava/local.sock)\n"
		"  --idle-seconds=N  end after so long without programs (60; 0: never)\n"
		"  --help            this text\n"
		"SIGHUP reads the configuration again; SIGTERM ends avad and leaves servers alone.\n");
}

static int parse_seconds(struct options *o, const char *text)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || !isdigit((unsigned char)*text) || value > INT_MAX)
		return -EINVAL;
	o->l.idle_seconds = value;
	return 0;
}

static int parse_options(struct options *o, int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "+", option_list, NULL)) != -1) {
		switch (opt) {
		case 'c':
			o->l.config_dir = optarg;
			break;
		case 'l':
			o->local = true;
			break;
		case 's':
			o->l.socket = optarg;
			break;
		case 'i':
			if (!parse_seconds(o, optarg))
				break;
			fprintf(stderr, "avad: --idle-seconds: expected a number from 0\n");
			return EXIT_USAGE;
		case 'd':
			o->device = optarg;
			break;
		case 'k':
			o->check = true;
			break;
		case 'h':
			print_usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		o->l.command = argv + optind;
	if (o->local || !o->l.command)
		return 0;
	print_usage(stderr);
	return EXIT_USAGE;
}

/* The protocol of sd_notify(3): one datagram; nobody listening is no error. */
static void notify(const char *state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int sock;

	if (!len || len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return;
	sendto(sock, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&addr,
	       offsetof(struct sockaddr_un, sun_path) + len);
	close(sock);
}

static void log_config(const struct avad_manager *m)
{
	const struct avad_api *api;

	if (!m->apis)
		avad_log(AVAD_WARNING, "%s has no file *.json: every context will be refused",
			 m->config_dir);
	for (api = m->apis; api; api = api->next)
		avad_log(AVAD_INFO, "serving %s with %s", api->name, api->server);
}

static void reload(struct avad_manager *m)
{
	struct avad_api *apis;

	notify("RELOADING=1");
	if (avad_config_load(m->config_dir, &apis)) {
		avad_log(AVAD_ERR, "the configuration stays as it was");
	} else {
		avad_config_free(m->apis);
		m->apis = apis;
		log_config(m);
	}
	notify("READY=1");
}

static void signal_ready(struct avad_manager *m, struct avad_source *source)
{
	struct signalfd_siginfo info;

	if (read(source->fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		reload(m);
	else
		m->stop = true;
}

static int signals_open(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

static const char *device_error(int err)
{
	switch (-err) {
	case ENOENT:
	case ENXIO:
		return "no such device; is the module ava_host loaded?";
	case EBUSY:
		return "another manager is registered";
	case EPERM:
	case EACCES:
		return "not permitted; expected CAP_SYS_ADMIN";
	default:
		return strerror(-err);
	}
}

static int manager_open(struct avad_manager *m, const char *device)
{
	m->device = (struct avad_source){ .fd = avad_device_open(device),
					  .ready = avad_context_ready };
	if (m->device.fd < 0) {
		avad_log(AVAD_ERR, "%s: %s", device, device_error(m->device.fd));
		return m->device.fd;
	}
	m->signals = (struct avad_source){ .fd = signals_open(), .ready = signal_ready };
	m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->signals.fd < 0 || m->epoll < 0 || avad_manager_watch(m, &m->signals) ||
	    avad_manager_watch(m, &m->device)) {
		avad_log(AVAD_ERR, "cannot set up the event loop: %s", strerror(errno));
		return -errno;
	}
	return 0;
}

static int serve(struct avad_manager *m, const char *device)
{
	int ret;

	avad_spawn_init();
	ret = manager_open(m, device);
	if (ret)
		return ret;
	avad_work_dir_sweep(m->apis);
	log_config(m);
	avad_log(AVAD_INFO, "ready at %s", device);
	notify("READY=1");
	ret = avad_manager_run(m);
	notify("STOPPING=1");
	avad_log(AVAD_INFO, "ends; servers that run stay");
	avad_server_forget_all(m);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {
		.device = "/dev/ava-server",
		.l = { .config_dir = "/etc/ava/apis.d", .idle_seconds = 60 },
	};
	struct avad_manager m = { 0 };
	int ret = parse_options(&o, argc, argv);

	if (ret)
		return ret;
	avad_log_init();
	if (o.local && !o.check)
		return avad_local(&o.l);
	m.config_dir = o.l.config_dir;
	if (avad_config_load(m.config_dir, &m.apis))
		return EXIT_FAILURE;
	if (!o.check)
		ret = serve(&m, o.device);
	avad_config_free(m.apis);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
