// SPDX-License-Identifier: GPL-2.0
/*
 * stream.c - a stream: calls in order, from the guest's queue through a server's ring
 *
 * The shared memory is the server's to write at any time. The kernel reads from it
 * only the two indices, completion entries and reply bytes, each once; what it
 * needs to know about a call on the ring it keeps on its own side.
 */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>

#include "ava_host.h"

#define AVA_STREAM_ENTRIES	256u
/* Three of the largest calls, so that one in progress does not stall the next. */
#define AVA_STREAM_ARENA	(512u * 1024)

static_assert(AVA_STREAM_ARENA >= 3 * (VIRTIO_AVA_MAX_ARGS + VIRTIO_AVA_MAX_REPLY +
				       VIRTIO_AVA_MAX_SEGS * sizeof(struct ava_ring_seg)));

/* ---- memory ------------------------------------------------------------------- */

static void free_pages_of(struct page **pages, u32 count)
{
	while (count--)
		__free_page(pages[count]);
	kvfree(pages);
}

/* By pages, since vmalloc_user() would not charge them to the server. */
static struct page **alloc_pages_for(u32 count)
{
	struct page **pages = kvcalloc(count, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	u32 i;

	if (!pages)
		return NULL;
	for (i = 0; i < count; i++) {
		pages[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!pages[i]) {
			free_pages_of(pages, i);
			return NULL;
		}
	}
	return pages;
}

struct stream_memory {
	struct ava_ring_layout layout;
	struct page **pages;
	struct ava_host_call **inflight;
	void *mem;
};

static void free_memory(struct stream_memory *memory)
{
	vunmap(memory->mem);
	if (memory->pages)
		free_pages_of(memory->pages, memory->layout.size >> PAGE_SHIFT);
	kvfree(memory->inflight);
}

static int alloc_memory(struct stream_memory *memory)
{
	u32 count;
	int ret;

	memset(memory, 0, sizeof(*memory));
	ret = ava_ring_layout(AVA_STREAM_ENTRIES, AVA_STREAM_ARENA, &memory->layout);
	if (ret)
		return ret;
	count = memory->layout.size >> PAGE_SHIFT;
	memory->inflight = kvcalloc(memory->layout.entries, sizeof(*memory->inflight),
				    GFP_KERNEL_ACCOUNT);
	memory->pages = alloc_pages_for(count);
	if (memory->inflight && memory->pages)
		memory->mem = vmap(memory->pages, count, VM_MAP, PAGE_KERNEL);
	if (memory->mem) {
		ava_ring_format(memory->mem, &memory->layout);
		return 0;
	}
	free_memory(memory);
	return -ENOMEM;
}

/**
 * ava_stream_prepare() - give a stream its ring; the accepting server pays for it
 * @stream: not accepted by anyone else meanwhile
 *
 * Return: 0 or -errno.
 */
int ava_stream_prepare(struct ava_host_stream *stream)
{
	struct stream_memory memory;
	int ret;

	/* An accept that failed later on leaves it in place. */
	if (stream->mem)
		return 0;
	ret = alloc_memory(&memory);
	if (ret)
		return ret;
	spin_lock(&stream->lock);
	stream->layout = memory.layout;
	stream->pages = memory.pages;
	stream->inflight = memory.inflight;
	ava_arena_init(&stream->arena, memory.layout.arena_size);
	stream->mem = memory.mem;
	spin_unlock(&stream->lock);
	return 0;
}

/**
 * ava_stream_abandon() - no server will ever work on the stream again
 * @stream: its file is gone, and with it every mapping of the ring
 *
 * The guest may keep the stream open for as long as it likes; the ring's memory
 * does not stay for that.
 */
void ava_stream_abandon(struct ava_host_stream *stream)
{
	struct stream_memory memory = {};

	spin_lock(&stream->lock);
	memory.layout = stream->layout;
	swap(memory.pages, stream->pages);
	swap(memory.mem, stream->mem);
	spin_unlock(&stream->lock);
	free_memory(&memory);
}

/* ---- lifetime ----------------------------------------------------------------- */

struct ava_host_stream *ava_stream_create(struct ava_context *ctx, u32 slot)
{
	struct ava_host_stream *stream = kzalloc(sizeof(*stream), GFP_KERNEL_ACCOUNT);

