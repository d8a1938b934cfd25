// SPDX-License-Identifier: Apache-2.0
/*
 * cl_bench.c - times single kinds of OpenCL calls, on demand
 *
 *   cl_bench		answers requests, a line each, until its input ends
 *   cl_bench NAME N	one request
 *
 * A request is "NAME N": do it N times. The answer is one line: nanoseconds for
 * each of the N, and how often the process went to sleep for each. Who asks can so
 * let two such processes, one native and one through AvA, take turns in one
 * session. The program knows nothing of AvA. "list" names what there is.
 */
#include "bench.h"

#include <sys/resource.h>
#include <time.h>

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

void bench_must(cl_int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "cl_bench: %s: error %d\n", what, err);
	exit(EXIT_FAILURE);
}

static long sleeps(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return use.ru_nvcsw;
}

static const struct bench *find(const char *name)
{
	for (const struct bench *b = bench_list; b->name; b++)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}

static int answer(struct bench_env *env, const char *name, long n)
{
	const struct bench *b = find(name);
	long before;
	double ns;

	if (!b || n < 1) {
		fprintf(stderr, "cl_bench: no such request: %s %ld\n", name, n);
		return EXIT_FAILURE;
	}
	before = sleeps();
	ns = b->run(env, b->arg, n);
	printf("%.1f %.4f\n", ns / n, (double)(sleeps() - before) / n);
	fflush(stdout);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct bench_env env;
	char line[256], name[128];
	long n;

	if (argc == 2 && !strcmp(argv[1], "list")) {
		for (const struct bench *b = bench_list; b->name; b++)
			printf("%s\n", b->name);
		return EXIT_SUCCESS;
	}
	bench_open(&env);
	if (argc == 3)
		return answer(&env, argv[1], atol(argv[2]));
	while (fgets(line, sizeof(line), stdin))
		if (sscanf(line, "%127s %ld", name, &n) != 2 || answer(&env, name, n))
			return EXIT_FAILURE;
	bench_close(&env);
	return EXIT_SUCCESS;
}
