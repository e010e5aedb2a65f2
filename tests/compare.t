#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin compare: stored probabilities against NumPy's and SciPy's figures in golden/compare.txt, runs against what basin
# predict says of them and against each other's parts.
set -u
golden=${top_srcdir:?}/tests/golden
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

near() {  # near GOT WANTED TOLERANCE NAME
	awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(a != "" && a != "null" && b != "" && d <= t && -d <= t) }'
	ok $? "$4"
}
inner() { sed -n "/^  \"$1\": {/,/^  }/s/^    \"$2\": \(.*[^,]\),*\$/\1/p" out; }  # inner a|b KEY: of one ensemble
of() { "$BASIN" predict --json --quiet --threads 2 "$@" >of.json 2>err; }
less() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.17g", b - a }'; }

# ---- stored probabilities ----

probs=$golden/probs.npy other=$golden/other.npy
"$BASIN" compare --json "$probs" "$other" --labels "$golden/labels.npy" >out 2>err
ok $? "two files of probabilities"
while read -r key value; do
	# Members are kept as float32.
	case $key in ceiling_* | w1*) tolerance=1e-7 ;; *) tolerance=1e-12 ;; esac
	near "$(member "$key")" "$value" $tolerance "$key is NumPy's"
done <"$golden/compare.txt"
[ "$(member ceiling_by)" = '"draws"' ] && [ "$(member w2)" = null ] && [ "$(member n)" = 60 ] && [ "$(inner a snapshots)" = 5 ] &&
	[ "$(inner b snapshots)" = 3 ] && [ "$(member level)" = 0.05 ] && [ "$(member power)" = 0.8 ] && [ "$(member temperature)" = null ]
ok $? "and what they are of is said"
near "$(inner b nll)" "$("$BASIN" predict --json --probs "$other" --labels "$golden/labels.npy" | sed -n 's/^  "nll": \(.*\),/\1/p')" \
	1e-14 "with each one's own figures"
"$BASIN" compare --json "$probs" "$other" >out 2>err && [ "$(member accuracy_difference)" = null ] && [ "$(member nll_difference_se)" = null ] &&
	[ "$(member difference_reason)" = '"there are no labels: --labels names them"' ] && [ "$(member agreement)" != null ]
ok $? "without labels there are distances and no differences"
"$BASIN" compare "$probs" "$other" --labels "$golden/labels.npy" >out 2>err && grep -q '^agreement  *0.46667 ± 0.065$' out &&
	grep -q "^A's halves are by  *draws$" out && grep -q '^NLL, B − A  *0.18562 ± 0.11 (0.3 would show) nats$' out && ! grep -q '^W₂' out
ok $? "a table for people"

# Of two examples: p(y) = 1 and 0.
array() {  # array FILE DESCR SHAPE BYTES…
	file=$1
	printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '$2', 'fortran_order': False, 'shape': $3, }" >"$file"
	shift 3
	# shellcheck disable=SC2059 # octal numbers
	for bytes; do printf "$bytes" >>"$file"; done
}
one='\000\000\000\000\000\000\360\077' zero='\000\000\000\000\000\000\000\000' half='\000\000\000\000\000\000\340\077'
array sure.npy '<f8' '(2, 2)' $one $zero $one $zero
array unsure.npy '<f8' '(2, 2)' $half $half $half $half
array labels.npy '|u1' '(2,)' '\000' '\001'
"$BASIN" compare --json sure.npy unsure.npy --labels labels.npy >out 2>err && [ "$(member nll_difference)" = null ] &&
	[ "$(member nll_difference_detectable)" = null ] && [ "$(member nll_difference_reason)" = '"probability 0 for the class of 1 of the examples"' ] &&
	[ "$(member brier_difference)" = -0.5 ] && [ "$(member accuracy_difference)" = 0.0 ] && [ "$(member accuracy_difference_detectable)" = null ]
ok $? "an infinite NLL has no difference, and the others have"
[ "$(member agreement)" = 1.0 ] && [ "$(member total_variation)" = 0.5 ] && [ "$(member w1)" = 0.5 ] &&
	[ "$(member ceiling_agreement)" = null ] && [ "$(member ceiling_reason)" = '"A has one member, which has no halves"' ] &&
	[ "$(member ceiling_by)" = null ]
ok $? "one member has no halves"
"$BASIN" compare sure.npy unsure.npy --labels labels.npy >out 2>err && grep -q '^no halves  *A has one member' out && grep -q '^no NLL difference ' out
ok $? "which a table says too"

# ---- runs ----

