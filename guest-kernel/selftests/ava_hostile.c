// SPDX-License-Identifier: GPL-2.0
/*
 * A host that answers wrongly, and one that spoils the ring
 *
 * Runs on User-Mode Linux against "fake_host SOCKET hostile=SEED", as root. Any
 * errno is right here; a hang, a splat or something held at the end is not.
 * With an argument it runs against an honest fake_host instead: "broken" ends
 * with a used entry that names no chain; "starved" lets the kernel's allocations
 * and copies fail at random in these threads (CONFIG_FAILSLAB and the like).
 */
#include "harness.h"

#include <pthread.h>

static unsigned int rnd(unsigned int n)
{
	static __thread unsigned int seed = 12345;

	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static struct ava_call any_call(char *buf, struct ava_seg *segs)
{
	static const __u32 funcs[] = { ECHO_ECHO, ECHO_COPY, ECHO_CHECKSUM,
				       ECHO_CALLBACK, ECHO_COUNT, ECHO_TOTAL };
	struct ava_call c = { .func = funcs[rnd(COUNT_OF(funcs))],
			      .args = PTR(buf), .args_len = 8 + rnd(200),
			      .stream = rnd(3) };
	__u32 i;

	if (rnd(20) == 0)
		c.func = rnd(12);
	if (c.func == ECHO_BLOCK || c.func == ECHO_BREAK)
		c.func = ECHO_ECHO;
	if (rnd(3)) {
		c.flags = AVA_CALL_ASYNC;
	} else {
		c.reply = PTR(buf + 4096);
		c.reply_cap = rnd(256);
	}
	if (c.func == ECHO_COPY || c.func == ECHO_CHECKSUM) {
		c.args_len = 0;
		c.segs = PTR(segs);
		c.seg_count = 2;
		for (i = 0; i < 2; i++)
			segs[i] = (struct ava_seg){ PTR(buf) + rnd(9000), 3000,
						    1 + i, 0 };
	}
	return c;
}

static int starved;

static int put_line(const char *path, const char *line)
{
	int f = open(path, O_WRONLY);
	int ret = f < 0 || write(f, line, strlen(line)) < 0;

	close(f);
	return ret;
}

/* Asking for an end of it may itself fail, by what it asks to end. */
static void starve(const char *one_or_zero)
{
	while (starved && put_line("/proc/thread-self/make-it-fail", one_or_zero))
		;
}

static void live_with_it(unsigned int rounds)
{
	char *buf = malloc(1 << 16);
	struct ava_seg segs[2];
	struct ava_call c;
	unsigned int i, j;
	__u32 s;
	int fd;

	starve("1");
	for (i = 0; i < rounds; i++) {
		fd = ctx_file();
		if (fd < 0) {
			CHECK(starved, "%s", strerror(errno));
			continue;
		}
		fcntl(fd, F_SETFL, O_NONBLOCK);
		if (ctx_bind(fd, &(struct ava_open){ 0 })) {
			close(fd);
			continue;
		}
		for (j = 0; j < 3; j++)
			stream_open(fd, &s);
		for (j = 0; j < 60; j++) {
			c = any_call(buf, segs);
			if (call(fd, &c) && rnd(4) == 0)
				break;
			while (read(fd, buf, 4096) > 0)
				;
			if (rnd(30) == 0)
				stream_close(fd, rnd(4));
		}
		if (rnd(2)) {
			c = (struct ava_call){ .func = ECHO_BLOCK, .flags = AVA_CALL_ASYNC };
			call(fd, &c);
		}
		close(fd);
	}
	starve("0");
	free(buf);
}

static void *liar_thread(void *arg)
{
	live_with_it(150);
	return arg;
}

static void one_thread(void)
{
	live_with_it(400);
}

static void three_threads(void)
{
	pthread_t t[3];
	unsigned int i;

	for (i = 0; i < COUNT_OF(t); i++)
		pthread_create(&t[i], NULL, liar_thread, NULL);
	for (i = 0; i < COUNT_OF(t); i++)
		pthread_join(t[i], NULL);
}

static void nothing_is_left(void)
{
	CHECK(all_released(), "counters");
}

/* ---- the ring spoilt ---- */

static int fd;

static void *blocked(void *arg)
{
	struct ava_call c = { .func = ECHO_BLOCK };

	if (stream_open(fd, &c.stream) || !call(fd, &c) || errno != ENODEV)
		CHECK(0, "%s", strerror(errno));
	return arg;
}

static void ring_spoilt(void)
{
	struct ava_call c = { .func = ECHO_BREAK };
	struct pollfd p = { .events = POLLIN };
	struct ava_open req;
	pthread_t t;

	fd = ctx_open(NULL);
	NEED(fd >= 0 && !stream_open(fd, &c.stream) && *device_name(), "%s", strerror(errno));
	pthread_create(&t, NULL, blocked, NULL);
	CHECK(counter_becomes("calls", 1), "%ld", counter("calls"));
	REFUSED(call(fd, &c), ENODEV);
	pthread_join(t, NULL);
	p.fd = fd;
	CHECK(poll(&p, 1, PATIENCE_MS) == 1 && p.revents & POLLHUP, "%x", p.revents);
	close(fd);
	fd = ctx_file();
	REFUSED(ctx_bind(fd, &req), ENODEV);
	close(fd);
	CHECK(all_released(), "after");
}

static void bound_again(void)
{
	struct ava_call c = { .func = ECHO_ECHO };

	NEED(!driver("unbind") && !driver("bind"), "%s", strerror(errno));
	fd = ctx_open(NULL);
	CHECK(fd >= 0 && !stream_open(fd, &c.stream) && !call(fd, &c), "%s", strerror(errno));
	close(fd);
	CHECK(all_released(), "after");
}

static void set_up_starvation(void)
{
	static const char * const kinds[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	static const char * const values[][2] = {
		{ "task-filter", "Y" }, { "probability", "4" }, { "times", "-1" },
		{ "verbose", "0" },
	};
	char path[128];
	unsigned int i, j;

	for (i = 0; i < COUNT_OF(kinds); i++)
		for (j = 0; j < COUNT_OF(values); j++) {
			snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s",
				 kinds[i], values[j][0]);
			if (put_line(path, values[j][1]))
				test_skipped = "no fault injection in this kernel";
		}
	put_line("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	put_line("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	starved = !test_skipped;
}

static void first_starved(void)
{
	set_up_starvation();
	one_thread();
}

int main(int argc, char **argv)
{
	static const struct test lies[] = {
		{ "one thread against a host that lies", one_thread },
		{ "three threads against a host that lies", three_threads },
		{ "everything is released", nothing_is_left },
	};
	static const struct test starving[] = {
		{ "one thread, starved of memory", first_starved },
		{ "three threads, starved of memory", three_threads },
		{ "everything is released", nothing_is_left },
	};
	static const struct test broken[] = {
		{ "a spoilt ring ends the device and every wait", ring_spoilt },
		{ "bound again, it works", bound_again },
	};

	if (argc > 1 && !strcmp(argv[1], "broken"))
		return run_tests(broken, COUNT_OF(broken));
	if (argc > 1 && !strcmp(argv[1], "starved"))
		return run_tests(starving, COUNT_OF(starving));
	return run_tests(lies, COUNT_OF(lies));
}
