// SPDX-License-Identifier: Apache-2.0
/*
 * ops_kernel.c - kernels: made, given arguments, asked and run
 */
#include "differ.h"

static const struct query kernel_queries[] = {
	Q(CL_KERNEL_FUNCTION_NAME, S_STRING), Q(CL_KERNEL_NUM_ARGS, S_BYTES),
	Q(CL_KERNEL_REFERENCE_COUNT, S_REFS), QH(CL_KERNEL_CONTEXT, S_HANDLE, K_CONTEXT),
	QH(CL_KERNEL_PROGRAM, S_HANDLE, K_PROGRAM), Q(CL_KERNEL_ATTRIBUTES, S_STRING),
};

static const struct query arg_queries[] = {
	Q(CL_KERNEL_ARG_ADDRESS_QUALIFIER, S_BYTES), Q(CL_KERNEL_ARG_ACCESS_QUALIFIER, S_BYTES),
	Q(CL_KERNEL_ARG_TYPE_NAME, S_STRING), Q(CL_KERNEL_ARG_TYPE_QUALIFIER, S_BYTES),
	Q(CL_KERNEL_ARG_NAME, S_STRING),
};

static const struct query group_queries[] = {
	Q(CL_KERNEL_WORK_GROUP_SIZE, S_BYTES), Q(CL_KERNEL_COMPILE_WORK_GROUP_SIZE, S_BYTES),
	Q(CL_KERNEL_LOCAL_MEM_SIZE, S_BYTES),
	Q(CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, S_BYTES),
	Q(CL_KERNEL_PRIVATE_MEM_SIZE, S_BYTES), Q(CL_KERNEL_GLOBAL_WORK_SIZE, S_BYTES),
};

static const char *name_of(const struct obj *kernel)
{
	return kernel->source->kernels[kernel->which];
}

static bool is(const struct obj *kernel, const char *name)
{
	return !strcmp(name_of(kernel), name);
}

static struct obj *new_kernel(struct world *w, struct obj *program, unsigned int which)
{
	cl_int err = NO_ERR;
	struct obj *kernel;

	say_obj(w, program);
	say(w, " %s", program->source->kernels[which]);
	kernel = made(w, K_KERNEL, clCreateKernel(program->handle, program->source->kernels[which],
						  &err), program->context, &err);
	if (kernel) {
		kernel->parent = program;
		kernel->source = program->source;
		kernel->which = which;
	}
	return kernel;
}

static unsigned int some_kernel(struct world *w, const struct source *s)
{
	unsigned int n = 0;

	while (n < 8 && s->kernels[n])
		n++;
	return draw(w, n);
}

struct obj *need_kernel(struct world *w, struct obj *context)
{
	struct obj *kernel = obj_pick(w, K_KERNEL, context), *program;

	if (kernel && chance(w, 80))
		return kernel;
	program = need_program(w, context, true);
	if (!program || !program->source || !program->source->kernels[0])
		return kernel;
	end_line(w);
	say(w, "  create-kernel");
	return new_kernel(w, program, some_kernel(w, program->source));
}

static void create_kernel(struct world *w)
{
	struct obj *context = need_context(w), *program = need_program(w, context, chance(w, 80));
	unsigned int wrong = fault(w);
	const char *name = "";
	cl_kernel kernel;
	cl_int err = NO_ERR;

	if (!program)
		return end_line(w);
	if (!wrong && program->source && program->source->kernels[0]) {
		new_kernel(w, program, some_kernel(w, program->source));
		return;
	}
	if (wrong == 1)
		name = "no_such_kernel";
	if (program->source && program->source->kernels[0] && wrong > 2)
		name = program->source->kernels[0];
	say(w, " fault %u", wrong);
	kernel = clCreateKernel(wrong == 3 ? NULL : program->handle, wrong == 4 ? NULL : name,
				&err);
	say_err(w, err);
	if (kernel)
		say_err(w, clReleaseKernel(kernel));
	end_line(w);
}

