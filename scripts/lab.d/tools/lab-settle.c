// SPDX-License-Identifier: Apache-2.0
/*
 * lab-settle.c - wait until the counters in a sysfs directory say what they should
 *
 * lab-settle DIR MAX_MS COUNTER=N|COUNTER+N...: = is exactly, + is at least.
 * Prints how long it took. Sysfs attributes of a misc device wake nobody, so
 * they are read again every millisecond, until MAX_MS is over and as many looks were
 * taken: while a VM does not run its clock goes on, and nothing else does.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static long long read_counter(const char *dir, const char *name, size_t len)
{
	char path[512];
	long long value;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%.*s", dir, (int)len, name);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%lld", &value) != 1) {
		fprintf(stderr, "lab-settle: %s holds no number\n", path);
		exit(2);
	}
	fclose(file);
	return value;
}

/* Says what still differs into @report. */
static bool settled(const char *dir, char **wants, char *report, size_t size)
{
	bool good = true;
	size_t at = 0;

	report[0] = '\0';
	for (; *wants; wants++) {
		size_t len = strcspn(*wants, "=+");
		long long have = read_counter(dir, *wants, len);
		long long want = atoll(*wants + len + 1);

		if ((*wants)[len] == '+' ? have >= want : have == want)
			continue;
		good = false;
		if (at < size)
			at += (size_t)snprintf(report + at, size - at, " %.*s is %lld, wanted %s;",
					       (int)len, *wants, have, *wants + len);
	}
	return good;
}

int main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	double start = now_ms(), max, looks;
	char report[1024];

	if (argc < 4) {
		fputs("usage: lab-settle DIR MAX_MS COUNTER=N|COUNTER+N...\n", stderr);
		return 2;
	}
	for (char **want = argv + 3; *want; want++) {
		if ((*want)[strcspn(*want, "=+")])
			continue;
		fprintf(stderr, "lab-settle: '%s' is not COUNTER=N or COUNTER+N\n", *want);
		return 2;
	}
	max = atof(argv[2]);
	for (looks = 0; !settled(argv[1], argv + 3, report, sizeof(report)); looks++) {
		if (looks >= max && now_ms() - start > max) {
			printf("after %.0f ms in %s:%s\n", now_ms() - start, argv[1], report);
			return 1;
		}
		nanosleep(&pause, NULL);
	}
	printf("settled after %.1f ms\n", now_ms() - start);
	return 0;
}
