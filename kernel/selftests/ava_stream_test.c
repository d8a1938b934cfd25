// SPDX-License-Identifier: GPL-2.0
/*
 * ava_stream_test.c - a stream's file: its ring, ENTER, COPY, and what they refuse
 *
 * One thread plays guest and server in turn, so every interleaving is exact.
 */
#include "ava_harness.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

FIXTURE(stream) {
	struct ring_vm vm;
	int manager, context;
	uint32_t ctx;
	uint64_t seq;
	struct ring_stream s;
};

FIXTURE_SETUP(stream)
{
	struct ava_api_id id = ring_api_id();
	struct virtio_ava_ctrl req = ring_ctrl_open(RING_API_NAME, RING_API_MAJOR,
						    RING_API_MINOR, RING_API_HASH);
	struct virtio_ava_ctrl_resp resp;
	struct ring_ctrl open;

	self->manager = ring_manager();
	ASSERT_LE(0, self->manager);
	ASSERT_EQ(0, ring_vm_up(&self->vm, test_guest_id(), 4 * MIB));
	ASSERT_EQ(0, ring_ctrl_send(&self->vm, &req, &open));
	self->context = ring_accept(self->manager, NULL);
	ASSERT_LE(0, self->context);
	ASSERT_EQ(0, ring_attach(self->context, &id));
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl_wait(&self->vm, &open, &resp));
	self->ctx = resp.ctx;
	req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_OPEN, self->ctx, 0);
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl(&self->vm, &req, NULL));
	ASSERT_EQ(0, ring_stream_take(self->context, &self->s));
}

FIXTURE_TEARDOWN(stream)
{
	ring_stream_drop(&self->s);
	close(self->context);
	close(self->manager);
	ring_vm_down(&self->vm);
	EXPECT_IDLE();
}

static void next_call(FIXTURE_DATA(stream) *self, struct ring_call *call, uint32_t func)
{
	ring_call_init(call, self->ctx, 0, ++self->seq, func);
}

/* One echo, end to end. */
static int echo(FIXTURE_DATA(stream) *self)
{
	struct ring_call call;
	struct ava_sqe e;
	int ret;

	next_call(self, &call, RING_ECHO);
	ring_call_args(&call, "abcdefgh", 8, 8);
	ret = ring_call_send(&self->vm, &call);
	if (!ret)
		ret = ring_fetch(&self->s, &e);
	if (ret)
		return ret;
	memcpy(ring_at(&self->s, e.reply_off), ring_at(&self->s, e.args_off), 8);
	ring_complete(&self->s, e.tag, 0, 8);
	ret = ring_enter(&self->s, 0, NULL);
	if (!ret)
		ret = ring_call_wait(&self->vm, &call);
	if (!ret && (call.reply.len != 8 || memcmp(call.data, "abcdefgh", 8)))
		ret = -EILSEQ;
	return ret;
}

/* ---- the mapping ---------------------------------------------------------- */

TEST_F(stream, ring_describes_itself)
{
	struct ava_ring *r = self->s.ring;

	EXPECT_EQ(0, self->s.size % RING_PAGE);
	EXPECT_EQ(0, r->sq_entries & (r->sq_entries - 1));
	EXPECT_EQ(0, r->cq_entries & (r->cq_entries - 1));
	EXPECT_LE(1, r->sq_entries);
	EXPECT_LE(r->sq_entries, r->cq_entries);
	EXPECT_LE(sizeof(*r), r->sq_off);
	EXPECT_GE(self->s.size, r->sq_off + r->sq_entries * sizeof(struct ava_sqe));
	EXPECT_GE(self->s.size, r->cq_off + r->cq_entries * sizeof(struct ava_cqe));
	EXPECT_GE(self->s.size, r->arena_off + r->arena_size);
	EXPECT_LE(VIRTIO_AVA_MAX_ARGS, r->arena_size);
	EXPECT_EQ(0, r->reserved0[0] | r->reserved0[1]);
}

