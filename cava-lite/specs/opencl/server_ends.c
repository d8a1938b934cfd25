// SPDX-License-Identifier: Apache-2.0
/*
 * server_ends.c - callbacks that tell of an object's end
 *
 * The user data that a trampoline gets is the runtime's.
 */
#include <ava/callback.h>

#include "opencl_common.h"
#include "server_memory.h"

cl_int ocl_mem_ends(cl_mem mem, void (CL_CALLBACK *notify)(cl_mem, void *), void *user_data)
{
	cl_int err;

	if (notify)
		ava_server_callback_ends(user_data);
	err = clSetMemObjectDestructorCallback(mem, notify, user_data);
	if (!err)
		ocl_host_tell_end(mem);
	return err;
}

cl_int ocl_context_ends(cl_context context, void (CL_CALLBACK *notify)(cl_context, void *),
			void *user_data)
{
	if (notify)
		ava_server_callback_ends(user_data);
	return clSetContextDestructorCallback(context, notify, user_data);
}

cl_int ocl_program_ends(cl_program program, void (CL_CALLBACK *notify)(cl_program, void *),
			void *user_data)
{
	if (notify)
		ava_server_callback_ends(user_data);
	return clSetProgramReleaseCallback(program, notify, user_data);
}

cl_int ocl_server_ended(size_t size, void *calls, size_t *used)
{
	if (!used)
		return CL_INVALID_VALUE;
	*used = calls ? ava_server_take_ended(calls, size) : 0;
	return CL_SUCCESS;
}
