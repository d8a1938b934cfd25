/* SPDX-License-Identifier: GPL-2.0 */
/*
 * runs.h - bulk segments as lists of guest-physical runs
 */
#ifndef AVA_RUNS_H
#define AVA_RUNS_H

#include <linux/types.h>
#include <linux/virtio_ava.h>

struct vhost_iotlb;

/**
 * union ava_run - contiguous guest-physical bytes
 * @wire: as the guest sent it
 * @addr: guest-physical address
 * @end: bytes of the segment up to and with this run, so that an offset is found
 *	by bisection
 *
 * Converted in place: a call may have a million of them.
 */
union ava_run {
	struct virtio_ava_run wire;
	struct {
		u64 addr;
		u64 end;
	};
};

/**
 * struct ava_seg_runs - a bulk segment
 * @len: bytes
 * @runs: its own
 * @run_count: how many
 * @flags: VIRTIO_AVA_SEG_*
 */
struct ava_seg_runs {
	u64 len;
	const union ava_run *runs;
	u32 run_count;
	u32 flags;
};

/**
 * struct ava_run_cursor - a place in a segment
 * @seg: the segment
 * @index: the run
 * @offset: byte in the segment
 */
struct ava_run_cursor {
	const struct ava_seg_runs *seg;
	u32 index;
	u64 offset;
};

void ava_cursor_init(struct ava_run_cursor *cur, const struct ava_seg_runs *seg,
		     u64 offset);
u64 ava_cursor_peek(const struct ava_run_cursor *cur, u64 *gpa);
void ava_cursor_advance(struct ava_run_cursor *cur, u64 len);

u64 ava_translate(struct vhost_iotlb *umem, u64 gpa, u64 len, u32 perm, u64 *hva);

#endif /* AVA_RUNS_H */
