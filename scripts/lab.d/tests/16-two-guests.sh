# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# two guests and the host VM compute at the same time
not_enough
computing 1 --size 96 --repeat 3 & first=$!
computing 2 --size 96 --repeat 3 & second=$!
host "$EXAMPLES/ava-matmul" --size 96 & third=$!
host_reaches contexts+2
enough
wait $first
wait $second
wait $third
