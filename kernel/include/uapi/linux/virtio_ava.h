/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * virtio_ava.h - the wire between a guest's ava driver and the host's vhost device
 *
 * Everything is little-endian and naturally aligned; padding is explicit. A field
 * named reserved and every flag bit not defined here must be zero, and the host
 * refuses a chain in which one is not. Growth is by feature bit only.
 *
 * Queues: VIRTIO_AVA_VQ_CONTROL opens and closes contexts and streams,
 * VIRTIO_AVA_VQ_EVENT holds guest-posted buffers that the host fills, and
 * VIRTIO_AVA_VQ_SUBMIT carries calls. One descriptor chain is one request.
 */
#ifndef _UAPI_LINUX_VIRTIO_AVA_H
#define _UAPI_LINUX_VIRTIO_AVA_H

#include <linux/types.h>

/*
 * Not an assigned virtio device id. Linux's modern PCI transport accepts ids
 * 0..63 only, so this counts down from the top, below the ids in known use.
 */
#define VIRTIO_ID_AVA			59

#define VIRTIO_AVA_VQ_CONTROL		0
#define VIRTIO_AVA_VQ_EVENT		1
#define VIRTIO_AVA_VQ_SUBMIT		2
#define VIRTIO_AVA_VQ_COUNT		3

#define VIRTIO_AVA_API_NAME_LEN		32	/* NUL-padded, at least one NUL */
#define VIRTIO_AVA_HASH_LEN		32	/* SHA-256 of the normalised spec */

/* Bounds that no policy may raise; a context's own limits come with its open. */
#define VIRTIO_AVA_MAX_ARGS		(64u * 1024)	/* inline argument bytes */
#define VIRTIO_AVA_MAX_REPLY		(64u * 1024)	/* inline reply bytes */
#define VIRTIO_AVA_MAX_SEGS		64u		/* bulk segments of a call */
#define VIRTIO_AVA_MAX_RUNS		(1u << 20)	/* runs of a call, all segments */
#define VIRTIO_AVA_MAX_EVENT		256u		/* payload bytes of an event */

/*
 * Transport status, in every response. It says what became of the request on
 * its way; what the API itself answered is in the inline reply.
 */
#define VIRTIO_AVA_S_OK			0
#define VIRTIO_AVA_S_BAD_REQUEST	1	/* malformed; a call's context is now in error */
#define VIRTIO_AVA_S_NO_CONTEXT		2	/* no such context (or stream) in this VM */
#define VIRTIO_AVA_S_LOST		3	/* the context's server is gone */
#define VIRTIO_AVA_S_CANCELLED		4	/* the context was closed meanwhile */
#define VIRTIO_AVA_S_NO_MANAGER		5	/* no manager is listening on the host */
#define VIRTIO_AVA_S_NO_API		6	/* the manager serves no API of that name */
#define VIRTIO_AVA_S_VERSION		7	/* server and guest have different specs */
#define VIRTIO_AVA_S_QUOTA		8	/* a limit of the VM or the context is reached */
#define VIRTIO_AVA_S_NO_MEMORY		9	/* the host is out of memory */
#define VIRTIO_AVA_S_NO_SERVER		10	/* the server did not start */
#define VIRTIO_AVA_S_TIMEOUT		11	/* manager or server did not answer in time */
#define VIRTIO_AVA_S_ERROR		12	/* in error from an earlier request */
#define VIRTIO_AVA_S_FAULT		13	/* a run does not lie in guest memory */

/* ---- control queue ---------------------------------------------------- */

#define VIRTIO_AVA_CTRL_OPEN		1
#define VIRTIO_AVA_CTRL_CLOSE		2
#define VIRTIO_AVA_CTRL_STREAM_OPEN	3
#define VIRTIO_AVA_CTRL_STREAM_CLOSE	4

/**
 * struct virtio_ava_ctrl - readable part of a control chain, 104 bytes
 * @cmd: VIRTIO_AVA_CTRL_*
 * @flags: none defined
 * @ctx: context id for all but OPEN, where it must be zero
 * @stream: guest-driver-chosen stream slot for STREAM_*, else zero
 * @api: for OPEN the API's name, else zero
 * @version_major: for OPEN the spec's version, else zero
 * @version_minor: for OPEN the spec's version, else zero
 * @hash: for OPEN the hash of the normalised spec, else zero
 * @reserved: zero
 */
struct virtio_ava_ctrl {
	__le32 cmd;
	__le32 flags;
	__le32 ctx;
	__le32 stream;
	__u8 api[VIRTIO_AVA_API_NAME_LEN];
	__le32 version_major;
	__le32 version_minor;
	__u8 hash[VIRTIO_AVA_HASH_LEN];
	__le64 reserved[2];
};

/**
 * struct virtio_ava_ctrl_resp - writable part of a control chain, 40 bytes
 * @status: VIRTIO_AVA_S_*
 * @ctx: for OPEN the new context's id, never zero on success
 * @max_args: largest inline argument area of a call, bytes
 * @max_reply: largest inline reply, bytes
 * @max_segs: most bulk segments in a call
 * @max_streams: most streams that may be open at once
 * @max_bulk: most bulk bytes in a call, all segments
 * @reserved: zero
 *
 * The response to OPEN comes when the API server has attached (or will not),
 * so it may overtake, and be overtaken by, other responses.
 */
