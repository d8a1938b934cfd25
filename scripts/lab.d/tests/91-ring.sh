# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the ring player attacks the stock kernel's /dev/vhost-ava, and nothing gives way
status=0
out=$(host "$BUILD/selftests/run" --cases "${AVA_LAB_RING_CASES:-100000}" --seed 2026) || status=$?
grep -v -e '^ok' -e '^#  RUN ' -e '^#   *OK ' <<<"$out"
echo "$(grep -c '^ok' <<<"$out") cases passed"
[ "$status" -eq 0 ] || fail "the ring player found something"
host_settle vms=0 contexts=0 managers=0
