// SPDX-License-Identifier: Apache-2.0
/*
 * emit_server.c - the API server: one decoder per function of the API
 *
 * Mirrors emit_guest.c argument by argument. Arguments are locals of the same
 * name and type as the API's, so that the vendor's function and the spec's
 * expressions see what the application passed.
 */
#include <string.h>

#include "model.h"

static const char *expr_or(const struct func *f, const struct expr *e, const char *otherwise)
{
	return e ? plain_text(f, e) : otherwise;
}

static const char *invalid_of(const struct func *f, const struct param *p,
			      const struct handle_type *type)
{
	return expr_or(f, param_invalid(p, type), "0");
}

static const char *handle_flags(const struct param *p)
{
	return p->nullable ? "AVA_SERVE_NULLABLE" : "0";
}

static bool is_buffer_out(const struct param *p)
{
	return (p->kind == PARAM_BUFFER || p->kind == PARAM_HANDLES) && p->dir & DIR_OUT &&
	       !param_is_out_new(p) && !p->direct;
}

/* ---- arguments ------------------------------------------------------------------------- */

static void emit_local(const struct param *p, struct text *out)
{
	if (p->direct)
		text_add(out, "\tstruct ava_bulk *%s = NULL;\n", p->name);
	else if (p->kind != PARAM_STATUS)
		text_add(out, "\t%s%s = 0;\n", ctype_declare(p->type, p->name),
			 p->pass ? " __attribute__((unused))" : "");
	if (is_buffer_out(p))
		text_add(out, "\tstruct ava_serve_buf ava_b_%s;\n", p->name);
	if (param_is_out_new(p))
		text_add(out, "\tuint64_t ava_new_%s;\n", p->name);
	if (p->releases)
		text_add(out, "\tstruct ava_handle_release ava_r_%s;\n", p->name);
	if (param_is_callback(p))
		text_add(out, "\tstruct ava_server_callback *ava_cb_%s;\n", p->name);
	if (p->maybe)
		text_add(out, "\tstruct ava_serve_maybe ava_maybe_%s;\n", p->name);
}

static void emit_locals(const struct spec *spec, const struct func *f, struct text *out)
{
	bool kept = false;
	size_t i;

	text_add(out, "\tstruct ava_serve ava_s;\n");
	if (!f->ret->is_void)
		text_add(out, "\t%s = 0;\n", ctype_declare(f->ret, "ret"));
	if (f->status == STATUS_PARAM)
		text_add(out, "\t%s ava_status = %s;\n", spec->status_type,
			 plain_text(f, spec->status_success));
	if (f->is_new)
		text_add(out, "\tuint64_t ava_new_ret;\n");
	for (i = 0; i < f->implicits.n; i++)
		text_add(out, "\t%s %s = 0;\n", f->implicits.v[i].type, f->implicits.v[i].name);
	for (i = 0; i < f->params.n; i++) {
		emit_local(&f->params.v[i], out);
		kept |= !!f->params.v[i].kept;
	}
	if (kept)
		text_add(out, "\tbool ava_kept = false;\n");
	if (f->async_failed)
		text_add(out, "\tbool ava_done = false;\n");
	text_add(out, "\n\tava_serve_begin(&ava_s, ava_call);\n");
}

static void emit_get_fields(const struct func *f, const struct param *p, struct text *out)
{
	const char *count = p->count ? count_text(f, p->count) : "1";
	const char *bare = p->type->to->bare;
	size_t i;

	for (i = 0; i < p->fields.n; i++) {
		const struct field *field = &p->fields.v[i];

		if (field->count)
			text_add(out, "\tif (%s)\n\t\t((%s *)%s)->%s = (void *)(uintptr_t)"
				 "ava_serve_in(&ava_s, ava_cs_mul(%s, sizeof(*%s->%s)));\n",
				 p->name, bare, p->name, field->name, count_text(f, field->count),
				 p->name, field->name);
		else
			text_add(out, "\tfor (uint64_t ava_i = 0; %s && ava_i < %s; ava_i++)\n"
				 "\t\t((%s *)%s)[ava_i].%s = ava_serve_handle(&ava_s, AVA_T_%s, "
				 "AVA_SERVE_NULLABLE, %s);\n", p->name, count, bare, p->name, field->name,
				 field->type_name, invalid_of(f, p, field->type));
	}
}

