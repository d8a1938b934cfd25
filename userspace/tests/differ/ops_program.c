// SPDX-License-Identifier: Apache-2.0
/*
 * ops_program.c - programs from source and binary; built, compiled, linked, asked
 */
#include "differ.h"

const struct source sources[] = {
	{ "plain",
	  "__kernel void add(__global uint *a, uint n, uint b)\n"
	  "{ size_t i = get_global_id(0); if (i < n) a[i] += b + (uint)i; }\n"
	  "__kernel void swap(__global const uint *a, __global uint *b, uint n)\n"
	  "{ size_t i = get_global_id(0); if (i < n) b[i] = a[n - 1 - i]; }\n"
	  "__kernel void local_sum(__global uint *a, uint n, __local uint *s)\n"
	  "{ size_t i = get_global_id(0), l = get_local_id(0); s[l] = i < n ? a[i] : 0;\n"
	  "  barrier(CLK_LOCAL_MEM_FENCE); if (i < n) a[i] = s[l] * 3; }\n"
	  "__kernel __attribute__((reqd_work_group_size(4, 1, 1)))\n"
	  "void four(__global uint *a, uint n)\n"
	  "{ size_t i = get_global_id(0); if (i < n) a[i] ^= 0x55; }\n",
	  { "add", "swap", "local_sum", "four" }, true },
	{ "macro",
	  "#ifndef STEP\n#define STEP 1\n#endif\n"
	  "struct pair { uint a; uchar b; ulong c; };\n"
	  "__kernel void step(__global uint *a, uint n, struct pair p)\n"
	  "{ size_t i = get_global_id(0); if (i < n) a[i] += STEP * p.a + p.b + (uint)p.c; }\n"
	  "__kernel void vec(__global uint *a, uint n, uint4 v)\n"
	  "{ size_t i = get_global_id(0); if (i < n) a[i] += v.x * v.w - v.y; }\n",
	  { "step", "vec" }, true },
	{ "image",
	  "__kernel void look(__read_only image2d_t in, sampler_t s, __global uint *out, uint n)\n"
	  "{ int i = get_global_id(0); if (i < n)\n"
	  "  out[i] = read_imageui(in, s, (int2)(i % 4, i / 4)).x; }\n"
	  "__kernel void draw(__write_only image2d_t out, uint n)\n"
	  "{ int i = get_global_id(0); if (i < n)\n"
	  "  write_imageui(out, (int2)(i, 0), (uint4)(i, 1, 2, 3)); }\n",
	  { "look", "draw" }, true },
	{ "says",
	  "__kernel void says(uint n)\n"
	  "{ if (get_global_id(0) == 0) printf(\"kernel says %u\\n\", n); }\n",
	  { "says" }, true },
	{ "broken", "__kernel void bad(__global uint *a) { a[0] = nothing_of_that_name; }\n",
	  { NULL }, false },
	{ "warns",
	  "__kernel void warns(__global uint *a, uint n) { int unused; a[0] = n; }\n",
	  { "warns" }, true },
	{ "caller",
	  "uint twice(uint x);\n"
	  "__kernel void call(__global uint *a, uint n)\n"
	  "{ size_t i = get_global_id(0); if (i < n) a[i] = twice(a[i]); }\n",
	  { "call" }, false },
	{ "callee", "uint twice(uint x) { return 2 * x; }\n", { NULL }, true },
	{ "empty", "\n", { NULL }, true },
};

const size_t source_count = sizeof(sources) / sizeof(*sources);

static const struct query program_queries[] = {
	Q(CL_PROGRAM_REFERENCE_COUNT, S_REFS), QH(CL_PROGRAM_CONTEXT, S_HANDLE, K_CONTEXT),
	Q(CL_PROGRAM_NUM_DEVICES, S_BYTES), QH(CL_PROGRAM_DEVICES, S_HANDLES, K_DEVICE),
	Q(CL_PROGRAM_SOURCE, S_BYTES), Q(CL_PROGRAM_NUM_KERNELS, S_BYTES),
	Q(CL_PROGRAM_KERNEL_NAMES, S_STRING), Q(CL_PROGRAM_IL, S_BYTES),
	Q(CL_PROGRAM_SCOPE_GLOBAL_CTORS_PRESENT, S_BYTES),
	Q(CL_PROGRAM_SCOPE_GLOBAL_DTORS_PRESENT, S_BYTES),
	Q(CL_PROGRAM_BINARY_SIZES, S_SIZES_OF_BINARIES),
};

