/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_where.h - where a user's manager of local servers is found
 */
#ifndef AVA_COMMON_LOCAL_WHERE_H
#define AVA_COMMON_LOCAL_WHERE_H

#define AVA_LOCAL_PATH	108	/* room for a path; that of struct sockaddr_un */

/**
 * ava_local_where() - path of a file in the calling user's directory
 * @path: (out) AVA_LOCAL_PATH bytes
 * @name: of the file
 *
 * $XDG_RUNTIME_DIR/ava, or /tmp/ava-UID if that variable names nothing writable.
 * Return: 0, -ENAMETOOLONG, or -EACCES if the directory is there and another
 * user could have made or could change it.
 */
int ava_local_where(char *path, const char *name);

#endif /* AVA_COMMON_LOCAL_WHERE_H */
