// SPDX-License-Identifier: GPL-2.0
/*
 * One call: built from what user space passed, freed when nobody needs it
 *
 * Everything that can fail happens in avag_call_create(), before the call has a
 * place in its stream. The ring's reference may be the last one and is dropped
 * in interrupts; unpinning may sleep, so such calls are freed by a work item.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "ava_guest.h"

static void avag_call_free(struct avag_call *call)
{
	avag_pins_put(&call->pins);
	avag_buf_free(call->out);
	avag_buf_free(call->in);
	kfree(call->sg);
	if (call->stream)
		avag_stream_put(call->stream);
	avag_context_put(call->ctx);
	kfree(call);
	avag_stat_add(AVAG_STAT_CALLS, -1);
}

static LLIST_HEAD(avag_dead_calls);

static void avag_call_free_dead(struct work_struct *work)
{
	struct llist_node *dead = llist_del_all(&avag_dead_calls);
	struct avag_call *call, *next;

	llist_for_each_entry_safe(call, next, dead, dead) {
		avag_call_free(call);
		cond_resched();
	}
}

static DECLARE_WORK(avag_call_free_work, avag_call_free_dead);

static void avag_call_release(struct kref *ref)
{
	avag_call_free(container_of(ref, struct avag_call, ref));
}

static void avag_call_release_atomic(struct kref *ref)
{
	struct avag_call *call = container_of(ref, struct avag_call, ref);

	if (llist_add(&call->dead, &avag_dead_calls))
		queue_work(avag_wq, &avag_call_free_work);
}

void avag_call_put(struct avag_call *call)
{
	kref_put(&call->ref, avag_call_release);
}

void avag_call_put_atomic(struct avag_call *call)
{
	kref_put(&call->ref, avag_call_release_atomic);
}

static struct avag_call *avag_call_alloc(struct avag_context *ctx,
					 const struct ava_call *req)
{
	struct avag_call *call;

	call = kzalloc(sizeof(*call), GFP_KERNEL_ACCOUNT);
	if (!call)
		return NULL;
	kref_init(&call->ref);
	INIT_LIST_HEAD(&call->node);
	init_completion(&call->done);
	call->ctx = avag_context_get(ctx);
	call->async = req->flags & AVA_CALL_ASYNC;
	call->reply = req->reply;
	call->reply_cap = req->reply_cap;
	avag_stat_add(AVAG_STAT_CALLS, 1);
	return call;
}

static void avag_call_write_header(struct avag_call *call,
				   const struct ava_call *req, u32 runs)
{
	struct virtio_ava_call hdr = {
		.len = cpu_to_le32(sizeof(hdr) + req->args_len),
		.func = cpu_to_le32(req->func),
		.ctx = cpu_to_le32(call->ctx->id),
		.stream = cpu_to_le32(req->stream),
		.seg_count = cpu_to_le32(req->seg_count),
		.run_count = cpu_to_le32(runs),
		.reply_cap = cpu_to_le32(req->reply_cap),
		.cost_hint = cpu_to_le64(req->cost_hint),
	};

	avag_buf_write(call->out, 0, &hdr, sizeof(hdr));
}

/* Lay out the chain: header, arguments, segments, runs; and room for the reply. */
static int avag_call_build(struct avag_call *call, const struct ava_call *req,
			   const struct virtio_ava_seg *wire,
			   const struct avag_runs *runs)
{
	struct avag_layout lay;
	int ret;

	avag_layout_init(&lay, req->args_len, req->seg_count, runs->count,
			 req->reply_cap);
	call->out = avag_buf_alloc(lay.out_len);
	call->in = avag_buf_alloc(lay.in_len);
	if (!call->out || !call->in)
		return -ENOMEM;
	/* A driver must not make a chain longer than the queue. */
	if (call->out->nr + call->in->nr > call->ctx->dev->ring_size)
		return -E2BIG;
	call->sg = kmalloc_array(call->out->nr + call->in->nr,
				 sizeof(*call->sg), GFP_KERNEL_ACCOUNT);
	if (!call->sg)
		return -ENOMEM;
	avag_buf_sg(call->out, call->sg);
	avag_buf_sg(call->in, call->sg + call->out->nr);

	avag_call_write_header(call, req, runs->count);
	ret = avag_buf_from_user(call->out, sizeof(struct virtio_ava_call),
				 u64_to_user_ptr(req->args), req->args_len);
	if (ret)
		return ret;
	avag_buf_write(call->out, lay.segs_off, wire,
		       req->seg_count * sizeof(*wire));
	avag_buf_write(call->out, lay.runs_off, runs->run,
		       runs->count * sizeof(*runs->run));
	return 0;
}

