/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cava.h - the annotations of an AvA spec
 *
 * A spec is a C file that includes the API's real header and declares again the
 * functions and types that it describes, with these macros behind the names.
 * Under cava-lite each expands to an annotate attribute that carries the text of
 * its arguments; any other compiler sees plain declarations.
 *
 *	#include <CL/cl.h>
 *	#include <cava.h>
 *
 *	ava_api(opencl, 1, 0);
 *	ava_status(cl_int, CL_SUCCESS, CL_OUT_OF_RESOURCES);
 *	typedef cl_mem cl_mem ava_handle(CL_INVALID_MEM_OBJECT)
 *		ava_lifetime(clRetainMemObject, clReleaseMemObject);
 *
 *	cl_int clGetMemObjectInfo(cl_mem memobj, cl_mem_info param_name,
 *		size_t size,
 *		void *value ava_out ava_bytes(size) ava_valid(*size_ret)
 *			ava_handles_if(param_name == CL_MEM_CONTEXT, cl_context),
 *		size_t *size_ret ava_out)
 *		ava_id(27);
 *
 * Generated code includes the spec itself, as the plain C that it is. Headers in
 * the spec's directory may hold annotated declarations too; those without any
 * annotation count as the API's.
 *
 * EXPRESSIONS are a part of C: the function's arguments, ret (the return value,
 * after the call), literals, constants and object-like macros of the headers,
 * sizeof, unary and binary operators, ?:, p[i], *p, s.f, p->f, min(a, b),
 * max(a, b), strlen(p), casts to a type name, and calls of declared helpers.
 * + and * of a count saturate, and a NULL pointer that is dereferenced makes the
 * whole expression 0. Only what surely has an element can be dereferenced: one
 * element, or a literal count above a literal index.
 */
#ifndef CAVA_H
#define CAVA_H

#ifdef __CAVA__
#define AVA_ANNOTATE(text)	__attribute__((annotate(text)))
#else
#define AVA_ANNOTATE(text)
#endif

#define AVA_DECLARE(key, text)	extern const int ava__##key AVA_ANNOTATE(#key ":" text)

/* ---- of the whole API: statements at file level --------------------------- */

/* ava_api(name, major, minor); the API's name and the spec's version. Required. */
#define ava_api(...)		AVA_DECLARE(api, #__VA_ARGS__)

/*
 * ava_status(type, success, failure); functions that return @type, or have a
 * parameter annotated ava_status_out, report by it: @success, or when a call
 * could not be carried @failure. In @failure, ava_errno is the positive errno:
 *
 *	ava_status(cl_int, CL_SUCCESS,
 *		ava_errno == ENOMEM ? CL_OUT_OF_HOST_MEMORY : CL_OUT_OF_RESOURCES);
 */
#define ava_status(...)		AVA_DECLARE(status, #__VA_ARGS__)

/*
 * ava_import("other.c"): everything that another spec describes belongs to this
 * one too, numbers included (an API's extensions, or a runtime above a driver API).
 * The path is relative to this file.
 */
#define ava_import(...)		AVA_DECLARE(import, #__VA_ARGS__)

/*
 * ava_unsupported_status(value); what functions marked ava_unsupported, and
 * entries of the dispatch table that the spec does not describe, report.
 */
#define ava_unsupported_status(...) AVA_DECLARE(unsupported_status, #__VA_ARGS__)

/*
 * ava_dispatch_table(struct T); the guest library's objects begin with a pointer
 * to a struct T whose members of the functions' names point to them (what an ICD
 * loader expects). Members that the spec does not describe get stubs that report
 * ava_unsupported_status. The library then exports only ava_export functions.
 */
#define ava_dispatch_table(...)	AVA_DECLARE(dispatch_table, #__VA_ARGS__)

/* ---- of types: behind a repeated typedef ------------------------------------ */

/*
 * ava_handle(error): the (pointer) type names objects of the API. In the guest a
 * handle is a pointer to a small object of the runtime, on the wire a number,
 * on the server the vendor's pointer. One that is not alive or of another type
 * makes the call report @error, and so does NULL unless the parameter is
 * ava_nullable; the vendor never sees it.
 */
