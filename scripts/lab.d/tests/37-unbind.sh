# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the guest's driver is unbound with a file open: ENODEV, hang-up, and a clean return
read -ra id <<<"$(api_id)"
dev=$(guest 1 'ls /sys/bus/virtio/drivers/ava_guest | grep ^virtio')
hold 1 "$TOOLS/lab-open" "${id[@]}" --hold
guest 1 "echo $dev >/sys/bus/virtio/drivers/ava_guest/unbind"
out=$(held)
echo "$out"
grep -q '^poll:.* hup' <<<"$out" || fail "the open file saw no hang-up"
grep -qx 'stream after: ENODEV' <<<"$out" || fail "the open file did not say ENODEV"
host_settle
same "another open" "open: ENODEV" "$(guest 1 "$TOOLS/lab-open" "${id[@]}" || true)"
guest 1 "echo $dev >/sys/bus/virtio/drivers/ava_guest/bind"
guest 1 "$EXAMPLES/ava-matmul" --size 32
