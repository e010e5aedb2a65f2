#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# basin export: which snapshot it takes, what the file holds, and that PyTorch predicts with it as Basin does.
set -u
. "${top_srcdir:?}/tests/tap.sh"

# ---- what the file holds: tests/files.c has the values ----

./tests/snaps write "$dir" || exit 99
for dtype in float32 float16 bfloat16; do
	"$BASIN" export "$dir/$dtype.snaps" --out "$dir/$dtype.npz" >"$dir/out" 2>"$dir/err" &&
		./tests/npz show "$dir/$dtype.npz" >"$dir/arrays"
	ok $? "a snapshot of $dtype is exported"
	[ "$(cat "$dir/out")" = "$dir/$dtype.npz: step 30, theta, of $dir/$dtype.snaps, the last of 3 snapshots; 6 arrays, \
40 parameters, 7 statistics" ]
	ok $? "$dtype: it is θ of the last step"
	# Element e of memory is e + ¼, the first one step/10. Memory is (out, height, width, in), files (out, in, height, width).
	awk 'BEGIN {
		printf "conv.weight.npy f4 3,2,2,2:"
		for (o = 0; o < 3; o++) for (i = 0; i < 2; i++) for (h = 0; h < 2; h++) for (w = 0; w < 2; w++) {
			e = ((o * 2 + h) * 2 + w) * 2 + i
			printf " %.9g", e ? e + 0.25 : 3
		}
		printf "\nfc.weight.npy f4 4,3:"
		for (e = 24; e < 36; e++) printf " %.9g", e + 0.25
		printf "\nfc.bias.npy f4 4:"
		for (e = 36; e < 40; e++) printf " %.9g", e + 0.25
		printf "\nbn.running_mean.npy f4 3: 0.333333343 0.25 0.200000003\n"
		printf "bn.running_var.npy f4 3: 0.166666672 0.142857149 0.125\n"
		printf "bn.num_batches_tracked.npy i8: 2000\n"
	}' >"$dir/wanted"
	cmp -s "$dir/arrays" "$dir/wanted"
	same=$?
	ok $same "$dtype: float32 tensors in PyTorch's order, statistics and their count"
	[ $same = 0 ] || diff "$dir/wanted" "$dir/arrays" | shown
done
cmp -s "$dir/float32.npz" "$dir/bfloat16.npz"
ok $? "the same values give the same bytes"

# ---- which snapshot ----

awk 'BEGIN { for (i = 0; i < 40; i++) print i % 7 "," i % 5 "," i % 3 }' >"$dir/d.csv"
"$BASIN" sample --quiet --data "csv:$dir/d.csv" --model mlp:2-3-1 --sampler entropy-mcmc --coupling 1 --lr 1e-4 --batch 20 \
	--steps 30 --keep-every 10 --chains 2 --out "$dir/run" || ok 1 "a run to export"

takes() {  # takes STEP ROLE FILE COUNT OPTIONS: which one the options choose, of how many
	"$BASIN" export "$dir/run" --json --out "$dir/taken.npz" $5 >"$dir/out" 2>"$dir/err"
	[ $? = 0 ] && [ "$(member step) $(member role) $(member path) $(member chosen_from)" = "$1 \"$2\" \"$dir/run/$3\" $4" ]
	taken=$?
	ok $taken "${5:-no option} takes $2 of step $1 of $3"
	[ $taken = 0 ] || shown "$dir/out" "$dir/err"
	rm -f "$dir/taken.npz"
}
takes 30 theta chain-0.snaps 6 ""
takes 30 anchor chain-0.snaps 6 "--role anchor"
takes 20 theta chain-1.snaps 2 "--chain 1 --to-step 29"
takes 10 anchor chain-1.snaps 1 "--chain 1 --to-step 10 --role anchor"
takes 30 theta chain-0.snaps 2 "--last 1"
takes 30 anchor chain-0.snaps 2 "--last 1 --role anchor"
takes 30 theta chain-0.snaps 4 "--every 2"
takes 30 theta chain-0.snaps 2 "--every 3"
takes 20 anchor chain-0.snaps 2 "--every 2 --to-step 29 --role anchor"
takes 30 theta chain-0.snaps 2 "--every 2 --last 1"

# ---- refusals ----

