// SPDX-License-Identifier: GPL-2.0
/*
 * Every refusal of /dev/ava, one broken thing at a time
 *
 * Runs in a guest, as root, with echo_server on the host.
 */
#include "harness.h"

#include <grp.h>
#include <sys/resource.h>

static struct ava_open lim;
static int fd;		/* bound */
static __u32 st;	/* open */

static char *unmapped(void)
{
	char *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p, 4096);
	return p;
}

static struct ava_call echo_call(const void *args, __u32 len, void *reply)
{
	return (struct ava_call){
		.args = PTR(args), .args_len = len, .reply = PTR(reply),
		.reply_cap = reply ? len : 0, .func = ECHO_ECHO, .stream = st,
	};
}

static void still_works(void)
{
	char in[] = "still here", out[sizeof(in)] = "";
	struct ava_call c = echo_call(in, sizeof(in), out);

	CHECK(!call(fd, &c), "echo: %s", strerror(errno));
	CHECK(!memcmp(in, out, sizeof(in)), "echo: \"%.10s\"", out);
}

static void unknown_commands(void)
{
	char buf[256] = "";

	REFUSED(ioctl(fd, _IO(AVA_IOC_MAGIC, 0x7f), buf), ENOTTY);
	REFUSED(ioctl(fd, _IOWR(AVA_IOC_MAGIC, 0x03, __u64), buf), ENOTTY);
	REFUSED(ioctl(fd, _IOW(AVA_IOC_MAGIC, 0x03, struct ava_submit), buf), ENOTTY);
	REFUSED(ioctl(fd, _IOWR(AVA_IOC_MAGIC, 0x00, char[256]), buf), ENOTTY);
	REFUSED(ioctl(fd, _IOWR(0xAF, 0x03, struct ava_submit), buf), ENOTTY);
}

static void other_file_operations(void)
{
	char c = 0;

	REFUSED(write(fd, &c, 1), EINVAL);
	REFUSED(lseek(fd, 0, SEEK_SET), ESPIPE);
	REFUSED(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0,
		ENODEV);
}

static int open_with(void (*spoil)(struct ava_open *))
{
	struct ava_open req = { 0 };
	int f = ctx_file(), ret, err;

	echo_id(&req.api);
	spoil(&req);
	ret = ioctl(f, AVA_IOC_OPEN, &req);
	err = errno;
	close(f);
	errno = err;
	return ret;
}

static void bad_flags(struct ava_open *r)
{
	r->flags = 1;
}

static void bad_res0(struct ava_open *r)
{
	r->reserved[0] = 1;
}

static void bad_res1(struct ava_open *r)
{
	r->reserved[1] = 1;
}

static void bad_res2(struct ava_open *r)
{
	r->reserved[2] = 1u << 31;
}

static void bad_no_name(struct ava_open *r)
{
	r->api.name[0] = '\0';
}

static void bad_pad(struct ava_open *r)
{
	r->api.name[AVA_API_NAME_LEN - 1] = 'x';
}

static void bad_nul(struct ava_open *r)
{
	memset(r->api.name, 'x', AVA_API_NAME_LEN);
}

static void bad_name(struct ava_open *r)
{
	r->api.name[0] = 'X';
}

static void bad_hash(struct ava_open *r)
{
	r->api.hash[31] ^= 1;
}

static void bad_major(struct ava_open *r)
{
	r->api.version_major++;
}

static void open_refusals(void)
{
	REFUSED(open_with(bad_flags), EINVAL);
	REFUSED(open_with(bad_res0), EINVAL);
	REFUSED(open_with(bad_res1), EINVAL);
	REFUSED(open_with(bad_res2), EINVAL);
	REFUSED(open_with(bad_no_name), EINVAL);
	REFUSED(open_with(bad_pad), EINVAL);
	REFUSED(open_with(bad_nul), EINVAL);
	REFUSED(ioctl(fd, AVA_IOC_OPEN, unmapped()), EFAULT);
}

static void open_what_is_not_served(void)
{
	REFUSED(open_with(bad_name), ENOENT);
	REFUSED(open_with(bad_hash), EPROTONOSUPPORT);
	REFUSED(open_with(bad_major), EPROTONOSUPPORT);
}

static void open_again_after_a_refusal(void)
{
	struct ava_open req;
	int f = ctx_file();

	NEED(f >= 0, "%s", strerror(errno));
	ctx_bind(f, &req);
	close(f);
	f = ctx_file();
	memset(&req, 0, sizeof(req));
	echo_id(&req.api);
	req.api.name[0] = 'X';
	REFUSED(ioctl(f, AVA_IOC_OPEN, &req), ENOENT);
	CHECK(!ctx_bind(f, &req), "%s", strerror(errno));
	close(f);
}

static void open_twice(void)
{
	struct ava_open req;

	REFUSED(ctx_bind(fd, &req), EBUSY);
	still_works();
}

