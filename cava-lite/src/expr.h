/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.h - expressions of annotations: a checked part of C
 */
#ifndef CAVA_EXPR_H
#define CAVA_EXPR_H

#include "util.h"

enum expr_op {
	EXPR_LITERAL,		/* text */
	EXPR_NAME,		/* text */
	EXPR_UNARY,		/* text a */
	EXPR_BINARY,		/* a text b */
	EXPR_COND,		/* a ? b : c */
	EXPR_INDEX,		/* a[b] */
	EXPR_MEMBER,		/* a.text */
	EXPR_ARROW,		/* a->text */
	EXPR_CALL,		/* text(args) */
	EXPR_SIZEOF_TYPE,	/* sizeof(text) */
	EXPR_SIZEOF,		/* sizeof a */
	EXPR_CAST,		/* (text)a */
};

struct expr {
	enum expr_op op;
	const char *text;
	const struct expr *a, *b, *c;
	VEC(const struct expr *) args;
	const char *source;	/* of the root: the whole text, as written */
	struct loc loc;
};

/**
 * expr_parse() - parse @text
 * @typedefs: names that begin a type
 *
 * Return: NULL after a diagnostic.
 */
struct expr *expr_parse(const char *text, const struct names *typedefs, struct loc loc);

/* Calls @fn for each node, parents first. */
void expr_walk(const struct expr *e, void (*fn)(const struct expr *e, void *data), void *data);

/* C text with every operator in parentheses. */
void expr_emit(const struct expr *e, struct text *out);

/* The same, in saturating 64-bit arithmetic. */
void expr_emit_count(const struct expr *e, struct text *out);

/* The name that a dereference of @e follows (p of p[0], *p, p->f), or NULL. */
const char *expr_base(const struct expr *e);

#endif /* CAVA_EXPR_H */
