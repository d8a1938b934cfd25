// SPDX-License-Identifier: Apache-2.0
/*
 * server_headers.c - files that a guest's builds look for
 *
 * A server that does not see its guest's files keeps a copy of those directories below
 * its own work directory, and builds in the copy of the one where the program is. Only
 * absolute directories in options lead elsewhere: they get the copy's name in front,
 * which is taken out of what the compiler says. How much a guest may leave is bounded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ava/server.h>

#include "server_headers.h"

#define NAMES_MAX	8192		/* files and directories */
#define BYTES_MAX	(64u << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *root;		/* of the copy; NULL if there is none; never changes again */
static size_t names, bytes;

/* With the lock. A work directory may be that of servers of other programs, too. */
static bool root_make(void)
{
	char *cwd, *path;

	if (root)
		return true;
	cwd = getcwd(NULL, 0);
	if (!cwd || asprintf(&path, "%s/guest-XXXXXX", cwd) < 0)
		path = NULL;
	free(cwd);
	if (path && !mkdtemp(path)) {
		free(path);
		path = NULL;
	}
	__atomic_store_n(&root, path, __ATOMIC_RELEASE);
	return root;
}

/* One that is there already is as good. */
static bool dir_make(const char *path)
{
	if (names >= NAMES_MAX)
		return !access(path, F_OK);
	if (mkdir(path, 0700))
		return errno == EEXIST;
	names++;
	return true;
}

/*
 * Makes all directories on the way to what is behind the last slash of @path, which
 * begins with the root, and follows it as the compiler will: nothing leads out.
 */
static bool way_make(char *path)
{
	char *at = path + strlen(root) + 1, *end;
	size_t depth = 0;

	for (; (end = strchr(at, '/')); at = end + 1) {
		if (end == at || (end == at + 1 && *at == '.'))
			continue;
		if (end == at + 2 && !memcmp(at, "..", 2)) {
			if (!depth--)
				return false;
			continue;
		}
		depth++;
		*end = 0;
		if (!dir_make(path))
			return false;
		*end = '/';
	}
	return strcmp(at, ".") && strcmp(at, "..");
}

/* Where @name of the guest's is in the copy, to free; NULL if it cannot be there. */
static char *place(const char *name)
{
	char *path;

	if (!name || *name != '/' || asprintf(&path, "%s%s", root, name) < 0)
		return NULL;
	if (way_make(path))
		return path;
	free(path);
	return NULL;
}

/* Never more than there was, whoever else wrote here. */
static void take_off(size_t files, size_t size)
{
	names -= files < names ? files : names;
	bytes -= size < bytes ? size : bytes;
}

/* A build that reads meanwhile finds the old one or the new one. */
static bool file_make(const char *path, const void *from, size_t size)
{
	struct stat old = { 0 };
	bool there = !stat(path, &old);
	char *fresh;
	FILE *file;
	bool good;

	if (size > BYTES_MAX - bytes || (!there && names >= NAMES_MAX) ||
	    asprintf(&fresh, "%s.new", root) < 0)
		return false;
	file = fopen(fresh, "we");
	good = file && fwrite(from, 1, size, file) == size;
	good = file && !fclose(file) && good && !rename(fresh, path);
	free(fresh);
	if (!good)
		return false;
	names += !there;
	bytes += size;
	take_off(0, old.st_size);
	return true;
}

/* The program has it no more. */
static bool file_drop(const char *path)
{
	struct stat old;

	if (stat(path, &old) || unlink(path))
		return access(path, F_OK);
	take_off(1, old.st_size);
	return true;
}

static bool give(const char *path, size_t size, const void *from)
{
	if (path[strlen(path) - 1] == '/')
		return true;
	return from ? file_make(path, from, size) : file_drop(path);
}

cl_int ocl_server_build_in(const char *dir)
{
	char *name = NULL, *path = NULL;
	bool good = false;

	if (ava_server_follow())
		return CL_INVALID_OPERATION;
	if (!dir || asprintf(&name, "%s/", dir) < 0)
		return CL_INVALID_VALUE;
	pthread_mutex_lock(&lock);
	if (root_make())
		path = place(name);
	if (path)
		good = !chdir(path);
	pthread_mutex_unlock(&lock);
	free(path);
	free(name);
	return good ? CL_SUCCESS : CL_INVALID_VALUE;
}

cl_int ocl_server_header(const char *name, size_t size, const void *from)
{
	char *path = NULL;
	bool good;

	if (size && !from)
		return CL_INVALID_VALUE;
	pthread_mutex_lock(&lock);
	if (root)
		path = place(name);
	good = path && give(path, size, from);
	pthread_mutex_unlock(&lock);
	free(path);
	return good ? CL_SUCCESS : CL_INVALID_VALUE;
}

char *ocl_rooted(const char *options)
{
	const char *base = __atomic_load_n(&root, __ATOMIC_ACQUIRE), *dir;
	size_t len, room;
	FILE *file;
	char *all;

	if (!base || !options)
		return NULL;
	file = open_memstream(&all, &room);
	if (!file)
		return NULL;
	while ((dir = ocl_option_dir(options, &len))) {
		fwrite(options, 1, dir - options, file);
		fputs(*dir == '/' ? base : "", file);
		fwrite(dir, 1, len, file);
		options = dir + len;
	}
	fputs(options, file);
	if (!fclose(file))
		return all;
	free(all);
	return NULL;
}

/* Takes the root out wherever it is. */
static void unroot(char *text)
{
	size_t len = strlen(root);

	while ((text = strstr(text, root)))
		memmove(text, text + len, strlen(text + len) + 1);
}

static cl_int text_answer(char *text, size_t size, void *value, size_t *size_ret)
{
	size_t need;

	unroot(text);
	need = strlen(text) + 1;
	if (size_ret)
		*size_ret = need;
	if (value && size < need)
		return CL_INVALID_VALUE;
	if (value)
		memcpy(value, text, need);
	return CL_SUCCESS;
}

cl_int ocl_build_info(cl_program program, cl_device_id device, cl_program_build_info name,
		      size_t size, void *value, size_t *size_ret)
{
	size_t room = 0;
	char *text;
	cl_int err;

	if (!__atomic_load_n(&root, __ATOMIC_ACQUIRE) ||
	    (name != CL_PROGRAM_BUILD_OPTIONS && name != CL_PROGRAM_BUILD_LOG))
		return clGetProgramBuildInfo(program, device, name, size, value, size_ret);
	err = clGetProgramBuildInfo(program, device, name, 0, NULL, &room);
	if (err)
		return err;
	text = calloc(1, room + 1);
	if (!text)
		return CL_OUT_OF_HOST_MEMORY;
	err = clGetProgramBuildInfo(program, device, name, room, text, NULL);
	if (!err)
		err = text_answer(text, size, value, size_ret);
	free(text);
	return err;
}
