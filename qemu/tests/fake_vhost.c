/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_vhost.c - the host kernel's part of vhost-ava, as the device sees it
 *
 * Preloaded into QEMU, it answers every vhost ioctl in place of the kernel and
 * writes each to stderr as "vhost: NAME VALUES", so that a test on a machine without
 * the host module sees what QEMU asked for, in which order, and how it takes a
 * refusal. FAKE_VHOST_FEATURES is what VHOST_GET_FEATURES answers; FAKE_VHOST_FAIL,
 * as NAME:ERRNO, is the one request that fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/vhost.h>
#include <linux/vhost_ava.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_QUEUES 3

static unsigned int fake_base[FAKE_QUEUES];

static const struct {
	unsigned long request;
	const char *name;
} fake_names[] = {
	{ VHOST_GET_FEATURES, "GET_FEATURES" },
	{ VHOST_SET_FEATURES, "SET_FEATURES" },
	{ VHOST_SET_OWNER, "SET_OWNER" },
	{ VHOST_SET_MEM_TABLE, "SET_MEM_TABLE" },
	{ VHOST_SET_VRING_NUM, "SET_VRING_NUM" },
	{ VHOST_SET_VRING_ADDR, "SET_VRING_ADDR" },
	{ VHOST_SET_VRING_BASE, "SET_VRING_BASE" },
	{ VHOST_GET_VRING_BASE, "GET_VRING_BASE" },
	{ VHOST_SET_VRING_KICK, "SET_VRING_KICK" },
	{ VHOST_SET_VRING_CALL, "SET_VRING_CALL" },
	{ VHOST_SET_VRING_ERR, "SET_VRING_ERR" },
	{ VHOST_AVA_SET_GUEST_ID, "SET_GUEST_ID" },
	{ VHOST_AVA_SET_RUNNING, "SET_RUNNING" },
	{ VHOST_AVA_RESET, "RESET" },
};

static const char *fake_name(unsigned long request)
{
	size_t i;

	for (i = 0; i < sizeof(fake_names) / sizeof(fake_names[0]); i++)
		if (fake_names[i].request == request)
			return fake_names[i].name;
	return NULL;
}

static uint64_t fake_features(void)
{
	const char *given = getenv("FAKE_VHOST_FEATURES");

	return given ? strtoull(given, NULL, 0) :
		       1ull << 32 | 1ull << 29 | 1ull << 28 | 1ull << 27 | 1ull << 24;
}

static int fake_failure(const char *name)
{
	const char *given = getenv("FAKE_VHOST_FAIL");
	size_t len = strlen(name);

	if (!given || strncmp(given, name, len) || given[len] != ':')
		return 0;
	return atoi(given + len + 1);
}

static void fake_answer(unsigned long request, const char *name, void *arg)
{
	struct vhost_vring_state *state = arg;
	struct vhost_memory *mem = arg;

	switch (request) {
	case VHOST_GET_FEATURES:
		*(uint64_t *)arg = fake_features();
		break;
	case VHOST_SET_FEATURES:
		fprintf(stderr, "vhost: %s %#" PRIx64 "\n", name, *(uint64_t *)arg);
		return;
	case VHOST_AVA_SET_GUEST_ID:
		fprintf(stderr, "vhost: %s %" PRIu64 "\n", name, *(uint64_t *)arg);
		return;
	case VHOST_AVA_SET_RUNNING:
		fprintf(stderr, "vhost: %s %d\n", name, *(int *)arg);
		return;
	case VHOST_SET_MEM_TABLE:
		fprintf(stderr, "vhost: %s %s\n", name, mem->nregions ? "some" : "none");
		return;
	case VHOST_GET_VRING_BASE:
		state->num = fake_base[state->index % FAKE_QUEUES];
		break;
	case VHOST_SET_VRING_BASE:
		fake_base[state->index % FAKE_QUEUES] = state->num;
		/* fall through */
	case VHOST_SET_VRING_NUM:
		fprintf(stderr, "vhost: %s %u %u\n", name, state->index, state->num);
		return;
	}
	fprintf(stderr, "vhost: %s\n", name);
}

static int fake_ioctl(unsigned long request, void *arg)
{
	const char *name = fake_name(request);
	int err;

	if (!name) {
		errno = ENOTTY;
		return -1;
	}
	err = fake_failure(name);
	if (err) {
		fprintf(stderr, "vhost: %s refused\n", name);
		errno = err;
		return -1;
	}
	fake_answer(request, name, arg);
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);

	if (_IOC_TYPE(request) == VHOST_VIRTIO)
		return fake_ioctl(request, arg);
	if (!real)
		real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	return real(fd, request, arg);
}
