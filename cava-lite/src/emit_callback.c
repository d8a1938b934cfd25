// SPDX-License-Identifier: Apache-2.0
/*
 * emit_callback.c - function pointers of the application
 *
 * On the server a trampoline of the vendor's signature encodes its arguments into
 * an event; in the guest a function decodes them and calls the application's.
 * Numbers and handles come first, so that what has a length shares the rest.
 */
#include <string.h>

#include "model.h"

static const char *callback_name(const struct func *f, const struct param *p)
{
	return mem_printf("%s_%s", f->name, p->name);
}

static bool is_long(const struct param *a)
{
	return a->kind == PARAM_STRING || a->kind == PARAM_BUFFER;
}

static bool is_sent(const struct param *a)
{
	return !a->is && !a->is_userdata;
}

/* ---- the guest's half ---------------------------------------------------------------- */

/* An object that the callback gets along with one it was registered for is found there. */
static const char *finder_of(const struct func *cb)
{
	unsigned int given = 0;
	size_t i;

	for (i = 0; i < cb->params.n; i++) {
		if (cb->params.v[i].is && cb->params.v[i].type->handle)
			return mem_printf("(void *)(uintptr_t)ava_cb->is[%u]", given);
		given += !!cb->params.v[i].is;
	}
	return "NULL";
}

static bool is_ret(const struct param *a)
{
	return a->is->op == EXPR_NAME && !strcmp(a->is->text, "ret");
}

/* The new object, if there is one: a call that made none may call back nevertheless. */
static void emit_new_arg(const struct param *a, unsigned int given, struct text *out)
{
	const char *bare = a->type->bare;

	text_add(out, "\t%s = (%s)(uintptr_t)ava_cb->is[%u];\n"
		 "\tif (!ava_object_refs(%s))\n\t\t%s = NULL;\n", a->name, bare, given,
		 a->name, a->name);
}

static void emit_arg(const struct func *cb, const struct param *a, unsigned int *given,
		     struct text *out)
{
	const char *bare = a->type->bare;

	if (a->is_userdata)
		text_add(out, "\t%s = ava_cb->userdata;\n", a->name);
	else if (a->is && is_ret(a))
		emit_new_arg(a, (*given)++, out);
	else if (a->is)
		text_add(out, "\t%s = (%s)%sava_cb->is[%u];\n", a->name, bare,
			 a->type->is_pointer ? "(uintptr_t)" : "", (*given)++);
	else if (a->kind == PARAM_OPAQUE)
		text_add(out, "\tif (ava_from)\n\t\t%s = (%s)(uintptr_t)ava_cs_get_word(ava_from);\n", a->name,
			 bare);
	else if (a->kind == PARAM_HANDLE)
		text_add(out, "\tif (ava_from)\n\t\t%s = ava_callback_get_found(&ava_guest_library, "
			 "ava_from, %s);\n", a->name, finder_of(cb));
	else if (a->kind == PARAM_VALUE)
		text_add(out, "\tif (ava_from)\n\t\t%s = ava_decode_%s(ava_from);\n", a->name,
			 ctype_mangle(a->type));
	else
		text_add(out, "\tif (ava_from)\n\t\t%s = ava_callback_get_bytes(ava_from, %s, &ava_heap_%s);\n",
			 a->name, a->kind == PARAM_STRING ? "0" : param_bytes(cb, a), a->name);
}

static void emit_run_locals(const struct param *p, bool *survives, struct text *out)
{
	const struct func *cb = p->callback;
	size_t i;

	*survives = false;
	text_add(out, "\t%s = (%s)ava_cb->fn;\n", ctype_declare(p->type, "ava_fn"), p->type->bare);
	for (i = 0; i < cb->params.n; i++) {
		const struct param *a = &cb->params.v[i];

		text_add(out, "\t%s = %s;\n", ctype_declare(a->type, a->name),
			 a->lost ? plain_text(cb, a->lost) : "0");
		if (is_long(a))
			text_add(out, "\tvoid *ava_heap_%s = NULL;\n", a->name);
		*survives |= !!a->lost;
	}
	text_add(out, "\n");
}

