/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tiny.h - an API with one function per construct, for the round-trip tests
 */
#ifndef TINY_H
#define TINY_H

#include <stddef.h>
#include <stdint.h>

typedef int tiny_status;
typedef struct tiny_box_s *tiny_box;
typedef struct tiny_note_s *tiny_note;

enum {
	TINY_OK = 0, TINY_BAD_BOX = -1, TINY_BAD_NOTE = -2, TINY_BAD_VALUE = -3,
	TINY_LOST = -4, TINY_NO_MEMORY = -5, TINY_NOT_THERE = -6, TINY_BAD_LIST = -7,
};

enum { TINY_ASK_SIZE = 1, TINY_ASK_PARENT, TINY_ASK_CHILDREN, TINY_ASK_PROPERTIES };
enum { TINY_PROP_SIZE = 0x10, TINY_PROP_PARENT = 0x20 };

struct tiny_desc {
	uint32_t kind;
	tiny_box box;
	const uint16_t *values;
	uint32_t value_count;
};

tiny_status tiny_root(tiny_box *root);
tiny_box tiny_create(const intptr_t *properties, tiny_status *status);
tiny_status tiny_retain(tiny_box box);
tiny_status tiny_release(tiny_box box);
tiny_status tiny_refs(tiny_box box, uint32_t *refs);
tiny_status tiny_ask(tiny_box box, uint32_t what, size_t size, void *value, size_t *size_ret);
tiny_status tiny_write(tiny_box box, size_t offset, size_t size, const void *bytes, int blocking,
		       tiny_note *note);
tiny_status tiny_read(tiny_box box, size_t offset, size_t size, void *bytes);
tiny_status tiny_flip(uint32_t n, uint32_t *values);
tiny_status tiny_join(uint32_t n, const char **strings, const size_t *lengths, size_t room,
		      char *joined, size_t *needed);
tiny_status tiny_name(tiny_box box, const char *name);
tiny_status tiny_sum(uint32_t n, const tiny_box *boxes, uint64_t *sum);
tiny_status tiny_split(tiny_box box, uint32_t n, tiny_box *parts, uint32_t *count);
tiny_status tiny_set(tiny_box box, uint32_t index, size_t size, const void *value);
tiny_status tiny_describe(const struct tiny_desc *desc, uint64_t *digest);
tiny_status tiny_scale(double by, float *result);
tiny_status tiny_wait(uint32_t n, const tiny_note *notes);
tiny_status tiny_note_release(tiny_note note);
tiny_status tiny_note_retain(tiny_note note);
tiny_status tiny_each(tiny_box box, void (*fn)(tiny_box box, void *data), void *data);
tiny_status tiny_tag(tiny_box box, void *tag);
tiny_status tiny_tagged(tiny_box box, uint64_t *tag);
tiny_status tiny_poke(tiny_box box, uint8_t value);
tiny_status tiny_where(tiny_box box, uint32_t *caller);
tiny_status tiny_old(int n);
tiny_status tiny_version(uint32_t *version);
tiny_box tiny_wrap(size_t size, void *bytes, tiny_status *status);
tiny_box tiny_parent(tiny_box box);
uint32_t tiny_plus(uint32_t a, uint32_t b);
void tiny_nothing(void);
typedef void (*tiny_watcher)(const char *text, const void *bytes, size_t n, void *data);
/* fn is called once, with the value of the next tiny_poke() */
tiny_status tiny_when(tiny_box box, void (*fn)(tiny_box box, tiny_box root, int value, void *data),
		      void *data);
/* a box whose fn is called with each tiny_name() of it */
tiny_box tiny_watched(tiny_watcher fn, void *data, tiny_status *status);
/* fn is called when the box is no more */
tiny_status tiny_at_end(tiny_box box, void (*fn)(tiny_box box, void *data), void *data);
/* how often the vendor was asked */
uint32_t tiny_asked(void);
/* a note of something that failed */
tiny_note tiny_note_failed(void);

/* not of the vendor: handles that the server knows */
/* calls of tiny_scale() that were sent */
tiny_status tiny_sent(uint32_t *count);
tiny_status tiny_handles(uint32_t *count);
/* every @step-th byte of a box */
tiny_status tiny_fetch(tiny_box box, size_t step, size_t size, void *to);
tiny_status tiny_store(tiny_box box, size_t step, size_t size, const void *from);

#endif /* TINY_H */
