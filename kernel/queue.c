// SPDX-License-Identifier: GPL-2.0
/*
 * queue.c - the virtqueues: chains in, answers and events out
 *
 * Kicks run in the vhost worker. They take chains, hand them to control.c and
 * submit.c, and return; answers come back through the VM's queues and leave in the
 * worker again. A chain whose answer comes later is remembered by guest-physical
 * addresses, since the memory table may be another by then.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/vhost_iotlb.h>

#include "queue.h"

/* What one kick may do before other queues and the answers get their turn. */
#define AVA_VHOST_PKT_WEIGHT	256
#define AVA_VHOST_BYTE_WEIGHT	0x80000
#define AVA_VHOST_BATCH		64
#define AVA_VHOST_TICKS		2

/*
 * Used length of a reply that could not be written: too short for one, and not 0,
 * which says of an asynchronous call that it succeeded.
 */
#define AVA_VHOST_NO_REPLY	1

static struct ava_vhost *vhost_of(struct vhost_virtqueue *vq)
{
	return container_of(vq->dev, struct ava_vhost, dev);
}

static int index_of(struct vhost_virtqueue *vq)
{
	return vq - vhost_of(vq)->vqs;
}

/* ava_vhost_kick() - have the worker look at the VM's queues; the VM is live */
void ava_vhost_kick(struct ava_vhost *vhost)
{
	ava_vhost_work_queue(&vhost->vqs[VIRTIO_AVA_VQ_SUBMIT], &vhost->out);
}

/* ---- chains in ------------------------------------------------------------------- */

/**
 * struct ava_taken - a chain just taken from a ring
 * @chain: as others see it
 * @in: its writable parts in the VMM's memory
 * @in_count: how many
 * @from: its readable bytes
 */
struct ava_taken {
	struct ava_chain chain;
	struct iovec *in;
	unsigned int in_count;
	struct iov_iter from;
};

static void fill_taken(struct vhost_virtqueue *vq, struct ava_taken *taken, int head,
		       unsigned int out, unsigned int in, unsigned int log_num)
{
	struct ava_room *rooms = vhost_of(vq)->rooms[index_of(vq)];
	struct ava_chain *chain = &taken->chain;
	unsigned int i;

	for (i = 0; i < log_num; i++)
		rooms[i] = (struct ava_room){ vq->log[i].addr, vq->log[i].len };
	taken->in = vq->iov + out;
	taken->in_count = in;
	chain->head = head;
	chain->readable = iov_length(vq->iov, out);
	chain->writable = iov_length(taken->in, in);
	chain->rooms = rooms;
	chain->room_count = log_num;
	chain->from = &taken->from;
	chain->seg_scratch = vhost_of(vq)->segs;
	iov_iter_init(&taken->from, ITER_SOURCE, vq->iov, out, chain->readable);
}

/*
 * Return: 1 with a chain, 0 when the ring is empty and will kick, or -errno from
 * a ring that makes no sense. The log is vhost's way to tell guest addresses.
 */
static int take_chain(struct vhost_virtqueue *vq, struct ava_taken *taken)
{
	unsigned int out, in, log_num;
	int head;

	lockdep_assert_held(&vq->mutex);
	for (;;) {
		head = vhost_get_vq_desc(vq, vq->iov, ARRAY_SIZE(vq->iov), &out, &in,
					 vq->log, &log_num);
		if (head < 0)
			return head;
		if (head != vq->num)
			break;
		if (!vhost_enable_notify(vq->dev, vq))
			return 0;
		vhost_disable_notify(vq->dev, vq);
	}
	fill_taken(vq, taken, head, out, in, log_num);
	return 1;
}

static void log_bad_ring(struct vhost_virtqueue *vq, int err)
{
	ava_vm_log(vhost_of(vq)->vm, "queue %d is stuck: bad descriptor chain (%d)\n",
		   index_of(vq), err);
}

