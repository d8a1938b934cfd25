// SPDX-License-Identifier: Apache-2.0
/*
 * manager.c - the event loop: the device, signals, servers that end
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "manager.h"

int avad_manager_watch(struct avad_manager *m, struct avad_source *source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	return epoll_ctl(m->epoll, EPOLL_CTL_ADD, source->fd, &event) ? -errno : 0;
}

void avad_manager_unwatch(struct avad_manager *m, struct avad_source *source)
{
	epoll_ctl(m->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	close(source->fd);
	source->fd = -1;
}

/* One event a round: what is behind it may free other sources. */
int avad_manager_run(struct avad_manager *m)
{
	struct avad_source *source;
	struct epoll_event event;
	int ret;

	while (!m->stop) {
		ret = epoll_wait(m->epoll, &event, 1, -1);
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (ret <= 0)
			continue;
		source = event.data.ptr;
		source->ready(m, source);
	}
	return m->error;
}
