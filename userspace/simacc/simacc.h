/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simacc.h - a simulated accelerator
 *
 * A test part: an accelerator's C API with the shapes that such APIs have, over
 * devices that exist only here. Memory, time and failures of a device are exact
 * and repeatable, so a test can compare every answer.
 *
 * Handles are counted: a create function gives one reference. Each function
 * checks its handles first, in the order of the arguments; NULL or an object of
 * another type is that type's error. An object that another one needs stays alive
 * until that one is gone, and so does its handle, whatever the program released.
 *
 * An enqueue function checks nothing but its handles. Whatever else is wrong with a
 * command is the status of its event, of the context's notify function and of
 * the next sim_queue_finish().
 *
 * TIME. Each queue has a clock in ns of device time that starts at 0 and moves
 * only with commands. A command starts at the latest of the queue's clock and
 * the ends of the events it waits for (user events end at 0), and takes
 *
 *	read, write:	SIM_DEVICE_COMMAND_NS + size / SIM_DEVICE_BYTES_PER_NS
 *	copy:		SIM_DEVICE_COMMAND_NS + size / (4 * SIM_DEVICE_BYTES_PER_NS)
 *	launch:		2 * SIM_DEVICE_COMMAND_NS + items * work / SIM_DEVICE_OPS_PER_NS
 *
 * rounded up, where work is the kernel's SIM_KERNEL_WORK. A command that does not
 * run takes 0; one that fails while it runs (SIM_LAUNCH_FAILED) takes its time.
 * Nobody sleeps, unless the context has a pace: then the device takes that many
 * percent of its time for real.
 *
 * FAILURES come by sim_inject() or by the environment variable SIMACC_FAULTS, a
 * list such as "launch=3,1:alloc=1": the third launch on device 0 and the first
 * buffer of device 1.
 */
#ifndef SIMACC_H
#define SIMACC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define SIM_VERSION	0x10000		/* major << 16 | minor */

typedef int32_t sim_status;

/* SIM_STATUSES(X): X(name, value, text) for each status */
#define SIM_STATUSES(X) \
	X(SIM_OK, 0, "success") \
	X(SIM_INVALID_VALUE, -1, "invalid value") \
	X(SIM_INVALID_SIZE, -2, "invalid size or offset") \
	X(SIM_INVALID_DEVICE, -3, "invalid device") \
	X(SIM_INVALID_CONTEXT, -4, "invalid context") \
	X(SIM_INVALID_QUEUE, -5, "invalid queue") \
	X(SIM_INVALID_BUFFER, -6, "invalid buffer") \
	X(SIM_INVALID_KERNEL, -7, "invalid kernel") \
	X(SIM_INVALID_EVENT, -8, "invalid event") \
	X(SIM_INVALID_WAIT_LIST, -9, "invalid wait list") \
	X(SIM_INVALID_ARGUMENT, -10, "invalid kernel argument") \
	X(SIM_INVALID_OPERATION, -11, "invalid operation") \
	X(SIM_NO_SUCH_KERNEL, -12, "no kernel of this name") \
	X(SIM_NOT_READY, -13, "not ready") \
	X(SIM_OUT_OF_MEMORY, -14, "out of host memory") \
	X(SIM_OUT_OF_DEVICE_MEMORY, -15, "out of device memory") \
	X(SIM_LAUNCH_FAILED, -16, "kernel failed") \
	X(SIM_WAIT_FAILED, -17, "an awaited event failed") \
	X(SIM_DEVICE_LOST, -18, "device lost")

enum {
#define SIM_STATUS_VALUE(name, value, text) name = value,
	SIM_STATUSES(SIM_STATUS_VALUE)
#undef SIM_STATUS_VALUE
};

typedef struct sim_device_s *sim_device;
typedef struct sim_context_s *sim_context;
typedef struct sim_queue_s *sim_queue;
typedef struct sim_buffer_s *sim_buffer;
typedef struct sim_kernel_s *sim_kernel;
typedef struct sim_event_s *sim_event;

/* What the info functions can be asked; the type of the value behind each. */
typedef uint32_t sim_info;

