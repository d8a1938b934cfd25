// SPDX-License-Identifier: Apache-2.0
/*
 * expr.c - parse and print expressions of annotations
 *
 * A precedence climber over the text that the annotation carries. Names are
 * resolved by check.c; here only type names matter, to tell a cast from a group.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "expr.h"

#define MAX_TOKENS	2000	/* of an expression, which so is not too deep either */

struct parser {
	const char *at;			/* behind the current token */
	const char *start;		/* of the current token */
	size_t len;			/* of the current token; 0 at the end */
	unsigned int tokens;
	const struct names *typedefs;
	struct loc loc;
	const char *source;
	bool failed;
};

static const struct expr *parse_cond(struct parser *p);
static const struct expr *parse_unary(struct parser *p);

static void parse_fail(struct parser *p, const char *expected)
{
	if (p->failed)
		return;
	p->failed = true;
	diag_error(p->loc, "bad expression '%s': expected %s %s%.*s%s", p->source, expected,
		   p->len ? "before '" : "at its end", (int)p->len, p->start, p->len ? "'" : "");
}

static size_t token_len(const char *s)
{
	static const char *const twos[] = {
		"->", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "++", "--",
		"+=", "-=", "*=", "/=", "|=", "&=",
	};
	const char *e = s;
	size_t i;

	if (isalpha((unsigned char)*s) || *s == '_' || isdigit((unsigned char)*s)) {
		while (isalnum((unsigned char)*e) || *e == '_' || *e == '.')
			if (*e++ == '.' && !isdigit((unsigned char)*s))
				return e - 1 - s;
		return e - s;
	}
	if (*s == '\'' || *s == '"') {
		for (e++; *e && *e != *s; e++)
			if (*e == '\\' && e[1])
				e++;
		return e - s + (*e == *s);
	}
	for (i = 0; i < ARRAY_SIZE(twos); i++)
		if (!strncmp(s, twos[i], 2))
			return 2;
	return *s ? 1 : 0;
}

static void next(struct parser *p)
{
	if (++p->tokens > MAX_TOKENS && !p->failed) {
		p->failed = true;
		diag_error(p->loc, "bad expression: expected %d words at most", MAX_TOKENS);
	}
	while (isspace((unsigned char)*p->at))
		p->at++;
	p->start = p->at;
	p->len = token_len(p->at);
	p->at += p->len;
}

static bool is(const struct parser *p, const char *tok)
{
	return strlen(tok) == p->len && !strncmp(p->start, tok, p->len);
}

static bool accept(struct parser *p, const char *tok)
{
	if (!is(p, tok))
		return false;
	next(p);
	return true;
}

static void expect(struct parser *p, const char *tok)
{
	if (!accept(p, tok))
		parse_fail(p, mem_printf("'%s'", tok));
}

static struct expr *node(struct parser *p, enum expr_op op, const char *text,
			 const struct expr *a, const struct expr *b)
{
	struct expr *e = mem_alloc(sizeof(*e));

	e->op = op;
	e->text = text;
	e->a = a;
	e->b = b;
	e->loc = p->loc;
	e->source = p->source;
	return e;
}

static const char *token_text(const struct parser *p)
{
	return mem_strndup(p->start, p->len);
}

static bool is_name(const struct parser *p)
{
	return p->len && (isalpha((unsigned char)*p->start) || *p->start == '_');
}

