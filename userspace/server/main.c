// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - the command line of every API server
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/limits.h"
#include "internal.h"
#include "local_libraries.h"
#include "sandbox.h"

#define EXIT_USAGE 2

struct options {
	int context_fd;
	int local_fd;
	const char *listen_path;
	bool identify;
	struct ava_sandbox sandbox;
};

static const struct option option_list[] = {
	{ "context-fd", required_argument, NULL, 'c' },
	{ "local-fd", required_argument, NULL, 'f' },
	{ "listen", required_argument, NULL, 'x' },
	{ "identify", no_argument, NULL, 'i' },
	{ "user", required_argument, NULL, 'u' },
	{ "work-dir", required_argument, NULL, 'w' },
	{ "limit", required_argument, NULL, 'l' },
	{ "no-sandbox", no_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void print_usage(FILE *out, const char *name)
{
	fprintf(out,
		"usage: %s --context-fd=N | --local-fd=N | --listen=PATH | --identify  [options]\n"
		"  --context-fd=N      serve the context whose file is descriptor N\n"
		"  --local-fd=N        serve the program on this machine whose connection is N\n"
		"  --listen=PATH       serve a socket, a process per connection (for tests)\n"
		"  --identify          print the API's name, version and hash\n"
		"  --user=NAME         become NAME if started as root (ava, else nobody)\n"
		"  --work-dir=DIR      the only directory to write to\n"
		"  --limit=NAME=VALUE  resource limit, as in ulimit; may be repeated\n"
		"  --no-sandbox        keep all privileges (for tests)\n", name);
}

static int parse_fd(const char *text)
{
	char *end;
	long fd;

	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || *end || end == text || fd < 0 || fd > INT_MAX ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -1;
	return fd;
}

static int parse_error(const char *name, const char *option, const char *expected)
{
	fprintf(stderr, "%s: %s: expected %s\n", name, option, expected);
	return EXIT_USAGE;
}

static int parse_limit(struct options *o, const char *text)
{
	const char **limits;

	if (ava_limit_check(text))
		return -EINVAL;
	limits = realloc(o->sandbox.limits, (o->sandbox.limit_count + 1) * sizeof(*limits));
	if (!limits)
		return -ENOMEM;
	o->sandbox.limits = limits;
	limits[o->sandbox.limit_count++] = text;
	return 0;
}

/* Return: 0, or EXIT_USAGE after a message. */
static int parse_option(struct options *o, int opt, const char *name)
{
	switch (opt) {
	case 'c':
		o->context_fd = parse_fd(optarg);
		if (o->context_fd < 0)
			return parse_error(name, "--context-fd", "an open descriptor");
		return 0;
	case 'f':
		o->local_fd = parse_fd(optarg);
		if (o->local_fd < 0)
			return parse_error(name, "--local-fd", "an open descriptor");
		return 0;
	case 'x':
		o->listen_path = optarg;
		return 0;
	case 'i':
		o->identify = true;
		return 0;
	case 'u':
		o->sandbox.user = optarg;
		return 0;
	case 'w':
		o->sandbox.work_dir = optarg;
		return *optarg == '/' ? 0 :
			parse_error(name, "--work-dir", "an absolute path");
	case 'l':
		return parse_limit(o, optarg) ?
			parse_error(name, "--limit", "NAME=VALUE with a known name") : 0;
	case 'n':
		o->sandbox.off = true;
		return 0;
	case 'h':
		print_usage(stdout, name);
		exit(EXIT_SUCCESS);
	}
	print_usage(stderr, name);
	return EXIT_USAGE;
}

static int parse_options(struct options *o, int argc, char **argv)
{
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "", option_list, NULL)) != -1) {
		ret = parse_option(o, opt, argv[0]);
		if (ret)
			return ret;
	}
	o->sandbox.local = o->local_fd >= 0 || o->listen_path;
	if (optind == argc && (o->context_fd >= 0) + o->sandbox.local + o->identify == 1 &&
	    !(o->local_fd >= 0 && o->listen_path))
		return 0;
	print_usage(stderr, argv[0]);
	return EXIT_USAGE;
}

static int print_identity(const struct ava_server_api *api)
{
	size_t i;

	printf("%.*s %u.%u ", AVA_API_NAME_LEN, (const char *)api->id.name,
	       api->id.version_major, api->id.version_minor);
	for (i = 0; i < sizeof(api->id.hash); i++)
		printf("%02x", api->id.hash[i]);
	printf("\n");
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Threads may be in vendor code that never returns; nor do destructors run. */
static void serve_and_exit(const struct options *o, const struct ava_server_api *api, char **argv)
{
	if (o->local_fd >= 0 && ava_local_native)
		local_libraries_adopt(o->local_fd, argv);
	if (ava_sandbox_enter(&o->sandbox, api->log_name))
		_exit(EXIT_FAILURE);
	if (o->local_fd >= 0)
		_exit(ava_server_run(&ava_server_local, o->local_fd, api));
	_exit(ava_server_run(&ava_server_ring, o->context_fd, api));
}

int ava_server_main(int argc, char **argv, const struct ava_server_api *api)
{
	struct options o = { .context_fd = -1, .local_fd = -1 };
	int ret = parse_options(&o, argc, argv);

	/* A generated library that the vendor's loader finds must not come back here. */
	setenv("AVA_SERVER", "1", 1);
	ava_local_native = o.sandbox.off;
	if (!ret && (o.context_fd >= 0 || o.local_fd >= 0))
		serve_and_exit(&o, api, argv);
	if (!ret)
		ret = o.identify ? print_identity(api) :
		      ava_server_listen(o.listen_path, api, &o.sandbox);
	free(o.sandbox.limits);
	return ret;
}
