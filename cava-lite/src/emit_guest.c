// SPDX-License-Identifier: Apache-2.0
/*
 * emit_guest.c - the guest library: one function per function of the API
 *
 * Locals of generated code begin with ava_, so that they never meet an argument's
 * name. Arguments keep their names: that is what spec expressions refer to.
 */
#include <string.h>

#include "model.h"

static const char *expr_or(const struct func *f, const struct expr *e, const char *otherwise)
{
	return e ? plain_text(f, e) : otherwise;
}

static const char *failure_of(const struct spec *spec, const struct func *f)
{
	return expr_or(f, f->error, expr_or(f, spec->status_failure, "0"));
}

static const char *unsupported_of(const struct spec *spec, const struct func *f)
{
	return expr_or(f, f->unsupported_with,
		       expr_or(f, spec->unsupported_status, expr_or(f, spec->status_failure, "0")));
}

static const char *invalid_of(const struct func *f, const struct param *p,
			      const struct handle_type *type)
{
	return expr_or(f, param_invalid(p, type), "0");
}

static const char *handle_flags(const struct param *p)
{
	return p->nullable ? "AVA_GUEST_NULLABLE" : "0";
}

/* ---- arguments ------------------------------------------------------------------------ */

static void emit_put_cases(const struct func *f, const struct param *p, struct text *out)
{
	size_t i;

	for (i = 0; i < p->cases.n; i++)
		text_add(out, "\t%sif (%s)\n"
			 "\t\tava_guest_put_handles(&ava_g, %s, %s / 8, AVA_T_%s, %s, %s);\n",
			 i ? "else " : "", plain_text(f, p->cases.v[i].cond), p->name,
			 param_bytes(f, p), p->cases.v[i].type_name, handle_flags(p),
			 invalid_of(f, p, p->cases.v[i].type));
	text_add(out, "\telse\n\t");
}

static void emit_put_fields(const struct func *f, const struct param *p, struct text *out)
{
	const char *count = p->count ? count_text(f, p->count) : "1";
	size_t i;

	for (i = 0; i < p->fields.n; i++) {
		const struct field *field = &p->fields.v[i];

		if (field->count)
			text_add(out, "\tif (%s)\n\t\tava_guest_put_in(&ava_g, %s->%s, "
				 "ava_cs_mul(%s, sizeof(*%s->%s)), 0);\n", p->name, p->name,
				 field->name, count_text(f, field->count), p->name, field->name);
		else
			text_add(out, "\tfor (uint64_t ava_i = 0; %s && ava_i < %s; ava_i++)\n"
				 "\t\tava_guest_put_handle(&ava_g, %s[ava_i].%s, AVA_T_%s, "
				 "AVA_GUEST_NULLABLE, %s);\n",
				 p->name, count, p->name, field->name, field->type_name,
				 invalid_of(f, p, field->type));
	}
}

static void emit_put_maybe(const struct func *f, const struct param *p, struct text *out)
{
	size_t i;

	text_add(out, "\tava_guest_put_maybe(&ava_g, %s, %s, (const uint32_t[]){ ", p->name,
		 param_bytes(f, p));
	for (i = 0; i < p->maybe_types.n; i++)
		text_add(out, "AVA_T_%s, ", p->maybe_types.v[i].type_name);
	text_add(out, "0 });\n");
}

static void emit_put_buffer(const struct func *f, const struct param *p, struct text *out)
{
	if (p->maybe) {
		emit_put_maybe(f, p, out);
		return;
	}
	if (p->dir & DIR_OUT) {
		text_add(out, "\tava_guest_put_%s(&ava_g, &ava_b_%s, %s, %s);\n",
			 p->direct ? "direct" : p->dir & DIR_IN ? "inout" : "out", p->name, p->name, param_bytes(f, p));
		return;
	}
	if (p->cases.n)
		emit_put_cases(f, p, out);
	text_add(out, "\tava_guest_put_in(&ava_g, %s, %s, %s);\n", p->name, param_bytes(f, p),
		 p->valid_until ? "AVA_GUEST_STABLE" : "0");
	emit_put_fields(f, p, out);
}

