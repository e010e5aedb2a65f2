#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Snapshot files read by another language: a reader written from the man page, and the man page's own example.
set -u
top=${top_srcdir:-.}
if ! python3 -c 'import msgpack, xxhash' 2>/dev/null; then
	echo "1..1"
	echo "ok 1 - snapshot files read by Python # SKIP python3 with msgpack and xxhash is not installed"
	exit 0
fi
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
./tests/snaps write "$folder" || exit 99
python3 "$top/tests/golden/read_snaps.py" "$folder" >"$folder/tap" || exit 99
sed '/^1\.\.[0-9]*$/d' "$folder/tap"
n=$(grep -c -E '^(not )?ok ' "$folder/tap")
n=$((n + 1))
name="the example of basin-snapshot(5) reads a file"
if ! python3 -c 'import numpy' 2>/dev/null; then
	echo "ok $n - $name # SKIP numpy is not installed"
else
	# The page's example, between its marks, on this file.
	awk '/^\.\\" END EXAMPLE/ { on = 0 } on && !/^\./ { print } /^\.\\" BEGIN EXAMPLE/ { on = 1 }' \
		"$top/man/basin-snapshot.5" | sed -e 's/\\e/\\/g' -e 's/\\&//g' >"$folder/example.py"
	mkdir "$folder/run" && cp "$folder/float32.snaps" "$folder/run/chain-0.snaps"
	got=$(cd "$folder" && python3 example.py 2>&1)
	want='10 theta conv.weight (3, 2, 2, 2)'
	if [ "$(printf '%s\n' "$got" | head -n 1)" = "$want" ] && [ "$(printf '%s\n' "$got" | wc -l)" = 18 ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		printf '%s\n' "$got" | sed 's/^/# /'
	fi
fi
echo "1..$n"
