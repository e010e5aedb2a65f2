#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Convolutional networks through the whole program: chains that learn, are killed and go on to the same bits, and predict.
set -u
. "${top_srcdir:-.}/tests/tap.sh"

# 64 images of 3×16×16 in four classes, each brighter in another half, with noise.
npy() {  # npy TYPE SHAPE: the head of a .npy file, 128 bytes
	printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': ($2), }"
}
{
	npy '|u1' '64, 3, 16, 16'
	LC_ALL=C awk 'BEGIN {
		srand(1)
		for (i = 0; i < 64; i++) for (c = 0; c < 3; c++) for (y = 0; y < 16; y++) for (x = 0; x < 16; x++) {
			k = i % 4
			bright = k < 2 ? (x < 8) == k : (y < 8) == k - 2
			printf "%c", 33 + int(30 * rand()) + 50 * bright
		}
	}'
} >"$dir/images.npy"
{
	npy '|u1' '64,'
	for _ in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do printf '\000\001\002\003'; done
} >"$dir/labels.npy"
data="npy:$dir/images.npy,$dir/labels.npy"
common="--model resnet20 --batch 16 --temperature 1e-4 --lr 0.02 --log-every 1 --threads 2"

log() { cat "$dir/$1/chain-0.log.jsonl" 2>/dev/null; }
reached() {  # reached RUN LINES: waits until its log has so many lines, or process $pid has ended
	while [ "$(log "$1" | wc -l)" -lt "$2" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
}

# cut NAME OPTIONS…: a run that is killed, and goes on twice from the same state, once with another kill on the way. Both know
# the algorithms that the killed run measured, and no others.
cut() {
	name=$1
	shift
	"$BASIN" sample --data "$data" $common --steps 40 --keep-every 20 --checkpoint-every 1steps --quiet "$@" --out "$dir/$name" \
		2>"$dir/err" &
	pid=$!
	reached "$name" 4
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	cp -R "$dir/$name" "$dir/$name-again"
	"$BASIN" sample --resume "$dir/$name" >/dev/null 2>"$dir/resumed"
	status=$?
	grep -q "resumed at step [1-9]" "$dir/resumed"
	ok $? "$name: a killed run resumes beyond step 0"
	"$BASIN" sample --resume "$dir/$name-again" >/dev/null 2>"$dir/err" &
	pid=$!
	reached "$name-again" 14
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	"$BASIN" sample --resume "$dir/$name-again" >/dev/null 2>>"$dir/err"
	status=$((status + $?))
	[ $status = 0 ] && [ "$(grep -c "resumed at step [1-9]" "$dir/err")" = 2 ] &&
		cmp -s "$dir/$name/chain-0.snaps" "$dir/$name-again/chain-0.snaps"
	same=$?
	ok $same "$name: killed again, it goes on to the same bits"
	[ $same = 0 ] || shown "$dir/resumed" "$dir/err"
	"$BASIN" info --json --verify "$dir/$name" >"$dir/out"
	[ $? = 0 ] && [ "$(grep -c '"damaged": 0' "$dir/out")" = 1 ] && grep -q '"snapshots": 2' "$dir/out"
	ok $? "$name: two snapshots were kept, whole"
	"$BASIN" info --tensors "$dir/$name" | sed -n '/^conv1.weight/,$p' >"$dir/out"
	[ "$(grep -c . "$dir/out")" -gt 60 ] && [ "$(sed 's/^\([^ ]* *[0-9]*\)  .*/\1/' "$dir/out" | awk '{ print length }' | uniq | wc -l)" = 1 ]
	ok $? "$name: the tensors stand in columns"
}

# learned RUN: it is right of nearly all that it has seen in the last ten steps.
learned() {
	log "$1" | tail -n 10 | sed 's/.*"accuracy": *\([0-9.]*\).*/\1/' | awk '{ s += $1 } END { exit !(s / NR > 0.9) }'
}

cut bn --sampler sgld --augment crop-flip
"$BASIN" info --json --tensors "$dir/bn" >"$dir/out"
[ "$(member n_params)" = 272084 ] && grep -q '"layer3.2.bn2.running_var"' "$dir/out" &&
	grep -q '"not the posterior of a fixed model' "$dir/out"
ok $? "bn: its tensors and statistics, and that no model is fixed"

cut frn --sampler fsgld --sigma 1e-3 --norm frn
learned frn
ok $? "frn: it learns"
"$BASIN" info --json --tensors "$dir/frn" >"$dir/out"
[ "$(member n_params)" = 272772 ] && [ "$(member n_stats)" = 0 ] && grep -q '"layer2.0.bn1.tau"' "$dir/out" &&
	! grep -q '"not the posterior' "$dir/out"
ok $? "frn: thresholds, no statistics, a fixed model"
"$BASIN" info "$dir/frn" | grep -q '^model *resnet20, norm frn, activation relu$'
ok $? "frn: basin info says which norm"

for name in bn frn; do
	"$BASIN" predict --json --quiet --save-probs "$dir/probs" --overwrite "$dir/$name" >"$dir/out" 2>"$dir/err"
	[ $? = 0 ] && [ "$(member n)" = 64 ] && [ "$(member snapshots)" = 2 ]
	ok $? "$name: predict averages its snapshots"
	accuracy=$(member accuracy)
	"$BASIN" predict --json --quiet --batch 9 --save-probs "$dir/probs9" --overwrite "$dir/$name" >"$dir/out" 2>>"$dir/err"
	[ $? = 0 ] && [ "$(member accuracy)" = "$accuracy" ]
	ok $? "$name: and in other batches to the same accuracy"
done
awk -v a="$accuracy" 'BEGIN { exit !(a > 0.9) }'
ok $? "frn: what was learned is predicted (accuracy $accuracy)"

# ---- the other networks: one step each ----

for options in "lenet --activation tanh" "resnet18:cifar --norm frn --activation silu" "resnet34 --sampler entropy-mcmc --coupling 1" \
	resnet50; do
	name=${options%% *}
	"$BASIN" sample --data "$data" --batch 4 --steps 2 --lr 1e-3 --quiet --model $options --out "$dir/$name" 2>"$dir/err" &&
		"$BASIN" info --verify "$dir/$name" >"$dir/out"
	step=$?
	ok $step "$options: two steps"
	[ $step = 0 ] || shown "$dir/err"
done
"$BASIN" predict --json --quiet "$dir/lenet" >"$dir/out"
ok $? "lenet predicts"
fails 2 "^basin: --model resnet18:imagenet: needs square images of at least 32×32; the data has 16×16" "images that are too small" \
	"$BASIN" sample --data "$data" --model resnet18:imagenet --steps 1 --out "$dir/no"
fails 2 "^basin: --norm frn: --model lenet has no norms" "a norm for a network without" \
	"$BASIN" sample --data "$data" --model lenet --norm frn --steps 1 --out "$dir/no"
done_testing
