/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile.h - what happens to a server while it executes a call
 */
#ifndef AVA_TESTS_HOSTILE_H
#define AVA_TESTS_HOSTILE_H

#include <stdbool.h>

#include "opencl_common.h"

/* Called once, when the server has given bytes to the guest. */
extern void (*when_pushed)(void);

/* What another thread puts into the queue just before a map waits for that, if there is one. */
extern cl_event gate;
extern bool held;	/* it did */

#endif /* AVA_TESTS_HOSTILE_H */
