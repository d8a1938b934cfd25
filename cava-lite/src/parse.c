// SPDX-License-Identifier: Apache-2.0
/*
 * parse.c - from C to declarations with raw annotations, by libclang
 *
 * The only file that knows libclang. What stands in files of the spec's own
 * directory is the spec; everything else is the API's headers. Annotations come
 * as verbatim text, so no C expression is ever taken apart and printed again by
 * the C parser's rules.
 */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <clang-c/Index.h>

#include "model.h"

struct parse {
	struct spec *spec;
	struct names header_files;	/* that declare described functions */
	struct names seen;
};

static const char *take(CXString s)
{
	const char *c = clang_getCString(s);
	char *copy = mem_strdup(c ? c : "");

	clang_disposeString(s);
	return copy;
}

static struct loc cursor_loc(CXCursor c)
{
	struct loc loc;
	CXFile file;

	clang_getExpansionLocation(clang_getCursorLocation(c), &file, &loc.line, &loc.col, NULL);
	loc.file = take(clang_getFileName(file));
	return loc;
}

static bool in_dir(const char *file, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(file, dir, n) && file[n] == '/' && !strchr(file + n + 1, '/');
}

static bool in_spec(const struct spec *spec, CXCursor c)
{
	struct loc loc = cursor_loc(c);
	size_t i;

	for (i = 0; i < spec->imports.n; i++)
		if (in_dir(loc.file, spec->imports.v[i].dir))
			return true;
	return in_dir(loc.file, spec->dir);
}

static bool is_imported(const struct spec *spec, const char *file)
{
	size_t i;

	for (i = 0; i < spec->imports.n; i++)
		if (!strcmp(file, spec->imports.v[i].path))
			return true;
	return false;
}

/* The spec itself, or one that it imports: there is no need to annotate a function. */
static bool in_spec_file(const struct spec *spec, CXCursor c)
{
	return is_imported(spec, cursor_loc(c).file) ||
	       clang_Location_isFromMainFile(clang_getCursorLocation(c));
}

/* ---- annotations ------------------------------------------------------------------- */

static enum CXChildVisitResult visit_note(CXCursor c, CXCursor parent, CXClientData data)
{
	note_list *notes = data;
	const char *text, *colon;
	struct note *n;

	(void)parent;
	if (clang_getCursorKind(c) != CXCursor_AnnotateAttr)
		return CXChildVisit_Continue;
	text = take(clang_getCursorSpelling(c));
	colon = strchr(text, ':');
	n = VEC_ADD(notes);
	n->key = colon ? mem_strndup(text, colon - text) : text;
	n->text = colon ? colon + 1 : "";
	n->loc = cursor_loc(c);
	return CXChildVisit_Continue;
}

static void collect_notes(CXCursor c, note_list *notes)
{
	clang_visitChildren(c, visit_note, notes);
}

/* ---- types --------------------------------------------------------------------------- */

static const char *without_const(const char *s)
{
	size_t n = strlen(s);

	if (!strncmp(s, "const ", 6))
		return s + 6;
	if (n > 5 && !strcmp(s + n - 5, "const"))
		return mem_strndup(s, n - 5);
	return s;
}

struct record_walk {
	struct ctype *type;
	long base;
	const char *prefix;
};

static bool is_record(CXType canonical)
{
	return canonical.kind == CXType_Record;
}

static enum CXVisitorResult visit_field(CXCursor c, CXClientData data)
{
	struct record_walk *w = data, inner = *w;
	CXType canonical = clang_getCanonicalType(clang_getCursorType(c));
	const char *name = take(clang_getCursorSpelling(c));
	long long offset = clang_Cursor_getOffsetOfField(c);
	struct member *m;

	if (is_record(canonical)) {
		inner.base += clang_Cursor_isAnonymous(c) || !*name ? 0 : offset / 8;
		inner.prefix = *name && !clang_Cursor_isAnonymous(c)
			       ? mem_printf("%s%s.", w->prefix, name) : w->prefix;
		clang_Type_visitFields(canonical, visit_field, &inner);
	} else if (canonical.kind == CXType_Pointer && offset >= 0) {
		m = VEC_ADD(&w->type->pointers);
		m->name = mem_printf("%s%s", w->prefix, name);
		m->offset = w->base + offset / 8;
	}
	return CXVisit_Continue;
}