static void emit_run(const struct func *f, const struct param *p, struct text *out)
{
	const struct func *cb = p->callback;
	unsigned int given = 0;
	bool survives;
	size_t i;

	text_add(out, "\nstatic void run_%s(const struct ava_callback *ava_cb, "
		 "struct ava_cs_reader *ava_from)\n{\n", callback_name(f, p));
	emit_run_locals(p, &survives, out);
	for (i = 0; i < cb->params.n; i++)
		if (!is_long(&cb->params.v[i]))
			emit_arg(cb, &cb->params.v[i], &given, out);
	for (i = 0; i < cb->params.n; i++)
		if (is_long(&cb->params.v[i]))
			emit_arg(cb, &cb->params.v[i], &given, out);
	text_add(out, "\tif (%s)\n\t\tava_fn(", survives ? "!ava_from || !ava_from->err" :
		 "ava_from && !ava_from->err");
	for (i = 0; i < cb->params.n; i++)
		text_add(out, "%s%s", i ? ", " : "", cb->params.v[i].name);
	text_add(out, ");\n");
	for (i = 0; i < cb->params.n; i++)
		if (is_long(&cb->params.v[i]))
			text_add(out, "\tfree(ava_heap_%s);\n", cb->params.v[i].name);
	text_add(out, "}\n");
}

/* What ava_is() names lives until the callback ran; one that may run often cannot keep it. */
static bool is_held(const struct param *p, const struct param *a)
{
	return a->is && a->type->handle && !p->callback_many;
}

static const char *is_text(const struct func *f, const struct param *a)
{
	return is_ret(a) ? "ava_new_ret" : plain_text(f, a->is);
}

static void emit_done(const struct func *f, const struct param *p, struct text *out)
{
	const struct func *cb = p->callback;
	unsigned int given = 0;
	size_t i;

	text_add(out, "\nstatic void done_%s(const struct ava_callback *ava_cb)\n{\n",
		 callback_name(f, p));
	for (i = 0; i < cb->params.n; i++) {
		const struct param *a = &cb->params.v[i];

		if (is_held(p, a) && a->was)
			text_add(out, "\tava_object_unpin((void *)(uintptr_t)ava_cb->is[%u]);\n", given);
		else if (is_held(p, a))
			text_add(out, "\tava_guest_unhold(&ava_guest_library, "
				 "(void *)(uintptr_t)ava_cb->is[%u]);\n", given);
		given += !!a->is;
	}
	text_add(out, "}\n");
}

void emit_callback_run(const struct func *f, struct text *out)
{
	size_t i;

	for (i = 0; i < f->params.n; i++) {
		if (!param_is_callback(&f->params.v[i]))
			continue;
		emit_run(f, &f->params.v[i], out);
		emit_done(f, &f->params.v[i], out);
	}
}

static const char *owner_of(const struct func *f, const struct param *p)
{
	size_t i;

	if (!p->callback_many)
		return "NULL";
	if (f->is_new)
		return "ava_new_ret";
	for (i = 0; i < f->params.n; i++)
		if (f->params.v[i].kind == PARAM_HANDLE)
			return f->params.v[i].name;
	return "NULL";
}

/* Before it is registered: a loss of the server may end it at once. */
static void emit_hold(const struct func *f, const struct param *p, const struct param *a,
		      struct text *out)
{
	const struct expr *invalid = a->type->handle->invalid;

	text_add(out, "\tconst bool ava_held_%s_%s = %s && ava_object_%s(%s);\n\n"
		 "\tif (%s && !ava_held_%s_%s)\n\t\tava_guest_refuse(&ava_g, %s);\n", p->name, a->name,
		 p->name, a->was ? "pin" : "hold", is_text(f, a), p->name, p->name, a->name,
		 invalid ? plain_text(f, invalid) : "0");
}

static void emit_unhold(const struct func *f, const struct param *p, const struct param *a,
			struct text *out)
{
	text_add(out, "\tif (ava_held_%s_%s && !ava_cookie_%s)\n\t\t", p->name, a->name, p->name);
	if (a->was)
		text_add(out, "ava_object_unpin(%s);\n", is_text(f, a));
	else
		text_add(out, "ava_guest_unhold(&ava_guest_library, %s);\n", is_text(f, a));
}

static void emit_is(const struct func *f, const struct func *cb, struct text *out)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < cb->params.n; i++) {
		if (!cb->params.v[i].is)
			continue;
		text_add(out, "%s(uint64_t)%s%s", comma,
			 cb->params.v[i].type->is_pointer ? "(uintptr_t)" : "",
			 is_text(f, &cb->params.v[i]));
		comma = ", ";
	}
	text_add(out, "%s", *comma ? "" : "0");
}