static void limits_are_told(void)
{
	CHECK(lim.max_args && lim.max_reply && lim.max_segs && lim.max_bulk &&
	      lim.max_streams, "args %u reply %u segs %u bulk %llu streams %u",
	      lim.max_args, lim.max_reply, lim.max_segs, lim.max_bulk,
	      lim.max_streams);
}

static void unbound_file(void)
{
	struct ava_call c = { 0 };
	struct pollfd p;
	__u32 s;
	int f = ctx_file();

	REFUSED(stream_open(f, &s), ENOTCONN);
	REFUSED(stream_close(f, 0), ENOTCONN);
	REFUSED(submit(f, &c, 1, NULL), ENOTCONN);
	REFUSED(read(f, &c, sizeof(c)), ENOTCONN);
	p = (struct pollfd){ .fd = f, .events = POLLIN };
	CHECK(poll(&p, 1, 0) == 0, "revents %x", p.revents);
	close(f);
}

static void stream_refusals(void)
{
	struct ava_stream req = { .flags = 1 };

	REFUSED(ioctl(fd, AVA_IOC_STREAM_OPEN, &req), EINVAL);
	req.stream = st;
	REFUSED(ioctl(fd, AVA_IOC_STREAM_CLOSE, &req), EINVAL);
	REFUSED(stream_close(fd, st + 1), ENOENT);
	REFUSED(stream_close(fd, ~0u), ENOENT);
	REFUSED(ioctl(fd, AVA_IOC_STREAM_OPEN, unmapped()), EFAULT);
	REFUSED(ioctl(fd, AVA_IOC_STREAM_CLOSE, unmapped()), EFAULT);
	still_works();
}

static void streams_past_the_limit(void)
{
	__u32 *s = calloc(lim.max_streams, sizeof(*s));
	__u32 i, n;

	for (n = 0; n < lim.max_streams - 1; n++)
		if (stream_open(fd, &s[n]))
			break;
	CHECK(n == lim.max_streams - 1, "%u of %u: %s", n, lim.max_streams - 1,
	      strerror(errno));
	REFUSED(stream_open(fd, &s[n]), EDQUOT);
	for (i = 0; i < n; i++)
		CHECK(!stream_close(fd, s[i]), "%s", strerror(errno));
	NEED(!stream_open(fd, &s[0]), "%s", strerror(errno));
	CHECK(!stream_close(fd, s[0]), "%s", strerror(errno));
	REFUSED(stream_close(fd, s[0]), ENOENT);
	free(s);
	still_works();
}

static void submit_refusals(void)
{
	static const struct ava_submit bad[] = {
		{ .count = 0, .stride = 80 },
		{ .count = 1, .stride = 80, .flags = 1 },
		{ .count = 1, .stride = 80, .reserved = 1 },
		{ .count = 1, .stride = 0 },
		{ .count = 1, .stride = 48 },
		{ .count = 1, .stride = 84 },
		{ .count = 1, .stride = 1u << 20 },
	};
	struct ava_call c = echo_call("", 0, NULL);
	struct ava_submit req;
	unsigned int i;

	for (i = 0; i < COUNT_OF(bad); i++) {
		req = bad[i];
		req.calls = PTR(&c);
		REFUSED(ioctl(fd, AVA_IOC_SUBMIT, &req), EINVAL);
	}
	req = (struct ava_submit){ .calls = PTR(unmapped()), .count = 1, .stride = 80 };
	REFUSED(ioctl(fd, AVA_IOC_SUBMIT, &req), EFAULT);
	req.calls = ~0ull - 8;
	REFUSED(ioctl(fd, AVA_IOC_SUBMIT, &req), EFAULT);
	REFUSED(ioctl(fd, AVA_IOC_SUBMIT, unmapped()), EFAULT);
	still_works();
}

static void elements_of_another_size(void)
{
	struct { struct ava_call c; __u64 more[2]; } large[2] = { 0 };
	struct ava_submit req = { .calls = PTR(large), .count = 2,
				  .stride = sizeof(large[0]) };
	struct ava_call small;

	large[0].c = echo_call("", 0, NULL);
	large[1].c = large[0].c;
	CHECK(!ioctl(fd, AVA_IOC_SUBMIT, &req) && req.done == 2, "done %u: %s",
	      req.done, strerror(errno));
	large[1].more[1] = 1;
	CHECK(!ioctl(fd, AVA_IOC_SUBMIT, &req) && req.done == 1, "done %u: %s",
	      req.done, strerror(errno));
	large[0].more[0] = 1;
	REFUSED(ioctl(fd, AVA_IOC_SUBMIT, &req), EINVAL);

	/* 56 bytes end with the status; what lies behind is not touched. */
	small = echo_call("", 0, NULL);
	small.device_ns = 0x1234;
	small.reserved = 0x5678;
	req = (struct ava_submit){ .calls = PTR(&small), .count = 1, .stride = 56 };
	CHECK(!ioctl(fd, AVA_IOC_SUBMIT, &req), "%s", strerror(errno));
	CHECK(small.device_ns == 0x1234 && small.reserved == 0x5678, "written");
}

