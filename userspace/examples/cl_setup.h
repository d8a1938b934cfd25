/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cl_setup.h - what every OpenCL example does first: pick a device, open it, build a program
 *
 * Failures are reported to stderr with the OpenCL error's name, and returned as
 * -1: the caller only has to stop.
 */
#ifndef AVA_EXAMPLES_CL_SETUP_H
#define AVA_EXAMPLES_CL_SETUP_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "cl_name.h"

struct cl_choice {
	unsigned int platform;
	unsigned int device;
};

struct cl_open {
	cl_platform_id platform;
	cl_device_id device;
	cl_context context;
	char *platform_name;
	char *device_name;
};

/* Complain that @what failed with @err; -1. */
int cl_failed(const char *what, cl_int err);

/* Print every platform and device with the numbers that cl_open_device() takes. */
int cl_list(void);

int cl_open_device(struct cl_open *cl, const struct cl_choice *choice);
void cl_close_device(struct cl_open *cl);

/* A profiling, in-order queue of its own for the calling thread. */
cl_command_queue cl_open_queue(const struct cl_open *cl);

/* Build @source; the compiler's own words go to stderr if it refuses. */
cl_program cl_build(const struct cl_open *cl, const char *source,
		    const char *options);

/* Nanoseconds that a finished command took on the device. */
cl_ulong cl_event_ns(cl_event event);

/* Wall clock that only goes forward, in nanoseconds. */
unsigned long long wall_ns(void);

#endif /* AVA_EXAMPLES_CL_SETUP_H */
