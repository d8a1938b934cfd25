// SPDX-License-Identifier: GPL-2.0
/*
 * vm.c - a virtual machine: its identity, its quotas, and what waits for its rings
 *
 * Answers and events queue here under out_lock; the vhost worker takes them. Once
 * a VM is not live, nothing is queued and the worker is not kicked any more.
 */
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "ava_host.h"

static DEFINE_MUTEX(ava_vm_mutex);
static DEFINE_HASHTABLE(ava_vm_hash, 6);	/* by guest id, under ava_vm_mutex */

struct ava_vm *ava_vm_create(struct ava_vhost *vhost)
{
	struct ava_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);

	if (!vm)
		return NULL;
	kref_init(&vm->ref);
	vm->vhost = vhost;
	vm->next_ctx = 1;
	xa_init_flags(&vm->contexts, XA_FLAGS_ALLOC1);
	init_waitqueue_head(&vm->drained);
	spin_lock_init(&vm->out_lock);
	INIT_LIST_HEAD(&vm->done);
	INIT_LIST_HEAD(&vm->ctrls);
	INIT_LIST_HEAD(&vm->events);
	ratelimit_state_init(&vm->log, 5 * HZ, 10);
	/* How many lines were left out is said once, when the VM goes. */
	ratelimit_set_flags(&vm->log, RATELIMIT_MSG_ON_RELEASE);
	vm->live = true;
	return vm;
}

void ava_vm_get(struct ava_vm *vm)
{
	kref_get(&vm->ref);
}

static void vm_release(struct kref *ref)
{
	struct ava_vm *vm = container_of(ref, struct ava_vm, ref);

	xa_destroy(&vm->contexts);
	ratelimit_state_exit(&vm->log);
	kfree(vm);
}

void ava_vm_put(struct ava_vm *vm)
{
	kref_put(&vm->ref, vm_release);
}

static bool guest_id_taken(u64 guest_id)
{
	struct ava_vm *vm;

	lockdep_assert_held(&ava_vm_mutex);
	hash_for_each_possible(ava_vm_hash, vm, hash, guest_id)
		if (vm->guest_id == guest_id)
			return true;
	return false;
}

int ava_vm_set_guest_id(struct ava_vm *vm, u64 guest_id)
{
	int ret = 0;

	if (!guest_id)
		return -EINVAL;
	mutex_lock(&ava_vm_mutex);
	if (vm->guest_id) {
		ret = -EBUSY;
	} else if (guest_id_taken(guest_id)) {
		ret = -EADDRINUSE;
	} else {
		vm->guest_id = guest_id;
		hash_add(ava_vm_hash, &vm->hash, guest_id);
	}
	mutex_unlock(&ava_vm_mutex);
	return ret;
}

bool ava_vm_has_guest_id(struct ava_vm *vm)
{
	bool has;

	mutex_lock(&ava_vm_mutex);
	has = vm->guest_id;
	mutex_unlock(&ava_vm_mutex);
	return has;
}

/* The number stays, since contexts that outlive the VM print it. */
void ava_vm_forget_guest_id(struct ava_vm *vm)
{
	mutex_lock(&ava_vm_mutex);
	if (vm->guest_id)
		hash_del(&vm->hash);
	mutex_unlock(&ava_vm_mutex);
}

/* ---- quotas --------------------------------------------------------------- */

/**
 * ava_vm_charge_call() - account for a call before memory is spent on it
 * @vm: the VM
 * @bytes: kernel memory
 *
 * Only the submit queue's handler charges, so check and add need not be one step.
 * Return: VIRTIO_AVA_S_OK or VIRTIO_AVA_S_QUOTA.
 */
u32 ava_vm_charge_call(struct ava_vm *vm, size_t bytes)
{
	if (atomic_read(&vm->calls) >= READ_ONCE(ava_param_max_calls) ||
	    atomic64_read(&vm->call_bytes) + bytes > READ_ONCE(ava_param_max_call_bytes))
		return VIRTIO_AVA_S_QUOTA;
	atomic_inc(&vm->calls);
	atomic64_add(bytes, &vm->call_bytes);
	atomic64_inc(&ava_stats.calls);
	return VIRTIO_AVA_S_OK;
}

