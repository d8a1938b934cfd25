// SPDX-License-Identifier: GPL-2.0
/*
 * What goes in comes back: sizes, alignments, batches, threads, processes, events
 *
 * Runs in a guest, as root (64 MiB are pinned), with echo_server on the host.
 */
#include "harness.h"

#include <pthread.h>
#include <sys/time.h>

#define MIB	(1ul << 20)

static struct ava_open lim;
static int fd;
static __u32 st;

static void fill(unsigned char *p, size_t len, unsigned int seed)
{
	while (len--) {
		seed = seed * 1664525u + 1013904223u;
		*p++ = seed >> 24;
	}
}

static int copy_segs(int f, __u32 stream, struct ava_seg *segs, __u32 count,
		     __u64 *total)
{
	struct ava_call c = { .func = ECHO_COPY, .stream = stream,
			      .segs = PTR(segs), .seg_count = count,
			      .reply = PTR(total), .reply_cap = sizeof(*total) };

	return call(f, &c);
}

/* A buffer goes to the host and another comes back; nothing beside it changes. */
static int round_trip(int f, __u32 stream, size_t len, size_t from, size_t to)
{
	unsigned char *a = malloc(len + from + 1), *b = malloc(len + to + 1);
	struct ava_seg segs[2] = {
		{ .addr = PTR(a + from), .len = len, .flags = AVA_SEG_TO_HOST },
		{ .addr = PTR(b + to), .len = len, .flags = AVA_SEG_FROM_HOST },
	};
	__u64 total = ~0ull;
	int ok;

	fill(a, len + from + 1, len + from);
	memset(b, 0xee, len + to + 1);
	ok = !copy_segs(f, stream, segs, 2, &total) && total == len &&
	     !memcmp(a + from, b + to, len) && b[len + to] == 0xee &&
	     (!to || b[to - 1] == 0xee);
	if (!ok)
		printf("# %zu bytes at +%zu to +%zu: total %llu, %s\n", len,
		       from, to, total, strerror(errno));
	free(a);
	free(b);
	return ok;
}

static void inline_sizes(void)
{
	static const __u32 sizes[] = { 0, 1, 7, 8, 9, 63, 64, 4095, 4096, 4097, 65535, 65536 };
	unsigned char *a = malloc(65536), *b = malloc(65536);
	unsigned int i;

	for (i = 0; i < COUNT_OF(sizes); i++) {
		struct ava_call c = { .func = ECHO_ECHO, .stream = st,
				      .args = PTR(a), .args_len = sizes[i],
				      .reply = PTR(b), .reply_cap = sizes[i] };

		if (sizes[i] > lim.max_args || sizes[i] > lim.max_reply)
			break;
		fill(a, sizes[i], i);
		memset(b, 0, 65536);
		CHECK(!call(fd, &c) && c.reply_len == sizes[i] &&
		      !memcmp(a, b, sizes[i]), "%u bytes: %u back, %s", sizes[i],
		      c.reply_len, strerror(errno));
	}
	free(a);
	free(b);
}

static void bulk_sizes(void)
{
	static const size_t sizes[] = { 0, 1, 2, 4095, 4096, 4097, 12288, MIB, MIB + 1 };
	static const size_t offs[] = { 0, 1, 15, 4095 };
	unsigned int i, j;

	for (i = 0; i < COUNT_OF(sizes); i++)
		for (j = 0; j < COUNT_OF(offs); j++)
			CHECK(round_trip(fd, st, sizes[i], offs[j],
					 offs[COUNT_OF(offs) - 1 - j]), "wrong");
}

static void bulk_64_mib(void)
{
	NEED(lim.max_bulk >= 128 * MIB, "# max_bulk %llu", lim.max_bulk);
	CHECK(round_trip(fd, st, 64 * MIB, 3, 5), "wrong");
}

static void checksum_of_many_segments(void)
{
	unsigned char *buf = malloc(MIB);
	struct ava_seg segs[64];
	struct ava_call c = { .func = ECHO_CHECKSUM, .stream = st,
			      .segs = PTR(segs), .seg_count = lim.max_segs };
	__u64 sum = 0, got = 0;
	unsigned int i;

	NEED(lim.max_segs <= COUNT_OF(segs), "%u", lim.max_segs);
	fill(buf, MIB, 9);
	for (i = 0; i < lim.max_segs; i++) {
		/* Overlapping, of odd lengths, every seventh empty. */
		segs[i] = (struct ava_seg){ .addr = PTR(buf + i * 997),
					    .len = i % 7 ? i * 1201 : 0,
					    .flags = AVA_SEG_TO_HOST };
		sum = echo_sum(sum, buf + i * 997, segs[i].len);
	}
	c.reply = PTR(&got);
	c.reply_cap = sizeof(got);
	CHECK(!call(fd, &c) && got == sum, "%llx, not %llx; %s", got, sum,
	      strerror(errno));
	free(buf);
}