TEST_F(stream, maps_only_shared_and_whole)
{
	int rw = PROT_READ | PROT_WRITE;
	int fd = self->s.fd;
	size_t size = self->s.size;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, size, rw, MAP_PRIVATE, fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, size, rw | PROT_EXEC, MAP_SHARED, fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, size + RING_PAGE, rw, MAP_SHARED, fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, RING_PAGE, rw, MAP_SHARED, fd, RING_PAGE));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, size, rw, MAP_SHARED, fd, size));
}

TEST_F(stream, mapping_outlives_the_file)
{
	close(self->s.fd);
	self->s.fd = -1;
	self->s.ring->sq_head = 7;
	EXPECT_EQ(7, self->s.ring->sq_head);
}

/* ---- ENTER ------------------------------------------------------------------ */

TEST_F(stream, call_crosses)
{
	struct ring_call call;
	struct ava_sqe e;

	next_call(self, &call, RING_ECHO);
	ring_call_args(&call, "hello", 5, 64);
	call.hdr.cost_hint = 12345;
	ASSERT_EQ(0, ring_call_send(&self->vm, &call));
	ASSERT_EQ(0, ring_fetch(&self->s, &e));
	EXPECT_EQ(RING_ECHO, e.func);
	EXPECT_EQ(1, e.seq);
	EXPECT_EQ(0, e.flags);
	EXPECT_EQ(5, e.args_len);
	EXPECT_EQ(64, e.reply_cap);
	EXPECT_EQ(0, e.seg_count);
	EXPECT_EQ(0, (e.args_off | e.reply_off | e.segs_off) & 7);
	EXPECT_EQ(0, memcmp(ring_at(&self->s, e.args_off), "hello", 5));
	EXPECT_EQ(1, ring_counter("ava-server", "calls"));
	memcpy(ring_at(&self->s, e.reply_off), "world", 5);
	ring_complete(&self->s, e.tag, 0, 5);
	ASSERT_EQ(0, ring_enter(&self->s, 0, NULL));
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_call_wait(&self->vm, &call));
	EXPECT_EQ(5, call.reply.len);
	EXPECT_EQ(0, memcmp(call.data, "world", 5));
	EXPECT_EQ(0, ring_counter("ava-server", "calls"));
}

TEST_F(stream, device_time_is_clamped)
{
	struct ring_call call;
	struct ava_sqe e;

	next_call(self, &call, RING_ECHO);
	ASSERT_EQ(0, ring_call_send(&self->vm, &call));
	ASSERT_EQ(0, ring_fetch(&self->s, &e));
	ring_complete(&self->s, e.tag, 0, 0);
	self->s.cq[(self->s.ring->cq_tail - 1) & self->s.cq_mask].device_ns = UINT64_MAX / 2;
	ASSERT_EQ(0, ring_enter(&self->s, 0, NULL));
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_call_wait(&self->vm, &call));
	EXPECT_GT(60000000000ull, call.reply.device_ns);
}

TEST_F(stream, enter_refuses_unknown_bits)
{
	struct ava_stream_enter e = { .flags = 2 };

	EXPECT_EQ(-EINVAL, IOCTL(self->s.fd, AVA_STREAM_IOC_ENTER, &e));
	e = (struct ava_stream_enter){ .reserved = 1 };
	EXPECT_EQ(-EINVAL, IOCTL(self->s.fd, AVA_STREAM_IOC_ENTER, &e));
	EXPECT_EQ(-EFAULT, IOCTL(self->s.fd, AVA_STREAM_IOC_ENTER, (void *)16));
	EXPECT_EQ(0, echo(self));
}

TEST_F(stream, enter_counts)
{
	struct ava_stream_enter n;
	struct ring_call call[3];
	struct ava_sqe e;
	int i;

	for (i = 0; i < 3; i++) {
		next_call(self, &call[i], RING_ECHO);
		ASSERT_EQ(0, ring_call_queue(&self->vm, &call[i]));
	}
	ring_kick(&self->vm, VIRTIO_AVA_VQ_SUBMIT);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, ring_fetch(&self->s, &e));
		EXPECT_EQ(i + 1, (int)e.seq);
		ring_complete(&self->s, e.tag, 0, 0);
	}
	ASSERT_EQ(0, ring_enter(&self->s, 0, &n));
	EXPECT_EQ(3, n.completed);
	EXPECT_EQ(0, n.ready);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(VIRTIO_AVA_S_OK, ring_call_wait(&self->vm, &call[i]));
}

