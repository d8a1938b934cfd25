// SPDX-License-Identifier: GPL-2.0
/*
 * The driver is unbound from its device below open files, and bound again
 *
 * Runs in a guest, as root, with echo_server on the host, and alone: it takes
 * the device away from everybody.
 */
#include "harness.h"

#include <pthread.h>

static int fd;
static __u32 st;

struct waiter {
	pthread_t thread;
	int ret;
	int err;
};

static void *in_call(void *arg)
{
	struct waiter *w = arg;
	char *buf = malloc(65536);
	struct ava_seg seg = { PTR(buf), 65536, AVA_SEG_FROM_HOST, 0 };
	struct ava_call c = { .func = ECHO_BLOCK, .stream = st,
			      .segs = PTR(&seg), .seg_count = 1 };

	w->ret = call(fd, &c);
	w->err = errno;
	free(buf);
	return NULL;
}

static void *in_read(void *arg)
{
	struct waiter *w = arg;
	struct ava_event ev;

	w->ret = read(fd, &ev, sizeof(ev));
	w->err = errno;
	return NULL;
}

static void *in_poll(void *arg)
{
	struct waiter *w = arg;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	w->ret = poll(&p, 1, PATIENCE_MS);
	w->err = p.revents;
	return NULL;
}

static void waits_end(void)
{
	struct waiter c, r, p;
	struct timespec ms = { .tv_nsec = 50000000 };

	fd = ctx_open(NULL);
	if (fd < 0 || stream_open(fd, &st) || !*device_name()) {
		printf("Bail out! no context; is echo_server running on the host?\n");
		exit(1);
	}
	pthread_create(&c.thread, NULL, in_call, &c);
	pthread_create(&r.thread, NULL, in_read, &r);
	pthread_create(&p.thread, NULL, in_poll, &p);
	CHECK(counter_becomes("calls", 1), "calls %ld", counter("calls"));
	/* Only makes it likely that the other two wait as well. */
	nanosleep(&ms, NULL);
	CHECK(!driver("unbind"), "%s", strerror(errno));
	pthread_join(c.thread, NULL);
	pthread_join(r.thread, NULL);
	pthread_join(p.thread, NULL);
	CHECK(c.ret == -1 && c.err == ENODEV, "call: %d %s", c.ret, strerror(c.err));
	CHECK(r.ret == -1 && r.err == ENODEV, "read: %d %s", r.ret, strerror(r.err));
	CHECK(p.ret == 1 && p.err & POLLHUP, "poll: %d, %x", p.ret, p.err);
}

static void everything_fails(int f)
{
	struct pollfd p = { .fd = f, .events = POLLIN };
	struct ava_call c = { .func = ECHO_ECHO, .stream = st };
	struct ava_open req;
	char buf[64];
	__u32 s;

	REFUSED(call(f, &c), ENODEV);
	REFUSED(stream_open(f, &s), ENODEV);
	REFUSED(stream_close(f, st), ENODEV);
	REFUSED(ctx_bind(f, &req), ENODEV);
	REFUSED(read(f, buf, sizeof(buf)), ENODEV);
	CHECK(poll(&p, 1, 0) == 1 && p.revents & POLLHUP, "%x", p.revents);
}

static void old_file_without_device(void)
{
	everything_fails(fd);
}

static void new_file_without_device(void)
{
	struct ava_open req;
	int f = ctx_file();

	NEED(f >= 0, "%s", strerror(errno));
	REFUSED(ctx_bind(f, &req), ENODEV);
	CHECK(!driver("bind"), "%s", strerror(errno));
	/* The same file finds the device that is there now. */
	CHECK(!ctx_bind(f, &req), "%s", strerror(errno));
	close(f);
}

static void old_file_with_a_new_device(void)
{
	everything_fails(fd);
}

static void new_file_with_a_new_device(void)
{
	struct ava_call c = { .func = ECHO_ECHO };
	int f = ctx_open(NULL);

	NEED(f >= 0 && !stream_open(f, &c.stream), "%s", strerror(errno));
	CHECK(!call(f, &c), "%s", strerror(errno));
	close(f);
}

static void pins_are_released(void)
{
	CHECK(counter("pinned_pages") == 0, "%ld", counter("pinned_pages"));
	close(fd);
	CHECK(all_released(), "after");
}

static void unbound_again_and_again(void)
{
	int i, f;

	for (i = 0; i < 5; i++) {
		f = ctx_open(NULL);
		NEED(f >= 0, "%d: %s", i, strerror(errno));
		CHECK(!driver("unbind"), "%s", strerror(errno));
		if (i & 1)
			close(f);
		CHECK(!driver("bind"), "%s", strerror(errno));
		if (!(i & 1))
			close(f);
	}
	CHECK(all_released(), "after");
}

int main(void)
{
	static const struct test tests[] = {
		{ "unbind ends a call, a read and a poll", waits_end },
		{ "the old file has no device", old_file_without_device },
		{ "a new file finds none, then the one bound again", new_file_without_device },
		{ "the old file does not find it", old_file_with_a_new_device },
		{ "a new context works", new_file_with_a_new_device },
		{ "pins are released", pins_are_released },
		{ "unbound with an open file five times", unbound_again_and_again },
	};

	return run_tests(tests, COUNT_OF(tests));
}
