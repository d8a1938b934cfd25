// SPDX-License-Identifier: Apache-2.0
/*
 * matmul.c - ava-matmul: multiply square matrices on an OpenCL device, and check
 *
 * The elements are small whole numbers, so that every sum is exact in single
 * precision whatever its order: the device's result must equal the CPU's bit by
 * bit. Each thread has a queue, a kernel and matrices of its own; they share the
 * context and the program.
 */
#include "cl_setup.h"

#include <getopt.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TILE	8

static const char source[] =
"__kernel void multiply(__global const float *a, __global const float *b,\n"
"		       __global float *c, int n, __local float *ta,\n"
"		       __local float *tb)\n"
"{\n"
"	const int col = get_global_id(0), row = get_global_id(1);\n"
"	const int lx = get_local_id(0), ly = get_local_id(1);\n"
"	float sum = 0.0f;\n"
"\n"
"	for (int t = 0; t < n; t += TILE) {\n"
"		ta[ly * TILE + lx] = row < n && t + lx < n ? a[row * n + t + lx] : 0.0f;\n"
"		tb[ly * TILE + lx] = col < n && t + ly < n ? b[(t + ly) * n + col] : 0.0f;\n"
"		barrier(CLK_LOCAL_MEM_FENCE);\n"
"		for (int i = 0; i < TILE; i++)\n"
"			sum += ta[ly * TILE + i] * tb[i * TILE + lx];\n"
"		barrier(CLK_LOCAL_MEM_FENCE);\n"
"	}\n"
"	if (row < n && col < n)\n"
"		c[row * n + col] = sum;\n"
"}\n";

struct options {
	struct cl_choice choice;
	long n;
	long threads;
	long repeat;
};

/* One thread's multiplication. */
struct worker {
	const struct options *opt;
	const struct cl_open *cl;
	cl_program program;
	pthread_t thread;
	int number;
	cl_command_queue queue;
	cl_kernel kernel;
	cl_mem mem[3];
	float *a;
	float *b;
	float *c;
	cl_ulong device_ns;
	uint64_t checksum;
	int failed;
};

static void usage(FILE *to)
{
	fputs("usage: ava-matmul [options]\n"
	      "  --size N       rows and columns, 1 to 4096 (default: 128)\n"
	      "  --threads T    multiply in T threads at once, 1 to 256 (default: 1)\n"
	      "  --repeat R     multiplications a thread, 1 to 1000000 (default: 1)\n"
	      "  --platform P   OpenCL platform (default: 0)\n"
	      "  --device D     device of the platform (default: 0)\n"
	      "  --list         show platforms and devices\n", to);
}

static int parse_number(const char *text, long low, long high, const char *what,
			long *value)
{
	char *end;

	*value = strtol(text, &end, 10);
	if (end != text && !*end && *value >= low && *value <= high)
		return 0;
	fprintf(stderr, "%s: '%s' is not a number from %ld to %ld\n", what, text,
		low, high);
	return -1;
}

static int parse_option(int c, struct options *opt)
{
	long n = 0;
	int ret;

	switch (c) {
	case 'n':
		return parse_number(optarg, 1, 4096, "--size", &opt->n);
	case 't':
		return parse_number(optarg, 1, 256, "--threads", &opt->threads);
	case 'r':
		return parse_number(optarg, 1, 1000000, "--repeat", &opt->repeat);
	case 'p':
		ret = parse_number(optarg, 0, 1000, "--platform", &n);
		opt->choice.platform = n;
		return ret;
	case 'd':
		ret = parse_number(optarg, 0, 1000, "--device", &n);
		opt->choice.device = n;
		return ret;
	case 'l':
		exit(cl_list() ? EXIT_FAILURE : EXIT_SUCCESS);
	case 'h':
		usage(stdout);
		exit(EXIT_SUCCESS);
	}
	usage(stderr);
	return -1;
}

