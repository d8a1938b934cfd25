# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# QEMU's device and the real node: guest ids, start, pause, reset, unplug, migration
qemu=$("$AVA_SRC/scripts/build-qemu" --print)
host env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$AVA_SRC/qemu/tests/check-node" "$qemu"
