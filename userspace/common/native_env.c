// SPDX-License-Identifier: Apache-2.0
/*
 * native_env.c - the environment that a program would have without AvA
 */
#include <stddef.h>
#include <string.h>

#include "native_env.h"

static const char *const not_for_servers[] = {
	"OCL_ICD_VENDORS=", "OCL_ICD_FILENAMES=", "LD_LIBRARY_PATH=", "LD_PRELOAD=", "LD_AUDIT=",
	"AVA_",
};

const char *ava_native_variable(const char *variable)
{
	size_t prefix = strlen(AVA_NATIVE_PREFIX), i;
	const char *value;

	if (!strncmp(variable, AVA_NATIVE_PREFIX, prefix)) {
		variable += prefix;
		value = strchr(variable, '=');
		return value && value[1] ? variable : NULL;
	}
	for (i = 0; i < sizeof(not_for_servers) / sizeof(not_for_servers[0]); i++)
		if (!strncmp(variable, not_for_servers[i], strlen(not_for_servers[i])))
			return NULL;
	return variable;
}