static const struct query build_queries[] = {
	Q(CL_PROGRAM_BUILD_STATUS, S_BYTES), Q(CL_PROGRAM_BUILD_OPTIONS, S_STRING),
	Q(CL_PROGRAM_BUILD_LOG, S_STRING), Q(CL_PROGRAM_BINARY_TYPE, S_BYTES),
	Q(CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE, S_BYTES),
};

static struct obj *new_program(struct world *w, struct obj *context, const struct source *s)
{
	const char *text = s->text;
	struct obj *program;
	cl_int err = NO_ERR;

	say(w, " %s", s->name);
	program = made(w, K_PROGRAM, clCreateProgramWithSource(context->handle, 1, &text, NULL,
							       &err), context, &err);
	if (program)
		program->source = s;
	return program;
}

struct obj *need_program(struct world *w, struct obj *context, bool built)
{
	struct obj *program;
	cl_int err;

	for (int i = 0; i < 8; i++) {
		program = obj_pick(w, K_PROGRAM, context);
		if (program && (!built || program->built))
			return program;
	}
	end_line(w);
	say(w, "  create-program");
	program = new_program(w, context, &sources[draw(w, 4)]);
	if (!program || !built)
		return program;
	err = clBuildProgram(program->handle, 0, NULL, NULL, NULL, NULL);
	say(w, "  build");
	say_obj(w, program);
	say_err(w, err);
	end_line(w);
	program->built = err == CL_SUCCESS;
	return program->built ? program : NULL;
}

static void create_source(struct world *w)
{
	struct obj *context = need_context(w), *program;
	const struct source *s = &sources[draw(w, (uint32_t)source_count)];
	size_t len = strlen(s->text), half = len / 2;
	const char *parts[3] = { s->text, s->text + half, s->text };
	size_t lens[3] = { half, 0, 0 };
	unsigned int wrong = fault(w), form = draw(w, 3);
	cl_uint n = 1;
	cl_int err = NO_ERR;

	wrong = avoid_fault(wrong, 4, "source-null-list");
	if (form == 1)
		lens[0] = len;
	if (form == 2)
		n = 2;
	if (wrong == 1)
		n = 0;
	if (wrong == 2)
		parts[n - 1] = NULL;
	say(w, " fault %u form %u %s", wrong, form, s->name);
	program = made(w, K_PROGRAM, clCreateProgramWithSource(
			wrong == 3 ? NULL : context->handle, n, wrong == 4 ? NULL : parts,
			form ? lens : NULL, chance(w, 95) ? &err : NULL), context, &err);
	if (program)
		program->source = s;
}

static void CL_CALLBACK built_cb(cl_program program, void *data)
{
	(void)program;
	cookie_heard(data, "built");
}

static const char *const some_options[] = {
	NULL, "", "-cl-kernel-arg-info", "-DSTEP=7", "-cl-fast-relaxed-math -w", "-Werror",
	"-cl-std=CL1.2"
};

static const char *const bad_options[] = {
	"-cl-no-such-option", "nonsense", "-cl-std=CL9.9", "-D", "-I"
};

/* PoCL calls back for what it refuses, too, if it looked at the program. */
static bool calls_back(cl_int err)
{
	return err == CL_SUCCESS || err == CL_INVALID_OPERATION ||
	       err == CL_INVALID_BUILD_OPTIONS || err == CL_INVALID_COMPILER_OPTIONS ||
	       err == CL_INVALID_LINKER_OPTIONS || err == CL_BUILD_PROGRAM_FAILURE ||
	       err == CL_COMPILE_PROGRAM_FAILURE || err == CL_LINK_PROGRAM_FAILURE;
}

