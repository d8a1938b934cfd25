// SPDX-License-Identifier: Apache-2.0
/*
 * annot.c - annotations into fields of the model
 *
 * A table row per annotation: where it may stand and what it does. Everything
 * that needs to see more than its own annotation is check.c's.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

/* What an annotation applies to; exactly one of the pointers but spec is set. */
struct target {
	struct spec *spec;
	struct handle_type *handle;
	struct func *func;
	struct param *param;
};

enum { ON_SPEC = 1, ON_TYPE = 2, ON_FUNC = 4, ON_PARAM = 8, ON_HELPER = 16, ON_CALLBACK = 32 };

typedef VEC(const char *) arg_list;

static const char *trimmed(const char *s, size_t n)
{
	while (n && isspace((unsigned char)*s))
		s++, n--;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return mem_strndup(s, n);
}

/* Splits at commas that no parenthesis encloses. */
static void split(const char *text, arg_list *args)
{
	const char *start = text, *p;
	int depth = 0;

	for (p = text; *p; p++) {
		if (*p == '(' || *p == '[')
			depth++;
		else if (*p == ')' || *p == ']')
			depth--;
		else if (*p == ',' && !depth) {
			*VEC_ADD(args) = trimmed(start, p - start);
			start = p + 1;
		}
	}
	if (args->n || *trimmed(start, p - start))
		*VEC_ADD(args) = trimmed(start, p - start);
}

static struct expr *parse(struct target *t, const struct note *n, const char *text)
{
	return expr_parse(text, &t->spec->typedefs, n->loc);
}

static bool number(const struct note *n, const char *text, unsigned int low, unsigned int high,
		   unsigned int *value)
{
	char *end;
	unsigned long v = strtoul(text, &end, 0);

	if (*end || end == text || v < low || v > high) {
		diag_error(n->loc, "ava_%s: expected a number from %u to %u, not '%s'", n->key, low,
			   high, text);
		return false;
	}
	*value = v;
	return true;
}

/* ---- of the whole API --------------------------------------------------------------------- */

static void note_api(struct target *t, const struct note *n, const arg_list *a)
{
	const char *p;

	if (t->spec->name)
		diag_error(n->loc, "ava_api: expected once, '%s' was declared before", t->spec->name);
	t->spec->name = a->v[0];
	for (p = a->v[0]; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_')
			break;
	if (*p || !*a->v[0] || strlen(a->v[0]) > 31)
		diag_error(n->loc,
			   "ava_api: expected a name of at most 31 of a-z, 0-9 and _, not '%s'",
			   a->v[0]);
	number(n, a->v[1], 0, 65535, &t->spec->major);
	number(n, a->v[2], 0, 65535, &t->spec->minor);
}

static void note_status(struct target *t, const struct note *n, const arg_list *a)
{
	if (!names_has(&t->spec->typedefs, a->v[0]) && strcmp(a->v[0], "int"))
		diag_error(n->loc, "ava_status: expected a type, not '%s'", a->v[0]);
	t->spec->status_type = a->v[0];
	t->spec->status_success = parse(t, n, a->v[1]);
	t->spec->status_failure = parse(t, n, a->v[2]);
}

static void note_unsupported_status(struct target *t, const struct note *n, const arg_list *a)
{
	t->spec->unsupported_status = parse(t, n, a->v[0]);
}

static void note_dispatch_table(struct target *t, const struct note *n, const arg_list *a)
{
	t->spec->dispatch = a->v[0];
	t->spec->dispatch_loc = n->loc;
}

/* ---- of types -------------------------------------------------------------------------------- */

static void note_handle(struct target *t, const struct note *n, const arg_list *a)
{
	t->handle->is_handle = true;
	t->handle->invalid = parse(t, n, a->v[0]);
	if (!t->handle->is_pointer)
		diag_error(n->loc, "ava_handle: expected a pointer type, '%s' is none",
			   t->handle->name);
}

static void note_lifetime(struct target *t, const struct note *n, const arg_list *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!names_has(&t->spec->functions, a->v[i]))
			diag_error(n->loc, "ava_lifetime: expected a function of the API, not '%s'",
				   a->v[i]);
	t->handle->retain = a->n > 1 ? a->v[0] : NULL;
	t->handle->release = a->v[a->n - 1];
}

