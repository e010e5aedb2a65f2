#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What predict and ood print and write is the same to the byte for any number of threads: members and batches go side by
# side, of small networks and large ones.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99

rows() {  # rows SEED N LAST: tables of 8 columns and what awk's LAST says of their sum
	awk -v seed="$1" -v n="$2" 'BEGIN { srand(seed); for (i = 0; i < n; i++) { t = 0; s = ""
		for (j = 0; j < 8; j++) { x = rand() - .5; t += x * (j % 3 - 1); s = s x "," }
		print s ('"$3"') } }'
}
rows 1 1100 '(t > .4) + (t > 0)' >classes.csv
rows 2 700 '0' >far.csv
rows 3 1100 't + .1 * rand()' >real.csv
sample() { "$BASIN" sample --quiet --threads 1 "$@" || ok 1 "a run to read"; }
sample --data csv:classes.csv --likelihood categorical --model mlp:8-16-3 --batch 50 --steps 60 --keep-every 4 --chains 2 --out mlp
sample --data csv:real.csv --model mlp:8-16-1 --lr 0.001 --batch 64 --steps 60 --keep-every 10 --chains 2 --out real
sample --data shapes --holdout 9000 --model lenet --lr 0.01 --batch 64 --steps 6 --keep-every 2 --out lenet
# The gradients that auto chooses may depend on the threads of one convolution.
sample --data shapes --holdout 9976 --model resnet18 --conv-algo direct --lr 0.01 --batch 4 --steps 1 --out resnet

# same NAME COMMAND…: with 1, 2 and 5 threads, the report and the files that it writes
same() {
	name=$1
	shift
	for threads in 1 2 5; do
		mkdir -p $threads && rm -f $threads/*
		(cd $threads && "$BASIN" "$@" --json --quiet --threads $threads >report) || echo failed >$threads/failed
	done
	[ -s 1/report ] && diff -r 1 2 >differs && diff -r 1 5 >>differs && [ ! -e 1/failed ]
	result=$?
	ok $result "$name: the same bytes"
	[ $result = 0 ] || shown differs
}
both="--save-probs p.npy --save-member-probs m.npy"
# shellcheck disable=SC2086 # words
{
	same "30 members of a small network" predict ../mlp --curve $both
	same "batches of another size" predict ../mlp --batch 7 $both
	same "one member of it" predict ../mlp --chain 0 --last 1 $both
	same "two sets" ood ../mlp --ood csv:../far.csv --save-scores s.npy
	same "a regression" predict ../real --curve
	same "LeNet" predict ../lenet --curve $both
	same "two sets of images" ood ../lenet --ood glyphs --score energy --save-scores s.npy
	same "one member of a ResNet" predict ../resnet --split train --batch 8 $both
}
done_testing
