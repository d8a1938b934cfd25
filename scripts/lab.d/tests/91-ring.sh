# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the ring player attacks the stock kernel's /dev/vhost-ava, and nothing gives way
out=$(host "$BUILD/selftests/run" --cases "${AVA_LAB_RING_CASES:-5000}" --seed 2026) || {
	grep -v '^ok' <<<"$out"
	fail "the ring player found something"
}
grep -v '^ok' <<<"$out"
host_settle vms=0 contexts=0 managers=0
