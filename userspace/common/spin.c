// SPDX-License-Identifier: Apache-2.0
/*
 * spin.c - whether, and how long, to look at memory before sleeping
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "spin.h"

#define SPIN_SLACK_NS	10000u
#define SPIN_WAKE_NS	40000u
#define SPIN_VAIN_MAX	8	/* 2^8 times without */
#define SPIN_SAMPLE_NS	(4 * AVA_SPIN_MAX_NS)	/* longer is just long: recover quickly */

static pthread_once_t spin_once = PTHREAD_ONCE_INIT;
static int spin_room;		/* threads that may spin at once */
static atomic_int spinners;

uint64_t ava_spin_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* One CPU may be all that the machine has, or all that this process is given. */
static void spin_init(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) < cpus)
		cpus = CPU_COUNT(&set);
	spin_room = cpus > 1 ? cpus - 1 : 0;
}

void ava_spin_learn(uint32_t *average, uint64_t ns)
{
	uint32_t sample = ns < SPIN_SAMPLE_NS ? ns : SPIN_SAMPLE_NS;

	*average += ((int32_t)sample - (int32_t)*average) / 4;
}

uint32_t ava_spin_budget(struct ava_spin *s, uint32_t average, bool asleep)
{
	uint32_t ns;

	if (average >= AVA_SPIN_MAX_NS)
		return 0;
	if (s->skip) {
		s->skip--;
		return 0;
	}
	ns = 2 * average + SPIN_SLACK_NS + (asleep ? SPIN_WAKE_NS : 0);
	return ns < AVA_SPIN_MAX_NS ? ns : AVA_SPIN_MAX_NS;
}

void ava_spin_result(struct ava_spin *s, bool there)
{
	if (there) {
		s->vain = 0;
		return;
	}
	if (s->vain < SPIN_VAIN_MAX)
		s->vain++;
	s->skip = 1u << s->vain;
}

bool ava_spin_begin(void)
{
	pthread_once(&spin_once, spin_init);
	if (atomic_fetch_add_explicit(&spinners, 1, memory_order_relaxed) < spin_room)
		return true;
	ava_spin_end();
	return false;
}

void ava_spin_end(void)
{
	atomic_fetch_sub_explicit(&spinners, 1, memory_order_relaxed);
}

void ava_spin_forget(void)
{
	atomic_store(&spinners, 0);
}
