/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ava_host.h - the objects of the host module, their locks and lifetimes
 *
 * Lock order, outermost first; a lock is taken only under those above it:
 *
 *	vhost_dev.mutex		ioctls of one VM
 *	ava_vm_mutex		guest ids; nothing is taken under it
 *	ava_vhost.mem_lock	memory table still (read) or changing (write)
 *	vhost_virtqueue.mutex	one ring
 *	ava_manager.lock	spin: the manager and the contexts that wait for it
 *	ava_context.lock	spin: one context
 *	ava_stream.lock		spin: one stream, its ring and its calls' lives
 *	ava_sched.lock		spin: ready streams
 *	ava_vm.out_lock		spin: what waits to be written into guest rings
 *
 * mmap_lock is taken under mem_lock and under virtqueue mutexes (page faults).
 * Spinlocks are taken in process context only and never nest with one of their
 * own kind. ava_vm.contexts and ava_context.streams have the locks of their xarrays,
 * which nest inside everything.
 */
#ifndef AVA_HOST_H
#define AVA_HOST_H

#ifdef pr_fmt
#undef pr_fmt
#endif
#define pr_fmt(fmt) "ava_host: " fmt

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/pid.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <linux/ava_server.h>
#include <linux/virtio_ava.h>

#include "arena.h"
#include "call.h"
#include "compat.h"
#include "functable.h"
#include "proto.h"
#include "ring.h"
#include "runs.h"
#include "sched.h"

struct mm_struct;
struct vhost_iotlb;

struct ava_vhost;
struct ava_context;
struct ava_host_stream;

extern struct workqueue_struct *ava_wq;

/* ---- what a chain was ---------------------------------------------------- */

/**
 * struct ava_room - guest memory for an answer
 * @addr: guest-physical address, because a memory table may change until then
 * @len: bytes
 */
struct ava_room {
	u64 addr;
	u64 len;
};

/**
 * struct ava_chain - a descriptor chain while its kick is handled
 * @head: index of its head
 * @from: readable bytes, at the first not yet read
 * @readable: how many there were
 * @rooms: writable parts; valid while the kick is handled
 * @room_count: how many
 * @writable: their bytes
 * @seg_scratch: room for the wire's segments, the queue's own
 */
struct ava_chain {
	u16 head;
	struct iov_iter *from;
	size_t readable;
	const struct ava_room *rooms;
	u32 room_count;
	size_t writable;
	struct virtio_ava_seg *seg_scratch;
};

/**
 * struct ava_ctrl - a control request that is answered later
 * @node: in ava_vm.ctrls once answered
 * @resp: the answer
 * @head: index of its chain's head
 * @room_count: of @rooms
 * @rooms: where the answer goes
 *
 * Owned by whoever will answer it: the handler, then a context that opens or
 * closes, then the VM's queue.
 */
struct ava_ctrl {
	struct list_head node;
	struct virtio_ava_ctrl_resp resp;
	u16 head;
	u32 room_count;
	struct ava_room rooms[];
};

/**
 * struct ava_event_item - an event that the guest has not taken
 * @node: in ava_vm.events
 * @ctx: its context; a reference while queued
 * @wire: the event
 * @payload: its bytes
 */
struct ava_event_item {
	struct list_head node;
	struct ava_context *ctx;
	struct virtio_ava_event wire;
	u8 payload[];
};

/* ---- VM ------------------------------------------------------------------- */

/**
 * struct ava_vm - one open of /dev/vhost-ava
 * @ref: the vhost file's and one per context; the last context to go after the
 *	VM, or the file, frees it
 * @guest_id: the operator's name for it, 0 until set; under ava_vm_mutex until
 *	the VM runs, constant then
 * @hash: in the table of guest ids
 * @vhost: valid while @live or while a call is held
 * @contexts: by the guest's context id; an entry is a reference
 * @next_ctx: keeps ids from being reused soon
 * @context_count: entries of @contexts, to bound them
 * @context_held: contexts not yet freed, so also those that a server still holds
 * @calls: calls held, to bound them and to know when none is left
 * @call_bytes: kernel memory that they hold
 * @drained: woken when @calls becomes 0
 * @out_lock: protects @live, @done, @ctrls, @events
 * @live: answers may be queued and the worker kicked
 * @done: calls to answer
 * @ctrls: control requests to answer
 * @events: events to deliver
 * @log: limits the lines that this VM can cause
 */
