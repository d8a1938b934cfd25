# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# buffers of 0 bytes, 1 byte, odd offsets over pages, and 64 MiB come back intact
out=$(guest 1 "$BUILD/userspace/tests/cl_buffers") || { echo "$out"; fail "cl_buffers failed"; }
grep -c "^ *ok" <<<"$out"
