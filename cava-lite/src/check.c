// SPDX-License-Identifier: Apache-2.0
/*
 * check.c - complete the model, and refuse what could not be emitted correctly
 *
 * Every refusal names the place, the object and what was expected. After it went
 * without an error the emitters need not look twice.
 */
#include <stdlib.h>
#include <string.h>

#include "model.h"

/* ---- expressions ------------------------------------------------------------------- */

enum { AFTER_CALL = 1, HAS_ERRNO = 2, CONSTANT = 4 };

struct expr_check {
	struct spec *spec;
	struct func *func;		/* NULL: no arguments */
	const struct param *owner;	/* whose annotation it is, or NULL */
	unsigned int sides;
	unsigned int flags;
	const char *what;		/* the annotation */
};

static bool is_implicit(const struct func *f, const char *name)
{
	size_t i;

	for (i = 0; f && i < f->implicits.n; i++)
		if (!strcmp(f->implicits.v[i].name, name))
			return true;
	return false;
}

static void check_name(struct expr_check *c, const struct expr *e)
{
	if (c->func && !(c->flags & CONSTANT) &&
	    (func_param(c->func, e->text) || is_implicit(c->func, e->text)))
		return;
	if (!strcmp(e->text, "ret") && c->flags & AFTER_CALL)
		return;
	if (!strcmp(e->text, "ava_errno") && c->flags & HAS_ERRNO)
		return;
	if (names_has(&c->spec->constants, e->text))
		return;
	diag_error(e->loc, "ava_%s: unknown name '%s': expected %sa constant", c->what, e->text,
		   !c->func || c->flags & CONSTANT ? "" :
		   c->flags & AFTER_CALL ? "an argument, ret or " : "an argument or ");
}

static void check_helper_call(struct expr_check *c, const struct expr *e)
{
	const struct helper *h = spec_helper(c->spec, e->text);

	if (!h) {
		diag_error(e->loc, "ava_%s: unknown function '%s': expected a declared helper, "
			   "min, max or strlen", c->what, e->text);
		return;
	}
	if ((h->sides & c->sides) != c->sides)
		diag_error(e->loc, "ava_%s: helper '%s' is not available %s: expected it declared %s",
			   c->what, h->name,
			   c->sides & ~h->sides & SIDE_SERVER ? "on the server" : "in the guest",
			   c->sides == (SIDE_GUEST | SIDE_SERVER) ? "ava_pure" :
			   c->sides == SIDE_SERVER ? "ava_server or ava_pure" :
			   "ava_guest or ava_pure");
	if (h->args != e->args.n)
		diag_error(e->loc, "ava_%s: helper '%s' takes %u arguments, got %zu", c->what,
			   h->name, h->args, e->args.n);
}

static void check_call(struct expr_check *c, const struct expr *e)
{
	const struct param *p;
	size_t want;

	if (!strcmp(e->text, "strlen")) {
		p = e->args.n == 1 && e->args.v[0]->op == EXPR_NAME && c->func
		    ? func_param(c->func, e->args.v[0]->text) : NULL;
		if (!p || !p->is_string)
			diag_error(e->loc, "ava_%s: strlen expects one argument that is ava_string",
				   c->what);
		return;
	}
	if (strcmp(e->text, "min") && strcmp(e->text, "max")) {
		check_helper_call(c, e);
		return;
	}
	want = 2;
	if (e->args.n != want)
		diag_error(e->loc, "ava_%s: %s takes %zu arguments, got %zu", c->what, e->text, want,
			   e->args.n);
}

static void check_index(struct expr_check *c, const struct expr *e, const struct param *p)
{
	unsigned long index, count = 1;

	if (e->b->op != EXPR_LITERAL) {
		diag_error(e->loc, "ava_%s: bad index of '%s': expected a literal", c->what, p->name);
		return;
	}
	index = strtoul(e->b->text, NULL, 0);
	if (p->count && p->count->op == EXPR_LITERAL)
		count = strtoul(p->count->text, NULL, 0);
	if (index >= count)
		diag_error(e->loc, "ava_%s: index %lu of '%s' is out of range: expected less than %lu",
			   c->what, index, p->name, count);
}

