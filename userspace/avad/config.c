// SPDX-License-Identifier: Apache-2.0
/*
 * config.c - which APIs the manager serves, and how: one JSON file each
 *
 * Every key has a reader that either takes the value or says what it expected.
 * The parser keeps no positions, so a message finds its line by looking for the
 * key in the text: right for every file that has a key once.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/ava.h>

#include "../common/limits.h"
#include "config.h"
#include "log.h"

#define CONFIG_MAX_BYTES	(1u << 20)
#define CONFIG_WORK_DIR		"/var/lib/ava"
#define CONFIG_NAMESPACES	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | \
				 CLONE_NEWUTS)

static const char no_memory[] = "memory; there is none left";

int avad_strings_add(struct avad_strings *s, const char *text)
{
	char **list = realloc(s->list, (s->count + 2) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	s->list = list;
	list[s->count] = strdup(text);
	if (!list[s->count])
		return -ENOMEM;
	list[++s->count] = NULL;
	return 0;
}

void avad_strings_free(struct avad_strings *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		free(s->list[i]);
	free(s->list);
	*s = (struct avad_strings){ 0 };
}

/* Readers return NULL, or what they expected. */

static const char *read_string(char **out, struct json_object *value)
{
	free(*out);
	*out = strdup(json_object_get_string(value));
	return *out ? NULL : no_memory;
}

static bool is_string(struct json_object *value)
{
	/* A NUL inside would cut what the kernel and the shell see. */
	return json_object_is_type(value, json_type_string) &&
	       strlen(json_object_get_string(value)) ==
	       (size_t)json_object_get_string_len(value);
}

static const char *read_name(struct avad_api *api, struct json_object *value)
{
	const char *text = is_string(value) ? json_object_get_string(value) : "";
	size_t len = strlen(text), i;
	bool good = len && len < AVA_API_NAME_LEN;

	for (i = 0; good && i < len; i++)
		good = islower((unsigned char)text[i]) || isdigit((unsigned char)text[i]) ||
		       text[i] == '-' || text[i] == '_';
	return good ? read_string(&api->name, value) :
	       "a name of 1 to 31 characters a-z, 0-9, - and _";
}

static const char *read_path(char **out, struct json_object *value)
{
	if (!is_string(value) || *json_object_get_string(value) != '/')
		return "an absolute path";
	return read_string(out, value);
}

static const char *read_writable(struct avad_api *api, struct json_object *value)
{
	static const char expected[] = "an array of absolute paths";
	struct json_object *item;
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return expected;
	for (i = 0; i < json_object_array_length(value); i++) {
		item = json_object_array_get_idx(value, i);
		if (!is_string(item) || *json_object_get_string(item) != '/')
			return expected;
		if (avad_strings_add(&api->writable, json_object_get_string(item)))
			return no_memory;
	}
	return NULL;
}

static const char *read_server(struct avad_api *api, struct json_object *value)
{
	return read_path(&api->server, value);
}

static const char *read_work_dir(struct avad_api *api, struct json_object *value)
{
	return read_path(&api->work_dir, value);
}

static const char *read_user(struct avad_api *api, struct json_object *value)
{
	const struct passwd *pw = is_string(value) ?
		getpwnam(json_object_get_string(value)) : NULL;

	return pw && pw->pw_uid ? read_string(&api->user, value) :
	       "a user that exists and is not root";
}

static const char *read_args(struct avad_api *api, struct json_object *value)
{
	static const char expected[] = "an array of strings";
	struct json_object *item;
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return expected;
	for (i = 0; i < json_object_array_length(value); i++) {
		item = json_object_array_get_idx(value, i);
		if (!is_string(item))
			return expected;
		if (avad_strings_add(&api->args, json_object_get_string(item)))
			return no_memory;
	}
	return NULL;
}

static const char *add_pair(struct avad_strings *s, const char *name, const char *value)
{
	char *text;
	int ret;

	if (asprintf(&text, "%s=%s", name, value) < 0)
		return no_memory;
	ret = avad_strings_add(s, text);
	free(text);
	return ret ? no_memory : NULL;
}

static const char *read_env(struct avad_api *api, struct json_object *value)
{
	static const char expected[] = "an object of strings, with names that hold no \"=\"";
	const char *error = NULL;

	if (!json_object_is_type(value, json_type_object))
		return expected;
	json_object_object_foreach(value, name, item) {
		if (!*name || strchr(name, '=') || !is_string(item))
			return expected;
		error = add_pair(&api->env, name, json_object_get_string(item));
		if (error)
			return error;
	}
	return NULL;
}

