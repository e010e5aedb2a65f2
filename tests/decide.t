#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin decide and basin predict --decide: stored probabilities against NumPy's and SciPy's figures in golden/decisions.txt, runs with a
# holdout, what is promised, and what is refused.
set -u
golden=${top_srcdir:?}/tests/golden
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
# Copied, so that reports that have their names are as wide wherever the sources are.
cp "$golden/decisions_probs.npy" probs.npy && cp "$golden/decisions_labels.npy" labels.npy || exit 99
probs=probs.npy labels=labels.npy

near() {  # near GOT WANTED TOLERANCE NAME
	awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(a != "" && a != "null" && b != "" && d <= t && -d <= t) }'
	ok $? "$4"
}
want() { sed -n "s/^$1 $2 //p" "$golden/decisions.txt"; }                         # want WORD NAME: NumPy's
of() { sed -n "s/^ *\"$1\": \([^,]*\),*\$/\1/p" rules.json | head -n 1; }         # of MEMBER: the file's, whatever the rule
listed() { sed -n '/"thresholds": \[/,/\]/p' rules.json | sed -n "$(($1 + 2))s/[ ,]//gp"; }   # listed I: the file's threshold I
column() {  # column NAME FILE: its cells
	awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$2"
}
decide() { "$BASIN" decide --quiet --overwrite --out rules.json "$@" >out 2>err; }
# Paths are not broken.
narrow() { tr -d '\200-\277' <"$1" | LC_ALL=C awk '!/\// && length > 80 { bad = 1 } END { exit bad }'; }

# ---- stored probabilities ----

stored() { decide --json --probs "$probs" --labels "$labels" "$@" && "$BASIN" predict --json --quiet --probs "$probs" --labels "$labels" \
	--decide rules.json --csv rows.csv --overwrite >out 2>err; }
for sets in lac aps raps; do
	coverage=0.85
	[ $sets != raps ] || coverage=0.98
	stored --sets $sets --coverage $coverage
	ok $? "sets by $sets"
	near "$(listed 0)" "$(want $sets threshold)" 1e-14 "have NumPy's threshold"
	near "$(member set_size)" "$(want $sets set_size)" 1e-12 "and sizes"
	near "$(member set_coverage)" "$(want $sets set_coverage)" 1e-12 "and coverage of these rows"
	near "$(column set rows.csv | awk -F'|' '{ n += NF } END { print n / NR }')" "$(want $sets set_size)" 1e-12 "also in the table"
done
stored --by-class --coverage 0.85
ok $? "sets by class"
for class in 0 1 2 3 4 5 6 7; do
	near "$(listed $class)" "$(want by-class threshold_$class)" 1e-14 "class $class has NumPy's threshold"
done
near "$(member set_size)" "$(want by-class set_size)" 1e-12 "and sets their size"
near "$(member set_coverage)" "$(want by-class set_coverage)" 1e-12 "and coverage"
stored --temperature-scaling
ok $? "temperature scaling"
near "$(of temperature)" "$(want scaling temperature)" 1e-7 "has SciPy's temperature"
near "$(member nll_scaled)" "$(want scaling nll_scaled)" 1e-9 "and NLL"
near "$(column scaled_0 rows.csv | head -n 1)" "$(want scaling scaled_0)" 1e-8 "and probabilities"
[ "$(of at_lower)" = false ] && [ "$(of at_upper)" = false ] && [ "$(of upper)" = 20.0 ]
ok $? "between its bounds"
stored --false-alarm 0.1
ok $? "alarms"
near "$(of threshold)" "$(want alarm threshold)" 1e-14 "have SciPy's threshold"
near "$(of bound)" "$(want alarm bound)" 1e-9 "and bound"
near "$(member alarms)" "$(want alarm alarms)" 1e-12 "and raise as many"
near "$(column alarm rows.csv | grep -c yes)" "$(awk -v s="$(want alarm alarms)" 'BEGIN { print 200 * s }')" 1e-9 "also in the table"
stored --risk 0.3 --confidence 0.9
ok $? "abstention"
near "$(member accepted)" "$(awk -v n="$(of accepted)" 'BEGIN { print n / 200 }')" 1e-12 "accepts as many rows as it says"
near "$(member accepted_risk)" "$(awk -v e="$(of errors)" -v n="$(of accepted)" 'BEGIN { printf "%.17g", e / n }')" 1e-12 "of which as many are wrong"
awk -v b="$(of bound)" -v r="$(member accepted_risk)" -v n="$(of accepted)" 'BEGIN { exit !(n > 0 && b <= 0.3 && r < b) }'
ok $? "within the bound"
[ "$(column accept rows.csv | grep -c yes)" = "$(of accepted)" ] &&
	awk -F, -v t="$(of threshold)" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "accept") at = i; next }
		{ p = 0; for (i = 3; i <= 10; i++) if ($i > p) p = $i; if ((p > t) != ($at == "yes")) bad = 1 } END { exit bad }' rows.csv
