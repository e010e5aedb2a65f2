#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Rows without labels: basin predict --csv, what is reported of them, and rows that come through a pipe.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

# A table of words, ids and classes with a comma in a name, and one of numbers with a real target.
awk 'BEGIN {
	print "patient,age,site,y"
	for (i = 1; i <= 60; i++)
		print "p" i "," i * 7 % 41 + 20 "," substr("abc", i % 3 + 1, 1) "," (i * 7 % 41 > 20 ? "\"ill, badly\"" : "well")
}' >words.csv
awk 'BEGIN { print "a,b,t"; for (i = 0; i < 40; i++) print i % 7 "," i % 5 "," i % 7 - i % 5 / 2 }' >reals.csv
"$BASIN" sample --quiet --data csv:words.csv --id patient --model mlp:4-6-2 --epochs 6 --keep-last 4 --chains 2 --holdout 9 \
	--out words && "$BASIN" sample --quiet --data csv:reals.csv --standardize --model mlp:2-4-1 --epochs 6 --keep-last 3 \
	--out reals && "$BASIN" sample --quiet --data csv:reals.csv --model linear --steps 9 --likelihood categorical \
	--target b --keep-every 3 --out numbers || ok 1 "runs to read"

rows_of() {  # rows_of N: the first rows without the target
	cut -d, -f1-3 words.csv | head -n $(($1 + 1))
}

# ---- classes ----

rows_of 5 >new.csv
"$BASIN" predict words --data csv:new.csv --csv new.out >out 2>err
[ $? = 0 ] && [ "$(head -n 1 new.out)" = 'id,prediction,"p_ill, badly",p_well,entropy,mutual_information' ] &&
	[ "$(cut -d, -f1 new.out | tr '\n' ' ')" = "id p1 p2 p3 p4 p5 " ] && ! grep -q '^id,' out
ok $? "rows without labels are predicted, by the names that the run has"
! grep -q -e accuracy -e NLL -e Brier -e ECE out && grep -q '^labels  *none, so nothing is scored$' out &&
	grep -q '^mutual information' out && grep -q '^snapshots  *8$' out && ! grep -q '^convergence' out
ok $? "and not scored, which is said"
"$BASIN" predict words --data csv:new.csv --json --quiet >out && [ "$(member n_labelled)" = 0 ] && [ "$(member n)" = 5 ] &&
	[ -n "$(member expected_entropy)" ] && [ -z "$(member nll)$(member accuracy)$(member ece)$(member brier)" ]
ok $? "with --json too"

# The same rows with labels, with some, and with none where they would stand.
head -n 6 words.csv >labelled.csv
awk -F, 'NR == 1 || NR % 2 { print; next } { print $1 "," $2 "," $3 "," }' labelled.csv >some.csv
awk '{ print $0 (NR == 1 ? ",y" : ",NA") }' new.csv >gaps.csv
"$BASIN" predict words --data csv:labelled.csv --csv - --quiet 2>/dev/null >got && cmp -s got new.out &&
	"$BASIN" predict words --data csv:labelled.csv --json --quiet >out && [ -n "$(member accuracy)" ] &&
	[ -z "$(member n_labelled)" ]
ok $? "labelled rows are scored, and have the same predictions"
"$BASIN" predict words --data csv:some.csv --csv got --overwrite >out 2>err && cmp -s got new.out && ! grep -q NLL out &&
	grep -q '^labels  *of [23] rows alone, so none is scored$' out
ok $? "rows of which some are labelled have no scores either"
"$BASIN" predict words --data csv:gaps.csv --csv got --overwrite --json --quiet >out && cmp -s got new.out &&
	[ "$(member n_labelled)" = 0 ]
ok $? "nor have those of a target column of gaps"
fails 2 "curve needs the labels of all rows; .*some.csv has those of [23] of its 5" "a curve is of scores" \
	"$BASIN" predict words --data csv:some.csv --curve
fails 2 "level is for intervals of real targets" "classes have no intervals" \
	"$BASIN" predict words --data csv:new.csv --csv - --level 0.9