static void emit_put_handles(const struct func *f, const struct param *p, struct text *out)
{
	const char *type = p->type->to->bare;

	if (p->dir & DIR_IN)
		text_add(out, "\tava_guest_put_handles(&ava_g, %s, %s, AVA_T_%s, %s, %s);\n", p->name,
			 p->count ? count_text(f, p->count) : "1", type, handle_flags(p),
			 invalid_of(f, p, p->type->to->handle));
	else if (param_is_out_new(p))
		text_add(out, "\tif (%s)\n\t\tava_guest_put_new(&ava_g, &ava_new_%s, AVA_T_%s);\n"
			 "\telse\n\t\tava_cs_put_word(&ava_g.args, 0);\n", p->name, p->name, type);
	else
		text_add(out, "\tava_guest_put_out(&ava_g, &ava_b_%s, %s, %s);\n", p->name, p->name,
			 param_bytes(f, p));
}

static void emit_put_list(const struct func *f, const struct param *p, struct text *out)
{
	size_t i;

	if (!p->list_count) {
		text_add(out, "\tava_guest_put_list(&ava_g, %s, ava_guest_list_len(%s), "
			 "(const struct ava_list_key[]){ ", p->name, p->name);
		for (i = 0; i < p->keys.n; i++)
			text_add(out, "{ (uint64_t)(%s), AVA_T_%s, %s }, ",
				 plain_text(f, p->keys.v[i].key), p->keys.v[i].type_name,
				 invalid_of(f, p, p->keys.v[i].type));
		text_add(out, "{ 0, 0, 0 } }, %zu);\n", p->keys.n);
	} else {
		text_add(out, "\tava_guest_put_list(&ava_g, %s, %s ? %s : 0, NULL, 0);\n", p->name,
			 p->name, count_text(f, p->list_count));
	}
}

/* User data whose callback is dropped goes without it only where there is none. */
static const char *dropped_for(const struct func *f, const struct param *data)
{
	size_t i = 0;

	while (!f->params.v[i].callback_dropped || strcmp(f->params.v[i].callback_data, data->name))
		i++;
	return f->params.v[i].name;
}

static void emit_put(const struct func *f, const struct param *p, struct text *out)
{
	switch (p->kind) {
	case PARAM_VALUE:
		text_add(out, "\tava_encode_%s(&ava_g.args, %s);\n", ctype_mangle(p->type), p->name);
		break;
	case PARAM_HANDLE:
		text_add(out, "\tava_guest_put_%s(&ava_g, %s, AVA_T_%s, %s, %s);\n",
			 p->releases ? "release" : "handle", p->name, p->type->bare,
			 handle_flags(p), invalid_of(f, p, p->type->handle));
		break;
	case PARAM_OPAQUE:
		text_add(out, "\tava_cs_put_word(&ava_g.args, %s(uint64_t)(uintptr_t)%s);\n",
			 p->dropped ? mem_printf("%s ? 0 : ", dropped_for(f, p)) : "", p->name);
		break;
	case PARAM_CALLBACK:
		if (!p->callback_dropped)
			emit_put_callback(f, p, out);
		break;
	case PARAM_BUFFER:
		emit_put_buffer(f, p, out);
		break;
	case PARAM_HANDLES:
		emit_put_handles(f, p, out);
		break;
	case PARAM_STRING:
		text_add(out, "\tava_guest_put_string(&ava_g, %s);\n", p->name);
		break;
	case PARAM_STRINGS:
		text_add(out, "\tava_guest_put_strings(&ava_g, %s, %s, %s);\n", p->name,
			 count_text(f, p->strings), p->lengths ? p->lengths : "NULL");
		break;
	case PARAM_LIST:
		emit_put_list(f, p, out);
		break;
	case PARAM_NONE:
	case PARAM_STATUS:
		break;
	}
}

/* ---- outputs ---------------------------------------------------------------------------- */

static bool brings_handles(const struct param *p)
{
	return p->kind == PARAM_HANDLES || p->cases.n;
}

static void emit_get_buffer(const struct func *f, const struct param *p, struct text *out)
{
	size_t i;

	if (p->direct) {
		text_add(out, "\t\tava_guest_get_direct(&ava_g, &ava_b_%s);\n", p->name);
		return;
	}
	text_add(out, "\t\t%sava_guest_get_out(&ava_g, &ava_b_%s);\n",
		 brings_handles(p) ? "ava_n = " : "", p->name);
	if (p->kind == PARAM_HANDLES)
		text_add(out, "\t\tava_guest_fix_handles(&ava_g, %s, ava_n, %s);\n", p->name,
			 p->is_new ? "true" : "false");
	for (i = 0; i < p->cases.n; i++) {
		text_add(out, "\t\t%sif (%s)\n", i ? "else " : "",
			 plain_text(f, p->cases.v[i].cond));
		if (p->cases.v[i].key)
			text_add(out, "\t\t\tava_guest_fix_list(&ava_g, %s, ava_n, (uint64_t)(%s));\n",
				 p->name, plain_text(f, p->cases.v[i].key));
		else
			text_add(out, "\t\t\tava_guest_fix_handles(&ava_g, %s, ava_n, false);\n",
				 p->name);
	}
}

