// SPDX-License-Identifier: Apache-2.0
/*
 * infer.c - what a function of which nothing is said most likely means
 *
 * Only where C's usual forms leave little doubt; each guess is a note, and what
 * is left open is an error of check.c.
 */
#include <string.h>

#include "model.h"

static bool says_nothing(const struct func *f)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].notes.n)
			return false;
	return true;
}

static bool is_integer(const struct param *p)
{
	const char *c = p->type->canonical;

	return p->type->is_scalar && strcmp(c, "float") && strcmp(c, "double") && !strstr(c, "enum ");
}

/* size_t; a smaller integer counts elements, not bytes. */
static bool is_size(const struct param *p)
{
	return is_integer(p) && !strcmp(p->type->canonical, "unsigned long");
}

static struct expr *name_expr(const struct spec *spec, const struct param *p)
{
	return expr_parse(p->name, &spec->typedefs, p->loc);
}

static void infer_bytes(const struct spec *spec, struct func *f, size_t i)
{
	struct param *p = &f->params.v[i];
	const struct param *size = i && is_size(&f->params.v[i - 1]) ? &f->params.v[i - 1] :
				   i + 1 < f->params.n && is_size(&f->params.v[i + 1]) ?
				   &f->params.v[i + 1] : NULL;

	if (!size)
		return;
	p->dir = p->type->to->is_const ? DIR_IN : DIR_OUT;
	p->bytes = name_expr(spec, size);
	diag_note(p->loc, "'%s' of '%s' is taken as ava_%s ava_bytes(%s)", p->name, f->name,
		  p->dir == DIR_IN ? "in" : "out", size->name);
}

static void infer_handles(const struct spec *spec, struct func *f, size_t i)
{
	struct param *p = &f->params.v[i];
	const struct param *count = i && is_integer(&f->params.v[i - 1]) ? &f->params.v[i - 1] : NULL;
	const char *dir;

	p->dir = p->type->to->is_const ? DIR_IN : DIR_OUT;
	dir = p->dir == DIR_IN ? "in" : "out";
	if (count) {
		p->count = name_expr(spec, count);
		diag_note(p->loc, "'%s' of '%s' is taken as ava_%s ava_count(%s)", p->name, f->name, dir,
			  count->name);
	} else {
		diag_note(p->loc, "'%s' of '%s' is taken as ava_%s, one handle", p->name, f->name, dir);
	}
}

static void infer_pointer(const struct spec *spec, struct func *f, size_t i)
{
	struct param *p = &f->params.v[i];
	const struct ctype *to = p->type->to;

	if (p->is_opaque || p->type->handle || !to)
		return;
	if (to->is_void) {
		infer_bytes(spec, f, i);
	} else if (to->handle) {
		infer_handles(spec, f, i);
	} else if (to->is_char && to->is_const) {
		p->is_string = true;
		diag_note(p->loc, "'%s' of '%s' is taken as ava_string", p->name, f->name);
	} else {
		p->dir = to->is_const ? DIR_IN : DIR_OUT;
		diag_note(p->loc, "'%s' of '%s' is taken as ava_%s, one element", p->name, f->name,
			  p->dir == DIR_IN ? "in" : "out");
	}
}

void func_infer(const struct spec *spec, struct func *f)
{
	size_t i;

	f->inferred = says_nothing(f);
	for (i = 0; f->inferred && i < f->params.n; i++)
		infer_pointer(spec, f, i);
}
