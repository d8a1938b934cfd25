/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_queue.h - failures that nobody has been told of yet
 */
#ifndef AVA_OCL_SERVER_QUEUE_H
#define AVA_OCL_SERVER_QUEUE_H

#include <stdbool.h>

#include "ocl.h"

#define OCL_ALL	((cl_uint)-1)

/*
 * A queue has to report a failure, an event must not be waited for, or a kernel must not
 * be launched: argument @what failed.
 */
void ocl_spoil(void *object, cl_uint what);

bool ocl_is_spoiled(const void *object);

/* It is told, or is there again: @what of @object, or all of it. Was there something? */
bool ocl_mend(const void *object, cl_uint what);

#endif /* AVA_OCL_SERVER_QUEUE_H */
