#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Tables from file to figure: names through a run, digits, and what is said of targets and scales. Numbers are held against
# NumPy's; without it those checks are skipped.
. "${top_srcdir:?}/tests/tap.sh"

python_with numpy

close() {  # close A B TOLERANCE: relative
	awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; if (b < 0) b = -b; exit !(a != "" && d <= t * b && -d <= t * b) }'
}

warns() {  # warns PATTERN NAME COMMAND…: it works, and warns so; PATTERN of nothing: of nothing
	pattern=$1 name=$2
	shift 2
	"$@" >"$dir/out" 2>"$dir/err"
	result=$?
	if [ -n "$pattern" ]; then
		grep -q -e "$pattern" "$dir/err" || result=1
	else
		[ ! -s "$dir/err" ] || result=1
	fi
	ok $result "$name"
	[ $result = 0 ] || shown "$dir/err"
}

unhinted() {  # unhinted NAME COMMAND…: it works, and says nothing of the table
	name=$1
	shift
	"$@" >"$dir/out" 2>"$dir/err" && ! grep -q -e '--standardize' -e '--likelihood' "$dir/err"
	ok $? "$name"
}

rmse() {  # rmse OPTION…: of the run "line"
	"$BASIN" predict --json "$dir/line" "$@" >"$dir/out" 2>"$dir/err" && member rmse
}

fit="--model linear --sampler sgd --lr 0.2 --weight-decay 0 --batch 0 --quiet"

# ---- names ----

awk 'BEGIN {
	srand(3)
	print "a,b,y" >"'"$dir"'/line.csv"
	print "b,a,y" >"'"$dir"'/swap.csv"
	print "y,note,a,b" >"'"$dir"'/first.csv"
	print "a,c,y" >"'"$dir"'/other.csv"
	for (i = 0; i < 60; i++) {
		a = rand() - .5
		b = 100 * (rand() - .5)
		y = 3 * a + .01 * b + .1 * rand()
		print a "," b "," y >"'"$dir"'/line.csv"
		print b "," a "," y >"'"$dir"'/swap.csv"
		print y ",row " i "," a "," b >"'"$dir"'/first.csv"
		print a "," b "," y >"'"$dir"'/other.csv"
		print a "," b "," y >"'"$dir"'/bare.csv"
	}
}'
# shellcheck disable=SC2086 # a list of words
"$BASIN" sample --data "csv:$dir/line.csv" --standardize $fit --steps 300 --out "$dir/line" || ok 1 "a run to read"
tr -d ' \n' <"$dir/line/run.json" | grep -q '"columns":\["a","b","y"\],"target_column":"y"'
ok $? "a run keeps the names of its columns"
whole=$(rmse)
[ -n "$whole" ] && [ "$(rmse --data "csv:$dir/swap.csv")" = "$whole" ]
ok $? "a file in another order has the same figures"
grep -q 'the training examples are scored' "$dir/err"
ok $? "and, being the training examples in any order, is called so"
[ "$(rmse --data "csv:$dir/first.csv")" = "$whole" ] && grep -q '1 column that the run does not know is left out: note' "$dir/err"
ok $? "so has one with a text column more, which is named and left out"
fails 2 "other.csv: has no column 'b': its columns are a, c, y; the run's are a, b, y" "another column is refused with both lists" \
	"$BASIN" predict "$dir/line" --data "csv:$dir/other.csv"
fails 2 "bare.csv: has no header, .* a, b, y; --header no" "so is a file without names" \
	"$BASIN" predict "$dir/line" --data "csv:$dir/bare.csv"