static int write_now(struct ava_taken *taken, const void *data, size_t len)
{
	struct iov_iter to;

	iov_iter_init(&to, ITER_DEST, taken->in, taken->in_count, taken->chain.writable);
	return copy_to_iter(data, len, &to) == len ? 0 : -EFAULT;
}

typedef bool (*ava_handle_fn)(struct vhost_virtqueue *vq, struct ava_taken *taken);

/*
 * Whether a turn that ends at @end has used up its time. A chain of indirect tables
 * may hold no byte and take a second to walk, so counts alone do not bound a turn.
 */
static bool is_late(unsigned long end)
{
	return time_after(jiffies, end);
}

/*
 * The loop of a kick. Being late counts as the full weight: the rest is queued as
 * work, before which the worker may be rescheduled and the mutex changes hands.
 * @handle says whether it used the chain up at once, so that the guest must be told.
 * Return: chains taken.
 */
static unsigned int handle_queue(struct vhost_virtqueue *vq, ava_handle_fn handle)
{
	unsigned long end = jiffies + AVA_VHOST_TICKS;
	struct ava_taken taken;
	bool used = false;
	int pkts = 0, bytes = 0, ret;

	mutex_lock(&vq->mutex);
	if (!vhost_vq_get_backend(vq) || !vq_meta_prefetch(vq))
		goto out;
	vhost_disable_notify(vq->dev, vq);
	do {
		ret = take_chain(vq, &taken);
		if (ret <= 0)
			break;
		used |= handle(vq, &taken);
		bytes += min_t(size_t, taken.chain.readable, AVA_VHOST_BYTE_WEIGHT);
		pkts++;
	} while (!vhost_exceeds_weight(vq, is_late(end) ? AVA_VHOST_PKT_WEIGHT : pkts,
				       bytes));
	if (ret < 0)
		log_bad_ring(vq, ret);
	if (used)
		vhost_signal(vq->dev, vq);
out:
	mutex_unlock(&vq->mutex);
	return pkts;
}

/* ---- control queue --------------------------------------------------------------- */

static struct ava_ctrl *create_ctrl(const struct ava_chain *chain)
{
	struct ava_ctrl *ctrl = kzalloc(struct_size(ctrl, rooms, chain->room_count),
					GFP_KERNEL_ACCOUNT);

	if (!ctrl)
		return NULL;
	ctrl->head = chain->head;
	ctrl->room_count = chain->room_count;
	memcpy(ctrl->rooms, chain->rooms,
	       array_size(chain->room_count, sizeof(*chain->rooms)));
	return ctrl;
}

/* A request that cannot be answered is not executed. */
static bool handle_control(struct vhost_virtqueue *vq, struct ava_taken *taken)
{
	struct ava_vm *vm = vhost_of(vq)->vm;
	struct ava_chain *chain = &taken->chain;
	struct virtio_ava_ctrl wire = {};
	struct ava_ctrl *ctrl = NULL;
	size_t len;

	if (chain->writable == sizeof(struct virtio_ava_ctrl_resp))
		ctrl = create_ctrl(chain);
	else
		ava_vm_log(vm, "control request dropped: expected 40 writable bytes, got %zu\n",
			   chain->writable);
	if (!ctrl) {
		vhost_add_used(vq, chain->head, 0);
		return true;
	}
	len = min(chain->readable, sizeof(wire));
	if (copy_from_iter(&wire, len, chain->from) != len)
		ava_vm_post_ctrl(vm, ctrl, VIRTIO_AVA_S_FAULT);
	else
		ava_control(vm, &wire, chain->readable, ctrl);
	return false;
}

/* ---- submit queue ---------------------------------------------------------------- */

static void answer_now(struct vhost_virtqueue *vq, struct ava_taken *taken, u32 status,
		       u64 seq)
{
	struct virtio_ava_reply reply = {
		.status = cpu_to_le32(status),
		.seq = cpu_to_le64(seq),
	};
	int len = sizeof(reply);

	if (taken->chain.writable < sizeof(reply))
		len = 0;
	else if (write_now(taken, &reply, sizeof(reply)))
		len = AVA_VHOST_NO_REPLY;
	if (len != sizeof(reply))
		ava_vm_log(vhost_of(vq)->vm,
			   "call refused with status %u, without room for an answer\n",
			   status);
	vhost_add_used(vq, taken->chain.head, len);
}