#define ava_handle(...)		AVA_ANNOTATE("handle:" #__VA_ARGS__)

/*
 * ava_lifetime(retain, release): the functions that count the handle's references.
 * ava_lifetime(release): of a type without a count; such an object ends with its release.
 */
#define ava_lifetime(...)	AVA_ANNOTATE("lifetime:" #__VA_ARGS__)

/*
 * ava_immortal: handles of the type are never released (platforms).
 * ava_immortal_all(fn): likewise, and the application's pointers stay valid in a
 * child of fork(2). fn is a server helper void fn(void) that calls ava_handle_of()
 * for all objects, in an order that is the same in every process.
 */
#define ava_immortal		AVA_ANNOTATE("immortal:")
#define ava_immortal_all(...)	AVA_ANNOTATE("immortal_all:" #__VA_ARGS__)

/* ---- of functions: behind the parameter list --------------------------------- */

/* ava_id(n): the number on the wire, 1..65531, for ever this function's. Required. */
#define ava_id(...)		AVA_ANNOTATE("id:" #__VA_ARGS__)

/*
 * ava_new: the returned handle is a new object (reference count 1). Also behind
 * an out parameter (cl_event *event ava_out ava_new). Other handles that come
 * back are found ones: the same native object gives the same guest pointer.
 */
#define ava_new			AVA_ANNOTATE("new:")

/* ava_error(value): instead of the API's failure, when the call could not be carried. */
#define ava_error(...)		AVA_ANNOTATE("error:" #__VA_ARGS__)

/* ava_returns(value): for functions that return no status: what to return then; default 0. */
#define ava_returns(...)	AVA_ANNOTATE("returns:" #__VA_ARGS__)

/*
 * ava_outputs_if(expr): evaluated on the server after the call: does it have
 * outputs? Default: the status is the success value; without a status, always.
 *
 *	ava_outputs_if(ret == CL_SUCCESS || ret == CL_DEVICE_NOT_FOUND)
 */
#define ava_outputs_if(...)	AVA_ANNOTATE("outputs_if:" #__VA_ARGS__)

/*
 * ava_unsupported or ava_unsupported_with(value): never sent; reports the
 * status. Needs no annotations of its parameters, and no ava_id.
 */
#define ava_unsupported		AVA_ANNOTATE("unsupported:")
#define ava_unsupported_with(...) AVA_ANNOTATE("unsupported:" #__VA_ARGS__)

/*
 * ava_async: the guest does not wait, success is assumed.
 * ava_sync_if(expr): asynchronous unless expr (guest side). Neither: synchronous.
 * A call waits nevertheless if the application asked for an output besides new
 * handles, or if a large buffer without ava_valid_until belongs to it.
 *
 *	clEnqueueX(..., cl_bool blocking, ..., cl_event *event ava_out ava_new) ava_sync_if(blocking)
 */
#define ava_async		AVA_ANNOTATE("async:")
#define ava_sync_if(...)	AVA_ANNOTATE("sync_if:" #__VA_ARGS__)

/* ava_may_wait: may wait for another call (clFinish, clWaitForEvents); holds no slot. */
#define ava_may_wait		AVA_ANNOTATE("may_wait:")

/*
 * ava_guest_replace(fn): the guest library calls fn with the same arguments, and
 * nothing is sent (caches, aliases, emulation). fn is a guest helper or another
 * described function. Needs no ava_id and no annotations of its parameters.
 */
#define ava_guest_replace(...)	AVA_ANNOTATE("guest_replace:" #__VA_ARGS__)

/* ava_server_replace(fn): the server calls fn (a server helper) in place of the vendor's function. */
#define ava_server_replace(...)	AVA_ANNOTATE("server_replace:" #__VA_ARGS__)

/*
 * ava_guest_before(expr): run in the guest before anything is sent; a non-zero
 * value (a status) ends the call with it.
 * ava_server_before(expr): the same on the server, before the vendor's function.
 * ava_guest_after(expr): run in the guest after a call that succeeded.
 * ava_server_after(expr): run on the server after a call that succeeded.
 */