static void note_immortal(struct target *t, const struct note *n, const arg_list *a)
{
	(void)n;
	(void)a;
	t->handle->immortal = true;
}

static void note_immortal_all(struct target *t, const struct note *n, const arg_list *a)
{
	t->handle->immortal = true;
	t->handle->find = a->v[0];
	t->handle->find_loc = n->loc;
}

/* ---- of functions ------------------------------------------------------------------------------ */

static void note_id(struct target *t, const struct note *n, const arg_list *a)
{
	t->func->id_loc = n->loc;
	number(n, a->v[0], 1, AVA_MAX_ID, &t->func->id);
}

static void note_cost(struct target *t, const struct note *n, const arg_list *a)
{
	number(n, a->v[0], 0, 255, &t->func->cost);
}

static void note_unsupported(struct target *t, const struct note *n, const arg_list *a)
{
	t->func->unsupported = true;
	if (a->n)
		t->func->unsupported_with = parse(t, n, a->v[0]);
}

static void note_guest_replace(struct target *t, const struct note *n, const arg_list *a)
{
	t->func->guest_replace = a->v[0];
	t->func->guest_replace_loc = n->loc;
}

static void note_server_replace(struct target *t, const struct note *n, const arg_list *a)
{
	t->func->server_replace = a->v[0];
	t->func->server_replace_loc = n->loc;
}

static void note_implicit(struct target *t, const struct note *n, const arg_list *a)
{
	struct implicit *i = VEC_ADD(&t->func->implicits);

	i->type = a->v[0];
	i->name = a->v[1];
	i->value = parse(t, n, a->v[2]);
	i->loc = n->loc;
	if (func_param(t->func, i->name))
		diag_error(n->loc, "ava_implicit: expected a new name, '%s' is an argument", i->name);
}

static void note_cached(struct target *t, const struct note *n, const arg_list *a)
{
	if (t->func->cached)
		diag_error(n->loc, "ava_cached: expected once, it was given before");
	t->func->cached = true;
	if (a->n)
		t->func->cached_if = parse(t, n, a->v[0]);
}

static void note_resource(struct target *t, const struct note *n, const arg_list *a)
{
	parse(t, n, a->v[1]);
	*VEC_ADD(&t->func->resources) = *n;
}

static void note_record(struct target *t, const struct note *n, const arg_list *a)
{
	static const char *const classes[] = { "none", "create", "modify", "destroy" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(classes); i++)
		if (!strcmp(classes[i], a->v[0]))
			t->func->record = classes[i];
	if (!t->func->record)
		diag_error(n->loc,
			   "ava_record: expected none, create, modify or destroy, not '%s'", a->v[0]);
}

/* ---- of functions or parameters ------------------------------------------------------------------ */

static void note_new(struct target *t, const struct note *n, const arg_list *a)
{
	(void)a;
	if (t->param) {
		t->param->is_new = true;
		t->param->new_loc = n->loc;
	} else {
		t->func->is_new = true;
	}
}

/* ---- of parameters --------------------------------------------------------------------------------- */

static void note_dir(struct target *t, const struct note *n, const arg_list *a)
{
	unsigned int dir = !strcmp(n->key, "in") ? DIR_IN :
			   !strcmp(n->key, "out") ? DIR_OUT : DIR_IN | DIR_OUT;

	(void)a;
	if (t->param->dir)
		diag_error(n->loc, "'%s' has two directions: expected one of ava_in, ava_out, ava_inout",
			   t->param->name);
	t->param->dir = dir;
}

static void note_strings(struct target *t, const struct note *n, const arg_list *a)
{
	t->param->strings = parse(t, n, a->v[0]);
	if (a->n > 1)
		t->param->lengths = a->v[1];
	t->param->lengths_loc = n->loc;
}

static struct handle_case *add_case(struct target *t, const struct note *n, case_list *cases,
				    const char *type)
{
	struct handle_case *c = VEC_ADD(cases);

	memset(c, 0, sizeof(*c));
	c->loc = n->loc;
	c->type_name = type;
	c->type = spec_handle(t->spec, type);
	if (!c->type)
		diag_error(n->loc, "ava_%s: expected a handle type, not '%s'", n->key, type);
	return c;
}

