// SPDX-License-Identifier: Apache-2.0
/*
 * guest_headers.c - files of the program that a build looks for
 *
 * In a guest the compiler is on the host and does not see the program's files. So
 * whatever the sources include, and what that includes, is looked for here in each
 * directory where a compiler may look, and the server gets what there is. It keeps it
 * in a copy of these directories and builds there. Which of several files is meant is
 * left to the compiler.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "opencl_common.h"

/* Described in the spec; not of the API, so no header declares them. */
cl_int ocl_build_in(const char *dir);
cl_int ocl_header(const char *path, size_t size, const void *bytes);

#define FILE_MAX	(16u << 20)	/* what is larger is no header */

/* A directory, or a file that was looked at. */
struct path {
	struct path *next;
	char *name;		/* absolute */
};

struct search {
	struct path *dirs;	/* the program's, and those of the options */
	struct path *files;	/* with names that have no "..", to know them again */
};

/* What the server got from this process, by names without ".."; only grows. */
static struct path *given;

static bool path_add(struct path **list, char *name)
{
	struct path *p = name ? malloc(sizeof(*p)) : NULL;

	if (!p) {
		free(name);
		return false;
	}
	*p = (struct path){ .next = *list, .name = name };
	*list = p;
	return true;
}

static void paths_free(struct path *list)
{
	struct path *p;

	while ((p = list)) {
		list = p->next;
		free(p->name);
		free(p);
	}
}

static char *joined(const char *dir, size_t dir_len, const char *name, size_t len)
{
	char *path;

	if (len && *name == '/')
		dir_len = 0;
	if (asprintf(&path, "%.*s/%.*s", (int)dir_len, dir, (int)len, name) < 0)
		return NULL;
	return path;
}

/* Takes out "." and what ".." leads back from, in place, without a look at links. */
static void simplify(char *path)
{
	char *to = path, *from = path, *end;
	size_t len;

	while (*from) {
		from += strspn(from, "/");
		len = strcspn(from, "/");
		end = from + len;
		if (len == 2 && !memcmp(from, "..", 2)) {
			while (to > path && *--to != '/')
				;
		} else if (len && (len != 1 || *from != '.')) {
			*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from = end;
	}
	*to = 0;
}

/* Return: was it looked at for the first time? */
static bool is_new(struct search *s, const char *path)
{
	char *name = strdup(path);
	struct path *p;

	if (!name)
		return false;
	simplify(name);
	for (p = s->files; p; p = p->next)
		if (!strcmp(p->name, name))
			break;
	if (!p)
		return path_add(&s->files, name);
	free(name);
	return false;
}

/* Like that of is_new(), which @name is from. */
static bool was_given(const char *name)
{
	const struct path *p = __atomic_load_n(&given, __ATOMIC_ACQUIRE);

	while (p && strcmp(p->name, name))
		p = p->next;
	return p;
}

static void note_given(const char *name)
{
	struct path *p = was_given(name) ? NULL : malloc(sizeof(*p));

	if (!p)
		return;
	p->name = strdup(name);
	p->next = __atomic_load_n(&given, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&given, &p->next, p, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
}

/* A regular file's bytes with a NUL behind them, to free. */
static char *read_file(const char *path, size_t *size)
{
	struct stat st;
	char *text = NULL;
	FILE *file;

	/* to open a pipe may wait for ever */
	if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return NULL;
	file = fopen(path, "re");
	if (!file)
		return NULL;
	text = malloc(st.st_size + 1);
	if (text) {
		*size = fread(text, 1, st.st_size, file);
		text[*size] = 0;
	}
	fclose(file);
	return text;
}

/* The name in the next include of @text, @len bytes; NULL if there is none. */
static const char *next_name(const char *text, size_t *len)
{
	const char *end;

	for (; text; text = strchr(text, '\n')) {
		text += strspn(text, " \t\r\n");
		if (*text != '#')
			continue;
		text++;
		text += strspn(text, " \t");
		if (strncmp(text, "include", strlen("include")))
			continue;
		text += strlen("include");
		text += strspn(text, " \t");
		end = *text == '"' ? strpbrk(text + 1, "\"\n") :
		      *text == '<' ? strpbrk(text + 1, ">\n") : NULL;
		if (end && *end != '\n') {
			*len = end - text - 1;
			return text + 1;
		}
	}
	return NULL;
}

static void give_included(struct search *s, const char *dir, size_t dir_len, const char *text);

/* One of the places where a file may be, or may have been at the build before. */
static void give_file(struct search *s, char *path)
{
	char *text = NULL;
	size_t size;

	if (path && is_new(s, path)) {
		const char *name = s->files->name;

		text = read_file(path, &size);
		if (!text && was_given(name))
			ocl_header(path, 0, NULL);
		if (text && !ocl_header(path, size, text)) {
			note_given(name);
			give_included(s, path, strrchr(path, '/') - path, text);
		}
	}
	free(text);
	free(path);
}

/* What a text in directory @dir includes; NULL for a text that is in none. */
static void give_included(struct search *s, const char *dir, size_t dir_len, const char *text)
{
	struct path *p;
	size_t len;

	while ((text = next_name(text, &len))) {
		if (dir)
			give_file(s, joined(dir, dir_len, text, len));
		for (p = s->dirs; p; p = p->next)
			give_file(s, joined(p->name, strlen(p->name), text, len));
		text += len;
	}
}

static void give_program(struct search *s, cl_program program)
{
	size_t size = 0;
	char *text;

	if (clGetProgramInfo(program, CL_PROGRAM_SOURCE, 0, NULL, &size) || !size)
		return;
	text = malloc(size);
	if (text && !clGetProgramInfo(program, CL_PROGRAM_SOURCE, size, text, NULL))
		give_included(s, NULL, 0, text);
	free(text);
}

/* The directories of the options; the compiler may go through them to others. */
static void search_options(struct search *s, const char *cwd, const char *options)
{
	size_t len;
	char *dir;

	for (; (options = ocl_option_dir(options, &len)); options += len) {
		dir = joined(cwd, strlen(cwd), options, len);
		if (path_add(&s->dirs, dir) && asprintf(&dir, "%s/", s->dirs->name) >= 0) {
			ocl_header(dir, 0, NULL);
			free(dir);
		}
	}
}

cl_int ocl_give_headers(cl_program program, const char *options, cl_uint n,
			const cl_program *headers)
{
	static bool unwanted;		/* by a server that sees the files itself */
	struct search s = { 0 };
	cl_int err;
	char *cwd;

	if (__atomic_load_n(&unwanted, __ATOMIC_RELAXED))
		return CL_SUCCESS;
	cwd = getcwd(NULL, 0);
	err = cwd ? ocl_build_in(cwd) : CL_OUT_OF_HOST_MEMORY;
	if (err) {
		__atomic_store_n(&unwanted, err == CL_INVALID_OPERATION, __ATOMIC_RELAXED);
		free(cwd);
		return CL_SUCCESS;
	}
	search_options(&s, cwd, options);
	if (path_add(&s.dirs, cwd)) {
		give_program(&s, program);
		for (cl_uint i = 0; headers && i < n; i++)
			give_program(&s, headers[i]);
	}
	paths_free(s.dirs);
	paths_free(s.files);
	return CL_SUCCESS;
}
