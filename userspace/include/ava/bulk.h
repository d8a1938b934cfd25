/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.h - bytes of a call that a server helper moves itself (ava_direct)
 */
#ifndef AVA_BULK_H
#define AVA_BULK_H

#include <stdint.h>

struct ava_bulk;

/**
 * ava_bulk_len() - how many bytes there are
 * @b: the buffer; NULL where the guest passed NULL
 *
 * Return: bytes; 0 for NULL.
 */
uint64_t ava_bulk_len(const struct ava_bulk *b);

/**
 * ava_bulk_pull() - take bytes from the guest
 * @b: a buffer that is ava_in
 * @offset: first byte
 * @to: where to
 * @len: bytes; the range must lie in the buffer
 *
 * On the thread that serves the call, until the helper returns.
 * Return: 0, -ERANGE, or -errno of the channel.
 */
int ava_bulk_pull(struct ava_bulk *b, uint64_t offset, void *to, uint64_t len);

/**
 * ava_bulk_push() - give bytes to the guest
 * @b: a buffer that is ava_out
 * @offset: first byte
 * @from: where from
 * @len: bytes; the range must lie in the buffer
 *
 * As ava_bulk_pull(). What is not pushed stays as it was in the guest's memory.
 */
int ava_bulk_push(struct ava_bulk *b, uint64_t offset, const void *from, uint64_t len);

#endif /* AVA_BULK_H */
