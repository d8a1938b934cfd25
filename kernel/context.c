// SPDX-License-Identifier: GPL-2.0
/*
 * context.c - a context: from the guest's OPEN to whichever side lets go last
 *
 * ctx->lock decides every race between guest, manager, server and timers: the
 * state changes under it, and an OPEN or CLOSE is answered under it, so that after
 * a state was seen no answer that belongs to an earlier one can follow.
 */
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ava_host.h"

#define AVA_CONTEXT_MAX_EVENTS	64u

static atomic64_t ava_context_number;

/* ---- references ------------------------------------------------------------- */

void ava_context_get(struct ava_context *ctx)
{
	kref_get(&ctx->ref);
}

static void context_release(struct kref *ref)
{
	struct ava_context *ctx = container_of(ref, struct ava_context, ref);

	xa_destroy(&ctx->streams);
	put_pid(ctx->server);
	kvfree(ctx->table);
	kfree(ctx->lost);
	atomic_dec(&ctx->vm->context_held);
	ava_vm_put(ctx->vm);
	kfree(ctx);
	atomic64_dec(&ava_stats.contexts);
}

void ava_context_put(struct ava_context *ctx)
{
	kref_put(&ctx->ref, context_release);
}

/* A pending delayed work holds a reference; it drops it when it has run. */
static void start_timer(struct ava_context *ctx, struct delayed_work *timer,
			unsigned int ms)
{
	ava_context_get(ctx);
	if (!queue_delayed_work(ava_wq, timer, msecs_to_jiffies(ms)))
		ava_context_put(ctx);
}

static void stop_timer(struct ava_context *ctx, struct delayed_work *timer)
{
	if (cancel_delayed_work(timer))
		ava_context_put(ctx);
}

/* ---- the guest's table -------------------------------------------------------- */

/* A context that no server attached to has an id that the guest was not told. */
struct ava_context *ava_context_find(struct ava_vm *vm, u32 id)
{
	struct ava_context *ctx;

	xa_lock(&vm->contexts);
	ctx = xa_load(&vm->contexts, id);
	if (ctx && READ_ONCE(ctx->state) < AVA_CONTEXT_ATTACHED)
		ctx = NULL;
	if (ctx)
		ava_context_get(ctx);
	xa_unlock(&vm->contexts);
	return ctx;
}

struct ava_context *ava_context_first(struct ava_vm *vm)
{
	struct ava_context *ctx;
	unsigned long id = 0;

	xa_lock(&vm->contexts);
	ctx = xa_find(&vm->contexts, &id, ULONG_MAX, XA_PRESENT);
	if (ctx)
		ava_context_get(ctx);
	xa_unlock(&vm->contexts);
	return ctx;
}

/*
 * Only the control queue's handler adds, so this cannot overshoot. A closed context
 * is no longer the guest's, but costs a server until that lets go: as many again may
 * be on their way out, or opening and closing in a loop would have no bound.
 */
static bool is_full(struct ava_vm *vm)
{
	unsigned int max = READ_ONCE(ava_param_max_contexts);

	return atomic_read(&vm->context_count) >= max ||
	       atomic_read(&vm->context_held) > 2ull * max;
}

static u32 link_context(struct ava_context *ctx)
{
	struct ava_vm *vm = ctx->vm;
	int ret;

	if (is_full(vm))
		return VIRTIO_AVA_S_QUOTA;
	ret = xa_alloc_cyclic(&vm->contexts, &ctx->id, ctx, xa_limit_32b,
			      &vm->next_ctx, GFP_KERNEL_ACCOUNT);
	if (ret < 0)
		return VIRTIO_AVA_S_NO_MEMORY;
	ava_context_get(ctx);
	atomic_inc(&vm->context_count);
	return VIRTIO_AVA_S_OK;
}

/* Any number of times, from anyone; ids are not reused soon, so it hits no other. */
static void unlink_context(struct ava_context *ctx)
{
	if (xa_cmpxchg(&ctx->vm->contexts, ctx->id, ctx, NULL, GFP_KERNEL) != ctx)
		return;
	atomic_dec(&ctx->vm->context_count);
	ava_context_put(ctx);
}

/* ---- answers ---------------------------------------------------------------- */

