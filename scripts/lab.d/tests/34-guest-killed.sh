# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# a guest VM killed in the middle of a call leaves nothing behind, others go on
hold 1 "$TOOLS/lab-hold"
host_reaches contexts=1 calls+1
not_enough
computing 2 --size 96 --repeat 3 & other=$!
host_reaches contexts=2
"$LAB" kill-guest -n 1
host_settle vms=1
enough
wait $other
held | grep -qx 'status 98' || fail "the lost command was not reported as lost"
host_settle
"$LAB" start-guest -n 1
guest 1 "$EXAMPLES/ava-matmul" --size 32
