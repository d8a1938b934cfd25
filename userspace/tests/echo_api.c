// SPDX-License-Identifier: Apache-2.0
/*
 * echo_api.c - the test API's identity and function table, for both ends
 */
#include "echo_api.h"

const struct ava_api_id echo_id = {
	.name = "echo",
	.version_major = 1,
	.version_minor = 2,
	.hash = { 0xec, 0x40 },
};

const struct ava_func echo_funcs[] = {
	{ .id = ECHO_REPLY, .max_args = ECHO_MAX, .max_reply = ECHO_MAX },
	{ .id = ECHO_SUM, .max_reply = 8, .max_segs = 1 },
	{ .id = ECHO_FILL, .min_args = 1, .max_args = 1, .max_segs = 1,
	  .flags = AVA_FUNC_ASYNC },
	{ .id = ECHO_COUNT, .min_args = 8, .max_args = 8, .flags = AVA_FUNC_ASYNC },
	{ .id = ECHO_READ, .max_reply = 8 },
	{ .id = ECHO_BLOCK, .flags = AVA_FUNC_MAY_WAIT | AVA_FUNC_ASYNC },
	{ .id = ECHO_CRASH },
	{ .id = ECHO_BAD },
	{ .id = ECHO_PID, .max_reply = 8 },
	{ .id = ECHO_PROBE, .min_args = 4, .max_args = 4, .max_reply = 8 },
	{ .id = ECHO_EVENTS, .min_args = 4, .max_args = 4 },
};

const uint32_t echo_func_count = sizeof(echo_funcs) / sizeof(echo_funcs[0]);
