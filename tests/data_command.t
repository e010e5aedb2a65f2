#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# basin data: what it prints, what it writes, what it refuses.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

check() {
	name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/check.log" 2>&1; then echo "ok $n - $name"; else echo "not ok $n - $name"; sed 's/^/# /' "$tmp/check.log"; fi
}

# refused STATUS PATTERN ARGUMENT…: exits with it and says so on standard error, with nothing on standard output.
refused() {
	wanted=$1 pattern=$2
	shift 2
	"$BASIN" data "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	cat "$tmp/err"
	[ $status -eq "$wanted" ] && [ ! -s "$tmp/out" ] && grep -q -e "$pattern" "$tmp/err"
}

field() {
	"$BASIN" data info "$@" --json | grep -c -e '"n": 2000' -e '"fingerprint": "5d3404cbc88f250b"' -e '"kind": '
}

same() {
	"$BASIN" data write shapes --format "$1" --out "$tmp/$1" && [ "$(field "$1:$tmp/$1" --split test)" = 3 ] &&
		[ -z "$(find "$tmp" -name '*tmp-*')" ]
}

check "info prints a table" sh -c '"$BASIN" data info glyphs | grep -q "^0 *A *1000$"'
check "info --json has size and fingerprint" test "$(field shapes --split test)" = 3
check "cifar10: what is written is the same set" same cifar10
check "svhn: what is written is the same set" same svhn
check "an existing folder is left alone" refused 2 "exists already" write shapes --format svhn --out "$tmp/svhn"
rm "$tmp/svhn/train_32x32.mat"
check "basin info describes the test split where that is all there is" sh -c \
	'"$BASIN" info "svhn:$1/svhn" 2>"$1/err" | grep -q "^split *test$" && grep -q train_32x32 "$1/err"' - "$tmp"
echo 1,2 >"$tmp/table.csv"
check "write wants a test split" refused 2 "table.csv: has no test split" \
	write "csv:$tmp/table.csv" --format cifar10 --out "$tmp/x"
check "write needs --out" refused 2 "--out is missing" write shapes --format svhn
check "write takes no --split" refused 2 "--split" write shapes --format svhn --out "$tmp/x" --split test
check "info takes no --out" refused 2 "--out" info shapes --out "$tmp/x"
check "an unknown kind is refused with the list" refused 2 "fashion-mnist:DIR" info nothing
check "a missing path is refused" refused 2 "cifar10:DIR was expected" info cifar10
check "a path for a built-in set is refused" refused 2 "built in" info shapes:x
check "an unwritable place is an error" refused 1 "nonexistent" write shapes --format svhn --out /nonexistent/x
check "another word is refused" refused 2 "was expected" describe shapes
echo "1..$n"
