# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# a lab that cannot be is refused in one sentence: memory, package, module, setting
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
ln -s "$(type -P qemu-system-x86_64)" "$dir/bin"

refused() { # TEXT ENVIRONMENT... -- ARGUMENT...
	local text=$1 settings=() status=0 out
	shift
	while [ "$1" != -- ]; do
		settings+=("$1")
		shift
	done
	shift
	out=$(env "${settings[@]}" AVA_LAB_DIR="$dir/lab" "$LAB" "$@" 2>&1) || status=$?
	echo "$out"
	same "status" 98 "$status"
	same "number of lines" 1 "$(wc -l <<<"$out")"
	grep -qF -e "$text" <<<"$out" || fail "expected: $text"
}

refused "this machine has" AVA_LAB_MEM=99999999 -- up
# so little memory that the lab that runs beside has left it
refused "do not fit a host VM" AVA_LAB_MEM=64 -- up --guests 1000
refused "AVA_LAB_MEM is 'much'" AVA_LAB_MEM=much -- up
refused "AVA_LAB_GUEST_MEM is '-3'" AVA_LAB_GUEST_MEM=-3 -- up
refused "AVA_LAB_ACCEL is 'xen'" AVA_LAB_ACCEL=xen -- up
refused "apt-get install qemu-system-x86" PATH="$dir/none" -- up
refused "apt-get install busybox-static" PATH="$dir/bin" -- up
refused "ava_host.ko is not built: run scripts/build-modules" AVA_LAB_MEM=2048 BUILD="$dir/build" -- up
refused "is not a file" -- run "$dir/none"
refused "run 'scripts/lab up' first" -- host true