#define ava_guest_before(...)	AVA_ANNOTATE("guest_before:" #__VA_ARGS__)
#define ava_server_before(...)	AVA_ANNOTATE("server_before:" #__VA_ARGS__)
#define ava_guest_after(...)	AVA_ANNOTATE("guest_after:" #__VA_ARGS__)
#define ava_server_after(...)	AVA_ANNOTATE("server_after:" #__VA_ARGS__)

/*
 * ava_guest_finally(expr): run in the guest behind every call that was sent,
 * whatever its status was; behind a function that releases in any case.
 */
#define ava_guest_finally(...)	AVA_ANNOTATE("guest_finally:" #__VA_ARGS__)

/*
 * ava_async_failed(expr): run on the server when a call that the guest did not
 * wait for failed; what expr stores in the call's new handles is given out under
 * the names that the guest chose (an event that has failed). Without it, or where
 * it stores nothing, those names are never valid.
 */
#define ava_async_failed(...)	AVA_ANNOTATE("async_failed:" #__VA_ARGS__)

/*
 * ava_cached, or ava_cached_if(expr): the answer never changes while the first
 * handle argument lives (without one: while the context lives). A successful one
 * is kept in the guest and given again to a call with the same arguments. expr is
 * evaluated in the guest before the call.
 *
 *	ava_cached_if(name != CL_MEM_MAP_COUNT && name != CL_MEM_REFERENCE_COUNT)
 */
#define ava_cached		AVA_ANNOTATE("cached:")
#define ava_cached_if(...)	AVA_ANNOTATE("cached:" #__VA_ARGS__)

/*
 * ava_implicit(type, name, expr): one more argument on the wire, that the API
 * does not have: computed by expr in the guest, visible to expressions as name.
 */
#define ava_implicit(...)	AVA_ANNOTATE("implicit:" #__VA_ARGS__)

/* ava_export: stays visible in a library that has a dispatch table. */
#define ava_export		AVA_ANNOTATE("export:")

/* ava_cost(n): cost class of the scheduler; 0 (default) is host-only work. */
#define ava_cost(...)		AVA_ANNOTATE("cost:" #__VA_ARGS__)

/*
 * Kept in the model for the policy and migration parts:
 * ava_allocates(resource, amount, error), ava_consumes(resource, amount),
 * ava_record(class), class one of none, create, modify, destroy.
 */
#define ava_allocates(...)	AVA_ANNOTATE("allocates:" #__VA_ARGS__)
#define ava_consumes(...)	AVA_ANNOTATE("consumes:" #__VA_ARGS__)
#define ava_record(...)		AVA_ANNOTATE("record:" #__VA_ARGS__)

/* ---- of parameters: behind the parameter's name --------------------------------
 *
 * Values (numbers, enums, handles) need none. Every pointer needs a direction and,
 * unless it is one element of a complete type, a count. NULL always arrives as NULL.
 */
#define ava_in			AVA_ANNOTATE("in:")
#define ava_out			AVA_ANNOTATE("out:")
#define ava_inout		AVA_ANNOTATE("inout:")

/* ava_count(expr): elements. ava_bytes(expr): bytes (the way for void *). */
#define ava_count(...)		AVA_ANNOTATE("count:" #__VA_ARGS__)
#define ava_bytes(...)		AVA_ANNOTATE("bytes:" #__VA_ARGS__)

/*
 * ava_valid(expr): with ava_out: how many elements (or, with ava_bytes, bytes)
 * the call filled, clamped to the count. When the buffer is there, an output that
 * expr dereferences is there on the server even where the guest passed NULL.
 *
 *	cl_uint n, cl_device_id *devices ava_out ava_count(n) ava_valid(*n_ret),
 *	cl_uint *n_ret ava_out
 */
#define ava_valid(...)		AVA_ANNOTATE("valid:" #__VA_ARGS__)

/* ava_string: NUL-terminated, in. */
#define ava_string		AVA_ANNOTATE("string:")

