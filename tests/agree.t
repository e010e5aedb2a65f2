#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# predict and ood say whether the chains have come together, and which members have died.
set -u
. "${top_srcdir:?}/tests/tap.sh"

tell() {  # tell STATUS NAME
	ok "$1" "$2"
	[ "$1" = 0 ] || head -n 12 "$dir/out" "$dir/err" | sed 's/^/# /'
}

report() {  # report COMMAND…: what it says of the chains, as JSON in $dir/out
	"$BASIN" "$@" --json >"$dir/all" 2>"$dir/err" && sed -n '/^  "convergence": /,/^  [}"]/p' "$dir/all" >"$dir/out"
}

line() {  # line COMMAND…: the same in one line of words
	"$BASIN" "$@" >"$dir/all" 2>"$dir/err" &&
		awk '/^convergence/ { on = 1 } on && /^[^ ]/ && !/^convergence/ { exit } on' "$dir/all" | tr -s '\n ' ' ' >"$dir/out"
}

between() {  # between LOW X HIGH
	awk -v low="$1" -v x="$2" -v high="$3" 'BEGIN { exit !(x != "" && x != "null" && x >= low && x <= high) }'
}

figure() {  # figure KEY: of what it says
	sed -n "s/^    \"$1\": \(.*[^,]\),*\$/\1/p" "$dir/out"
}

dead() {  # how many members have died
	grep -c '"why"' "$dir/out"
}

# Three classes that columns tell, not quite: a tenth of the labels are others.
awk 'BEGIN { for (i = 0; i < 300; i++) { k = i % 3; print (k == 0) * 2 "," (k == 1) * 2 "," (i % 30 == 7 ? (k + 1) % 3 : k) } }' \
	>"$dir/three.csv"
set="--quiet --data csv:$dir/three.csv --likelihood categorical --model linear --batch 0"
run="$set --sampler sgld --weight-decay 0.1"

# ---- chains that agree ----

"$BASIN" sample $run --lr 1 --burn-in 200 --keep-every 20 --steps 1000 --chains 2 --out "$dir/good" >"$dir/out"
report predict "$dir/good" && [ "$(figure chains)" = 2 ] && [ "$(figure draws)" = 40 ] && between 0.98 "$(figure rhat)" 1.15 &&
	between 20 "$(figure ess_bulk)" 160 && between 20 "$(figure ess_tail)" 160 && [ "$(dead)" = 0 ] &&
	[ "$(figure step_size_varies)" = false ]
tell $? "two chains that agree: R̂, effective draws and no dead member"
cp "$dir/out" "$dir/two"
line predict "$dir/good" &&
	grep -q "^convergence worst R̂ [01]\.[0-9]* (up to 1.01 where chains agree), smallest ESS [0-9]* of 80 draws $" "$dir/out"
tell $? "in words, a line"
report predict --threads 1 "$dir/good" && cmp -s "$dir/out" "$dir/two"
tell $? "the same numbers on one thread"
report ood --ood "csv:$dir/three.csv" "$dir/good" && cmp -s "$dir/out" "$dir/two"
tell $? "ood says the same of its in-distribution set"
line ood --ood "csv:$dir/three.csv" "$dir/good" && grep -q 'worst R̂' "$dir/out"
tell $? "in words too"
report predict --chain 1 "$dir/good" && [ "$(figure chains)" = 1 ] && [ "$(figure draws)" = 40 ] &&
	between 0.98 "$(figure rhat)" 1.3
tell $? "one chain is held against itself"

# ---- what there is too little of ----

report predict --last 19 "$dir/good" && [ "$(figure rhat)" = null ] && [ "$(figure ess_bulk)" = null ] &&
	[ "$(figure draws)" = 19 ] && line predict --last 19 "$dir/good" &&
	grep -q 'convergence not judged, 19 draws a chain: at least 20 are needed' "$dir/out"