[ "$(rmse --data "csv:$dir/bare.csv" --header no)" = "$whole" ]
ok $? "which --header no takes by position"
head -n 20 "$dir/line.csv" >"$dir/part.csv"
warns '' "another file is not called the training examples" "$BASIN" predict "$dir/line" --data "csv:$dir/part.csv"
[ "$(rmse --split train)" = "$whole" ]
ok $? "the run's own file is found again"
fails 2 "can't change" "--target can't change on --resume" "$BASIN" sample --resume "$dir/line" --target a
fails 2 "has no column 'b'" "--resume refuses another column" "$BASIN" sample --resume "$dir/line" --data "csv:$dir/other.csv"
"$BASIN" sample --resume "$dir/line" --data "csv:$dir/first.csv" --steps 310 --quiet 2>"$dir/err" &&
	tr -d ' \n' <"$dir/line/run.json" | grep -q 'first.csv.*"columns":\["a","b","y"\],"target_column":"y"'
ok $? "and goes on with the same columns in another place"
"$BASIN" sample --resume "$dir/line" --data "csv:$dir/bare.csv" --header no --steps 320 --quiet 2>"$dir/err" &&
	grep -q '"header": "no"' "$dir/line/run.json" && "$BASIN" sample --resume "$dir/line" --steps 330 --quiet 2>"$dir/err"
ok $? "also without names where it is told so, and remembers it"
[ -n "$(rmse)" ] && grep -q '"data": "csv:.*/bare.csv"' "$dir/out"
ok $? "so do the commands that look there"
"$BASIN" sample --quiet --data "csv:$dir/line.csv" --holdout 10 --model linear --lr 1e-6 --steps 1 --out "$dir/held"
"$BASIN" predict "$dir/held" --data "csv:$dir/line.csv" >"$dir/out" 2>"$dir/err" &&
	grep -q 'line.csv: the run was trained on examples of this file' "$dir/err" && ! grep -q 'the training examples' "$dir/err"
ok $? "a run's file with what was held out of it is not called the training examples"
resumed=$(rmse)
[ -n "$resumed" ] && [ "$(rmse --data "csv:$dir/line.csv")" = "$resumed" ]
ok $? "so does predict"
"$BASIN" sample --resume "$dir/line" --data "csv:$dir/swap.csv" --steps 340 --quiet 2>"$dir/err" &&
	grep -q '"header": null' "$dir/line/run.json" && [ -n "$(rmse)" ]
ok $? "a file in its place speaks for itself again"
fails 2 "only csv sets have a header" "--header is for csv files" "$BASIN" predict "$dir/line" --data shapes --header no

# ---- semicolons and decimal commas ----

tr ',' ';' <"$dir/line.csv" | tr '.' ',' >"$dir/euro.csv"
tr ',' '\t' <"$dir/line.csv" >"$dir/tabs.csv"
whole=$(rmse --data "csv:$dir/line.csv")
[ -n "$whole" ] && [ "$(rmse --data "csv:$dir/tabs.csv")" = "$whole" ]
ok $? "tabs between cells are found"
[ "$(rmse --data "csv:$dir/euro.csv" --decimal comma)" = "$whole" ]
ok $? "so are semicolons, with decimal commas that are said"
fails 2 "euro.csv:2: column 1 (a): '.*,.*' is not a number: decimals begin with a point unless --decimal comma says otherwise" \
	"which are to be said" "$BASIN" predict "$dir/line" --data "csv:$dir/euro.csv"
"$BASIN" sample --resume "$dir/line" --data "csv:$dir/euro.csv" --decimal comma --steps 350 --quiet 2>"$dir/err" &&
	grep -q '"decimal": "comma"' "$dir/line/run.json" && "$BASIN" sample --resume "$dir/line" --steps 360 --quiet 2>"$dir/err"
ok $? "a run goes on with them, and remembers it"
whole=$(rmse)
[ -n "$whole" ] && grep -q '"data": "csv:.*/euro.csv"' "$dir/out" && [ "$(rmse --data "csv:$dir/line.csv" --decimal point)" = "$whole" ]
ok $? "and the commands that look there read it so, and other files unless they are told"
fails 2 "line.csv:2: column 1 (a): '.*' is not a number: decimals begin with a comma" "which have them, too" "$BASIN" predict "$dir/line" \
	--data "csv:$dir/line.csv"
"$BASIN" sample --resume "$dir/line" --data "csv:$dir/swap.csv" --steps 370 --quiet 2>"$dir/err" &&
	grep -q '"decimal": null' "$dir/line/run.json" && [ -n "$(rmse)" ]