struct ava_vm {
	struct kref ref;
	u64 guest_id;
	struct hlist_node hash;
	struct ava_vhost *vhost;

	struct xarray contexts;
	u32 next_ctx;
	atomic_t context_count;
	atomic_t context_held;

	atomic_t calls;
	atomic64_t call_bytes;
	wait_queue_head_t drained;

	spinlock_t out_lock;	/* see above: what waits for the rings */
	bool live;
	struct list_head done;
	struct list_head ctrls;
	struct list_head events;

	struct ratelimit_state log;
};

#define ava_vm_log(vm, fmt, ...)					\
	do {								\
		struct ava_vm *_vm = (vm);				\
									\
		if (__ratelimit(&_vm->log))				\
			pr_warn("vm %llu: " fmt, _vm->guest_id,		\
				##__VA_ARGS__);				\
	} while (0)

struct ava_vm *ava_vm_create(struct ava_vhost *vhost);
void ava_vm_get(struct ava_vm *vm);
void ava_vm_put(struct ava_vm *vm);
int ava_vm_set_guest_id(struct ava_vm *vm, u64 guest_id);
bool ava_vm_has_guest_id(struct ava_vm *vm);
void ava_vm_forget_guest_id(struct ava_vm *vm);
void ava_vm_drain(struct ava_vm *vm);
void ava_vm_revive(struct ava_vm *vm);

u32 ava_vm_charge_call(struct ava_vm *vm, size_t bytes);
void ava_vm_uncharge_call(struct ava_vm *vm, size_t bytes);

struct ava_host_call;

void ava_vm_post_call(struct ava_vm *vm, struct ava_host_call *call);
void ava_vm_post_ctrl(struct ava_vm *vm, struct ava_ctrl *ctrl, u32 status);
bool ava_vm_post_event(struct ava_vm *vm, struct ava_event_item *item);
void ava_vm_drop_events(struct ava_vm *vm, struct ava_context *ctx);

/* ---- context -------------------------------------------------------------- */

enum ava_context_state {
	AVA_CONTEXT_WAITING,	/* for a manager to accept it */
	AVA_CONTEXT_ACCEPTED,	/* for a server to attach */
	AVA_CONTEXT_ATTACHED,
	AVA_CONTEXT_LOST,	/* the server is gone, the guest has not closed */
	AVA_CONTEXT_CLOSED,	/* the guest is gone or was refused */
};

/**
 * struct ava_context - one open of /dev/ava in a guest
 * @ref: the VM's table until the guest closes, the manager's list, the context's
 *	file, each stream, each pending delayed work, each queued event; the last
 *	of them frees it
 * @vm: a reference
 * @number: unique since the module was loaded
 * @id: the guest's name for it
 * @api: what the guest asked for
 * @limits: of its calls
 * @table: the server's, constant from ATTACHED on
 * @waiting: in the manager's list, under its lock
 * @error: sticky: a request was malformed; lockless, set once
 * @lock: protects what follows
 * @state: AVA_CONTEXT_*
 * @open: the OPEN to answer, until it is
 * @close: the CLOSE to answer when @calls becomes 0
 * @calls: calls not yet answered
 * @events: queued events
 * @files: context file and stream files that some process holds
 * @server: process to kill if it does not let go
 * @fresh: streams for the server to accept
 * @wq: woken when @fresh or @state changes
 * @streams: by slot; an entry is a reference
 * @open_timeout: refuses when no server attached in time
 * @grace: kills the server if it did not let go in time
 * @lost: preallocated, so that its event cannot be dropped
 */
struct ava_context {
	struct kref ref;
	struct ava_vm *vm;
	u64 number;
	u32 id;
	struct ava_api_id api;
	struct ava_limits limits;
	struct ava_functable *table;
	struct list_head waiting;
	bool error;

	spinlock_t lock;	/* all below; see @lock */
	enum ava_context_state state;
	struct ava_ctrl *open;
	struct ava_ctrl *close;
	u32 calls;
	u32 events;
	u32 files;
	struct pid *server;
	struct list_head fresh;
	wait_queue_head_t wq;

	struct xarray streams;
	struct delayed_work open_timeout;
	struct delayed_work grace;
	struct ava_event_item *lost;
};

u32 ava_context_open(struct ava_vm *vm, const struct ava_api_id *api,
		     struct ava_ctrl *ctrl);
void ava_context_close(struct ava_context *ctx, struct ava_ctrl *ctrl);
struct ava_context *ava_context_find(struct ava_vm *vm, u32 id);
struct ava_context *ava_context_first(struct ava_vm *vm);
void ava_context_get(struct ava_context *ctx);
void ava_context_put(struct ava_context *ctx);
u32 ava_context_status(struct ava_context *ctx);
void ava_context_fail(struct ava_context *ctx, const char *expected);
bool ava_context_accept(struct ava_context *ctx);
int ava_context_refuse(struct ava_context *ctx, u32 status);
int ava_context_attach(struct ava_context *ctx, struct ava_functable *table);
void ava_context_lose(struct ava_context *ctx, const char *why);
int ava_context_event(struct ava_context *ctx, u64 cookie, const void __user *data,
		      u32 len);
void ava_context_event_gone(struct ava_event_item *item);
void ava_context_file_opened(struct ava_context *ctx);
void ava_context_file_closed(struct ava_context *ctx);
void ava_context_call_added(struct ava_context *ctx);
void ava_context_call_gone(struct ava_context *ctx);
u32 ava_context_stream_open(struct ava_context *ctx, u32 slot);
u32 ava_context_stream_close(struct ava_context *ctx, u32 slot);

int ava_context_file_create(struct ava_context *ctx, struct file **file);

/* ---- call ----------------------------------------------------------------- */

/**
 * struct ava_host_call - a call from its kick to its answer
 * @node: in the stream's queue, or in ava_vm.done
 * @life: under the stream's lock
 * @stream: a reference
 * @req: its header
 * @size: kernel memory that it holds
 * @bulk: bytes of its segments
 * @tag: its name on the server's ring
 * @arena_end: what to free in the stream's arena
 * @reply_off: where the server writes the reply
 * @started: ktime of dispatch, ns
 * @fault: a run was not in guest memory
 * @status: VIRTIO_AVA_S_*, once it ended
 * @reply_len: bytes of reply in @io
 * @device_ns: as reported, clamped
 * @head: index of its chain's head
 * @room_count: of @rooms
 * @rooms: where the answer goes
 * @segs: its bulk segments
 * @io: inline arguments until dispatch, inline reply from completion on
 *
 * Owned by its stream until DONE, then by the VM's queue; no references.
 */
struct ava_host_call {
	struct list_head node;
	struct ava_call_life life;
	struct ava_host_stream *stream;
	struct ava_call_req req;
	size_t size;
	u64 bulk;
	u64 tag;
	u64 arena_end;
	u32 reply_off;
	u64 started;
	bool fault;
	u32 status;
	u32 reply_len;
	u64 device_ns;
	u16 head;
	u32 room_count;
	struct ava_room *rooms;
	struct ava_seg_runs *segs;
	void *io;
};

u32 ava_call_create(struct ava_host_stream *stream, const struct ava_call_req *req,
		    struct ava_chain *chain, struct ava_host_call **callp,
		    const char **expected);
void ava_call_free(struct ava_host_call *call);
void ava_call_reply(const struct ava_host_call *call, struct virtio_ava_reply *reply);
bool ava_call_interrupts(const struct ava_host_call *call);

/* ---- stream --------------------------------------------------------------- */

/**
 * struct ava_host_stream - one guest thread's calls, and the ring of the thread that serves it
 * @ref: the context's table until it is closed, the stream's file, each call, the
 *	scheduler while it is ready; the last of them frees it
 * @ctx: a reference
 * @slot: the guest's name for it
 * @entity: the scheduler's
 * @fresh: in the context's list, under its lock
 * @entering: bit 0 is set while a server thread is in ENTER
 * @lock: protects what follows, but for what ENTER owns
 * @ended: 0, or the VIRTIO_AVA_S_* that its calls now get
 * @next_seq: of the next call from the guest
 * @queue: calls to dispatch, oldest first
 * @layout: of the shared memory
 * @pages: the shared memory
 * @mem: where it is mapped; NULL until a server accepted the stream and after it let go
 * @arena: use of the memory's arena
 * @inflight: calls on the ring, by tag
 * @dispatched: tag of the newest
 * @completed: tag of the newest that is off the ring
 * @cq_head: completion entries taken; ENTER's own
 * @wq: woken when a call was dispatched or the stream ended
 */
struct ava_host_stream {
	struct kref ref;
	struct ava_context *ctx;
	u32 slot;
	struct ava_sched_entity entity;
	struct list_head fresh;
	unsigned long entering;

	spinlock_t lock;	/* all below but cq_head; see @lock */
	u32 ended;
	u64 next_seq;
	struct list_head queue;
	struct ava_ring_layout layout;
	struct page **pages;
	void *mem;
	struct ava_arena arena;
	struct ava_host_call **inflight;
	u64 dispatched;
	u64 completed;
	u32 cq_head;
	wait_queue_head_t wq;
};

struct ava_host_stream *ava_stream_create(struct ava_context *ctx, u32 slot);
void ava_stream_get(struct ava_host_stream *stream);
void ava_stream_put(struct ava_host_stream *stream);
int ava_stream_prepare(struct ava_host_stream *stream);
void ava_stream_abandon(struct ava_host_stream *stream);
bool ava_stream_take_seq(struct ava_host_stream *stream, u64 seq);
u32 ava_stream_queue(struct ava_host_stream *stream, struct ava_host_call *call);
bool ava_stream_dispatch(struct ava_host_stream *stream);
void ava_stream_end(struct ava_host_stream *stream, u32 status);
int ava_stream_complete(struct ava_host_stream *stream, u32 *completed);
int ava_stream_ready(struct ava_host_stream *stream);
int ava_stream_copy_begin(struct ava_host_stream *stream, u64 tag, struct ava_host_call **callp);
void ava_stream_copy_end(struct ava_host_stream *stream, struct ava_host_call *call, bool fault);

int ava_stream_file_create(struct ava_host_stream *stream, struct file **file);

/* ---- the rest ------------------------------------------------------------- */

#define AVA_PIN_PAGES		64u

/**
 * struct ava_pins - a chunk of guest memory, pinned
 * @count: pages
 * @pages: they
 * @off: first byte in each page
 * @len: bytes in each page
 */
struct ava_pins {
	u32 count;
	struct page *pages[AVA_PIN_PAGES];
	u16 off[AVA_PIN_PAGES];
	u32 len[AVA_PIN_PAGES];
};

int ava_vhost_pin(struct ava_vhost *vhost, struct ava_run_cursor *cur, u64 len,
		  bool write, struct ava_pins *pins);
int ava_pin_runs(struct vhost_iotlb *umem, struct mm_struct *mm,
		 struct ava_run_cursor *cur, u64 len, bool write,
		 struct ava_pins *pins);
void ava_unpin(struct ava_pins *pins, bool wrote);
void ava_vhost_kick(struct ava_vhost *vhost);
int ava_vhost_register(void);
void ava_vhost_unregister(void);

void ava_control(struct ava_vm *vm, const struct virtio_ava_ctrl *wire,
		 size_t readable, struct ava_ctrl *ctrl);
u32 ava_submit(struct ava_vm *vm, struct ava_chain *chain, u64 *seq);
int ava_bulk_copy(struct ava_host_stream *stream, struct ava_stream_copy *copy);

bool ava_server_offer(struct ava_context *ctx);
void ava_server_withdraw(struct ava_context *ctx);
int ava_server_register(void);
void ava_server_unregister(void);

/**
 * struct ava_stats - what is held right now, module-wide
 * @vms: opens of /dev/vhost-ava
 * @contexts: contexts that some side holds
 * @streams: likewise
 * @calls: calls taken from a ring and not answered
 * @bulk_bytes: bytes of their segments
 * @managers: 0 or 1
 */
struct ava_stats {
	atomic64_t vms;
	atomic64_t contexts;
	atomic64_t streams;
	atomic64_t calls;
	atomic64_t bulk_bytes;
	atomic64_t managers;
};

extern struct ava_stats ava_stats;
extern const struct attribute_group *ava_stats_groups[];

extern unsigned int ava_param_open_timeout_ms;
extern unsigned int ava_param_grace_ms;
extern unsigned int ava_param_max_contexts;
extern unsigned int ava_param_max_streams;
extern unsigned int ava_param_max_calls;
extern unsigned long ava_param_max_call_bytes;
extern unsigned long ava_param_max_bulk;

#endif /* AVA_HOST_H */
