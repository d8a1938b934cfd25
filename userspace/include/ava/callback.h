/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback.h - functions of the application that the host calls
 *
 * The guest keeps function and user data under a cookie, the server passes a
 * trampoline of the vendor's signature with a struct ava_server_callback as its
 * user data. An event carries the cookie and the encoded arguments back; a thread
 * of the guest's runtime, started with the first callback, runs it.
 */
#ifndef AVA_CALLBACK_H
#define AVA_CALLBACK_H

#include <stdbool.h>

#include <ava/cs.h>

#define AVA_CALLBACK_MAX	256	/* bytes of encoded arguments */

/* ---- guest ---------------------------------------------------------------------- */

struct ava_gcall;
struct ava_object;

/**
 * struct ava_callback - a registered function
 * @run: generated: decodes the arguments and calls @fn; without arguments if the
 *	server died before it was called
 * @done: generated: called once, when it ran for the last time or was dropped, on any
 *	thread, without locks
 * @fn: the application's
 * @userdata: the application's
 * @is: what ava_is() parameters get, in their order: values or pointers
 */
struct ava_callback {
	void (*run)(const struct ava_callback *cb, struct ava_cs_reader *in);
	void (*done)(const struct ava_callback *cb);
	void *fn;
	void *userdata;
	uint64_t is[4];
};

#define AVA_CALLBACK_MANY	(1u << 0)

/**
 * ava_guest_put_callback() - a function pointer as argument
 * @g: the call
 * @cb: what to run; copied. @fn NULL: a NULL argument
 * @flags: AVA_CALLBACK_MANY: may run more than once
 * @owner: for AVA_CALLBACK_MANY: forget it when this object ends; else NULL
 *
 * Return: the cookie, for ava_guest_drop_callback(); 0 for NULL, or after an error.
 */
uint64_t ava_guest_put_callback(struct ava_gcall *g, const struct ava_callback *cb,
				uint32_t flags, const void *owner);

/**
 * ava_guest_drop_callback() - the call failed: it will never run
 * @cookie: of ava_guest_put_callback(); 0 is nothing
 */
void ava_guest_drop_callback(uint64_t cookie);

struct ava_guest_api;

/**
 * ava_callback_get_found() - an object that a callback gets
 * @api: the library
 * @in: its arguments
 * @in_object: the object that keeps it, or NULL
 *
 * Return: the object; NULL for NULL, or without memory.
 */
void *ava_callback_get_found(const struct ava_guest_api *api, struct ava_cs_reader *in,
			     const void *in_object);

/**
 * ava_callback_get_bytes() - bytes or a string that a callback gets
 * @in: its arguments
 * @len: how many; more than were sent are 0. 0: a string
 * @heap: (out) to be freed behind the callback
 *
 * Return: the bytes; NULL for NULL, or without memory.
 */
void *ava_callback_get_bytes(struct ava_cs_reader *in, uint64_t len, void **heap);

/*
 * Set by a spec's guest helper (in a constructor): runs before each callback on its
 * thread, and may make calls.
 */
extern void (*ava_guest_before_callback)(void);

/**
 * ava_guest_get_called_back() - did the vendor call back before its function returned?
 * @g: the call, whose reply is being decoded
 * @args: (out) what the callback gets, in memory of the call; NULL if an event brings it
 *
 * Return: true if so.
 */
bool ava_guest_get_called_back(struct ava_gcall *g, struct ava_cs_reader *args);

/**
 * ava_guest_run_callback() - run it on this thread, as the vendor did
 * @cookie: of ava_guest_put_callback()
 * @args: of ava_guest_get_called_back(); nothing is done without any
 */
void ava_guest_run_callback(uint64_t cookie, const struct ava_cs_reader *args);

struct ava_context;

/**
 * ava_guest_callbacks_due() - a reply says how often the vendor has called back
 * @ctx: the context
 * @count: since it began
 */
void ava_guest_callbacks_due(struct ava_context *ctx, uint64_t count);