ok $? "until there is another in its place"
"$BASIN" sample --quiet --data "csv:$dir/euro.csv" --decimal comma --model linear --lr 1e-6 --steps 1 --out "$dir/euro" &&
	"$BASIN" predict --json --quiet "$dir/euro" >"$dir/out" 2>"$dir/err" && whole=$(member rmse) && [ -n "$whole" ] &&
	"$BASIN" predict --json --quiet "$dir/euro/chain-0.snaps" >"$dir/out" 2>"$dir/err" && [ "$(member rmse)" = "$whole" ]
ok $? "a snapshot file named alone remembers them"
"$BASIN" data info "csv:$dir/line.csv" --json | grep fingerprint >"$dir/out"
[ -s "$dir/out" ] && "$BASIN" data info "csv:$dir/euro.csv" --decimal comma --json | grep fingerprint | cmp - "$dir/out"
ok $? "data info reads the same numbers"
fails 2 "only csv sets have decimals" "--decimal is for csv files" "$BASIN" predict "$dir/line" --data shapes --decimal comma

for order in line swap; do
	"$BASIN" sample --quiet --data "csv:$dir/$order.csv" --model linear --lr 1e-6 --steps 1 --out "$dir/pool-$order"
done
fails 2 "can't be pooled: the names or the order" "runs on columns in another order are not pooled" \
	"$BASIN" predict "$dir/pool-line" "$dir/pool-swap"

# ---- a foreign set's labels ----

awk 'BEGIN {
	print "a,b,label" >"'"$dir"'/id.csv"
	print "b,a" >"'"$dir"'/ood.csv"
	for (i = 0; i < 40; i++) {
		print i % 7 - 3 "," i % 5 - 2 "," (i % 7 > 3) >"'"$dir"'/id.csv"
		print i % 5 + 8 "," i % 7 + 5 >"'"$dir"'/ood.csv"
	}
}'
{ echo 'label,b,a'; sed '1d; s/^/-1,/' "$dir/ood.csv"; } >"$dir/minus.csv"
"$BASIN" sample --data "csv:$dir/id.csv" --likelihood categorical --model linear --steps 50 --out "$dir/id" --quiet ||
	ok 1 "a classifier to read"
"$BASIN" ood --json --quiet "$dir/id" --ood "csv:$dir/ood.csv" >"$dir/out" 2>"$dir/err" && without=$(member auroc) &&
	[ "$(member n_ood)" = 40 ]
ok $? "a foreign csv file needs no target"
"$BASIN" ood --json --quiet "$dir/id" --ood "csv:$dir/minus.csv" >"$dir/out" && [ "$(member auroc)" = "$without" ]
ok $? "and one of labels −1 has the same scores"
sed 's/,/;/; s/$/,0/' "$dir/ood.csv" | sed '1s/,0$//' >"$dir/euro-ood.csv"
"$BASIN" ood --json --quiet "$dir/id" --ood "csv:$dir/euro-ood.csv" --decimal comma >"$dir/out" && [ "$(member auroc)" = "$without" ]
ok $? "and so has one of semicolons and decimal commas"
"$BASIN" predict --json --quiet "$dir/id" --data "csv:$dir/ood.csv" >"$dir/out" && [ "$(member n_labelled)" = 0 ] &&
	[ -z "$(member accuracy)" ]
ok $? "predict needs none either, and scores nothing then"

# ---- what is told of a table ----

printf 'age,income,class\n30,50000,0\n40,60000,1\n50,1,2\n60,9,2\n' >"$dir/scales.csv"
"$BASIN" data info "csv:$dir/scales.csv" >"$dir/out"
grep -q '^header  *yes' "$dir/out" && grep -q '^target  *class: 3 distinct values, all whole numbers$' "$dir/out" &&
	grep -q '^1 .*  income$' "$dir/out"
