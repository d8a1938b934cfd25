// SPDX-License-Identifier: Apache-2.0
/*
 * command.c - the enqueue functions, and what a command does when its turn comes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const char *command_name(const struct sim_command *cmd)
{
	switch (cmd->event->command) {
	case SIM_COMMAND_WRITE:
		return "write";
	case SIM_COMMAND_READ:
		return "read";
	case SIM_COMMAND_COPY:
		return "copy";
	}
	/* without arguments it is not known what would have run */
	return cmd->builtin ? cmd->builtin->name : "launch";
}

void sim_command_notify(const struct sim_command *cmd, sim_status status)
{
	const struct sim_context_s *context = cmd->event->context;
	size_t size = cmd->builtin ? cmd->builtin->dims * sizeof(cmd->items[0]) : 0;
	char text[80];

	if (!context->notify)
		return;
	snprintf(text, sizeof(text), "%s on %s: %s", command_name(cmd),
		 cmd->event->queue->device->name, sim_status_text(status));
	context->notify(text, size ? cmd->items : NULL, size, context->userdata);
}

void sim_command_run(struct sim_command *cmd)
{
	if (cmd->event->command != SIM_COMMAND_LAUNCH)
		memmove(cmd->to, cmd->from, cmd->size);
	else if (!cmd->fails)
		cmd->builtin->run(cmd->items, cmd->args);
}

void sim_command_put(struct sim_command *cmd)
{
	if (cmd->builtin)
		sim_kernel_args_put(cmd->builtin, cmd->args);
	for (uint32_t i = 0; i < cmd->wait_count; i++)
		sim_unuse(cmd->waits[i]);
	free(cmd->waits);
	sim_unuse(cmd->buffers[0]);
	sim_unuse(cmd->buffers[1]);
}

/* The first thing that is wrong with a command is what it ends with. */
static void refuse(struct sim_command *cmd, sim_status status)
{
	if (!cmd->status)
		cmd->status = status;
}

static sim_status check_waits(uint32_t waits, const sim_event *wait_list)
{
	for (uint32_t i = 0; wait_list && i < waits; i++)
		if (!sim_is(wait_list[i], SIM_TYPE_EVENT))
			return SIM_INVALID_WAIT_LIST;
	return SIM_OK;
}

/* Take the wait list over; NULL without memory. */
static struct sim_command *command_new(struct sim_queue_s *queue, uint32_t what, uint32_t waits,
				       const sim_event *wait_list)
{
	struct sim_command *cmd = calloc(1, sizeof(*cmd));

	if (!cmd)
		return NULL;
	cmd->event = sim_event_new(queue->context, queue, what);
	cmd->waits = calloc(waits ? waits : 1, sizeof(cmd->waits[0]));
	if (!cmd->event || !cmd->waits) {
		sim_unuse(cmd->event);
		free(cmd->waits);
		free(cmd);
		return NULL;
	}
	if (!waits != !wait_list)
		refuse(cmd, SIM_INVALID_WAIT_LIST);
	for (uint32_t i = 0; wait_list && i < waits; i++) {
		cmd->waits[cmd->wait_count++] = sim_use(wait_list[i]);
		if (wait_list[i]->context != queue->context)
			refuse(cmd, SIM_INVALID_WAIT_LIST);
	}
	return cmd;
}

/* One range of a transfer; where it starts, or NULL if it is not in the buffer. */
static uint8_t *use_range(struct sim_command *cmd, uint32_t slot, struct sim_buffer_s *buffer,
			  uint64_t offset, uint64_t size)
{
	const struct sim_queue_s *queue = cmd->event->queue;

	cmd->buffers[slot] = sim_use(buffer);
	if (buffer->context != queue->context || buffer->device != queue->device)
		refuse(cmd, SIM_INVALID_BUFFER);
	else if (offset > buffer->size || size > buffer->size - offset)
		refuse(cmd, SIM_INVALID_SIZE);
	return buffer->bytes + (cmd->status ? 0 : offset);
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
	return a / b + !!(a % b);
}

/* As the text at the top of simacc.h says. */
static uint64_t command_cost(const struct sim_command *cmd)
{
	const struct sim_device_s *device = cmd->event->queue->device;
	uint64_t ops;

	switch (cmd->event->command) {
	case SIM_COMMAND_LAUNCH:
		ops = sim_mul(cmd->items[0], cmd->builtin->work(cmd->args));
		if (cmd->builtin->dims > 1)
			ops = sim_mul(ops, cmd->items[1]);
		return 2 * device->command_ns + divide_up(ops, device->ops_per_ns);
	case SIM_COMMAND_COPY:
		return device->command_ns + divide_up(cmd->size, 4 * device->bytes_per_ns);
	}
	return device->command_ns + divide_up(cmd->size, device->bytes_per_ns);
}

/* The end of every enqueue function: from here on the command is the queue's. */
static sim_status enqueue(struct sim_queue_s *queue, struct sim_command *cmd, int blocking,
			  sim_event *event)
{
	struct sim_event_s *e = cmd->event;
	sim_status status = SIM_OK;

	if (!cmd->status)
		cmd->fails = sim_device_command(queue->device, cmd->builtin);
	if (cmd->fails == SIM_DEVICE_LOST)
		refuse(cmd, SIM_DEVICE_LOST);
	if (!cmd->status)
		e->cost = command_cost(cmd);
	/* the program's reference, which is let go again if it wants none */
	sim_use(e);
	sim_queue_add(queue, cmd);
	if (blocking)
		status = sim_event_wait(e);
	if (event)
		*event = e;
	else
		sim_release(e, SIM_TYPE_EVENT, SIM_OK);
	return status;
}

