// SPDX-License-Identifier: GPL-2.0
/*
 * stats.c - what is held right now, one number a file in sysfs
 *
 * All are 0 when nobody uses the module; a test that finds another value after
 * everything closed has found a leak.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "ava_host.h"

struct ava_stats ava_stats;

static ssize_t show_count(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct dev_ext_attribute *ext = container_of(attr, struct dev_ext_attribute, attr);

	return sysfs_emit(buf, "%lld\n", (long long)atomic64_read(ext->var));
}

static struct dev_ext_attribute counts[] = {
	{ __ATTR(vms, 0444, show_count, NULL), &ava_stats.vms },
	{ __ATTR(contexts, 0444, show_count, NULL), &ava_stats.contexts },
	{ __ATTR(streams, 0444, show_count, NULL), &ava_stats.streams },
	{ __ATTR(calls, 0444, show_count, NULL), &ava_stats.calls },
	{ __ATTR(bulk_bytes, 0444, show_count, NULL), &ava_stats.bulk_bytes },
	{ __ATTR(managers, 0444, show_count, NULL), &ava_stats.managers },
};

static struct attribute *ava_stats_attrs[] = {
	&counts[0].attr.attr,
	&counts[1].attr.attr,
	&counts[2].attr.attr,
	&counts[3].attr.attr,
	&counts[4].attr.attr,
	&counts[5].attr.attr,
	NULL,
};

static const struct attribute_group ava_stats_group = {
	.attrs = ava_stats_attrs,
};

const struct attribute_group *ava_stats_groups[] = {
	&ava_stats_group,
	NULL,
};