enum {
	SIM_DEVICE_NAME = 1,		/* char[], with its NUL */
	SIM_DEVICE_MEMORY,		/* uint64_t: bytes */
	SIM_DEVICE_MEMORY_USED,		/* uint64_t: of all buffers of this process */
	SIM_DEVICE_COMMAND_NS,		/* uint64_t */
	SIM_DEVICE_BYTES_PER_NS,	/* uint64_t */
	SIM_DEVICE_OPS_PER_NS,		/* uint64_t */
	SIM_DEVICE_LOST_STATE,		/* uint32_t: 1 if it is lost */
	SIM_DEVICE_KERNELS,		/* char[]: names, with a ';' between them */
};

enum {
	SIM_CONTEXT_REFERENCES = 1,	/* uint32_t */
	SIM_CONTEXT_DEVICES,		/* sim_device[] */
	SIM_CONTEXT_PROPERTIES,		/* intptr_t[], with the final 0 */
};

enum {
	SIM_BUFFER_REFERENCES = 1,	/* uint32_t */
	SIM_BUFFER_SIZE,		/* uint64_t */
	SIM_BUFFER_FLAGS,		/* uint32_t */
	SIM_BUFFER_CONTEXT,		/* sim_context */
	SIM_BUFFER_DEVICE,		/* sim_device */
};

enum {
	SIM_KERNEL_REFERENCES = 1,	/* uint32_t */
	SIM_KERNEL_NAME,		/* char[], with its NUL */
	SIM_KERNEL_CONTEXT,		/* sim_context */
	SIM_KERNEL_DIMS,		/* uint32_t */
	SIM_KERNEL_ARGS,		/* uint32_t[]: SIM_ARG_* of each argument */
	SIM_KERNEL_WORK,		/* uint64_t: ops an item; needs all arguments set */
};

enum { SIM_ARG_IN = 1, SIM_ARG_OUT, SIM_ARG_FLOAT, SIM_ARG_UINT };

enum {
	SIM_QUEUE_REFERENCES = 1,	/* uint32_t */
	SIM_QUEUE_CONTEXT,		/* sim_context */
	SIM_QUEUE_DEVICE,		/* sim_device */
	SIM_QUEUE_CLOCK,		/* uint64_t: end of the last completed command */
	SIM_QUEUE_COMMANDS,		/* uint64_t: commands ever enqueued */
};

enum {
	SIM_EVENT_REFERENCES = 1,	/* uint32_t */
	SIM_EVENT_CONTEXT,		/* sim_context */
	SIM_EVENT_QUEUE,		/* sim_queue; NULL for a user event */
	SIM_EVENT_COMMAND,		/* uint32_t: SIM_COMMAND_* */
	SIM_EVENT_STATUS,		/* sim_status: SIM_NOT_READY, SIM_OK, or an error */
	SIM_EVENT_COST,			/* uint64_t: ns that the command takes if it runs */
	SIM_EVENT_START,		/* uint64_t: device time; SIM_NOT_READY before the end */
	SIM_EVENT_END,			/* uint64_t: the same */
};

enum {
	SIM_COMMAND_USER = 1, SIM_COMMAND_WRITE, SIM_COMMAND_READ, SIM_COMMAND_COPY,
	SIM_COMMAND_LAUNCH,
};

/* Keys of a context's properties. */
enum {
	SIM_CONTEXT_DEVICE = 0x100,	/* sim_device; any number of times, once at least */
	SIM_CONTEXT_PACE,		/* percent of device time that passes for real */
};

enum { SIM_BUFFER_COPY = 1 };		/* flag: starts with what @init points to */

/**
 * struct sim_launch - how often a kernel runs
 * @dims: dimensions, the kernel's SIM_KERNEL_DIMS
 * @flags: 0
 * @items: @dims numbers of items
 */
struct sim_launch {
	uint32_t dims;
	uint32_t flags;
	const uint64_t *items;
};

/**
 * struct sim_copy - what is copied on the device
 * @from: source
 * @to: destination; both on the queue's device
 * @from_offset: first byte in the source
 * @to_offset: first byte in the destination
 * @size: bytes
 */
struct sim_copy {
	sim_buffer from;
	sim_buffer to;
	uint64_t from_offset;
	uint64_t to_offset;
	uint64_t size;
};