/* A callback makes a build asynchronous; what comes next needs its end. */
static void build_over(struct world *w, struct obj *program, cl_int err, bool called)
{
	static const struct query status = Q(CL_PROGRAM_BUILD_STATUS, S_BYTES);

	say_err(w, err);
	end_line(w);
	if (called && calls_back(err))
		cookie_expect(w, H_SOON);
	cookies_drain(w, H_SOON);
	if (program) {
		cl_build_status is = CL_BUILD_NONE;

		clGetProgramBuildInfo(program->handle, program->context->device->handle,
				      status.name, sizeof(is), &is, NULL);
		program->built = is == CL_BUILD_SUCCESS;
	}
}

static struct obj *foreign_device(struct world *w, const struct obj *context)
{
	for (struct obj *o = w->all; o; o = o->next)
		if (o->kind == K_DEVICE && o->refs && o != context->device)
			return o;
	return NULL;
}

static void build(struct world *w)
{
	struct obj *context = need_context(w), *program = need_program(w, context, false), *other;
	cl_device_id list[2] = { context->device->handle, NULL };
	unsigned int wrong = fault(w), n = chance(w, 50);
	const char *options = some_options[draw(w, 7)];
	struct cookie *cookie = chance(w, 30) ? cookie_make(w, H_SOON, "build %u", w->index) : NULL;
	cl_int err;

	if (!program || (program->binary && avoided("binary-rebuild")))
		return end_line(w);
	wrong = avoid_fault(wrong, 6, "build-null-device");
	if (wrong == 1)
		options = bad_options[draw(w, avoided("build-lone-option") ? 3 : 5)];
	other = foreign_device(w, context);
	if (wrong == 2 && other) {
		list[0] = other->handle;
		n = 1;
	}
	if (wrong == 6) {
		list[0] = NULL;
		n = 1;
	}
	say(w, " fault %u", wrong);
	say_obj(w, program);
	say(w, " %s '%s' %u", program->source ? program->source->name : "binary",
	    options ? options : "NULL", n);
	if (wrong == 3)
		err = clBuildProgram(NULL, 0, NULL, options, NULL, NULL);
	else if (wrong == 4)
		err = clBuildProgram(program->handle, n, n ? NULL : list, options, NULL, NULL);
	else if (wrong == 5)
		err = clBuildProgram(program->handle, n, n ? list : NULL, options, NULL, list);
	else
		err = clBuildProgram(program->handle, n, n ? list : NULL, options,
				     cookie ? built_cb : NULL, cookie);
	build_over(w, program, err, cookie && wrong != 3 && wrong != 4 && wrong != 5);
}

static void compile(struct world *w)
{
	struct obj *context = need_context(w), *program = need_program(w, context, false), *header;
	cl_program headers[1];
	const char *names[1] = { "some.h" };
	unsigned int wrong = fault(w), n = chance(w, 30);
	struct cookie *cookie = chance(w, 30) ? cookie_make(w, H_SOON, "compile %u", w->index) : NULL;
	cl_int err;

	header = program ? need_program(w, context, false) : NULL;
	if (!program || !header)
		return end_line(w);
	wrong = avoid_fault(wrong, 1, "compile-null-header");
	wrong = avoid_fault(wrong, 4, "compile-bad-options");
	wrong = avoid_fault(wrong, 5, "compile-no-headers");
	wrong = avoid_fault(wrong, 2, "compile-null-name");
	wrong = avoid_fault(wrong, 7, "compile-no-devices");
	if ((header->binary || program->binary) && avoided("compile-no-source"))
		return end_line(w);
	headers[0] = wrong == 1 ? NULL : header->handle;
	if (wrong == 2)
		names[0] = NULL;
	if (wrong == 1 || wrong == 2)
		n = 1;
	say(w, " fault %u", wrong);
	say_obj(w, program);
	say(w, " headers %u", n);
	err = clCompileProgram(wrong == 3 ? NULL : program->handle, 0, NULL,
			       wrong == 4 ? bad_options[draw(w, 5)] : NULL, n,
			       wrong == 5 || !n ? NULL : headers,
			       wrong == 6 || n ? names : NULL, cookie ? built_cb : NULL,
			       cookie);
	if (wrong == 7)
		say_err(w, clCompileProgram(program->handle, 1, NULL, NULL, 0, NULL, NULL, NULL,
					    NULL));
	build_over(w, program, err, cookie != NULL);
	program->built = false;
}

