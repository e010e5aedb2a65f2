#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin predict, ood and info on runs that basin sample made.
. "${top_srcdir:?}/tests/tap.sh"

equal() {  # equal A B TOLERANCE
	awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d <= t && d >= -t) }'
}

has() {  # has KEY…: each is a member of the report
	for key; do
		[ -n "$(member "$key")" ] || { echo "# $key is missing"; return 1; }
	done
}

"$BASIN" sample --quiet --data shapes --model linear --sampler entropy-mcmc --lr 0.01 --coupling 0.01 --batch 1000 \
	--epochs 3 --keep-last 2 --chains 2 --augment crop-flip --out "$dir/run" || ok 1 "a run to read"

# ---- classes ----

"$BASIN" predict --json --quiet "$dir/run" >"$dir/out"
ok $? "predict reads a run"
has n snapshots accuracy nll brier ece entropy expected_entropy mutual_information accuracy_se nll_se data split units \
	temperature target
ok $? "the report has its figures and facts"
[ "$(member n)" = 2000 ] && [ "$(member snapshots)" = 8 ] && [ "$(member split)" = '"test"' ] &&
	[ "$(member units)" = '"nats"' ] && grep -q '"anchor"' "$dir/out" && grep -q '"theta"' "$dir/out"
ok $? "two chains of two roles, the test split"
[ "$(member note)" = '"not the posterior of a fixed model; for one, use --augment none"' ]
ok $? "augmentation has no fixed model, and the report says so"
difference=$(awk -v a="$(member entropy)" -v b="$(member expected_entropy)" 'BEGIN { printf "%.17g", a - b }')
equal "$(member mutual_information)" "$difference" 1e-14
ok $? "mutual information is the difference of the entropies"
nll=$(member nll)

"$BASIN" predict --json --quiet --batch 7 --threads 1 "$dir/run" >"$dir/out"
equal "$(member nll)" "$nll" 1e-6
ok $? "another batch size and thread count: the same figures"
"$BASIN" predict --json --quiet --split train --role anchor --last 1 "$dir/run" >"$dir/out"
[ "$(member n)" = 10000 ] && [ "$(member snapshots)" = 2 ] && ! grep -q '"theta"' "$dir/out"
ok $? "the training split with the last anchors"
"$BASIN" predict --json --quiet --every 2 "$dir/run" >"$dir/out" && [ "$(member snapshots)" = 4 ] &&
	[ "$(grep -c '"role": "theta"' "$dir/out")" = "$(grep -c '"role": "anchor"' "$dir/out")" ]
ok $? "every second step, both roles of it"
"$BASIN" predict --json --quiet --curve "$dir/run/chain-0.snaps" >"$dir/out"
[ "$(grep -c '^      "snapshots":' "$dir/out")" = 4 ] && [ "$(member snapshots)" = 4 ]
ok $? "one snapshot file, and its curve"
"$BASIN" predict "$dir/run/chain-1.snaps" "$dir/run" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && grep -q 'share seed 1 and chain 1' "$dir/err" && grep -q '^snapshots *12$' "$dir/out"
ok $? "runs that share seed and chain are pooled with a warning"

# ---- ood, and the same from stored probabilities ----

"$BASIN" predict --json --quiet --save-member-probs "$dir/id.npy" "$dir/run" >"$dir/out" &&
	"$BASIN" predict --json --quiet --data glyphs --save-member-probs "$dir/ood.npy" "$dir/run" >"$dir/out" &&
	[ "$(wc -c <"$dir/id.npy")" = $((128 + 8 * 2000 * 10 * 4)) ]
ok $? "members' probabilities are saved"
for score in entropy mi msp; do
	"$BASIN" ood --json --quiet --ood glyphs --score $score "$dir/run" >"$dir/run.json" &&
		"$BASIN" ood --json --score $score --id-probs "$dir/id.npy" --ood-probs "$dir/ood.npy" >"$dir/out" &&
		equal "$(member auroc)" "$(member auroc "$dir/run.json")" 1e-5 &&
		equal "$(member aupr_in)" "$(member aupr_in "$dir/run.json")" 1e-5
	ok $? "ood by $score is the same from a run and from its saved members"
