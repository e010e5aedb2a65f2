#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The whole program with the CUDA backend, on the stand-in for a card: chains side by side, killed and gone on with, predictions,
# and what is said where there is no card, or too small a one.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
unset BASIN_DEVICE
if [ -z "${BASIN_STANDIN-}" ]; then
	skip "cuda (stand-in): the program" "it needs CUDA's headers, a C++ compiler and an x86-64 processor"
	done_testing
	exit 0
fi
label="cuda (stand-in)"
is() { [ "$1" = "$2" ]; ok $? "$label: $3 (got $1)"; }
check() { ok "$1" "$label: $2"; }

# Two classes that a hidden layer tells apart; and rows far from all of them.
awk 'BEGIN { srand(1); for (i = 0; i < 300; i++) { x = 2 * rand() - 1; y = 2 * rand() - 1; print x "," y "," (x * y > 0) } }' >d.csv
awk 'BEGIN { srand(2); for (i = 0; i < 100; i++) print 5 + rand() "," (-5 - rand()) "," i % 2 }' >far.csv
model="--data csv:d.csv --likelihood categorical --model mlp:2-8-2 --holdout 0.2 --batch 64 --lr 0.1 --seed 7"
run="$model --sampler entropy-mcmc --coupling 0.1 --steps 120 --keep-every 20 --chains 5 --log-every 20 --quiet"

# ---- queues for all chains ----
# Asked for before there is a thread: it is in what the program starts itself once more with, which waits here for its options.
mkfifo options
env -u OMP_WAIT_POLICY "$BASIN_STANDIN" sample --config options --out none 2>err &
pid=$! left=500
until tr '\0' '\n' </proc/$pid/environ | grep -q '^GOMP_SPINCOUNT=' || [ $left = 0 ]; do left=$((left - 1)); sleep 0.01; done
tr '\0' '\n' </proc/$pid/environ | grep -qx 'CUDA_DEVICE_MAX_CONNECTIONS=32'
check $? "as many queues of work as there may be are asked for"
kill $pid
wait $pid

# ---- chains side by side ----
"$BASIN_STANDIN" sample $run --workers 5 --out five
is $? 0 "five chains in rounds"
"$BASIN_STANDIN" sample $run --workers 1 --out one
"$BASIN_STANDIN" sample $run --workers 3 --out three
STANDIN_SEED=5 "$BASIN_STANDIN" sample $run --workers 5 --out order
BASIN_CUDA_GRAPHS=no "$BASIN_STANDIN" sample $run --workers 2 --out single
for other in one three order single; do
	same=0
	for k in 0 1 2 3 4; do cmp five/chain-$k.snaps $other/chain-$k.snaps >&2 || same=1; done
	case $other in
	order) check $same "another order of threads, blocks and streams gives the same bytes" ;;
	single) check $same "calls one by one, and two chains at a time, give the same bytes" ;;
	*) check $same "$other at a time, the same bytes" ;;
	esac
done
grep -q '"cuda":' five/run.json && grep -q '"matmul fp32 nt 64x8x2 bias of cuBLAS ' five/run.json && grep -q '"matmul fp32 nt 48x8x2 bias of cuBLAS ' five/run.json
check $? "run.json has the device's choices, for an epoch's smaller last batch too"
"$BASIN_STANDIN" sample $run --device cpu --out cpu

# ---- killed, and gone on with ----
"$BASIN_STANDIN" sample $run --workers 2 --checkpoint-every 10steps --out cut >&2 &
pid=$!
while [ ! -s cut/chain-1.log.jsonl ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -9 $pid
wait $pid
is $? 137 "killed while two chains run"
"$BASIN_STANDIN" sample --resume cut 2>err
is $? 0 "and gone on with"
grep -q 'resumed at step' err && ! grep -q 'warning: the run was begun' err
check $? "without a word of bits that would differ"
same=0
for k in 0 1 2 3 4; do cmp five/chain-$k.snaps cut/chain-$k.snaps >&2 || same=1; done
check $same "to the bytes of a run that nobody stopped"
"$BASIN_STANDIN" sample --resume cut --steps 140 --device cpu 2>err
is $? 0 "a run of the card's goes on on the CPU"
[ "$(grep -c 'warning: the run was begun' err)" = 1 ] && grep -q 'begun on another device: from here on its numbers differ' err
check $? "which is said in one line"
sed 's/"card": "stand-in"/"card": "another"/' cut/run.json >edited && cp edited cut/run.json && "$BASIN_STANDIN" sample --resume cut --steps 160 2>err &&
	[ "$(grep -c 'warning: the run was begun' err)" = 1 ] && grep -q 'begun on another card: ' err
check $? "and so is another card"

# ---- predictions ----
near() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d <= t && -d <= t) }'; }
"$BASIN_STANDIN" predict five --split holdout --json >there.json 2>err
is $? 0 "predict"
"$BASIN" predict five --device cpu --split holdout --json >here.json 2>err
"$BASIN_STANDIN" predict cpu --device cpu --split holdout --json >cpu.json 2>err
for key in nll entropy mutual_information; do
	near "$(member $key there.json)" "$(member $key here.json)" 1e-5
	check $? "$key of the same snapshots is the CPU's"
	near "$(member $key there.json)" "$(member $key cpu.json)" 1e-3
	check $? "$key of a CPU's run is near"