	if (!stream)
		return NULL;
	kref_init(&stream->ref);
	ava_context_get(ctx);
	stream->ctx = ctx;
	stream->slot = slot;
	ava_sched_entity_init(&stream->entity);
	INIT_LIST_HEAD(&stream->fresh);
	spin_lock_init(&stream->lock);
	stream->next_seq = 1;
	INIT_LIST_HEAD(&stream->queue);
	init_waitqueue_head(&stream->wq);
	atomic64_inc(&ava_stats.streams);
	return stream;
}

void ava_stream_get(struct ava_host_stream *stream)
{
	kref_get(&stream->ref);
}

static void stream_release(struct kref *ref)
{
	struct ava_host_stream *stream = container_of(ref, struct ava_host_stream, ref);
	struct ava_context *ctx = stream->ctx;
	struct stream_memory memory = {
		.layout = stream->layout,
		.pages = stream->pages,
		.inflight = stream->inflight,
		.mem = stream->mem,
	};

	free_memory(&memory);
	kfree(stream);
	atomic64_dec(&ava_stats.streams);
	ava_context_put(ctx);
}

void ava_stream_put(struct ava_host_stream *stream)
{
	kref_put(&stream->ref, stream_release);
}

/* ---- from the guest ------------------------------------------------------------ */

/* Calls that are refused for want of something use up their number too. */
bool ava_stream_take_seq(struct ava_host_stream *stream, u64 seq)
{
	bool ok;

	spin_lock(&stream->lock);
	ok = seq == stream->next_seq;
	if (ok)
		stream->next_seq++;
	spin_unlock(&stream->lock);
	return ok;
}

/**
 * ava_stream_queue() - a call waits for its dispatch
 * @stream: its stream
 * @call: the stream's on success
 *
 * Return: VIRTIO_AVA_S_OK, or what to answer.
 */
u32 ava_stream_queue(struct ava_host_stream *stream, struct ava_host_call *call)
{
	u32 status;

	spin_lock(&stream->lock);
	status = stream->ended;
	if (!status) {
		ava_life_queue(&call->life);
		list_add_tail(&call->node, &stream->queue);
	}
	spin_unlock(&stream->lock);
	if (!status)
		ava_sched_ready(&stream->entity);
	return status;
}

/* ---- onto the ring -------------------------------------------------------------- */

static u32 args_bytes(const struct ava_call_req *req)
{
	return req->args_len + req->args_pad;
}

static u32 arena_bytes(const struct ava_call_req *req)
{
	return args_bytes(req) + ALIGN(req->reply_cap, 8) +
	       req->seg_count * sizeof(struct ava_ring_seg);
}

/* The call whose dispatch there is room for, with its place in the arena. */
static struct ava_host_call *next_dispatchable(struct ava_host_stream *stream, u32 *off)
{
	struct ava_host_call *call;

	lockdep_assert_held(&stream->lock);
	if (!stream->mem || stream->ended ||
	    stream->dispatched - stream->completed >= stream->layout.entries)
		return NULL;
	call = list_first_entry_or_null(&stream->queue, struct ava_host_call, node);
	if (!call || ava_arena_alloc(&stream->arena, arena_bytes(&call->req), off,
				     &call->arena_end))
		return NULL;
	return call;
}

static void write_segs(struct ava_ring_seg *to, const struct ava_host_call *call)
{
	u32 i;

	for (i = 0; i < call->req.seg_count; i++)
		to[i] = (struct ava_ring_seg){
			.len = call->segs[i].len,
			.flags = call->segs[i].flags,
		};
}

static void write_entry(struct ava_host_stream *stream, struct ava_host_call *call, u32 off)
{
	const struct ava_call_req *req = &call->req;
	struct ava_ring *ring = stream->mem;
	struct ava_sqe *sqe = stream->mem + stream->layout.sq_off;
	u32 args_off = stream->layout.arena_off + off;
	u32 segs_off;

	call->reply_off = args_off + args_bytes(req);
	segs_off = call->reply_off + ALIGN(req->reply_cap, 8);
	memcpy(stream->mem + args_off, call->io, args_bytes(req));
	write_segs(stream->mem + segs_off, call);
	sqe[(call->tag - 1) & (stream->layout.entries - 1)] = (struct ava_sqe){
		.tag = call->tag,
		.seq = req->seq,
		.func = req->func,
		.flags = req->flags & VIRTIO_AVA_CALL_ASYNC ? AVA_CALL_ASYNC : 0,
		.args_off = args_off,
		.args_len = req->args_len,
		.reply_off = call->reply_off,
		.reply_cap = req->reply_cap,
		.segs_off = segs_off,
		.seg_count = req->seg_count,
	};
	/* Pairs with the server's acquire: the entry is whole before it counts. */
	smp_store_release(&ring->sq_tail, (u32)call->tag);
}

/**
 * ava_stream_dispatch() - move one call onto the ring, if there is one and room
 * @stream: the stream
 *
 * Return: whether there may be another.
 */
bool ava_stream_dispatch(struct ava_host_stream *stream)
{
	struct ava_host_call *call;
	bool more = false;
	u32 off;

	spin_lock(&stream->lock);
	call = next_dispatchable(stream, &off);
	if (call) {
		list_del_init(&call->node);
		ava_life_run(&call->life);
		call->tag = ++stream->dispatched;
		call->started = ktime_get_ns();
		stream->inflight[(call->tag - 1) & (stream->layout.entries - 1)] = call;
		write_entry(stream, call, off);
		more = !list_empty(&stream->queue);
	}
	spin_unlock(&stream->lock);
	if (call)
		wake_up_all(&stream->wq);
	return more;
}

/* ---- off the ring ---------------------------------------------------------------- */

static struct ava_host_call *inflight(struct ava_host_stream *stream, u64 tag)
{
	lockdep_assert_held(&stream->lock);
	if (tag <= stream->completed || tag > stream->dispatched)
		return NULL;
	return stream->inflight[(tag - 1) & (stream->layout.entries - 1)];
}

/* A call that the server took off the submission entries and did not complete. */
static struct ava_host_call *taken(struct ava_host_stream *stream, u64 tag)
{
	struct ava_host_call *call = inflight(stream, tag);
	struct ava_ring *ring = stream->mem;
	int left;

