// SPDX-License-Identifier: Apache-2.0
/*
 * print.c - the model as text: for people, and for the hash
 *
 * The printed model is the normalised spec: whatever changes it changes what the
 * two sides say to each other, and nothing else does (no places, no comments).
 */
#include <string.h>

#include <openssl/evp.h>

#include "model.h"

static void print_expr(struct text *out, const char *key, const struct expr *e)
{
	struct text t = { 0 };

	if (!e)
		return;
	expr_emit(e, &t);
	text_add(out, " %s(%s)", key, text_str(&t));
}

static void print_name(struct text *out, const char *key, const char *name)
{
	if (name)
		text_add(out, " %s(%s)", key, name);
}

static void print_cases(struct text *out, const struct param *p)
{
	size_t i;

	for (i = 0; i < p->cases.n; i++) {
		print_expr(out, p->cases.v[i].key ? "list_if" : "handles_if", p->cases.v[i].cond);
		print_expr(out, "key", p->cases.v[i].key);
		print_name(out, "type", p->cases.v[i].type_name);
	}
	for (i = 0; i < p->keys.n; i++) {
		print_expr(out, "list_handle", p->keys.v[i].key);
		print_name(out, "type", p->keys.v[i].type_name);
	}
	print_expr(out, "maybe_handle", p->maybe);
	for (i = 0; i < p->maybe_types.n; i++)
		print_name(out, "type", p->maybe_types.v[i].type_name);
	for (i = 0; i < p->fields.n; i++) {
		print_name(out, p->fields.v[i].count ? "field_buffer" : "field_handle",
			   p->fields.v[i].name);
		print_expr(out, "count", p->fields.v[i].count);
		print_name(out, "type", p->fields.v[i].type_name);
	}
}

static void print_param(struct text *out, const struct param *p)
{
	static const char *const kinds[] = {
		[PARAM_NONE] = "-", [PARAM_VALUE] = "value", [PARAM_HANDLE] = "handle",
		[PARAM_OPAQUE] = "opaque", [PARAM_CALLBACK] = "callback",
		[PARAM_BUFFER] = "buffer", [PARAM_HANDLES] = "handles",
		[PARAM_STRING] = "string", [PARAM_STRINGS] = "strings", [PARAM_LIST] = "list",
		[PARAM_STATUS] = "status",
	};
	static const char *const dirs[] = { "", " in", " out", " inout" };
	size_t i;

	text_add(out, "  %s: %s (%s) %s%s%s%s%s%s", p->name, p->type->spelling, p->type->canonical,
		 kinds[p->kind], dirs[p->dir], p->is_new ? " new" : "", p->retains ? " retains" : "",
		 p->releases ? " releases" : "", p->nullable ? " nullable" : "");
	text_add(out, "%s%s", p->keeps ? " keeps" : "", p->direct ? " direct" : "");
	if (p->type->to && p->type->to->size)
		text_add(out, " size %ld", p->type->to->size);
	print_expr(out, "count", p->count);
	print_expr(out, "bytes", p->bytes);
	print_expr(out, "valid", p->valid);
	print_expr(out, "strings", p->strings);
	print_name(out, "lengths", p->lengths);
	print_expr(out, "list_counted", p->list_count);
	print_expr(out, "pass", p->pass);
	print_expr(out, "invalid", p->invalid);
	print_name(out, p->callback_dropped ? "callback_dropped" : p->callback_many ? "callback_many" :
		   "callback", p->callback_data);
	print_expr(out, p->was ? "was" : "is", p->is);
	print_expr(out, "lost", p->lost);
	print_name(out, "kept", p->kept);
	print_name(out, "valid_until", p->valid_until);
	print_cases(out, p);
	text_add(out, "\n");
	for (i = 0; p->callback_data && p->callback && i < p->callback->params.n; i++) {
		text_add(out, "  ");
		print_param(out, &p->callback->params.v[i]);
	}
}

static void print_func_notes(struct text *out, const struct func *f)
{
	size_t i;

	text_add(out, "%s%s%s%s%s%s", f->is_new ? " new" : "", f->unsupported ? " unsupported" : "",
		 f->async ? " async" : "", f->may_wait ? " may_wait" : "",
		 f->is_export ? " export" : "", f->inferred ? " inferred" : "");
	text_add(out, "%s", f->status == STATUS_RETURN ? " status(return)" :
		 f->status == STATUS_PARAM ? " status(argument)" : "");
	text_add(out, "%s", f->keeps_nothing ? " keeps_nothing" : "");
	print_expr(out, "unsupported_with", f->unsupported_with);
	print_expr(out, "error", f->error);
	print_expr(out, "returns", f->returns);
	print_expr(out, "outputs_if", f->outputs_if);
	print_expr(out, "sync_if", f->sync_if);
	print_expr(out, "guest_before", f->guest_before);
	print_expr(out, "server_before", f->server_before);
	print_expr(out, "guest_after", f->guest_after);
	print_expr(out, "server_after", f->server_after);
	print_expr(out, "guest_finally", f->guest_finally);
	print_expr(out, "async_failed", f->async_failed);
	if (f->cached)
		text_add(out, " cached");
	print_expr(out, "if", f->cached_if);
	print_name(out, "guest_replace", f->guest_replace);
	print_name(out, "server_replace", f->server_replace);
	print_name(out, "record", f->record);
	for (i = 0; i < f->resources.n; i++)
		print_name(out, f->resources.v[i].key, f->resources.v[i].text);
	for (i = 0; i < f->implicits.n; i++) {
		text_add(out, " implicit(%s %s)", f->implicits.v[i].type, f->implicits.v[i].name);
		print_expr(out, "from", f->implicits.v[i].value);
	}
	if (f->cost)
		text_add(out, " cost(%u)", f->cost);
}

static void print_func(struct text *out, const struct func *f)
{
	size_t i;

	text_add(out, "function %u %s: %s", f->id, f->name, f->ret->spelling);
	print_func_notes(out, f);
	text_add(out, "\n");
	for (i = 0; i < f->params.n; i++)
		print_param(out, &f->params.v[i]);
}

void spec_print(const struct spec *spec, struct text *out)
{
	size_t i;

	text_add(out, "api %s %u.%u\n", spec->name, spec->major, spec->minor);
	if (spec->status_type) {
		text_add(out, "status %s", spec->status_type);
		print_expr(out, "success", spec->status_success);
		print_expr(out, "failure", spec->status_failure);
		print_expr(out, "unsupported", spec->unsupported_status);
		text_add(out, "\n");
	}
	if (spec->dispatch)
		text_add(out, "dispatch_table %s\n", spec->dispatch);
	for (i = 0; i < spec->handles.n; i++) {
		const struct handle_type *h = spec->handles.v[i];

		text_add(out, "handle %u %s%s", h->id, h->name, h->immortal ? " immortal" : "");
		print_expr(out, "invalid", h->invalid);
		print_name(out, "retain", h->retain);
		print_name(out, "release", h->release);
		print_name(out, "find", h->find);
		text_add(out, "\n");
	}
	for (i = 0; i < spec->funcs.n; i++)
		print_func(out, spec->funcs.v[i]);
}

void spec_hash(struct spec *spec)
{
	struct text t = { 0 };
	unsigned int len;

	spec_print(spec, &t);
	EVP_Digest(text_str(&t), t.len, spec->hash, &len, EVP_sha256(), NULL);
}