ok $? "data info says header, target and names"
printf 'Gr\366\337e,a\302\2331m,\033[m\n1,2,3\n' >"$dir/latin.csv"
"$BASIN" data info "csv:$dir/latin.csv" >"$dir/out"
LC_ALL=C grep -q "^0 .*  Gr$(printf '\366\337')e\$" "$dir/out" && grep -a -q '^1 .*  a?1m$' "$dir/out" &&
	grep -a -q '^target  *?\[m: ' "$dir/out"
ok $? "names are shown as they are, but for control characters"
"$BASIN" data info --json "csv:$dir/scales.csv" >"$dir/out"
[ "$(member header)" = true ] && [ "$(member target_column)" = '"class"' ] && [ "$(member distinct_targets)" = 3 ] &&
	[ "$(member distinct_whole_targets)" = 3 ]
ok $? "so does its JSON"
"$BASIN" data info --json "csv:$dir/bare.csv" >"$dir/out"
[ "$(member header)" = false ] && [ "$(member target_column)" = null ] && [ "$(member distinct_targets)" = 60 ] &&
	[ "$(member distinct_whole_targets)" = 0 ]
ok $? "and that there are none"
printf '1,0\n2,0.5\n' >"$dir/mixed.csv"
"$BASIN" data info "csv:$dir/mixed.csv" | grep -q '^target  *real: 2 distinct values, 1 of them whole numbers$'
ok $? "whole numbers are counted among others"

gaussian="--model linear --steps 1 --lr 1e-12"
# shellcheck disable=SC2086 # a list of words
{
	warns '3 distinct values, all whole numbers, .* say --likelihood categorical' "a fit of a few whole numbers gets a hint" \
		"$BASIN" sample --data "csv:$dir/scales.csv" $gaussian --out "$dir/r1"
	warns 'from 11 (age) to 2.8e+04 (income), .*--standardize' "columns on different scales are named" \
		"$BASIN" sample --data "csv:$dir/scales.csv" $gaussian --out "$dir/r2"
	warns '3 distinct values' "standardised, the values are still those of the file" \
		"$BASIN" sample --data "csv:$dir/scales.csv" --standardize $gaussian --out "$dir/r3"
	! grep -q 'deviations' "$dir/err"
	ok $? "and the scales are no matter"
	unhinted "as a classification it has no hint" "$BASIN" sample --data "csv:$dir/scales.csv" --standardize \
		--likelihood categorical $gaussian --out "$dir/r4"
	printf '2001,0.5\n2002,1\n2003,1.25\n' >"$dir/years.csv"
	warns 'values reach 2e+03 (column 1), .*--standardize' "large values are named by their column's number" \
		"$BASIN" sample --data "csv:$dir/years.csv" $gaussian --out "$dir/r5"
	unhinted "a table on one scale is let be" "$BASIN" sample --data "csv:$dir/mixed.csv" $gaussian --out "$dir/r6"
	unhinted "nothing is said of it again" "$BASIN" sample --resume "$dir/r2"
	awk 'BEGIN { print "a,y"; for (i = 0; i < 30; i++) print i % 7 "," 1 + i % 3 }' >"$dir/from-one.csv"
	warns 'of its 4 classes, numbered from 0, 1 has no training example, class 0 among them; .*--category' "classes numbered from 1 are told" \
		"$BASIN" sample --data "csv:$dir/from-one.csv" --likelihood categorical $gaussian --out "$dir/r7"
	awk 'BEGIN { for (i = 0; i < 30; i++) print substr("redgreenblue", 1 + i % 3 * 3, 3) "," (i % 2 ? "up" : "down") "," (i % 5 ? "yes" : "no") }' >"$dir/words.csv"
	warns "its first line is taken for names, of which 'red' is a word of its own column as well; --header no" "a first row of words is not lost unseen" \
		"$BASIN" sample --data "csv:$dir/words.csv" $gaussian --out "$dir/r9"
	unhinted "a header that is said is let be" "$BASIN" sample --data "csv:$dir/words.csv" --header no $gaussian --out "$dir/r10"
	unhinted "which a snapshot file knows without its run" "$BASIN" predict --quiet "$dir/r10/chain-0.snaps"
	sed 's/,[123]$/,0/' "$dir/from-one.csv" >"$dir/zeros.csv"
	warns 'of its 2 classes, numbered from 0, 1 has no training example' "so is a class of two that no row has" \
		"$BASIN" sample --data "csv:$dir/zeros.csv" --likelihood categorical $gaussian --out "$dir/r11"
	warns '2 of its 3 classes have no training example$' "and words that are all held out" \
		"$BASIN" sample --data "csv:$dir/from-one.csv" --category y --holdout 29 --standardize $gaussian --out "$dir/r12"
	warns 'its target has one value alone, so that there is nothing to learn' "and a real target that is the same everywhere" \
		"$BASIN" sample --data "csv:$dir/zeros.csv" $gaussian --out "$dir/r13"
	warns 'warning: --milestones 2steps,5steps: the run has 5 steps, and does not reach step 5$' "and milestones beyond the end" \
		"$BASIN" sample --data "csv:$dir/mixed.csv" ${gaussian%--steps*} --steps 5 --schedule step --milestones 2steps,5steps --out "$dir/r14"
	unhinted "and not those before it" \
		"$BASIN" sample --data "csv:$dir/mixed.csv" ${gaussian%--steps*} --steps 5 --schedule step --milestones 2steps,4steps --out "$dir/r15"
	sed 's/,3/,0/' "$dir/from-one.csv" >"$dir/from-zero.csv"
	unhinted "those from 0 are let be" "$BASIN" sample --data "csv:$dir/from-zero.csv" --likelihood categorical $gaussian --out "$dir/r8"
}
fails 2 '^basin: --model mlp:2-4-3: .*need 1 output; a csv target is real unless --likelihood categorical$' "a network of classes is told of --likelihood" \
	"$BASIN" sample --quiet --data "csv:$dir/scales.csv" --model mlp:2-4-3 --steps 1 --out "$dir/no"

