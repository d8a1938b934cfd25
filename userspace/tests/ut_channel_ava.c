// SPDX-License-Identifier: Apache-2.0
/*
 * ut_channel_ava.c - the /dev/ava channel and what libava makes of it
 *
 * A stand-in for the driver: the linker sends open, ioctl, read and poll of
 * this program here. It does what each test tells it to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ut.h"

#define FAKE_STREAMS 16

static struct {
	int fd;			/* what open gave, or -1 */
	int open_error;		/* of open(2) */
	int bind_error;		/* of AVA_IOC_OPEN */
	int eintr;		/* so many calls return EINTR first */
	int submit_error;
	int status;
	unsigned int submits;
	unsigned int opens;
	bool stream_open[FAKE_STREAMS];
	bool stream_busy[FAKE_STREAMS];
	uint32_t last_stream;
	struct ava_open bound;
	char events[512];
	size_t event_len;
	bool error;		/* poll(2) says that the context is in error */
} fake;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long cmd, void *arg);
ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __wrap_read(int fd, void *buf, size_t len);
int __real_poll(struct pollfd *pfd, nfds_t count, int ms);
int __wrap_poll(struct pollfd *pfd, nfds_t count, int ms);

static int fake_error(int err)
{
	errno = err;
	return -1;
}

static bool fake_interrupted(void)
{
	if (!fake.eintr)
		return false;
	fake.eintr--;
	return true;
}

int __wrap_open(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/ava"))
		return __real_open(path, flags, 0600);
	if (fake_interrupted())
		return fake_error(EINTR);
	if (fake.open_error)
		return fake_error(fake.open_error);
	assert_int_equal(flags, O_RDWR | O_CLOEXEC);
	fake.opens++;
	fake.fd = memfd_create("ava", MFD_CLOEXEC);
	return fake.fd;
}

static int fake_bind(struct ava_open *arg)
{
	static const struct ava_open zero;

	assert_int_equal(arg->flags, 0);
	assert_memory_equal(arg->reserved, zero.reserved, sizeof(zero.reserved));
	if (fake.bind_error)
		return fake_error(fake.bind_error);
	fake.bound = *arg;
	arg->max_args = 11;
	arg->max_reply = 12;
	arg->max_segs = 13;
	arg->max_bulk = 14;
	arg->max_streams = FAKE_STREAMS;
	return 0;
}

static int fake_stream_open(struct ava_stream *arg)
{
	uint32_t i;

	assert_int_equal(arg->flags, 0);
	for (i = 0; i < FAKE_STREAMS && fake.stream_open[i]; i++)
		;
	if (i == FAKE_STREAMS)
		return fake_error(EDQUOT);
	fake.stream_open[i] = true;
	arg->stream = i;
	return 0;
}

static int fake_stream_close(struct ava_stream *arg)
{
	assert_int_equal(arg->flags, 0);
	if (arg->stream >= FAKE_STREAMS || !fake.stream_open[arg->stream])
		return fake_error(ENOENT);
	if (fake.stream_busy[arg->stream])
		return fake_error(EBUSY);
	fake.stream_open[arg->stream] = false;
	return 0;
}

static int fake_submit(struct ava_submit *arg)
{
	struct ava_call *call = (void *)(uintptr_t)arg->calls;

	assert_int_equal(arg->flags, 0);
	assert_int_equal(arg->reserved, 0);
	assert_int_equal(arg->stride, sizeof(struct ava_call));
	fake.submits++;
	if (fake.submit_error)
		return fake_error(fake.submit_error);
	assert_true(fake.stream_open[call->stream]);
	fake.last_stream = call->stream;
	call->status = fake.status;
	call->reply_len = 5;
	arg->done = arg->count;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long cmd, void *arg)
{
	if (fd != fake.fd)
		return fake_error(EBADF);
	if (fake_interrupted())
		return fake_error(EINTR);
	switch (cmd) {
	case AVA_IOC_OPEN:
		return fake_bind(arg);
	case AVA_IOC_STREAM_OPEN:
		return fake_stream_open(arg);
	case AVA_IOC_STREAM_CLOSE:
		return fake_stream_close(arg);
	case AVA_IOC_SUBMIT:
		return fake_submit(arg);
	}
	return fake_error(ENOTTY);
}

ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	size_t count = fake.event_len;

	if (fd != fake.fd)
		return __real_read(fd, buf, len);
	if (fake_interrupted())
		return fake_error(EINTR);
	assert_true(len >= count);
	memcpy(buf, fake.events, count);
	fake.event_len = 0;
	return count;
}

