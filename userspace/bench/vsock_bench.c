// SPDX-License-Identifier: Apache-2.0
/*
 * vsock_bench.c - AF_VSOCK between a guest and its host: ping-pong and bulk
 *
 *   vsock_bench serve PORT			in the host: one client, then the end
 *   vsock_bench ping PORT N [CID]		in the guest: ns per round trip of 8 bytes
 *   vsock_bench bulk PORT MIB [CID]		ns per MiB sent, the last one acknowledged
 *
 * What a transport for calls is compared with, in the same guest and session. CID
 * is the host's (2) if not given; 1 is this machine itself, to try the program.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define CHUNK	(1u << 20)

/* What a client asks for: @count messages of @len bytes, each or the last answered. */
struct order {
	uint64_t len;
	uint64_t count;
	uint64_t each;
};

static uint8_t buf[CHUNK];

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void send_all(int fd, const void *p, size_t len)
{
	for (ssize_t n; len; p = (const uint8_t *)p + n, len -= n) {
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			fail("send");
	}
}

static void recv_all(int fd, void *p, size_t len)
{
	for (ssize_t n; len; p = (uint8_t *)p + n, len -= n) {
		n = recv(fd, p, len, 0);
		if (n <= 0)
			fail("recv");
	}
}

static int serve(unsigned int port)
{
	const struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = port,
	};
	int listener = socket(AF_VSOCK, SOCK_STREAM, 0), fd;
	struct order order;

	if (listener < 0 || bind(listener, (const struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, 1))
		fail("AF_VSOCK");
	puts("ready");
	fflush(stdout);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		fail("accept");
	recv_all(fd, &order, sizeof(order));
	for (uint64_t i = 0; i < order.count; i++) {
		recv_all(fd, buf, order.len);
		if (order.each || i == order.count - 1)
			send_all(fd, buf, 8);
	}
	close(fd);
	close(listener);
	return EXIT_SUCCESS;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* The last line of cl_bench's kind: ns for each, sleeps for each. */
static int ask(unsigned int cid, unsigned int port, struct order order)
{
	const struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port,
	};
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
	struct rusage before, after;
	double start, ns;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		fail("AF_VSOCK");
	send_all(fd, &order, sizeof(order));
	getrusage(RUSAGE_SELF, &before);
	start = now();
	for (uint64_t i = 0; i < order.count; i++) {
		send_all(fd, buf, order.len);
		if (order.each || i == order.count - 1)
			recv_all(fd, buf, 8);
	}
	ns = now() - start;
	getrusage(RUSAGE_SELF, &after);
	printf("%.1f %.4f\n", ns / order.count,
	       (double)(after.ru_nvcsw - before.ru_nvcsw) / order.count);
	close(fd);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const unsigned int cid = argc == 5 ? atoi(argv[4]) : VMADDR_CID_HOST;

	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(atoi(argv[2]));
	if (argc >= 4 && !strcmp(argv[1], "ping"))
		return ask(cid, atoi(argv[2]), (struct order){ 8, atol(argv[3]), 1 });
	if (argc >= 4 && !strcmp(argv[1], "bulk"))
		return ask(cid, atoi(argv[2]), (struct order){ CHUNK, atol(argv[3]), 0 });
	fprintf(stderr, "usage: vsock_bench serve PORT | ping PORT N [CID] | bulk PORT MIB [CID]\n");
	return EXIT_FAILURE;
}
