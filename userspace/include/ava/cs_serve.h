/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cs_serve.h - what a generated API server calls
 *
 * One struct ava_serve on the server thread's stack is one call: begin, get the
 * arguments in the order in which the guest library put them, look once whether
 * that went well, call the vendor, put the outputs, end. All on that thread.
 * Errors stick and lead to the answer of ava_serve_end(). Nothing of the guest's
 * is trusted: lengths must be what the spec's expressions say, rooms are bounded
 * by what the guest provided, handles are looked up with the expected type.
 */
#ifndef AVA_CS_SERVE_H
#define AVA_CS_SERVE_H

#include <ava/bulk.h>
#include <ava/callback.h>
#include <ava/cs.h>
#include <ava/handle.h>
#include <ava/server.h>

#define AVA_SERVE_MAX_ARGS	(256ull << 20)	/* of arguments in a segment */
#define AVA_SERVE_MAX_COUNT	(1ull << 24)	/* elements of an array of handles or strings */
#define AVA_SERVE_POOL		(8ull << 30)

/**
 * struct ava_serve - one call
 * @call: the runtime's
 * @in: decoder of the arguments
 * @out: encoder of the reply
 * @pool: what decoding allocates
 * @err: 0, or -EBADMSG if the arguments are malformed, or another -errno; sticks
 * @status: the API's answer where @refused
 * @refused: the vendor is not called; @status is the API's answer
 * @outputs: the call has outputs
 * @args_heap: arguments that came in a segment
 * @pins: the handles in use until the call ends
 * @callbacks: that came with the call
 * @registered: the vendor's function took them
 */
struct ava_serve {
	struct ava_server_call *call;
	struct ava_cs_reader in;
	struct ava_cs_writer out;
	int64_t status;
	int err;
	bool refused;
	bool outputs;
	void *args_heap;
	struct ava_serve_pin *pins;
	struct ava_server_callback *callbacks;
	bool registered;
	struct ava_cs_pool pool;
};

/**
 * ava_serve_begin() - a call has come
 * @s: the call
 * @call: the runtime's; outlives @s
 *
 * Arguments that come in a segment are fetched here.
 */
void ava_serve_begin(struct ava_serve *s, struct ava_server_call *call);

/**
 * ava_serve_end() - the call is over, whatever became of it
 * @s: the call
 * @failure: what the API reports for an errno that is not the guest's fault
 *
 * Frees what decoding allocated and gives back the handles.
 * Return: 0, or -EBADMSG: dispatch() returns it.
 */
int ava_serve_end(struct ava_serve *s, int64_t failure);

/**
 * ava_serve_async_failed() - does the guest believe in new handles that are none?
 * @s: the call
 * @success: the vendor's function was called and did well
 *
 * Return: true if the guest did not wait, and the arguments were not malformed.
 */
bool ava_serve_async_failed(const struct ava_serve *s, bool success);

/**
 * ava_serve_ready() - all arguments are there
 * @s: the call
 *
 * Arguments that are left over are malformed: -EBADMSG.
 * Return: true if the vendor may be called.
 */
bool ava_serve_ready(struct ava_serve *s);

/**
 * ava_serve_refuse() - answer without the vendor
 * @s: the call
 * @status: of the API; the first one counts
 */
void ava_serve_refuse(struct ava_serve *s, int64_t status);

/**
 * ava_serve_fail() - the call cannot be carried out
 * @s: the call
 * @err: -EBADMSG if it is malformed, or another -errno; the first one counts
 */
void ava_serve_fail(struct ava_serve *s, int err);

#define AVA_SERVE_NULLABLE	(1u << 0)	/* NULL is one of the values */

/**
 * ava_serve_handle() - a native object
 * @s: the call
 * @type: expected
 * @flags: AVA_SERVE_NULLABLE
 * @invalid: the API's answer for a handle that is not alive and of @type
 *
 * Return: the object, alive until the call ends; NULL for NULL, or when the call is refused.
 */
void *ava_serve_handle(struct ava_serve *s, uint32_t type, uint32_t flags, int64_t invalid);

/**
 * ava_serve_handles() - an array of native objects
 * @s: the call
 * @count: elements, as the spec says; any other number is -EBADMSG
 * @type: expected of each
 * @flags: AVA_SERVE_NULLABLE: of each
 * @invalid: the API's answer for a handle that is not alive and of @type
 *
 * Return: the array, in memory of the call; NULL for NULL, or after an error.
 */
void *ava_serve_handles(struct ava_serve *s, uint64_t count, uint32_t type, uint32_t flags,
			int64_t invalid);

/**
 * ava_serve_release() - a native object of which the guest gives back references
 * @s: the call
 * @type: as for ava_serve_handle()
 * @flags: likewise
 * @invalid: likewise
 * @r: (out) for ava_serve_releasing()
 *
 * Return: as ava_serve_handle().
 */
void *ava_serve_release(struct ava_serve *s, uint32_t type, uint32_t flags, int64_t invalid,
			struct ava_handle_release *r);

