#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Noise that a run finds out itself: --noise-sd learn and --likelihood heteroscedastic, from sampling to scores.
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

# Rows beside a mean that is a plane with noise of the deviation 2, or a wave with one of e^(0.5 + 0.7a).
rows() {  # rows N SEED same|own
	awk -v rows="$1" -v seed="$2" -v kind="$3" '
	function uniform() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
	function normal() { return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform()) }
	BEGIN {
		print "a,b,y"
		for (i = 0; i < rows; i++) {
			a = 4 * uniform() - 2
			b = 4 * uniform() - 2
			mean = kind == "own" ? 100 + 10 * sin(1.5 * a) + 3 * b : 100 + 5 * a + 3 * b
			print a "," b "," mean + (kind == "own" ? exp(0.5 + 0.7 * a) : 2) * normal()
		}
	}'
}
rows 2000 7 same >same.csv
rows 800 7 own >own.csv
for kind in same own; do
	rows 4000 99 $kind >$kind-test.csv
done
common="--quiet --standardize --batch 0 --chains 2 --threads 1"
# shellcheck disable=SC2086 # words
"$BASIN" sample $common --data csv:same.csv --model linear --noise-sd learn --sampler sgld --lr 0.01 --steps 1500 --burn-in 500 \
	--keep-every 20 --out same && "$BASIN" sample $common --data csv:own.csv --model mlp:2-10-2 --activation tanh --likelihood heteroscedastic \
	--sampler sghmc --friction 0.1 --lr 0.001 --weight-decay 0.00125 --steps 6000 --burn-in 3000 --keep-every 60 --out own
ok $? "runs of both"

# ---- calibration: three of the binomial law's deviations, √(0.95·0.05/4000) ----

near() {  # near KEY WANT TOLERANCE
	awk -v got="$(member "$1")" -v want="$2" -v off="$3" 'BEGIN { exit !(got != "" && got - want <= off && want - got <= off) }'
}
for kind in same own; do
	"$BASIN" predict --json --curve --data csv:$kind-test.csv $kind >out 2>err && near coverage 0.95 0.0103 &&
		[ "$(grep -c '^      "rmse":' out)" = 100 ]
	tell=$?
	ok $tell "the 95 % intervals of noise that is $kind hold 95 % of new targets"
	[ $tell = 0 ] || shown err && grep -E "\"(nll|rmse|coverage)\"" out | tail -3 | sed "s/^/# /"
done
# Of one deviation for all the wide ones have too little, and the narrow ones too much: E ln σ is 0.5.
"$BASIN" predict --json --data csv:own-test.csv own >out 2>err && near nll "$(awk 'BEGIN { print 0.5 + log(6.283185307179586) / 2 + 0.5 }')" 0.06
ok $? "and the NLL is nearly that of the true deviations"
"$BASIN" predict --json --data csv:same-test.csv same >out 2>err && near rmse 2 0.1 &&
	near nll "$(awk 'BEGIN { print log(2) + log(6.283185307179586) / 2 + 0.5 }')" 0.05
ok $? "likewise of one deviation"

# ---- what a run says of itself ----

"$BASIN" info same --json >out && grep -q '"noise_sd": "learn"' out && [ "$(member n_params)" = 4 ] && "$BASIN" info same >out &&
	grep -q '^likelihood .*gaussian, noise_sd learn' out
ok $? "the deviation is one more parameter, and the run says that it is learnt"
version() {  # of the snapshot format: the last byte of the number behind its name
	od -An -tu1 -j42 -N1 "$1" | tr -d ' '
}
[ "$(version same/chain-0.snaps)" = 2 ] && [ "$(version own/chain-0.snaps)" = 1 ]
ok $? "only what an earlier program would misread is of another version of the format"

figures() {  # figures RUN: of its 18 or fewer snapshots, to the last digit
	"$BASIN" predict --json "$1" 2>err | grep -E '^  "(nll|crps|coverage|rmse)"'
}

# ---- a deviation that is frozen at 1 is the deviation 1 ----

