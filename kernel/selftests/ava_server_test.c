// SPDX-License-Identifier: GPL-2.0
/*
 * ava_server_test.c - manager and context files of /dev/ava-server: what they do and refuse
 *
 * One thread plays guest, manager and server in turn.
 */
#include "ava_harness.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct virtio_ava_ctrl good_open(void)
{
	return ring_ctrl_open(RING_API_NAME, RING_API_MAJOR, RING_API_MINOR, RING_API_HASH);
}

static int set_nonblock(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static short poll_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, 0);
	return p.revents;
}

/* Waits for one of @mask. */
static short poll_for(int fd, short mask)
{
	struct pollfd p = { .fd = fd, .events = mask };

	poll(&p, 1, RING_TIMEOUT);
	return p.revents;
}

/* ---- the manager's file --------------------------------------------------- */

FIXTURE(manager) {
	int fd;
};

FIXTURE_SETUP(manager)
{
	self->fd = open("/dev/ava-server", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(manager)
{
	close(self->fd);
	EXPECT_IDLE();
}

TEST_F(manager, register_refuses_unknown_bits)
{
	struct ava_server_register reg = { .flags = 1 };

	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_SERVER_IOC_REGISTER, &reg));
	reg = (struct ava_server_register){ .reserved = 1 };
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_SERVER_IOC_REGISTER, &reg));
	EXPECT_EQ(-EFAULT, IOCTL(self->fd, AVA_SERVER_IOC_REGISTER, (void *)16));
	EXPECT_EQ(0, ring_counter("ava-server", "managers"));
}

TEST_F(manager, only_one)
{
	struct ava_server_register reg = { 0 };

	ASSERT_EQ(0, IOCTL(self->fd, AVA_SERVER_IOC_REGISTER, &reg));
	EXPECT_EQ(1, ring_counter("ava-server", "managers"));
	EXPECT_EQ(-EBUSY, ring_manager());
	/* It is the manager already: nothing to refuse. */
	EXPECT_EQ(0, IOCTL(self->fd, AVA_SERVER_IOC_REGISTER, &reg));
}

TEST_F(manager, another_may_follow)
{
	int i, fd;

	for (i = 0; i < 3; i++) {
		fd = ring_manager();
		ASSERT_LE(0, fd);
		close(fd);
	}
}

TEST_F(manager, needs_cap_sys_admin)
{
	struct ava_server_register reg = { 0 };
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(2);
		_exit(IOCTL(self->fd, AVA_SERVER_IOC_REGISTER, &reg) == -EPERM ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
}

TEST_F(manager, accept_needs_the_manager)
{
	struct ava_server_accept acc = { 0 };

	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_SERVER_IOC_ACCEPT, &acc));
}

TEST_F(manager, accept_refuses_unknown_bits)
{
	struct ava_server_register reg = { 0 };
	struct ava_server_accept acc = { .flags = 1 };

	ASSERT_EQ(0, IOCTL(self->fd, AVA_SERVER_IOC_REGISTER, &reg));
	set_nonblock(self->fd);
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_SERVER_IOC_ACCEPT, &acc));
	acc = (struct ava_server_accept){ .reserved = 1 };
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_SERVER_IOC_ACCEPT, &acc));
	EXPECT_EQ(-EFAULT, IOCTL(self->fd, AVA_SERVER_IOC_ACCEPT, (void *)16));
	acc = (struct ava_server_accept){ 0 };
	EXPECT_EQ(-EAGAIN, IOCTL(self->fd, AVA_SERVER_IOC_ACCEPT, &acc));
	EXPECT_EQ(0, poll_now(self->fd) & POLLIN);
}

TEST_F(manager, unknown_commands)
{
	uint64_t buf[32] = { 0 };

	EXPECT_EQ(-ENOTTY, IOCTL(self->fd, _IOW(AVA_IOC_MAGIC, 0x2f, __u64), buf));
	EXPECT_EQ(-ENOTTY, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, buf));
	EXPECT_EQ(-ENOTTY, IOCTL(self->fd, AVA_STREAM_IOC_ENTER, buf));
	EXPECT_EQ(-ENOTTY, IOCTL(self->fd, AVA_IOC_OPEN, buf));
	EXPECT_EQ(-ENOTTY, IOCTL(self->fd, VHOST_SET_OWNER, 0));
}