static struct ctype *ctype_of(struct spec *spec, CXType t);

static void ctype_pointer(struct spec *spec, struct ctype *ct, CXType t, CXType canonical)
{
	CXType to = clang_getPointeeType(t);
	CXType target;

	if (to.kind == CXType_Invalid)
		to = clang_getPointeeType(canonical);
	target = clang_getCanonicalType(to);
	ct->is_pointer = true;
	if (target.kind == CXType_FunctionProto || target.kind == CXType_FunctionNoProto)
		ct->is_function = true;
	else
		ct->to = ctype_of(spec, to);
}

static struct ctype *ctype_of(struct spec *spec, CXType t)
{
	struct ctype *ct = mem_alloc(sizeof(*ct));
	CXType canonical = clang_getCanonicalType(t);
	struct record_walk w = { .type = ct, .prefix = "" };
	long long size = clang_Type_getSizeOf(t);

	if (canonical.kind == CXType_ConstantArray || canonical.kind == CXType_IncompleteArray) {
		CXType elem = clang_getArrayElementType(t);

		ct->to = ctype_of(spec, elem.kind == CXType_Invalid ?
				  clang_getArrayElementType(canonical) : elem);
		ct->is_pointer = true;
		ct->size = sizeof(void *);
		ct->spelling = ct->bare = ct->canonical = mem_printf("%s *", ct->to->spelling);
		return ct;
	}
	ct->spelling = take(clang_getTypeSpelling(t));
	ct->canonical = take(clang_getTypeSpelling(canonical));
	ct->is_const = clang_isConstQualifiedType(canonical) || clang_isConstQualifiedType(t);
	ct->bare = without_const(ct->spelling);
	ct->is_void = canonical.kind == CXType_Void;
	ct->is_char = canonical.kind == CXType_Char_S || canonical.kind == CXType_Char_U;
	ct->is_record = is_record(canonical);
	ct->size = ct->is_void || size < 0 ? 0 : size;
	ct->handle = spec_handle(spec, ct->bare);
	if (canonical.kind == CXType_Pointer)
		ctype_pointer(spec, ct, t, canonical);
	else if (ct->is_record)
		clang_Type_visitFields(canonical, visit_field, &w);
	ct->is_scalar = !ct->is_void && !ct->is_record && !ct->is_pointer && ct->size > 0 &&
			ct->size <= 8;
	return ct;
}

/* ---- declarations ---------------------------------------------------------------------- */

static enum CXChildVisitResult visit_constant(CXCursor c, CXCursor parent, CXClientData data)
{
	struct spec *spec = data;

	(void)parent;
	if (clang_getCursorKind(c) == CXCursor_EnumConstantDecl)
		names_add(&spec->constants, take(clang_getCursorSpelling(c)));
	return CXChildVisit_Continue;
}

static void parse_typedef(struct spec *spec, CXCursor c, const char *name)
{
	note_list notes = { 0 };
	struct handle_type *h;

	names_add(&spec->typedefs, name);
	if (!in_spec(spec, c))
		return;
	collect_notes(c, &notes);
	if (!notes.n)
		return;
	h = mem_alloc(sizeof(*h));
	h->name = name;
	h->loc = cursor_loc(c);
	h->notes = notes;
	h->is_pointer = clang_getCanonicalType(clang_getCursorType(c)).kind == CXType_Pointer;
	h->id = spec->handles.n + 1;
	*VEC_ADD(&spec->handles) = h;
}

/*
 * What the spec says itself counts more than what an imported one said before; a
 * second declaration shows the annotations of the first one too.
 */