static void emit_get_maybe(const struct func *f, const struct param *p, struct text *out)
{
	size_t i;

	text_add(out, "\t%s = ava_serve_maybe(&ava_s, %s, (const uint32_t[]){ ", p->name,
		 param_bytes(f, p));
	for (i = 0; i < p->maybe_types.n; i++)
		text_add(out, "AVA_T_%s, ", p->maybe_types.v[i].type_name);
	text_add(out, "0 }, &ava_maybe_%s);\n", p->name);
}

static void emit_get_in(const struct func *f, const struct param *p, struct text *out)
{
	size_t i;

	for (i = 0; i < p->cases.n; i++)
		text_add(out, "\t%sif (%s)\n\t\t%s = ava_serve_handles(&ava_s, %s / 8, AVA_T_%s, %s, %s);\n",
			 i ? "else " : "", plain_text(f, p->cases.v[i].cond), p->name,
			 param_bytes(f, p), p->cases.v[i].type_name, handle_flags(p),
			 invalid_of(f, p, p->cases.v[i].type));
	if (p->cases.n)
		text_add(out, "\telse\n\t");
	text_add(out, "\t%s = (void *)(uintptr_t)ava_serve_in%s(&ava_s, %s);\n", p->name,
		 p->kept ? "_kept" : p->fields.n || !p->type->to->is_const ? "_copy" : "",
		 param_bytes(f, p));
	emit_get_fields(f, p, out);
}

static void emit_get_buffer(const struct func *f, const struct param *p, struct text *out)
{
	if (p->maybe)
		emit_get_maybe(f, p, out);
	else if (p->direct)
		text_add(out, "\t%s = ava_serve_bulk(&ava_s, %s, %s);\n", p->name, param_bytes(f, p),
			 p->dir & DIR_OUT ? "AVA_SEG_FROM_HOST" : "AVA_SEG_TO_HOST");
	else if (p->dir & DIR_OUT)
		text_add(out, "\t%s = ava_serve_%s(&ava_s, &ava_b_%s, %s);\n", p->name,
			 p->dir & DIR_IN ? "inout" : "out", p->name, param_bytes(f, p));
	else
		emit_get_in(f, p, out);
}

static void emit_get_handles(const struct func *f, const struct param *p, struct text *out)
{
	const char *type = p->type->to->bare;

	if (p->dir & DIR_IN)
		text_add(out, "\t%s = ava_serve_handles(&ava_s, %s, AVA_T_%s, %s, %s);\n", p->name,
			 p->count ? count_text(f, p->count) : "1", type, handle_flags(p),
			 invalid_of(f, p, p->type->to->handle));
	else if (param_is_out_new(p))
		text_add(out, "\tava_new_%s = ava_serve_chosen(&ava_s, AVA_T_%s);\n"
			 "\tif (ava_new_%s)\n\t\t%s = ava_serve_hidden(&ava_s, sizeof(*%s));\n",
			 p->name, type, p->name, p->name, p->name);
	else
		text_add(out, "\t%s = ava_serve_out(&ava_s, &ava_b_%s, %s);\n", p->name, p->name,
			 param_bytes(f, p));
}

