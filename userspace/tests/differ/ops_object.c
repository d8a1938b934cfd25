// SPDX-License-Identifier: Apache-2.0
/*
 * ops_object.c - contexts, queues, samplers; retain and release of everything
 */
#include "differ.h"

static const struct query context_queries[] = {
	Q(CL_CONTEXT_REFERENCE_COUNT, S_REFS), Q(CL_CONTEXT_NUM_DEVICES, S_BYTES),
	QH(CL_CONTEXT_DEVICES, S_HANDLES, K_DEVICE), Q(CL_CONTEXT_PROPERTIES, S_PROPS),
};

/* A command's reference to its queue goes a moment after clFinish has seen its end. */
static const struct query queue_queries[] = {
	QH(CL_QUEUE_CONTEXT, S_HANDLE, K_CONTEXT), QH(CL_QUEUE_DEVICE, S_HANDLE, K_DEVICE),
	Q(CL_QUEUE_REFERENCE_COUNT, S_SKIP), Q(CL_QUEUE_PROPERTIES, S_BYTES),
	Q(CL_QUEUE_SIZE, S_BYTES), Q(CL_QUEUE_DEVICE_DEFAULT, S_POINTER),
	Q(CL_QUEUE_PROPERTIES_ARRAY, S_BYTES),
};

static const struct query sampler_queries[] = {
	Q(CL_SAMPLER_REFERENCE_COUNT, S_REFS), QH(CL_SAMPLER_CONTEXT, S_HANDLE, K_CONTEXT),
	Q(CL_SAMPLER_NORMALIZED_COORDS, S_BYTES), Q(CL_SAMPLER_ADDRESSING_MODE, S_BYTES),
	Q(CL_SAMPLER_FILTER_MODE, S_BYTES), Q(CL_SAMPLER_PROPERTIES, S_BYTES),
	Q(CL_SAMPLER_MIP_FILTER_MODE, S_BYTES), Q(CL_SAMPLER_LOD_MIN, S_BYTES),
	Q(CL_SAMPLER_LOD_MAX, S_BYTES),
};

static void CL_CALLBACK context_error(const char *text, const void *info, size_t len, void *data)
{
	(void)info;
	cookie_heard(data, "error '%s' %zu", text, len);
}

static void CL_CALLBACK context_gone(cl_context context, void *data)
{
	(void)context;
	cookie_heard(data, "destroyed");
}

/* --- contexts --------------------------------------------------------------------- */

/* A context without a device is told of, and is good for nothing else. */
static void remember_device(struct world *w, struct obj *context, struct obj *device)
{
	cl_device_id first = NULL;
	cl_int err;

	if (!context)
		return;
	context->device = device;
	err = clGetContextInfo(context->handle, CL_CONTEXT_DEVICES, sizeof(first), &first, NULL);
	if (first)
		return;
	say(w, "  no device");
	say_err(w, err);
	say_err(w, obj_release(w, context));
	end_line(w);
}

static struct obj *new_context(struct world *w, struct obj *device)
{
	cl_context_properties p[] = { CL_CONTEXT_PLATFORM, (cl_context_properties)w->platform,
				      0 };
	cl_device_id list[1] = { device->handle };
	cl_int err = NO_ERR;
	cl_context context;

	context = clCreateContext(chance(w, 50) ? p : NULL, 1, list, NULL, NULL, &err);
	say(w, "  create-context");
	say_obj(w, device);
	return made(w, K_CONTEXT, context, NULL, &err);
}

struct obj *need_context(struct world *w)
{
	struct obj *context = obj_pick(w, K_CONTEXT, NULL);

	if (context)
		return context;
	end_line(w);
	context = new_context(w, w->root);
	if (!context) {
		say(w, "no context");
		end_line(w);
		exit(2);
	}
	remember_device(w, context, w->root);
	return context;
}

