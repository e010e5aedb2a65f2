#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Calls for memory that fail, one in each of many runs of each command: it ends with status 1 and one line that says
# so, or its result is the same as ever. tests/fail_malloc.c makes them fail; NO_MEMORY_RUNS=1000000 lets each fail in
# its turn.
set -u
. "${top_srcdir:?}/tests/tap.sh"
. "$top_srcdir/tests/faults.sh"
lib=$(dirname "$BASIN")/tests/fail_malloc.so
runs=${NO_MEMORY_RUNS:-$runs}

failed() {
	[ "$1" = 1 ] && grep -q '^basin: .*out of memory' err
}

if ! lacking 0 --version || [ ! -s calls ]; then
	skip "commands without memory" "nothing can be put before this program's malloc"
	done_testing
	exit 0
fi

make_runs
# shellcheck disable=SC2086 # words
sweep "sample" - sample $plan --out run
worded="--data csv:words.csv --id id --missing indicator --model mlp:in-3-out --steps 2 --lr 0.01 --threads 1 --quiet"
# shellcheck disable=SC2086 # words
{
	"$BASIN" sample $worded --out words
	ok $? "a run over words and gaps"
	sweep "predict of words and gaps" - predict --json --quiet --threads 1 --data csv:words.csv --unknown other words
}
sed 's/^[^,]*,[^,]*,//' words.csv >named.csv
sweep "info of a table of words" - info --json csv:named.csv
sweep "sample --resume" half sample --resume run --threads 1 --quiet
sweep "predict" - predict --json --quiet --threads 1 --curve --save-probs p.npy --save-member-probs m.npy --csv p.rows classes
sweep "predict by three threads" - predict --json --quiet --threads 3 --batch 5 --save-probs p.npy \
	--save-member-probs m.npy classes
sweep "predict of a regression" - predict --json --quiet --threads 1 --csv p.rows whole
cut -d, -f1,2 classes.csv >unlabelled.csv
sweep "predict of rows without labels" - predict --json --quiet --threads 1 --data csv:unlabelled.csv --csv p.rows classes
sweep "predict of stored probabilities" - predict --json --probs "$top_srcdir/tests/golden/probs.npy" \
	--labels "$top_srcdir/tests/golden/labels.npy"
"$BASIN" sample --data csv:classes.csv --likelihood categorical --model mlp:2-4-2 --sampler sgd --steps 2 --lr 0.01 --chains 2 \
	--threads 1 --quiet --out deep
ok $? "a deep ensemble"
sweep "predict beside a deep ensemble" - predict --json --quiet --threads 1 --ensemble deep classes
make_rules
# shellcheck disable=SC2086 # words
sweep "decide" - decide --json --quiet --threads 1 --data csv:other.csv $asked --out r.rules classes
sweep "decide of a regression" - decide --json --quiet --threads 1 --data csv:reals.csv --intervals quantiles --out r.rules whole
sweep "decide of stored probabilities" - decide --json --probs "$top_srcdir/tests/golden/probs.npy" \
	--labels "$top_srcdir/tests/golden/labels.npy" --out r.rules
sweep "predict with rules" - predict --json --quiet --threads 1 --data csv:other.csv --decide kept/classes.json --csv p.rows classes
sweep "predict of a regression with rules" - predict --json --quiet --threads 1 --decide kept/reals.json --csv p.rows whole
sweep "ood" - ood --json --quiet --threads 1 --ood csv:far.csv --save-scores s.npy classes
sweep "ood by three threads" - ood --json --quiet --threads 3 --batch 5 --ood csv:far.csv --save-scores s.npy classes
sweep "compare" - compare --json --quiet --threads 1 classes classes
sweep "compare of regressions" - compare --json --quiet --threads 1 whole whole
sweep "compare of stored probabilities" - compare --json "$top_srcdir/tests/golden/probs.npy" "$top_srcdir/tests/golden/other.npy" \
	--labels "$top_srcdir/tests/golden/labels.npy"
# shellcheck disable=SC2086 # words
sweep "diagnose" - diagnose --json --quiet --threads 1 --probe csv:d.csv --gradients 3 $leniently judged
sweep "info" - info --json --verify --tensors whole
"$BASIN" sample --model gaussian:1,2 --sampler hmc --steps 6 --burn-in 2 --log-every 1 --threads 1 --quiet --out moves
ok $? "a run of trajectories"
sweep "info of a run whose logs it reads" - info --json moves
sweep "info of a data set" - info --json csv:classes.csv
printf 'who,a,b\nx,1.5,m\ny,2.5,f\nz,NA,f\n' >gaps.csv
rows=shown
sweep "what data info offers" - data info csv:gaps.csv --id who --missing mean
unset rows
sweep "export" - export --json --out e.npz whole
sweep "flatness" - flatness --json --quiet --threads 1 --density --lanczos-steps 3 --probes 2 --by tensor --top 2 --decay --examples 20 classes
sweep "swag" - swag --json --quiet --rank 2 --draws 2 --out drawn whole
rows=shown
sweep "predict's table" - predict --quiet --threads 1 --curve --scores all classes
# shellcheck disable=SC2086 # words
sweep "decide's table" - decide --quiet --threads 1 --data csv:other.csv $asked --out r.rules classes
sweep "ood's table" - ood --quiet --threads 1 --ood csv:far.csv classes
sweep "flatness's table" - flatness --quiet --threads 1 --density --lanczos-steps 3 --probes 2 --by tensor --top 2 --last 2 whole
sweep "compare's table" - compare --quiet --threads 1 classes classes
# shellcheck disable=SC2086 # words
sweep "diagnose's table" - diagnose --quiet --threads 1 --gradients 0 $leniently judged
sweep "info's table" - info --verify --tensors whole
feed=unlabelled.csv
sweep "predict through a pipe" - predict --quiet --threads 1 --data csv:- --csv - classes
unset rows feed
target="--model quadratics:1/2/0.5,-3/0/4,0/1/1 --gradient-noise 1,0.5 --batch 2 --chains 2 --steps 4 --keep-every 2 --threads 1"
# shellcheck disable=SC2086 # words
{
	rm -rf whole && "$BASIN" sample $target --quiet --out whole
	ok $? "a run over an analytic target"
	sweep "sample over an analytic target" - sample $target --quiet --out run
}
done_testing