static void answer_open(struct ava_context *ctx, u32 status)
{
	struct ava_ctrl *ctrl = ctx->open;

	lockdep_assert_held(&ctx->lock);
	if (!ctrl)
		return;
	ctx->open = NULL;
	if (!status) {
		ctrl->resp.ctx = cpu_to_le32(ctx->id);
		ctrl->resp.max_args = cpu_to_le32(ctx->limits.max_args);
		ctrl->resp.max_reply = cpu_to_le32(ctx->limits.max_reply);
		ctrl->resp.max_segs = cpu_to_le32(ctx->limits.max_segs);
		ctrl->resp.max_streams = cpu_to_le32(ctx->limits.max_streams);
		ctrl->resp.max_bulk = cpu_to_le64(ctx->limits.max_bulk);
	}
	ava_vm_post_ctrl(ctx->vm, ctrl, status);
}

static void answer_close(struct ava_context *ctx)
{
	struct ava_ctrl *ctrl = ctx->close;

	lockdep_assert_held(&ctx->lock);
	if (!ctrl || ctx->calls)
		return;
	ctx->close = NULL;
	ava_vm_post_ctrl(ctx->vm, ctrl, VIRTIO_AVA_S_OK);
}

void ava_context_call_added(struct ava_context *ctx)
{
	spin_lock(&ctx->lock);
	ctx->calls++;
	spin_unlock(&ctx->lock);
}

void ava_context_call_gone(struct ava_context *ctx)
{
	spin_lock(&ctx->lock);
	ctx->calls--;
	answer_close(ctx);
	spin_unlock(&ctx->lock);
}

/* ---- opening ------------------------------------------------------------------ */

static void open_timed_out(struct work_struct *work)
{
	struct ava_context *ctx = container_of(to_delayed_work(work),
					       struct ava_context, open_timeout);

	if (!ava_context_refuse(ctx, VIRTIO_AVA_S_TIMEOUT))
		ava_vm_log(ctx->vm, "context %llu: no server attached within %u ms\n",
			   ctx->number, READ_ONCE(ava_param_open_timeout_ms));
	ava_context_put(ctx);
}

static void grace_ended(struct work_struct *work)
{
	struct ava_context *ctx = container_of(to_delayed_work(work),
					       struct ava_context, grace);
	struct pid *server = NULL;

	spin_lock(&ctx->lock);
	if (ctx->files)
		server = get_pid(ctx->server);
	spin_unlock(&ctx->lock);
	if (server) {
		ava_vm_log(ctx->vm, "context %llu: server %d still holds it, killing\n",
			   ctx->number, pid_nr(server));
		kill_pid(server, SIGKILL, 1);
		put_pid(server);
	}
	ava_context_put(ctx);
}

static void set_limits(struct ava_limits *limits)
{
	limits->max_args = VIRTIO_AVA_MAX_ARGS;
	limits->max_reply = VIRTIO_AVA_MAX_REPLY;
	limits->max_segs = VIRTIO_AVA_MAX_SEGS;
	limits->max_streams = READ_ONCE(ava_param_max_streams);
	limits->max_bulk = READ_ONCE(ava_param_max_bulk);
}

static struct ava_context *create_context(struct ava_vm *vm,
					  const struct ava_api_id *api)
{
	struct ava_context *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);

	if (!ctx)
		return NULL;
	ctx->lost = kzalloc(sizeof(*ctx->lost), GFP_KERNEL_ACCOUNT);
	if (!ctx->lost) {
		kfree(ctx);
		return NULL;
	}
	kref_init(&ctx->ref);
	ava_vm_get(vm);
	atomic_inc(&vm->context_held);
	ctx->vm = vm;
	ctx->number = atomic64_inc_return(&ava_context_number);
	ctx->api = *api;
	set_limits(&ctx->limits);
	INIT_LIST_HEAD(&ctx->waiting);
	spin_lock_init(&ctx->lock);
	ctx->state = AVA_CONTEXT_WAITING;
	INIT_LIST_HEAD(&ctx->fresh);
	init_waitqueue_head(&ctx->wq);
	xa_init(&ctx->streams);
	INIT_DELAYED_WORK(&ctx->open_timeout, open_timed_out);
	INIT_DELAYED_WORK(&ctx->grace, grace_ended);
	atomic64_inc(&ava_stats.contexts);
	return ctx;
}

/**
 * ava_context_open() - the guest asks for a context
 * @vm: the guest's
 * @api: what for
 * @ctrl: its request; the context's on success, and answered some time later
 *
 * Return: VIRTIO_AVA_S_OK, or what to answer at once.
 */