TEST_F(stream, poll_says_when_a_call_waits)
{
	struct pollfd p = { .fd = self->s.fd, .events = POLLIN };
	struct ring_call call;
	struct ava_sqe e;

	ASSERT_EQ(0, poll(&p, 1, 0));
	next_call(self, &call, RING_ECHO);
	ASSERT_EQ(0, ring_call_send(&self->vm, &call));
	ASSERT_EQ(1, poll(&p, 1, RING_TIMEOUT));
	EXPECT_EQ(POLLIN, p.revents);
	ASSERT_EQ(0, ring_enter(&self->s, 0, NULL));
	ASSERT_TRUE(ring_take(&self->s, &e));
	ring_complete(&self->s, e.tag, 0, 0);
	ASSERT_EQ(0, ring_enter(&self->s, 0, NULL));
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_EQ(VIRTIO_AVA_S_OK, ring_call_wait(&self->vm, &call));
}

/* Until a child that only waits does so. */
static void await_sleep(pid_t pid)
{
	char path[64], state = 'R';
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'S' && (stat = fopen(path, "re"))) {
		if (fscanf(stat, "%*d %*s %c", &state) != 1)
			state = 'R';
		fclose(stat);
		usleep(1000);
	}
}

TEST_F(stream, wait_can_be_interrupted)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ring_enter(&self->s, AVA_ENTER_WAIT, NULL);
		_exit(1);
	}
	await_sleep(pid);
	EXPECT_EQ(-EBUSY, ring_enter(&self->s, 0, NULL));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0, echo(self));
}

/* ---- completions that lie: the context is lost, the guest is told ------------- */

static int lost_by(FIXTURE_DATA(stream) *self, struct ring_call *call, struct ava_sqe *e)
{
	next_call(self, call, RING_ECHO);
	ring_call_args(call, "abcd", 4, 16);
	if (ring_call_send(&self->vm, call))
		return -1;
	return ring_fetch(&self->s, e);
}

/* After a bad completion: the call, and every later one, says LOST. */
static void expect_lost(struct __test_metadata *_metadata, FIXTURE_DATA(stream) *self,
			struct ring_call *call)
{
	struct ring_call after;

	EXPECT_EQ(-EBADMSG, ring_enter(&self->s, 0, NULL));
	EXPECT_EQ(VIRTIO_AVA_S_LOST, ring_call_wait(&self->vm, call));
	next_call(self, &after, RING_ECHO);
	EXPECT_EQ(VIRTIO_AVA_S_LOST, ring_call_do(&self->vm, &after));
	EXPECT_GT(0, ring_enter(&self->s, AVA_ENTER_WAIT, NULL));
}

TEST_F(stream, completion_of_an_unknown_tag)
{
	struct ring_call call;
	struct ava_sqe e;

	ASSERT_EQ(0, lost_by(self, &call, &e));
	ring_complete(&self->s, e.tag ^ 0x5555, 0, 0);
	expect_lost(_metadata, self, &call);
}

TEST_F(stream, completion_twice)
{
	struct ring_call call, second;
	struct ava_sqe e;

	ASSERT_EQ(0, lost_by(self, &call, &e));
	ring_complete(&self->s, e.tag, 0, 0);
	ASSERT_EQ(0, ring_enter(&self->s, 0, NULL));
	EXPECT_EQ(VIRTIO_AVA_S_OK, ring_call_wait(&self->vm, &call));
	ASSERT_EQ(0, lost_by(self, &second, &e));
	ring_complete(&self->s, e.tag, 0, 0);
	ring_complete(&self->s, e.tag, 0, 0);
	EXPECT_EQ(-EBADMSG, ring_enter(&self->s, 0, NULL));
	EXPECT_EQ(VIRTIO_AVA_S_OK, ring_call_wait(&self->vm, &second));
}

