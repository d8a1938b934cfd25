// SPDX-License-Identifier: Apache-2.0
/*
 * command.c - what all commands have in common, and the order between them
 */
#include "differ.h"

void cmd_open(struct world *w, struct cmd *c, struct obj *context, bool blocking)
{
	memset(c, 0, sizeof(*c));
	if (blocking)
		settle(w);
	c->queue = need_queue(w, context);
	c->q = c->queue->handle;
	c->blocking = blocking;
}

void cmd_touch(struct cmd *c, struct obj *mem)
{
	c->mem[c->mems++] = mem_root(mem);
}

static bool out_of_order(const struct obj *queue)
{
	return queue->props & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE;
}

static void add_wait(struct cmd *c, struct obj *event)
{
	for (cl_uint i = 0; i < c->count; i++)
		if (c->waits[i] == event)
			return;
	if (c->count == MAX_WAIT)
		return;
	c->waits[c->count] = event;
	c->list[c->count++] = event->handle;
	/* what waits for another queue may rely on nothing but a flush */
	if (event->queue && event->queue != c->queue && event->queue->refs)
		clFlush(event->queue->handle);
}

/* Wait for the commands that touch the same memory and would not be waited for. */
static void add_dependencies(struct cmd *c)
{
	for (unsigned int i = 0; i < c->mems; i++) {
		struct obj *last = c->mem[i]->last;

		if (last && !last->done &&
		    (last->queue != c->queue || out_of_order(c->queue)))
			add_wait(c, last);
	}
}

static void add_random_waits(struct world *w, struct cmd *c)
{
	unsigned int n = chance(w, 30) ? draw(w, 3) + 1 : 0;

	while (n--) {
		struct obj *event = obj_pick(w, K_EVENT, c->queue->context);

		if (event && !(c->blocking && event->user && !event->done))
			add_wait(c, event);
	}
}

static struct obj *foreign(struct world *w, enum kind kind, const struct obj *context)
{
	for (struct obj *o = w->all; o; o = o->next)
		if (o->kind == kind && o->refs && o->context != context)
			return o;
	return NULL;
}

/* The ways in which every command can be wrong. */
static void spoil(struct world *w, struct cmd *c, unsigned int wrong)
{
	static const char *const text[] = {
		"", "no-queue", "count-without-list", "list-without-count", "null-in-list",
		"foreign-event", "foreign-queue"
	};
	struct obj *other = NULL;

	say(w, " [%s]", text[wrong]);
	switch (wrong) {
	case 1:
		c->q = NULL;
		break;
	case 2:
		c->listp = NULL;
		c->count = c->count ? c->count : 1;
		break;
	case 3:
		c->listp = c->list;
		c->count = 0;
		break;
	case 4:
		if (c->count == MAX_WAIT)
			c->count--;
		c->list[c->count++] = NULL;
		c->listp = c->list;
		break;
	case 5:
		other = foreign(w, K_EVENT, c->queue->context);
		if (other && c->count < MAX_WAIT) {
			c->list[c->count++] = other->handle;
			c->listp = c->list;
		}
		say_obj(w, other);
		break;
	default:
		other = foreign(w, K_QUEUE, c->queue->context);
		if (other)
			c->q = other->handle;
		say_obj(w, other);
	}
}

void cmd_arm(struct world *w, struct cmd *c, unsigned int wrong)
{
	bool any_order = out_of_order(c->queue);

	if (!c->plain) {
		add_dependencies(c);
		add_random_waits(w, c);
	}
	c->listp = c->count ? c->list : NULL;
	/* without an event nobody could wait for it */
	c->eventp = c->mems || any_order || chance(w, 50) ? &c->event : NULL;
	say_obj(w, c->queue);
	for (cl_uint i = 0; i < c->count; i++)
		say(w, "%s event%u", i ? "" : " after", c->waits[i]->id);
	if (wrong >= 1 && wrong <= CMD_FAULTS)
		spoil(w, c, wrong);
}

static bool waits_for_gate(const struct cmd *c)
{
	for (cl_uint i = 0; i < c->count; i++)
		if (c->waits[i] && c->waits[i]->gated)
			return true;
	return false;
}

bool cmd_close(struct world *w, struct cmd *c, cl_int err)
{
	struct obj *queue = obj_find(w, K_QUEUE, c->q);

	if (err == CL_SUCCESS && c->eventp && c->event) {
		c->made = obj_add(w, K_EVENT, c->event, c->queue->context);
		c->made->queue = queue ? queue : c->queue;
		c->made->gated = waits_for_gate(c);
		say_obj(w, c->made);
		for (unsigned int i = 0; i < c->mems; i++)
			c->mem[i]->last = c->made;
	}
	say_err(w, err);
	if (err != CL_SUCCESS && c->eventp && c->event)
		say(w, " event-set");
	end_line(w);
	if (err == CL_SUCCESS && c->blocking && c->made)
		event_finished(w, c->made);
	return err == CL_SUCCESS;
}

static void tell_transfer(struct world *w, struct transfer *t)
{
	say(w, "  bytes of op %u", t->op);
	say_digest(w, t->data, t->len);
	end_line(w);
}

void cmd_result(struct world *w, struct cmd *c, unsigned char *data, size_t len)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	*t = (struct transfer){ NULL, c->made, data, len, true, w->index };
	if (c->blocking) {
		tell_transfer(w, t);
		free(t);
		return;
	}
	t->next = w->transfers;
	w->transfers = t;
}

/* Tell the bytes of the transfers that are over. */
static void tell_transfers(struct world *w)
{
	struct transfer **p = &w->transfers, *t;

	while ((t = *p)) {
		if (!t->event->done) {
			p = &t->next;
			continue;
		}
		tell_transfer(w, t);
		*p = t->next;
		free(t);
	}
}

void event_finished(struct world *w, struct obj *event)
{
	event->done = true;
	event->gated = false;
	tell_transfers(w);
}

void queue_finished(struct world *w, struct obj *queue)
{
	for (struct obj *o = w->all; o; o = o->next)
		if (o->kind == K_EVENT && o->queue == queue) {
			o->done = true;
			o->gated = false;
		}
	tell_transfers(w);
}

static void ungate(struct world *w)
{
	for (struct obj *o = w->all; o; o = o->next)
		o->gated = false;
}

/* Also those that the program no longer holds would block what waits for them. */
void settle(struct world *w)
{
	for (struct obj *o = w->all; o; o = o->next) {
		if (o->kind != K_EVENT || !o->user || o->done || !o->refs)
			continue;
		say(w, "  settle event%u", o->id);
		say_err(w, clSetUserEventStatus(o->handle, CL_COMPLETE));
		end_line(w);
		o->done = true;
	}
	ungate(w);
}

void finish(struct world *w)
{
	settle(w);
	for (struct obj *o = w->all; o; o = o->next) {
		if (o->kind != K_QUEUE || !o->refs)
			continue;
		say(w, "  finish queue%u", o->id);
		say_err(w, clFinish(o->handle));
		end_line(w);
		queue_finished(w, o);
	}
}