void emit_put_callback(const struct func *f, const struct param *p, struct text *out)
{
	const struct func *cb = p->callback;
	struct text body = { 0 }, *to = &body;
	size_t i;
	bool held = false;

	for (i = 0; i < cb->params.n; i++) {
		if (!is_held(p, &cb->params.v[i]))
			continue;
		emit_hold(f, p, &cb->params.v[i], to);
		held = true;
	}
	text_add(to, "\tava_cookie_%s = ava_guest_put_callback(&ava_g, &(struct ava_callback){\n"
		 "\t\t.run = run_%s, .done = done_%s, .fn = (void *)%s, .userdata = (void *)%s,\n"
		 "\t\t.is = { ", p->name, callback_name(f, p), callback_name(f, p), p->name,
		 p->callback_data);
	emit_is(f, cb, to);
	text_add(to, " },\n\t}, %s, %s);\n", p->callback_many ? "AVA_CALLBACK_MANY" : "0",
		 owner_of(f, p));
	for (i = 0; i < cb->params.n; i++)
		if (is_held(p, &cb->params.v[i]))
			emit_unhold(f, p, &cb->params.v[i], to);
	/* what is held needs a scope */
	text_add(out, held ? "\t{\n%s\t}\n" : "%s", held ? text_indent(&body) : text_str(&body));
}

/* ---- the server's half ---------------------------------------------------------------- */

static void emit_encode(const struct func *cb, const struct param *a, unsigned int *longs,
			struct text *out)
{
	if (a->kind == PARAM_OPAQUE)
		text_add(out, "\tava_cs_put_word(&ava_w, (uint64_t)(uintptr_t)%s);\n", a->name);
	else if (a->kind == PARAM_HANDLE)
		text_add(out, "\tava_cs_put_word(&ava_w, %s ? ava_handle_of(%s, AVA_T_%s) : 0);\n", a->name,
			 a->name, a->type->bare);
	else if (a->kind == PARAM_VALUE)
		text_add(out, "\tava_encode_%s(&ava_w, %s);\n", ctype_mangle(a->type), a->name);
	else
		text_add(out, "\tava_server_callback_%s(&ava_w, %s, %s%s%u);\n",
			 a->kind == PARAM_STRING ? "string" : "bytes", a->name,
			 a->kind == PARAM_STRING ? "" : param_bytes(cb, a),
			 a->kind == PARAM_STRING ? "" : ", ", (*longs)--);
}

static void emit_trampoline(const struct func *f, const struct param *p, struct text *out)
{
	const struct func *cb = p->callback;
	struct text head = { 0 };
	unsigned int longs = 0;
	const char *userdata = "";
	size_t i;

	text_add(&head, "trampoline_%s(", callback_name(f, p));
	for (i = 0; i < cb->params.n; i++) {
		text_add(&head, "%s%s", i ? ", " : "",
			 ctype_declare(cb->params.v[i].type, cb->params.v[i].name));
		longs += is_long(&cb->params.v[i]);
		if (cb->params.v[i].is_userdata)
			userdata = cb->params.v[i].name;
	}
	text_add(&head, ")");
	text_add(out, "\nstatic %s\n{\n\tuint64_t ava_room[AVA_CALLBACK_MAX / 8];\n"
		 "\tstruct ava_cs_writer ava_w;\n\n"
		 "\tava_cs_writer_init(&ava_w, ava_room, sizeof(ava_room), 0);\n",
		 ctype_declare(cb->ret, text_str(&head)));
	for (i = 0; i < cb->params.n; i++)
		if (is_sent(&cb->params.v[i]) && !is_long(&cb->params.v[i]))
			emit_encode(cb, &cb->params.v[i], &longs, out);
	for (i = 0; i < cb->params.n; i++)
		if (is_sent(&cb->params.v[i]) && is_long(&cb->params.v[i]))
			emit_encode(cb, &cb->params.v[i], &longs, out);
	text_add(out, "\tava_server_callback_run(%s, &ava_w);\n}\n", userdata);
}

void emit_trampolines(const struct func *f, struct text *out)
{
	size_t i;

	for (i = 0; i < f->params.n; i++)
		if (param_is_callback(&f->params.v[i]))
			emit_trampoline(f, &f->params.v[i], out);
}
