// SPDX-License-Identifier: Apache-2.0
/*
 * builtin.c - the kernels that the devices have, and what each costs
 *
 * All buffers hold floats. Sums go in the order of the items, so that a result is
 * the same everywhere.
 */
#include <string.h>

#include "internal.h"

static float *floats(const union sim_arg *arg)
{
	return (float *)arg->buffer->bytes;
}

uint64_t sim_mul(uint64_t a, uint64_t b)
{
	uint64_t r;

	return __builtin_mul_overflow(a, b, &r) ? UINT64_MAX : r;
}

static uint64_t one_op(const union sim_arg *args)
{
	(void)args;
	return 1;
}

/* A float for each item. */
static uint64_t need_items(const uint64_t *items, const union sim_arg *args, uint32_t index)
{
	(void)args;
	(void)index;
	return sim_mul(items[0], sizeof(float));
}

static void run_fill(const uint64_t *items, const union sim_arg *args)
{
	float *out = floats(&args[0]);

	for (uint64_t i = 0; i < items[0]; i++)
		out[i] = args[1].f;
}

static void run_add(const uint64_t *items, const union sim_arg *args)
{
	const float *a = floats(&args[0]), *b = floats(&args[1]);
	float *out = floats(&args[2]);

	for (uint64_t i = 0; i < items[0]; i++)
		out[i] = a[i] + b[i];
}

static void run_scale(const uint64_t *items, const union sim_arg *args)
{
	const float *in = floats(&args[0]);
	float *out = floats(&args[1]);

	for (uint64_t i = 0; i < items[0]; i++)
		out[i] = in[i] * args[2].f;
}

static uint64_t need_reduce(const uint64_t *items, const union sim_arg *args, uint32_t index)
{
	return index ? sizeof(float) : need_items(items, args, index);
}

static void run_reduce(const uint64_t *items, const union sim_arg *args)
{
	const float *in = floats(&args[0]);
	float sum = 0;

	for (uint64_t i = 0; i < items[0]; i++)
		sum += in[i];
	*floats(&args[1]) = sum;
}

/* A product and a sum for each step of the inner loop. */
static uint64_t work_matmul(const union sim_arg *args)
{
	return sim_mul(args[3].u, 2);
}

static uint64_t need_matmul(const uint64_t *items, const union sim_arg *args, uint32_t index)
{
	uint64_t rows = index == 1 ? args[3].u : items[0];
	uint64_t columns = index ? items[1] : args[3].u;

	return sim_mul(sim_mul(rows, columns), sizeof(float));
}

static void run_matmul(const uint64_t *items, const union sim_arg *args)
{
	const float *a = floats(&args[0]), *b = floats(&args[1]);
	float *out = floats(&args[2]);
	uint64_t inner = args[3].u;

	for (uint64_t y = 0; y < items[0]; y++) {
		for (uint64_t x = 0; x < items[1]; x++) {
			float sum = 0;

			for (uint64_t k = 0; k < inner; k++)
				sum += a[y * inner + k] * b[k * items[1] + x];
			out[y * items[1] + x] = sum;
		}
	}
}

static const struct sim_builtin builtins[] = {
	{ "fill", 1, { SIM_ARG_OUT, SIM_ARG_FLOAT }, one_op, need_items, run_fill },
	{ "add", 1, { SIM_ARG_IN, SIM_ARG_IN, SIM_ARG_OUT }, one_op, need_items, run_add },
	{ "scale", 1, { SIM_ARG_IN, SIM_ARG_OUT, SIM_ARG_FLOAT }, one_op, need_items, run_scale },
	{ "reduce", 1, { SIM_ARG_IN, SIM_ARG_OUT }, one_op, need_reduce, run_reduce },
	{ "matmul", 2, { SIM_ARG_IN, SIM_ARG_IN, SIM_ARG_OUT, SIM_ARG_UINT }, work_matmul,
	  need_matmul, run_matmul },
};

const struct sim_builtin *sim_builtin_find(const char *name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}

const char *sim_builtin_names(void)
{
	return "fill;add;scale;reduce;matmul";
}

uint32_t sim_builtin_arg_count(const struct sim_builtin *builtin)
{
	uint32_t n = 0;

	while (builtin->args[n])
		n++;
	return n;
}
