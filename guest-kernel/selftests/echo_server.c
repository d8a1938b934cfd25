// SPDX-License-Identifier: GPL-2.0
/*
 * A test part: manager and server of the API "ava-echo" in one program
 *
 * Runs on the host, straight on /dev/ava-server, without our runtime. A process
 * for each context, a thread for each stream. Prints "ready" when it is the
 * manager; ends with SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/ava_server.h>

#include "echo.h"

#define BOUNCE	(1u << 20)

struct stream {
	int fd;
	int ctx;
	struct ava_ring *ring;
	char *base;
	char *bounce;
	__u64 count;
};

static void die(const char *what)
{
	fprintf(stderr, "echo_server: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int move(struct stream *st, const struct ava_sqe *sqe, __u32 seg,
		__u32 dir, __u64 off, __u64 len)
{
	struct ava_stream_copy copy = {
		.tag = sqe->tag,
		.seg = seg,
		.dir = dir,
		.offset = off,
		.len = len,
		.addr = (__u64)(unsigned long)st->bounce,
	};
	int ret;

	do {
		ret = ioctl(st->fd, AVA_STREAM_IOC_COPY, &copy);
		copy.offset += copy.copied;
		copy.addr += copy.copied;
		copy.len -= copy.copied;
	} while (ret && (errno == EINTR || errno == EAGAIN) && copy.len);
	if (ret)
		fprintf(stderr, "echo_server: copy seg %u dir %u off %llu len %llu: %s\n",
			seg, dir, off, len, strerror(errno));
	return ret;
}

static const struct ava_ring_seg *segs(const struct stream *st,
				       const struct ava_sqe *sqe)
{
	return (const void *)(st->base + sqe->segs_off);
}

static void reply_u64(struct stream *st, const struct ava_sqe *sqe,
		      struct ava_cqe *cqe, __u64 value)
{
	if (sqe->reply_cap < sizeof(value))
		return;
	memcpy(st->base + sqe->reply_off, &value, sizeof(value));
	cqe->reply_len = sizeof(value);
}

static void do_echo(struct stream *st, const struct ava_sqe *sqe,
		    struct ava_cqe *cqe)
{
	__u32 len = sqe->args_len < sqe->reply_cap ? sqe->args_len : sqe->reply_cap;

	memcpy(st->base + sqe->reply_off, st->base + sqe->args_off, len);
	cqe->reply_len = len;
	cqe->device_ns = 1;
}

static void do_copy(struct stream *st, const struct ava_sqe *sqe,
		    struct ava_cqe *cqe)
{
	const struct ava_ring_seg *seg = segs(st, sqe);
	__u64 total = 0, off, len, n;
	__u32 i;

	for (i = 0; i + 1 < sqe->seg_count; i += 2) {
		len = seg[i].len < seg[i + 1].len ? seg[i].len : seg[i + 1].len;
		for (off = 0; off < len; off += n) {
			n = len - off < BOUNCE ? len - off : BOUNCE;
			if (move(st, sqe, i, AVA_COPY_FROM_GUEST, off, n) ||
			    move(st, sqe, i + 1, AVA_COPY_TO_GUEST, off, n))
				goto out;
			total += n;
		}
	}
out:
	reply_u64(st, sqe, cqe, total);
}

static void do_checksum(struct stream *st, const struct ava_sqe *sqe,
			struct ava_cqe *cqe)
{
	const struct ava_ring_seg *seg = segs(st, sqe);
	__u64 sum = 0, off, n;
	__u32 i;

	for (i = 0; i < sqe->seg_count; i++) {
		for (off = 0; off < seg[i].len; off += n) {
			n = seg[i].len - off < BOUNCE ? seg[i].len - off : BOUNCE;
			if (move(st, sqe, i, AVA_COPY_FROM_GUEST, off, n))
				return;
			sum = echo_sum(sum, st->bounce, n);
		}
	}
	reply_u64(st, sqe, cqe, sum);
}

static void do_callback(struct stream *st, const struct ava_sqe *sqe)
{
	struct ava_context_event ev = {
		.data = (__u64)(unsigned long)(st->base + sqe->args_off + 8),
		.len = sqe->args_len - 8,
	};

	memcpy(&ev.cookie, st->base + sqe->args_off, 8);
	if (ioctl(st->ctx, AVA_CONTEXT_IOC_EVENT, &ev))
		perror("echo_server: event");
}

static void do_count(struct stream *st, const struct ava_sqe *sqe)
{
	__u64 n;

	memcpy(&n, st->base + sqe->args_off, sizeof(n));
	st->count = n == st->count + 1 ? n : ~0ull - 1;
}

static void execute(struct stream *st, const struct ava_sqe *sqe,
		    struct ava_cqe *cqe)
{
	switch (sqe->func) {
	case ECHO_ECHO:
		return do_echo(st, sqe, cqe);
	case ECHO_COPY:
		return do_copy(st, sqe, cqe);
	case ECHO_CHECKSUM:
		return do_checksum(st, sqe, cqe);
	case ECHO_BLOCK:
		for (;;)
			pause();
	case ECHO_CALLBACK:
		return do_callback(st, sqe);
	case ECHO_COUNT:
		return do_count(st, sqe);
	case ECHO_TOTAL:
		return reply_u64(st, sqe, cqe, st->count);
	case ECHO_DIE:
		_exit(3);
	default:
		cqe->status = AVA_CQE_BAD_CALL;
	}
}

static void take(struct stream *st)
{
	struct ava_ring *r = st->ring;
	struct ava_sqe *sq = (void *)(st->base + r->sq_off);
	struct ava_cqe *cq = (void *)(st->base + r->cq_off);
	__u32 head = r->sq_head, tail = r->cq_tail;
	struct ava_sqe sqe;
	struct ava_cqe cqe;

	while (head != __atomic_load_n(&r->sq_tail, __ATOMIC_ACQUIRE)) {
		sqe = sq[head++ & (r->sq_entries - 1)];
		__atomic_store_n(&r->sq_head, head, __ATOMIC_RELEASE);
		cqe = (struct ava_cqe){ .tag = sqe.tag };
		execute(st, &sqe, &cqe);
		cq[tail++ & (r->cq_entries - 1)] = cqe;
		__atomic_store_n(&r->cq_tail, tail, __ATOMIC_RELEASE);
	}
}

static void *serve_stream(void *arg)
{
	struct ava_stream_enter enter;
	struct stream *st = arg;
	__u64 size;

	st->ring = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			MAP_SHARED, st->fd, 0);
	if (st->ring == MAP_FAILED)
		die("mmap of a stream's first page");
	size = st->ring->size;
	munmap(st->ring, sysconf(_SC_PAGESIZE));
	st->base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, st->fd, 0);
	st->bounce = malloc(BOUNCE);
	if (st->base == MAP_FAILED || !st->bounce)
		die("mmap of a stream");
	st->ring = (void *)st->base;

	do {
		take(st);
		enter = (struct ava_stream_enter){ .flags = AVA_ENTER_WAIT };
	} while (!ioctl(st->fd, AVA_STREAM_IOC_ENTER, &enter) || errno == EINTR);

	if (errno != ESHUTDOWN)
		perror("echo_server: enter");
	munmap(st->base, size);
	close(st->fd);
	free(st->bounce);
	free(st);
	return NULL;
}

static void start_stream(int ctx, int fd)
{
	struct stream *st = calloc(1, sizeof(*st));
	pthread_t thread;

	if (!st)
		die("calloc");
	st->fd = fd;
	st->ctx = ctx;
	if (pthread_create(&thread, NULL, serve_stream, st))
		die("pthread_create");
	pthread_detach(thread);
}

static void attach(int ctx)
{
	static const struct ava_func funcs[] = {
#define ROW(f, min, max, segs)						\
	{ .id = (f), .flags = AVA_FUNC_ASYNC | AVA_FUNC_MAY_WAIT,	\
	  .min_args = (min), .max_args = (max), .max_reply = 65536,	\
	  .max_segs = (segs) }
		ROW(ECHO_ECHO, 0, 65536, 0),
		ROW(ECHO_COPY, 0, 0, 64),
		ROW(ECHO_CHECKSUM, 0, 0, 64),
		ROW(ECHO_BLOCK, 0, 64, 64),
		ROW(ECHO_CALLBACK, 8, 8 + 256, 0),
		ROW(ECHO_COUNT, 8, 8, 0),
		ROW(ECHO_TOTAL, 0, 0, 0),
		ROW(ECHO_DIE, 0, 0, 0),
		ROW(ECHO_BAD, 0, 0, 0),
	};
	struct ava_context_attach req = {
		.funcs = (__u64)(unsigned long)funcs,
		.func_count = sizeof(funcs) / sizeof(funcs[0]),
		.func_stride = sizeof(funcs[0]),
	};

	echo_id(&req.api);
	if (ioctl(ctx, AVA_CONTEXT_IOC_ATTACH, &req)) {
		if (errno != EPROTONOSUPPORT && errno != ESHUTDOWN)
			perror("echo_server: attach");
		_exit(1);
	}
}

static _Noreturn void serve_context(int ctx)
{
	struct ava_context_stream req;

	attach(ctx);
	for (;;) {
		req = (struct ava_context_stream){ 0 };
		if (!ioctl(ctx, AVA_CONTEXT_IOC_STREAM, &req))
			start_stream(ctx, req.fd);
		else if (errno != EINTR)
			break;
	}
	if (errno != ESHUTDOWN)
		die("stream");
	_exit(0);
}

static void reject(int ctx, __u32 reason)
{
	struct ava_context_reject req = { .reason = reason };

	if (ioctl(ctx, AVA_CONTEXT_IOC_REJECT, &req))
		perror("echo_server: reject");
}

static void accept_one(int manager)
{
	struct ava_server_accept req = { 0 };

	if (ioctl(manager, AVA_SERVER_IOC_ACCEPT, &req)) {
		if (errno == EINTR)
			return;
		die("accept");
	}
	if (strcmp((const char *)req.api.name, ECHO_NAME)) {
		reject(req.fd, AVA_REJECT_NO_API);
	} else {
		switch (fork()) {
		case 0:
			close(manager);
			serve_context(req.fd);
		case -1:
			reject(req.fd, AVA_REJECT_NO_SERVER);
		}
	}
	close(req.fd);
}

int main(void)
{
	struct ava_server_register req = { 0 };
	int manager = open("/dev/ava-server", O_RDWR | O_CLOEXEC);

	if (manager < 0)
		die("/dev/ava-server");
	if (ioctl(manager, AVA_SERVER_IOC_REGISTER, &req))
		die("register");
	signal(SIGCHLD, SIG_IGN);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		accept_one(manager);
}
