// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_printf.c - what kernels print comes out of the program, in its place
 *
 * "cl_sem_printf talk HOW" prints from the program and from kernels in turn; the
 * test reads it through a pipe and knows every line.
 */
#include "cl_test.h"

#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS	20

static const char source[] =
"__kernel void say(int n) { printf(\"kernel %d\\n\", n); }\n"
"__kernel void formats(void)\n"
"{\n"
"	printf(\"%5d|%-5u|%x|%c|%s|%%\\n\", -42, 42u, 255, 'z', \"text\");\n"
"	printf(\"%.3f %e\\n\", 1.5f, 1024.0f);\n"
"	printf(\"%v4hld\\n\", (int4)(1, 2, 3, 4));\n"
"	printf(\"%ld\\n\", 1L << 40);\n"
"}\n"
"__kernel void much(int n)\n"
"{\n"
"	for (int i = 0; i < n; i++)\n"
"		printf(\"line %06d of many, and some more text to make it long\\n\", i);\n"
"}\n";

/* ---- the process that talks ------------------------------------------------- */

static void say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(9);
}

static cl_event launch(const struct cl_env *env, cl_kernel kernel)
{
	cl_event event = NULL;

	clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &(size_t){ 1 }, NULL, 0, NULL,
			       &event);
	return event;
}

/* The function says so itself, so that the order of both shows. */
static void CL_CALLBACK complete(cl_event event, cl_int status, void *data)
{
	(void)event;
	say(status ? "callback of a failure\n" : "callback\n");
	sem_post(data);
}

static void await_callback(const struct cl_env *env, cl_event event)
{
	sem_t called;

	sem_init(&called, 0, 0);
	clSetEventCallback(event, CL_COMPLETE, complete, &called);
	clFlush(env->queue);
	while (sem_wait(&called))
		;
	sem_destroy(&called);
}

/* Whatever tells that a kernel is complete shows what it has printed. */
static void wait_for(const struct cl_env *env, const char *how, cl_event event)
{
	cl_mem mem;
	int out;

	if (!strcmp(how, "finish")) {
		clFinish(env->queue);
	} else if (!strcmp(how, "wait")) {
		clWaitForEvents(1, &event);
	} else if (!strcmp(how, "poll")) {
		clFlush(env->queue);
		while (cl_test_status(event) != CL_COMPLETE)
			usleep(100);
	} else if (!strcmp(how, "callback")) {
		await_callback(env, event);
	} else {
		mem = cl_test_buffer(env, 4);
		clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, 4, &out, 1, &event, NULL);
		clReleaseMemObject(mem);
	}
	clReleaseEvent(event);
}

static void talk_rounds(const struct cl_env *env, cl_program program, const char *how)
{
	cl_kernel kernel = cl_test_kernel(program, "say");

	for (int i = 0; i < ROUNDS; i++) {
		char text[32];

		snprintf(text, sizeof(text), "program %d\n", i);
		say(text);
		clSetKernelArg(kernel, 0, sizeof(i), &i);
		wait_for(env, how, launch(env, kernel));
	}
	clReleaseKernel(kernel);
	say("end\n");
}

static int talk(const char *how)
{
	const int lines = 2000;
	struct cl_env env;
	cl_program program;
	cl_kernel kernel;

	cl_env_open(&env);
	program = cl_test_build(&env, source, "");
	if (!strcmp(how, "formats")) {
		kernel = cl_test_kernel(program, "formats");
		clReleaseEvent(launch(&env, kernel));
		clFinish(env.queue);
	} else if (!strcmp(how, "much")) {
		kernel = cl_test_kernel(program, "much");
		clSetKernelArg(kernel, 0, sizeof(lines), &lines);
		clReleaseEvent(launch(&env, kernel));
		clFinish(env.queue);
		say("end\n");
	} else {
		talk_rounds(&env, program, how);
		return 0;
	}
	clReleaseKernel(kernel);
	clReleaseProgram(program);
	cl_env_close(&env);
	return 0;
}

/* ---- the test ------------------------------------------------------------------ */

/* What a talking process says, and its end; the caller frees. */
static char *heard(const char *how)
{
	const size_t room = 1 << 20;
	char *text = calloc(1, room);
	size_t len = 0;
	ssize_t n;
	int fds[2], status = -1;
	pid_t child;

	if (pipe(fds))
		exit(EXIT_FAILURE);
	child = fork();
	if (!child) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execl("/proc/self/exe", "cl_sem_printf", "talk", how, NULL);
		_exit(99);
	}
	close(fds[1]);
	while (len < room - 1 && (n = read(fds[0], text + len, room - 1 - len)) > 0)
		len += n;
	close(fds[0]);
	waitpid(child, &status, 0);
	if (status)
		printf("# the process ended with %#x\n", status);
	return text;
}

static void compare(const char *how, const char *want, const char *name)
{
	char *got = heard(how);
	size_t at = 0;

	while (got[at] && got[at] == want[at])
		at++;
	if (!tap(!strcmp(got, want), "%s", name))
		printf("# at %zu of %zu: '%.20s'\n", at, strlen(got), got + at);
	free(got);
}

/* Naive: it is printed by the server, or later, or when the program ends. */
static void test_rounds(void)
{
	char want[ROUNDS * 50] = "";

	for (int i = 0; i < ROUNDS; i++)
		sprintf(want + strlen(want), "program %d\nkernel %d\n", i, i);
	strcat(want, "end\n");
	compare("finish", want, "in turn with the program's own lines: clFinish");
	compare("wait", want, "clWaitForEvents");
	compare("poll", want, "asking for the event's status");
	compare("read", want, "a blocking read");
	want[0] = '\0';
	for (int i = 0; i < ROUNDS; i++)
		sprintf(want + strlen(want), "program %d\nkernel %d\ncallback\n", i, i);
	strcat(want, "end\n");
	compare("callback", want, "a callback of the event runs behind what it printed");
}

static void test_formats(void)
{
	compare("formats", "  -42|42   |ff|z|text|%\n1.500 1.024000e+03\n1,2,3,4\n"
		"1099511627776\n", "formats");
}

/* Naive: what does not fit a pipe is lost, or stops the server for ever. */
static void test_much(void)
{
	char *want = calloc(1, 1 << 20), *p = want;

	for (int i = 0; i < 2000; i++)
		p += sprintf(p, "line %06d of many, and some more text to make it long\n", i);
	strcpy(p, "end\n");
	compare("much", want, "116000 bytes");
	free(want);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "talk"))
		return talk(argv[2]);
	test_rounds();
	test_formats();
	test_much();
	return tap_end();
}