/**
 * ava_guest_await_callbacks() - wait until what the vendor had called back has run
 *
 * For spec helpers, when a call is over that may have told the thread that something
 * is complete: with most vendors the functions that were to be called then have been.
 * Without locks. A function that does not return is not waited for for long.
 */
void ava_guest_await_callbacks(void);

/**
 * ava_guest_run_ended() - run what a release of this thread brought
 * @buf: of ava_server_take_ended()
 * @size: its bytes
 *
 * Return: how many ran.
 */
unsigned int ava_guest_run_ended(const void *buf, uint64_t size);

/**
 * ava_guest_is_callback_thread() - does the calling thread run callbacks?
 */
bool ava_guest_is_callback_thread(void);

/* ---- server --------------------------------------------------------------------- */

struct ava_serve;

struct ava_server_callback;	/* user data of a trampoline */

/**
 * ava_serve_callback() - decode a function pointer
 * @s: the call, which frees it if the vendor's function fails
 * @many: AVA_CALLBACK_MANY of the spec
 *
 * Return: for the trampoline; NULL for NULL, or after an error.
 */
struct ava_server_callback *ava_serve_callback(struct ava_serve *s, bool many);

/**
 * ava_serve_called_back() - did the vendor's function call back before it returned?
 * @s: the call
 *
 * It may do so although it then fails.
 */
bool ava_serve_called_back(struct ava_serve *s);

/**
 * ava_serve_put_called_back() - tell the guest, with what the callback gets
 * @s: the call
 *
 * A program may rely on it that such a callback ran before the function returned.
 */
void ava_serve_put_called_back(struct ava_serve *s);

/**
 * ava_serve_end_callbacks() - the call is over, its reply is encoded
 * @s: the call: @registered or not
 *
 * Events that the guest could not have understood before are sent now.
 */
void ava_serve_end_callbacks(struct ava_serve *s);

/**
 * ava_server_callback_ends() - it tells of an object's end
 * @cb: of ava_serve_callback(), while its call is served
 *
 * Where a release of the guest's makes the vendor call it, before the release returns,
 * no event tells the guest: the thread that released asks for it, and runs it.
 */
void ava_server_callback_ends(struct ava_server_callback *cb);

/**
 * ava_serve_ends_here() - a call that gives back a reference begins, or any call is over
 * @releasing: which of both
 */
void ava_serve_ends_here(bool releasing);

/**
 * ava_server_take_ended() - what the thread's releases brought, for ava_guest_run_ended()
 * @buf: room for at least one: AVA_CALLBACK_MAX and three words
 * @size: its bytes
 *
 * Return: how many bytes; 0 when there are no more.
 */
uint64_t ava_server_take_ended(void *buf, uint64_t size);

/**
 * ava_server_callback_string() - a string among the arguments
 * @w: the arguments
 * @s: the string, or NULL
 * @share: cut it to this part of the room that is left
 */
void ava_server_callback_string(struct ava_cs_writer *w, const char *s, unsigned int share);

/**
 * ava_server_callback_bytes() - bytes among the arguments
 * @w: the arguments
 * @p: the bytes, or NULL
 * @len: how many
 * @share: as above
 */
void ava_server_callback_bytes(struct ava_cs_writer *w, const void *p, uint64_t len,
			       unsigned int share);

/**
 * ava_server_callback_run() - the vendor calls back: tell the guest
 * @cb: freed, unless it may run often
 * @args: encoded arguments; AVA_CALLBACK_MAX bytes at most, a sticky error drops the callback
 *
 * Any thread, of the vendor's too. Does not wait for the guest to run it.
 */
void ava_server_callback_run(struct ava_server_callback *cb, struct ava_cs_writer *args);

/**
 * ava_server_event() - send an event to the guest
 * @cookie: for the guest
 * @data: payload
 * @len: its bytes, AVA_CALLBACK_MAX at most
 *
 * Any thread. What the guest has no room for is kept and sent later, in order;
 * waits only if tens of thousands are kept.
 * Return: 0 or -errno; -ESHUTDOWN when the context is over.
 */
int ava_server_event(uint64_t cookie, const void *data, uint32_t len);

#endif /* AVA_CALLBACK_H */
