/* SPDX-License-Identifier: Apache-2.0 */
/*
 * differ.h - seeded sequences of OpenCL calls, told in a canonical text
 *
 * A sequence is made of operations. Each one draws what it does from its own random
 * numbers (seed and index), so one can be left out without changing what the others
 * draw. The text names objects by their order of creation and never tells an address
 * or a time: what two implementations of one device say can be compared line by line.
 *
 * A sequence is deterministic by construction: commands that touch the same memory are
 * ordered by wait lists, nothing waits for a user event that nobody sets, and what may
 * be seen either way is not told.
 */
#ifndef AVA_TESTS_DIFFER_H
#define AVA_TESTS_DIFFER_H

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CL_TARGET_OPENCL_VERSION 300
#define CL_USE_DEPRECATED_OPENCL_1_0_APIS
#define CL_USE_DEPRECATED_OPENCL_1_1_APIS
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#define CL_USE_DEPRECATED_OPENCL_2_0_APIS
#define CL_USE_DEPRECATED_OPENCL_2_1_APIS
#define CL_USE_DEPRECATED_OPENCL_2_2_APIS
#include <CL/cl.h>
#include <CL/cl_ext.h>

#include "../../examples/cl_name.h"

enum kind {
	K_DEVICE, K_CONTEXT, K_QUEUE, K_MEM, K_SAMPLER, K_PROGRAM, K_KERNEL, K_EVENT, KINDS
};

/* When a callback is sure to have come: at once, when commands are over, at the end. */
enum hearings { H_SOON, H_COMMANDS, H_END, HEARINGS };

#define MAX_ARGS 4
#define MAX_WAIT 12
#define MAX_MEMS 6

/* One object, known by its kind and number: "mem3". */
struct obj {
	enum kind kind;
	unsigned int id;
	void *handle;
	unsigned int refs;		/* that this program holds */
	struct obj *context;
	struct obj *parent;		/* the buffer of a sub-buffer or image; a kernel's program */
	struct obj *next;		/* all of a sequence */
	unsigned int expects;		/* callbacks that its end must bring */
	bool leaks;			/* PoCL never frees it: a buffer with an image in it */

	/* K_MEM */
	cl_mem_object_type type;
	cl_mem_flags flags;
	size_t size, origin;
	size_t dim[3];			/* in elements; array sizes count as dimensions */
	size_t elem;
	cl_image_format format;
	unsigned char *host;
	struct obj *last;		/* the command that touched it last, if it may still run */
	unsigned int maps;
	bool written;			/* there is a map for writing */

	/* K_QUEUE */
	cl_command_queue_properties props;
	struct obj *device;
	bool poisoned;			/* a command of it ended with an error */

	/* K_EVENT */
	struct obj *queue;		/* NULL for a user event */
	bool user, done, gated;
	unsigned int callbacks;

	/* K_PROGRAM and K_KERNEL */
	const struct source *source;
	bool built, binary;
	unsigned int which;
	struct obj *arg[MAX_ARGS];
	bool arg_set[MAX_ARGS];
};

/* A read that does not block: its bytes are told when it is known to be over. */
struct transfer {
	struct transfer *next;
	struct obj *event;
	unsigned char *data;
	size_t len;
	bool tell;
	unsigned int op;
};

/* A map that the application holds. */
struct mapping {
	struct mapping *next;
	struct obj *mem;
	void *at;
	size_t origin[3], region[3], row, slice;
	cl_map_flags flags;
	struct obj *event;
};

struct op;

struct world {
	uint64_t seed;
	unsigned int index;		/* of the operation */
	uint64_t random;
	const struct op *op;
	bool building;
	unsigned int wild;		/* per cent of calls with a fault */
	FILE *out;
	cl_platform_id platform;
	struct obj *all;
	unsigned int count[KINDS];
	struct obj *root;		/* the root device */
	struct transfer *transfers;
	struct mapping *mappings;
	unsigned int maps;

	/* what callbacks said; they run on any thread */
	struct hearing {
		char **said;
		unsigned int count, expected;
	} hearing[HEARINGS];
	void **memory;			/* lives as long as the sequence */
	unsigned int memory_count;
};

struct op {
	const char *name;
	void (*run)(struct world *w);
	unsigned int faults;		/* how many ways of being wrong it knows */
	unsigned int weight;
	bool builds;			/* needs a program */
};

/* --- random numbers ------------------------------------------------------------ */

uint32_t draw(struct world *w, uint32_t n);		/* 0 .. n-1 */
bool chance(struct world *w, unsigned int percent);
/* Which of the operation's ways of being wrong to take; 0 is none. */
unsigned int fault(struct world *w);
/* One of the values given. */
#define ONE_OF(w, ...) one_of(w, (const uint64_t[]){ __VA_ARGS__ }, \
	sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))
uint64_t one_of(struct world *w, const uint64_t *values, size_t n);

/* --- telling ------------------------------------------------------------------- */

