# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the OpenCL test programs say the same in the guest as natively on this machine
# What is native runs here and not in the host VM, which would compile every kernel
# twice under emulation; on as many processors as the host VM's device has.
cpus=$(host nproc) || fail "the host VM does not count its processors"
while read -r test lab _; do
	[ "$lab" = yes ] || continue
	on_host=$(POCL_MAX_PTHREAD_COUNT=$cpus "$BUILD/userspace/tests/$test" 2>/dev/null) || fail "$test fails natively: $on_host"
	in_guest=$(guest 1 "$BUILD/userspace/tests/$test") || fail "$test fails in the guest: $in_guest"
	same "$test: results" "$on_host" "$in_guest"
	echo "$test: $(grep -c '^ok' <<<"$in_guest") cases"
done < <(grep -v '^#' "$AVA_SRC/userspace/tests/opencl-programs")
