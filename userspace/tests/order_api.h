/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_api.h - a small ordered API, written by hand: what happened, and in which order
 *
 * Arguments are words behind the head. The server keeps a log of values.
 */
#ifndef AVA_TESTS_ORDER_API_H
#define AVA_TESTS_ORDER_API_H

#include <ava/cs.h>
#include <ava/server.h>

#define ORDER_APPEND	1	/* value, microseconds to take: to the log; asynchronous or not */
#define ORDER_LOG	2	/* reply: the log, one word a value */
#define ORDER_SUM	3	/* sum of the bytes of segment 0: to the log */
#define ORDER_PRINT	4	/* number, how often: "number\n" to stdout; reply: AVA_CS_EXECUTED */
#define ORDER_PID	5	/* reply: process id */
#define ORDER_CRASH	6	/* ends the server */
#define ORDER_EVENT	7	/* cookie, how many: events, payload: a word that counts from 0 */

#define ORDER_LOG_MAX	8192

#endif /* AVA_TESTS_ORDER_API_H */
