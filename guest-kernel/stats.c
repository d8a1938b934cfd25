// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/class/misc/ava/: what the driver holds at this moment
 *
 * One decimal value per file, for tests and operators; all are 0 when idle.
 */
#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/sysfs.h>

#include "ava_guest.h"

static atomic_long_t avag_stats[AVAG_STAT_COUNT];

void avag_stat_add(enum avag_stat stat, long n)
{
	atomic_long_add(n, &avag_stats[stat]);
}

static ssize_t avag_stat_show(enum avag_stat stat, char *buf)
{
	return sysfs_emit(buf, "%ld\n", atomic_long_read(&avag_stats[stat]));
}

static ssize_t contexts_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return avag_stat_show(AVAG_STAT_CONTEXTS, buf);
}
static DEVICE_ATTR_RO(contexts);

static ssize_t streams_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return avag_stat_show(AVAG_STAT_STREAMS, buf);
}
static DEVICE_ATTR_RO(streams);

static ssize_t calls_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return avag_stat_show(AVAG_STAT_CALLS, buf);
}
static DEVICE_ATTR_RO(calls);

static ssize_t pinned_pages_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	return avag_stat_show(AVAG_STAT_PINNED, buf);
}
static DEVICE_ATTR_RO(pinned_pages);

static struct attribute *avag_stat_attrs[] = {
	&dev_attr_contexts.attr,
	&dev_attr_streams.attr,
	&dev_attr_calls.attr,
	&dev_attr_pinned_pages.attr,
	NULL
};

static const struct attribute_group avag_stat_group = {
	.attrs = avag_stat_attrs,
};

const struct attribute_group *avag_stat_groups[] = {
	&avag_stat_group,
	NULL
};
