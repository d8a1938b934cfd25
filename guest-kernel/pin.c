// SPDX-License-Identifier: GPL-2.0
/*
 * User memory of a call: pinned, charged, and named by guest-physical runs
 *
 * Pages are charged to mm->pinned_vm of the process that submits, before they
 * are pinned, and uncharged from that mm whoever ends the call. Pins are
 * long-term: how long a call runs is up to the host.
 */
#include <linux/capability.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "ava_guest.h"

/* So often a long pinning looks whether it has been killed. */
#define AVAG_PIN_STEP	1024ul

int avag_pins_charge(struct avag_pins *pins, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	struct mm_struct *mm = current->mm;
	s64 now;

	if (!pages)
		return 0;
	now = atomic64_add_return(pages, &mm->pinned_vm);
	if (now > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(pages, &mm->pinned_vm);
		return -ENOMEM;
	}
	mmgrab(mm);
	pins->mm = mm;
	pins->charged = pages;
	return 0;
}

/* Pin one segment; pin->count says how far that came, also on failure. */
static int avag_pin_get(struct avag_pins *pins, struct avag_pin *pin,
			const struct ava_seg *seg)
{
	unsigned long addr = seg->addr & PAGE_MASK;
	unsigned long pages = avag_seg_pages(seg);
	unsigned int flags = FOLL_LONGTERM;
	long got;

	pin->dirty = seg->flags & AVA_SEG_FROM_HOST;
	if (pin->dirty)
		flags |= FOLL_WRITE;

	while (pin->count < pages) {
		if (fatal_signal_pending(current))
			return -EINTR;
		got = pin_user_pages_fast(addr + pin->count * PAGE_SIZE,
					  min(pages - pin->count, AVAG_PIN_STEP),
					  flags,
					  pins->pages + pin->first + pin->count);
		if (got <= 0)
			return got ? got : -EFAULT;
		pin->count += got;
		avag_stat_add(AVAG_STAT_PINNED, got);
		cond_resched();
	}
	return 0;
}

/* Pin what is charged. On failure avag_pins_put() undoes what was done. */
int avag_pins_get(struct avag_pins *pins, const struct ava_seg *segs,
		  u32 count)
{
	unsigned long first = 0;
	int ret;
	u32 i;

	if (!pins->charged)
		return 0;
	pins->pin = kcalloc(count, sizeof(*pins->pin), GFP_KERNEL_ACCOUNT);
	pins->pages = kvmalloc_array(pins->charged, sizeof(*pins->pages),
				     GFP_KERNEL_ACCOUNT);
	if (!pins->pin || !pins->pages)
		return -ENOMEM;

	for (i = 0; i < count; i++) {
		pins->pin[i].first = first;
		pins->nr = i + 1;
		ret = avag_pin_get(pins, &pins->pin[i], &segs[i]);
		if (ret)
			return ret;
		first += pins->pin[i].count;
	}
	return 0;
}

static int avag_pin_runs(struct page **pages, unsigned long count,
			 const struct ava_seg *seg, struct avag_runs *runs)
{
	u64 left = seg->len;
	u64 off = offset_in_page(seg->addr);
	unsigned long i;
	u64 n;
	int ret;

	for (i = 0; i < count; i++) {
		n = min_t(u64, left, PAGE_SIZE - off);
		ret = avag_runs_add(runs, page_to_phys(pages[i]) + off, n);
		if (ret)
			return ret;
		left -= n;
		off = 0;
	}
	return 0;
}

/* Fill the wire's segments and the table of runs. */
int avag_pins_runs(const struct avag_pins *pins, const struct ava_seg *segs,
		   struct virtio_ava_seg *wire, struct avag_runs *runs)
{
	const struct avag_pin *pin;
	int ret;
	u32 i;

	for (i = 0; i < pins->nr; i++) {
		pin = &pins->pin[i];
		avag_runs_start_seg(runs);
		ret = avag_pin_runs(pins->pages + pin->first, pin->count,
				    &segs[i], runs);
		if (ret)
			return ret;
		wire[i].run_count = cpu_to_le32(runs->count - runs->seg_start);
	}
	return 0;
}

void avag_pins_put(struct avag_pins *pins)
{
	struct avag_pin *pin;
	u32 i;

	for (i = 0; i < pins->nr; i++) {
		pin = &pins->pin[i];
		unpin_user_pages_dirty_lock(pins->pages + pin->first,
					    pin->count, pin->dirty);
		avag_stat_add(AVAG_STAT_PINNED, -(long)pin->count);
	}
	kvfree(pins->pages);
	kfree(pins->pin);
	if (pins->mm) {
		atomic64_sub(pins->charged, &pins->mm->pinned_vm);
		mmdrop(pins->mm);
	}
	memset(pins, 0, sizeof(*pins));
}
