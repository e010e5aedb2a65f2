#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Every method on CIFAR-10 with a multilayer perceptron, scored, and tested against SVHN: prints the tables of
# first-runs.md. Needs BASIN_DATA with cifar-10-batches-bin/ and svhn/; BASIN is the program, EPOCHS the length.
set -eu
basin=${BASIN:-build/basin}
epochs=${EPOCHS:-5}
if [ -z "${BASIN_DATA-}" ]; then
	echo "bench/first-runs.sh: skipped: BASIN_DATA is not set" >&2
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# seconds COMMAND…: its wall time; its output goes to $work/out.
seconds() {
	begin=$(date +%s%N)
	"$@" >"$work/out"
	end=$(date +%s%N)
	awk -v ns=$((end - begin)) 'BEGIN { printf "%.1f", ns / 1e9 }'
}

# field NAME: a number of the JSON object in $work/out.
field() {
	sed -n "s/^  \"$1\": \([^,]*\),*$/\1/p" "$work/out" | awk '{ printf "%.4f", $1 }'
}

echo "| method | sample, s | predict, s | snapshots | accuracy | NLL | ECE | entropy | MI | ood, s | AUROC | AUPR (OOD) | FPR95 |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
for sampler in sgd sgld fsgld entropy-sgd entropy-sgld entropy-mcmc; do
	keep=4
	[ $sampler = entropy-mcmc ] && keep=2
	sample=$(seconds "$basin" sample --data "cifar10:$BASIN_DATA/cifar-10-batches-bin" --model mlp:3072-256-10 \
		--sampler $sampler --epochs "$epochs" --schedule cosine --lr 0.1 --temperature 1e-4 --keep-last $keep \
		--out "$work/$sampler" --quiet)
	predict=$(seconds "$basin" predict "$work/$sampler" --json)
	row="$(sed -n 's/^  "snapshots": \([0-9]*\),*$/\1/p' "$work/out")"
	for name in accuracy nll ece entropy mutual_information; do
		row="$row | $(field $name)"
	done
	ood=$(seconds "$basin" ood "$work/$sampler" --ood "svhn:$BASIN_DATA/svhn" --json)
	echo "| \`$sampler\` | $sample | $predict | $row | $ood | $(field auroc) | $(field aupr_out) | $(field fpr95) |"
done
