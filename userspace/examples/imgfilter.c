// SPDX-License-Identifier: Apache-2.0
/*
 * imgfilter.c - ava-imgfilter: filter a picture on an OpenCL device
 *
 * blur is a separable Gaussian whose weights are binomial coefficients, edges
 * is Sobel's operator on the brightness. Both compute with integers only, so
 * every device gives the same bytes and results can be compared with cmp(1).
 */
#include "cl_setup.h"
#include "picture.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RADIUS	12	/* the weights of 2 * 12 + 1 taps add up to 2^24 */

static const char kernels[] =
"/* One direction of the blur; step is 1 along rows, width along columns. */\n"
"__kernel void blur(__global const uchar4 *in, __global uchar4 *out,\n"
"		   __constant uint *weight, int radius, int vertical)\n"
"{\n"
"	const int x = get_global_id(0), y = get_global_id(1);\n"
"	const int width = get_global_size(0), height = get_global_size(1);\n"
"	const uint shift = 2 * radius;\n"
"	uint4 sum = (uint4)(1u << (shift - 1));\n"
"\n"
"	for (int i = -radius; i <= radius; i++) {\n"
"		const int sx = vertical ? x : clamp(x + i, 0, width - 1);\n"
"		const int sy = vertical ? clamp(y + i, 0, height - 1) : y;\n"
"\n"
"		sum += weight[i + radius] * convert_uint4(in[sy * width + sx]);\n"
"	}\n"
"	out[y * width + x] = convert_uchar4(sum >> shift);\n"
"}\n"
"\n"
"int bright(__global const uchar4 *in, int x, int y, int width, int height)\n"
"{\n"
"	const uchar4 p = in[clamp(y, 0, height - 1) * width +\n"
"			    clamp(x, 0, width - 1)];\n"
"\n"
"	return (77 * p.x + 150 * p.y + 29 * p.z) >> 8;\n"
"}\n"
"\n"
"uint root(uint square)\n"
"{\n"
"	uint low = 0;\n"
"\n"
"	for (uint bit = 1u << 11; bit; bit >>= 1)\n"
"		if ((low + bit) * (low + bit) <= square)\n"
"			low += bit;\n"
"	return low;\n"
"}\n"
"\n"
"__kernel void edges(__global const uchar4 *in, __global uchar4 *out)\n"
"{\n"
"	const int x = get_global_id(0), y = get_global_id(1);\n"
"	const int width = get_global_size(0), height = get_global_size(1);\n"
"	int p[3][3];\n"
"\n"
"	for (int j = 0; j < 3; j++)\n"
"		for (int i = 0; i < 3; i++)\n"
"			p[j][i] = bright(in, x + i - 1, y + j - 1, width, height);\n"
"	const int gx = p[0][2] + 2 * p[1][2] + p[2][2] -\n"
"		       p[0][0] - 2 * p[1][0] - p[2][0];\n"
"	const int gy = p[2][0] + 2 * p[2][1] + p[2][2] -\n"
"		       p[0][0] - 2 * p[0][1] - p[0][2];\n"
"	const uchar v = min(root(gx * gx + gy * gy), 255u);\n"
"\n"
"	out[y * width + x] = (uchar4)(v, v, v, 255);\n"
"}\n";

enum phase {
	PHASE_READ,
	PHASE_OPEN,
	PHASE_BUILD,
	PHASE_UPLOAD,
	PHASE_KERNELS,
	PHASE_DOWNLOAD,
	PHASE_WRITE,
	PHASE_COUNT
};

static const char * const phase_names[PHASE_COUNT] = {
	[PHASE_READ] = "read the picture",
	[PHASE_OPEN] = "open the device",
	[PHASE_BUILD] = "build the kernels",
	[PHASE_UPLOAD] = "upload",
	[PHASE_KERNELS] = "run the kernels",
	[PHASE_DOWNLOAD] = "download",
	[PHASE_WRITE] = "write the picture",
};

struct options {
	struct cl_choice choice;
	const char *filter;
	const char *in;
	const char *out;
	const char *sample;
	long width;
	long height;
	long radius;
};

/* Everything that lives on the device while a picture is filtered. */
struct job {
	struct cl_open cl;
	cl_command_queue queue;
	cl_program program;
	cl_kernel kernel;
	cl_mem image[2];
	cl_mem weights;
	int result;	/* which image holds the picture now */
	unsigned long long wall[PHASE_COUNT];
	cl_ulong device[PHASE_COUNT];
};

