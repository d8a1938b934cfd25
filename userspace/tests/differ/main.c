// SPDX-License-Identifier: Apache-2.0
/*
 * main.c - run sequences of seeds and tell what the implementation said
 */
#include "differ.h"

#include <errno.h>
#include <getopt.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct op *const tables[] = {
	platform_ops, object_ops, buffer_ops, transfer_ops, image_ops, map_ops, program_ops,
	kernel_ops, event_ops
};

#define TABLES (sizeof(tables) / sizeof(*tables))
#define MAX_FAULTS 32
#define BUILDING 15		/* per cent of sequences with programs: a build is slow */
#define PATIENCE 300		/* seconds for one sequence, then SIGALRM ends it */

static const struct op *ops[256];
static size_t op_count;
static unsigned int total_weight;
static unsigned int hits[256][MAX_FAULTS + 1];

static unsigned long first_seed = 1, count = 1;
static unsigned int length = 40;
static bool *skipped;
static bool child_each, want_coverage;
static const char *only, *without;

static void load_tables(void)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct op *op = tables[i]; op->name; op++) {
			if ((only && !strstr(op->name, only)) ||
			    (without && strstr(op->name, without)))
				continue;
			ops[op_count++] = op;
			total_weight += op->weight;
		}
}

static size_t op_index(const struct op *op)
{
	size_t i;

	for (i = 0; i < op_count && ops[i] != op; i++)
		;
	return i;
}

unsigned int fault(struct world *w)
{
	unsigned int wrong = 0;

	if (chance(w, w->wild) && w->op->faults)
		wrong = draw(w, w->op->faults) + 1;
	hits[op_index(w->op)][wrong]++;
	return wrong;
}

static const struct op *pick_op(struct world *w)
{
	uint32_t at = draw(w, total_weight);

	for (size_t i = 0; i < op_count; i++) {
		if (at < ops[i]->weight)
			return ops[i];
		at -= ops[i]->weight;
	}
	return ops[0];
}

static void world_open(struct world *w, uint64_t seed)
{
	cl_device_id device;

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->out = stdout;
	cookies_for(w);
	w->random = seed * 0x2545f4914f6cdd1d;
	w->building = chance(w, BUILDING);
	w->wild = (unsigned int)ONE_OF(w, 0, 10, 30, 50, 80);
	say(w, "== seed %llu", (unsigned long long)seed);
	end_line(w);
	if (clGetPlatformIDs(1, &w->platform, NULL) ||
	    clGetDeviceIDs(w->platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL)) {
		say(w, "no device");
		end_line(w);
		exit(2);
	}
	w->root = obj_add(w, K_DEVICE, device, NULL);
}

/* In an order of its own: things must live as long as others need them. */
static void release_all(struct world *w)
{
	for (;;) {
		struct obj *o = NULL;

		for (enum kind k = K_CONTEXT; k < KINDS && !o; k++)
			o = obj_pick(w, (enum kind)(K_CONTEXT + draw(w, KINDS - K_CONTEXT)), NULL);
		if (!o) {
			for (o = w->all; o && (o->kind == K_DEVICE || !o->refs); o = o->next)
				;
			if (!o)
				return;
		}
		say(w, "  release");
		say_obj(w, o);
		say_err(w, obj_release(w, o));
		end_line(w);
	}
}

static void release_devices(struct world *w)
{
	for (struct obj *o = w->all; o; o = o->next)
		while (o->kind == K_DEVICE && o != w->root && o->refs) {
			say(w, "  release");
			say_obj(w, o);
			say_err(w, obj_release(w, o));
			end_line(w);
		}
}

static void world_free(struct world *w)
{
	struct obj *o;

	while ((o = w->all)) {
		w->all = o->next;
		free(o);
	}
	while (w->memory_count)
		free(w->memory[--w->memory_count]);
	free(w->memory);
	for (int i = 0; i < HEARINGS; i++)
		free(w->hearing[i].said);
}

static void world_close(struct world *w)
{
	struct obj *o;

	w->random = w->seed;
	settle(w);
	unmap_all(w, NULL);
	finish(w);
	cookies_drain(w, H_COMMANDS);
	for (o = w->all; o; o = o->next)
		for (unsigned int i = 0; i < o->expects && !o->leaks; i++)
			cookie_expect(w, H_END);
	release_all(w);
	release_devices(w);
	cookies_drain(w, H_END);
	cookies_for(NULL);
	world_free(w);
}

