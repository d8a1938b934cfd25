// SPDX-License-Identifier: Apache-2.0
/*
 * ut_local.c - the LOCAL channel: rings that are full, shared or hostile; events
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/local_proto.h"
#include "ut.h"

#define PATIENCE	60000	/* ms */

static struct ut_server server;

static int setup(void **state)
{
	(void)state;
	ut_server_start(&server, "--no-sandbox");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ut_server_stop(&server);
	return 0;
}

static struct ava_channel *channel(uint32_t *stream)
{
	struct ava_limits limits;
	struct ava_channel *ch;

	assert_int_equal(ava_channel_local.open(&ch, server.path, &echo_id, &limits), 0);
	if (stream)
		assert_int_equal(ava_channel_local.stream_open(ch, stream), 0);
	return ch;
}

static int submit(struct ava_channel *ch, struct ava_call *call)
{
	uint32_t done;
	int ret = ava_channel_local.submit(ch, call, 1, &done);

	return ret ? ret : call->status;
}

static uint64_t call_u64(struct ava_channel *ch, uint32_t stream, uint32_t func)
{
	uint64_t value = 0;
	struct ava_call call = {
		.func = func,
		.stream = stream,
		.reply = (uintptr_t)&value,
		.reply_cap = sizeof(value),
	};

	assert_int_equal(submit(ch, &call), 0);
	return value;
}

/* ---- rings that are full --------------------------------------------------------- */

/* Many more calls than entries, in submissions of all sizes; none is lost. */
static void test_full_ring(void **state)
{
	uint64_t one = 1, total = 0;
	struct ava_call calls[700];
	struct ava_channel *ch;
	uint32_t stream, done, i, n;

	(void)state;
	ch = channel(&stream);
	for (i = 0; i < 700; i++)
		calls[i] = (struct ava_call){
			.func = ECHO_COUNT, .flags = AVA_CALL_ASYNC, .stream = stream,
			.args = (uintptr_t)&one, .args_len = sizeof(one),
		};
	for (n = 1; n <= 700; n++) {
		assert_int_equal(ava_channel_local.submit(ch, calls, n, &done), 0);
		assert_int_equal(done, n);
		total += n;
	}
	assert_int_equal(call_u64(ch, stream, ECHO_READ), total);
	ava_channel_local.close(ch);
}

/* Replies and arguments as large as an entry's, many in flight: the arena is full. */
static void test_full_arena(void **state)
{
	static char args[ECHO_MAX], replies[200][ECHO_MAX];
	static struct ava_call calls[200];
	struct ava_channel *ch;
	uint32_t stream, done, i, round;

	(void)state;
	ch = channel(&stream);
	memset(args, 0x3c, sizeof(args));
	for (round = 0; round < 50; round++) {
		memset(replies, 0, sizeof(replies));
		for (i = 0; i < 200; i++)
			calls[i] = (struct ava_call){
				.func = ECHO_REPLY, .stream = stream,
				.args = (uintptr_t)args, .args_len = sizeof(args) - i * 7,
				.reply = (uintptr_t)replies[i], .reply_cap = sizeof(args),
			};
		assert_int_equal(ava_channel_local.submit(ch, calls, 200, &done), 0);
		assert_int_equal(done, 200);
		for (i = 0; i < 200; i++) {
			assert_int_equal(calls[i].status, 0);
			assert_int_equal(calls[i].reply_len, calls[i].args_len);
			assert_memory_equal(replies[i], args, calls[i].args_len);
		}
	}
	ava_channel_local.close(ch);
}

struct poster {
	struct ava_channel *ch;
	uint32_t stream;
	int ret;
};

static void *poster_main(void *arg)
{
	struct poster *p = arg;
	uint64_t one = 1;
	struct ava_call call = {
		.func = ECHO_COUNT, .flags = AVA_CALL_ASYNC, .stream = p->stream,
		.args = (uintptr_t)&one, .args_len = sizeof(one),
	};
	int i;

	for (i = 0; i < 1000 && !p->ret; i++)
		p->ret = submit(p->ch, &call);
	return NULL;
}

