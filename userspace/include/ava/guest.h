/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest.h - what a generated guest library calls
 *
 * One struct ava_gcall on the caller's stack is one call: begin, put the
 * arguments in the spec's order, call, get the outputs in the same order, end.
 * Errors stick, so that generated code looks once. A small call allocates
 * nothing; a large buffer travels as a segment, which the decoder accepts as it
 * does the inline form.
 */
#ifndef AVA_GUEST_H
#define AVA_GUEST_H

#include <ava/context.h>
#include <ava/cs.h>
#include <ava/handle.h>
#include <ava/object.h>

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
 * @args: encoder of the inline arguments
 * @reply: decoder of the reply, after ava_guest_call()
 * @err: 0 or -errno of the transport; sticks
 * @refused: a status was decided without the vendor: @status
 * @status: of the API
 * @async: in: may go without waiting; out, after the call: it did
 * @borrowed: the host uses memory that the caller may reuse, or fills it: the call must wait
 * @reply_need: bytes of reply that the outputs can take
 * @seg_count: segments used; [0] is kept for the arguments
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
	void *reply_heap;
	struct ava_seg segs[AVA_GUEST_SEGS];
	uint8_t args_buf[AVA_GUEST_STACK] __attribute__((aligned(8)));
	uint8_t reply_buf[AVA_GUEST_STACK] __attribute__((aligned(8)));
};

#define AVA_GUEST_STABLE	(1u << 0)	/* the application keeps the bytes until an event */

void ava_guest_begin(struct ava_gcall *g, const struct ava_guest_api *api, uint32_t func);
void ava_guest_end(struct ava_gcall *g);

/* Decide the call's status here; the first decision counts. */
void ava_guest_refuse(struct ava_gcall *g, int64_t status);

/* A handle; @invalid is the status if @p is neither NULL nor alive and of @type. */
void ava_guest_put_handle(struct ava_gcall *g, const void *p, uint32_t type, int64_t invalid);

/* An array of handles, or NULL. */
void ava_guest_put_handles(struct ava_gcall *g, const void *array, uint64_t count,
			   uint32_t type, int64_t invalid);

/* The handle of an object that this call makes; *@obj is NULL after an error. */
void ava_guest_put_new(struct ava_gcall *g, struct ava_object **obj, uint32_t type);

/* @len bytes that go to the server, or NULL. */
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

/* Room for at most @cap bytes that come from the server, or NULL. */
void ava_guest_put_out(struct ava_gcall *g, struct ava_guest_buf *b, void *p, uint64_t cap);

/* Both ways. */
void ava_guest_put_inout(struct ava_gcall *g, struct ava_guest_buf *b, void *p, uint64_t cap);

/* A string with its NUL, or NULL. */
void ava_guest_put_string(struct ava_gcall *g, const char *s);

/* An array of strings; @lengths may be NULL. */
void ava_guest_put_strings(struct ava_gcall *g, const void *strings, uint64_t count,
			   const size_t *lengths);

/* One key of a property list whose value is a handle. */
struct ava_list_key {
	uint64_t key;
	uint32_t type;
	int64_t invalid;
};

/* A list of @count words, NULL or with its final 0; pairs if @keys. */
void ava_guest_put_list(struct ava_gcall *g, const void *list, uint64_t count,
			const struct ava_list_key *keys, uint32_t key_count);

/* Words of a list of pairs with its final 0. */
uint64_t ava_guest_list_len(const void *list);

/* Bytes that may be a handle; @types ends with 0. */
void ava_guest_put_maybe(struct ava_gcall *g, const void *p, uint64_t len,
			 const uint32_t *types);

/**
 * ava_guest_call() - send
 *
 * Return: true if there is a reply to decode, or the call went without one
 * (@async). False: @refused with @status, or @err.
 */
bool ava_guest_call(struct ava_gcall *g);

/* Returned handles: found, and made by this call (@obj is consumed). */
void *ava_guest_get_found(struct ava_gcall *g);
void *ava_guest_get_new(struct ava_gcall *g, struct ava_object *obj);

/* The bytes of an output arrive; returns how many the server filled. */
uint64_t ava_guest_get_out(struct ava_gcall *g, struct ava_guest_buf *b);

/* In place: handles on the wire become pointers. */
void ava_guest_fix_handles(struct ava_gcall *g, void *p, uint64_t bytes, bool new_ref);
void ava_guest_fix_list(struct ava_gcall *g, void *p, uint64_t bytes, uint64_t key);

/* A function that the spec does not support was called: one log line per function. */
void ava_guest_unsupported(const struct ava_guest_api *api, const char *func, int *said);

/* The generated library's function of that name, or NULL (for ...GetExtensionFunctionAddress). */
void *ava_library_function(const char *name);

/* Decoding is over; true if it went well (else @err). */
static inline bool ava_guest_decoded(struct ava_gcall *g)
{
	if (!g->err && g->reply.err)
		g->err = -EPROTO;
	return !g->err;
}

#endif /* AVA_GUEST_H */
