# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# shellcheck shell=sh
# What the tests of failing calls share: they source it behind tap.sh. A library put before the program
# (fail_malloc.c, fail_io.c) lets the N-th call fail: the command then ends with a message, or its result is the same
# as ever; what a run's folder holds stays whole, and is gone on with to the same bits; a file that is written is
# whole or not there.
cd "${dir:?}" || exit 99
runs=30   # of each command; 1000000 lets every call fail in its turn

# lacking WHICH WORD…: basin with these words; WHICH call fails: N, or N+ for all from there on, or 0. Makes out,
# err and calls. The file that $feed names is its standard input.
lacking() {
	which=$1
	shift
	rm -f calls
	FAIL=$which FAIL_CALLS=calls LD_PRELOAD=${lib:?} "$BASIN" "$@" <"${feed:-/dev/null}" >out 2>err
}

# Data, and runs to read: whole, of two chains; half, which lacks the second; classes; judged, of draws enough for all checks of
# diagnose, which leniently pass.
make_runs() {
	awk 'BEGIN { for (i = 0; i < 24; i++) print (i * 7 % 11) / 11 "," (i * 5 % 13) / 13 "," (i * 3 % 17) / 17 }' >d.csv
	awk 'BEGIN { for (i = 0; i < 24; i++) print (i * 7 % 11) / 11 "," (i * 5 % 13) / 13 "," i % 2 }' >classes.csv
	awk 'BEGIN { print "id,a,w,y"; for (i = 0; i < 20; i++) print "r" i "," (i % 6 ? i * 7 % 11 : "") "," substr("pqr", i % 3 + 1, 1) "," \
		(i % 2 ? "no" : "yes") }' >words.csv
	awk 'BEGIN { for (i = 0; i < 20; i++) print i * 7 % 11 "," i * 5 % 13 "," i % 2 }' >far.csv
	plan="--steps 4 --keep-every 2 --log-every 2 --checkpoint-every 2steps --batch 8 --lr 0.01 --chains 2"
	plan="$plan --threads 1 --quiet"
	plan="--data csv:d.csv --standardize --model mlp:2-4-1 --sampler entropy-mcmc --coupling 1 $plan"
	# shellcheck disable=SC2034 # for tests that source this
	leniently="--judge-parameters yes --max-rhat 1e6 --min-ess 0 --max-temperature-error 1e6 --max-mcse 1e6 --max-dead 1000"
	# shellcheck disable=SC2086 # words
	"$BASIN" sample $plan --out whole && cp -r whole half && rm half/chain-1.* &&
		"$BASIN" sample --data csv:classes.csv --likelihood categorical --model mlp:2-4-2 --steps 4 --keep-every 2 --lr 0.01 \
			--threads 1 --quiet --out classes &&
		"$BASIN" sample --data csv:d.csv --standardize --model mlp:2-4-1 --sampler sghmc --steps 40 --keep-every 2 --log-every 1 \
			--lr 0.01 --batch 8 --chains 2 --threads 1 --quiet --out judged
	ok $? "runs to read"
}

# Rows that none of them was trained on, and what is learnt from them, in kept.
make_rules() {
	mkdir -p kept
	awk 'BEGIN { for (i = 0; i < 60; i++) print (i * 5 % 11) / 11 "," (i * 7 % 13) / 13 "," (i * 3 % 7 > 2) }' >other.csv
	awk 'BEGIN { for (i = 0; i < 40; i++) print (i * 5 % 11) / 11 "," (i * 7 % 13) / 13 "," (i * 4 % 19) / 19 }' >reals.csv
	asked="--coverage 0.8 --by-class --temperature-scaling --risk 0.9 --false-alarm 0.2"
	# shellcheck disable=SC2086 # words
	"$BASIN" decide --quiet --threads 1 --data csv:other.csv $asked --out kept/classes.json classes >told &&
		"$BASIN" decide --quiet --threads 1 --data csv:reals.csv --out kept/reals.json whole >told
	ok $? "rules to apply"
}

