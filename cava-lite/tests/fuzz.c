// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz.c - feeds the generated decoders of a server
 *
 * An input is a call: the function's id in two bytes, a byte with the async flag
 * below a count of segments, the reply room, a word per segment (length and
 * direction), then the arguments with their head. Some handles of every type live before each call, and words that
 * name one by a small number are replaced, so that deep paths are reached.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <ava/callback.h>
#include <ava/cs.h>
#include <ava/handle.h>
#include <ava/server.h>

#define MAX_SEGS	8
#define MAX_SEG_LEN	(1u << 16)
#define TYPES		16

int ava_api_dispatch(struct ava_server_call *call);
void ava_api_init(void);
extern const struct ava_func ava_api_funcs[];
extern const unsigned int ava_api_func_count;

int ava_server_pull(struct ava_server_call *call, uint32_t seg, uint64_t offset, void *buf,
		    uint64_t len)
{
	if (seg >= call->seg_count || !(call->segs[seg].flags & AVA_SEG_TO_HOST))
		abort();	/* the decoder must have looked */
	if (offset > call->segs[seg].len || len > call->segs[seg].len - offset)
		return -ERANGE;
	memset(buf, 0x2a, len);
	/* arguments in a segment: the caller's own follow the head */
	if (!seg && call->args_len > AVA_CS_HEAD * 8)
		memcpy(buf, call->args, len < call->args_len ? len : call->args_len);
	return 0;
}

int ava_server_push(struct ava_server_call *call, uint32_t seg, uint64_t offset, const void *buf,
		    uint64_t len)
{
	volatile unsigned char sum = 0;
	uint64_t i;

	if (seg >= call->seg_count || !(call->segs[seg].flags & AVA_SEG_FROM_HOST))
		abort();
	if (offset > call->segs[seg].len || len > call->segs[seg].len - offset)
		return -ERANGE;
	for (i = 0; i < len; i++)
		sum += ((const unsigned char *)buf)[i];
	return 0;
}

int ava_server_event(uint64_t cookie, const void *data, uint32_t len)
{
	volatile unsigned char sum = 0;
	uint32_t i;

	if (!cookie || len > AVA_CALLBACK_MAX)
		abort();
	for (i = 0; i < len; i++)
		sum += ((const unsigned char *)data)[i];
	return 0;
}

/* Nothing is written to where this runs. */
bool ava_server_follow(void)
{
	return true;
}

/* 0xffffTTNN stands for live handle NN of type TT. */
static void make_handles(uint64_t *words, size_t n)
{
	uint64_t handle;
	uint32_t type;
	size_t i;

	ava_handle_reset();
	for (type = 1; type < TYPES; type++)
		for (i = 1; i <= 2; i++)
			ava_handle_adopt(ava_handle_make(i, type, false),
					 (void *)(uintptr_t)(0x100000 + type * 0x100 + i * 16), type,
					 false, &handle);
	for (i = 0; i < n; i++)
		if (words[i] >> 16 == 0xffff)
			words[i] = ava_handle_make(1 + (words[i] & 1), (words[i] >> 8) & 0xff, false);
}

static uint32_t read_segs(const uint8_t **data, size_t *size, uint32_t want,
			  struct ava_ring_seg *segs)
{
	uint32_t i, word;

	for (i = 0; i < want && *size >= sizeof(word); i++) {
		memcpy(&word, *data, sizeof(word));
		segs[i] = (struct ava_ring_seg){ .len = (word >> 2) % MAX_SEG_LEN,
						 .flags = word & 3 };
		*data += sizeof(word);
		*size -= sizeof(word);
	}
	return i;
}

/* Ids that no function has stand for one that is there. */
static uint32_t pick(uint32_t id)
{
	unsigned int i;

	for (i = 0; i < ava_api_func_count; i++)
		if (ava_api_funcs[i].id == id)
			return id;
	return ava_api_funcs[id % ava_api_func_count].id;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/*
 * Chance does not find what a guest that means it does at once: nothing where bytes are
 * expected. One in four inputs loses a buffer that it has inline.
 */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size_t segs = size > 4 ? (data[2] >> 1) % (MAX_SEGS + 1) : 0, at, n;
	size_t first = 4 + 4 * segs + AVA_CS_HEAD * sizeof(uint64_t);
	uint64_t words[2];

	for (n = 0, at = first; seed % 4 == 0 && at + sizeof(words) <= size; at += 8) {
		memcpy(words, data + at, sizeof(words));
		if (words[0] != AVA_CS_BUF_INLINE || ava_cs_pad(words[1]) > size - at - sizeof(words) ||
		    (seed >> 8) % 8 != n++)
			continue;
		memset(data + at, AVA_CS_BUF_NULL, sizeof(words[0]));
		n = sizeof(words[1]) + ava_cs_pad(words[1]);
		memmove(data + at + 8, data + at + 8 + n, size - at - 8 - n);
		return size - n;
	}
	return LLVMFuzzerMutate(data, size, max_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ava_ring_seg segs[MAX_SEGS];
	struct ava_server_call call = { .segs = segs };
	uint64_t *args;
	static bool ready;
	int ret;

	if (!ready)
		ava_api_init();
	ready = true;
	if (size < 4)
		return 0;
	call.func = pick(data[0] | data[1] << 8);
	call.flags = data[2] & 1 ? AVA_CALL_ASYNC : 0;
	call.reply_cap = data[3] * 64;
	data += 4;
	size -= 4;
	call.seg_count = read_segs(&data, &size, (data[-2] >> 1) % (MAX_SEGS + 1), segs);
	/* exact allocations: a read past the end is seen */
	args = malloc(size ? size : 1);
	memcpy(args, data, size);
	make_handles(args, size / sizeof(*args));
	call.args = args;
	call.args_len = size;
	call.reply = malloc(call.reply_cap ? call.reply_cap : 1);
	ret = ava_api_dispatch(&call);
	if (ret && ret != -EBADMSG)
		abort();
	if (call.reply_len > call.reply_cap)
		abort();
	free(call.reply);
	free(args);
	return 0;
}