static void batch_of_sync_calls(void)
{
	enum { N = 700 };
	struct ava_call *c = calloc(N, sizeof(*c));
	__u32 *in = calloc(N, 4), *out = calloc(N, 4), done = 0, total = 0, i;

	for (i = 0; i < N; i++) {
		in[i] = i * 2654435761u;
		c[i] = (struct ava_call){ .func = ECHO_ECHO, .stream = st,
					  .args = PTR(&in[i]), .args_len = 4,
					  .reply = PTR(&out[i]), .reply_cap = 4,
					  .status = 55 };
	}
	for (; total < N; total += done)
		NEED(!submit(fd, c + total, N - total, &done) && done, "%s", strerror(errno));
	for (i = 0; i < N; i++)
		CHECK(!c[i].status && c[i].reply_len == 4 && in[i] == out[i],
		      "call %u: status %d", i, c[i].status);
	free(c);
	free(in);
	free(out);
}

/* Far more async calls than the ring holds, in order, and a sync one behind. */
static void count_to(int f, __u32 stream, __u32 n, __u32 batch)
{
	struct ava_call *c = calloc(batch, sizeof(*c));
	__u64 *args = calloc(batch, sizeof(*args)), total = 0;
	struct ava_call t = { .func = ECHO_TOTAL, .stream = stream,
			      .reply = PTR(&total), .reply_cap = sizeof(total) };
	__u32 next = 0, done, i;

	while (next < n) {
		for (i = 0; i < batch; i++) {
			args[i] = next + i + 1;
			c[i] = (struct ava_call){ .func = ECHO_COUNT, .stream = stream,
						  .flags = AVA_CALL_ASYNC,
						  .args = PTR(&args[i]), .args_len = 8 };
		}
		NEED(!submit(f, c, n - next < batch ? n - next : batch, &done),
		     "after %u: %s", next, strerror(errno));
		next += done;
	}
	CHECK(!call(f, &t) && total == n, "%llu of %u: %s", total, n, strerror(errno));
	free(c);
	free(args);
}

static void async_calls_in_order(void)
{
	count_to(fd, st, 2000, 100);
}

static void count_on_a_stream_of_its_own(void)
{
	__u32 s;

	NEED(!stream_open(fd, &s), "%s", strerror(errno));
	count_to(fd, s, 500, 25);
	CHECK(!stream_close(fd, s), "%s", strerror(errno));
}

static void copy_on_a_stream_of_its_own(void)
{
	__u32 s;
	int i;

	NEED(!stream_open(fd, &s), "%s", strerror(errno));
	for (i = 0; i < 20; i++)
		CHECK(round_trip(fd, s, 100000 + i * 4099, i, 20 - i), "wrong");
	CHECK(!stream_close(fd, s), "%s", strerror(errno));
}

/* The host would end the context at the first gap in the numbers. */
static void copy_on_the_common_stream(void)
{
	int i;

	for (i = 0; i < 20; i++)
		CHECK(round_trip(fd, st, 5000 + i, i, 1), "wrong");
}

static void *thread(void *arg)
{
	void (**work)(void) = arg;

	(*work)();
	return NULL;
}

static void in_threads(void (*work)(void), unsigned int count)
{
	pthread_t t[8];
	unsigned int i;

	for (i = 0; i < count; i++)
		pthread_create(&t[i], NULL, thread, &work);
	for (i = 0; i < count; i++)
		pthread_join(t[i], NULL);
}

static void four_threads_async(void)
{
	in_threads(count_on_a_stream_of_its_own, 4);
}

static void four_threads_bulk(void)
{
	in_threads(copy_on_a_stream_of_its_own, 4);
}

static void four_threads_one_stream(void)
{
	in_threads(copy_on_the_common_stream, 4);
}

static void process(void)
{
	fd = ctx_open(&lim);
	NEED(fd >= 0 && !stream_open(fd, &st), "%s", strerror(errno));
	in_threads(copy_on_a_stream_of_its_own, 2);
	count_to(fd, st, 300, 30);
	close(fd);
}

static void two_processes(void)
{
	int status, i;

	for (i = 0; i < 2; i++) {
		if (!fork()) {
			process();
			fflush(stdout);
			_exit(test_failed);
		}
	}
	for (i = 0; i < 2; i++) {
		wait(&status);
		CHECK(!status, "status %x", status);
	}
}

/* A blocked stream holds up nobody else. */
static void *block(void *arg)
{
	__u32 *s = arg;
	struct ava_call c = { .func = ECHO_BLOCK, .stream = *s };

	call(fd, &c);
	return NULL;
}

