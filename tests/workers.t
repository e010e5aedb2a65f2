#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Chains side by side: the same bits for any number of workers, with a kill between, and beside chains that fail.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

awk 'BEGIN { srand(1); for (i = 0; i < 200; i++) { a = rand() - .5; b = rand() - .5; print a "," b "," a - 2 * b + .1 * rand() } }' >d.csv
chains=7
plan="--data csv:d.csv --model mlp:2-16-1 --batch 32 --lr 0.01 --steps 4000 --keep-every 200 --chains $chains
	--checkpoint-every 100steps --log-every 100"

# same A B: whether two runs have the same snapshots, of every chain.
same() {
	k=0
	while [ -e "$1/chain-$k.snaps" ] || [ $k -lt $chains ]; do
		cmp "$1/chain-$k.snaps" "$2/chain-$k.snaps" || return 1
		k=$((k + 1))
	done
}

# The log without its times.
steps_of() { sed 's/,"step_ms.*//' "$1"; }

for workers in 1 2 5; do
	# shellcheck disable=SC2086 # words
	"$BASIN" sample $plan --workers $workers --out w$workers 2>said >out
	ok $? "$workers workers"
	grep -q "^basin: 7 chains, $workers at a time on 1 thread each$" said && grep -q '^w[0-9]*: 7 chains of 4000 steps' out
	ok $? "and says so"
	"$BASIN" info --verify w$workers >/dev/null && same w1 w$workers && steps_of w1/chain-3.log.jsonl >a &&
		steps_of w$workers/chain-3.log.jsonl | cmp - a
	ok $? "the bits are those of one after another"
done
grep -q '"threads": 1,' w5/run.json && ! "$BASIN" info w5/chain-0.snaps --json | grep -q '"workers"\|"threads"'
ok $? "threads are in run.json, and neither they nor workers in a snapshot's header"

# ---- methods with more vectors, a network with batch norm, measured convolutions ----
images="--data shapes --holdout 9900 --batch 32 --steps 6 --keep-every 3 --lr 0.01 --chains 3"
chains=3
# shellcheck disable=SC2086 # words
"$BASIN" sample $images --model resnet20 --sampler entropy-mcmc --coupling 1 --conv-algo direct --bn-stats recompute \
	--threads 1 --workers 1 --quiet --out r1 &&
	"$BASIN" sample $images --model resnet20 --sampler entropy-mcmc --coupling 1 --conv-algo direct --bn-stats recompute \
		--threads 1 --workers 3 --quiet --out r3 && same r1 r3
ok $? "resnet20, Entropy-MCMC, statistics by a pass: the same bits side by side"
# shellcheck disable=SC2086 # words
"$BASIN" sample $images --model resnet20 --threads 1 --workers 2 --quiet --out auto
ok $? "measured convolutions"
python_with msgpack >/dev/null 2>&1
if [ -n "${python:-}" ]; then
	"$python" - <<-'END'
		import json, msgpack
		run = json.load(open("auto/run.json"))["choices"]
		for k in range(3):
		    meta = msgpack.unpackb(open("auto/chain-%d.ckpt" % k, "rb").read(), strict_map_key=False)["meta"]
		    meta = json.loads(meta) if isinstance(meta, (str, bytes)) else meta
		    assert meta["choices"] == run, (meta["choices"], run)
		assert len(run["cpu"]) > 3
	END
	ok $? "are measured once: every chain has those of run.json"
else
	skip "every chain has the choices of run.json" "no Python with msgpack"
fi
cp -r auto again && rm again/chain-[12].* &&
	"$BASIN" sample --resume again --workers 1 --quiet && same auto again
ok $? "and a chain that begins later uses them too"