# ---- the labels and parts of a split ----

fails 2 '--labels /nowhere.npy: is for the training set, and --split test is not' "--labels of a test split are refused" \
	"$BASIN" data info shapes --split test --labels /nowhere.npy
fails 2 '--holdout 0.5: is for the training set' "so is what would be held out of it" \
	"$BASIN" data info shapes --split test --holdout 0.5

# ---- against NumPy ----

if [ -z "$python" ]; then
	skip "digits beyond float32, arrays and their names" "no python3 with numpy"
	done_testing
	exit
fi
mkdir "$dir/Smith, J"
"$python" - "$dir" >"$dir/numpy" <<'END' || exit 99
import os
import sys
import numpy as np

os.chdir(sys.argv[1])
r = np.random.default_rng(0)
n = 120
t = 1609459200. + np.arange(n)
y = 2459215.5 + .05 * np.arange(n) / 86400 + r.normal(size=n) * 1e-6
with open('unix.csv', 'w') as f:
    f.write('t,y\n' + '\n'.join(f'{a:.0f},{b:.9f}' for a, b in zip(t, y)))
d = np.loadtxt('unix.csv', delimiter=',', skiprows=1)
np.save('t.npy', d[:, :1])
np.save('int.npy', d[:, :1].astype('int64'))
np.save('day.npy', d[:, 1])
a = np.c_[np.ones(n), d[:, 0] - d[:, 0].mean()]
c = d[:, 1] - d[:, 1].mean()
residual = c - a @ np.linalg.lstsq(a, c, rcond=None)[0]
print(*(float(x) for x in (d[:, 0].std(), np.sqrt((residual ** 2).mean()), d[:, 1].std())))
os.chdir('Smith, J')
np.save('X.npy', r.normal(size=(20, 3)))
np.save('y.npy', np.arange(20) % 2)
np.save('minus.npy', np.full(20, -1))
np.save('real.npy', np.arange(20) % 2 + 0.)
np.save('images.npy', r.random((20, 3, 32, 32)).astype('f4'))
np.save('masks.npy', r.random((20, 4, 4)) < .5)
END
read -r sd residual sd_y <"$dir/numpy"
for table in csv:unix.csv npy:t.npy,day.npy npy:int.npy,day.npy; do
	(
		cd "$dir" || exit 99
		# shellcheck disable=SC2086 # a list of words
		"$BASIN" sample --data $table --standardize $fit --steps 3000 --out "unix-$table"
	)
	"$BASIN" predict --json --quiet "$dir/unix-$table" >"$dir/out"
	close "$(member rmse)" "$residual" 1e-3
	ok $? "$table: the RMSE of a line through seconds and Julian days is NumPy's, $residual"
	tr -d ' \n' <"$dir/unix-$table/run.json" | sed 's/.*"x_sd":\[\([^]]*\)\].*"target_sd":\[\([^]]*\)\].*/\1 \2/' >"$dir/sd"
	read -r x_sd target_sd <"$dir/sd"
	close "$x_sd" "$sd" 1e-12 && close "$target_sd" "$sd_y" 1e-8
	ok $? "$table: so are the deviations"
