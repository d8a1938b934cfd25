// SPDX-License-Identifier: Apache-2.0
/*
 * emit_dispatch.c - functions by name: the loader's dispatch table, and a lookup
 */
#include <string.h>

#include "model.h"

/* What the status type is a name of: headers do not always use the name. */
static const char *status_canonical(const struct spec *spec)
{
	size_t i;

	for (i = 0; spec->status_type && i < spec->dispatch_members.n; i++)
		if (!strcmp(spec->dispatch_members.v[i].ret->bare, spec->status_type))
			return spec->dispatch_members.v[i].ret->canonical;
	return spec->status_type;
}

/* The last argument is where the status goes, as creating functions have it. */
static bool has_status_arg(const struct spec *spec, const struct api_func *a)
{
	const struct ctype *last = a->args.n ? a->args.v[a->args.n - 1] : NULL;

	return spec->status_type && a->ret->is_pointer && last && last->to &&
	       !last->to->is_const && !strcmp(last->to->canonical, status_canonical(spec));
}

static const char *status_text(const struct spec *spec)
{
	struct text t = { 0 };
	const struct expr *e = spec->unsupported_status ? spec->unsupported_status :
			       spec->status_failure;

	if (!e)
		return "0";
	expr_emit(e, &t);
	return text_str(&t);
}

static void emit_stub(const struct spec *spec, const struct api_func *a, struct text *out)
{
	struct text head = { 0 };
	size_t i;

	text_add(&head, "ava_stub_%s(", a->name);
	for (i = 0; i < a->args.n; i++)
		text_add(&head, "%s%s", i ? ", " : "",
			 ctype_declare(a->args.v[i], mem_printf("ava_%zu", i)));
	text_add(&head, "%s)", a->args.n ? "" : "void");
	text_add(out, "\nstatic %s\n{\n\tconst int ava_errno __attribute__((unused)) = ENOSYS;\n"
		 "\tconst uint64_t ava_start = ava_trace_on ? ava_trace_now() : 0;\n"
		 "\tstatic int ava_said;\n\n"
		 "\tava_guest_unsupported(&ava_guest_library, \"%s\", &ava_said);\n",
		 ctype_declare(a->ret, text_str(&head)), a->name);
	text_add(out, "\tif (ava_start)\n\t\tava_trace_call(\"%s\", ava_start, AVA_TRACE_LOCAL);\n",
		 a->name);
	if (has_status_arg(spec, a))
		text_add(out, "\tif (ava_%zu)\n\t\t*ava_%zu = %s;\n", a->args.n - 1, a->args.n - 1,
			 status_text(spec));
	if (a->ret->is_pointer)
		text_add(out, "\treturn NULL;\n");
	else if (spec->status_type && !strcmp(a->ret->bare, spec->status_type))
		text_add(out, "\treturn %s;\n", status_text(spec));
	else if (!a->ret->is_void)
		text_add(out, "\treturn 0;\n");
	text_add(out, "}\n");
}

static void emit_members(const struct spec *spec, struct text *out)
{
	size_t i;

	text_add(out, "\nstatic const %s ava_dispatch = {\n", spec->dispatch);
	for (i = 0; i < spec->dispatch_members.n; i++) {
		const struct api_func *a = &spec->dispatch_members.v[i];
		bool known = spec_func(spec, a->name);

		if (known || a->is_function)
			text_add(out, "\t.%s = %s%s%s,\n", a->name, a->is_function ? "" : "(void *)",
				 known ? "" : "ava_stub_", a->name);
	}
	text_add(out, "};\n");
}

/* clang-format off: the generated function is easier to read in one piece */
static void emit_lookup(const struct spec *spec, struct text *out)
{
	size_t i;

	text_add(out, "\nvoid *ava_library_function(const char *name)\n{\n"
		 "\tstatic const struct { const char *name; void *function; } all[] = {\n");
	for (i = 0; i < spec->funcs.n; i++)
		text_add(out, "\t\t{ \"%s\", (void *)%s },\n", spec->funcs.v[i]->name,
			 spec->funcs.v[i]->name);
	text_add(out, "\t};\n\n\tfor (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)\n"
		 "\t\tif (!strcmp(all[i].name, name))\n\t\t\treturn all[i].function;\n"
		 "\treturn NULL;\n}\n");
}

void emit_dispatch(const struct spec *spec, struct text *out)
{
	size_t i;

	for (i = 0; i < spec->dispatch_members.n; i++)
		if (spec->dispatch_members.v[i].is_function &&
		    !spec_func(spec, spec->dispatch_members.v[i].name))
			emit_stub(spec, &spec->dispatch_members.v[i], out);
	if (spec->dispatch)
		emit_members(spec, out);
	emit_lookup(spec, out);
}