fails 2 "no column 'age'" "a feature that is missing is named" "$BASIN" predict words --data csv:reals.csv --csv -
"$BASIN" sample --quiet --data csv:gaps.csv --id patient --model mlp:4-6-2 --steps 1 --out refused 2>err
[ $? = 2 ] && [ ! -e refused ]
ok $? "what is learnt from needs its labels"

"$BASIN" predict numbers --data csv:reals.csv --csv - --quiet 2>/dev/null >got &&
	[ "$(head -n 1 got)" = "id,prediction,p_0,p_1,p_2,p_3,p_4,entropy,mutual_information" ] &&
	[ "$(tail -n 1 got | cut -d, -f1)" = 40 ]
ok $? "classes without names are numbers, and so are rows without ids"

# ---- rows that were held out ----

"$BASIN" predict words --split holdout --csv - --quiet 2>/dev/null | tail -n +2 | cut -d, -f1 >ids
[ "$(wc -l <ids)" = 9 ] && [ "$(sort -u ids | wc -l)" = 9 ] && [ -z "$(grep -v '^p[0-9]' ids)" ]
ok $? "held-out rows keep their ids"
"$BASIN" sample --quiet --data csv:reals.csv --model mlp:2-4-1 --steps 3 --holdout 4 --out held &&
	"$BASIN" predict held --split holdout --csv - --quiet 2>/dev/null | tail -n +2 | cut -d, -f1,2 >got &&
	"$BASIN" predict held --data csv:reals.csv --csv - --quiet 2>/dev/null | cut -d, -f1,2 >whole &&
	[ "$(wc -l <got)" = 4 ] && [ "$(tail -n 1 got | cut -d, -f1)" -gt 4 ] && awk -F, 'NR == FNR { mean[$1] = $2; next }
	{ d = mean[$1] - $2; wrong += !($1 in mean) || d > 1e-5 || d < -1e-5 } END { exit wrong > 0 }' whole got
ok $? "or the numbers that they have in the file"

# ---- real targets ----

cut -d, -f1,2 reals.csv | head -n 7 >new.csv
"$BASIN" predict reals --data csv:new.csv --csv new.out --overwrite --level 0.9 >out 2>err
[ $? = 0 ] && [ "$(head -n 1 new.out)" = id,mean,sd,lower,upper ] && [ "$(wc -l <new.out)" = 7 ] &&
	grep -q '^predictive deviation' out && ! grep -q -e RMSE -e NLL -e CRPS -e coverage out
ok $? "real targets have mean, deviation and interval"
fails 2 "the intervals of --csv, and no file is named" "a level without --csv is refused" "$BASIN" predict reals --level 0.9
fails 2 "expected a number > 0" "and one that is none" "$BASIN" predict reals --csv - --level 0
fails 2 "expected a number > 0" "or all" "$BASIN" predict reals --csv - --level 1

# ---- against NumPy, by way of the files of probabilities ----

