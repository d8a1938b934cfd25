# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# a server killed in the middle of a call: errors for that program, none for the next
hold 1 "$TOOLS/lab-hold"
host_reaches contexts=1 calls+1
host pkill -KILL -x ava-server-open
host_settle streams=0 calls=0 bulk_bytes=0
out=$(held)
echo "$out"
grep -qx 'status 0' <<<"$out" || fail "the program did not get an error from each call"
host_settle
guest_settle 1
guest 1 "$EXAMPLES/ava-matmul" --size 32