int __wrap_poll(struct pollfd *pfd, nfds_t count, int ms)
{
	if (pfd->fd != fake.fd)
		return __real_poll(pfd, count, ms);
	assert_true(fake.event_len || fake.error || !ms);
	if (fake_interrupted())
		return fake_error(EINTR);
	pfd->revents = (fake.event_len ? POLLIN : 0) | (fake.error ? POLLERR : 0);
	return !!pfd->revents;
}

static const struct ava_api_id *fresh_id(void)
{
	struct ava_api_id *id = malloc(sizeof(*id));

	*id = echo_id;
	return id;
}

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.fd = -1;
	unsetenv("AVA_CHANNEL");
	return 0;
}

static struct ava_context *fresh_context(void)
{
	struct ava_context *ctx;

	assert_int_equal(ava_context_get(fresh_id(), &ctx), 0);
	return ctx;
}

static void test_open(void **state)
{
	struct ava_context *ctx, *again;
	const struct ava_api_id *id = fresh_id();

	(void)state;
	fake.eintr = 5;
	assert_int_equal(ava_context_get(id, &ctx), 0);
	assert_int_equal(ava_context_get(id, &again), 0);
	assert_ptr_equal(ctx, again);
	assert_int_equal(fake.opens, 1);
	assert_memory_equal(&fake.bound.api, &echo_id, sizeof(echo_id));
	assert_int_equal(ava_context_limits(ctx)->max_args, 11);
	assert_int_equal(ava_context_limits(ctx)->max_reply, 12);
	assert_int_equal(ava_context_limits(ctx)->max_segs, 13);
	assert_int_equal(ava_context_limits(ctx)->max_bulk, 14);
	assert_int_equal(ava_context_limits(ctx)->max_streams, FAKE_STREAMS);
}

static void check_open_error(int node_error, int bind_error, int expected, const char *text)
{
	struct ava_context *ctx;
	unsigned int fds = ut_fd_count();
	const char *log;

	fake.open_error = node_error;
	fake.bind_error = bind_error;
	ut_capture_begin();
	assert_int_equal(ava_context_get(fresh_id(), &ctx), expected);
	log = ut_capture_end();
	if (ut_count(log, text) != 1 || ut_count(log, "\n") != 1)
		fail_msg("logged \"%s\", expected one line with \"%s\"", log, text);
	assert_int_equal(ut_fd_count(), fds);
}

static void test_open_errors(void **state)
{
	(void)state;
	check_open_error(ENOENT, 0, -ENODEV, "expected /dev/ava");
	check_open_error(ENXIO, 0, -ENODEV, "expected /dev/ava");
	check_open_error(EACCES, 0, -EACCES, "Permission denied");
	check_open_error(0, ECONNREFUSED, -ECONNREFUSED, "expected avad to run");
	check_open_error(0, ENOENT, -ENOENT, "serves no such API");
	check_open_error(0, EPROTONOSUPPORT, -EPROTONOSUPPORT, "built from another spec");
	check_open_error(0, EIO, -EIO, "did not start");
	check_open_error(0, ETIMEDOUT, -ETIMEDOUT, "did not answer in time");
	check_open_error(0, EDQUOT, -EDQUOT, "a limit of this VM");
	check_open_error(0, ENODEV, -ENODEV, "expected /dev/ava");
}

