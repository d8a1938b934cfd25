/* SPDX-License-Identifier: Apache-2.0 */
/*
 * util.h - memory, text and diagnostics of the compiler
 *
 * The compiler runs once and exits: memory comes from one arena that is given
 * back as a whole. Running out of it ends the compiler with a message.
 */
#ifndef CAVA_UTIL_H
#define CAVA_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- memory ------------------------------------------------------------------- */

void *mem_alloc(size_t size);
char *mem_strndup(const char *s, size_t len);
char *mem_strdup(const char *s);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void mem_free_all(void);

/* A growing array: VEC(T) v; *VEC_ADD(&v) = x; */
#define VEC(T)		struct { T *v; size_t n, cap; }
void *vec_grow(void *v, size_t n, size_t *cap, size_t size);
#define VEC_ADD(vec)	((vec)->v = vec_grow((vec)->v, (vec)->n, &(vec)->cap, sizeof(*(vec)->v)), \
			 &(vec)->v[(vec)->n++])

/* ---- a set of names ------------------------------------------------------------- */

struct names {
	const char **slots;
	size_t size, count;
};

void names_add(struct names *set, const char *name);
bool names_has(const struct names *set, const char *name);

/* ---- text ----------------------------------------------------------------------- */

struct text {
	char *s;
	size_t len, cap;
};

void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *text_str(struct text *t);
/* The same with each line one tab further in. */
const char *text_indent(struct text *t);

/* Writes the file if its content changes; false and a message if that fails. */
bool text_write(struct text *t, const char *path);

/* ---- diagnostics ----------------------------------------------------------------- */

struct loc {
	const char *file;
	unsigned int line, col;
};

void diag_error(struct loc loc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void diag_warning(struct loc loc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void diag_note(struct loc loc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
unsigned int diag_errors(void);

#endif /* CAVA_UTIL_H */
