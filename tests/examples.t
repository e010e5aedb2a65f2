#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The option files of examples/ are taken as they are, and the smallest one samples what it says.
set -u
. "${top_srcdir:?}/tests/tap.sh"
for conf in "$top_srcdir"/examples/*.conf; do
	"$BASIN" sample --config "$conf" --out "$dir/run" --dump-config >"$dir/dump"
	ok $? "${conf##*/} is taken"
	# Every option of the file stands in the dump with its value.
	sed -n 's/^\([a-z-]* = .*\)$/\1/p' "$conf" >"$dir/want"
	[ "$(grep -c -x -F -f "$dir/want" "$dir/dump")" -eq "$(wc -l <"$dir/want")" ]
	ok $? "${conf##*/} gives the values that are used"
done
"$BASIN" sample --config "$top_srcdir/examples/gaussian-sgld.conf" --out "$dir/run" >"$dir/out"
ok $? "gaussian-sgld.conf runs"
grep -q "19900 states kept in each" "$dir/out"
ok $? "and keeps what it says"
grep -q "next: basin info" "$dir/out"
ok $? "and sends to a command that works on it"
done_testing
