/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.h - what the unit tests of marshalling share
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ava/cs.h>
#include <ava/cs_serve.h>
#include <ava/guest.h>
#include <ava/handle.h>
#include <ava/object.h>

/* unit.c: a channel that is not there, and what it saw and answers */
extern int context_err, context_status, call_err;
extern uint8_t seen_args[65536];
extern struct ava_call seen;
extern uint64_t answer[16];
extern size_t answer_len;
extern uint8_t seg_bytes[4][8192];
extern uint64_t events[8], event_count;

/* unit_handle.c: type 1 counts these, type 2 has no count, type 3 is immortal */
extern int retained, released;
void *find(uint64_t handle, uint32_t type);
void release_with(uint64_t handle, uint32_t refs, uint32_t seen, bool success);
void release_call(uint64_t handle, bool success);
int adopt(uint64_t chosen, void *native, uint32_t type, uint64_t *handle);
int handles_setup(void **state);
int handles_teardown(void **state);

/* unit_object.c: drops a reference as generated code does; what it would send is in @r */
enum ava_release drop(void *o, uint32_t type, struct ava_object_release *r);
uint32_t forgotten(uint64_t *handle);

#define HANDLES(f)	cmocka_unit_test_setup_teardown(f, handles_setup, handles_teardown)
#define GUEST(f)	cmocka_unit_test_setup(f, guest_setup)

/* Each runs the tests of its file: how many failed. */
int unit_cs(void);
int unit_handle(void);
int unit_object(void);
int unit_guest(void);
int unit_serve(void);
int unit_opencl(void);

#endif /* UNIT_H */