/* The next tag can be guessed; its call is not on the ring yet. */
TEST_F(stream, completion_of_a_tag_to_come)
{
	struct ring_call call;
	struct ava_sqe e;

	ASSERT_EQ(0, lost_by(self, &call, &e));
	ring_complete(&self->s, e.tag + 1, 0, 0);
	expect_lost(_metadata, self, &call);
}

TEST_F(stream, completion_out_of_order)
{
	struct ring_call call, second;
	struct ava_sqe e1, e2;

	ASSERT_EQ(0, lost_by(self, &call, &e1));
	ASSERT_EQ(0, lost_by(self, &second, &e2));
	ring_complete(&self->s, e2.tag, 0, 0);
	expect_lost(_metadata, self, &call);
	EXPECT_EQ(VIRTIO_AVA_S_LOST, ring_call_wait(&self->vm, &second));
}

TEST_F(stream, reply_over_its_room)
{
	struct ring_call call;
	struct ava_sqe e;

	ASSERT_EQ(0, lost_by(self, &call, &e));
	ring_complete(&self->s, e.tag, 0, e.reply_cap + 1);
	expect_lost(_metadata, self, &call);
}

TEST_F(stream, unknown_completion_status)
{
	struct ring_call call;
	struct ava_sqe e;

	ASSERT_EQ(0, lost_by(self, &call, &e));
	ring_complete(&self->s, e.tag, 77, 0);
	expect_lost(_metadata, self, &call);
}

TEST_F(stream, reserved_completion_bits)
{
	struct ring_call call;
	struct ava_sqe e;

	ASSERT_EQ(0, lost_by(self, &call, &e));
	ring_complete(&self->s, e.tag, 0, 0);
	self->s.cq[(self->s.ring->cq_tail - 1) & self->s.cq_mask].reserved = 1;
	expect_lost(_metadata, self, &call);
}

TEST_F(stream, more_completions_than_entries)
{
	struct ring_call call;
	struct ava_sqe e;

	ASSERT_EQ(0, lost_by(self, &call, &e));
	self->s.ring->cq_tail += self->s.ring->cq_entries + 1;
	expect_lost(_metadata, self, &call);
}

TEST_F(stream, taking_more_than_there_is)
{
	struct ring_call call;
	struct ava_sqe e;

	ASSERT_EQ(0, lost_by(self, &call, &e));
	self->s.ring->sq_head += 1000;
	expect_lost(_metadata, self, &call);
}

TEST_F(stream, scribbling_over_the_ring)
{
	struct ring_call call;
	struct ava_sqe e;

	/* Every description and index is the kernel's own copy. */
	ASSERT_EQ(0, lost_by(self, &call, &e));
	memset(self->s.ring, 0xff, RING_PAGE);
	memset(self->s.sq, 0xff, sizeof(struct ava_sqe));
	EXPECT_GT(0, ring_enter(&self->s, 0, NULL));
	EXPECT_EQ(VIRTIO_AVA_S_LOST, ring_call_wait(&self->vm, &call));
}

TEST_F(stream, bad_call_puts_the_context_into_error)
{
	struct virtio_ava_ctrl open = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_OPEN, self->ctx, 1);
	struct virtio_ava_ctrl gone = ring_ctrl_of(VIRTIO_AVA_CTRL_CLOSE, self->ctx, 0);
	struct ring_call call, after;
	struct ava_sqe e;

	ASSERT_EQ(0, lost_by(self, &call, &e));
	ring_complete(&self->s, e.tag, AVA_CQE_BAD_CALL, 0);
	EXPECT_GE(0, ring_enter(&self->s, 0, NULL));
	EXPECT_EQ(VIRTIO_AVA_S_BAD_REQUEST, ring_call_wait(&self->vm, &call));
	next_call(self, &after, RING_ECHO);
	EXPECT_EQ(VIRTIO_AVA_S_ERROR, ring_call_do(&self->vm, &after));
	EXPECT_EQ(VIRTIO_AVA_S_ERROR, ring_ctrl(&self->vm, &open, NULL));
	/* It can still be closed, and is gone then. */
	EXPECT_EQ(VIRTIO_AVA_S_OK, ring_ctrl(&self->vm, &gone, NULL));
}

