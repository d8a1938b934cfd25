// SPDX-License-Identifier: GPL-2.0
/*
 * functable.c - what a server said that its functions may get
 *
 * Pure. The table is checked once, when the server attaches; from then on each
 * call is admitted against its row before it costs anything else.
 */
#include <linux/bsearch.h>
#include <linux/virtio_ava.h>

#include "compat.h"
#include "functable.h"
#include "proto.h"

static const char *check_row(const struct ava_func *row)
{
	if (row->flags & ~AVA_FUNC_FLAGS)
		return "known flags";
	if (row->reserved)
		return "reserved fields of zero";
	if (row->max_args > VIRTIO_AVA_MAX_ARGS || row->min_args > row->max_args)
		return "min_args <= max_args <= the wire's bound";
	if (row->max_reply > VIRTIO_AVA_MAX_REPLY)
		return "max_reply <= the wire's bound";
	if (row->max_segs > VIRTIO_AVA_MAX_SEGS)
		return "max_segs <= the wire's bound";
	return NULL;
}

/**
 * ava_functable_check() - is this a table?
 * @table: kernel's copy
 *
 * Return: NULL, or what was expected.
 */
const char *ava_functable_check(const struct ava_functable *table)
{
	const char *why;
	u32 i;

	if (!table->count || table->count > AVA_MAX_FUNCS)
		return "1 to AVA_MAX_FUNCS rows";
	for (i = 0; i < table->count; i++) {
		why = check_row(&table->rows[i]);
		if (why)
			return why;
		if (i && table->rows[i].id <= table->rows[i - 1].id)
			return "rows sorted by id, no two alike";
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ava_functable_check);

static int compare_id(const void *key, const void *elt)
{
	u32 id = *(const u32 *)key;
	const struct ava_func *row = elt;

	return id < row->id ? -1 : id > row->id;
}

const struct ava_func *ava_functable_find(const struct ava_functable *table, u32 id)
{
	return bsearch(&id, table->rows, table->count, sizeof(table->rows[0]),
		       compare_id);
}
EXPORT_SYMBOL_IF_KUNIT(ava_functable_find);

/**
 * ava_functable_admit() - does a call keep to its function's row?
 * @table: the server's
 * @req: the call
 *
 * Return: NULL, or what was expected.
 */
const char *ava_functable_admit(const struct ava_functable *table,
				const struct ava_call_req *req)
{
	const struct ava_func *row = ava_functable_find(table, req->func);

	if (!row)
		return "a function of the server's table";
	if (req->args_len < row->min_args || req->args_len > row->max_args)
		return "as many argument bytes as the function takes";
	if (req->reply_cap > row->max_reply)
		return "no more reply bytes than the function gives";
	if (req->seg_count > row->max_segs)
		return "no more segments than the function takes";
	if ((req->flags & VIRTIO_AVA_CALL_ASYNC) && !(row->flags & AVA_FUNC_ASYNC))
		return "a synchronous call of this function";
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(ava_functable_admit);