ok $? "and by the largest probability alone"
stored && grep -q '"temperature_scaling"' rules.json && grep -q '"sets"' rules.json && grep -q '"alarm"' rules.json &&
	! grep -q '"abstention"' rules.json && [ "$(head -n 1 rows.csv | tr ',' '\n' | grep -c -e '^scaled_' -e '^set$' -e '^alarm$')" = 10 ]
ok $? "with nothing asked for there is what every ensemble can have"
decide --probs "$probs" --labels "$labels" --risk 0.3 --sets aps --score msp && narrow out && grep -q '^sets  *aps, coverage 0.9: threshold ' out &&
	[ "$(grep -c '^  guarantee ' out)" = 3 ] && grep -q '^guaranteed if  *new rows and these 200 are exchangeable' out
ok $? "a table for people"
decide --json --probs "$probs" --labels "$labels" && [ "$(grep -c '"guarantee": ".*' out)" = 3 ] && [ "$(member void)" = false ] && [ "$(member n)" = 200 ]
ok $? "a report for programs"
"$BASIN" decide --probs "$probs" --labels "$labels" --sets lac --out - >piped 2>err && "$BASIN" predict --quiet --probs "$probs" --decide piped >out 2>err &&
	grep -q '^classes in a set  ' out && ! grep -q '^sets hold' out
ok $? "a file by way of standard output; without labels no truth is told"

# SciPy's beta.ppf(0.05, 171, 30) is 0.8075994, which 0.8076 would be more than.
decide --json --probs "$probs" --labels "$labels" --coverage 0.85 && grep -q 'with these rows it is 0.8075 or more with confidence 0.95' out
ok $? "what is said to be reached is rounded downward"

# ---- too few rows ----

"$BASIN" decide --quiet --overwrite --out rules.json --probs "$probs" --labels "$labels" --coverage 0.999 >out 2>err
[ $? = 1 ] && grep -q 'rules.json: a rule in it decides nothing' err && tr -s ' \n' ' ' <out | grep -q 'too few rows for a coverage of 0.999, which takes 999: every set holds all classes'
ok $? "too few rows for a coverage: status 1 and how many it takes"
"$BASIN" predict --json --quiet --probs "$probs" --labels "$labels" --decide rules.json >out 2>err && [ "$(member set_size)" = 8.0 ] && [ "$(member set_coverage)" = 1.0 ]
ok $? "and the file says that everything is possible"
decide --json --probs "$probs" --labels "$labels" --by-class --coverage 0.96
[ $? = 0 ] && [ "$(member void)" = false ] && grep -q 'too few rows for a coverage of 0.96, which takes 24: in every set there is, with its rows, [0-9] ([12]*[0-9])' out
ok $? "too few rows of some classes: these are named"
decide --probs "$probs" --labels "$labels" --risk 0.01 --false-alarm 0.01
[ $? = 1 ] && tr -s ' \n' ' ' <out | grep -q 'without an error among them: no row is accepted' && tr -s ' \n' ' ' <out | grep -q 'which takes 299: there are no alarms' &&
	"$BASIN" predict --json --quiet --probs "$probs" --labels "$labels" --decide rules.json >out 2>err && [ "$(member accepted)" = 0.0 ] &&
	[ "$(member accepted_risk)" = null ] && [ "$(member alarms)" = 0.0 ]
ok $? "too few for risk and alarms: nothing is accepted, nothing raises one"

# ---- runs ----

awk 'BEGIN { srand(5); for (i = 0; i < 300; i++) { a = rand() * 4 - 2; b = rand() * 4 - 2; print a "," b "," ((a + b > rand() - 0.5) + (a > 1.3)) } }' >classes.csv
plan="--quiet --lr 0.1 --steps 150 --keep-every 25 --threads 1"
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --data csv:classes.csv --likelihood categorical --holdout 120 --model mlp:2-6-3 --chains 2 --out run
ok $? "a run with a holdout"
decide --json run --risk 0.3 --coverage 0.9
ok $? "gives rules"
[ "$(member n)" = 120 ] && [ "$(member split)" = '"holdout"' ] && [ "$(member snapshots)" = 12 ] && [ "$(of n)" = 120 ] && [ "$(of likelihood)" = '"categorical"' ] &&
	[ "$(of data_fingerprint)" = "$(member data_fingerprint)" ] && [ "$(grep -c '"step": ' rules.json)" = 12 ]
ok $? "which say what they are from"
cp rules.json kept.json
"$BASIN" predict run --split holdout --decide kept.json --csv held.csv >out 2>err &&
	grep -q 'kept.json: these are the rows that it was learnt from' err && [ "$(wc -l <held.csv)" = 121 ]
ok $? "the holdout itself is told of"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { n++; y = $at["set"]; if ($at["accept"] != "yes" && $at["accept"] != "no") bad = 1
	k = split(y, in_set, "|"); if (k < 1) bad = 1; found = 0; for (i = 1; i <= k; i++) found += in_set[i] == $at["prediction"]; if (!found) bad = 1 }
	END { exit bad || n != 120 }' held.csv
ok $? "every set holds the prediction"
"$BASIN" predict run --split train --decide kept.json >out 2>err && ! grep -q 'kept.json' err && grep -q '^rules from  *kept.json$' out && narrow out
ok $? "other rows of the same ensemble are taken without a word"
mv run elsewhere && "$BASIN" predict elsewhere --split train --decide kept.json >out 2>err && ! grep -q 'kept.json' err
ok $? "also where the run has moved"
"$BASIN" predict elsewhere/chain-1.snaps elsewhere/chain-0.snaps --split train --decide kept.json >out 2>err && ! grep -q 'kept.json' err
ok $? "and where its chains come in another order"
"$BASIN" predict elsewhere --last 2 --split train --decide kept.json >out 2>err && grep -q 'kept.json: these are not the snapshots that it was learnt with' err
ok $? "other snapshots are warned of"
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --seed 9 --data csv:classes.csv --likelihood categorical --holdout 120 --model mlp:2-6-3 --chains 2 --out run &&
	"$BASIN" predict run --split train --decide kept.json >out 2>err && grep -q 'these are not the snapshots' err
ok $? "and those of another run"
decide elsewhere --precision bf16 --coverage 0.9 && [ "$(of precision)" = '"bf16"' ] && cp rules.json rough.json && [ "$(sed -n 's/^  "precision": //p' kept.json)" = '"fp32",' ] &&
	"$BASIN" predict elsewhere --split train --decide rough.json >out 2>err && grep -q 'rough.json: it was learnt with --precision bf16, and this predicts with fp32' err
ok $? "rules of another precision are warned of"
"$BASIN" predict elsewhere --split train --precision bf16 --decide rough.json >out 2>err && ! grep -q 'rough.json' err &&
	"$BASIN" predict elsewhere --split train --precision bf16 --decide kept.json >out 2>err && grep -q 'kept.json: it was learnt with --precision fp32' err
ok $? "those of the same are not"
tail -n +250 classes.csv >new.csv
sed 's/,[0-9]*$//' new.csv | "$BASIN" predict --quiet elsewhere --data csv:- --csv - --decide kept.json >piped.csv 2>err
"$BASIN" predict --quiet elsewhere --data csv:new.csv --csv new-rows.csv --decide kept.json >out 2>err && cmp -s piped.csv new-rows.csv
ok $? "rows from a pipe are decided on as those of a file"

# Names that hold what stands between them.
awk 'BEGIN { print "x,y"; for (i = 0; i < 90; i++) print i % 7 "," (i % 3 ? i % 3 > 1 ? "a|b" : "b\\" : "a") }' >bars.csv
"$BASIN" sample --quiet --data csv:bars.csv --holdout 30 --model linear --standardize --lr 1e-9 --steps 2 --out bars &&
	"$BASIN" decide --quiet bars --sets lac --coverage 0.95 --out bars.json 2>err && "$BASIN" predict bars --data csv:bars.csv --split holdout --quiet \
	--decide bars.json --csv bars-rows.csv >out 2>err && cut -d, -f1-9 bars-rows.csv | grep -q -F '|a\|b|b\\'
ok $? "a bar in a class's name is told from those between names"

# Classes by their names.
words() {  # words NO YES RUN WORD…: a run of two classes
	no=$1 yes=$2 to=$3
	shift 3
	awk -v no="$no" -v yes="$yes" 'BEGIN { srand(7); print "a;b;ends"
		for (i = 0; i < 200; i++) { a = rand() * 4 - 2; b = rand() * 4 - 2; print a ";" b ";" (a + b > rand() * 2 - 1 ? yes : no) } }' >"$to.csv"
	# shellcheck disable=SC2086 # words
	"$BASIN" sample $plan --data "csv:$to.csv" --holdout 100 --out "$to" "$@"
}
words ill well ends --model mlp:2-4-2 && decide ends --coverage 0.95 --temperature-scaling && cp rules.json named.json &&
	"$BASIN" predict --quiet ends --split train --decide named.json --csv rows.csv --overwrite >out 2>err &&
	[ "$(column set rows.csv | sort -u | tr '\n' ' ')" = 'ill ill|well well ' ] && head -n 1 rows.csv | grep -q ',scaled_ill,scaled_well,set$'
