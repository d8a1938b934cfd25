// SPDX-License-Identifier: GPL-2.0
/*
 * bulk.c - bulk bytes between guest memory and a server's buffer
 *
 * Runs in the server's context, a chunk at a time. For a chunk the call is kept
 * (its chain stays the host's) and guest pages are pinned, so within it nothing
 * may fault on the server's side: a server could make its own fault last for
 * ever. Its pages are faulted in before, and the chunk ends where one is gone.
 */
#include <linux/highmem.h>
#include <linux/nospec.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ava_host.h"

#define AVA_BULK_CHUNK	((u64)AVA_PIN_PAGES * PAGE_SIZE)

/* Return: bytes copied of one page. */
static size_t copy_one(struct page *page, u32 off, u32 len, void __user *addr,
		       bool to_guest)
{
	void *base = kmap_local_page(page);
	size_t left;

	pagefault_disable();
	if (to_guest)
		left = __copy_from_user_inatomic(base + off, addr, len);
	else
		left = __copy_to_user_inatomic(addr, base + off, len);
	pagefault_enable();
	kunmap_local(base);
	if (to_guest)
		flush_dcache_page(page);
	return len - left;
}

static u64 copy_pins(const struct ava_pins *pins, void __user *addr, bool to_guest)
{
	u64 done = 0;
	size_t got;
	u32 i;

	for (i = 0; i < pins->count; i++) {
		got = copy_one(pins->pages[i], pins->off[i], pins->len[i],
			       addr + done, to_guest);
		done += got;
		if (got < pins->len[i])
			break;
	}
	return done;
}

static int fault_in(void __user *addr, size_t len, bool to_guest)
{
	size_t left = to_guest ? fault_in_readable(addr, len) :
				 fault_in_writeable(addr, len);

	return left == len ? -EFAULT : 0;
}

/* The index is the server's, in every chunk: bounded for speculation as well. */
static const struct ava_seg_runs *seg_of(const struct ava_host_call *call,
					 const struct ava_stream_copy *copy)
{
	return &call->segs[array_index_nospec(copy->seg, call->req.seg_count)];
}

/* What a copy must satisfy; the call's segments do not change while it is kept. */
static int check_range(const struct ava_host_call *call, const struct ava_stream_copy *copy)
{
	const struct ava_seg_runs *seg;
	u32 need = copy->dir == AVA_COPY_FROM_GUEST ? VIRTIO_AVA_SEG_TO_HOST :
						      VIRTIO_AVA_SEG_FROM_HOST;

	if (copy->seg >= call->req.seg_count)
		return -ENOENT;
	seg = seg_of(call, copy);
	if (!(seg->flags & need))
		return -EACCES;
	if (copy->offset > seg->len || copy->len > seg->len - copy->offset)
		return -ERANGE;
	return 0;
}

/* Return: 0 if the request may go on to its first chunk, or -errno. */
static int judge(struct ava_host_stream *stream, const struct ava_stream_copy *copy)
{
	struct ava_host_call *call;
	int ret;

	ret = ava_stream_copy_begin(stream, copy->tag, &call);
	if (ret)
		return ret;
	ret = check_range(call, copy);
	ava_stream_copy_end(stream, call, false);
	if (!ret && !access_ok(u64_to_user_ptr(copy->addr), copy->len))
		ret = -EFAULT;
	return ret;
}

/* With the call kept. Return: bytes copied, or -errno. */
static s64 copy_kept(struct ava_host_stream *stream, struct ava_host_call *call,
		     const struct ava_stream_copy *copy, struct ava_pins *pins)
{
	bool to_guest = copy->dir == AVA_COPY_TO_GUEST;
	struct ava_run_cursor cur;
	u64 done;
	int ret;

	ava_cursor_init(&cur, seg_of(call, copy), copy->offset + copy->copied);
	ret = ava_vhost_pin(stream->ctx->vm->vhost, &cur, copy->len - copy->copied,
			    to_guest, pins);
	if (ret)
		return ret;
	done = copy_pins(pins, u64_to_user_ptr(copy->addr + copy->copied), to_guest);
	ava_unpin(pins, to_guest);
	return done;
}

static int copy_chunk(struct ava_host_stream *stream, struct ava_stream_copy *copy,
		      struct ava_pins *pins)
{
	struct ava_host_call *call;
	s64 done;
	int ret;

	ret = fault_in(u64_to_user_ptr(copy->addr + copy->copied),
		       min(copy->len - copy->copied, AVA_BULK_CHUNK),
		       copy->dir == AVA_COPY_TO_GUEST);
	if (ret)
		return ret;
	ret = ava_stream_copy_begin(stream, copy->tag, &call);
	if (ret)
		return ret;
	done = copy_kept(stream, call, copy, pins);
	ava_stream_copy_end(stream, call, done == -EIO);
	if (done < 0)
		return done;
	copy->copied += done;
	return 0;
}

/**
 * ava_bulk_copy() - AVA_STREAM_IOC_COPY
 * @stream: of the call
 * @copy: the request; @copy->copied is set in any case
 *
 * Return: 0 or -errno.
 */
int ava_bulk_copy(struct ava_host_stream *stream, struct ava_stream_copy *copy)
{
	struct ava_pins *pins;
	int ret;

	copy->copied = 0;
	ret = judge(stream, copy);
	if (ret)
		return ret;
	pins = kmalloc(sizeof(*pins), GFP_KERNEL);
	if (!pins)
		return -ENOMEM;
	while (!ret && copy->copied < copy->len) {
		if (fatal_signal_pending(current))
			ret = -EINTR;
		else
			ret = copy_chunk(stream, copy, pins);
		cond_resched();
	}
	kfree(pins);
	return ret;
}
