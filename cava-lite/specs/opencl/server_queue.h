/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_queue.h - failures that nobody has been told of yet
 */
#ifndef AVA_OCL_SERVER_QUEUE_H
#define AVA_OCL_SERVER_QUEUE_H

/* A queue has to report a failure, or a kernel must not be launched. */
void ocl_spoil(void *object);

#endif /* AVA_OCL_SERVER_QUEUE_H */
