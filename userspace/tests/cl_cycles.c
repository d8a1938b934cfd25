// SPDX-License-Identifier: Apache-2.0
/*
 * cl_cycles.c - objects that come and go leave nothing behind
 *
 *	cl_cycles [--step] [CYCLES]
 *
 * Makes and releases objects of every type. For each type the memory of the process
 * after a tenth of the cycles is compared with that at the end. With --step it says
 * "# now TYPE" at both times and waits for a line, so that whoever runs it can look at
 * other processes, too.
 */
#include "cl_test.h"

static const char source[] = "kernel void nothing(global int *p) { p[0] = 1; }";

static struct cl_env env;
static cl_program program;
static cl_mem buffer;

static cl_int cycle_context(void)
{
	cl_int err;
	cl_context c = clCreateContext(NULL, 1, &env.device, NULL, NULL, &err);

	return err ? err : clReleaseContext(c);
}

static cl_int cycle_queue(void)
{
	cl_int err;
	cl_command_queue q = clCreateCommandQueue(env.context, env.device, 0, &err);

	return err ? err : clReleaseCommandQueue(q);
}

static cl_int cycle_buffer(void)
{
	cl_int err;
	cl_mem m = clCreateBuffer(env.context, 0, 4096, NULL, &err);

	if (!err)
		err = clRetainMemObject(m);
	if (!err)
		err = clReleaseMemObject(m);
	return err ? err : clReleaseMemObject(m);
}

static cl_int cycle_host_buffer(void)
{
	static char bytes[8192] __attribute__((aligned(4096)));
	cl_int err;
	cl_mem m = clCreateBuffer(env.context, CL_MEM_USE_HOST_PTR, sizeof(bytes), bytes, &err);

	return err ? err : clReleaseMemObject(m);
}

static cl_int cycle_sub_buffer(void)
{
	cl_buffer_region region = { 0, 128 };
	cl_int err;
	cl_mem m = clCreateSubBuffer(buffer, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &err);

	return err ? err : clReleaseMemObject(m);
}

static cl_int cycle_image(void)
{
	cl_image_format format = { CL_RGBA, CL_UNORM_INT8 };
	cl_image_desc desc = { .image_type = CL_MEM_OBJECT_IMAGE2D, .image_width = 16,
			       .image_height = 16 };
	cl_int err;
	cl_mem m = clCreateImage(env.context, 0, &format, &desc, NULL, &err);

	return err ? err : clReleaseMemObject(m);
}

static cl_int cycle_sampler(void)
{
	cl_int err;
	cl_sampler s = clCreateSampler(env.context, CL_FALSE, CL_ADDRESS_NONE, CL_FILTER_NEAREST, &err);

	return err ? err : clReleaseSampler(s);
}

static cl_int cycle_program(void)
{
	const char *text = source;
	cl_int err;
	cl_program p = clCreateProgramWithSource(env.context, 1, &text, NULL, &err);

	return err ? err : clReleaseProgram(p);
}

static cl_int cycle_kernel(void)
{
	cl_int err;
	cl_kernel k = clCreateKernel(program, "nothing", &err);

	if (!err)
		err = clSetKernelArg(k, 0, sizeof(buffer), &buffer);
	return err ? err : clReleaseKernel(k);
}

static cl_int cycle_user_event(void)
{
	cl_int err;
	cl_event e = clCreateUserEvent(env.context, &err);

	if (!err)
		err = clSetUserEventStatus(e, CL_COMPLETE);
	return err ? err : clReleaseEvent(e);
}

static cl_int cycle_command(void)
{
	static int value;
	cl_event e;
	cl_int err = clEnqueueWriteBuffer(env.queue, buffer, CL_TRUE, 0, sizeof(value), &value, 0,
					  NULL, &e);

	return err ? err : clReleaseEvent(e);
}

static cl_int cycle_read(void)
{
	static int value;
	cl_event e;
	cl_int err = clEnqueueReadBuffer(env.queue, buffer, CL_FALSE, 0, sizeof(value), &value, 0,
					 NULL, &e);

	if (!err)
		err = clWaitForEvents(1, &e);
	return err ? err : clReleaseEvent(e);
}