done
cp "$dir/run.json" "$dir/out"
has auroc auroc_se aupr_out aupr_in fpr95 fpr95_in base_rate n_id n_ood score ood_normalize id ood units temperature target
ok $? "the report has its figures and facts"
[ "$(member ood_normalize)" = '"id"' ] && [ "$(member n_ood)" = 2000 ] && [ "$(member id_split)" = '"test"' ]
ok $? "the report says how the foreign set was normalised"
auroc=$(member auroc)
"$BASIN" ood --json --quiet --ood glyphs --score msp --ood-normalize 0.5:0.5 "$dir/run" >"$dir/out"
[ "$(member ood_normalize)" = '"0.5:0.5"' ] && ! equal "$(member auroc)" "$auroc" 0
ok $? "another normalisation gives other figures"
"$BASIN" ood --json --quiet --ood shapes --score energy "$dir/run" >"$dir/out"
equal "$(member auroc)" 0.5 1e-12
ok $? "a set against itself has AUROC ½"
fails 2 "ood" "a missing --ood is asked for" "$BASIN" ood "$dir/run"

# ---- info and damage ----

"$BASIN" info --json --verify --tensors "$dir/run" >"$dir/out"
[ $? = 0 ] && grep -q '"name": "fc.weight"' "$dir/out" && grep -q '"state": "done"' "$dir/out" &&
	grep -q 'κ = 0.01' "$dir/out" && grep -q '"instruction_set"' "$dir/out"
ok $? "info tells tensors, state, target and device, and finds no damage"
"$BASIN" info "$dir/run" >"$dir/out"
[ "$(grep -c '^chain [01]: done at step 30: 4 snapshots, steps 20 to 30, 2 theta, 2 anchor$' "$dir/out")" = 2 ]
ok $? "info lists the chains"
[ "$(tr -s '\n ' ' ' <"$dir/out" | grep -o 'not the posterior of a fixed model; for one, use --augment none' | wc -l)" = 1 ]
ok $? "and says once to a person that the model is not fixed"
"$BASIN" info --json shapes >"$dir/out"
[ "$(member n)" = 10000 ] && [ "$(member kind)" = '"shapes"' ]
ok $? "info describes a data set"
cp "$dir/run/chain-0.snaps" "$dir/torn.snaps"
printf 'part of a record' >>"$dir/torn.snaps"
"$BASIN" info "$dir/torn.snaps" >"$dir/out"
[ $? = 0 ] && grep -q 'incomplete last record of 16 bytes' "$dir/out"
ok $? "a torn tail is reported"
size=$(wc -c <"$dir/run/chain-0.snaps")
printf 'damage' | dd of="$dir/run/chain-0.snaps" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
"$BASIN" info --verify "$dir/run" >"$dir/out" 2>"$dir/err"
[ $? = 1 ] && grep -q damaged "$dir/err"
ok $? "info --verify finds damage"
grep -q '^chain 0: .*; 1 of them damaged$' "$dir/out" && grep -q '^damaged: .*step [23]0' "$dir/out"
ok $? "and names the chain and step"
fails 2 "step [23]0" "predict stops at damage, by its step" "$BASIN" predict "$dir/run"
"$BASIN" predict --json --skip-damaged "$dir/run" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && [ "$(member snapshots)" = 7 ] && grep -q 'left out' "$dir/err" && ! grep -q skip-damaged "$dir/err"
ok $? "--skip-damaged leaves the record out and says so"

BASIN_ISA=nope BASIN_DEVICE=cpu fails 2 '^basin: BASIN_ISA=nope: ' "BASIN_DEVICE is not what is wrong where another variable is" \
	"$BASIN" predict "$dir/run" --skip-damaged

# ---- what is wrong with a data set comes behind the option that named it ----

fails 2 '^basin: --data cifar10:/nowhere: ' "sample names --data and its value" \
	"$BASIN" sample --data cifar10:/nowhere --model linear --epochs 1 --out "$dir/no"
fails 2 '^basin: --data cifar10:/nowhere: ' "so does predict" "$BASIN" predict --data cifar10:/nowhere "$dir/run"
fails 2 '^basin: --ood nope: ' "ood names --ood" "$BASIN" ood --ood nope "$dir/run"
fails 2 '^basin: --id nope: ' "and --id" "$BASIN" ood --ood glyphs --id nope "$dir/run"
fails 2 '^basin: --ood-normalize 3: "id" or MEAN' "and --ood-normalize" "$BASIN" ood --ood glyphs --ood-normalize 3 "$dir/run"
fails 2 '^basin: --ood-normalize none: "id" or MEAN.*with 1 or 3 values each' "which takes no word but id" \
	"$BASIN" ood --ood glyphs --ood-normalize none "$dir/run"
