#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Commands where the best device is no processor (the far device of the tests): chains in rounds, a model that the device can't
# run, and too little memory.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
# It is the best device there, while the others' is named to be the CPU.
far=./far
printf '#!/bin/sh\nunset BASIN_DEVICE\nexec "%s/tests/basin_far" "$@"\n' "$(dirname "$BASIN")" >far && chmod +x far || exit 99
BASIN_DEVICE=cpu
export BASIN_DEVICE

awk 'BEGIN { srand(1); for (i = 0; i < 200; i++) { a = rand() - .5; b = rand() - .5; print a "," b "," a - 2 * b + .1 * rand() } }' >d.csv
chains=5
plan="--data csv:d.csv --model mlp:2-16-1 --batch 32 --lr 0.01 --steps 300 --keep-every 50 --chains $chains --threads 1
	--checkpoint-every 20steps --log-every 10"
same() {  # same A B: whether two runs have the same snapshots, of every chain
	k=0
	while [ $k -lt $chains ]; do
		cmp "$1/chain-$k.snaps" "$2/chain-$k.snaps" || return 1
		k=$((k + 1))
	done
}

# ---- rounds ----
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --workers 1 --quiet --out cpu && "$far" sample $plan --out all 2>said >out
ok $? "chains on another device"
grep -q "^basin: 5 chains, 5 at a time on far$" said && grep -q '^all: 5 chains of 300 steps' out && same cpu all
ok $? "as many at a time as there are and have room, with the CPU's bits"
# shellcheck disable=SC2086 # words
"$far" sample $plan --workers 2 --out two 2>said >out && grep -q "^basin: 5 chains, 2 at a time on far$" said && same cpu two
ok $? "or as many as --workers says"
"$far" predict two >a && "$BASIN" predict two >b && cmp a b
ok $? "predictions from there are the CPU's"

# ---- draws ----
"$BASIN" sample --data shapes --holdout 9984 --model resnet20 --conv-algo direct --sampler sgd --lr 0.01 --batch 8 --steps 6 --keep-every 2 \
	--threads 1 --quiet --out net && "$BASIN" swag net --rank 2 --draws 2 --seed 3 --quiet --out drawn &&
	"$far" swag net --rank 2 --draws 2 --seed 3 --quiet --out drawn-far && cmp drawn/chain-0.snaps drawn-far/chain-0.snaps
ok $? "and so are draws of a network whose statistics of batch norm are made there"

