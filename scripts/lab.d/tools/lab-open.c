// SPDX-License-Identifier: Apache-2.0
/*
 * lab-open.c - open a context of /dev/ava by hand, and say with what errno
 *
 * lab-open NAME MAJOR.MINOR HASH [--hold]: with --hold, keeps the context and
 * waits for the device to go away, then says what the file does after that.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/ava.h>

static const char *result(int ret)
{
	return ret < 0 ? strerrorname_np(errno) : "ok";
}

static int parse_hash(const char *text, __u8 hash[AVA_HASH_LEN])
{
	if (strlen(text) != 2 * AVA_HASH_LEN)
		return -1;
	for (int i = 0; i < AVA_HASH_LEN; i++)
		if (sscanf(text + 2 * i, "%2hhx", &hash[i]) != 1)
			return -1;
	return 0;
}

static int hold(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct ava_stream stream = { 0 };
	char event[512];

	printf("stream: %s\n", result(ioctl(fd, AVA_IOC_STREAM_OPEN, &stream)));
	puts("holding");
	fflush(stdout);
	if (poll(&p, 1, -1) < 0)
		return 1;
	printf("poll:%s%s%s\n", p.revents & POLLIN ? " in" : "",
	       p.revents & POLLERR ? " err" : "", p.revents & POLLHUP ? " hup" : "");
	printf("stream after: %s\n", result(ioctl(fd, AVA_IOC_STREAM_OPEN, &stream)));
	if (!(p.revents & POLLIN))
		printf("read after: %s\n", result((int)read(fd, event, sizeof(event))));
	return 0;
}

int main(int argc, char **argv)
{
	struct ava_open open_arg = { 0 };
	int fd, ret;

	if (argc < 4 || parse_hash(argv[3], open_arg.api.hash) ||
	    sscanf(argv[2], "%u.%u", &open_arg.api.version_major,
		   &open_arg.api.version_minor) != 2) {
		fputs("usage: lab-open NAME MAJOR.MINOR HASH [--hold]\n", stderr);
		return 2;
	}
	snprintf((char *)open_arg.api.name, sizeof(open_arg.api.name), "%s", argv[1]);
	fd = open("/dev/ava", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		printf("device: %s\n", result(fd));
		return 1;
	}
	ret = ioctl(fd, AVA_IOC_OPEN, &open_arg);
	printf("open: %s\n", result(ret));
	if (ret)
		return 1;
	return argc > 4 ? hold(fd) : 0;
}
