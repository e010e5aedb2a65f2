#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# A table of words, gaps and names of rows, from file to figure: what a run learns of it is in its headers, and later files become
# the same by it.
. "${top_srcdir:?}/tests/tap.sh"

works() {  # works NAME COMMAND…
	name=$1
	shift
	"$@" >"$dir/out" 2>"$dir/err"
	result=$?
	ok $result "$name"
	[ $result = 0 ] || shown "$dir/err"
}

same() {  # same NAME A B: files alike
	cmp -s "$2" "$3"
	ok $? "$1"
}

# The columns' order, and which cells hold nothing, differ between the files; the words and numbers do not.
cd "$dir" || exit 99
awk 'BEGIN {
	srand(5)
	print "patient,age,sex,stage,note,outcome" >"clinic.csv"
	print "stage,outcome,sex,note,age" >"other.csv"
	for (i = 0; i < 80; i++) {
		age = 20 + int(60 * rand())
		sex = rand() < .5 ? "f" : "m"
		stage = rand() < .4 ? "I" : rand() < .6 ? "II" : "III"
		outcome = age / 60 + (stage == "III") + rand() > 1.5 ? "dead" : "alive"
		if (rand() < .1) age = ""
		if (rand() < .1) sex = "NA"
		print "p" i "," age "," sex "," stage ",note " i "," outcome >"clinic.csv"
		print stage "," outcome "," sex ",x" i "," age >"other.csv"
	}
}'
fit="--data csv:clinic.csv --id patient --drop note --missing indicator --sampler sghmc --lr 0.1 --batch 20 --quiet"

line=$(awk -F, '$2 == "" { print NR; exit }' clinic.csv)
fails 2 "clinic.csv:$line: column 2 (age): is empty, .*--missing mean" "the first cell without a value is named" \
	"$BASIN" sample --data csv:clinic.csv --id patient --drop note --model mlp:8-4-2 --out no
fails 2 "column 1 (patient): the column has 80 different words in 80 rows.*--id patient" "a column of names is" \
	"$BASIN" sample --data csv:clinic.csv --missing mean --drop note --model mlp:8-4-2 --out no
# shellcheck disable=SC2086 # lists of words
{
	fails 2 "the data has 8 inputs; its 3 columns make 8" "so is what words and gaps make of the columns" \
		"$BASIN" sample $fit --model mlp:3-4-2 --out no
	fails 2 "need 2 outputs$" "which is not said of what has nothing to do with it" "$BASIN" sample $fit --model mlp:in-4-3 --out no
	works "such a table is fitted" "$BASIN" sample $fit --epochs 4 --model mlp:8-4-2 --keep-last 3 --out run
	works "and again, from half way on" "$BASIN" sample $fit --model mlp:8-4-2 --keep-last 1 --out half --epochs 2
}

# ---- what the run has learnt ----

"$BASIN" predict --json run --save-probs own.npy >own 2>err
[ "$(member n own)" = 80 ] && [ -n "$(member accuracy own)" ]
ok $? "a run predicts its own table"
"$BASIN" predict --json run --data csv:other.csv --save-probs other.npy >other 2>err
[ "$(member nll own)" = "$(member nll other)" ] && [ -n "$(member accuracy other)" ] && ! grep -q "left out" err
ok $? "and another with its columns in another order, without a word of what it dropped"
same "to the same bits" own.npy other.npy
grep -q '"table": {' run/run.json && grep -q '"classes": \[' run/run.json && grep -q '"alive",$' run/run.json
ok $? "run.json has levels, means and classes"
version() { head -c 64 "$1"/chain-0.snaps | od -An -v -tu1 | tr -s ' \n' ' ' | sed 's/.*118 101 114 115 105 111 110 207 0 0 0 0 0 0 0 \([0-9]*\) .*/\1/'; }
[ "$(version run)" = 2 ]
ok $? "a header's version is 2"
awk 'BEGIN { for (i = 0; i < 40; i++) print i % 7 "," i % 3 "," i % 2 }' >plain.csv
"$BASIN" sample --data csv:plain.csv --model mlp:2-2-1 --steps 2 --quiet --out plain 2>err
[ "$(version plain)" = 1 ] && ! grep -q '"table"' plain/run.json && grep -q '"standardize": null' plain/run.json
ok $? "and 1 where numbers taught nothing"
fails 2 "plain.csv: '1' is not\|--unknown other: the run learnt from numbers alone" "which know of nothing unknown" \
	"$BASIN" predict plain --unknown other

# ---- going on ----

works "a run goes on where its columns are in another order" "$BASIN" sample --resume half --data csv:other.csv --epochs 4 --quiet
"$BASIN" predict run --last 1 --data csv:other.csv --save-probs one.npy >out 2>err && "$BASIN" predict half --last 1 --save-probs two.npy >out 2>err
same "to the bits of one that was not stopped" one.npy two.npy
sed 's/,II,/,I,/' clinic.csv >changed.csv
fails 2 "changed.csv.*not the data that the run half was begun with" "other words are other data" \
	"$BASIN" sample --resume half --data csv:changed.csv --quiet

# ---- what it has not learnt ----

sed '5s/^[^,]*,/IV,/' other.csv >new.csv
fails 2 "new.csv:5: column 1 (stage): 'IV' is a word that the run has not learnt; it knows I, II, III; --unknown other" \
	"a new word is named" "$BASIN" predict run --data csv:new.csv
