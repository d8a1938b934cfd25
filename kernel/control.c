// SPDX-License-Identifier: GPL-2.0
/*
 * control.c - the control queue's requests
 *
 * Runs in the vhost worker. Every request is answered through the VM's queue:
 * most at once, an OPEN when a server attached or will not, a CLOSE when the
 * context's calls are answered.
 */
#include "ava_host.h"

static void control_open(struct ava_vm *vm, const struct ava_ctrl_req *req,
			 struct ava_ctrl *ctrl)
{
	u32 status = ava_context_open(vm, &req->api, ctrl);

	if (status)
		ava_vm_post_ctrl(vm, ctrl, status);
}

static void control_named(struct ava_vm *vm, const struct ava_ctrl_req *req,
			  struct ava_ctrl *ctrl)
{
	struct ava_context *ctx = ava_context_find(vm, req->ctx);
	u32 status;

	if (!ctx) {
		ava_vm_post_ctrl(vm, ctrl, VIRTIO_AVA_S_NO_CONTEXT);
		return;
	}
	switch (req->cmd) {
	case VIRTIO_AVA_CTRL_CLOSE:
		ava_context_close(ctx, ctrl);
		break;
	case VIRTIO_AVA_CTRL_STREAM_OPEN:
		status = ava_context_stream_open(ctx, req->stream);
		ava_vm_post_ctrl(vm, ctrl, status);
		break;
	case VIRTIO_AVA_CTRL_STREAM_CLOSE:
		status = ava_context_stream_close(ctx, req->stream);
		ava_vm_post_ctrl(vm, ctrl, status);
		break;
	}
	ava_context_put(ctx);
}

/**
 * ava_control() - handle a control request
 * @vm: whose
 * @wire: kernel's copy of the readable part
 * @readable: bytes that the chain had
 * @ctrl: the answer to be; passes to whoever will give it
 */
void ava_control(struct ava_vm *vm, const struct virtio_ava_ctrl *wire,
		 size_t readable, struct ava_ctrl *ctrl)
{
	struct ava_ctrl_req req;
	const char *expected;

	expected = ava_proto_ctrl(wire, readable, &req);
	if (expected) {
		ava_vm_log(vm, "control request refused: expected %s\n", expected);
		ava_vm_post_ctrl(vm, ctrl, VIRTIO_AVA_S_BAD_REQUEST);
		return;
	}
	if (req.cmd == VIRTIO_AVA_CTRL_OPEN)
		control_open(vm, &req, ctrl);
	else
		control_named(vm, &req, ctrl);
}
