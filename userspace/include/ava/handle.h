/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle.h - objects of the API as numbers on the wire, and the server's table of them
 *
 * A handle is (index, generation, kind, type). The guest chooses it for an object that
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
#define AVA_HANDLE_GEN_BITS	15
#define AVA_HANDLE_HOST_INDEX	(1u << 31)	/* the server chose it */
#define AVA_HANDLE_IMMORTAL	(1ull << 47)	/* its object never ends, in no context */
#define AVA_HANDLE_TYPE_SHIFT	48

static inline uint64_t ava_handle_make(uint64_t serial, uint32_t type, bool host)
{
	uint64_t index = serial & (AVA_HANDLE_HOST_INDEX - 1);
	uint64_t gen = (serial >> 31) & ((1u << AVA_HANDLE_GEN_BITS) - 1);

	return index | (host ? AVA_HANDLE_HOST_INDEX : 0) | gen << 32 | (uint64_t)type << AVA_HANDLE_TYPE_SHIFT;
}

static inline uint32_t ava_handle_type(uint64_t handle)
{
	return handle >> AVA_HANDLE_TYPE_SHIFT;
}

static inline bool ava_handle_is_host(uint64_t handle)
{
	return handle & AVA_HANDLE_HOST_INDEX;
}

static inline bool ava_handle_is_immortal(uint64_t handle)
{
	return handle & AVA_HANDLE_IMMORTAL;
}

/* ---- server ------------------------------------------------------------------- */

/**
 * struct ava_handle_ops - a handle type, as the generated server describes it
 * @name: for messages
 * @retain: the API's own, or NULL for types without a reference count
 * @release: likewise
 * @immortal: objects are never released, and every context knows the same ones
 * @find: of immortal types: calls ava_handle_of() for all objects, in an order that
 *	is the same in every process of this host; may be NULL
 */
struct ava_handle_ops {
	const char *name;
	void (*retain)(void *native);
	void (*release)(void *native);
	bool immortal;
	void (*find)(void);
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
 * @async: the guest goes on with @chosen in any case
 * @handle: (out) its handle: another than @chosen if the API gave out an object that has one
 *
 * The handle stands for one native reference more.
 * Return: 0, -EBADMSG if @chosen is not the guest's to choose, -EDQUOT, -ENOMEM.
 */
int ava_handle_adopt(uint64_t chosen, void *native, uint32_t type, bool async, uint64_t *handle);

/**
 * ava_handle_of() - the handle of an object that the API returned without a reference
 * @native: not NULL
 * @type: its type
 *
 * An object not known yet is retained by the server, so that the handle cannot
 * dangle. Each return counts as given to the guest. Any thread.
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
 * ava_handle_extra_refs() - references of a native object that are the server's doing
 * @native: the object
 * @type: its type
 *
 * What an application may see of the native count is: the count less this, and
 * the guest's own references (ava_object_refs()) less one. Any thread.
 * Return: references that the server holds, less the one that stands for the
 * guest's; 0 for an object without handle.
 */
int ava_handle_extra_refs(void *native, uint32_t type);

/**
 * struct ava_handle_release - a release on its way
 * @entry: of ava_handle_get(), or NULL
 * @refs: references that the guest gives back
 * @seen: how often it got the handle, if it forgets it
 * @kept: (out) native references beyond the one that the API's call drops
 * @added: (out) the server retained the object
 */
struct ava_handle_release {
	struct ava_handle_entry *entry;
	uint32_t refs;
	uint32_t seen;
	uint32_t kept;
	bool added;
};

/**
 * ava_handle_releasing() - before the API's release
 * @r: @entry, @refs and @seen are set
 *
 * A handle that the guest forgets ends here, so that neither a second release nor
 * an object made at the same address meets it. One that it did not forget stays:
 * the server retains the object. So it does for other calls that use it.
 * Any thread.
 * Return: false if the handle has ended meanwhile.
 */
bool ava_handle_releasing(struct ava_handle_release *r);

/**
 * ava_handle_released() - behind the API's release
 * @r: of ava_handle_releasing()
 * @success: of the release; if false, everything is as before ava_handle_releasing()
 *
 * Any thread.
 */
void ava_handle_released(struct ava_handle_release *r, bool success);

/**
 * ava_handle_forget() - the guest does not know a handle any more
 * @handle: the handle; any value
 * @seen: how often it got it: if the server gave it out more often, another answer is
 *	on its way and it stays
 *
 * Any thread.
 */
void ava_handle_forget(uint64_t handle, uint64_t seen);

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
