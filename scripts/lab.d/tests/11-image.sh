# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# the image example gives the same bytes in the guest and on the host VM
"$EXAMPLES/ava-imgfilter" --sample "$BUILD/logs/lab/sample.png" --size 320x200
for filter in blur edges; do
	line="$EXAMPLES/ava-imgfilter --filter $filter $BUILD/logs/lab/sample.png /tmp/$filter.png &&
		sha256sum /tmp/$filter.png"
	on_host=$(host "$line" | tee >(cat >&2) | grep "/tmp/$filter.png$" | tail -1)
	in_guest=$(guest 1 "$line" | tee >(cat >&2) | grep "/tmp/$filter.png$" | tail -1)
	same "$filter: pictures" "$on_host" "$in_guest"
done
