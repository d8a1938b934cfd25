# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the matrix multiplication gives the same result in the guest and on the host VM
results() { grep -v -e ' ms' -e ' s$'; }
on_host=$(host "$EXAMPLES/ava-matmul" --size 128 | tee >(cat >&2) | results)
in_guest=$(guest 1 "$EXAMPLES/ava-matmul" --size 128 | tee >(cat >&2) | results)
same "products" "$on_host" "$in_guest"