static void link(struct world *w)
{
	struct obj *context = need_context(w), *a = need_program(w, context, false), *b, *program;
	unsigned int wrong = fault(w);
	struct cookie *cookie = chance(w, 30) ? cookie_make(w, H_SOON, "link %u", w->index) : NULL;
	cl_program list[2];
	cl_program handle;
	cl_uint n = 2;
	cl_int err = NO_ERR;

	b = a ? need_program(w, context, false) : NULL;
	if (!a || !b)
		return end_line(w);
	wrong = avoid_fault(wrong, 1, "link-null-program");
	wrong = avoid_fault(wrong, 4, "link-bad-options");
	list[0] = a->handle;
	list[1] = wrong == 1 ? NULL : b->handle;
	if (wrong == 2)
		n = 0;
	if (a == b && wrong != 1)
		n = 1;
	say(w, " fault %u", wrong);
	say_obj(w, a);
	say_obj(w, b);
	if (wrong == 6)
		handle = clLinkProgram(context->handle, 1, NULL, NULL, n, list, NULL, NULL, &err);
	else
		handle = clLinkProgram(wrong == 3 ? NULL : context->handle, 0, NULL,
				       wrong == 4 ? bad_options[draw(w, 5)]
				       : chance(w, 30) ? "-create-library" : NULL, n,
				       wrong == 5 ? NULL : list, cookie ? built_cb : NULL,
				       cookie, &err);
	program = made(w, K_PROGRAM, handle, context, &err);
	if (program)
		program->binary = true;
	if (cookie && wrong != 6 && (program || calls_back(err) || wrong == 2))
		cookie_expect(w, H_SOON);
	cookies_drain(w, H_SOON);
}

/* The whole life that separate compiling is for. */
static void compile_and_link(struct world *w)
{
	struct obj *context = need_context(w), *parts[2], *program;
	cl_program list[2];
	cl_int err = NO_ERR;

	end_line(w);
	for (int i = 0; i < 2; i++) {
		say(w, "  part");
		parts[i] = new_program(w, context, &sources[6 + i]);
		if (!parts[i])
			return;
		list[i] = parts[i]->handle;
		err = clCompileProgram(list[i], 0, NULL, NULL, 0, NULL, NULL, NULL, NULL);
		say(w, "  compile");
		say_err(w, err);
		end_line(w);
	}
	say(w, "  link");
	program = made(w, K_PROGRAM, clLinkProgram(context->handle, 0, NULL, NULL, 2, list, NULL,
						   NULL, &err), context, &err);
	if (program) {
		program->source = &sources[6];
		program->built = err == CL_SUCCESS;
		program->binary = true;
	}
}

static unsigned char *binary_of(struct world *w, struct obj *program, size_t *len)
{
	unsigned char *data, *list[1];

	*len = 0;
	if (clGetProgramInfo(program->handle, CL_PROGRAM_BINARY_SIZES, sizeof(*len), len, NULL) ||
	    !*len)
		return NULL;
	data = keep(w, *len);
	list[0] = data;
	return clGetProgramInfo(program->handle, CL_PROGRAM_BINARIES, sizeof(list), list, NULL)
		? NULL : data;
}

static void create_binary(struct world *w)
{
	struct obj *context = need_context(w), *from = need_program(w, context, true), *program;
	cl_device_id list[2] = { context->device->handle, NULL };
	const unsigned char *data = NULL;
	unsigned int wrong = fault(w);
	cl_int err = 77, status = NO_ERR;
	size_t len = 0;
	cl_uint n = 1;

	wrong = avoid_fault(wrong, 9, "binary-null-list");
	data = from ? binary_of(w, from, &len) : NULL;
	if (!data) {
		say(w, " no binary");
		return end_line(w);
	}
	if (wrong == 1) {
		data = keep_pattern(w, 500);
		len = 500;
	}
	if (wrong == 2)
		len = 0;
	if (wrong == 3)
		data = NULL;
	if (wrong == 4)
		n = 0;
	if (wrong == 5)
		list[0] = NULL;
	say(w, " fault %u", wrong);
	say_obj(w, from);
	program = made(w, K_PROGRAM, clCreateProgramWithBinary(
			wrong == 6 ? NULL : context->handle, n, wrong == 7 ? NULL : list,
			wrong == 8 ? NULL : &len, wrong == 9 ? NULL : &data,
			chance(w, 70) ? &status : NULL, &err), context, &err);
	say(w, "  status %d", status);
	if (program) {
		program->source = from->source;
		program->binary = true;
		err = clBuildProgram(program->handle, 0, NULL, NULL, NULL, NULL);
		say_err(w, err);
		program->built = err == CL_SUCCESS;
	}
	end_line(w);
}

