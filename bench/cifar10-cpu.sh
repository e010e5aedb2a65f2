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
basin=${BASIN:-$here/../build/basin}
runs=${RUNS:-cifar10-runs}
threads=${THREADS:-$(nproc)}
if [ -z "${BASIN_DATA-}" ]; then
	echo "bench/cifar10-cpu.sh: skipped: BASIN_DATA is not set" >&2
	exit 0
fi
if [ -z "${PRECISION-}" ]; then
	PRECISION=fp32
	grep -q -w amx_bf16 /proc/cpuinfo && PRECISION=bf16
fi
mkdir -p "$runs"
cifar=cifar10:$BASIN_DATA/cifar-10-batches-bin

# timed FILE COMMAND…: adds the command's wall time to FILE, in nanoseconds, if it ends well.
timed() {
	times=$1
	shift
	begin=$(date +%s%N)
	"$@"
	echo $(($(date +%s%N) - begin)) >>"$times"
}

# report FILE COMMAND…: what the command prints, to FILE, unless it is there.
report() {
	report=$1
	shift
	[ -s "$report" ] && return
	timed "${report%.json}.ns" "$@" >"$report.part"
	mv "$report.part" "$report"
}

# go NAME OPTION…: a run, its predictions, its last state's alone, and both comparisons with SVHN.
go() {
	name=$1 run=$runs/$1
	shift
	if [ -n "${ONLY-}" ]; then
		case " $ONLY " in
		*" $name "*) ;;
		*) return 0 ;;
		esac
	fi
	if [ ! -e "$runs/$name.done" ]; then
		echo "$name: $(date -u +%H:%M:%S)" >&2
		if [ -d "$run" ]; then
			timed "$runs/$name.ns" "$basin" sample --resume "$run" --threads "$threads" --quiet >/dev/null
		else
			timed "$runs/$name.ns" "$basin" sample --data "$cifar" --model resnet20 --batch 128 --schedule cosine \
				--lr 0.5 --weight-decay 5e-4 --temperature 1e-4 --precision "$PRECISION" --threads "$threads" \
				--out "$run" --quiet "$@" >/dev/null
		fi
		: >"$runs/$name.done"
	fi
	report "$run.predict.json" "$basin" predict "$run" --threads "$threads" --json
	report "$run.last.json" "$basin" predict "$run" --last 1 --threads "$threads" --json
	report "$run.ood-id.json" "$basin" ood "$run" --ood "svhn:$BASIN_DATA/svhn" --threads "$threads" --json
	report "$run.ood-half.json" "$basin" ood "$run" --ood "svhn:$BASIN_DATA/svhn" --ood-normalize 0.5:0.5 \
		--threads "$threads" --json
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

python3 "$here/cifar10_tables.py" "$runs" "$@"