static void create_kernels(struct world *w)
{
	struct obj *context = need_context(w), *program = need_program(w, context, true);
	unsigned int wrong = fault(w);
	cl_kernel list[8] = { NULL };
	cl_uint n = 77, room = 8;
	char name[32];
	cl_int err;

	if (!program)
		return end_line(w);
	if (wrong == 1)
		room = 0;
	if (wrong == 2)
		program = need_program(w, context, false);
	say(w, " fault %u", wrong);
	say_obj(w, program);
	err = clCreateKernelsInProgram(wrong == 3 ? NULL : program->handle, room,
				       wrong == 4 ? NULL : list, wrong == 5 ? NULL : &n);
	say(w, " %u", n);
	say_err(w, err);
	for (cl_uint i = 0; i < 8; i++) {
		if (!list[i])
			continue;
		clGetKernelInfo(list[i], CL_KERNEL_FUNCTION_NAME, sizeof(name), name, NULL);
		say(w, " %s", name);
		say_err(w, clReleaseKernel(list[i]));
	}
	end_line(w);
}

/* --- arguments ------------------------------------------------------------------------ */

struct pair {
	cl_uint a;
	cl_uchar b;
	cl_ulong c;
};

static void set_arg(struct world *w, struct obj *kernel, cl_uint i, size_t size,
		    const void *value, struct obj *mem)
{
	cl_int err = clSetKernelArg(kernel->handle, i, size, value);

	say(w, " arg%u", i);
	if (mem)
		say_obj(w, mem);
	say_err(w, err);
	kernel->arg_set[i] = err == CL_SUCCESS;
	kernel->arg[i] = err == CL_SUCCESS ? mem : NULL;
}

static void set_mem(struct world *w, struct obj *kernel, cl_uint i, struct obj *mem)
{
	cl_mem handle = mem->handle;

	set_arg(w, kernel, i, sizeof(handle), &handle, mem);
}

static void set_uint(struct world *w, struct obj *kernel, cl_uint i, cl_uint value)
{
	set_arg(w, kernel, i, sizeof(value), &value, NULL);
}

static cl_uint words_of(const struct obj *mem)
{
	return (cl_uint)(mem->size / 4 < 64 ? mem->size / 4 : 64);
}

/* An image that read_imageui() can read and write_imageui() can write. */
static struct obj *flat_image(struct world *w, struct obj *context)
{
	const cl_image_format format = { CL_RGBA, CL_UNSIGNED_INT8 };
	cl_image_desc desc = { .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 16,
			       .image_height = 16 };
	struct obj *mem;
	cl_int err = NO_ERR;

	if (context->device != w->root && avoided("sub-device-image"))
		return NULL;
	end_line(w);
	say(w, "  image");
	mem = made(w, K_MEM, clCreateImage(context->handle, CL_MEM_COPY_HOST_PTR, &format, &desc,
					   keep_pattern(w, 2048), &err), context, &err);
	if (!mem)
		return NULL;
	mem->type = CL_MEM_OBJECT_IMAGE2D;
	mem->flags = CL_MEM_COPY_HOST_PTR;
	mem->dim[0] = mem->dim[1] = 16;
	mem->dim[2] = 1;
	mem->elem = 4;
	mem->size = 1024;
	mem->format = format;
	return mem;
}

static bool set_image_args(struct world *w, struct obj *kernel)
{
	struct obj *image = flat_image(w, kernel->context), *mem, *sampler;
	cl_sampler handle;

	if (!image)
		return false;
	if (is(kernel, "draw")) {
		set_mem(w, kernel, 0, image);
		set_uint(w, kernel, 1, 16);
		return true;
	}
	mem = need_buffer(w, kernel->context);
	sampler = need_sampler(w, kernel->context);
	if (!sampler)
		return false;
	handle = sampler->handle;
	set_mem(w, kernel, 0, image);
	set_arg(w, kernel, 1, sizeof(handle), &handle, sampler);
	set_mem(w, kernel, 2, mem);
	set_uint(w, kernel, 3, words_of(mem));
	return true;
}

/* Give the kernel all that it needs. */
static bool set_all(struct world *w, struct obj *kernel)
{
	const struct pair pair = { draw(w, 9), 3, 1000 };
	const cl_uint v[4] = { draw(w, 100), 2, 3, 4 };
	struct obj *mem, *to;

	if (!strcmp(kernel->source->name, "image"))
		return set_image_args(w, kernel);
	if (is(kernel, "says")) {
		set_uint(w, kernel, 0, draw(w, 1000));
		return true;
	}
	mem = need_buffer(w, kernel->context);
	set_mem(w, kernel, 0, mem);
	if (is(kernel, "swap")) {
		to = need_buffer(w, kernel->context);
		if (mem_root(to) == mem_root(mem))
			return false;
		set_mem(w, kernel, 1, to);
		set_uint(w, kernel, 2, words_of(words_of(mem) < words_of(to) ? mem : to));
		return true;
	}
	set_uint(w, kernel, 1, words_of(mem));
	if (is(kernel, "add"))
		set_uint(w, kernel, 2, draw(w, 1000));
	else if (is(kernel, "local_sum"))
		set_arg(w, kernel, 2, 256, NULL, NULL);
	else if (is(kernel, "step"))
		set_arg(w, kernel, 2, sizeof(pair), &pair, NULL);
	else if (is(kernel, "vec"))
		set_arg(w, kernel, 2, sizeof(v), v, NULL);
	return true;
}

