/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - what a spec says, between parsing and emitting
 *
 * parse.c fills declarations and raw annotations, annot.c turns annotations into
 * fields, check.c completes and verifies; from then on the model is read only and
 * the emitters are pure functions of it.
 */
#ifndef CAVA_MODEL_H
#define CAVA_MODEL_H

#include "expr.h"
#include "util.h"

#define AVA_MAX_ID	65531	/* what lies above is the runtime's: <ava/cs.h> */

/* An annotation as written: key, text of the arguments, place. */
struct note {
	const char *key;
	const char *text;
	struct loc loc;
};

typedef VEC(struct note) note_list;

struct handle_type {
	const char *name;
	struct loc loc;
	note_list notes;
	unsigned int id;		/* 1.. in the order of declaration */
	bool is_handle, is_pointer;
	bool immortal;
	struct expr *invalid;
	const char *retain, *release;	/* NULL: not counted */
	const char *find;		/* of immortal ones: makes all known */
	struct loc find_loc;
};

/* A C type, as far as the emitters need it. */
struct ctype {
	const char *spelling;		/* as in the spec */
	const char *bare;		/* without outer const */
	const char *canonical;
	bool is_void, is_pointer, is_function, is_scalar, is_char, is_record;
	bool is_const;
	long size;			/* 0 if incomplete */
	const struct handle_type *handle;
	struct ctype *to;		/* of a pointer */
	VEC(struct member) pointers;	/* of a record: members that are pointers */
	const char *record;		/* for messages */
};

struct member {
	const char *name;
	long offset;
};

enum param_kind {
	PARAM_NONE,			/* not decided */
	PARAM_VALUE, PARAM_HANDLE, PARAM_OPAQUE, PARAM_CALLBACK,
	PARAM_BUFFER, PARAM_HANDLES, PARAM_STRING, PARAM_STRINGS, PARAM_LIST, PARAM_STATUS,
};

enum { DIR_IN = 1, DIR_OUT = 2 };

/* Handles in untyped bytes: under a condition, an array or a list's value. */
struct handle_case {
	struct expr *cond;
	struct expr *key;		/* of a list, or NULL */
	const char *type_name;
	const struct handle_type *type;
	struct loc loc;
};

typedef VEC(struct handle_case) case_list;

/* A member of a struct behind a pointer. */
struct field {
	const char *name;
	struct expr *count;		/* of a buffer, or NULL: a handle */
	const char *type_name;
	const struct handle_type *type;
	struct loc loc;
};

struct param {
	const char *name;
	struct loc loc;
	struct ctype *type;
	note_list notes;
	enum param_kind kind;
	unsigned int dir;
	bool is_new, retains, releases, keeps, direct, is_string, is_list, is_status, is_opaque, nullable;
	bool callback_dropped, dropped;	/* the callback, and its user data */
	struct loc new_loc, direct_loc;
	struct func *callback;		/* of a function pointer: its own parameters */
	struct expr *is, *lost;		/* of a callback's parameter */
	bool was;			/* @is: of an object that ends */
	bool is_userdata;		/* of a callback's parameter */
	bool callback_many;
	struct expr *count, *bytes, *valid, *strings, *list_count, *pass, *invalid;
	const char *lengths, *callback_data, *kept, *valid_until;
	struct loc lengths_loc, callback_loc, kept_loc, until_loc;
	case_list cases;		/* handles_if, list_if */
	case_list keys;			/* list_handle */
	struct expr *maybe;
	case_list maybe_types;
	VEC(struct field) fields;
	bool needs_hidden;		/* a valid count dereferences it */
	bool decoding, decoded;		/* marks of the ordering */
};

struct implicit {
	const char *type, *name;
	struct expr *value;
	struct loc loc;
};

/* How a function reports. */
enum status_kind { STATUS_NONE, STATUS_RETURN, STATUS_PARAM };

struct func {
	const char *name;
	struct loc loc;
	struct ctype *ret;
	note_list notes;
	VEC(struct param) params;
	bool variadic;
	unsigned int id;		/* 0: not sent */
	bool is_new, unsupported, async, may_wait, is_export, inferred, cached, keeps_nothing;
	struct loc id_loc;
	struct expr *error, *returns, *outputs_if, *unsupported_with, *sync_if;
	struct expr *guest_before, *server_before, *guest_after, *server_after;
	struct expr *guest_finally, *async_failed, *cached_if;
	const char *guest_replace, *server_replace, *record;
	struct loc guest_replace_loc, server_replace_loc;
	unsigned int cost;
	VEC(struct implicit) implicits;
	note_list resources;		/* allocates, consumes */
	enum status_kind status;
	const struct param *status_param;
	VEC(struct param *) order;	/* wire order */
};