static void avag_call_wire_segs(struct virtio_ava_seg *wire,
				const struct ava_seg *segs, u32 count)
{
	u32 i;

	BUILD_BUG_ON(AVA_SEG_TO_HOST != VIRTIO_AVA_SEG_TO_HOST);
	BUILD_BUG_ON(AVA_SEG_FROM_HOST != VIRTIO_AVA_SEG_FROM_HOST);

	for (i = 0; i < count; i++) {
		wire[i].len = cpu_to_le64(segs[i].len);
		wire[i].flags = cpu_to_le32(segs[i].flags);
	}
}

/*
 * Charge the process. Calls of it that have ended may still be charged: those
 * that succeeded silently until they are reclaimed, others until they are freed.
 */
static int avag_call_charge(struct avag_call *call, unsigned long pages)
{
	int ret = avag_pins_charge(&call->pins, pages);

	if (!ret)
		return 0;
	avag_submit_reclaim(call->ctx->dev);
	flush_work(&avag_call_free_work);
	return avag_pins_charge(&call->pins, pages);
}

/* Pin the segments and build the chain around them. */
static int avag_call_build_segs(struct avag_call *call,
				const struct ava_call *req,
				const struct ava_seg *segs)
{
	struct virtio_ava_seg *wire;
	struct avag_runs runs = {};
	unsigned long pages;
	int ret;

	ret = avag_segs_check(segs, req->seg_count, call->ctx->lim.max_bulk,
			      &pages);
	if (ret)
		return ret;
	ret = avag_call_charge(call, pages);
	if (ret)
		return ret;
	ret = avag_pins_get(&call->pins, segs, req->seg_count);
	if (ret)
		return ret;

	runs.cap = min_t(unsigned long, pages, VIRTIO_AVA_MAX_RUNS);
	wire = kcalloc(req->seg_count, sizeof(*wire), GFP_KERNEL_ACCOUNT);
	runs.run = kvmalloc_array(max(runs.cap, 1u), sizeof(*runs.run),
				  GFP_KERNEL_ACCOUNT);
	ret = -ENOMEM;
	if (wire && runs.run) {
		avag_call_wire_segs(wire, segs, req->seg_count);
		ret = avag_pins_runs(&call->pins, segs, wire, &runs);
	}
	if (!ret)
		ret = avag_call_build(call, req, wire, &runs);
	kvfree(runs.run);
	kfree(wire);
	return ret;
}

static int avag_call_init(struct avag_call *call, const struct ava_call *req)
{
	static const struct avag_runs no_runs;
	struct ava_seg *segs;
	int ret;

	call->stream = avag_stream_find(call->ctx, req->stream);
	if (!call->stream)
		return -ENOENT;
	if (!req->seg_count)
		return avag_call_build(call, req, NULL, &no_runs);

	segs = memdup_user(u64_to_user_ptr(req->segs),
			   req->seg_count * sizeof(*segs));
	if (IS_ERR(segs))
		return PTR_ERR(segs);
	ret = avag_call_build_segs(call, req, segs);
	kfree(segs);
	return ret;
}

/* A call ready to be put on the ring, or an ERR_PTR. */
struct avag_call *avag_call_create(struct avag_context *ctx,
				   const struct ava_call *req)
{
	struct avag_call *call;
	int ret;

	ret = avag_call_check(req, &ctx->lim);
	if (ret)
		return ERR_PTR(ret);
	call = avag_call_alloc(ctx, req);
	if (!call)
		return ERR_PTR(-ENOMEM);
	ret = avag_call_init(call, req);
	if (ret) {
		avag_call_put(call);
		return ERR_PTR(ret);
	}
	return call;
}
