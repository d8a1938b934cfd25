/* SPDX-License-Identifier: GPL-2.0 */
/*
 * functable.h - what a server said that its functions may get
 */
#ifndef AVA_FUNCTABLE_H
#define AVA_FUNCTABLE_H

#include <linux/types.h>
#include <linux/ava_server.h>

struct ava_call_req;

/**
 * struct ava_functable - a server's function table, immutable once attached
 * @count: rows
 * @rows: sorted by id
 */
struct ava_functable {
	u32 count;
	struct ava_func rows[];
};

const char *ava_functable_check(const struct ava_functable *table);
const struct ava_func *ava_functable_find(const struct ava_functable *table, u32 id);
const char *ava_functable_admit(const struct ava_functable *table,
				const struct ava_call_req *req);

#endif /* AVA_FUNCTABLE_H */
