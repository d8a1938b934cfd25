// SPDX-License-Identifier: Apache-2.0
/*
 * limits.c - the resource limits that a server may be given, by name
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "limits.h"

const struct ava_limit ava_limits_known[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "stack", RLIMIT_STACK },
};

const size_t ava_limits_count = sizeof(ava_limits_known) / sizeof(ava_limits_known[0]);

const struct ava_limit *ava_limit_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ava_limits_count; i++)
		if (strlen(ava_limits_known[i].name) == len &&
		    !strncmp(ava_limits_known[i].name, name, len))
			return &ava_limits_known[i];
	return NULL;
}

static const struct ava_limit *limit_parse(const char *text, rlim_t *value)
{
	const char *equals = strchr(text, '=');
	const struct ava_limit *limit;
	char *end;

	if (!equals || !isdigit((unsigned char)equals[1]))
		return NULL;
	limit = ava_limit_find(text, equals - text);
	errno = 0;
	*value = strtoull(equals + 1, &end, 10);
	return errno || *end ? NULL : limit;
}

int ava_limit_check(const char *text)
{
	rlim_t value;

	return limit_parse(text, &value) ? 0 : -EINVAL;
}

int ava_limit_apply(const char *text)
{
	const struct ava_limit *limit;
	struct rlimit rlim;

	limit = limit_parse(text, &rlim.rlim_cur);
	if (!limit)
		return -EINVAL;
	rlim.rlim_max = rlim.rlim_cur;
	return setrlimit(limit->resource, &rlim) ? -errno : 0;
}
