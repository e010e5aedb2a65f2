#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Norms of maps that come down to 1×1 pixels: batches in which batch norm would have one value a channel are refused before
# anything is made.
set -u
. "${top_srcdir:?}/tests/tap.sh"

# images N: so many of 3×8×8 in two classes, one of them brighter; stored as npy:x-N.npy,y-N.npy
images() {
	{
		printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': ($1, 3, 8, 8), }"
		LC_ALL=C awk -v n="$1" 'BEGIN {
			srand(1); for (i = 0; i < n; i++) for (e = 0; e < 192; e++) printf "%c", 1 + int(50 * rand()) + 60 * (i % 2) }'
	} >"$dir/x-$1.npy"
	{
		printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': ($1,), }"
		LC_ALL=C awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf i % 2 ? "\001" : "\003" }' | tr '\003' '\000'
	} >"$dir/y-$1.npy"
}
images 33
images 16

resnet() {  # resnet N OPTIONS…: steps of a ResNet on N images
	n=$1
	shift
	rm -rf "$dir/run"
	"$BASIN" sample --data "npy:$dir/x-$n.npy,$dir/y-$n.npy" --model resnet18:cifar --temperature 1e-6 --lr 0.01 --steps 1 \
		--out "$dir/run" "$@"
}

refused() {  # refused WORDS NAME OPTIONS…
	words=$1 name=$2
	shift 2
	fails 2 "^basin: --batch $words" "$name" resnet "$@"
	[ ! -e "$dir/run" ]
	ok $? "$name: before anything is made"
}

taken() {  # taken NAME OPTIONS…
	name=$1
	shift
	resnet "$@" --quiet >"$dir/out" 2>"$dir/err"
	result=$?
	ok $result "$name"
	[ $result = 0 ] || shown "$dir/err"
}

refused '1: .*; --batch 3 would do$' "one example" 33 --batch 1
refused '32: .*33 examples holds 1, .*; --batch 31 or 33 would do$' "one example at the end of an epoch" 33 --batch 32
refused '4: .*; --batch 3 or 5 would do$' "the same of many batches" 33 --batch 4
refused '2: .*; --batch 3 would do$' "a pass for the statistics ends with one" 33 --batch 2 --sampling iid --bn-stats recompute
refused '16: .*; --batch 15 or 17 would do$' "and so does that of a method's anchor" 33 --batch 16 --sampling iid \
	--sampler entropy-mcmc
for word in same full; do
	fails 2 '^basin: --heavy-batch: .*33 examples holds 1, .* take another --batch' "a gradient of all data ends with one, heavy-batch $word" \
		resnet 33 --batch 16 --sampling iid --sampler tail-sgd --heavy-batch $word
	[ ! -e "$dir/run" ]
	ok $? "heavy-batch $word: before anything is made"
done
taken "one of 32 does not" 33 --batch 16 --sampling iid --sampler tail-sgd --large-batch 32
taken "independent draws have no last batch" 33 --batch 2 --sampling iid
taken "31 of 33 leave two" 33 --batch 31
taken "all at once" 33 --batch 0
taken "batches that come out even" 16 --batch 4
"$BASIN" predict --quiet --json --batch 1 "$dir/run" >"$dir/out" 2>"$dir/err"
ok $? "predictions take one example at a time"
resnet 16 --batch 1 --norm frn >"$dir/out" 2>"$dir/err"
[ $? = 0 ] && grep -q '^basin: .*--norm frn: .* 1×1 pixels for images of 8×8' "$dir/err"
result=$?
ok $result "filter response norm takes it, and is warned of"
[ $result = 0 ] || shown "$dir/err"
"$BASIN" sample --quiet --data "npy:$dir/x-33.npy,$dir/y-33.npy" --model resnet20 --batch 1 --steps 1 --temperature 1e-6 \
	--lr 0.01 --out "$dir/run20" 2>"$dir/err"
ok $? "a network whose maps stay larger takes one example"

done_testing
