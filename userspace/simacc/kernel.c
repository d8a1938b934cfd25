// SPDX-License-Identifier: Apache-2.0
/*
 * kernel.c - a built-in kernel with its arguments
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool arg_is_buffer(const struct sim_builtin *builtin, uint32_t index)
{
	return builtin->args[index] == SIM_ARG_IN || builtin->args[index] == SIM_ARG_OUT;
}

static void kernel_destroy(void *object)
{
	struct sim_kernel_s *k = object;

	sim_kernel_args_put(k->builtin, k->args);
	sim_unuse(k->context);
	free(k);
}

sim_kernel sim_kernel_create(sim_context context, const char *name, sim_status *status)
{
	const struct sim_builtin *builtin;
	struct sim_kernel_s *k;

	if (!sim_is(context, SIM_TYPE_CONTEXT))
		return sim_created(NULL, SIM_INVALID_CONTEXT, status);
	if (!name)
		return sim_created(NULL, SIM_INVALID_VALUE, status);
	builtin = sim_builtin_find(name);
	if (!builtin)
		return sim_created(NULL, SIM_NO_SUCH_KERNEL, status);
	k = sim_object_new(SIM_TYPE_KERNEL, sizeof(*k), kernel_destroy);
	if (!k)
		return sim_created(NULL, SIM_OUT_OF_MEMORY, status);
	k->context = sim_use(context);
	k->builtin = builtin;
	return sim_created(k, SIM_OK, status);
}

sim_status sim_kernel_retain(sim_kernel kernel)
{
	return sim_retain(kernel, SIM_TYPE_KERNEL, SIM_INVALID_KERNEL);
}

sim_status sim_kernel_release(sim_kernel kernel)
{
	return sim_release(kernel, SIM_TYPE_KERNEL, SIM_INVALID_KERNEL);
}

static sim_status answer_work(struct sim_kernel_s *k, size_t size, void *value, size_t *size_ret)
{
	union sim_arg args[SIM_ARGS];
	sim_status ret = sim_kernel_args(k, args);
	uint64_t work;

	if (ret)
		return ret;
	work = k->builtin->work(args);
	sim_kernel_args_put(k->builtin, args);
	return sim_answer(size, value, size_ret, &work, sizeof(work));
}

sim_status sim_kernel_info(sim_kernel kernel, sim_info what, size_t size, void *value,
			   size_t *size_ret)
{
	const struct sim_builtin *b;
	uint32_t refs;

	if (!sim_is(kernel, SIM_TYPE_KERNEL))
		return SIM_INVALID_KERNEL;
	b = kernel->builtin;
	switch (what) {
	case SIM_KERNEL_REFERENCES:
		refs = sim_refs(kernel);
		return sim_answer(size, value, size_ret, &refs, sizeof(refs));
	case SIM_KERNEL_NAME:
		return sim_answer(size, value, size_ret, b->name, strlen(b->name) + 1);
	case SIM_KERNEL_CONTEXT:
		return sim_answer(size, value, size_ret, &kernel->context,
				  sizeof(kernel->context));
	case SIM_KERNEL_DIMS:
		return sim_answer(size, value, size_ret, &b->dims, sizeof(b->dims));
	case SIM_KERNEL_ARGS:
		return sim_answer(size, value, size_ret, b->args,
				  sim_builtin_arg_count(b) * sizeof(b->args[0]));
	case SIM_KERNEL_WORK:
		return answer_work(kernel, size, value, size_ret);
	}
	return SIM_INVALID_VALUE;
}

/* Replace argument @index; what it was before is let go. */
static void set_arg(struct sim_kernel_s *k, uint32_t index, const union sim_arg *arg)
{
	struct sim_buffer_s *before = NULL;

	pthread_mutex_lock(&sim_lock);
	if (arg_is_buffer(k->builtin, index))
		before = k->args[index].buffer;
	k->args[index] = *arg;
	k->set[index] = true;
	pthread_mutex_unlock(&sim_lock);
	sim_unuse(before);
}

sim_status sim_kernel_set_buffer(sim_kernel kernel, uint32_t index, sim_buffer buffer)
{
	union sim_arg arg;

	if (!sim_is(kernel, SIM_TYPE_KERNEL))
		return SIM_INVALID_KERNEL;
	if (!sim_is(buffer, SIM_TYPE_BUFFER))
		return SIM_INVALID_BUFFER;
	if (index >= sim_builtin_arg_count(kernel->builtin) ||
	    !arg_is_buffer(kernel->builtin, index))
		return SIM_INVALID_ARGUMENT;
	if (buffer->context != kernel->context)
		return SIM_INVALID_BUFFER;
	arg.buffer = sim_use(buffer);
	set_arg(kernel, index, &arg);
	return SIM_OK;
}

sim_status sim_kernel_set_value(sim_kernel kernel, uint32_t index, size_t size, const void *value)
{
	union sim_arg arg;

	if (!sim_is(kernel, SIM_TYPE_KERNEL))
		return SIM_INVALID_KERNEL;
	if (index >= sim_builtin_arg_count(kernel->builtin) ||
	    arg_is_buffer(kernel->builtin, index))
		return SIM_INVALID_ARGUMENT;
	if (size != sizeof(arg.u))
		return SIM_INVALID_SIZE;
	if (!value)
		return SIM_INVALID_VALUE;
	memset(&arg, 0, sizeof(arg));
	memcpy(&arg, value, size);
	set_arg(kernel, index, &arg);
	return SIM_OK;
}

sim_status sim_kernel_args(struct sim_kernel_s *kernel, union sim_arg *args)
{
	uint32_t count = sim_builtin_arg_count(kernel->builtin);
	bool all = true;

	pthread_mutex_lock(&sim_lock);
	for (uint32_t i = 0; i < count; i++)
		all = all && kernel->set[i];
	for (uint32_t i = 0; all && i < count; i++) {
		args[i] = kernel->args[i];
		if (arg_is_buffer(kernel->builtin, i))
			args[i].buffer->base.uses++;
	}
	pthread_mutex_unlock(&sim_lock);
	return all ? SIM_OK : SIM_INVALID_ARGUMENT;
}

void sim_kernel_args_put(const struct sim_builtin *builtin, const union sim_arg *args)
{
	for (uint32_t i = 0; builtin->args[i]; i++)
		if (arg_is_buffer(builtin, i))
			sim_unuse(args[i].buffer);
}
