// SPDX-License-Identifier: Apache-2.0
/*
 * record.c - a generated server that writes the calls it gets as inputs of fuzz.c
 *
 * make seeds runs the test programs against it; AVA_RECORD names the directory.
 * The first calls of each function are kept, with handles in fuzz.c's notation.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ava/handle.h>
#include <ava/server.h>

#define PER_FUNC	6
#define MAX_ARGS	2048

int ava_api_dispatch(struct ava_server_call *call);
void ava_api_init(void);
extern const struct ava_func ava_api_funcs[];
extern const unsigned int ava_api_func_count;

static unsigned int kept[65536];
static const char *dir;		/* a server's own environment is not the caller's */

static uint64_t portable(uint64_t word)
{
	uint32_t type = ava_handle_type(word);

	if (!type || type > 15 || (word >> 32 & 0xffff))
		return word;
	return 0xffffull << 16 | type << 8 | (word & 1);
}

static void write_input(const struct ava_server_call *call, int fd)
{
	uint8_t head[4] = {
		call->func, call->func >> 8,
		(call->flags & AVA_CALL_ASYNC ? 1 : 0) | call->seg_count << 1, 63,
	};
	uint64_t args[MAX_ARGS / 8];
	uint32_t i, word;

	memcpy(args, call->args, call->args_len);
	for (i = 0; i < call->args_len / 8; i++)
		args[i] = portable(args[i]);
	if (write(fd, head, sizeof(head)) < 0)
		return;
	for (i = 0; i < call->seg_count; i++) {
		word = call->segs[i].len << 2 | call->segs[i].flags;
		if (write(fd, &word, sizeof(word)) < 0)
			return;
	}
	if (write(fd, args, call->args_len) < 0)
		return;
}

static int record(struct ava_server_call *call)
{
	char path[512];
	int fd;

	if (dir && call->args_len <= MAX_ARGS && call->seg_count <= 8 &&
	    __atomic_fetch_add(&kept[call->func & 65535], 1, __ATOMIC_RELAXED) < PER_FUNC) {
		snprintf(path, sizeof(path), "%s/%05u-%u-%d", dir, call->func,
			 kept[call->func & 65535], getpid());
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (fd >= 0) {
			write_input(call, fd);
			close(fd);
		}
	}
	return ava_api_dispatch(call);
}

#include AVA_COMMON

int main(int argc, char **argv)
{
	struct ava_server_api api = {
		.id = AVA_API_ID, .funcs = ava_api_funcs, .func_count = ava_api_func_count,
		.dispatch = record, .log_name = "record", .ordered = true,
	};

	dir = getenv("AVA_RECORD");
	ava_api_init();
	return ava_server_main(argc, argv, &api);
}