static void context_props_wrong(struct world *w, cl_context_properties *p, unsigned int wrong)
{
	switch (wrong) {
	case 1:
		p[0] = (cl_context_properties)ONE_OF(w, 0x7777, 0x1083, 1);
		break;
	case 2:
		p[1] = 0;
		break;
	case 3:
		p[2] = CL_CONTEXT_PLATFORM;
		p[3] = p[1];
		break;
	default:
		p[2] = CL_CONTEXT_INTEROP_USER_SYNC;
		p[3] = (cl_context_properties)ONE_OF(w, 0, 1, 7);
	}
}

static void create_context(struct world *w)
{
	cl_context_properties p[8] = { CL_CONTEXT_PLATFORM, (cl_context_properties)w->platform,
				       0 };
	struct obj *device = obj_pick(w, K_DEVICE, NULL), *context;
	cl_device_id list[2] = { device->handle, NULL };
	cl_uint n = chance(w, 80) ? 1 : 2;
	unsigned int wrong = fault(w);
	cl_int err = NO_ERR;
	struct cookie *cookie = chance(w, 20) ? cookie_make(w, H_END, "op %u", w->index) : NULL;
	cl_context handle;

	list[1] = chance(w, 50) ? device->handle : w->root->handle;
	if (wrong >= 1 && wrong <= 4)
		context_props_wrong(w, p, wrong);
	if (wrong == 5)
		list[draw(w, n)] = NULL;
	say(w, " fault %u", wrong);
	say_obj(w, device);
	say(w, " x%u", n);
	if (wrong == 6)
		handle = clCreateContext(p, 0, list, NULL, NULL, &err);
	else if (wrong == 7)
		handle = clCreateContext(p, 1, NULL, NULL, NULL, &err);
	else if (wrong == 8)
		handle = clCreateContext(p, n, list, NULL, list, &err);
	else
		handle = clCreateContext(wrong || chance(w, 50) ? p : NULL, n, list,
					 cookie ? context_error : NULL, cookie, &err);
	context = made(w, K_CONTEXT, handle, NULL, &err);
	remember_device(w, context, device);
}

static void create_context_from_type(struct world *w)
{
	cl_context_properties p[8] = { CL_CONTEXT_PLATFORM, (cl_context_properties)w->platform,
				       0 };
	cl_device_type type = ONE_OF(w, CL_DEVICE_TYPE_ALL, CL_DEVICE_TYPE_CPU,
				     CL_DEVICE_TYPE_DEFAULT, CL_DEVICE_TYPE_GPU,
				     CL_DEVICE_TYPE_ACCELERATOR);
	unsigned int wrong = fault(w);
	cl_int err = NO_ERR;
	cl_context context;

	if (wrong >= 1 && wrong <= 4)
		context_props_wrong(w, p, wrong);
	if (wrong == 5)
		type = ONE_OF(w, 0, 1 << 9, 1ull << 33);
	say(w, " fault %u %llx", wrong, (unsigned long long)type);
	if (wrong == 6)
		context = clCreateContextFromType(p, type, NULL, p, &err);
	else
		context = clCreateContextFromType(p, type, NULL, NULL,
						  &err);
	remember_device(w, made(w, K_CONTEXT, context, NULL, &err), w->root);
}

static cl_int get_context(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			  void *more)
{
	(void)more;
	return clGetContextInfo(of, name, size, value, ret);
}

static void context_info(struct world *w)
{
	query_one(w, need_context(w), get_context, NULL, context_queries,
		  sizeof(context_queries) / sizeof(*context_queries));
}

static void context_callback(struct world *w)
{
	struct obj *context = need_context(w);
	struct cookie *cookie = cookie_make(w, H_END, "op %u: context%u", w->index, context->id);
	cl_int err;

	say_obj(w, context);
	switch (fault(w)) {
	case 1:
		err = clSetContextDestructorCallback(NULL, context_gone, cookie);
		break;
	case 2:
		err = clSetContextDestructorCallback(context->handle, NULL, cookie);
		break;
	default:
		err = clSetContextDestructorCallback(context->handle, context_gone, cookie);
		if (err == CL_SUCCESS)
			context->expects++;
	}
	say_err(w, err);
	end_line(w);
}

/* --- queues ----------------------------------------------------------------------- */