awk 'BEGIN { for (i = 0; i < 120; i++) print i * 7 % 11 - 3 "," i * 5 % 13 / 8 "," (i * i + i % 7) % 3 }' >classes.csv
plan="--quiet --data csv:classes.csv --likelihood categorical --lr 0.1 --steps 60 --keep-every 10 --threads 1 --sampler sgld"
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --model mlp:2-5-3 --chains 3 --out a && "$BASIN" sample $plan --model mlp:2-7-3 --seed 2 --prior laplace --out b
ok $? "runs of two networks"
"$BASIN" compare --json --quiet a b >out 2>err
ok $? "are compared"
[ "$(member ceiling_by)" = '"chains"' ] && [ "$(inner a snapshots)" = 18 ] && [ "$(inner a chains)" = 3 ] && [ "$(inner b chains)" = 1 ] &&
	[ "$(member split)" = '"train"' ] && [ "$(member n)" = 120 ] && [ "$(member target)" = null ] && [ "$(member temperature)" = 1.0 ]
ok $? "and described"
of a && for key in accuracy nll brier; do eval "$key=$(member $key of.json)"; done
of b && for key in accuracy nll brier; do
	mine=
	eval "mine=\$$key"
	near "$(member ${key}_difference)" "$(less "$mine" "$(member $key of.json)")" 1e-12 "the difference of $key is that of basin predict's figures"
done
agreement=$(member agreement) variation=$(member total_variation) w1=$(member w1) differs=$(member nll_difference)
"$BASIN" compare --json --quiet b a >out 2>err && [ "$(member agreement)" = "$agreement" ] && [ "$(member total_variation)" = "$variation" ]
ok $? "distances are the same the other way round"
near "$(member w1)" "$w1" 1e-14 "and so is W₁"
near "$(member nll_difference)" "$(less "$differs" 0)" 1e-14 "differences change their sign"
[ "$(member ceiling_by)" = '"draws"' ]
ok $? "one chain has halves of draws"
"$BASIN" compare --json --quiet a a >out 2>err && [ "$(member agreement)" = 1.0 ] && [ "$(member total_variation)" = 0.0 ] &&
	[ "$(member w1)" = 0.0 ] && [ "$(member accuracy_difference)" = 0.0 ] && [ "$(member nll_difference)" = 0.0 ] &&
	[ "$(member brier_difference_se)" = 0.0 ] && [ "$(member brier_difference_detectable)" = null ] && [ "$(member target)" != null ]
ok $? "a run is no distance from itself"

