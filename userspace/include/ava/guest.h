/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest.h - what a generated guest library calls
 *
 * One struct ava_gcall on the caller's stack is one call: begin, put the
 * arguments in the spec's order, call, get the outputs in the same order, end.
 * Errors stick, so that generated code looks once. One thread uses a call. A small call allocates
 * nothing; a large buffer travels as a segment, which the decoder accepts as it
 * does the inline form.
 */
#ifndef AVA_GUEST_H
#define AVA_GUEST_H

#include <ava/callback.h>
#include <ava/context.h>
#include <ava/cs.h>
#include <ava/handle.h>
#include <ava/object.h>
#include <ava/trace.h>

#define AVA_GUEST_STACK		1024	/* inline bytes kept on the stack */
#define AVA_GUEST_BUF_INLINE	4096	/* larger buffers travel as segments */
#define AVA_GUEST_ALL_INLINE	16384	/* so do buffers that would take the sum over this */
#define AVA_GUEST_SEGS		64
#define AVA_GUEST_MAX_ARGS	(256u << 20)

/**
 * struct ava_guest_api - a generated guest library
 * @id: name, version, hash
 * @dispatch: what objects of the library begin with
 */
struct ava_guest_api {
	struct ava_api_id id;
	const void *dispatch;
};

/**
 * struct ava_gcall - one call
 * @api: of which library
 * @ctx: the process's context
 * @limits: what it carries at most
 * @args: encoder of the inline arguments
 * @reply: decoder of the reply, after ava_guest_call()
 * @err: 0 or -errno of the transport; sticks
 * @refused: a status was decided without the vendor: @status
 * @status: of the API
 * @async: in: may go without waiting; out, after the call: it did
 * @sent: the server has it
 * @local: nothing is to be sent
 * @again: the reply was given before
 * @unbound: the reply has objects that do not live as long as @owner
 * @owner: the call's first object: keeps what the call makes or finds
 * @release: a reference that the call drops
 * @asks: a release, behind which the spec's helper asks for what it made the vendor call
 * @borrowed: the host uses memory that the caller may reuse, or fills it: the call must wait
 * @reply_need: bytes of reply that the outputs can take
 * @inline_sum: bytes of buffers among the arguments
 * @func: id of the function
 * @seg_count: segments used; [0] is kept for the arguments
 * @reply_heap: room for a reply that @reply_buf cannot hold
 * @segs: the segments
 * @args_buf: where @args starts to write
 * @reply_buf: room for a small reply
 */
struct ava_gcall {
	const struct ava_guest_api *api;
	struct ava_context *ctx;
	const struct ava_limits *limits;
	struct ava_cs_writer args;
	struct ava_cs_reader reply;
	int64_t status;
	uint64_t reply_need;
	uint64_t inline_sum;
	uint32_t func;
	uint32_t seg_count;
	int err;
	bool refused;
	bool async;
	bool borrowed;
	bool sent;
	bool local;
	bool again;
	bool unbound;
	const void *owner;
	struct ava_object_release release;
	bool asks;
	void *reply_heap;
	struct ava_seg segs[AVA_GUEST_SEGS];
	uint8_t args_buf[AVA_GUEST_STACK] __attribute__((aligned(8)));
	uint8_t reply_buf[AVA_GUEST_STACK] __attribute__((aligned(8)));
};

#define AVA_GUEST_STABLE	(1u << 0)	/* the application keeps the bytes until an event */
#define AVA_GUEST_NULLABLE	(1u << 1)	/* NULL is one of the values */

/**
 * ava_guest_begin() - start a call
 * @g: the call
 * @api: the library
 * @func: id of the function
 *
 * Opens the process's context at first use; a failure sticks in @err of the call.
 */
void ava_guest_begin(struct ava_gcall *g, const struct ava_guest_api *api, uint32_t func);

/**
 * ava_guest_end() - free what the call took
 * @g: the call
 */
void ava_guest_end(struct ava_gcall *g);

/**
 * ava_guest_refuse() - decide the call's status here
 * @g: the call
 * @status: of the API; the first one counts
 */
void ava_guest_refuse(struct ava_gcall *g, int64_t status);

/**
 * ava_guest_put_handle() - an object as argument
 * @g: the call
 * @p: what the application passed
 * @type: expected
 * @flags: AVA_GUEST_NULLABLE
 * @invalid: the status if a pointer is no object alive and of @type
 */
void ava_guest_put_handle(struct ava_gcall *g, const void *p, uint32_t type, uint32_t flags,
			  int64_t invalid);

/**
 * ava_guest_put_handles() - an array of objects as argument
 * @g: the call
 * @array: of pointers, or NULL
 * @count: elements
 * @type: expected of each
 * @flags: AVA_GUEST_NULLABLE: of each
 * @invalid: the status if a pointer is no object alive and of @type
 */
