# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# a context outlives a restart of avad
read -ra id <<<"$(api_id)"
hold 1 "$TOOLS/lab-hold"
host avad-ctl stop
host_settle managers=0 contexts=1
host avad-ctl start
guest 1 "$TOOLS/lab-open" "${id[@]}"
guest 1 pkill -KILL -x lab-hold
held >/dev/null
host_settle
