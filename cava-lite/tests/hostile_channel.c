// SPDX-License-Identifier: Apache-2.0
/*
 * hostile_channel.c - what a server finds under it in hostile.c: a channel, a busy vendor
 */
#include <dlfcn.h>

#include <ava/server.h>

#include "hostile.h"

/* ---- a channel of one segment, and what happens when the server writes to it --------- */

void (*when_pushed)(void);

int ava_server_pull(struct ava_server_call *call, uint32_t seg, uint64_t offset, void *buf,
		    uint64_t len)
{
	(void)call;
	(void)seg;
	(void)offset;
	memset(buf, 0x2a, len);
	return 0;
}

int ava_server_push(struct ava_server_call *call, uint32_t seg, uint64_t offset, const void *buf,
		    uint64_t len)
{
	volatile unsigned char sum = 0;
	void (*then)(void) = when_pushed;

	(void)call;
	(void)seg;
	(void)offset;
	for (uint64_t i = 0; i < len; i++)
		sum += ((const unsigned char *)buf)[i];
	when_pushed = NULL;
	if (then)
		then();
	return 0;
}

int ava_server_event(uint64_t cookie, const void *data, uint32_t len)
{
	(void)cookie;
	(void)data;
	(void)len;
	return 0;
}

bool ava_server_follow(void)
{
	return false;
}

/* ---- another thread of the program, just before the server maps ------------------------- */

cl_event gate;
bool held;

/* However slow this machine is just now: until then the queue is seen to be idle. */
cl_int clEnqueueMarkerWithWaitList(cl_command_queue q, cl_uint waits, const cl_event *wait_list,
				   cl_event *event)
{
	typeof(&clEnqueueMarkerWithWaitList) real = dlsym(RTLD_NEXT, "clEnqueueMarkerWithWaitList");
	cl_int err = real(q, waits, wait_list, event);

	if (!err && event && gate && !held)
		clWaitForEvents(1, event);
	return err;
}

void *clEnqueueMapBuffer(cl_command_queue q, cl_mem mem, cl_bool blocking, cl_map_flags flags,
			 size_t offset, size_t size, cl_uint waits, const cl_event *wait_list,
			 cl_event *event, cl_int *err)
{
	typeof(&clEnqueueMapBuffer) real = dlsym(RTLD_NEXT, "clEnqueueMapBuffer");

	if (gate)
		held = !clEnqueueBarrierWithWaitList(q, 1, &gate, NULL);
	return real(q, mem, blocking, flags, offset, size, waits, wait_list, event, err);
}