/* ---- COPY ------------------------------------------------------------------------ */

/* A call with a readable segment of 5000 bytes, a writable one of 3000 and an empty one. */
static int bulk_call(FIXTURE_DATA(stream) *self, struct ring_call *call, struct ava_sqe *e)
{
	static struct virtio_ava_run runs[2];
	static struct ring_seg segs[3];
	uint8_t *p;
	int i;

	runs[0] = (struct virtio_ava_run){ ring_bulk(&self->vm, 8192) + 100, 5000 };
	runs[1] = (struct virtio_ava_run){ ring_bulk(&self->vm, 8192) + 4000, 3000 };
	segs[0] = (struct ring_seg){ 5000, AVA_SEG_TO_HOST, 1, &runs[0] };
	segs[1] = (struct ring_seg){ 3000, AVA_SEG_FROM_HOST, 1, &runs[1] };
	segs[2] = (struct ring_seg){ 0, AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST, 0, NULL };
	p = ring_ptr(&self->vm, runs[0].addr);
	for (i = 0; i < 5000; i++)
		p[i] = i * 7;
	next_call(self, call, RING_SUM);
	ring_call_args(call, NULL, 0, 8);
	ring_call_segs(call, segs, 3);
	if (ring_call_send(&self->vm, call))
		return -1;
	return ring_fetch(&self->s, e);
}

static int end_call(FIXTURE_DATA(stream) *self, struct ring_call *call, struct ava_sqe *e)
{
	ring_complete(&self->s, e->tag, 0, 0);
	if (ring_enter(&self->s, 0, NULL))
		return -1;
	return ring_call_wait(&self->vm, call);
}

TEST_F(stream, copy_moves_any_range)
{
	static const struct { uint64_t off, len; } range[] = {
		{ 0, 0 }, { 0, 1 }, { 0, 5000 }, { 1, 4999 }, { 4999, 1 }, { 5000, 0 }, { 3995, 2 },
	};
	struct ring_call call;
	struct ava_sqe e;
	uint8_t buf[5000], *guest;
	unsigned int i, j;

	ASSERT_EQ(0, bulk_call(self, &call, &e));
	EXPECT_EQ(3, e.seg_count);
	for (i = 0; i < ARRAY_SIZE(range); i++) {
		memset(buf, 0, sizeof(buf));
		EXPECT_EQ((int64_t)range[i].len,
			  ring_copy(&self->s, e.tag, 0, AVA_COPY_FROM_GUEST, range[i].off,
				    buf, range[i].len));
		for (j = 0; j < range[i].len; j++)
			if (buf[j] != (uint8_t)((range[i].off + j) * 7))
				break;
		EXPECT_EQ(range[i].len, j);
	}
	memset(buf, 0x77, sizeof(buf));
	EXPECT_EQ(2000, ring_copy(&self->s, e.tag, 1, AVA_COPY_TO_GUEST, 500, buf, 2000));
	guest = ring_ptr(&self->vm, call.segs[1].runs[0].addr);
	EXPECT_EQ(0, guest[499]);
	EXPECT_EQ(0x77, guest[500]);
	EXPECT_EQ(0x77, guest[2499]);
	EXPECT_EQ(0, guest[2500]);
	EXPECT_EQ(0, ring_copy(&self->s, e.tag, 2, AVA_COPY_FROM_GUEST, 0, buf, 0));
	EXPECT_EQ(VIRTIO_AVA_S_OK, end_call(self, &call, &e));
	EXPECT_EQ(-ENOENT, ring_copy(&self->s, e.tag, 0, AVA_COPY_FROM_GUEST, 0, buf, 1));
}