static void call_refusals(void)
{
	char *buf = calloc(1, 1 << 20);
	struct ava_seg segs[65] = { 0 };
	struct ava_call c;

	c = echo_call(buf, 0, NULL);
	c.flags = 2;
	REFUSED(call(fd, &c), EINVAL);
	c = echo_call(buf, 0, NULL);
	c.reserved = 1;
	REFUSED(call(fd, &c), EINVAL);
	c = echo_call(buf, 8, buf);
	c.flags = AVA_CALL_ASYNC;
	REFUSED(call(fd, &c), EINVAL);
	c = echo_call(buf, 0, NULL);
	c.stream = st + 1;
	REFUSED(call(fd, &c), ENOENT);
	c.stream = ~0u;
	REFUSED(call(fd, &c), ENOENT);
	c = echo_call(buf, lim.max_args + 1, NULL);
	REFUSED(call(fd, &c), E2BIG);
	c = echo_call(buf, 0, NULL);
	c.reply = PTR(buf);
	c.reply_cap = lim.max_reply + 1;
	REFUSED(call(fd, &c), E2BIG);
	c = echo_call(buf, 0, NULL);
	c.segs = PTR(segs);
	c.seg_count = lim.max_segs + 1;
	REFUSED(call(fd, &c), E2BIG);
	free(buf);
	still_works();
}

static void unreadable_memory(void)
{
	struct ava_call c;

	c = echo_call(unmapped(), 8, NULL);
	REFUSED(call(fd, &c), EFAULT);
	c = echo_call("", 0, NULL);
	c.func = ECHO_CHECKSUM;
	c.segs = PTR(unmapped());
	c.seg_count = 1;
	REFUSED(call(fd, &c), EFAULT);
	/* This one runs, but its reply has nowhere to go. */
	c = echo_call("12345678", 8, unmapped());
	CHECK(!submit(fd, &c, 1, NULL) && c.status == -EFAULT, "status %d", c.status);
	still_works();
}

static int seg_call(__u64 addr, __u64 len, __u32 flags, __u32 reserved)
{
	struct ava_seg seg = { addr, len, flags, reserved };
	struct ava_call c = { .func = ECHO_CHECKSUM, .stream = st,
			      .segs = PTR(&seg), .seg_count = 1 };

	return call(fd, &c);
}

static void segment_refusals(void)
{
	char *rw = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REFUSED(seg_call(PTR(rw), 1, 0, 0), EINVAL);
	REFUSED(seg_call(PTR(rw), 1, 4 | AVA_SEG_TO_HOST, 0), EINVAL);
	REFUSED(seg_call(PTR(rw), 1, AVA_SEG_TO_HOST, 1), EINVAL);
	REFUSED(seg_call(~0ull, 2, AVA_SEG_TO_HOST, 0), EFAULT);
	REFUSED(seg_call(1ull << 63, 1, AVA_SEG_TO_HOST, 0), EFAULT);
	REFUSED(seg_call(PTR(rw), lim.max_bulk + 1, AVA_SEG_TO_HOST, 0), E2BIG);
	REFUSED(seg_call(PTR(none), 1, AVA_SEG_TO_HOST, 0), EFAULT);
	REFUSED(seg_call(PTR(ro), 1, AVA_SEG_FROM_HOST, 0), EFAULT);
	CHECK(!seg_call(PTR(ro), 1, AVA_SEG_TO_HOST, 0), "%s", strerror(errno));
	/* Its first page can be pinned, its second not. */
	munmap(rw + 4096, 4096);
	REFUSED(seg_call(PTR(rw), 8192, AVA_SEG_TO_HOST, 0), EFAULT);
	CHECK(counter("pinned_pages") == 0, "%ld", counter("pinned_pages"));
	CHECK(!seg_call(PTR(unmapped()), 0, AVA_SEG_TO_HOST, 0), "%s", strerror(errno));
	munmap(rw, 4096);
	munmap(ro, 4096);
	munmap(none, 4096);
	still_works();
}