ok $? "a table's words are in its sets"
words off on other --model mlp:2-4-2
fails 2 "decide named.json: class 0 is ill there, and off here" "other names of classes" "$BASIN" predict --quiet other --decide named.json
words ill well logit --model mlp:2-4-1 --likelihood bernoulli
fails 2 "decide named.json: its rules were learnt with likelihood categorical, and this run's is bernoulli" "another likelihood" \
	"$BASIN" predict --quiet logit --decide named.json

# Held out by class.
awk 'BEGIN { srand(8); print "a,b,word"; for (i = 0; i < 240; i++) { k = int(rand() * 3); print k + rand() "," rand() "," substr("onetwosix", 3 * k + 1, 3) } }' >by-class.csv
"$BASIN" sample --quiet --data csv:by-class.csv --holdout 100,stratified --model mlp:in-4-out --lr 0.1 --steps 20 --out by-class &&
	"$BASIN" sample --quiet --data csv:by-class.csv --holdout 100 --model mlp:in-4-out --lr 0.1 --steps 20 --out by-chance
for run in by-class by-chance; do
	"$BASIN" decide --overwrite --out rules.json "$run" --coverage 0.8 >out 2>err
	[ $? = 0 ] && narrow out && [ "$(grep -c 'warning: .*held out by class, .* only sets --by-class keep .* --holdout 100$' err)" = \
		"$([ $run = by-chance ] && echo 0 || echo 1)" ] && tr -s ' \n' ' ' <out >line &&
		[ "$(grep -c 'only sets by class keep their promise' line)" = "$([ $run = by-chance ] && echo 0 || echo 1)" ] &&
		[ "$(sed -n 's/.*"held_by_class": \([a-z]*\).*/\1/p' rules.json)" = "$([ $run = by-chance ] && echo false || echo true)" ]
	ok $? "rows held out $run: what of the guarantees is left is said"
	"$BASIN" predict "$run" --split holdout --decide rules.json >out 2>err &&
		[ "$(grep -c 'rules.json: .* held out by class, and only sets by class' err)" = "$([ $run = by-chance ] && echo 0 || echo 1)" ]
	ok $? "and the rules are read, with as much"
