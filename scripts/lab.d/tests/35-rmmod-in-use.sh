# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# rmmod is refused while a module is in use
read -ra id <<<"$(api_id)"
hold 1 "$TOOLS/lab-open" "${id[@]}" --hold
host rmmod ava_host && fail "ava_host was unloaded while guests used it"
guest 1 rmmod ava_guest && fail "ava_guest was unloaded while a file was open"
guest 1 pkill -KILL -x lab-open
held >/dev/null
