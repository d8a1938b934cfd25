/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_event.h - events of the LOCAL channel, on their way to the guest
 */
#ifndef AVA_SERVER_LOCAL_EVENT_H
#define AVA_SERVER_LOCAL_EVENT_H

#include <stdint.h>

/**
 * ava_local_event() - send an event
 * @fd: the context's connection
 * @cookie: for the guest
 * @data: payload
 * @len: its bytes, AVA_LOCAL_MAX_EVENT at most
 *
 * Any thread. Does not wait: the vendor's threads call it, and a guest may be
 * running a callback that waits for one of those.
 * Return: 0; -ENOBUFS while there are very many that the guest did not take;
 * -ESHUTDOWN when it is gone; or another -errno.
 */
int ava_local_event(int fd, uint64_t cookie, const void *data, uint32_t len);

#endif /* AVA_SERVER_LOCAL_EVENT_H */