done

# Real targets.
awk 'BEGIN { srand(6); for (i = 0; i < 240; i++) { a = rand() * 4 - 2; b = rand() * 4 - 2; print a "," b "," 100 + 10 * a * b + 5 * (rand() + rand() - 1) } }' >real.csv
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --data csv:real.csv --standardize --holdout 100 --model mlp:2-8-1 --noise-sd 0.3 --out real
ok $? "a run of a regression"
for kind in normalised absolute quantiles; do
	decide --json real --coverage 0.8 --intervals $kind && "$BASIN" predict --json --quiet real --split holdout --decide rules.json --csv rows.csv --overwrite >out 2>err
	ok $? "intervals: $kind"
	# 81 of the 100 rows that they are learnt from, k = ⌈101 · 0.8⌉.
	near "$(member interval_coverage)" 0.81 1e-12 "hold as many of these rows' targets as their rank says"
	near "$(member interval_width)" "$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ w += $at["conformal_upper"] - $at["conformal_lower"]; n++ } END { printf "%.17g", w / n }' rows.csv)" 1e-9 "and are as wide in the table"
done
decide --json real --coverage 0.8 && q=$(listed 0) && awk -F, -v q="$q" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{ d = $at["conformal_upper"] - $at["mean"] - q * $at["sd"]; if (d > 1e-9 || d < -1e-9) bad = 1 } END { exit bad }' rows.csv
[ $? = 1 ] && "$BASIN" predict --quiet real --split holdout --decide rules.json --csv rows.csv --overwrite >out 2>err && awk -F, -v q="$q" \
	'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { d = $at["conformal_upper"] - $at["mean"] - q * $at["sd"]; if (d > 1e-9 || d < -1e-9) bad = 1 }
	END { exit bad }' rows.csv