TEST_F(stream, copy_refuses)
{
	struct ava_stream_copy bad = { .seg = 0, .len = 1, .dir = 2 };
	struct ring_call call;
	struct ava_sqe e;
	uint8_t buf[16];
	struct ring_stream *s = &self->s;

	EXPECT_EQ(-ENOENT, ring_copy(s, 1, 0, AVA_COPY_FROM_GUEST, 0, buf, 1));
	ASSERT_EQ(0, bulk_call(self, &call, &e));
	EXPECT_EQ(-ENOENT, ring_copy(s, e.tag + 1, 0, AVA_COPY_FROM_GUEST, 0, buf, 1));
	EXPECT_EQ(-ENOENT, ring_copy(s, e.tag, 3, AVA_COPY_FROM_GUEST, 0, buf, 1));
	EXPECT_EQ(-ENOENT, ring_copy(s, e.tag, UINT32_MAX, AVA_COPY_FROM_GUEST, 0, buf, 1));
	EXPECT_EQ(-EACCES, ring_copy(s, e.tag, 0, AVA_COPY_TO_GUEST, 0, buf, 1));
	EXPECT_EQ(-EACCES, ring_copy(s, e.tag, 1, AVA_COPY_FROM_GUEST, 0, buf, 1));
	EXPECT_EQ(-ERANGE, ring_copy(s, e.tag, 0, AVA_COPY_FROM_GUEST, 4990, buf, 11));
	EXPECT_EQ(-ERANGE, ring_copy(s, e.tag, 0, AVA_COPY_FROM_GUEST, 5001, buf, 0));
	EXPECT_EQ(-ERANGE, ring_copy(s, e.tag, 0, AVA_COPY_FROM_GUEST, UINT64_MAX, buf, 2));
	EXPECT_EQ(-ERANGE, ring_copy(s, e.tag, 0, AVA_COPY_FROM_GUEST, 1, buf, UINT64_MAX));
	EXPECT_EQ(-ERANGE, ring_copy(s, e.tag, 2, AVA_COPY_FROM_GUEST, 0, buf, 1));
	EXPECT_EQ(-EFAULT, ring_copy(s, e.tag, 0, AVA_COPY_FROM_GUEST, 0, (void *)16, 5000));
	EXPECT_EQ(-EFAULT, ring_copy(s, e.tag, 1, AVA_COPY_TO_GUEST, 0, (void *)16, 3000));
	bad.tag = e.tag;
	bad.addr = (uintptr_t)buf;
	EXPECT_EQ(-EINVAL, IOCTL(s->fd, AVA_STREAM_IOC_COPY, &bad));
	bad.dir = AVA_COPY_FROM_GUEST;
	bad.reserved = 1;
	EXPECT_EQ(-EINVAL, IOCTL(s->fd, AVA_STREAM_IOC_COPY, &bad));
	EXPECT_EQ(-EFAULT, IOCTL(s->fd, AVA_STREAM_IOC_COPY, (void *)16));
	EXPECT_EQ(VIRTIO_AVA_S_OK, end_call(self, &call, &e));
}

TEST_F(stream, copy_says_how_far_it_came)
{
	size_t page = RING_PAGE;
	uint8_t *buf = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ava_stream_copy c = { .dir = AVA_COPY_FROM_GUEST, .len = 5000 };
	struct ring_call call;
	struct ava_sqe e;

	munmap(buf + page, page);
	ASSERT_EQ(0, bulk_call(self, &call, &e));
	c.tag = e.tag;
	c.addr = (uintptr_t)buf;
	EXPECT_EQ(-EFAULT, IOCTL(self->s.fd, AVA_STREAM_IOC_COPY, &c));
	EXPECT_GE(page, c.copied);
	EXPECT_EQ(VIRTIO_AVA_S_OK, end_call(self, &call, &e));
}

TEST_F(stream, copy_to_read_only_memory)
{
	uint8_t *buf = mmap(NULL, RING_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ring_call call;
	struct ava_sqe e;

	ASSERT_EQ(0, bulk_call(self, &call, &e));
	EXPECT_EQ(-EFAULT, ring_copy(&self->s, e.tag, 0, AVA_COPY_FROM_GUEST, 0, buf, 100));
	EXPECT_EQ(VIRTIO_AVA_S_OK, end_call(self, &call, &e));
}

static int put_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = fd < 0 || write(fd, line, strlen(line)) < 0 ? -errno : 0;

	close(fd);
	return ret;
}

