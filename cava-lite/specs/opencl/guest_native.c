// SPDX-License-Identifier: Apache-2.0
/*
 * guest_native.c - functions of the application that run as commands of a queue
 *
 * The vendor's native kernel is a function of the server that calls back: a thread
 * of its own fetches the bytes of the memory objects, runs the application's function
 * on them and sends them back.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <ava/guest.h>

#include "opencl_common.h"

/* Described in the spec; not of the API, so no header declares them. */
cl_int ocl_enqueue_native(cl_command_queue queue,
			  void (CL_CALLBACK *run)(cl_ulong, void *), void *user_data,
			  cl_uint shape, size_t args_size, cl_uint n, const cl_mem *mems,
			  cl_uint waits, const cl_event *wait_list, cl_event *event);
cl_int ocl_native_get(cl_ulong id, cl_uint index, size_t size, void *bytes);
cl_int ocl_native_put(cl_ulong id, cl_uint index, size_t size, const void *bytes);
cl_int ocl_native_done(cl_ulong id);

struct object {
	size_t place;	/* of its pointer among the arguments */
	size_t size;
	void *bytes;
};

struct native {
	void (CL_CALLBACK *func)(void *args);
	unsigned char *args;
	cl_ulong id;
	cl_uint count;
	struct object objects[];
};

static void native_free(struct native *n)
{
	cl_uint i;

	for (i = 0; n && i < n->count; i++)
		free(n->objects[i].bytes);
	if (n)
		free(n->args);
	free(n);
}

static bool native_fetch(struct native *n)
{
	struct object *o;
	cl_uint i;

	for (i = 0; i < n->count; i++) {
		o = &n->objects[i];
		o->bytes = malloc(o->size ? o->size : 1);
		if (!o->bytes || ocl_native_get(n->id, i, o->size, o->bytes))
			return false;
		memcpy(n->args + o->place, &o->bytes, sizeof(o->bytes));
	}
	return true;
}

static void *native_thread(void *data)
{
	struct native *n = data;
	cl_uint i;

	if (native_fetch(n)) {
		n->func(n->args);
		for (i = 0; i < n->count; i++)
			ocl_native_put(n->id, i, n->objects[i].size, n->objects[i].bytes);
	}
	ocl_native_done(n->id);
	native_free(n);
	return NULL;
}

/* A thread of its own: the function may wait for callbacks of other commands. */
static void CL_CALLBACK native_run(cl_ulong id, void *data)
{
	struct native *n = data;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	n->id = id;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attr, native_thread, n);
	pthread_attr_destroy(&attr);
	if (err)
		native_thread(n);
}

static bool object_init(struct object *o, const void *args, size_t args_size, cl_mem mem,
			const void *place)
{
	o->place = (uintptr_t)place - (uintptr_t)args;
	return args_size >= sizeof(void *) && o->place <= args_size - sizeof(void *) &&
	       !clGetMemObjectInfo(mem, CL_MEM_SIZE, sizeof(o->size), &o->size, NULL);
}

static struct native *native_new(void (CL_CALLBACK *func)(void *), const void *args,
				 size_t args_size, cl_uint count, const cl_mem *mems,
				 const void **places)
{
	struct native *n = calloc(1, sizeof(*n) + count * sizeof(n->objects[0]));
	cl_uint i;

	if (!n)
		return NULL;
	n->func = func;
	n->args = args ? malloc(args_size) : NULL;
	if (args && !n->args)
		goto err;
	if (args)
		memcpy(n->args, args, args_size);
	for (i = 0; i < count; i++, n->count++)
		if (!object_init(&n->objects[i], args, args_size, mems[i], places[i]))
			goto err;
	return n;
err:
	native_free(n);
	return NULL;
}

static cl_uint shape_of(const void *func, const void *args, size_t args_size, cl_uint n,
			const cl_mem *mems, const void **places)
{
	bool complete = func && !args == !args_size && !n == !mems && !n == !places &&
			(args || !n);

	return complete ? OCL_NATIVE_COMPLETE : 0;
}

cl_int ocl_native_kernel(cl_command_queue queue, void (CL_CALLBACK *func)(void *),
			 void *args, size_t args_size, cl_uint count, const cl_mem *mems,
			 const void **places, cl_uint waits, const cl_event *wait_list,
			 cl_event *event)
{
	cl_uint shape = shape_of(func, args, args_size, count, mems, places);
	struct native *n = NULL;
	cl_int err;

	for (cl_uint i = 0; mems && i < count; i++)
		ocl_host_leave(mems[i]);
	if (shape)
		n = native_new(func, args, args_size, count, mems, places);
	/* Without it the server only finds out what is wrong. */
	err = ocl_enqueue_native(queue, n ? native_run : NULL, n, shape, args_size,
				 mems ? count : 0, mems, waits, wait_list, event);
	if (err)
		native_free(n);
	return err;
}
