// SPDX-License-Identifier: GPL-2.0
/*
 * What one process takes of the device leaves enough for the others
 *
 * Runs in a guest, as root, with the host serving the echo API. "ava_share crowd"
 * is for a host that takes its time to open contexts (fake_host open-delay=).
 */
#include "harness.h"

#include <grp.h>
#include <pthread.h>
#include <sys/resource.h>

#define CROWD	300	/* more than a control queue has room for */

static int fd;
static __u32 st;
static struct ava_open lim;

static void on_alarm(int sig)
{
	(void)sig;
}

/* Waits for room then end with EINTR instead of never. */
static void give_up_after(unsigned int seconds)
{
	struct sigaction sa = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &sa, NULL);
	alarm(seconds);
}

static void works(void)
{
	char in[4] = "abc", out[4] = "";
	struct ava_call c = { .func = ECHO_ECHO, .args = PTR(in), .args_len = 4,
			      .reply = PTR(out), .reply_cap = 4, .stream = st };

	CHECK(!call(fd, &c) && !memcmp(in, out, 4), "%s", strerror(errno));
}

/* As many calls as the driver takes, and none of them ever ends. */
static void hog_with_a_batch(void)
{
	static struct ava_call c[2000];
	unsigned int i;
	__u32 s;
	int f = ctx_open(NULL);

	if (f < 0 || stream_open(f, &s))
		_exit(2);
	for (i = 0; i < COUNT_OF(c); i++)
		c[i] = (struct ava_call){ .func = ECHO_BLOCK, .stream = s };
	submit(f, c, COUNT_OF(c), NULL);
	pause();
}

static void hog_with_async_calls(void)
{
	struct ava_call c = { .func = ECHO_BLOCK, .flags = AVA_CALL_ASYNC };
	__u32 s[64], n = 0, i = 0;
	int f = ctx_open(NULL);

	while (f >= 0 && n < COUNT_OF(s) && n < lim.max_streams && !stream_open(f, &s[n]))
		n++;
	if (!n)
		_exit(2);
	do {
		c.stream = s[i++ % n];
	} while (!call(f, &c));
	pause();
}

/* More than so many calls are held, and as many as ever will be. */
static int settles(long more_than)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	long last = 0, now;
	int same = 0, i;

	for (i = 0; i < 20000 && same < 300; i++) {
		now = counter("calls");
		same = now > more_than && now == last ? same + 1 : 0;
		last = now;
		nanosleep(&ms, NULL);
	}
	printf("# %ld calls held\n", last);
	return same == 300;
}

static void hogged(void (*hog)(void))
{
	long before = counter("calls");
	pid_t pid = fork();

	if (!pid)
		hog();
	CHECK(settles(before + 1), "calls %ld", counter("calls"));
	give_up_after(60);
	works();
	alarm(0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(counter_becomes("calls", before), "calls %ld", counter("calls"));
}

static void *batch_thread(void *arg)
{
	static struct ava_call c[500];
	unsigned int i;

	for (i = 0; i < COUNT_OF(c); i++)
		c[i] = (struct ava_call){ .func = ECHO_BLOCK, .stream = st };
	submit(fd, c, COUNT_OF(c), NULL);
	return arg;
}

/* In a child: its context's other streams go on beside a batch that blocks. */
static int use_other_streams(void)
{
	pthread_t t;
	__u32 i;

	fd = ctx_open(&lim);
	if (fd < 0 || stream_open(fd, &st) || pthread_create(&t, NULL, batch_thread, NULL))
		return 1;
	CHECK(settles(1), "calls %ld", counter("calls"));
	give_up_after(60);
	for (i = 1; i < 8 && i < lim.max_streams; i++) {
		CHECK(!stream_open(fd, &st), "%s", strerror(errno));
		works();
	}
	return test_failed;
}

static void child_passes(int (*child)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		status = child();
		/* Not exit(): a thread may be in a call. */
		fflush(stdout);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	CHECK(!status, "status %x", status);
}

static void other_streams_go_on(void)
{
	child_passes(use_other_streams);
	CHECK(counter_becomes("calls", 0), "calls %ld", counter("calls"));
}

static void a_batch_that_never_ends(void)
{
	hogged(hog_with_a_batch);
}

static void async_calls_that_never_end(void)
{
	hogged(hog_with_async_calls);
}

/* Two take what is left of what one took, and a third still gets in. */
static void two_of_them(void)
{
	pid_t pid = fork();

	if (!pid)
		hog_with_a_batch();
	CHECK(settles(1), "calls %ld", counter("calls"));
	hogged(hog_with_async_calls);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(counter_becomes("calls", 0), "calls %ld", counter("calls"));
}

/*
 * The host returns the chain of the call before when it has written the bytes, and
 * says nothing: until then there is no room. A driver that does not look for
 * returned chains itself has none ever.
 */
static int call_when_returned(struct ava_call *c)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	int i, ret = -1;

	for (i = 0; i < PATIENCE_MS / 2 && (ret = call(fd, c)) && errno == ENOMEM; i++)
		nanosleep(&ms, NULL);
	return ret;
}

