// SPDX-License-Identifier: Apache-2.0
/*
 * cl_sem_process.c - what a process may do beside OpenCL: signals, stacks, directories
 */
#include "cl_test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#define SIZE	100000

static struct cl_env env;

static bool round_trip(uint32_t seed)
{
	uint8_t *in = malloc(SIZE), *out = calloc(1, SIZE);
	cl_mem mem = cl_test_buffer(&env, SIZE);
	cl_event done = NULL;
	cl_int err;
	bool good;

	cl_test_pattern(in, SIZE, seed);
	err = clEnqueueWriteBuffer(env.queue, mem, CL_FALSE, 0, SIZE, in, 0, NULL, NULL);
	err = err ? err : clEnqueueReadBuffer(env.queue, mem, CL_FALSE, 0, SIZE, out, 0, NULL,
					      &done);
	err = err ? err : clWaitForEvents(1, &done);
	good = !err && !memcmp(in, out, SIZE);
	if (err)
		printf("# %s\n", cl_name(err));
	clReleaseEvent(done);
	clReleaseMemObject(mem);
	free(in);
	free(out);
	return good;
}

/* ---- signals -------------------------------------------------------------------- */

static volatile sig_atomic_t ticks;

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

/* Naive: a call that a signal interrupts fails, or sends its bytes twice. */
static void test_signals(int flags, const char *name)
{
	const struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0 }, { 0 } };
	struct sigaction action = { .sa_handler = tick, .sa_flags = flags };
	double end = cl_test_seconds() + 10;
	bool good = true;

	ticks = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (uint32_t i = 0; (i < 200 || ticks < 50) && good && cl_test_seconds() < end; i++)
		good = round_trip(i);
	setitimer(ITIMER_REAL, &never, NULL);
	tap(good && ticks >= 50, "a timer's signal 3000 times a second, %s", name);
}

/* Naive: a thread of the library takes the signals that the program waits for. */
static void test_waited_signal(void)
{
	const struct timespec limit = { 100, 0 };
	sigset_t set, old;
	bool good = true;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	for (int i = 0; i < 20; i++) {
		good = good && round_trip(i);
		pthread_kill(pthread_self(), SIGUSR1);
		good = good && sigtimedwait(&set, NULL, &limit) == SIGUSR1;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	tap(good, "a signal that the program waits for reaches it");
}

/* ---- threads ---------------------------------------------------------------------- */

static void *small(void *arg)
{
	return round_trip(77) ? arg : NULL;
}

/* Naive: lists and values are put together on the caller's stack. */
static void test_small_stack(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *result = NULL;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_create(&thread, &attr, small, &env);
	pthread_join(thread, &result);
	pthread_attr_destroy(&attr);
	tap(result, "a thread with a stack of 64 KiB");
}

static pthread_key_t key;
static int late_calls;

static void at_thread_end(void *value)
{
	late_calls += round_trip((uint32_t)(uintptr_t)value);
}

static void *ends(void *arg)
{
	pthread_setspecific(key, arg);
	return round_trip(5) ? arg : NULL;
}

/* Naive: what the library keeps for a thread is gone before the thread's last call. */
static void test_thread_end(void)
{
	int good = 0;

	pthread_key_create(&key, at_thread_end);
	for (uintptr_t i = 1; i <= 20; i++) {
		pthread_t thread;
		void *result = NULL;

		pthread_create(&thread, NULL, ends, (void *)i);
		pthread_join(thread, &result);
		good += !!result;
	}
	pthread_key_delete(key);
	tap(good == 20 && late_calls == 20, "20 threads call once more while they end");
}

/* ---- memory --------------------------------------------------------------------------- */

/* Naive: bytes come and go only by ways that private, writable memory allows. */
static void test_memory_kinds(void)
{
	char path[] = "/tmp/cl_sem_process.XXXXXX";
	static const char constant[5000] = "what the program may not write";
	int fd = mkstemp(path);
	uint8_t *shared, *readonly, want[SIZE];
	cl_mem mem = cl_test_buffer(&env, SIZE);
	cl_int err;

	unlink(path);
	cl_test_pattern(want, SIZE, 9);
	if (ftruncate(fd, SIZE) || write(fd, want, SIZE) != SIZE)
		printf("# no file\n");
	shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	readonly = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	err = clEnqueueWriteBuffer(env.queue, mem, CL_TRUE, 0, SIZE, readonly, 0, NULL, NULL);
	tap(!err && cl_test_holds(&env, mem, 0, SIZE, want), "a file's memory is written from");
	memset(shared, 0, SIZE);
	err = clEnqueueReadBuffer(env.queue, mem, CL_TRUE, 0, SIZE, shared, 0, NULL, NULL);
	tap(!err && !memcmp(readonly, want, SIZE), "and read into");
	err = clEnqueueWriteBuffer(env.queue, mem, CL_FALSE, 0, sizeof(constant), constant, 0,
				   NULL, NULL);
	tap(!err && cl_test_holds(&env, mem, 0, sizeof(constant), constant), "a constant");
	munmap(shared, SIZE);
	munmap(readonly, SIZE);
	close(fd);
	clReleaseMemObject(mem);
}

/* A large read right into memory that was never touched. */
static void test_untouched(void)
{
	const size_t len = 8u << 20;
	uint8_t *in = malloc(len), *out;
	cl_mem mem = cl_test_buffer(&env, len);
	cl_int err;

	cl_test_pattern(in, len, 11);
	out = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	err = clEnqueueWriteBuffer(env.queue, mem, CL_TRUE, 0, len, in, 0, NULL, NULL);
	err = err ? err : clEnqueueReadBuffer(env.queue, mem, CL_TRUE, 0, len, out, 0, NULL, NULL);
	tap(!err && !memcmp(in, out, len), "memory that was never touched is read into");
	munmap(out, len);
	free(in);
	clReleaseMemObject(mem);
}

int main(void)
{
	cl_env_open(&env);
	test_signals(0, "calls interrupted");
	test_signals(SA_RESTART, "calls restarted");
	test_waited_signal();
	test_small_stack();
	test_thread_end();
	test_memory_kinds();
	test_untouched();
	cl_env_close(&env);
	return tap_end();
}
