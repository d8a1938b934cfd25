/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - the resource limits that a server may be given, by name
 */
#ifndef AVA_COMMON_LIMITS_H
#define AVA_COMMON_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct ava_limit - one kind of limit
 * @name: as in --limit and in the configuration
 * @resource: RLIMIT_*
 */
struct ava_limit {
	const char *name;
	int resource;
};

extern const struct ava_limit ava_limits_known[];
extern const size_t ava_limits_count;

/**
 * ava_limit_find() - the limit called @name (@len characters) or NULL
 */
const struct ava_limit *ava_limit_find(const char *name, size_t len);

/**
 * ava_limit_apply() - set soft and hard limit to the value of "NAME=VALUE"
 *
 * Return: 0, -EINVAL for a text that is none, or -errno of setrlimit(2).
 */
int ava_limit_apply(const char *text);

/**
 * ava_limit_check() - whether "NAME=VALUE" is one: 0 or -EINVAL
 */
int ava_limit_check(const char *text);

#endif /* AVA_COMMON_LIMITS_H */
