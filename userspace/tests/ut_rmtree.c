// SPDX-License-Identifier: Apache-2.0
/*
 * ut_rmtree.c - trees that others filled are removed, by several at the same time too
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/rmtree.h"
#include "ut.h"

#define DEPTH		200
#define REMOVERS	8

static char top[64], tree[80];

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/ava-ut-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	snprintf(tree, sizeof(tree), "%s/tree", top);
	return mkdir(tree, 0700);
}

static int teardown(void **state)
{
	(void)state;
	return ava_rmtree(top);
}

/* Deeper than a path can name, with a link to what must stay, at each level. */
static void fill_tree(const char *kept)
{
	int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC), next, i;

	assert_true(fd >= 0);
	for (i = 0; i < DEPTH; i++) {
		assert_int_equal(symlinkat(kept, fd, "link"), 0);
		assert_int_equal(mkdirat(fd, "other", 0700), 0);
		assert_int_equal(mkdirat(fd, "directory-of-some-length", 0700), 0);
		next = openat(fd, "directory-of-some-length", O_RDONLY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
	}
	close(fd);
}

static void test_deep(void **state)
{
	char kept[80];

	(void)state;
	snprintf(kept, sizeof(kept), "%s/kept", top);
	assert_int_equal(mkdir(kept, 0700), 0);
	fill_tree(kept);
	assert_int_equal(ava_rmtree(tree), 0);
	assert_int_not_equal(access(tree, F_OK), 0);
	assert_int_equal(access(kept, F_OK), 0);
	assert_int_equal(ava_rmtree(tree), 0);	/* it is gone already */
}

static void test_no_directory(void **state)
{
	char link[80];

	(void)state;
	snprintf(link, sizeof(link), "%s/link", top);
	assert_int_equal(symlink(tree, link), 0);
	assert_int_equal(ava_rmtree(link), -ENOTDIR);
	assert_int_equal(access(tree, F_OK), 0);
	assert_int_equal(unlink(link), 0);
}

/* Removes when the pipe @start ends. */
static pid_t remover(const int *start, const char *path)
{
	pid_t pid = fork();
	char byte;

	if (!pid) {
		close(start[1]);
		alarm(60);
		if (read(start[0], &byte, 1))
			_exit(255);
		_exit(-ava_rmtree(path));
	}
	assert_true(pid > 0);
	return pid;
}

/* As many as are started find a tree that others take apart, and none fails. */
static void test_at_once(void **state)
{
	int start[2], status, i, round;
	pid_t pids[REMOVERS];

	(void)state;
	for (round = 0; round < 10; round++) {
		fill_tree("/nonexistent");
		assert_int_equal(pipe2(start, O_CLOEXEC), 0);
		for (i = 0; i < REMOVERS; i++)
			pids[i] = remover(start, i ? tree : top);
		close(start[0]);
		close(start[1]);
		for (i = 0; i < REMOVERS; i++) {
			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(status, 0);
		}
		assert_int_not_equal(access(top, F_OK), 0);
		assert_int_equal(mkdir(top, 0700), 0);
		assert_int_equal(mkdir(tree, 0700), 0);
	}
}

static const char *kept_in_tree(void)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/kept", tree);
	return path;
}

/* A remover that is late: the name is another directory's, with something in it. */
static bool renamed_meanwhile(int watch, const char *moved, int *status)
{
	int start[2];
	char event[4096];
	bool in_time;
	pid_t pid;

	fill_tree("/nonexistent");
	assert_int_equal(pipe2(start, O_CLOEXEC), 0);
	assert_true(inotify_add_watch(watch, top, IN_OPEN | IN_ONLYDIR) >= 0);
	pid = remover(start, tree);
	close(start[0]);
	close(start[1]);
	assert_true(ut_wait_readable(watch, 60000));
	assert_true(read(watch, event, sizeof(event)) > 0);
	in_time = !rename(tree, moved);
	if (in_time) {
		assert_int_equal(mkdir(tree, 0700), 0);
		assert_int_equal(symlink("/nonexistent", kept_in_tree()), 0);
	}
	assert_int_equal(waitpid(pid, status, 0), pid);
	return in_time;
}

static void test_renamed(void **state)
{
	char moved[80];
	bool in_time = false;
	int watch, status, i;

	(void)state;
	snprintf(moved, sizeof(moved), "%s/moved", top);
	for (i = 0; i < 100 && !in_time; i++) {
		watch = inotify_init1(IN_CLOEXEC);
		in_time = renamed_meanwhile(watch, moved, &status);
		close(watch);
		assert_int_equal(status, 0);
		assert_true(in_time || !mkdir(tree, 0700));
	}
	assert_true(in_time);
	assert_int_equal(ava_rmtree(moved), 0);
	assert_int_equal(unlink(kept_in_tree()), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_renamed, setup, teardown),
	};

	return cmocka_run_group_tests_name("rmtree", tests, NULL, NULL);
}
