/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_headers.h - where builds find the guest's files
 */
#ifndef OCL_SERVER_HEADERS_H
#define OCL_SERVER_HEADERS_H

#include <stdbool.h>

#include "ocl.h"

/* Build options with the copy's name before each absolute directory, to free; NULL: as they are. */
char *ocl_rooted(const char *options);

#endif /* OCL_SERVER_HEADERS_H */