static void parse_statement(struct spec *spec, CXCursor c)
{
	const char *file = cursor_loc(c).file;
	bool imported = is_imported(spec, file);
	note_list said = { 0 };
	size_t i, k, kept;

	collect_notes(c, &said);
	for (i = 0; i < said.n; i++) {
		if (strcmp(said.v[i].loc.file, file) || said.v[i].loc.line != cursor_loc(c).line)
			continue;
		for (k = kept = 0; k < spec->notes.n; k++)
			if (imported || strcmp(spec->notes.v[k].key, said.v[i].key) ||
			    !strcmp(spec->notes.v[k].loc.file, file))
				spec->notes.v[kept++] = spec->notes.v[k];
		spec->notes.n = kept;
		*VEC_ADD(&spec->notes) = said.v[i];
	}
}

/* First pass: names and types, which functions then refer to. */
static enum CXChildVisitResult visit_names(CXCursor c, CXCursor parent, CXClientData data)
{
	struct spec *spec = data;
	const char *name = take(clang_getCursorSpelling(c));

	(void)parent;
	switch (clang_getCursorKind(c)) {
	case CXCursor_MacroDefinition:
		/* annotations are macros too */
		if (!clang_Cursor_isMacroFunctionLike(c) && strncmp(name, "ava_", 4))
			names_add(&spec->constants, name);
		break;
	case CXCursor_EnumDecl:
		clang_visitChildren(c, visit_constant, spec);
		break;
	case CXCursor_TypedefDecl:
		parse_typedef(spec, c, name);
		break;
	case CXCursor_FunctionDecl:
		names_add(&spec->functions, name);
		break;
	case CXCursor_VarDecl:
		if (!strncmp(name, "ava__", 5))
			parse_statement(spec, c);
		break;
	default:
		break;
	}
	return CXChildVisit_Continue;
}

struct callback_walk {
	struct spec *spec;
	struct func *func;
};

static void parse_param(struct spec *spec, struct func *f, CXCursor c, unsigned int i);

static enum CXChildVisitResult visit_callback_param(CXCursor c, CXCursor parent, CXClientData data)
{
	struct callback_walk *w = data;

	(void)parent;
	if (clang_getCursorKind(c) == CXCursor_ParmDecl)
		parse_param(w->spec, w->func, c, w->func->params.n);
	return CXChildVisit_Continue;
}

/* Parameters of a function pointer: as declared in place, or as its type says. */
static struct func *parse_callback(struct spec *spec, CXCursor c, const struct param *p)
{
	struct callback_walk w = { .spec = spec, .func = mem_alloc(sizeof(struct func)) };
	CXType fn = clang_getPointeeType(clang_getCanonicalType(clang_getCursorType(c)));
	struct param *arg;
	int i, n = clang_getNumArgTypes(fn);

	w.func->name = p->name;
	w.func->loc = p->loc;
	w.func->ret = ctype_of(spec, clang_getResultType(fn));
	w.func->variadic = clang_isFunctionTypeVariadic(fn);
	clang_visitChildren(c, visit_callback_param, &w);
	for (i = w.func->params.n; i < n; i++) {
		arg = VEC_ADD(&w.func->params);
		memset(arg, 0, sizeof(*arg));
		arg->name = mem_printf("arg%d", i);
		arg->loc = p->loc;
		arg->type = ctype_of(spec, clang_getArgType(fn, i));
	}
	return w.func;
}

static void parse_param(struct spec *spec, struct func *f, CXCursor c, unsigned int i)
{
	struct param *p = VEC_ADD(&f->params);

	p->name = take(clang_getCursorSpelling(c));
	if (!*p->name)
		p->name = mem_printf("arg%u", i);
	p->loc = cursor_loc(c);
	p->type = ctype_of(spec, clang_getCursorType(c));
	collect_notes(c, &p->notes);
	if (p->type->is_function)
		p->callback = parse_callback(spec, c, p);
}

static bool parse_helper(struct spec *spec, CXCursor c, const char *name, note_list *notes)
{
	struct helper h = { .name = name, .loc = cursor_loc(c) };
	size_t i;

	for (i = 0; i < notes->n; i++) {
		if (!strcmp(notes->v[i].key, "pure"))
			h.sides |= SIDE_GUEST | SIDE_SERVER;
		else if (!strcmp(notes->v[i].key, "guest"))
			h.sides |= SIDE_GUEST;
		else if (!strcmp(notes->v[i].key, "server"))
			h.sides |= SIDE_SERVER;
	}
	if (!h.sides)
		return false;
	h.args = clang_Cursor_getNumArguments(c);
	*VEC_ADD(&spec->helpers) = h;
	return true;
}

