/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ring_guest.h - the guest's driver played over a ring_vm: control requests and calls
 *
 * Sending and waiting are apart, so that one thread can play guest and server.
 */
#ifndef RING_GUEST_H
#define RING_GUEST_H

#include "ring.h"

struct ring_ctrl {
	int head;
	uint64_t resp;		/* guest address of the response */
};

/* A control request with only the fields that @cmd uses. */
struct virtio_ava_ctrl ring_ctrl_open(const char *name, uint32_t major, uint32_t minor,
				      uint8_t hash);
struct virtio_ava_ctrl ring_ctrl_of(uint32_t cmd, uint32_t ctx, uint32_t stream);

int ring_ctrl_send(struct ring_vm *vm, const struct virtio_ava_ctrl *req,
		   struct ring_ctrl *out);
/* The response's status, or -errno of the ring; @resp may be NULL. */
int ring_ctrl_wait(struct ring_vm *vm, struct ring_ctrl *ctrl,
		   struct virtio_ava_ctrl_resp *resp);
int ring_ctrl(struct ring_vm *vm, const struct virtio_ava_ctrl *req,
	      struct virtio_ava_ctrl_resp *resp);

struct ring_seg {
	uint64_t len;
	uint32_t flags;
	uint32_t run_count;
	const struct virtio_ava_run *runs;
};

/**
 * struct ring_call - one call, by default laid out as the wire demands
 * @hdr: the header as sent; ring_call_init() fills it, a test may spoil it
 * @indirect: put the chain into an indirect table
 * @pieces: split the readable part into this many descriptors (0: one)
 * @readable: (out) guest address of the readable part, @size bytes: between
 *	ring_call_queue() and ring_kick() a test may spoil it
 * @writable: (out) guest address of the writable part
 * @reply: (out) copy of the reply's header
 * @data: (out) the inline reply in guest memory
 * @used: (out) length of the used entry
 */
struct ring_call {
	struct virtio_ava_call hdr;
	const void *args;
	uint32_t args_len;
	const struct ring_seg *segs;
	bool indirect;
	unsigned int pieces;
	int head;
	uint64_t readable;
	size_t size;
	uint64_t writable;
	struct virtio_ava_reply reply;
	const void *data;
	uint32_t used;
};

void ring_call_init(struct ring_call *call, uint32_t ctx, uint32_t stream, uint64_t seq,
		    uint32_t func);
void ring_call_args(struct ring_call *call, const void *args, uint32_t len,
		    uint32_t reply_cap);
void ring_call_segs(struct ring_call *call, const struct ring_seg *segs,
		    unsigned int count);
/* Adds without telling the host; ring_kick(vm, VIRTIO_AVA_VQ_SUBMIT) follows. */
int ring_call_queue(struct ring_vm *vm, struct ring_call *call);
int ring_call_send(struct ring_vm *vm, struct ring_call *call);
/* VIRTIO_AVA_S_* of the reply, or -errno of the ring; an empty used entry is OK. */
int ring_call_wait(struct ring_vm *vm, struct ring_call *call);
int ring_call_do(struct ring_vm *vm, struct ring_call *call);

/* Posts a buffer for an event; then waits for the host to fill it. */
int ring_event_post(struct ring_vm *vm, struct ring_ctrl *out);
int ring_event_wait(struct ring_vm *vm, struct ring_ctrl *ev,
		    struct virtio_ava_event *out, void *payload, size_t cap);

#endif /* RING_GUEST_H */
