/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - what differs between the kernels that this module builds for
 *
 * Each name here is the newest kernel's shape, given to older ones; when the
 * oldest supported kernel has it, the entry goes. Callers test no versions.
 */
#ifndef AVA_COMPAT_H
#define AVA_COMPAT_H

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/version.h>

/* Early 6.1 has no visibility.h; a kernel without KUnit does not need it. */
#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/visibility.h>
#else
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define AVA_IMPORT_KUNIT_NS MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING)
#else
#define AVA_IMPORT_KUNIT_NS MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING")
#endif

/* The vmas argument of the pin family went in 6.5. */
static inline long ava_pin_remote(struct mm_struct *mm, unsigned long start,
				  unsigned long nr, unsigned int flags,
				  struct page **pages)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	return pin_user_pages_remote(mm, start, nr, flags, pages, NULL, NULL);
#else
	return pin_user_pages_remote(mm, start, nr, flags, pages, NULL);
#endif
}

/* vm_flags became const in 6.3. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void ava_vm_flags_mod(struct vm_area_struct *vma,
				    unsigned long set, unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#else
static inline void ava_vm_flags_mod(struct vm_area_struct *vma,
				    unsigned long set, unsigned long clear)
{
	vm_flags_mod(vma, set, clear);
}
#endif

/* Work belongs to a queue's worker since 6.5; before, to the device's only one. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define ava_vhost_work_queue(vq, work) vhost_work_queue((vq)->dev, work)
#else
#define ava_vhost_work_queue(vq, work) vhost_vq_work_queue(vq, work)
#endif

#endif /* AVA_COMPAT_H */
