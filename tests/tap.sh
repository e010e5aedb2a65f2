# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# shellcheck shell=sh
# The Test Anything Protocol for the shell tests, which source this first. $dir is an empty folder that goes at the end.
# With FAST (make check FAST=1) no shell test runs: a build that differs only in how it was compiled needs them once.
if [ -n "${FAST-}" ]; then
	echo "1..0 # SKIP FAST leaves the shell tests out"
	exit 0
fi
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
count=0

ok() {  # ok STATUS NAME
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

skip() {  # skip NAME REASON
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

shown() {  # shown FILE…: diagnostics, where the last check failed
	cat "$@" | sed 's/^/# /'
}

fails() {  # fails STATUS WORDS NAME COMMAND…: that exit status, nothing on standard output, and WORDS in the message
	status=$1 words=$2 name=$3
	shift 3
	"$@" >"$dir/out" 2>"$dir/err"
	[ $? = "$status" ] && [ ! -s "$dir/out" ] && grep -q -e "$words" "$dir/err"
	result=$?
	ok $result "$name"
	[ $result = 0 ] || shown "$dir/err"
}

member() {  # member KEY [FILE]: its value, one JSON object with one member a line; FILE is $dir/out
	sed -n "s/^  \"$1\": \(.*[^,]\),*\$/\1/p" "${2:-$dir/out}"
}

python_with() {  # python_with MODULE[, MODULE]…: sets python to one that has them; where none has, to nothing, and fails
	for python in "${PYTHON-}" python3 /usr/bin/python3; do
		[ -z "$python" ] || ! "$python" -c "import $1" 2>/dev/null || return 0
	done
	python=
	return 1
}

done_testing() {
	echo "1..$count"
}
