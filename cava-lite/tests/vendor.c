// SPDX-License-Identifier: Apache-2.0
/*
 * vendor.c - the stand-in for a vendor's library behind the round-trip API
 *
 * One lock around everything; a box counts references and holds 128 MiB at most.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tiny.h"

#define BOX_BYTES	(128u << 20)

struct tiny_box_s {
	uint32_t refs;
	struct tiny_box_s *parent;
	size_t size;
	unsigned char *bytes;
	char name[64];
	uint64_t tag;
	uint64_t slots[4];
	void (*when)(tiny_box box, tiny_box root, int value, void *data);
	void *when_data;
	tiny_watcher watcher;
	void *watcher_data;
	void (*at_end)(tiny_box box, void *data);
	void *end_data;
};

struct tiny_note_s {
	uint32_t refs;
	tiny_status status;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t asked;
static struct tiny_box_s root = { .refs = 1, .name = "root" };

static tiny_box box_new(tiny_box parent)
{
	tiny_box b = calloc(1, sizeof(*b));

	b->refs = 1;
	b->parent = parent ? parent : &root;
	tiny_retain(b->parent);
	return b;
}

tiny_status tiny_root(tiny_box *r)
{
	if (!r)
		return TINY_BAD_VALUE;
	*r = &root;
	return TINY_OK;
}

tiny_box tiny_create(const intptr_t *properties, tiny_status *status)
{
	tiny_box parent = NULL, b;
	size_t size = 0;
	int unknown = 0;

	for (; properties && *properties; properties += 2) {
		if (*properties == TINY_PROP_SIZE)
			size = properties[1];
		else if (*properties == TINY_PROP_PARENT)
			parent = (tiny_box)properties[1];
		else
			unknown = 1;
	}
	*status = unknown || size > BOX_BYTES ? TINY_BAD_VALUE : TINY_OK;
	if (*status)
		return NULL;
	b = box_new(parent);
	b->size = size;
	b->bytes = calloc(1, size ? size : 1);
	return b;
}

tiny_status tiny_retain(tiny_box box)
{
	if (!box)
		return TINY_BAD_BOX;
	pthread_mutex_lock(&lock);
	box->refs++;
	pthread_mutex_unlock(&lock);
	return TINY_OK;
}

tiny_status tiny_release(tiny_box box)
{
	uint32_t refs;

	if (!box)
		return TINY_BAD_BOX;
	pthread_mutex_lock(&lock);
	refs = --box->refs;
	pthread_mutex_unlock(&lock);
	if (!refs && box != &root) {
		if (box->at_end)
			box->at_end(box, box->end_data);
		tiny_release(box->parent);
		free(box->bytes);
		free(box);
	}
	return TINY_OK;
}

tiny_status tiny_refs(tiny_box box, uint32_t *refs)
{
	if (!box)
		return TINY_BAD_BOX;
	*refs = box->refs;
	return TINY_OK;
}

static tiny_status answer(const void *from, size_t n, size_t size, void *value, size_t *size_ret)
{
	if (value && size < n)
		return TINY_BAD_VALUE;
	if (value)
		memcpy(value, from, n);
	if (size_ret)
		*size_ret = n;
	return TINY_OK;
}

tiny_status tiny_ask(tiny_box box, uint32_t what, size_t size, void *value, size_t *size_ret)
{
	intptr_t list[5] = { 0 };
	tiny_box pair[2];

	if (!box)
		return TINY_BAD_BOX;
	__atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
	switch (what) {
	case TINY_ASK_SIZE:
		return answer(&box->size, sizeof(box->size), size, value, size_ret);
	case TINY_ASK_PARENT:
		return answer(&box->parent, sizeof(box->parent), size, value, size_ret);
	case TINY_ASK_CHILDREN:
		pair[0] = box;
		pair[1] = &root;
		return answer(pair, sizeof(pair), size, value, size_ret);
	case TINY_ASK_PROPERTIES:
		list[0] = TINY_PROP_SIZE;
		list[1] = box->size;
		list[2] = TINY_PROP_PARENT;
		list[3] = (intptr_t)box->parent;
		return answer(list, sizeof(list), size, value, size_ret);
	}
	return TINY_BAD_VALUE;
}

tiny_status tiny_write(tiny_box box, size_t offset, size_t size, const void *bytes, int blocking,
		       tiny_note *note)
{
	(void)blocking;
	if (!box || !bytes || offset > box->size || size > box->size - offset)
		return TINY_BAD_VALUE;
	memcpy(box->bytes + offset, bytes, size);
	if (note) {
		*note = calloc(1, sizeof(**note));
		(*note)->refs = 1;
	}
	return TINY_OK;
}

tiny_status tiny_read(tiny_box box, size_t offset, size_t size, void *bytes)
{
	if (!box || !bytes || offset > box->size || size > box->size - offset)
		return TINY_BAD_VALUE;
	memcpy(bytes, box->bytes + offset, size);
	return TINY_OK;
}

tiny_status tiny_flip(uint32_t n, uint32_t *values)
{
	if (!values)
		return TINY_BAD_VALUE;
	for (uint32_t i = 0; i < n; i++)
		values[i] = ~values[i];
	return TINY_OK;
}

tiny_status tiny_join(uint32_t n, const char **strings, const size_t *lengths, size_t room,
		      char *joined, size_t *needed)
{
	size_t total = 0;

	if (!strings)
		return TINY_BAD_VALUE;
	for (uint32_t i = 0; i < n; i++) {
		size_t len = !strings[i] ? 0 : lengths && lengths[i] ? lengths[i] : strlen(strings[i]);

		if (joined && total + len <= room)
			memcpy(joined + total, strings[i] ? strings[i] : "", len);
		total += len;
	}
	if (needed)
		*needed = total;
	return TINY_OK;
}

tiny_status tiny_name(tiny_box box, const char *name)
{
	if (!box)
		return TINY_BAD_BOX;
	if (!name)
		return TINY_BAD_VALUE;
	strncpy(box->name, name, sizeof(box->name) - 1);
	box->tag = strlen(name);
	if (box->watcher)
		box->watcher(name, name, strlen(name), box->watcher_data);
	return TINY_OK;
}

tiny_status tiny_sum(uint32_t n, const tiny_box *boxes, uint64_t *sum)
{
	if (!boxes || !sum)
		return TINY_BAD_VALUE;
	*sum = 0;
	for (uint32_t i = 0; i < n; i++)
		*sum += boxes[i] ? boxes[i]->size : 0;
	return TINY_OK;
}

tiny_status tiny_split(tiny_box box, uint32_t n, tiny_box *parts, uint32_t *count)
{
	if (!box)
		return TINY_BAD_BOX;
	for (uint32_t i = 0; parts && i < n && i < 3; i++) {
		parts[i] = box_new(box);
		parts[i]->size = i;
	}
	if (count)
		*count = 3;
	return TINY_OK;
}

tiny_status tiny_set(tiny_box box, uint32_t index, size_t size, const void *value)
{
	tiny_box other;

	if (!box || index >= 4 || !value)
		return TINY_BAD_VALUE;
	if (index) {
		memcpy(&box->slots[index], value, size < 8 ? size : 8);
		box->tag = box->slots[index];
		return TINY_OK;
	}
	memcpy(&other, value, sizeof(other));
	box->tag = other ? other->size : 0;
	return TINY_OK;
}

tiny_status tiny_describe(const struct tiny_desc *desc, uint64_t *digest)
{
	if (!desc || !digest)
		return TINY_BAD_VALUE;
	*digest = desc->kind + (desc->box ? desc->box->size : 0);
	for (uint32_t i = 0; desc->values && i < desc->value_count; i++)
		*digest += desc->values[i];
	return TINY_OK;
}

tiny_status tiny_scale(double by, float *result)
{
	if (!result)
		return TINY_BAD_VALUE;
	*result = by * 2;
	return TINY_OK;
}

tiny_status tiny_wait(uint32_t n, const tiny_note *notes)
{
	for (uint32_t i = 0; i < n; i++)
		if (!notes || !notes[i])
			return TINY_BAD_NOTE;
	return n ? notes[0]->status : TINY_OK;
}

tiny_status tiny_note_release(tiny_note note)
{
	if (!note)
		return TINY_BAD_NOTE;
	if (!--note->refs)
		free(note);
	return TINY_OK;
}

tiny_status tiny_note_retain(tiny_note note)
{
	if (!note)
		return TINY_BAD_NOTE;
	note->refs++;
	return TINY_OK;
}

tiny_status tiny_each(tiny_box box, void (*fn)(tiny_box box, void *data), void *data)
{
	if (!box)
		return TINY_BAD_BOX;
	if (!fn)
		return data ? TINY_NO_MEMORY : TINY_OK;
	fn(box, data);
	/* called or not, an empty box is no success */
	return box->size ? TINY_OK : TINY_BAD_VALUE;
}