void ava_guest_put_handles(struct ava_gcall *g, const void *array, uint64_t count,
			   uint32_t type, uint32_t flags, int64_t invalid);

/**
 * ava_guest_put_release() - an object as argument, of which the call drops a reference
 * @g: the call
 * @p: what the application passed
 * @type: expected
 * @flags: as for ava_guest_put_handle()
 * @invalid: likewise
 *
 * If it is not the last one, the call is not sent and succeeds.
 */
void ava_guest_put_release(struct ava_gcall *g, const void *p, uint32_t type, uint32_t flags,
			   int64_t invalid);

/**
 * ava_guest_released() - behind a call with ava_guest_put_release()
 * @g: the call
 * @success: if false, and the vendor said so, the reference is there again
 */
void ava_guest_released(struct ava_gcall *g, bool success);

/**
 * ava_guest_forget() - tell the server which objects have ended
 * @ctx: the context
 *
 * Behind whatever may end objects: ava_guest_end() does it for calls.
 */
void ava_guest_forget(struct ava_context *ctx);

/**
 * ava_guest_unhold() - ava_object_unhold(), and tell the server
 * @api: the library
 * @p: of ava_object_hold()
 */
void ava_guest_unhold(const struct ava_guest_api *api, const void *p);

/**
 * ava_guest_put_new() - the handle of an object that this call makes
 * @g: the call
 * @obj: (out) the object, for ava_guest_get_new(); NULL and a sticky -ENOMEM without memory
 * @type: its type
 */
void ava_guest_put_new(struct ava_gcall *g, struct ava_object **obj, uint32_t type);

/**
 * ava_guest_put_in() - bytes that go to the server
 * @g: the call
 * @p: the bytes, or NULL
 * @len: how many
 * @flags: AVA_GUEST_STABLE
 */
void ava_guest_put_in(struct ava_gcall *g, const void *p, uint64_t len, uint32_t flags);

/**
 * struct ava_guest_buf - an output between put and get
 * @p: the application's memory, or NULL
 * @cap: its bytes
 * @seg: it is a segment
 */
struct ava_guest_buf {
	void *p;
	uint64_t cap;
	bool seg;
};

/**
 * ava_guest_put_out() - room for bytes that come from the server
 * @g: the call
 * @b: (out) the output, for ava_guest_get_out()
 * @p: memory of the application's, or NULL
 * @cap: its bytes
 */
void ava_guest_put_out(struct ava_gcall *g, struct ava_guest_buf *b, void *p, uint64_t cap);

/**
 * ava_guest_put_inout() - bytes that go to the server and come back
 * @g: the call
 * @b: (out) the output, for ava_guest_get_out()
 * @p: memory of the application's, or NULL
 * @cap: its bytes
 */
void ava_guest_put_inout(struct ava_gcall *g, struct ava_guest_buf *b, void *p, uint64_t cap);

/**
 * ava_guest_put_direct() - room for bytes that a server helper pushes
 * @g: the call
 * @b: (out) the output, for ava_guest_get_direct()
 * @p: memory of the application's, or NULL
 * @cap: its bytes
 */
void ava_guest_put_direct(struct ava_gcall *g, struct ava_guest_buf *b, void *p, uint64_t cap);

/**
 * ava_guest_get_direct() - the bytes that the helper pushed arrive
 * @g: the call
 * @b: of ava_guest_put_direct(); bytes that were not pushed stay as they are
 */
void ava_guest_get_direct(struct ava_gcall *g, struct ava_guest_buf *b);

/**
 * ava_guest_put_string() - a string
 * @g: the call
 * @s: with its NUL, or NULL
 */
void ava_guest_put_string(struct ava_gcall *g, const char *s);

/**
 * ava_guest_put_strings() - an array of strings
 * @g: the call
 * @strings: the array, or NULL
 * @count: elements
 * @lengths: bytes of each, 0 for one that has a NUL; may be NULL
 */
void ava_guest_put_strings(struct ava_gcall *g, const void *strings, uint64_t count,
			   const size_t *lengths);

/**
 * struct ava_list_key - a key of a list of pairs whose value is a handle
 * @key: the key
 * @type: of the handle
 * @invalid: the status if the value is neither NULL nor an object alive and of @type
 */
struct ava_list_key {
	uint64_t key;
	uint32_t type;
	int64_t invalid;
};

/**
 * ava_guest_put_list() - a list of words
 * @g: the call
 * @list: with its final 0, or NULL
 * @count: words, the final one among them
 * @keys: keys whose value is a handle: the list is one of pairs
 * @key_count: how many
 */
