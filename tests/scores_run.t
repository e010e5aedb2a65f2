#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The scores of basin predict, from runs and from stored probabilities; deep ensembles, and the drawing of --curve.
golden=${top_srcdir:?}/tests/golden
. "${top_srcdir:?}/tests/tap.sh"

equal() {  # equal A B TOLERANCE
	awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && a != "null" && b != "null" && d <= t && d >= -t) }'
}

numbers() {  # numbers KEY…: each is a number
	for key; do
		equal "$(member "$key")" "$(member "$key")" 0 || { echo "# $key is no number"; return 1; }
	done
}

table() {  # table FILE: two classes of words that columns tell but roughly, 240 rows
	awk 'BEGIN { print "a,b,who"; s = 1
		for (i = 0; i < 240; i++) {
			s = (s * 16807) % 2147483647; u = s / 2147483647
			s = (s * 16807) % 2147483647; v = s / 2147483647
			printf "%.3f,%.3f,%s\n", u, v, (u + 0.5 * v > 0.75) ? "well" : "ill" } }' >"$1"
}

table "$dir/two.csv"
fit="--quiet --data csv:$dir/two.csv --target who --holdout 100 --model linear --sampler sgd --batch 20"
"$BASIN" sample $fit --lr 0.3 --epochs 4 --keep-last 3 --chains 2 --out "$dir/run" >"$dir/out" 2>"$dir/err"
ok $? "a run of two classes" || shown "$dir/err"

# ---- a run, and the same from its members' probabilities ----

"$BASIN" predict --json --quiet --split holdout --save-member-probs "$dir/members.npy" "$dir/run" >"$dir/run.json" &&
	cp "$dir/run.json" "$dir/out"
numbers ece_classwise ece_adaptive smooth_ece aurc augrc accuracy_at_80 nll_calibrated temperature_fitted joint_nll ambiguity auroc \
	aupr ece_se ece_classwise_se ece_adaptive_se smooth_ece_se aurc_se augrc_se accuracy_at_80_se nll_calibrated_se joint_nll_se \
	ambiguity_se auroc_se aupr_se brier_se entropy_se
ok $? "all scores of two classes are numbers"
[ "$(member joint_nll_tau)" = 10 ] && [ "$(member joint_nll_batches)" = 1000 ] && [ "$(member joint_nll_seed)" = 0 ] &&
	[ "$(member ambiguity_of)" = '"nll"' ]
ok $? "the joint NLL says what it is of"
tr -d ' \n' <"$dir/out" >"$dir/flat"
grep -q '"name":"ill","precision":[0-9.]*,.*"name":"well",.*"support":[0-9]*}\],"confusion":\[\[[0-9]*,[0-9]*\],\[[0-9]*,[0-9]*\]\]' \
	"$dir/flat"
ok $? "classes have their names, and the confusion is two by two"
[ "$(grep -c '^      "count": ' "$dir/out")" = 15 ] &&
	[ "$(sed -n 's/^      "count": \([0-9]*\),/\1/p' "$dir/out" | awk '{ n += $1 } END { print n }')" = 100 ]
ok $? "reliability has fifteen bins, and every example is in one"
awk -v a="$(member accuracy)" -v r="$(sed -n 's/^      "recall": \([0-9.]*\),/\1/p' "$dir/out" | tr '\n' ' ')" \
	-v s="$(sed -n 's/^      "support": \([0-9]*\),*/\1/p' "$dir/out" | tr '\n' ' ')" \
	'BEGIN { split(r, x, " "); split(s, n, " "); d = x[1] * n[1] + x[2] * n[2] - 100 * a; exit !(n[1] + n[2] == 100 && d * d < 1e-12) }'
ok $? "recalls by support are the accuracy"

if python_with numpy; then
	"$python" -c 'import sys, numpy as np
np.save(sys.argv[2], np.load(sys.argv[1]).astype(float).mean(0).argmax(1).astype(np.uint8))' "$dir/members.npy" "$dir/said.npy"
	"$BASIN" predict --json --probs "$dir/members.npy" --labels "$dir/said.npy" >"$dir/out"
	equal "$(member augrc)" 0 0 && equal "$(member aurc)" 0 0 && equal "$(member accuracy_at_80)" 1 0 && numbers nll_calibrated ambiguity joint_nll
	ok $? "labels that are what the ensemble says leave no risk"
	awk -v t="$(member temperature_fitted)" 'BEGIN { exit !(t > 0.05 && t < 1) }'
	ok $? "and a temperature below 1, but not at its bound"
else
	skip "labels that are what the ensemble says" "no numpy"
fi