if python_with numpy; then
	"$BASIN" predict words --save-probs p.npy --save-member-probs m.npy --csv p.csv --quiet >out
	for step in $("$BASIN" predict reals --json --quiet | sed -n 's/^ *"step": \([0-9]*\),*/\1/p'); do
		"$BASIN" predict reals --data csv:new.csv --from-step "$step" --to-step "$step" --csv "member-$step.csv" --quiet >out
	done
	"$python" - >out <<-'END'
	import csv, glob, math
	import numpy as np
	rows = list(csv.reader(open("p.csv", newline="")))
	p, m = np.load("p.npy"), np.load("m.npy").astype(float)
	got = np.array([[float(x) for x in row[2:]] for row in rows[1:]])
	h = lambda q: -(q * np.log(q)).sum(-1)
	assert (got[:, :2] == p).all(), "probabilities"
	assert [row[1] for row in rows[1:]] == [["ill, badly", "well"][k] for k in p.argmax(1)], "classes"
	assert abs(got[:, 2] - h(p)).max() < 1e-12, "entropies"
	assert abs(got[:, 3] - (h(p) - h(m).mean(0))).max() < 1e-5, "mutual information"
	read = lambda f: np.array([[float(x) for x in row[1:]] for row in list(csv.reader(open(f)))[1:]])
	members, whole = np.stack([read(f) for f in sorted(glob.glob("member-*.csv"))]), read("new.out")
	mu, sd = members[:, :, 0], members[:, :, 1]
	assert mu.shape[0] == 3 and abs(whole[:, 0] - mu.mean(0)).max() < 1e-12, "mean"
	assert abs(whole[:, 1] - np.sqrt((sd ** 2).mean(0) + mu.var(0))).max() < 1e-12, "deviation"
	cdf = lambda y: np.vectorize(lambda z: math.erfc(-z / math.sqrt(2)) / 2)((y - mu) / sd).mean(0)
	assert abs(cdf(whole[:, 2]) - 0.05).max() < 1e-9 and abs(cdf(whole[:, 3]) - 0.95).max() < 1e-9, "interval"
	END
	ok $? "every cell is what NumPy makes of the members"

	"$python" -c "
import numpy as np
r = np.random.default_rng(0)
np.save('x.npy', r.integers(0, 255, (30, 4, 4), 'uint8')); np.save('y.npy', r.integers(0, 3, 30))
np.save('t.npy', r.normal(size=(30, 5))); np.save('u.npy', r.normal(size=(30, 2)))"
	"$BASIN" sample --quiet --data npy:x.npy,y.npy --model linear --steps 2 --out images &&
		"$BASIN" predict images --data npy:x.npy --csv one --json --quiet >out && [ "$(member n_labelled)" = 0 ] &&
		"$BASIN" predict images --data npy:x.npy,y.npy --csv two --json --quiet >out && [ -n "$(member nll)" ] && cmp -s one two &&
		[ "$(wc -l <one)" = 31 ]
	ok $? "images need no file of labels"
	"$BASIN" sample --quiet --data npy:t.npy,u.npy --model linear --steps 2 --out two-targets &&
		"$BASIN" predict two-targets --data npy:t.npy --csv - --quiet 2>/dev/null >got &&
		[ "$(head -n 1 got)" = id,mean_1,sd_1,lower_1,upper_1,mean_2,sd_2,lower_2,upper_2 ]
	ok $? "several targets have their columns each"
else
	skip "every cell is what NumPy makes of the members" "no NumPy here"
	skip "images need no file of labels" "no NumPy here"
	skip "several targets have their columns each" "no NumPy here"
fi

# ---- stored probabilities ----

golden=$top_srcdir/tests/golden
"$BASIN" predict --probs "$golden/probs.npy" --csv probs.csv --json >out && [ "$(member n_labelled)" = 0 ] &&
	[ -z "$(member nll)" ] && [ "$(wc -l <probs.csv)" = $(($(member n) + 1)) ]
ok $? "stored probabilities are predictions too"
fails 2 "curve needs --labels" "of which a curve needs labels" "$BASIN" predict --probs "$golden/probs.npy" --curve

# ---- whose the rows of --save-member-probs are ----

rm -f m.npy m.members.csv
"$BASIN" predict words --last 2 --save-member-probs m.npy --quiet >out && [ "$(head -n 1 m.members.csv)" = member,file,chain,step,role ] &&
	[ "$(wc -l <m.members.csv)" = 5 ] && [ "$(sed -n 4p m.members.csv | cut -d, -f1-3,5)" = 2,words/chain-1.snaps,1,theta ]
ok $? "the members are named beside their probabilities"
"$BASIN" predict words --json --quiet --last 2 >out
[ "$(sed -n 's/^ *"step": \([0-9]*\),*/\1/p' out | tr '\n' ' ')" = "$(tail -n +2 m.members.csv | cut -d, -f4 | tr '\n' ' ')" ]
ok $? "in the order that the report has"
rm m.npy
fails 2 "m.members.csv: exists already" "by the same rule as other files" "$BASIN" predict words --save-member-probs m.npy
[ ! -e m.npy ] && fails 2 "has the snapshots' names in" "which are no other file" \
	"$BASIN" predict words --save-member-probs n.npy --csv n.members.csv
