/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cs_serve.h - what a generated API server calls
 *
 * One struct ava_serve on the server thread's stack is one call: begin, get the
 * arguments in the order in which the guest library put them, look once whether
 * that went well, call the vendor, put the outputs, end. Nothing of the guest's
 * is trusted: lengths must be what the spec's expressions say, rooms are bounded
 * by what the guest provided, handles are looked up with the expected type.
 */
#ifndef AVA_CS_SERVE_H
#define AVA_CS_SERVE_H

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
 * @refused: the vendor is not called; @status is the API's answer
 * @outputs: the call has outputs
 * @pins: the handles in use until the call ends
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
	struct ava_cs_pool pool;
};

void ava_serve_begin(struct ava_serve *s, struct ava_server_call *call);

/**
 * ava_serve_end() - the call is over, whatever became of it
 * @failure: what the API reports for an errno that is not the guest's fault
 *
 * Return: 0, or -EBADMSG: dispatch() returns it.
 */
int ava_serve_end(struct ava_serve *s, int64_t failure);

/* All arguments are there: true if the vendor may be called. */
bool ava_serve_ready(struct ava_serve *s);

void ava_serve_refuse(struct ava_serve *s, int64_t status);

#define AVA_SERVE_NULLABLE	(1u << 0)	/* NULL is one of the values */

/**
 * ava_serve_handle() - a native object
 * @flags: AVA_SERVE_NULLABLE
 * @invalid: the answer for a handle that is not alive and of @type
 * @entry: (out) the handle's, or NULL if there is none; the argument may be NULL
 */
void *ava_serve_handle(struct ava_serve *s, uint32_t type, uint32_t flags, int64_t invalid,
		       struct ava_handle_entry **entry);

/* An array of native objects, or NULL; @flags are of its elements. */
void *ava_serve_handles(struct ava_serve *s, uint64_t count, uint32_t type, uint32_t flags,
			int64_t invalid);

/* Before the API's release; refuses the call if another one released the handle. */
bool ava_serve_releasing(struct ava_serve *s, struct ava_handle_entry *entry, int64_t invalid);

/* What the guest chose for the object that this call makes; 0 for no object. */
uint64_t ava_serve_chosen(struct ava_serve *s, uint32_t type);

/* @len bytes or NULL; in place where they are inline, and then read-only. */
const void *ava_serve_in(struct ava_serve *s, uint64_t len);

/* As ava_serve_in(), in memory of the call that may be written. */
void *ava_serve_in_copy(struct ava_serve *s, uint64_t len);

/* As ava_serve_in(), in malloc()ed memory that the caller owns; freed by it. */
void *ava_serve_in_kept(struct ava_serve *s, uint64_t len);

/**
 * struct ava_serve_buf - an output between get and put
 * @p: zeroed room for @cap bytes, or NULL if the guest passed NULL
 * @cap: bytes
 * @seg: index of the segment, or 0: inline
 */
struct ava_serve_buf {
	void *p;
	uint64_t cap;
	uint32_t seg;
};

/* Room for an output; returns b->p. */
void *ava_serve_out(struct ava_serve *s, struct ava_serve_buf *b, uint64_t cap);
void *ava_serve_inout(struct ava_serve *s, struct ava_serve_buf *b, uint64_t cap);

/* Zeroed memory for a value that the guest does not see; sticky -ENOMEM. */
void *ava_serve_hidden(struct ava_serve *s, uint64_t len);

const char *ava_serve_string(struct ava_serve *s);

/* Strings of an array; each has a NUL behind it, and is as long as @lengths[i] unless that is 0. */
void *ava_serve_strings(struct ava_serve *s, uint64_t count, const size_t *lengths);

struct ava_serve_key {
	uint64_t key;
	uint32_t type;
	int64_t invalid;
};

/* A list that ends with 0; pairs if @keys or @pairs. */
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
 */
const void *ava_serve_maybe(struct ava_serve *s, uint64_t len, const uint32_t *types,
			    struct ava_serve_maybe *m);

/**
 * ava_serve_settle() - decide what bytes that may be a handle are
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

/* The vendor was called: the reply begins. */
void ava_serve_reply(struct ava_serve *s);

/* Whether outputs follow. */
bool ava_serve_outputs(struct ava_serve *s, bool outputs);

/* A returned object, made by the call or found; NULL is 0. */
void ava_serve_put_new(struct ava_serve *s, uint64_t chosen, void *native, uint32_t type);
void ava_serve_put_found(struct ava_serve *s, void *native, uint32_t type);

/* In place: pointers become handles. */
void ava_serve_fix_handles(struct ava_serve *s, void *p, uint64_t bytes, uint32_t type,
			   bool new_ref);
void ava_serve_fix_list(struct ava_serve *s, void *p, uint64_t bytes, uint64_t key,
			uint32_t type);

/* The first @len bytes (clamped to the room) of an output. */
void ava_serve_put_out(struct ava_serve *s, struct ava_serve_buf *b, uint64_t len);

#endif /* AVA_CS_SERVE_H */