static void check_deref(struct expr_check *c, const struct expr *e, const char *base)
{
	struct param *p = c->func ? func_param(c->func, base) : NULL;

	if (!p || !p->type->is_pointer || p->type->is_function || p->type->handle) {
		diag_error(e->loc, "ava_%s: '%s' cannot be followed: expected an argument that points "
			   "to values", c->what, base);
		return;
	}
	if (e->op == EXPR_INDEX)
		check_index(c, e, p);
	if (p->bytes || (p->count && p->count->op != EXPR_LITERAL && e->op != EXPR_INDEX))
		diag_error(e->loc, "ava_%s: '%s' may have no elements: expected one with a literal "
			   "count", c->what, base);
	if (!(p->dir & DIR_IN) && !(c->flags & AFTER_CALL) && c->sides & SIDE_SERVER)
		diag_error(e->loc, "ava_%s: '%s' is an output and has no value before the call: "
			   "expected an input", c->what, base);
	if (!(p->dir & DIR_IN) && c->owner && c->flags & AFTER_CALL)
		p->needs_hidden = true;
}

static void check_node(const struct expr *e, void *data)
{
	struct expr_check *c = data;
	const char *base = expr_base(e);

	if (base)
		check_deref(c, e, base);
	else if (e->op == EXPR_INDEX || e->op == EXPR_ARROW ||
		 (e->op == EXPR_UNARY && !strcmp(e->text, "*")))
		diag_error(e->loc, "ava_%s: only an argument can be followed", c->what);
	if (e->op == EXPR_NAME)
		check_name(c, e);
	else if (e->op == EXPR_CALL)
		check_call(c, e);
}

static void check_expr(struct spec *spec, struct func *f, const struct param *owner,
		       const struct expr *e, const char *what, unsigned int sides,
		       unsigned int flags)
{
	struct expr_check c = {
		.spec = spec, .func = f, .owner = owner, .sides = sides, .flags = flags,
		.what = what,
	};

	if (e)
		expr_walk(e, check_node, &c);
}

/* ---- parameters ----------------------------------------------------------------------- */

#define BOTH	(SIDE_GUEST | SIDE_SERVER)

/* Does the expression name the object that the call makes? */
static bool is_ret(const struct expr *e)
{
	return e->op == EXPR_NAME && !strcmp(e->text, "ret");
}

static void check_callback_is(struct spec *spec, struct func *f, const struct param *a)
{
	const char *what = a->was ? "was" : "is";

	if (is_ret(a->is) && !f->is_new)
		diag_error(a->is->loc, "ava_%s: expected '%s' to return a new handle", what, f->name);
	if (!is_ret(a->is))
		check_expr(spec, f, NULL, a->is, what, SIDE_GUEST, 0);
	if (a->was && !a->type->handle)
		diag_error(a->is->loc, "ava_was: expected '%s' to be a handle", a->name);
}

static void check_callback_param(struct spec *spec, struct func *f, struct func *cb, struct param *a)
{
	const struct ctype *t = a->type;

	check_expr(spec, cb, a, a->bytes, "bytes", BOTH, 0);
	check_expr(spec, cb, NULL, a->lost, "lost", SIDE_GUEST, CONSTANT);
	if (a->is)
		check_callback_is(spec, f, a);
	if (a->is || a->is_userdata || a->is_opaque)
		a->kind = PARAM_OPAQUE;
	else if (t->handle)
		a->kind = PARAM_HANDLE;
	else if (t->is_scalar)
		a->kind = PARAM_VALUE;
	else if (a->is_string && t->to && t->to->is_char)
		a->kind = PARAM_STRING;
	else if (a->bytes && t->to && !t->to->is_function && (a->dir == DIR_IN || !a->dir))
		a->kind = PARAM_BUFFER;
	else
		diag_error(a->loc, "'%s' of the callback '%s' is '%s': expected a number, a handle, or "
			   "ava_is, ava_string, ava_bytes, ava_opaque", a->name, cb->name, t->spelling);
	if (a->lost && a->kind != PARAM_VALUE)
		diag_error(a->lost->loc, "ava_lost: expected '%s' to be a number", a->name);
}

