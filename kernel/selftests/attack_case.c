// SPDX-License-Identifier: GPL-2.0
/*
 * attack_case.c - the classes of attack: each spoils one well-formed chain
 *
 * A class puts a chain on a ring without showing it to the host; ring_attack.c
 * kicks, waits, and judges. Classes that break a ring come last in their batch.
 */
#define _GNU_SOURCE
#include "attack.h"

#include <string.h>

uint64_t rng_next(struct attack_rng *rng)
{
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return rng->state * 2685821657736338717ull;
}

uint32_t rng_below(struct attack_rng *rng, uint32_t bound)
{
	return (rng_next(rng) >> 32) * bound >> 32;
}

uint64_t rng_odd(struct attack_rng *rng)
{
	static const uint64_t odd[] = {
		0, 1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 65, 255, 4095, 4096, 4097, 65535, 65536,
		65537, 1u << 20, (1u << 20) + 1, INT32_MAX, 1u << 31, UINT32_MAX - 7, UINT32_MAX,
		1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX - 4095, UINT64_MAX - 7, UINT64_MAX,
		RING_LOW_SIZE - 1, RING_LOW_SIZE, RING_HIGH_GPA - 1, RING_HIGH_GPA + ATTACK_HIGH,
	};
	unsigned int n = sizeof(odd) / sizeof(odd[0]);

	switch (rng_below(rng, 4)) {
	case 0:
		return rng_next(rng);
	case 1:
		return rng_below(rng, 300);
	default:
		return odd[rng_below(rng, n)];
	}
}

/* ---- the well-formed call ----------------------------------------------------- */

/*
 * A spoiled request names @id, by chance perhaps a context that is not its own: what
 * becomes of that one's calls, and of its sequence number, is open then.
 */
void attack_stray(struct attack *a, uint32_t id, const struct attack_context *own)
{
	unsigned int i;

	for (i = 0; i < ATTACK_CONTEXTS; i++)
		if (a->ctx[i].id == id && id && &a->ctx[i] != own) {
			a->ctx[i].dirty = true;
			a->ctx[i].spent = true;
		}
}

/* The next one not yet used in this batch, of those that the class needs. */
static struct attack_context *live_context(struct attack *a, struct attack_item *item)
{
	bool lazy = attack_classes[item->class].kind == ATTACK_REFUSED;
	unsigned int from = lazy ? ATTACK_SERVED : 0, i;
	unsigned int count = lazy ? ATTACK_LAZY : ATTACK_SERVED;
	unsigned int n = rng_below(&a->rng, count);

	for (i = 0; i < count; i++) {
		struct attack_context *c = &a->ctx[from + (n + i) % count];

		if (c->id && !c->spent && !c->uses)
			return c;
	}
	return &a->ctx[from + n];
}

/* Segments of bulk memory; few runs, any offset. */
static unsigned int good_segs(struct attack *a, struct ring_seg *segs,
			      struct virtio_ava_run *runs)
{
	unsigned int n = rng_below(&a->rng, 4), i, r = 0;

	for (i = 0; i < n; i++) {
		unsigned int k = rng_below(&a->rng, 3), j;

		segs[i] = (struct ring_seg){ 0, 1 + rng_below(&a->rng, 3), k, &runs[r] };
		for (j = 0; j < k; j++, r++) {
			runs[r].len = 1 + rng_below(&a->rng, 5000);
			runs[r].addr = RING_HIGH_GPA + rng_below(&a->rng, ATTACK_HIGH - 5001);
			segs[i].len += runs[r].len;
		}
	}
	return n;
}

static void good(struct attack *a, struct attack_item *item);

static struct ring_call *attack_good_call(struct attack *a, struct attack_item *item)
{
	static struct virtio_ava_run runs[12];
	static struct ring_seg segs[4];
	struct ring_call *call = &item->call;
	uint32_t len = rng_below(&a->rng, sizeof(a->args));