static bool handle_submit(struct vhost_virtqueue *vq, struct ava_taken *taken)
{
	u32 status;
	u64 seq;

	status = ava_submit(vhost_of(vq)->vm, &taken->chain, &seq);
	if (status)
		answer_now(vq, taken, status, seq);
	return status;
}

static void submit_kick(struct vhost_work *work)
{
	struct vhost_virtqueue *vq = container_of(work, struct vhost_virtqueue, poll.work);
	unsigned int taken = handle_queue(vq, handle_submit);

	if (taken)
		ava_sched_run(taken);
}

/* ---- answers out ----------------------------------------------------------------- */

/* Guest memory of @rooms as iovecs in vq->iov, under the table as it is now. */
static int map_rooms(struct vhost_virtqueue *vq, const struct ava_room *rooms,
		     u32 count, size_t len)
{
	unsigned int used = 0;
	u64 gpa, left, n, hva;
	u32 i;

	lockdep_assert_held(&vq->mutex);
	for (i = 0; i < count && len; i++) {
		gpa = rooms[i].addr;
		for (left = min_t(u64, rooms[i].len, len); left; left -= n, len -= n) {
			n = ava_translate(vq->umem, gpa, left, VHOST_MAP_WO, &hva);
			if (!n || used == ARRAY_SIZE(vq->iov))
				return -EFAULT;
			vq->iov[used++] = (struct iovec){
				.iov_base = u64_to_user_ptr(hva),
				.iov_len = n,
			};
			gpa += n;
		}
	}
	return len ? -EFAULT : used;
}

/* Return: bytes written, 0 if they could not be. */
static int write_rooms(struct vhost_virtqueue *vq, const struct ava_room *rooms,
		       u32 count, struct kvec *parts, size_t len)
{
	struct iov_iter to;
	int used = map_rooms(vq, rooms, count, len);
	int i;

	if (used < 0)
		goto fault;
	iov_iter_init(&to, ITER_DEST, vq->iov, used, len);
	for (i = 0; i < 2; i++)
		if (copy_to_iter(parts[i].iov_base, parts[i].iov_len, &to) !=
		    parts[i].iov_len)
			goto fault;
	return len;
fault:
	ava_vm_log(vhost_of(vq)->vm, "queue %d: the room for an answer is gone\n",
		   index_of(vq));
	return 0;
}

static void write_call(struct vhost_virtqueue *vq, struct ava_host_call *call,
		       struct vring_used_elem *elem)
{
	struct virtio_ava_reply reply;
	struct kvec parts[2] = {
		{ &reply, sizeof(reply) },
		{ call->io, call->reply_len },
	};
	int len = 0;

	ava_call_reply(call, &reply);
	if (call->status || !(call->req.flags & VIRTIO_AVA_CALL_ASYNC))
		len = write_rooms(vq, call->rooms, call->room_count, parts,
				  sizeof(reply) + call->reply_len) ?: AVA_VHOST_NO_REPLY;
	elem->id = cpu_to_vhost32(vq, call->head);
	elem->len = cpu_to_vhost32(vq, len);
}

/* Return: how many calls were moved, at most @limit. */
static int pop_calls(struct ava_vm *vm, struct list_head *calls, int limit)
{
	int count = 0;

	spin_lock(&vm->out_lock);
	while (count < limit && !list_empty(&vm->done)) {
		list_move_tail(vm->done.next, calls);
		count++;
	}
	spin_unlock(&vm->out_lock);
	return count;
}