static void check_callback_params(struct spec *spec, struct func *f, struct param *p)
{
	struct func *cb = p->callback;
	unsigned int given = 0;
	bool found = false;
	size_t i;

	for (i = cb->params.n; i-- && !found;) {
		found = cb->params.v[i].type->to && cb->params.v[i].type->to->is_void &&
			!cb->params.v[i].notes.n;
		cb->params.v[i].is_userdata = found;
	}
	if (!found)
		diag_error(p->loc, "callback '%s' gets no user data: expected a parameter void *", p->name);
	if (!cb->ret->is_void)
		diag_error(p->loc, "callback '%s' returns '%s': expected void", p->name,
			   cb->ret->spelling);
	for (i = 0; i < cb->params.n; i++) {
		check_callback_param(spec, f, cb, &cb->params.v[i]);
		given += !!cb->params.v[i].is;
	}
	if (given > 4)
		diag_error(p->loc, "callback '%s' has %u parameters with ava_is: expected 4 at most", p->name,
			   given);
	if (f->async || f->sync_if)
		diag_error(p->callback_loc, "'%s' cannot be asynchronous: whether '%s' will be called is known "
			   "when it returns", f->name, p->name);
}

static void check_callback(struct spec *spec, struct func *f, struct param *p)
{
	struct param *data = func_param(f, p->callback_data);

	p->kind = PARAM_CALLBACK;
	if (!p->type->is_function)
		diag_error(p->callback_loc, "ava_callback: expected a pointer to a function, '%s' is '%s'",
			   p->name, p->type->spelling);
	if (!data || !data->type->is_pointer) {
		diag_error(p->callback_loc, "ava_callback: expected a pointer argument for the user "
			   "data, not '%s'", p->callback_data);
		return;
	}
	data->is_opaque = true;
	data->dropped = p->callback_dropped;
	if (p->type->is_function && !p->callback_dropped)
		check_callback_params(spec, f, p);
}

static void check_one_use(const struct param *p)
{
	unsigned int ways = !!p->count + !!p->bytes + p->is_string + !!p->strings + p->is_list +
			    !!p->list_count;

	if (ways > 1)
		diag_error(p->loc, "pointer '%s' has more than one size: expected one of ava_count, "
			   "ava_bytes, ava_string, ava_strings, ava_list, ava_list_counted", p->name);
}

static void check_pointer_type(const struct param *p)
{
	const struct ctype *to = p->type->to;

	if (!p->dir && to->is_void && !p->bytes)
		diag_error(p->loc, "void pointer '%s' has neither direction nor size: expected ava_in or "
			   "ava_out, and ava_bytes(expr)", p->name);
	else if (!p->dir)
		diag_error(p->loc, "pointer '%s' has no direction: expected ava_in, ava_out, ava_inout "
			   "(or ava_string, ava_strings, ava_list, ava_opaque)", p->name);
	if (p->dir & DIR_OUT && to->is_const)
		diag_error(p->loc, "pointer '%s' is an output but points to const '%s': expected ava_in",
			   p->name, to->spelling);
	if (to->is_void && p->dir && !p->bytes && !p->count)
		diag_error(p->loc, "void pointer '%s' has no size: expected ava_bytes(expr)", p->name);
	else if (!to->is_void && !to->size)
		diag_error(p->loc, "pointer '%s' points to the incomplete type '%s': expected "
			   "ava_opaque or a handle type", p->name, to->spelling);
	else if (to->is_function || (to->is_pointer && !to->handle))
		diag_error(p->loc, "pointer '%s' points to pointers: expected ava_strings, or a handle "
			   "type for '%s'", p->name, to->spelling);
}

static bool field_covered(const struct param *p, const struct member *m)
{
	const struct ctype *to = p->type->to;
	size_t i, k;

	for (i = 0; i < p->fields.n; i++)
		for (k = 0; k < to->pointers.n; k++)
			if (!strcmp(to->pointers.v[k].name, p->fields.v[i].name) &&
			    to->pointers.v[k].offset == m->offset)
				return true;
	return false;
}

