// SPDX-License-Identifier: Apache-2.0
/*
 * server_program.c - what a program gives back, and what it may be asked
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <ava/server.h>

#include "opencl_common.h"
#include "server_headers.h"

/*
 * One of a program's threads at a time: a build must not change the sizes of binaries
 * that are being copied.
 */
struct busy {
	struct busy *next;
	cl_program program;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t one_less = PTHREAD_COND_INITIALIZER;
static struct busy *busy;

static void program_lock(struct busy *me, cl_program program)
{
	struct busy *b;

	me->program = program;
	pthread_mutex_lock(&lock);
	while (true) {
		for (b = busy; b && b->program != program; b = b->next)
			;
		if (!b)
			break;
		pthread_cond_wait(&one_less, &lock);
	}
	me->next = busy;
	busy = me;
	pthread_mutex_unlock(&lock);
}

static void program_unlock(struct busy *me)
{
	struct busy **pos;

	pthread_mutex_lock(&lock);
	for (pos = &busy; *pos != me; pos = &(*pos)->next)
		;
	*pos = me->next;
	pthread_cond_broadcast(&one_less);
	pthread_mutex_unlock(&lock);
}

cl_int ocl_server_program_info(cl_program program, cl_program_info name, size_t size,
			       void *value, size_t *size_ret, cl_uint guest_refs)
{
	cl_int err;

	/* Its value would be taken for addresses of this process. */
	if (name == CL_PROGRAM_BINARIES)
		return CL_INVALID_VALUE;
	err = clGetProgramInfo(program, name, size, value, size_ret);
	if (!err)
		ocl_count_refs(program, name, size, value, guest_refs);
	return err;
}

/* Some vendors know the binaries only after they were asked for the sizes. */
static cl_int all_sizes(cl_program program, cl_uint *count, size_t **sizes)
{
	cl_int err = clGetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, sizeof(*count),
				      count, NULL);

	*sizes = NULL;
	if (err)
		return err;
	*sizes = calloc(*count, sizeof(**sizes));
	if (!*sizes)
		return CL_OUT_OF_HOST_MEMORY;
	return clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES,
				*count * sizeof(**sizes), *sizes, NULL);
}

/* Each gets its place in @bytes; one that is empty gets one too, for vendors that follow it. */
static cl_int place_all(unsigned char **list, const size_t *sizes, cl_uint count,
			size_t size, unsigned char *bytes)
{
	for (cl_uint i = 0; i < count; i++) {
		if (sizes[i] > size)
			return CL_INVALID_VALUE;
		list[i] = bytes;
		bytes += sizes[i];
		size -= sizes[i];
	}
	return CL_SUCCESS;
}

static cl_int all_binaries(cl_program program, size_t size, void *binaries)
{
	unsigned char **list = NULL;
	cl_uint count;
	size_t *sizes;
	cl_int err = all_sizes(program, &count, &sizes);

	if (!err && !binaries)
		err = CL_INVALID_VALUE;
	if (!err) {
		list = calloc(count, sizeof(*list));
		err = list ? place_all(list, sizes, count, size, binaries) :
			     CL_OUT_OF_HOST_MEMORY;
	}
	if (!err)
		err = clGetProgramInfo(program, CL_PROGRAM_BINARIES,
				       count * sizeof(*list), list, NULL);
	free(list);
	free(sizes);
	return err;
}

cl_int ocl_server_program_binaries(cl_program program, size_t size, void *binaries)
{
	struct busy me;
	cl_int err;

	program_lock(&me, program);
	err = all_binaries(program, size, binaries);
	program_unlock(&me);
	return err;
}

/* Headers are looked for where the application is. */
cl_int ocl_build(cl_program program, cl_uint n, const cl_device_id *devices,
		 const char *options, void (CL_CALLBACK *notify)(cl_program, void *),
		 void *user_data)
{
	char *rooted = ocl_rooted(options);
	struct busy me;
	cl_int err;

	ava_server_follow();
	program_lock(&me, program);
	err = clBuildProgram(program, n, devices, rooted ? rooted : options, notify, user_data);
	program_unlock(&me);
	free(rooted);
	return err;
}

cl_int ocl_compile(cl_program program, cl_uint n, const cl_device_id *devices,
		   const char *options, cl_uint header_count, const cl_program *headers,
		   const char **header_names, void (CL_CALLBACK *notify)(cl_program, void *),
		   void *user_data)
{
	char *rooted = ocl_rooted(options);
	struct busy me;
	cl_int err;

	ava_server_follow();
	program_lock(&me, program);
	err = clCompileProgram(program, n, devices, rooted ? rooted : options, header_count,
			       headers, header_names, notify, user_data);
	program_unlock(&me);
	free(rooted);
	return err;
}

/*
 * The function of a link that fails may ask the program for its log, but the vendor
 * gives the program to nobody else, and ends it with the link. The function runs in
 * the guest after that, so the program is kept until the link is over.
 */
struct link {
	void (CL_CALLBACK *notify)(cl_program, void *);
	void *user_data;
	cl_program kept;
	bool called, over;
};

static void CL_CALLBACK on_linked(cl_program program, void *data)
{
	struct link copy, *link = data;

	pthread_mutex_lock(&lock);
	link->called = true;
	if (!link->over && program && !clRetainProgram(program))
		link->kept = program;
	copy = *link;
	pthread_mutex_unlock(&lock);
	if (copy.over)
		free(link);
	copy.notify(program, copy.user_data);
}

/* The link is over. Return: what was kept. The function that is still to come frees @link. */
static cl_program link_over(struct link *link, bool failed)
{
	cl_program kept;
	bool called;

	pthread_mutex_lock(&lock);
	link->over = true;
	called = link->called;
	kept = link->kept;
	pthread_mutex_unlock(&lock);
	if (called || failed)
		free(link);
	return kept;
}

cl_program ocl_server_link(cl_context context, cl_uint n, const cl_device_id *devices,
			   const char *options, cl_uint program_count,
			   const cl_program *programs,
			   void (CL_CALLBACK *notify)(cl_program, void *), void *user_data,
			   cl_int *err)
{
	struct link *link = notify ? calloc(1, sizeof(*link)) : NULL;
	cl_program made, kept;

	if (!link && notify) {
		*err = CL_OUT_OF_HOST_MEMORY;
		return NULL;
	}
	if (link) {
		link->notify = notify;
		link->user_data = user_data;
	}
	made = clLinkProgram(context, n, devices, options, program_count, programs,
			     link ? on_linked : NULL, link ? link : user_data, err);
	kept = link ? link_over(link, *err) : NULL;
	if (!kept || (*err && !made))
		return kept ? kept : made;
	clReleaseProgram(kept);
	return made;
}

/* Vendors are not prepared for programs that have no intermediate language. */
cl_int ocl_specialize(cl_program program, cl_uint spec_id, size_t size, const void *value)
{
	size_t il = 0;

	if (!clGetProgramInfo(program, CL_PROGRAM_IL, 0, NULL, &il) && !il)
		return CL_INVALID_PROGRAM;
	return clSetProgramSpecializationConstant(program, spec_id, size, value);
}
