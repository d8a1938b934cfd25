/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TAP runner, and the few calls that every test of /dev/ava makes
 *
 * A test function returns when it is done; CHECK() prints what was wrong and
 * lets it go on, NEED() ends it. Results stand at column 0.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "echo.h"

#define COUNT_OF(a)	(sizeof(a) / sizeof((a)[0]))
#define PTR(p)		((__u64)(unsigned long)(p))

/* Ends a wait for what should come at once; emulated machines are slow. */
#define PATIENCE_MS	60000

struct test {
	const char *name;
	void (*run)(void);
};

static int test_failed;
static const char *test_skipped;

#define CHECK(cond, ...) do {						\
	if (!(cond)) {							\
		__atomic_store_n(&test_failed, 1, __ATOMIC_RELAXED);	\
		printf("# %s:%d: %s", __func__, __LINE__, #cond);	\
		printf("; " __VA_ARGS__);				\
		printf("\n");						\
	}								\
} while (0)

#define NEED(cond, ...) do {						\
	int ok_ = !!(cond);						\
									\
	CHECK(ok_ && #cond, __VA_ARGS__);				\
	if (!ok_)							\
		return;							\
} while (0)

/* The call fails with exactly this errno. */
#define REFUSED(call, err) do {						\
	int ret_, errno_;						\
									\
	errno = 0;							\
	ret_ = (call);							\
	errno_ = errno;							\
	CHECK(ret_ == -1 && errno_ == (err),				\
	      "%s: got %d, %s; expected %s", #call, ret_,		\
	      strerror(errno_), #err);					\
} while (0)

static inline int run_tests(const struct test *tests, unsigned int count)
{
	unsigned int i, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%u\n", count);
	for (i = 0; i < count; i++) {
		test_failed = 0;
		test_skipped = NULL;
		tests[i].run();
		if (test_skipped && !test_failed)
			printf("ok %u - %s # SKIP %s\n", i + 1, tests[i].name,
			       test_skipped);
		else
			printf("%s %u - %s\n", test_failed ? "not ok" : "ok",
			       i + 1, tests[i].name);
		failed += test_failed;
	}
	return failed ? 1 : 0;
}

/* ---- /dev/ava ---- */

static inline int ctx_file(void)
{
	return open("/dev/ava", O_RDWR | O_CLOEXEC);
}

static inline int ctx_bind(int fd, struct ava_open *req)
{
	memset(req, 0, sizeof(*req));
	echo_id(&req->api);
	return ioctl(fd, AVA_IOC_OPEN, req);
}

/* A file bound to the echo API, or -1. */
static inline int ctx_open(struct ava_open *limits)
{
	struct ava_open req;
	int fd = ctx_file();

	if (fd >= 0 && ctx_bind(fd, &req)) {
		printf("# AVA_IOC_OPEN: %s\n", strerror(errno));
		close(fd);
		return -1;
	}
	if (limits)
		*limits = req;
	return fd;
}

static inline int stream_open(int fd, __u32 *stream)
{
	struct ava_stream req = { 0 };
	int ret = ioctl(fd, AVA_IOC_STREAM_OPEN, &req);

	*stream = req.stream;
	return ret;
}

static inline int stream_close(int fd, __u32 stream)
{
	struct ava_stream req = { .stream = stream };

	return ioctl(fd, AVA_IOC_STREAM_CLOSE, &req);
}

static inline int submit(int fd, struct ava_call *calls, __u32 count, __u32 *done)
{
	struct ava_submit req = {
		.calls = PTR(calls),
		.count = count,
		.stride = sizeof(*calls),
	};
	int ret = ioctl(fd, AVA_IOC_SUBMIT, &req);

	if (done)
		*done = req.done;
	return ret;
}

/* One call: -1 with errno, whichever way it failed; otherwise 0. */
static inline int call(int fd, struct ava_call *c)
{
	if (submit(fd, c, 1, NULL))
		return -1;
	if (c->status) {
		errno = -c->status;
		return -1;
	}
	return 0;
}

/* ---- counters ---- */

static inline long counter(const char *name)
{
	char path[128];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/misc/ava/%s", name);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%ld", &value) != 1)
			value = -1;
		fclose(f);
	}
	return value;
}

static inline long counters(void)
{
	return counter("contexts") + counter("streams") + counter("calls") +
	       counter("pinned_pages");
}

/* Everything that a guest held comes back within a second. */
static inline int all_released(void)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < 1000 && counters(); i++)
		nanosleep(&ms, NULL);
	if (counters())
		printf("# held: contexts %ld streams %ld calls %ld pinned_pages %ld\n",
		       counter("contexts"), counter("streams"),
		       counter("calls"), counter("pinned_pages"));
	return !counters();
}

/* Wait until a counter has a value that another thread is about to cause. */
static inline int counter_becomes(const char *name, long value)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	int i;

	for (i = 0; i < PATIENCE_MS && counter(name) != value; i++)
		nanosleep(&ms, NULL);
	return counter(name) == value;
}

/* ---- the driver and its device ---- */

/* The name of the device that the driver is bound to; it stays once found. */
static inline const char *device_name(void)
{
	static char name[64];
	DIR *dir = name[0] ? NULL : opendir("/sys/bus/virtio/drivers/ava_guest");
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (!strncmp(d->d_name, "virtio", 6))
			snprintf(name, sizeof(name), "%.63s", d->d_name);
	if (dir)
		closedir(dir);
	return name;
}

/* "bind" or "unbind" */
static inline int driver(const char *verb)
{
	const char *name = device_name();
	char path[128];
	ssize_t len = strlen(name), n;
	int f;

	snprintf(path, sizeof(path), "/sys/bus/virtio/drivers/ava_guest/%s", verb);
	f = open(path, O_WRONLY);
	n = write(f, name, len);
	close(f);
	return n == len ? 0 : -1;
}

#endif /* HARNESS_H */