static void check_fields(struct spec *spec, struct func *f, struct param *p)
{
	const struct ctype *to = p->type->to;
	size_t i, k;

	for (i = 0; i < to->pointers.n; i++)
		if (!field_covered(p, &to->pointers.v[i]))
			diag_error(p->loc, "'%s' of '%s' is a pointer: expected "
				   "ava_field_handle(%s, type) or ava_field_buffer(%s, count)",
				   to->pointers.v[i].name, p->name, to->pointers.v[i].name,
				   to->pointers.v[i].name);
	for (i = 0; i < p->fields.n; i++) {
		struct field *field = &p->fields.v[i];

		for (k = 0; k < to->pointers.n; k++)
			if (!strcmp(to->pointers.v[k].name, field->name))
				break;
		if (k == to->pointers.n)
			diag_error(field->loc, "'%s' has no pointer member '%s'", to->spelling,
				   field->name);
		if (field->count && (p->count || p->dir != DIR_IN))
			diag_error(field->loc, "ava_field_buffer: expected '%s' to be one struct that is "
				   "ava_in", p->name);
		if (field->type && p->dir != DIR_IN)
			diag_error(field->loc, "ava_field_handle: expected '%s' to be ava_in", p->name);
		check_expr(spec, f, p, field->count, "field_buffer", BOTH, 0);
	}
}

static void check_buffer(struct spec *spec, struct func *f, struct param *p)
{
	check_pointer_type(p);
	p->kind = p->type->to->handle ? PARAM_HANDLES : PARAM_BUFFER;
	if (p->type->to->is_void && p->count)
		diag_error(p->loc, "void pointer '%s' has no elements: expected ava_bytes", p->name);
	if (p->kind == PARAM_HANDLES && p->dir == (DIR_IN | DIR_OUT))
		diag_error(p->loc, "handles of '%s' go both ways: expected ava_in or ava_out", p->name);
	if (p->kind == PARAM_HANDLES && p->bytes)
		diag_error(p->loc, "'%s' is an array of handles: expected ava_count", p->name);
	if (p->valid && !(p->dir & DIR_OUT))
		diag_error(p->valid->loc, "ava_valid: expected '%s' to be ava_out", p->name);
	if (p->cases.n && !p->bytes)
		diag_error(p->cases.v[0].loc, "handles inside '%s': expected ava_bytes", p->name);
	if (p->maybe && (p->dir != DIR_IN || !p->bytes))
		diag_error(p->maybe->loc, "ava_maybe_handle: expected '%s' to be ava_in ava_bytes(expr)",
			   p->name);
	check_fields(spec, f, p);
}

static void check_list(struct param *p)
{
	p->kind = PARAM_LIST;
	p->dir = DIR_IN;
	if (!p->type->to || p->type->to->size != 8 || p->type->to->is_pointer)
		diag_error(p->loc, "list '%s' has elements of '%s': expected integers of 8 bytes",
			   p->name, p->type->to ? p->type->to->spelling : "functions");
	if (p->list_count && p->keys.n)
		diag_error(p->loc, "list '%s' is not one of pairs: expected ava_list with "
			   "ava_list_handle", p->name);
}

static void check_string(struct param *p)
{
	p->kind = PARAM_STRING;
	if (!p->type->to || !p->type->to->is_char)
		diag_error(p->loc, "string '%s' is '%s': expected const char *", p->name,
			   p->type->spelling);
	if (p->dir & DIR_OUT)
		diag_error(p->loc, "string '%s' is an output: expected ava_out ava_count(room) in place "
			   "of ava_string", p->name);
	p->dir = DIR_IN;
}

static void check_strings(struct func *f, struct param *p)
{
	const struct ctype *to = p->type->to;
	const struct param *lengths = p->lengths ? func_param(f, p->lengths) : NULL;

	p->kind = PARAM_STRINGS;
	p->dir = DIR_IN;
	if (!to || !to->is_pointer || !to->to || to->to->size != 1)
		diag_error(p->loc, "'%s' is '%s': expected an array of pointers to characters", p->name,
			   p->type->spelling);
	if (p->lengths && (!lengths || !lengths->type->to || lengths->type->to->size != 8 ||
			   !(lengths->dir & DIR_IN) || !lengths->count))
		diag_error(p->lengths_loc, "ava_strings: expected an argument const size_t * with ava_in "
			   "ava_count for the lengths, not '%s'", p->lengths);
}