static void note_list_handle(struct target *t, const struct note *n, const arg_list *a)
{
	add_case(t, n, &t->param->keys, a->v[1])->key = parse(t, n, a->v[0]);
}

static void note_handles_if(struct target *t, const struct note *n, const arg_list *a)
{
	add_case(t, n, &t->param->cases, a->v[1])->cond = parse(t, n, a->v[0]);
}

static void note_list_if(struct target *t, const struct note *n, const arg_list *a)
{
	struct handle_case *c = add_case(t, n, &t->param->cases, a->v[2]);

	c->cond = parse(t, n, a->v[0]);
	c->key = parse(t, n, a->v[1]);
}

static void note_maybe_handle(struct target *t, const struct note *n, const arg_list *a)
{
	size_t i;

	t->param->maybe = parse(t, n, a->v[0]);
	for (i = 1; i < a->n; i++)
		add_case(t, n, &t->param->maybe_types, a->v[i]);
}

static void note_field(struct target *t, const struct note *n, const arg_list *a)
{
	struct field *f = VEC_ADD(&t->param->fields);

	memset(f, 0, sizeof(*f));
	f->name = a->v[0];
	f->loc = n->loc;
	if (!strcmp(n->key, "field_buffer")) {
		f->count = parse(t, n, a->v[1]);
		return;
	}
	f->type_name = a->v[1];
	f->type = spec_handle(t->spec, a->v[1]);
	if (!f->type)
		diag_error(n->loc, "ava_field_handle: expected a handle type, not '%s'", a->v[1]);
}

static void note_callback(struct target *t, const struct note *n, const arg_list *a)
{
	t->param->callback_data = a->v[0];
	t->param->callback_loc = n->loc;
	t->param->callback_dropped = !strcmp(n->key, "callback_dropped");
	t->param->callback_many = !strcmp(n->key, "callback_many");
}

static void note_is(struct target *t, const struct note *n, const arg_list *a)
{
	if (t->param->is)
		diag_error(n->loc, "ava_%s: expected once, it was given before", n->key);
	t->param->is = parse(t, n, a->v[0]);
	t->param->was = !strcmp(n->key, "was");
}

static void note_direct(struct target *t, const struct note *n, const arg_list *a)
{
	(void)a;
	t->param->direct = true;
	t->param->direct_loc = n->loc;
}

static void note_kept(struct target *t, const struct note *n, const arg_list *a)
{
	t->param->kept = a->v[0];
	t->param->kept_loc = n->loc;
}

static void note_valid_until(struct target *t, const struct note *n, const arg_list *a)
{
	t->param->valid_until = a->v[0];
	t->param->until_loc = n->loc;
}

/* What others have read already. */
static void note_nothing(struct target *t, const struct note *n, const arg_list *a)
{
	(void)t;
	(void)n;
	(void)a;
}

/* Annotations that only set a flag or an expression of the function or the parameter. */
#define FUNC(field)	.offset = offsetof(struct func, field)
#define PARAM(field)	.offset = offsetof(struct param, field)

struct rule {
	const char *key;
	unsigned int on;
	size_t least, most;
	void (*fn)(struct target *t, const struct note *n, const arg_list *a);
	enum { BY_FN, FLAG, EXPR } how;
	size_t offset;
};

