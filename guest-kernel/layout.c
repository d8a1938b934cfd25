// SPDX-License-Identifier: GPL-2.0
/*
 * The pure part of the guest driver: arithmetic and checks
 *
 * What user space asks and what the host answers is judged here, and only here.
 * The functions work on copies that nobody else can change meanwhile.
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "layout.h"

/* Scattered to the last page, so many bytes still fit in the table of runs. */
#define AVAG_MAX_BULK	((u64)VIRTIO_AVA_MAX_RUNS << PAGE_SHIFT)

int avag_status_errno(u32 status)
{
	switch (status) {
	case VIRTIO_AVA_S_OK:
		return 0;
	case VIRTIO_AVA_S_NO_CONTEXT:
	case VIRTIO_AVA_S_LOST:
		return -ENOLINK;
	case VIRTIO_AVA_S_CANCELLED:
		return -ECANCELED;
	case VIRTIO_AVA_S_NO_MANAGER:
		return -ECONNREFUSED;
	case VIRTIO_AVA_S_NO_API:
		return -ENOENT;
	case VIRTIO_AVA_S_VERSION:
		return -EPROTONOSUPPORT;
	case VIRTIO_AVA_S_QUOTA:
		return -EDQUOT;
	case VIRTIO_AVA_S_NO_MEMORY:
		return -ENOMEM;
	case VIRTIO_AVA_S_NO_SERVER:
		return -EIO;
	case VIRTIO_AVA_S_TIMEOUT:
		return -ETIMEDOUT;
	case VIRTIO_AVA_S_BAD_REQUEST:
	case VIRTIO_AVA_S_ERROR:
	case VIRTIO_AVA_S_FAULT:
	default:
		return -EBADMSG;
	}
}

/* Does this answer to one call settle the fate of all later ones? */
bool avag_status_sticky(u32 status)
{
	switch (status) {
	case VIRTIO_AVA_S_OK:
	case VIRTIO_AVA_S_CANCELLED:
	case VIRTIO_AVA_S_QUOTA:
	case VIRTIO_AVA_S_NO_MEMORY:
	case VIRTIO_AVA_S_TIMEOUT:
		return false;
	default:
		return true;
	}
}

int avag_limits_init(struct avag_limits *lim,
		     const struct virtio_ava_ctrl_resp *resp)
{
	lim->max_args = min(le32_to_cpu(resp->max_args), VIRTIO_AVA_MAX_ARGS);
	lim->max_reply = min(le32_to_cpu(resp->max_reply), VIRTIO_AVA_MAX_REPLY);
	lim->max_segs = min(le32_to_cpu(resp->max_segs), VIRTIO_AVA_MAX_SEGS);
	lim->max_streams = le32_to_cpu(resp->max_streams);
	lim->max_bulk = min(le64_to_cpu(resp->max_bulk), AVAG_MAX_BULK);

	return resp->ctx && lim->max_streams ? 0 : -EBADMSG;
}

int avag_open_check(const struct ava_open *req)
{
	BUILD_BUG_ON(AVA_API_NAME_LEN != VIRTIO_AVA_API_NAME_LEN);
	BUILD_BUG_ON(AVA_HASH_LEN != VIRTIO_AVA_HASH_LEN);

	if (req->flags || memchr_inv(req->reserved, 0, sizeof(req->reserved)))
		return -EINVAL;
	if (!req->api.name[0])
		return -EINVAL;
	if (!memchr(req->api.name, 0, AVA_API_NAME_LEN))
		return -EINVAL;
	if (memchr_inv(req->api.name + strlen(req->api.name), 0,
		       AVA_API_NAME_LEN - strlen(req->api.name)))
		return -EINVAL;
	return 0;
}

int avag_submit_check(const struct ava_submit *req)
{
	u64 bytes;

	if (req->flags || req->reserved || !req->count)
		return -EINVAL;
	/* The bytes past our struct are all read: bound that. */
	if (req->stride < AVAG_CALL_MIN_SIZE || req->stride > PAGE_SIZE ||
	    req->stride % 8)
		return -EINVAL;
	if (check_mul_overflow((u64)req->count, (u64)req->stride, &bytes) ||
	    check_add_overflow(req->calls, bytes, &bytes))
		return -EFAULT;
	return 0;
}

int avag_call_check(const struct ava_call *req, const struct avag_limits *lim)
{
	if (req->flags & ~AVA_CALL_ASYNC || req->reserved)
		return -EINVAL;
	if (req->flags & AVA_CALL_ASYNC && req->reply_cap)
		return -EINVAL;
	if (req->args_len > lim->max_args || req->reply_cap > lim->max_reply ||
	    req->seg_count > lim->max_segs)
		return -E2BIG;
	return 0;
}

