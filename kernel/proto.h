/* SPDX-License-Identifier: GPL-2.0 */
/*
 * proto.h - the wire format, parsed and judged
 */
#ifndef AVA_PROTO_H
#define AVA_PROTO_H

#include <linux/ava.h>
#include <linux/types.h>
#include <linux/virtio_ava.h>

#include "runs.h"

/**
 * struct ava_limits - what a context's calls may carry; told to the guest at open
 * @max_args: inline argument bytes
 * @max_reply: inline reply bytes
 * @max_segs: bulk segments
 * @max_streams: streams at once
 * @max_bulk: bulk bytes, all segments
 */
struct ava_limits {
	u32 max_args;
	u32 max_reply;
	u32 max_segs;
	u32 max_streams;
	u64 max_bulk;
};

/**
 * struct ava_ctrl_req - a control request in host order
 * @cmd: VIRTIO_AVA_CTRL_*
 * @ctx: context id
 * @stream: stream slot
 * @api: for OPEN
 */
struct ava_ctrl_req {
	u32 cmd;
	u32 ctx;
	u32 stream;
	struct ava_api_id api;
};

/**
 * struct ava_call_req - header of a call in host order
 * @func: function id
 * @ctx: context id
 * @stream: stream slot
 * @flags: VIRTIO_AVA_CALL_*
 * @seq: sequence number
 * @cost_hint: ns
 * @args_len: inline argument bytes
 * @args_pad: zero bytes behind them
 * @reply_cap: inline reply bytes
 * @seg_count: bulk segments
 * @run_count: runs of all segments
 */
struct ava_call_req {
	u32 func;
	u32 ctx;
	u32 stream;
	u32 flags;
	u64 seq;
	u64 cost_hint;
	u32 args_len;
	u32 args_pad;
	u32 reply_cap;
	u32 seg_count;
	u32 run_count;
};

const char *ava_proto_ctrl(const struct virtio_ava_ctrl *wire, size_t readable,
			   struct ava_ctrl_req *req);
const char *ava_proto_call(const struct virtio_ava_call *wire, size_t readable,
			   size_t writable, struct ava_call_req *req);
const char *ava_proto_limits(const struct ava_call_req *req,
			     const struct ava_limits *limits);
const char *ava_proto_pad(const u8 *pad, u32 len);
const char *ava_proto_segs(const struct ava_call_req *req,
			   const struct virtio_ava_seg *wire,
			   union ava_run *runs, const struct ava_limits *limits,
			   struct ava_seg_runs *segs, u64 *bulk);

#endif /* AVA_PROTO_H */