/**
 * ava_serve_releasing() - before the API's release
 * @s: the call
 * @r: of ava_serve_release()
 * @invalid: the API's answer if another call released the handle
 *
 * Return: false if that is so: the call is refused.
 */
bool ava_serve_releasing(struct ava_serve *s, struct ava_handle_release *r, int64_t invalid);

/**
 * ava_serve_released() - behind the API's release
 * @r: of ava_serve_releasing()
 * @success: of the release
 */
void ava_serve_released(struct ava_handle_release *r, bool success);

/**
 * ava_serve_forget() - the call AVA_FUNC_FORGET
 * @call: the runtime's
 *
 * Return: as dispatch().
 */
int ava_serve_forget(struct ava_server_call *call);

/**
 * ava_serve_chosen() - what the guest chose for the object that this call makes
 * @s: the call
 * @type: of the object; another one is -EBADMSG
 *
 * Return: the handle; 0 for no object.
 */
uint64_t ava_serve_chosen(struct ava_serve *s, uint32_t type);

/**
 * ava_serve_head() - how a buffer comes
 * @s: the call
 * @len: bytes, as the spec says; any other number is -EBADMSG
 * @seg: (out) segment index, or 0: its bytes follow, if any come in
 * @dir: what a segment must allow
 *
 * Return: false for NULL, or after an error.
 */
bool ava_serve_head(struct ava_serve *s, uint64_t len, uint32_t *seg, uint32_t dir);

/**
 * ava_serve_in() - bytes from the guest
 * @s: the call
 * @len: bytes, as the spec says; any other number is -EBADMSG
 *
 * Return: the bytes, read-only, until the call ends; NULL for NULL, or after an error.
 */
const void *ava_serve_in(struct ava_serve *s, uint64_t len);

/**
 * ava_serve_in_copy() - bytes from the guest, in memory that may be written
 * @s: the call
 * @len: as for ava_serve_in()
 *
 * Return: memory of the call; NULL for NULL, or after an error.
 */
void *ava_serve_in_copy(struct ava_serve *s, uint64_t len);

/**
 * ava_serve_in_kept() - bytes from the guest that outlive the call
 * @s: the call
 * @len: as for ava_serve_in()
 *
 * Return: malloc()ed memory, which the caller frees, also when the call then fails;
 * NULL for NULL, or after an error.
 */
void *ava_serve_in_kept(struct ava_serve *s, uint64_t len);

/**
 * struct ava_serve_buf - an output between get and put
 * @p: zeroed room for @cap bytes, or NULL if the guest passed NULL
 * @cap: bytes
 * @seg: index of the segment, or 0: inline
 * @written: behind these bytes the vendor wrote nothing: the guest's memory stays as it is
 */
struct ava_serve_buf {
	void *p;
	uint64_t cap;
	uint32_t seg;
	uint64_t written;
};

/**
 * ava_serve_out() - room for an output
 * @s: the call
 * @b: (out) the output, for ava_serve_put_out()
 * @cap: bytes, as the spec says; any other number is -EBADMSG
 *
 * Return: b->p.
 */
void *ava_serve_out(struct ava_serve *s, struct ava_serve_buf *b, uint64_t cap);

/**
 * ava_serve_inout() - room for an output, filled with what the guest sent
 * @s: the call
 * @b: (out) the output, for ava_serve_put_out()
 * @cap: bytes, as the spec says; any other number is -EBADMSG
 *
 * Return: b->p.
 */
void *ava_serve_inout(struct ava_serve *s, struct ava_serve_buf *b, uint64_t cap);

/**
 * ava_serve_mark() - before the call: see whether the vendor writes an output
 * @b: of ava_serve_out(), numbers of 4 or 8 bytes
 */
void ava_serve_mark(struct ava_serve_buf *b);

/**
 * ava_serve_written() - behind the call: numbers that the vendor left alone
 * @b: of ava_serve_mark()
 * @size: of a number
 *
 * Those at the end stay the guest's own, those before one that was written are 0.
 */
void ava_serve_written(struct ava_serve_buf *b, uint32_t size);

/**
 * ava_serve_hidden() - memory for a value that the guest does not see
 * @s: the call
 * @len: bytes
 *
 * Return: zeroed memory of the call; NULL after an error, and a sticky -ENOMEM.
 */
void *ava_serve_hidden(struct ava_serve *s, uint64_t len);

/**
 * ava_serve_string() - a string
 * @s: the call
 *
 * One without its NUL at the end, and only there, is -EBADMSG.
 * Return: the string, read-only, until the call ends; NULL for NULL, or after an error.
 */
const char *ava_serve_string(struct ava_serve *s);

/**
 * ava_serve_strings() - an array of strings
 * @s: the call
 * @count: elements, as the spec says; any other number is -EBADMSG
 * @lengths: bytes of each without a NUL, 0 where not known; may be NULL
 *
 * Each has a NUL behind it.
 * Return: the array, in memory of the call; NULL for NULL, or after an error.
 */
void *ava_serve_strings(struct ava_serve *s, uint64_t count, const size_t *lengths);