tiny_status tiny_tag(tiny_box box, void *tag)
{
	if (!box)
		return TINY_BAD_BOX;
	box->tag = (uintptr_t)tag;
	return TINY_OK;
}

tiny_status tiny_tagged(tiny_box box, uint64_t *tag)
{
	if (!box || !tag)
		return TINY_BAD_VALUE;
	*tag = box->tag;
	return TINY_OK;
}

tiny_status tiny_poke(tiny_box box, uint8_t value)
{
	if (!box || !box->size)
		return TINY_BAD_BOX;
	box->bytes[0] = value;
	if (box->when)
		box->when(box, &root, value, box->when_data);
	box->when = NULL;
	return TINY_OK;
}

tiny_box tiny_wrap(size_t size, void *bytes, tiny_status *status)
{
	tiny_box b;

	*status = bytes ? TINY_OK : TINY_BAD_VALUE;
	if (!bytes)
		return NULL;
	b = box_new(NULL);
	b->size = size;
	b->bytes = malloc(size ? size : 1);
	memcpy(b->bytes, bytes, size);
	return b;
}

tiny_box tiny_parent(tiny_box box)
{
	return box ? box->parent : NULL;
}

uint32_t tiny_plus(uint32_t a, uint32_t b)
{
	return a + b;
}

void tiny_nothing(void)
{
}

uint32_t tiny_asked(void)
{
	return __atomic_load_n(&asked, __ATOMIC_RELAXED);
}

tiny_note tiny_note_failed(void)
{
	tiny_note note = calloc(1, sizeof(*note));

	note->refs = 1;
	note->status = TINY_LOST;
	return note;
}

tiny_status tiny_when(tiny_box box, void (*fn)(tiny_box box, tiny_box root, int value, void *data),
		      void *data)
{
	if (!box || !fn)
		return box ? TINY_BAD_VALUE : TINY_BAD_BOX;
	box->when = fn;
	box->when_data = data;
	return TINY_OK;
}

tiny_box tiny_watched(tiny_watcher fn, void *data, tiny_status *status)
{
	tiny_box b = tiny_create(NULL, status);

	if (b) {
		b->watcher = fn;
		b->watcher_data = data;
	}
	return b;
}

tiny_status tiny_at_end(tiny_box box, void (*fn)(tiny_box box, void *data), void *data)
{
	if (!box || !fn)
		return box ? TINY_BAD_VALUE : TINY_BAD_BOX;
	box->at_end = fn;
	box->end_data = data;
	return TINY_OK;
}