u32 ava_context_open(struct ava_vm *vm, const struct ava_api_id *api,
		     struct ava_ctrl *ctrl)
{
	struct ava_context *ctx = create_context(vm, api);
	u32 status;

	if (!ctx)
		return VIRTIO_AVA_S_NO_MEMORY;
	status = link_context(ctx);
	if (status)
		goto out;
	ctx->open = ctrl;
	start_timer(ctx, &ctx->open_timeout, READ_ONCE(ava_param_open_timeout_ms));
	/* From here on it may be refused by others, which answers; this is one too. */
	if (!ava_server_offer(ctx))
		ava_context_refuse(ctx, VIRTIO_AVA_S_NO_MANAGER);
out:
	ava_context_put(ctx);
	return status;
}

/* ava_context_accept() - a manager takes it; false if it was refused meanwhile */
bool ava_context_accept(struct ava_context *ctx)
{
	bool ok;

	spin_lock(&ctx->lock);
	ok = ctx->state == AVA_CONTEXT_WAITING;
	if (ok)
		ctx->state = AVA_CONTEXT_ACCEPTED;
	spin_unlock(&ctx->lock);
	return ok;
}

/**
 * ava_context_refuse() - end a context that no server attached to
 * @ctx: the context
 * @status: what the guest's OPEN gets
 *
 * Return: 0, -EBUSY if a server attached, -ESHUTDOWN if it was refused or closed.
 */
int ava_context_refuse(struct ava_context *ctx, u32 status)
{
	int ret = 0;

	spin_lock(&ctx->lock);
	if (ctx->state == AVA_CONTEXT_CLOSED)
		ret = -ESHUTDOWN;
	else if (ctx->state >= AVA_CONTEXT_ATTACHED)
		ret = -EBUSY;
	if (!ret) {
		WRITE_ONCE(ctx->state, AVA_CONTEXT_CLOSED);
		answer_open(ctx, status);
	}
	spin_unlock(&ctx->lock);
	if (ret)
		return ret;
	ava_server_withdraw(ctx);
	stop_timer(ctx, &ctx->open_timeout);
	wake_up_all(&ctx->wq);
	unlink_context(ctx);
	return 0;
}

/**
 * ava_context_attach() - a server serves it from now on
 * @ctx: the context
 * @table: checked; the context's on success
 *
 * Return: 0, -EBUSY if one does, -ESHUTDOWN if the guest is gone.
 */
int ava_context_attach(struct ava_context *ctx, struct ava_functable *table)
{
	int ret = 0;

	spin_lock(&ctx->lock);
	if (ctx->state == AVA_CONTEXT_CLOSED)
		ret = -ESHUTDOWN;
	else if (ctx->state >= AVA_CONTEXT_ATTACHED)
		ret = -EBUSY;
	if (!ret) {
		ctx->table = table;
		ctx->server = get_pid(task_tgid(current));
		/* Pairs with the lookup by id, which then may use the table. */
		smp_store_release(&ctx->state, AVA_CONTEXT_ATTACHED);
		answer_open(ctx, VIRTIO_AVA_S_OK);
	}
	spin_unlock(&ctx->lock);
	if (!ret)
		stop_timer(ctx, &ctx->open_timeout);
	return ret;
}

/* ---- ending ------------------------------------------------------------------- */

static struct ava_host_stream *stream_from(struct ava_context *ctx, unsigned long *slot)
{
	struct ava_host_stream *stream;

	xa_lock(&ctx->streams);
	stream = xa_find(&ctx->streams, slot, ULONG_MAX, XA_PRESENT);
	if (stream)
		ava_stream_get(stream);
	xa_unlock(&ctx->streams);
	return stream;
}

static void end_streams(struct ava_context *ctx, u32 status)
{
	struct ava_host_stream *stream;
	unsigned long slot = 0;

	while ((stream = stream_from(ctx, &slot))) {
		ava_stream_end(stream, status);
		ava_stream_put(stream);
		slot++;
	}
}

static void forget_stream(struct ava_context *ctx, struct ava_host_stream *stream)
{
	spin_lock(&ctx->lock);
	if (!list_empty(&stream->fresh))
		list_del_init(&stream->fresh);
	spin_unlock(&ctx->lock);
	ava_stream_put(stream);
}

static void forget_streams(struct ava_context *ctx)
{
	struct ava_host_stream *stream;
	unsigned long slot;

	xa_for_each(&ctx->streams, slot, stream) {
		xa_erase(&ctx->streams, slot);
		forget_stream(ctx, stream);
	}
}