/* Pages that a segment touches; its addresses are known not to wrap. */
unsigned long avag_seg_pages(const struct ava_seg *seg)
{
	if (!seg->len)
		return 0;
	return ((seg->addr + seg->len - 1) >> PAGE_SHIFT) -
	       (seg->addr >> PAGE_SHIFT) + 1;
}

static int avag_seg_check(const struct ava_seg *seg)
{
	u64 last;

	if (!seg->flags || seg->reserved ||
	    seg->flags & ~(AVA_SEG_TO_HOST | AVA_SEG_FROM_HOST))
		return -EINVAL;
	if (seg->len && (check_add_overflow(seg->addr, seg->len - 1, &last) ||
			 last > ULONG_MAX))
		return -EFAULT;
	return 0;
}

int avag_segs_check(const struct ava_seg *segs, u32 count, u64 max_bulk,
		    unsigned long *pages)
{
	u64 bulk = 0;
	u32 i;
	int ret;

	*pages = 0;
	for (i = 0; i < count; i++) {
		ret = avag_seg_check(&segs[i]);
		if (ret)
			return ret;
		if (check_add_overflow(bulk, segs[i].len, &bulk) ||
		    bulk > max_bulk)
			return -E2BIG;
		*pages += avag_seg_pages(&segs[i]);
	}
	return 0;
}

/* Cannot overflow: every count is within its VIRTIO_AVA_MAX_*. */
void avag_layout_init(struct avag_layout *lay, u32 args_len, u32 segs,
		      u32 runs, u32 reply_cap)
{
	lay->segs_off = ALIGN(sizeof(struct virtio_ava_call) + args_len, 8);
	lay->runs_off = lay->segs_off + segs * sizeof(struct virtio_ava_seg);
	lay->out_len = lay->runs_off + runs * sizeof(struct virtio_ava_run);
	lay->in_len = sizeof(struct virtio_ava_reply) + reply_cap;
}

void avag_runs_start_seg(struct avag_runs *runs)
{
	runs->seg_start = runs->count;
}

/* Add bytes to the segment being filled, to its last run if they follow it. */
int avag_runs_add(struct avag_runs *runs, u64 addr, u64 len)
{
	struct virtio_ava_run *last;

	if (runs->count > runs->seg_start) {
		last = &runs->run[runs->count - 1];
		if (le64_to_cpu(last->addr) + le64_to_cpu(last->len) == addr) {
			le64_add_cpu(&last->len, len);
			return 0;
		}
	}
	if (runs->count >= runs->cap)
		return -E2BIG;
	runs->run[runs->count].addr = cpu_to_le64(addr);
	runs->run[runs->count].len = cpu_to_le64(len);
	runs->count++;
	return 0;
}

static void avag_result_bad(struct avag_result *res)
{
	res->status = -EBADMSG;
	res->reply_len = 0;
	res->device_ns = 0;
	res->sticky = true;
}

/* Judge what the host wrote: @used is its claim of how many bytes. */
void avag_reply_parse(struct avag_result *res,
		      const struct virtio_ava_reply *reply, u32 used, u32 cap,
		      u64 seq, bool async)
{
	u32 status = le32_to_cpu(reply->status);
	u32 len = le32_to_cpu(reply->len);

	memset(res, 0, sizeof(*res));
	if (async && !used)
		return;
	if (used < sizeof(*reply) || used - sizeof(*reply) < len || len > cap ||
	    le64_to_cpu(reply->seq) != seq || reply->reserved) {
		avag_result_bad(res);
		return;
	}
	res->status = avag_status_errno(status);
	res->sticky = avag_status_sticky(status);
	/* Nobody waits for an async call: the context must tell. */
	if (async && res->status)
		res->sticky = true;
	if (!res->status) {
		res->reply_len = len;
		res->device_ns = le64_to_cpu(reply->device_ns);
	}
}

int avag_event_check(const struct virtio_ava_event *ev, u32 used)
{
	u32 type = le32_to_cpu(ev->type);
	u32 len = le32_to_cpu(ev->len);

	if (used < sizeof(*ev) || len > VIRTIO_AVA_MAX_EVENT ||
	    len > used - sizeof(*ev))
		return -EBADMSG;
	if (type != VIRTIO_AVA_EVENT_LOST && type != VIRTIO_AVA_EVENT_CALLBACK)
		return -EBADMSG;
	return 0;
}
