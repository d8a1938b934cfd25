// SPDX-License-Identifier: Apache-2.0
/*
 * ut_ring.c - the server runtime's ring, with a stand-in for the kernel
 *
 * The linker sends ioctl of this program here. A context is one end of a socket
 * pair: a byte means that a stream waits, its end that the guest closed it. A
 * stream is a memfd that holds the ring; the test adds calls to it and checks
 * completions where the kernel would.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../server/internal.h"
#include "ut.h"

#define SQ_ENTRIES	4u
#define CQ_ENTRIES	8u
#define SLOT		256u	/* of the arena, for each call */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	int context[2];
	int stream_fd;		/* the stand-in's own */
	struct ava_ring *ring;
	size_t size;
	int attach_error;
	int enter_error;
	bool closed;		/* the guest closed the stream */
	bool told;		/* ... and the server knows */
	uint64_t added;		/* calls put into the ring */
	uint64_t completed;
	uint64_t bad;
	unsigned int enters;
	char guest[64];		/* "guest memory" of segment 0 */
	unsigned int eintr_after;	/* COPY stops there once */
} k = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.cond = PTHREAD_COND_INITIALIZER,
};

int __wrap_ioctl(int fd, unsigned long cmd, void *arg);

static int fake_error(int err)
{
	errno = err;
	return -1;
}

static void ring_new(void)
{
	k.size = 16384;
	k.stream_fd = memfd_create("stream", MFD_CLOEXEC);
	assert_int_equal(ftruncate(k.stream_fd, k.size), 0);
	k.ring = mmap(NULL, k.size, PROT_READ | PROT_WRITE, MAP_SHARED, k.stream_fd, 0);
	*k.ring = (struct ava_ring){
		.size = k.size,
		.sq_entries = SQ_ENTRIES,
		.cq_entries = CQ_ENTRIES,
		.sq_off = 1024,
		.cq_off = 2048,
		.arena_off = 4096,
		.arena_size = 8192,
	};
}

static int setup(void **state)
{
	(void)state;
	k.attach_error = 0;
	k.enter_error = 0;
	k.closed = false;
	k.told = false;
	k.added = 0;
	k.completed = 0;
	k.bad = 0;
	k.enters = 0;
	k.eintr_after = 0;
	ring_new();
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, k.context);
}

static int teardown(void **state)
{
	(void)state;
	munmap(k.ring, k.size);
	close(k.stream_fd);
	return 0;
}

/* In order, no tag but the next, nothing over its room. */
static int kernel_take_completions(void)
{
	struct ava_cqe *cq = (void *)((char *)k.ring + k.ring->cq_off), *cqe;
	uint32_t tail = __atomic_load_n(&k.ring->cq_tail, __ATOMIC_ACQUIRE);

	if (tail - k.ring->cq_head > CQ_ENTRIES)
		return fake_error(EBADMSG);
	for (; k.ring->cq_head != tail; k.ring->cq_head++) {
		cqe = &cq[k.ring->cq_head & (CQ_ENTRIES - 1)];
		if (cqe->tag != 1000 + k.completed || cqe->reply_len > SLOT / 2 ||
		    cqe->reserved)
			return fake_error(EBADMSG);
		k.completed++;
		k.bad += cqe->status == AVA_CQE_BAD_CALL;
	}
	pthread_cond_broadcast(&k.cond);
	return 0;
}

static int kernel_enter(struct ava_stream_enter *arg)
{
	int ret;

	k.enters++;
	if (k.enter_error)
		return fake_error(k.enter_error);
	ret = kernel_take_completions();
	while (!ret && arg->flags & AVA_ENTER_WAIT && !k.closed &&
	       k.ring->sq_tail == k.ring->sq_head)
		pthread_cond_wait(&k.cond, &k.lock);
	if (ret || !k.closed)
		return ret;
	k.told = true;
	pthread_cond_broadcast(&k.cond);
	return fake_error(ESHUTDOWN);
}

static int kernel_copy(struct ava_stream_copy *arg)
{
	char *user = (void *)(uintptr_t)arg->addr;
	int err = 0;

	if (arg->tag < 1000 || arg->seg != 0)
		return fake_error(ENOENT);
	if (arg->offset + arg->len > sizeof(k.guest))
		return fake_error(ERANGE);
	arg->copied = arg->len;
	if (k.eintr_after && k.eintr_after < arg->len) {
		arg->copied = k.eintr_after;
		k.eintr_after = 0;
		err = EINTR;
	}
	if (arg->dir == AVA_COPY_TO_GUEST)
		memcpy(k.guest + arg->offset, user, arg->copied);
	else
		memcpy(user, k.guest + arg->offset, arg->copied);
	return err ? fake_error(err) : 0;
}

