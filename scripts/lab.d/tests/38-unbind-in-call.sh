# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the guest's driver is unbound in the middle of a call: the program gets errors, and ends
dev=$(guest 1 'ls /sys/bus/virtio/drivers/ava_guest | grep ^virtio')
hold 1 "$TOOLS/lab-hold"
host_reaches contexts=1 calls+1
guest 1 "echo $dev >/sys/bus/virtio/drivers/ava_guest/unbind"
out=$(held)
echo "$out"
grep -qx 'status 0' <<<"$out" || fail "the program did not get an error from each call"
host_settle
guest 1 "echo $dev >/sys/bus/virtio/drivers/ava_guest/bind"
guest 1 "$EXAMPLES/ava-matmul" --size 32
