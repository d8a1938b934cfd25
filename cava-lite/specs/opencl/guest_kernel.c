// SPDX-License-Identifier: Apache-2.0
/*
 * guest_kernel.c - what the vendor accepted of a kernel, so that nobody waits for it again
 *
 * Each kernel remembers which kinds of values and which objects each argument was
 * set to with success, and which launches succeeded since the last new one of them.
 * Objects are remembered by their handles, which are never used twice. All of this
 * only decides whether a call waits: what is forgotten costs one round trip.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <ava/guest.h>

#include "guest_memory.h"

#define ARG_OBJECTS	16
#define SHAPES		16
#define ARGS_MAX	65536	/* of which something is remembered */
#define ARGS_USUAL	16

/* Described in the spec; not of the API, so no header declares it. */
cl_int ocl_get_kernel_args(cl_kernel kernel, cl_uint n, struct ocl_arg *args,
			   cl_uint *count);

/* Kinds of values of one size. */
#define KIND_BYTES	(1u << 0)
#define KIND_ZERO	(1u << 1)	/* as large as a handle, and none */
#define KIND_LOCAL	(1u << 2)	/* no value, only its size */

struct arg_object {
	const void *object;
	uint64_t handle;
	uint32_t type;
};

struct arg {
	size_t size;
	unsigned int kinds;
	unsigned int next;
	struct arg_object objects[ARG_OBJECTS];
};

struct shape {
	uint64_t queue;		/* handle; 0: nothing is here */
	uint64_t epoch;
	cl_uint dim;
	bool has_offset;
	bool has_local;
	size_t offset[3];
	size_t global[3];
	size_t local[3];
};

/* An argument in memory of the application. */
struct host_arg {
	cl_uint index;
	struct ocl_host_part part;
};

struct kernel {
	pthread_mutex_t lock;
	uint64_t epoch;		/* counts the arguments that were new */
	uint32_t arg_count;
	uint32_t fact_count;
	bool asked;
	unsigned int next_shape;
	struct arg *args;
	struct ocl_arg *facts;	/* what the vendor says of the arguments */
	uint32_t host_count;
	struct host_arg *hosts;
	struct shape shapes[SHAPES];
};

static const char key;

static struct kernel *kernel_of(cl_kernel kernel)
{
	return ava_object_attached(kernel, &key);
}

static void kernel_free(void *data)
{
	struct kernel *k = data;

	pthread_mutex_destroy(&k->lock);
	free(k->args);
	free(k->facts);
	free(k->hosts);
	free(k);
}

/* Without memory everything works, and waits. */
void ocl_kernel_made(cl_kernel kernel)
{
	struct kernel *k = calloc(1, sizeof(*k));

	if (!k)
		return;
	pthread_mutex_init(&k->lock, NULL);
	if (!ava_object_attach(kernel, &key, k, kernel_free))
		kernel_free(k);
}

void ocl_kernels_made(cl_uint count, const cl_kernel *kernels, const cl_uint *made)
{
	cl_uint i;

	if (made && *made < count)
		count = *made;
	for (i = 0; kernels && i < count; i++)
		if (kernels[i])
			ocl_kernel_made(kernels[i]);
}

/* ---- what arguments are ------------------------------------------------------------- */

/* One call for a kernel with as many arguments as most have. */
static struct ocl_arg *get_facts(cl_kernel kernel, cl_uint *count)
{
	cl_uint room = ARGS_USUAL;
	struct ocl_arg *facts = calloc(room, sizeof(*facts)), *more;

	while (facts && !ocl_get_kernel_args(kernel, room, facts, count)) {
		if (*count <= room)
			return facts;
		room = *count;
		more = room <= ARGS_MAX ? realloc(facts, room * sizeof(*facts)) : NULL;
		if (!more)
			break;
		facts = more;
	}
	free(facts);
	*count = 0;
	return NULL;
}

/* Without the lock while the vendor is asked; the first answer counts. */
static struct ocl_arg fact_of(struct kernel *k, cl_kernel kernel, cl_uint index)
{
	struct ocl_arg *facts = NULL, fact = { OCL_ARG_UNKNOWN, 0 };
	cl_uint count = 0;
	bool asked;

	pthread_mutex_lock(&k->lock);
	asked = k->asked;
	pthread_mutex_unlock(&k->lock);
	if (!asked)
		facts = get_facts(kernel, &count);
	pthread_mutex_lock(&k->lock);
	if (!k->asked) {
		k->asked = true;
		k->facts = facts;
		k->fact_count = count;
		facts = NULL;
	}
	if (index < k->fact_count)
		fact = k->facts[index];
	pthread_mutex_unlock(&k->lock);
	free(facts);
	return fact;
}

size_t ocl_arg_given(cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
	struct kernel *k = kernel_of(kernel);
	struct ocl_arg fact = { OCL_ARG_UNKNOWN, 0 };

	if (!value)
		return 0;
	if (k)
		fact = fact_of(k, kernel, index);
	if (fact.kind == OCL_ARG_UNKNOWN)
		return size <= OCL_ARG_MAX ? size : 0;
	return size <= fact.size ? size : 0;
}

