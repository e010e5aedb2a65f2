#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin swag: which snapshots are fitted, what the run of draws holds, that every command reads it, and that it is whole or not
# there. tests/swag_fit.c has the mathematics.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

none() {  # none NAME: nothing is left under the name, whole or temporary
	for left in "$1" "$1".tmp*; do [ ! -e "$left" ] || return 1; done
}

awk 'BEGIN { for (i = 0; i < 40; i++) print i % 7 "," i % 5 "," i % 3 }' >d.csv
"$BASIN" sample --quiet --data csv:d.csv --likelihood categorical --standardize --holdout 8 --model mlp:2-5-3 --sampler sgd --lr 0.05 \
	--batch 8 --steps 40 --keep-every 4 --chains 2 --freeze fc1.bias --out run || exit 99

# ---- the run of draws ----

"$BASIN" swag run --rank 4 --draws 3 --seed 7 --json --out draws >out 2>err &&
	[ "$(member draws out) $(member rank out) $(member scale out) $(member snapshots out) $(member files out)" = "3 4 0.5 20 2" ] &&
	grep -q 'warning: snapshots of 2 chains are pooled' err
ok $? "a Gaussian is fitted to the snapshots of all chains, with a word on that"
"$BASIN" info --verify draws >out && grep -q '^chain 0: done at step 3: 3 snapshots, steps 1 to 3, 3 theta$' out &&
	grep -q 'verified: 3 records, 1 checkpoint' out && tr -s ' \n' ' ' <out |
	grep -q 'draws of a Gaussian fitted to 20 snapshots of sgd, steps 4 to 40: .*it claims no posterior'
ok $? "info says what it was fitted to, and that it claims no posterior"
"$BASIN" info --json draws >out && [ "$(sed -n 's/^ *"snapshots": 20,$/&/p' out | wc -l)" = 1 ] && grep -q "\"$(pwd -P)/run\"" out
ok $? "and from which run"
"$BASIN" swag run --chain 0 --last 3 --rank 5 --draws 1 --quiet --out few && "$BASIN" info few | tr -s ' \n' ' ' |
	grep -q 'with DDᵀ/4, D the last 3 deviations'
ok $? "of fewer snapshots than the rank it has that many columns"
"$BASIN" predict --json --quiet draws >out 2>err && [ "$(member n out) $(member snapshots out)" = "32 3" ] &&
	[ "$(member temperature out)" = null ]
ok $? "predict reads it, with the run's data"
"$BASIN" predict --json --quiet --split holdout draws >out && [ "$(member n out)" = 8 ]
ok $? "and what was held out of them"
"$BASIN" swag run --draws 2 --quiet --out by-default 2>err && "$BASIN" predict run by-default >out 2>err && ! grep -q 'share seed' err &&
	"$BASIN" predict by-default by-default >out 2>err && grep -q 'share seed 1 and chain 0' err
ok $? "its draws share no numbers with the run's chains, whatever the seed, and with themselves"
mv d.csv moved.csv
fails 2 '^basin: the run.s own data set (--data can name its new place): csv:.*d.csv' "where these moved, only --data can help" "$BASIN" predict draws
mv moved.csv d.csv
fails 2 '^basin: --split test: .*d.csv has no test split; --split holdout is' "a split that they lack has one beside it" "$BASIN" predict draws --split test
"$BASIN" sample --quiet --data csv:d.csv --likelihood categorical --model mlp:2-5-3 --sampler entropy-sgd --lr 0.01 --steps 8 --keep-every 2 \
	--out entropy && "$BASIN" swag entropy --draws 2 --json --out of-entropy >out 2>err && [ "$(member snapshots out)" = 4 ]
ok $? "snapshots of a run that keeps anchors alone are fitted"
"$BASIN" ood --json --quiet --ood csv:d.csv draws >out && [ "$(member snapshots out)" = 3 ]
ok $? "ood reads it"
"$BASIN" export draws --out w.npz >out && grep -q 'step 3, theta' out
ok $? "export writes the last draw"
"$BASIN" predict --json --quiet run draws >out && [ "$(member snapshots out)" = 23 ]
ok $? "draws are pooled with what they were fitted to"
"$BASIN" sample --quiet --data csv:d.csv --likelihood categorical --model mlp:2-5-3 --steps 1 --init draws --out begun
ok $? "a chain begins at a draw"

