# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# without avad an open is refused with ECONNREFUSED; with it again, it works
host avad-ctl stop
read -ra id <<<"$(api_id)"
out=$(guest 1 "$TOOLS/lab-open" "${id[@]}" || true)
same "open" "open: ECONNREFUSED" "$out"
out=$(guest 1 clinfo -l)
same "clinfo's list" "" "$(grep Device <<<"$out" || true)"
host avad-ctl start
guest 1 "$TOOLS/lab-open" "${id[@]}"
guest 1 "$EXAMPLES/ava-matmul" --size 32
