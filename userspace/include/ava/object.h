/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h - what a handle of the API points to in the guest
 *
 * The application gets pointers to these. A pointer that comes back from it is
 * looked up, not followed, so a wrong one is an error code. Objects hang in one
 * table per library (libava is linked into each); any thread.
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
 * ava_object_of() - the object of a handle that the server chose; made at first sight
 * @dispatch: see struct ava_object
 * @handle: not 0
 * @new_ref: the caller gets a reference (the object is new to it, not only found)
 *
 * Return: NULL without memory.
 */
struct ava_object *ava_object_of(const void *dispatch, uint64_t handle, bool new_ref);

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
 * @p: an object; anything else is left alone
 *
 * Any thread.
 */
void ava_object_retain(const void *p);

/**
 * ava_object_release() - drop a reference
 * @p: an object; anything else is left alone
 *
 * The last one ends an object that is not only found. Any thread.
 */
void ava_object_release(const void *p);

/**
 * ava_object_set_meta() - keep something with an object
 * @p: the object
 * @meta: what to keep, in place of what was kept
 * @free_meta: called with @meta when the object ends or gets another; may be NULL
 *
 * Any thread.
 * Return: false if @p names no live object; @meta is then still the caller's.
 */
bool ava_object_set_meta(const void *p, void *meta, void (*free_meta)(void *));

/**
 * ava_object_meta() - what is kept with an object
 * @p: the object
 *
 * Any thread.
 * Return: NULL if there is none; valid as long as the caller's reference of the object.
 */
void *ava_object_meta(const void *p);

#endif /* AVA_OBJECT_H */