enum {
	SIM_FAULT_LAUNCH = 1,	/* the launch fails: SIM_LAUNCH_FAILED of its event */
	SIM_FAULT_ALLOC,	/* the buffer fails: SIM_OUT_OF_DEVICE_MEMORY */
	SIM_FAULT_LOST,		/* with this command the device is lost, while the process lives */
};

/**
 * struct sim_fault - a failure to come
 * @kind: SIM_FAULT_*
 * @nth: at which launch, buffer or command from now on, counted from 1
 */
struct sim_fault {
	uint32_t kind;
	uint32_t nth;
};

/* ---- library and devices ---------------------------------------------------------- */

/**
 * sim_get_version() - the library's version
 * @version: (out) major << 16 | minor
 *
 * Return: SIM_OK, or SIM_INVALID_VALUE for NULL.
 */
sim_status sim_get_version(uint32_t *version);

/**
 * sim_status_text() - what a status means
 * @status: any
 *
 * Return: static text, never NULL.
 */
const char *sim_status_text(sim_status status);

/**
 * sim_get_devices() - the devices; they are there as long as the process
 * @n: room at @devices
 * @devices: (out) may be NULL
 * @count: (out) how many there are; may be NULL
 *
 * Return: SIM_OK, or SIM_INVALID_VALUE if both are NULL or @n contradicts @devices.
 */
sim_status sim_get_devices(uint32_t n, sim_device *devices, uint32_t *count);

/**
 * sim_device_info() - ask a device
 * @device: the device
 * @what: SIM_DEVICE_*
 * @size: room at @value
 * @value: (out) may be NULL
 * @size_ret: (out) bytes of the value; may be NULL
 *
 * The other info functions are like this one.
 * Return: SIM_OK, SIM_INVALID_VALUE for an unknown question, SIM_INVALID_SIZE for
 * too little room.
 */
sim_status sim_device_info(sim_device device, sim_info what, size_t size, void *value,
			   size_t *size_ret);

/**
 * sim_inject() - let a device fail
 * @device: the device
 * @n: how many faults
 * @faults: each happens once; 0 of them: none that did not happen yet will
 *
 * Return: SIM_OK, or SIM_INVALID_VALUE for a fault that is none.
 */
sim_status sim_inject(sim_device device, uint32_t n, const struct sim_fault *faults);

/* ---- contexts ------------------------------------------------------------------------ */

/**
 * sim_context_create() - a context of some devices
 * @properties: keys and values, and a final 0
 * @notify: called when a command of the context fails, on a thread of the
 *	library: a text, a launch's items (else NULL and 0), and @userdata.
 *	May be NULL.
 * @userdata: for @notify
 * @status: (out) may be NULL
 *
 * Return: the context, or NULL.
 */
sim_context sim_context_create(const intptr_t *properties,
			       void (*notify)(const char *text, const void *data, size_t size,
					      void *userdata),
			       void *userdata, sim_status *status);

/** sim_context_retain() - one reference more */
sim_status sim_context_retain(sim_context context);

/** sim_context_release() - one reference less */
sim_status sim_context_release(sim_context context);

/** sim_context_info() - ask a context SIM_CONTEXT_*, see sim_device_info() */
sim_status sim_context_info(sim_context context, sim_info what, size_t size, void *value,
			    size_t *size_ret);

/* ---- buffers ------------------------------------------------------------------------- */

/**
 * sim_buffer_create() - device memory
 * @context: the context
 * @device: one of its devices, whose memory it is
 * @flags: 0 or SIM_BUFFER_COPY
 * @size: bytes, not 0
 * @init: @size bytes for SIM_BUFFER_COPY, else NULL
 * @status: (out) SIM_OUT_OF_DEVICE_MEMORY if the device has not so much left; may be NULL
 *
 * Starts with zeros.
 * Return: the buffer, or NULL.
 */
sim_buffer sim_buffer_create(sim_context context, sim_device device, uint32_t flags, size_t size,
			     const void *init, sim_status *status);

/** sim_buffer_retain() - one reference more */
sim_status sim_buffer_retain(sim_buffer buffer);

