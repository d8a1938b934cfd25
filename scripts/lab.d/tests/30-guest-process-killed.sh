# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# a guest process killed in the middle of a call leaves nothing behind
hold 1 "$TOOLS/lab-hold"
host_reaches contexts=1 calls+1
guest 1 pkill -KILL -x lab-hold
guest_settle 1
host_settle
held | grep -qx 'status 137' || fail "the killed program ended otherwise"