done
"$BASIN" data info --json "csv:$dir/unix.csv" >"$dir/out"
close "$(tr -d ' \n' <"$dir/out" | sed 's/.*"sd":\[\([^]]*\)\].*/\1/')" "$sd" 1e-12
ok $? "data info's deviation is NumPy's"

cd "$dir/Smith, J" || exit 99
warns '' "npy: two names in a folder with a comma" \
	"$BASIN" sample --quiet --data npy:X.npy,y.npy --model linear --steps 5 --out run
warns '' "and again by their whole paths" "$BASIN" predict --quiet run
fails 2 'no two of these are files.*: a and b,c; a,b and c' "several ways to read two names are listed" \
	"$BASIN" data info npy:a,b,c
fails 2 'none.npy: No such file' "a file that is missing is named" "$BASIN" data info npy:X.npy,none.npy
fails 2 'IMAGES.npy,LABELS.npy was expected' "one array is no training set" "$BASIN" data info npy:X.npy
"$BASIN" ood --json --quiet run --ood npy:X.npy >"$dir/out" && [ "$(member auroc)" = 0.5 ]
ok $? "but a foreign set needs no labels"
for labels in minus real; do
	"$BASIN" ood --json --quiet run --ood npy:X.npy,$labels.npy >"$dir/out" && [ "$(member auroc)" = 0.5 ]
	ok $? "or may have any: $labels"
done
fails 2 'labels are float64: save integers' "float labels of classes are refused with their type" \
	"$BASIN" sample --data npy:X.npy,real.npy --likelihood categorical --model linear --steps 1 --out no
fails 2 'has classes, not real targets; integer targets of npy sets are classes: save real ones as floats, y.astype' \
	"integers as real targets, too" \
	"$BASIN" sample --data npy:X.npy,y.npy --likelihood gaussian --model linear --steps 1 --out no
"$python" -c "import numpy; numpy.save('hot.npy', numpy.eye(3, dtype='int64')[numpy.load('y.npy').ravel() % 3])"
fails 2 'integer labels; (n,) or (n, 1) was expected, .*; rows of 0 and one 1 as their classes: y.argmax(1)' "rows that say a class by a 1 are told how to be saved" \
	"$BASIN" sample --data npy:X.npy,hot.npy --model linear --steps 1 --out no
fails 2 'label 0 is -1; classes .*; real targets are saved as floats' "and negative ones" \
	"$BASIN" sample --data npy:X.npy,minus.npy --likelihood gaussian --model linear --steps 1 --out no
"$BASIN" data info --json npy:masks.npy,y.npy >"$dir/out" && tr -d ' \n' <"$dir/out" | grep -q '"shape":\[1,1,16\],"element":"float32"'
ok $? "arrays of bool are tables of 0 and 1"
fails 2 '^basin: --model lenet: needs images .*; images must be uint8: a float array, or any other, is read as a table' "so are float images, for a network of images" \
	"$BASIN" sample --data npy:images.npy,y.npy --model lenet --steps 1 --out no
done_testing