static void emit_get_list(const struct func *f, const struct param *p, struct text *out)
{
	size_t i;

	text_add(out, "\t%s = ava_serve_list(&ava_s, %s, (const struct ava_serve_key[]){ ", p->name,
		 p->list_count ? "false" : "true");
	for (i = 0; i < p->keys.n; i++)
		text_add(out, "{ (uint64_t)(%s), AVA_T_%s, %s }, ",
			 plain_text(f, p->keys.v[i].key), p->keys.v[i].type_name,
			 invalid_of(f, p, p->keys.v[i].type));
	text_add(out, "{ 0, 0, 0 } }, %zu);\n", p->keys.n);
}

static void emit_get(const struct func *f, const struct param *p, struct text *out)
{
	switch (p->kind) {
	case PARAM_VALUE:
		text_add(out, "\t%s = ava_decode_%s(&ava_s.in);\n", p->name, ctype_mangle(p->type));
		break;
	case PARAM_HANDLE:
		text_add(out, "\t%s = ava_serve_%s(&ava_s, AVA_T_%s, %s, %s%s%s);\n", p->name,
			 p->releases ? "release" : "handle", p->type->bare, handle_flags(p),
			 invalid_of(f, p, p->type->handle), p->releases ? ", &ava_r_" : "",
			 p->releases ? p->name : "");
		break;
	case PARAM_OPAQUE:
		text_add(out, "\t%s = (%s)(uintptr_t)ava_cs_get_word(&ava_s.in);\n", p->name,
			 p->type->bare);
		break;
	case PARAM_BUFFER:
		emit_get_buffer(f, p, out);
		break;
	case PARAM_HANDLES:
		emit_get_handles(f, p, out);
		break;
	case PARAM_STRING:
		text_add(out, "\t%s = (void *)(uintptr_t)ava_serve_string(&ava_s);\n", p->name);
		break;
	case PARAM_STRINGS:
		text_add(out, "\t%s = ava_serve_strings(&ava_s, %s, %s);\n", p->name,
			 count_text(f, p->strings), p->lengths ? p->lengths : "NULL");
		break;
	case PARAM_LIST:
		emit_get_list(f, p, out);
		break;
	case PARAM_CALLBACK:
		if (param_is_callback(p))
			text_add(out, "\tava_cb_%s = ava_serve_callback(&ava_s, %s);\n", p->name,
				 p->callback_many ? "true" : "false");
		break;
	case PARAM_NONE:
	case PARAM_STATUS:
		break;
	}
}

static void emit_decode(const struct func *f, struct text *out)
{
	struct ctype implicit = { 0 };
	size_t i;

	if (f->is_new)
		text_add(out, "\tava_new_ret = ava_serve_chosen(&ava_s, AVA_T_%s);\n", f->ret->bare);
	for (i = 0; i < f->implicits.n; i++) {
		implicit.bare = f->implicits.v[i].type;
		text_add(out, "\t%s = ava_decode_%s(&ava_s.in);\n", f->implicits.v[i].name,
			 ctype_mangle(&implicit));
	}
	for (i = 0; i < f->order.n; i++)
		emit_get(f, f->order.v[i], out);
	for (i = 0; i < f->params.n; i++)
		if (param_is_callback(&f->params.v[i]))
			text_add(out, "\tif (ava_cb_%s) {\n\t\t%s = trampoline_%s_%s;\n\t\t%s = ava_cb_%s;\n"
				 "\t}\n", f->params.v[i].name, f->params.v[i].name, f->name,
				 f->params.v[i].name, f->params.v[i].callback_data, f->params.v[i].name);
}

/* ---- the call ------------------------------------------------------------------------------ */

struct mention {
	const char *name;
	bool found;
};

static void find_mention(const struct expr *e, void *data)
{
	struct mention *m = data;

	if (e->op == EXPR_NAME && !strcmp(e->text, m->name))
		m->found = true;
}