	item->ctx = live_context(a, item);
	item->queue = VIRTIO_AVA_VQ_SUBMIT;
	ring_call_init(call, item->ctx->id, 0, item->ctx->seq + 1, ATTACK_ANY);
	ring_call_args(call, a->args, len, rng_below(&a->rng, 300));
	ring_call_segs(call, segs, good_segs(a, segs, runs));
	if (!rng_below(&a->rng, 4))
		call->pieces = 1 + rng_below(&a->rng, 5);
	call->indirect = !rng_below(&a->rng, 3);
	item->pending = !ring_call_queue(&a->vm, call);
	/* Whether the host takes this number is known when the answer is there. */
	item->ctx->seq++;
	item->ctx->uses++;
	item->ctx->dirty |= attack_classes[item->class].run != good;
	return call;
}

static struct virtio_ava_call *header(struct attack *a, struct ring_call *call)
{
	return ring_ptr(&a->vm, call->readable);
}

/* The table that holds the chain, and how many entries it has. */
static struct vring_desc *table(struct attack *a, struct ring_call *call, unsigned int *count)
{
	struct vring_desc *d = &a->vm.vq[VIRTIO_AVA_VQ_SUBMIT].desc[call->head];

	if (!call->indirect) {
		*count = RING_NUM;
		return d - call->head;
	}
	*count = d->len / sizeof(*d);
	return ring_ptr(&a->vm, d->addr);
}

static struct vring_desc *first_desc(struct attack *a, struct ring_call *call)
{
	unsigned int count;
	struct vring_desc *t = table(a, call, &count);

	return call->indirect ? t : t + call->head;
}

static struct vring_desc *last_desc(struct attack *a, struct ring_call *call)
{
	unsigned int count, steps;
	struct vring_desc *t = table(a, call, &count), *d = first_desc(a, call);

	for (steps = 0; d->flags & VRING_DESC_F_NEXT && steps < RING_NUM; steps++)
		d = &t[d->next];
	return d;
}

/* ---- classes whose chain comes back ---------------------------------------------- */

static void good(struct attack *a, struct attack_item *item)
{
	attack_good_call(a, item);
	item->exact = true;
}

static void random_header(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);
	uint32_t *w = (uint32_t *)header(a, call), ctx = call->hdr.ctx;
	unsigned int i;

	for (i = 0; i < sizeof(call->hdr) / 4; i++)
		w[i] = rng_next(&a->rng);
	if (rng_below(&a->rng, 2))
		header(a, call)->ctx = ctx;
}

static void odd_header(struct attack *a, struct attack_item *item)
{
	uint32_t *w = (uint32_t *)header(a, attack_good_call(a, item));
	unsigned int n = 1 + rng_below(&a->rng, 3);

	while (n--)
		w[rng_below(&a->rng, sizeof(struct virtio_ava_call) / 4)] = rng_odd(&a->rng);
}

static void other_names(struct attack *a, struct attack_item *item)
{
	struct virtio_ava_call *hdr = header(a, attack_good_call(a, item));

	if (rng_below(&a->rng, 2))
		hdr->ctx = rng_odd(&a->rng);
	else
		hdr->stream = rng_odd(&a->rng);
}

static void too_short(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);
	struct vring_desc *d = rng_below(&a->rng, 2) ? first_desc(a, call) : last_desc(a, call);

	d->len = rng_below(&a->rng, d->len + 1);
}

static void too_long(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);
	struct vring_desc *d = rng_below(&a->rng, 2) ? first_desc(a, call) : last_desc(a, call);

	d->len += 1 + rng_below(&a->rng, 1u << rng_below(&a->rng, 17));
}

static void zero_length(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);

	first_desc(a, call)->len = 0;
	if (rng_below(&a->rng, 2))
		last_desc(a, call)->len = 0;
}

/* The reply lands on the request, on itself or between. */
static void overlapping(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);

	last_desc(a, call)->addr = call->readable + rng_below(&a->rng, call->size);
	/* Not on the next chain, which may be one that must succeed. */
	ring_heap(&a->vm, sizeof(struct virtio_ava_reply) + call->hdr.reply_cap);
}

