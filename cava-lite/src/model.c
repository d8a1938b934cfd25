// SPDX-License-Identifier: Apache-2.0
/*
 * model.c - questions that the checker and the emitters ask the model
 */
#include <ctype.h>
#include <string.h>

#include "model.h"

struct param *func_param(const struct func *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (!strcmp(f->params.v[i].name, name))
			return &f->params.v[i];
	return NULL;
}

const struct func *spec_func(const struct spec *spec, const char *name)
{
	size_t i;

	for (i = 0; i < spec->funcs.n; i++)
		if (!strcmp(spec->funcs.v[i]->name, name))
			return spec->funcs.v[i];
	return NULL;
}

const struct helper *spec_helper(const struct spec *spec, const char *name)
{
	size_t i;

	for (i = 0; i < spec->helpers.n; i++)
		if (!strcmp(spec->helpers.v[i].name, name))
			return &spec->helpers.v[i];
	return NULL;
}

struct handle_type *spec_handle(const struct spec *spec, const char *name)
{
	size_t i;

	for (i = 0; i < spec->handles.n; i++)
		if (!strcmp(spec->handles.v[i]->name, name))
			return spec->handles.v[i];
	return NULL;
}

bool func_is_sent(const struct func *f)
{
	return !f->unsupported && !f->guest_replace && !func_retained(f);
}

const struct param *func_retained(const struct func *f)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].retains)
			return &f->params.v[i];
	return NULL;
}

/* A function pointer that is forwarded. */
bool param_is_callback(const struct param *p)
{
	return p->kind == PARAM_CALLBACK && !p->callback_dropped;
}

const struct param *func_callback(const struct func *f)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (param_is_callback(&f->params.v[i]))
			return &f->params.v[i];
	return NULL;
}

const struct param *func_released(const struct func *f)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].releases)
			return &f->params.v[i];
	return NULL;
}

static bool brings_handles(const struct func *f)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].dir & DIR_OUT &&
		    (f->params.v[i].kind == PARAM_HANDLES || f->params.v[i].cases.n))
			return true;
	return f->ret->handle;
}

const struct param *func_first_handle(const struct func *f)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].kind == PARAM_HANDLE && !f->params.v[i].releases)
			return &f->params.v[i];
	return NULL;
}

const struct param *func_owner(const struct func *f)
{
	return brings_handles(f) && !f->keeps_nothing ? func_first_handle(f) : NULL;
}

/* One new handle through a pointer; arrays of new ones are named by the server. */
bool param_is_out_new(const struct param *p)
{
	return p->kind == PARAM_HANDLES && p->is_new && !p->count;
}

const char *ctype_mangle(const struct ctype *t)
{
	char *s = mem_strdup(t->bare), *p;

	for (p = s; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	return s;
}

const char *ctype_declare(const struct ctype *t, const char *name)
{
	const char *star = strstr(t->spelling, "(*)");
	size_t n = strlen(t->spelling);

	if (star)
		return mem_printf("%.*s(*%s%s", (int)(star - t->spelling), t->spelling, name,
				  star + 2);
	return mem_printf("%s%s%s", t->spelling, n && t->spelling[n - 1] == '*' ? "" : " ", name);
}

const char *func_prototype(const struct func *f)
{
	struct text t = { 0 };
	size_t i;

	text_add(&t, "%s(", f->name);
	for (i = 0; i < f->params.n; i++)
		text_add(&t, "%s%s", i ? ", " : "",
			 ctype_declare(f->params.v[i].type, f->params.v[i].name));
	text_add(&t, "%s)", f->params.n ? "" : "void");
	return ctype_declare(f->ret, text_str(&t));
}

const struct expr *param_invalid(const struct param *p, const struct handle_type *type)
{
	return p->invalid ? p->invalid : type->invalid;
}

/* ---- expressions as text -------------------------------------------------------------- */

struct guard {
	const struct func *func;
	struct names seen;
	struct text *out;
};

/* Collects "p && q && " for the pointers that the expression follows. */
static void guard_node(const struct expr *e, void *data)
{
	struct guard *g = data;
	const char *base = expr_base(e);

	if (e->op == EXPR_CALL && !strcmp(e->text, "strlen"))
		base = e->args.v[0]->text;
	if (!base || names_has(&g->seen, base) || !func_param(g->func, base))
		return;
	names_add(&g->seen, base);
	text_add(g->out, "%s%s", g->out->len ? " && " : "", base);
}

static const char *guarded(const struct func *f, const struct expr *e, const char *text,
			   const char *type)
{
	struct text cond = { 0 };
	struct guard g = { .func = f, .out = &cond };

	expr_walk(e, guard_node, &g);
	if (!cond.len)
		return text;
	return mem_printf("(%s ? %s(%s) : 0)", text_str(&cond), type, text);
}

const char *count_text(const struct func *f, const struct expr *e)
{
	struct text t = { 0 };

	expr_emit_count(e, &t);
	return guarded(f, e, text_str(&t), "(uint64_t)");
}

const char *plain_text(const struct func *f, const struct expr *e)
{
	struct text t = { 0 };

	expr_emit(e, &t);
	return guarded(f, e, text_str(&t), "");
}

const char *param_bytes(const struct func *f, const struct param *p)
{
	const struct ctype *elem = p->type->to;

	if (p->bytes)
		return count_text(f, p->bytes);
	if (!p->count)
		return mem_printf("sizeof(%s)", elem->bare);
	return mem_printf("ava_cs_mul(%s, sizeof(%s))", count_text(f, p->count), elem->bare);
}
