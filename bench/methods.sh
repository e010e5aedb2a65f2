#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# The methods of the field on CIFAR-10, ResNet-20: makes the runs of methods.md, seed by seed, and adds a line to
# methods.jsonl for each that is done and scored, from which methods_tables.py makes the tables. What is done is skipped
# and what was interrupted goes on, so it can be stopped at any time and called again; a second one may work on other
# names of the same folder.
#
#   BASIN_DATA=DIR [BASIN=basin] [RUNS=folder] [RESULTS=file.jsonl] [PRECISION=fp32|bf16] [THREADS=2] [SEEDS='1 2'] \
#       [ONLY='sghmc-1 sam-1 …'] bench/methods.sh
#
# COMMIT names the program's commit where it is not that of the folder this script is in.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
script=bench/methods.sh
runs=${RUNS:-methods-runs}
results=${RESULTS:-$here/methods.jsonl}

# shellcheck source=bench/cifar10_runs.sh
. "$here/cifar10_runs.sh"

commit=${COMMIT:-$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)}

# noted NAME: its line of results, with the commit that the run was begun with.
noted() {
	python3 "$here/methods_tables.py" add "$results" "$runs" "$1"
}

# go NAME OPTION…: a run of the common protocol, its scores and its line. Of a row -half, with half the epochs or fewer, the
# last two states are the ensemble.
go() {
	asked "$1" || return 0
	[ -e "$runs/$1.commit" ] || echo "$commit" >"$runs/$1.commit"
	sampled "$@" --augment crop-flip
	case $1 in
	*-half-*) scored "$1" --last 2 ;;
	*) scored "$1" ;;
	esac
	noted "$1"
}

# swag NAME RUN SEED: draws from the Gaussian that fits the snapshots of a run, which is made by now or is not asked for.
swag() {
	asked "$1" || return 0
	[ -e "$runs/$2.done" ] || return 0
	if [ ! -e "$runs/$1.done" ]; then
		echo "$1: $(date -u +%H:%M:%S)" >&2
		echo "$commit" >"$runs/$1.commit"
		rm -rf "${runs:?}/$1"
		timed "$runs/$1.ns" "$basin" swag "$runs/$2" --rank 20 --draws 10 --scale 0.5 --seed "$3" --threads "$threads" \
			--out "$runs/$1" --quiet >/dev/null
		: >"$runs/$1.done"
	fi
	scored "$1"
	noted "$1"
}

cosine='--schedule cosine --keep-last 4'
for seed in ${SEEDS:-1 2}; do
	# Word splitting of the common options is meant.
	# shellcheck disable=SC2086
	{
		go sgd-$seed --sampler sgd --lr 0.5 --epochs 10 --seed $seed $cosine
		go sghmc-$seed --sampler sghmc --friction 0.1 --lr 0.05 --epochs 10 --seed $seed $cosine
		go sam-half-$seed --sampler sam --rho 0.05 --lr 0.5 --epochs 5 --seed $seed $cosine
		go adamw-$seed --sampler adamw --lr 3e-3 --epochs 10 --seed $seed $cosine
		go csghmc-$seed --sampler sghmc --friction 0.1 --lr 0.05 --epochs 10 --seed $seed \
			--schedule cyclical --cycles 2 --explore 0.8 --keep-last 1
		go asam-half-$seed --sampler asam --rho 0.5 --asam-eta 0.01 --lr 0.5 --epochs 5 --seed $seed $cosine
		go rw-sam-half-$seed --sampler rw-sam --rho 0.05 --lr 0.5 --epochs 4 --seed $seed $cosine
		go sam-$seed --sampler sam --rho 0.05 --lr 0.5 --epochs 10 --seed $seed $cosine
		go swa-$seed --sampler sgd --lr 0.5 --epochs 10 --seed $seed --schedule swa --swa-start 6 --lr-end 0.05 \
			--burn-in 2346 --keep-every 78
		swag swag-$seed swa-$seed $seed
		go asam-$seed --sampler asam --rho 0.5 --asam-eta 0.01 --lr 0.5 --epochs 10 --seed $seed $cosine
		go rw-sam-$seed --sampler rw-sam --rho 0.05 --lr 0.5 --epochs 10 --seed $seed $cosine
	}
done
all_asked