static sim_status check_transfer(struct sim_queue_s *queue, struct sim_buffer_s *buffer,
				 uint32_t waits, const sim_event *wait_list)
{
	if (!sim_is(queue, SIM_TYPE_QUEUE))
		return SIM_INVALID_QUEUE;
	if (!sim_is(buffer, SIM_TYPE_BUFFER))
		return SIM_INVALID_BUFFER;
	return check_waits(waits, wait_list);
}

sim_status sim_enqueue_write(sim_queue queue, sim_buffer buffer, int blocking, size_t offset,
			     size_t size, const void *bytes, uint32_t waits,
			     const sim_event *wait_list, sim_event *event)
{
	sim_status ret = check_transfer(queue, buffer, waits, wait_list);
	struct sim_command *cmd;

	if (ret)
		return ret;
	cmd = command_new(queue, SIM_COMMAND_WRITE, waits, wait_list);
	if (!cmd)
		return SIM_OUT_OF_MEMORY;
	if (!bytes)
		refuse(cmd, SIM_INVALID_VALUE);
	cmd->to = use_range(cmd, 0, buffer, offset, size);
	cmd->from = bytes;
	cmd->size = size;
	return enqueue(queue, cmd, blocking, event);
}

sim_status sim_enqueue_read(sim_queue queue, sim_buffer buffer, int blocking, size_t offset,
			    size_t size, void *bytes, uint32_t waits, const sim_event *wait_list,
			    sim_event *event)
{
	sim_status ret = check_transfer(queue, buffer, waits, wait_list);
	struct sim_command *cmd;

	if (ret)
		return ret;
	cmd = command_new(queue, SIM_COMMAND_READ, waits, wait_list);
	if (!cmd)
		return SIM_OUT_OF_MEMORY;
	if (!bytes)
		refuse(cmd, SIM_INVALID_VALUE);
	cmd->from = use_range(cmd, 0, buffer, offset, size);
	cmd->to = bytes;
	cmd->size = size;
	return enqueue(queue, cmd, blocking, event);
}

sim_status sim_enqueue_copy(sim_queue queue, const struct sim_copy *copy, uint32_t waits,
			    const sim_event *wait_list, sim_event *event)
{
	sim_status ret = check_transfer(queue, copy ? copy->from : NULL, waits, wait_list);
	struct sim_command *cmd;

	if (ret)
		return ret;
	if (!sim_is(copy->to, SIM_TYPE_BUFFER))
		return SIM_INVALID_BUFFER;
	cmd = command_new(queue, SIM_COMMAND_COPY, waits, wait_list);
	if (!cmd)
		return SIM_OUT_OF_MEMORY;
	cmd->from = use_range(cmd, 0, copy->from, copy->from_offset, copy->size);
	cmd->to = use_range(cmd, 1, copy->to, copy->to_offset, copy->size);
	cmd->size = copy->size;
	return enqueue(queue, cmd, 0, event);
}

/* The kernel's arguments and the launch; leaves @builtin NULL if there are none. */
static void take_launch(struct sim_command *cmd, struct sim_kernel_s *kernel,
			const struct sim_launch *launch)
{
	const struct sim_builtin *b = kernel->builtin;
	sim_status ret = sim_kernel_args(kernel, cmd->args);

	if (ret) {
		refuse(cmd, ret);
		return;
	}
	cmd->builtin = b;
	if (kernel->context != cmd->event->context)
		refuse(cmd, SIM_INVALID_KERNEL);
	if (!launch || launch->dims != b->dims || launch->flags || !launch->items) {
		refuse(cmd, SIM_INVALID_VALUE);
		return;
	}
	memcpy(cmd->items, launch->items, b->dims * sizeof(cmd->items[0]));
	for (uint32_t i = 0; b->args[i] == SIM_ARG_IN || b->args[i] == SIM_ARG_OUT; i++) {
		if (cmd->args[i].buffer->device != cmd->event->queue->device)
			refuse(cmd, SIM_INVALID_BUFFER);
		if (b->need(cmd->items, cmd->args, i) > cmd->args[i].buffer->size)
			refuse(cmd, SIM_INVALID_SIZE);
	}
}

sim_status sim_enqueue_launch(sim_queue queue, sim_kernel kernel, const struct sim_launch *launch,
			      uint32_t waits, const sim_event *wait_list, sim_event *event)
{
	struct sim_command *cmd;
	sim_status ret;

	if (!sim_is(queue, SIM_TYPE_QUEUE))
		return SIM_INVALID_QUEUE;
	if (!sim_is(kernel, SIM_TYPE_KERNEL))
		return SIM_INVALID_KERNEL;
	ret = check_waits(waits, wait_list);
	if (ret)
		return ret;
	cmd = command_new(queue, SIM_COMMAND_LAUNCH, waits, wait_list);
	if (!cmd)
		return SIM_OUT_OF_MEMORY;
	take_launch(cmd, kernel, launch);
	return enqueue(queue, cmd, 0, event);
}