void say(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_err(struct world *w, cl_int err);
void say_bytes(struct world *w, const void *data, size_t len);
void say_digest(struct world *w, const void *data, size_t len);
void say_handle(struct world *w, enum kind kind, const void *handle);
void say_obj(struct world *w, const struct obj *o);
void end_line(struct world *w);

/* --- objects ------------------------------------------------------------------- */

extern const char *const kind_name[KINDS];

struct obj *obj_add(struct world *w, enum kind kind, void *handle, struct obj *context);
struct obj *obj_find(struct world *w, enum kind kind, const void *handle);
/* A random one that this program holds; of @context where that is not NULL. */
struct obj *obj_pick(struct world *w, enum kind kind, const struct obj *context);
unsigned int obj_count(struct world *w, enum kind kind);
/* As obj_pick(), and makes one if there is none. */
struct obj *need_context(struct world *w);
struct obj *need_queue(struct world *w, struct obj *context);
cl_int obj_retain(struct obj *o);
cl_int obj_release(struct world *w, struct obj *o);
/* Tell what a creating call returned; the object, if there is one. */
/* What an error is before anything set it. */
#define NO_ERR 77
struct obj *made(struct world *w, enum kind kind, void *handle, struct obj *context,
		 const cl_int *err);
/* Memory that is freed when the sequence is over. */
void *keep(struct world *w, size_t len);
void *keep_pattern(struct world *w, size_t len);
struct obj *mem_root(struct obj *mem);
bool mem_is_image(const struct obj *mem);
bool mem_busy(const struct obj *mem);

/* --- commands ------------------------------------------------------------------ */

/* What all commands have: a queue, a wait list, an event. */
struct cmd {
	struct obj *queue;
	cl_command_queue q;
	struct obj *waits[MAX_WAIT];
	cl_event list[MAX_WAIT];
	const cl_event *listp;
	cl_uint count;
	cl_event event;
	cl_event *eventp;
	struct obj *mem[MAX_MEMS];
	unsigned int mems;
	struct obj *made;		/* the event, if there is one */
	bool blocking, plain;
};

#define CMD_FAULTS 6

/*
 * cmd_open() picks a queue; cmd_touch() names the memory; cmd_arm() fills in wait
 * list and event, wrong if @wrong is 1 .. CMD_FAULTS, and tells them; cmd_close()
 * tells the outcome and keeps the books.
 */
void cmd_open(struct world *w, struct cmd *c, struct obj *context, bool blocking);
void cmd_touch(struct cmd *c, struct obj *mem);
void cmd_arm(struct world *w, struct cmd *c, unsigned int wrong);
bool cmd_close(struct world *w, struct cmd *c, cl_int err);
/* The bytes at @data are known when the command is over; then they are told. */
void cmd_result(struct world *w, struct cmd *c, unsigned char *data, size_t len);

/* Set all user events that are not set. */
void settle(struct world *w);
/* Wait until everything is over, and tell what came of it. */
void finish(struct world *w);
void queue_finished(struct world *w, struct obj *queue);
void event_finished(struct world *w, struct obj *event);
/* Unmap what is mapped of @mem, of everything if it is NULL. */
void unmap_all(struct world *w, struct obj *mem);

/* Give a new buffer or image without host memory its first contents. */
void mem_define(struct world *w, struct obj *mem, const void *pattern);

/* --- callbacks ------------------------------------------------------------------ */

/* One cookie per registration: told with @text when it is called. */
struct cookie {
	struct world *w;
	uint64_t seed;
	enum hearings when;
	char text[64];
};

struct cookie *cookie_make(struct world *w, enum hearings when, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void cookie_heard(struct cookie *cookie, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* One more callback is sure to come. */
void cookie_expect(struct world *w, enum hearings when);
/* From now on callbacks are for this sequence, or for none: those of others are dropped. */
void cookies_for(const struct world *w);
/* Wait for those that are to come and tell all, sorted. */
void cookies_drain(struct world *w, enum hearings when);

/* --- queries --------------------------------------------------------------------- */

enum shape {
	S_BYTES, S_STRING, S_HANDLE, S_HANDLES, S_POINTER, S_REFS, S_TIME, S_STATUS, S_SKIP,
	S_PROPS, S_SIZES_OF_BINARIES
};

struct query {
	cl_uint name;
	const char *text;
	enum shape shape;
	enum kind kind;
};

#define Q(name, shape) { name, #name, shape, 0 }
#define QH(name, shape, kind) { name, #name, shape, kind }

typedef cl_int (*query_fn)(void *of, cl_uint name, size_t size, void *value, size_t *ret,
			   void *more);

/* Query @of for one of @queries, right or wrong as fault() says. */
#define QUERY_FAULTS 5
void query_one(struct world *w, const struct obj *of, query_fn fn, void *more,
	       const struct query *queries, size_t n);
/* The same, for one name, without faults; for use in other operations. */
void query_name(struct world *w, const struct obj *of, query_fn fn, void *more,
		const struct query *query);

/* --- programs --------------------------------------------------------------------- */

struct source {
	const char *name;
	const char *text;
	const char *kernels[8];		/* NULL: does not build, or has none */
	bool builds;
};

extern const struct source sources[];
extern const size_t source_count;
struct obj *need_program(struct world *w, struct obj *context, bool built);
struct obj *need_kernel(struct world *w, struct obj *context);
struct obj *need_buffer(struct world *w, struct obj *context);
struct obj *need_image(struct world *w, struct obj *context);
struct obj *need_sampler(struct world *w, struct obj *context);
struct obj *need_event(struct world *w, struct obj *context);

/* --- what crashes the native implementation --------------------------------------- */

struct avoid {
	const char *name;
	const char *reason;
};

extern const struct avoid avoids[];
extern const size_t avoid_count;
/* True if the call must not be made; --try NAME makes it nevertheless. */
bool avoided(const char *name);
/* @wrong, or 0 if it is @bad and @name is avoided. */
unsigned int avoid_fault(unsigned int wrong, unsigned int bad, const char *name);
int avoid_try(const char *name);

/* --- the tables of operations ------------------------------------------------------ */

extern const struct op platform_ops[], object_ops[], buffer_ops[], transfer_ops[],
	image_ops[], map_ops[], program_ops[], kernel_ops[], event_ops[];

#endif /* AVA_TESTS_DIFFER_H */
