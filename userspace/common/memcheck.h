/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcheck.h - memory that another process wrote
 *
 * Checkers of a program's memory see its own writes only. Where valgrind's header was
 * there when this was built, valgrind is told of others.
 */
#ifndef AVA_COMMON_MEMCHECK_H
#define AVA_COMMON_MEMCHECK_H

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif

#ifdef VALGRIND_MAKE_MEM_DEFINED
#define ava_memory_filled(addr, len) ((void)VALGRIND_MAKE_MEM_DEFINED(addr, len))
#else
#define ava_memory_filled(addr, len) ((void)(addr), (void)(len))
#endif

#endif /* AVA_COMMON_MEMCHECK_H */
