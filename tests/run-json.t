#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What a run's own files say is believed where they agree: run.json, which anyone can edit, is held against the headers of the
# chains' files, which have a checksum; what may change may, and a run whose data moved is found by every command.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
awk 'BEGIN { for (i = 0; i < 24; i++) print (i * 7 % 11) / 11 "," (i * 5 % 13) / 13 "," (i * 3 % 17) / 17 }' >d.csv
plan="--data csv:d.csv --model mlp:2-4-1 --lr 0.01 --batch 8 --chains 2 --keep-every 5 --quiet"

# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --steps 20 --noise-sd 0.5 --holdout 4 --standardize --out whole
ok $? "a run"

# edited NAME VALUE: --resume of a run in whose run.json the option NAME has another value
edited() {
	rm -rf r && cp -r whole r
	awk -v name="\"$1\":" -v value="$2" '$1 == "\"options\":" { inside = 1 } inside && $1 == name { $0 = "    " name " " value ","; inside = 0 } { print }' \
		whole/run.json >r/run.json
	if cmp -s whole/run.json r/run.json; then echo "# $1 is not there"; fi
	fails 2 "^basin: r/run.json: --$1 is .*, and r/chain-0.snaps was begun with .*put back" "another $1 is refused" \
		"$BASIN" sample --resume r --steps 30 --quiet
}
edited lr 0.011
edited lr 0.010000000000000002
edited seed 9
edited temperature 0.5
edited weight-decay 0.001
edited batch 4
edited noise-sd 0.25
edited standardize false
edited holdout '"5"'
edited sampling '"iid"'
edited sampler '"sgd"'
edited activation '"tanh"'
edited prior '"laplace"'
edited model '"mlp:2-5-1"'
edited keep-every 6
edited snapshot-dtype '"bfloat16"'
sed 's/"chains": 2,/"chains": 3,/' whole/run.json | awk '/"options"/ { o = 1 } !o && /"chains"/ { sub("3", "2") } { print }' >r/run.json
fails 2 "^basin: r/run.json: --chains is 3, and the run's number of chains 2" "another number of chains is refused" \
	"$BASIN" sample --resume r --quiet

rm -rf r && cp -r whole r
for kind in snaps log.jsonl ckpt; do mv r/chain-0.$kind hold && mv r/chain-1.$kind r/chain-0.$kind && mv hold r/chain-1.$kind; done
fails 2 "^basin: r/chain-0.snaps: is the file of chain 1; " "chains in each other's place are refused" \
	"$BASIN" sample --resume r --steps 30 --quiet
rm -rf r && cp -r whole r && cp whole/chain-1.snaps r/chain-0.snaps
fails 2 "^basin: r/chain-0.snaps: is the file of chain 1; " "so is one chain's snapshots alone" \
	"$BASIN" sample --resume r --steps 30 --quiet
