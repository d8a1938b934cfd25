# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# two processes of one guest compute at the same time
guest 1 "$EXAMPLES/ava-matmul" --size 96 --repeat 3 & first=$!
guest 1 "$EXAMPLES/ava-matmul" --size 96 --repeat 3 & second=$!
host_reaches contexts+2
wait $first
wait $second