static const struct rule rules[] = {
	{ "api", ON_SPEC, 3, 3, note_api },
	{ "status", ON_SPEC, 3, 3, note_status },
	{ "import", ON_SPEC, 1, 1, note_nothing },
	{ "unsupported_status", ON_SPEC, 1, 1, note_unsupported_status },
	{ "dispatch_table", ON_SPEC, 1, 1, note_dispatch_table },
	{ "handle", ON_TYPE, 1, 1, note_handle },
	{ "lifetime", ON_TYPE, 1, 2, note_lifetime },
	{ "immortal", ON_TYPE, 0, 0, note_immortal },
	{ "immortal_all", ON_TYPE, 1, 1, note_immortal_all },
	{ "id", ON_FUNC, 1, 1, note_id },
	{ "new", ON_FUNC | ON_PARAM, 0, 0, note_new },
	{ "error", ON_FUNC, 1, 1, NULL, EXPR, FUNC(error) },
	{ "returns", ON_FUNC, 1, 1, NULL, EXPR, FUNC(returns) },
	{ "outputs_if", ON_FUNC, 1, 1, NULL, EXPR, FUNC(outputs_if) },
	{ "unsupported", ON_FUNC, 0, 1, note_unsupported },
	{ "async", ON_FUNC, 0, 0, NULL, FLAG, FUNC(async) },
	{ "sync_if", ON_FUNC, 1, 1, NULL, EXPR, FUNC(sync_if) },
	{ "may_wait", ON_FUNC, 0, 0, NULL, FLAG, FUNC(may_wait) },
	{ "guest_replace", ON_FUNC, 1, 1, note_guest_replace },
	{ "server_replace", ON_FUNC, 1, 1, note_server_replace },
	{ "guest_before", ON_FUNC, 1, 1, NULL, EXPR, FUNC(guest_before) },
	{ "server_before", ON_FUNC, 1, 1, NULL, EXPR, FUNC(server_before) },
	{ "guest_after", ON_FUNC, 1, 1, NULL, EXPR, FUNC(guest_after) },
	{ "server_after", ON_FUNC, 1, 1, NULL, EXPR, FUNC(server_after) },
	{ "guest_finally", ON_FUNC, 1, 1, NULL, EXPR, FUNC(guest_finally) },
	{ "async_failed", ON_FUNC, 1, 1, NULL, EXPR, FUNC(async_failed) },
	{ "cached", ON_FUNC, 0, 1, note_cached },
	{ "keeps_nothing", ON_FUNC, 0, 0, NULL, FLAG, FUNC(keeps_nothing) },
	{ "implicit", ON_FUNC, 3, 3, note_implicit },
	{ "export", ON_FUNC, 0, 0, NULL, FLAG, FUNC(is_export) },
	{ "cost", ON_FUNC, 1, 1, note_cost },
	{ "allocates", ON_FUNC, 3, 3, note_resource },
	{ "consumes", ON_FUNC, 2, 2, note_resource },
	{ "record", ON_FUNC, 1, 1, note_record },
	{ "in", ON_PARAM | ON_CALLBACK, 0, 0, note_dir },
	{ "out", ON_PARAM, 0, 0, note_dir },
	{ "inout", ON_PARAM, 0, 0, note_dir },
	{ "count", ON_PARAM, 1, 1, NULL, EXPR, PARAM(count) },
	{ "bytes", ON_PARAM | ON_CALLBACK, 1, 1, NULL, EXPR, PARAM(bytes) },
	{ "valid", ON_PARAM, 1, 1, NULL, EXPR, PARAM(valid) },
	{ "string", ON_PARAM | ON_CALLBACK, 0, 0, NULL, FLAG, PARAM(is_string) },
	{ "strings", ON_PARAM, 1, 2, note_strings },
	{ "list", ON_PARAM, 0, 0, NULL, FLAG, PARAM(is_list) },
	{ "list_handle", ON_PARAM, 2, 2, note_list_handle },
	{ "list_counted", ON_PARAM, 1, 1, NULL, EXPR, PARAM(list_count) },
	{ "handles_if", ON_PARAM, 2, 2, note_handles_if },
	{ "list_if", ON_PARAM, 3, 3, note_list_if },
	{ "maybe_handle", ON_PARAM, 2, 16, note_maybe_handle },
	{ "field_handle", ON_PARAM, 2, 2, note_field },
	{ "field_buffer", ON_PARAM, 2, 2, note_field },
	{ "invalid", ON_PARAM, 1, 1, NULL, EXPR, PARAM(invalid) },
	{ "nullable", ON_PARAM, 0, 0, NULL, FLAG, PARAM(nullable) },
	{ "retains", ON_PARAM, 0, 0, NULL, FLAG, PARAM(retains) },
	{ "releases", ON_PARAM, 0, 0, NULL, FLAG, PARAM(releases) },
	{ "keeps", ON_PARAM, 0, 0, NULL, FLAG, PARAM(keeps) },
	{ "status_out", ON_PARAM, 0, 0, NULL, FLAG, PARAM(is_status) },
	{ "pass", ON_PARAM, 1, 1, NULL, EXPR, PARAM(pass) },
	{ "opaque", ON_PARAM | ON_CALLBACK, 0, 0, NULL, FLAG, PARAM(is_opaque) },
	{ "callback", ON_PARAM, 1, 1, note_callback },
	{ "callback_many", ON_PARAM, 1, 1, note_callback },
	{ "callback_dropped", ON_PARAM, 1, 1, note_callback },
	{ "is", ON_CALLBACK, 1, 1, note_is },
	{ "was", ON_CALLBACK, 1, 1, note_is },
	{ "lost", ON_CALLBACK, 1, 1, NULL, EXPR, PARAM(lost) },
	{ "valid_until", ON_PARAM, 1, 1, note_valid_until },
	{ "direct", ON_PARAM, 0, 0, note_direct },
	{ "kept", ON_PARAM, 1, 1, note_kept },
	{ "pure", ON_HELPER, 0, 0, note_nothing },
	{ "guest", ON_HELPER, 0, 0, note_nothing },
	{ "server", ON_HELPER, 0, 0, note_nothing },
};