works "and has no level where that is wanted" "$BASIN" predict run --data csv:new.csv --unknown other
works "so has it in a foreign set" "$BASIN" ood run --ood csv:new.csv --unknown other
fails 2 "'IV' is a word that the run has not learnt" "which would be refused too" "$BASIN" ood run --ood csv:new.csv
fails 2 "--unknown: only csv sets" "images have no words" "$BASIN" predict run --data shapes --unknown other
sed '3s/^[^,]*,[^,]*,/I,lost,/' other.csv >new.csv
fails 2 "new.csv:3: column 2 (outcome): the target is 'lost', which is no class that the run knows; they are alive, dead" \
	"a new class is named" "$BASIN" predict run --data csv:new.csv --unknown other
# shellcheck disable=SC2086 # a list of words
works "a run may keep that words need not be known" "$BASIN" sample $fit --unknown other --epochs 2 --model mlp:8-4-2 --out lenient
sed '5s/^[^,]*,/IV,/' other.csv >new.csv
works "for all its predictions" "$BASIN" predict lenient --data csv:new.csv
fails 2 "'IV' is a word that the run has not learnt" "which can be stricter" "$BASIN" predict lenient --data csv:new.csv --unknown refuse

# ---- the other commands ----

works "diagnose reads such tables" "$BASIN" diagnose run --probe csv:other.csv --quiet
works "compare" "$BASIN" compare run lenient --data csv:other.csv
# new.csv has a word that is new.
for command in "diagnose run --quiet --data" "diagnose run --quiet --probe" "compare run run --data"; do
	# shellcheck disable=SC2086 # a list of words
	{
		fails 2 "'IV' is a word that the run has not learnt.*--unknown other" "$command: a new word is named" "$BASIN" $command csv:new.csv
		works "and has no level with the option that is advised" "$BASIN" $command csv:new.csv --unknown other
	}
done
works "flatness" "$BASIN" flatness run --data csv:other.csv --split train --top 1 --probes 2
works "swag" "$BASIN" swag run --draws 2 --out fitted
"$BASIN" predict fitted --data csv:other.csv >out 2>err
ok $? "whose draws know the table"
"$BASIN" info run --json >out 2>err && grep -q '"fill": \[' out && "$BASIN" info run | grep -q "^table  *age; sex: f, m; stage: I, II, III$"
ok $? "info shows what was learnt"
sed 's/,III,/,X,/' clinic.csv >renamed.csv
renamed=$(echo "$fit" | sed 's/clinic/renamed/')
# shellcheck disable=SC2086 # a list of words
"$BASIN" sample $renamed --epochs 2 --model mlp:8-4-2 --out renamed 2>err
fails 2 "can't be pooled: their ways to read a table's words and gaps differ" "runs that read a table otherwise are no ensemble" \
	"$BASIN" predict run renamed
"$BASIN" sample --quiet --data csv:clinic.csv --id patient --drop note,stage --missing mean --model linear --steps 1 --out narrow 2>err
"$BASIN" sample --quiet --data csv:clinic.csv --id patient --drop note --missing mean --model linear --steps 1 --out wide 2>err
fails 2 "can't be pooled: their models differ (linear; inputs of other sizes)" "networks of other sizes are told apart" "$BASIN" predict narrow wide
"$BASIN" export run --out run.npz >out 2>err && grep -q 'run/chain-0.snaps: its table has words or gaps: .*"table" of the run.s run.json' err
ok $? "what arrays do not say of a table is warned of"

# ---- hints ----

awk 'BEGIN { print "PatientID,sex,y"; for (i = 0; i < 20; i++) print (i * 7 % 20) "," (i % 3 ? "m" : "f") "," i % 4 / 2 }' >ids.csv
"$BASIN" sample --data csv:ids.csv --model mlp:in-2-out --steps 2 --out ids 2>err
grep -q "its column 'PatientID' is called as names of rows are.*--id says" err && ! grep -q "deviations of its columns" err
ok $? "numbers that name rows are pointed at"
"$BASIN" sample --data csv:ids.csv --id PatientID --model mlp:in-2-out --steps 2 --out named 2>err
! grep -q "PatientID" err
ok $? "until that is said"

# ---- standardisation ----

# shellcheck disable=SC2086 # a list of words
"$BASIN" sample $fit --no-standardize --epochs 2 --model mlp:8-4-2 --out raw 2>err && grep -q '"standardize": null' raw/run.json
raw=$?
grep -q '"x_mean": \[' run/run.json || raw=1
ok $raw "such a table is standardised unless --no-standardize"
fails 2 "standardize and --.*standardize exclude each other" "not both" \
	"$BASIN" sample --data csv:plain.csv --standardize --no-standardize --model mlp:2-2-1 --out no
echo "standardize = no" >conf
# shellcheck disable=SC2086 # a list of words
"$BASIN" sample $fit --config conf --epochs 2 --model mlp:8-4-2 --out conf-run 2>err && grep -q '"standardize": null' conf-run/run.json
ok $? "or a file of options says no"
sed 's/"gaps": [1-9][0-9]*/&0/' conf-run/run.json >edited && cp conf-run/run.json kept && cp edited conf-run/run.json
fails 2 'run.json: its "table" is not what .*chain-0.snaps was begun with' "which nobody may change" "$BASIN" sample --resume conf-run --chains 2 --quiet
cp kept conf-run/run.json
works "which a further chain keeps to" "$BASIN" sample --resume conf-run --chains 2 --quiet
works "so that both are one ensemble" "$BASIN" predict conf-run

fails 2 "drop does not apply to --model gaussian" "analytic targets have no columns" \
	"$BASIN" sample --model gaussian:1 --drop x --steps 1 --out no

done_testing
