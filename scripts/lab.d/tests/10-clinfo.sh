# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# unmodified clinfo in the guest equals the host VM's but for lines that must differ
out=$BUILD/logs/lab
host clinfo >"$out/clinfo.host"
guest 1 clinfo >"$out/clinfo.guest"
grep -q 'Platform Name' "$out/clinfo.guest" || fail "clinfo sees no platform in the guest"
"$AVA_SRC/scripts/lab.d/clinfo-compare" "$out/clinfo.host" "$out/clinfo.guest"
