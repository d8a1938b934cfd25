# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - what the project's scripts share: sourced, never run.
#
# Messages go to stderr and start with '#', so that a script may print TAP or a
# result on stdout. Expensive things live in the cache, one directory each, named
# by a hash of what went into them; they appear there whole or not at all.

AVA_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
AVA_CACHE=${AVA_CACHE:-$HOME/.cache/ava}
CCACHE_DIR=${CCACHE_DIR:-$AVA_CACHE/ccache}
export AVA_ROOT AVA_CACHE CCACHE_DIR
PATH=$PATH:/usr/sbin:/sbin

# log MESSAGE: say what happens
log() {
	printf '# %s\n' "$*" >&2
}

# die SENTENCE: say what is wrong and what to do, and stop
die() {
	printf '# %s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# ava_need COMMAND...: stop unless every command is there
ava_need() {
	local cmd

	for cmd; do
		command -v "$cmd" >/dev/null ||
			die "the command '$cmd' is missing; run scripts/setup"
	done
}

# ava_hash STRING... -- FILE...: 16 hex digits that stand for all of them. Files
# count with their contents and their path below the project, not their dates.
ava_hash() {
	local strings=() file

	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		strings+=("$1")
		shift
	done
	shift
	{
		printf '%s\0' "${strings[@]}"
		for file; do
			printf '%s\0' "${file#"$AVA_ROOT"/}"
			sha256sum <"$file" || exit 1
		done
	} | sha256sum | cut -c1-16
}

# ava_lock NAME: hold a lock of the cache until the script ends, so that of two
# callers who want the same thing one makes it and the other finds it made
ava_lock() {
	mkdir -p "$AVA_CACHE" || die "cannot create $AVA_CACHE; set AVA_CACHE to a directory that you may write"
	exec {AVA_LOCK_FD}>"$AVA_CACHE/.lock-$1"
	if ! flock -n "$AVA_LOCK_FD"; then
		log "waiting for another run that makes $1"
		flock "$AVA_LOCK_FD"
	fi
	AVA_LOCKED=$1
}

ava_unlock() {
	[ -z "${AVA_LOCK_FD:-}" ] || exec {AVA_LOCK_FD}>&-
}

# ava_scratch NAME: make a directory in the cache that goes away with the script;
# sets AVA_SCRATCH. Whoever holds the lock NAME removes what a killed run left.
ava_scratch() {
	mkdir -p "$AVA_CACHE" || die "cannot create $AVA_CACHE; set AVA_CACHE to a directory that you may write"
	[ "${AVA_LOCKED:-}" != "$1" ] || rm -rf "$AVA_CACHE/.tmp-$1".*
	AVA_SCRATCH=$(mktemp -d "$AVA_CACHE/.tmp-$1.XXXXXX") ||
		die "cannot write to $AVA_CACHE; set AVA_CACHE to a directory that you may write"
	trap 'ava_kill_step; rm -rf "$AVA_SCRATCH"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# ava_publish DIR NAME: make DIR of the scratch the cache's entry NAME
ava_publish() {
	if ! chmod 755 "$1" || ! mv -T "$1" "$AVA_CACHE/$2"; then
		die "cannot move $1 to $AVA_CACHE/$2"
	fi
}

AVA_STEP_PID=
AVA_TICK_PID=

# End the step under way, if any, and its ticker.
ava_kill_step() {
	if [ -n "$AVA_STEP_PID" ]; then
		kill -- "-$AVA_STEP_PID" 2>/dev/null
		wait "$AVA_STEP_PID" 2>/dev/null
		AVA_STEP_PID=
	fi
	if [ -n "$AVA_TICK_PID" ]; then
		kill "$AVA_TICK_PID" 2>/dev/null
		wait "$AVA_TICK_PID" 2>/dev/null
		AVA_TICK_PID=
	fi
}

# The time and the last line of LOG, every 10 seconds until killed.
ava_tick() {
	local start=$SECONDS sleeper=

	ava_unlock
	trap 'kill $sleeper 2>/dev/null; exit' TERM
	while :; do
		sleep 10 >/dev/null 2>&1 &
		sleeper=$!
		wait "$sleeper"
		log "$1: $((SECONDS - start)) s: $(tail -n 1 "$2" | tr -cd '[:print:]' | cut -c1-80)"
	done
}

# ava_step WHAT LOG COMMAND...: run a long command with its output in LOG, show that
# it lives, show the log's end if it fails; returns the command's status. Start
# from a script that has called ava_scratch, or an interrupted step runs on.
ava_step() {
	local what=$1 log=$2 start=$SECONDS rc
	shift 2

	log "$what"
	# in a session of its own, so that a stop reaches all that it started; without
	# the lock, which ends with this script and not with what a step leaves behind
	(ava_unlock; exec setsid "$@") >"$log" 2>&1 </dev/null &
	AVA_STEP_PID=$!
	ava_tick "$what" "$log" &
	AVA_TICK_PID=$!
	wait "$AVA_STEP_PID"
	rc=$?
	AVA_STEP_PID=
	ava_kill_step
	if [ "$rc" -ne 0 ]; then
		log "$what: failed with status $rc after $((SECONDS - start)) s; the log ends:"
		tail -n 30 "$log" | sed 's/^/#   /' >&2
	fi
	return "$rc"
}

# ava_fetch WHAT LOG COMMAND...: as ava_step, of what comes over the network: an archive
# that is out of order for a moment is asked again, twice, before that is a failure
ava_fetch() {
	local pause

	for pause in 10 30; do
		ava_step "$@" && return
		log "$1: trying again in $pause s"
		sleep "$pause"
	done
	ava_step "$@"
}

# ---- Debian packages -------------------------------------------------------

# Another apt, as that of the machine's own updates, is waited for; slow is not dead.
# shellcheck disable=SC2034 # for the scripts that source this
AVA_APT=(apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5
	 -o Acquire::http::Timeout=120 -o Acquire::https::Timeout=120)

# ava_installed PACKAGE: print the installed version, or fail
ava_installed() {
	local status

	status=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null) || return 1
	[ "${status%% *}" = installed ] && printf '%s\n' "${status#* }"
}

# ava_available PACKAGE VERSION: can apt fetch exactly this?
ava_available() {
	[ -n "$(apt-cache show "$1=$2" 2>/dev/null)" ]
}

# The kernel that everything is built and tested against: image, headers and source
# of one package version, because the host module uses a private header of vhost.
# Sets AVA_KREL (the directory below /lib/modules), AVA_KVER (the package version) and
# AVA_KSOURCE (the source package). What is installed wins while its image can be
# had, so that a new upload to the archive does not change a working set-up.
ava_kernel() {
	ava_kernel_find ||
		die "apt knows no kernel whose image, headers and source have one version; run 'apt-get update' as root"
}

ava_kernel_find() {
	ava_kernel_installed || ava_kernel_candidate
}

# shellcheck disable=SC2034 # for the scripts that source this
ava_kernel_set() {
	AVA_KREL=$1
	AVA_KVER=$2
	AVA_KSOURCE=linux-source-$(printf '%s\n' "$2" | cut -d. -f1,2)
}

ava_kernel_installed() {
	local package version

	while read -r package version; do
		ava_kernel_set "${package#linux-headers-}" "$version"
		if [ "$(ava_installed "$AVA_KSOURCE")" = "$version" ] &&
		   { [ -d "$AVA_CACHE/kernel-$version" ] ||
		     ava_available "linux-image-$AVA_KREL" "$version"; }; then
			return 0
		fi
	done < <(dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' 'linux-headers-*' 2>/dev/null |
		 awk '$1 == "installed" && $2 ~ /^linux-headers-[0-9][0-9.]*-[0-9]+-amd64$/ { print $2, $3 }' |
		 sort -rV)
	return 1
}

ava_kernel_candidate() {
	local version release

	while read -r version release; do
		ava_kernel_set "$release" "$version"
		if ava_available "linux-headers-$release" "$version" &&
		   ava_available "$AVA_KSOURCE" "$version" &&
		   ava_available "linux-image-$release" "$version"; then
			return 0
		fi
	done < <(apt-cache show linux-image-amd64 2>/dev/null |
		 sed -nE 's/^Depends:.*\blinux-image-([0-9][^ ]*-amd64) \(= ([^)]*)\).*/\2 \1/p' |
		 sort -rV)
	return 1
}

# The machine's own Debian archives as source archives, in a list of its own: the
# machine's configuration stays as it is. Of another SUITE, if one is named.
ava_source_list() { # [SUITE]
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg

	# shellcheck disable=SC2016 # the names are apt's
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
		sort -u | while read -r uri release component origin; do
			[ "$origin" = Debian ] || continue
			# another release's: only where its main archive is
			[ -z "${1:-}" ] || [ "${release%-*}" = "$release" ] || continue
			printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: %s\n' \
				"$uri" "${1:-$release}" "$component"
			[ ! -r "$keyring" ] || printf 'Signed-By: %s\n' "$keyring"
			printf '\n'
		done
}

# ava_source PACKAGE[=VERSION] DIR [SUITE]: the files of a source package in DIR;
# fails if not all can be had. Needs ava_scratch.
ava_source() {
	local dir=$AVA_SCRATCH/apt${3:+-$3} apt

	mkdir -p "$dir/lists/partial" "$dir/parts" "$2"
	ava_source_list "${3:-}" >"$dir/parts/debian.sources"
	apt=("${AVA_APT[@]}" -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$dir/parts"
	     -o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir"
	     -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none)
	ava_fetch "fetching the list of Debian's source packages" "$AVA_SCRATCH/update.log" \
		"${apt[@]}" --error-on=any update &&
		(cd "$2" && ava_fetch "fetching the source of $1" "$AVA_SCRATCH/fetch.log" \
			"${apt[@]}" source --download-only "$1")
}