"$BASIN" predict words --save-member-probs - --quiet 2>/dev/null | wc -c >got
[ "$(cat got)" = $((128 + 8 * 51 * 2 * 4)) ] && [ ! -e ./-.members.csv ]
ok $? "a pipe has no file beside it"

# ---- rows through a pipe ----

rows_of 5 >new.csv
"$BASIN" predict words --data csv:new.csv --csv new.out --overwrite --quiet >out
"$BASIN" predict words --data csv:- --csv - --quiet <new.csv >got 2>err
[ $? = 0 ] && cmp -s got new.out && grep -q '^labels  *not read' err && grep -q '^examples  *5$' err
ok $? "standard input is a table, and the report is elsewhere"
"$BASIN" predict words --data csv:- --csv got --overwrite --json --quiet <labelled.csv >out && cmp -s got new.out &&
	[ -n "$(member accuracy)" ]
ok $? "into a file it is read to its end, and scored by its labels"

sed '3s/,[^,]*$/,no such class/' labelled.csv | "$BASIN" predict words --data csv:- --csv - --quiet 2>err >got
cmp -s got new.out
ok $? "labels that come along are not read"

# One row, its answer, and again.
mkfifo in back
timeout 60 "$BASIN" predict words --data csv:- --csv - --quiet <in >back 2>err &
exec 3>in 4<back
sed -n 1p new.csv >&3
read -r names <&4
for i in 1 2 3; do
	sed -n $((i + 1))p new.csv >&3
	read -r row <&4
	echo "$row" >>answers
done
exec 3>&-
read -r row <&4
more=$?
wait $!
[ $? = 0 ] && [ $more != 0 ] && [ "$names" = "$(head -n 1 new.out)" ] && [ "$(cat answers)" = "$(sed -n 2,4p new.out)" ]
ok $? "another program can write a row and read its prediction, again and again, and ends it"
exec 4<&-

rows_of 5 | sed '4s/,[0-9]*,/,old,/' >bad.csv
"$BASIN" predict words --data csv:- --csv - --quiet <bad.csv >got 2>err
[ $? = 2 ] && [ "$(cat got)" = "$(head -n 3 new.out)" ] && grep -q "csv:-: standard input:4: column 2 (age): 'old' is not a number" err
ok $? "rows before one that can't be read are predicted, and that one is named by its line"
awk -F, -v OFS=, '{ print $0, NR == 1 ? "colour" : "red" }' bad.csv | "$BASIN" predict words --data csv:- --csv - >got 2>err
[ $? = 2 ] && [ "$(cat got)" = "$(head -n 3 new.out)" ] && [ "$(grep -c 'does not know is left out: colour' err)" = 1 ]
ok $? "that a column is left out is said once, however often the rows are looked at"
(rows_of 2; sleep 0.1; echo p9,20,a; sleep 0.1; echo p10,30; ) | "$BASIN" predict words --data csv:- --csv - --quiet >got 2>err
[ $? = 2 ] && [ "$(wc -l <got)" = 4 ] && grep -q "standard input:5: 2 cells; 3 were expected" err
ok $? "also where they come one by one"
fails 2 "names of columns came, but no rows" "names alone are too little for a file" \
	sh -c "head -n 1 new.csv | '$BASIN' predict words --data csv:- --csv none"
head -n 1 new.csv | "$BASIN" predict words --data csv:- --csv - --quiet >got 2>err
[ $? = 0 ] && [ "$(cat got)" = "$(head -n 1 new.out)" ]
ok $? "and are answered by names alone"
fails 2 "standard input: is empty" "nothing is no table" sh -c "'$BASIN' predict words --data csv:- --csv - </dev/null"
awk 'BEGIN { while (i++ < 100000) print i % 7 "," i % 5 }' | "$BASIN" predict numbers --header no --data csv:- --csv - --quiet 2>err |
	head -n 1 >got