	if (!call)
		return NULL;
	left = ava_ring_pending(stream->dispatched, READ_ONCE(ring->sq_head),
				stream->layout.entries);
	return left >= 0 && tag <= stream->dispatched - left ? call : NULL;
}

/* Of a call that had a fault the server cannot say that it succeeded. */
static void judge_fault(struct ava_host_call *call)
{
	if (call->fault && !call->status)
		call->status = VIRTIO_AVA_S_FAULT;
	if (call->status)
		call->reply_len = 0;
}

/* Return: 1 if the call is the caller's to answer now, else 0. */
static int end_call(struct ava_host_stream *stream, struct ava_host_call *call, u32 status)
{
	lockdep_assert_held(&stream->lock);
	call->status = status;
	judge_fault(call);
	return ava_life_end(&call->life);
}

static u32 take_reply(struct ava_host_stream *stream, struct ava_host_call *call,
		      const struct ava_cqe *cqe)
{
	call->device_ns = min_t(u64, cqe->device_ns, ktime_get_ns() - call->started);
	if (cqe->status == AVA_CQE_BAD_CALL)
		return VIRTIO_AVA_S_BAD_REQUEST;
	call->reply_len = cqe->reply_len;
	memcpy(call->io, stream->mem + call->reply_off, cqe->reply_len);
	return VIRTIO_AVA_S_OK;
}

/* One completion entry. Return: 0, -ESHUTDOWN, -EBADMSG with @expected set. */
static int complete_one(struct ava_host_stream *stream, const struct ava_cqe *cqe,
			const char **expected)
{
	struct ava_host_call *call;
	u64 device_ns = 0;
	int mine = 0;

	spin_lock(&stream->lock);
	if (stream->ended) {
		spin_unlock(&stream->lock);
		return -ESHUTDOWN;
	}
	call = taken(stream, stream->completed + 1);
	*expected = call ? ava_ring_check_cqe(cqe, call->tag, call->req.reply_cap) :
			   "no completion, since no call is taken";
	if (!*expected) {
		mine = end_call(stream, call, take_reply(stream, call, cqe));
		device_ns = call->device_ns;
		ava_arena_free(&stream->arena, call->arena_end);
		stream->completed++;
	}
	spin_unlock(&stream->lock);
	if (*expected)
		return -EBADMSG;
	if (cqe->status == AVA_CQE_BAD_CALL)
		ava_context_fail(stream->ctx, "arguments that the server can decode");
	ava_sched_charge(&stream->entity, device_ns);
	if (mine > 0)
		ava_vm_post_call(stream->ctx->vm, call);
	return 0;
}

static int take_completions(struct ava_host_stream *stream, u32 *completed,
			    const char **expected)
{
	struct ava_ring *ring = stream->mem;
	const struct ava_cqe *entries = stream->mem + stream->layout.cq_off;
	u32 mask = stream->layout.entries - 1;
	struct ava_cqe cqe;
	u32 tail;
	int ret;

	/* Pairs with the server's release: entries before their count. */
	tail = smp_load_acquire(&ring->cq_tail);
	*expected = "no more completions than the ring has entries";
	if (ava_ring_pending(tail, stream->cq_head, stream->layout.entries) < 0)
		return -EBADMSG;
	while (stream->cq_head != tail) {
		memcpy(&cqe, &entries[stream->cq_head & mask], sizeof(cqe));
		/* What is judged is the copy, so the copy must not be made again. */
		barrier();
		ret = complete_one(stream, &cqe, expected);
		if (ret)
			return ret;
		stream->cq_head++;
		(*completed)++;
	}
	/* Pairs with the server's acquire: it may write over what was taken. */
	smp_store_release(&ring->cq_head, stream->cq_head);
	return 0;
}

/**
 * ava_stream_complete() - take every completion entry; in ENTER only
 * @stream: the stream
 * @completed: (out) how many
 *
 * Return: 0, -ESHUTDOWN, or -EBADMSG: the context is lost then.
 */
int ava_stream_complete(struct ava_host_stream *stream, u32 *completed)
{
	const char *expected;
	int ret;

	*completed = 0;
	ret = take_completions(stream, completed, &expected);
	if (ret == -EBADMSG) {
		ava_vm_log(stream->ctx->vm, "context %llu stream %u: expected %s\n",
			   stream->ctx->number, stream->slot, expected);
		ava_context_lose(stream->ctx, "its server broke the protocol");
	}
	if (!ret && *completed)
		ava_sched_ready(&stream->entity);
	return ret;
}

/**
 * ava_stream_ready() - how many entries the server can take
 * @stream: with a ring
 *
 * Return: that, -ESHUTDOWN when the stream ended, -EBADMSG for a bad index.
 */
int ava_stream_ready(struct ava_host_stream *stream)
{
	struct ava_ring *ring = stream->mem;
	u32 tail;
	bool ended;

	spin_lock(&stream->lock);
	ended = stream->ended;
	tail = stream->dispatched;
	spin_unlock(&stream->lock);
	if (ended)
		return -ESHUTDOWN;
	return ava_ring_pending(tail, READ_ONCE(ring->sq_head), stream->layout.entries);
}

/* ---- the end ---------------------------------------------------------------------- */

static void end_all(struct ava_host_stream *stream, u32 status, struct list_head *mine)
{
	struct ava_host_call *call, *next;

	lockdep_assert_held(&stream->lock);
	while ((call = inflight(stream, stream->completed + 1))) {
		stream->completed++;
		if (end_call(stream, call, status) > 0)
			list_add_tail(&call->node, mine);
	}
	list_for_each_entry_safe(call, next, &stream->queue, node)
		if (end_call(stream, call, status) > 0)
			list_move_tail(&call->node, mine);
}

/**
 * ava_stream_end() - answer what is outstanding, take nothing more
 * @stream: the stream
 * @status: VIRTIO_AVA_S_* for its calls
 */
void ava_stream_end(struct ava_host_stream *stream, u32 status)
{
	struct ava_host_call *call, *next;
	LIST_HEAD(mine);

	spin_lock(&stream->lock);
	if (!stream->ended) {
		WRITE_ONCE(stream->ended, status);
		end_all(stream, status, &mine);
	}
	spin_unlock(&stream->lock);
	wake_up_all(&stream->wq);
	list_for_each_entry_safe(call, next, &mine, node) {
		list_del_init(&call->node);
		ava_vm_post_call(stream->ctx->vm, call);
	}
}

/* ---- bulk copies --------------------------------------------------------------------- */

/**
 * ava_stream_copy_begin() - keep a call's chain for the time of a copy
 * @stream: the stream
 * @tag: the call's
 * @callp: (out) the call, until ava_stream_copy_end()
 *
 * Return: 0, -ENOENT for an unknown tag, -ESHUTDOWN when the stream ended.
 */
int ava_stream_copy_begin(struct ava_host_stream *stream, u64 tag, struct ava_host_call **callp)
{
	int ret = 0;

	spin_lock(&stream->lock);
	*callp = taken(stream, tag);
	if (stream->ended)
		ret = -ESHUTDOWN;
	else if (!*callp || ava_life_copy_begin(&(*callp)->life))
		ret = -ENOENT;
	spin_unlock(&stream->lock);
	return ret;
}

/* The call may have been completed in the meantime, without knowing of the fault. */
void ava_stream_copy_end(struct ava_host_stream *stream, struct ava_host_call *call, bool fault)
{
	int mine;

	spin_lock(&stream->lock);
	call->fault |= fault;
	mine = ava_life_copy_end(&call->life);
	if (mine > 0)
		judge_fault(call);
	spin_unlock(&stream->lock);
	if (mine > 0)
		ava_vm_post_call(stream->ctx->vm, call);
}