static cl_int cycle_map(void)
{
	cl_int err;
	void *p = clEnqueueMapBuffer(env.queue, buffer, CL_TRUE, CL_MAP_WRITE, 0, 256, 0, NULL, NULL,
				     &err);

	if (!err)
		err = clEnqueueUnmapMemObject(env.queue, buffer, p, 0, NULL, NULL);
	return err ? err : clFinish(env.queue);
}

/*
 * The map comes while a command is at work. Naive: what was to be told of that command's
 * end stays for good, and with it the server's copy of the memory.
 */
static cl_int cycle_in_place(void)
{
	static char memory[16384];
	const cl_int value = 7;
	cl_event gate = clCreateUserEvent(env.context, NULL);
	cl_int err;
	cl_mem mem = clCreateBuffer(env.context, CL_MEM_USE_HOST_PTR, sizeof(memory), memory, &err);
	void *p;

	if (err)
		return err;
	clEnqueueFillBuffer(env.queue, mem, &value, sizeof(value), 0, sizeof(memory), 1, &gate,
			    NULL);
	p = clEnqueueMapBuffer(env.queue, mem, CL_FALSE, CL_MAP_READ, 0, sizeof(memory), 0, NULL,
			       NULL, &err);
	clSetUserEventStatus(gate, CL_COMPLETE);
	clReleaseEvent(gate);
	if (!err)
		err = clEnqueueUnmapMemObject(env.queue, mem, p, 0, NULL, NULL);
	clFinish(env.queue);
	return err ? err : clReleaseMemObject(mem);
}

static const struct cycle {
	const char *name;
	cl_int (*run)(void);
	unsigned int share;	/* one of so many cycles: natively slow */
} cycles[] = {
	{ "context", cycle_context, 10 },
	{ "queue", cycle_queue, 10 },
	{ "buffer", cycle_buffer, 1 },
	{ "buffer on host memory", cycle_host_buffer, 1 },
	{ "sub-buffer", cycle_sub_buffer, 1 },
	{ "image", cycle_image, 1 },
	{ "sampler", cycle_sampler, 1 },
	{ "program", cycle_program, 1 },
	{ "kernel", cycle_kernel, 1 },
	{ "user event", cycle_user_event, 1 },
	{ "command", cycle_command, 1 },
	{ "read that does not block", cycle_read, 1 },
	{ "map", cycle_map, 1 },
	{ "memory used in place, then mapped", cycle_in_place, 1 },
};

/* Counted page by page: the kernel's running sums are off by some for each CPU. */
static long resident_kib(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "Rss: %ld", &kib) != 1)
		;
	if (f)
		fclose(f);
	return kib;
}

/* Everything that is under way is done; the process's memory then. */
static long settle(const struct cycle *c, bool step)
{
	clFinish(env.queue);
	if (step) {
		printf("# now %s\n", c->name);
		fflush(stdout);
		while (getchar() != '\n' && !feof(stdin))
			;
	}
	return resident_kib();
}

/*
 * An allocator needs some room to breathe. What is lost each time, be it 8 bytes,
 * is more than that over 100000 cycles.
 */
static void run(const struct cycle *c, unsigned int count, bool step)
{
	long warm, end;
	cl_int err = CL_SUCCESS;

	count /= c->share;
	for (unsigned int i = 0; i < count / 10 && !err; i++)
		err = c->run();
	warm = settle(c, step);
	for (unsigned int i = count / 10; i < count && !err; i++)
		err = c->run();
	end = settle(c, step);
	if (!tap(!err && warm && end - warm <= 512 + count / 128, "%s: %u cycles", c->name, count))
		printf("# %s, from %ld KiB to %ld KiB\n", cl_name(err), warm, end);
}

int main(int argc, char **argv)
{
	bool step = argc > 1 && !strcmp(argv[1], "--step");
	unsigned int count = argc > 1 + step ? strtoul(argv[1 + step], NULL, 0) : 2000;

	cl_env_open(&env);
	program = cl_test_build(&env, source, "");
	buffer = cl_test_buffer(&env, 4096);
	for (size_t i = 0; i < sizeof(cycles) / sizeof(cycles[0]); i++)
		run(&cycles[i], count, step);
	clReleaseMemObject(buffer);
	clReleaseProgram(program);
	cl_env_close(&env);
	return tap_end();
}
