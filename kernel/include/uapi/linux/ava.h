/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * ava.h - /dev/ava, the guest's door to the host's accelerator APIs
 *
 * One open file is at most one context of one API. Rules for every ioctl:
 * unknown flags and non-zero reserved fields are -EINVAL, unknown commands
 * -ENOTTY, pointers are passed as __u64, everything is restartable after a
 * signal, and nothing waits uninterruptibly.
 */
#ifndef _UAPI_LINUX_AVA_H
#define _UAPI_LINUX_AVA_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define AVA_API_NAME_LEN	32
#define AVA_HASH_LEN		32

/**
 * struct ava_api_id - which API, as the generated library was built
 * @name: NUL-terminated and NUL-padded
 * @version_major: version of the spec
 * @version_minor: version of the spec
 * @hash: SHA-256 of the normalised spec
 */
struct ava_api_id {
	__u8 name[AVA_API_NAME_LEN];
	__u32 version_major;
	__u32 version_minor;
	__u8 hash[AVA_HASH_LEN];
};

/**
 * struct ava_open - AVA_IOC_OPEN: bind this file to an API, once
 * @api: (in) the API
 * @flags: (in) none defined
 * @max_args: (out) largest inline argument area of a call, bytes
 * @max_reply: (out) largest inline reply, bytes
 * @max_segs: (out) most bulk segments in a call
 * @max_bulk: (out) most bulk bytes in a call
 * @max_streams: (out) most streams at once
 * @reserved: (in) zero
 *
 * -EBUSY if the file is bound, -ECONNREFUSED without a manager on the host,
 * -ENOENT for an API that the manager does not serve, -EPROTONOSUPPORT if the
 * server was built from another spec, -EIO if it did not start, -ETIMEDOUT,
 * -EDQUOT, -ENOMEM, -ENODEV without a device.
 */
struct ava_open {
	struct ava_api_id api;
	__u32 flags;
	__u32 max_args;
	__u32 max_reply;
	__u32 max_segs;
	__u64 max_bulk;
	__u32 max_streams;
	__u32 reserved[3];
};

/**
 * struct ava_stream - AVA_IOC_STREAM_OPEN, AVA_IOC_STREAM_CLOSE
 * @stream: stream slot; out for OPEN, in for CLOSE
 * @flags: none defined
 *
 * Calls of one stream run in order; different streams never wait for each
 * other. OPEN: -EDQUOT past max_streams. CLOSE: -ENOENT for a slot not open,
 * -EBUSY while one of its calls is in flight.
 */
struct ava_stream {
	__u32 stream;
	__u32 flags;
};

#define AVA_SEG_TO_HOST		(1u << 0)	/* the server may read it */
#define AVA_SEG_FROM_HOST	(1u << 1)	/* the server may write it */

/**
 * struct ava_seg - a bulk buffer of a call: user memory pinned until it completes
 * @addr: user address, any alignment
 * @len: bytes; an empty segment is allowed and names no memory
 * @flags: AVA_SEG_*, at least one
 * @reserved: zero
 */
struct ava_seg {
	__u64 addr;
	__u64 len;
	__u32 flags;
	__u32 reserved;
};

#define AVA_CALL_ASYNC		(1u << 0)	/* do not wait; no reply */

/**
 * struct ava_call - one call of AVA_IOC_SUBMIT
 * @args: (in) pointer to the marshalled inline arguments
 * @reply: (in) pointer to room for the inline reply
 * @segs: (in) pointer to an array of struct ava_seg
 * @args_len: (in) bytes at @args
 * @reply_cap: (in) bytes at @reply
 * @seg_count: (in) entries at @segs
 * @func: (in) function id of the API
 * @stream: (in) an open stream
 * @flags: (in) AVA_CALL_*
 * @reply_len: (out) bytes of reply
 * @status: (out) 0 or -errno; see struct ava_submit
 * @device_ns: (out) time on the device, or 0 where not known
 * @cost_hint: (in) expected device time in ns, or 0
 * @reserved: zero
 */
struct ava_call {
	__u64 args;
	__u64 reply;
	__u64 segs;
	__u32 args_len;
	__u32 reply_cap;
	__u32 seg_count;
	__u32 func;
	__u32 stream;
	__u32 flags;
	__u32 reply_len;
	__s32 status;
	__u64 device_ns;
	__u64 cost_hint;
	__u64 reserved;
};

/**
 * struct ava_submit - AVA_IOC_SUBMIT: submit calls, and wait for the synchronous ones
 * @calls: (in) pointer to the first struct ava_call
 * @count: (in) how many, at least 1
 * @stride: (in) distance of their starts in bytes, a multiple of 8; elements may
 *	be smaller than the kernel's struct (the rest reads as zero) or larger
 *	(the rest must be zero)
 * @flags: (in) none defined
 * @done: (out) calls that were submitted, counted from the first
 * @reserved: zero
 *
 * Calls are submitted in order. The ioctl fails only if the first call could
 * not be submitted; otherwise @done says how many were and each one's status
 * what became of it. Per call: -EINVAL for a bad field, -E2BIG over a limit,
 * -EFAULT for unreadable memory, -ENOMEM over RLIMIT_MEMLOCK or out of memory,
 * -ENOENT for a stream that is not open, -ENOLINK once the context's server is
 * gone, -EBADMSG when the host refused the call as malformed (the context is
 * then in error for good), -ECANCELED, -EDQUOT, -ENODEV when the device is gone,
 * -ENOTCONN on a file that is not bound (also from AVA_IOC_STREAM_* and read).
 */
struct ava_submit {
	__u64 calls;
	__u32 count;
	__u32 stride;
	__u32 flags;
	__u32 done;
	__u64 reserved;
};

#define AVA_EVENT_LOST		1	/* the context's server is gone; @status says why */
#define AVA_EVENT_CALLBACK	2	/* the server calls back; payload follows */

/**
 * struct ava_event - read(2) from the file returns whole events, then @len bytes each
 * @type: AVA_EVENT_*
 * @len: payload bytes
 * @cookie: for CALLBACK what the library gave the server
 * @status: for LOST the -errno that calls now get
 * @reserved: zero
 *
 * poll(2): EPOLLIN when an event waits, EPOLLERR when the context is lost,
 * EPOLLHUP when the device is gone. read: -EMSGSIZE if the first event does
 * not fit, -EAGAIN with O_NONBLOCK and no event, 0 when no event can come
 * because the context is lost, -ENODEV when the device is gone.
 */
struct ava_event {
	__u32 type;
	__u32 len;
	__u64 cookie;
	__s32 status;
	__u32 reserved;
};

#define AVA_IOC_MAGIC		0xBB
#define AVA_IOC_OPEN		_IOWR(AVA_IOC_MAGIC, 0x00, struct ava_open)
#define AVA_IOC_STREAM_OPEN	_IOWR(AVA_IOC_MAGIC, 0x01, struct ava_stream)
#define AVA_IOC_STREAM_CLOSE	_IOW(AVA_IOC_MAGIC, 0x02, struct ava_stream)
#define AVA_IOC_SUBMIT		_IOWR(AVA_IOC_MAGIC, 0x03, struct ava_submit)

#endif /* _UAPI_LINUX_AVA_H */