/* Helpers, by side. */
enum { SIDE_GUEST = 1, SIDE_SERVER = 2 };

struct helper {
	const char *name;
	unsigned int sides;
	unsigned int args;
	struct loc loc;
};

/* A member of the dispatch table, or a function of the API's headers. */
struct api_func {
	const char *name;
	struct ctype *ret;
	VEC(struct ctype *) args;
	bool is_function;		/* the member's type says so */
};

struct import {
	const char *path;		/* as the compiler finds it */
	const char *name;		/* as generated code includes it */
	const char *dir;
};

struct spec {
	const char *path, *dir, *file;	/* of the spec */
	VEC(struct import) imports;	/* deepest first */
	VEC(const char *) importing;	/* from the spec down to the one that is looked at */
	note_list notes;		/* file level */
	const char *name;
	unsigned int major, minor;
	const char *status_type;
	struct expr *status_success, *status_failure, *unsupported_status;
	const char *dispatch;		/* struct T */
	struct loc dispatch_loc;
	VEC(struct api_func) dispatch_members;
	VEC(struct handle_type *) handles;
	VEC(struct func *) funcs;
	VEC(struct helper) helpers;
	VEC(struct api_func) header_funcs;	/* of the files that declare described functions */
	struct names typedefs, constants, functions;
	VEC(const char *) files;		/* everything included */
	uint8_t hash[32];
};

/* parse.c */
bool spec_parse(struct spec *spec, const char *path, const char *const *args, int nargs);

/* import.c */
bool spec_imports(struct spec *spec, const char *path, const char *name);

/* annot.c */
void spec_annotate(struct spec *spec);

/* check.c, order.c */
void spec_check(struct spec *spec);
void func_order(struct func *f);

/* infer.c */
void func_infer(const struct spec *spec, struct func *f);

/* print.c */
void spec_print(const struct spec *spec, struct text *out);
void spec_hash(struct spec *spec);

/* coverage.c */
void spec_coverage(const struct spec *spec, struct text *out);
void spec_coverage_rst(const struct spec *spec, struct text *out);

/* emit_*.c */
void emit_common(const struct spec *spec, struct text *out);
void emit_guest(const struct spec *spec, struct text *out);
void emit_callback_run(const struct func *f, struct text *out);
void emit_put_callback(const struct func *f, const struct param *p, struct text *out);
void emit_trampolines(const struct func *f, struct text *out);
void emit_dispatch(const struct spec *spec, struct text *out);
void emit_version_script(const struct spec *spec, struct text *out);
void emit_server(const struct spec *spec, struct text *out);
void emit_table(const struct spec *spec, struct text *out);
void emit_mock(const struct spec *spec, struct text *out);

/* model.c */
struct param *func_param(const struct func *f, const char *name);
const struct func *spec_func(const struct spec *spec, const char *name);
const struct helper *spec_helper(const struct spec *spec, const char *name);
struct handle_type *spec_handle(const struct spec *spec, const char *name);
bool func_is_sent(const struct func *f);
/* What the call takes or drops a reference of, or NULL. */
const struct param *func_retained(const struct func *f);
bool param_is_callback(const struct param *p);
const struct param *func_callback(const struct func *f);
const struct param *func_released(const struct func *f);
/* Whose life bounds that of what the call makes or finds, or NULL. */
const struct param *func_owner(const struct func *f);
const struct param *func_first_handle(const struct func *f);
bool param_is_out_new(const struct param *p);
const char *ctype_mangle(const struct ctype *t);
const char *ctype_declare(const struct ctype *t, const char *name);
const char *func_prototype(const struct func *f);
const struct expr *param_invalid(const struct param *p, const struct handle_type *type);
/* Bytes of a buffer, as an expression that saturates. */
const char *param_bytes(const struct func *f, const struct param *p);
const char *count_text(const struct func *f, const struct expr *e);
const char *plain_text(const struct func *f, const struct expr *e);

#endif /* CAVA_MODEL_H */