/* Where a buffer is there, the count that says how much of it is valid must be. */
static void emit_hidden(const struct func *f, const struct param *p, struct text *out)
{
	struct text cond = { 0 };
	size_t i;

	if (!p->needs_hidden)
		return;
	for (i = 0; i < f->params.n; i++) {
		struct mention m = { .name = p->name };

		expr_walk(f->params.v[i].valid, find_mention, &m);
		if (m.found)
			text_add(&cond, "%s%s", cond.len ? " || " : "", f->params.v[i].name);
	}
	text_add(out, "\t\tif (!%s && (%s))\n\t\t\t%s = ava_serve_hidden(&ava_s, sizeof(*%s));\n",
		 p->name, text_str(&cond), p->name, p->name);
}

static void emit_call(const struct func *f, struct text *out)
{
	size_t i;

	text_add(out, "\t\t%s%s(", f->ret->is_void ? "" : "ret = ",
		 f->server_replace ? f->server_replace : f->name);
	for (i = 0; i < f->params.n; i++) {
		const struct param *p = &f->params.v[i];

		text_add(out, "%s", i ? ", " : "");
		if (p->pass)
			text_add(out, "%s", plain_text(f, p->pass));
		else if (p->kind == PARAM_STATUS)
			text_add(out, "&ava_status");
		else
			text_add(out, "%s", p->name);
	}
	for (i = 0; f->server_replace && i < f->implicits.n; i++)
		text_add(out, "%s%s", i + f->params.n ? ", " : "", f->implicits.v[i].name);
	text_add(out, ");\n");
}

static const char *success_test(const struct spec *spec, const struct func *f)
{
	return f->status == STATUS_RETURN ?
	       mem_printf("ret == %s", plain_text(f, spec->status_success)) :
	       f->status == STATUS_PARAM ?
	       mem_printf("ava_status == %s", plain_text(f, spec->status_success)) : "true";
}

/* Bytes that may be a handle: may refuse the call, once all arguments are there. */
static void emit_settle(const struct func *f, const struct param *p, struct text *out)
{
	if (!p->maybe)
		return;
	text_add(out, "\tif (ava_serve_ready(&ava_s))\n"
		 "\t\t%s = ava_serve_settle(&ava_s, %s, %s, %s, &ava_maybe_%s, %s);\n",
		 p->name, plain_text(f, p->maybe), p->name, param_bytes(f, p), p->name,
		 plain_text(f, param_invalid(p, p->maybe_types.v[0].type)));
}

/* Last, so that what is taken here is given back or used. */
static void emit_releasing(const struct func *f, struct text *out)
{
	size_t i;

	text_add(out, "\tif (ava_serve_ready(&ava_s)");
	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].releases)
			text_add(out, " &&\n\t    ava_serve_releasing(&ava_s, &ava_r_%s, %s)",
				 f->params.v[i].name,
				 invalid_of(f, &f->params.v[i], f->params.v[i].type->handle));
	text_add(out, ") {\n");
}

/* Numbers that the vendor may leave as they are; bytes are cut to what is valid. */
static bool is_marked(const struct param *p)
{
	return p->kind == PARAM_BUFFER && p->dir == DIR_OUT && !p->direct && !p->bytes &&
	       p->type->to->is_scalar && (p->type->to->size == 4 || p->type->to->size == 8);
}

static void emit_marks(const struct func *f, bool before, struct text *out)
{
	size_t i;

	for (i = 0; i < f->params.n; i++) {
		const struct param *p = &f->params.v[i];

		if (is_marked(p) && before)
			text_add(out, "\t\tava_serve_mark(&ava_b_%s);\n", p->name);
		else if (is_marked(p))
			text_add(out, "\t\tava_serve_written(&ava_b_%s, sizeof(%s));\n", p->name,
				 p->type->to->bare);
	}
}

/* What the server itself has against the call. */
static void emit_refusal(const struct func *f, struct text *out)
{
	if (f->server_before)
		text_add(out, "\tif (ava_serve_ready(&ava_s)) {\n\t\tint64_t ava_before = %s;\n\n"
			 "\t\tif (ava_before)\n\t\t\tava_serve_refuse(&ava_s, ava_before);\n\t}\n",
			 plain_text(f, f->server_before));
}