/** sim_buffer_release() - one reference less; commands and kernels have their own */
sim_status sim_buffer_release(sim_buffer buffer);

/** sim_buffer_info() - ask a buffer SIM_BUFFER_*, see sim_device_info() */
sim_status sim_buffer_info(sim_buffer buffer, sim_info what, size_t size, void *value,
			   size_t *size_ret);

/**
 * sim_buffer_on_destroy() - be told when a buffer is gone
 * @buffer: the buffer
 * @fn: called once, after the memory was given back; @buffer is only a name then.
 *	The last one that was registered is called first.
 * @userdata: for @fn
 *
 * Return: SIM_OK, or SIM_INVALID_VALUE for no @fn.
 */
sim_status sim_buffer_on_destroy(sim_buffer buffer, void (*fn)(sim_buffer buffer, void *userdata),
				 void *userdata);

/* ---- kernels ------------------------------------------------------------------------- */

/**
 * sim_kernel_create() - one of the built-in kernels
 * @context: the context
 * @name: fill(out, float), add(in, in, out), scale(in, out, float),
 *	reduce(in, out): the sum of all items, matmul(in, in, out, uint): an
 *	items[0] x uint by uint x items[1] product. Buffers hold floats.
 * @status: (out) SIM_NO_SUCH_KERNEL for another name; may be NULL
 *
 * Return: the kernel, or NULL.
 */
sim_kernel sim_kernel_create(sim_context context, const char *name, sim_status *status);

/** sim_kernel_retain() - one reference more */
sim_status sim_kernel_retain(sim_kernel kernel);

/** sim_kernel_release() - one reference less */
sim_status sim_kernel_release(sim_kernel kernel);

/** sim_kernel_info() - ask a kernel SIM_KERNEL_*, see sim_device_info() */
sim_status sim_kernel_info(sim_kernel kernel, sim_info what, size_t size, void *value,
			   size_t *size_ret);

/**
 * sim_kernel_set_buffer() - a buffer as argument, for launches from now on
 * @kernel: the kernel
 * @index: of the argument, from 0
 * @buffer: of the kernel's context
 *
 * Return: SIM_OK, or SIM_INVALID_ARGUMENT if there is no such argument of this kind.
 */
sim_status sim_kernel_set_buffer(sim_kernel kernel, uint32_t index, sim_buffer buffer);

/**
 * sim_kernel_set_value() - a number as argument, for launches from now on
 * @kernel: the kernel
 * @index: of the argument, from 0
 * @size: 4
 * @value: a float or a uint32_t
 *
 * Return: SIM_OK, SIM_INVALID_ARGUMENT if there is no such argument of this kind, or
 * SIM_INVALID_SIZE.
 */
sim_status sim_kernel_set_value(sim_kernel kernel, uint32_t index, size_t size, const void *value);

/* ---- queues and commands ------------------------------------------------------------- */

/**
 * sim_queue_create() - a queue, whose commands run one after the other
 * @context: the context
 * @device: one of its devices
 * @status: (out) may be NULL
 *
 * Return: the queue, or NULL.
 */
sim_queue sim_queue_create(sim_context context, sim_device device, sim_status *status);

/** sim_queue_retain() - one reference more */
sim_status sim_queue_retain(sim_queue queue);

/** sim_queue_release() - one reference less; what is enqueued still runs */
sim_status sim_queue_release(sim_queue queue);

/** sim_queue_info() - ask a queue SIM_QUEUE_*, see sim_device_info() */
sim_status sim_queue_info(sim_queue queue, sim_info what, size_t size, void *value,
			  size_t *size_ret);

/**
 * sim_queue_finish() - wait for all commands of a queue
 * @queue: the queue
 *
 * Return: SIM_OK, or the status of the first that failed since the last finish.
 */
sim_status sim_queue_finish(sim_queue queue);

