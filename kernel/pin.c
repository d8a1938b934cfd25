// SPDX-License-Identifier: GPL-2.0
/*
 * pin.c - guest memory pinned in its VMM for one chunk of a copy
 *
 * Guest-physical runs become addresses of the VMM, and those become pages. The
 * locks that keep table and addresses true meanwhile are the caller's, vhost.c.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/vhost_iotlb.h>
#include <uapi/linux/vhost_types.h>

#include "ava_host.h"

static void note_pages(struct ava_pins *pins, u64 hva, u64 len, u32 pages)
{
	u32 off, n;

	while (pages--) {
		off = offset_in_page(hva);
		n = min_t(u64, len, PAGE_SIZE - off);
		pins->off[pins->count] = off;
		pins->len[pins->count] = n;
		pins->count++;
		hva += n;
		len -= n;
	}
}

/*
 * Pins the contiguous bytes at @hva, as many as fit. Whether the host is short of
 * memory or the server was killed says nothing about the guest.
 * Return: how many, -ENOMEM, -EINTR, or -EIO for what else keeps them from it.
 */
static s64 pin_range(struct mm_struct *mm, u64 hva, u64 len, bool write,
		     struct ava_pins *pins)
{
	u32 off = offset_in_page(hva);
	u64 room = (u64)(AVA_PIN_PAGES - pins->count) * PAGE_SIZE - off;
	long got;

	len = min(len, room);
	got = ava_pin_remote(mm, hva - off, DIV_ROUND_UP(off + len, PAGE_SIZE),
			     write ? FOLL_WRITE : 0, pins->pages + pins->count);
	if (got == -ENOMEM || got == -EINTR)
		return got;
	if (got <= 0)
		return -EIO;
	len = min_t(u64, len, (u64)got * PAGE_SIZE - off);
	note_pages(pins, hva, len, got);
	return len;
}

/**
 * ava_pin_runs() - pin guest memory, up to AVA_PIN_PAGES pages of it
 * @umem: the memory table
 * @mm: where its addresses are; mmap_lock is held
 * @cur: where in the segment; moves on
 * @len: bytes wanted
 * @write: for the host to write
 * @pins: filled from pins->count on; for ava_unpin()
 *
 * Return: 0, -EIO where a byte is not guest memory, -ENOMEM, or -EINTR if the
 * server was killed; what was pinned before stays pinned.
 */
int ava_pin_runs(struct vhost_iotlb *umem, struct mm_struct *mm,
		 struct ava_run_cursor *cur, u64 len, bool write,
		 struct ava_pins *pins)
{
	u32 perm = write ? VHOST_MAP_WO : VHOST_MAP_RO;
	u64 gpa, hva, n;
	s64 got;

	mmap_assert_locked(mm);
	while (len && pins->count < AVA_PIN_PAGES) {
		n = min(len, ava_cursor_peek(cur, &gpa));
		if (!n)
			return -EIO;
		n = ava_translate(umem, gpa, n, perm, &hva);
		if (!n)
			return -EIO;
		got = pin_range(mm, hva, n, write, pins);
		if (got < 0)
			return got;
		ava_cursor_advance(cur, got);
		len -= got;
	}
	return 0;
}

void ava_unpin(struct ava_pins *pins, bool wrote)
{
	unpin_user_pages_dirty_lock(pins->pages, pins->count, wrote);
}