fails 2 '^basin: draws: was made by basin swag' "sample --resume refuses it" "$BASIN" sample --resume draws
fails 2 '^basin: draws: was made by basin swag' "and so does joining it" \
	"$BASIN" sample --data csv:d.csv --likelihood categorical --model mlp:2-5-3 --steps 1 --only 0 --out draws

# ---- the same again ----

"$BASIN" swag run --rank 4 --draws 3 --seed 7 --quiet --out again 2>err && cmp -s draws/chain-0.snaps again/chain-0.snaps
ok $? "the same seed gives the same bytes"
"$BASIN" swag run --rank 4 --draws 3 --seed 8 --quiet --out other && ! cmp -s draws/chain-0.snaps other/chain-0.snaps
ok $? "another one other draws"
[ ! -s err ]
ok $? "--quiet says nothing"

# ---- which snapshots, and the numbers ----

"$BASIN" swag run --chain 1 --from-step 20 --last 3 --json --out some >out && [ "$(member snapshots out) $(member files out)" = "3 1" ] &&
	"$BASIN" info some | tr -s ' \n' ' ' | grep -q 'fitted to 3 snapshots of sgd, steps 32 to 40:'
ok $? "the options of predict choose them"
"$BASIN" swag run/chain-0.snaps --scale 0 --json --out swa >out && [ "$(member draws out)" = 1 ] &&
	"$BASIN" info swa | tr -s ' \n' ' ' | grep -q 'the mean of 10 snapshots of sgd, steps 4 to 40; it claims no posterior'
ok $? "--scale 0 is one draw, the mean"
"$BASIN" swag run --rank 0 --json --out diagonal >out && [ "$(member scale out) $(member draws out)" = "1.0 30" ]
ok $? "--rank 0 has a scale of 1, and there are 30 draws"
"$BASIN" swag run --chain 0 --last 1 --json --out one >out 2>err && grep -q 'one snapshot, which has no spread' err
ok $? "one snapshot alone is warned of"
"$BASIN" sample --quiet --data csv:d.csv --likelihood categorical --model mlp:2-5-3 --sampler entropy-mcmc --coupling 1 --lr 0.01 \
	--steps 40 --keep-every 4 --out anchors && "$BASIN" swag anchors --quiet --rank 3 --draws 2 --out of-theta &&
	"$BASIN" swag anchors --quiet --rank 3 --draws 2 --role anchor --out of-anchors &&
	! cmp -s of-theta/chain-0.snaps of-anchors/chain-0.snaps && "$BASIN" info of-anchors | grep -q ', 2 theta$'
ok $? "θ is fitted, or anchors where they are named"
for dtype in float16 bfloat16; do
	"$BASIN" sample --quiet --data csv:d.csv --likelihood categorical --model mlp:2-5-3 --sampler sgd --lr 0.05 --batch 8 --steps 28 \
		--keep-every 4 --snapshot-dtype $dtype --out run-$dtype && "$BASIN" swag run-$dtype --scale 0 --json --out mean-$dtype >out &&
		[ "$(member dtype out)" = "\"$dtype\"" ]
	ok $? "draws have the snapshots' type, $dtype"
done
"$BASIN" swag run-float16 --snapshot-dtype float32 --json --out wide >out && [ "$(member dtype out)" = '"float32"' ]
ok $? "or the one that is named"

# The fit once more, from the files alone, by the definition.
if python_with 'msgpack, numpy'; then
	"$BASIN" swag run --rank 0 --scale 0.5 --draws 3 --seed 7 --quiet --out flat
	"$BASIN" swag run --chain 0 --rank 4 --draws 3 --quiet --out one-chain
	"$python" "$top_srcdir/tests/golden/swag_check.py" >tap 2>&1 || cat tap
	while read -r verdict name; do
		[ "$verdict" = yes ]
		ok $? "$name"
	done <tap
else
	skip "the fit in NumPy" "no python3 with numpy and msgpack"
fi

# ---- batch norm ----

"$BASIN" sample --quiet --data shapes --holdout 9968 --model resnet20 --sampler sgd --lr 0.05 --batch 16 --steps 3 --keep-every 1 \
	--bn-stats recompute --threads 1 --conv-algo direct --out images || exit 99
"$BASIN" swag images --chain 0 --from-step 2 --to-step 2 --scale 0 --threads 1 --quiet --out same &&
	"$BASIN" export images --to-step 2 --out a.npz >out && "$BASIN" export same --out b.npz >out && cmp -s a.npz b.npz