/* ---- arguments --------------------------------------------------------------------- */

static bool names_object(const void *value, struct arg_object *o)
{
	static const uint32_t types[] = { AVA_T_cl_mem, AVA_T_cl_sampler,
					  AVA_T_cl_command_queue };
	size_t i;

	memcpy(&o->object, value, sizeof(o->object));
	for (i = 0; o->object && i < sizeof(types) / sizeof(types[0]); i++) {
		o->type = types[i];
		o->handle = ava_object_handle(o->object, o->type);
		if (o->handle)
			return true;
	}
	return false;
}

static unsigned int kind_of(size_t size, const void *value)
{
	uint64_t word;

	if (!value)
		return KIND_LOCAL;
	if (size != sizeof(word))
		return KIND_BYTES;
	memcpy(&word, value, sizeof(word));
	return word ? KIND_BYTES : KIND_ZERO;
}

/* The cheap way: one lookup for an object that is in the list. */
static bool object_is_known(const struct arg *a, const void *value)
{
	const void *p;
	size_t i;

	memcpy(&p, value, sizeof(p));
	for (i = 0; p && i < ARG_OBJECTS; i++)
		if (a->objects[i].object == p &&
		    ava_object_handle(p, a->objects[i].type) == a->objects[i].handle)
			return true;
	return false;
}

static bool arg_accepts(const struct arg *a, size_t size, const void *value)
{
	struct arg_object o;

	if (a->size != size)
		return false;
	if (value && size == sizeof(void *)) {
		if (object_is_known(a, value))
			return true;
		if (names_object(value, &o))
			return false;
	}
	return a->kinds & kind_of(size, value);
}

int ocl_arg_known(cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
	struct kernel *k = kernel_of(kernel);
	bool known;

	if (!k)
		return 0;
	pthread_mutex_lock(&k->lock);
	if (index < k->fact_count && k->facts[index].kind == OCL_ARG_BYTES)
		known = value && size == k->facts[index].size;
	else
		known = index < k->arg_count && arg_accepts(&k->args[index], size, value);
	pthread_mutex_unlock(&k->lock);
	return known;
}

/* ---- arguments in memory of the application ------------------------------------------ */

static void host_arg_set(struct kernel *k, const struct host_arg *arg)
{
	struct host_arg *more;
	uint32_t i = 0;

	while (i < k->host_count && k->hosts[i].index != arg->index)
		i++;
	if (i == k->host_count && arg->part.id) {
		more = realloc(k->hosts, (i + 1) * sizeof(*more));
		if (!more)
			return;
		k->hosts = more;
		k->host_count++;
	}
	if (arg->part.id)
		k->hosts[i] = *arg;
	else if (i < k->host_count)
		k->hosts[i] = k->hosts[--k->host_count];
}

static void host_arg_learn(struct kernel *k, cl_uint index, size_t size, const void *value)
{
	struct host_arg arg = { .index = index };
	cl_mem mem;

	if (!ocl_host_tracked())
		return;
	if (value && size == sizeof(mem)) {
		memcpy(&mem, value, sizeof(mem));
		if (ava_object_handle(mem, AVA_T_cl_mem))
			arg.part = ocl_host_part(mem);
	}
	pthread_mutex_lock(&k->lock);
	host_arg_set(k, &arg);
	pthread_mutex_unlock(&k->lock);
}

/* A copy, as the lock is not held while the server is told. NULL if there are none. */
static struct host_arg *host_args(struct kernel *k, uint32_t *count)
{
	struct host_arg *copy = NULL;

	*count = 0;
	if (!k || !ocl_host_tracked())
		return NULL;
	pthread_mutex_lock(&k->lock);
	if (k->host_count)
		copy = malloc(k->host_count * sizeof(*copy));
	if (copy) {
		*count = k->host_count;
		memcpy(copy, k->hosts, k->host_count * sizeof(*copy));
	}
	pthread_mutex_unlock(&k->lock);
	return copy;
}

cl_int ocl_host_use_args(cl_kernel kernel)
{
	uint32_t i, count;
	struct host_arg *args = host_args(kernel_of(kernel), &count);

	for (i = 0; i < count; i++)
		ocl_host_use_part(&args[i].part);
	free(args);
	return CL_SUCCESS;
}

cl_int ocl_host_leave_args(cl_kernel kernel)
{
	uint32_t i, count;
	struct host_arg *args = host_args(kernel_of(kernel), &count);

	for (i = 0; i < count; i++)
		ocl_host_leave_id(args[i].part.id);
	free(args);
	return CL_SUCCESS;
}

void ocl_host_wrote_args(cl_command_queue queue, cl_kernel kernel, const cl_event *event)
{
	uint32_t i, count;
	struct host_arg *args = host_args(kernel_of(kernel), &count);

	for (i = 0; i < count; i++)
		if (args[i].part.writable)
			ocl_host_wrote_part(queue, &args[i].part, event);
	free(args);
}