fails 2 '^basin: --normalize 3: ' "sample names --normalize" \
	"$BASIN" sample --data shapes --normalize 3 --model linear --epochs 1 --out "$dir/no"
printf '1,2\n3,\033[31m\n' >"$dir/red.csv"
fails 2 'red.csv:2: column 2.*; these are options of basin data info$' "a cell that is no number" "$BASIN" info "csv:$dir/red.csv"
! grep -q "$(printf '\033')" "$dir/err"
ok $? "what a file holds does not reach the terminal as a control character"
fails 1 "save-probs $dir/no/p.npy: can't" "a file that can't be written" \
	"$BASIN" predict --save-probs "$dir/no/p.npy" --skip-damaged "$dir/run"
fails 2 "is a folder" "a folder instead of a file" "$BASIN" ood --ood glyphs --save-scores "$dir" --skip-damaged "$dir/run"

# ---- reports fit a terminal ----

{
	"$BASIN" predict --curve "$dir/run/chain-1.snaps" && "$BASIN" info --tensors "$dir/run/chain-1.snaps"
	for command in sample predict decide ood compare diagnose info data; do
		"$BASIN" $command --help
	done
} >"$dir/out"
tr -d '\200-\277' <"$dir/out" | LC_ALL=C awk 'length > 80 { print "# " $0; bad = 1 } END { exit bad }'
ok $? "no line is wider than 80 columns"
"$BASIN" info "$dir/run/chain-1.snaps" >"$dir/out"
! grep -q -e '^ *= ' -e ' =$' "$dir/out"
ok $? "and no equation is broken"

# ---- labels that were given to a run ----

{
	printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (10000,), }"
	head -c 10000 /dev/zero
} >"$dir/zeros.npy"
"$BASIN" sample --quiet --data shapes --labels "$dir/zeros.npy" --model linear --lr 0.01 --epochs 1 --out "$dir/zero" ||
	ok 1 "a run with other labels"
"$BASIN" predict --json --split train "$dir/zero" >"$dir/out" 2>"$dir/err"
equal "$(member accuracy)" 0.75 0.2 && [ ! -s "$dir/err" ] && [ "$(member labels)" = "\"$(realpath "$dir")/zeros.npy\"" ]
ok $? "the training split is scored by the labels that the run was given, and the report says so"
"$BASIN" predict --json --quiet --split train --data shapes "$dir/zero" >"$dir/out"
equal "$(member accuracy)" 0.1 0.05 && [ -z "$(member labels)" ]
ok $? "and the set by its own where it is named"
# ---- bernoulli ----

awk 'BEGIN { for (i = 0; i < 80; i++) print (i % 9) - 4 "," (i % 9 > 4 || i % 18 == 4) }' >"$dir/two.csv"
"$BASIN" sample --quiet --data "csv:$dir/two.csv" --likelihood bernoulli --model linear --batch 0 --lr 0.02 --steps 2000 \
	--keep-every 100 --burn-in 1000 --out "$dir/two" || ok 1 "a logistic regression to read"
"$BASIN" predict --json --quiet --save-probs "$dir/p.npy" "$dir/two" >"$dir/out"
[ $? = 0 ] && [ "$(member snapshots)" = 10 ] && equal "$(member accuracy)" 1 0.1 && equal "$(member brier)" 0 0.15 &&
	[ "$(wc -c <"$dir/p.npy")" = $((128 + 80 * 2 * 8)) ]
ok $? "one logit is scored as two classes"
awk 'BEGIN { for (i = 0; i < 80; i++) print (i % 9) - 4 "," i % 5 }' >"$dir/five.csv"
fails 2 "^basin: --data csv:$dir/five.csv: example 2 has label 2, and the model predicts 2 classes" "a set of more classes" \
	"$BASIN" predict --data "csv:$dir/five.csv" "$dir/two"
"$BASIN" sample --quiet --data "csv:$dir/two.csv" --likelihood bernoulli --model linear --batch 0 --temperature 0.5 --seed 2 \
	--steps 100 --out "$dir/cold" || ok 1 "a colder run"