/*
 * ava_strings(count) or ava_strings(count, lengths): an array of strings, in. With
 * lengths (a parameter that is NULL or an ava_in array of count), an entry that is
 * not 0 is the length and the string needs no NUL. (The same shape serves binaries:
 * const unsigned char **binaries ava_strings(n, lengths).)
 */
#define ava_strings(...)	AVA_ANNOTATE("strings:" #__VA_ARGS__)

/*
 * ava_list: an array of (key, value) pairs of a pointer-sized integer type that
 * ends with key 0. In.
 * ava_list_handle(key, type): the value of this key is a handle. Any number.
 * ava_list_counted(expr): a list of another shape; expr (guest side, may call a
 * guest helper with the pointer) is its length with the final 0.
 */
#define ava_list		AVA_ANNOTATE("list:")
#define ava_list_handle(...)	AVA_ANNOTATE("list_handle:" #__VA_ARGS__)
#define ava_list_counted(...)	AVA_ANNOTATE("list_counted:" #__VA_ARGS__)

/*
 * Handles inside untyped bytes (with ava_bytes):
 * ava_handles_if(cond, type): if cond, the bytes are an array of handles. Any
 *	number; the first that holds counts. In or out.
 * ava_list_if(cond, key, type): if cond, the bytes are a list of pairs, in which
 *	the values of @key are handles. Out.
 * ava_maybe_handle(cond, type, ...): in, and only the server knows (kernel
 *	arguments): the guest sends the bytes, and where they are as long as a
 *	pointer and equal a live object of one of the types also the handle. cond,
 *	on the server, is n > 0 for an object of the n-th type: the handle's, or
 *	NULL if the bytes are zero, or else the call reports the first type's error.
 *	It is 0 for bytes, and < 0 if not known: the object if there is a handle,
 *	else the bytes, unless they are an address of the server's memory.
 *
 *	const void *value ava_in ava_bytes(size)
 *		ava_maybe_handle(ocl_arg_is_object(kernel, index), cl_mem, cl_sampler)
 */
#define ava_handles_if(...)	AVA_ANNOTATE("handles_if:" #__VA_ARGS__)
#define ava_list_if(...)	AVA_ANNOTATE("list_if:" #__VA_ARGS__)
#define ava_maybe_handle(...)	AVA_ANNOTATE("maybe_handle:" #__VA_ARGS__)

/*
 * ava_field_handle(field, type): behind a pointer to a struct, in: the member is
 * a handle (const cl_image_desc *desc ava_in ava_field_handle(mem_object, cl_mem)).
 * ava_field_buffer(field, count): the member points to count elements, in.
 */
#define ava_field_handle(...)	AVA_ANNOTATE("field_handle:" #__VA_ARGS__)
#define ava_field_buffer(...)	AVA_ANNOTATE("field_buffer:" #__VA_ARGS__)

/* ava_invalid(error): instead of the handle type's own error (CL_INVALID_EVENT_WAIT_LIST). */
#define ava_invalid(...)	AVA_ANNOTATE("invalid:" #__VA_ARGS__)

/* ava_nullable: NULL is a value of this handle, or of the array's elements. */
#define ava_nullable		AVA_ANNOTATE("nullable:")

/*
 * ava_retains, ava_releases: the call adds or drops a reference of this handle.
 * References are counted in the guest: only the last release is sent, and nobody
 * waits for it unless ava_sync_if says so.
 * ava_keeps: the object that the call makes keeps this one: it stays usable, and
 * the same pointer, without a reference of the application's. The first handle
 * argument of a call is kept by what it makes or finds anyhow, unless the function
 * is ava_keeps_nothing (a copy, which needs what it was copied from no more).
 */
#define ava_retains		AVA_ANNOTATE("retains:")
#define ava_releases		AVA_ANNOTATE("releases:")
#define ava_keeps		AVA_ANNOTATE("keeps:")
#define ava_keeps_nothing	AVA_ANNOTATE("keeps_nothing:")

/* ava_status_out: the parameter (cl_int *errcode_ret) through which the status comes; may be NULL. */
#define ava_status_out		AVA_ANNOTATE("status_out:")

