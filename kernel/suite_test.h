/* SPDX-License-Identifier: GPL-2.0 */
/*
 * suite_test.h - the suites, one for each pure file
 */
#ifndef AVA_SUITE_TEST_H
#define AVA_SUITE_TEST_H

#include <kunit/test.h>

extern struct kunit_suite ava_proto_suite;
extern struct kunit_suite ava_functable_suite;
extern struct kunit_suite ava_runs_suite;
extern struct kunit_suite ava_arena_suite;
extern struct kunit_suite ava_ring_suite;
extern struct kunit_suite ava_life_suite;

#endif /* AVA_SUITE_TEST_H */