[ ! -s err ] && [ "$(wc -l <got)" = 1 ]
ok $? "who reads no further ends it, as other programs, without a word"
sed 's/^/x,/; 1s/x/more/' new.csv >more.csv
(head -n 2 more.csv; sleep 0.1; tail -n +3 more.csv) | "$BASIN" predict words --data csv:- --csv - 2>err >got
cmp -s got new.out && [ "$(grep -c "column that the run does not know" err)" = 1 ]
ok $? "columns that the run does not know are left out with one warning"

fails 2 "save-probs needs all rows" "what needs all rows is refused" \
	sh -c "'$BASIN' predict words --data csv:- --csv - --save-probs q.npy <new.csv"
fails 2 "with --json the report goes to standard output" "and a report among the rows" \
	sh -c "'$BASIN' predict words --data csv:- --csv - --json <new.csv"
fails 2 "all rows of standard input are predicted" "and a split" \
	sh -c "'$BASIN' predict words --data csv:- --csv - --split train <new.csv"

# What is wrong with a row that can be read shows when it is predicted.
awk 'BEGIN { print "a,b,t"; for (i = 0; i < 40; i++) print i % 7 / 1000 "," i % 5 / 1000 "," i % 3 }' >small.csv
printf 'a,b\n.001,.001\n.002,.001\n' >good.csv
"$BASIN" sample --quiet --data csv:small.csv --standardize --likelihood categorical --model mlp:2-4-3 --steps 9 --keep-every 3 --out small &&
	"$BASIN" predict small --data csv:good.csv --csv good.out --quiet >out
sed '$a 3.4e38,3.4e38\n1,2' good.csv | "$BASIN" predict small --data csv:- --csv - --quiet >got 2>err
[ $? = 2 ] && cmp -s got good.out && grep -q "outputs for the row on line 4 of standard input are not finite" err
ok $? "rows before one whose outputs are not finite are written, and that one is named by its line"
sed '$a 3.4e38,3.4e38' good.csv | "$BASIN" predict small --data csv:- --csv unmade --quiet >got 2>err
[ $? = 2 ] && grep -q "outputs for the row on line 4 of standard input are not finite" err && [ ! -e unmade ]
ok $? "into a file too, which is not made"
(cat good.csv; printf '\0001,1\n') | "$BASIN" predict small --data csv:- --csv - --quiet >got 2>err
[ $? = 2 ] && cmp -s got good.out && grep -q "csv:-: standard input:4: holds a zero byte" err
ok $? "so are those before a zero byte"

fails 2 "scores needs labels, and those of rows from csv:- to --csv - are not read" "what needs labels is refused" \
	sh -c "'$BASIN' predict small --data csv:- --csv - --scores all <good.csv"
fails 2 "ensemble needs labels" "another ensemble too, whether it is there or not" \
	sh -c "'$BASIN' predict small --data csv:- --csv - --ensemble none <good.csv"
fails 2 "level is for intervals of real targets" "and a level of classes, as of a file" \
	sh -c "'$BASIN' predict small --data csv:- --csv - --level 0.5 <good.csv"
fails 2 "scores needs the labels of all rows; csv:.*good.csv has those of 0 of its 2" "a file without labels has no scores to show" \
	"$BASIN" predict small --data csv:good.csv --scores all

# ---- ood ----

"$BASIN" ood words --id csv:new.csv --ood csv:labelled.csv --json --quiet >out && one=$(member auroc) &&
	"$BASIN" ood words --id csv:labelled.csv --ood csv:- --json --quiet <new.csv >out && [ "$(member auroc)" = "$one" ] &&
	"$BASIN" ood words --id csv:- --ood csv:new.csv --json --quiet <new.csv >out && [ "$(member auroc)" = "$one" ]
ok $? "ood takes sets without labels, and one of them from a pipe"
fails 2 "both would be read from standard input" "but not both" \
	sh -c "'$BASIN' ood words --id csv:- --ood csv:- <new.csv"
done_testing