/*
 * The server gets a grace period to see that it is over. Started and stopped under
 * the lock: without a file nothing keeps the module, so no timer may run then.
 */
static void dismiss_server(struct ava_context *ctx)
{
	wake_up_all(&ctx->wq);
	spin_lock(&ctx->lock);
	if (ctx->files && ctx->server)
		start_timer(ctx, &ctx->grace, READ_ONCE(ava_param_grace_ms));
	spin_unlock(&ctx->lock);
}

/**
 * ava_context_close() - the guest lets go
 * @ctx: the context
 * @ctrl: its request, answered when no call is left; NULL when the VM goes
 */
void ava_context_close(struct ava_context *ctx, struct ava_ctrl *ctrl)
{
	bool first;

	spin_lock(&ctx->lock);
	first = ctx->state != AVA_CONTEXT_CLOSED;
	WRITE_ONCE(ctx->state, AVA_CONTEXT_CLOSED);
	answer_open(ctx, VIRTIO_AVA_S_CANCELLED);
	spin_unlock(&ctx->lock);
	if (!first) {
		if (ctrl)
			ava_vm_post_ctrl(ctx->vm, ctrl, VIRTIO_AVA_S_NO_CONTEXT);
		unlink_context(ctx);
		return;
	}
	ava_server_withdraw(ctx);
	stop_timer(ctx, &ctx->open_timeout);
	end_streams(ctx, VIRTIO_AVA_S_CANCELLED);
	forget_streams(ctx);
	ava_vm_drop_events(ctx->vm, ctx);
	dismiss_server(ctx);
	unlink_context(ctx);
	if (!ctrl)
		return;
	spin_lock(&ctx->lock);
	ctx->close = ctrl;
	answer_close(ctx);
	spin_unlock(&ctx->lock);
}

static bool post_lost_event(struct ava_context *ctx)
{
	struct ava_event_item *item = ctx->lost;

	lockdep_assert_held(&ctx->lock);
	item->wire.type = cpu_to_le32(VIRTIO_AVA_EVENT_LOST);
	item->wire.ctx = cpu_to_le32(ctx->id);
	item->wire.status = cpu_to_le32(VIRTIO_AVA_S_LOST);
	item->ctx = ctx;
	ava_context_get(ctx);
	ctx->events++;
	return ava_vm_post_event(ctx->vm, item);
}

/**
 * ava_context_lose() - the server is gone, or is no server
 * @ctx: the context
 * @why: for the log, or NULL where a guest's close is the likely reason
 */
void ava_context_lose(struct ava_context *ctx, const char *why)
{
	bool attached, posted = true;

	spin_lock(&ctx->lock);
	attached = ctx->state == AVA_CONTEXT_ATTACHED;
	if (attached) {
		WRITE_ONCE(ctx->state, AVA_CONTEXT_LOST);
		posted = post_lost_event(ctx);
	}
	spin_unlock(&ctx->lock);
	if (!attached) {
		ava_context_refuse(ctx, VIRTIO_AVA_S_NO_SERVER);
		return;
	}
	if (!posted)
		ava_context_event_gone(ctx->lost);
	ava_vm_log(ctx->vm, "context %llu lost: %s\n", ctx->number, why);
	end_streams(ctx, VIRTIO_AVA_S_LOST);
	dismiss_server(ctx);
}

/* ava_context_fail() - a request was malformed: the context takes no more */
void ava_context_fail(struct ava_context *ctx, const char *expected)
{
	WRITE_ONCE(ctx->error, true);
	ava_vm_log(ctx->vm, "context %llu in error: expected %s\n", ctx->number,
		   expected);
}

/* ava_context_status() - what a new request of the guest gets; OK to go on */
u32 ava_context_status(struct ava_context *ctx)
{
	/* Pairs with attach: who sees ATTACHED sees the table. */
	switch (smp_load_acquire(&ctx->state)) {
	case AVA_CONTEXT_ATTACHED:
		return READ_ONCE(ctx->error) ? VIRTIO_AVA_S_ERROR : VIRTIO_AVA_S_OK;
	case AVA_CONTEXT_LOST:
		return VIRTIO_AVA_S_LOST;
	default:
		return VIRTIO_AVA_S_NO_CONTEXT;
	}
}

/* ---- files ---------------------------------------------------------------------- */