static bool is_buffer_out(const struct param *p)
{
	return (p->kind == PARAM_BUFFER || p->kind == PARAM_HANDLES) && p->dir & DIR_OUT &&
	       !param_is_out_new(p);
}

static void emit_get_new(const struct param *p, struct text *out)
{
	text_add(out, "\t\tif (ava_new_%s) {\n"
		 "\t\t\t*%s = (%s)ava_guest_get_new(&ava_g, ava_new_%s);\n"
		 "\t\t\tava_new_%s = NULL;\n\t\t}\n", p->name, p->name, p->type->to->bare, p->name,
		 p->name);
}

static void emit_outputs(const struct func *f, struct text *out)
{
	size_t i;

	for (i = 0; i < f->order.n; i++) {
		const struct param *p = f->order.v[i];

		if (is_buffer_out(p))
			emit_get_buffer(f, p, out);
		else if (param_is_out_new(p))
			emit_get_new(p, out);
	}
}

static void emit_new_ret(const struct func *f, struct text *out)
{
	text_add(out, "\t\tret = (%s)ava_guest_get_new(&ava_g, ava_new_ret);\n"
		 "\t\tava_new_ret = NULL;\n", f->ret->bare);
}

/* ---- tracing ------------------------------------------------------------------------------ */

/* First in a function, so that all it does is in the time. */
static void emit_trace_start(struct text *out)
{
	text_add(out, "\tconst uint64_t ava_start = ava_trace_on ? ava_trace_now() : 0;\n");
}

static void emit_trace(const struct func *f, const char *how, struct text *out)
{
	text_add(out, "\tif (ava_start)\n\t\tava_trace_call(\"%s\", ava_start, %s);\n", f->name, how);
}

/* ---- the body ----------------------------------------------------------------------------- */

static void emit_locals(const struct spec *spec, const struct func *f, struct text *out)
{
	bool any = false;
	size_t i;

	emit_trace_start(out);
	text_add(out, "\tstruct ava_gcall ava_g;\n\tbool ava_ok;\n\tbool ava_outputs __attribute__((unused)) = false;\n");
	if (!f->ret->is_void)
		text_add(out, "\t%s = %s;\n", ctype_declare(f->ret, "ret"),
			 f->ret->handle ? "NULL" : "0");
	if (f->status == STATUS_PARAM)
		text_add(out, "\t%s ava_status = %s;\n", spec->status_type,
			 plain_text(f, spec->status_success));
	if (f->is_new)
		text_add(out, "\tstruct ava_object *ava_new_ret = NULL;\n");
	for (i = 0; i < f->params.n; i++) {
		const struct param *p = &f->params.v[i];

		if (param_is_out_new(p))
			text_add(out, "\tstruct ava_object *ava_new_%s = NULL;\n", p->name);
		if (is_buffer_out(p))
			text_add(out, "\tstruct ava_guest_buf ava_b_%s;\n", p->name);
		if (param_is_callback(p))
			text_add(out, "\tuint64_t ava_cookie_%s = 0;\n", p->name);
		any |= is_buffer_out(p) && brings_handles(p);
	}
	if (func_callback(f))
		text_add(out, "\tstruct ava_cs_reader ava_early = { 0 };\n\tbool ava_ran = false;\n");
	if (any)
		text_add(out, "\tuint64_t ava_n;\n");
	if (f->cached_if)
		text_add(out, "\tconst bool ava_keep = %s;\n", plain_text(f, f->cached_if));
	for (i = 0; i < f->implicits.n; i++)
		text_add(out, "\tconst %s %s = %s;\n", f->implicits.v[i].type, f->implicits.v[i].name,
			 plain_text(f, f->implicits.v[i].value));
}