struct virtio_ava_ctrl_resp {
	__le32 status;
	__le32 ctx;
	__le32 max_args;
	__le32 max_reply;
	__le32 max_segs;
	__le32 max_streams;
	__le64 max_bulk;
	__le64 reserved;
};

/* ---- submit queue ----------------------------------------------------- */

/* Success is answered by an empty used entry, without interrupt. */
#define VIRTIO_AVA_CALL_ASYNC		(1u << 0)
/* Interrupt even where ASYNC would not: the driver runs short of room. */
#define VIRTIO_AVA_CALL_NOTIFY		(1u << 1)
#define VIRTIO_AVA_CALL_FLAGS		(VIRTIO_AVA_CALL_ASYNC | VIRTIO_AVA_CALL_NOTIFY)

/**
 * struct virtio_ava_call - header of a call, 64 bytes
 * @len: bytes of this header plus the inline arguments
 * @func: function id of the API
 * @ctx: context id
 * @stream: stream slot inside the context
 * @seq: sequence number of the call in its stream, starting at 1, no gaps
 * @flags: VIRTIO_AVA_CALL_*
 * @seg_count: bulk segments
 * @run_count: runs of all segments
 * @reply_cap: inline reply bytes that the writable part holds after its header
 * @cost_hint: expected device time in ns, or 0
 * @reserved: zero
 *
 * Readable part of the chain: this header, the inline arguments
 * (@len - 64 bytes), zero bytes up to a multiple of 8, @seg_count of struct
 * virtio_ava_seg, @run_count of struct virtio_ava_run. Writable part: struct
 * virtio_ava_reply and @reply_cap bytes. Both parts must be of exactly that size.
 */
struct virtio_ava_call {
	__le32 len;
	__le32 func;
	__le32 ctx;
	__le32 stream;
	__le64 seq;
	__le32 flags;
	__le32 seg_count;
	__le32 run_count;
	__le32 reply_cap;
	__le64 cost_hint;
	__le64 reserved[2];
};

#define VIRTIO_AVA_SEG_TO_HOST		(1u << 0)	/* the server may read it */
#define VIRTIO_AVA_SEG_FROM_HOST	(1u << 1)	/* the server may write it */
#define VIRTIO_AVA_SEG_FLAGS		(VIRTIO_AVA_SEG_TO_HOST | VIRTIO_AVA_SEG_FROM_HOST)

/**
 * struct virtio_ava_seg - one bulk buffer of a call, 16 bytes
 * @len: its bytes; the lengths of its runs add up to exactly this
 * @run_count: how many of the call's runs are its, taken in order
 * @flags: VIRTIO_AVA_SEG_*, at least one
 */
struct virtio_ava_seg {
	__le64 len;
	__le32 run_count;
	__le32 flags;
};

/**
 * struct virtio_ava_run - contiguous guest-physical bytes, 16 bytes
 * @addr: guest-physical address, any alignment
 * @len: bytes, not zero
 */
struct virtio_ava_run {
	__le64 addr;
	__le64 len;
};

/**
 * struct virtio_ava_reply - head of the writable part of a call, 32 bytes
 * @status: VIRTIO_AVA_S_*
 * @len: inline reply bytes that follow
 * @device_ns: time the call took on the device, or 0 where not known
 * @seq: the call's own
 * @reserved: zero
 *
 * A successful asynchronous call is answered by a used entry of length 0; the
 * guest is interrupted for it only if the call has VIRTIO_AVA_CALL_NOTIFY, which
 * is between driver and vhost device: the server never sees that flag. No other
 * call whose chain has room for this header is answered so: where the reply could
 * not be written the length is 1.
 */
struct virtio_ava_reply {
	__le32 status;
	__le32 len;
	__le64 device_ns;
	__le64 seq;
	__le64 reserved;
};

/* ---- event queue ------------------------------------------------------ */

#define VIRTIO_AVA_EVENT_LOST		1	/* the server is gone; all calls fail now */
#define VIRTIO_AVA_EVENT_CALLBACK	2	/* the server calls back into the application */

/**
 * struct virtio_ava_event - one event, 32 bytes, then @len bytes of payload
 * @type: VIRTIO_AVA_EVENT_*
 * @ctx: context id
 * @len: payload bytes, at most VIRTIO_AVA_MAX_EVENT
 * @status: for LOST a VIRTIO_AVA_S_*, else zero
 * @cookie: for CALLBACK what the guest library gave the server, opaque here
 * @reserved: zero
 *
 * Each guest-posted buffer holds at least 32 + VIRTIO_AVA_MAX_EVENT bytes.
 */
struct virtio_ava_event {
	__le32 type;
	__le32 ctx;
	__le32 len;
	__le32 status;
	__le64 cookie;
	__le64 reserved;
};

#endif /* _UAPI_LINUX_VIRTIO_AVA_H */
