// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_fork.c - programs that fork before and after their first use of OpenCL
 *
 * After a fork a child of a program with threads may do little, by POSIX and with
 * most implementations of OpenCL; the parent must not notice what becomes of it.
 * "--child-too" asks for more than that: the child uses OpenCL itself.
 */
#include "cl_test.h"

#include <sys/wait.h>
#include <unistd.h>

static bool works(const struct cl_env *env, uint32_t seed)
{
	uint8_t in[5000];
	cl_mem mem = cl_test_buffer(env, sizeof(in));
	bool good;

	cl_test_pattern(in, sizeof(in), seed);
	clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, sizeof(in), in, 0, NULL, NULL);
	good = cl_test_holds(env, mem, 0, sizeof(in), in);
	clReleaseMemObject(mem);
	return good;
}

/* All of it, from the first call to the last. */
static int whole_life(uint32_t seed)
{
	struct cl_env env;
	bool good;

	cl_env_open(&env);
	good = works(&env, seed);
	cl_env_close(&env);
	return good ? 0 : 1;
}

static bool ended_well(pid_t child)
{
	int status = -1;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

static pid_t exec_self(const char *what)
{
	pid_t child = fork();

	if (!child) {
		execl("/proc/self/exe", "cl_sem_fork", what, NULL);
		_exit(99);
	}
	return child;
}

static void test_before(void)
{
	bool good = true;

	for (uint32_t i = 0; i < 3; i++) {
		pid_t child = fork();

		if (!child)
			_exit(whole_life(i));
		good = ended_well(child) && good;
	}
	tap(good, "children use OpenCL before the parent does");
}

/* Naive: the child's end closes the parent's connection, or frees its objects. */
static void test_child_ends(const struct cl_env *env)
{
	bool good = true;

	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		good = works(env, i) && ended_well(child) && works(env, i + 100) && good;
	}
	tap(good, "20 children end while the parent works");
}

/* Naive: the forked memory is shared, and the child's exec tells the server. */
static void test_child_execs(const struct cl_env *env)
{
	cl_event gate = clCreateUserEvent(env->context, NULL), done;
	cl_mem mem = cl_test_buffer(env, 5000);
	uint8_t in[5000];
	pid_t child;

	cl_test_pattern(in, sizeof(in), 3);
	clEnqueueWriteBuffer(env->queue, mem, CL_FALSE, 0, sizeof(in), in, 1, &gate, &done);
	child = exec_self("life");
	tap(ended_well(child), "a child that executes another program, which uses OpenCL");
	clSetUserEventStatus(gate, CL_COMPLETE);
	tap_err(clWaitForEvents(1, &done), CL_SUCCESS, "what waited in the parent goes on");
	tap(cl_test_holds(env, mem, 0, sizeof(in), in), "with its bytes");
	clReleaseEvent(gate);
	clReleaseEvent(done);
	clReleaseMemObject(mem);
}

static void test_child_outlives(struct cl_env *env)
{
	int fds[2];
	pid_t child;
	char byte;

	if (pipe(fds))
		exit(EXIT_FAILURE);
	child = fork();
	if (!child) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) ? 1 : 0);
	}
	close(fds[0]);
	tap(works(env, 7), "the parent works while a child lives");
	cl_env_close(env);
	cl_env_open(env);
	tap(works(env, 8), "and with all new objects");
	close(fds[1]);
	tap(ended_well(child), "the child ends last");
}

/*
 * Naive: memory of the parent's object is looked at in the child, too, and what changed
 * there goes to an object of the child's that has the same number.
 */
static int host_memory(uint8_t *parents, size_t size)
{
	uint8_t *mine = malloc(size);
	struct cl_env env;
	bool good;
	cl_mem mem;

	cl_env_open(&env);
	cl_test_pattern(mine, size, 5);
	mem = clCreateBuffer(env.context, CL_MEM_USE_HOST_PTR, size, mine, NULL);
	good = cl_test_holds(&env, mem, 0, size, mine);
	memset(parents, 0xee, size);
	return good && cl_test_holds(&env, mem, 0, size, mine) ? 0 : 1;
}

static void test_host_memory(const struct cl_env *env)
{
	static uint8_t bytes[5000], back[5000];
	cl_mem mem = clCreateBuffer(env->context, CL_MEM_USE_HOST_PTR, sizeof(bytes), bytes, NULL);
	pid_t child;

	clEnqueueReadBuffer(env->queue, mem, CL_TRUE, 0, sizeof(back), back, 0, NULL, NULL);
	child = fork();
	if (!child)
		exit(host_memory(bytes, sizeof(bytes)));
	tap(ended_well(child), "memory of the program in both");
	clReleaseMemObject(mem);
}

/*
 * The child has OpenCL of its own; the parent's objects are not its. The cached
 * pointers of platform and loader are what it begins with.
 */
static int child_too(void)
{
	struct cl_env env;
	bool good = true;

	cl_env_open(&env);
	tap(works(&env, 1), "the parent works");
	for (int i = 0; i < 5; i++) {
		pid_t child = fork();

		if (!child) {
			cl_uint refs;
			cl_int err = clGetContextInfo(env.context,
						      CL_CONTEXT_REFERENCE_COUNT,
						      sizeof(refs), &refs, NULL);

			exit(err == CL_INVALID_CONTEXT ? whole_life(i) : 2);
		}
		good = works(&env, 10 + i) && ended_well(child) && good;
	}
	tap(good, "five children too, which do not know the parent's objects");
	test_host_memory(&env);
	tap(works(&env, 2), "the parent still works");
	cl_env_close(&env);
	return tap_end();
}

int main(int argc, char **argv)
{
	struct cl_env env;

	if (argc == 2 && !strcmp(argv[1], "life"))
		return whole_life(9);
	if (argc == 2 && !strcmp(argv[1], "--child-too"))
		return child_too();
	test_before();
	cl_env_open(&env);
	tap(works(&env, 1), "the parent");
	test_child_ends(&env);
	test_child_execs(&env);
	test_child_outlives(&env);
	cl_env_close(&env);
	return tap_end();
}