static void emit_arguments(const struct func *f, struct text *out)
{
	struct ctype implicit = { 0 };
	size_t i;

	text_add(out, "\n\tava_guest_begin(&ava_g, &ava_guest_library, AVA_F_%s);\n", f->name);
	if (func_owner(f))
		text_add(out, "\tava_g.owner = %s;\n", func_owner(f)->name);
	if (func_released(f) && f->guest_finally)
		text_add(out, "\tava_g.asks = true;\n");
	if (f->guest_before)
		text_add(out, "\t{\n\t\tint64_t ava_before = %s;\n\n\t\tif (ava_before)\n"
			 "\t\t\tava_guest_refuse(&ava_g, ava_before);\n\t}\n",
			 plain_text(f, f->guest_before));
	if (f->is_new)
		text_add(out, "\tava_guest_put_new(&ava_g, &ava_new_ret, AVA_T_%s);\n", f->ret->bare);
	for (i = 0; i < f->implicits.n; i++) {
		implicit.bare = f->implicits.v[i].type;
		text_add(out, "\tava_encode_%s(&ava_g.args, %s);\n", ctype_mangle(&implicit),
			 f->implicits.v[i].name);
	}
	for (i = 0; i < f->order.n; i++)
		emit_put(f, f->order.v[i], out);
	if (f->async)
		text_add(out, "\tava_g.async = true;\n");
	else if (f->sync_if)
		text_add(out, "\tava_g.async = !(%s);\n", plain_text(f, f->sync_if));
}

static const char *success_test(const struct spec *spec, const struct func *f)
{
	return f->status == STATUS_RETURN ?
	       mem_printf("ret == %s", plain_text(f, spec->status_success)) :
	       f->status == STATUS_PARAM ?
	       mem_printf("ava_status == %s", plain_text(f, spec->status_success)) : "ava_outputs";
}

static void emit_sent_only(const struct spec *spec, const struct func *f, struct text *out)
{
	text_add(out, "\tif (ava_ok && ava_g.async) {\n\t\tava_outputs = true;\n");
	if (f->status == STATUS_RETURN)
		text_add(out, "\t\tret = %s;\n", plain_text(f, spec->status_success));
	text_add(out, "\t} else if (ava_ok) {\n");
}

static void emit_reply(const struct spec *spec, const struct func *f, struct text *out)
{
	struct text body = { 0 };

	if (!f->cached)
		text_add(out, "\tava_ok = ava_guest_call(&ava_g);\n");
	else if (!f->cached_if)
		text_add(out, "\tava_ok = ava_guest_cached(&ava_g) || ava_guest_call(&ava_g);\n");
	else
		text_add(out, "\tava_ok = (ava_keep && ava_guest_cached(&ava_g)) || "
			 "ava_guest_call(&ava_g);\n");
	if (f->async || f->sync_if)
		emit_sent_only(spec, f, out);
	else
		text_add(out, "\tif (ava_ok) {\n");
	if (f->ret->is_scalar)
		text_add(out, "\t\tret = ava_decode_%s(&ava_g.reply);\n", ctype_mangle(f->ret));
	if (f->status == STATUS_PARAM)
		text_add(out, "\t\tava_status = ava_decode_%s(&ava_g.reply);\n",
			 ctype_mangle(f->status_param->type->to));
	if (f->ret->handle && !f->is_new)
		text_add(out, "\t\tret = (%s)ava_guest_get_found(&ava_g);\n", f->ret->bare);
	if (func_callback(f))
		text_add(out, "\t\tava_ran = ava_guest_get_called_back(&ava_g, &ava_early);\n");
	text_add(out, "\t\tava_outputs = ava_cs_get_word(&ava_g.reply);\n\t}\n");
	if (f->is_new)
		emit_new_ret(f, &body);
	emit_outputs(f, &body);
	if (body.len)
		text_add(out, "\tif (ava_ok && ava_outputs) {\n%s\t}\n", text_str(&body));
}

static void emit_failure(const struct spec *spec, const struct func *f, struct text *out)
{
	text_add(out, "\tif (!ava_ok || !ava_guest_decoded(&ava_g)) {\n"
		 "\t\tconst int ava_errno __attribute__((unused)) = -ava_g.err;\n\n");
	if (f->status == STATUS_RETURN)
		text_add(out, "\t\tret = ava_g.refused ? (%s)ava_g.status : (%s)(%s);\n",
			 f->ret->bare, f->ret->bare, failure_of(spec, f));
	else if (!f->ret->is_void)
		text_add(out, "\t\tret = %s;\n", f->ret->handle ? "NULL" :
			 expr_or(f, f->returns, "0"));
	if (f->status == STATUS_PARAM)
		text_add(out, "\t\tava_status = ava_g.refused ? (%s)ava_g.status : (%s)(%s);\n",
			 spec->status_type, spec->status_type, failure_of(spec, f));
	text_add(out, "\t\tava_outputs = false;\n\t}\n");
}

