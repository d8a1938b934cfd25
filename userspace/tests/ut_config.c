// SPDX-License-Identifier: Apache-2.0
/*
 * ut_config.c - the manager's configuration: what is taken, what is refused and how
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../avad/config.h"
#include "../common/rmtree.h"
#include "ut.h"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/ava-ut-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return ava_rmtree(dir);
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int load(struct avad_api **apis, const char **log)
{
	int ret;

	ut_capture_begin();
	ret = avad_config_load(dir, apis);
	*log = ut_capture_end();
	return ret;
}

static void check_bad(const char *text, const char *expected)
{
	struct avad_api *apis = NULL;
	char line[512];
	const char *log;

	write_file("a.json", text);
	snprintf(line, sizeof(line), "avad: %s/a.json:%s\n", dir, expected);
	assert_int_not_equal(load(&apis, &log), 0);
	assert_null(apis);
	if (strcmp(log, line))
		fail_msg("for %s\nlogged   %sexpected %s", text, log, line);
}

#define START "{\n\"api\": \"x\", \"server\": \"/s\",\n"

static void test_bad_files(void **state)
{
	static const char env[] = "3: \"env\": expected an object of strings, with names "
				  "that hold no \"=\"";
	static const char limits[] = "3: \"limits\": expected an object of numbers from 0, with "
				     "names of as, core, cpu, data, fsize, memlock, nofile, "
				     "nproc, stack";
	static const char namespaces[] = "3: \"namespaces\": expected an array of mount, pid, "
					 "ipc, net, uts; pid only together with mount";
	static const char name[] = "2: \"api\": expected a name of 1 to 31 characters a-z, 0-9, "
				   "- and _";
	static const char *const bad[][2] = {
		{ "[]", "1: expected an object" },
		{ "{}", "1: expected the keys \"api\" and \"server\"" },
		{ "{ \"api\": \"x\" }", "1: expected the keys \"api\" and \"server\"" },
		{ "{\n\"api\": \"\", \"server\": \"/s\"}", name },
		{ "{\n\"api\": \"Cl\", \"server\": \"/s\"}", name },
		{ "{\n\"api\": \"a/b\", \"server\": \"/s\"}", name },
		{ "{\n\"api\": 3, \"server\": \"/s\"}", name },
		{ "{\n\"api\": \"0123456789012345678901234567890x\", \"server\": \"/s\"}", name },
		{ "{\n\"api\": \"x\",\n\"server\": \"s\"}",
		  "3: \"server\": expected an absolute path" },
		{ "{\n\"api\": \"x\",\n\"server\": \"/s\\u0000x\"}",
		  "3: \"server\": expected an absolute path" },
		{ START "\"servr\": 1}", "3: \"servr\": no such key" },
		{ START "\"work_dir\": \"w\"}", "3: \"work_dir\": expected an absolute path" },
		{ START "\"writable\": \"/w\"}",
		  "3: \"writable\": expected an array of absolute paths" },
		{ START "\"writable\": [\"w\"]}",
		  "3: \"writable\": expected an array of absolute paths" },
		{ START "\"args\": \"w\"}", "3: \"args\": expected an array of strings" },
		{ START "\"args\": [\"a\", 1]}", "3: \"args\": expected an array of strings" },
		{ START "\"env\": []}", env },
		{ START "\"env\": {\"A\": 1}}", env },
		{ START "\"env\": {\"A=B\": \"1\"}}", env },
		{ START "\"env\": {\"\": \"1\"}}", env },
		{ START "\"user\": \"no-such-user\"}",
		  "3: \"user\": expected a user that exists and is not root" },
		{ START "\"user\": \"root\"}",
		  "3: \"user\": expected a user that exists and is not root" },
		{ START "\"user\": 0}",
		  "3: \"user\": expected a user that exists and is not root" },
		{ START "\"limits\": {\"files\": 1}}", limits },
		{ START "\"limits\": {\"nofile\": -1}}", limits },
		{ START "\"limits\": {\"nofile\": \"1\"}}", limits },
		{ START "\"limits\": 5}", limits },
		{ START "\"max_contexts\": 0}", "3: \"max_contexts\": expected a number from 1" },
		{ START "\"max_contexts\": \"3\"}",
		  "3: \"max_contexts\": expected a number from 1" },
		{ START "\"max_contexts\": 4294967296}",
		  "3: \"max_contexts\": expected a number from 1" },
		{ START "\"namespaces\": \"net\"}", namespaces },
		{ START "\"namespaces\": [\"user\"]}", namespaces },
		{ START "\"namespaces\": [\"pid\"]}", namespaces },
		{ START "\"namespaces\": [1]}", namespaces },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad(bad[i][0], bad[i][1]);
}

static void check_syntax(const char *text, unsigned int line)
{
	struct avad_api *apis = NULL;
	char start[128];
	const char *log;

	write_file("a.json", text);
	snprintf(start, sizeof(start), "avad: %s/a.json:%u: ", dir, line);
	assert_int_not_equal(load(&apis, &log), 0);
	if (strncmp(log, start, strlen(start)) || ut_count(log, "\n") != 1)
		fail_msg("for %s\nlogged   %sexpected %s", text, log, start);
}

static void test_syntax(void **state)
{
	(void)state;
	check_syntax("", 1);
	check_syntax("{", 1);
	check_syntax("{\n\n\"api\" \"x\"}", 3);
	check_syntax("{\n\"api\": \"x\", \"server\": \"/s\"\n}\n}", 4);
	check_syntax("{\n// a comment\n\"api\": \"x\", \"server\": \"/s\" }", 2);
}

static void test_every_mistake_is_named(void **state)
{
	struct avad_api *apis = NULL;
	const char *log;

	(void)state;
	write_file("a.json", "{ \"api\": \"X\", \"server\": \"s\", \"what\": 1 }");
	write_file("b.json", "{ \"api\": \"y\", \"server\": \"s\" }");
	assert_int_not_equal(load(&apis, &log), 0);
	assert_int_equal(ut_count(log, "\n"), 4);
}

static void test_two_files_one_api(void **state)
{
	struct avad_api *apis = NULL;
	const char *log;

	(void)state;
	write_file("a.json", "{ \"api\": \"x\", \"server\": \"/s\" }");
	write_file("b.json", "{\n\"api\": \"x\", \"server\": \"/t\" }");
	assert_int_not_equal(load(&apis, &log), 0);
	assert_non_null(strstr(log, "b.json:2: \"api\": \"x\" is served by "));
	assert_non_null(strstr(log, "a.json already"));
}

static void test_defaults(void **state)
{
	struct avad_api *apis;
	const char *log;

	(void)state;
	write_file("a.json", "{ \"api\": \"x\", \"server\": \"/s\" } \n");
	write_file("notes.txt", "not read");
	write_file(".hidden.json", "not read");
	assert_int_equal(load(&apis, &log), 0);
	assert_string_equal(log, "");
	assert_null(apis->next);
	assert_string_equal(apis->name, "x");
	assert_string_equal(apis->user, getpwnam("ava") ? "ava" : "nobody");
	assert_string_equal(apis->work_dir, "/var/lib/ava");
	assert_int_equal(apis->max_contexts, 0);
	assert_int_equal(apis->args.count + apis->env.count + apis->limits.count +
			 apis->writable.count, 0);
	assert_int_equal(apis->namespaces, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
			 CLONE_NEWNET | CLONE_NEWUTS);
	assert_null(avad_config_find(apis, "y"));
	avad_config_free(apis);
}

static void test_all_keys(void **state)
{
	const struct avad_api *x;
	struct avad_api *apis;
	const char *log;

	(void)state;
	write_file("y.json", "{ \"api\": \"y\", \"server\": \"/t\" }");
	write_file("x.json", "{ \"api\": \"x\", \"server\": \"/s\", \"args\": [\"-a\", \"b c\"], "
		   "\"env\": {\"A\": \"1=2\", \"B\": \"\"}, \"user\": \"daemon\", "
		   "\"work_dir\": \"/w\", \"limits\": {\"as\": 5000000000, \"core\": 0}, "
		   "\"max_contexts\": 3, \"namespaces\": [\"net\", \"ipc\"], "
		   "\"writable\": [\"/c\", \"/d\"] }");
	assert_int_equal(load(&apis, &log), 0);
	assert_string_equal(log, "");
	assert_non_null(avad_config_find(apis, "y"));
	x = avad_config_find(apis, "x");
	assert_string_equal(x->server, "/s");
	assert_string_equal(x->args.list[1], "b c");
	assert_null(x->args.list[2]);
	assert_string_equal(x->env.list[0], "A=1=2");
	assert_string_equal(x->env.list[1], "B=");
	assert_string_equal(x->user, "daemon");
	assert_string_equal(x->work_dir, "/w");
	assert_string_equal(x->limits.list[0], "as=5000000000");
	assert_int_equal(x->max_contexts, 3);
	assert_int_equal(x->namespaces, CLONE_NEWNET | CLONE_NEWIPC);
	assert_int_equal(x->writable.count, 2);
	assert_string_equal(x->writable.list[1], "/d");
	avad_config_free(apis);
}

static void test_directory(void **state)
{
	struct avad_api *apis = NULL;
	const char *log;

	(void)state;
	assert_int_equal(load(&apis, &log), 0);
	assert_null(apis);
	ut_capture_begin();
	assert_int_equal(avad_config_load("/nonexistent", &apis), -ENOENT);
	log = ut_capture_end();
	assert_non_null(strstr(log, "/nonexistent: No such file or directory; expected a directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_syntax, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_mistake_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_files_one_api, setup, teardown),
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_directory, setup, teardown),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
