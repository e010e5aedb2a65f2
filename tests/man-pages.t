#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The man pages: no complaint from mandoc, no reference to a page that is not there, options sections in their marks.
set -u
. "${top_srcdir:?}/tests/tap.sh"
man=$top_srcdir/man
for page in "$man"/*.[1-9]; do
	name=${page##*/}
	if command -v mandoc >/dev/null 2>&1; then
		# -W style adds advice that depends on the system's own manual (which pages are installed).
		complaints=$(mandoc -T lint -W warning "$page" 2>&1)
		[ -z "$complaints" ]
		ok $? "$name is clean"
		[ -z "$complaints" ] || printf '%s\n' "$complaints" | shown
	else
		skip "$name is clean" "mandoc is not installed"
	fi

	absent=
	for reference in $(sed -n 's/^\.Xr \(basin[^ ]*\) \([1-9]\).*/\1.\2/p' "$page"); do
		[ -e "$man/$reference" ] || absent="$absent $reference"
	done
	[ -z "$absent" ]
	ok $? "$name refers to pages that are there"
	[ -z "$absent" ] || echo "# not there:$absent"

	case $name in
	basin-*.1)
		marks=$(grep -n -E '^\.\\" (BEGIN|END) OPTIONS$' "$page" | sed 's/^[0-9]*://' | tr '\n' ' ')
		[ "$marks" = '.\" BEGIN OPTIONS .\" END OPTIONS ' ]
		ok $? "$name has its options between marks"
		;;
	esac
done
done_testing
[ "$count" -gt 0 ]