void ava_guest_put_list(struct ava_gcall *g, const void *list, uint64_t count,
			const struct ava_list_key *keys, uint32_t key_count);

/**
 * ava_guest_list_len() - length of a list of pairs
 * @list: the list, or NULL
 *
 * Return: its words, with the final 0; 0 for NULL.
 */
uint64_t ava_guest_list_len(const void *list);

/**
 * ava_guest_put_maybe() - bytes that may be a pointer to an object
 * @g: the call
 * @p: the bytes, or NULL
 * @len: how many
 * @types: types that it may be of; 0 ends them
 */
void ava_guest_put_maybe(struct ava_gcall *g, const void *p, uint64_t len,
			 const uint32_t *types);

/**
 * ava_guest_call() - send, and wait unless the call goes without
 * @g: the call
 *
 * Blocks the calling thread; see ava_context_call().
 * Return: true if there is a reply to decode, or the call went without one
 * (@async). False: @refused with @status, or @err.
 */
bool ava_guest_call(struct ava_gcall *g);

/**
 * ava_guest_flush() - send what waits in batches
 * @api: the library
 *
 * Return: 0, or the -errno of a lost context.
 */
int ava_guest_flush(const struct ava_guest_api *api);

/**
 * ava_guest_cached() - look for an answer that was kept
 * @g: the call, with all its arguments put
 *
 * In place of ava_guest_call().
 * Return: true if the reply is there to decode.
 */
bool ava_guest_cached(struct ava_gcall *g);

/**
 * ava_guest_keep() - keep a successful answer for the next call with these arguments
 * @g: the call, whose reply was decoded; one that used segments is not kept
 * @p: the object whose life bounds the answer's, or NULL: the context
 * @type: of @p
 */
void ava_guest_keep(struct ava_gcall *g, const void *p, uint32_t type);

/**
 * ava_guest_get_found() - a returned object that the call found
 * @g: the call
 *
 * Return: the object; NULL for NULL, or after an error.
 */
void *ava_guest_get_found(struct ava_gcall *g);

/**
 * ava_guest_get_new() - a returned object that the call made
 * @g: the call
 * @obj: of ava_guest_put_new(); consumed
 *
 * Return: the object, which may be another than @obj; NULL for NULL, or after an error.
 */
void *ava_guest_get_new(struct ava_gcall *g, struct ava_object *obj);

/**
 * ava_guest_get_out() - the bytes of an output arrive
 * @g: the call
 * @b: of ava_guest_put_out() or ava_guest_put_inout()
 *
 * Return: how many the server filled; 0 after an error.
 */
uint64_t ava_guest_get_out(struct ava_gcall *g, struct ava_guest_buf *b);

/**
 * ava_guest_fix_handles() - handles on the wire become pointers, in place
 * @g: the call
 * @p: an array of handles
 * @bytes: of @p
 * @new_ref: the caller gets a reference of each
 *
 * -ENOMEM sticks.
 */
void ava_guest_fix_handles(struct ava_gcall *g, void *p, uint64_t bytes, bool new_ref);

/**
 * ava_guest_fix_list() - the values of a key become pointers, in place
 * @g: the call
 * @p: a list of pairs
 * @bytes: of @p
 * @key: whose values are handles
 *
 * -ENOMEM sticks.
 */
void ava_guest_fix_list(struct ava_gcall *g, void *p, uint64_t bytes, uint64_t key);

/**
 * ava_guest_unsupported() - a function that the spec does not support was called
 * @api: the library
 * @func: name of the function
 * @said: the function's own flag, in static storage: one log line each
 *
 * Any thread.
 */
void ava_guest_unsupported(const struct ava_guest_api *api, const char *func, int *said);

/**
 * ava_library_function() - the generated library's function of a name
 * @name: of the function
 *
 * For ...GetExtensionFunctionAddress. Any thread.
 * Return: NULL if there is none.
 */
void *ava_library_function(const char *name);

/**
 * ava_guest_how() - what became of a call, for ava_trace_call()
 * @g: the call, ended or not
 */
static inline enum ava_trace_how ava_guest_how(const struct ava_gcall *g)
{
	return g->again ? AVA_TRACE_CACHED : !g->sent ? AVA_TRACE_LOCAL :
	       g->async ? AVA_TRACE_ASYNC : AVA_TRACE_SYNC;
}

/**
 * ava_guest_decoded() - decoding is over
 * @g: the call
 *
 * Return: true if it went well, else the call's err says what failed.
 */
static inline bool ava_guest_decoded(struct ava_gcall *g)
{
	if (!g->err && g->reply.err)
		g->err = -EPROTO;
	return !g->err;
}

#endif /* AVA_GUEST_H */