/* The object that the call made, as an expression; NULL if it makes none. */
static const char *made_by(const struct func *f)
{
	size_t i;

	for (i = 0; !f->is_new && i < f->params.n; i++)
		if (param_is_out_new(&f->params.v[i]))
			return mem_printf("(%s ? *%s : NULL)", f->params.v[i].name, f->params.v[i].name);
	return f->is_new ? "ret" : NULL;
}

static void emit_keeps(const struct func *f, const struct param *p, struct text *out)
{
	if (p->kind == PARAM_HANDLE)
		text_add(out, "\t\tava_object_keep(%s, %s);\n", made_by(f), p->name);
	else
		text_add(out, "\t\tfor (uint64_t ava_i = 0; %s && ava_i < %s; ava_i++)\n"
			 "\t\t\tava_object_keep(%s, %s[ava_i]);\n", p->name,
			 p->count ? count_text(f, p->count) : "1", made_by(f), p->name);
}

static void emit_keep_answer(const struct func *f, struct text *out)
{
	const struct param *owner = func_first_handle(f);

	if (f->cached_if)
		text_add(out, "\t\tif (ava_keep)\n\t");
	text_add(out, "\t\tava_guest_keep(&ava_g, %s, %s%s);\n", owner ? owner->name : "NULL",
		 owner ? "AVA_T_" : "0", owner ? owner->type->bare : "");
}

static void emit_after(const struct spec *spec, const struct func *f, struct text *out)
{
	struct text body = { 0 };
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].keeps && made_by(f))
			emit_keeps(f, &f->params.v[i], &body);
	if (f->cached)
		emit_keep_answer(f, &body);
	if (f->guest_after)
		text_add(&body, "\t\t(void)(%s);\n", plain_text(f, f->guest_after));
	if (body.len)
		text_add(out, "\tif (ava_outputs && %s) {\n%s\t}\n", success_test(spec, f),
			 text_str(&body));
	for (i = 0; i < f->params.n; i++)
		if (param_is_callback(&f->params.v[i]))
			text_add(out, "\tif (ava_cookie_%s && !ava_ran && !(ava_outputs && %s))\n"
				 "\t\tava_guest_drop_callback(ava_cookie_%s);\n", f->params.v[i].name,
				 success_test(spec, f), f->params.v[i].name);
	if (func_released(f))
		text_add(out, "\tava_guest_released(&ava_g, ava_outputs && %s);\n",
			 success_test(spec, f));
	if (f->is_new)
		text_add(out, "\tif (ava_new_ret)\n\t\tava_object_abandon(ava_new_ret);\n");
	for (i = 0; i < f->params.n; i++)
		if (param_is_out_new(&f->params.v[i]))
			text_add(out, "\tif (ava_new_%s)\n\t\tava_object_abandon(ava_new_%s);\n",
				 f->params.v[i].name, f->params.v[i].name);
	if (f->status == STATUS_PARAM)
		text_add(out, "\tif (%s)\n\t\t*%s = ava_status;\n", f->status_param->name,
			 f->status_param->name);
	if (func_callback(f))
		text_add(out, "\tava_guest_run_callback(ava_cookie_%s, &ava_early);\n",
			 func_callback(f)->name);
	text_add(out, "\tava_guest_end(&ava_g);\n");
	if (f->guest_finally)
		text_add(out, "\tif (ava_g.sent || ava_g.asks)\n\t\t(void)(%s);\n",
			 plain_text(f, f->guest_finally));
	emit_trace(f, "ava_guest_how(&ava_g)", out);
	if (!f->ret->is_void)
		text_add(out, "\treturn ret;\n");
}