"$BASIN" export "$dir/run" --out "$dir/weights" >"$dir/out"
ok $? "the file's name is as given"
cp "$dir/weights" "$dir/before"
fails 2 "^basin: --out $dir/weights: exists already" "an existing file is refused" "$BASIN" export "$dir/run" --out "$dir/weights"
cmp -s "$dir/weights" "$dir/before"
ok $? "and stays as it was"
for part in run.json chain-0.ckpt chain-1.snaps; do
	fails 2 "^basin: --out $dir/run/$part: .*; name another file" "what is read is not overwritten: $part" \
		"$BASIN" export "$dir/run" --overwrite --out "$dir/run/$part"
done
fails 2 "^basin: --csv $dir/d.csv: holds the data that the run was made with" "nor are its data" "$BASIN" predict "$dir/run" --overwrite --csv "$dir/d.csv"
cp "$dir/d.csv" "$dir/other.csv"
fails 2 "^basin: --csv $dir/./other.csv: holds the data that are read" "nor others" "$BASIN" predict "$dir/run" --data "csv:$dir/other.csv" --overwrite \
	--csv "$dir/./other.csv"
fails 2 '^basin: --out FILE.npz is missing' "--out is asked for" "$BASIN" export "$dir/run"
fails 2 '^basin: name one run or snapshot file' "two runs are refused" "$BASIN" export "$dir/run" "$dir/run" --out "$dir/new"
fails 2 '^basin: --format npy: expected' "another format is refused" "$BASIN" export "$dir/run" --format npy --out "$dir/new"
fails 2 '--role x: .* has no snapshots of this role; expected theta' "a role that is not there is refused" "$BASIN" export "$dir/run" --role x --out "$dir/new"
fails 1 "^basin: --out $dir/no/new: .*No such file" "a missing folder is named" "$BASIN" export "$dir/run" --out "$dir/no/new"
# The last byte of a file is of the last record's checksum.
cp "$dir/run/chain-0.snaps" "$dir/bad.snaps"
printf '\377\377' | dd of="$dir/bad.snaps" bs=1 seek=$(($(wc -c <"$dir/bad.snaps") - 2)) conv=notrunc 2>/dev/null
fails 2 'step 30, anchor) .* is damaged' "a damaged snapshot is named" \
	"$BASIN" export "$dir/bad.snaps" --role anchor --out "$dir/new"
set -- "$dir"/new*
[ ! -e "$1" ]
ok $? "what failed leaves no file, whole or temporary"
"$BASIN" export "$dir/bad.snaps" --role anchor --skip-damaged --json --out "$dir/new" >"$dir/out" 2>"$dir/err" &&
	[ "$(member step)" = 20 ]
ok $? "--skip-damaged takes the last whole one"

# ---- the same network in PyTorch ----

# One Python may have PyTorch and another not.
if python_with 'numpy, torch'; then
	"$BASIN" data write shapes --format cifar10 --out "$dir/images" >"$dir/out" && "$python" - "$dir" <<'END'
import sys, numpy
rows = numpy.fromfile(sys.argv[1] + "/images/test_batch.bin", numpy.uint8).reshape(-1, 3073)[:200]
numpy.save(sys.argv[1] + "/x.npy", rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy())
numpy.save(sys.argv[1] + "/y.npy", rows[:, 0])
END
	ok $? "images for both"
fi

as_in_pytorch() {  # as_in_pytorch MODEL OPTIONS: a short run of the model is predicted with here and there
	name="PyTorch loads $1 and predicts the same"
	if [ -z "$python" ]; then
		skip "$name" "no python3 with numpy and torch"
		return
	fi
	rm -rf "$dir/net" "$dir/net.npz"
	# shellcheck disable=SC2086
	"$BASIN" sample --quiet --data shapes --model "$1" --sampler sgd --momentum 0.9 --lr 0.05 $2 --out "$dir/net" &&
		"$BASIN" export "$dir/net" --out "$dir/net.npz" >"$dir/out" &&
		"$BASIN" info --json "$dir/net" >"$dir/info.json" &&
		"$BASIN" predict --quiet --json --data "npy:$dir/x.npy,$dir/y.npy" --save-member-probs "$dir/probs.npy" --overwrite "$dir/net" \
			>"$dir/out" &&
		"$python" "$top_srcdir/tests/golden/export_torch.py" "$dir/net.npz" "$dir/info.json" "$dir/x.npy" "$dir/probs.npy" \
			>"$dir/out" 2>&1
	same=$?
	ok $same "$name"
	shown "$dir/out"
}
as_in_pytorch mlp:3072-32-10 "--batch 64 --steps 60"
as_in_pytorch lenet "--batch 64 --steps 150"
as_in_pytorch resnet20 "--batch 32 --steps 10"
as_in_pytorch resnet18 "--batch 16 --steps 4"

done_testing