/* Caller has a reference beside the call's, for the wake-up. */
void ava_vm_uncharge_call(struct ava_vm *vm, size_t bytes)
{
	atomic64_dec(&ava_stats.calls);
	atomic64_sub(bytes, &vm->call_bytes);
	if (atomic_dec_and_test(&vm->calls))
		wake_up_all(&vm->drained);
}

/* ---- what waits for the guest's rings --------------------------------------- */

/* Return: whether the VM was live and the entry is its own now. */
static bool post(struct ava_vm *vm, struct list_head *node, struct list_head *queue)
{
	bool live;

	spin_lock(&vm->out_lock);
	live = vm->live;
	if (live) {
		list_add_tail(node, queue);
		ava_vhost_kick(vm->vhost);
	}
	spin_unlock(&vm->out_lock);
	return live;
}

void ava_vm_post_call(struct ava_vm *vm, struct ava_host_call *call)
{
	if (!post(vm, &call->node, &vm->done))
		ava_call_free(call);
}

void ava_vm_post_ctrl(struct ava_vm *vm, struct ava_ctrl *ctrl, u32 status)
{
	ctrl->resp.status = cpu_to_le32(status);
	if (!post(vm, &ctrl->node, &vm->ctrls))
		kfree(ctrl);
}

bool ava_vm_post_event(struct ava_vm *vm, struct ava_event_item *item)
{
	return post(vm, &item->node, &vm->events);
}

static void free_calls(struct list_head *calls)
{
	struct ava_host_call *call, *next;

	list_for_each_entry_safe(call, next, calls, node)
		ava_call_free(call);
}

static void free_ctrls(struct list_head *ctrls)
{
	struct ava_ctrl *ctrl, *next;

	list_for_each_entry_safe(ctrl, next, ctrls, node)
		kfree(ctrl);
}

static void free_events(struct list_head *events)
{
	struct ava_event_item *item, *next;

	list_for_each_entry_safe(item, next, events, node)
		ava_context_event_gone(item);
}

/* ava_vm_drop_events() - a closed context's events are of no use to anyone */
void ava_vm_drop_events(struct ava_vm *vm, struct ava_context *ctx)
{
	struct ava_event_item *item, *next;
	LIST_HEAD(events);

	spin_lock(&vm->out_lock);
	list_for_each_entry_safe(item, next, &vm->events, node)
		if (item->ctx == ctx)
			list_move_tail(&item->node, &events);
	spin_unlock(&vm->out_lock);
	free_events(&events);
}

static void silence(struct ava_vm *vm)
{
	LIST_HEAD(calls);
	LIST_HEAD(ctrls);
	LIST_HEAD(events);

	spin_lock(&vm->out_lock);
	vm->live = false;
	list_splice_init(&vm->done, &calls);
	list_splice_init(&vm->ctrls, &ctrls);
	list_splice_init(&vm->events, &events);
	spin_unlock(&vm->out_lock);
	free_calls(&calls);
	free_ctrls(&ctrls);
	free_events(&events);
}

/**
 * ava_vm_drain() - close every context and wait until no call is held
 * @vm: its queues are stopped, so nothing new comes
 *
 * Answers nobody. The wait is for bulk copies alone, each at most a chunk.
 */
void ava_vm_drain(struct ava_vm *vm)
{
	struct ava_context *ctx;

	silence(vm);
	while ((ctx = ava_context_first(vm))) {
		ava_context_close(ctx, NULL);
		ava_context_put(ctx);
	}
	wait_event(vm->drained, !atomic_read(&vm->calls));
}

/* ava_vm_revive() - after a drain, take requests again */
void ava_vm_revive(struct ava_vm *vm)
{
	spin_lock(&vm->out_lock);
	vm->live = true;
	spin_unlock(&vm->out_lock);
}
