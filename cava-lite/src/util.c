// SPDX-License-Identifier: Apache-2.0
/*
 * util.c - memory, names and text of the compiler
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* ---- memory ------------------------------------------------------------------- */

struct chunk {
	struct chunk *next;
	uint64_t data[];
};

static struct chunk *chunks;

void *mem_alloc(size_t size)
{
	struct chunk *c = calloc(1, sizeof(*c) + size);

	if (!c) {
		fprintf(stderr, "cava-lite: out of memory\n");
		exit(2);
	}
	c->next = chunks;
	chunks = c;
	return c->data;
}

void mem_free_all(void)
{
	struct chunk *next;

	for (; chunks; chunks = next) {
		next = chunks->next;
		free(chunks);
	}
}

char *mem_strndup(const char *s, size_t len)
{
	return memcpy(mem_alloc(len + 1), s, len);
}

char *mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = mem_alloc(n + 1);
	va_start(ap, fmt);
	vsnprintf(s, n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void *vec_grow(void *v, size_t n, size_t *cap, size_t size)
{
	void *bigger;

	if (n < *cap)
		return v;
	*cap = *cap ? *cap * 2 : 8;
	bigger = mem_alloc(*cap * size);
	if (n)
		memcpy(bigger, v, n * size);
	return bigger;
}

/* ---- a set of names ------------------------------------------------------------- */

static size_t names_slot(const struct names *set, const char *name)
{
	size_t h = 5381, i;
	const char *p;

	for (p = name; *p; p++)
		h = h * 33 + (unsigned char)*p;
	for (i = h & (set->size - 1); set->slots[i]; i = (i + 1) & (set->size - 1))
		if (!strcmp(set->slots[i], name))
			break;
	return i;
}

void names_add(struct names *set, const char *name)
{
	struct names bigger = { .size = set->size ? set->size * 2 : 1024 };
	size_t i;

	if (set->count * 2 >= set->size) {
		bigger.slots = mem_alloc(bigger.size * sizeof(*bigger.slots));
		bigger.count = set->count;
		for (i = 0; i < set->size; i++)
			if (set->slots[i])
				bigger.slots[names_slot(&bigger, set->slots[i])] = set->slots[i];
		*set = bigger;
	}
	i = names_slot(set, name);
	if (set->slots[i])
		return;
	set->slots[i] = mem_strdup(name);
	set->count++;
}

bool names_has(const struct names *set, const char *name)
{
	return set->size && set->slots[names_slot(set, name)];
}

/* ---- text ----------------------------------------------------------------------- */

void text_add(struct text *t, const char *fmt, ...)
{
	size_t need, cap;
	va_list ap;
	char *s;

	va_start(ap, fmt);
	need = t->len + vsnprintf(NULL, 0, fmt, ap) + 1;
	va_end(ap);
	if (need > t->cap) {
		cap = need * 2;
		s = mem_alloc(cap);
		if (t->len)
			memcpy(s, t->s, t->len);
		t->s = s;
		t->cap = cap;
	}
	va_start(ap, fmt);
	t->len += vsnprintf(t->s + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
}

const char *text_str(struct text *t)
{
	return t->s ? t->s : "";
}

static bool text_same(struct text *t, const char *path)
{
	char *old = mem_alloc(t->len + 1);
	FILE *f = fopen(path, "r");
	bool same;

	if (!f)
		return false;
	same = fread(old, 1, t->len + 1, f) == t->len && !memcmp(old, text_str(t), t->len);
	fclose(f);
	return same;
}

bool text_write(struct text *t, const char *path)
{
	bool ok;
	FILE *f;

	if (text_same(t, path))
		return true;
	f = fopen(path, "w");
	ok = f && fwrite(text_str(t), 1, t->len, f) == t->len;
	if (f && fclose(f))
		ok = false;
	if (!ok)
		fprintf(stderr, "cava-lite: cannot write %s: %s\n", path, strerror(errno));
	return ok;
}

const char *text_indent(struct text *t)
{
	struct text in = { 0 };
	const char *line = text_str(t), *end;

	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		text_add(&in, "%s%.*s\n", end == line ? "" : "\t", (int)(end - line), line);
	}
	return text_str(&in);
}

/* ---- diagnostics ----------------------------------------------------------------- */

static unsigned int errors;

static void diag_print(struct loc loc, const char *kind, const char *fmt, va_list ap)
{
	if (loc.file)
		fprintf(stderr, "%s:%u:%u: ", loc.file, loc.line, loc.col);
	else
		fprintf(stderr, "cava-lite: ");
	fprintf(stderr, "%s: ", kind);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void diag_error(struct loc loc, const char *fmt, ...)
{
	va_list ap;

	errors++;
	va_start(ap, fmt);
	diag_print(loc, "error", fmt, ap);
	va_end(ap);
}

void diag_warning(struct loc loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_print(loc, "warning", fmt, ap);
	va_end(ap);
}

void diag_note(struct loc loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_print(loc, "note", fmt, ap);
	va_end(ap);
}

unsigned int diag_errors(void)
{
	return errors;
}