static void remember_header(struct parse *p, CXCursor c)
{
	CXCursor first = clang_getCanonicalCursor(c);

	if (!in_spec(p->spec, first))
		names_add(&p->header_files, cursor_loc(first).file);
}

static void parse_func(struct parse *p, CXCursor c, const char *name)
{
	struct spec *spec = p->spec;
	note_list notes = { 0 };
	bool is_static = clang_Cursor_getStorageClass(c) == CX_SC_Static;
	struct func *f;
	int i, n;

	collect_notes(c, &notes);
	if (parse_helper(spec, c, name, &notes) || (is_static && !notes.n))
		return;
	/* a header beside the spec may be the API's own */
	if (!in_spec_file(spec, c) && !notes.n)
		return;
	if (spec_func(spec, name)) {
		diag_error(cursor_loc(c), "function '%s' is described twice", name);
		return;
	}
	remember_header(p, c);
	f = mem_alloc(sizeof(*f));
	f->name = name;
	f->loc = cursor_loc(c);
	f->notes = notes;
	f->ret = ctype_of(spec, clang_getCursorResultType(c));
	f->variadic = clang_Cursor_isVariadic(c);
	n = clang_Cursor_getNumArguments(c);
	for (i = 0; i < n; i++)
		parse_param(spec, f, clang_Cursor_getArgument(c, i), i);
	*VEC_ADD(&spec->funcs) = f;
}

/* ---- the dispatch table ---------------------------------------------------------------- */

static void parse_signature(struct spec *spec, struct api_func *a, CXType fn)
{
	CXType canonical = clang_getCanonicalType(fn);
	int i, n;

	if (canonical.kind != CXType_FunctionProto && canonical.kind != CXType_FunctionNoProto)
		return;
	if (clang_getResultType(fn).kind == CXType_Invalid)
		fn = canonical;
	a->is_function = true;
	a->ret = ctype_of(spec, clang_getResultType(fn));
	n = clang_getNumArgTypes(fn);
	for (i = 0; i < n; i++)
		*VEC_ADD(&a->args) = ctype_of(spec, clang_getArgType(fn, i));
}

static enum CXVisitorResult visit_member(CXCursor c, CXClientData data)
{
	struct spec *spec = data;
	CXType t = clang_getCursorType(c), under;
	struct api_func *a = VEC_ADD(&spec->dispatch_members);

	memset(a, 0, sizeof(*a));
	a->name = take(clang_getCursorSpelling(c));
	under = clang_getTypedefDeclUnderlyingType(clang_getTypeDeclaration(t));
	if (under.kind == CXType_Invalid)
		under = t;
	if (clang_getCanonicalType(under).kind == CXType_Pointer)
		parse_signature(spec, a, clang_getPointeeType(under));
	return CXVisit_Continue;
}

/* Second pass: functions, the table, and what the headers declare. */
static enum CXChildVisitResult visit_decls(CXCursor c, CXCursor parent, CXClientData data)
{
	struct parse *p = data;
	const char *name = take(clang_getCursorSpelling(c)), *tag;

	(void)parent;
	switch (clang_getCursorKind(c)) {
	case CXCursor_FunctionDecl:
		if (in_spec(p->spec, c))
			parse_func(p, c, name);
		break;
	case CXCursor_StructDecl:
		tag = p->spec->dispatch;
		if (tag && !strncmp(tag, "struct ", 7) && !strcmp(tag + 7, name) &&
		    clang_isCursorDefinition(c))
			clang_Type_visitFields(clang_getCursorType(c), visit_member, p->spec);
		break;
	default:
		break;
	}
	return CXChildVisit_Continue;
}

static enum CXChildVisitResult visit_headers(CXCursor c, CXCursor parent, CXClientData data)
{
	struct parse *p = data;
	const char *name = take(clang_getCursorSpelling(c));
	struct api_func *a;

