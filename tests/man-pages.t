#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The man pages: no complaint from mandoc, no reference to a page that is not there, options sections in their marks.
set -u
man=${top_srcdir:-.}/man
n=0
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

for page in "$man"/*.[1-9]; do
	name=${page##*/}
	if command -v mandoc >/dev/null 2>&1; then
		# -W style adds advice that depends on the system's own manual (which pages are installed).
		complaints=$(mandoc -T lint -W warning "$page" 2>&1)
		[ -z "$complaints" ]
		result $? "$name is clean"
		[ -z "$complaints" ] || printf '%s\n' "$complaints" | sed 's/^/# /'
	else
		n=$((n + 1))
		echo "ok $n - $name is clean # SKIP mandoc is not installed"
	fi

	absent=
	for reference in $(sed -n 's/^\.Xr \(basin[^ ]*\) \([1-9]\).*/\1.\2/p' "$page"); do
		[ -e "$man/$reference" ] || absent="$absent $reference"
	done
	[ -z "$absent" ]
	result $? "$name refers to pages that are there"
	[ -z "$absent" ] || echo "# not there:$absent"

	case $name in
	basin-*.1)
		marks=$(grep -n -E '^\.\\" (BEGIN|END) OPTIONS$' "$page" | sed 's/^[0-9]*://' | tr '\n' ' ')
		[ "$marks" = '.\" BEGIN OPTIONS .\" END OPTIONS ' ]
		result $? "$name has its options between marks"
		;;
	esac
done
echo "1..$n"
[ "$n" -gt 0 ]
