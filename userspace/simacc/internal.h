/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h - what the files of the simulated accelerator share
 *
 * One lock for everything that changes and one condition for every change: a
 * simulation needs to be right, not fast. It is never held while a kernel
 * computes or the program's functions run.
 */
#ifndef SIMACC_INTERNAL_H
#define SIMACC_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "simacc.h"

#pragma GCC visibility push(hidden)

extern pthread_mutex_t sim_lock;
extern pthread_cond_t sim_changed;

/* ---- objects (object.c) ------------------------------------------------------ */

enum sim_type {
	SIM_TYPE_DEVICE = 0x51d1, SIM_TYPE_CONTEXT, SIM_TYPE_QUEUE, SIM_TYPE_BUFFER,
	SIM_TYPE_KERNEL, SIM_TYPE_EVENT,
};

/**
 * struct sim_object - what every object begins with; counts under sim_lock
 * @type: SIM_TYPE_*
 * @refs: the program's references
 * @uses: one for all of @refs, and one of each object that needs this one
 * @destroy: without the lock, when no use is left
 */
struct sim_object {
	enum sim_type type;
	uint32_t refs;
	uint32_t uses;
	void (*destroy)(void *object);
};

/* An object with one reference, zeroed; NULL without memory. */
void *sim_object_new(enum sim_type type, size_t size, void (*destroy)(void *object));

/* Is it a handle of this type? What was freed is the program's mistake. */
bool sim_is(const void *object, enum sim_type type);

/* One use more, and one less; NULL is nothing. Without the lock. */
void *sim_use(void *object);
void sim_unuse(void *object);

/* The program's references; @invalid if it is no handle of @type. */
sim_status sim_retain(void *object, enum sim_type type, sim_status invalid);
sim_status sim_release(void *object, enum sim_type type, sim_status invalid);
uint32_t sim_refs(const void *object);

/**
 * struct sim_told - a function of the program's that is called once
 * @event: of an event
 * @buffer: of a buffer
 * @userdata: for it
 */
struct sim_told {
	struct sim_told *next;
	union {
		void (*event)(sim_event event, sim_status status, void *userdata);
		void (*buffer)(sim_buffer buffer, void *userdata);
	};
	void *userdata;
};

/* The end of every info function: @len bytes at @answer are the value. */
sim_status sim_answer(size_t size, void *value, size_t *size_ret, const void *answer,
		      size_t len);

/* The end of every create function. */
void *sim_created(void *object, sim_status status, sim_status *out);

/* ---- devices (device.c) -------------------------------------------------------- */

struct sim_pending_fault;

struct sim_device_s {
	struct sim_object base;
	const char *name;
	uint64_t memory;
	uint64_t command_ns;
	uint64_t bytes_per_ns;
	uint64_t ops_per_ns;
	/* under sim_lock */
	uint64_t used;
	bool lost;
	struct sim_pending_fault *faults;
};

/* Account for a buffer; SIM_OUT_OF_DEVICE_MEMORY, SIM_DEVICE_LOST. */
sim_status sim_device_take(struct sim_device_s *device, uint64_t size);
void sim_device_give_back(struct sim_device_s *device, uint64_t size);

/* A command is enqueued: what becomes of it, SIM_OK, SIM_LAUNCH_FAILED or SIM_DEVICE_LOST. */
sim_status sim_device_command(struct sim_device_s *device, bool launch);
bool sim_device_is_lost(struct sim_device_s *device);

/* ---- contexts (context.c) ------------------------------------------------------ */

struct sim_context_s {
	struct sim_object base;
	void (*notify)(const char *text, const void *data, size_t size, void *userdata);
	void *userdata;
	uint64_t pace;
	size_t property_count;	/* words, with the final 0 */
	intptr_t properties[];
};

bool sim_context_has(const struct sim_context_s *context, const struct sim_device_s *device);

/* ---- buffers (buffer.c) -------------------------------------------------------- */

struct sim_buffer_s {
	struct sim_object base;
	struct sim_context_s *context;
	struct sim_device_s *device;
	uint32_t flags;
	size_t size;
	uint8_t *bytes;
	struct sim_told *told;
};

