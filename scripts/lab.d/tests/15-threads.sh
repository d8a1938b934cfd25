# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# four threads of one process compute at the same time
not_enough
computing 1 --size 96 --threads 4 --repeat 3 & job=$!
host_reaches streams+4
enough
wait $job