tell $? "19 draws a chain are said to be too few, and no number is"
report predict --last 20 "$dir/good" && between 0.9 "$(figure rhat)" 2
tell $? "20 are enough"
report predict --chain 0 --last 1 "$dir/good" && grep -q '"convergence": null' "$dir/out" &&
	line predict --chain 0 --last 1 "$dir/good" && [ ! -s "$dir/out" ]
tell $? "of a single snapshot nothing is said"

# ---- chains that do not agree, and members that know nothing ----

"$BASIN" sample $run --lr 1e-9 --seed 7 --keep-every 1 --steps 40 --out "$dir/bad" >"$dir/out" 2>"$dir/err"
report predict "$dir/good" "$dir/bad" && [ "$(figure chains)" = 3 ] && between 1.5 "$(figure rhat)" 9 &&
	between 1 "$(figure ess_bulk)" 10 && [ "$(dead)" = 40 ] && [ "$(grep -c 'bad/chain-0.snaps"' "$dir/out")" = 40 ] &&
	[ "$(grep -c 'no better than guessing' "$dir/out")" = 40 ] && grep -q '"nll": ' "$dir/out"
tell $? "a chain that stays where it began: R̂ is large, and each member is named"
line predict "$dir/good" "$dir/bad" &&
	grep -q "; dead: .*bad/chain-0.snaps at steps 1 to 40 (40 of 40, no better than guessing) $" "$dir/out"
tell $? "in words by its file and steps"
"$BASIN" sample $run --lr 1e-9 --seed 8 --keep-every 20 --steps 1000 --chains 12 --out "$dir/twelve" >"$dir/out" 2>"$dir/err"
line predict "$dir/twelve" && [ "$(grep -o 'chain [0-9] at steps' "$dir/out" | wc -l)" = 4 ] &&
	grep -q ' and [1-9][0-9]* more $' "$dir/out"
tell $? "at most four chains are named, and the members of the rest counted"
# A decay that takes a tenth of the weights with each step: the states of the first steps know something, the last do not.
"$BASIN" sample $set --sampler sgld --init "$dir/good" --weight-decay 1e4 --lr 1e-5 --steps 120 --keep-every 2 --out "$dir/lost" \
	>"$dir/out" 2>"$dir/err"
line predict "$dir/lost" && grep -q "; dead: chain 0 at steps [0-9]* to 120 ([1-5][0-9] of 60, no better than guessing)" "$dir/out"
tell $? "a chain that loses what it knew, from which step on"
# One member of 81 that knows something, but far less than the others.
"$BASIN" sample $set --sampler sgld --init "$dir/good" --weight-decay 1e4 --lr 1e-5 --steps 14 --out "$dir/far" >"$dir/out" 2>"$dir/err"
line predict "$dir/good" "$dir/far" && grep -q "; dead: .*far/chain-0.snaps at step 14 (1 of 1, far from the others) $" "$dir/out"
tell $? "a member that is far from the others"

"$BASIN" sample $set --weight-decay 1e-3 --sampler hmc --lr 1e3 --steps 40 --keep-every 1 --out "$dir/still" >"$dir/out" 2>"$dir/err"
line predict "$dir/still" && grep -q "^convergence the chain never moves, smallest ESS 0.0 of 40 draws" "$dir/out" &&
	report predict "$dir/still" && [ "$(figure rhat)" = null ] && [ "$(figure ess_bulk)" = 0.0 ]
tell $? "a chain that never moves"
line predict "$dir/far" "$dir/still" --last 1 && grep -q "^convergence not judged, 1 draw a chain: at least 20 are needed" "$dir/out"
tell $? "one draw of each"

# ---- roles, schedules ----

"$BASIN" sample $set --weight-decay 0.1 --sampler entropy-mcmc --coupling 0.5 --lr 0.5 --burn-in 200 --keep-every 20 --steps 1000 \
	--out "$dir/roles" >"$dir/out"
report predict "$dir/roles" && [ "$(figure chains)" = 1 ] && [ "$(figure draws)" = 40 ] && between 0.9 "$(figure rhat)" 2
tell $? "roles are held together each by itself"
"$BASIN" sample $run --schedule cyclical --cycles 30 --lr 1 --burn-in 90 --steps 900 --keep-every 30 --out "$dir/cycles" >"$dir/out"
line predict "$dir/cycles" && grep -q ', while the step size varies' "$dir/out" && report predict "$dir/cycles" &&
	[ "$(figure step_size_varies)" = true ]
tell $? "that the step size varies between draws is said"
report predict "$dir/good" "$dir/cycles" && [ "$(figure step_size_varies)" = true ] && report predict "$dir/good" &&
	[ "$(figure step_size_varies)" = false ]
tell $? "of whichever run it is"

# ---- other likelihoods ----

awk 'BEGIN { print "x,y"; for (i = 0; i < 60; i++) print i % 5 "," 30 * (i % 5) + i % 7 }' >"$dir/real.csv"
real="--quiet --data csv:$dir/real.csv --model linear --noise-sd 3 --batch 0 --sampler sgld"
"$BASIN" sample $real --lr 2 --burn-in 500 --keep-every 40 --steps 2500 --chains 2 --out "$dir/line" >"$dir/out" 2>"$dir/err"
report predict "$dir/line" && [ "$(figure draws)" = 50 ] && between 0.95 "$(figure rhat)" 1.3 && [ "$(dead)" = 0 ]
tell $? "real targets: chains that agree"
"$BASIN" sample $real --lr 1e-9 --keep-every 1 --steps 50 --out "$dir/flat" >"$dir/out" 2>"$dir/err"
report predict "$dir/line" "$dir/flat" && between 1.5 "$(figure rhat)" 9 && [ "$(dead)" = 50 ] && grep -q '"rmse": ' "$dir/out"
tell $? "real targets: one that stays where it began"
awk 'BEGIN { for (i = 0; i < 200; i++) print (i % 2) * 2 - 1 "," (i % 20 == 3 ? 1 - i % 2 : i % 2) }' >"$dir/two.csv"
two="--quiet --data csv:$dir/two.csv --likelihood bernoulli --model linear --batch 0 --sampler sgld --weight-decay 0.1"
"$BASIN" sample $two --lr 2 --burn-in 200 --keep-every 20 --steps 1000 --chains 2 --out "$dir/coin" >"$dir/out" 2>"$dir/err"
report predict "$dir/coin" && [ "$(figure draws)" = 40 ] && between 0.95 "$(figure rhat)" 1.3 && [ "$(dead)" = 0 ]
tell $? "a Bernoulli's"

# ---- a network on images of which a chain never leaves chance ----

"$BASIN" sample --quiet --data shapes --model lenet --sampler sgd --momentum 0.9 --schedule cosine --lr 0.3 --batch 100 --epochs 3 \
	--burn-in 250 --keep-every 25 --chains 2 --seed 2 --out "$dir/lenet" >"$dir/out" 2>"$dir/err"
expected=''
for chain in 0 1; do
	"$BASIN" predict --quiet --json --chain $chain "$dir/lenet" >"$dir/out"
	between 2.291 "$(member nll)" 9 && expected="$expected$chain"
done
"$BASIN" predict --quiet "$dir/lenet" >"$dir/all"
named=$(awk '/^convergence/ { on = 1 } /^data/ { on = 0 } on' "$dir/all" | tr -s '\n ' ' ' | grep -o 'chain [01] at steps 275 to 300 (2 of 2' |
	tr -cd '01\n' | cut -c1 | tr -d '\n')
echo "# chains at chance: ${expected:-none}"
[ "$named" = "$expected" ]
ok $? "a LeNet's chains that never left chance are named, and no others"

done_testing