void ava_context_file_opened(struct ava_context *ctx)
{
	spin_lock(&ctx->lock);
	ctx->files++;
	spin_unlock(&ctx->lock);
}

/* Caller has a reference beside the timer's. */
void ava_context_file_closed(struct ava_context *ctx)
{
	spin_lock(&ctx->lock);
	if (!--ctx->files)
		stop_timer(ctx, &ctx->grace);
	spin_unlock(&ctx->lock);
}

/* ---- streams ---------------------------------------------------------------------- */

u32 ava_context_stream_open(struct ava_context *ctx, u32 slot)
{
	u32 status = ava_context_status(ctx);
	struct ava_host_stream *stream;
	int ret;

	if (status)
		return status;
	if (slot >= ctx->limits.max_streams)
		return VIRTIO_AVA_S_QUOTA;
	stream = ava_stream_create(ctx, slot);
	if (!stream)
		return VIRTIO_AVA_S_NO_MEMORY;
	ret = xa_insert(&ctx->streams, slot, stream, GFP_KERNEL_ACCOUNT);
	if (ret) {
		ava_stream_put(stream);
		return ret == -EBUSY ? VIRTIO_AVA_S_BAD_REQUEST : VIRTIO_AVA_S_NO_MEMORY;
	}
	spin_lock(&ctx->lock);
	if (ctx->state == AVA_CONTEXT_ATTACHED)
		list_add_tail(&stream->fresh, &ctx->fresh);
	else
		status = VIRTIO_AVA_S_LOST;
	spin_unlock(&ctx->lock);
	if (status) {
		/* Who lost the context may have looked before the insertion. */
		xa_erase(&ctx->streams, slot);
		ava_stream_put(stream);
		return status;
	}
	wake_up_all(&ctx->wq);
	return VIRTIO_AVA_S_OK;
}

u32 ava_context_stream_close(struct ava_context *ctx, u32 slot)
{
	struct ava_host_stream *stream = xa_erase(&ctx->streams, slot);

	if (!stream)
		return VIRTIO_AVA_S_NO_CONTEXT;
	ava_stream_end(stream, VIRTIO_AVA_S_CANCELLED);
	forget_stream(ctx, stream);
	return VIRTIO_AVA_S_OK;
}

/* ---- events ------------------------------------------------------------------------ */

/* ava_context_event_gone() - an event was delivered or is not wanted any more */
void ava_context_event_gone(struct ava_event_item *item)
{
	struct ava_context *ctx = item->ctx;

	spin_lock(&ctx->lock);
	ctx->events--;
	spin_unlock(&ctx->lock);
	if (item != ctx->lost)
		kfree(item);
	ava_context_put(ctx);
}

static int post_callback(struct ava_context *ctx, struct ava_event_item *item)
{
	int ret = 0;

	spin_lock(&ctx->lock);
	if (ctx->state < AVA_CONTEXT_ATTACHED)
		ret = -EINVAL;
	else if (ctx->state > AVA_CONTEXT_ATTACHED)
		ret = -ESHUTDOWN;
	else if (ctx->events >= AVA_CONTEXT_MAX_EVENTS)
		ret = -ENOBUFS;
	if (!ret) {
		ava_context_get(ctx);
		ctx->events++;
		if (!ava_vm_post_event(ctx->vm, item)) {
			ctx->events--;
			ava_context_put(ctx);
			ret = -ESHUTDOWN;
		}
	}
	spin_unlock(&ctx->lock);
	return ret;
}

/* ava_context_event() - the server calls back; its file holds a reference */
int ava_context_event(struct ava_context *ctx, u64 cookie, const void __user *data,
		      u32 len)
{
	struct ava_event_item *item;
	int ret;

	if (len > VIRTIO_AVA_MAX_EVENT)
		return -EINVAL;
	item = kzalloc(struct_size(item, payload, len), GFP_KERNEL_ACCOUNT);
	if (!item)
		return -ENOMEM;
	if (copy_from_user(item->payload, data, len)) {
		kfree(item);
		return -EFAULT;
	}
	item->ctx = ctx;
	item->wire.type = cpu_to_le32(VIRTIO_AVA_EVENT_CALLBACK);
	item->wire.ctx = cpu_to_le32(ctx->id);
	item->wire.len = cpu_to_le32(len);
	item->wire.cookie = cpu_to_le64(cookie);
	ret = post_callback(ctx, item);
	if (ret)
		kfree(item);
	return ret;
}