# ---- interruptions ----
for signal in KILL TERM; do
	# shellcheck disable=SC2046,SC2086 # words
	"$far" sample $plan --workers 3 --out by-$signal --quiet 2>err &
	pid=$!
	while [ "$({ wc -l <by-$signal/chain-1.log.jsonl; } 2>/dev/null || echo 0)" -lt 3 ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
	kill -$signal $pid
	wait $pid
	status=$?
	[ $status = 137 ] || { [ $status = 3 ] && grep -q '^basin: stopped by a signal with [2-5] chains to go on with' err; }
	ok $? "SIG$signal in the middle of rounds (status $status)"
	"$far" sample --resume by-$signal --workers 2 2>err && [ "$(grep -c 'resumed at step [1-9]' err)" -ge 2 ] && same cpu by-$signal
	ok $? "several chains are gone on with, to the same bits"
done
# shellcheck disable=SC2086 # words
OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2 \
	"$far" sample $plan --out ranks --progress 2>said >out && grep -q '2 of 5 chains, 2 at a time on far$' said &&
	"$far" sample --resume ranks --only 0-2 --quiet && "$far" sample --resume ranks --quiet && same cpu ranks
ok $? "shares of ranks and of --only"

# ---- a device that can't run the model ----
images="--data shapes --holdout 9900 --model lenet --batch 32 --steps 4 --keep-every 2 --lr 0.01 --threads 1 --conv-algo direct"
chains=2
FAR_LACKS=4
export FAR_LACKS
# shellcheck disable=SC2086 # words
"$far" sample $images --chains 2 --workers 2 --out here 2>said >out && "$BASIN" sample $images --chains 2 --quiet --out there && same here there
ok $? "where the best device can't run a model the CPU does"
[ "$(grep -c '^basin: warning: far has no convolutions yet, which --model lenet needs: the CPU is used$' said)" = 1 ] &&
	grep -q '^basin: 2 chains, 2 at a time on 1 thread each$' said && grep -q '"name": "cpu"' here/run.json
ok $? "and one line says so"
"$far" predict here 2>said >a && "$BASIN" predict here >b && cmp a b && grep -q '^basin: warning: far has no convolutions yet' said
ok $? "predict"
"$far" ood here --ood glyphs 2>said >a && "$BASIN" ood here --ood glyphs >b && cmp a b && grep -q '^basin: warning: far has no conv' said
ok $? "and ood"
words='basin: --device far: has no convolutions yet, which --model lenet needs; --device cpu has'
# shellcheck disable=SC2086 # words
fails 2 "^$words" "sample, where the device is asked for" "$far" sample $images --device far --out never
[ ! -e never ]
ok $? "and nothing is made"
fails 2 "$words" "predict" "$far" predict here --device far
fails 2 "$words" "and ood" "$far" ood here --ood glyphs --device far
unset FAR_LACKS

# ---- too little memory ----
# The batch that the message of a failure says would fit.
fits() { sed -n 's/.*; --batch \([0-9]*\) would fit$/\1/p' err; }
plan="--data shapes --holdout 9000 --model mlp:3072-128-10 --steps 3 --lr 0.01 --threads 1 --quiet"
# lacks LIMIT WORDS: a run that would need more than so many bytes says so, and takes the batch that it is told
lacks() {
	rm -rf too-large smaller
	# shellcheck disable=SC2086 # words
	FAR_LIMIT=$1 "$far" sample $plan --batch 1000 --out too-large 2>err
	[ $? = 1 ] && grep -q "^basin: $2 [0-9.]* MB are free; --batch [0-9]* would fit$" err &&
		FAR_LIMIT=$1 "$far" sample $plan --batch "$(fits)" --out smaller 2>again
	result=$?
	ok $result "$3, with a batch that would fit, and does"
	[ $result = 0 ] || shown err again
}
lacks 12000000 "out of memory on far: 13.4 MB for the network's buffers with batches of 1000, and" "buffers"
[ ! -e too-large ]
ok $? "and nothing was made"
lacks 15000000 "out of memory on far: 3.07 MB for the data, and" "data"
lacks 18000000 "chain 0: out of memory on far: 4.74 MB for a chain's vectors, and" "the vectors of a chain"
[ "$(fits)" -ge 700 ]
ok $? "which is no smaller than it must be"
# shellcheck disable=SC2086 # words
FAR_LIMIT=1000000 "$far" sample $plan --batch 1000 --out never 2>err
[ $? = 1 ] && grep -q '13.4 MB for the network.s buffers with batches of 1000, and 1 MB are free; no --batch would fit$' err && [ ! -e never ]
ok $? "or that none would"
FAR_LIMIT=17000000 "$far" predict smaller --split train --batch 1000 2>err
[ $? = 1 ] && grep -q 'MB for snapshots in turn, and [0-9.]* MB are free; --batch [0-9]* would fit$' err &&
	FAR_LIMIT=17000000 "$far" predict smaller --split train --batch "$(fits)" >a && "$BASIN" predict smaller --split train >b && cmp a b
ok $? "predict says the same of its own batches"
FAR_LIMIT=1000000 "$far" ood smaller --ood glyphs --batch 1000 2>err
[ $? = 1 ] && grep -q 'MB for the network.s buffers with batches of 1000, and 1 MB are free; no --batch would fit$' err
ok $? "and ood"
done_testing
