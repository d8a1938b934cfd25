// SPDX-License-Identifier: Apache-2.0
/*
 * channel.c - which channel AVA_CHANNEL asks for
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

static const struct {
	const char *name;
	const struct ava_channel_ops *ops;
	bool needs_where;
} ava_channels[] = {
	{ "AVA", &ava_channel_ava, false },
	{ "SHM", &ava_channel_ava, false },
	{ "UNIX", &ava_channel_unix, true },
};

int ava_channel_select(const char *text, const struct ava_channel_ops **ops,
		       const char **where)
{
	const char *colon;
	size_t len, i;

	if (!text || !*text)
		text = "AVA";
	colon = strchr(text, ':');
	len = colon ? (size_t)(colon - text) : strlen(text);
	*where = colon && colon[1] ? colon + 1 : NULL;
	for (i = 0; i < sizeof(ava_channels) / sizeof(ava_channels[0]); i++) {
		if (strlen(ava_channels[i].name) != len ||
		    strncmp(ava_channels[i].name, text, len))
			continue;
		if (ava_channels[i].needs_where ? !*where : !!colon)
			return -EINVAL;
		*ops = ava_channels[i].ops;
		return 0;
	}
	return -EINVAL;
}
