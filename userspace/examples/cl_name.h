/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CL_NAME_H
#define CL_NAME_H

#include <CL/cl.h>

/**
 * cl_name() - an error code as the headers spell it
 * @err: what OpenCL returned
 *
 * Return: its name, or "error N" in a buffer of the calling thread.
 */
const char *cl_name(cl_int err);

#endif /* CL_NAME_H */