static int kernel_stream(int fd, struct ava_context_stream *arg)
{
	char byte;

	if (read(fd, &byte, 1) != 1)
		return fake_error(ESHUTDOWN);
	arg->fd = dup(k.stream_fd);
	arg->stream = byte;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret = 0, err;

	pthread_mutex_lock(&k.lock);
	switch (cmd) {
	case AVA_CONTEXT_IOC_ATTACH:
		ret = k.attach_error ? fake_error(k.attach_error) : 0;
		break;
	case AVA_CONTEXT_IOC_STREAM:
		ret = kernel_stream(fd, arg);
		break;
	case AVA_STREAM_IOC_ENTER:
		ret = kernel_enter(arg);
		break;
	case AVA_STREAM_IOC_COPY:
		ret = kernel_copy(arg);
		break;
	default:
		ret = fake_error(ENOTTY);
	}
	err = errno;
	pthread_mutex_unlock(&k.lock);
	errno = err;
	return ret;
}

/* The guest's side. */

static void *arena_at(uint64_t call)
{
	return (char *)k.ring + k.ring->arena_off + (call % SQ_ENTRIES) * SLOT;
}

static void guest_add_locked(uint32_t func, uint32_t flags, uint64_t args, uint64_t seg_len)
{
	struct ava_sqe *sq = (void *)((char *)k.ring + k.ring->sq_off);
	uint32_t base = k.ring->arena_off + (k.added % SQ_ENTRIES) * SLOT;
	struct ava_ring_seg *seg = (void *)((char *)arena_at(k.added) + 64);

	memcpy(arena_at(k.added), &args, sizeof(args));
	*seg = (struct ava_ring_seg){
		.len = seg_len, .flags = AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST
	};
	sq[k.ring->sq_tail & (SQ_ENTRIES - 1)] = (struct ava_sqe){
		.tag = 1000 + k.added,
		.seq = k.added + 1,
		.func = func,
		.flags = flags,
		.args_off = base,
		.args_len = sizeof(args),
		.segs_off = base + 64,
		.seg_count = seg_len ? 1 : 0,
		.reply_off = base + SLOT / 2,
		.reply_cap = SLOT / 2,
	};
	k.added++;
	__atomic_store_n(&k.ring->sq_tail, k.ring->sq_tail + 1, __ATOMIC_RELEASE);
}

static void guest_add(uint32_t func, uint32_t flags, uint64_t args, uint64_t seg_len)
{
	pthread_mutex_lock(&k.lock);
	guest_add_locked(func, flags, args, seg_len);
	pthread_cond_broadcast(&k.cond);
	pthread_mutex_unlock(&k.lock);
}

static void guest_wait(void)
{
	pthread_mutex_lock(&k.lock);
	while (k.completed < k.added)
		pthread_cond_wait(&k.cond, &k.lock);
	pthread_mutex_unlock(&k.lock);
}

static uint64_t guest_reply(void)
{
	uint64_t value;

	memcpy(&value, (char *)arena_at(k.added - 1) + SLOT / 2, sizeof(value));
	return value;
}

static const struct ava_server_api api = {
	.id = { .name = "echo" },
	.funcs = echo_funcs,
	.dispatch = echo_dispatch,
	.log_name = "ut_ring",
};

static void *server_thread(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)ava_server_serve(&ava_server_ring, k.context[0], &api);
}

static pthread_t server_start(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, server_thread, NULL);
	assert_int_equal(write(k.context[1], "\1", 1), 1);
	return thread;
}

/* The worker is detached; once told it comes back to the ring no more. */
static void server_end(pthread_t thread)
{
	void *ret;

	pthread_mutex_lock(&k.lock);
	k.closed = true;
	pthread_cond_broadcast(&k.cond);
	while (!k.told)
		pthread_cond_wait(&k.cond, &k.lock);
	pthread_mutex_unlock(&k.lock);
	close(k.context[1]);
	pthread_join(thread, &ret);
	close(k.context[0]);
	assert_int_equal((intptr_t)ret, EXIT_SUCCESS);
}

static void test_sync_call(void **state)
{
	pthread_t server = server_start();
	uint64_t i;

	(void)state;
	for (i = 0; i < 100; i++) {
		guest_add(ECHO_REPLY, 0, i * 3, 0);
		guest_wait();
		assert_int_equal(guest_reply(), i * 3);
	}
	/* One system call both completes a call and waits for the next. */
	assert_true(k.enters <= 101);
	server_end(server);
}

