#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Runs that an earlier version made: they are read, predicted with and exported as they were then, and those that were
# stopped go on to what that version gave. tests/fixtures/README.md says how they were made, and why values are
# compared, not bytes.
set -u
. "${top_srcdir:?}/tests/tap.sh"
made=$top_srcdir/tests/fixtures
rows=csv:$made/rows.csv

# Copies, that can be written also where the source folder can't.
cp -r "$made"/*-0.1.0 "$dir" && chmod -R u+w "$dir" || exit 99

# alike TOLERANCE A B: two files of words, where numbers need not agree to the last digit.
alike() {
	awk -v tolerance="$1" '
	function number(word) { return word ~ /^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$/ }
	function far(a, b, d, size) {
		d = a - b
		size = b < 0 ? -b : b
		return !(d <= tolerance * (size + 0.1) && -d <= tolerance * (size + 0.1))
	}
	{
		if ((getline other <second) <= 0) { print "line " NR " is in the first alone"; exit bad = 1 }
		n = split(other, word)
		if (n != NF) { print "line " NR ": " $0 " and " other; exit bad = 1 }
		for (i = 1; i <= n; i++)
			if ($i != word[i] && (!number($i) || !number(word[i]) || far($i, word[i]))) {
				print "line " NR ", word " i ": " $i " and " word[i]
				exit bad = 1
			}
	}
	END { if (!bad && (getline other <second) > 0) { print "more lines in the second"; bad = 1 }; exit bad }' \
		second="$3" "$2" >"$dir/differs"
}

told() {  # told STATUS NAME: as ok, with what alike said
	ok "$1" "$2"
	[ "$1" = 0 ] || shown "$dir/differs" "$dir/err"
}

chains() {  # chains RUN: what info lists of them
	"$BASIN" info "$dir/$1" 2>"$dir/err" | grep '^chain '
}

# ---- a finished run ----

run=$dir/finished-0.1.0
"$BASIN" info --verify --tensors "$run" >"$dir/out" 2>"$dir/err"
ok $? "the records of a finished run are whole"
[ "$(chains finished-0.1.0)" = "chain 0: done at step 400: 8 snapshots, steps 100 to 400, 4 theta, 4 anchor
chain 1: done at step 400: 8 snapshots, steps 100 to 400, 4 theta, 4 anchor" ]
ok $? "info lists them all"
for split in train holdout; do
	"$BASIN" predict --quiet --json --data "$rows" --split $split "$run" >"$dir/out" 2>"$dir/err"
	ok $? "predict scores it on the rows of its $split split"
	# Later versions may report more.
	for key in n snapshots nll nll_se rmse crps coverage temperature target; do
		echo "$key $(member $key "$made/finished-0.1.0.$split.json")" >>"$dir/$split.then"
		echo "$key $(member $key)" >>"$dir/$split.now"
	done
	alike 1e-5 "$dir/$split.then" "$dir/$split.now"
	told $? "with the figures that it had then"
done
"$BASIN" export --chain 1 --role anchor "$run" --out "$dir/finished.npz" >"$dir/out" 2>"$dir/err" &&
	./tests/npz show "$dir/finished.npz" >"$dir/arrays"
ok $? "its last anchor is exported"
# Later versions may add arrays.
head -n "$(wc -l <"$made/finished-0.1.0.arrays")" "$dir/arrays" | cmp -s "$made/finished-0.1.0.arrays" -
ok $? "with the values that it had then"
"$BASIN" sample --resume "$run" --data "$rows" >"$dir/out" 2>"$dir/err" && grep -q 'finished already' "$dir/out"
told $? "it resumes to status 0, being finished"
cmp -s "$made/finished-0.1.0/chain-1.snaps" "$run/chain-1.snaps"
ok $? "and nothing is added"
"$BASIN" sample --resume "$run" --data "$rows" --steps 500 --quiet 2>"$dir/err" &&
	[ "$(chains finished-0.1.0 | grep -c 'step 500: 10 snapshots, steps 100 to 500, 5 theta, 5 anchor$')" = 2 ]
ok $? "it can be made longer"
"$BASIN" info --verify "$run" >"$dir/out" 2>"$dir/err"
ok $? "and is whole then"

# ---- runs that were stopped ----

# values RUN CHAIN ROLE: every state, as export has it, and what the log says of the losses.
values() {
	for step in 100 200 300 400 500 600; do
		echo "step $step"
		rm -f "$dir/state.npz"
		"$BASIN" export "$dir/$1/chain-$2.snaps" --role "$3" --from-step $step --to-step $step \
			--out "$dir/state.npz" >"$dir/out" 2>>"$dir/err" && ./tests/npz show "$dir/state.npz"
	done
	sed 's/.*"step": *\([0-9]*\).*"lr": *\([^,]*\),.*"nll": *\([^,]*\),.*/\1 \2 \3/' "$dir/$1/chain-$2.log.jsonl"
}

# goes_on NAME ROLE STEP: chain 0 was done, chain 1 was stopped at STEP, and chain 2 had not begun.
goes_on() {
	[ "$(chains "interrupted-$1")" = "chain 0: done at step 600: 6 snapshots, steps 100 to 600, 6 $2
chain 1: not finished, last checkpoint at step $3: 2 snapshots, steps 100 to 200, 2 $2" ]
	ok $? "$1: info lists what a stopped run has kept"
	"$BASIN" sample --resume "$dir/interrupted-$1" --data "$rows" --quiet --threads 1 2>"$dir/err"
	told $? "$1: it goes on to its end"
	"$BASIN" info --verify "$dir/interrupted-$1" >"$dir/out" 2>"$dir/err" &&
		[ "$(grep -c "^chain [012]: done at step 600: 6 snapshots, steps 100 to 600, 6 $2\$" "$dir/out")" = 3 ]
	ok $? "$1: all chains are whole then"
	"$BASIN" predict --quiet --json --data "$rows" --split train "$dir/interrupted-$1" >"$dir/out" 2>"$dir/err" &&
		[ "$(member snapshots)" = 18 ]
	told $? "$1: and predict together, whichever version began them"
	for chain in 0 1 2; do
		: >"$dir/err"
		values "whole-$1" $chain "$2" >"$dir/then"
		values "interrupted-$1" $chain "$2" >"$dir/now"
		[ "$(grep -c '^fc2.weight' "$dir/then")" = 6 ] && alike 1e-4 "$dir/then" "$dir/now"
		told $? "$1: chain $chain holds and logs what a run holds that was never stopped"
	done
}
goes_on sgd-0.1.0 theta 253
goes_on entropy-sgld-0.1.0 anchor 253

# What the comparisons above are worth: another chain is not alike, nor one with a value that is off by a thousandth.
values whole-sgd-0.1.0 0 theta >"$dir/then"
values whole-sgd-0.1.0 1 theta >"$dir/other"
! alike 1e-4 "$dir/then" "$dir/other"
ok $? "another chain is not taken for the same"
awk '/^fc1.weight/ && !done { $5 *= 1.001; $5 += 1e-4; done = 1 } { print }' "$dir/then" >"$dir/other"
! alike 1e-4 "$dir/then" "$dir/other" && grep -q 'word 5' "$dir/differs"
ok $? "nor one of another value"
done_testing