static bool starts_type(const struct parser *p)
{
	static const char *const words[] = {
		"void", "char", "short", "int", "long", "float", "double", "signed",
		"unsigned", "const", "struct", "union", "enum", "_Bool",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (is(p, words[i]))
			return true;
	return is_name(p) && names_has(p->typedefs, token_text(p));
}

/* A type name up to the closing parenthesis, which is consumed. */
static const char *parse_type(struct parser *p)
{
	struct text t = { 0 };

	while (is_name(p) || is(p, "*")) {
		text_add(&t, "%s%s", t.len ? " " : "", token_text(p));
		next(p);
	}
	expect(p, ")");
	return text_str(&t);
}

static const struct expr *parse_call(struct parser *p, const char *name)
{
	struct expr *e = node(p, EXPR_CALL, name, NULL, NULL);

	if (accept(p, ")"))
		return e;
	do
		*VEC_ADD(&e->args) = parse_cond(p);
	while (!p->failed && accept(p, ","));
	expect(p, ")");
	return e;
}

static const struct expr *parse_primary(struct parser *p)
{
	const struct expr *e;
	const char *text = token_text(p);

	if (accept(p, "(")) {
		e = parse_cond(p);
		expect(p, ")");
		return e;
	}
	if (is_name(p)) {
		next(p);
		return accept(p, "(") ? parse_call(p, text) : node(p, EXPR_NAME, text, NULL, NULL);
	}
	if (p->len && (isdigit((unsigned char)*p->start) || *p->start == '\'')) {
		next(p);
		return node(p, EXPR_LITERAL, text, NULL, NULL);
	}
	parse_fail(p, "an operand");
	return node(p, EXPR_LITERAL, "0", NULL, NULL);
}

static const struct expr *parse_postfix(struct parser *p)
{
	const struct expr *e = parse_primary(p);
	enum expr_op op;

	while (!p->failed && (is(p, "[") || is(p, ".") || is(p, "->"))) {
		if (accept(p, "[")) {
			e = node(p, EXPR_INDEX, NULL, e, parse_cond(p));
			expect(p, "]");
			continue;
		}
		op = is(p, ".") ? EXPR_MEMBER : EXPR_ARROW;
		next(p);
		if (!is_name(p))
			parse_fail(p, "a member's name");
		e = node(p, op, token_text(p), e, NULL);
		next(p);
	}
	return e;
}

static const struct expr *parse_sizeof(struct parser *p)
{
	struct parser ahead = *p;

	if (accept(&ahead, "(") && starts_type(&ahead)) {
		*p = ahead;
		return node(p, EXPR_SIZEOF_TYPE, parse_type(p), NULL, NULL);
	}
	return node(p, EXPR_SIZEOF, NULL, parse_unary(p), NULL);
}

static const struct expr *parse_unary(struct parser *p)
{
	static const char *const ops[] = { "-", "+", "!", "~", "*" };
	struct parser ahead = *p;
	const char *type;
	size_t i;

	if (p->failed)
		return node(p, EXPR_LITERAL, "0", NULL, NULL);
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		if (accept(p, ops[i]))
			return node(p, EXPR_UNARY, ops[i], parse_unary(p), NULL);
	if (accept(p, "sizeof"))
		return parse_sizeof(p);
	if (accept(&ahead, "(") && starts_type(&ahead)) {
		*p = ahead;
		type = parse_type(p);
		return node(p, EXPR_CAST, type, parse_unary(p), NULL);
	}
	return parse_postfix(p);
}

static int precedence(const struct parser *p, const char **op)
{
	static const char *const levels[][5] = {
		{ "||" }, { "&&" }, { "|" }, { "^" }, { "&" }, { "==", "!=" },
		{ "<", ">", "<=", ">=" }, { "<<", ">>" }, { "+", "-" }, { "*", "/", "%" },
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(levels); i++)
		for (j = 0; j < 5 && levels[i][j]; j++)
			if (is(p, levels[i][j])) {
				*op = levels[i][j];
				return i + 1;
			}
	return 0;
}

static const struct expr *parse_binary(struct parser *p, int least)
{
	const struct expr *e = parse_unary(p);
	const char *op;
	int prec;

	while (!p->failed && (prec = precedence(p, &op)) >= least && prec) {
		next(p);
		e = node(p, EXPR_BINARY, op, e, parse_binary(p, prec + 1));
	}
	return e;
}

static const struct expr *parse_cond(struct parser *p)
{
	const struct expr *a = parse_binary(p, 1), *b;
	struct expr *e;

	if (p->failed || !accept(p, "?"))
		return a;
	b = parse_cond(p);
	expect(p, ":");
	e = node(p, EXPR_COND, NULL, a, b);
	e->c = parse_cond(p);
	return e;
}

struct expr *expr_parse(const char *text, const struct names *typedefs, struct loc loc)
{
	struct parser p = { .at = text, .typedefs = typedefs, .loc = loc, .source = text };
	const struct expr *e;

	next(&p);
	e = parse_cond(&p);
	if (!p.failed && p.len)
		parse_fail(&p, "an operator or the end");
	return p.failed ? NULL : (struct expr *)e;
}

void expr_walk(const struct expr *e, void (*fn)(const struct expr *e, void *data), void *data)
{
	size_t i;

	if (!e)
		return;
	fn(e, data);
	expr_walk(e->a, fn, data);
	expr_walk(e->b, fn, data);
	expr_walk(e->c, fn, data);
	for (i = 0; i < e->args.n; i++)
		expr_walk(e->args.v[i], fn, data);
}

const char *expr_base(const struct expr *e)
{
	const struct expr *a = e->a;

	if (e->op != EXPR_INDEX && e->op != EXPR_ARROW &&
	    !(e->op == EXPR_UNARY && !strcmp(e->text, "*")))
		return NULL;
	while (a && a->op == EXPR_CAST)
		a = a->a;
	return a && a->op == EXPR_NAME ? a->text : NULL;
}

/* ---- printing ---------------------------------------------------------------------- */

static void emit_args(const struct expr *e, struct text *out)
{
	size_t i;

	for (i = 0; i < e->args.n; i++) {
		text_add(out, "%s", i ? ", " : "");
		expr_emit(e->args.v[i], out);
	}
}

static void emit_call(const struct expr *e, struct text *out)
{
	bool minmax = !strcmp(e->text, "min") || !strcmp(e->text, "max");

	text_add(out, "%s%s(", minmax ? "ava_cs_" : "", e->text);
	emit_args(e, out);
	text_add(out, ")");
}

static void emit_binary(const struct expr *e, struct text *out)
{
	bool divides = !strcmp(e->text, "/") || !strcmp(e->text, "%");

	/* a guest may send any divisor */
	text_add(out, "(");
	if (divides) {
		expr_emit(e->b, out);
		text_add(out, " ? ");
	}
	expr_emit(e->a, out);
	text_add(out, " %s ", e->text);
	expr_emit(e->b, out);
	text_add(out, divides ? " : 0)" : ")");
}

void expr_emit(const struct expr *e, struct text *out)
{
	switch (e->op) {
	case EXPR_LITERAL:
	case EXPR_NAME:
		text_add(out, "%s", e->text);
		return;
	case EXPR_UNARY:
		text_add(out, "(%s", e->text);
		expr_emit(e->a, out);
		text_add(out, ")");
		return;
	case EXPR_BINARY:
		emit_binary(e, out);
		return;
	case EXPR_COND:
		text_add(out, "(");
		expr_emit(e->a, out);
		text_add(out, " ? ");
		expr_emit(e->b, out);
		text_add(out, " : ");
		expr_emit(e->c, out);
		text_add(out, ")");
		return;
	case EXPR_INDEX:
		expr_emit(e->a, out);
		text_add(out, "[");
		expr_emit(e->b, out);
		text_add(out, "]");
		return;
	case EXPR_MEMBER:
	case EXPR_ARROW:
		expr_emit(e->a, out);
		text_add(out, "%s%s", e->op == EXPR_MEMBER ? "." : "->", e->text);
		return;
	case EXPR_CALL:
		emit_call(e, out);
		return;
	case EXPR_SIZEOF_TYPE:
		text_add(out, "sizeof(%s)", e->text);
		return;
	case EXPR_SIZEOF:
		text_add(out, "sizeof(");
		expr_emit(e->a, out);
		text_add(out, ")");
		return;
	case EXPR_CAST:
		text_add(out, "((%s)", e->text);
		expr_emit(e->a, out);
		text_add(out, ")");
		return;
	}
}

void expr_emit_count(const struct expr *e, struct text *out)
{
	bool adds = e->op == EXPR_BINARY && !strcmp(e->text, "+");
	bool muls = e->op == EXPR_BINARY && !strcmp(e->text, "*");

	if (adds || muls) {
		text_add(out, adds ? "ava_cs_add(" : "ava_cs_mul(");
		expr_emit_count(e->a, out);
		text_add(out, ", ");
		expr_emit_count(e->b, out);
		text_add(out, ")");
	} else if (e->op == EXPR_COND) {
		text_add(out, "(");
		expr_emit(e->a, out);
		text_add(out, " ? ");
		expr_emit_count(e->b, out);
		text_add(out, " : ");
		expr_emit_count(e->c, out);
		text_add(out, ")");
	} else {
		expr_emit(e, out);
	}
}
