/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local_libraries.h - where the guest of a LOCAL context has its libraries from
 */
#ifndef AVA_SERVER_LOCAL_LIBRARIES_H
#define AVA_SERVER_LOCAL_LIBRARIES_H

/**
 * local_libraries_adopt() - have vendor's libraries found where the guest's would be
 * @conn: the connection, whose first message has come and is left there
 * @argv: of this process
 *
 * If the guest has an LD_LIBRARY_PATH (see native_env.h), this process starts itself
 * again with it, once. What the manager's configuration says is looked at before.
 * Returns if there is none, or if that cannot be done.
 */
void local_libraries_adopt(int conn, char **argv);

#endif /* AVA_SERVER_LOCAL_LIBRARIES_H */