/* Waiting for room ends when the server does, for each of those who wait. */
static void test_full_and_killed(void **state)
{
	struct poster p[4];
	pthread_t threads[4];
	struct ava_call block = { .func = ECHO_BLOCK, .flags = AVA_CALL_ASYNC };
	struct ava_channel *ch;
	uint32_t other;
	pid_t pid;
	int i;

	(void)state;
	ch = channel(&block.stream);
	assert_int_equal(ava_channel_local.stream_open(ch, &other), 0);
	pid = call_u64(ch, other, ECHO_PID);
	assert_int_equal(submit(ch, &block), 0);
	for (i = 0; i < 4; i++) {
		p[i] = (struct poster){ .ch = ch, .stream = block.stream };
		pthread_create(&threads[i], NULL, poster_main, &p[i]);
	}
	assert_int_equal(ava_channel_local.stream_close(ch, block.stream), -EBUSY);
	kill(pid, SIGKILL);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(p[i].ret, -ENOLINK);
	}
	assert_int_equal(ava_channel_local.stream_close(ch, block.stream), 0);
	ava_channel_local.close(ch);
}

/* ---- many threads ------------------------------------------------------------------ */

struct sharer {
	struct ava_channel *ch;
	uint32_t stream;
	uint32_t number;
	int failures;
};

static void *sharer_main(void *arg)
{
	struct sharer *s = arg;
	uint64_t one = 1;
	uint32_t i;

	for (i = 0; i < 300; i++) {
		uint32_t args[200] = { s->number, i }, reply[200] = { 0 };
		struct ava_call calls[2] = {
			{ .func = ECHO_COUNT, .flags = AVA_CALL_ASYNC, .stream = s->stream,
			  .args = (uintptr_t)&one, .args_len = sizeof(one) },
			{ .func = ECHO_REPLY, .stream = s->stream,
			  .args = (uintptr_t)args, .args_len = sizeof(args),
			  .reply = (uintptr_t)reply, .reply_cap = sizeof(reply) },
		};
		uint32_t done = 0;

		if (ava_channel_local.submit(s->ch, calls, 2, &done) || done != 2 ||
		    calls[1].status || memcmp(args, reply, sizeof(args)))
			s->failures++;
	}
	return NULL;
}

static void run_sharers(struct ava_channel *ch, uint32_t count, bool one_stream)
{
	struct sharer *s = calloc(count, sizeof(*s));
	pthread_t *threads = calloc(count, sizeof(*threads));
	uint32_t stream, i;

	assert_int_equal(ava_channel_local.stream_open(ch, &stream), 0);
	for (i = 0; i < count; i++) {
		s[i] = (struct sharer){ .ch = ch, .stream = stream, .number = i };
		if (!one_stream && i)
			assert_int_equal(ava_channel_local.stream_open(ch, &s[i].stream), 0);
		pthread_create(&threads[i], NULL, sharer_main, &s[i]);
	}
	for (i = 0; i < count; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(s[i].failures, 0);
	}
	assert_int_equal(call_u64(ch, stream, ECHO_READ), 300 * count);
	free(s);
	free(threads);
}

static void test_one_stream_of_many(void **state)
{
	struct ava_channel *ch = channel(NULL);

	(void)state;
	run_sharers(ch, 8, true);
	ava_channel_local.close(ch);
}

static void test_64_streams(void **state)
{
	unsigned int before = ut_fd_count();
	struct ava_channel *ch = channel(NULL);

	(void)state;
	run_sharers(ch, 64, false);
	ava_channel_local.close(ch);
	assert_int_equal(ut_fd_count(), before);
}

/* ---- events -------------------------------------------------------------------------- */

static void check_event(struct ava_channel *ch, uint32_t number, int wait)
{
	uint8_t data[AVA_LOCAL_MAX_EVENT], want[AVA_LOCAL_MAX_EVENT];
	struct ava_event ev;

	memset(want, number, sizeof(want));
	assert_int_equal(ava_channel_local.read_event(ch, wait, &ev, data, sizeof(data)), 0);
	assert_int_equal(ev.type, AVA_EVENT_CALLBACK);
	assert_int_equal(ev.cookie, number);
	assert_int_equal(ev.len, number % 100);
	assert_memory_equal(data, want, ev.len);
}

