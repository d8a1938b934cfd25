# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# two guests and the host VM compute at the same time
guest 1 "$EXAMPLES/ava-matmul" --size 96 --repeat 3 & first=$!
guest 2 "$EXAMPLES/ava-matmul" --size 96 --repeat 3 & second=$!
host "$EXAMPLES/ava-matmul" --size 96 & third=$!
host_reaches contexts+2
wait $first
wait $second
wait $third