static struct virtio_ava_run *run_table(struct attack *a, struct ring_call *call)
{
	size_t off = (sizeof(call->hdr) + call->args_len + 7) & ~7ul;

	return ring_ptr(&a->vm, call->readable + off +
			call->hdr.seg_count * sizeof(struct virtio_ava_seg));
}

/*
 * The server writes where runs point. In these classes that is neither the rings nor
 * the chains, which live in low memory, or other chains would not come back.
 */
static void spare_low_memory(struct attack *a, struct ring_call *call)
{
	struct virtio_ava_run *run = run_table(a, call);
	unsigned int i;

	for (i = 0; i < call->hdr.run_count; i++)
		if (run[i].addr < RING_LOW_SIZE)
			run[i].addr += RING_HIGH_GPA;
}

static void odd_tables(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);
	size_t off = (sizeof(call->hdr) + call->args_len + 7) & ~7ul;
	unsigned int n = 1 + rng_below(&a->rng, 3);
	uint32_t *w = ring_ptr(&a->vm, call->readable + off);

	if (call->size == off)
		return;
	while (n--)
		w[rng_below(&a->rng, (call->size - off) / 4)] = rng_odd(&a->rng);
	spare_low_memory(a, call);
}

/* Runs that the header's rules allow and guest memory does not. */
static void runs_elsewhere(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);
	struct virtio_ava_run *run = run_table(a, call);

	if (call->hdr.run_count)
		run[rng_below(&a->rng, call->hdr.run_count)].addr = rng_odd(&a->rng);
	spare_low_memory(a, call);
}

static void huge_counts(struct attack *a, struct attack_item *item)
{
	struct virtio_ava_call *hdr = header(a, attack_good_call(a, item));

	hdr->seg_count = rng_odd(&a->rng);
	hdr->run_count = rng_odd(&a->rng);
	if (rng_below(&a->rng, 2))
		hdr->len = rng_odd(&a->rng);
	if (rng_below(&a->rng, 2))
		hdr->reply_cap = rng_odd(&a->rng);
}

static void wrong_function(struct attack *a, struct attack_item *item)
{
	struct virtio_ava_call *hdr = header(a, attack_good_call(a, item));

	hdr->func = rng_below(&a->rng, 2) ? ATTACK_EIGHT : rng_odd(&a->rng);
	hdr->flags = rng_below(&a->rng, 4);
}

static void async(struct attack *a, struct attack_item *item)
{
	struct virtio_ava_call *hdr = header(a, attack_good_call(a, item));

	item->silent = true;
	hdr->flags = VIRTIO_AVA_CALL_ASYNC | rng_below(&a->rng, 2) * VIRTIO_AVA_CALL_NOTIFY;
}

static void control(struct attack *a, struct attack_item *item)
{
	struct ring_vm *vm = &a->vm;
	uint32_t out = rng_below(&a->rng, 4) ? 104 : rng_below(&a->rng, 256);
	uint32_t in = rng_below(&a->rng, 8) ? 40 : rng_below(&a->rng, 256);
	uint32_t ctx = rng_below(&a->rng, 2) ? a->ctx[ATTACK_SERVED].id : 0;
	struct ring_buf bufs[2] = {
		{ ring_heap(vm, 256), out, false },
		{ ring_heap(vm, 256), in, true },
	};
	struct virtio_ava_ctrl *c = ring_ptr(vm, bufs[0].addr);
	uint32_t *w = (uint32_t *)c;
	unsigned int n = rng_below(&a->rng, 4);

	*c = ring_ctrl_of(1 + rng_below(&a->rng, 5), ctx, rng_below(&a->rng, 3));
	while (n--)
		w[rng_below(&a->rng, sizeof(*c) / 4)] = rng_odd(&a->rng);
	/* What it may have closed is not known to be open any more. */
	a->ctx[ATTACK_SERVED].spent = true;
	attack_stray(a, c->ctx, NULL);
	item->queue = VIRTIO_AVA_VQ_CONTROL;
	item->call.head = ring_add(vm, item->queue, bufs, 2);
	item->pending = item->call.head >= 0;
}

