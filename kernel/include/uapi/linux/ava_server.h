/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ava_server.h - /dev/ava-server, where the host's manager and API servers live
 *
 * Three kinds of file. An open of /dev/ava-server becomes the manager with
 * AVA_SERVER_IOC_REGISTER. The manager accepts contexts: each is a file that it
 * hands to a server process, which attaches with its function table and then
 * accepts streams: each is a file with a ring and an arena in shared memory,
 * used by one server thread. Closing a context's file loses the context.
 *
 * What a server writes into shared memory is checked like any user input: tags
 * name calls of that stream only, lengths are bounded by what the call allows.
 */
#ifndef _UAPI_LINUX_AVA_SERVER_H
#define _UAPI_LINUX_AVA_SERVER_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/ava.h>

/* ---- manager file ------------------------------------------------------ */

/**
 * struct ava_server_register - AVA_SERVER_IOC_REGISTER: become the manager
 * @flags: none defined
 * @reserved: zero
 *
 * -EBUSY while another file is the manager, -EPERM without CAP_SYS_ADMIN.
 * Contexts accepted from an earlier manager live on.
 */
struct ava_server_register {
	__u32 flags;
	__u32 reserved;
};

/**
 * struct ava_server_accept - AVA_SERVER_IOC_ACCEPT: take the oldest waiting context
 * @flags: (in) none defined
 * @fd: (out) the context's file, O_CLOEXEC
 * @guest_id: (out) the VM's id
 * @context_id: (out) number of the context, unique since the module was loaded
 * @api: (out) what the guest asked for
 * @reserved: (in) zero
 *
 * Waits, or -EAGAIN with O_NONBLOCK; poll(2) reports EPOLLIN when one waits.
 * -EINVAL if the file is not the manager.
 */
struct ava_server_accept {
	__u32 flags;
	__s32 fd;
	__u64 guest_id;
	__u64 context_id;
	struct ava_api_id api;
	__u64 reserved;
};

/* ---- context file ------------------------------------------------------ */

#define AVA_REJECT_NO_API	1	/* no API of that name */
#define AVA_REJECT_NO_SERVER	2	/* its server could not be started */
#define AVA_REJECT_QUOTA	3	/* the manager's own limit */

/**
 * struct ava_context_reject - AVA_CONTEXT_IOC_REJECT: refuse a context not yet attached
 * @reason: AVA_REJECT_*
 * @reserved: zero
 *
 * -EBUSY if a server attached, -ESHUTDOWN if the context was refused already or
 * the guest closed meanwhile.
 */
struct ava_context_reject {
	__u32 reason;
	__u32 reserved;
};

#define AVA_FUNC_ASYNC		(1u << 0)	/* may be called asynchronously */
#define AVA_FUNC_MAY_WAIT	(1u << 1)	/* may wait for another call */
#define AVA_FUNC_FLAGS		(AVA_FUNC_ASYNC | AVA_FUNC_MAY_WAIT)

/**
 * struct ava_func - one row of a server's function table
 * @id: function id; rows are sorted by it, no two alike
 * @flags: AVA_FUNC_*
 * @min_args: least inline argument bytes
 * @max_args: most inline argument bytes
 * @max_reply: most inline reply bytes
 * @max_segs: most bulk segments
 * @cost_class: index into the scheduler's cost classes; 0 is host-only work
 * @reserved: zero
 */
struct ava_func {
	__u32 id;
	__u32 flags;
	__u32 min_args;
	__u32 max_args;
	__u32 max_reply;
	__u32 max_segs;
	__u32 cost_class;
	__u32 reserved;
};

#define AVA_MAX_FUNCS		65536u

/**
 * struct ava_context_attach - AVA_CONTEXT_IOC_ATTACH: serve this context
 * @api: (in) what the server was built from
 * @funcs: (in) pointer to an array of struct ava_func
 * @func_count: (in) rows, 1 to AVA_MAX_FUNCS
 * @func_stride: (in) distance of the rows' starts, a multiple of 8 up to 4096;
 *	rows may be smaller than the kernel's struct (the rest reads as zero) or
 *	larger (the rest must be zero)
 * @flags: (in) none defined
 * @reserved: zero
 *
 * The guest's open completes now. -EPROTONOSUPPORT if @api is not what the
 * guest asked for (the context is then refused; both versions are logged),
 * -EBUSY if attached, -ESHUTDOWN if the guest closed meanwhile, -EINVAL for a
 * bad table. The calling process is the server from now on: it is killed if it
 * still holds the context one grace period after the guest closed it.
 */