/* Taken by nobody until the call is over: the server does not wait. */
static void test_events(void **state)
{
	uint32_t count = 150, i;
	struct ava_call call = {
		.func = ECHO_EVENTS, .args = (uintptr_t)&count, .args_len = sizeof(count),
	};
	struct ava_channel *ch;
	struct ava_event ev;
	char byte;

	(void)state;
	ch = channel(&call.stream);
	assert_int_equal(ava_channel_local.read_event(ch, 0, &ev, NULL, 0), -EAGAIN);
	assert_int_equal(submit(ch, &call), 0);
	check_event(ch, 0, 0);
	/* What does not fit stays. */
	check_event(ch, 1, 1);
	assert_int_equal(ava_channel_local.read_event(ch, 1, &ev, &byte, 1), -EMSGSIZE);
	for (i = 2; i < count; i++)
		check_event(ch, i, 1);
	assert_int_equal(ava_channel_local.read_event(ch, 0, &ev, NULL, 0), -EAGAIN);
	ava_channel_local.close(ch);
}

/* ---- guests that write nonsense -------------------------------------------------------- */

static int raw_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, server.path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static int raw_open(void)
{
	uint64_t probe = 5;
	struct ava_local_hello hello = {
		.magic = AVA_LOCAL_MAGIC, .api = echo_id, .probe = (uintptr_t)&probe, .nonce = 5,
	};
	struct ava_local_welcome welcome;
	int fd = raw_connect();

	assert_int_equal(ava_local_send(fd, &hello, sizeof(hello), NULL, 0), 0);
	assert_int_equal(ava_local_recv(fd, &welcome, sizeof(welcome), NULL, 0), 0);
	assert_int_equal(welcome.status, 0);
	assert_int_equal(__atomic_load_n(&probe, __ATOMIC_ACQUIRE), 6);
	return fd;
}

/* The server has let go of the connection: its process is gone. */
static void expect_gone(int fd)
{
	char byte;

	assert_true(ut_wait_readable(fd, PATIENCE));
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
}

static struct ava_ring *raw_stream(int fd, off_t size, int seals, int *sock)
{
	struct ava_local_stream msg = { .magic = AVA_LOCAL_MAGIC };
	int sv[2], fds[2];
	struct ava_ring *ring;

	fds[0] = memfd_create("raw", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fds[0], size), 0);
	assert_int_equal(fcntl(fds[0], F_ADD_SEALS, seals), 0);
	ring = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	fds[1] = sv[1];
	assert_int_equal(ava_local_send(fd, &msg, sizeof(msg), fds, 2), 0);
	close(fds[0]);
	close(fds[1]);
	*sock = sv[0];
	return ring;
}