# shellcheck disable=SC2086
"$BASIN" sample ${plan% --lr*} --lr 0.02 ${plan#*--lr 0.01} --steps 20 --noise-sd 0.5 --holdout 4 --standardize --out other
cp other/chain-1.* r && cp whole/chain-0.snaps r
fails 2 "^basin: r/run.json: --lr is 0.01, and r/chain-1.snaps was begun with 0.02" "so is another run's" \
	"$BASIN" sample --resume r --steps 30 --quiet

# ---- what may change ----

rm -rf r && cp -r whole r
"$BASIN" sample --resume r --steps 30 --log-every 7 --checkpoint-every 10steps --quiet 2>err &&
	"$BASIN" sample --resume r --steps 40 --quiet 2>>err && "$BASIN" sample --resume r --quiet 2>>err
ok $? "a run is made longer, and longer again"
"$BASIN" info r --json | grep -q '"steps": 40' && "$BASIN" info r/chain-0.snaps --json | grep -q '"steps": 20'
ok $? "info says how long it is now, and of its snapshots alone what they were begun with"
# shellcheck disable=SC2086
"$BASIN" sample $plan --steps 40 --noise-sd 0.5 --holdout 4 --standardize --out once && cp whole/run.json r/run.json
fails 2 "^basin: chain 0: r/chain-0.ckpt: the chain is done at step 40, and the run ends with step 20" "a checkpoint beyond the run's end is refused" \
	"$BASIN" sample --resume r --quiet
cp once/run.json r/run.json
"$BASIN" predict --json --split train r >out && "$BASIN" predict --json --split train once >err && [ "$(member nll)" = "$(member nll err)" ] && [ "$(member snapshots)" = 16 ]
ok $? "it is what a run of that length is"
rm -rf short && cp -r once short && sed -i 's/"version": "[^"]*"/"version": "0.0.9"/' short/run.json
"$BASIN" sample --resume short >out 2>err && grep -q "^basin: warning: the run was begun by basin 0.0.9, and this is basin [0-9.]*: " err
ok $? "another version of the program is told"
"$BASIN" sample --resume once >out 2>err && [ ! -s err ]
ok $? "the same one is not"

fails 2 '^basin: --resume "": the name of a run' "an empty name is no run's" "$BASIN" sample --resume ''

# ---- data that moved ----

mkdir away && awk 'BEGIN { for (i = 0; i < 24; i++) print (i * 7 % 11) / 11 "," (i * 5 % 13) / 13 "," i % 2 }' >classes.csv
labels() { printf '\223NUMPY\1\0v\0%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (24,), }"; for _ in 1 2 3 4 5 6 7 8; do printf '\1\0\0'; done; }
labels >y.npy
"$BASIN" sample --data csv:classes.csv --labels y.npy --likelihood categorical --model linear --lr 0.1 --steps 50 --quiet --out moved 2>err &&
	"$BASIN" predict moved --quiet --json >before 2>>err
ok $? "a run with labels of its own"
shown err
mv classes.csv away/c.csv && mv y.npy away/l.npy
fails 2 "classes.csv: No such file" "its data moved" "$BASIN" predict moved --quiet
"$BASIN" sample --resume moved --data csv:away/c.csv --labels away/l.npy --quiet 2>err
ok $? "and so did its labels: --resume is told the new places"
shown err
"$BASIN" predict moved --quiet --json >now 2>err && grep -q '/away/c.csv"' now && grep -q '"labels": ".*/away/l.npy"' now &&
	grep -v -e '"data":' -e '"labels":' before >a && grep -v -e '"data":' -e '"labels":' now >b && cmp -s a b
ok $? "predict looks there, with the run's labels"
"$BASIN" predict moved/chain-0.snaps --quiet --json >file 2>err && grep -q '/away/c.csv"' file && [ "$(member nll file)" = "$(member nll now)" ] &&
	(cd moved && "$BASIN" predict chain-0.snaps --quiet --json) >file 2>err && [ "$(member nll file)" = "$(member nll now)" ]
ok $? "also where the snapshot file alone is named"
mv away/l.npy away/m.npy
fails 2 "the run's own labels (basin sample --resume with --labels tells where they are now; a set named by --data has its own): .*l.npy: No such file" \
	"labels that are gone are asked for as labels" "$BASIN" predict moved --quiet
mv away/m.npy away/l.npy
"$BASIN" info moved | grep -q '^data .*/away/c.csv$' && "$BASIN" ood moved --ood csv:away/c.csv --quiet >out 2>err && grep -q '^ID set .*/away/c.csv' out
ok $? "so do info and ood"
"$BASIN" predict moved --data csv:away/c.csv --quiet --json >now 2>err && ! grep -v '"data":' now | cmp -s a -
ok $? "a set that --data names is scored by its own labels"
awk 'BEGIN { for (i = 0; i < 24; i++) print i "," i % 5 "," i % 2 }' >away/wrong.csv
fails 2 "^basin: --data .*wrong.csv: not the data that the run moved was begun with" "other data are refused" \
	"$BASIN" sample --resume moved --data csv:away/wrong.csv --quiet

awk 'BEGIN { for (i = 0; i < 24; i++) print i / 7 "," i % 5 / 3 "," i / 9 }' >real.csv
"$BASIN" sample --data csv:real.csv --standardize --model linear --lr 0.01 --steps 5 --quiet --out scaled 2>err &&
	sed -i 's/"float64": true/"float64": false/' scaled/run.json
fails 2 '^basin: scaled/run.json: by its "standardize" another version began it than began scaled/chain-0.snaps; put back' \
	"a table that would be standardised otherwise from here on" "$BASIN" sample --resume scaled --steps 9 --quiet

# ---- options that a run has under another name ----

"$BASIN" sample --model gaussian:1,2 --sampler fsgld --sigma 0.01 --beta 2 --steps 5 --quiet --out given &&
	"$BASIN" sample --model gaussian:1,2 --sampler fsgld --steps 5 --quiet --out tied
fails 2 "^basin: --eta can't be given on --resume: this run was begun with --sigma 0.01" "--eta for a run whose σ was given" \
	"$BASIN" sample --resume given --sampler fsgld --eta 0.1 --quiet
fails 2 "^basin: --eta belongs to --sampler fsgld: beside --resume give the run's --sampler too" "--eta without --sampler" \
	"$BASIN" sample --resume tied --eta 0.1 --quiet
fails 2 "^basin: --temperature can't be given on --resume: this run was begun with --beta" "--temperature for a run whose β was given" \
	"$BASIN" sample --resume given --temperature 1 --quiet
"$BASIN" sample --resume tied --sampler fsgld --eta 0.1 --temperature 1 --quiet 2>err && "$BASIN" sample --resume given --sampler fsgld --sigma 0.01 --beta 2 --quiet 2>>err
ok $? "what the runs have may be given"

# ---- what info --verify says ----

"$BASIN" info --verify whole >out 2>err &&
	[ "$(tail -n 1 out)" = "verified: 8 records, 2 checkpoints and the headers of 2 files match their checksums" ]
ok $? "info --verify says what it verified"
"$BASIN" info --verify --json whole | tr -d ' \n' | grep -q '"verified":{"files":2,"records":8,"checkpoints":2},"damage":\[\]'
ok $? "to programs too"
"$BASIN" info whole >out && ! grep -q verified out && grep -q '^options .*' out && sed 1d out | tr -s ' \n' ' ' | grep -q 'batch 8, sampling shuffle, lr 0.01, '
ok $? "without it, it says nothing of the kind; the sampler's options are in the table"
rm -rf r && cp -r whole r && printf 'x' | dd of=r/chain-1.ckpt bs=1 seek=100 conv=notrunc 2>/dev/null
"$BASIN" info --verify r >out 2>err
[ $? = 1 ] && grep -q '^damaged: r/chain-1.ckpt: does not match its checksum' out && grep -q '^basin: 1 damaged record or file: r/chain-1.ckpt' err
ok $? "a damaged checkpoint is damage"

rm -rf r && cp -r whole r && rm r/chain-0.snaps
"$BASIN" info --verify r >out 2>err
[ $? = 1 ] && grep -qx 'damaged: r/chain-0.snaps: is missing, while r/chain-0.ckpt is there' out &&
	! grep -q 'not begun' err && "$BASIN" predict r --split train >out 2>err &&
	grep -qx 'basin: warning: r/chain-0.snaps: is missing, while r/chain-0.ckpt is there; the chain is left out' err
ok $? "so are snapshots that are gone: their chain has begun"
rm -rf r && cp -r whole r && cp r/chain-1.snaps r/chain-0.snaps
"$BASIN" info --verify r >out 2>err
[ $? = 1 ] && grep -qx 'damaged: r/chain-0.snaps: is the file of chain 1' out
ok $? "and another chain's"
rm -rf r && cp -r whole r && cp r/chain-1.ckpt r/chain-0.ckpt
"$BASIN" info --verify r >out 2>err
[ $? = 1 ] && grep -qx 'damaged: r/chain-0.ckpt: is not the checkpoint of r/chain-0.snaps' out && [ "$(wc -l <err)" = 2 ]
ok $? "and another chain's checkpoint"

# A checkpoint of another seed's chain 0, of the same sizes.
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --seed 77 --steps 20 --noise-sd 0.5 --holdout 4 --standardize --out other 2>err
rm -rf r && cp -r whole r && cp other/chain-0.ckpt r/
fails 2 "^basin: r/chain-0.ckpt: is not the checkpoint of r/chain-0.snaps; put back" "another run's checkpoint is not gone on from" \
	"$BASIN" sample --resume r --steps 30 --quiet
cmp -s r/chain-0.snaps whole/chain-0.snaps
ok $? "and its snapshots are not added"
"$BASIN" info --verify r >out 2>err
[ $? = 1 ] && grep -qx 'damaged: r/chain-0.ckpt: is not the checkpoint of r/chain-0.snaps' out
ok $? "info --verify tells"

# ---- files that are none ----

rm -rf r && cp -r whole r && mv r/chain-0.snaps kept && ln -s ../kept r/chain-0.snaps
fails 1 "r/chain-0.snaps: is a symbolic link" "a chain's file that is a link is not written to" \
	"$BASIN" sample --resume r --steps 30 --quiet
rm -rf r && cp -r whole r && ln r/chain-0.snaps backup
fails 1 "r/chain-0.snaps: is one file with another of another name" "nor is one that has another name, as in a copy by links" \
	"$BASIN" sample --resume r --steps 30 --quiet
cmp -s backup whole/chain-0.snaps
ok $? "which stays as it is"
rm -rf r && cp -r whole r && echo precious >kept.txt && rm r/lock && ln kept.txt r/lock
fails 1 "r/lock: not a regular file of one name" "nor the lock" "$BASIN" sample --resume r --steps 30 --quiet
rm -rf r && cp -r whole r && echo precious >kept.txt && ln -s ../kept.txt r/chain-0.ckpt.tmp && ln -s ../kept.txt r/run.json.tmp
"$BASIN" sample --resume r --steps 30 --quiet 2>err && grep -qx precious kept.txt && [ ! -h r/run.json ] && [ ! -h r/chain-0.ckpt ]
ok $? "nor through what stands in the place of its next checkpoint"
cmp -s kept whole/chain-0.snaps
ok $? "and what it leads to stays as it is"
rm -rf r && cp -r whole r && sed -i 's/"chains": 2,/"chains": 100000,/' r/run.json
"$BASIN" predict r --quiet --split train >out 2>err && "$BASIN" info r >out 2>err && [ "$(wc -l <err)" = 1 ] && grep -q "chains 2 to 99999 have not begun" err
ok $? "chains that have not begun are told in one line"
sed -i 's/"chains": 100000,/"chains": 100000000,/' r/run.json
fails 2 'r/run.json: "chains" is not a number of chains, 1 to 100000' "more chains than --chains takes are refused" "$BASIN" info r
for damage in '[1]' null -1 '{"cpu": 3}'; do
	rm -rf r && cp -r whole r
	python3 -c 'import json, sys
o = json.load(open("r/run.json")); o["choices"] = json.loads(sys.argv[1]); json.dump(o, open("r/run.json", "w"))' "$damage" 2>err || continue
	fails 2 '^basin: r/run.json: its choices' "choices that are $damage are damage" "$BASIN" sample --resume r --steps 30 --quiet
done
"$BASIN" sample --model gaussian:1,2 --chains 2 --steps 5 --out analytic --quiet && "$BASIN" export analytic --out w.npz >out 2>err && [ ! -s err ]
ok $? "chains of an analytic target have no data to differ in"
done_testing
