# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the tests of /dev/ava pass in a guest, with their echo API served by the host VM
tests=$BUILD/guest-selftests
host avad-ctl stop
exec 8< <(host "$tests/echo_server" 2>&1)
read -r -t 600 line <&8
same "the echo server" ready "$line"
failed=
for test in ava_uapi ava_io ava_fault ava_share ava_unbind; do
	out=$(guest 1 "timeout 600 $tests/$test") || failed="$failed $test"
	echo "$test: $(grep -c '^ok' <<<"$out" || true) passed"
	grep '^not ok' -B 5 <<<"$out" && failed="$failed $test"
done
host pkill -TERM -x echo_server
timeout 600 cat <&8
host avad-ctl start
[ -z "$failed" ] || fail "failed:$failed"