"$BASIN" predict --json "$dir/two" "$dir/cold" >"$dir/out" 2>"$dir/err"
[ "$(member temperature)" = null ] && [ "$(member target)" = null ] && grep -q 'sample different targets' "$dir/err"
ok $? "runs of different temperatures are pooled with a warning, and none is reported"
{ echo y,x; awk -F, '{ print $2 "," $1 }' "$dir/two.csv"; } >"$dir/turned.csv"
"$BASIN" sample --quiet --data "csv:$dir/turned.csv" --target y --likelihood bernoulli --model linear --batch 0 --steps 200 \
	--lr 0.02 --out "$dir/turned" || ok 1 "a run with its target in front"
"$BASIN" ood --json --quiet --ood "csv:$dir/turned.csv" "$dir/turned" >"$dir/out"
equal "$(member auroc)" 0.5 1e-12
ok $? "a foreign table's columns are those of the run's"

# ---- regression ----

awk 'BEGIN {
	print "a,b,y"
	for (i = 0; i < 60; i++)
		print (i % 8) / 4 "," i % 5 "," 100 + 5 * (i % 8) - 5 * (i % 5) + (i % 3)
}' >"$dir/line.csv"
"$BASIN" sample --quiet --data "csv:$dir/line.csv" --standardize --model linear --noise-sd 0.1 --batch 0 --lr 0.005 \
	--steps 4000 --keep-every 100 --burn-in 2000 --out "$dir/line" || ok 1 "a regression to read"
"$BASIN" predict --json --curve "$dir/line" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && has n snapshots nll nll_se rmse crps coverage && grep -q 'no test split' "$dir/err"
ok $? "a regression is scored on its training rows, and predict says so"
# The noise i % 3 has deviation 0.82 around its mean, which the intercept takes.
equal "$(member rmse)" 0.82 0.15 && [ "$(member snapshots)" = 20 ] && [ "$(grep -c '^      "rmse":' "$dir/out")" = 20 ]
ok $? "the RMSE is in the target's own units; the curve has a row a snapshot"
fails 2 "^basin: --split test: .* has no test split, and the run held nothing out" "a split that is not there is no matter of the file" \
	"$BASIN" predict "$dir/line" --split test
fails 2 "gaussian" "class probabilities of a regression are refused" "$BASIN" predict --save-probs "$dir/p.npy" "$dir/line"
sed '2s/^/1/' "$dir/line.csv" >"$dir/moved.csv" && mv "$dir/moved.csv" "$dir/line.csv"
"$BASIN" predict --json "$dir/line" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && grep -q 'line.csv has changed since' "$dir/err"
ok $? "a warning says that the run's own data have changed"
mv "$dir/line.csv" "$dir/moved.csv"
fails 2 "own data set (--data can name its new place for once, basin sample --resume with --data for every command): " \
	"a data set that is gone is asked for" "$BASIN" predict "$dir/line"
"$BASIN" predict --json --quiet --data "csv:$dir/moved.csv" "$dir/line" >"$dir/out"
ok $? "and may be named elsewhere"
[ -z "$(member split)" ] || [ "$(member split)" = null ]
ok $? "another set is no split of the run's"
fails 2 "gaussian" "OOD scores of a regression are refused" "$BASIN" ood --ood "csv:$dir/moved.csv" "$dir/line"

# ---- what was held out ----