static void check_status_param(const struct spec *spec, struct func *f, struct param *p)
{
	p->kind = PARAM_STATUS;
	p->dir = DIR_OUT;
	if (!spec->status_type || !p->type->to || strcmp(p->type->to->bare, spec->status_type))
		diag_error(p->loc, "ava_status_out: expected '%s' to be '%s *'", p->name,
			   spec->status_type ? spec->status_type : "the type of ava_status");
	if (f->status == STATUS_RETURN)
		diag_error(p->loc, "'%s' returns its status: expected no ava_status_out", f->name);
	f->status = STATUS_PARAM;
	f->status_param = p;
}

static void decide_kind(struct spec *spec, struct func *f, struct param *p)
{
	const struct ctype *t = p->type;

	if (p->is_status)
		check_status_param(spec, f, p);
	else if (p->callback_data)
		p->kind = PARAM_CALLBACK;
	else if (p->is_opaque)
		p->kind = PARAM_OPAQUE;
	else if (t->handle)
		p->kind = PARAM_HANDLE;
	else if (t->is_scalar)
		p->kind = PARAM_VALUE;
	else if (!t->is_pointer)
		diag_error(p->loc, "'%s' is '%s', passed by value: expected a number, a handle or a "
			   "pointer", p->name, t->spelling);
	else if (t->is_function)
		diag_error(p->loc, "'%s' is a pointer to a function: expected ava_callback(userdata)",
			   p->name);
	else if (p->is_string)
		check_string(p);
	else if (p->strings)
		check_strings(f, p);
	else if (p->is_list || p->list_count)
		check_list(p);
	else
		check_buffer(spec, f, p);
}

static void check_handle_notes(const struct param *p)
{
	if (p->nullable && p->kind != PARAM_HANDLE && p->kind != PARAM_HANDLES && !p->cases.n)
		diag_error(p->loc, "ava_nullable: expected a handle or an array of handles, '%s' is none",
			   p->name);
	if ((p->retains || p->releases) && p->kind != PARAM_HANDLE)
		diag_error(p->loc, "'%s' is no handle: expected ava_%s at a handle", p->name,
			   p->retains ? "retains" : "releases");
	if (p->keeps && p->kind != PARAM_HANDLE && (p->kind != PARAM_HANDLES || p->dir != DIR_IN))
		diag_error(p->loc, "ava_keeps: expected '%s' to be a handle or an input of handles",
			   p->name);
	if (p->is_new && (p->kind != PARAM_HANDLES || p->dir != DIR_OUT))
		diag_error(p->new_loc, "ava_new: expected '%s' to be an output of handles", p->name);
	if (p->invalid && p->kind != PARAM_HANDLE && p->kind != PARAM_HANDLES &&
	    p->kind != PARAM_LIST && !p->cases.n && !p->fields.n)
		diag_error(p->loc, "ava_invalid: expected '%s' to have handles", p->name);
}

static void check_kept(struct spec *spec, const struct func *f, const struct param *p)
{
	const struct helper *h;

	if (!p->kept)
		return;
	h = spec_helper(spec, p->kept);
	if (!h || !(h->sides & SIDE_SERVER) || h->args != 2)
		diag_error(p->kept_loc, "ava_kept: expected a server helper of two arguments, not '%s'",
			   p->kept);
	if (p->kind != PARAM_BUFFER || p->dir != DIR_IN || p->maybe || p->fields.n || !f->is_new)
		diag_error(p->kept_loc, "ava_kept: expected '%s' to be an input buffer of a function that "
			   "returns a new handle", p->name);
}

