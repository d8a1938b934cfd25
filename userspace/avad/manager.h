/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manager.h - the manager's state and its event loop
 *
 * One thread, one epoll set: nothing here needs a lock.
 */
#ifndef AVAD_MANAGER_H
#define AVAD_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"

struct avad_manager;

/**
 * struct avad_source - a descriptor of the epoll set
 * @ready: called when it can be read
 */
struct avad_source {
	int fd;
	void (*ready)(struct avad_manager *m, struct avad_source *source);
};

/**
 * struct avad_server - a context's server, or what removes its directory after it
 * @source: its pidfd
 * @next: in the manager's list
 * @pid: process
 * @api: name; the configuration may change meanwhile
 * @guest_id: the VM
 * @context_id: the context
 * @work_dir: its private directory
 * @cleaning: the server is gone, the process removes @work_dir
 */
struct avad_server {
	struct avad_source source;
	struct avad_server *next;
	pid_t pid;
	char *api;
	uint64_t guest_id;
	uint64_t context_id;
	char *work_dir;
	bool cleaning;
};

/**
 * struct avad_manager - the one instance
 * @error: why it stopped, if nobody asked for it
 * @device_paused: no descriptors left; resumed when a server ends
 */
struct avad_manager {
	int epoll;
	struct avad_source device;
	struct avad_source signals;
	const char *config_dir;
	struct avad_api *apis;
	struct avad_server *servers;
	bool device_paused;
	bool stop;
	int error;
};

/**
 * avad_manager_watch() - add a source: 0 or -errno
 */
int avad_manager_watch(struct avad_manager *m, struct avad_source *source);

/**
 * avad_manager_unwatch() - take a source out again, and close it
 *
 * Closing alone would not do: a child may hold the file a moment longer.
 */
void avad_manager_unwatch(struct avad_manager *m, struct avad_source *source);

/**
 * avad_manager_run() - until a signal says stop: 0 or -errno
 */
int avad_manager_run(struct avad_manager *m);

/**
 * avad_context_ready() - the device has contexts: take and serve them
 */
void avad_context_ready(struct avad_manager *m, struct avad_source *source);

/**
 * avad_server_start() - start a server: 0 or -errno after a line in the log
 */
int avad_server_start(struct avad_manager *m, const struct avad_api *api, int context_fd,
		      uint64_t guest_id, uint64_t context_id);

/**
 * avad_server_forget_all() - the manager ends; the servers do not
 */
void avad_server_forget_all(struct avad_manager *m);

/**
 * avad_server_count() - servers of an API that run
 */
unsigned int avad_server_count(const struct avad_manager *m, const char *api);

#endif /* AVAD_MANAGER_H */