static void test_call(void **state)
{
	struct ava_context *ctx = fresh_context();
	struct ava_call call = { .func = 1 };

	(void)state;
	fake.eintr = 7;
	assert_int_equal(ava_context_call(ctx, &call), 0);
	assert_int_equal(call.reply_len, 5);
	assert_int_equal(fake.eintr, 0);
	assert_int_equal(fake.submits, 1);
}

static void check_lost(int submit_error, int status, int expected)
{
	struct ava_context *ctx;
	struct ava_call call = { .func = 1 };
	unsigned int submits;

	setup(NULL);
	ctx = fresh_context();
	assert_int_equal(ava_context_call(ctx, &call), 0);
	fake.submit_error = submit_error;
	fake.status = status;
	ut_capture_begin();
	assert_int_equal(ava_context_call(ctx, &call), expected);
	assert_int_equal(call.status, expected);
	submits = fake.submits;
	fake.submit_error = 0;
	fake.status = 0;
	assert_int_equal(ava_context_call(ctx, &call), expected);
	assert_int_equal(ut_count(ut_capture_end(), "context lost"), 1);
	assert_int_equal(fake.submits, submits);
}

static void test_losses_stick(void **state)
{
	(void)state;
	check_lost(ENOLINK, 0, -ENOLINK);
	check_lost(0, -ENOLINK, -ENOLINK);
	check_lost(0, -EBADMSG, -EBADMSG);
	check_lost(ENODEV, 0, -ENODEV);
	check_lost(0, -ECANCELED, -ECANCELED);
	check_lost(EBADF, 0, -EBADF);
	check_lost(ENOTTY, 0, -ENOTTY);
}

static void check_kept(int submit_error, int status, int expected)
{
	struct ava_context *ctx;
	struct ava_call call = { .func = 1 };

	setup(NULL);
	ctx = fresh_context();
	fake.submit_error = submit_error;
	fake.status = status;
	assert_int_equal(ava_context_call(ctx, &call), expected);
	fake.submit_error = 0;
	fake.status = 0;
	assert_int_equal(ava_context_call(ctx, &call), 0);
}

static void test_other_errors_do_not(void **state)
{
	(void)state;
	check_kept(EINVAL, 0, -EINVAL);
	check_kept(E2BIG, 0, -E2BIG);
	check_kept(EFAULT, 0, -EFAULT);
	check_kept(ENOMEM, 0, -ENOMEM);
	check_kept(0, -EDQUOT, -EDQUOT);
	check_kept(0, -ENOMEM, -ENOMEM);
}

static void *thread_one_call(void *arg)
{
	struct ava_call call = { .func = 1 };

	return (void *)(intptr_t)ava_context_call(arg, &call);
}

static int call_from_thread(struct ava_context *ctx)
{
	pthread_t thread;
	void *ret;

	pthread_create(&thread, NULL, thread_one_call, ctx);
	pthread_join(thread, &ret);
	return (intptr_t)ret;
}

static unsigned int streams_open(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < FAKE_STREAMS; i++)
		count += fake.stream_open[i];
	return count;
}

static void test_stream_goes_with_its_thread(void **state)
{
	struct ava_context *ctx = fresh_context();

	(void)state;
	assert_int_equal(streams_open(), 0);
	assert_int_equal(call_from_thread(ctx), 0);
	assert_int_equal(streams_open(), 0);
	assert_int_equal(call_from_thread(ctx), 0);
	assert_int_equal(fake.opens, 1);
}

/* Busy with asynchronous calls when its thread ends: the next thread takes it. */
static void test_busy_stream_is_reused(void **state)
{
	struct ava_context *ctx = fresh_context();
	int i;

	(void)state;
	memset(fake.stream_busy, 1, sizeof(fake.stream_busy));
	for (i = 0; i < 3 * FAKE_STREAMS; i++)
		assert_int_equal(call_from_thread(ctx), 0);
	assert_int_equal(streams_open(), 1);
	memset(fake.stream_busy, 0, sizeof(fake.stream_busy));
	assert_int_equal(call_from_thread(ctx), 0);
	assert_int_equal(streams_open(), 0);
}