static void check_direct(const struct func *f, const struct param *p)
{
	if (!p->direct)
		return;
	if (p->kind != PARAM_BUFFER || p->dir == (DIR_IN | DIR_OUT) || p->maybe || p->cases.n ||
	    p->fields.n || p->valid || p->kept)
		diag_error(p->direct_loc, "ava_direct: expected '%s' to be a buffer of plain bytes that is "
			   "ava_in or ava_out", p->name);
	if (!f->server_replace)
		diag_error(p->direct_loc, "ava_direct: expected '%s' to have a helper that moves the bytes: "
			   "ava_server_replace(fn)", f->name);
}

static void check_param(struct spec *spec, struct func *f, struct param *p)
{
	size_t i;
	unsigned int after = p->dir & DIR_OUT ? AFTER_CALL : 0;
	const struct param *event;

	if (!strcmp(p->name, "ret") || !strncmp(p->name, "ava_", 4))
		diag_error(p->loc, "argument '%s': expected a name other than ret and ava_...", p->name);
	check_one_use(p);
	check_handle_notes(p);
	check_kept(spec, f, p);
	check_direct(f, p);
	check_expr(spec, f, p, p->count, "count", BOTH, 0);
	check_expr(spec, f, p, p->bytes, "bytes", BOTH, 0);
	check_expr(spec, f, p, p->strings, "strings", BOTH, 0);
	check_expr(spec, f, p, p->list_count, "list_counted", SIDE_GUEST, 0);
	check_expr(spec, f, p, p->valid, "valid", SIDE_SERVER, AFTER_CALL);
	check_expr(spec, f, p, p->pass, "pass", SIDE_SERVER, 0);
	check_expr(spec, f, p, p->invalid, "invalid", BOTH, CONSTANT);
	check_expr(spec, f, p, p->maybe, "maybe_handle", SIDE_SERVER, 0);
	for (i = 0; i < p->cases.n; i++) {
		check_expr(spec, f, NULL, p->cases.v[i].cond, "handles_if", BOTH, after);
		check_expr(spec, f, NULL, p->cases.v[i].key, "list_if", BOTH, CONSTANT);
		if (p->cases.v[i].key && p->dir != DIR_OUT)
			diag_error(p->cases.v[i].loc, "ava_list_if: expected '%s' to be ava_out", p->name);
	}
	for (i = 0; i < p->keys.n; i++)
		check_expr(spec, f, NULL, p->keys.v[i].key, "list_handle", BOTH, CONSTANT);
	if (!p->valid_until)
		return;
	event = func_param(f, p->valid_until);
	if (!event || !param_is_out_new(event))
		diag_error(p->until_loc, "ava_valid_until: expected an argument that is ava_out ava_new, "
			   "not '%s'", p->valid_until);
}

/* ---- functions --------------------------------------------------------------------------- */

static void check_ids(struct spec *spec, const struct func *f)
{
	size_t i;

	if (!f->id && !func_is_sent(f))
		return;
	if (!f->id) {
		diag_error(f->loc, "function '%s' has no id: expected ava_id(n)", f->name);
		return;
	}
	for (i = 0; spec->funcs.v[i] != f; i++)
		if (spec->funcs.v[i]->id == f->id) {
			diag_error(f->id_loc, "ava_id: %u is the id of '%s': expected another", f->id,
				   spec->funcs.v[i]->name);
			return;
		}
}

static void check_return(const struct func *f)
{
	const struct ctype *r = f->ret;

	if (f->is_new && !r->handle)
		diag_error(f->loc, "ava_new: expected '%s' to return a handle, it returns '%s'", f->name,
			   r->spelling);
	if (r->is_void || r->is_scalar || r->handle)
		return;
	diag_error(f->loc, "'%s' returns '%s': expected void, a number or a handle (or "
		   "ava_guest_replace)", f->name, r->spelling);
}

static void check_async(const struct func *f)
{
	if (f->async && f->sync_if)
		diag_error(f->loc, "'%s' is ava_async and ava_sync_if: expected one", f->name);
	if (!f->async && !f->sync_if)
		return;
	if (f->ret->handle ? !f->is_new : !f->ret->is_void && f->status != STATUS_RETURN)
		diag_error(f->loc, "'%s' cannot be asynchronous: expected it to return a status, "
			   "a new handle or nothing", f->name);
}