static const char *read_limits(struct avad_api *api, struct json_object *value)
{
	static const char expected[] = "an object of numbers from 0, with names of as, core, "
				       "cpu, data, fsize, memlock, nofile, nproc, stack";
	const char *error;

	if (!json_object_is_type(value, json_type_object))
		return expected;
	json_object_object_foreach(value, name, item) {
		if (!ava_limit_find(name, strlen(name)) ||
		    !json_object_is_type(item, json_type_int) ||
		    json_object_get_int64(item) < 0)
			return expected;
		error = add_pair(&api->limits, name, json_object_get_string(item));
		if (error)
			return error;
	}
	return NULL;
}

static const char *read_max_contexts(struct avad_api *api, struct json_object *value)
{
	int64_t number = json_object_is_type(value, json_type_int) ?
		json_object_get_int64(value) : 0;

	if (number < 1 || number > INT_MAX)
		return "a number from 1";
	api->max_contexts = number;
	return NULL;
}

static int namespace_flag(const char *name)
{
	static const struct {
		const char *name;
		int flag;
	} known[] = {
		{ "mount", CLONE_NEWNS }, { "pid", CLONE_NEWPID }, { "ipc", CLONE_NEWIPC },
		{ "net", CLONE_NEWNET }, { "uts", CLONE_NEWUTS },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name))
			return known[i].flag;
	return 0;
}

/* A new PID namespace without its own /proc would show the host's processes. */
static const char *read_namespaces(struct avad_api *api, struct json_object *value)
{
	static const char expected[] =
		"an array of mount, pid, ipc, net, uts; pid only together with mount";
	struct json_object *item;
	size_t i;
	int flag;

	if (!json_object_is_type(value, json_type_array))
		return expected;
	api->namespaces = 0;
	for (i = 0; i < json_object_array_length(value); i++) {
		item = json_object_array_get_idx(value, i);
		flag = is_string(item) ? namespace_flag(json_object_get_string(item)) : 0;
		if (!flag)
			return expected;
		api->namespaces |= flag;
	}
	return api->namespaces & CLONE_NEWPID && !(api->namespaces & CLONE_NEWNS) ?
	       expected : NULL;
}

static const struct config_key {
	const char *name;
	const char *(*read)(struct avad_api *api, struct json_object *value);
} config_keys[] = {
	{ "api", read_name },
	{ "server", read_server },
	{ "args", read_args },
	{ "env", read_env },
	{ "user", read_user },
	{ "work_dir", read_work_dir },
	{ "writable", read_writable },
	{ "limits", read_limits },
	{ "max_contexts", read_max_contexts },
	{ "namespaces", read_namespaces },
};

static const struct config_key *key_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(config_keys) / sizeof(config_keys[0]); i++)
		if (!strcmp(config_keys[i].name, name))
			return &config_keys[i];
	return NULL;
}

static unsigned int line_at(const char *text, size_t offset)
{
	unsigned int line = 1;
	size_t i;

	for (i = 0; i < offset && text[i]; i++)
		line += text[i] == '\n';
	return line;
}

static unsigned int line_of_key(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *pos = text;

	while ((pos = strstr(pos, key))) {
		if (pos > text && pos[-1] == '"' && pos[len] == '"')
			return line_at(text, pos - text);
		pos++;
	}
	return 1;
}

static int read_key(struct avad_api *api, const char *text, const char *name,
		    struct json_object *value)
{
	const struct config_key *key = key_find(name);
	const char *expected = "no such key";

	if (key)
		expected = key->read(api, value);
	if (!expected)
		return 0;
	avad_log(AVAD_ERR, "%s:%u: \"%s\": %s%s", api->file, line_of_key(text, name), name,
		 key ? "expected " : "", expected);
	return -EINVAL;
}

static int set_default(char **field, const char *value)
{
	if (!*field)
		*field = strdup(value);
	return *field ? 0 : -ENOMEM;
}

