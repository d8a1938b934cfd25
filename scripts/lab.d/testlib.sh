# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# testlib.sh - what the lab's tests share: sourced by check-lab in each test's shell
#
# A test is a bash script run with -eu on the machine; it talks to the VMs with
# host and guest, and ends with 0 if all was as it should be.

LAB=$AVA_SRC/scripts/lab
TOOLS=$BUILD/lab-tools
# shellcheck disable=SC2034	# for the tests
EXAMPLES=$BUILD/userspace/examples
HOST_COUNTERS=/sys/class/misc/ava-server
GUEST_COUNTERS=/sys/class/misc/ava
# Everything must be back within a second of the VM's own clock, in which it ran.
SETTLE_MS=1000
# In the state directory, which every VM sees.
ENOUGH=/run/lab/state/enough

fail() {
	echo "$*" >&2
	exit 1
}

host() { "$LAB" host "$@"; }

guest() { # N CMD...
	local n=$1
	shift
	"$LAB" guest -n "$n" "$@"
}

# WHERE COMMAND...: run lab-settle there, and fail the test if it does.
settle() {
	local where=$1 out
	shift
	out=$("$@") || fail "$where: the counters did not settle: $out"
	echo "$where: $out"
}

# Until the host's counters are as told; nothing held by anyone if not told.
host_settle() { # [COUNTER=N...]
	[ $# -gt 0 ] || set -- contexts=0 streams=0 calls=0 bulk_bytes=0
	settle host host "$TOOLS/lab-settle" $HOST_COUNTERS $SETTLE_MS "$@"
}

guest_settle() { # N [COUNTER=N...]
	local n=$1
	shift
	[ $# -gt 0 ] || set -- contexts=0 streams=0 calls=0 pinned_pages=0
	settle "guest $n" guest "$n" "$TOOLS/lab-settle" $GUEST_COUNTERS $SETTLE_MS "$@"
}

# Longer: for a call to get going, not for anything to be given back.
host_reaches() {
	settle host host "$TOOLS/lab-settle" $HOST_COUNTERS 60000 "$@"
}

# Guest N computes, with ava-matmul's arguments, until the test has seen enough: so
# it does still when the test looks, however slow that is.
computing() { # N ARGUMENT...
	local n=$1
	shift
	guest "$n" "until test -e $ENOUGH; do $EXAMPLES/ava-matmul $* || exit; done"
}

not_enough() { host rm -f "$ENOUGH"; }
enough() { host touch "$ENOUGH"; }

# Start CMD in guest N and read what it says until it says "holding".
hold() { # N CMD...
	local line
	exec 9< <(guest "$@" 2>&1 && echo "status 0" || echo "status $?")
	while read -r -t 600 -u 9 line; do
		echo "$1: $line"
		[ "$line" = holding ] && return
	done
	fail "the program in guest $1 did not get to hold its call"
}

# The rest of what the holding program says, and its status.
held() {
	local all
	all=$(timeout 600 cat <&9) || fail "the program that held a call did not end"
	exec 9<&-
	echo "$all"
}

same() { # WHAT A B
	[ "$2" = "$3" ] && return
	echo "$1 differ:"
	diff <(echo "$2") <(echo "$3")
	return 1
}

# Name, version and hash as lab-open takes them; of the file that the VM sees.
api_id() {
	host "$BUILD/cava-lite/opencl/ava-server-opencl" --identify
}

# REMAINDER: every second program of opencl-programs that is for the lab says the same
# in guest 1 as natively, with fewer repetitions than elsewhere. What is native runs on
# the machine and not in the host VM, which would compile every kernel twice under
# emulation; on as many processors as the host VM's device has. The largest
# transfers are left out: their bytes cross two machines.
opencl_programs_same() {
	local test lab on_machine in_guest cpus began index=0
	local way=(CL_TEST_PART=10 CL_TEST_APART=1)

	cpus=$(host nproc) || fail "the host VM does not count its processors"
	while read -r test lab _; do
		[ "$lab" = yes ] && [ $((index++ % 2)) -eq "$1" ] || continue
		began=$SECONDS
		on_machine=$(env "${way[@]}" POCL_MAX_PTHREAD_COUNT="$cpus" \
			"$BUILD/userspace/tests/$test" 2>/dev/null) ||
			fail "$test fails natively: $on_machine"
		in_guest=$(guest 1 env "${way[@]}" "$BUILD/userspace/tests/$test") ||
			fail "$test fails in the guest: $in_guest"
		same "$test: results" "$on_machine" "$in_guest"
		echo "$test: $(grep -c '^ok' <<<"$in_guest") cases in $((SECONDS - began)) s"
	done < <(grep -v '^#' "$AVA_SRC/userspace/tests/opencl-programs")
}
