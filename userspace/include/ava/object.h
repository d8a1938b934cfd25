/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h - what a handle of the API points to in the guest
 *
 * The application gets pointers to these. A pointer that comes back from it is
 * looked up, not followed, so a wrong one is an error code. Objects hang in one
 * table per library (libava is linked into each); any thread. References are
 * counted here: the server hears of the last release only.
 */
#ifndef AVA_OBJECT_H
#define AVA_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct ava_object - starts with what an ICD loader expects of every object
 * @dispatch: the library's dispatch table, or NULL
 */
struct ava_object {
	const void *dispatch;
};

/**
 * ava_object_new() - an object the guest makes: alive at once, one reference
 * @dispatch: see struct ava_object
 * @type: its type
 *
 * Return: NULL without memory.
 */
struct ava_object *ava_object_new(const void *dispatch, uint32_t type);

/**
 * ava_object_abandon() - an object of ava_object_new() did not come to be
 * @obj: the object; it ends, and the server is not told
 */
void ava_object_abandon(struct ava_object *obj);

/**
 * ava_object_found() - the object of a handle that the server gave out without a reference
 * @dispatch: see struct ava_object
 * @handle: not 0
 * @in: the object that was asked; keeps what is found. NULL: it lives for ever
 * @again: an answer that was given before: the server does not count this time
 * @bound: (out) it lives as long as @in
 *
 * Made at first sight. Return: NULL without memory.
 */
struct ava_object *ava_object_found(const void *dispatch, uint64_t handle, const void *in,
				    bool again, bool *bound);

/**
 * ava_object_given() - the object of a handle that the server gave out with a reference
 * @dispatch: see struct ava_object
 * @handle: not 0
 *
 * Return: NULL without memory.
 */
struct ava_object *ava_object_given(const void *dispatch, uint64_t handle);

/**
 * ava_object_keep() - an object stays usable while another one lives
 * @owner: keeps
 * @kept: is kept, also when the application has no reference any more
 *
 * Any thread.
 * Return: false if one of them is none, or @kept keeps @owner already.
 */
bool ava_object_keep(const void *owner, const void *kept);

/**
 * ava_object_handle() - the handle of a live object
 * @p: what the application passed; any value
 * @type: expected
 *
 * Any thread.
 * Return: 0 if @p names no live object of @type.
 */
uint64_t ava_object_handle(const void *p, uint32_t type);

/**
 * ava_object_retain() - one reference more
 * @p: what the application passed; any value
 * @type: expected
 *
 * Any thread. Return: false if @p names no live object of @type.
 */
bool ava_object_retain(const void *p, uint32_t type);

/**
 * ava_object_refs() - the application's references
 * @p: an object
 *
 * Return: their number; 0 also for objects that were only found. Any thread.
 */
uint32_t ava_object_refs(const void *p);

enum ava_release {
	AVA_RELEASE_INVALID,	/* not an object of the type */
	AVA_RELEASE_LOCAL,	/* that was all: the server has no reference to drop */
	AVA_RELEASE_LAST,	/* the server is to be called, then ava_object_released() */
};

/**
 * struct ava_object_release - the last reference on its way
 * @object: until ava_object_released()
 * @handle: of the object
 * @refs: references that the server has for this guest
 * @seen: how often it gave out the handle; 0 if the object stays in use
 * @ended: the object has ended
 */
struct ava_object_release {
	void *object;
	uint64_t handle;
	uint32_t refs;
	uint32_t seen;
	bool ended;
};

/**
 * ava_object_release() - drop a reference
 * @p: what the application passed; any value
 * @type: expected
 * @r: (out) with AVA_RELEASE_LAST: what to send
 *
 * From here on nobody finds the object, unless others keep it. Any thread.
 */
enum ava_release ava_object_release(const void *p, uint32_t type, struct ava_object_release *r);

/**
 * ava_object_released() - behind the API's release
 * @r: of ava_object_release()
 * @success: if false, everything is as before
 */
void ava_object_released(struct ava_object_release *r, bool success);

/**
 * struct ava_object_forgotten - an object that ended unknown to the server
 * @handle: its handle
 * @seen: how often the server gave it out
 */
struct ava_object_forgotten {
	uint64_t handle;
	uint64_t seen;
};

/**
 * ava_object_forgotten() - which objects the server may forget
 * @list: (out) room for them
 * @room: how many
 *
 * Each is returned once; those that another thread's release ended, which asks for what
 * their ends call, to that thread only. Any thread. Return: how many there are in @list.
 */
uint32_t ava_object_forgotten(struct ava_object_forgotten *list, uint32_t room);

/**
 * ava_object_ask() - a release of this thread begins, or is over
 * @ask: it begins; when the server was told of the ends, the thread asks what they call
 */
void ava_object_ask(bool ask);

/**
 * ava_object_asks() - is the calling thread between both?
 */
bool ava_object_asks(void);

/**
 * ava_object_hold() - the runtime needs an object
 * @p: the object; stays usable until ava_object_unhold()
 *
 * Not a reference: what an application sees of its count does not change.
 * Return: false if @p is no object.
 */
bool ava_object_hold(const void *p);

/**
 * ava_object_unhold() - the runtime needs it no more
 * @p: of ava_object_hold()
 *
 * Followed by ava_guest_forget().
 */
void ava_object_unhold(const void *p);

/**
 * ava_object_pin() - no other object gets this one's address
 * @p: the object; may end nevertheless
 *
 * Return: false if @p is no object.
 */
bool ava_object_pin(const void *p);

/**
 * ava_object_unpin() - the address may be used again
 * @p: of an ava_object_pin() that returned true
 */
void ava_object_unpin(const void *p);

/**
 * ava_object_attach() - keep something with an object
 * @p: the object
 * @key: whose it is: an address of the module's
 * @data: what to keep, in place of what was kept under @key
 * @free_data: called with @data when the object ends or gets another; may be NULL
 *
 * Any thread.
 * Return: false if @p names no live object, or without memory; @data is then still
 * the caller's.
 */
bool ava_object_attach(const void *p, const void *key, void *data, void (*free_data)(void *));

/**
 * ava_object_attached() - what is kept with an object
 * @p: the object
 * @key: whose
 *
 * Any thread.
 * Return: NULL if there is none; valid as long as the caller's reference of the object.
 */
void *ava_object_attached(const void *p, const void *key);

/**
 * ava_object_set_meta() - ava_object_attach() for the spec's own helpers
 * @p: the object
 * @meta: what to keep
 * @free_meta: called with @meta when the object ends or gets another; may be NULL
 *
 * Return: as ava_object_attach().
 */
static inline bool ava_object_set_meta(const void *p, void *meta, void (*free_meta)(void *))
{
	return ava_object_attach(p, NULL, meta, free_meta);
}

/**
 * ava_object_meta() - what the spec's helpers keep with an object
 * @p: the object
 *
 * Return: as ava_object_attached().
 */
static inline void *ava_object_meta(const void *p)
{
	return ava_object_attached(p, NULL);
}

#endif /* AVA_OBJECT_H */