static void set_args(struct world *w)
{
	struct obj *context = need_context(w), *kernel = need_kernel(w, context), *mem;
	unsigned int wrong = fault(w);
	cl_mem handle, none = NULL;
	cl_uint value = 5;

	if (!kernel)
		return end_line(w);
	if (!wrong) {
		say_obj(w, kernel);
		set_all(w, kernel);
		return end_line(w);
	}
	mem = need_buffer(w, context);
	handle = mem->handle;
	say(w, " fault %u", wrong);
	say_obj(w, kernel);
	say(w, " %s", name_of(kernel));
	switch (wrong) {
	case 1: say_err(w, clSetKernelArg(kernel->handle, (cl_uint)ONE_OF(w, 4, 5, 1000,
					0xffffffff), 4, &value)); break;
	case 2: say_err(w, clSetKernelArg(NULL, 0, 8, &handle)); break;
	case 3: say_err(w, clSetKernelArg(kernel->handle, 0, (size_t)ONE_OF(w, 0, 1, 4, 7, 9),
					  &handle)); break;
	case 4: say_err(w, clSetKernelArg(kernel->handle, 1, (size_t)ONE_OF(w, 0, 1, 3, 8, 16),
					  &handle)); break;
	case 5: say_err(w, clSetKernelArg(kernel->handle, 1, 4, NULL)); break;
	case 6: set_arg(w, kernel, 0, sizeof(none), &none, NULL);
		kernel->arg_set[0] = false; break;
	case 7: say_err(w, clSetKernelArg(kernel->handle, 2, 0, NULL)); break;
	case 8: say_err(w, clSetKernelArg(kernel->handle, 2, 16, &handle)); break;
	}
	end_line(w);
	kernel->arg_set[1] = kernel->arg_set[2] = false;
}

/* --- queries ---------------------------------------------------------------------------- */

static cl_int get_kernel(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			 void *more)
{
	(void)more;
	return clGetKernelInfo(of, name, size, value, ret);
}

static cl_int get_arg(void *of, cl_uint name, size_t size, void *value, size_t *ret, void *more)
{
	return clGetKernelArgInfo(of, *(cl_uint *)more, name, size, value, ret);
}

static cl_int get_group(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			void *more)
{
	return clGetKernelWorkGroupInfo(of, more, name, size, value, ret);
}

static void kernel_info(struct world *w)
{
	struct obj *kernel = need_kernel(w, need_context(w));

	if (!kernel)
		return end_line(w);
	query_one(w, kernel, get_kernel, NULL, kernel_queries,
		  sizeof(kernel_queries) / sizeof(*kernel_queries));
}

static void arg_info(struct world *w)
{
	struct obj *kernel = need_kernel(w, need_context(w));
	cl_uint i = (cl_uint)ONE_OF(w, 0, 1, 2, 3, 9);

	if (!kernel)
		return end_line(w);
	say(w, " arg %u", i);
	query_one(w, kernel, get_arg, &i, arg_queries,
		  sizeof(arg_queries) / sizeof(*arg_queries));
}

static void group_info(struct world *w)
{
	struct obj *context = need_context(w), *kernel = need_kernel(w, context);
	void *device = chance(w, 70) ? context->device->handle : NULL;

	if (!kernel)
		return end_line(w);
	say(w, device ? " device" : " NULL");
	query_one(w, kernel, get_group, device, group_queries,
		  sizeof(group_queries) / sizeof(*group_queries));
}

static void sub_group_info(struct world *w)
{
	struct obj *context = need_context(w), *kernel = need_kernel(w, context);
	size_t in[3] = { 4, 1, 1 }, out[4] = { 0 }, ret = 0;
	unsigned int wrong = fault(w);
	cl_uint name = (cl_uint)ONE_OF(w, CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE,
				       CL_KERNEL_SUB_GROUP_COUNT_FOR_NDRANGE,
				       CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT,
				       CL_KERNEL_MAX_NUM_SUB_GROUPS,
				       CL_KERNEL_COMPILE_NUM_SUB_GROUPS);
	cl_int err;

	if (!kernel)
		return end_line(w);
	if (wrong == 1)
		name = 0x7777;
	err = clGetKernelSubGroupInfo(wrong == 2 ? NULL : kernel->handle,
				      context->device->handle, name, sizeof(in[0]),
				      wrong == 3 ? NULL : in, wrong == 4 ? 1 : sizeof(out), out,
				      &ret);
	say(w, " fault %u %x size %zu", wrong, name, ret);
	say_err(w, err);
	end_line(w);
}