# ---- a kill, and a signal, between ----
chains=7
lines() { { wc -l <"$1/chain-$2.log.jsonl"; } 2>/dev/null || echo 0; }
reached() { while [ "$(lines "$1" "$2")" -lt "$3" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done; }
for signal in KILL TERM; do
	# shellcheck disable=SC2086 # words
	"$BASIN" sample $plan --workers 3 --out by-$signal --quiet 2>err &
	pid=$!
	reached by-$signal 2 3
	kill -$signal $pid
	wait $pid
	status=$?
	if [ $signal = KILL ]; then
		[ $status = 137 ]
		ok $? "killed with three chains under way"
	else
		[ $status = 3 ] && grep -q '^basin: stopped by a signal with [4-7] chains to go on with, nothing is lost; go on with: basin sample --resume by-TERM$' err
		ok $? "a signal ends all of them with status 3, and says how to go on"
	fi
	"$BASIN" sample --resume by-$signal --workers 2 2>err && [ "$(grep -c 'resumed at step [1-9]' err)" -ge 2 ]
	ok $? "several chains are gone on with"
	same w1 by-$signal
	ok $? "to the same bits, by another number of workers"
done

# ---- threads are kept ----
chains=2
# shellcheck disable=SC2086 # words
"$BASIN" sample ${images% --chains 3} --model lenet --conv-algo direct --threads 2 --quiet --out two && "$BASIN" sample --resume two --chains 2 2>err &&
	grep -q '1 at a time on 2 threads each' err
ok $? "a run keeps its chains' threads"
sed -i '0,/"threads": 2,$/s//"threads": null,/' two/run.json && "$BASIN" sample --resume two --chains 3 2>err &&
	grep -q 'on 2 threads each' err
ok $? "also one whose options do not name them"

# ---- more chains ----
chains=7
# shellcheck disable=SC2046 # words
"$BASIN" sample $(printf '%s' "$plan" | sed 's/--chains 7/--chains 2/') --out few --quiet
"$BASIN" sample --resume few --chains 7 --quiet && same w1 few && grep -q '"chains": 7' few/run.json
ok $? "a run that gets more chains is one that had them"
"$BASIN" sample --resume few --chains 3 2>err
[ $? = 2 ] && grep -q -- '--chains 3: the run has 7, which can.t become fewer' err
ok $? "it can't have fewer"

# ---- a chain that can't go on ----
# shellcheck disable=SC2086 # words
"$BASIN" sample $plan --out broken --quiet && cp broken/chain-2.ckpt ckpt && "$BASIN" sample --resume broken --steps 4400 --only 0 --quiet
printf x | dd of=broken/chain-2.ckpt bs=1 seek=200 conv=notrunc 2>/dev/null
"$BASIN" sample --resume broken --quiet 2>err
[ $? = 2 ] && grep -q '^basin: chain 2: broken/chain-2.ckpt: ' err && grep -q '^basin: 1 of 7 chains can.t go on; broken holds' err
ok $? "a chain whose checkpoint is damaged is named"
for k in 0 1 3 4 5 6; do
	[ "$(lines broken $k)" = 44 ] || echo "# chain $k: $(lines broken $k)"
done | { ! grep .; }
ok $? "and leaves the others, which go on to their end"
cp ckpt broken/chain-2.ckpt && "$BASIN" sample --resume broken --quiet && [ "$(lines broken 2)" = 44 ]
ok $? "as it does when it is mended"

# A job that is stopped is to come again, also where one of its chains could not go on.
cp -r broken stop && printf x | dd of=stop/chain-0.ckpt bs=1 seek=200 conv=notrunc 2>/dev/null
"$BASIN" sample --resume stop --steps 100000000 --workers 2 --quiet 2>err &
pid=$!
until grep -q '^basin: chain 0: stop/chain-0.ckpt: ' err || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
kill -TERM $pid
wait $pid
status=$?
[ $status = 3 ] && grep -q '^basin: stopped by a signal with 6 chains to go on with' err
ok $? "stopped by a signal the status is 3, beside a chain that can't go on too (got $status)"

# ---- many chains: not a line for each ----
# shellcheck disable=SC2046 # words
"$BASIN" sample $(printf '%s' "$plan" | sed 's/--chains 7/--chains 15/; s/--steps 4000 --keep-every 200/--steps 50/') --out crowd --quiet &&
	"$BASIN" sample --resume crowd --steps 60 2>err && [ "$(grep -c 'resumed at step 50' err)" = 10 ] &&
	[ "$(grep -c '^basin: more chains are resumed$' err)" = 1 ]
ok $? "of many chains that are resumed ten are told"

# ---- too few threads ----
chains=7
lib=$(dirname "$BASIN")/tests/fail_threads.so
LD_PRELOAD=$lib FAIL_CALLS=calls "$BASIN" --version >/dev/null 2>&1
if [ -s calls ]; then
	# shellcheck disable=SC2086 # words
	LD_PRELOAD=$lib FAIL=1+ "$BASIN" sample $plan --workers 3 --out alone 2>err && same w1 alone &&
		[ "$(grep -c "^basin: worker [12] can't begin, and the others go on without it: " err)" = 2 ]
	ok $? "where no thread can be had one worker runs all chains"
else
	skip "where no thread can be had one worker runs all chains" "nothing can be put before this program's calls"
fi

# ---- odd ways to ask ----
for bad in 0 -1 x 5000; do
	# shellcheck disable=SC2086 # words
	"$BASIN" sample $plan --workers=$bad --out never 2>err
	[ $? = 2 ] && grep -q -- '--workers' err && [ ! -e never ]
	ok $? "--workers $bad is refused"
done
done_testing
