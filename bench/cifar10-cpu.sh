#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# ResNet-20 on CIFAR-10 with every method, scored, and tested against SVHN: makes the runs of cifar10-cpu.md and prints its
# tables. What is done is skipped and what was interrupted goes on, so it can be stopped at any time and called again.
#
#   BASIN_DATA=DIR [BASIN=basin] [RUNS=folder] [PRECISION=fp32|bf16] [THREADS=2] [ONLY='sgld-1 fsgld-1 …'] \
#       bench/cifar10-cpu.sh [CONTROL.json…]
#
# CONTROL.json are results of cifar10_peer.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
script=bench/cifar10-cpu.sh
runs=${RUNS:-cifar10-runs}

# shellcheck source=bench/cifar10_runs.sh
. "$here/cifar10_runs.sh"

# go NAME OPTION…: a run under the cosine schedule, and its scores.
go() {
	asked "$1" || return 0
	sampled "$@" --schedule cosine --lr 0.5
	scored "$1"
}

for seed in 1 2; do
	go sgld-$seed --sampler sgld --augment crop-flip --epochs 10 --keep-last 4 --seed $seed
done
go fsgld-1 --sampler fsgld --sigma 1e-3 --augment crop-flip --epochs 10 --keep-last 4
go entropy-mcmc-1 --sampler entropy-mcmc --coupling 4e-4 --augment crop-flip --epochs 10 --keep-last 4
go sgd-1 --sampler sgd --augment crop-flip --epochs 3 --keep-last 3
go entropy-sgd-1 --sampler entropy-sgd --coupling 4e-4 --augment crop-flip --epochs 3 --keep-last 3
go entropy-sgld-1 --sampler entropy-sgld --coupling 4e-4 --augment crop-flip --epochs 3 --keep-last 3
go sgld-frn-1 --sampler sgld --norm frn --augment none --epochs 10 --keep-last 4
all_asked

python3 "$here/cifar10_tables.py" "$runs" "$@"