/* Lets every allocation of pages fail in threads that ask for it. 0 or -errno. */
static int pages_may_fail(bool on)
{
	static const char * const settings[][2] = {
		{ "task-filter", "Y" }, { "times", "-1" }, { "verbose", "0" },
		{ "min-order", "0" }, { "ignore-gfp-wait", "N" }, { "ignore-gfp-highmem", "N" },
	};
	char path[128];
	unsigned int i;
	int ret = 0;

	for (i = 0; on && !ret && i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/fail_page_alloc/%s",
			 settings[i][0]);
		ret = put_line(path, settings[i][1]);
	}
	return ret ?: put_line("/sys/kernel/debug/fail_page_alloc/probability", on ? "100" : "0");
}

/* The guest's page is not there yet, and the host has none to give. */
TEST_F(stream, copy_while_the_host_is_short_of_memory)
{
	struct ring_call call;
	struct ava_sqe e;
	uint8_t buf[3000];
	int64_t ret;
	int fd;

	if (pages_may_fail(true))
		SKIP(return, "no fault injection in this kernel");
	ASSERT_EQ(0, bulk_call(self, &call, &e));
	memset(buf, 0x77, sizeof(buf));
	/* What the call needs of this process is there before pages are short. */
	EXPECT_GT(0, ring_copy(&self->s, e.tag + 1, 1, AVA_COPY_TO_GUEST, 0, buf, sizeof(buf)));
	fd = open("/proc/thread-self/make-it-fail", O_WRONLY | O_CLOEXEC);
	ASSERT_EQ(1, write(fd, "1", 1));
	ret = ring_copy(&self->s, e.tag, 1, AVA_COPY_TO_GUEST, 0, buf, sizeof(buf));
	ASSERT_EQ(1, pwrite(fd, "0", 1, 0));
	close(fd);
	EXPECT_EQ(0, pages_may_fail(false));
	EXPECT_EQ(-ENOMEM, ret);
	EXPECT_EQ(3000, ring_copy(&self->s, e.tag, 1, AVA_COPY_TO_GUEST, 0, buf, sizeof(buf)));
	EXPECT_EQ(VIRTIO_AVA_S_OK, end_call(self, &call, &e));
}

/* ---- a copy that ends after its call --------------------------------------------- */

struct low_table {
	struct vhost_memory head;
	struct vhost_memory_region low;
};

/* A VMM whose new memory table is long in coming, and a copy that waits for it. */
struct late {
	FIXTURE_DATA(stream) *self;
	struct low_table *table;
	uint64_t tag;
	pid_t tid;
	int table_ret;
	int64_t copy_ret;
	uint8_t buf[16];
};

/* A page whose first reader waits for UFFDIO_COPY. Its userfaultfd, or -errno. */
static int absent_page(void **page)
{
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	if (fd < 0)
		return -errno;
	*page = mmap(NULL, RING_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range = (struct uffdio_range){ (uintptr_t)*page, RING_PAGE };
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
		return -errno;
	return fd;
}

static void *late_table(void *arg)
{
	struct late *l = arg;

	l->table_ret = IOCTL(l->self->vm.fd, VHOST_SET_MEM_TABLE, l->table);
	return NULL;
}

static void *late_copy(void *arg)
{
	struct late *l = arg;

	__atomic_store_n(&l->tid, gettid(), __ATOMIC_RELEASE);
	l->copy_ret = ring_copy(&l->self->s, l->tag, 0, AVA_COPY_FROM_GUEST, 0, l->buf,
				sizeof(l->buf));
	return NULL;
}

/* Waits until a thread of this process waits for a lock of the kernel. */
static int wait_locked(pid_t *tid)
{
	uint64_t end = ring_ms() + RING_TIMEOUT;
	char path[64], line[256];
	ssize_t n;
	int fd;

	while (ring_ms() < end) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
			 __atomic_load_n(tid, __ATOMIC_ACQUIRE));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);
		close(fd);
		line[n < 0 ? 0 : n] = 0;
		if (strstr(line, ") D "))
			return 0;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