static bool makes_objects(const struct func *f)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].is_new)
			return true;
	return f->is_new;
}

static void check_cached(const struct func *f)
{
	if (!f->cached)
		return;
	if (makes_objects(f) || func_released(f) || func_callback(f))
		diag_error(f->loc, "'%s' is cached: expected a query, which makes, releases and registers "
			   "nothing", f->name);
	if (f->async || f->sync_if)
		diag_error(f->loc, "'%s' is cached and asynchronous: expected one", f->name);
}

static void check_async_failed(const struct func *f)
{
	size_t i;

	if (!f->async_failed)
		return;
	for (i = 0; i < f->params.n; i++)
		if (param_is_out_new(&f->params.v[i]) && (f->async || f->sync_if))
			return;
	diag_error(f->loc, "ava_async_failed: expected '%s' to be asynchronous, with an argument that is "
		   "ava_out ava_new", f->name);
}

static void check_replacement(struct spec *spec, const struct func *f)
{
	const struct func *other = f->guest_replace ? spec_func(spec, f->guest_replace) : NULL;
	const struct helper *h;
	size_t args;

	if (f->guest_replace && !other) {
		h = spec_helper(spec, f->guest_replace);
		if (!h || !(h->sides & SIDE_GUEST) || h->args != f->params.n)
			diag_error(f->guest_replace_loc, "ava_guest_replace: expected a guest helper or a "
				   "described function with the same arguments, not '%s'",
				   f->guest_replace);
	} else if (other && (other == f || other->params.n != f->params.n)) {
		diag_error(f->guest_replace_loc, "ava_guest_replace: expected another function with the "
			   "same arguments, not '%s'", f->guest_replace);
	}
	if (!f->server_replace)
		return;
	h = spec_helper(spec, f->server_replace);
	args = f->params.n + f->implicits.n;
	if (!h || !(h->sides & SIDE_SERVER) || h->args != args)
		diag_error(f->server_replace_loc, "ava_server_replace: expected a server helper of %zu "
			   "arguments, not '%s'", args, f->server_replace);
}

static void check_func_exprs(struct spec *spec, struct func *f)
{
	size_t i;

	check_expr(spec, f, NULL, f->error, "error", BOTH, CONSTANT | HAS_ERRNO);
	check_expr(spec, f, NULL, f->returns, "returns", BOTH, CONSTANT | HAS_ERRNO);
	check_expr(spec, f, NULL, f->unsupported_with, "unsupported_with", SIDE_GUEST, CONSTANT);
	check_expr(spec, f, NULL, f->sync_if, "sync_if", SIDE_GUEST, 0);
	check_expr(spec, f, NULL, f->guest_before, "guest_before", SIDE_GUEST, 0);
	check_expr(spec, f, NULL, f->server_before, "server_before", SIDE_SERVER, 0);
	check_expr(spec, f, NULL, f->guest_after, "guest_after", SIDE_GUEST, AFTER_CALL);
	check_expr(spec, f, NULL, f->guest_finally, "guest_finally", SIDE_GUEST, AFTER_CALL);
	check_expr(spec, f, NULL, f->async_failed, "async_failed", SIDE_SERVER, AFTER_CALL);
	check_expr(spec, f, NULL, f->cached_if, "cached_if", SIDE_GUEST, 0);
	check_expr(spec, f, NULL, f->server_after, "server_after", SIDE_SERVER, AFTER_CALL);
	check_expr(spec, f, NULL, f->outputs_if, "outputs_if", SIDE_SERVER, AFTER_CALL);
	for (i = 0; i < f->implicits.n; i++)
		check_expr(spec, f, NULL, f->implicits.v[i].value, "implicit", SIDE_GUEST, 0);
}

