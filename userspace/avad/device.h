/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device.h - the manager's end of /dev/ava-server
 */
#ifndef AVAD_DEVICE_H
#define AVAD_DEVICE_H

#include <stdint.h>
#include <linux/ava_server.h>

/**
 * avad_device_open() - open @path and become the manager: a descriptor or -errno
 */
int avad_device_open(const char *path);

/**
 * avad_device_accept() - take a waiting context: 0, or -EAGAIN, or another -errno
 */
int avad_device_accept(int dev, struct ava_server_accept *context);

/**
 * avad_device_reject() - refuse a context; async-signal-safe
 * @reason: AVA_REJECT_*
 */
int avad_device_reject(int context_fd, uint32_t reason);

#endif /* AVAD_DEVICE_H */