void ocl_kernel_cloned(cl_kernel kernel, cl_kernel from)
{
	struct kernel *k;
	uint32_t count;
	struct host_arg *args = host_args(kernel_of(from), &count);

	ocl_kernel_made(kernel);
	k = kernel_of(kernel);
	if (!k) {
		free(args);
		return;
	}
	k->hosts = args;
	k->host_count = count;
}

/* ---- what was accepted of arguments ------------------------------------------------- */

static struct arg *arg_at(struct kernel *k, cl_uint index)
{
	struct arg *more;

	if (index < k->arg_count)
		return &k->args[index];
	more = index < ARGS_MAX ? realloc(k->args, (index + 1) * sizeof(*more)) : NULL;
	if (!more)
		return NULL;
	memset(more + k->arg_count, 0, (index + 1 - k->arg_count) * sizeof(*more));
	k->args = more;
	k->arg_count = index + 1;
	return &k->args[index];
}

static void arg_learn(struct arg *a, size_t size, const void *value)
{
	struct arg_object o;

	if (a->size != size || !value) {
		memset(a, 0, sizeof(*a));
		a->size = size;
	}
	if (value && size == sizeof(void *) && names_object(value, &o))
		a->objects[a->next++ % ARG_OBJECTS] = o;
	else
		a->kinds |= kind_of(size, value);
}

void ocl_arg_learned(cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
	struct kernel *k = kernel_of(kernel);
	struct arg *a;

	if (!k)
		return;
	host_arg_learn(k, index, size, value);
	pthread_mutex_lock(&k->lock);
	if (index < k->fact_count && k->facts[index].kind == OCL_ARG_BYTES) {
		pthread_mutex_unlock(&k->lock);
		return;
	}
	a = arg_at(k, index);
	if (!a || !arg_accepts(a, size, value)) {
		k->epoch++;
		if (a)
			arg_learn(a, size, value);
	}
	pthread_mutex_unlock(&k->lock);
}

/* ---- launches ---------------------------------------------------------------------- */

static bool same_size(const size_t *a, const size_t *b, cl_uint dim)
{
	return !memcmp(a, b, dim * sizeof(*a));
}

/*
 * A launch that lies within one that succeeded, in groups of the same size. Which
 * size the vendor chooses if the program does not depends on the whole.
 */
static bool shape_covers(const struct shape *s, const size_t *offset, const size_t *global,
			 const size_t *local)
{
	cl_uint i;

	if (!global || s->has_local != !!local || (offset && !s->has_offset))
		return false;
	if (!local)
		return same_size(s->global, global, s->dim) &&
		       (!offset || same_size(s->offset, offset, s->dim));
	if (!same_size(s->local, local, s->dim))
		return false;
	/* The vendor may take a size of 0, and has to say so itself each time. */
	for (i = 0; i < s->dim; i++)
		if (!local[i] || !global[i] || global[i] > s->global[i] ||
		    global[i] % local[i] || (offset && offset[i] > s->offset[i]))
			return false;
	return true;
}

static bool kernel_covers(const struct kernel *k, uint64_t queue, cl_uint dim,
			  const size_t *offset, const size_t *global, const size_t *local)
{
	const struct shape *s;

	for (s = k->shapes; s < k->shapes + SHAPES; s++)
		if (s->queue == queue && s->epoch == k->epoch && s->dim == dim &&
		    shape_covers(s, offset, global, local))
			return true;
	return false;
}

int ocl_launch_known(cl_command_queue queue, cl_kernel kernel, cl_uint dim,
		     const size_t *offset, const size_t *global, const size_t *local,
		     cl_uint waits, const cl_event *wait_list, const cl_event *event)
{
	struct kernel *k = kernel_of(kernel);
	uint64_t handle;
	bool known;

	if (!k || !ocl_queue_knows(queue, 0, waits, wait_list, event))
		return 0;
	handle = ava_object_handle(queue, AVA_T_cl_command_queue);
	if (!handle)
		return 0;
	pthread_mutex_lock(&k->lock);
	known = kernel_covers(k, handle, dim, offset, global, local);
	pthread_mutex_unlock(&k->lock);
	return known;
}

static void copy_sizes(size_t *to, const size_t *from, cl_uint dim)
{
	if (from)
		memcpy(to, from, dim * sizeof(*to));
}

void ocl_launch_learned(cl_command_queue queue, cl_kernel kernel, cl_uint dim,
			const size_t *offset, const size_t *global, const size_t *local,
			const cl_event *event)
{
	uint64_t handle = ava_object_handle(queue, AVA_T_cl_command_queue);
	struct kernel *k = kernel_of(kernel);
	struct shape *s;

	ocl_host_wrote_args(queue, kernel, event);
	if (!k || !handle || !global || !dim || dim > 3)
		return;
	pthread_mutex_lock(&k->lock);
	if (!kernel_covers(k, handle, dim, offset, global, local)) {
		s = &k->shapes[k->next_shape++ % SHAPES];
		*s = (struct shape){ .queue = handle, .epoch = k->epoch, .dim = dim,
				     .has_offset = offset, .has_local = local };
		copy_sizes(s->offset, offset, dim);
		copy_sizes(s->global, global, dim);
		copy_sizes(s->local, local, dim);
	}
	pthread_mutex_unlock(&k->lock);
}