/**
 * struct ava_serve_key - a key of a list of pairs whose value is a handle
 * @key: the key
 * @type: of the handle
 * @invalid: the API's answer for a handle that is neither 0 nor alive and of @type
 */
struct ava_serve_key {
	uint64_t key;
	uint32_t type;
	int64_t invalid;
};

/**
 * ava_serve_list() - a list that ends with 0
 * @s: the call
 * @pairs: of keys and values
 * @keys: those whose value is a handle; only with @pairs
 * @key_count: how many
 *
 * Return: the list, in memory of the call; NULL for NULL, or after an error.
 */
void *ava_serve_list(struct ava_serve *s, bool pairs, const struct ava_serve_key *keys,
		     uint32_t key_count);

/**
 * struct ava_serve_maybe - what the guest says about bytes that may be a handle
 * @native: the object, or NULL if it sent no handle that lives
 * @which: its type, counted from 1 in the list of types
 */
struct ava_serve_maybe {
	void *native;
	int which;
};

/**
 * ava_serve_maybe() - bytes that may be a handle
 * @s: the call
 * @len: bytes, as for ava_serve_in()
 * @types: types that it may be of; 0 ends them
 * @m: (out) what the guest says that they are
 *
 * Return: the bytes, as from ava_serve_in(); ava_serve_settle() decides.
 */
const void *ava_serve_maybe(struct ava_serve *s, uint64_t len, const uint32_t *types,
			    struct ava_serve_maybe *m);

/**
 * ava_serve_settle() - decide what bytes that may be a handle are
 * @s: the call
 * @object: > 0: an object of that type, counted from 1, 0: bytes, < 0: not known
 * @p: what ava_serve_maybe() returned
 * @len: its bytes
 * @m: what it gave out
 * @invalid: the answer if it must be an object, is not zero, and names none alive; or
 *	if it might be one and is an address of this process
 *
 * Return: what to hand to the vendor: the object, or @p.
 */
const void *ava_serve_settle(struct ava_serve *s, int object, const void *p, uint64_t len,
			     struct ava_serve_maybe *m, int64_t invalid);

/**
 * ava_serve_reply() - the vendor was called: the reply begins
 * @s: the call
 */
void ava_serve_reply(struct ava_serve *s);

/**
 * ava_serve_outputs() - say whether outputs follow
 * @s: the call
 * @outputs: they do
 *
 * Return: @outputs.
 */
bool ava_serve_outputs(struct ava_serve *s, bool outputs);

/**
 * ava_serve_put_new() - a returned object that the call made
 * @s: the call
 * @chosen: of ava_serve_chosen(), or 0
 * @native: the object, or NULL
 * @type: its type
 *
 * One that gets no handle is released, and the call fails.
 */
void ava_serve_put_new(struct ava_serve *s, uint64_t chosen, void *native, uint32_t type);

/**
 * ava_serve_put_found() - a returned object that the call found
 * @s: the call
 * @native: the object, or NULL
 * @type: its type
 *
 * -ENOMEM sticks if there is no room for a handle.
 */
void ava_serve_put_found(struct ava_serve *s, void *native, uint32_t type);

/**
 * ava_serve_fix_handles() - pointers become handles, in place
 * @s: the call
 * @p: an array of native objects
 * @bytes: of @p
 * @type: of the objects
 * @new_ref: each came with a reference
 *
 * -ENOMEM sticks if there is no room for a handle.
 */
void ava_serve_fix_handles(struct ava_serve *s, void *p, uint64_t bytes, uint32_t type,
			   bool new_ref);

/**
 * ava_serve_fix_list() - the values of a key become handles, in place
 * @s: the call
 * @p: a list of pairs
 * @bytes: of @p
 * @key: whose values are objects
 * @type: of the objects
 *
 * As ava_serve_fix_handles() without references.
 */
void ava_serve_fix_list(struct ava_serve *s, void *p, uint64_t bytes, uint64_t key,
			uint32_t type);

/**
 * ava_serve_bulk() - a buffer that a helper moves itself
 * @s: the call
 * @len: bytes, as the spec says; any other number is -EBADMSG
 * @dir: AVA_SEG_TO_HOST or AVA_SEG_FROM_HOST
 *
 * Return: memory of the call; NULL for NULL, or after an error.
 */
struct ava_bulk *ava_serve_bulk(struct ava_serve *s, uint64_t len, uint32_t dir);

/**
 * ava_serve_put_bulk() - send what the helper pushed and is not in a segment
 * @s: the call
 * @b: of ava_serve_bulk() with AVA_SEG_FROM_HOST
 */
void ava_serve_put_bulk(struct ava_serve *s, const struct ava_bulk *b);

/**
 * ava_serve_put_out() - send an output
 * @s: the call
 * @b: of ava_serve_out() or ava_serve_inout()
 * @len: bytes from its start; more than the room counts as the room
 */
void ava_serve_put_out(struct ava_serve *s, struct ava_serve_buf *b, uint64_t len);

#endif /* AVA_CS_SERVE_H */