TEST_F(manager, accept_is_interruptible)
{
	struct ava_server_register reg = { 0 };
	struct ava_server_accept acc = { 0 };
	int status;
	pid_t pid;

	ASSERT_EQ(0, IOCTL(self->fd, AVA_SERVER_IOC_REGISTER, &reg));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ioctl(self->fd, AVA_SERVER_IOC_ACCEPT, &acc);
		_exit(1);
	}
	usleep(100000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	EXPECT_TRUE(WIFSIGNALED(status));
}

/* ---- the context's file ------------------------------------------------------ */

FIXTURE(context) {
	struct ring_vm vm;
	int manager;
	struct ring_ctrl open;
	struct ava_server_accept acc;
	int fd;
};

FIXTURE_SETUP(context)
{
	struct virtio_ava_ctrl req = good_open();

	self->manager = ring_manager();
	ASSERT_LE(0, self->manager);
	ASSERT_EQ(0, ring_vm_up(&self->vm, test_guest_id(), 1 * MIB));
	ASSERT_EQ(0, ring_ctrl_send(&self->vm, &req, &self->open));
	self->fd = ring_accept(self->manager, &self->acc);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(context)
{
	EXPECT_EQ(0, ring_params_restore());
	close(self->fd);
	close(self->manager);
	ring_vm_down(&self->vm);
	EXPECT_IDLE();
}

/* Attach a good server; the guest's context id. */
static uint32_t context_serve(struct ring_vm *vm, int fd, struct ring_ctrl *open)
{
	struct ava_api_id id = ring_api_id();
	struct virtio_ava_ctrl_resp resp;

	if (ring_attach(fd, &id) || ring_ctrl_wait(vm, open, &resp))
		return 0;
	return resp.ctx;
}

TEST_F(context, says_what_the_guest_asked_for)
{
	struct ava_api_id id = ring_api_id();

	EXPECT_EQ(test_guest_id(), self->acc.guest_id);
	EXPECT_NE(0, self->acc.context_id);
	EXPECT_EQ(0, memcmp(&id, &self->acc.api, sizeof(id)));
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	EXPECT_EQ(1, ring_counter("ava-server", "contexts"));
}

TEST_F(context, attach_answers_the_guest)
{
	struct ava_api_id id = ring_api_id();
	struct virtio_ava_ctrl_resp resp = { 0 };

	ASSERT_EQ(0, ring_attach(self->fd, &id));
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl_wait(&self->vm, &self->open, &resp));
	EXPECT_NE(0, resp.ctx);
	EXPECT_LE(4096, resp.max_args);
	EXPECT_GE(VIRTIO_AVA_MAX_ARGS, resp.max_args);
	EXPECT_LE(4096, resp.max_reply);
	EXPECT_GE(VIRTIO_AVA_MAX_REPLY, resp.max_reply);
	EXPECT_LE(1, resp.max_segs);
	EXPECT_GE(VIRTIO_AVA_MAX_SEGS, resp.max_segs);
	EXPECT_LE(1, resp.max_streams);
	EXPECT_LE(64 * MIB, resp.max_bulk);
	EXPECT_EQ(-EBUSY, ring_attach(self->fd, &id));
}

TEST_F(context, attach_refuses_bad_fields)
{
	struct ava_context_attach good = {
		.api = ring_api_id(),
		.funcs = (uintptr_t)ring_funcs,
		.func_count = ring_func_count,
		.func_stride = sizeof(ring_funcs[0]),
	}, att;

	att = good;
	att.flags = 1;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	att = good;
	att.reserved = 1;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	att = good;
	att.func_count = 0;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	att = good;
	att.func_count = AVA_MAX_FUNCS + 1;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	att = good;
	att.func_stride = sizeof(ring_funcs[0]) + 4;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	att = good;
	att.func_stride = 4096 + 8;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	att = good;
	att.func_stride = 0;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	att = good;
	att.funcs = 16;
	EXPECT_EQ(-EFAULT, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	att = good;
	att.funcs = UINT64_MAX - 8;
	EXPECT_EQ(-EFAULT, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	EXPECT_EQ(-EFAULT, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, (void *)16));
	/* None of this decided the context's fate. */
	EXPECT_EQ(0, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &good));
}