/**
 * sim_enqueue_write() - bytes to the device
 * @queue: the queue
 * @buffer: on the queue's device
 * @blocking: not 0: return when it is done, with the command's status
 * @offset: first byte in the buffer
 * @size: bytes
 * @bytes: the command's until it is done
 * @waits: how many events it waits for
 * @wait_list: the events; one that fails makes the command fail with
 *	SIM_WAIT_FAILED, and nothing is done
 * @event: (out) the command's event; may be NULL
 *
 * The other commands are like this one. The command's status: SIM_OK;
 * SIM_INVALID_BUFFER or SIM_INVALID_WAIT_LIST for objects of another context or
 * device; SIM_INVALID_SIZE for a range that is not in the buffer; SIM_INVALID_VALUE for
 * no @bytes; SIM_DEVICE_LOST; SIM_WAIT_FAILED.
 * Return: SIM_OK, SIM_OUT_OF_MEMORY, or a handle's error.
 */
sim_status sim_enqueue_write(sim_queue queue, sim_buffer buffer, int blocking, size_t offset,
			     size_t size, const void *bytes, uint32_t waits,
			     const sim_event *wait_list, sim_event *event);

/** sim_enqueue_read() - bytes from the device, see sim_enqueue_write() */
sim_status sim_enqueue_read(sim_queue queue, sim_buffer buffer, int blocking, size_t offset,
			    size_t size, void *bytes, uint32_t waits, const sim_event *wait_list,
			    sim_event *event);

/**
 * sim_enqueue_copy() - bytes from buffer to buffer
 * @queue: the queue
 * @copy: what; not NULL; ranges of one buffer may overlap
 * @waits: see sim_enqueue_write()
 * @wait_list: see sim_enqueue_write()
 * @event: see sim_enqueue_write()
 *
 * Return: as sim_enqueue_write(), SIM_INVALID_BUFFER without @copy.
 */
sim_status sim_enqueue_copy(sim_queue queue, const struct sim_copy *copy, uint32_t waits,
			    const sim_event *wait_list, sim_event *event);

/**
 * sim_enqueue_launch() - run a kernel
 * @queue: the queue
 * @kernel: its arguments are taken as they are now
 * @launch: how often
 * @waits: see sim_enqueue_write()
 * @wait_list: see sim_enqueue_write()
 * @event: see sim_enqueue_write()
 *
 * The command's status: SIM_INVALID_ARGUMENT if one is not set, SIM_INVALID_SIZE if a
 * buffer is too small for the items, SIM_LAUNCH_FAILED, or as for sim_enqueue_write().
 * Return: as sim_enqueue_write().
 */
sim_status sim_enqueue_launch(sim_queue queue, sim_kernel kernel, const struct sim_launch *launch,
			      uint32_t waits, const sim_event *wait_list, sim_event *event);

/* ---- events ------------------------------------------------------------------------- */

/**
 * sim_event_create() - a user event, which the program completes
 * @context: the context
 * @status: (out) may be NULL
 *
 * Return: the event, or NULL.
 */
sim_event sim_event_create(sim_context context, sim_status *status);

/**
 * sim_event_set() - complete a user event
 * @event: the event
 * @status: SIM_OK, or a negative status: it failed
 *
 * Return: SIM_OK, SIM_INVALID_VALUE, or SIM_INVALID_OPERATION if it is complete or a command's.
 */
sim_status sim_event_set(sim_event event, sim_status status);

/** sim_event_retain() - one reference more */
sim_status sim_event_retain(sim_event event);

/** sim_event_release() - one reference less; it completes nevertheless */
sim_status sim_event_release(sim_event event);

/** sim_event_info() - ask an event SIM_EVENT_*, see sim_device_info() */
sim_status sim_event_info(sim_event event, sim_info what, size_t size, void *value,
			  size_t *size_ret);

/**
 * sim_events_wait() - wait until events are complete
 * @n: how many; not 0
 * @events: of one context
 *
 * Return: SIM_OK, or SIM_WAIT_FAILED if one of them failed.
 */
sim_status sim_events_wait(uint32_t n, const sim_event *events);

/**
 * sim_event_on_complete() - be told when an event is complete
 * @event: the event
 * @fn: called once, on any thread; at once if the event is complete
 * @userdata: for @fn
 *
 * Return: SIM_OK, or SIM_INVALID_VALUE for no @fn.
 */
sim_status sim_event_on_complete(sim_event event,
				 void (*fn)(sim_event event, sim_status status, void *userdata),
				 void *userdata);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SIMACC_H */
