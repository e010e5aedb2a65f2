#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The whole program with the CUDA backend, on the stand-in for a card, and networks of convolutions: killed and gone on with by the
# choices that were made at the start, predictions, and foreign images.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
unset BASIN_DEVICE
if [ -z "${BASIN_STANDIN-}" ]; then
	skip "cuda (stand-in): images" "it needs CUDA's headers, a C++ compiler and an x86-64 processor"
	done_testing
	exit 0
fi
label="cuda (stand-in)"
is() { [ "$1" = "$2" ]; ok $? "$label: $3 (got $1)"; }
check() { ok "$1" "$label: $2"; }

# images FILE N SEED STEP: so many of 3 × 16 × 16, the classes 0, 1 and 2 in turns, STEP apart in brightness.
images() {
	printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': ($2, 3, 16, 16), }" >"$1"
	LC_ALL=C awk -v n="$2" -v seed="$3" -v step="$4" 'BEGIN {
		srand(seed)
		for (i = 0; i < n; i++) for (j = 0; j < 768; j++) printf "%c", 60 + i % 3 * step + int(80 * rand())
	}' >>"$1"
}
images x.npy 12 1 30
images foreign.npy 9 2 0
{
	printf '\223NUMPY\001\000v\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': (12,), }"
	printf '\000\001\002\000\001\002\000\001\002\000\001\002'
} >y.npy

# The choices that a run keeps.
choices() { sed -n '/^  "choices"/,/^  }/p' "$1/run.json"; }
# Fails where candidates are measured, and nowhere else: the first is passed over then, which is said.
unmeasured() { STANDIN_FAIL=cudaEventElapsedTime:1:1 "$BASIN_STANDIN" "$@"; }
near() { awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d <= t && -d <= t) }'; }

# net NAME STEPS BOUND OPTION…: two chains in batches of 5, 5 and 2, whose predictions are within BOUND of the CPU's.
net() {
	name=$1 bound=$3
	run="--data npy:x.npy,y.npy --batch 5 --steps $2 --keep-every 2 --log-every 1 --seed 7 --chains 2"
	shift 3
	rm -rf whole cut first other one.npy two.npy
	"$BASIN_STANDIN" sample $run "$@" --workers 2 --checkpoint-every 1steps --quiet --out cut >&2 &
	pid=$!
	while [ ! -s cut/chain-1.log.jsonl ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
	kill -9 $pid
	wait $pid
	is $? 137 "$name: killed while two chains run"
	choices cut >made
	grep -q '"conv wgrad [a-z0-9]* n5 ' made && grep -q '"conv wgrad [a-z0-9]* n2 ' made
	check $? "$name: what was chosen is kept by then, for an epoch's smaller last batch too"
	cp -R cut whole
	rm whole/chain-*
	unmeasured sample $run "$@" --out first 2>err
	grep -q 'passed over' err
	check $? "$name: a run that begins measures"
	unmeasured sample --resume cut 2>err
	is $? 0 "$name: gone on with"
	grep -q 'resumed at step' err && ! grep -q -e 'passed over' -e 'the run was begun' err
	check $? "$name: which measures nothing, and has no word of bits that would differ"
	choices cut | cmp - made >&2
	check $? "$name: its choices are those it had"
	unmeasured sample --resume whole --workers 1 2>err
	is $? 0 "$name: with them a run is begun anew, a chain at a time"
	same=0
	for k in 0 1; do cmp whole/chain-$k.snaps cut/chain-$k.snaps >&2 || same=1; done
	check $same "$name: and has the bytes of the one that was killed"
	"$BASIN_STANDIN" predict cut --split train --json >there.json 2>err
	is $? 0 "$name: predict"
	"$BASIN" predict cut --device cpu --split train --json >here.json 2>err
	for key in nll entropy mutual_information; do
		near "$(member $key there.json)" "$(member $key here.json)" $bound
		check $? "$name: $key of the same snapshots is the CPU's"
	done
	near "$(member accuracy there.json)" "$(member accuracy here.json)" 0
	check $? "$name: and so is the accuracy"
	unmeasured predict cut --split train --save-probs one.npy >/dev/null 2>err &&
		unmeasured predict cut --split train --save-probs two.npy >/dev/null 2>>err
	is $? 0 "$name: predict twice"
	! grep -q 'passed over' err
	check $? "$name: which measures nothing that the run did"
	cmp one.npy two.npy >&2
	check $? "$name: and has the same bytes"
	cp -R cut other && sed 's/ on stand-in":/ on another":/' cut/run.json >other/run.json && ! cmp -s cut/run.json other/run.json &&
		unmeasured predict other --split train >/dev/null 2>err
	is $? 0 "$name: predict of another card's run"
	grep -q 'passed over' err && ! grep -q 'chosen before' err
	check $? "$name: which measures, and has no word of bits that would differ"
	for score in entropy mi; do
		"$BASIN_STANDIN" ood cut $sets --score $score --json >there.json 2>err
		is $? 0 "$name: ood by $score"
		"$BASIN" ood cut $sets --score $score --device cpu --json >here.json 2>err
		near "$(member auroc there.json)" "$(member auroc here.json)" 0.01
		check $? "$name: auroc is the CPU's"
	done
}
sets="--id npy:x.npy,y.npy --ood npy:foreign.npy"
# Predictions are in the run's precision.
if grep -q avx512 /proc/cpuinfo 2>/dev/null; then
	net "lenet, bf16" 60 1e-3 --model lenet --precision bf16 --lr 0.001
else
	skip "lenet, bf16" "the processor that it is compared with has no AVX-512"
fi
net "resnet20" 6 1e-5 --model resnet20 --lr 0.001
done_testing
