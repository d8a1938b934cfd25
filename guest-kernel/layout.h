/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pure part of the guest driver: arithmetic and checks
 *
 * Nothing here sleeps, allocates, locks or reads memory of others; all of it is
 * driven by layout_test.c.
 */
#ifndef AVA_GUEST_LAYOUT_H
#define AVA_GUEST_LAYOUT_H

#include <linux/ava.h>
#include <linux/types.h>
#include <linux/virtio_ava.h>

/* An element of AVA_IOC_SUBMIT must at least have room for its status. */
#define AVAG_CALL_MIN_SIZE	offsetofend(struct ava_call, status)

/**
 * struct avag_limits - what a context may put in one call
 * @max_args: inline argument bytes
 * @max_reply: inline reply bytes
 * @max_segs: bulk segments
 * @max_streams: streams open at once
 * @max_bulk: bulk bytes
 */
struct avag_limits {
	u32 max_args;
	u32 max_reply;
	u32 max_segs;
	u32 max_streams;
	u64 max_bulk;
};

/**
 * struct avag_layout - where things lie in a call's chain
 * @segs_off: offset of the segments in the readable part
 * @runs_off: offset of the runs in the readable part
 * @out_len: bytes of the readable part
 * @in_len: bytes of the writable part
 */
struct avag_layout {
	size_t segs_off;
	size_t runs_off;
	size_t out_len;
	size_t in_len;
};

/**
 * struct avag_runs - a table of runs being filled
 * @run: the table
 * @count: entries used
 * @cap: entries there are
 * @seg_start: first entry of the segment being filled
 */
struct avag_runs {
	struct virtio_ava_run *run;
	u32 count;
	u32 cap;
	u32 seg_start;
};

/**
 * struct avag_result - what became of a call
 * @status: 0 or -errno
 * @reply_len: bytes of inline reply
 * @device_ns: time on the device
 * @sticky: the context is in error from now on
 */
struct avag_result {
	int status;
	u32 reply_len;
	u64 device_ns;
	bool sticky;
};

int avag_status_errno(u32 status);
bool avag_status_sticky(u32 status);
int avag_limits_init(struct avag_limits *lim,
		     const struct virtio_ava_ctrl_resp *resp);
int avag_open_check(const struct ava_open *req);
int avag_submit_check(const struct ava_submit *req);
int avag_call_check(const struct ava_call *req, const struct avag_limits *lim);
int avag_segs_check(const struct ava_seg *segs, u32 count, u64 max_bulk,
		    unsigned long *pages);
unsigned long avag_seg_pages(const struct ava_seg *seg);
void avag_layout_init(struct avag_layout *lay, u32 args_len, u32 segs,
		      u32 runs, u32 reply_cap);
void avag_runs_start_seg(struct avag_runs *runs);
int avag_runs_add(struct avag_runs *runs, u64 addr, u64 len);
void avag_reply_parse(struct avag_result *res,
		      const struct virtio_ava_reply *reply, u32 used, u32 cap,
		      u64 seq, bool async);
int avag_event_check(const struct virtio_ava_event *ev, u32 used);

#endif /* AVA_GUEST_LAYOUT_H */
