// SPDX-License-Identifier: Apache-2.0
/*
 * local_client.c - a program that opens a context of the test API, and what it does then
 *
 *   local-client              one call, then exit
 *   local-client open         nothing more
 *   local-client probe WHAT   print what the server answers
 *   local-client write        what it writes where its standard output is does no harm
 *   local-client leave        the first thread ends, another one goes on
 *   local-client wait         print "ready", then call what never returns
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ava/context.h>

#include "echo_api.h"

static int call_u64(struct ava_context *ctx, uint32_t func, const uint32_t *arg,
		    uint64_t *value)
{
	struct ava_call call = {
		.func = func,
		.args = (uintptr_t)arg,
		.args_len = arg ? sizeof(*arg) : 0,
		.reply = (uintptr_t)value,
		.reply_cap = sizeof(*value),
	};

	return ava_context_call(ctx, &call);
}

static int probe(struct ava_context *ctx, const char *text)
{
	uint32_t what = strtoul(text, NULL, 10);
	uint64_t value;
	int ret = call_u64(ctx, ECHO_PROBE, &what, &value);

	if (!ret)
		printf("%llu\n", (unsigned long long)value);
	return ret;
}

static int write_and_call(struct ava_context *ctx)
{
	uint64_t pid;
	int ret = call_u64(ctx, ECHO_PID, NULL, &pid);
	int fd;

	for (fd = 0; !ret && fd < 3; fd++)
		ret = write(fd, "text", 4) > 0;
	return ret ? ret : call_u64(ctx, ECHO_PID, NULL, &pid);
}

/* Zombies in /proc are not files to wait at, so this looks until the first thread is one. */
static void wait_for_first(void)
{
	char state = 0;
	FILE *f;

	while (state != 'Z') {
		f = fopen("/proc/self/stat", "re");
		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			exit(3);
		fclose(f);
		sched_yield();
	}
}

static void *left_thread(void *arg)
{
	uint64_t sum = 0, value = 7;
	struct ava_seg seg = {
		.addr = (uintptr_t)&value, .len = sizeof(value), .flags = AVA_SEG_TO_HOST,
	};
	struct ava_call call = {
		.func = ECHO_SUM, .segs = (uintptr_t)&seg, .seg_count = 1,
		.reply = (uintptr_t)&sum, .reply_cap = sizeof(sum),
	};

	wait_for_first();
	exit(ava_context_call(arg, &call) ? 2 : sum != 7);
}

static int leave(struct ava_context *ctx)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, left_thread, ctx))
		return 1;
	pthread_exit(NULL);
}

static int wait_forever(struct ava_context *ctx)
{
	struct ava_call call = { .func = ECHO_BLOCK };
	uint64_t pid;
	int ret = call_u64(ctx, ECHO_PID, NULL, &pid);

	if (ret)
		return ret;
	printf("ready %llu\n", (unsigned long long)pid);
	fflush(stdout);
	return ava_context_call(ctx, &call);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct ava_context *ctx;
	uint64_t pid;
	int ret = ava_context_get(&echo_id, &ctx);

	if (ret)
		return 1;
	if (!strcmp(what, "open"))
		return 0;
	if (!strcmp(what, "probe") && argc == 3)
		ret = probe(ctx, argv[2]);
	else if (!strcmp(what, "write"))
		ret = write_and_call(ctx);
	else if (!strcmp(what, "leave"))
		ret = leave(ctx);
	else if (!strcmp(what, "wait"))
		ret = wait_forever(ctx);
	else
		ret = call_u64(ctx, ECHO_PID, NULL, &pid);
	return ret ? 2 : 0;
}