struct ava_context_attach {
	struct ava_api_id api;
	__u64 funcs;
	__u32 func_count;
	__u32 func_stride;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct ava_context_stream - AVA_CONTEXT_IOC_STREAM: take the next stream that the guest opened
 * @flags: (in) none defined
 * @fd: (out) the stream's file, O_CLOEXEC
 * @stream: (out) stream slot
 * @reserved: (in) zero
 *
 * Waits, or -EAGAIN with O_NONBLOCK; poll(2) reports EPOLLIN when one waits and
 * EPOLLHUP when the guest closed the context; then -ESHUTDOWN. -EINVAL before
 * the server attached.
 */
struct ava_context_stream {
	__u32 flags;
	__s32 fd;
	__u32 stream;
	__u32 reserved;
};

/**
 * struct ava_context_event - AVA_CONTEXT_IOC_EVENT: call back into the guest
 * @cookie: opaque to the kernel
 * @data: pointer to the payload
 * @len: its bytes, at most 256
 * @flags: none defined
 *
 * -ENOBUFS if the context has too many events that the guest has not taken,
 * -EINVAL before the server attached, -ESHUTDOWN when the context is over.
 */
struct ava_context_event {
	__u64 cookie;
	__u64 data;
	__u32 len;
	__u32 flags;
};

/* ---- stream file --------------------------------------------------------- */

/**
 * struct ava_ring - start of a stream's shared memory (mmap offset 0)
 * @size: bytes of the whole mapping; map exactly that, shared, read-write
 * @sq_entries: submission entries, a power of two
 * @cq_entries: completion entries, a power of two, at least @sq_entries
 * @sq_off: offset of the array of struct ava_sqe
 * @cq_off: offset of the array of struct ava_cqe
 * @arena_off: offset of the arena
 * @arena_size: bytes of the arena
 * @reserved0: zero
 * @sq_tail: free-running; the kernel adds entries and stores it with release
 * @reserved1: keeps the indices on cache lines of their own
 * @sq_head: free-running; the server takes entries and stores it with release
 * @reserved2: as above
 * @cq_tail: free-running; the server adds entries and stores it with release
 * @reserved3: as above
 * @cq_head: free-running; the kernel takes entries, in AVA_STREAM_IOC_ENTER only
 * @reserved4: as above
 *
 * To learn the size, map one page first. An index is masked by entries - 1.
 */
struct ava_ring {
	__u64 size;
	__u32 sq_entries;
	__u32 cq_entries;
	__u64 sq_off;
	__u64 cq_off;
	__u64 arena_off;
	__u64 arena_size;
	__u64 reserved0[2];
	__u32 sq_tail;
	__u32 reserved1[15];
	__u32 sq_head;
	__u32 reserved2[15];
	__u32 cq_tail;
	__u32 reserved3[15];
	__u32 cq_head;
	__u32 reserved4[15];
};

/**
 * struct ava_sqe - a call for the server, 64 bytes
 * @tag: names the call until it is completed; echo it
 * @seq: sequence number in the stream
 * @func: function id; a row of the table exists
 * @flags: AVA_CALL_*
 * @args_off: offset of the inline arguments from the start of the mapping, 8-aligned
 * @args_len: their bytes
 * @reply_off: offset of room for the inline reply, 8-aligned
 * @reply_cap: its bytes
 * @segs_off: offset of @seg_count of struct ava_ring_seg, 8-aligned
 * @seg_count: bulk segments
 * @reserved: zero
 *
 * The offsets lie in the arena and stay the call's until it is completed.
 */
struct ava_sqe {
	__u64 tag;
	__u64 seq;
	__u32 func;
	__u32 flags;
	__u32 args_off;
	__u32 args_len;
	__u32 reply_off;
	__u32 reply_cap;
	__u32 segs_off;
	__u32 seg_count;
	__u64 reserved[2];
};

/**
 * struct ava_ring_seg - a bulk segment as the server sees it, 16 bytes
 * @len: bytes
 * @flags: AVA_SEG_*
 * @reserved: zero
 */
struct ava_ring_seg {
	__u64 len;
	__u32 flags;
	__u32 reserved;
};

#define AVA_CQE_BAD_CALL	1	/* arguments do not decode: the context is in error */

/**
 * struct ava_cqe - a completed call, 32 bytes
 * @tag: of the call; calls of a stream complete in the order they were taken
 * @status: 0 or AVA_CQE_*
 * @reply_len: bytes of inline reply that the server wrote at reply_off
 * @device_ns: time on the device, or 0 where not known; clamped to wall time
 * @reserved: zero
 */
struct ava_cqe {
	__u64 tag;
	__u32 status;
	__u32 reply_len;
	__u64 device_ns;
	__u64 reserved;
};

#define AVA_ENTER_WAIT		(1u << 0)	/* wait until a call can be taken */

/**
 * struct ava_stream_enter - AVA_STREAM_IOC_ENTER: complete, then fetch
 * @flags: (in) AVA_ENTER_*
 * @completed: (out) completion entries taken
 * @ready: (out) submission entries that wait to be taken
 * @reserved: (in) zero
 *
 * Takes every completion entry, then publishes what the dispatcher has for this
 * stream, then waits if asked to and nothing waits to be taken. One thread at a
 * time (-EBUSY). -EBADMSG for a completion entry that is wrong (unknown tag, out
 * of order, reply over its room): the context is then lost. -ESHUTDOWN when the
 * guest closed the stream or the context, after the completions were taken.
 */
struct ava_stream_enter {
	__u32 flags;
	__u32 completed;
	__u32 ready;
	__u32 reserved;
};

#define AVA_COPY_FROM_GUEST	0
#define AVA_COPY_TO_GUEST	1

/**
 * struct ava_stream_copy - AVA_STREAM_IOC_COPY: move bulk bytes of a call
 * @tag: (in) a call taken and not completed
 * @seg: (in) index of the segment
 * @dir: (in) AVA_COPY_*; the segment's flags must allow it (-EACCES)
 * @offset: (in) first byte in the segment
 * @len: (in) bytes; the range must lie in the segment (-ERANGE)
 * @addr: (in) the server's buffer
 * @copied: (out) bytes moved, also when the ioctl fails part-way
 * @reserved: (in) zero
 *
 * Runs in the caller's context, in chunks, restartably. -ENOENT for an unknown
 * tag or segment, -EFAULT for the server's memory, -EIO for a run that is not
 * guest memory, -ENOMEM where the host is short of it, -ESHUTDOWN when the guest
 * closed the context.
 */
struct ava_stream_copy {
	__u64 tag;
	__u32 seg;
	__u32 dir;
	__u64 offset;
	__u64 len;
	__u64 addr;
	__u64 copied;
	__u64 reserved;
};

#define AVA_SERVER_IOC_REGISTER	_IOW(AVA_IOC_MAGIC, 0x20, struct ava_server_register)
#define AVA_SERVER_IOC_ACCEPT	_IOWR(AVA_IOC_MAGIC, 0x21, struct ava_server_accept)
#define AVA_CONTEXT_IOC_REJECT	_IOW(AVA_IOC_MAGIC, 0x30, struct ava_context_reject)
#define AVA_CONTEXT_IOC_ATTACH	_IOW(AVA_IOC_MAGIC, 0x31, struct ava_context_attach)
#define AVA_CONTEXT_IOC_STREAM	_IOWR(AVA_IOC_MAGIC, 0x32, struct ava_context_stream)
#define AVA_CONTEXT_IOC_EVENT	_IOW(AVA_IOC_MAGIC, 0x33, struct ava_context_event)
#define AVA_STREAM_IOC_ENTER	_IOWR(AVA_IOC_MAGIC, 0x40, struct ava_stream_enter)
#define AVA_STREAM_IOC_COPY	_IOWR(AVA_IOC_MAGIC, 0x41, struct ava_stream_copy)

#endif /* _UAPI_LINUX_AVA_SERVER_H */
