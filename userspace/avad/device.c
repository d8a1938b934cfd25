// SPDX-License-Identifier: Apache-2.0
/*
 * device.c - the manager's end of /dev/ava-server
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"

static int device_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, cmd, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

int avad_device_open(const char *path)
{
	struct ava_server_register arg = { 0 };
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	int ret;

	if (fd < 0)
		return -errno;
	ret = device_ioctl(fd, AVA_SERVER_IOC_REGISTER, &arg);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int avad_device_accept(int dev, struct ava_server_accept *context)
{
	*context = (struct ava_server_accept){ 0 };
	return device_ioctl(dev, AVA_SERVER_IOC_ACCEPT, context);
}

int avad_device_reject(int context_fd, uint32_t reason)
{
	struct ava_context_reject arg = { .reason = reason };

	return device_ioctl(context_fd, AVA_CONTEXT_IOC_REJECT, &arg);
}
