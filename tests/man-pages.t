#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The man pages: no complaint from mandoc or groff, and all of the page from either; no reference to a page that is not
# there, options sections in their marks.
set -u
. "${top_srcdir:?}/tests/tap.sh"
man=$top_srcdir/man
backspace=$(printf '\b')

# to_end FORMATTER…: whether the page's last words are near the end of what is shown, above the line at its foot. A macro
# that is called by mistake, by a name that is one, swallows all that follows.
to_end() {
	last=$(grep -v -e '^\.Re$' -e '^\.E[dl]$' "$page" | tail -n 1 |
		sed -e 's/^\.Xr \([^ ]*\) \([1-9]\)$/\1(\2)/' -e 's/.* //')
	"$@" "$page" 2>/dev/null | sed "s/.$backspace//g" | tr -d ' \n' | tail -c 200 | grep -q -F -e "$last"
}
# groff's mdoc is in a package of its own in places.
groff=
if printf '.Dd January 1, 2026\n.Dt A 1\n.Os\n.Sh NAME\n.Nm a\n.Nd b\n' |
	groff -k -mandoc -Tutf8 2>/dev/null | grep -q 'A(1)'; then
	groff=yes
fi
for page in "$man"/*.[1-9]; do
	name=${page##*/}
	if command -v mandoc >/dev/null 2>&1; then
		# -W style adds advice that depends on the system's own manual (which pages are installed).
		complaints=$(mandoc -T lint -W warning "$page" 2>&1)
		[ -z "$complaints" ]
		ok $? "$name is clean"
		[ -z "$complaints" ] || printf '%s\n' "$complaints" | shown
		to_end mandoc -T utf8
		ok $? "$name is shown to its end by mandoc"
	else
		skip "$name is clean" "mandoc is not installed"
		skip "$name is shown to its end by mandoc" "mandoc is not installed"
	fi
	if [ -n "$groff" ]; then
		complaints=$(groff -k -mandoc -Tutf8 -ww -z "$page" 2>&1)
		[ -z "$complaints" ]
		ok $? "$name is clean for groff"
		[ -z "$complaints" ] || printf '%s\n' "$complaints" | shown
		to_end groff -k -mandoc -Tutf8
		ok $? "$name is shown to its end by groff"
	else
		skip "$name is clean for groff" "groff is not installed"
		skip "$name is shown to its end by groff" "groff is not installed"
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