/* In a child without privileges: each call takes more than half of the limit. */
static int fill_the_limit(void)
{
	struct rlimit rl = { 30 * 4096, 30 * 4096 };
	char *from = aligned_alloc(4096, 40960), *to = aligned_alloc(4096, 40960);
	struct ava_seg segs[2] = { { PTR(from), 40960, AVA_SEG_TO_HOST, 0 },
				   { PTR(to), 40960, AVA_SEG_FROM_HOST, 0 } };
	struct ava_call c = { .func = ECHO_COPY, .flags = AVA_CALL_ASYNC,
			      .segs = PTR(segs), .seg_count = 2, .stream = st };
	int i;

	if (setrlimit(RLIMIT_MEMLOCK, &rl) || setgroups(0, NULL) || setgid(65534) ||
	    setuid(65534))
		return 1;
	for (i = 1; i <= 4; i++) {
		memset(from, i, 40960);
		if (call_when_returned(&c)) {
			printf("# call %d: %s\n", i, strerror(errno));
			return 1;
		}
		while (__atomic_load_n(to + 40959, __ATOMIC_RELAXED) != i)
			;
	}
	return 0;
}

static void ended_calls_are_not_charged(void)
{
	child_passes(fill_the_limit);
}

static void *opener(void *arg)
{
	struct ava_open req;

	ctx_bind(*(int *)arg, &req);
	return NULL;
}

static void crowd(void)
{
	static int files[CROWD];
	struct timespec t = { .tv_nsec = 500000000 };
	pthread_attr_t small;
	pthread_t thread;
	int i;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (i = 0; i < CROWD; i++) {
		files[i] = ctx_file();
		if (files[i] < 0 || pthread_create(&thread, &small, opener, &files[i]))
			_exit(2);
	}
	/* Only makes it likely that all of them have asked. */
	nanosleep(&t, NULL);
	kill(getpid(), SIGSTOP);
	_exit(0);
}

static void opens_hold_up_nobody(void)
{
	struct timespec before, after;
	int status = 0;
	__u32 s;
	pid_t pid = fork();

	if (!pid)
		crowd();
	waitpid(pid, &status, WUNTRACED);
	NEED(WIFSTOPPED(status), "status %x", status);
	clock_gettime(CLOCK_MONOTONIC, &before);
	CHECK(!stream_open(fd, &s), "%s", strerror(errno));
	clock_gettime(CLOCK_MONOTONIC, &after);
	/* The host answers the first of them 10 s after it asked. */
	CHECK(after.tv_sec - before.tv_sec < 8, "%ld s", after.tv_sec - before.tv_sec);
	works();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
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

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "a context opens", first_open },
		{ "beside a batch of calls that never end", a_batch_that_never_ends },
		{ "beside async calls that never end", async_calls_that_never_end },
		{ "beside both", two_of_them },
		{ "other streams, beside a batch that never ends", other_streams_go_on },
		{ "calls that have ended are not charged", ended_calls_are_not_charged },
		{ "everything is released", nothing_is_left },
	};
	static const struct test crowd_tests[] = {
		{ "a context opens", first_open },
		{ "beside 300 files that open", opens_hold_up_nobody },
		{ "everything is released", nothing_is_left },
	};

	if (argc > 1 && !strcmp(argv[1], "crowd"))
		return run_tests(crowd_tests, COUNT_OF(crowd_tests));
	return run_tests(tests, COUNT_OF(tests));
}
