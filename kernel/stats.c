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

#define AVA_STAT(_name, _read)							\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	return sysfs_emit(buf, "%lld\n", (long long)_read(&ava_stats._name));	\
}										\
static DEVICE_ATTR_RO(_name)

AVA_STAT(vms, atomic_long_read);
AVA_STAT(contexts, atomic_long_read);
AVA_STAT(streams, atomic_long_read);
AVA_STAT(calls, atomic_long_read);
AVA_STAT(bulk_bytes, atomic64_read);
AVA_STAT(managers, atomic_long_read);

static struct attribute *ava_stats_attrs[] = {
	&dev_attr_vms.attr,
	&dev_attr_contexts.attr,
	&dev_attr_streams.attr,
	&dev_attr_calls.attr,
	&dev_attr_bulk_bytes.attr,
	&dev_attr_managers.attr,
	NULL,
};

static const struct attribute_group ava_stats_group = {
	.attrs = ava_stats_attrs,
};

const struct attribute_group *ava_stats_groups[] = {
	&ava_stats_group,
	NULL,
};