static void emit_unsupported(const struct spec *spec, const struct func *f, struct text *out)
{
	const char *status = unsupported_of(spec, f);

	emit_trace_start(out);
	text_add(out, "\tconst int ava_errno __attribute__((unused)) = ENOSYS;\n"
		 "\tstatic int ava_said;\n\n"
		 "\tava_guest_unsupported(&ava_guest_library, \"%s\", &ava_said);\n", f->name);
	if (f->status == STATUS_PARAM)
		text_add(out, "\tif (%s)\n\t\t*%s = %s;\n", f->status_param->name,
			 f->status_param->name, status);
	emit_trace(f, "AVA_TRACE_LOCAL", out);
	if (f->status == STATUS_RETURN)
		text_add(out, "\treturn %s;\n", status);
	else if (!f->ret->is_void)
		text_add(out, "\treturn %s;\n", f->ret->is_pointer ? "NULL" :
			 expr_or(f, f->returns, "0"));
}

static void emit_replaced(const struct func *f, struct text *out)
{
	size_t i;

	emit_trace_start(out);
	if (!f->ret->is_void)
		text_add(out, "\t%s;\n", ctype_declare(f->ret, "ret"));
	text_add(out, "\n\t%s%s(", f->ret->is_void ? "" : "ret = ", f->guest_replace);
	for (i = 0; i < f->params.n; i++)
		text_add(out, "%s%s", i ? ", " : "", f->params.v[i].name);
	text_add(out, ");\n");
	emit_trace(f, "AVA_TRACE_LOCAL", out);
	if (!f->ret->is_void)
		text_add(out, "\treturn ret;\n");
}

/* References are counted here; the server has one for all of them. */
static void emit_retaining(const struct spec *spec, const struct func *f, struct text *out)
{
	const struct param *p = func_retained(f);

	emit_trace_start(out);
	if (f->ret->is_void)
		text_add(out, "\n\tava_object_retain(%s, AVA_T_%s);\n", p->name, p->type->bare);
	else
		text_add(out, "\t%s = ava_object_retain(%s, AVA_T_%s) ? %s : %s;\n\n",
			 ctype_declare(f->ret, "ret"), p->name, p->type->bare,
			 plain_text(f, spec->status_success), invalid_of(f, p, p->type->handle));
	if (f->guest_after)
		text_add(out, "\t%s(void)(%s);\n", f->ret->is_void ? "" :
			 mem_printf("if (%s)\n\t\t", success_test(spec, f)),
			 plain_text(f, f->guest_after));
	emit_trace(f, "AVA_TRACE_LOCAL", out);
	if (!f->ret->is_void)
		text_add(out, "\treturn ret;\n");
}

static void emit_function(const struct spec *spec, const struct func *f, struct text *out)
{
	if (func_is_sent(f))
		emit_callback_run(f, out);
	text_add(out, "\n%s%s\n{\n", f->is_export || !spec->dispatch ? "AVA_EXPORT " : "",
		 func_prototype(f));
	if (f->unsupported) {
		emit_unsupported(spec, f, out);
	} else if (f->guest_replace) {
		emit_replaced(f, out);
	} else if (func_retained(f)) {
		emit_retaining(spec, f, out);
	} else {
		emit_locals(spec, f, out);
		emit_arguments(f, out);
		emit_reply(spec, f, out);
		emit_failure(spec, f, out);
		emit_after(spec, f, out);
	}
	text_add(out, "}\n");
}

void emit_guest(const struct spec *spec, struct text *out)
{
	size_t i;

	text_add(out, "// SPDX-License-Identifier: Apache-2.0\n"
		 "/* Guest library of %s: generated by cava-lite from %s, do not edit */\n"
		 "#include <stdlib.h>\n\n#include <ava/guest.h>\n\n#include \"%s_common.h\"\n\n"
		 "#define AVA_EXPORT __attribute__((visibility(\"default\")))\n\n",
		 spec->name, spec->file, spec->name);
	if (spec->dispatch)
		text_add(out, "static const %s ava_dispatch;\n\n", spec->dispatch);
	text_add(out, "const struct ava_guest_api ava_guest_library = {\n"
		 "\t.id = AVA_API_ID,\n");
	if (spec->dispatch)
		text_add(out, "\t.dispatch = &ava_dispatch,\n");
	text_add(out, "};\n");
	for (i = 0; i < spec->funcs.n; i++)
		emit_function(spec, spec->funcs.v[i], out);
	emit_dispatch(spec, out);
}

void emit_version_script(const struct spec *spec, struct text *out)
{
	size_t i;

	text_add(out, "{\nglobal:\n");
	for (i = 0; i < spec->funcs.n; i++)
		if (spec->funcs.v[i]->is_export || !spec->dispatch)
			text_add(out, "\t%s;\n", spec->funcs.v[i]->name);
	text_add(out, "local:\n\t*;\n};\n");
}
