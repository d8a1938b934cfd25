/* SPDX-License-Identifier: Apache-2.0 */
/*
 * echo_api.h - a small API, written by hand, to test the two runtimes with
 *
 * Nothing of it is installed. It does what a generated API does, one function
 * for every way that a call can go.
 */
#ifndef AVA_TESTS_ECHO_API_H
#define AVA_TESTS_ECHO_API_H

#include <ava/server.h>

#define ECHO_MAX	4096u

#define ECHO_REPLY	1	/* the reply is the arguments; device_ns is 77 */
#define ECHO_SUM	2	/* reply: u64 sum of the bytes of segment 0 */
#define ECHO_FILL	3	/* args: u8; fills segment 0 with it, in two halves */
#define ECHO_COUNT	4	/* args: u64, added to the process's counter; async */
#define ECHO_READ	5	/* reply: u64 counter */
#define ECHO_BLOCK	6	/* never returns */
#define ECHO_CRASH	7	/* ends the server */
#define ECHO_BAD	8	/* arguments that do not decode */
#define ECHO_PID	9	/* reply: u64 process id */
#define ECHO_PROBE	10	/* args: u32 what; reply: u64 answer, see echo_server.c */
#define ECHO_EVENTS	11	/* args: u32 count; as many events, each with its number */

#define ECHO_PROBE_UID		1	/* user id */
#define ECHO_PROBE_CAPS		2	/* effective capabilities */
#define ECHO_PROBE_PTRACE	3	/* errno of a system call that is refused */
#define ECHO_PROBE_UNSHARE	4
#define ECHO_PROBE_VSOCK	5
#define ECHO_PROBE_NEWUSER	6	/* errno of clone(CLONE_NEWUSER) */
#define ECHO_PROBE_NNP		7	/* no_new_privs */
#define ECHO_PROBE_CORE		8	/* RLIMIT_CORE */
#define ECHO_PROBE_WRITE	9	/* errno of making a file in $HOME */
#define ECHO_PROBE_ETC		10	/* errno of making a file in /etc */
#define ECHO_PROBE_EXEC		11	/* exit status of a program */
#define ECHO_PROBE_DUMPABLE	12
#define ECHO_PROBE_NOFILE	13	/* RLIMIT_NOFILE */
#define ECHO_PROBE_IOURING	14
#define ECHO_PROBE_TTY		15	/* errno of pasting into a terminal */

#define ECHO_PROBE_VARIABLE	16	/* of $ECHO_VARIABLE, as a number */
#define ECHO_PROBE_CHANNEL	17	/* whether $AVA_CHANNEL is there */
#define ECHO_PROBE_VENDORS	18	/* of $OCL_ICD_VENDORS, as a number */
#define ECHO_PROBE_CPUS		19	/* CPUs that it may use */
#define ECHO_PROBE_CWD		20	/* inode of the current directory */
#define ECHO_PROBE_STDERR	21	/* writes a line there */
#define ECHO_PROBE_LIBRARY	22	/* whether libava-probe.so is found */

extern const struct ava_api_id echo_id;
extern const struct ava_func echo_funcs[];
extern const uint32_t echo_func_count;

int echo_dispatch(struct ava_server_call *call);

#endif /* AVA_TESTS_ECHO_API_H */
