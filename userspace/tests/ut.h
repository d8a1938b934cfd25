/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ut.h - what the unit tests of userspace share
 */
#ifndef AVA_TESTS_UT_H
#define AVA_TESTS_UT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include <ava/context.h>

#include "echo_api.h"

/**
 * struct ut_server - an echo server on a socket
 */
struct ut_server {
	pid_t pid;
	char dir[64];
	char path[80];
};

/**
 * ut_server_start() - start one, and point AVA_CHANNEL at it
 * @option: one more option, or NULL
 */
void ut_server_start(struct ut_server *s, const char *option);

/**
 * ut_server_start_tool() - start another API's server that way
 * @tool: beside this program
 */
void ut_server_start_tool(struct ut_server *s, const char *tool, const char *option);

/**
 * ut_server_stop() - end it; fails unless it ends with status 0
 */
void ut_server_stop(struct ut_server *s);

/**
 * ut_tool() - path of a program that was built beside this one
 */
const char *ut_tool(const char *name);

/**
 * ut_run() - run a program with its output caught
 * @out: (out) up to 64 KiB of stdout and stderr, to be freed, or NULL
 *
 * Return: exit status, or -signal.
 */
int ut_run(char *const argv[], char **out);

/**
 * ut_capture_begin(), ut_capture_end() - catch what the process writes to stderr
 *
 * Return: the text, valid until the next capture.
 */
void ut_capture_begin(void);
const char *ut_capture_end(void);

/**
 * ut_count() - how often @needle is in @text
 */
unsigned int ut_count(const char *text, const char *needle);

/**
 * ut_fd_count() - open descriptors of this process
 */
unsigned int ut_fd_count(void);

/**
 * ut_process_gone() - whether the process of @pid ends within @ms
 */
bool ut_process_gone(pid_t pid, int ms);

/**
 * ut_child() - run @fn in a forked child: its return value
 */
int ut_child(int (*fn)(void *arg), void *arg);

/**
 * ut_wait_readable() - whether @fd can be read within @ms
 */
bool ut_wait_readable(int fd, int ms);

/* Calls of the echo API; each returns what ava_context_call() does. */

int ut_echo(struct ava_context *ctx, const void *args, uint32_t len, void *reply,
	    uint32_t cap, uint32_t *reply_len);
int ut_u64(struct ava_context *ctx, uint32_t func, const void *args, uint32_t len,
	   uint64_t *value);
int ut_sum(struct ava_context *ctx, const void *buf, uint64_t len, uint64_t *sum);
int ut_fill(struct ava_context *ctx, void *buf, uint64_t len, uint8_t value, uint32_t flags);
int ut_count_add(struct ava_context *ctx, uint64_t add);
int ut_plain(struct ava_context *ctx, uint32_t func, uint32_t flags);

#endif /* AVA_TESTS_UT_H */
