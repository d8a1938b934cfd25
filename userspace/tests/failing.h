/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failing.h - what fails in a server with failing.c
 */
#ifndef AVA_TESTS_FAILING_H
#define AVA_TESTS_FAILING_H

#define FAILING_GLOBAL	7	/* work items of a launch */
#define FAILING_SIZE	24	/* bytes of a write */
#define FAILING_VALUE	4711	/* of an argument of four bytes */

#endif /* AVA_TESTS_FAILING_H */
