// SPDX-License-Identifier: GPL-2.0
/*
 * Processes and servers that die in the middle, and what is left of them: nothing
 *
 * Runs in a guest, as root, with echo_server on the host.
 */
#include "harness.h"

static struct ava_open lim;

/* In a child: a context with a pinned buffer, blocked on the host. */
static void block_for_ever(void)
{
	char *buf = malloc(1 << 20);
	struct ava_seg seg = { PTR(buf), 1 << 20, AVA_SEG_FROM_HOST, 0 };
	struct ava_call c = { .func = ECHO_BLOCK, .segs = PTR(&seg), .seg_count = 1 };
	int fd = ctx_open(NULL);

	if (fd < 0 || stream_open(fd, &c.stream))
		_exit(2);
	call(fd, &c);
	_exit(3);
}

static void block_async_for_ever(void)
{
	struct ava_call c = { .func = ECHO_BLOCK, .flags = AVA_CALL_ASYNC };
	int fd = ctx_open(NULL);

	if (fd < 0 || stream_open(fd, &c.stream))
		_exit(2);
	/* The ring's share of one stream fills up; then this waits for room. */
	while (!call(fd, &c))
		;
	_exit(3);
}

static void killed(void (*child)(void), const char *stat, long value, int sig)
{
	int status = 0;
	pid_t pid;

	NEED(all_released(), "before");
	pid = fork();
	if (!pid)
		child();
	CHECK(counter_becomes(stat, value), "%s is %ld", stat, counter(stat));
	kill(pid, sig);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	      WTERMSIG(status) == sig, "status %x", status);
	CHECK(all_released(), "after");
}

static void killed_in_a_call(void)
{
	killed(block_for_ever, "calls", 1, SIGKILL);
}

static void terminated_in_a_call(void)
{
	killed(block_for_ever, "calls", 1, SIGTERM);
}

static void killed_with_calls_behind(void)
{
	killed(block_async_for_ever, "streams", 1, SIGKILL);
}

static void five_killed_with_pins(void)
{
	int i;

	for (i = 0; i < 5; i++)
		killed(block_for_ever, "pinned_pages", 257, SIGKILL);
}

static void works(void)
{
	char in[4] = "abc", out[4] = "";
	struct ava_call c = { .func = ECHO_ECHO, .args = PTR(in), .args_len = 4,
			      .reply = PTR(out), .reply_cap = 4 };
	int fd = ctx_open(&lim);

	NEED(fd >= 0 && !stream_open(fd, &c.stream) && !call(fd, &c), "%s", strerror(errno));
	CHECK(!memcmp(in, out, 4), "%.4s", out);
	close(fd);
}

/* The server dies: this call and all later ones fail, events tell, then EOF. */
static void server_dies(void)
{
	struct ava_call c = { .func = ECHO_DIE };
	struct pollfd p = { .events = POLLIN };
	struct ava_event ev = { 0 };
	__u32 s;
	int fd = ctx_open(NULL);

	NEED(fd >= 0 && !stream_open(fd, &c.stream), "%s", strerror(errno));
	REFUSED(call(fd, &c), ENOLINK);
	c.func = ECHO_ECHO;
	REFUSED(call(fd, &c), ENOLINK);
	REFUSED(stream_open(fd, &s), ENOLINK);
	p.fd = fd;
	CHECK(read(fd, &ev, sizeof(ev)) == sizeof(ev), "%s", strerror(errno));
	CHECK(ev.type == AVA_EVENT_LOST && ev.status == -ENOLINK && !ev.len,
	      "type %u status %d", ev.type, ev.status);
	CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLERR, "revents %x", p.revents);
	CHECK(read(fd, &ev, sizeof(ev)) == 0, "%s", strerror(errno));
	close(fd);
	CHECK(all_released(), "after");
	works();
}

static void server_dies_under_a_batch(void)
{
	struct ava_call c[40];
	__u32 done = 0, s;
	unsigned int i;
	int fd = ctx_open(NULL);

	NEED(fd >= 0 && !stream_open(fd, &s), "%s", strerror(errno));
	for (i = 0; i < COUNT_OF(c); i++)
		c[i] = (struct ava_call){ .func = i == 20 ? ECHO_DIE : ECHO_ECHO,
					  .stream = s };
	CHECK(!submit(fd, c, COUNT_OF(c), &done) && done > 0, "%s", strerror(errno));
	/* Replies not yet taken from the server may be lost with it. */
	for (i = 0; i < done; i++)
		CHECK(c[i].status == -ENOLINK || (i < 20 && !c[i].status),
		      "call %u: %d", i, c[i].status);
	close(fd);
	CHECK(all_released(), "after");
}

/* Nobody waits for an async call: the context must tell. */
static void async_call_fails(void)
{
	struct ava_call c = { .func = ECHO_BAD, .flags = AVA_CALL_ASYNC };
	struct pollfd p = { .events = POLLIN };
	int fd = ctx_open(NULL);

	NEED(fd >= 0 && !stream_open(fd, &c.stream) && !call(fd, &c), "%s", strerror(errno));
	p.fd = fd;
	CHECK(poll(&p, 1, PATIENCE_MS) == 1 && p.revents & POLLERR, "revents %x", p.revents);
	c.func = ECHO_ECHO;
	REFUSED(call(fd, &c), EBADMSG);
	close(fd);
	CHECK(all_released(), "after");
}

static void many_open_and_close(void)
{
	__u32 s;
	int i, fd;

	for (i = 0; i < 20; i++) {
		fd = ctx_open(NULL);
		NEED(fd >= 0 && !stream_open(fd, &s), "%d: %s", i, strerror(errno));
		close(fd);
	}
	CHECK(all_released(), "after");
}

/* The file goes while the host has not answered OPEN: it must answer to nobody. */
static void killed_while_opening(void)
{
	struct timespec t = { 0 };
	struct ava_open req;
	int i, fd;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = fork();
		if (!pid) {
			fd = ctx_file();
			ctx_bind(fd, &req);
			_exit(0);
		}
		t.tv_nsec = i * 500000;
		nanosleep(&t, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	CHECK(all_released(), "after");
	works();
}

static void first_open(void)
{
	works();
	if (test_failed) {
		printf("Bail out! no context; is echo_server running on the host?\n");
		exit(1);
	}
}

int main(void)
{
	static const struct test tests[] = {
		{ "a context opens and echoes", first_open },
		{ "process killed in a call", killed_in_a_call },
		{ "process terminated in a call", terminated_in_a_call },
		{ "process killed while it waits for room", killed_with_calls_behind },
		{ "five processes killed with pinned memory", five_killed_with_pins },
		{ "process killed while it opens", killed_while_opening },
		{ "server dies in a call", server_dies },
		{ "server dies under a batch", server_dies_under_a_batch },
		{ "an async call fails", async_call_fails },
		{ "opened and closed 20 times", many_open_and_close },
	};

	return run_tests(tests, COUNT_OF(tests));
}