done
"$BASIN_STANDIN" compare five cpu --split holdout --json >there.json 2>err
is $? 0 "compare"
"$BASIN" compare five cpu --device cpu --split holdout --json >here.json 2>err
for key in total_variation w1 ceiling_w1 nll_difference; do
	near "$(member $key there.json)" "$(member $key here.json)" 1e-5
	check $? "$key is the CPU's"
done
"$BASIN_STANDIN" ood five --ood csv:far.csv --json >there.json 2>err
is $? 0 "ood"
"$BASIN" ood five --ood csv:far.csv --device cpu --json >here.json 2>err
near "$(member auroc there.json)" "$(member auroc here.json)" 1e-4
check $? "auroc is the CPU's"

# Products with the Hessian are the CPU's alone, which is taken without being named.
"$BASIN_STANDIN" flatness five --chain 0 --threads 1 --json >there.json 2>err && "$BASIN" flatness five --chain 0 --threads 1 --json >here.json 2>err &&
	grep -v -e seconds there.json >there && grep -v -e seconds here.json | cmp -s - there
check $? "flatness is the CPU's"
"$BASIN_STANDIN" flatness five --device cuda >out 2>err
is $? 2 "and has no other device"
[ ! -s out ] && grep -q '^basin: --device cuda has no exact products with Hessians yet; the CPU has, and is taken without --device' err
check $? "which it says"

# What is saved member by member scores as what was predicted; a part of the chains, and the curve.
"$BASIN_STANDIN" predict five --split holdout --chain 1 --curve --save-probs there.npy --save-member-probs members.npy --json >there.json 2>err
is $? 0 "predict with one chain, the curve and both files"
"$BASIN" predict five --split holdout --chain 1 --device cpu --save-probs here.npy --save-member-probs each.npy --curve --json >here.json 2>err
near "$(member nll there.json)" "$(member nll here.json)" 1e-6
check $? "nll of one chain is the CPU's"
[ "$(wc -c <there.npy)" = "$(wc -c <here.npy)" ] && [ "$(wc -c <members.npy)" = "$(wc -c <each.npy)" ]
check $? "files of probabilities are as long as the CPU's"
"$BASIN" ood --id-probs members.npy --ood-probs each.npy --json >same.json 2>err
near "$(member auroc same.json)" 0.5 0.02
check $? "and hold its probabilities: nothing tells them apart"

# ---- no card, or too small a one ----
none() {  # none DEVICES WORDS
	STANDIN_DEVICES=$1 "$BASIN_STANDIN" sample $run --device cuda --out never 2>err
	status=$?
	[ $status = 2 ] && grep -q -e "--device cuda: .*$2" err && [ ! -e never ]
	check $? "--device cuda fails and says why: $2"
	rm -rf never
	STANDIN_DEVICES=$1 "$BASIN_STANDIN" sample $(echo "$run" | sed 's/--quiet//; s/--chains 5/--chains 2/') --out cpu-$1 2>err
	[ $? = 0 ] && [ "$(grep -c "$2" err)" = 1 ]
	check $? "without --device the CPU is used, which is said once: $2"
	cmp -s cpu/chain-0.snaps cpu-$1/chain-0.snaps
	check $? "and the bytes are the CPU's"
}
none 0 "there is no CUDA device"
none -1 "no NVIDIA driver"
"$BASIN_STANDIN" sample $run --device cuda:1 --out never 2>err
is $? 2 "a second card is not there"
grep -q "cuda:1: there is one CUDA device, cuda:0" err
check $? "which is said"
# The data are 31 MB there, what products need 34.
large="--data shapes --model mlp:3072-64-10 --steps 1 --device cuda" memory=75000000
STANDIN_MEMORY=$memory "$BASIN_STANDIN" sample $large --batch 2000 --out never 2>err
status=$?
[ $status = 1 ] && grep -q "out of memory on cuda: .* for .*, and .* are free" err && grep -q -e "--batch [1-9][0-9]* would fit" err
check $? "a card that is too small: the sizes, and a batch that would fit"
batch=$(sed -n 's/.*--batch \([1-9][0-9]*\) would fit.*/\1/p' err)
STANDIN_MEMORY=$memory "$BASIN_STANDIN" sample $large --batch "${batch:-0}" --out fits --quiet
check $? "and it fits"
# Its buffers have room, but not another layer's tensors beside them, which the first convolution is measured with.
large="--data shapes --holdout 9000 --model lenet --steps 1 --device cuda" memory=100000000
STANDIN_MEMORY=$memory "$BASIN_STANDIN" sample $large --batch 900 --out never 2>err
status=$?
[ $status = 1 ] && grep -q "out of memory on cuda: .* for measuring .*, and .* are free" err && grep -q -e "--batch [1-9][0-9]* would fit" err
check $? "one that is too small to measure a convolution in: the same"
batch=$(sed -n 's/.*--batch \([1-9][0-9]*\) would fit.*/\1/p' err)
STANDIN_MEMORY=$memory "$BASIN_STANDIN" sample $large --batch "${batch:-0}" --out fitted --quiet
check $? "and that fits too"
done_testing
