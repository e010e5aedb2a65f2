#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Chains and ensembles that are no better than guessing are warned of, with both figures; others are not.
set -u
. "${top_srcdir:?}/tests/tap.sh"

tell() {  # tell STATUS NAME
	ok "$1" "$2"
	[ "$1" = 0 ] || shown "$dir/err"
}

# Three classes of shares 3/6, 2/6, 1/6: entropy 1.0114; columns tell them.
awk 'BEGIN { for (i = 0; i < 60; i++) { k = i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2; print (k == 0) * 4 "," (k == 1) * 4 "," k } }' \
	>"$dir/three.csv"
run="--data csv:$dir/three.csv --likelihood categorical --model linear --batch 10 --sampler sgd"

"$BASIN" sample $run --lr 0.5 --epochs 5 --out "$dir/good" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && [ ! -s "$dir/err" ]
tell $? "a chain that learns is not warned of"
"$BASIN" sample $run --lr 1e-9 --seed 7 --epochs 3 --chains 2 --out "$dir/bad" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && [ "$(grep -c 'warning: chain [01] ends with a loss of [0-9.]* nats per example in its last epoch, no better than' \
	"$dir/err")" = 2 ] && [ "$(grep -c "the classes' shares alone give 1.0114" "$dir/err")" = 2 ]
tell $? "chains that do not are, each with its loss and the entropy of the classes' shares"
"$BASIN" sample $run --quiet --lr 1e-9 --seed 7 --epochs 3 --out "$dir/quiet" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && [ ! -s "$dir/err" ]
tell $? "--quiet hides it"
"$BASIN" predict --json "$dir/good" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && ! grep -q guessing "$dir/err"
tell $? "nor is an ensemble that knows something"
"$BASIN" predict --json "$dir/bad/chain-0.snaps" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && grep -q "the NLL is $(printf %.4f "$(member nll)"), no better than guessing, which gives 1.0986 (log of the number" \
	"$dir/err"
tell $? "one that does not is warned of, with its NLL and log 3"
alone=$(member nll)
"$BASIN" predict "$dir/bad" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && [ "$(grep -c guessing "$dir/err")" = 1 ]
tell $? "one of which all chains are like it, once"
"$BASIN" predict --json "$dir/good" "$dir/bad/chain-0.snaps" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && [ "$(grep -c guessing "$dir/err")" = 1 ] && grep -q "bad/chain-0.snaps: its snapshots by themselves have the NLL \
$(printf %.4f "$alone"), no better than guessing, which gives 1.0986" "$dir/err" &&
	awk -v nll="$(member nll)" 'BEGIN { exit !(nll < 1.0986) }'
tell $? "a bad chain in a good ensemble is named, with what it has alone"
"$BASIN" predict --quiet --json "$dir/good" "$dir/bad" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && [ ! -s "$dir/err" ]
tell $? "--quiet hides that too"

# A decay that takes a tenth of the weights with each step: the states of the first steps know something, the last does not.
"$BASIN" sample $run --init "$dir/good" --weight-decay 1e4 --lr 1e-5 --steps 120 --keep-every 10 --out "$dir/lost" \
	>"$dir/out" 2>"$dir/err" && grep -q 'warning: chain 0 ends with a loss' "$dir/err"
tell $? "a chain that loses what it knew is warned of"
"$BASIN" predict --json "$dir/lost" --last 1 >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && [ "$(grep -c guessing "$dir/err")" = 1 ] && grep -q 'three.csv: the NLL is' "$dir/err"
tell $? "its last snapshot is, once"
alone=$(member nll)
"$BASIN" predict --json "$dir/lost" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && [ "$(grep -c guessing "$dir/err")" = 1 ] && awk -v nll="$(member nll)" 'BEGIN { exit !(nll < 1) }' &&
	grep -q "lost/chain-0.snaps: its last snapshot by itself has the NLL $(printf %.4f "$alone"), [a-z ]* guessing" "$dir/err"
tell $? "and it is named among earlier ones that hide it"

"$BASIN" sample $run --quiet --lr 1e-9 --seed 7 --epochs 1 --chains 12 --out "$dir/twelve" >"$dir/out"
bad=0
for file in "$dir"/twelve/*.snaps; do
	"$BASIN" predict "$file" 2>&1 >"$dir/out" | grep -q guessing && bad=$((bad + 1))
done
"$BASIN" predict "$dir/good" "$dir/twelve" >"$dir/out" 2>"$dir/err" && [ $bad -gt 5 ] &&
	[ "$(grep -c 'its snapshots by themselves' "$dir/err")" = 4 ] &&
	grep -q "warning: $((bad - 4)) more files are no better by themselves, or hardly\$" "$dir/err"
tell $? "of many such files four are named, and the rest are counted"

# ---- real targets: their deviation is that of 0, 30, …, 120, each 12 times ----

awk 'BEGIN { print "x,y"; for (i = 0; i < 60; i++) print i % 5 "," 30 * (i % 5) }' >"$dir/real.csv"
deviation=$(awk 'BEGIN { for (i = 0; i < 60; i++) s += (30 * (i % 5) - 60) ^ 2; printf "%.4f", sqrt(s / 59) }')
run="--data csv:$dir/real.csv --model linear --noise-sd 10 --batch 0 --sampler sgd"
"$BASIN" sample $run --lr 5 --steps 200 --out "$dir/line" >"$dir/out" 2>"$dir/err" &&
	! grep -q guessing "$dir/err" && "$BASIN" predict --json "$dir/line" >"$dir/out" 2>"$dir/err" &&
	! grep -q guessing "$dir/err"
tell $? "a regression that fits is not warned of"
# ½ log 2π + log 10 + 1800/200
"$BASIN" sample $run --lr 1e-9 --steps 2 --out "$dir/flat" >"$dir/out" 2>"$dir/err" &&
	grep -q "no better than guessing: the targets' mean and deviation alone give 12.2215;" "$dir/err"
tell $? "one that does not is, with the loss of the targets' mean"
"$BASIN" predict --json "$dir/flat" >"$dir/out" 2>"$dir/err" &&
	grep -q "the RMSE is $(printf %.4f "$(member rmse)"), no better than guessing, which gives $deviation (the targets' own" \
		"$dir/err"
tell $? "and so are its predictions, with the targets' own deviation"
"$BASIN" predict --json "$dir/line" "$dir/flat" >"$dir/out" 2>"$dir/err" &&
	[ "$(grep -c 'by themselves' "$dir/err")" = 1 ] && grep -q 'flat/chain-0.snaps: its snapshots by themselves have the RMSE' \
		"$dir/err"
tell $? "among several runs it is named"
# In binary 0.1 is none of its multiples divided: a mean that is summed up is another number.
awk 'BEGIN { print "x,y"; for (i = 0; i < 60; i++) print i % 5 ",0.1" }' >"$dir/constant.csv"
"$BASIN" sample --data "csv:$dir/constant.csv" --likelihood gaussian --model linear --batch 0 --sampler sgd --lr 0.01 \
	--steps 9 --out "$dir/constant" >"$dir/out" 2>"$dir/err" && "$BASIN" predict "$dir/constant" >"$dir/out" 2>>"$dir/err" &&
	! grep -q guessing "$dir/err"
tell $? "of a target that never changes there is nothing to learn, and nothing is said"
"$BASIN" sample --model gaussian:1,2 --steps 3 --lr 1e-3 --out "$dir/analytic" >"$dir/out" 2>"$dir/err"
! grep -q guessing "$dir/err"
ok $? "an analytic target has no guess"

done_testing
