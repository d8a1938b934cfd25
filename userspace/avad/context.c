// SPDX-License-Identifier: Apache-2.0
/*
 * context.c - what becomes of a context that a guest opened
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "device.h"
#include "log.h"
#include "manager.h"

static void context_refuse(const struct ava_server_accept *c, const char *name,
			   uint32_t reason, const char *why)
{
	avad_log(AVAD_WARNING, "context %llu (VM %llu, %s): refused: %s",
		 (unsigned long long)c->context_id, (unsigned long long)c->guest_id, name, why);
	avad_device_reject(c->fd, reason);
}

/* The guest chose these bytes; the log is read by people and programs. */
static void context_name(const struct ava_server_accept *c, char name[AVA_API_NAME_LEN])
{
	size_t i;

	memcpy(name, c->api.name, AVA_API_NAME_LEN);
	name[AVA_API_NAME_LEN - 1] = '\0';
	for (i = 0; name[i]; i++)
		if (!isgraph((unsigned char)name[i]))
			name[i] = '?';
}

static void context_serve(struct avad_manager *m, const struct ava_server_accept *c)
{
	char name[AVA_API_NAME_LEN];
	const struct avad_api *api;
	int ret;

	context_name(c, name);
	api = avad_config_find(m->apis, name);
	if (!api) {
		context_refuse(c, name, AVA_REJECT_NO_API, "no such API is configured");
		return;
	}
	if (api->max_contexts && avad_server_count(m, name) >= api->max_contexts) {
		context_refuse(c, name, AVA_REJECT_QUOTA, "max_contexts is reached");
		return;
	}
	ret = avad_server_start(m, api, c->fd, c->guest_id, c->context_id);
	if (ret)
		context_refuse(c, name, AVA_REJECT_NO_SERVER, strerror(-ret));
}

/*
 * Contexts wait in the kernel while the manager has no descriptors: turning
 * away from the device until a server ends is not a busy wait.
 */
static void context_accept_failed(struct avad_manager *m, int err)
{
	avad_log(AVAD_ERR, "cannot accept a context: %s", strerror(-err));
	if (!m->servers || (err != -EMFILE && err != -ENFILE && err != -ENOMEM)) {
		m->stop = true;
		m->error = err;
		return;
	}
	epoll_ctl(m->epoll, EPOLL_CTL_DEL, m->device.fd, NULL);
	m->device_paused = true;
}

void avad_context_ready(struct avad_manager *m, struct avad_source *source)
{
	struct ava_server_accept context;
	int ret;

	while (!(ret = avad_device_accept(source->fd, &context))) {
		context_serve(m, &context);
		close(context.fd);
	}
	if (ret != -EAGAIN)
		context_accept_failed(m, ret);
}