static void memlock_child(void)
{
	struct rlimit rl = { 65536, 65536 };
	char *p = mmap(NULL, 131072, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	NEED(!setrlimit(RLIMIT_MEMLOCK, &rl), "%s", strerror(errno));
	NEED(!setgroups(0, NULL) && !setgid(65534) && !setuid(65534), "%s",
	     strerror(errno));
	fd = ctx_open(&lim);
	NEED(fd >= 0 && !stream_open(fd, &st), "%s", strerror(errno));
	REFUSED(seg_call(PTR(p), 131072, AVA_SEG_TO_HOST, 0), ENOMEM);
	CHECK(!seg_call(PTR(p), 65536, AVA_SEG_TO_HOST, 0), "%s", strerror(errno));
	CHECK(!seg_call(PTR(p + 65536), 65536, AVA_SEG_FROM_HOST | AVA_SEG_TO_HOST, 0),
	      "%s", strerror(errno));
}

static void memlock_limit(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		memlock_child();
		fflush(stdout);
		_exit(test_failed);
	}
	waitpid(pid, &status, 0);
	CHECK(status == 0, "status %x", status);
}

static void batch_up_to_the_bad_one(void)
{
	struct ava_call c[3];
	__u32 done = 9;

	c[0] = echo_call("a", 1, NULL);
	c[1] = c[0];
	c[2] = c[0];
	c[1].flags = 2;
	c[0].status = 77;
	CHECK(!submit(fd, c, 3, &done) && done == 1, "done %u: %s", done,
	      strerror(errno));
	CHECK(c[0].status == 0, "status %d", c[0].status);
	c[0].flags = 2;
	REFUSED(submit(fd, c, 3, &done), EINVAL);
}

static void reads_without_an_event(void)
{
	char buf[64];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	fcntl(fd, F_SETFL, O_NONBLOCK);
	REFUSED(read(fd, buf, sizeof(buf)), EAGAIN);
	fcntl(fd, F_SETFL, 0);
	CHECK(poll(&p, 1, 0) == 0, "revents %x", p.revents);
}

static void read_too_short(void)
{
	char args[8 + 5] = { 1, 2, 3, 4, 5, 6, 7, 8, 'h', 'e', 'l', 'l', 'o' };
	struct ava_call c = echo_call(args, sizeof(args), NULL);
	struct { struct ava_event ev; char payload[16]; } buf;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	c.func = ECHO_CALLBACK;
	NEED(!call(fd, &c), "%s", strerror(errno));
	NEED(poll(&p, 1, PATIENCE_MS) == 1, "no event");
	REFUSED(read(fd, &buf, sizeof(buf.ev) + 4), EMSGSIZE);
	REFUSED(read(fd, unmapped(), 4096), EFAULT);
	CHECK(read(fd, &buf, sizeof(buf)) == sizeof(buf.ev) + 5, "%s", strerror(errno));
	CHECK(buf.ev.type == AVA_EVENT_CALLBACK && buf.ev.len == 5 &&
	      !memcmp(buf.payload, "hello", 5), "type %u len %u", buf.ev.type, buf.ev.len);
}

static void fresh_context(void)
{
	close(fd);
	fd = ctx_open(&lim);
	CHECK(fd >= 0 && !stream_open(fd, &st), "%s", strerror(errno));
}

/* What only the host can see is refused there, and is the context's end. */
static void host_refuses(void)
{
	struct ava_call c = echo_call("", 0, NULL);

	c.func = 4711;
	REFUSED(call(fd, &c), EBADMSG);
	c = echo_call("", 0, NULL);
	REFUSED(call(fd, &c), EBADMSG);
	fresh_context();
	c = echo_call("", 0, NULL);
	c.func = ECHO_BAD;
	REFUSED(call(fd, &c), EBADMSG);
	c = echo_call("", 0, NULL);
	REFUSED(call(fd, &c), EBADMSG);
	fresh_context();
	still_works();
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
	still_works();
}

int main(void)
{
	static const struct test tests[] = {
		{ "a context opens and echoes", first_open },
		{ "limits are told", limits_are_told },
		{ "unknown commands", unknown_commands },
		{ "file operations that the device has not", other_file_operations },
		{ "open: bad fields", open_refusals },
		{ "open: no such API, other spec", open_what_is_not_served },
		{ "open: possible after a refusal", open_again_after_a_refusal },
		{ "open: bound already", open_twice },
		{ "a file that is not bound", unbound_file },
		{ "stream: bad fields, not open", stream_refusals },
		{ "stream: past the limit, slots are reused", streams_past_the_limit },
		{ "submit: bad fields", submit_refusals },
		{ "submit: smaller and larger elements", elements_of_another_size },
		{ "call: bad fields, over limits", call_refusals },
		{ "call: unreadable memory", unreadable_memory },
		{ "segment: bad fields, bad memory", segment_refusals },
		{ "segment: RLIMIT_MEMLOCK", memlock_limit },
		{ "batch: up to the bad call", batch_up_to_the_bad_one },
		{ "read: no event", reads_without_an_event },
		{ "read: too short, bad memory, then right", read_too_short },
		{ "host: unknown function, malformed arguments", host_refuses },
		{ "everything is released", nothing_is_left },
	};

	return run_tests(tests, COUNT_OF(tests));
}