ok $? "statistics are those of a pass over the training set, as sample --bn-stats recompute has them"
"$BASIN" swag images --rank 2 --draws 2 --threads 1 --quiet --out noisy && "$BASIN" predict --json --quiet noisy >out &&
	[ "$(member snapshots out)" = 2 ]
ok $? "draws of a network with batch norm are predicted with"
fails 2 '^basin: --data glyphs: not the data that the run was trained on' "other data are refused" \
	"$BASIN" swag images --data glyphs --out new

# ---- refusals ----

fails 2 '^basin: --out draws: exists already' "a name that is taken is refused" "$BASIN" swag run --out draws
mkdir empty
fails 2 '^basin: --out empty/: exists already\|^basin: --out empty: exists already' "an empty folder too" "$BASIN" swag run --out empty/
fails 2 '^basin: --out no/new: there is no folder no/' "and a folder that is not there" "$BASIN" swag run --out no/new
fails 2 '^basin: --out RUN must be given' "--out is asked for" "$BASIN" swag run
fails 2 '^basin: no run given' "and a run" "$BASIN" swag --out new
fails 2 '^basin: --rank 1:' "rank 1 is refused" "$BASIN" swag run --rank 1 --out new
"$BASIN" swag run --rank 1 --out new 2>err
[ "$(wc -l <err)" = 1 ]
ok $? "and nothing is warned of where nothing is made"
fails 2 '^basin: --threads: the run.s model has no batch norm' "options that would do nothing are refused" \
	"$BASIN" swag run --threads 1 --out new
plain="--quiet --data csv:d.csv --likelihood categorical --model mlp:2-5-3 --sampler sgd --lr 0.05 --steps 8 --keep-every 4"
# shellcheck disable=SC2086 # words
"$BASIN" sample $plain --out whole && "$BASIN" sample $plain --holdout 8 --seed 2 --out held &&
	"$BASIN" sample $plain --holdout 8 --seed 3 --out beside && "$BASIN" swag held beside --json --out both >out 2>err &&
	[ "$(member snapshots out) $(member files out)" = "4 2" ]
ok $? "runs of the same rows are fitted together"
fails 2 '^basin: held/chain-0.snaps and whole/chain-0.snaps were trained on different rows' "runs of different rows are refused" \
	"$BASIN" swag held whole --out new
fails 2 '^basin: whole/chain-0.snaps and held/chain-0.snaps were trained on different rows' "in either order" \
	"$BASIN" swag whole held --out new
fails 2 '--role anchor: run has no snapshots of this role; expected theta$' "a role that is not there is refused" \
	"$BASIN" swag run --role anchor --out new
cp -r run bad
printf '\377\377' | dd of=bad/chain-1.snaps bs=1 seek=$(($(wc -c <bad/chain-1.snaps) - 2)) conv=notrunc 2>dd.err
fails 2 '^basin: bad/chain-1.snaps.*step 40.* is damaged.*; --skip-damaged leaves it out$' "a damaged snapshot is named" "$BASIN" swag bad --quiet --out new
"$BASIN" swag bad --skip-damaged --json --out skipped >out 2>err && [ "$(member snapshots out)" = 19 ]
ok $? "--skip-damaged does without it"
none new
ok $? "what failed leaves nothing"

# ---- signals ----

begin() {  # begin NAME: starts a command that takes long, and waits until its folder has a file of draws
	"$BASIN" swag run --draws 100000000 --quiet --out "$1" 2>err &
	pid=$!
	while set -- "$1" "$1".tmp-*/chain-0.snaps && [ ! -e "$2" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
	folder=${2%/*}
}
for signal in INT TERM; do
	begin stopped
	kill -$signal $pid
	wait $pid
	[ $? = 3 ] && grep -q 'stopped by a signal; nothing was made' err && none stopped
	stopped=$?
	ok $stopped "SIG$signal ends it, and nothing is left"
	[ $stopped = 0 ] || shown err
done
begin killed
kill -9 $pid
wait $pid
[ ! -e killed ] && [ -d "$folder" ]
ok $? "what was killed does not have the name"
fails 2 'not a run' "nor is it taken for a run" "$BASIN" predict "$folder"

# ---- an analytic target, whose draws info describes ----

"$BASIN" sample --quiet --model gaussian:1,4 --lr 0.1 --steps 2000 --keep-every 4 --out analytic &&
	"$BASIN" swag analytic --rank 0 --draws 5 --out analytic-draws >out && grep -q 'next: basin info analytic-draws' out &&
	"$BASIN" info analytic-draws | grep -q '5 theta'
ok $? "a run without data is fitted too"

done_testing
