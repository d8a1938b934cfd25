/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rmtree.h - remove a directory that somebody else filled
 */
#ifndef AVA_COMMON_RMTREE_H
#define AVA_COMMON_RMTREE_H

/**
 * ava_rmtree() - remove @path and all below it; follows no link, needs no stack
 *
 * Several may remove the same tree, or parts of it, at the same time. What has got the
 * name meanwhile stays.
 *
 * Return: 0, also if it was not there, or -errno.
 */
int ava_rmtree(const char *path);

#endif /* AVA_COMMON_RMTREE_H */