static void a_blocked_stream_blocks_no_other(void)
{
	long calls = counter("calls");
	pthread_t t;
	__u32 s;
	int old = fd;

	fd = ctx_open(&lim);
	NEED(fd >= 0 && !stream_open(fd, &st) && !stream_open(fd, &s), "%s", strerror(errno));
	pthread_create(&t, NULL, block, &s);
	CHECK(counter_becomes("calls", calls + 1), "the call did not start");
	REFUSED(stream_close(fd, s), EBUSY);
	CHECK(round_trip(fd, st, 10000, 1, 2), "wrong");
	/* Let the server die, so that the thread comes back. */
	call(fd, &(struct ava_call){ .func = ECHO_DIE, .stream = st });
	pthread_join(t, NULL);
	close(fd);
	fd = old;
	close(fd);
	fd = ctx_open(&lim);
	CHECK(fd >= 0 && !stream_open(fd, &st), "%s", strerror(errno));
}

static int callback(__u64 cookie, const void *payload, __u32 len, __u32 flags)
{
	unsigned char args[8 + 256];
	struct ava_call c = { .func = ECHO_CALLBACK, .stream = st, .flags = flags,
			      .args = PTR(args), .args_len = 8 + len };

	memcpy(args, &cookie, 8);
	memcpy(args + 8, payload, len);
	return call(fd, &c);
}

static void callbacks_arrive(void)
{
	unsigned char payload[256], buf[4096];
	struct ava_event *ev = (void *)buf;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;
	int i;

	fill(payload, sizeof(payload), 3);
	for (i = 0; i <= 256; i += 64) {
		NEED(!callback(0x1122334455667788ull + i, payload, i, 0), "%s", strerror(errno));
		NEED(poll(&p, 1, PATIENCE_MS) == 1 && p.revents == POLLIN, "revents %x", p.revents);
		n = read(fd, buf, sizeof(buf));
		CHECK(n == (ssize_t)sizeof(*ev) + i, "read %zd", n);
		CHECK(ev->type == AVA_EVENT_CALLBACK && ev->len == (__u32)i &&
		      ev->cookie == 0x1122334455667788ull + i && !ev->status &&
		      !memcmp(ev + 1, payload, i), "type %u len %u cookie %llx",
		      ev->type, ev->len, ev->cookie);
	}
}

static void callbacks_keep_their_order(void)
{
	unsigned char buf[10 * (sizeof(struct ava_event) + 8)];
	struct ava_event *ev;
	__u64 want = 0;
	ssize_t n, at;

	for (n = 0; n < 30; n++)
		NEED(!callback(n, "abcdefgh", 8, AVA_CALL_ASYNC), "%s", strerror(errno));
	while (want < 30) {
		n = read(fd, buf, sizeof(buf));
		NEED(n > 0, "%s", strerror(errno));
		for (at = 0; at < n; at += sizeof(*ev) + ev->len) {
			ev = (void *)(buf + at);
			CHECK(ev->cookie == want && ev->len == 8, "cookie %llu, not %llu",
			      ev->cookie, want);
			want++;
		}
	}
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Signals with handlers, all the time, and everything still works. */
static void under_signals(void)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct itimerval it = { { 0, 20000 }, { 0, 20000 } }, off = { 0 };
	int i, old = fd;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	fd = ctx_open(&lim);
	CHECK(fd >= 0 && !stream_open(fd, &st), "%s", strerror(errno));
	count_to(fd, st, 500, 100);
	for (i = 0; i < 5; i++)
		CHECK(round_trip(fd, st, MIB, i, i), "wrong");
	setitimer(ITIMER_REAL, &off, NULL);
	close(old);
}

static void nothing_is_left(void)
{
	close(fd);
	CHECK(all_released(), "counters");
}

static void first_open(void)
{
	fd = ctx_open(&lim);
	if (fd < 0 || stream_open(fd, &st)) {
		printf("Bail out! no context; is echo_server running on the host?\n");
		exit(1);
	}
}

int main(void)
{
	static const struct test tests[] = {
		{ "a context opens", first_open },
		{ "inline bytes, 0 to 64 KiB", inline_sizes },
		{ "bulk bytes, 0 to 1 MiB, at odd offsets and across pages", bulk_sizes },
		{ "bulk bytes, 64 MiB", bulk_64_mib },
		{ "as many segments as allowed, overlapping and empty ones",
		  checksum_of_many_segments },
		{ "700 sync calls in one batch", batch_of_sync_calls },
		{ "2000 async calls, in order", async_calls_in_order },
		{ "four threads, a stream each, async", four_threads_async },
		{ "four threads, a stream each, bulk", four_threads_bulk },
		{ "four threads on one stream", four_threads_one_stream },
		{ "two processes, two threads each", two_processes },
		{ "a blocked stream blocks no other", a_blocked_stream_blocks_no_other },
		{ "callbacks arrive, 0 to 256 bytes", callbacks_arrive },
		{ "callbacks keep their order", callbacks_keep_their_order },
		{ "under a timer's signals", under_signals },
		{ "everything is released", nothing_is_left },
	};

	return run_tests(tests, COUNT_OF(tests));
}
