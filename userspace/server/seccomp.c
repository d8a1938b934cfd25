// SPDX-License-Identifier: Apache-2.0
/*
 * seccomp.c - the system calls that no API server needs
 *
 * A list of what is refused and not of what is allowed: vendor libraries, the
 * compilers they start and their next versions use whatever an ordinary program
 * uses. Refused is what reaches other processes, the kernel's configuration, or
 * large rarely used parts of the kernel. A refusal is an error code, not a kill:
 * libraries probe.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sandbox.h"

static const int refused[] = {
	/* other processes */
	SCMP_SYS(ptrace), SCMP_SYS(process_madvise), SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp),
	/* namespaces and mounts */
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(move_mount), SCMP_SYS(open_tree),
	SCMP_SYS(mount_setattr), SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount),
	SCMP_SYS(fspick), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(setns),
	SCMP_SYS(unshare), SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at),
	SCMP_SYS(quotactl), SCMP_SYS(acct),
	/* the kernel itself */
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(init_module),
	SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(reboot),
	SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(iopl), SCMP_SYS(ioperm),
	SCMP_SYS(syslog), SCMP_SYS(sethostname), SCMP_SYS(setdomainname),
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime),
	SCMP_SYS(adjtimex), SCMP_SYS(vhangup),
	/* large and rarely used */
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(keyctl),
	SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(modify_ldt),
	SCMP_SYS(fanotify_init), SCMP_SYS(lookup_dcookie),
};

static const int refused_unless_local[] = {
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
};

static const unsigned long namespaces[] = {
	CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
	CLONE_NEWCGROUP,
};

static int refuse_list(scmp_filter_ctx ctx, const int *list, size_t count)
{
	size_t i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), list[i], 0);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * clone3's flags lie in memory, out of a filter's sight: ENOSYS makes the C
 * library use clone. Address families above netlink are not separated by
 * network namespaces (AF_VSOCK reaches the guests) or are attack surface.
 */
static int refuse_by_argument(scmp_filter_ctx ctx)
{
	size_t i;
	int ret;

	for (i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i],
					       namespaces[i]));
		if (ret)
			return ret;
	}
	ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (ret)
		return ret;
	ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
			       SCMP_A0_32(SCMP_CMP_GT, AF_NETLINK));
	if (ret)
		return ret;
	/* Both type into the terminal that stderr may be. */
	ret = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
			       SCMP_A1_32(SCMP_CMP_EQ, TIOCSTI));
	if (ret)
		return ret;
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
				SCMP_A1_32(SCMP_CMP_EQ, TIOCLINUX));
}

int ava_seccomp_load(bool local)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int ret;

	if (!ctx)
		return -ENOMEM;
	ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!ret)
		ret = refuse_list(ctx, refused, sizeof(refused) / sizeof(refused[0]));
	if (!ret && !local)
		ret = refuse_list(ctx, refused_unless_local,
				  sizeof(refused_unless_local) / sizeof(refused_unless_local[0]));
	if (!ret)
		ret = refuse_by_argument(ctx);
	if (!ret)
		ret = seccomp_load(ctx);
	seccomp_release(ctx);
	return ret;
}