"$BASIN" predict --json --quiet --split holdout --threads 1 --batch 7 "$dir/run" >"$dir/out"
equal "$(member joint_nll)" "$(member joint_nll "$dir/run.json")" 1e-5 &&
	equal "$(member ambiguity)" "$(member ambiguity "$dir/run.json")" 1e-6
ok $? "another batch size and thread count: the same scores"
"$BASIN" predict --json --quiet --split holdout --chain 0 --last 1 "$dir/run" >"$dir/out"
awk -v j="$(member joint_nll)" 'BEGIN { exit !(j > 0) }' && [ "$(member ambiguity)" = null ] && [ "$(member ambiguity_se)" = null ]
ok $? "one member has no ambiguity"

# ---- stored: one class, certainty ----

"$BASIN" predict --json --probs "$golden/probs.npy" --labels "$golden/labels.npy" >"$dir/out"
numbers ece_classwise smooth_ece aurc joint_nll ambiguity nll_calibrated && [ -z "$(member auroc)" ] && ! grep -q '"name"' "$dir/out"
ok $? "stored probabilities of four classes: no AUROC, no names"
equal "$(member brier_se)" "$(member brier_se)" 0
ok $? "the Brier score has its error"

npy() {  # npy FILE DTYPE SHAPE BYTES
	printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '$2', 'fortran_order': False, 'shape': ($3), }" >"$1"
	printf "$4" >>"$1"
}
# Three certain rows, float32 1 0 0 1 1 0, and labels of which one is wrong; then one class alone.
one='\000\000\200\077' none='\000\000\000\000'
npy "$dir/sure.npy" '<f4' '3, 2' "$one$none$none$one$one$none"
npy "$dir/wrong.npy" '|u1' '3,' '\000\001\001'
"$BASIN" predict --json --probs "$dir/sure.npy" --labels "$dir/wrong.npy" >"$dir/out"
[ "$(member nll)" = null ] && [ "$(member joint_nll)" = null ] && [ "$(member ambiguity)" = null ] && numbers nll_calibrated aurc auroc
ok $? "probabilities 0 and 1: what is infinite is null, the rest is there"
npy "$dir/single.npy" '<f4' '3, 1' "$one$one$one"
npy "$dir/zeros.npy" '|u1' '3,' '\000\000\000'
"$BASIN" predict --json --probs "$dir/single.npy" --labels "$dir/zeros.npy" >"$dir/out" &&
	equal "$(member accuracy_at_80)" 1 0 && equal "$(member smooth_ece)" 0 0 && [ "$(member ambiguity)" = null ]
ok $? "one class is always right"

# ---- for people ----

"$BASIN" predict --quiet --split holdout "$dir/run" >"$dir/out"
grep -q '^class  *precision  *recall  *F1  *support$' "$dir/out" && grep -q '^ill  *[01]\.[0-9]* ± ' "$dir/out" &&
	grep -q '^calibrated NLL  *[0-9.]* ± .* nats$' "$dir/out" && ! grep -q '^AURC\|^confidence ' "$dir/out"
ok $? "a table has what most ask for"
"$BASIN" predict --quiet --split holdout --scores all "$dir/run" >"$dir/out"
grep -q '^AURC ' "$dir/out" && grep -q '^confidence  *examples' "$dir/out" && grep -q '^0.9333 to 1.0000' "$dir/out"
ok $? "--scores all shows all"
LC_ALL=C.UTF-8 TERM=xterm "$BASIN" predict --quiet --split holdout --curve "$dir/run" >"$dir/curve"
[ "$(grep -c '┤' "$dir/curve")" = 4 ] && grep -q '^ *1 *6 snapshots$' "$dir/curve" && [ "$(tr -cd '•' <"$dir/curve" | wc -c)" -ge 36 ]
ok $? "--curve draws NLL and accuracy, six points each"
for dumb in "TERM=dumb LC_ALL=C.UTF-8" "TERM=xterm LC_ALL=C"; do
	env $dumb "$BASIN" predict --quiet --split holdout --curve "$dir/run" >"$dir/out"
	sed '1,/^NLL, nats/d' "$dir/out" | LC_ALL=C grep -q '[^ -~]'
	[ $? = 1 ] && [ "$(sed '1,/^NLL, nats/d' "$dir/out" | tr -cd '*' | wc -c)" = 12 ]
	ok $? "in plain ASCII with $dumb"
done
{ cat "$dir/curve"; "$BASIN" predict --quiet --scores all --probs "$golden/probs.npy" --labels "$golden/labels.npy"; } >"$dir/out"
# Paths are not broken.
tr -d '\200-\277' <"$dir/out" | LC_ALL=C awk '!/\// && length > 80 { print "# " $0; bad = 1 } END { exit bad }'
ok $? "no line is wider than 80 columns"

