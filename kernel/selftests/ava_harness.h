/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ava_harness.h - the kernel's kselftest harness, and what our programs share
 */
#ifndef AVA_HARNESS_H
#define AVA_HARNESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <kselftest_harness.h>

#include "ring.h"
#include "ring_guest.h"
#include "ring_server.h"

/* An emulated host is some fifty times slower than a real one. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 600

#define MIB (1ull << 20)

/* An ioctl's result as 0 or -errno. */
#define IOCTL(fd, cmd, arg) (ioctl(fd, cmd, arg) < 0 ? -errno : 0)

/* Ids differ from test to test, so that one cannot live on another's leftovers. */
static inline uint64_t test_guest_id(void)
{
	return 1000 + (uint64_t)getpid() * 16;
}

#define EXPECT_HELD(managers) do { \
	char culprit[64] = ""; \
	int idle_ret = ring_counters_idle(managers, culprit, sizeof(culprit)); \
	EXPECT_EQ(0, idle_ret) \
		TH_LOG("not given back within a second: %s", culprit); \
} while (0)

#define EXPECT_IDLE() EXPECT_HELD(0)
#define EXPECT_VM_GONE() EXPECT_HELD(1)

#endif /* AVA_HARNESS_H */