static int attach_rows(int fd, const struct ava_func *rows, unsigned int count)
{
	struct ava_context_attach att = {
		.api = ring_api_id(),
		.funcs = (uintptr_t)rows,
		.func_count = count,
		.func_stride = sizeof(rows[0]),
	};

	return IOCTL(fd, AVA_CONTEXT_IOC_ATTACH, &att);
}

TEST_F(context, attach_refuses_bad_tables)
{
	struct ava_func unsorted[] = { { .id = 2 }, { .id = 1 } };
	struct ava_func twice[] = { { .id = 2 }, { .id = 2 } };
	struct ava_func flags[] = { { .id = 1, .flags = 1u << 7 } };
	struct ava_func reserved[] = { { .id = 1, .reserved = 1 } };
	struct ava_func range[] = { { .id = 1, .min_args = 9, .max_args = 8 } };
	struct ava_func args[] = { { .id = 1, .max_args = VIRTIO_AVA_MAX_ARGS + 1 } };
	struct ava_func reply[] = { { .id = 1, .max_reply = VIRTIO_AVA_MAX_REPLY + 1 } };
	struct ava_func segs[] = { { .id = 1, .max_segs = VIRTIO_AVA_MAX_SEGS + 1 } };

	EXPECT_EQ(-EINVAL, attach_rows(self->fd, unsorted, 2));
	EXPECT_EQ(-EINVAL, attach_rows(self->fd, twice, 2));
	EXPECT_EQ(-EINVAL, attach_rows(self->fd, flags, 1));
	EXPECT_EQ(-EINVAL, attach_rows(self->fd, reserved, 1));
	EXPECT_EQ(-EINVAL, attach_rows(self->fd, range, 1));
	EXPECT_EQ(-EINVAL, attach_rows(self->fd, args, 1));
	EXPECT_EQ(-EINVAL, attach_rows(self->fd, reply, 1));
	EXPECT_EQ(-EINVAL, attach_rows(self->fd, segs, 1));
}

/* Rows of a larger struct than the kernel's: what it does not know must be zero. */
TEST_F(context, attach_takes_larger_rows_that_end_in_zeroes)
{
	struct { struct ava_func row; uint64_t more[2]; } rows[2] = {
		{ .row = { .id = 1 } }, { .row = { .id = 2 }, .more = { 0, 1 } },
	};
	struct ava_context_attach att = {
		.api = ring_api_id(),
		.funcs = (uintptr_t)rows,
		.func_count = 2,
		.func_stride = sizeof(rows[0]),
	};

	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
	rows[1].more[1] = 0;
	EXPECT_EQ(0, IOCTL(self->fd, AVA_CONTEXT_IOC_ATTACH, &att));
}

TEST_F(context, attach_takes_the_largest_table)
{
	struct ava_func *rows = calloc(AVA_MAX_FUNCS, sizeof(*rows));
	unsigned int i;

	for (i = 0; i < AVA_MAX_FUNCS; i++)
		rows[i].id = i * 3;
	EXPECT_EQ(0, attach_rows(self->fd, rows, AVA_MAX_FUNCS));
	free(rows);
}

TEST_F(context, other_version_is_refused)
{
	struct ava_api_id id = ring_api_id();

	id.version_minor++;
	EXPECT_EQ(-EPROTONOSUPPORT, ring_attach(self->fd, &id));
	EXPECT_EQ(VIRTIO_AVA_S_VERSION, ring_ctrl_wait(&self->vm, &self->open, NULL));
}