/* Return: whether there may be more. */
static bool answer_calls(struct ava_vhost *vhost)
{
	struct vhost_virtqueue *vq = &vhost->vqs[VIRTIO_AVA_VQ_SUBMIT];
	struct ava_host_call *call, *next;
	bool interrupt = false;
	int n = 0, count = 0, limit;
	LIST_HEAD(calls);

	mutex_lock(&vq->mutex);
	/*
	 * A guest that offers a chain again before it has it back is owed more
	 * than its ring holds, and vhost would write what is over behind the ring.
	 */
	limit = min_t(unsigned int, AVA_VHOST_BATCH, vq->num);
	if (vhost_vq_get_backend(vq))
		count = pop_calls(vhost->vm, &calls, limit);
	list_for_each_entry(call, &calls, node) {
		write_call(vq, call, &vq->heads[n++]);
		interrupt |= ava_call_interrupts(call);
	}
	if (count)
		vhost_add_used_n(vq, vq->heads, count);
	if (interrupt)
		vhost_signal(&vhost->dev, vq);
	mutex_unlock(&vq->mutex);
	list_for_each_entry_safe(call, next, &calls, node)
		ava_call_free(call);
	return count == limit;
}

static struct ava_ctrl *pop_ctrl(struct ava_vm *vm)
{
	struct ava_ctrl *ctrl;

	spin_lock(&vm->out_lock);
	ctrl = list_first_entry_or_null(&vm->ctrls, struct ava_ctrl, node);
	if (ctrl)
		list_del_init(&ctrl->node);
	spin_unlock(&vm->out_lock);
	return ctrl;
}

static bool answer_ctrls(struct ava_vhost *vhost)
{
	struct vhost_virtqueue *vq = &vhost->vqs[VIRTIO_AVA_VQ_CONTROL];
	struct kvec parts[2] = {};
	struct ava_ctrl *ctrl;
	int count = 0, len;

	mutex_lock(&vq->mutex);
	while (vhost_vq_get_backend(vq) && count < AVA_VHOST_BATCH &&
	       (ctrl = pop_ctrl(vhost->vm))) {
		parts[0] = (struct kvec){ &ctrl->resp, sizeof(ctrl->resp) };
		len = write_rooms(vq, ctrl->rooms, ctrl->room_count, parts,
				  sizeof(ctrl->resp));
		vhost_add_used(vq, ctrl->head, len);
		kfree(ctrl);
		count++;
	}
	if (count)
		vhost_signal(&vhost->dev, vq);
	mutex_unlock(&vq->mutex);
	return count == AVA_VHOST_BATCH;
}

/*
 * No more requests are taken before what waits was answered: a guest may offer
 * chains that it has not got back, so its ring does not bound how many wait.
 */
static void control_kick(struct vhost_work *work)
{
	struct vhost_virtqueue *vq = container_of(work, struct vhost_virtqueue, poll.work);
	struct ava_vhost *vhost = vhost_of(vq);
	bool more;

	handle_queue(vq, handle_control);
	do {
		more = answer_calls(vhost);
		more |= answer_ctrls(vhost);
		cond_resched();
	} while (more);
}

/* ---- events out ------------------------------------------------------------------ */

static struct ava_event_item *pop_event(struct ava_vm *vm)
{
	struct ava_event_item *item;

	spin_lock(&vm->out_lock);
	item = list_first_entry_or_null(&vm->events, struct ava_event_item, node);
	if (item)
		list_del_init(&item->node);
	spin_unlock(&vm->out_lock);
	return item;
}

static bool has_event(struct ava_vm *vm)
{
	bool has;

	spin_lock(&vm->out_lock);
	has = !list_empty(&vm->events);
	spin_unlock(&vm->out_lock);
	return has;
}

static bool event_buffer_ok(const struct ava_taken *taken)
{
	return !taken->chain.readable && taken->chain.writable >=
	       sizeof(struct virtio_ava_event) + VIRTIO_AVA_MAX_EVENT;
}

static void write_event(struct vhost_virtqueue *vq, struct ava_taken *taken,
			struct ava_event_item *item)
{
	u8 buf[sizeof(item->wire) + VIRTIO_AVA_MAX_EVENT];
	u32 payload = le32_to_cpu(item->wire.len);
	size_t len = sizeof(item->wire) + payload;

