#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Whether the tests notice mistakes. Each patch in mutants/ makes one in one file, and the tests that it names, which pass
# without it, must fail. A program is this build's but for the object of that file (`make mutant`), and lies in a scratch folder:
# nothing here is changed.
#
# Above its first "---" line a patch says what the mistake is, and
#   caught-by: PROGRAM: WORDS    a test whose name begins with WORDS; a line each where several must notice
#   short: yes                   make check takes it too, but for programs of tests/fidelity; make check-fidelity takes all
# MUTANTS='n-*' takes those of such names alone, and whole.
set -u
. "${top_srcdir:?}/tests/tap.sh"
build=$(dirname "${BASIN:?}")
# What make has for its own children would reach the one called here; programs take their short form.
unset MAKEFLAGS MFLAGS MAKELEVEL
full=${FIDELITY-}${MUTANTS-}
export FIDELITY=

if ! command -v patch >/dev/null 2>&1; then
	echo "1..0 # SKIP patch is not installed"
	exit 0
fi

catchers() {  # catchers PATCH…: PROGRAM: WORDS, a line each
	for patch; do sed -n '/^--- /q; s/^caught-by: //p' "$patch"; done | if [ -n "$full" ]; then cat; else grep -v '^tests/fidelity/'; fi
}

says() {  # says "ok|not ok" WORDS FILE: the name of the first such test, where there is one
	verdict="$1 " words=$2 awk '
	index($0, ENVIRON["verdict"]) == 1 {
		name = substr($0, length(ENVIRON["verdict"]) + 1)
		if (sub(/^[0-9]+ - /, "", name) && index(name, ENVIRON["words"]) == 1) { print name; found = 1; exit }
	}
	END { exit !found }' "$3"
}

run() {  # run PROGRAM [WORDS]: to $dir/out; with WORDS until such a test fails, or for ten minutes
	UNTIL=${2-} timeout 600 "$1" >"$dir/out" 2>&1
}

for patch in "$top_srcdir"/tests/fidelity/mutants/${MUTANTS-*}.patch; do
	[ -z "$full" ] && ! sed '/^--- /q' "$patch" | grep -q -x 'short: yes' || echo "$patch"
done >"$dir/patches"

# ---- as it is ----

# shellcheck disable=SC2046 # names without spaces
catchers $(cat "$dir/patches") | sort -u >"$dir/wanted"
sed 's/: .*//' "$dir/wanted" | sort -u >"$dir/programs"
while read -r program; do
	run "$build/$program" </dev/null
	result=$?
	sed -n "s,^$program: ,,p" "$dir/wanted" >"$dir/tests"
	while IFS= read -r words; do
		says ok "$words" "$dir/out" >"$dir/name" && ! says "not ok" "$words" "$dir/out" >"$dir/name" && continue
		echo "# no such test, or it fails: $words"
		result=1
	done <"$dir/tests"
	ok $result "$program passes as it is"
	[ $result = 0 ] || grep '^not ok' "$dir/out" | sed 's/^/# /'
done <"$dir/programs"

# ---- with each mistake ----

# make_mutant PATCH: $dir/mutant/PROGRAM of each program that is to notice
make_mutant() {
	file=$(sed -n 's,^--- a/,,p' "$1")
	rm -rf "$dir/mutant"
	mkdir "$dir/mutant"
	patch -s -F0 -r "$dir/rejected" -o "$dir/mutant/source.c" "$top_srcdir/$file" "$1" || return
	make -C "$build" --no-print-directory mutant MUTANT="$dir/mutant" \
		PROGRAMS="$(catchers "$1" | sed 's/: .*//' | sort -u | paste -s -d ' ' -)"
}

while read -r patch; do
	name=$(basename "$patch" .patch)
	if ! make_mutant "$patch" >"$dir/why" 2>&1 </dev/null; then
		ok 1 "$name: the patch applies to $file, which compiles"
		shown "$dir/why"
		continue
	fi
	catchers "$patch" >"$dir/tests"
	while IFS=: read -r program words; do
		words=${words# }
		run "$dir/mutant/$(basename "$program")" "$words" </dev/null
		test=$(says "not ok" "$words" "$dir/out")
		result=$?
		ok $result "$name: caught by $program: ${test:-$words}"
		[ $result = 0 ] || tail -n 3 "$dir/out" | sed 's/^/# /'
	done <"$dir/tests"
done <"$dir/patches"
done_testing