short="--quiet --standardize --data csv:same.csv --model linear --sampler sgld --lr 0.01 --steps 60 --keep-every 10 --threads 1"
"$BASIN" sample $short --noise-sd learn --freeze "noise.*" --out frozen && "$BASIN" sample $short --noise-sd 1 --out one &&
	figures frozen >a && figures one >b && [ "$(wc -l <a)" = 4 ] && cmp a b
ok $? "frozen at 1 it has the scores of a deviation of 1"

# Of the ensemble of both each member keeps its own, whichever comes first: the deviations are 7 and 2.
"$BASIN" predict --json frozen same >out 2>err && nll=$(member nll) crps=$(member crps) && "$BASIN" predict --json same frozen >out 2>err &&
	near nll "$nll" 1e-9 && near crps "$crps" 1e-9
ok $? "members keep their own deviations"

# ---- chains, resuming, first values, and what else reads a run ----

plan="--quiet --standardize --data csv:same.csv --model linear --lr 0.003 --keep-every 10 --threads 1 --noise-sd learn --batch 40 --chains 3 --weight-decay 0"
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --steps 60 --out whole && "$BASIN" sample $plan --steps 30 --out parts && "$BASIN" sample --resume parts --steps 60 --quiet &&
	figures whole >a && figures parts >b && [ "$(wc -l <a)" = 4 ] && cmp a b
ok $? "a run is gone on with to the same bits"
anchor="--quiet --data csv:same.csv --model linear --lr 0.001 --steps 5 --noise-sd learn --sampler entropy-mcmc --coupling 0.5 --out anchor"
# shellcheck disable=SC2086 # words
fails 2 "--anchor-decay 0.5" "an anchor's decay of its own would be the noise's too" "$BASIN" sample $anchor --anchor-decay 0.5
# shellcheck disable=SC2086 # words
"$BASIN" sample $anchor --anchor-decay 0
ok $? "that of the paper's joint, 0, is not"
fails 2 "noise-sd" "with another deviation it is not" "$BASIN" sample --resume parts --steps 70 --noise-sd 2
"$BASIN" sample --resume parts --steps 70 --noise-sd learn --quiet
ok $? "with the same it is"
"$BASIN" sample --quiet --standardize --data csv:same.csv --model linear --noise-sd learn --init same --lr 1e-12 --steps 1 --threads 1 --out begun &&
	"$BASIN" predict --json --data csv:same-test.csv begun >out 2>err && near rmse 2 0.1 && near coverage 0.95 0.02
ok $? "another run's deviation is begun with"
"$BASIN" compare --json same whole >out 2>err && [ -n "$(member w2)" ] && "$BASIN" diagnose own >out 2>err
[ $? -le 1 ] && [ -s out ]
ok $? "runs of it are compared and judged"
"$BASIN" swag same --rank 3 --out drawn --quiet 2>err && "$BASIN" predict --json --data csv:same-test.csv drawn >out 2>err && near coverage 0.95 0.02
ok $? "draws of a fit to its snapshots have its deviations"
fails 2 "can't be pooled: their likelihoods differ" "it is not pooled with a deviation that was given" "$BASIN" predict same one

# ---- mistakes ----

"$BASIN" sample --data csv:same.csv --model linear --noise-sd learn --lr 1e-3 --steps 1 --out far >out 2>err &&
	grep -q "targets lie 1e+02 from 0 and 6.9 from their mean, .* --noise-sd finds out begins at 1; --standardize" err
ok $? "targets far from the prior are warned of"

fails 2 "expected a number > 0 and ≤ 1e30, or learn" "another word" "$BASIN" sample --data csv:same.csv --model linear --noise-sd learned --steps 1 --out no
fails 2 "belongs to --likelihood gaussian; this run has heteroscedastic" "a deviation beside outputs that say it" \
	"$BASIN" sample --data csv:same.csv --model linear --likelihood heteroscedastic --noise-sd learn --steps 1 --out no
fails 2 "2 outputs\|expected 2\|needs 2" "a network of too few outputs" \
	"$BASIN" sample --data csv:same.csv --model mlp:2-3-1 --likelihood heteroscedastic --steps 1 --out no
fails 2 "the data set has classes, not real targets" "classes" "$BASIN" sample --data shapes --model linear --likelihood heteroscedastic --steps 1 --out no
done_testing
