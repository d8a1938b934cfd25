// SPDX-License-Identifier: Apache-2.0
/*
 * guest_learn.c - commands on memory objects that surely succeed, and need not be waited for
 *
 * Whether a command is accepted depends on its queue, its objects and its shape. What
 * the vendor's library accepted once it accepts again; of plain buffers any range that
 * is inside is of the same shape. One lock, held for a comparison only.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "guest_memory.h"

/* The last command of its kind that was accepted on an object. */
struct shape {
	cl_ulong queue;		/* their serial numbers */
	cl_ulong other;
	cl_uint kind;
	cl_uint reserved;
	size_t numbers[16];
};

struct learned {
	struct shape shapes[OCL_LEARN_COUNT];
};

static const char shapes_key, serial_key;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cl_ulong last_serial;

static void fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

static void fork_done(void)
{
	pthread_mutex_unlock(&lock);
}

static void fork_init(void)
{
	pthread_atfork(fork_prepare, fork_done, fork_done);
}

static void learn_lock(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fork_init);
	pthread_mutex_lock(&lock);
}

/* A number that no other object gets, as an address might. 0 without memory. */
static cl_ulong serial_of(const void *object)
{
	cl_ulong *serial = ava_object_attached(object, &serial_key);

	if (serial)
		return *serial;
	serial = malloc(sizeof(*serial));
	if (!serial)
		return 0;
	*serial = ++last_serial;
	if (ava_object_attach(object, &serial_key, serial, free))
		return *serial;
	free(serial);
	return 0;
}

static struct learned *learned_of(cl_mem mem)
{
	struct learned *l = ava_object_attached(mem, &shapes_key);

	if (l)
		return l;
	l = calloc(1, sizeof(*l));
	if (l && ava_object_attach(mem, &shapes_key, l, free))
		return l;
	free(l);
	return NULL;
}

static bool is_known(cl_command_queue queue, cl_mem mem, cl_mem other, struct shape *shape)
{
	struct learned *l;
	bool known;

	learn_lock();
	l = ava_object_attached(mem, &shapes_key);
	shape->queue = serial_of(queue);
	shape->other = other ? serial_of(other) : 0;
	known = l && shape->queue &&
		!memcmp(&l->shapes[shape->kind], shape, sizeof(*shape));
	pthread_mutex_unlock(&lock);
	return known;
}

static void learn(cl_command_queue queue, cl_mem mem, cl_mem other, struct shape *shape)
{
	struct learned *l;

	learn_lock();
	l = learned_of(mem);
	shape->queue = serial_of(queue);
	shape->other = other ? serial_of(other) : 0;
	if (l && shape->queue && (!other || shape->other))
		l->shapes[shape->kind] = *shape;
	pthread_mutex_unlock(&lock);
}

/* ---- transfers ---------------------------------------------------------------------- */

static struct shape move_shape(const struct ocl_move *move, cl_uint kind)
{
	struct shape shape = { .kind = kind };
	size_t *n = shape.numbers;

	n[0] = move->kind + 1;
	if (move->kind == OCL_MOVE_BUFFER)
		return shape;
	memcpy(&n[1], move->region, sizeof(move->region));
	memcpy(&n[4], move->origin, sizeof(move->origin));
	memcpy(&n[7], move->host_origin, sizeof(move->host_origin));
	n[10] = move->row;
	n[11] = move->slice;
	n[12] = move->host_row;
	n[13] = move->host_slice;
	return shape;
}

int ocl_move_known(cl_command_queue queue, cl_mem mem, const struct ocl_move *move,
		   cl_uint kind, size_t size, cl_uint waits, const cl_event *wait_list,
		   const cl_event *event)
{
	struct shape shape = move_shape(move, kind);

	/* With bytes to move it is inside of the object. One that brings them is waited for. */
	return !(move->flags & OCL_BLOCKING) && move->flags & OCL_BYTES &&
	       !size != !move->id && is_known(queue, mem, NULL, &shape) &&
	       ocl_good_waits(waits, wait_list, event);
}

void ocl_move_learned(cl_command_queue queue, cl_mem mem, const struct ocl_move *move,
		      cl_uint kind, const cl_event *event)
{
	struct shape shape = move_shape(move, kind);

	if (kind == OCL_LEARN_WRITE)
		ocl_host_wrote(move->flags & OCL_BLOCKING ? NULL : queue, mem,
			       ocl_move_start(move), ocl_move_span(move), event);

	if (move->flags & OCL_BYTES)
		learn(queue, mem, NULL, &shape);
}

