#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin data: what it prints, what it writes, what it refuses.
. "${top_srcdir:?}/tests/tap.sh"

check() {
	name=$1
	shift
	"$@" >"$dir/check.log" 2>&1
	checked=$?
	ok $checked "$name"
	[ $checked = 0 ] || shown "$dir/check.log"
}

# refused STATUS PATTERN ARGUMENT…: exits with it and says so on standard error, with nothing on standard output.
refused() {
	wanted=$1 pattern=$2
	shift 2
	"$BASIN" data "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	cat "$dir/err"
	[ $status -eq "$wanted" ] && [ ! -s "$dir/out" ] && grep -q -e "$pattern" "$dir/err"
}

field() {
	"$BASIN" data info "$@" --json | grep -c -e '"n": 2000' -e '"fingerprint": "5d3404cbc88f250b"' -e '"kind": '
}

same() {
	"$BASIN" data write shapes --format "$1" --out "$dir/$1" && [ "$(field "$1:$dir/$1" --split test)" = 3 ] &&
		[ -z "$(find "$dir" -name '*tmp-*')" ]
}

check "info prints a table" sh -c '"$BASIN" data info glyphs | grep -q "^0 *A *1000$"'
check "info --json has size and fingerprint" test "$(field shapes --split test)" = 3
check "cifar10: what is written is the same set" same cifar10
check "svhn: what is written is the same set" same svhn
check "an existing folder is left alone" refused 2 "exists already" write shapes --format svhn --out "$dir/svhn"
rm "$dir/svhn/train_32x32.mat"
check "basin info describes the test split where that is all there is" sh -c \
	'"$BASIN" info "svhn:$1/svhn" 2>"$1/err" | grep -q "^split *test$" && grep -q train_32x32 "$1/err"' - "$dir"
echo 1,2 >"$dir/table.csv"
check "write wants a test split" refused 2 "table.csv: has no test split" \
	write "csv:$dir/table.csv" --format cifar10 --out "$dir/x"
check "write needs --out" refused 2 "--out is missing" write shapes --format svhn
check "write takes no --split" refused 2 "--split" write shapes --format svhn --out "$dir/x" --split test
check "info takes no --out" refused 2 "--out" info shapes --out "$dir/x"
check "an unknown kind is refused with the list" refused 2 "fashion-mnist:DIR" info nothing
check "a missing path is refused" refused 2 "cifar10:DIR was expected" info cifar10
check "a path for a built-in set is refused" refused 2 "built in" info shapes:x
check "an unwritable place is an error" refused 1 "nonexistent" write shapes --format svhn --out /nonexistent/x
check "another word is refused" refused 2 "was expected" describe shapes
done_testing