/* Buffers for events of any size and direction, and calls that cause events. */
static void events(struct attack *a, struct attack_item *item)
{
	struct ring_buf buf = {
		ring_heap(&a->vm, 512), rng_below(&a->rng, 2) ? 288 : rng_below(&a->rng, 512),
		rng_below(&a->rng, 4) != 0,
	};
	struct ring_vq *vq = &a->vm.vq[VIRTIO_AVA_VQ_EVENT];
	struct virtio_ava_call *hdr;
	unsigned int i;

	ring_reap(&a->vm, VIRTIO_AVA_VQ_EVENT);
	for (i = 0; i < RING_NUM; i++)
		if (vq->done[i])
			ring_collect(&a->vm, VIRTIO_AVA_VQ_EVENT, i);
	if (ring_add(&a->vm, VIRTIO_AVA_VQ_EVENT, &buf, 1) >= 0)
		ring_kick(&a->vm, VIRTIO_AVA_VQ_EVENT);
	hdr = header(a, attack_good_call(a, item));
	hdr->func = ATTACK_EVENT;
}

/* The scribbler thread rewrites header, tables and descriptors meanwhile. */
static void changing(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);

	a->target[a->targets].addr = call->readable;
	a->target[a->targets++].len = call->size;
}

/* ---- classes that may break the ring ------------------------------------------------ */

static void loop(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);
	struct vring_desc *d = last_desc(a, call);

	d->flags |= VRING_DESC_F_NEXT;
	d->next = call->indirect ? 0 : call->head;
	if (rng_below(&a->rng, 2))
		d->flags &= ~VRING_DESC_F_WRITE;
}

static void next_elsewhere(struct attack *a, struct attack_item *item)
{
	struct vring_desc *d = last_desc(a, attack_good_call(a, item));

	d->flags |= VRING_DESC_F_NEXT;
	d->next = rng_odd(&a->rng);
}

static void readable_after_writable(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);

	first_desc(a, call)->flags |= VRING_DESC_F_WRITE;
	last_desc(a, call)->flags &= ~VRING_DESC_F_WRITE;
}

static void odd_descriptor(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);
	struct vring_desc *d = rng_below(&a->rng, 2) ? first_desc(a, call) : last_desc(a, call);

	switch (rng_below(&a->rng, 4)) {
	case 0:
		d->addr = rng_odd(&a->rng);
		break;
	case 1:
		d->len = rng_odd(&a->rng);
		break;
	case 2:
		d->flags = rng_odd(&a->rng);
		break;
	default:
		d->addr = UINT64_MAX - rng_below(&a->rng, 4096);
		d->len = 4096;
	}
}

static void odd_indirect(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);
	struct vring_desc *head = &a->vm.vq[VIRTIO_AVA_VQ_SUBMIT].desc[call->head];
	struct vring_desc *t;
	uint64_t gpa;

	if (!call->indirect) {
		gpa = ring_heap(&a->vm, sizeof(*t));
		*(struct vring_desc *)ring_ptr(&a->vm, gpa) = *head;
		*head = (struct vring_desc){ gpa, sizeof(*t), VRING_DESC_F_INDIRECT, 0 };
	}
	t = ring_ptr(&a->vm, head->addr);
	switch (rng_below(&a->rng, 6)) {
	case 0:		/* a table within a table: itself */
		*t = (struct vring_desc){ head->addr, head->len, VRING_DESC_F_INDIRECT, 0 };
		break;
	case 1:		/* a cycle within the table */
		t->flags |= VRING_DESC_F_NEXT;
		t->next = 0;
		break;
	case 2:
		head->len = rng_odd(&a->rng);
		break;
	case 3:
		head->flags |= VRING_DESC_F_NEXT | VRING_DESC_F_WRITE;
		head->next = rng_below(&a->rng, RING_NUM);
		break;
	case 4:
		head->addr = rng_odd(&a->rng);
		break;
	default:	/* the ring's own descriptors as the table */
		head->addr = RING_PAGE * (1 + 4 * VIRTIO_AVA_VQ_SUBMIT);
		head->len = RING_PAGE;
	}
}

