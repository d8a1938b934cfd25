// SPDX-License-Identifier: Apache-2.0
/*
 * headers.c - files that a guest gives for its builds: where they may be, and how many
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <ava/server.h>

#include "../../userspace/common/rmtree.h"
#include "server_headers.h"

static bool sees_files;

bool ava_server_follow(void)
{
	return sees_files;
}

static bool is_file(const char *path, const char *text)
{
	char found[64] = "";
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(found, 1, sizeof(found) - 1, file) : 0;

	if (file)
		fclose(file);
	return file && len == strlen(text) && !strcmp(found, text);
}

static cl_int header(const char *path, const char *text)
{
	return ocl_server_header(path, strlen(text), text);
}

/* What another program's server in the same work directory has is not for this one. */
static void other_server(void)
{
	pid_t child = fork();
	int status = -1;

	if (!child)
		_exit(ocl_server_build_in("/usr/src") || header("/usr/inc/x.h", "other"));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_header_places(void **state)
{
	static const char *const bad[] = {
		"x.h", "", "/..", "/.", "/a/..", "/../x.h", "/a/../../x.h", "/a/../b/../../c/x.h",
		"/usr/inc/x.h/y.h", "/usr/inc",
	};

	(void)state;
	other_server();
	assert_int_equal(header("/x.h", "early"), CL_INVALID_VALUE);
	assert_int_equal(ocl_server_build_in("usr"), CL_INVALID_VALUE);
	assert_int_equal(ocl_server_build_in("/usr/../.."), CL_INVALID_VALUE);
	sees_files = true;
	assert_int_equal(ocl_server_build_in("/usr/src"), CL_INVALID_OPERATION);
	sees_files = false;
	assert_int_equal(ocl_server_build_in("/usr/src"), CL_SUCCESS);
	assert_int_equal(access("../inc/x.h", F_OK), -1);
	assert_int_equal(header("/usr/inc/x.h", "one"), CL_SUCCESS);
	assert_true(is_file("../inc/x.h", "one"));
	assert_int_equal(header("/usr/./src//../inc/x.h", "two"), CL_SUCCESS);
	assert_true(is_file("../inc/x.h", "two"));
	assert_int_equal(header("/usr/inc/gone.h", "three"), CL_SUCCESS);
	assert_int_equal(ocl_server_header("/usr/inc/gone.h", 0, NULL), CL_SUCCESS);
	assert_int_equal(access("../inc/gone.h", F_OK), -1);
	assert_int_equal(ocl_server_header("/usr/inc/gone.h", 0, NULL), CL_SUCCESS);
	assert_int_equal(ocl_server_header("/usr/inc", 0, NULL), CL_INVALID_VALUE);
	assert_int_equal(header("/usr/new/deep/", ""), CL_SUCCESS);
	assert_int_equal(access("../new/deep/../../inc/x.h", F_OK), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(header(bad[i], "bad"), CL_INVALID_VALUE);
	assert_int_equal(ocl_server_header("/usr/x.h", 64, NULL), CL_INVALID_VALUE);
	assert_int_equal(ocl_server_header(NULL, 0, NULL), CL_INVALID_VALUE);
	assert_true(is_file("../inc/x.h", "two"));
	assert_int_equal(access("../../../x.h", F_OK), -1);
}

/* Neither directories nor bytes without end; what is there may change. */
static void test_header_bounds(void **state)
{
	enum { LARGE = 15 << 20 };
	char *large = calloc(1, LARGE), path[64];
	unsigned int i, n = 0;

	(void)state;
	for (i = 0; i < 20; i++)
		assert_int_equal(ocl_server_header("/usr/x.h", LARGE, large), CL_SUCCESS);
	for (i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "/usr/x%u.h", i);
		n += !ocl_server_header(path, LARGE, large);
	}
	assert_in_range(n, 1, 4);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/usr/x%u.h", i);
		assert_int_equal(ocl_server_header(path, 0, NULL), CL_SUCCESS);
		assert_int_equal(ocl_server_header("/usr/x.h", LARGE, large), CL_SUCCESS);
	}
	assert_int_equal(header("/usr/x.h", "small"), CL_SUCCESS);
	for (i = 0, n = 0; i < 10000; i++) {
		snprintf(path, sizeof(path), "/many/%u/", i);
		n += !header(path, "");
	}
	assert_in_range(n, 1000, 9000);
	assert_int_equal(header("/usr/x.h", "changed"), CL_SUCCESS);
	assert_int_equal(header("/usr/new.h", "new"), CL_INVALID_VALUE);
	assert_int_equal(header("/usr/src/", ""), CL_SUCCESS);
	free(large);
}

static int open_directory(void **state)
{
	static char dir[] = "/tmp/ava-hostile-XXXXXX";

	*state = dir;
	return !mkdtemp(dir) || chdir(dir);
}

static int close_directory(void **state)
{
	return chdir("/") || ava_rmtree(*state);
}

static char *rooted(const char *options)
{
	char *cwd = getcwd(NULL, 0), *text = ocl_rooted(options), *at;

	assert_non_null(text);
	/* as if the copy were "R" */
	cwd[strlen(cwd) - strlen("/usr/src")] = 0;
	while ((at = strstr(text, cwd))) {
		*at = 'R';
		memmove(at + 1, at + strlen(cwd), strlen(at + strlen(cwd)) + 1);
	}
	free(cwd);
	return text;
}

static void test_options(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "-D X", "-D X" },
		{ "-I/a", "-IR/a" },
		{ "-I /a -I b -I../c -I\t/d", "-I R/a -I b -I../c -I\tR/d" },
		{ "-I \"/a b\" -I/c", "-I \"R/a b\" -IR/c" },
		{ "-DI=-I/a -I/a/b/../c ", "-DI=-I/a -IR/a/b/../c " },
		{ "-I", "-I" },
		{ "-I \"", "-I \"" },
	};

	(void)state;
	assert_null(ocl_rooted(NULL));
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char *text = rooted(pairs[i][0]);

		assert_string_equal(text, pairs[i][1]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_places),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_header_bounds),
	};

	return cmocka_run_group_tests_name("headers", tests, open_directory, close_directory);
}
