# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the host's module unloads when idle and loads again
"$LAB" kill-guest -n 1
"$LAB" kill-guest -n 2
host_settle vms=0 contexts=0
host rmmod ava_host && fail "ava_host was unloaded while avad used it"
host avad-ctl stop
host rmmod ava_host
host 'test ! -e /dev/ava-server && test ! -e /dev/vhost-ava'
host "insmod \$LAB_AVA_HOST open_timeout_ms=60000 && test -c /dev/vhost-ava && avad-ctl start"
"$LAB" start-guest -n 1
guest 1 "$EXAMPLES/ava-matmul" --size 32
"$LAB" kill-guest -n 1
host_settle vms=0 contexts=0
host avad-ctl stop