static void emit_before(const struct func *f, struct text *out)
{
	size_t i;

	for (i = 0; i < f->params.n; i++) {
		const struct param *p = &f->params.v[i];

		emit_hidden(f, p, out);
	}
}

static void emit_released(const struct spec *spec, const struct func *f, struct text *out)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].releases)
			text_add(out, "\t\tava_serve_released(&ava_r_%s, %s);\n",
				 f->params.v[i].name, success_test(spec, f));
}

static void emit_success(const struct spec *spec, const struct func *f, struct text *out)
{
	struct text body = { 0 };
	size_t i;

	for (i = 0; i < f->params.n; i++) {
		const struct param *p = &f->params.v[i];

		if (p->kept)
			text_add(&body, "\t\t\tif (%s) {\n\t\t\t\t%s(ret, (void *)(uintptr_t)%s);\n"
				 "\t\t\t\tava_kept = true;\n\t\t\t}\n", p->name, p->kept, p->name);
	}
	if (f->async_failed)
		text_add(&body, "\t\t\tava_done = true;\n");
	if (func_callback(f))
		text_add(&body, "\t\t\tava_s.registered = true;\n");
	if (f->server_after)
		text_add(&body, "\t\t\t(void)(%s);\n", plain_text(f, f->server_after));
	if (body.len)
		text_add(out, "\t\tif (%s) {\n%s\t\t}\n", success_test(spec, f), text_str(&body));
}

static void emit_put_cases(const struct func *f, const struct param *p, struct text *out)
{
	size_t i;

	for (i = 0; i < p->cases.n; i++) {
		const struct handle_case *c = &p->cases.v[i];

		text_add(out, "\t\t\t%sif (%s && %s)\n", i ? "else " : "", p->name,
			 plain_text(f, c->cond));
		if (c->key)
			text_add(out, "\t\t\t\tava_serve_fix_list(&ava_s, %s, ava_n, (uint64_t)(%s), "
				 "AVA_T_%s);\n", p->name, plain_text(f, c->key), c->type_name);
		else
			text_add(out, "\t\t\t\tava_serve_fix_handles(&ava_s, %s, ava_n, AVA_T_%s, "
				 "false);\n", p->name, c->type_name);
	}
}

static void emit_put_buffer(const struct func *f, const struct param *p, struct text *out)
{
	const char *valid = param_bytes(f, p);

	if (p->valid && p->bytes)
		valid = count_text(f, p->valid);
	else if (p->valid)
		valid = mem_printf("ava_cs_mul(%s, sizeof(%s))", count_text(f, p->valid),
				   p->type->to->bare);
	text_add(out, "\t\t\tava_n = ava_cs_min(%s, ava_b_%s.cap);\n", valid, p->name);
	if (p->kind == PARAM_HANDLES)
		text_add(out, "\t\t\tif (%s)\n\t\t\t\tava_serve_fix_handles(&ava_s, %s, ava_n, "
			 "AVA_T_%s, %s);\n", p->name, p->name, p->type->to->bare,
			 p->is_new ? "true" : "false");
	emit_put_cases(f, p, out);
	text_add(out, "\t\t\tava_serve_put_out(&ava_s, &ava_b_%s, ava_n);\n", p->name);
}

static void emit_outputs(const struct func *f, struct text *out)
{
	struct text body = { 0 };
	bool bytes = false;
	size_t i;

	if (f->is_new)
		text_add(&body, "\t\t\tava_serve_put_new(&ava_s, ava_new_ret, ret, AVA_T_%s);\n",
			 f->ret->bare);
	for (i = 0; i < f->order.n; i++) {
		const struct param *p = f->order.v[i];

		if (is_buffer_out(p))
			emit_put_buffer(f, p, &body);
		else if (p->direct && p->dir & DIR_OUT)
			text_add(&body, "\t\t\tava_serve_put_bulk(&ava_s, %s);\n", p->name);
		else if (param_is_out_new(p))
			text_add(&body, "\t\t\tif (%s)\n\t\t\t\tava_serve_put_new(&ava_s, ava_new_%s, "
				 "*%s, AVA_T_%s);\n", p->name, p->name, p->name, p->type->to->bare);
		bytes |= is_buffer_out(p);
	}
	text_add(out, " {\n%s%s\t\t}\n", bytes ? "\t\t\tuint64_t ava_n;\n\n" : "", text_str(&body));
}