static const char *places(unsigned int on)
{
	return on == ON_SPEC ? "a statement of its own" :
	       on == ON_TYPE ? "a repeated typedef" :
	       on == ON_FUNC ? "a function" :
	       on == ON_PARAM ? "a parameter" :
	       on == ON_HELPER ? "a helper's declaration" :
	       on == ON_CALLBACK ? "a callback's parameter" :
	       on == (ON_PARAM | ON_CALLBACK) ? "a parameter" : "a function or a parameter";
}

static void *rule_field(const struct rule *r, struct target *t)
{
	char *base = t->param ? (char *)t->param : (char *)t->func;

	return base + r->offset;
}

static void apply_rule(const struct rule *r, struct target *t, const struct note *n)
{
	arg_list args = { 0 };
	struct expr **slot;

	split(n->text, &args);
	if (args.n < r->least || args.n > r->most) {
		diag_error(n->loc, "ava_%s: expected %zu argument%s, got %zu", n->key,
			   args.n < r->least ? r->least : r->most,
			   (args.n < r->least ? r->least : r->most) == 1 ? "" : "s", args.n);
		return;
	}
	if (r->how == FLAG) {
		*(bool *)rule_field(r, t) = true;
	} else if (r->how == EXPR) {
		slot = rule_field(r, t);
		if (*slot)
			diag_error(n->loc, "ava_%s: expected once, it was given before", n->key);
		*slot = parse(t, n, args.v[0]);
	} else {
		r->fn(t, n, &args);
	}
}

static void apply(struct target *t, unsigned int place, const note_list *notes)
{
	const struct note *n;
	size_t i, k;

	for (i = 0; i < notes->n; i++) {
		n = &notes->v[i];
		for (k = 0; k < ARRAY_SIZE(rules); k++)
			if (!strcmp(rules[k].key, n->key))
				break;
		if (k == ARRAY_SIZE(rules))
			diag_error(n->loc, "unknown annotation '%s': expected one of <cava.h>",
				   n->key);
		else if (!(rules[k].on & place))
			diag_error(n->loc, "ava_%s stands at %s: expected it at %s", n->key,
				   places(place), places(rules[k].on));
		else
			apply_rule(&rules[k], t, n);
	}
}

static void annotate_callback(const struct target *t, struct func *callback)
{
	struct target inner = *t;
	size_t i;

	for (i = 0; callback && i < callback->params.n; i++) {
		inner.param = &callback->params.v[i];
		apply(&inner, ON_CALLBACK, &inner.param->notes);
	}
}

void spec_annotate(struct spec *spec)
{
	struct target t = { .spec = spec };
	size_t i, k;

	apply(&t, ON_SPEC, &spec->notes);
	for (i = 0; i < spec->handles.n; i++) {
		t = (struct target){ .spec = spec, .handle = spec->handles.v[i] };
		apply(&t, ON_TYPE, &t.handle->notes);
	}
	for (i = 0; i < spec->funcs.n; i++) {
		struct func *f = spec->funcs.v[i];

		t = (struct target){ .spec = spec, .func = f };
		apply(&t, ON_FUNC, &f->notes);
		for (k = 0; k < f->params.n; k++) {
			t = (struct target){ .spec = spec, .func = f, .param = &f->params.v[k] };
			apply(&t, ON_PARAM, &t.param->notes);
			annotate_callback(&t, t.param->callback);
		}
	}
}
