/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spin.h - whether, and how long, to look at memory before sleeping
 *
 * Sleeping and being woken costs several times what a short call takes; looking
 * costs a CPU that others may need. So it is bounded, never done by more threads
 * than there are CPUs to spare, and only where what is waited for was quick
 * lately. With one CPU nobody spins: what is waited for could not run. With more it
 * may not run either, if others keep them busy or the scheduler put both ends on
 * one: who looked in vain sleeps at once the next times, for longer each time.
 */
#ifndef AVA_COMMON_SPIN_H
#define AVA_COMMON_SPIN_H

#include <stdbool.h>
#include <stdint.h>

#define AVA_SPIN_MAX_NS		50000u

/**
 * struct ava_spin - how looking went for one who waits
 * @vain: how often in a row it was in vain
 * @skip: how many times to sleep at once
 */
struct ava_spin {
	uint32_t vain;
	uint32_t skip;
};

/**
 * ava_spin_now() - CLOCK_MONOTONIC in ns
 */
uint64_t ava_spin_now(void);

/**
 * ava_spin_learn() - take note of how long it took
 * @average: what was learned so far; 0 at the start
 * @ns: how long it took this time
 */
void ava_spin_learn(uint32_t *average, uint64_t ns);

/**
 * ava_spin_budget() - how long looking is worth while
 * @s: of the one who waits
 * @average: what was learned
 * @asleep: the other side has to be woken first
 *
 * Return: ns, at most AVA_SPIN_MAX_NS; 0: sleep at once.
 */
uint32_t ava_spin_budget(struct ava_spin *s, uint32_t average, bool asleep);

/**
 * ava_spin_result() - how looking for as long as the budget went
 * @s: of the one who waits
 * @there: what was waited for came
 */
void ava_spin_result(struct ava_spin *s, bool there);

/**
 * ava_spin_begin() - may the calling thread spin now?
 *
 * Return: true if so; then ava_spin_end() has to follow.
 */
bool ava_spin_begin(void);

/**
 * ava_spin_end() - the calling thread spins no more
 */
void ava_spin_end(void);

/**
 * ava_spin_forget() - in the child of a fork: only its own thread is left
 */
void ava_spin_forget(void);

/**
 * ava_spin_pause() - between two looks
 */
static inline void ava_spin_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif /* AVA_COMMON_SPIN_H */
