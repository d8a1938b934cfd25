/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - what the vendor's library writes to standard output belongs to the guest
 */
#ifndef AVA_SERVER_OUTPUT_H
#define AVA_SERVER_OUTPUT_H

#include <stdbool.h>

#include <ava/server.h>

/**
 * ava_output_catch() - put a file of this process's own in the place of descriptor 1
 *
 * Before the vendor's library can run. stderr stays: it is the server's log.
 * Return: 0 or -errno.
 */
int ava_output_catch(void);

/**
 * ava_output_pending() - is there output that the guest has not fetched?
 */
bool ava_output_pending(void);

/**
 * ava_output_take() - serve AVA_FUNC_OUTPUT
 * @call: its reply becomes as much output as there is room for, and is empty for none
 *
 * Return: 0.
 */
int ava_output_take(struct ava_server_call *call);

#endif /* AVA_SERVER_OUTPUT_H */