static void odd_avail(struct attack *a, struct attack_item *item)
{
	struct ring_vq *vq = &a->vm.vq[VIRTIO_AVA_VQ_SUBMIT];
	unsigned int i;

	attack_good_call(a, item);
	switch (rng_below(&a->rng, 4)) {
	case 0:
		vq->avail_idx += rng_below(&a->rng, 65536);
		break;
	case 1:
		vq->avail->ring[(vq->avail_idx - 1) % RING_NUM] = rng_odd(&a->rng);
		break;
	case 2:		/* the same chain many times */
		for (i = 0; i < 100; i++)
			vq->avail->ring[vq->avail_idx++ % RING_NUM] = item->call.head;
		break;
	default:
		vq->avail->flags = rng_next(&a->rng);
		vq->avail_idx--;
	}
}

/* The host, asked to, writes over the VM's own rings. */
static void aimed_at_own_rings(struct attack *a, struct attack_item *item)
{
	struct ring_call *call = attack_good_call(a, item);
	struct virtio_ava_run *run = run_table(a, call);
	unsigned int i;

	for (i = 0; i < call->hdr.run_count; i++)
		run[i].addr = rng_below(&a->rng, RING_PAGE * 12);
	last_desc(a, call)->addr = rng_below(&a->rng, RING_PAGE * 12);
}

/* The guest scribbles itself. */
static void used_scribble(struct attack *a, struct attack_item *item)
{
	uint16_t *used = (uint16_t *)a->vm.vq[VIRTIO_AVA_VQ_SUBMIT].used;
	unsigned int i;

	attack_good_call(a, item);
	for (i = 0; i < 20; i++)
		used[rng_below(&a->rng, 4 + RING_NUM * 4)] = rng_next(&a->rng);
}

const struct attack_class attack_classes[] = {
	{ "well-formed", good, 12, ATTACK_TAKEN },
	{ "random header", random_header, 10, ATTACK_REFUSED },
	{ "odd header fields", odd_header, 10, ATTACK_REFUSED },
	{ "other context or stream", other_names, 10, ATTACK_TAKEN },
	{ "too short", too_short, 8, ATTACK_REFUSED },
	{ "too long", too_long, 8, ATTACK_REFUSED },
	{ "zero length", zero_length, 6, ATTACK_REFUSED },
	{ "overlapping", overlapping, 10, ATTACK_TAKEN },
	{ "odd segments and runs", odd_tables, 10, ATTACK_REFUSED },
	{ "runs outside guest memory", runs_elsewhere, 10, ATTACK_TAKEN },
	{ "huge counts", huge_counts, 8, ATTACK_REFUSED },
	{ "wrong function or flags", wrong_function, 8, ATTACK_REFUSED },
	{ "asynchronous", async, 10, ATTACK_TAKEN },
	{ "control requests", control, 6, ATTACK_TAKEN },
	{ "event buffers", events, 8, ATTACK_TAKEN },
	{ "changing in mid-flight", changing, 10, ATTACK_CHANGES },
	{ "descriptor loop", loop, 3, ATTACK_BREAKS },
	{ "next outside the ring", next_elsewhere, 3, ATTACK_BREAKS },
	{ "readable after writable", readable_after_writable, 3, ATTACK_BREAKS },
	{ "odd descriptor", odd_descriptor, 4, ATTACK_BREAKS },
	{ "odd or cyclic indirect table", odd_indirect, 4, ATTACK_BREAKS },
	{ "odd avail ring", odd_avail, 4, ATTACK_BREAKS },
	{ "aimed at its own rings", aimed_at_own_rings, 4, ATTACK_BREAKS },
	{ "scribbled used ring", used_scribble, 3, ATTACK_BREAKS },
};

const unsigned int attack_class_count = sizeof(attack_classes) / sizeof(attack_classes[0]);