static int read_object(struct avad_api *api, const char *text, struct json_object *root)
{
	int ret = 0;

	api->namespaces = CONFIG_NAMESPACES;
	json_object_object_foreach(root, name, value) {
		if (read_key(api, text, name, value))
			ret = -EINVAL;
	}
	if (!json_object_object_get_ex(root, "api", NULL) ||
	    !json_object_object_get_ex(root, "server", NULL)) {
		avad_log(AVAD_ERR, "%s:1: expected the keys \"api\" and \"server\"", api->file);
		ret = -EINVAL;
	}
	if (ret)
		return ret;
	ret = set_default(&api->user, getpwnam("ava") ? "ava" : "nobody");
	return ret ? ret : set_default(&api->work_dir, CONFIG_WORK_DIR);
}

static int parse_text(struct avad_api *api, const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *root;
	size_t end;
	int ret = -EINVAL;

	if (!tok)
		return -ENOMEM;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tok, text, len + 1);
	end = json_tokener_get_parse_end(tok);
	end += root ? strspn(text + end, " \t\r\n") : 0;
	if (!root || text[end])
		avad_log(AVAD_ERR, "%s:%u: %s", api->file, line_at(text, end),
			 root ? "expected the end of the file" :
			 json_tokener_error_desc(json_tokener_get_error(tok)));
	else if (!json_object_is_type(root, json_type_object))
		avad_log(AVAD_ERR, "%s:1: expected an object", api->file);
	else
		ret = read_object(api, text, root);
	json_object_put(root);
	json_tokener_free(tok);
	return ret;
}

static int read_text(const char *path, char **text, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *buf = f ? malloc(CONFIG_MAX_BYTES + 1) : NULL;
	int ret = 0;

	if (!buf) {
		ret = -errno;
	} else {
		*len = fread(buf, 1, CONFIG_MAX_BYTES + 1, f);
		if (ferror(f))
			ret = -EIO;
		else if (*len > CONFIG_MAX_BYTES)
			ret = -EFBIG;
		else
			buf[*len] = '\0';
	}
	if (f)
		fclose(f);
	if (ret)
		free(buf);
	else
		*text = buf;
	return ret;
}

static void api_free(struct avad_api *api)
{
	free(api->file);
	free(api->name);
	free(api->server);
	free(api->user);
	free(api->work_dir);
	avad_strings_free(&api->args);
	avad_strings_free(&api->env);
	avad_strings_free(&api->writable);
	avad_strings_free(&api->limits);
	free(api);
}

static int load_file(const char *dir, const char *name, struct avad_api **apis)
{
	struct avad_api *api = calloc(1, sizeof(*api));
	const struct avad_api *other;
	char *text = NULL;
	size_t len = 0;
	int ret = -ENOMEM;

	if (!api || asprintf(&api->file, "%s/%s", dir, name) < 0)
		goto out;
	ret = read_text(api->file, &text, &len);
	if (ret)
		avad_log(AVAD_ERR, "%s: %s", api->file, strerror(-ret));
	else
		ret = parse_text(api, text, len);
	other = ret ? NULL : avad_config_find(*apis, api->name);
	if (other) {
		avad_log(AVAD_ERR, "%s:%u: \"api\": \"%s\" is served by %s already",
			 api->file, line_of_key(text, "api"), api->name, other->file);
		ret = -EINVAL;
	}
	free(text);
	if (!ret) {
		api->next = *apis;
		*apis = api;
		return 0;
	}
out:
	if (api)
		api_free(api);
	return ret;
}

static int is_config_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && !strcmp(dot, ".json");
}

int avad_config_load(const char *dir, struct avad_api **apis)
{
	struct avad_api *list = NULL;
	struct dirent **entries;
	int count, i, ret = 0, err;

	count = scandir(dir, &entries, is_config_file, alphasort);
	if (count < 0) {
		ret = -errno;
		avad_log(AVAD_ERR, "%s: %s; expected a directory with a file for each API", dir,
			 strerror(-ret));
		return ret;
	}
	for (i = 0; i < count; i++) {
		err = load_file(dir, entries[i]->d_name, &list);
		if (err)
			ret = err;
		free(entries[i]);
	}
	free(entries);
	if (ret)
		avad_config_free(list);
	else
		*apis = list;
	return ret;
}

void avad_config_free(struct avad_api *apis)
{
	struct avad_api *next;

	for (; apis; apis = next) {
		next = apis->next;
		api_free(apis);
	}
}

const struct avad_api *avad_config_find(const struct avad_api *apis, const char *name)
{
	for (; apis; apis = apis->next)
		if (!strcmp(apis->name, name))
			return apis;
	return NULL;
}