static void test_async_batch(void **state)
{
	pthread_t server;
	uint64_t i;

	(void)state;
	for (i = 0; i < SQ_ENTRIES; i++)
		guest_add_locked(ECHO_COUNT, AVA_CALL_ASYNC, 10, 0);
	server = server_start();
	guest_wait();
	assert_int_equal(k.enters, 1);
	guest_add(ECHO_READ, 0, 0, 0);
	guest_wait();
	assert_int_equal(guest_reply(), 10 * SQ_ENTRIES);
	server_end(server);
}

/* A synchronous call with others behind it is not held back by them. */
static void test_sync_before_others(void **state)
{
	pthread_t server;

	(void)state;
	guest_add_locked(ECHO_REPLY, 0, 1, 0);
	guest_add_locked(ECHO_REPLY, 0, 2, 0);
	guest_add_locked(ECHO_COUNT, AVA_CALL_ASYNC, 0, 0);
	server = server_start();
	guest_wait();
	assert_int_equal(k.enters, 3);
	server_end(server);
}

static void test_bulk_and_signals(void **state)
{
	pthread_t server = server_start();
	unsigned int i;

	(void)state;
	memset(k.guest, 1, sizeof(k.guest));
	k.eintr_after = 5;
	guest_add(ECHO_SUM, 0, 0, 33);
	guest_wait();
	assert_int_equal(guest_reply(), 33);
	k.eintr_after = 7;
	guest_add(ECHO_FILL, 0, 0x42, 40);
	guest_wait();
	for (i = 0; i < sizeof(k.guest); i++)
		assert_int_equal(k.guest[i], i < 40 ? 0x42 : 1);
	assert_int_equal(k.bad, 0);
	server_end(server);
}

static void test_bad_call(void **state)
{
	pthread_t server = server_start();

	(void)state;
	ut_capture_begin();
	guest_add(ECHO_BAD, 0, 0, 0);
	guest_wait();
	assert_int_equal(k.bad, 1);
	/* What becomes of the context is the kernel's business. */
	guest_add(ECHO_BAD, 0, 0, 0);
	guest_add(ECHO_REPLY, 0, 7, 0);
	guest_wait();
	assert_int_equal(guest_reply(), 7);
	assert_int_equal(ut_count(ut_capture_end(), "do not decode"), 1);
	server_end(server);
}

static void test_attach_errors(void **state)
{
	(void)state;
	k.attach_error = ESHUTDOWN;
	assert_int_equal(ava_server_serve(&ava_server_ring, k.context[0], &api), EXIT_SUCCESS);
	k.attach_error = EPROTONOSUPPORT;
	ut_capture_begin();
	assert_int_equal(ava_server_serve(&ava_server_ring, k.context[0], &api), EXIT_FAILURE);
	assert_int_equal(ut_count(ut_capture_end(), "cannot attach"), 1);
}

static int child_serve(void *arg)
{
	(void)arg;
	return ava_server_serve(&ava_server_ring, k.context[0], &api);
}

static int serve_in_child(void)
{
	assert_int_equal(write(k.context[1], "\1", 1), 1);
	return ut_child(child_serve, NULL);
}

static void test_bad_rings(void **state)
{
	struct ava_ring good = *k.ring;

	(void)state;
	k.ring->sq_entries = 3;
	assert_int_equal(serve_in_child(), EXIT_FAILURE);
	*k.ring = good;
	k.ring->cq_entries = 2;
	assert_int_equal(serve_in_child(), EXIT_FAILURE);
	*k.ring = good;
	k.ring->sq_off = good.size - 8;
	assert_int_equal(serve_in_child(), EXIT_FAILURE);
	*k.ring = good;
	k.ring->arena_size = good.size;
	assert_int_equal(serve_in_child(), EXIT_FAILURE);
	*k.ring = good;
}

/* The kernel found a completion wrong: the context is lost, so is the process. */
static void test_enter_fails(void **state)
{
	(void)state;
	k.enter_error = EBADMSG;
	assert_int_equal(serve_in_child(), EXIT_FAILURE);
}

static void *close_when_taken(void *arg)
{
	while (!__atomic_load_n(&k.ring->sq_head, __ATOMIC_ACQUIRE))
		sched_yield();
	shutdown(k.context[1], SHUT_RDWR);
	return arg;
}

static int child_stuck(void *arg)
{
	pthread_t thread;

	guest_add(ECHO_BLOCK, 0, 0, 0);
	pthread_create(&thread, NULL, close_when_taken, arg);
	pthread_detach(thread);
	return ava_server_serve(&ava_server_ring, k.context[0], &api);
}

/* Vendor code that never returns does not keep the process alive. */
static void test_stuck_worker(void **state)
{
	(void)state;
	assert_int_equal(write(k.context[1], "\1", 1), 1);
	assert_int_equal(ut_child(child_stuck, NULL), EXIT_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sync_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_async_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sync_before_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bulk_and_signals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attach_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_rings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_enter_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stuck_worker, setup, teardown),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
