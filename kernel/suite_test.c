// SPDX-License-Identifier: GPL-2.0
/*
 * suite_test.c - the module that holds the host's KUnit suites
 */
#include <linux/module.h>

#include "compat.h"
#include "suite_test.h"

kunit_test_suites(&ava_proto_suite, &ava_functable_suite, &ava_runs_suite,
		  &ava_arena_suite, &ava_ring_suite, &ava_life_suite);

AVA_IMPORT_KUNIT_NS;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("AvA: KUnit tests of the host side");