static void usage(FILE *to)
{
	fputs("usage: ava-imgfilter [options] IN OUT.png\n"
	      "       ava-imgfilter --sample OUT.png [--size WxH]\n"
	      "       ava-imgfilter --list\n"
	      "IN is a PNG or a binary PGM/PPM.\n"
	      "  --filter blur|edges   what to do (default: blur)\n"
	      "  --radius R            of the blur, 1 to 12 pixels (default: 6)\n"
	      "  --platform N          OpenCL platform (default: 0)\n"
	      "  --device N            device of the platform (default: 0)\n"
	      "  --list                show platforms and devices\n"
	      "  --sample FILE         draw the sample picture; nothing is filtered\n"
	      "  --size WxH            of the sample (default: 640x400)\n", to);
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

static int parse_size(const char *text, struct options *opt)
{
	char rest;

	if (sscanf(text, "%ldx%ld%c", &opt->width, &opt->height, &rest) == 2 &&
	    opt->width > 0 && opt->height > 0)
		return 0;
	fprintf(stderr, "--size: '%s' is not WIDTHxHEIGHT\n", text);
	return -1;
}

static int parse_option(int c, struct options *opt)
{
	long n = 0;

	switch (c) {
	case 'f':
		opt->filter = optarg;
		if (!strcmp(optarg, "blur") || !strcmp(optarg, "edges"))
			return 0;
		fprintf(stderr, "--filter: '%s' is neither blur nor edges\n", optarg);
		return -1;
	case 'r':
		return parse_number(optarg, 1, MAX_RADIUS, "--radius", &opt->radius);
	case 'p':
		if (parse_number(optarg, 0, 1000, "--platform", &n))
			return -1;
		opt->choice.platform = n;
		return 0;
	case 'd':
		if (parse_number(optarg, 0, 1000, "--device", &n))
			return -1;
		opt->choice.device = n;
		return 0;
	case 's':
		opt->sample = optarg;
		return 0;
	case 'z':
		return parse_size(optarg, opt);
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
		{ "filter", required_argument, NULL, 'f' },
		{ "radius", required_argument, NULL, 'r' },
		{ "platform", required_argument, NULL, 'p' },
		{ "device", required_argument, NULL, 'd' },
		{ "sample", required_argument, NULL, 's' },
		{ "size", required_argument, NULL, 'z' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1)
		if (parse_option(c, opt))
			return -1;
	if (opt->sample && optind == argc)
		return 0;
	if (opt->sample || argc - optind != 2) {
		usage(stderr);
		return -1;
	}
	opt->in = argv[optind];
	opt->out = argv[optind + 1];
	return 0;
}

static int open_device(struct job *job, const struct options *opt)
{
	if (cl_open_device(&job->cl, &opt->choice))
		return -1;
	printf("platform %u: %s\n", opt->choice.platform, job->cl.platform_name);
	printf("device %u: %s\n", opt->choice.device, job->cl.device_name);
	job->queue = cl_open_queue(&job->cl);
	return job->queue ? 0 : -1;
}

static int build_kernels(struct job *job, const struct options *opt)
{
	cl_int err;

	job->program = cl_build(&job->cl, kernels, "");
	if (!job->program)
		return -1;
	job->kernel = clCreateKernel(job->program, opt->filter, &err);
	return err ? cl_failed("clCreateKernel", err) : 0;
}

/* Row 2 * radius of Pascal's triangle. */
static int upload_weights(struct job *job, long radius)
{
	cl_uint row[2 * MAX_RADIUS + 1] = { 1 };
	cl_int err;

	for (long n = 1; n <= 2 * radius; n++)
		for (long k = n; k > 0; k--)
			row[k] += row[k - 1];
	job->weights = clCreateBuffer(job->cl.context,
				      CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
				      (2 * radius + 1) * sizeof(row[0]), row, &err);
	return err ? cl_failed("clCreateBuffer of the weights", err) : 0;
}

static int upload(struct job *job, const struct picture *pic, long radius)
{
	cl_event done;
	cl_int err;

	for (int i = 0; i < 2; i++) {
		job->image[i] = clCreateBuffer(job->cl.context, CL_MEM_READ_WRITE,
					       picture_bytes(pic), NULL, &err);
		if (err)
			return cl_failed("clCreateBuffer of the picture", err);
	}
	if (upload_weights(job, radius))
		return -1;
	err = clEnqueueWriteBuffer(job->queue, job->image[0], CL_TRUE, 0,
				   picture_bytes(pic), pic->rgba, 0, NULL, &done);
	if (err)
		return cl_failed("clEnqueueWriteBuffer", err);
	job->device[PHASE_UPLOAD] = cl_event_ns(done);
	clReleaseEvent(done);
	return 0;
}

/* Run the kernel, whose other arguments are set, from the current image into the other. */
static int run_once(struct job *job, const struct picture *pic)
{
	size_t size[2] = { pic->width, pic->height };
	cl_event done;
	cl_int err;

	err = clSetKernelArg(job->kernel, 0, sizeof(cl_mem),
			     &job->image[job->result]);
	err = err ? err : clSetKernelArg(job->kernel, 1, sizeof(cl_mem),
					 &job->image[!job->result]);
	if (err)
		return cl_failed("clSetKernelArg", err);
	err = clEnqueueNDRangeKernel(job->queue, job->kernel, 2, NULL, size, NULL,
				     0, NULL, &done);
	if (err)
		return cl_failed("clEnqueueNDRangeKernel", err);
	err = clWaitForEvents(1, &done);
	if (err)
		return cl_failed("clWaitForEvents", err);
	job->device[PHASE_KERNELS] += cl_event_ns(done);
	clReleaseEvent(done);
	job->result = !job->result;
	return 0;
}

static int run_blur(struct job *job, const struct picture *pic, long radius)
{
	cl_int r = radius;
	cl_int err;

	err = clSetKernelArg(job->kernel, 2, sizeof(cl_mem), &job->weights);
	err = err ? err : clSetKernelArg(job->kernel, 3, sizeof(r), &r);
	for (cl_int vertical = 0; vertical < 2 && !err; vertical++) {
		err = clSetKernelArg(job->kernel, 4, sizeof(vertical), &vertical);
		if (!err && run_once(job, pic))
			return -1;
	}
	return err ? cl_failed("clSetKernelArg", err) : 0;
}

static int run_kernels(struct job *job, const struct picture *pic,
		       const struct options *opt)
{
	if (!strcmp(opt->filter, "edges"))
		return run_once(job, pic);
	return run_blur(job, pic, opt->radius);
}

static int download(struct job *job, const struct picture *pic)
{
	cl_event done;
	cl_int err;

	err = clEnqueueReadBuffer(job->queue, job->image[job->result], CL_TRUE, 0,
				  picture_bytes(pic), pic->rgba, 0, NULL, &done);
	if (err)
		return cl_failed("clEnqueueReadBuffer", err);
	job->device[PHASE_DOWNLOAD] = cl_event_ns(done);
	clReleaseEvent(done);
	return 0;
}

static void close_job(struct job *job)
{
	for (int i = 0; i < 2; i++)
		if (job->image[i])
			clReleaseMemObject(job->image[i]);
	if (job->weights)
		clReleaseMemObject(job->weights);
	if (job->kernel)
		clReleaseKernel(job->kernel);
	if (job->program)
		clReleaseProgram(job->program);
	if (job->queue)
		clReleaseCommandQueue(job->queue);
	cl_close_device(&job->cl);
}

static int run_phase(struct job *job, enum phase phase, struct picture *pic,
		     const struct options *opt)
{
	switch (phase) {
	case PHASE_READ:
		return picture_load(pic, opt->in);
	case PHASE_OPEN:
		return open_device(job, opt);
	case PHASE_BUILD:
		return build_kernels(job, opt);
	case PHASE_UPLOAD:
		return upload(job, pic, opt->radius);
	case PHASE_KERNELS:
		return run_kernels(job, pic, opt);
	case PHASE_DOWNLOAD:
		return download(job, pic);
	case PHASE_WRITE:
		return picture_save(pic, opt->out);
	case PHASE_COUNT:
		break;
	}
	return -1;
}

static void print_table(const struct job *job)
{
	unsigned long long total = 0;

	printf("%-20s %12s %12s\n", "where time went", "wall ms", "device ms");
	for (int i = 0; i < PHASE_COUNT; i++) {
		total += job->wall[i];
		printf("%-20s %12.3f", phase_names[i], job->wall[i] / 1e6);
		if (job->device[i])
			printf(" %12.3f", job->device[i] / 1e6);
		putchar('\n');
	}
	printf("%-20s %12.3f\n", "all", total / 1e6);
}

static int filter_picture(const struct options *opt)
{
	struct picture pic = { 0 };
	struct job job = { 0 };
	int ret = 0;

	for (int i = 0; i < PHASE_COUNT && !ret; i++) {
		unsigned long long start = wall_ns();

		ret = run_phase(&job, i, &pic, opt);
		job.wall[i] = wall_ns() - start;
	}
	if (!ret) {
		printf("%s: %u x %u pixels, %s -> %s\n", opt->in, pic.width,
		       pic.height, opt->filter, opt->out);
		print_table(&job);
	}
	close_job(&job);
	picture_free(&pic);
	return ret;
}

static int write_sample(const struct options *opt)
{
	struct picture pic = { 0 };
	int ret = picture_sample(&pic, opt->width, opt->height);

	if (!ret)
		ret = picture_save(&pic, opt->sample);
	picture_free(&pic);
	return ret;
}

int main(int argc, char **argv)
{
	struct options opt = {
		.filter = "blur",
		.radius = 6,
		.width = 640,
		.height = 400,
	};
	int ret;

	if (parse_options(argc, argv, &opt))
		return 2;
	ret = opt.sample ? write_sample(&opt) : filter_picture(&opt);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
