#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Snapshot files read by another language: a reader written from the man page, and the man page's own example.
set -u
. "${top_srcdir:?}/tests/tap.sh"
if ! python3 -c 'import msgpack, xxhash' 2>/dev/null; then
	skip "snapshot files read by Python" "python3 with msgpack and xxhash is not installed"
	done_testing
	exit 0
fi
./tests/snaps write "$dir" || exit 99
python3 "$top_srcdir/tests/golden/read_snaps.py" "$dir" >"$dir/tap" || exit 99
sed '/^1\.\.[0-9]*$/d' "$dir/tap"
count=$(grep -c -E '^(not )?ok ' "$dir/tap")
name="the example of basin-snapshot(5) reads a file"
if ! python3 -c 'import numpy' 2>/dev/null; then
	skip "$name" "numpy is not installed"
else
	# The page's example, between its marks, on this file.
	awk '/^\.\\" END EXAMPLE/ { on = 0 } on && !/^\./ { print } /^\.\\" BEGIN EXAMPLE/ { on = 1 }' \
		"$top_srcdir/man/basin-snapshot.5" | sed -e 's/\\e/\\/g' -e 's/\\&//g' >"$dir/example.py"
	mkdir "$dir/run" && cp "$dir/float32.snaps" "$dir/run/chain-0.snaps"
	got=$(cd "$dir" && python3 example.py 2>&1)
	want='10 theta conv.weight (3, 2, 2, 2)'
	[ "$(printf '%s\n' "$got" | head -n 1)" = "$want" ] && [ "$(printf '%s\n' "$got" | wc -l)" = 18 ]
	read=$?
	ok $read "$name"
	[ $read = 0 ] || printf '%s\n' "$got" | shown
fi
done_testing
