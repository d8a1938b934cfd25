// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_exit.c - processes that end without tidying up, or in odd order
 *
 * "cl_sem_exit HOW" ends in that way; the test looks at its status and at the time.
 */
#include "cl_test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S	200

static const char source[] =
"__kernel void spin(__global uint *out, uint rounds)\n"
"{\n"
"	uint x = get_global_id(0) + 1;\n"
"	for (uint i = 0; i < rounds; i++)\n"
"		x = x * 1664525u + 1013904223u;\n"
"	out[get_global_id(0)] = x;\n"
"}\n";

/* ---- the process that ends ------------------------------------------------------ */

static struct cl_env env;
static cl_mem mem;
static bool in_destructor;

static void work(int launches)
{
	cl_program program = cl_test_build(&env, source, "");
	cl_kernel kernel = cl_test_kernel(program, "spin");
	const cl_uint rounds = 100000;
	const size_t items = 64;

	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clSetKernelArg(kernel, 1, sizeof(rounds), &rounds);
	for (int i = 0; i < launches; i++)
		clEnqueueNDRangeKernel(env.queue, kernel, 1, NULL, &items, NULL, 0, NULL,
				       NULL);
	clFlush(env.queue);
}

/* Objects are still valid while the program ends, whatever ends first. */
static void release_all(void)
{
	if (clReleaseMemObject(mem) || clReleaseCommandQueue(env.queue) ||
	    clReleaseContext(env.context))
		_exit(50);
}

static void use_late(void)
{
	uint8_t in[100];

	cl_test_pattern(in, sizeof(in), 1);
	clEnqueueWriteBuffer(env.queue, mem, CL_FALSE, 0, sizeof(in), in, 0, NULL, NULL);
	if (!cl_test_holds(&env, mem, 0, sizeof(in), in))
		_exit(51);
	release_all();
}

__attribute__((destructor)) static void last(void)
{
	if (in_destructor)
		release_all();
}

static void *exit_from_thread(void *arg)
{
	(void)arg;
	exit(3);
}

static void *finish(void *arg)
{
	clFinish(env.queue);
	exit(3);
	return arg;
}

static void CL_CALLBACK never(cl_event event, cl_int status, void *data)
{
	(void)event;
	(void)status;
	(void)data;
}

static void leave_waiting(void)
{
	static uint8_t out[4096];
	cl_event gate = clCreateUserEvent(env.context, NULL), done;

	clEnqueueReadBuffer(env.queue, mem, CL_FALSE, 0, 4096, out, 1, &gate, &done);
	clSetEventCallback(done, CL_COMPLETE, never, NULL);
	clFlush(env.queue);
}

/*
 * Some vendors take groups of no work-items until the command runs, which it never does
 * here. Naive: a launch like one before is looked at by dividing by the groups' size.
 */
static void leave_no_groups(void)
{
	cl_kernel kernel = cl_test_kernel(cl_test_build(&env, source, ""), "spin");
	cl_event gate = clCreateUserEvent(env.context, NULL);
	const size_t items = 64, local = 0;
	const cl_uint rounds = 1;

	clSetKernelArg(kernel, 0, sizeof(mem), &mem);
	clSetKernelArg(kernel, 1, sizeof(rounds), &rounds);
	for (int i = 0; i < 3; i++)
		clEnqueueNDRangeKernel(env.queue, kernel, 1, NULL, &items, &local, 1, &gate,
				       NULL);
}

static void leave_mapped(void)
{
	uint8_t *p = clEnqueueMapBuffer(env.queue, mem, CL_TRUE, CL_MAP_WRITE, 0, 4096, 0,
					NULL, NULL, NULL);

	memset(p, 1, 4096);
}

static int end_by(const char *how)
{
	pthread_t thread;

	cl_env_open(&env);
	mem = cl_test_buffer(&env, 4096);
	if (!strcmp(how, "return")) {
		work(200);
	} else if (!strcmp(how, "_exit")) {
		work(200);
		_exit(3);
	} else if (!strcmp(how, "atexit")) {
		work(2);
		atexit(use_late);
	} else if (!strcmp(how, "destructor")) {
		in_destructor = true;
	} else if (!strcmp(how, "thread")) {
		work(20);
		pthread_create(&thread, NULL, exit_from_thread, NULL);
		pthread_join(thread, NULL);
	} else if (!strcmp(how, "main-first")) {
		work(20);
		pthread_create(&thread, NULL, finish, NULL);
		pthread_exit(NULL);
	} else if (!strcmp(how, "kill")) {
		work(200);
		kill(getpid(), SIGKILL);
	} else if (!strcmp(how, "abort")) {
		abort();
	} else if (!strcmp(how, "waiting")) {
		leave_waiting();
	} else if (!strcmp(how, "mapped")) {
		leave_mapped();
	} else if (!strcmp(how, "no-groups")) {
		leave_no_groups();
	}
	return 3;
}

/* ---- the test ---------------------------------------------------------------------- */

static int run(const char *how, double *seconds)
{
	const double start = cl_test_seconds();
	int status = -1;
	pid_t child = fork();

	if (!child) {
		alarm(LIMIT_S);
		execl("/proc/self/exe", "cl_sem_exit", how, NULL);
		_exit(99);
	}
	waitpid(child, &status, 0);
	*seconds = cl_test_seconds() - start;
	return status;
}

/* Naive: the library's own end waits for the server, or ends the process itself. */
static void test(const char *how, int want_status, const char *name)
{
	double seconds;
	int status = run(how, &seconds);

	if (!tap(status == want_status, "%s", name))
		printf("# status %#x after %.1f s\n", status, seconds);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return end_by(argv[1]);
	test("nothing", 3 << 8, "a program releases nothing");
	test("return", 3 << 8, "and has 200 kernels in flight");
	test("_exit", 3 << 8, "_exit with kernels in flight");
	test("atexit", 3 << 8, "a function at exit uses and releases all");
	test("destructor", 3 << 8, "a destructor releases all");
	test("thread", 3 << 8, "another thread calls exit");
	test("main-first", 3 << 8, "main ends before a thread that waits");
	test("mapped", 3 << 8, "a buffer is still mapped");
	test("waiting", 3 << 8, "a read waits for what nobody will set");
	test("no-groups", 3 << 8, "kernels in groups of no work-items wait for that");
	test("kill", SIGKILL, "the program is killed");
	test("abort", SIGABRT, "the program aborts");
	return tap_end();
}