/* ava_pass(expr): the server passes expr, not the value it got (forced blocking: ava_pass(CL_TRUE)). */
#define ava_pass(...)		AVA_ANNOTATE("pass:" #__VA_ARGS__)

/* ava_opaque: a pointer that is a number to the API: passed as it is, never followed. */
#define ava_opaque		AVA_ANNOTATE("opaque:")

/*
 * ava_callback(userdata): a function pointer, and the parameter handed to it. The
 * guest calls it on a thread of the runtime, which may call the API itself, once;
 * NULL passes. Its own parameters are annotated where they are declared:
 *
 *	void (CL_CALLBACK *notify)(cl_event event ava_is(event), cl_int status,
 *				   void *data) ava_callback(user_data)
 *
 * Values and handles need nothing there; strings are ava_string and bytes
 * ava_in ava_bytes(expr), both cut to what an event carries (AVA_CALLBACK_MAX);
 * ava_is(expr): is not sent, the guest passes expr of the registering call again
 * (a parameter, or ret for the new object, NULL if there is none), which lives until then.
 * ava_was(expr): likewise for a callback that is called because that object ends:
 * only the pointer is kept, until then no other object gets it.
 * ava_lost(expr): the parameter's value if the server dies before it called back;
 * other values are then 0. Without such a parameter nothing is called then.
 * The last void * is the user data. A call that fails forgets its callback, unless
 * the vendor called it nevertheless.
 * ava_callback_many(userdata): may be called any number of times, while the
 * registering call's new object (or first handle) lives.
 * ava_callback_dropped(userdata): anything passes; it will never be called (for
 * callbacks that only inform).
 */
#define ava_callback(...)	AVA_ANNOTATE("callback:" #__VA_ARGS__)
#define ava_callback_many(...)	AVA_ANNOTATE("callback_many:" #__VA_ARGS__)
#define ava_callback_dropped(...) AVA_ANNOTATE("callback_dropped:" #__VA_ARGS__)
#define ava_is(...)		AVA_ANNOTATE("is:" #__VA_ARGS__)
#define ava_was(...)		AVA_ANNOTATE("was:" #__VA_ARGS__)
#define ava_lost(...)		AVA_ANNOTATE("lost:" #__VA_ARGS__)

/*
 * ava_direct: the bytes of this buffer are moved by the call's server helper
 * (ava_server_replace), which gets a struct ava_bulk * (<ava/bulk.h>) in the
 * parameter's place: no staging copy, straight into or out of memory that the
 * vendor's library mapped. With ava_in or ava_out, and a size.
 */
#define ava_direct		AVA_ANNOTATE("direct:")

/*
 * ava_valid_until(event): the buffer belongs to the call until the event (a new
 * handle of this call) is complete. Kept in the model; an asynchronous call
 * may send it from where it is. The server has its bytes for the time of the call
 * only: a command that reads them later needs a helper that copies them.
 */
#define ava_valid_until(...)	AVA_ANNOTATE("valid_until:" #__VA_ARGS__)

/*
 * ava_kept(fn): in: the API keeps reading or writing the bytes after the call
 * (CL_MEM_USE_HOST_PTR). The server allocates them with malloc() and, where the
 * call succeeded, hands them to the server helper void fn(R ret, void *bytes),
 * which frees them when the object is gone.
 */
#define ava_kept(...)		AVA_ANNOTATE("kept:" #__VA_ARGS__)

/* ---- helpers: in front of a declaration ------------------------------------------
 *
 * C functions of the spec's author. Files of a spec directory specs/<api>/:
 * <api>.c the spec; guest*.c linked into the guest library; server*.c into the server.
 * ava_pure: static inline in a header that the spec includes; no side effects; both sides.
 * ava_guest, ava_server: declared in such a header, defined in guest*.c or server*.c.
 *
 *	ava_guest void *ocl_extension_address(const char *name);
 */
#define ava_pure		AVA_ANNOTATE("pure:")
#define ava_guest		AVA_ANNOTATE("guest:")
#define ava_server		AVA_ANNOTATE("server:")

#endif /* CAVA_H */