static void raw_kick(struct ava_ring *ring, uint32_t tail)
{
	uint32_t *word = AVA_LOCAL_SERVER_SLEEPS(ring);

	__atomic_store_n(&ring->sq_tail, tail, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(word, 0, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void check_nonsense(const struct ava_sqe *sqe, const struct ava_seg *seg, uint32_t tail)
{
	int fd = raw_open(), sock;
	struct ava_ring *ring = raw_stream(fd, AVA_LOCAL_RING_SIZE, F_SEAL_SHRINK, &sock);
	const struct ava_cqe *cqe = (void *)((char *)ring + AVA_LOCAL_CQ_OFF);

	memcpy((char *)ring + AVA_LOCAL_SQ_OFF, sqe, sizeof(*sqe));
	if (seg)
		memcpy((char *)ring + AVA_LOCAL_ARENA_OFF + 64, seg, sizeof(*seg));
	raw_kick(ring, tail);
	expect_gone(fd);
	if (tail == 1) {
		assert_int_equal(__atomic_load_n(&ring->cq_tail, __ATOMIC_ACQUIRE), 1);
		assert_int_equal(cqe->status, AVA_CQE_BAD_CALL);
	}
	close(sock);
	munmap(ring, AVA_LOCAL_RING_SIZE);
}

static void test_nonsense_calls(void **state)
{
	const uint32_t arena = AVA_LOCAL_ARENA_OFF, end = AVA_LOCAL_RING_SIZE;
	const struct ava_sqe good = {
		.func = ECHO_REPLY, .args_off = arena, .args_len = 8, .reply_off = arena + 8,
		.reply_cap = 8, .segs_off = arena + 64,
	};
	struct ava_seg seg = { .len = 8, .flags = AVA_SEG_TO_HOST };
	struct ava_sqe s;

	(void)state;
#define BAD(...) do { s = good; __VA_ARGS__; check_nonsense(&s, NULL, 1); } while (0)
	BAD(s.func = 0);
	BAD(s.func = 1000);
	BAD(s.flags = 2);
	BAD(s.flags = AVA_CALL_ASYNC);
	BAD(s.args_off = 0);
	BAD(s.args_off = arena - 8);
	BAD(s.args_off = arena + 4);
	BAD(s.args_off = end);
	BAD(s.args_off = 0xfffffff8);
	BAD(s.args_len = ECHO_MAX + 1);
	BAD(s.args_len = 0xffffffff);
	BAD(s.reply_off = 0);
	BAD(s.reply_off = end - 4096, s.reply_cap = 4097);
	BAD(s.reply_off = end + 8);
	BAD(s.reply_cap = 0xffffffff);
	BAD(s.seg_count = 65);
	BAD(s.seg_count = 0x10000000);
#undef BAD
	s = good;
	s.func = ECHO_SUM;
	s.args_len = 0;
	s.seg_count = 1;
	s.segs_off = end - 8;
	check_nonsense(&s, NULL, 1);
	s.segs_off = arena + 64;
	seg.flags = 0;
	check_nonsense(&s, &seg, 1);
	seg.flags = 4;
	check_nonsense(&s, &seg, 1);
	seg = (struct ava_seg){ .len = ~0ull, .flags = AVA_SEG_TO_HOST };
	check_nonsense(&s, &seg, 1);
	/* More calls than there are entries. */
	check_nonsense(&good, NULL, AVA_LOCAL_ENTRIES + 1);
	check_nonsense(&good, NULL, 0x80000000);
}

static void test_nonsense_memory(void **state)
{
	struct ava_local_stream msg = { .magic = AVA_LOCAL_MAGIC };
	int fd, sock;

	(void)state;
	fd = raw_open();
	raw_stream(fd, AVA_LOCAL_RING_SIZE, 0, &sock);		/* could shrink */
	expect_gone(fd);
	close(sock);
	fd = raw_open();
	raw_stream(fd, 4096, F_SEAL_SHRINK, &sock);
	expect_gone(fd);
	close(sock);
	fd = raw_open();
	assert_int_equal(ava_local_send(fd, &msg, sizeof(msg), NULL, 0), 0);
	expect_gone(fd);
	fd = raw_open();
	assert_int_equal(ava_local_send(fd, &msg, 1, NULL, 0), 0);
	expect_gone(fd);
}

static void test_nonsense_hello(void **state)
{
	struct ava_local_hello hello = { .magic = 1, .api = echo_id };
	struct ava_local_welcome welcome;
	int fd = raw_connect();

	(void)state;
	assert_int_equal(ava_local_send(fd, &hello, sizeof(hello), NULL, 0), 0);
	assert_int_equal(ava_local_recv(fd, &welcome, sizeof(welcome), NULL, 0), 0);
	assert_int_equal(welcome.status, -EPROTO);
	expect_gone(fd);
	fd = raw_connect();
	hello.magic = AVA_LOCAL_MAGIC;
	/* Nothing is at the address where the word should be. */
	assert_int_equal(ava_local_send(fd, &hello, sizeof(hello), NULL, 0), 0);
	assert_int_equal(ava_local_recv(fd, &welcome, sizeof(welcome), NULL, 0), 0);
	assert_int_equal(welcome.status, -EPERM);
	expect_gone(fd);
	close(raw_connect());
}

/* A call's memory is not there: that call fails, the next does not. */
static void test_wild_segment(void **state)
{
	struct ava_seg seg = { .addr = 4096, .len = 100, .flags = AVA_SEG_TO_HOST };
	uint64_t sum;
	struct ava_call call = {
		.func = ECHO_SUM, .segs = (uintptr_t)&seg, .seg_count = 1,
		.reply = (uintptr_t)&sum, .reply_cap = sizeof(sum),
	};
	struct ava_channel *ch = channel(&call.stream);

	(void)state;
	/* The echo API has no other error than that its arguments do not decode. */
	assert_int_equal(submit(ch, &call), -EBADMSG);
	ava_channel_local.close(ch);
}

/* The same of one page in a large piece, whichever thread comes upon it. */
static void test_hole_in_segment(void **state)
{
	enum { LEN = 32 << 20, PAGE = 4096, PLACES = 5 };
	char *buf = mmap(NULL, LEN, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ava_seg seg = { .addr = (uintptr_t)buf, .len = LEN, .flags = AVA_SEG_TO_HOST };
	uint64_t sum;
	struct ava_call call = {
		.func = ECHO_SUM, .segs = (uintptr_t)&seg, .seg_count = 1,
		.reply = (uintptr_t)&sum, .reply_cap = sizeof(sum),
	};

	(void)state;
	assert_ptr_not_equal(buf, MAP_FAILED);
	for (int i = 0; i < PLACES; i++) {
		char *page = buf + (size_t)(LEN - PAGE) / (PLACES - 1) / PAGE * PAGE * i;
		struct ava_channel *ch = channel(&call.stream);

		assert_int_equal(submit(ch, &call), 0);
		assert_int_equal(sum, 0);
		assert_int_equal(mprotect(page, PAGE, PROT_NONE), 0);
		assert_int_equal(submit(ch, &call), -EBADMSG);
		assert_int_equal(mprotect(page, PAGE, PROT_READ), 0);
		ava_channel_local.close(ch);
	}
	munmap(buf, LEN);
}

/* ---- ends ------------------------------------------------------------------------------- */

struct orphan {
	int report[2];
	int hold[2];
};

/* The guest's child has all its descriptors and no idea of them. */
static int guest_with_child(void *arg)
{
	struct orphan *o = arg;
	struct ava_channel *ch;
	uint32_t stream;
	uint64_t pid;
	char byte;

	ch = channel(&stream);
	pid = call_u64(ch, stream, ECHO_PID);
	if (!syscall(SYS_fork)) {
		close(o->hold[1]);
		_exit(read(o->hold[0], &byte, 1) != 0);
	}
	return write(o->report[1], &pid, sizeof(pid)) == sizeof(pid) ? 0 : 1;
}

static void test_child_keeps_descriptors(void **state)
{
	struct orphan o;
	uint64_t pid;

	(void)state;
	assert_int_equal(pipe(o.report), 0);
	assert_int_equal(pipe(o.hold), 0);
	assert_int_equal(ut_child(guest_with_child, &o), 0);
	assert_int_equal(read(o.report[0], &pid, sizeof(pid)), sizeof(pid));
	assert_true(ut_process_gone(pid, PATIENCE));
	close(o.report[0]);
	close(o.report[1]);
	close(o.hold[0]);
	close(o.hold[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_ring),
		cmocka_unit_test(test_full_arena),
		cmocka_unit_test(test_full_and_killed),
		cmocka_unit_test(test_one_stream_of_many),
		cmocka_unit_test(test_64_streams),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_nonsense_calls),
		cmocka_unit_test(test_nonsense_memory),
		cmocka_unit_test(test_nonsense_hello),
		cmocka_unit_test(test_wild_segment),
		cmocka_unit_test(test_hole_in_segment),
		cmocka_unit_test(test_child_keeps_descriptors),
	};

	return cmocka_run_group_tests_name("local", tests, setup, teardown);
}