static void clone(struct world *w)
{
	struct obj *kernel = need_kernel(w, need_context(w)), *copy;
	cl_int err = NO_ERR;

	if (!kernel)
		return end_line(w);
	say_obj(w, kernel);
	if (fault(w)) {
		made(w, K_KERNEL, clCloneKernel(NULL, &err), NULL, &err);
		return;
	}
	copy = made(w, K_KERNEL, clCloneKernel(kernel->handle, &err), kernel->context, &err);
	if (!copy)
		return;
	copy->parent = kernel->parent;
	copy->source = kernel->source;
	copy->which = kernel->which;
	memcpy(copy->arg, kernel->arg, sizeof(copy->arg));
	memcpy(copy->arg_set, kernel->arg_set, sizeof(copy->arg_set));
}

/* --- running ---------------------------------------------------------------------------- */

struct range {
	cl_uint dims;
	size_t offset[3], global[3], local[3];
	bool has_offset, has_local;
};

static void some_range(struct world *w, struct range *r, const struct obj *kernel)
{
	memset(r, 0, sizeof(*r));
	r->dims = 1 + (chance(w, 20) ? draw(w, 3) : 0);
	for (int i = 0; i < 3; i++) {
		r->global[i] = i ? 1 : (size_t)ONE_OF(w, 4, 16, 64);
		r->local[i] = i ? 1 : 4;
	}
	r->has_offset = chance(w, 20);
	r->offset[0] = r->has_offset ? draw(w, 8) : 0;
	r->has_local = is(kernel, "four") || is(kernel, "local_sum") || chance(w, 50);
}

static void range_wrong(struct world *w, struct range *r, unsigned int wrong)
{
	switch (wrong) {
	case 1: r->dims = (cl_uint)ONE_OF(w, 0, 4, 1000); break;
	case 2: r->has_local = true; r->local[0] = (size_t)ONE_OF(w, 3, 5, 0); break;
	case 3: r->has_local = true; r->local[0] = r->global[0] = 1 << 20; break;
	case 4: r->global[0] = 0; break;
	case 5: r->has_local = true; r->dims = 2; r->local[1] = 3; break;
	}
}

static void touch_args(struct cmd *c, const struct obj *kernel)
{
	for (int i = 0; i < MAX_ARGS; i++)
		if (kernel->arg[i] && kernel->arg[i]->kind == K_MEM)
			cmd_touch(c, kernel->arg[i]);
}

/* Arguments that have gone must not be used: nobody holds them. */
static bool args_alive(const struct obj *kernel)
{
	for (int i = 0; i < MAX_ARGS; i++)
		if (kernel->arg[i] && (!kernel->arg[i]->refs ||
				       (kernel->arg[i]->kind == K_MEM && mem_busy(kernel->arg[i]))))
			return false;
	return true;
}

static cl_int run(struct cmd *c, cl_kernel kernel, const struct range *r, bool no_global)
{
	return clEnqueueNDRangeKernel(c->q, kernel, r->dims, r->has_offset ? r->offset : NULL,
				      no_global ? NULL : r->global,
				      r->has_local ? r->local : NULL, c->count, c->listp,
				      c->eventp);
}

/* What a kernel prints must come at a place that is known: after all is told of it. */
static cl_event hold_back(struct cmd *c)
{
	cl_event gate = clCreateUserEvent(c->queue->context->handle, NULL);

	if (gate && c->count < MAX_WAIT && c->listp) {
		c->list[c->count++] = gate;
	} else if (gate && !c->listp && !c->count) {
		c->list[c->count++] = gate;
		c->listp = c->list;
	}
	return gate;
}

