#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# --precision, --conv-algo and --bn-stats through the whole program: what is refused, what warns, what predictions take from
# the run, and that chains that recompute statistics go on to the same bits.
set -u
. "${top_srcdir:-.}/tests/tap.sh"
cd "$dir" || exit 99

data="--data shapes --holdout 9880 --batch 48 --lr 0.01 --temperature 1e-4 --threads 2"
sample() { "$BASIN" sample $data "$@"; }
# Chains of a few steps have learned little, and are warned of.
says_nothing() { ! grep -q -v guessing err; }
close_by() { awk -v a="$(member nll "$1")" -v b="$(member nll "$2")" 'BEGIN { d = a - b; exit !(a && d < 1e-4 && d > -1e-4) }'; }

# ---- what makes no sense is refused, by name and with what is at fault ----

mlp="--model mlp:3072-8-10 --steps 2 --out no"
fails 2 "^basin: --conv-algo winograd: --model mlp:3072-8-10 has no convolutions" "an algorithm for convolutions that aren't there" \
	sample $mlp --conv-algo winograd
fails 2 "^basin: --conv-algo winograd: none of the convolutions of --model lenet is 3×3 with stride 1" "Winograd's way of 5×5" \
	sample --model lenet --steps 2 --conv-algo winograd --out no
sample --model linear --steps 1 --activation tanh --out straight 2>err && grep -q 'warning: --activation has no part in --model linear$' err
ok $? "an activation is told of where there is none"
for method in sgd adamw sam asam m-sam rw-sam tail-sgd; do
	plain="sample --data shapes --holdout 9880 --batch 48 --lr 0.01 --threads 2 --model linear --steps 2 --sampler $method"
	"$BASIN" $plain --out mild-$method 2>err && ! grep -q 'has no part' err && "$BASIN" $plain --temperature 9 --out hot-$method 2>err &&
		grep -q -e "warning: --temperature has no part in --sampler $method$" err && "$BASIN" export mild-$method --out mild.npz --overwrite &&
		"$BASIN" export hot-$method --out hot.npz --overwrite && cmp -s mild.npz hot.npz
	ok $? "a temperature has no part in $method, and that is said"
done
fails 2 "^basin: --fast: --model mlp:3072-8-10 has no convolutions" "haste with nothing to gain" sample $mlp --fast
fails 2 "^basin: --bn-stats recompute: --model mlp:3072-8-10 has no batch norm" "statistics that aren't there" \
	sample $mlp --bn-stats recompute
fails 2 "^basin: --bn-stats recompute: --model resnet20 with --norm frn has no batch norm" "statistics of a network with --norm frn" \
	sample --model resnet20 --norm frn --bn-stats recompute --steps 2 --out no
for often in 0 0x10 nan 1.5steps 10steps5 stp; do
	fails 2 "^basin: --checkpoint-every $often: expected seconds (60) or steps (1000steps), above 0" "checkpoints every $often" \
		sample $mlp --checkpoint-every $often
done
fails 2 "^basin: --precision fp16: expected" "an unknown precision" sample $mlp --precision fp16
for option in "--precision bf16" "--conv-algo direct" --fast "--bn-stats recompute"; do
	fails 2 "^basin: ${option% *} does not apply to --model gaussian:1,2" "${option% *} for an analytic target" \
		"$BASIN" sample --model gaussian:1,2 --steps 2 --out no $option
done
[ ! -e no ]
ok $? "and nothing was made"
sample --model mlp:3072-8-10 --steps 2 --conv-algo auto --bn-stats run --precision fp32 --out plain >/dev/null 2>err && says_nothing
ok $? "the defaults may be given to any network"
for command in predict "ood --ood glyphs"; do
	fails 2 "^basin: --conv-algo gemm: the run's model mlp:3072-8-10 has no convolutions" "${command%% *}: the same" \
		"$BASIN" $command plain --conv-algo gemm
done
fails 2 "^basin: .*--conv-algo" "stored probabilities have no arithmetic" \
	"$BASIN" predict --probs "${top_srcdir:-.}/tests/golden/probs.npy" --labels "${top_srcdir:-.}/tests/golden/labels.npy" \
	--conv-algo direct