static void emit_reply(const struct spec *spec, const struct func *f, struct text *out)
{
	const char *success = success_test(spec, f);

	text_add(out, "\t\tava_serve_reply(&ava_s);\n");
	if (f->ret->is_scalar)
		text_add(out, "\t\tava_encode_%s(&ava_s.out, ret);\n", ctype_mangle(f->ret));
	if (f->status == STATUS_PARAM)
		text_add(out, "\t\tava_encode_%s(&ava_s.out, ava_status);\n",
			 ctype_mangle(f->status_param->type->to));
	if (f->ret->handle && !f->is_new)
		text_add(out, "\t\tava_serve_put_found(&ava_s, ret, AVA_T_%s);\n", f->ret->bare);
	if (func_callback(f))
		text_add(out, "\t\tava_serve_put_called_back(&ava_s);\n");
	text_add(out, "\t\tif (ava_serve_outputs(&ava_s, %s))",
		 f->outputs_if ? plain_text(f, f->outputs_if) : success);
	emit_outputs(f, out);
}

/* Nobody waited: what stands for the call's new handles is better than nothing. */
static void emit_async_failed(const struct func *f, struct text *out)
{
	size_t i;

	text_add(out, "\tif (ava_serve_async_failed(&ava_s, ava_done)) {\n");
	for (i = 0; i < f->params.n; i++)
		if (param_is_out_new(&f->params.v[i]))
			text_add(out, "\t\tif (%s)\n\t\t\t*%s = NULL;\n", f->params.v[i].name,
				 f->params.v[i].name);
	text_add(out, "\t\t(void)(%s);\n", plain_text(f, f->async_failed));
	for (i = 0; i < f->params.n; i++)
		if (param_is_out_new(&f->params.v[i]))
			text_add(out, "\t\tif (%s)\n\t\t\tava_serve_put_new(&ava_s, ava_new_%s, *%s, "
				 "AVA_T_%s);\n", f->params.v[i].name, f->params.v[i].name,
				 f->params.v[i].name, f->params.v[i].type->to->bare);
	text_add(out, "\t}\n");
}

static void emit_function(const struct spec *spec, const struct func *f, struct text *out)
{
	const char *failure = expr_or(f, f->error, expr_or(f, spec->status_failure, "0"));
	size_t i;

	emit_trampolines(f, out);
	text_add(out, "\nstatic int serve_%s(struct ava_server_call *ava_call)\n{\n", f->name);
	emit_locals(spec, f, out);
	emit_decode(f, out);
	for (i = 0; i < f->params.n; i++)
		emit_settle(f, &f->params.v[i], out);
	emit_refusal(f, out);
	emit_releasing(f, out);
	emit_before(f, out);
	emit_marks(f, true, out);
	emit_call(f, out);
	emit_marks(f, false, out);
	emit_released(spec, f, out);
	emit_success(spec, f, out);
	emit_reply(spec, f, out);
	text_add(out, "\t}\n");
	if (f->async_failed)
		emit_async_failed(f, out);
	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].kept)
			text_add(out, "\tif (!ava_kept)\n\t\tfree((void *)(uintptr_t)%s);\n",
				 f->params.v[i].name);
	text_add(out, "\t{\n\t\tconst int ava_errno __attribute__((unused)) = -ava_s.err;\n\n"
		 "\t\treturn ava_serve_end(&ava_s, %s);\n\t}\n}\n", failure);
}