static void launch(struct world *w)
{
	struct obj *context = need_context(w), *kernel = need_kernel(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	cl_event gate = NULL;
	bool printing;
	struct range r;
	struct cmd c;

	if (!kernel)
		return end_line(w);
	say_obj(w, kernel);
	if (!set_all(w, kernel))
		return end_line(w);
	end_line(w);
	own = avoid_fault(own, 6, "launch-null-kernel");
	wrong = avoid_fault(wrong, 2, "launch-count-no-list");
	printing = is(kernel, "says") && !wrong;
	some_range(w, &r, kernel);
	range_wrong(w, &r, own);
	if (own && own != 6 && own != 7)
		printing = false;
	cmd_open(w, &c, context, false);
	touch_args(&c, kernel);
	say(w, "  launch");
	say_obj(w, kernel);
	say(w, " %s dims %u global %zu local %zu/%d offset %zu own %u", name_of(kernel), r.dims,
	    r.global[0], r.local[0], r.has_local, r.offset[0], own);
	c.plain = printing;
	cmd_arm(w, &c, wrong);
	if (is(kernel, "says"))
		gate = hold_back(&c);
	cmd_close(w, &c, run(&c, own == 6 ? NULL : kernel->handle, &r, own == 7));
	if (!gate)
		return;
	settle(w);
	clSetUserEventStatus(gate, CL_COMPLETE);
	clReleaseEvent(gate);
	clFinish(c.queue->handle);
	finish(w);
}

/* With the arguments as they are: perhaps not all are set. */
static void launch_unset(struct world *w)
{
	struct obj *context = need_context(w), *program = need_program(w, context, true), *kernel;
	size_t global = 4;
	struct cmd c;

	if (!program || !program->source || !program->source->kernels[0])
		return end_line(w);
	end_line(w);
	say(w, "  create-kernel");
	kernel = new_kernel(w, program, some_kernel(w, program->source));
	if (!kernel)
		return;
	say(w, "  launch");
	cmd_open(w, &c, context, false);
	cmd_arm(w, &c, 0);
	cmd_close(w, &c, clEnqueueNDRangeKernel(c.q, kernel->handle, 1, NULL, &global, NULL,
						c.count, c.listp, c.eventp));
}

static void task(struct world *w)
{
	struct obj *context = need_context(w), *kernel = need_kernel(w, context);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	struct cmd c;

	if (!kernel || is(kernel, "says") || !args_alive(kernel))
		return end_line(w);
	say_obj(w, kernel);
	if (!set_all(w, kernel))
		return end_line(w);
	end_line(w);
	own = avoid_fault(own, 1, "launch-null-kernel");
	wrong = avoid_fault(wrong, 2, "launch-count-no-list");
	say(w, "  task");
	cmd_open(w, &c, context, false);
	touch_args(&c, kernel);
	cmd_arm(w, &c, wrong);
	cmd_close(w, &c, clEnqueueTask(c.q, own == 1 ? NULL : kernel->handle, c.count, c.listp,
				       c.eventp));
}

static void CL_CALLBACK native(void *args)
{
	void **p = args;

	cookie_heard(p[0], "ran");
}

static void native_kernel(struct world *w)
{
	struct obj *context = need_context(w);
	unsigned int wrong = fault(w), own = wrong > CMD_FAULTS ? wrong - CMD_FAULTS : 0;
	void *args[2] = { cookie_make(w, H_COMMANDS, "native %u", w->index), NULL };
	struct cmd c;

	cmd_open(w, &c, context, false);
	cmd_arm(w, &c, wrong);
	if (cmd_close(w, &c, clEnqueueNativeKernel(c.q, own == 1 ? NULL : native,
			own == 2 ? NULL : args, own == 3 ? 0 : sizeof(args), own == 4 ? 1 : 0,
			NULL, NULL, c.count, c.listp, c.eventp)))
		cookie_expect(w, H_COMMANDS);
}

const struct op kernel_ops[] = {
	{ "create-kernel", create_kernel, 4, 4, true },
	{ "create-kernels", create_kernels, 5, 2, true },
	{ "set-args", set_args, 8, 6, true },
	{ "kernel-info", kernel_info, QUERY_FAULTS, 3, true },
	{ "arg-info", arg_info, QUERY_FAULTS, 2, true },
	{ "group-info", group_info, QUERY_FAULTS, 2, true },
	{ "sub-group-info", sub_group_info, 4, 1, true },
	{ "clone", clone, 1, 1, true },
	{ "launch", launch, CMD_FAULTS + 7, 10, true },
	{ "launch-unset", launch_unset, 0, 1, true },
	{ "task", task, CMD_FAULTS + 1, 2, true },
	{ "native-kernel", native_kernel, CMD_FAULTS + 4, 1, false },
	{ NULL, NULL, 0, 0, false }
};
