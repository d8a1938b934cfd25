// SPDX-License-Identifier: Apache-2.0
/*
 * import.c - specs that a spec is made of
 *
 * Found before the C parser runs, which then sees the imported files in front of
 * the spec: their types and functions keep their numbers.
 */
#include <ctype.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

#define MAX_IMPORTS	16

static const char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	struct text t = { 0 };
	char buf[4096];
	size_t n;
	bool ok;

	if (!f)
		return NULL;
	text_add(&t, "%s", "");
	while ((n = fread(buf, 1, sizeof(buf), f)))
		text_add(&t, "%.*s", (int)n, buf);
	ok = !ferror(f);
	fclose(f);
	return ok ? text_str(&t) : NULL;
}

static const char *beside(const char *path, const char *name)
{
	return mem_printf("%s/%s", dirname(mem_strdup(path)), name);
}

/* As the C parser calls a file that it is told to include. */
static const char *from_here(const char *path)
{
	return *path == '/' || !strncmp(path, "./", 2) ? path : mem_printf("./%s", path);
}

static bool add_import(struct spec *spec, const char *path, const char *name, struct loc loc)
{
	struct import *i;
	size_t k;

	for (k = 0; k < spec->imports.n; k++)
		if (!strcmp(spec->imports.v[k].path, path))
			return true;
	for (k = 0; k < spec->importing.n; k++) {
		if (!strcmp(spec->importing.v[k], path)) {
			diag_error(loc, "ava_import: expected a spec that does not import this one");
			return false;
		}
	}
	if (spec->imports.n + spec->importing.n > MAX_IMPORTS) {
		diag_error(loc, "ava_import: expected %d specs at most", MAX_IMPORTS);
		return false;
	}
	if (!spec_imports(spec, path, name))
		return false;
	i = VEC_ADD(&spec->imports);
	i->path = path;
	i->name = name;
	i->dir = mem_strdup(dirname(mem_strdup(path)));
	return true;
}

/* A statement begins its line. */
static bool parse_import(struct spec *spec, const char *path, const char *name, const char *line,
			 unsigned int number)
{
	struct loc loc = { .file = path, .line = number, .col = 1 };
	const char *end, *other;

	while (isspace((unsigned char)*line) && *line != '\n')
		line++;
	if (strncmp(line, "ava_import(", 11))
		return true;
	line += 11;
	end = *line == '"' ? strpbrk(line + 1, "\"\n") : NULL;
	if (!end || strncmp(end, "\");", 3)) {
		diag_error(loc, "ava_import: expected ava_import(\"file.c\");");
		return false;
	}
	other = mem_strndup(line + 1, end - line - 1);
	path = from_here(beside(path, other));
	if (!read_file(path)) {
		diag_error(loc, "ava_import: cannot read %s: expected a spec there", path);
		return false;
	}
	return add_import(spec, path, strchr(name, '/') ? beside(name, other) : other, loc);
}

/* @name: how generated code includes the file at @path. */
bool spec_imports(struct spec *spec, const char *path, const char *name)
{
	const char *at = read_file(path);
	unsigned int number = 1;

	*VEC_ADD(&spec->importing) = from_here(path);
	/* a missing spec is the parser's to tell */
	for (; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL, number++)
		if (!parse_import(spec, path, name, at, number))
			return false;
	spec->importing.n--;
	return true;
}