/* ---- kernels (kernel.c) and what they compute (builtin.c) ------------------------ */

#define SIM_DIMS	2
#define SIM_ARGS	4	/* of the built-in kernel that has most */

union sim_arg {
	struct sim_buffer_s *buffer;
	float f;
	uint32_t u;
};

/**
 * struct sim_builtin - a kernel of the device
 * @name: as for sim_kernel_create()
 * @dims: dimensions
 * @args: SIM_ARG_* of each argument; 0 ends them
 * @work: ops an item
 * @need: bytes that the buffer at @index must have
 * @run: does it
 */
struct sim_builtin {
	const char *name;
	uint32_t dims;
	uint32_t args[SIM_ARGS + 1];
	uint64_t (*work)(const union sim_arg *args);
	uint64_t (*need)(const uint64_t *items, const union sim_arg *args, uint32_t index);
	void (*run)(const uint64_t *items, const union sim_arg *args);
};

struct sim_kernel_s {
	struct sim_object base;
	struct sim_context_s *context;
	const struct sim_builtin *builtin;
	/* under sim_lock */
	union sim_arg args[SIM_ARGS];
	bool set[SIM_ARGS];
};

const struct sim_builtin *sim_builtin_find(const char *name);
/* The names, with a ';' between them; static. */
const char *sim_builtin_names(void);
uint32_t sim_builtin_arg_count(const struct sim_builtin *builtin);
uint64_t sim_mul(uint64_t a, uint64_t b);

/* The arguments as they are now, with a use of each buffer; SIM_INVALID_ARGUMENT. */
sim_status sim_kernel_args(struct sim_kernel_s *kernel, union sim_arg *args);
void sim_kernel_args_put(const struct sim_builtin *builtin, const union sim_arg *args);

/* ---- events (event.c) ------------------------------------------------------------ */

struct sim_event_s {
	struct sim_object base;
	struct sim_context_s *context;
	struct sim_queue_s *queue;
	uint32_t command;
	uint64_t cost;
	/* under sim_lock */
	sim_status status;
	uint64_t start;
	uint64_t end;
	struct sim_told *told;
};

/* An event that is not complete; its reference is the program's. */
struct sim_event_s *sim_event_new(struct sim_context_s *context, struct sim_queue_s *queue,
				  uint32_t command);
void sim_event_complete(struct sim_event_s *event, sim_status status, uint64_t start,
			uint64_t end);
sim_status sim_event_wait(struct sim_event_s *event);

/* ---- queues (queue.c) and commands (command.c) ------------------------------------ */

struct sim_queue_s {
	struct sim_object base;
	struct sim_context_s *context;
	struct sim_device_s *device;
	/* under sim_lock */
	struct sim_command *first;
	struct sim_command **last;
	uint64_t clock;
	uint64_t enqueued;
	uint64_t completed;
	sim_status failed;	/* first failure since the last finish */
};

/**
 * struct sim_command - from enqueue to completion
 * @status: SIM_OK if it can run, or why it does not
 * @fails: SIM_OK, or what it ends with after it ran
 * @event: of every command
 * @waits: events that it waits for, each with a use
 * @to: destination in a buffer or, for reads, the program's memory
 * @from: source
 * @size: bytes of a transfer
 * @builtin: of a launch; with @args and @items
 * @buffers: in use by a transfer
 */
struct sim_command {
	struct sim_command *next;
	sim_status status;
	sim_status fails;
	struct sim_event_s *event;
	struct sim_event_s **waits;
	uint32_t wait_count;
	void *to;
	const void *from;
	uint64_t size;
	const struct sim_builtin *builtin;
	union sim_arg args[SIM_ARGS];
	uint64_t items[SIM_DIMS];
	struct sim_buffer_s *buffers[2];
};

void sim_queue_add(struct sim_queue_s *queue, struct sim_command *command);
void sim_command_run(struct sim_command *command);
/* Let go what the command used. */
void sim_command_put(struct sim_command *command);
/* What the context's notify function is told. */
void sim_command_notify(const struct sim_command *command, sim_status status);

#pragma GCC visibility pop

#endif /* SIMACC_INTERNAL_H */