# What a command has made: its report, files that it wrote, and of a run, all but what depends on the time.
result() {
	grep -v '^ *"*seconds' out
	for file in *.npy *.npz *.rows *.members.csv *.rules run/*.snaps drawn/*.snaps; do
		if [ -e "$file" ]; then echo "$file"; cat "$file"; fi
	done
	if [ -d run ]; then grep -v '"started"' run/run.json; fi
}

# A folder that a failed command leaves can be gone on with, to the same bits.
goes_on() {
	[ -d run ] || return 0
	"$BASIN" info run >/dev/null 2>told || grep -q "holds no snapshot file yet" told || return 1
	"$BASIN" sample --resume run --quiet >/dev/null 2>&1 && "$BASIN" info --verify run >/dev/null 2>&1 &&
		cmp -s run/chain-0.snaps whole/chain-0.snaps && cmp -s run/chain-1.snaps whole/chain-1.snaps
}

prepare() {  # prepare FOLDER: what the command finds, in run
	rm -rf run drawn* ./*.npy* ./*.npz* ./*.rows* ./*.members.csv* ./*.rules*
	[ "$1" = - ] || cp -r "$1" run
}

# A failed command's report is not half there (a table may be: its rows are printed as they are made), nor its files, and
# no temporary one is left.
nothing_partial() {
	for file in *.npy* *.npz* *.rows* *.members.csv* *.rules*; do
		[ ! -e "$file" ] || cmp -s "$file" "made/$file" || return 1
	done
	# A folder of draws is whole, or not there.
	for file in drawn*; do
		[ ! -e "$file" ] || { cmp -s "$file/chain-0.snaps" made/drawn/chain-0.snaps && "$BASIN" info --verify "$file" >/dev/null; } || return 1
	done
	[ ! -s out ] || [ "${rows-}" = shown ]
}

# One line says what failed, beside those of single chains and of threads that can't begin, which leave the others, and beside rows of
# a report that may be half there.
one_word() {
	if [ "${rows-}" = shown ]; then grep '^basin: ' err >lines; else cp err lines; fi
	said=$(grep -v -c '^basin: warning: ' lines) whole=$(grep -v -c -E '^basin: (warning|chain [0-9]|worker [0-9])' lines)
	[ "$whole" = 1 ] || { [ "$whole" = 0 ] && [ "$said" = 1 ]; }
}

# holds WHICH FOLDER WORD…: whether the promise of the first lines is kept. failed, of the test, says whether status
# $1 with the message in err is how this kind of fault is to end.
holds() {
	which=$1
	prepare "$2"
	shift 2
	lacking "$which" "$@"
	status=$?
	if [ $status = 0 ]; then
		result | cmp -s - good
	else
		one_word && failed $status && nothing_partial && goes_on
	fi
}

# sweep NAME FOLDER WORD…: lets calls fail, evenly spread over the command; every fourth time all that follow as well
sweep() {
	name=$1 folder=$2
	shift 2
	prepare "$folder"
	lacking 0 "$@"
	[ $? = 0 ] || shown err
	result >good
	rm -rf made
	mkdir made
	for file in *.npy *.npz *.rows *.members.csv *.rules drawn; do
		[ ! -e "$file" ] || cp -r "$file" made
	done
	total=$(cat calls)
	step=$((total / runs + 1)) n=1 tried=0 bad=0
	while [ $n -le "$total" ]; do
		tried=$((tried + 1))
		which=$n
		[ $((tried % 4)) != 0 ] || which=$n+
		holds "$which" "$folder" "$@" || { bad=$((bad + 1)); echo "# call $which of $total: status $status"; shown err; }
		n=$((n + step))
	done
	[ $bad = 0 ] && [ $tried -gt 0 ]
	ok $? "$name: $tried runs, one of its $total calls failing in each"
}