/* Counted in the guest: nothing else of the call could be carried. */
static void check_retaining(struct spec *spec, struct func *f)
{
	struct param *p = &f->params.v[0];

	if (f->params.n != 1)
		diag_error(f->loc, "'%s' retains and is not sent: expected the handle to be its only "
			   "argument", f->name);
	if (!f->ret->is_void && f->status != STATUS_RETURN)
		diag_error(f->loc, "'%s' retains and is not sent: expected it to return a status or "
			   "nothing", f->name);
	p->kind = p->type->handle ? PARAM_HANDLE : PARAM_NONE;
	check_handle_notes(p);
	check_expr(spec, f, p, p->invalid, "invalid", BOTH, CONSTANT);
	check_expr(spec, f, NULL, f->guest_after, "guest_after", SIDE_GUEST, AFTER_CALL);
}

/* Nobody waits for a last release: it cannot fail, and no answer is of use. */
static void default_release(struct func *f)
{
	if (func_released(f) && !f->sync_if && (f->ret->is_void || f->status == STATUS_RETURN))
		f->async = true;
}

static void check_sent(struct spec *spec, struct func *f)
{
	size_t i;

	if (f->variadic)
		diag_error(f->loc, "'%s' takes variable arguments: expected ava_unsupported or "
			   "ava_guest_replace", f->name);
	func_infer(spec, f);
	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].callback_data)
			check_callback(spec, f, &f->params.v[i]);
	for (i = 0; i < f->params.n; i++)
		decide_kind(spec, f, &f->params.v[i]);
	check_return(f);
	default_release(f);
	for (i = 0; i < f->params.n; i++)
		check_param(spec, f, &f->params.v[i]);
	check_async(f);
	check_async_failed(f);
	check_cached(f);
	check_func_exprs(spec, f);
}

static void check_func(struct spec *spec, struct func *f)
{
	size_t i;

	if (spec->status_type && !strcmp(f->ret->bare, spec->status_type))
		f->status = STATUS_RETURN;
	check_replacement(spec, f);
	check_ids(spec, f);
	if (func_retained(f)) {
		check_retaining(spec, f);
		return;
	}
	if (func_is_sent(f)) {
		check_sent(spec, f);
		if (!diag_errors())
			func_order(f);
		return;
	}
	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].is_status)
			check_status_param(spec, f, &f->params.v[i]);
	check_expr(spec, f, NULL, f->unsupported_with, "unsupported_with", SIDE_GUEST, CONSTANT);
}

/* ---- the whole spec ------------------------------------------------------------------------- */

static void check_handle_type(struct spec *spec, const struct handle_type *h)
{
	const struct helper *find = h->find ? spec_helper(spec, h->find) : NULL;

	if (!h->is_handle)
		diag_error(h->loc, "annotated type '%s' is nothing yet: expected ava_handle(error)",
			   h->name);
	else if (!h->release && !h->immortal)
		diag_error(h->loc, "handle type '%s' has no release: expected ava_lifetime(retain, "
			   "release), ava_lifetime(release) or ava_immortal", h->name);
	if (h->find && (!find || !(find->sides & SIDE_SERVER) || find->args))
		diag_error(h->find_loc, "ava_immortal_all: expected a server helper without arguments, "
			   "not '%s'", h->find);
	check_expr(spec, NULL, NULL, h->invalid, "handle", BOTH, CONSTANT);
}

void spec_check(struct spec *spec)
{
	struct loc top = { .file = spec->path, .line = 1, .col = 1 };
	size_t i;

	if (!spec->name)
		diag_error(top, "the spec has no name: expected ava_api(name, major, minor);");
	if (!spec->funcs.n)
		diag_error(top, "the spec describes no function");
	if (spec->dispatch && !spec->dispatch_members.n)
		diag_error(spec->dispatch_loc, "ava_dispatch_table: expected a defined struct, not '%s'",
			   spec->dispatch);
	check_expr(spec, NULL, NULL, spec->status_success, "status", BOTH, CONSTANT);
	check_expr(spec, NULL, NULL, spec->status_failure, "status", BOTH, CONSTANT | HAS_ERRNO);
	check_expr(spec, NULL, NULL, spec->unsupported_status, "unsupported_status", SIDE_GUEST,
		   CONSTANT);
	for (i = 0; i < spec->handles.n; i++)
		check_handle_type(spec, spec->handles.v[i]);
	for (i = 0; i < spec->funcs.n; i++)
		check_func(spec, spec->funcs.v[i]);
}
