# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the guest's module unloads when idle, and works when loaded again
guest_settle 1
guest 1 rmmod ava_guest
guest 1 'test ! -e /dev/ava'
guest 1 "insmod \$LAB_AVA_GUEST && test -c /dev/ava"
guest 1 "$EXAMPLES/ava-matmul" --size 32