static int parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option longs[] = {
		{ "size", required_argument, NULL, 'n' },
		{ "threads", required_argument, NULL, 't' },
		{ "repeat", required_argument, NULL, 'r' },
		{ "platform", required_argument, NULL, 'p' },
		{ "device", required_argument, NULL, 'd' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if (parse_option(c, opt))
			return -1;
	if (optind == argc)
		return 0;
	usage(stderr);
	return -1;
}

/* Whole numbers from -8 to 7: 4096 products of them stay far below 2^24. */
static void fill(float *m, size_t count, uint32_t state)
{
	for (size_t i = 0; i < count; i++) {
		state = state * 1664525u + 1013904223u;
		m[i] = (float)((int)(state >> 28) - 8);
	}
}

static uint64_t checksum(const float *m, size_t count)
{
	const unsigned char *p = (const unsigned char *)m;
	uint64_t hash = 14695981039346656037ull;

	for (size_t i = 0; i < count * sizeof(*m); i++)
		hash = (hash ^ p[i]) * 1099511628211ull;
	return hash;
}

static int setup(struct worker *w)
{
	size_t count = (size_t)w->opt->n * w->opt->n;

	w->a = malloc(count * sizeof(float));
	w->b = malloc(count * sizeof(float));
	w->c = malloc(count * sizeof(float));
	if (!w->a || !w->b || !w->c)
		return cl_failed("matrices", CL_OUT_OF_HOST_MEMORY);
	fill(w->a, count, 2 * w->number + 1);
	fill(w->b, count, 2 * w->number + 2);
	return 0;
}

static int setup_device(struct worker *w)
{
	size_t bytes = (size_t)w->opt->n * w->opt->n * sizeof(float);
	cl_int err;

	w->queue = cl_open_queue(w->cl);
	if (!w->queue)
		return -1;
	w->kernel = clCreateKernel(w->program, "multiply", &err);
	if (err)
		return cl_failed("clCreateKernel", err);
	for (int i = 0; i < 3; i++) {
		w->mem[i] = clCreateBuffer(w->cl->context, i < 2 ? CL_MEM_READ_ONLY :
					   CL_MEM_WRITE_ONLY, bytes, NULL, &err);
		if (err)
			return cl_failed("clCreateBuffer", err);
	}
	return 0;
}

static int set_args(struct worker *w)
{
	cl_int n = w->opt->n;
	cl_int err = 0;

	for (int i = 0; i < 3 && !err; i++)
		err = clSetKernelArg(w->kernel, i, sizeof(cl_mem), &w->mem[i]);
	err = err ? err : clSetKernelArg(w->kernel, 3, sizeof(n), &n);
	for (int i = 4; i < 6 && !err; i++)
		err = clSetKernelArg(w->kernel, i, TILE * TILE * sizeof(float), NULL);
	return err ? cl_failed("clSetKernelArg", err) : 0;
}

static int multiply(struct worker *w)
{
	size_t bytes = (size_t)w->opt->n * w->opt->n * sizeof(float);
	size_t round = (w->opt->n + TILE - 1) / TILE * TILE;
	size_t global[2] = { round, round };
	size_t local[2] = { TILE, TILE };
	cl_event done;
	cl_int err;

	err = clEnqueueWriteBuffer(w->queue, w->mem[0], CL_FALSE, 0, bytes, w->a,
				   0, NULL, NULL);
	err = err ? err : clEnqueueWriteBuffer(w->queue, w->mem[1], CL_FALSE, 0,
					       bytes, w->b, 0, NULL, NULL);
	if (err)
		return cl_failed("clEnqueueWriteBuffer", err);
	err = clEnqueueNDRangeKernel(w->queue, w->kernel, 2, NULL, global, local,
				     0, NULL, &done);
	if (err)
		return cl_failed("clEnqueueNDRangeKernel", err);
	err = clEnqueueReadBuffer(w->queue, w->mem[2], CL_TRUE, 0, bytes, w->c,
				  1, &done, NULL);
	if (!err)
		w->device_ns += cl_event_ns(done);
	clReleaseEvent(done);
	return err ? cl_failed("clEnqueueReadBuffer", err) : 0;
}

static int check_row(const struct worker *w, long row, double *sums)
{
	long n = w->opt->n;

	memset(sums, 0, n * sizeof(*sums));
	for (long k = 0; k < n; k++)
		for (long col = 0; col < n; col++)
			sums[col] += (double)w->a[row * n + k] * w->b[k * n + col];
	for (long col = 0; col < n; col++)
		if (w->c[row * n + col] != (float)sums[col]) {
			fprintf(stderr, "thread %d: row %ld column %ld is %g, expected %g\n",
				w->number, row, col, w->c[row * n + col], sums[col]);
			return -1;
		}
	return 0;
}

static int check(const struct worker *w)
{
	double *sums = malloc(w->opt->n * sizeof(*sums));
	int ret = sums ? 0 : -1;

	for (long row = 0; row < w->opt->n && !ret; row++)
		ret = check_row(w, row, sums);
	free(sums);
	return ret;
}

static int work(struct worker *w)
{
	size_t count = (size_t)w->opt->n * w->opt->n;
	uint64_t before = 0;

	if (setup(w) || setup_device(w) || set_args(w))
		return -1;
	for (long i = 0; i < w->opt->repeat; i++) {
		memset(w->c, 0xff, count * sizeof(float));
		if (multiply(w))
			return -1;
		w->checksum = checksum(w->c, count);
		if (i && w->checksum != before) {
			fprintf(stderr, "thread %d: run %ld differs from the one before\n",
				w->number, i);
			return -1;
		}
		before = w->checksum;
	}
	return check(w);
}

static void cleanup(struct worker *w)
{
	for (int i = 0; i < 3; i++)
		if (w->mem[i])
			clReleaseMemObject(w->mem[i]);
	if (w->kernel)
		clReleaseKernel(w->kernel);
	if (w->queue)
		clReleaseCommandQueue(w->queue);
	free(w->a);
	free(w->b);
	free(w->c);
}

static void *run(void *arg)
{
	struct worker *w = arg;

	w->failed = work(w);
	cleanup(w);
	return NULL;
}

static int run_threads(struct worker *workers, const struct options *opt)
{
	long started = 0;
	int ret = 0;

	for (; started < opt->threads; started++)
		if (pthread_create(&workers[started].thread, NULL, run,
				   &workers[started])) {
			fprintf(stderr, "cannot start thread %ld\n", started);
			ret = -1;
			break;
		}
	for (long i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		ret = ret ? ret : workers[i].failed;
	}
	return ret;
}

static int multiply_all(const struct cl_open *cl, const struct options *opt)
{
	struct worker *workers = calloc(opt->threads, sizeof(*workers));
	char tile[16];
	cl_program program;
	int ret = -1;

	snprintf(tile, sizeof(tile), "-DTILE=%d", TILE);
	program = cl_build(cl, source, tile);
	if (!workers || !program)
		goto out;
	for (long i = 0; i < opt->threads; i++)
		workers[i] = (struct worker) {
			.opt = opt, .cl = cl, .program = program, .number = i,
		};
	ret = run_threads(workers, opt);
	for (long i = 0; i < opt->threads && !ret; i++)
		printf("thread %ld: %ld x %ld, checksum %016llx, right\n", i, opt->n,
		       opt->n, (unsigned long long)workers[i].checksum);
	for (long i = 0; i < opt->threads && !ret; i++)
		fprintf(stderr, "# thread %ld: %.3f ms on the device\n", i,
			workers[i].device_ns / 1e6);
out:
	if (program)
		clReleaseProgram(program);
	free(workers);
	return ret;
}

int main(int argc, char **argv)
{
	struct options opt = { .n = 128, .threads = 1, .repeat = 1 };
	struct cl_open cl;
	int ret;

	if (parse_options(argc, argv, &opt))
		return 2;
	if (cl_open_device(&cl, &opt.choice))
		return EXIT_FAILURE;
	printf("device: %s\n", cl.device_name);
	ret = multiply_all(&cl, &opt);
	cl_close_device(&cl);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