TEST_F(stream, copy_that_faults_after_the_completion)
{
	struct low_table low = {
		{ .nregions = 1 }, { 0, RING_LOW_SIZE, (uintptr_t)self->vm.ram, 0 },
	};
	struct uffdio_copy fill = { .len = RING_PAGE };
	struct late late = { .self = self };
	pthread_t table, copy;
	struct ring_call call;
	struct uffd_msg msg;
	uint8_t page[RING_PAGE] = "";
	struct ava_sqe e;
	int fd = absent_page((void **)&late.table);

	if (fd < 0)
		SKIP(return, "no userfaultfd in this kernel");
	memcpy(page, &low, sizeof(low));
	fill.src = (uintptr_t)page;
	fill.dst = (uintptr_t)late.table;
	ASSERT_EQ(0, bulk_call(self, &call, &e));
	late.tag = e.tag;
	ASSERT_EQ(0, pthread_create(&table, NULL, late_table, &late));
	ASSERT_EQ((ssize_t)sizeof(msg), read(fd, &msg, sizeof(msg)));
	ASSERT_EQ(0, pthread_create(&copy, NULL, late_copy, &late));
	ASSERT_EQ(0, wait_locked(&late.tid));
	ring_complete(&self->s, e.tag, 0, 8);
	ASSERT_EQ(0, ring_enter(&self->s, 0, NULL));
	ASSERT_EQ(0, ioctl(fd, UFFDIO_COPY, &fill));
	pthread_join(table, NULL);
	pthread_join(copy, NULL);
	close(fd);
	EXPECT_EQ(0, late.table_ret);
	EXPECT_EQ(-EIO, late.copy_ret);
	EXPECT_EQ(VIRTIO_AVA_S_FAULT, ring_call_wait(&self->vm, &call));
	EXPECT_EQ(0, call.reply.len);
}

TEST_F(stream, copy_after_the_guest_closed)
{
	struct virtio_ava_ctrl req = ring_ctrl_of(VIRTIO_AVA_CTRL_CLOSE, self->ctx, 0);
	struct ring_call call;
	struct ava_sqe e;
	uint8_t buf[16];

	ASSERT_EQ(0, bulk_call(self, &call, &e));
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl(&self->vm, &req, NULL));
	EXPECT_EQ(VIRTIO_AVA_S_CANCELLED, ring_call_wait(&self->vm, &call));
	EXPECT_EQ(-ESHUTDOWN, ring_copy(&self->s, e.tag, 0, AVA_COPY_FROM_GUEST, 0, buf, 1));
	EXPECT_EQ(-ESHUTDOWN, ring_enter(&self->s, AVA_ENTER_WAIT, NULL));
}

TEST_F(stream, stream_close_ends_the_file)
{
	struct virtio_ava_ctrl req = ring_ctrl_of(VIRTIO_AVA_CTRL_STREAM_CLOSE, self->ctx, 0);
	struct ring_call call;

	ASSERT_EQ(0, echo(self));
	ASSERT_EQ(VIRTIO_AVA_S_OK, ring_ctrl(&self->vm, &req, NULL));
	EXPECT_EQ(-ESHUTDOWN, ring_enter(&self->s, AVA_ENTER_WAIT, NULL));
	next_call(self, &call, RING_ECHO);
	EXPECT_EQ(VIRTIO_AVA_S_NO_CONTEXT, ring_call_do(&self->vm, &call));
	EXPECT_EQ(VIRTIO_AVA_S_NO_CONTEXT, ring_ctrl(&self->vm, &req, NULL));
}

TEST_F(stream, unknown_commands)
{
	uint64_t buf[32] = { 0 };

	EXPECT_EQ(-ENOTTY, IOCTL(self->s.fd, _IOW(AVA_IOC_MAGIC, 0x4f, __u64), buf));
	EXPECT_EQ(-ENOTTY, IOCTL(self->s.fd, AVA_CONTEXT_IOC_STREAM, buf));
	EXPECT_EQ(-ENOTTY, IOCTL(self->s.fd, AVA_SERVER_IOC_ACCEPT, buf));
}

TEST_HARNESS_MAIN
