// SPDX-License-Identifier: GPL-2.0
/*
 * The driver's own memory of a chain, in physically contiguous chunks
 *
 * A call's readable part may be megabytes (a long table of runs), and vmalloc
 * memory cannot be named by one descriptor. All but the last chunk have
 * AVAG_CHUNK bytes, the most that the page allocator finds also in a guest whose
 * memory is fragmented. Memory comes zeroed: what the host claims to have written
 * may be handed to user space.
 */
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ava_guest.h"

#define AVAG_CHUNK	((size_t)PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER)

struct avag_buf *avag_buf_alloc(size_t len)
{
	unsigned int nr = DIV_ROUND_UP(len, AVAG_CHUNK);
	struct avag_buf *buf;
	unsigned int i;

	buf = kzalloc(struct_size(buf, chunk, nr), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return NULL;
	buf->len = len;
	buf->nr = nr;
	for (i = 0; i < nr; i++) {
		buf->chunk[i] = kzalloc(min(len - i * AVAG_CHUNK, AVAG_CHUNK),
					GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
		if (!buf->chunk[i])
			goto err_free;
	}
	return buf;

err_free:
	avag_buf_free(buf);
	return NULL;
}

void avag_buf_free(struct avag_buf *buf)
{
	unsigned int i;

	if (!buf)
		return;
	for (i = 0; i < buf->nr; i++)
		kfree(buf->chunk[i]);
	kfree(buf);
}

static size_t avag_buf_chunk_len(const struct avag_buf *buf, unsigned int i)
{
	return min(buf->len - i * AVAG_CHUNK, AVAG_CHUNK);
}

void avag_buf_sg(const struct avag_buf *buf, struct scatterlist *sg)
{
	unsigned int i;

	sg_init_table(sg, buf->nr);
	for (i = 0; i < buf->nr; i++)
		sg_set_buf(&sg[i], buf->chunk[i], avag_buf_chunk_len(buf, i));
}

/* The bytes at @off that lie in one chunk, at most *@len of them. */
static void *avag_buf_span(const struct avag_buf *buf, size_t off, size_t *len)
{
	*len = min(*len, AVAG_CHUNK - off % AVAG_CHUNK);
	return buf->chunk[off / AVAG_CHUNK] + off % AVAG_CHUNK;
}

void avag_buf_write(struct avag_buf *buf, size_t off, const void *data,
		    size_t len)
{
	size_t n;
	void *to;

	for (; len; off += n, data += n, len -= n) {
		n = len;
		to = avag_buf_span(buf, off, &n);
		memcpy(to, data, n);
	}
}

int avag_buf_from_user(struct avag_buf *buf, size_t off,
		       const void __user *data, size_t len)
{
	size_t n;
	void *to;

	for (; len; off += n, data += n, len -= n) {
		n = len;
		to = avag_buf_span(buf, off, &n);
		if (copy_from_user(to, data, n))
			return -EFAULT;
	}
	return 0;
}

int avag_buf_to_user(const struct avag_buf *buf, size_t off, void __user *data,
		     size_t len)
{
	const void *from;
	size_t n;

	for (; len; off += n, data += n, len -= n) {
		n = len;
		from = avag_buf_span(buf, off, &n);
		if (copy_to_user(data, from, n))
			return -EFAULT;
	}
	return 0;
}
