// SPDX-License-Identifier: GPL-2.0
/*
 * runs.c - walks over bulk segments, and from guest-physical to host addresses
 *
 * Pure: memory tables are parameters. Callers keep the table still.
 */
#include <linux/minmax.h>
#include <linux/vhost_iotlb.h>

#include "compat.h"
#include "runs.h"

/**
 * ava_cursor_init() - find a place in a segment
 * @cur: (out)
 * @seg: the segment
 * @offset: at most its length
 */
void ava_cursor_init(struct ava_run_cursor *cur, const struct ava_seg_runs *seg,
		     u64 offset)
{
	u32 low = 0, high = seg->run_count;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (seg->runs[mid].end <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	cur->seg = seg;
	cur->index = low;
	cur->offset = offset;
}
EXPORT_SYMBOL_IF_KUNIT(ava_cursor_init);

/**
 * ava_cursor_peek() - the contiguous bytes at a place
 * @cur: the place
 * @gpa: (out) their guest-physical address
 *
 * Return: how many, 0 at the segment's end.
 */
u64 ava_cursor_peek(const struct ava_run_cursor *cur, u64 *gpa)
{
	const struct ava_seg_runs *seg = cur->seg;
	u64 start;

	if (cur->index >= seg->run_count)
		return 0;
	start = cur->index ? seg->runs[cur->index - 1].end : 0;
	*gpa = seg->runs[cur->index].addr + (cur->offset - start);
	return seg->runs[cur->index].end - cur->offset;
}
EXPORT_SYMBOL_IF_KUNIT(ava_cursor_peek);

/* ava_cursor_advance() - move on by at most what ava_cursor_peek() returned */
void ava_cursor_advance(struct ava_run_cursor *cur, u64 len)
{
	cur->offset += len;
	if (cur->index < cur->seg->run_count &&
	    cur->offset == cur->seg->runs[cur->index].end)
		cur->index++;
}
EXPORT_SYMBOL_IF_KUNIT(ava_cursor_advance);

/**
 * ava_translate() - from guest-physical to the VMM's addresses
 * @umem: the VM's memory table, or NULL
 * @gpa: first byte
 * @len: bytes wanted, not 0; @gpa + @len - 1 does not overflow
 * @perm: VHOST_MAP_* that the range must have
 * @hva: (out) address of the first byte
 *
 * Return: bytes that are contiguous there, at most @len; 0 if @gpa is no memory.
 */
u64 ava_translate(struct vhost_iotlb *umem, u64 gpa, u64 len, u32 perm, u64 *hva)
{
	struct vhost_iotlb_map *map;

	if (!umem)
		return 0;
	map = vhost_iotlb_itree_first(umem, gpa, gpa + len - 1);
	if (!map || map->start > gpa || (map->perm & perm) != perm)
		return 0;
	*hva = map->addr + (gpa - map->start);
	return min(len, map->last - gpa + 1);
}
EXPORT_SYMBOL_IF_KUNIT(ava_translate);