static void run_sequence(uint64_t seed)
{
	struct world w;

	alarm(PATIENCE);
	world_open(&w, seed);
	for (w.index = 0; w.index < length; w.index++) {
		w.random = seed * 0x9e3779b97f4a7c15 + w.index * 0xd1342543de82ef95;
		do
			w.op = pick_op(&w);
		while (w.op->builds && !w.building && !only);
		if (skipped[w.index])
			continue;
		say(&w, "%u %s", w.index, w.op->name);
		fflush(w.out);
		w.op->run(&w);
	}
	world_close(&w);
}

/* Where a crash is what is looked for. */
static void run_in_child(uint64_t seed)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		run_sequence(seed);
		fflush(stdout);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		printf("\n!! seed %llu: signal %d\n", (unsigned long long)seed, WTERMSIG(status));
	fflush(stdout);
}

static void print_coverage(void)
{
	for (size_t i = 0; i < op_count; i++) {
		fprintf(stderr, "%s", ops[i]->name);
		for (unsigned int f = 0; f <= ops[i]->faults; f++)
			fprintf(stderr, " %u", hits[i][f]);
		fprintf(stderr, "\n");
	}
}

/* Whether each operation was made in each way that it knows. */
static int check_coverage(void)
{
	int missing = 0;

	for (size_t i = 0; i < op_count; i++)
		for (unsigned int f = 1; f <= ops[i]->faults; f++)
			if (!hits[i][f]) {
				fprintf(stderr, "never: %s, fault %u\n", ops[i]->name, f);
				missing = 1;
			}
	return missing;
}

static void print_avoids(void)
{
	for (size_t i = 0; i < avoid_count; i++)
		printf("%-28s %s\n", avoids[i].name, avoids[i].reason);
}

static void skip(char *list)
{
	for (char *p = strtok(list, ","); p; p = strtok(NULL, ",")) {
		unsigned long i = strtoul(p, NULL, 10);

		if (i < length)
			skipped[i] = true;
	}
}

static void usage(void)
{
	fputs("usage: differ [--seed N] [--count N] [--length N] [--skip I,J...] [--only NAME]\n"
	      "              [--fork] [--coverage] [--try AVOIDED] [--avoided]\n"
	      "  --seed N     the first seed; --count N how many, one after the other\n"
	      "  --length N   operations in a sequence\n"
	      "  --skip       leave these operations out\n"
	      "  --only NAME  only operations with NAME in their name; --without NAME none\n"
	      "               of them\n"
	      "  --fork       each sequence in a process of its own, crashes told\n"
	      "  --coverage   tell how often each operation was made in each wrong way;\n"
	      "               status 1 if one never was\n"
	      "  --avoided    list what is not done because the native implementation\n"
	      "               crashes; --try NAME does it nevertheless\n", stderr);
	exit(2);
}

static const struct option options[] = {
	{ "seed", required_argument, NULL, 's' }, { "count", required_argument, NULL, 'n' },
	{ "length", required_argument, NULL, 'l' }, { "skip", required_argument, NULL, 'k' },
	{ "only", required_argument, NULL, 'o' }, { "without", required_argument, NULL, 'w' }, { "fork", no_argument, NULL, 'f' },
	{ "coverage", no_argument, NULL, 'c' }, { "try", required_argument, NULL, 't' },
	{ "avoided", no_argument, NULL, 'a' }, { NULL, 0, NULL, 0 }
};

static char *parse(int argc, char **argv)
{
	char *skips = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's': first_seed = strtoul(optarg, NULL, 0); break;
		case 'n': count = strtoul(optarg, NULL, 0); break;
		case 'l': length = (unsigned int)strtoul(optarg, NULL, 0); break;
		case 'k': skips = optarg; break;
		case 'o': only = optarg; break;
		case 'w': without = optarg; break;
		case 'f': child_each = true; break;
		case 'c': want_coverage = true; break;
		case 't':
			if (avoid_try(optarg))
				usage();
			break;
		case 'a': print_avoids(); exit(0);
		default: usage();
		}
	}
	if (optind != argc)
		usage();
	return skips;
}

int main(int argc, char **argv)
{
	char *skips = parse(argc, argv);

	skipped = calloc(length + 1, sizeof(*skipped));
	if (!skipped)
		return 2;
	if (skips)
		skip(skips);
	load_tables();
	/* what was told last tells where it crashed */
	if (child_each)
		setvbuf(stdout, NULL, _IONBF, 0);
	for (unsigned long i = 0; i < count; i++) {
		if (child_each)
			run_in_child(first_seed + i);
		else
			run_sequence(first_seed + i);
	}
	free(skipped);
	if (want_coverage)
		print_coverage();
	return want_coverage && check_coverage();
}
