// SPDX-License-Identifier: Apache-2.0
/*
 * order.c - the order of a call's arguments on the wire
 *
 * Values and handles first; then pointers, each behind those that the size of
 * its contents is computed from, so that a decoder knows every size in time.
 */
#include <string.h>

#include "model.h"

struct visit {
	struct func *func;
	struct param *user;
};

static void place(struct func *f, struct param *p);

static void place_used(const struct expr *e, void *data)
{
	struct visit *v = data;
	struct param *p = e->op == EXPR_NAME ? func_param(v->func, e->text) : NULL;

	if (p && p != v->user)
		place(v->func, p);
}

static void place_uses(struct func *f, struct param *p)
{
	struct visit v = { .func = f, .user = p };
	size_t i;

	expr_walk(p->count, place_used, &v);
	expr_walk(p->bytes, place_used, &v);
	expr_walk(p->strings, place_used, &v);
	if (p->lengths)
		place(f, func_param(f, p->lengths));
	for (i = 0; p->dir == DIR_IN && i < p->cases.n; i++)
		expr_walk(p->cases.v[i].cond, place_used, &v);
	for (i = 0; i < p->fields.n; i++)
		expr_walk(p->fields.v[i].count, place_used, &v);
}

static void place(struct func *f, struct param *p)
{
	if (p->decoded)
		return;
	if (p->decoding) {
		diag_error(p->loc, "the size of '%s' depends on itself: expected sizes in an order",
			   p->name);
		return;
	}
	p->decoding = true;
	place_uses(f, p);
	p->decoding = false;
	p->decoded = true;
	*VEC_ADD(&f->order) = p;
}

static bool is_plain(const struct param *p)
{
	return p->kind == PARAM_VALUE || p->kind == PARAM_HANDLE || p->kind == PARAM_OPAQUE ||
	       p->kind == PARAM_CALLBACK || p->kind == PARAM_STATUS;
}

void func_order(struct func *f)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (is_plain(&f->params.v[i]))
			place(f, &f->params.v[i]);
	for (i = 0; i < f->params.n; i++)
		place(f, &f->params.v[i]);
}
