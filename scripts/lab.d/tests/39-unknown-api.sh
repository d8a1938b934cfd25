# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# an API, version or hash that the server does not have is refused by name
read -r name version hash <<<"$(api_id)"
open_says() { guest 1 "$TOOLS/lab-open" "$@" || true; }
same "unknown API" "open: ENOENT" "$(open_says nosuchapi "$version" "$hash")"
same "other hash" "open: EPROTONOSUPPORT" "$(open_says "$name" "$version" "${hash//[0-9a-f]/0}")"
same "other version" "open: EPROTONOSUPPORT" "$(open_says "$name" 999.0 "$hash")"
same "the right one" "open: ok" "$(open_says "$name" "$version" "$hash")"
host_settle
host dmesg | grep -e "${hash:0:8}" || fail "the host's log does not tell the two specs apart"