# Halves are what they are called: chains 0 and 1 of three, and the third; draws of the first half, and of the second.
"$BASIN" predict --quiet --save-member-probs all.npy a >/dev/null && "$BASIN" compare --json --quiet a a >out 2>err
each=$((120 * 3 * 4))
{ printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 120, 3), }" && tail -c +129 all.npy | head -c $((12 * each)); } >first.npy
{ printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': (6, 120, 3), }" && tail -c $((6 * each)) all.npy; } >second.npy
agreement=$(member ceiling_agreement) variation=$(member ceiling_total_variation) w1=$(member ceiling_w1)
"$BASIN" compare --json first.npy second.npy >out 2>err && [ "$(member agreement)" = "$agreement" ]
ok $? "the ceiling of agreement is that of the halves"
near "$(member total_variation)" "$variation" 1e-12 "and of total variation"
near "$(member w1)" "$w1" 1e-14 "and of W₁"
"$BASIN" compare --json --quiet a/chain-0.snaps b --last 5 >out 2>err && [ "$(member ceiling_by)" = '"draws"' ] && [ "$(inner a snapshots)" = 5 ] &&
	[ "$(inner b snapshots)" = 5 ]
ok $? "choices of snapshots are for both"
agreement=$(member ceiling_agreement) variation=$(member ceiling_total_variation)
"$BASIN" compare --json --quiet a/chain-0.snaps a/chain-0.snaps --from-step 20 --to-step 40 >out 2>err && [ "$(inner a snapshots)" = 3 ]
ok $? "by their steps too"
of a/chain-0.snaps --from-step 20 --to-step 40 --save-member-probs early.npy && of a/chain-0.snaps --from-step 50 --save-member-probs late.npy &&
	"$BASIN" compare --json early.npy late.npy >out 2>err && [ "$(member agreement)" = "$agreement" ]
ok $? "halves of draws are the first ones and the last"
near "$(member total_variation)" "$variation" 1e-12 "in total variation as well"

# A run and the file of its own probabilities, either way round.
"$BASIN" compare --json --quiet a all.npy >out 2>err && [ "$(member agreement)" = 1.0 ] && [ "$(member accuracy_difference)" = 0.0 ] &&
	[ "$(inner b chains)" = null ] && [ "$(inner b snapshots)" = 18 ]
ok $? "a run and what it saved"
near "$(member total_variation)" 0 1e-7 "are the same"
near "$(member nll_difference)" 0 1e-6 "and are scored by the run's labels"
"$BASIN" compare --json --quiet all.npy a >out 2>err && [ "$(member ceiling_by)" = '"draws"' ] && [ "$(member data)" != null ]
ok $? "either way round"
"$BASIN" compare --quiet a b >table 2>err && tr -d '\200-\277' <table | LC_ALL=C awk 'length > 80 { bad = 1 } END { exit bad }' &&
	grep -q '^A  *a: 18 snapshots of 3 chains, accuracy = ' table
ok $? "a table has lines of at most 80 columns"
"$BASIN" compare --device cpu a b >out 2>err && [ "$(grep -c 'has no test split' err)" = 1 ]
ok $? "the training split is said once"

fails 2 '^basin: b: --split holdout: the run held nothing out' "which run has no holdout is said" "$BASIN" compare all.npy b --split holdout
# One logit for two classes; members that chains share a device for; bf16.
awk 'BEGIN { for (i = 0; i < 60; i++) print i * 7 % 11 - 3 "," i * 5 % 13 / 8 "," i % 2 }' >two.csv
"$BASIN" sample --quiet --data csv:two.csv --likelihood bernoulli --model mlp:2-4-1 --lr 0.1 --steps 20 --keep-every 5 --out logit &&
	"$BASIN" sample --quiet --data csv:two.csv --likelihood categorical --model mlp:2-4-2 --lr 0.1 --steps 20 --keep-every 5 --out pair &&
	"$BASIN" compare --json --quiet logit pair >out 2>err && [ "$(member n)" = 60 ] && [ "$(member w1)" != null ]
ok $? "one logit against two"
if grep -q avx512 /proc/cpuinfo 2>/dev/null; then
	"$BASIN" compare --json --quiet --precision bf16 --threads 2 --batch 7 pair pair >out 2>err && [ "$(member agreement)" = 1.0 ]
	ok $? "in bf16, by batches of 7"
else
	skip "in bf16, by batches of 7" "the processor has no AVX-512"
fi

# ---- real targets ----

awk 'BEGIN { for (i = 0; i < 90; i++) print i * 7 % 11 - 3 "," 100 + i * 5 % 13 / 8 "," 40 + i % 7 / 3 }' >real.csv
plan="--quiet --data csv:real.csv --standardize --lr 0.05 --steps 60 --keep-every 10"
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --model mlp:2-5-1 --noise-sd 0.5 --out real && "$BASIN" sample $plan --model mlp:2-4-1 --noise-sd 0.8 --seed 3 --chains 2 --out real2
ok $? "runs of a regression"
"$BASIN" compare --json --quiet real real2 >out 2>err && [ "$(member agreement)" = null ] && [ "$(member total_variation)" = null ] &&
	[ "$(member ceiling_agreement)" = null ] && [ "$(member ceiling_w2)" != null ] && [ "$(member brier_difference)" = "" ]
ok $? "have W₂ and no agreement"
of real && a_nll=$(member nll of.json) a_crps=$(member crps of.json) a_rmse=$(member rmse of.json)
of real2
near "$(member nll_difference)" "$(less "$a_nll" "$(member nll of.json)")" 1e-12 "their NLL's difference is that of basin predict's figures"
near "$(member crps_difference)" "$(less "$a_crps" "$(member crps of.json)")" 1e-12 "and CRPS's"
near "$(member mse_difference)" "$(awk -v a="$a_rmse" -v b="$(member rmse of.json)" 'BEGIN { printf "%.17g", b * b - a * a }')" 1e-10 "and the squared error's"
# The deviations alone are 0.3 of the targets' own apart, 0.2 of it or so.
awk -v w1="$(member w1)" -v w2="$(member w2)" 'BEGIN { exit !(w1 > 0 && w2 > 0.15 && w2 < 2) }'
ok $? "W₂ has the targets' units"
"$BASIN" compare --json --quiet real real >out 2>err && [ "$(member w2)" = 0.0 ] && [ "$(member w1)" = 0.0 ] && [ "$(member crps_difference)" = 0.0 ]
ok $? "a run is no distance from itself"
"$BASIN" compare --quiet real real2 >out 2>err && grep -q '^W₂ of halves ' out && grep -q '^MSE, B − A ' out && ! grep -q '^agreement' out
ok $? "a table for people"

# Two targets: figures are means over them.
one='\000\000\200\077' zero='\000\000\000\000' two='\000\000\000\100'
array x.npy '<f4' '(6, 2)' $zero $one $one $one $two $zero $one $two $zero $zero $two $two
array y.npy '<f4' '(6, 2)' $two $one $one $zero $two $two $zero $zero $one $two $one $zero
plan="--quiet --data npy:x.npy,y.npy --likelihood gaussian --model mlp:2-4-2 --lr 0.05 --steps 40 --keep-every 10"
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --out xy && "$BASIN" sample $plan --seed 2 --out xy2 && of xy && a_crps=$(member crps of.json) a_rmse=$(member rmse of.json) &&
	"$BASIN" compare --json --quiet xy xy2 >out 2>err && of xy2
ok $? "two targets"
near "$(member crps_difference)" "$(less "$a_crps" "$(member crps of.json)")" 1e-12 "CRPS's difference is that of basin predict's figures"
near "$(member mse_difference)" "$(awk -v a="$a_rmse" -v b="$(member rmse of.json)" 'BEGIN { printf "%.17g", b * b - a * a }')" 1e-10 "and the squared error's"

# ---- what does not belong together ----

fails 2 "a predicts classes and real real targets" "classes and real targets" "$BASIN" compare --quiet a real
fails 2 "a predicts 3 classes and pair 2" "other classes" "$BASIN" compare --quiet a pair
fails 2 "probs.npy predicts 4 classes and a 3" "and those of a file" "$BASIN" compare --quiet "$probs" a
fails 2 "sure.npy predicts 2 examples and pair 60" "another number of examples" "$BASIN" compare --quiet sure.npy pair
sed 's/0$/9/; s/1$/0/; s/9$/1/' two.csv >swapped.csv
"$BASIN" sample --quiet --data csv:swapped.csv --likelihood categorical --model mlp:2-4-2 --lr 0.1 --steps 20 --keep-every 5 --out swapped
fails 2 "pair predicts csv:.*two.csv (train, fingerprint [0-9a-f]*) and swapped predicts csv:.*swapped.csv (train, [0-9a-f]*), which are other examples; --data names" \
	"other examples" "$BASIN" compare --quiet pair swapped
# Of one file two runs may take other columns.
awk 'BEGIN { print "u,v,w"; for (i = 0; i < 90; i++) print i * 7 % 11 / 3 "," i * 5 % 13 / 4 "," i * 3 % 7 - 3 + i % 2 / 5 }' >cut.csv
cut_plan="--quiet --data csv:cut.csv --model linear --noise-sd 2 --lr 0.01 --steps 60 --keep-every 10"
# shellcheck disable=SC2086 # words
"$BASIN" sample $cut_plan --holdout 30 --out all-of-it && "$BASIN" sample $cut_plan --holdout 30 --drop v --out part && "$BASIN" sample $cut_plan --holdout 31 --out more
"$BASIN" compare --json --quiet all-of-it part --split holdout >out 2>err && [ "$(member n)" = 30 ] && "$BASIN" compare --json --quiet all-of-it part >out 2>err &&
	[ "$(member n)" = 60 ] && "$BASIN" compare --json --quiet all-of-it part --data csv:cut.csv >out 2>err && [ "$(member n)" = 90 ]
ok $? "runs of other columns of the same rows"
fails 2 "all-of-it predicts 30 examples and more 31; .* --split or --data" "but not of other rows" "$BASIN" compare --quiet all-of-it more --split holdout
awk -F, -v OFS=, 'NR == 7 { $3 += 1 } { print }' cut.csv >other.csv
# shellcheck disable=SC2086 # words
"$BASIN" sample ${cut_plan%%csv:*}csv:other.csv ${cut_plan#*csv:cut.csv} --holdout 30 --drop v --out else
fails 2 "which are other examples" "nor of another file" "$BASIN" compare --quiet all-of-it else
"$BASIN" compare --json --quiet pair swapped --data csv:two.csv >out 2>err && [ "$(member n)" = 60 ]
ok $? "a set that is named is for both"
fails 2 "compared, each a run" "one ensemble alone" "$BASIN" compare a
fails 2 "3 were given" "and three" "$BASIN" compare a b a
fails 2 "labels is for two files of probabilities; a brings its own" "labels beside a run" "$BASIN" compare --quiet a all.npy --labels labels.npy
fails 2 "last chooses snapshots and does not go with two files" "choices of snapshots without a run" "$BASIN" compare all.npy all.npy --last 1
fails 2 "threads is about runs and does not go with two files" "options of runs without one" "$BASIN" compare all.npy all.npy --threads 1
fails 2 "labels .*labels.npy: 2 labels for 120 rows" "labels of another number" "$BASIN" compare all.npy all.npy --labels labels.npy
fails 2 "no such run" "a run that is not there" "$BASIN" compare a nowhere
fails 2 "nowhere.npy" "nor a file" "$BASIN" compare nowhere.npy a
done_testing