TEST_F(context, other_hash_is_refused)
{
	struct ava_api_id id = ring_api_id();

	id.hash[31] ^= 1;
	EXPECT_EQ(-EPROTONOSUPPORT, ring_attach(self->fd, &id));
	EXPECT_EQ(VIRTIO_AVA_S_VERSION, ring_ctrl_wait(&self->vm, &self->open, NULL));
}

TEST_F(context, other_name_is_refused)
{
	struct ava_api_id id = ring_api_id();

	id.name[0] ^= 1;
	EXPECT_EQ(-EPROTONOSUPPORT, ring_attach(self->fd, &id));
	EXPECT_EQ(VIRTIO_AVA_S_VERSION, ring_ctrl_wait(&self->vm, &self->open, NULL));
}

TEST_F(context, reject_tells_the_guest_why)
{
	static const uint32_t status[] = {
		[AVA_REJECT_NO_API] = VIRTIO_AVA_S_NO_API,
		[AVA_REJECT_NO_SERVER] = VIRTIO_AVA_S_NO_SERVER,
		[AVA_REJECT_QUOTA] = VIRTIO_AVA_S_QUOTA,
	};
	struct virtio_ava_ctrl req = good_open();
	uint32_t reason;

	for (reason = AVA_REJECT_NO_API; reason <= AVA_REJECT_QUOTA; reason++) {
		struct ava_context_reject rej = { .reason = reason };
		struct ring_ctrl open;
		int fd;

		ASSERT_EQ(0, ring_ctrl_send(&self->vm, &req, &open));
		fd = ring_accept(self->manager, NULL);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, IOCTL(fd, AVA_CONTEXT_IOC_REJECT, &rej));
		EXPECT_EQ(status[reason], ring_ctrl_wait(&self->vm, &open, NULL));
		/* It is over: nobody can refuse it again, or serve it. */
		EXPECT_EQ(-ESHUTDOWN, IOCTL(fd, AVA_CONTEXT_IOC_REJECT, &rej));
		EXPECT_EQ(-ESHUTDOWN, ring_attach(fd, &self->acc.api));
		close(fd);
	}
}

TEST_F(context, reject_refuses_bad_fields)
{
	struct ava_context_reject rej = { .reason = 0 };

	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_REJECT, &rej));
	rej.reason = AVA_REJECT_QUOTA + 1;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_REJECT, &rej));
	rej = (struct ava_context_reject){ .reason = 1, .reserved = 1 };
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_REJECT, &rej));
	EXPECT_EQ(-EFAULT, IOCTL(self->fd, AVA_CONTEXT_IOC_REJECT, (void *)16));
	EXPECT_NE(0, context_serve(&self->vm, self->fd, &self->open));
	rej.reserved = 0;
	EXPECT_EQ(-EBUSY, IOCTL(self->fd, AVA_CONTEXT_IOC_REJECT, &rej));
}

TEST_F(context, closing_unanswered_is_no_server)
{
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(VIRTIO_AVA_S_NO_SERVER, ring_ctrl_wait(&self->vm, &self->open, NULL));
}

TEST_F(context, manager_death_unanswered_contexts)
{
	struct virtio_ava_ctrl req = good_open();
	struct ring_ctrl second;

	/* One accepted, one still in the queue: the queue has no owner now. */
	ASSERT_EQ(0, ring_ctrl_send(&self->vm, &req, &second));
	ASSERT_EQ(POLLIN, poll_for(self->manager, POLLIN));
	close(self->manager);
	self->manager = -1;
	EXPECT_EQ(VIRTIO_AVA_S_NO_MANAGER, ring_ctrl_wait(&self->vm, &second, NULL));
	/* The accepted one lives on. */
	EXPECT_NE(0, context_serve(&self->vm, self->fd, &self->open));
}

TEST_F(context, poll_reports_a_waiting_context)
{
	struct virtio_ava_ctrl req = good_open();
	struct ring_ctrl open;
	int fd;

	EXPECT_EQ(0, poll_now(self->manager) & POLLIN);
	ASSERT_EQ(0, ring_ctrl_send(&self->vm, &req, &open));
	EXPECT_EQ(POLLIN, poll_for(self->manager, POLLIN));
	fd = ring_accept(self->manager, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, poll_now(self->manager) & POLLIN);
	close(fd);
}