# ---- deep ensembles ----

"$BASIN" sample $fit --lr 0.02 --epochs 2 --chains 3 --out "$dir/deep" >"$dir/out" 2>"$dir/err" || ok 1 "a deep ensemble"
"$BASIN" predict --json --quiet --split holdout --ensemble "$dir/deep" "$dir/run" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && grep -q '"members": 3' "$dir/out" && [ "$(member deep_ensemble_reason)" = '"more than its 3 members"' ] &&
	[ "$(member deep_ensemble_equivalent)" = null ]
ok $? "a deep ensemble that has hardly begun is not as good"
"$BASIN" predict --json --quiet --split holdout --ensemble "$dir/run" "$dir/deep" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && equal "$(member deep_ensemble_equivalent)" 1 0 && [ "$(member deep_ensemble_reason)" = '"one of its 2 members is better already"' ]
ok $? "one member of a better one is better already"
head -n 2 "$dir/two.csv" >"$dir/one.csv"
"$BASIN" predict --json --quiet --data "csv:$dir/one.csv" --ensemble "$dir/run" "$dir/deep" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && member deep_ensemble_reason | grep -q "not known" && [ "$(member deep_ensemble_equivalent)" = null ]
ok $? "of one row it is not known, and that is said"
"$BASIN" predict --quiet --split holdout --ensemble "$dir/run" "$dir/deep" >"$dir/out" 2>"$dir/err"
grep -A 1 '^as a deep ensemble  *1 ' "$dir/out" | grep -q '^  that is  *one of its 2 members is better already$'
ok $? "which a table says behind the number"
"$BASIN" predict --json --quiet --split holdout --last 1 --ensemble "$dir/run" "$dir/run" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && awk -v n="$(member deep_ensemble_equivalent)" 'BEGIN { exit !(n >= 1 && n <= 2) }'
ok $? "an ensemble is worth no more than its own members"
"$BASIN" sample $fit --lr 0.3 --epochs 1 --out "$dir/alone" >"$dir/out" || ok 1 "one chain"
fails 2 'alone: has one chain' "a run of one chain is no deep ensemble" \
	"$BASIN" predict --quiet --split holdout --ensemble "$dir/alone" "$dir/run"
fails 2 'does not go with --probs' "nor does one go with stored probabilities" \
	"$BASIN" predict --ensemble "$dir/run" --probs "$golden/probs.npy" --labels "$golden/labels.npy"
fails 2 'expected few or all' "--scores takes a word" "$BASIN" predict --scores some "$dir/run"

# ---- real targets ----

awk 'BEGIN { print "x,y"; for (i = 0; i < 200; i++) print i % 20 "," 3 * (i % 20) + (i * 7919 % 13) - 6 }' >"$dir/real.csv"
real="--quiet --data csv:$dir/real.csv --model linear --noise-sd 4 --batch 0 --holdout 50"
"$BASIN" sample $real --sampler sgld --lr 1e-3 --steps 200 --keep-every 20 --out "$dir/line" >"$dir/out" 2>"$dir/err"
"$BASIN" predict --json --quiet --split holdout --ensemble "$dir/run" "$dir/line" >"$dir/out" 2>"$dir/err"
[ $? = 2 ] && grep -q -e '--ensemble compares' "$dir/err"
ok $? "real targets have no deep-ensemble equivalent"
"$BASIN" predict --json --quiet --split holdout "$dir/line" >"$dir/out"
numbers joint_nll joint_nll_se ambiguity rmse_se crps_se coverage_se && [ "$(member ambiguity_of)" = '"mse"' ] &&
	[ "$(grep -c '^      "level": ' "$dir/out")" = 11 ] &&
	equal "$(sed -n '/"level": 0.95,/,/coverage_se/s/^      "coverage": \([0-9.]*\),/\1/p' "$dir/out")" "$(member coverage)" 1e-12
ok $? "real targets: joint NLL, ambiguity, and intervals by level, of which one is the coverage"
"$BASIN" predict --quiet --split holdout --scores all "$dir/line" >"$dir/out"
grep -q '^interval  *targets  *coverage$' "$dir/out" && grep -q '^    50 %  ' "$dir/out"
ok $? "and a table of them"
"$BASIN" sample --quiet --data "csv:$dir/real.csv" --likelihood heteroscedastic --model linear --batch 0 --holdout 50 --sampler sgld \
	--lr 1e-4 --steps 60 --keep-every 20 --out "$dir/own" >"$dir/out" 2>"$dir/err" &&
	"$BASIN" predict --json --quiet --split holdout "$dir/own" >"$dir/out" && numbers joint_nll ambiguity
ok $? "so with deviations of the examples' own" || shown "$dir/err"

done_testing