int ocl_unmap_known(cl_command_queue queue, cl_mem mem, cl_ulong id, cl_uint waits,
		    const cl_event *wait_list, const cl_event *event)
{
	struct shape shape = { .kind = OCL_LEARN_UNMAP };

	return id && id != OCL_NO_ADDRESS && is_known(queue, mem, NULL, &shape) &&
	       ocl_good_waits(waits, wait_list, event);
}

void ocl_unmap_learned(cl_command_queue queue, cl_mem mem)
{
	struct shape shape = { .kind = OCL_LEARN_UNMAP };

	learn(queue, mem, NULL, &shape);
}

/* ---- commands without the host's memory ------------------------------------------------ */

static bool inside(cl_mem mem, size_t offset, size_t size)
{
	struct ocl_mem *m = ocl_mem_of(mem);

	return m && size && ocl_inside(offset, size, m->facts.size);
}

/* Parts of one buffer may overlap. */
static bool apart(cl_mem a, cl_mem b)
{
	struct ocl_mem *x = ocl_mem_of(a), *y = ocl_mem_of(b);

	return x && y && x->shadow != y->shadow;
}

int ocl_copy_known(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset,
		   size_t to_offset, size_t size, cl_uint waits, const cl_event *wait_list,
		   const cl_event *event)
{
	struct shape shape = { .kind = OCL_LEARN_COPY };

	return inside(from, from_offset, size) && inside(to, to_offset, size) &&
	       apart(from, to) && is_known(queue, to, from, &shape) &&
	       ocl_good_waits(waits, wait_list, event);
}

void ocl_copy_learned(cl_command_queue queue, cl_mem from, cl_mem to, size_t to_offset,
		      size_t size, const cl_event *event)
{
	struct shape shape = { .kind = OCL_LEARN_COPY };

	ocl_host_wrote(queue, to, to_offset, size, event);

	if (apart(from, to))
		learn(queue, to, from, &shape);
}

int ocl_fill_known(cl_command_queue queue, cl_mem buffer, const void *pattern,
		   size_t pattern_size, size_t offset, size_t size, cl_uint waits,
		   const cl_event *wait_list, const cl_event *event)
{
	struct shape shape = { .kind = OCL_LEARN_FILL, .numbers = { pattern_size } };

	return pattern && ocl_pattern_bytes(pattern_size) && !(offset % pattern_size) &&
	       !(size % pattern_size) && inside(buffer, offset, size) &&
	       is_known(queue, buffer, NULL, &shape) &&
	       ocl_good_waits(waits, wait_list, event);
}

void ocl_fill_learned(cl_command_queue queue, cl_mem buffer, size_t pattern_size,
		      size_t offset, size_t size, const cl_event *event)
{
	struct shape shape = { .kind = OCL_LEARN_FILL, .numbers = { pattern_size } };

	ocl_host_wrote(queue, buffer, offset, size, event);

	learn(queue, buffer, NULL, &shape);
}

static struct shape box_shape(cl_uint kind, const size_t *a, const size_t *b,
			      const size_t *region, size_t a_row, size_t a_slice,
			      size_t b_row, size_t b_slice)
{
	struct shape shape = { .kind = kind };
	size_t *n = shape.numbers;

	n[0] = (a != NULL) + 2 * (b != NULL) + 4 * (region != NULL);
	if (a)
		memcpy(&n[1], a, 3 * sizeof(*n));
	if (b)
		memcpy(&n[4], b, 3 * sizeof(*n));
	if (region)
		memcpy(&n[7], region, 3 * sizeof(*n));
	n[10] = a_row;
	n[11] = a_slice;
	n[12] = b_row;
	n[13] = b_slice;
	return shape;
}

int ocl_box_known(cl_command_queue queue, cl_mem from, cl_mem to, cl_uint kind,
		  const size_t *a, const size_t *b, const size_t *region, size_t a_row,
		  size_t a_slice, size_t b_row, size_t b_slice, cl_uint waits,
		  const cl_event *wait_list, const cl_event *event)
{
	struct shape shape = box_shape(kind, a, b, region, a_row, a_slice, b_row, b_slice);

	return is_known(queue, to, from, &shape) && ocl_good_waits(waits, wait_list, event);
}

void ocl_box_learned(cl_command_queue queue, cl_mem from, cl_mem to, cl_uint kind,
		     const size_t *a, const size_t *b, const size_t *region, size_t a_row,
		     size_t a_slice, size_t b_row, size_t b_slice,
		     const cl_event *event)
{
	struct shape shape = box_shape(kind, a, b, region, a_row, a_slice, b_row, b_slice);

	ocl_host_wrote(queue, to, 0, SIZE_MAX, event);
	learn(queue, to, from, &shape);
}