TEST_F(context, stream_refuses_bad_fields)
{
	struct ava_context_stream req = { .flags = 1 };

	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_STREAM, &req));
	req = (struct ava_context_stream){ .reserved = 1 };
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_STREAM, &req));
	EXPECT_EQ(-EFAULT, IOCTL(self->fd, AVA_CONTEXT_IOC_STREAM, (void *)16));
	/* Not attached: there can be no stream yet. */
	req = (struct ava_context_stream){ 0 };
	set_nonblock(self->fd);
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_STREAM, &req));
}

TEST_F(context, streams_come_in_order)
{
	struct ring_stream s[3];
	struct virtio_ava_ctrl req;
	struct ava_context_stream again = { 0 };
	uint32_t ctx = context_serve(&self->vm, self->fd, &self->open);
	int i;

	ASSERT_NE(0, ctx);
	set_nonblock(self->fd);
	EXPECT_EQ(-EAGAIN, IOCTL(self->fd, AVA_CONTEXT_IOC_STREAM, &again));
	for (i = 0; i < 3; i++) {
		req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_OPEN, ctx, i);
		ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl(&self->vm, &req, NULL));
	}
	EXPECT_EQ(POLLIN, poll_for(self->fd, POLLIN));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, ring_stream_take(self->fd, &s[i]));
		EXPECT_EQ(i, (int)s[i].slot);
		EXPECT_EQ(FD_CLOEXEC, fcntl(s[i].fd, F_GETFD));
	}
	EXPECT_EQ(3, ring_counter("ava-server", "streams"));
	EXPECT_EQ(-EAGAIN, IOCTL(self->fd, AVA_CONTEXT_IOC_STREAM, &again));
	EXPECT_EQ(0, poll_now(self->fd));
	for (i = 0; i < 3; i++)
		ring_stream_drop(&s[i]);
}

TEST_F(context, guest_close_ends_the_server)
{
	struct ava_context_stream again = { 0 };
	struct ava_context_event ev = { .cookie = 1 };
	uint32_t ctx = context_serve(&self->vm, self->fd, &self->open);
	struct virtio_ava_ctrl req = ring_ctrl_of(VIRTIO_AVA_CTRL_CLOSE, ctx, 0);

	ASSERT_NE(0, ctx);
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl(&self->vm, &req, NULL));
	EXPECT_TRUE(poll_for(self->fd, POLLHUP) & POLLHUP);
	EXPECT_EQ(-ESHUTDOWN, IOCTL(self->fd, AVA_CONTEXT_IOC_STREAM, &again));
	EXPECT_EQ(-ESHUTDOWN, IOCTL(self->fd, AVA_CONTEXT_IOC_EVENT, &ev));
	EXPECT_EQ(VIRTIO_AVA_S_NO_CONTEXT, ring_ctrl(&self->vm, &req, NULL));
}

TEST_F(context, vm_death_before_attach)
{
	struct ava_api_id id = ring_api_id();

	ring_vm_down(&self->vm);
	EXPECT_EQ(-ESHUTDOWN, ring_attach(self->fd, &id));
}

