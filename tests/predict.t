#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin predict and basin ood on stored probabilities, against scikit-learn's figures in golden/predict.txt.
golden=${top_srcdir:?}/tests/golden
. "${top_srcdir:?}/tests/tap.sh"

same() {  # same KEY GOLDEN-KEY: within 1e-9
	awk -v got="$(member "$1")" -v key="$2" '$1 == key { d = got - $2; found = 1 }
		END { exit !(found && got != "" && got != "null" && d < 1e-9 && d > -1e-9) }' "$golden/predict.txt"
	ok $? "$1 is $2 of scikit-learn"
}

"$BASIN" predict --json --probs "$golden/probs.npy" --labels "$golden/labels.npy" >"$dir/out" 2>"$dir/err"
ok $? "predict scores stored members"
for key in accuracy nll brier ece entropy mutual_information; do
	same $key $key
done
[ "$(member n)" = 60 ] && [ "$(member snapshots)" = 5 ]
ok $? "60 examples, 5 members"
awk -v se="$(member accuracy_se)" -v a="$(member accuracy)" \
	'BEGIN { want = sqrt(a * (1 - a) / 60); exit !(se > 0.85 * want && se < 1.15 * want) }'
ok $? "the accuracy's standard error is the binomial's"

"$BASIN" predict --json --curve --probs "$golden/probs.npy" --labels "$golden/labels.npy" >"$dir/curve"
[ "$(grep -c '"snapshots":' "$dir/curve")" = 6 ]
ok $? "the curve has a row a member"
sed -n 's/^      "nll": \([^,]*\),*$/  "nll": \1/p' "$dir/curve" | head -n 1 >"$dir/out"
same nll first_nll
sed -n 's/^      "nll": \([^,]*\),*$/  "nll": \1/p' "$dir/curve" | tail -n 1 >"$dir/out"
same nll nll
grep -A 3 '"snapshots": 1,' "$dir/curve" >/dev/null && grep -q '"mutual_information": null' "$dir/curve"
ok $? "one member's mutual information is null"

"$BASIN" predict --save-probs "$dir/mean.npy" --probs "$golden/probs.npy" --labels "$golden/labels.npy" >"$dir/table" &&
	grep -q '^accuracy  *0\.' "$dir/table" && grep -q '^NLL .* nats$' "$dir/table"
ok $? "a table for people"
"$BASIN" predict --json --probs "$dir/mean.npy" --labels "$golden/labels.npy" >"$dir/out"
same nll nll
[ "$(member snapshots)" = 1 ] && [ "$(member mutual_information)" = null ]
ok $? "the saved average is one member, without mutual information"

for score in entropy mi msp; do
	"$BASIN" ood --json --score $score --id-probs "$golden/probs.npy" --ood-probs "$golden/ood.npy" >"$dir/out"
	ok $? "ood by $score"
	for key in auroc aupr_out aupr_in fpr95; do
		same $key ${key}_$score
	done
done
[ "$(member n_id)" = 60 ] && [ "$(member n_ood)" = 35 ] && [ "$(member score)" = '"msp"' ] &&
	[ "$(member ood_normalize)" = null ]
ok $? "the report says what was scored"
"$BASIN" ood --id-probs "$golden/probs.npy" --ood-probs "$golden/ood.npy" --save-scores "$dir/scores.npy" >/dev/null &&
	[ "$(wc -c <"$dir/scores.npy")" = $((128 + 95 * 8)) ]
ok $? "scores are saved, in-distribution first"

fails 2 "logits" "energy of probabilities is refused" \
	"$BASIN" ood --score energy --id-probs "$golden/probs.npy" --ood-probs "$golden/ood.npy"
fails 2 "member" "mi of one member is refused" \
	"$BASIN" ood --score mi --id-probs "$dir/mean.npy" --ood-probs "$dir/mean.npy"
fails 2 "members of 4 classes" "sets of different ensembles are refused" \
	"$BASIN" ood --id-probs "$golden/probs.npy" --ood-probs "$dir/mean.npy"
fails 2 "dimensions" "an array that is no table of probabilities is refused" \
	"$BASIN" predict --probs "$golden/labels.npy" --labels "$golden/labels.npy"
fails 2 "integers" "labels that are not integers are refused" \
	"$BASIN" predict --probs "$golden/probs.npy" --labels "$golden/probs.npy"
fails 2 "60 labels for 35 rows" "labels of another number are refused" \
	"$BASIN" predict --probs "$golden/ood.npy" --labels "$golden/labels.npy"
cp "$golden/labels.npy" "$dir/ninth.npy" && chmod u+w "$dir/ninth.npy" &&
	printf '\011' | dd of="$dir/ninth.npy" bs=1 seek=128 conv=notrunc 2>/dev/null
fails 2 "ninth.npy: label 0 is 9; classes 0 to" "a label that is none of the classes is refused" \
	"$BASIN" predict --probs "$golden/probs.npy" --labels "$dir/ninth.npy"
# One byte of a probability's exponent: row 2 no longer sums to 1.
at=$((128 + 2 * 32 + 7))
{ head -c $at "$dir/mean.npy"; printf '\100'; tail -c +$((at + 2)) "$dir/mean.npy"; } >"$dir/bad.npy"
fails 2 "row 2 sums to" "a row that does not sum to 1 is refused by number" \
	"$BASIN" predict --probs "$dir/bad.npy" --labels "$golden/labels.npy"
fails 2 "belongs to --probs" "labels without probabilities are refused" "$BASIN" predict --labels "$golden/labels.npy"
fails 2 "go together" "foreign probabilities alone are refused" "$BASIN" ood --ood-probs "$golden/probs.npy"
fails 2 "place of a run" "probabilities and a run are refused" \
	"$BASIN" predict --probs "$golden/probs.npy" --labels "$golden/labels.npy" run
fails 2 "does not go with --probs" "options about runs are refused" \
	"$BASIN" predict --last 3 --probs "$golden/probs.npy" --labels "$golden/labels.npy"
fails 2 "no run given" "a run must be named" "$BASIN" predict
fails 2 "no such run" "a missing run is named" "$BASIN" predict "$dir/nowhere"

done_testing