# ---- an algorithm ----

lenet="--model lenet --steps 6"
sample $lenet --out full >out 2>err && says_nothing
ok $? "a run in fp32 warns of nothing"
fails 2 "^basin: --conv-algo winograd: none of the convolutions of the run's model lenet" "predict says it too" \
	"$BASIN" predict full --conv-algo winograd
"$BASIN" predict full --split train --json >own && "$BASIN" predict full --split train --json --conv-algo direct >out &&
	close_by own out
ok $? "an algorithm for prediction changes last digits alone"

# ---- bf16 ----

# Where a processor has AMX, oneDNN runs as on one that has not.
note="^basin: warning: this CPU has no AMX: bf16 may be slower than fp32 here; compare with --precision fp32$"
without_amx() { ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 DNNL_MAX_CPU_ISA=AVX512_CORE_BF16 "$BASIN" "$@"; }

half() {
	[ "$(grep -c "$note" err)" = 1 ]
	ok $? "a run in bf16 warns once without AMX"
	grep -q '"precision": "bf16"' half/run.json
	ok $? "and is recorded"
	without_amx sample $data $lenet --precision bf16 --out quiet --quiet 2>err && [ ! -s err ]
	ok $? "with --quiet it says nothing"
	cmp -s half/chain-0.snaps full/chain-0.snaps
	[ $? = 1 ]
	ok $? "its numbers are others than those of fp32"
	for command in "predict --split train" "ood --ood glyphs"; do
		without_amx $command half --json >own 2>err
		[ $? = 0 ] && [ "$(grep -c "$note" err)" = 1 ]
		ok $? "${command%% *} takes the run's precision, and warns once"
		without_amx $command half --json --precision bf16 --quiet >out 2>err && cmp -s own out && [ ! -s err ]
		ok $? "${command%% *}: giving it makes no difference"
		without_amx $command half --json --precision fp32 >out 2>err && says_nothing && ! cmp -s own out
		ok $? "${command%% *}: another one does"
	done
	without_amx predict half full --split train >out 2>err &&
		grep -q "warning: half/chain-0.snaps and full/chain-0.snaps ran in different precisions" err
	ok $? "runs of different precisions are pooled with a warning"
}
if without_amx sample $data $lenet --precision bf16 --out half >out 2>err; then
	half
elif grep -q "^basin: --precision bf16: .* use --precision fp32" err; then
	skip "a run in bf16" "this processor has no AVX-512"
else
	ok 1 "a run in bf16"
	shown err
fi

# ---- what a run can't change ----

for option in "--precision bf16" "--conv-algo direct" "--bn-stats recompute"; do
	fails 2 "^basin: ${option% *} can't change on --resume" "${option% *} stays on --resume" "$BASIN" sample --resume full $option
done

# ---- statistics in chains that are resumed ----

pair="--model resnet20 --augment crop-flip --sampler entropy-mcmc --coupling 1 --bn-stats recompute --keep-every 2 --quiet"
sample $pair --conv-algo direct --steps 6 --out whole && sample $pair --conv-algo direct --steps 3 --out cut && "$BASIN" sample --resume cut --steps 6 --quiet
ok $? "a run with batch norm is made longer"
# The whole one has kept what the shorter one had not at its end.
"$BASIN" predict --json --quiet --split train --from-step 4 whole >own && "$BASIN" predict --json --quiet --split train --from-step 4 cut >out &&
	sed 's/"cut/"whole/' out | cmp -s own -
ok $? "and predicts to the last digit what one that was never stopped does"
"$BASIN" predict --json --quiet --split train --from-step 4 --batch 7 whole >out && close_by own out
ok $? "in batches of any size"
grep -q '"not the posterior of a fixed model; for one, use --norm frn --augment none"' own
ok $? "predictions say that no model is fixed"
"$BASIN" info --json whole >out && grep -q '"bn-stats": "recompute"' out && grep -q '"precision": "fp32"' out
ok $? "info tells how statistics were made, and the arithmetic"
done_testing