	memcpy(buf, &item->wire, sizeof(item->wire));
	memcpy(buf + sizeof(item->wire), item->payload, payload);
	if (write_now(taken, buf, len))
		len = 0;
	vhost_add_used(vq, taken->chain.head, len);
}

/* One buffer: an event if it can hold one. Return: false if there is no buffer. */
static bool deliver_event(struct vhost_virtqueue *vq)
{
	struct ava_event_item *item;
	struct ava_taken taken;
	int ret;

	ret = take_chain(vq, &taken);
	if (ret < 0)
		log_bad_ring(vq, ret);
	if (ret <= 0)
		return false;
	item = event_buffer_ok(&taken) ? pop_event(vhost_of(vq)->vm) : NULL;
	if (item) {
		write_event(vq, &taken, item);
		ava_context_event_gone(item);
		return true;
	}
	if (!event_buffer_ok(&taken)) {
		ava_vm_log(vhost_of(vq)->vm, "event buffer of %zu bytes, expected at least %zu\n",
			   taken.chain.writable,
			   sizeof(struct virtio_ava_event) + VIRTIO_AVA_MAX_EVENT);
		vhost_add_used(vq, taken.chain.head, 0);
		return true;
	}
	/* A close took the event back meanwhile; the buffer is for the next one. */
	vhost_discard_vq_desc(vq, 1);
	return false;
}

/* Return: whether there may be more. */
static bool deliver_events(struct ava_vhost *vhost)
{
	struct vhost_virtqueue *vq = &vhost->vqs[VIRTIO_AVA_VQ_EVENT];
	unsigned long end = jiffies + AVA_VHOST_TICKS;
	bool more = false;
	int count = 0;

	mutex_lock(&vq->mutex);
	if (vhost_vq_get_backend(vq) && vq_meta_prefetch(vq)) {
		vhost_disable_notify(&vhost->dev, vq);
		while (!more && has_event(vhost->vm) && deliver_event(vq))
			more = ++count == AVA_VHOST_BATCH || is_late(end);
	}
	if (count)
		vhost_signal(&vhost->dev, vq);
	mutex_unlock(&vq->mutex);
	return more;
}

static void event_kick(struct vhost_work *work)
{
	struct vhost_virtqueue *vq = container_of(work, struct vhost_virtqueue, poll.work);
	struct ava_vhost *vhost = vhost_of(vq);

	if (deliver_events(vhost))
		vhost_poll_queue(&vq->poll);
}

/* Calls before control answers: a CLOSE is answered after its context's calls. */
static void out_work(struct vhost_work *work)
{
	struct ava_vhost *vhost = container_of(work, struct ava_vhost, out);
	bool more;

	more = answer_calls(vhost);
	more |= answer_ctrls(vhost);
	more |= deliver_events(vhost);
	if (more)
		ava_vhost_work_queue(&vhost->vqs[VIRTIO_AVA_VQ_SUBMIT], &vhost->out);
}

/* ---- set-up ---------------------------------------------------------------------- */

void ava_queues_init(struct ava_vhost *vhost)
{
	static const vhost_work_fn_t kicks[VIRTIO_AVA_VQ_COUNT] = {
		[VIRTIO_AVA_VQ_CONTROL]	= control_kick,
		[VIRTIO_AVA_VQ_EVENT]	= event_kick,
		[VIRTIO_AVA_VQ_SUBMIT]	= submit_kick,
	};
	int i;

	vhost_work_init(&vhost->out, out_work);
	for (i = 0; i < VIRTIO_AVA_VQ_COUNT; i++) {
		vhost->vqs[i].handle_kick = kicks[i];
		vhost->vq_ptrs[i] = &vhost->vqs[i];
	}
	vhost_dev_init(&vhost->dev, vhost->vq_ptrs, VIRTIO_AVA_VQ_COUNT, UIO_MAXIOV,
		       AVA_VHOST_PKT_WEIGHT, AVA_VHOST_BYTE_WEIGHT, true, NULL);
}