	(void)parent;
	if (clang_getCursorKind(c) != CXCursor_FunctionDecl || names_has(&p->seen, name) ||
	    !names_has(&p->header_files, cursor_loc(c).file))
		return CXChildVisit_Continue;
	names_add(&p->seen, name);
	a = VEC_ADD(&p->spec->header_funcs);
	memset(a, 0, sizeof(*a));
	a->name = name;
	return CXChildVisit_Continue;
}

/* ---- the translation unit ---------------------------------------------------------------- */

static bool report_clang(CXTranslationUnit tu, const struct spec *spec)
{
	unsigned int i, n = clang_getNumDiagnostics(tu);
	bool ok = true;

	for (i = 0; i < n; i++) {
		CXDiagnostic d = clang_getDiagnostic(tu, i);
		enum CXDiagnosticSeverity severity = clang_getDiagnosticSeverity(d);
		struct loc loc = { 0 };
		CXFile file;

		clang_getExpansionLocation(clang_getDiagnosticLocation(d), &file, &loc.line,
					   &loc.col, NULL);
		loc.file = file ? take(clang_getFileName(file)) : spec->path;
		if (severity >= CXDiagnostic_Error) {
			diag_error(loc, "%s", take(clang_getDiagnosticSpelling(d)));
			ok = false;
		}
		clang_disposeDiagnostic(d);
	}
	return ok;
}

static void visit_inclusion(CXFile file, CXSourceLocation *stack, unsigned int depth,
			    CXClientData data)
{
	struct spec *spec = data;

	(void)stack;
	(void)depth;
	*VEC_ADD(&spec->files) = take(clang_getFileName(file));
}

/* The table's name is needed before the pass that looks for it. */
static void find_dispatch(struct spec *spec)
{
	size_t i;

	for (i = 0; i < spec->notes.n; i++)
		if (!strcmp(spec->notes.v[i].key, "dispatch_table"))
			spec->dispatch = spec->notes.v[i].text;
}

static bool parse_unit(struct spec *spec, CXTranslationUnit tu)
{
	CXCursor root = clang_getTranslationUnitCursor(tu);
	struct parse p = { .spec = spec };

	if (!report_clang(tu, spec))
		return false;
	clang_visitChildren(root, visit_names, spec);
	find_dispatch(spec);
	clang_visitChildren(root, visit_decls, &p);
	clang_visitChildren(root, visit_headers, &p);
	clang_getInclusions(tu, visit_inclusion, spec);
	return true;
}

bool spec_parse(struct spec *spec, const char *path, const char *const *args, int nargs)
{
	VEC(const char *) argv = { 0 };
	enum CXErrorCode err;
	CXTranslationUnit tu;
	CXIndex index;
	size_t k;
	bool ok;
	int i;

	spec->path = path;
	spec->dir = mem_strdup(dirname(mem_strdup(path)));
	spec->file = mem_strdup(basename(mem_strdup(path)));
	*VEC_ADD(&argv) = "-xc";
	*VEC_ADD(&argv) = "-std=gnu11";
	*VEC_ADD(&argv) = "-D__CAVA__";
	for (i = 0; i < nargs; i++)
		*VEC_ADD(&argv) = args[i];
	if (!spec_imports(spec, path, spec->file))
		return false;
	for (k = 0; k < spec->imports.n; k++) {
		*VEC_ADD(&argv) = "-include";
		/* the parser puts "./" in front again */
		*VEC_ADD(&argv) = spec->imports.v[k].path +
				  (strncmp(spec->imports.v[k].path, "./", 2) ? 0 : 2);
	}
	if (!strchr(path, '/'))
		path = mem_printf("./%s", path);
	index = clang_createIndex(0, 0);
	err = clang_parseTranslationUnit2(index, path, argv.v, argv.n, NULL, 0,
					  CXTranslationUnit_DetailedPreprocessingRecord, &tu);
	if (err != CXError_Success) {
		diag_error((struct loc){ 0 }, "cannot parse %s: expected a readable C file", path);
		clang_disposeIndex(index);
		return false;
	}
	ok = parse_unit(spec, tu);
	clang_disposeTranslationUnit(tu);
	clang_disposeIndex(index);
	return ok;
}
