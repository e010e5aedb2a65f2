#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Calls that read or write files and fail, one in each of many runs of each command, as on a broken disk or a full
# one, with and without half of what was to be written: it ends with status 1 or 2 and one line, or its result is the
# same as ever. tests/fail_io.c makes them fail; BROKEN_DISK_RUNS=1000000 lets each fail in its turn.
set -u
. "${top_srcdir:?}/tests/tap.sh"
. "$top_srcdir/tests/faults.sh"
lib=$(dirname "$BASIN")/tests/fail_io.so
runs=${BROKEN_DISK_RUNS:-14}
FAIL_UNDER=$dir
export FAIL_UNDER

failed() {
	{ [ "$1" = 1 ] || [ "$1" = 2 ]; } && grep -q '^basin: ' err
}

# twice NAME FOLDER WORD…: on a broken disk, then on a full one that takes half of what is to be written
twice() {
	command=$1
	shift
	FAIL_ERRNO=5 sweep "$command, EIO" "$@"
	FAIL_ERRNO=28 FAIL_SHORT=1 sweep "$command, ENOSPC" "$@"
}

lacking 0 --version
if [ ! -s calls ]; then
	skip "commands on a broken disk" "nothing can be put before this program's calls"
	done_testing
	exit 0
fi
make_runs
cp "$top_srcdir/tests/golden/probs.npy" probs
cp "$top_srcdir/tests/golden/labels.npy" labels
mkdir -p kept && "$BASIN" predict --quiet --threads 1 --save-member-probs kept/members.npy classes >told || exit 99
# What can't be looked at is not taken for missing, and begun anew or left out.
prepare half
FAIL_UNDER=$dir/run/chain-0 lacking 1+ sample --resume run --threads 1 --quiet
[ $? = 1 ] && grep -q 'run/chain-0.ckpt: Input/output error' err && cmp -s run/chain-0.snaps half/chain-0.snaps && goes_on
ok $? "a chain whose files can't be looked at is not begun anew"
prepare whole
rm run/chain-0.ckpt
FAIL_UNDER=$dir/run/chain-0.snaps lacking 3+ sample --resume run --threads 1 --quiet
[ $? = 1 ] && cmp -s run/chain-0.snaps whole/chain-0.snaps
ok $? "nor one whose snapshots can't be read where its checkpoint is gone"
prepare whole
FAIL_UNDER=$dir/run/chain-1 lacking 1+ predict --json run
[ $? = 1 ] && [ ! -s out ] && grep -q 'run/chain-1.snaps: Input/output error' err
ok $? "nor left out of an ensemble"
# shellcheck disable=SC2086 # words
twice "sample" - sample $plan --out run
twice "sample --resume" half sample --resume run --threads 1 --quiet
twice "predict" - predict --json --quiet --threads 1 --save-probs p.npy --save-member-probs m.npy --csv p.rows classes
cut -d, -f1,2 classes.csv >unlabelled.csv
rows=shown feed=unlabelled.csv
sweep "predict through a pipe" - predict --quiet --threads 1 --data csv:- --csv - classes
unset rows feed
"$BASIN" sample --data csv:classes.csv --likelihood categorical --model mlp:2-4-2 --sampler sgd --steps 2 --lr 0.01 --chains 2 \
	--threads 1 --quiet --out deep
ok $? "a deep ensemble"
sweep "predict beside a deep ensemble" - predict --json --quiet --threads 1 --ensemble deep classes
sweep "predict of stored probabilities" - predict --json --probs probs --labels labels
make_rules
# shellcheck disable=SC2086 # words
twice "decide" - decide --json --quiet --threads 1 --data csv:other.csv $asked --out r.rules classes
sweep "predict with rules" - predict --json --quiet --threads 1 --data csv:other.csv --decide kept/classes.json --csv p.rows classes
twice "ood" - ood --json --quiet --threads 1 --ood csv:far.csv --save-scores s.npy classes
sweep "compare" - compare --json --quiet --threads 1 classes kept/members.npy
# shellcheck disable=SC2086 # words
sweep "diagnose" - diagnose --json --quiet --threads 1 --gradients 3 $leniently judged
sweep "info" - info --json --verify --tensors whole
"$BASIN" sample --model gaussian:1,2 --sampler hmc --steps 6 --burn-in 2 --log-every 1 --threads 1 --quiet --out moves || exit 99
sweep "info of a run whose logs it reads" - info --json moves
sweep "data info" - data info --json csv:classes.csv
sweep "info of a data set" - info --json csv:classes.csv
twice "export" - export --json --out e.npz whole
sweep "flatness" - flatness --json --quiet --threads 1 --top 2 --probes 2 classes
twice "swag" - swag --json --quiet --rank 2 --draws 2 --out drawn whole
# FAT can't give a file two names, as a new one has for a moment.
FAIL_ERRNO=1 sweep "export, EPERM" - export --json --out e.npz whole
done_testing
