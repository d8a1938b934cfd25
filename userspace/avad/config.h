/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - which APIs the manager serves, and how: one JSON file each
 */
#ifndef AVAD_CONFIG_H
#define AVAD_CONFIG_H

#include <stddef.h>

/**
 * struct avad_strings - a NULL-terminated list
 */
struct avad_strings {
	char **list;
	size_t count;
};

/**
 * struct avad_api - one file
 * @next: in the configuration
 * @file: where it stands
 * @name: the API's name, as guests ask for it
 * @server: program
 * @args: its further arguments
 * @env: its whole environment beside PATH and LANG, "NAME=VALUE" each
 * @user: who it becomes
 * @work_dir: directory that holds a private directory for each context
 * @writable: what servers share and may write to, beside their own directories
 * @limits: "NAME=VALUE" each, see common/limits.h
 * @max_contexts: most servers at once, or 0
 * @namespaces: CLONE_NEW* that each server gets
 */
struct avad_api {
	struct avad_api *next;
	char *file;
	char *name;
	char *server;
	struct avad_strings args;
	struct avad_strings env;
	char *user;
	char *work_dir;
	struct avad_strings writable;
	struct avad_strings limits;
	unsigned int max_contexts;
	int namespaces;
};

/**
 * avad_config_load() - read every *.json of @dir
 *
 * Return: 0, or -errno after a line in the log for everything that is wrong.
 */
int avad_config_load(const char *dir, struct avad_api **apis);

void avad_config_free(struct avad_api *apis);

const struct avad_api *avad_config_find(const struct avad_api *apis, const char *name);

/**
 * avad_strings_add() - append a copy: 0 or -ENOMEM
 */
int avad_strings_add(struct avad_strings *s, const char *text);

void avad_strings_free(struct avad_strings *s);

#endif /* AVAD_CONFIG_H */
