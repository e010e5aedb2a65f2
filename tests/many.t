#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Runs of 1000 chains and chains of 20,000 snapshots: what is said of them is right and readable, memory grows by a few
# hundred bytes a chain and by less than fifty a snapshot, and no command takes longer than it takes anybody to wonder
# (bench/starts.md has the times).
set -u
. "${top_srcdir:?}/tests/tap.sh"
here=$(pwd)
cd "$dir" || exit 99
OMP_NUM_THREADS=1
export OMP_NUM_THREADS

peak() {  # peak NAME COMMAND…: its memory at most in NAME.peak, KiB; its output in out and err
	name=$1
	shift
	"$here/tests/peak" "$name.peak" "$@" >out 2>err
}

# grows_by KIB SMALL LARGE: whether the second's memory is at most so much more than the first's
grows_by() {
	small=$(cat "$2.peak") large=$(cat "$3.peak")
	echo "# $3: $large KiB, $((large - small)) more than $2"
	[ $((large - small)) -le "$1" ]
}

awk 'BEGIN { for (i = 0; i < 50; i++) print (i * 7 % 11) / 11 "," (i * 5 % 13) / 13 "," (i * 3 % 17) / 17 }' >d.csv
sample="$BASIN sample --quiet --threads 1"
mlp="--data csv:d.csv --model mlp:2-32-1 --lr 0.01 --batch 10"
# shellcheck disable=SC2086 # words
$sample $mlp --steps 20 --keep-every 1 --chains 1000 --out c1000 &&
	$sample $mlp --steps 20 --keep-every 1 --chains 10 --out c10 &&
	$sample --model gaussian:1,2 --steps 20000 --keep-every 1 --out s20000 &&
	$sample --model gaussian:1,2 --steps 20 --keep-every 1 --out s20
ok $? "runs to read"

# ---- many chains ----

began=$(date +%s)
peak i10 "$BASIN" info c10 && peak i1000 "$BASIN" info c1000 &&
	[ "$(grep chain out)" = "1000 chains: 1000 done; 20000 snapshots
chains 0 to 999: done at step 20: 20 snapshots each, steps 1 to 20, 20 theta" ] && [ ! -s err ]
ok $? "info tells 1000 chains that are alike in a line, and their totals"
grows_by 1024 i10 i1000
ok $? "info's memory grows by less than 1 KiB a chain"
peak j10 "$BASIN" info --json c10 && peak j1000 "$BASIN" info --json --tensors c1000 && awk '
	/^      "chain":/ { wrong += $2 + 0 != n + 0; n++ }
	/^      "snapshots": 20,$/ { kept++ }
	/^        "theta": 20$/ { roles++ }
	/^  "tensors"/ { tensors++ }
	END { exit !(n == 1000 && kept == 1000 && roles == 1000 && tensors == 1 && !wrong) }' out
ok $? "info --json has a member for each, in order"
grows_by 1024 j10 j1000
ok $? "nor does it take more for JSON"
peak v10 "$BASIN" info --verify c10 && peak v1000 "$BASIN" info --verify c1000 &&
	[ "$(tail -n 1 out)" = "verified: 20000 records, 1000 checkpoints and the headers of 1000 files match their checksums" ] &&
	grows_by 1024 v10 v1000
ok $? "nor for reading all there is"
peak p10 "$BASIN" predict --quiet --json --threads 1 c10 && peak p1000 "$BASIN" predict --quiet --json --threads 1 --last 1 --chain 999 c1000 &&
	[ "$(member snapshots out)" = 1 ] && grep -q '"chain": 999,' out && grows_by 1024 p10 p1000
ok $? "predict begins with one of 1000 chains in the memory that it takes for one of ten"
peak e10 "$BASIN" export --out e10.npz c10 && peak e1000 "$BASIN" export --json --out e1000.npz c1000 &&
	[ "$(member chosen_from out)" = 20000 ] && [ "$(member chain out)" = 0 ] && grows_by 1024 e10 e1000
ok $? "export chooses among 1000 chains"
took=$(($(date +%s) - began))
echo "# in $took s"
[ $took -le 60 ]
ok $? "none of that takes long"

# ---- chains that differ ----

rm c1000/chain-7.* c1000/chain-500.snaps && printf 'torn!' >>c1000/chain-300.snaps
"$BASIN" info c1000 >out 2>err && [ "$(grep '^[0-9]* *chain' out)" = "999 chains: 998 done, 1 not begun; 19960 snapshots
chains 0 to 6: done at step 20: 20 snapshots each, steps 1 to 20, 20 theta
chains 8 to 299: done at step 20: 20 snapshots each, steps 1 to 20, 20 theta
chain 300: done at step 20: 20 snapshots, steps 1 to 20, 20 theta; an incomplete last record of 5 bytes is ignored
chains 301 to 499: done at step 20: 20 snapshots each, steps 1 to 20, 20 theta
chains 501 to 999: done at step 20: 20 snapshots each, steps 1 to 20, 20 theta" ] &&
	grep -q '^basin: warning: c1000: chain 7 has not begun' err && grep -q '^basin: warning: c1000/chain-500.snaps: is missing' err
ok $? "those that differ stand alone"
: >c1000/chain-7.snaps
"$BASIN" info c1000 >again 2>err && cmp -s again out && grep -q '^basin: warning: c1000: chain 7 has not begun' err
ok $? "a chain whose process died before it wrote anything has not begun"
# Six names of a chain that was stopped.
# shellcheck disable=SC2086 # words
$sample $mlp --steps 1000000000 --burn-in 10 --keep-every 999999 --checkpoint-every 100steps --out stopped 2>err &
pid=$!
for _ in $(seq 600); do
	[ ! -s stopped/chain-0.ckpt ] || break
	sleep 0.1
done
kill -TERM $pid
wait $pid
[ $? = 3 ] && for i in 1 2 3 4 5 6; do cp stopped/chain-0.snaps $i.snaps && cp stopped/chain-0.ckpt $i.ckpt; done
ok $? "a chain that was stopped"
"$BASIN" info 1.snaps | grep -q '^chain 0: not finished, last checkpoint at step'
ok $? "info says so"
"$BASIN" predict [1-6].snaps c10 >out 2>err
[ "$(grep 'finished' err)" = "$(for i in 1 2 3 4; do echo "basin: warning: $i.snaps: the chain is not finished; what it kept so far is read"; done
	echo "basin: warning: 2 more chains are not finished; what they kept so far is read")" ]
ok $? "predict names four such chains, and counts the rest"

# ---- many snapshots ----

peak i20 "$BASIN" info s20 && peak i20000 "$BASIN" info s20000 &&
	grep -qx 'chain 0: done at step 20000: 20000 snapshots, steps 1 to 20000, 20000 theta' out && grows_by 1024 i20 i20000
ok $? "info's memory grows by less than 50 bytes a snapshot"
peak e20 "$BASIN" export --out e20.npz s20 && peak e20000 "$BASIN" export --json --out e20000.npz s20000 &&
	[ "$(member chosen_from out)" = 20000 ] && [ "$(member step out)" = 20000 ] && grows_by 1024 e20 e20000
ok $? "so does export's, which chooses among all"
done_testing
