/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h - objects of the API as numbers on the wire, and the server's table of them
 *
 * A handle is (index, generation, type). The guest chooses it for an object that
 * it makes, so that the handle is usable before the call was executed; the server
 * chooses it, from the upper half of the indices, for objects that it finds or
 * that come in arrays. No handle is ever used twice in a context. A process
 * serves one context, so the table is the process's.
 */
#ifndef AVA_HANDLE_H
#define AVA_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#define AVA_HANDLE_INDEX_BITS	32
#define AVA_HANDLE_GEN_BITS	16
#define AVA_HANDLE_HOST_INDEX	(1u << 31)	/* the server chose it */

static inline uint64_t ava_handle_make(uint64_t serial, uint32_t type, bool host)
{
	uint64_t index = serial & (AVA_HANDLE_HOST_INDEX - 1);
	uint64_t gen = (serial >> 31) & ((1u << AVA_HANDLE_GEN_BITS) - 1);

	return index | (host ? AVA_HANDLE_HOST_INDEX : 0) | gen << 32 | (uint64_t)type << 48;
}

static inline uint32_t ava_handle_type(uint64_t handle)
{
	return handle >> (AVA_HANDLE_INDEX_BITS + AVA_HANDLE_GEN_BITS);
}

static inline bool ava_handle_is_host(uint64_t handle)
{
	return handle & AVA_HANDLE_HOST_INDEX;
}

/* ---- server ------------------------------------------------------------------- */

/**
 * struct ava_handle_ops - a handle type, as the generated server describes it
 * @name: for messages
 * @retain: the API's own, or NULL for types without a reference count
 * @release: likewise
 */
struct ava_handle_ops {
	const char *name;
	void (*retain)(void *native);
	void (*release)(void *native);
};

#define AVA_HANDLE_MAX		(1u << 20)	/* live handles of a context */

/**
 * ava_handle_types() - say what types there are; before the first call
 * @ops: indexed by type; [0] is unused
 * @count: entries
 */
void ava_handle_types(const struct ava_handle_ops *ops, uint32_t count);

struct ava_handle_entry;

/**
 * ava_handle_get() - use the object of a handle
 * @handle: from the wire; any value
 * @type: expected
 * @entry: (out) to be given to ava_handle_put(): until then the object lives, also
 *	when another thread executes its last release
 *
 * Any thread.
 * Return: the native object, or NULL if no live one of @type has this handle.
 */
void *ava_handle_get(uint64_t handle, uint32_t type, struct ava_handle_entry **entry);

/**
 * ava_handle_put() - the object is used no more
 * @entry: of ava_handle_get()
 *
 * Any thread.
 */
void ava_handle_put(struct ava_handle_entry *entry);

/**
 * ava_handle_adopt() - name a new object
 * @chosen: by the guest, or 0 to let the server choose
 * @native: not NULL
 * @type: its type
 * @handle: (out) its handle: another than @chosen if the API gave out an object that has one
 *
 * The object has one reference more.
 * Return: 0, -EBADMSG if @chosen is not the guest's to choose, -EDQUOT, -ENOMEM.
 */
int ava_handle_adopt(uint64_t chosen, void *native, uint32_t type, uint64_t *handle);

/**
 * ava_handle_of() - the handle of an object that the API returned without a reference
 * @native: not NULL
 * @type: its type
 *
 * An object not known yet is retained by the server, so that the handle cannot
 * dangle. Any thread.
 * Return: 0 if there is no room.
 */
uint64_t ava_handle_of(void *native, uint32_t type);

/**
 * ava_handle_drop() - drop a reference that no handle stands for
 * @native: the object
 * @type: its type
 *
 * Any thread.
 */
void ava_handle_drop(void *native, uint32_t type);

/**
 * ava_handle_retained() - the API's retain was executed with success
 * @entry: of ava_handle_get()
 *
 * Any thread.
 */
void ava_handle_retained(struct ava_handle_entry *entry);

/**
 * ava_handle_releasing() - before the API's release
 * @entry: of ava_handle_get()
 *
 * Takes a reference of the guest's; the last one ends the handle, so that neither
 * a second release nor an object made at the same address meets it. The server's
 * own reference, and objects that other calls use, are kept by one more.
 * Any thread.
 * Return: false if the handle has ended meanwhile.
 */
bool ava_handle_releasing(struct ava_handle_entry *entry);

/**
 * ava_handle_released() - behind the API's release
 * @entry: of ava_handle_get()
 * @success: of the release; if false, everything is as before ava_handle_releasing()
 *
 * Any thread.
 */
void ava_handle_released(struct ava_handle_entry *entry, bool success);

/**
 * ava_handle_count() - how many handles live
 *
 * Return: their number. Any thread.
 */
uint32_t ava_handle_count(void);

/**
 * ava_handle_reset() - forget everything, without a call to the API
 *
 * For tests, while no other thread uses the table.
 */
void ava_handle_reset(void);

#endif /* AVA_HANDLE_H */
