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
	bool may_where;
} ava_channels[] = {
	{ "AVA", &ava_channel_ava, false },
	{ "SHM", &ava_channel_ava, false },
	{ "LOCAL", &ava_channel_local, true },
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
		if (colon && (!ava_channels[i].may_where || !*where))
			return -EINVAL;
		*ops = ava_channels[i].ops;
		return 0;
	}
	return -EINVAL;
}