ok $? "normalised ones are multiples of the deviation, and those by quantiles are not"
decide real && narrow out && grep -q '^intervals  *mean ± q sd, coverage 0.9: threshold [0-9.]*$' out
ok $? "a table for people"
"$BASIN" decide --quiet --overwrite --out rules.json real --coverage 0.995 >out 2>err
[ $? = 1 ] && tr -s ' \n' ' ' <out | grep -q 'which takes 199: every interval is the whole line' &&
	"$BASIN" predict --json --quiet real --split train --decide rules.json --csv rows.csv --overwrite >out 2>err && [ "$(member interval_width)" = null ] &&
	[ "$(member interval_coverage)" = 1.0 ] && [ "$(column conformal_lower rows.csv | sort -u)" = -inf ]
ok $? "too few rows for a coverage"
one='\000\000\200\077' zero='\000\000\000\000' two='\000\000\000\100'
array() {  # array FILE SHAPE BYTES…
	printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': $2, }" >"$1"
	file=$1
	shift 2
	# shellcheck disable=SC2059 # octal numbers
	for bytes; do printf "$bytes" >>"$file"; done
}
array x.npy '(8, 2)' $zero $one $one $one $two $zero $one $two $zero $zero $two $two $one $zero $two $one
array y.npy '(8, 2)' $two $one $one $zero $two $two $zero $zero $one $two $one $zero $two $two $zero $one
"$BASIN" sample --quiet --data npy:x.npy,y.npy --likelihood gaussian --holdout 4 --model mlp:2-4-2 --lr 0.05 --steps 40 --keep-every 10 --out pair
decide pair --coverage 0.8 && "$BASIN" predict --quiet pair --split train --decide rules.json --csv rows.csv --overwrite >out 2>err &&
	head -n 1 rows.csv | grep -q ',conformal_lower_1,conformal_upper_1,conformal_lower_2,conformal_upper_2$'
ok $? "two targets have an interval each"

# ---- what is refused ----

fails 2 "out FILE is missing" "no file" "$BASIN" decide elsewhere
fails 2 "out kept.json: exists already; --overwrite replaces it" "a file that is there" "$BASIN" decide --quiet elsewhere --out kept.json
fails 2 "split train: the run was trained on rows of it, so no rule learnt from them would hold; take --split holdout" "training rows" \
	"$BASIN" decide --quiet elsewhere --split train --out none
fails 2 "data csv:classes.csv: the run was trained on rows of it" "and by their file" "$BASIN" decide --quiet elsewhere --data csv:classes.csv --out none
cp classes.csv again.csv
fails 2 "data csv:again.csv: the run was trained on rows of it" "and by a copy of that" "$BASIN" decide --quiet elsewhere --data csv:again.csv --out none
"$BASIN" sample --quiet --data csv:classes.csv --likelihood categorical --model mlp:2-6-3 --lr 0.1 --steps 20 --keep-every 10 --out whole
fails 2 "whole/chain-0.snaps was trained on other rows than those left beside" "another run's holdout" "$BASIN" decide --quiet elsewhere whole --out none
short="--quiet --likelihood categorical --model mlp:2-6-3 --lr 0.1 --steps 20 --keep-every 10"
# shellcheck disable=SC2086 # words
"$BASIN" sample $short --data csv:classes.csv --holdout 120 --init whole --freeze 'fc1*' --out after && grep -q init_fingerprints after/run.json &&
	"$BASIN" sample $short --data csv:classes.csv --holdout 120 --init after --out later && "$BASIN" swag later --quiet --out drawn 2>err
ok $? "runs that began with one that saw the holdout"
for run in after later drawn; do
	fails 2 "classes.csv: what $run/chain-0.snaps began with (--init) was trained on other rows" "the holdout of $run" \
		"$BASIN" decide --quiet $run --out none
done
"$BASIN" predict after --split holdout >out 2>err && grep -q 'may have seen what that holds out' err
ok $? "predict warns of it"
decide later --data csv:new.csv --coverage 0.8
ok $? "rows that none of them saw are taken"
# shellcheck disable=SC2086 # words
"$BASIN" sample $short --data csv:new.csv --init whole --out moved && fails 2 "data csv:again.csv: the run was trained on rows of it" \
	"rows of the one that it began with" "$BASIN" decide --quiet moved --data csv:again.csv --out none