struct obj *need_queue(struct world *w, struct obj *context)
{
	struct obj *queue = obj_pick(w, K_QUEUE, context);
	cl_command_queue_properties props = ONE_OF(w, 0, CL_QUEUE_PROFILING_ENABLE);
	cl_command_queue handle;
	cl_int err = NO_ERR;

	if (queue)
		return queue;
	end_line(w);
	say(w, "  create-queue");
	say_obj(w, context);
	handle = clCreateCommandQueue(context->handle, context->device->handle, props, &err);
	queue = made(w, K_QUEUE, handle, context, &err);
	if (!queue) {
		say(w, "no queue");
		end_line(w);
		exit(2);
	}
	queue->props = props;
	queue->device = context->device;
	return queue;
}

static cl_command_queue_properties some_props(struct world *w)
{
	return ONE_OF(w, 0, CL_QUEUE_PROFILING_ENABLE, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE,
		      CL_QUEUE_PROFILING_ENABLE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
}

static void create_queue(struct world *w)
{
	struct obj *context = need_context(w), *device = context->device, *queue;
	cl_command_queue_properties props = some_props(w);
	cl_context in = context->handle;
	cl_device_id on = device->handle;
	unsigned int wrong = fault(w);
	cl_command_queue handle;
	cl_int err = NO_ERR;

	switch (wrong) {
	case 1: in = NULL; break;
	case 2: on = NULL; break;
	case 3: props = ONE_OF(w, 1 << 20, 1ull << 40, 16, ~0ull); break;
	case 4: on = obj_pick(w, K_DEVICE, NULL)->handle; break;
	case 5: props = ONE_OF(w, CL_QUEUE_ON_DEVICE, CL_QUEUE_ON_DEVICE_DEFAULT,
			       CL_QUEUE_ON_DEVICE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
		break;
	}
	say(w, " fault %u", wrong);
	say_obj(w, context);
	say_handle(w, K_DEVICE, on);
	say(w, " %llx", (unsigned long long)props);
	handle = clCreateCommandQueue(in, on, props, &err);
	queue = made(w, K_QUEUE, handle, context, &err);
	if (queue) {
		queue->props = props;
		queue->device = device;
	}
}

static void queue_props_wrong(struct world *w, cl_queue_properties *p, unsigned int wrong)
{
	switch (wrong) {
	case 1: p[0] = ONE_OF(w, 0x7777, 0x1092, 1, 0x1095); break;
	case 2: p[1] = ONE_OF(w, 1 << 20, 1ull << 40, 16); break;
	case 3: p[1] |= CL_QUEUE_ON_DEVICE; break;
	case 4: p[2] = CL_QUEUE_SIZE; p[3] = ONE_OF(w, 0, 16, 1 << 20); break;
	case 5: p[2] = CL_QUEUE_PROPERTIES; p[3] = 0; break;
	}
}

static void create_queue_with(struct world *w)
{
	struct obj *context = need_context(w), *queue;
	cl_queue_properties p[8] = { CL_QUEUE_PROPERTIES, some_props(w), 0 };
	unsigned int wrong = fault(w), form = draw(w, 3);
	cl_command_queue handle;
	cl_int err = NO_ERR;

	wrong = avoid_fault(wrong, 3, "device-queue");
	if (wrong)
		form = 0;
	if (wrong >= 1 && wrong <= 5)
		queue_props_wrong(w, p, wrong);
	if (form == 1)
		p[0] = 0;
	say(w, " fault %u form %u %llx %llx", wrong, form, (unsigned long long)p[0],
	    (unsigned long long)p[1]);
	say_obj(w, context);
	handle = clCreateCommandQueueWithProperties(wrong == 6 ? NULL : context->handle,
						    wrong == 7 ? NULL : context->device->handle,
						    form == 2 ? NULL : p, &err);
	queue = made(w, K_QUEUE, handle, context, &err);
	if (queue) {
		queue->props = form ? 0 : p[1];
		queue->device = context->device;
	}
}

static cl_int get_queue(void *of, cl_uint name, size_t size, void *value, size_t *ret, void *more)
{
	(void)more;
	return clGetCommandQueueInfo(of, name, size, value, ret);
}

static void queue_info(struct world *w)
{
	query_one(w, need_queue(w, need_context(w)), get_queue, NULL, queue_queries,
		  sizeof(queue_queries) / sizeof(*queue_queries));
}

static void queue_misc(struct world *w)
{
	struct obj *context = need_context(w), *queue = need_queue(w, context);
	cl_command_queue_properties old = NO_ERR;
	unsigned int wrong = fault(w);
	cl_int err;

	say(w, " fault %u", wrong);
	say_obj(w, queue);
	if (chance(w, 50)) {
		if (wrong != 1 && avoided("set-queue-property"))
			return end_line(w);
		err = clSetCommandQueueProperty(wrong == 1 ? NULL : queue->handle,
						CL_QUEUE_PROFILING_ENABLE, CL_TRUE, &old);
		say(w, " set-property");
		if (err == CL_SUCCESS)
			queue->props |= CL_QUEUE_PROFILING_ENABLE;
	} else {
		if (wrong != 1 && avoided("set-default-queue"))
			return end_line(w);
		err = clSetDefaultDeviceCommandQueue(wrong == 1 ? NULL : context->handle,
						     wrong == 2 ? NULL : context->device->handle,
						     queue->handle);
		say(w, " set-default");
	}
	say_err(w, err);
	end_line(w);
}

/* --- samplers --------------------------------------------------------------------- */

struct obj *need_sampler(struct world *w, struct obj *context)
{
	struct obj *sampler = obj_pick(w, K_SAMPLER, context);
	cl_int err = NO_ERR;

	if (sampler)
		return sampler;
	end_line(w);
	say(w, "  create-sampler");
	return made(w, K_SAMPLER, clCreateSampler(context->handle, CL_FALSE, CL_ADDRESS_CLAMP,
						  CL_FILTER_NEAREST, &err), context, &err);
}

static void create_sampler(struct world *w)
{
	struct obj *context = need_context(w);
	cl_context in = context->handle;
	cl_bool norm = chance(w, 50);
	cl_addressing_mode mode = (cl_addressing_mode)ONE_OF(w, CL_ADDRESS_NONE,
		CL_ADDRESS_CLAMP_TO_EDGE, CL_ADDRESS_CLAMP, CL_ADDRESS_REPEAT,
		CL_ADDRESS_MIRRORED_REPEAT);
	cl_filter_mode filter = chance(w, 50) ? CL_FILTER_NEAREST : CL_FILTER_LINEAR;
	unsigned int wrong = fault(w);
	cl_int err = NO_ERR;

	switch (wrong) {
	case 1: in = NULL; break;
	case 2: mode = (cl_addressing_mode)ONE_OF(w, 0, 0x7777, 0x1135); break;
	case 3: filter = (cl_filter_mode)ONE_OF(w, 0, 0x7777, 0x1142); break;
	case 4: norm = 2; break;
	}
	say(w, " %u %x %x", norm, mode, filter);
	made(w, K_SAMPLER, clCreateSampler(in, norm, mode, filter, &err), context, &err);
}

static void create_sampler_with(struct world *w)
{
	struct obj *context = need_context(w);
	cl_sampler_properties p[10] = { CL_SAMPLER_NORMALIZED_COORDS, chance(w, 50),
		CL_SAMPLER_ADDRESSING_MODE, ONE_OF(w, CL_ADDRESS_NONE, CL_ADDRESS_CLAMP,
						   CL_ADDRESS_REPEAT),
		CL_SAMPLER_FILTER_MODE, ONE_OF(w, CL_FILTER_NEAREST, CL_FILTER_LINEAR), 0 };
	unsigned int wrong = fault(w);
	cl_int err = NO_ERR;

	switch (wrong) {
	case 1: p[0] = ONE_OF(w, 0x7777, 0x1155, 0x1156); break;
	case 2: p[1] = 7; break;
	case 3: p[3] = ONE_OF(w, 0, 0x7777); break;
	case 4: p[5] = ONE_OF(w, 0, 0x7777); break;
	case 5: p[6] = p[0]; p[7] = p[1]; break;
	}
	if (!wrong && chance(w, 30))
		p[draw(w, 3) * 2] = 0;
	say(w, " fault %u %llx %llx %llx", wrong, (unsigned long long)p[1],
	    (unsigned long long)p[3], (unsigned long long)p[5]);
	made(w, K_SAMPLER, clCreateSamplerWithProperties(wrong == 6 ? NULL : context->handle,
			wrong || chance(w, 80) ? p : NULL, &err), context, &err);
}

static cl_int get_sampler(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			  void *more)
{
	(void)more;
	return clGetSamplerInfo(of, name, size, value, ret);
}

static void sampler_info(struct world *w)
{
	struct obj *sampler = need_sampler(w, need_context(w));

	if (!sampler)
		return end_line(w);
	query_one(w, sampler, get_sampler, NULL, sampler_queries,
		  sizeof(sampler_queries) / sizeof(*sampler_queries));
}

/* --- references ------------------------------------------------------------------- */

static void retain(struct world *w)
{
	struct obj *o = obj_pick(w, (enum kind)draw(w, KINDS), NULL);
	struct obj nothing = { .kind = (enum kind)draw(w, KINDS) };
	cl_int err;

	if (fault(w)) {
		say(w, " no %s", kind_name[nothing.kind]);
		err = obj_retain(&nothing);
	} else if (o) {
		say_obj(w, o);
		err = obj_retain(o);
		o->refs += err == CL_SUCCESS;
	} else {
		return end_line(w);
	}
	say_err(w, err);
	end_line(w);
}

/* What must be over before an object goes for good. */
static void before_release(struct world *w, struct obj *o)
{
	if (o->refs > 1)
		return;
	if (o->kind == K_EVENT && o->user && !o->done) {
		settle(w);
	} else if (o->kind == K_QUEUE) {
		settle(w);
		unmap_all(w, NULL);
		say(w, "  finish");
		say_err(w, clFinish(o->handle));
		end_line(w);
		queue_finished(w, o);
	} else if (o->kind == K_MEM && o->maps) {
		unmap_all(w, o);
	}
}

/* An event that others would have to wait for is gone: wait for its queue. */
static void after_release(struct world *w, struct obj *o)
{
	if (o->refs || o->kind != K_EVENT || o->done || !o->queue || !o->queue->refs)
		return;
	settle(w);
	say(w, "  finish");
	say_err(w, clFinish(o->queue->handle));
	end_line(w);
	queue_finished(w, o->queue);
}

static void release_one(struct world *w)
{
	struct obj *o = obj_pick(w, (enum kind)draw(w, KINDS), NULL);
	struct obj nothing = { .kind = (enum kind)draw(w, KINDS), .refs = 1 };

	if (fault(w)) {
		say(w, " no %s", kind_name[nothing.kind]);
		say_err(w, obj_release(w, &nothing));
		return end_line(w);
	}
	/* contexts are needed; of devices all but the root */
	if (!o || o == w->root || (o->kind == K_CONTEXT && o->refs == 1) ||
	    (o->kind == K_DEVICE && o->refs == 1))
		return end_line(w);
	say_obj(w, o);
	end_line(w);
	before_release(w, o);
	say(w, "  release");
	say_err(w, obj_release(w, o));
	end_line(w);
	after_release(w, o);
}

const struct op object_ops[] = {
	{ "create-context", create_context, 8, 2, false },
	{ "create-context-from-type", create_context_from_type, 6, 1, false },
	{ "context-info", context_info, QUERY_FAULTS, 3, false },
	{ "context-callback", context_callback, 2, 1, false },
	{ "create-queue", create_queue, 5, 3, false },
	{ "create-queue-with", create_queue_with, 7, 3, false },
	{ "queue-info", queue_info, QUERY_FAULTS, 3, false },
	{ "queue-misc", queue_misc, 2, 1, false },
	{ "create-sampler", create_sampler, 4, 2, false },
	{ "create-sampler-with", create_sampler_with, 6, 2, false },
	{ "sampler-info", sampler_info, QUERY_FAULTS, 2, false },
	{ "retain", retain, 1, 5, false },
	{ "release", release_one, 1, 8, false },
	{ NULL, NULL, 0, 0, false }
};
