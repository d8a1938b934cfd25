// SPDX-License-Identifier: Apache-2.0
/*
 * server_native.c - native kernels, whose function is the guest's
 *
 * The vendor runs a function of this file. It tells the guest, which comes for the
 * bytes of the memory objects, brings them back and says that it is done.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "opencl_common.h"

struct native {
	struct native *next;
	void (CL_CALLBACK *run)(cl_ulong id, void *data);
	void *data;
	cl_ulong id;
	bool done;
	unsigned int users;	/* who copy its bytes */
	pthread_cond_t cond;
	cl_uint count;
	size_t *sizes;
	void **objects;		/* where the vendor has them while the kernel runs */
};

/* What the vendor copies; it puts addresses into @objects. */
struct block {
	struct native *native;
	void *objects[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct native *running;
static cl_ulong next_id = 1;

/* Not complete yet. One whose wait list failed stays counted: room is not waited for then. */
static atomic_uint natives;

static void native_free(struct native *n)
{
	pthread_cond_destroy(&n->cond);
	free(n->sizes);
	free(n->objects);
	free(n);
}

static struct native *native_new(cl_uint count, const cl_mem *mems)
{
	struct native *n = calloc(1, sizeof(*n));
	cl_uint i;

	if (!n)
		return NULL;
	pthread_cond_init(&n->cond, NULL);
	n->count = count;
	n->sizes = calloc(count + 1, sizeof(*n->sizes));
	n->objects = calloc(count + 1, sizeof(*n->objects));
	if (!n->sizes || !n->objects) {
		native_free(n);
		return NULL;
	}
	for (i = 0; i < count; i++)
		clGetMemObjectInfo(mems[i], CL_MEM_SIZE, sizeof(n->sizes[i]), &n->sizes[i],
				   NULL);
	return n;
}

/* On a thread of the vendor's, which has nothing else to do meanwhile. */
static void CL_CALLBACK call_guest(void *args)
{
	struct block *b = args;
	struct native **pos, *n = b->native;

	memcpy(n->objects, b->objects, n->count * sizeof(n->objects[0]));
	pthread_mutex_lock(&lock);
	n->id = next_id++;
	n->next = running;
	running = n;
	pthread_mutex_unlock(&lock);
	n->run(n->id, n->data);
	pthread_mutex_lock(&lock);
	while (!n->done || n->users)
		pthread_cond_wait(&n->cond, &lock);
	for (pos = &running; *pos != n; pos = &(*pos)->next)
		;
	*pos = n->next;
	pthread_mutex_unlock(&lock);
	native_free(n);
	atomic_fetch_sub(&natives, 1);
}

static cl_int enqueue_block(cl_command_queue queue, struct native *n, const cl_mem *mems,
			    cl_uint waits, const cl_event *wait_list, cl_event *event)
{
	size_t size = sizeof(struct block) + n->count * sizeof(void *);
	const void **places = calloc(n->count + 1, sizeof(*places));
	struct block *b = calloc(1, size);
	cl_int err = CL_OUT_OF_HOST_MEMORY;
	cl_uint i;

	if (!b || !places)
		goto out;
	b->native = n;
	for (i = 0; i < n->count; i++) {
		b->objects[i] = mems[i];
		places[i] = &b->objects[i];
	}
	err = clEnqueueNativeKernel(queue, call_guest, b, size, n->count,
				    n->count ? mems : NULL, n->count ? places : NULL,
				    waits, wait_list, event);
out:
	free(places);
	free(b);
	return err;
}

static void CL_CALLBACK nothing(void *args)
{
}

cl_int ocl_server_native(cl_command_queue queue,
			 void (CL_CALLBACK *run)(cl_ulong, void *), void *data,
			 cl_uint shape, size_t args_size, cl_uint count, const cl_mem *mems,
			 cl_uint waits, const cl_event *wait_list, cl_event *event)
{
	struct native *n;
	cl_int err;

	/* The vendor says what is wrong with a call that cannot be executed. */
	if (shape != OCL_NATIVE_COMPLETE)
		return clEnqueueNativeKernel(queue, nothing, NULL, 1, 0, NULL, NULL, waits,
					     wait_list, event);
	if (!run || (count && !mems))
		return CL_INVALID_VALUE;
	n = native_new(count, mems);
	if (!n)
		return CL_OUT_OF_HOST_MEMORY;
	n->run = run;
	n->data = data;
	atomic_fetch_add(&natives, 1);
	err = enqueue_block(queue, n, mems, waits, wait_list, event);
	if (err) {
		atomic_fetch_sub(&natives, 1);
		native_free(n);
	}
	return err;
}

int ocl_any_waits_for_program(void)
{
	return atomic_load(&natives) || ocl_any_user_event_unset();
}

/* ---- the guest comes ------------------------------------------------------------------ */

static struct native *native_of(cl_ulong id)
{
	struct native *n;

	for (n = running; n && (n->id != id || n->done); n = n->next)
		;
	return n;
}

/* Where the bytes are, to be given back: meanwhile the kernel does not end. */
static void *bytes_get(cl_ulong id, cl_uint index, size_t size, struct native **by)
{
	void *bytes = NULL;
	struct native *n;

	pthread_mutex_lock(&lock);
	n = native_of(id);
	if (n && index < n->count && size == n->sizes[index])
		bytes = n->objects[index];
	if (bytes)
		n->users++;
	*by = n;
	pthread_mutex_unlock(&lock);
	return bytes;
}

static void bytes_put(struct native *n)
{
	pthread_mutex_lock(&lock);
	if (!--n->users)
		pthread_cond_signal(&n->cond);
	pthread_mutex_unlock(&lock);
}

cl_int ocl_server_native_get(cl_ulong id, cl_uint index, size_t size, void *bytes)
{
	struct native *n;
	const void *from = bytes ? bytes_get(id, index, size, &n) : NULL;

	if (!from)
		return CL_INVALID_VALUE;
	memcpy(bytes, from, size);
	bytes_put(n);
	return CL_SUCCESS;
}

cl_int ocl_server_native_put(cl_ulong id, cl_uint index, size_t size, const void *bytes)
{
	struct native *n;
	void *to = bytes ? bytes_get(id, index, size, &n) : NULL;

	if (!to)
		return CL_INVALID_VALUE;
	memcpy(to, bytes, size);
	bytes_put(n);
	return CL_SUCCESS;
}

cl_int ocl_server_native_done(cl_ulong id)
{
	struct native *n;

	pthread_mutex_lock(&lock);
	n = native_of(id);
	if (n) {
		n->done = true;
		pthread_cond_signal(&n->cond);
	}
	pthread_mutex_unlock(&lock);
	return n ? CL_SUCCESS : CL_INVALID_VALUE;
}