/* ---- the server ---------------------------------------------------------------------------- */

static void emit_type_op(const struct spec *spec, const struct handle_type *h, const char *op,
			 const char *name, struct text *out)
{
	const struct func *f = spec_func(spec, name);

	text_add(out, "static void %s_%s(void *native)\n{\n\t%s(native);\n}\n\n", op, h->name,
		 f && f->server_replace ? f->server_replace : name);
}

static void emit_types(const struct spec *spec, struct text *out)
{
	size_t i;

	for (i = 0; i < spec->handles.n; i++) {
		const struct handle_type *h = spec->handles.v[i];

		if (h->retain)
			emit_type_op(spec, h, "retain", h->retain, out);
		if (h->release)
			emit_type_op(spec, h, "release", h->release, out);
	}
	text_add(out, "static const struct ava_handle_ops types[AVA_T_COUNT] = {\n");
	for (i = 0; i < spec->handles.n; i++) {
		const struct handle_type *h = spec->handles.v[i];

		text_add(out, "\t[AVA_T_%s] = { .name = \"%s\"", h->name, h->name);
		if (h->retain)
			text_add(out, ", .retain = retain_%s", h->name);
		if (h->release)
			text_add(out, ", .release = release_%s", h->name);
		if (h->immortal)
			text_add(out, ", .immortal = true");
		if (h->find)
			text_add(out, ", .find = %s", h->find);
		text_add(out, " },\n");
	}
	text_add(out, "};\n");
}

static void emit_dispatcher(const struct spec *spec, struct text *out)
{
	size_t i;

	text_add(out, "\nint ava_api_dispatch(struct ava_server_call *call)\n{\n"
		 "\tswitch (call->func) {\n");
	for (i = 0; i < spec->funcs.n; i++)
		if (func_is_sent(spec->funcs.v[i]))
			text_add(out, "\tcase AVA_F_%s:\n\t\treturn serve_%s(call);\n",
				 spec->funcs.v[i]->name, spec->funcs.v[i]->name);
	text_add(out, "\tcase AVA_FUNC_FORGET:\n\t\treturn ava_serve_forget(call);\n"
		 "\tdefault:\n\t\treturn -EBADMSG;\n\t}\n}\n\n"
		 "void ava_api_init(void)\n{\n\tava_handle_types(types, AVA_T_COUNT);\n}\n\n"
		 "#ifndef AVA_NO_MAIN\n"
		 "extern const struct ava_func ava_api_funcs[];\n"
		 "extern const unsigned int ava_api_func_count;\n\n"
		 "int main(int argc, char **argv)\n{\n"
		 "\tstruct ava_server_api api = {\n\t\t.id = AVA_API_ID,\n"
		 "\t\t.funcs = ava_api_funcs,\n\t\t.func_count = ava_api_func_count,\n"
		 "\t\t.dispatch = ava_api_dispatch,\n\t\t.log_name = \"%s\",\n\t\t.ordered = true,\n\t};\n\n"
		 "\tava_api_init();\n\treturn ava_server_main(argc, argv, &api);\n}\n#endif\n",
		 spec->name);
}

void emit_server(const struct spec *spec, struct text *out)
{
	size_t i;

	text_add(out, "// SPDX-License-Identifier: Apache-2.0\n"
		 "/* API server of %s: generated by cava-lite from %s, do not edit */\n"
		 "#include <stdlib.h>\n\n#include <ava/cs_serve.h>\n\n#include \"%s_common.h\"\n\n"
		 "int ava_api_dispatch(struct ava_server_call *call);\nvoid ava_api_init(void);\n\n",
		 spec->name, spec->file, spec->name);
	emit_types(spec, out);
	for (i = 0; i < spec->funcs.n; i++)
		if (func_is_sent(spec->funcs.v[i]))
			emit_function(spec, spec->funcs.v[i], out);
	emit_dispatcher(spec, out);
}