static void create_other(struct world *w)
{
	static const char *const lists[] = { "pocl.add.i8", "no.such.kernel", "", "a;b", ";" };
	struct obj *context = need_context(w);
	cl_device_id device = context->device->handle;
	unsigned int wrong = fault(w);
	const char *names = lists[draw(w, 5)];
	cl_int err = NO_ERR;

	say(w, " fault %u '%s'", wrong, names);
	if (wrong == 5)
		made(w, K_PROGRAM, clCreateProgramWithIL(context->handle, lists, 16, &err),
		     context, &err);
	else if (wrong == 6)
		made(w, K_PROGRAM, clCreateProgramWithIL(NULL, NULL, 0, &err), context, &err);
	else
		made(w, K_PROGRAM, clCreateProgramWithBuiltInKernels(
				wrong == 1 ? NULL : context->handle, wrong == 2 ? 0 : 1,
				wrong == 3 ? NULL : &device, wrong == 4 ? NULL : names, &err),
		     context, &err);
}

static cl_int get_program(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			  void *more)
{
	(void)more;
	return clGetProgramInfo(of, name, size, value, ret);
}

static cl_int get_build(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			void *more)
{
	return clGetProgramBuildInfo(of, more, name, size, value, ret);
}

static void program_info(struct world *w)
{
	struct obj *program = need_program(w, need_context(w), false);

	if (!program)
		return end_line(w);
	query_one(w, program, get_program, NULL, program_queries,
		  sizeof(program_queries) / sizeof(*program_queries));
}

static void build_info(struct world *w)
{
	struct obj *context = need_context(w), *program = need_program(w, context, false);

	if (!program)
		return end_line(w);
	query_one(w, program, get_build, chance(w, 95) ? context->device->handle : NULL,
		  build_queries, sizeof(build_queries) / sizeof(*build_queries));
}

static void CL_CALLBACK program_gone(cl_program program, void *data)
{
	(void)program;
	cookie_heard(data, "released");
}

static void program_misc(struct world *w)
{
	struct obj *program = need_program(w, need_context(w), false);
	unsigned int wrong = fault(w);
	uint32_t value = 3;

	if (!program)
		return end_line(w);
	if (wrong != 1 && !program->built && avoided("constant-unbuilt"))
		return end_line(w);
	say(w, " fault %u", wrong);
	say_obj(w, program);
	say_err(w, clSetProgramSpecializationConstant(wrong == 1 ? NULL : program->handle, 1,
						      wrong == 2 ? 0 : sizeof(value),
						      wrong == 3 ? NULL : &value));
	say_err(w, clSetProgramReleaseCallback(wrong == 4 ? NULL : program->handle,
					       wrong == 5 ? NULL : program_gone,
					       cookie_make(w, H_END, "program %u", w->index)));
	end_line(w);
}

const struct op program_ops[] = {
	{ "create-source", create_source, 4, 4, true },
	{ "build", build, 6, 4, true },
	{ "compile", compile, 7, 2, true },
	{ "link", link, 6, 2, true },
	{ "compile-and-link", compile_and_link, 0, 1, true },
	{ "create-binary", create_binary, 9, 2, true },
	{ "create-other", create_other, 6, 1, true },
	{ "program-info", program_info, QUERY_FAULTS, 3, true },
	{ "build-info", build_info, QUERY_FAULTS, 3, true },
	{ "program-misc", program_misc, 5, 1, true },
	{ NULL, NULL, 0, 0, false }
};