"$BASIN" predict moved --data csv:again.csv >out 2>err && grep -q 'again.csv: the run was trained on examples of this file' err
ok $? "of which predict warns too"
# shellcheck disable=SC2086 # words
"$BASIN" sample $short --data csv:classes.csv --holdout 120 --out first && "$BASIN" sample $short --data csv:classes.csv --holdout 120 \
	--init first --out second && decide second --coverage 0.8
ok $? "where the holdout was the same it is unseen"
"$BASIN" sample --quiet --data csv:again.csv --holdout 20 --likelihood categorical --model mlp:2-6-3 --lr 0.1 --steps 20 --keep-every 10 --out grown &&
	decide grown --coverage 0.8 && tail -n 1 classes.csv >>again.csv
ok $? "a table, to which a row comes"
fails 2 "again.csv: grown/chain-0.snaps was trained on other rows" "so that others are held out now" "$BASIN" decide --quiet grown --out none
fails 2 "nothing was held out of this run's training data.* sample again with --holdout FRACTION" "a run without a holdout" \
	"$BASIN" decide --quiet whole --out none
decide whole --data csv:new.csv --coverage 0.8 && [ "$(of n)" = 51 ]
ok $? "which another set may stand in for"
fails 2 "intervals is for real targets" "intervals of classes" "$BASIN" decide --quiet elsewhere --intervals absolute --out none
for option in "--sets lac" --by-class --temperature-scaling "--risk 0.1" "--false-alarm 0.1" "--score mi" "--confidence 0.9"; do
	# shellcheck disable=SC2086 # words
	fails 2 "${option%% *} needs class probabilities" "$option of real targets" "$BASIN" decide --quiet real $option --out none
done
fails 2 "confidence is of --risk and of --false-alarm" "a confidence of nothing" "$BASIN" decide --quiet elsewhere --coverage 0.8 --confidence 0.9 --out none
fails 2 "coverage 1: " "a coverage of all" "$BASIN" decide --quiet elsewhere --coverage 1 --out none
decide --probs "$probs" --labels "$labels" --score mi --false-alarm 0.1 && "$BASIN" predict --quiet --probs "$probs" --save-probs mean.npy >out
fails 2 "^basin: --decide rules.json: its alarm's score, mi: one member has" "rules that the average of an ensemble can't follow" \
	"$BASIN" predict --quiet --probs mean.npy --decide rules.json
fails 2 "^basin: --score energy: it needs logits" "a score that stored probabilities have not" "$BASIN" decide --probs "$probs" --labels "$labels" --score energy --out none
fails 2 "probs and --labels go together" "probabilities alone" "$BASIN" decide --probs "$probs" --out none
fails 2 "split is about runs" "options of runs without one" "$BASIN" decide --probs "$probs" --labels "$labels" --split test --out none
[ ! -e none ]
ok $? "none of these has left a file"
fails 2 "decide kept.json: its rules are for classes, and this run predicts real targets" "rules of classes for real targets" \
	"$BASIN" predict --quiet real --decide kept.json
decide real && fails 2 "decide rules.json: its rules are for real targets, and this run predicts classes" "and the other way round" \
	"$BASIN" predict --quiet elsewhere --decide rules.json
fails 2 "its rules are for real targets, and these are probabilities" "and of stored ones" "$BASIN" predict --probs "$probs" --decide rules.json
fails 2 "its rules are for 3 classes, and these are probabilities of 8" "other classes" "$BASIN" predict --probs "$probs" --decide kept.json
fails 2 "decide none: No such file" "a file that is not there" "$BASIN" predict --quiet elsewhere --decide none
sed 's/"coverage": 0.9/"coverage": 0.8/' kept.json >changed.json
fails 2 "decide changed.json: does not match its checksum" "a changed number" "$BASIN" predict --quiet elsewhere --decide changed.json
sed 's/"version": 1,/"version": 2,/' kept.json >changed.json
fails 2 "changed.json: version 2 of the format of decisions" "another version" "$BASIN" predict --quiet elsewhere --decide changed.json
echo '{"format": "basin-run"}' >changed.json
fails 2 "changed.json: not a file of decisions" "another kind of file" "$BASIN" predict --quiet elsewhere --decide changed.json
"$BASIN" predict --quiet elsewhere --probs "$probs" --decide kept.json >out 2>err
[ $? = 2 ]
ok $? "a run beside stored probabilities"
decide --probs "$probs" --labels none.npy
[ $? = 2 ]
ok $? "labels that are not there"
done_testing