static void test_too_many_streams(void **state)
{
	struct ava_context *ctx = fresh_context();

	(void)state;
	memset(fake.stream_open, 1, sizeof(fake.stream_open));
	assert_int_equal(call_from_thread(ctx), -EDQUOT);
	memset(fake.stream_open, 0, sizeof(fake.stream_open));
	assert_int_equal(call_from_thread(ctx), 0);
}

static int child_fresh(void *arg)
{
	struct ava_call call = { .func = 1 };
	int parent_fd = fake.fd;

	/* The stand-in's state is a copy; its file is not the parent's any more. */
	if (fcntl(parent_fd, F_GETFD) != -1)
		return 1;
	memset(fake.stream_open, 0, sizeof(fake.stream_open));
	if (ava_context_call(arg, &call))
		return 2;
	return fake.opens == 2 && streams_open() == 1 ? 0 : 3;
}

static void test_fork(void **state)
{
	struct ava_context *ctx = fresh_context();
	struct ava_call call = { .func = 1 };

	(void)state;
	assert_int_equal(ava_context_call(ctx, &call), 0);
	assert_int_equal(ut_child(child_fresh, ctx), 0);
	assert_int_equal(ava_context_call(ctx, &call), 0);
	assert_int_equal(fake.opens, 1);
}

static size_t put_event(size_t pos, uint32_t type, const char *payload, uint32_t len)
{
	struct ava_event ev = { .type = type, .len = len, .cookie = pos };

	memcpy(fake.events + pos, &ev, sizeof(ev));
	memcpy(fake.events + pos + sizeof(ev), payload, len);
	fake.event_len = pos + sizeof(ev) + len;
	return fake.event_len;
}

static void test_events(void **state)
{
	const struct ava_channel_ops *ops = &ava_channel_ava;
	struct ava_limits limits;
	struct ava_channel *ch;
	struct ava_event ev;
	char payload[16];
	size_t pos;

	(void)state;
	assert_int_equal(ops->open(&ch, NULL, &echo_id, &limits), 0);
	assert_int_equal(ops->read_event(ch, 0, &ev, payload, 16), -EAGAIN);
	pos = put_event(0, AVA_EVENT_CALLBACK, "abc", 3);
	put_event(pos, AVA_EVENT_LOST, "", 0);
	fake.error = true;
	fake.eintr = 2;
	assert_int_equal(ops->read_event(ch, 0, &ev, payload, 2), -EMSGSIZE);
	assert_int_equal(ops->read_event(ch, 0, &ev, payload, 16), 0);
	assert_int_equal(ev.type, AVA_EVENT_CALLBACK);
	assert_int_equal(ev.len, 3);
	assert_memory_equal(payload, "abc", 3);
	assert_int_equal(ops->read_event(ch, 1, &ev, payload, 16), 0);
	assert_int_equal(ev.type, AVA_EVENT_LOST);
	assert_int_equal(ev.cookie, pos);
	assert_int_equal(ops->read_event(ch, 1, &ev, payload, 16), -ENODATA);
	ops->close(ch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_open, setup),
		cmocka_unit_test_setup(test_open_errors, setup),
		cmocka_unit_test_setup(test_call, setup),
		cmocka_unit_test_setup(test_losses_stick, setup),
		cmocka_unit_test_setup(test_other_errors_do_not, setup),
		cmocka_unit_test_setup(test_stream_goes_with_its_thread, setup),
		cmocka_unit_test_setup(test_busy_stream_is_reused, setup),
		cmocka_unit_test_setup(test_too_many_streams, setup),
		cmocka_unit_test_setup(test_fork, setup),
		cmocka_unit_test_setup(test_events, setup),
	};

	return cmocka_run_group_tests_name("channel_ava", tests, NULL, NULL);
}