awk 'BEGIN { for (i = 0; i < 60; i++) print i "," (i * 7 % 11) / 4 "," 1700000000 + i "," i % 8 - 3 }' >"$dir/held.csv"
fit="--data csv:$dir/held.csv --holdout 12 --standardize --model linear --noise-sd 1 --batch 0 --lr 0.01 --keep-every 10 --threads 1"
# shellcheck disable=SC2086 # words
"$BASIN" sample ${fit%%--holdout*} ${fit#*--holdout 12} --steps 40 --out "$dir/all" --quiet
# shellcheck disable=SC2086 # words
"$BASIN" sample $fit --steps 40 --out "$dir/held" >"$dir/out" 2>"$dir/err"
next=$(sed -n 's/.*; next: basin //p' "$dir/out")
[ "$next" = "predict $dir/held --split holdout" ]
ok $? "the next step that a run with a holdout names is to score that"
eval '"$BASIN"' "$next" >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && ! grep -q -e 'training' -e 'others now' "$dir/err" && grep -q '^examples  *12$' "$dir/out"
ok $? "and that does"
"$BASIN" predict "$dir/held" >"$dir/out" 2>"$dir/err"
grep -q 'the training examples are scored; --split holdout takes what the run held out$' "$dir/err"
ok $? "as the warning says where training examples are scored"
"$BASIN" predict "$dir/held" --split holdout --csv "$dir/rows.csv" >"$dir/out"
awk 'BEGIN { for (i = 0; i < 60; i++) print i % 7 "," i % 5 "," i % 3 }' >"$dir/seen.csv"
beside="--data csv:$dir/seen.csv --model linear --noise-sd 1 --lr 0.001 --steps 4 --keep-every 2 --quiet --threads 1"
# shellcheck disable=SC2086 # words
"$BASIN" sample $beside --holdout 12 --out "$dir/apart" && "$BASIN" sample $beside --holdout 12 --seed 2 --out "$dir/alike" &&
	"$BASIN" sample $beside --seed 3 --out "$dir/seen"
"$BASIN" predict "$dir/apart" "$dir/seen" --split holdout >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && grep -q "seen/chain-0.snaps was trained on other rows than those beside what is held out here, and may have seen these" "$dir/err"
ok $? "a run beside it that has seen the held-out rows is told"
"$BASIN" predict "$dir/apart" "$dir/alike" --split holdout >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && ! grep -q 'may have seen' "$dir/err"
ok $? "and one that holds out the same is not"
row=$(sed -n '2s/,.*//p' "$dir/rows.csv")
cp "$dir/held.csv" "$dir/kept.csv" && sed "${row}s/\$/1/" "$dir/kept.csv" >"$dir/held.csv"
"$BASIN" predict "$dir/held" --split holdout >"$dir/out" 2>"$dir/err"
grep -q 'held.csv: the rows that the run held out are others now' "$dir/err" && ! grep -q 'has changed' "$dir/err"
ok $? "a change of what was held out is told"
grep -q '"holdout_fingerprint"' "$dir/held/run.json" && [ -s "$dir/all/run.json" ] && ! grep -q '"holdout_fingerprint"' "$dir/all/run.json"
ok $? "and a run without a holdout has no fingerprint of one"
# By less than float32 tells apart.
awk -F, -v OFS=, '{ $3 -= NR % 9; print }' "$dir/kept.csv" >"$dir/held.csv"
fails 2 "^basin: --data csv:$dir/held.csv: not the data that .* a column's mean or deviation is another" \
	"a run does not go on with other values, however large they are" "$BASIN" sample --resume "$dir/held" --steps 60
awk -F, -v OFS=, 'NR < 40 { $2 += 1 } { print }' "$dir/kept.csv" >"$dir/held.csv"
fails 2 "^basin: --data csv:$dir/held.csv: not the data that the run .* was begun with (fingerprint" "nor with other rows, which the fingerprint tells" \
	"$BASIN" sample --resume "$dir/held" --steps 60
cp "$dir/kept.csv" "$dir/held.csv" && "$BASIN" sample --resume "$dir/held" --steps 60 --quiet
ok $? "and does with its own"

# ---- memory ----

# As the man page has it, beyond what a network of few parameters takes: weights of each thread, snapshots under way, and one
# that is read, with its largest tensor.
awk 'BEGIN { for (i = 0; i < 64; i++) print i % 7 "," i % 5 "," i % 3 "," i % 2 }' >"$dir/few.csv"
for width in 4 1500; do
	"$BASIN" sample --quiet --data "csv:$dir/few.csv" --model mlp:3-$width-$width-1 --lr 1e-5 --batch 8 --steps 6 \
		--keep-every 1 --out "$dir/mlp-$width" || ok 1 "a network of $width"
done
mebibytes=$((1500 * 1500 * 4 / 1024 / 1024 + 1))
for threads in 1 4; do
	for width in 4 1500; do
		tests/peak "$dir/$width.peak" "$BASIN" predict --quiet --json --threads $threads "$dir/mlp-$width" >"$dir/out"
	done
	stated=$((2 * threads + threads + 2 + 2 + 1)) took=$((($(cat "$dir/1500.peak") - $(cat "$dir/4.peak")) / 1024))
	echo "# $took MiB for parameters of $mebibytes, at most $stated times as many"
	[ $took -ge $mebibytes ] && [ $took -le $((stated * mebibytes)) ]
	ok $? "the memory of $threads threads is what the manual says at most"
done

done_testing
