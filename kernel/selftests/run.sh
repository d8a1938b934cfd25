#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run [--cases N] [--seed S] [PROGRAM...] - run the programs that lie beside this
# script, as root on a kernel with ava_host, and print one TAP stream. The
# arguments with -- go to ring_attack.
dir=$(cd "$(dirname "$0")" && pwd)
cases=100000
seed=1
while :; do
	case ${1:-} in
	--cases) cases=$2; shift 2 ;;
	--seed) seed=$2; shift 2 ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || set -- vhost_ava_test ava_server_test ava_stream_test ava_call_test \
	ava_wire_test ava_fault_test ava_greedy_test ring_attack

# A server that a busy machine keeps from letting go is not one that holds on; here
# a process often serves many contexts. Tests of the grace period set their own.
grace=/sys/module/ava_host/parameters/grace_ms
if [ -w "$grace" ]; then
	before=$(cat "$grace")
	trap 'echo "$before" >"$grace"' EXIT
	echo 60000 >"$grace"
fi

for prog; do
	args=
	[ "$prog" = ring_attack ] && args="--cases $cases --seed $seed"
	echo "# $prog $args"
	# shellcheck disable=SC2086
	"$dir/$prog" $args 2>&1
	echo "@@ $prog $?"
done | awk '
	function line(word, name) { print word " " ++n " - " name; if (word != "ok") bad++; fflush() }
	/^@@ / { if ($3 != 0 && !failed) line("not ok", $2 " ended with status " $3)
		 if (!seen) line("not ok", $2 " ran no test"); failed = seen = 0; next }
	/^TAP version|^1\.\./ { next }
	/^(not )?ok / { word = /^ok/ ? "ok" : "not ok"; sub(/^(not )?ok [0-9]+ *(- *)?/, "")
		 seen++; if (word != "ok") failed++; line(word, $0); next }
	/^#/ { print; fflush(); next }
	{ print "#  " $0; fflush() }
	END { print "1.." n; exit bad > 0 }'