/* The pages of a server that outlives its grace period would still be mapped. */
TEST_F(context, server_that_holds_on_is_killed)
{
	struct virtio_ava_ctrl req;
	int status, fds[2];
	uint32_t ctx;
	pid_t pid;
	char ok;

	ASSERT_EQ(0, ring_param_set("grace_ms", 200));
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	if (!pid) {
		struct ava_api_id id = ring_api_id();

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ring_vm_down(&self->vm);
		if (ring_attach(self->fd, &id) || write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ASSERT_EQ(1, read(fds[0], &ok, 1));
	close(self->fd);
	self->fd = -1;
	struct virtio_ava_ctrl_resp resp;

	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl_wait(&self->vm, &self->open, &resp));
	ctx = resp.ctx;
	req = ring_ctrl_of(VIRTIO_AVA_CTRL_CLOSE, ctx, 0);
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl(&self->vm, &req, NULL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

TEST_F(context, event_refuses_bad_fields)
{
	char data[VIRTIO_AVA_MAX_EVENT + 1] = "";
	struct ava_context_event good = { .cookie = 5, .data = (uintptr_t)data, .len = 8 }, ev;

	ev = good;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_EVENT, &ev));
	EXPECT_EQ(-EFAULT, IOCTL(self->fd, AVA_CONTEXT_IOC_EVENT, (void *)16));
	ASSERT_NE(0, context_serve(&self->vm, self->fd, &self->open));
	ev.flags = 1;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_EVENT, &ev));
	ev = good;
	ev.len = VIRTIO_AVA_MAX_EVENT + 1;
	EXPECT_EQ(-EINVAL, IOCTL(self->fd, AVA_CONTEXT_IOC_EVENT, &ev));
	ev = good;
	ev.data = 16;
	EXPECT_EQ(-EFAULT, IOCTL(self->fd, AVA_CONTEXT_IOC_EVENT, &ev));
}

TEST_F(context, events_reach_the_guest)
{
	char data[VIRTIO_AVA_MAX_EVENT], got[VIRTIO_AVA_MAX_EVENT];
	struct ava_context_event ev = { .data = (uintptr_t)data };
	uint32_t ctx = context_serve(&self->vm, self->fd, &self->open);
	static const uint32_t lens[] = { 0, 1, 255, 256 };
	struct virtio_ava_event out;
	struct ring_ctrl post;
	unsigned int i;

	ASSERT_NE(0, ctx);
	memset(data, 0x3c, sizeof(data));
	for (i = 0; i < 4; i++) {
		ev.cookie = 100 + i;
		ev.len = lens[i];
		/* Once with a buffer waiting, once before there is one. */
		if (i & 1)
			ASSERT_EQ(0, ring_event_post(&self->vm, &post));
		ASSERT_EQ(0, IOCTL(self->fd, AVA_CONTEXT_IOC_EVENT, &ev));
		if (!(i & 1))
			ASSERT_EQ(0, ring_event_post(&self->vm, &post));
		ASSERT_EQ(0, ring_event_wait(&self->vm, &post, &out, got, sizeof(got)));
		EXPECT_EQ(VIRTIO_AVA_EVENT_CALLBACK, out.type);
		EXPECT_EQ(ctx, out.ctx);
		EXPECT_EQ(lens[i], out.len);
		EXPECT_EQ(0, out.status);
		EXPECT_EQ(0, out.reserved);
		EXPECT_EQ(100 + i, out.cookie);
		EXPECT_EQ(0, memcmp(data, got, lens[i]));
	}
}

TEST_F(context, untaken_events_are_bounded)
{
	char data[VIRTIO_AVA_MAX_EVENT] = "";
	struct ava_context_event ev = { .data = (uintptr_t)data, .len = sizeof(data) };
	int i, ret = 0;

	ASSERT_NE(0, context_serve(&self->vm, self->fd, &self->open));
	for (i = 0; i < 1000000 && !ret; i++)
		ret = IOCTL(self->fd, AVA_CONTEXT_IOC_EVENT, &ev);
	EXPECT_EQ(-ENOBUFS, ret);
	EXPECT_LT(8, i);
}

TEST_F(context, unknown_commands)
{
	uint64_t buf[32] = { 0 };

	EXPECT_EQ(-ENOTTY, IOCTL(self->fd, _IOW(AVA_IOC_MAGIC, 0x3f, __u64), buf));
	EXPECT_EQ(-ENOTTY, IOCTL(self->fd, AVA_SERVER_IOC_ACCEPT, buf));
	EXPECT_EQ(-ENOTTY, IOCTL(self->fd, AVA_STREAM_IOC_ENTER, buf));
}

TEST_F(context, nothing_to_map)
{
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->manager, 0));
}

TEST_HARNESS_MAIN
