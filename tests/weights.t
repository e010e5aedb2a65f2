#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Class weights in runs: what they are of, where they are said, and that a run with them is gone on with to the same bits.
set -u
. "${top_srcdir:?}/tests/tap.sh"

tell() {  # tell STATUS NAME
	ok "$1" "$2"
	[ "$1" = 0 ] || shown "$dir/out" "$dir/err"
}

# Two words of the target, one a sixth of the rows, and columns that tell them by halves.
awk 'BEGIN {
	srand(5)
	print "a,b,outcome"
	for (i = 0; i < 120; i++) { y = i % 6 == 0; print rand() + .6 * y "," rand() - .4 * y "," (y ? "ill" : "well") }
}' >"$dir/t.csv"
cd "$dir" || exit 99
run="--data csv:t.csv --holdout 30 --model linear --batch 16 --keep-every 20 --log-every 20"

sample() {  # sample NAME OPTION…
	into=$1
	shift
	"$BASIN" sample --quiet $run --out "$into" "$@" >"$dir/out" 2>"$dir/err"
}

last() {  # last RUN [FILE]: its last state, into RUN.npz
	"$BASIN" export "${2:-$1}" --out "$1.npz" >"$dir/out" 2>"$dir/err"
}

sample balanced --class-weight balanced --steps 400 && "$BASIN" info --json balanced >"$dir/out" 2>"$dir/err"
tell $? "balanced weights"
# Every sixth of the held-out rows or not: the weights are such that each class has half of what the training rows sum to.
weights=$(tr -d '\n' <"$dir/out" | sed -n 's/.*"class_weight": \[ *\([0-9.]*\), *\([0-9.]*\) *\].*/\1 \2/p')
echo "$weights" | awk '{ n = 90 / (2 * $1); m = 90 / (2 * $2)
	whole = n - int(n + .5) < 1e-6 && n - int(n + .5) > -1e-6
	exit !(NF == 2 && whole && n + m > 89.999 && n + m < 90.001 && n < 25 && m > 65) }'
tell $? "are N/(2 n) over the training rows, of ill and of well: $weights"
words=$(echo "$weights" | awk '{ printf "w by yᵢ.s class: %.4g of ill, %.4g of well;", $1, $2 }')
"$BASIN" info --json balanced | grep -q "ℓᵢ(θ) = −w ln p(yᵢ | xᵢ, θ), nats, p categorical, $words"
tell $? "and the target's sentence says so"

sample plain --steps 400 && sample one --class-weight ill=1,well=1 --steps 400 && last plain && last one && last balanced &&
	cmp plain.npz one.npz >"$dir/out" 2>&1 && ! cmp -s plain.npz balanced.npz
tell $? "weights of 1 change no bit, others do"
sed 's/"step_ms.*//' plain/chain-0.log.jsonl >plain.log
sed 's/"step_ms.*//' one/chain-0.log.jsonl | cmp - plain.log >"$dir/out" 2>&1
tell $? "nor the log"

version() {  # version RUN: of its snapshots' header, the last byte of the number behind the second key
	od -An -tu1 -j42 -N1 "$1/chain-0.snaps" | tr -d ' '
}
sed 's/ill$/1/; s/well$/0/' t.csv >numbers.csv
"$BASIN" sample --quiet --data csv:numbers.csv --likelihood bernoulli --model linear --lr 0.01 --steps 5 --out first >"$dir/out" 2>"$dir/err" &&
	"$BASIN" sample --quiet --data csv:numbers.csv --likelihood bernoulli --model linear --lr 0.01 --steps 5 --class-weight 1=5 \
		--out second >"$dir/out" 2>"$dir/err" && [ "$(version first) $(version second)" = "1 2" ]
tell $? "a header with weights is of version 2, one without of version 1 ($(version first), $(version second))"

sample part --class-weight balanced --steps 200 &&
	"$BASIN" sample --quiet --resume part --steps 400 >"$dir/out" 2>"$dir/err" && last part &&
	cmp part.npz balanced.npz >"$dir/out" 2>&1
tell $? "a run with weights is gone on with to the same bits"
fails 2 "class-weight can't change on --resume" "they stay as they were" "$BASIN" sample --resume part --class-weight ill=2
sample chains --class-weight balanced --steps 400 --chains 2 --workers 2 && last chains chains/chain-0.snaps &&
	cmp chains.npz balanced.npz
tell $? "nor do other chains beside it change one"

# A chain that has learnt nothing: what a guess gives by the weights is ln 2 for balanced ones.
"$BASIN" sample $run --lr 1e-9 --seed 7 --sampler sgd --steps 40 --class-weight balanced --out guess >"$dir/out" 2>"$dir/err" &&
	grep -q "ends with a loss of [0-9.]* nats per example in its last epoch, [a-z ]* guessing: the classes' shares alone give 0.6931" "$dir/err"
tell $? "a chain's loss is held against a guess with the same weights"
"$BASIN" predict --json --split train plain >"$dir/out" 2>"$dir/err"
tell $? "predictions are scored"
nll=$(member nll)
"$BASIN" predict --json --split train balanced >"$dir/out" 2>"$dir/err" &&
	awk -v plain="$nll" -v balanced="$(member nll)" 'BEGIN { exit !(balanced > plain + .03) }'
tell $? "without weights, by which the plain run is better: $nll, $(member nll)"

# Columns that tell nothing, and a third of the rows at fifty times their weight: worse than a coin for each row, as asked for.
awk 'BEGIN { srand(6); for (i = 0; i < 90; i++) print rand() "," rand() "," (i % 3 == 0) }' >coins.csv
"$BASIN" sample --quiet --data csv:coins.csv --likelihood categorical --model linear --lr 0.01 --steps 400 --keep-every 20 --burn-in 200 \
	--class-weight 1=50 --out heavy >"$dir/out" 2>"$dir/err" && "$BASIN" predict --json heavy >"$dir/out" 2>"$dir/err" &&
	! grep -q guessing "$dir/err" && awk -v nll="$(member nll)" 'BEGIN { exit !(nll > 1) }'
tell $? "what does as its weights ask is not taken for a guess"

fails 2 'class-weight sick=2: "sick" is no class; .* has ill, well' "a class that there isn't" \
	"$BASIN" sample --quiet $run --steps 4 --class-weight sick=2 --out other
fails 2 "class-weight balanced: .* real targets" "real targets" \
	"$BASIN" sample --quiet --data csv:numbers.csv --model linear --steps 4 --class-weight balanced --out other
fails 2 "class-weight does not apply to --model gaussian" "an analytic target" \
	"$BASIN" sample --quiet --model gaussian:0:1 --steps 4 --class-weight balanced --out other
done_testing
