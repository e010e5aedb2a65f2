#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# tests/same-records.sh OLD NEW: whether two builds of basin, on this machine, give the same bits.
#
# The same short commands with a fixed seed by both, side by side. Compared are exit statuses, every record of every
# chain byte for byte (headers may be extended, so they are left out), and the members of reports that OLD knows. Runs
# that OLD began and NEW went on with must hold what OLD alone gives. TAP on standard output; exit status 1 where
# anything differs.
# Needs bash and python3.
set -u
if [ $# != 2 ]; then
	echo "usage: tests/same-records.sh OLD NEW, two basin programs" >&2
	exit 2
fi
old=$(realpath "$1") new=$(realpath "$2") here=$(cd "$(dirname "$0")" && pwd)
for program in "$old" "$new"; do
	if ! "$program" --version >/dev/null; then
		echo "$program: no basin program" >&2
		exit 2
	fi
done
# Whoever asks for this comparison wants it whole.
unset FAST
# shellcheck source=tests/tap.sh
. "$here/tap.sh"
export OMP_WAIT_POLICY=passive
failed=0

# Each build works in a folder of its own, under the same names there, so that reports hold the same ones.
mkdir "$dir/old" "$dir/new"
cd "$dir" || exit 99
awk 'BEGIN {
	srand(1)
	for (i = 0; i < 160; i++) {
		a = rand() - .5; b = rand() - .5; r = rand()
		print 3 * a "," b "," a - 2 * b + .1 * r >"real.csv"
		print a "," b "," (a + b + .3 * r > .1) >"binary.csv"
		print a "," b "," (a > b) + (a > r - .5) >"classes.csv"
	}
}'

result() {  # result STATUS NAME: a line of TAP, and what $dir/told says of it
	ok "$1" "$2"
	[ "$1" = 0 ] || failed=$((failed + 1))
	[ ! -s "$dir/told" ] || shown "$dir/told"
}

# by WHICH NAME ARGUMENT…: one build in its folder; output and messages are NAME.out and NAME.err.
by() {
	local which=$1 name=$2
	shift 2
	(cd "$dir/$which" && exec "${!which}" "$@" >"$name.out" 2>"$name.err")
}

both() {  # both NAME ARGUMENT…: by both at once; says which exit statuses were wrong, or else fails
	local pid b a
	by old "$@" &
	pid=$!
	by new "$@"
	b=$?
	wait $pid
	a=$?
	same_status "$1" $a $b
}

same_status() {  # same_status NAME A B
	: >"$dir/told"
	[ "$2" = "$3" ] && [ "$2" = "$wanted" ] && return
	{
		echo "exit status $2 of the old program, $3 of the new, expected $wanted"
		for which in old new; do
			[ ! -s "$dir/$which/$1.err" ] || sed "s/^/$which: /" "$dir/$which/$1.err"
		done
	} >"$dir/told"
	return 1
}

compare() {  # compare WHAT OLD NEW
	python3 "$here/golden/same_records.py" "$@" >>"$dir/told"
}

wanted=0
threads=1
same_run() {  # same_run NAME WORDS OPTION…: a run by both, of $threads threads
	local name=$1 words=$2 status
	shift 2
	both "$name" sample --quiet --threads "$threads" --out "$name" "$@" && compare records "old/$name" "new/$name"
	status=$?
	if [ $status = 0 ] && [ "$wanted" = 0 ] && [ ! -s "old/$name/chain-0.snaps" ]; then
		echo "there is nothing to compare" >"$dir/told"
		status=1
	fi
	result $status "$words"
}

same_report() {  # same_report NAME COMMAND OPTION…: a report on the run of this name by both
	local name=$1 command=$2
	shift 2
	both report "$command" --json "$name" "$@" && compare json old/report.out new/report.out
	result $? "$command $name $*"
}

lines() { { wc -l <"$1"; } 2>/dev/null || echo 0; }

# Moments are told by progress, so that a slow machine is not hit too early nor a fast one too late: most of the steps
# are still to come where the log has $cut_lines lines.
interrupt() {  # interrupt WHICH NAME SIGNAL OPTION…: begins a run and stops it in the middle; fails where it was not
	local which=$1 name=$2 signal=$3 pid
	shift 3
	rm -rf "${dir:?}/$which/$name"
	(cd "$which" && exec "${!which}" sample --quiet --threads 1 --out "$name" --log-every $cut_every \
		"$@" >"$name.out" 2>"$name.err") &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		[ "$(lines "$which/$name/chain-$cut_chain.log.jsonl")" -lt "$cut_lines" ] || break
		sleep 0.01
	done
	kill -"$signal" $pid 2>/dev/null
	wait $pid
	[ $? = 3 ] && return
	echo "$which: the run was not stopped in the middle, or not with status 3" >>"$dir/told"
	return 1
}

cut_chain=0 cut_every=500 cut_lines=20
# same_cut NAME WORDS SIGNAL OPTION…: stopped and gone on with by each build, and begun by OLD and ended by NEW.
same_cut() {
	local name=$1 words=$2 signal=$3 pid a b status=0
	shift 3
	by old whole sample --quiet --threads 1 --out "whole-$name" "$@" &
	pid=$!
	: >"$dir/told"
	interrupt new "$name" "$signal" "$@"
	b=$?
	wait $pid || status=1
	interrupt old "$name" "$signal" "$@"
	a=$?
	rm -rf "new/by-old-$name"
	cp -r "old/$name" "new/by-old-$name"
	if [ $a = 0 ] && [ $b = 0 ]; then
		both "$name" sample --resume "$name" --quiet &&
			compare records "old/whole-$name" "old/$name" && compare records "old/whole-$name" "new/$name"
	else
		false
	fi || status=1
	result $status "$words: stopped by SIG$signal and gone on with"
	by new "$name" sample --resume "by-old-$name" --quiet
	same_status "$name" 0 $? && compare records "old/whole-$name" "new/by-old-$name"
	result $? "$words: stopped by SIG$signal, begun by the old program and ended by the new"
}

same_longer() {  # same_longer NAME WORDS STEPS MORE OPTION…: a finished run of OLD that NEW makes longer
	local name=$1 words=$2 steps=$3 more=$4 pid a b
	shift 4
	by old whole sample --quiet --threads 1 --out "whole-$name" --steps "$more" "$@" &
	pid=$!
	by old "$name" sample --quiet --threads 1 --out "$name" --steps "$steps" "$@"
	wait $pid
	a=$?
	cp -r "old/$name" "new/$name"
	by new "$name" sample --resume "$name" --steps "$more" --quiet
	b=$?
	same_status "$name" $a $b && compare records "old/whole-$name" "new/$name"
	result $? "$words: ended by the old program, made longer by the new"
}

# Of 10,000 images 256 are trained on: more would only take longer.
images="--data shapes --holdout 9744 --batch 32 --lr 0.01 --temperature 1e-3"
convolutions="$images --conv-algo direct"
real="--data csv:$dir/real.csv --batch 32 --lr 0.02"
# shellcheck disable=SC2086 # lists of words
{
	# ---- methods, and what goes with any of them ----
	same_run sgd "sgd with momentum, mlp on images, step schedule" $images --model mlp:3072-16-10 --sampler sgd \
		--momentum 0.9 --epochs 3 --schedule step --milestones 1,20steps --gamma 0.3 --keep-last 2
	same_run nesterov "sgd with Nesterov's momentum, LeNet, cosine schedule" $convolutions --model lenet \
		--sampler sgd --momentum 0.8 --nesterov --steps 10 --schedule cosine --lr-end 0.001 --keep-every 5
	same_run sgld "sgld, linear, gaussian with standardised columns, drawn with replacement, two chains" $real \
		--model linear --standardize --noise-sd 0.3 --sampling iid --steps 300 --keep-every 50 --burn-in 100 \
		--chains 2
	same_run holdout "sgld, bernoulli likelihood, hold-out, silu" --data "csv:$dir/binary.csv" --batch 25 \
		--lr 0.05 --model mlp:2-8-1 --activation silu --likelihood bernoulli --holdout 0.2 --steps 300 \
		--keep-every 100
	same_run classes "sgld, classes from a csv file, the full set as batch, another seed" \
		--data "csv:$dir/classes.csv" --batch 0 --lr 0.05 --model mlp:2-8-3 --likelihood categorical \
		--steps 200 --keep-every 100 --seed 7
	same_run fsgld-eta "fsgld with eta, cyclical schedule, crop-flip, two chains" $images --model mlp:3072-16-10 \
		--sampler fsgld --eta 0.2 --epochs 4 --schedule cyclical --cycles 2 --keep-last 1 --augment crop-flip \
		--chains 2
	same_run fsgld-sigma "fsgld with sigma, beta" $real --model mlp:2-16-16-1 --activation tanh --sampler fsgld \
		--sigma 0.02 --beta 1e5 --steps 300 --keep-every 100
	same_run entropy-sgd "entropy-sgd that runs on" $real --model mlp:2-16-1 --sampler entropy-sgd --coupling 0.5 \
		--inner-steps 7 --average 0.5 --outer-rate 0.7 --restart none --steps 300 --keep-every 70
	same_run entropy-sgd-x "entropy-sgd that restarts from x, LeNet" $convolutions --model lenet \
		--sampler entropy-sgd --coupling 0.5 --inner-steps 4 --restart x --steps 12 --keep-every 6
	same_run entropy-sgld "entropy-sgld, cosine schedule" $real --model mlp:2-16-1 --sampler entropy-sgld \
		--coupling 0.5 --inner-steps 5 --schedule cosine --steps 300 --keep-every 60
	same_run entropy-mcmc "entropy-mcmc with anchor-decay, two chains" $real --model mlp:2-16-1 \
		--sampler entropy-mcmc --coupling 1 --anchor-decay 0 --steps 300 --keep-every 60 --chains 2

	# ---- residual networks ----
	threads=2 same_run resnet-bn "fsgld, ResNet-20 with batch norm, two threads" $convolutions --model resnet20 \
		--sampler fsgld --steps 6 --keep-every 3
	same_run resnet-frn "sgld, ResNet-20 with filter response norm" $convolutions --model resnet20 --norm frn \
		--steps 6 --keep-every 3
	same_run recompute "entropy-mcmc, ResNet-20, recomputed statistics, crop-flip" $convolutions --model resnet20 \
		--sampler entropy-mcmc --coupling 1 --bn-stats recompute --augment crop-flip --steps 4 --keep-every 4
	same_run gemm "sgld, LeNet, gemm" $images --model lenet --conv-algo gemm --steps 8

	# ---- analytic targets ----
	same_run gaussian "sgld, a gaussian target with correlation" --model gaussian:1,2,4@0.5 --lr 0.1 --steps 500 \
		--keep-every 50 --chains 2
	same_run gaussian-mcmc "entropy-mcmc, a gaussian target" --model gaussian:1,0.5 --sampler entropy-mcmc \
		--coupling 1 --lr 0.05 --steps 500 --keep-every 100

	# ---- files, priors, what stays ----
	same_run float16 "float16 snapshots, a prior with factors" $real --model mlp:2-16-1 --snapshot-dtype float16 \
		--prior 'gaussian,*.bias=0,fc1.*=3' --weight-decay 1e-2 --steps 200 --keep-every 50
	same_run bfloat16 "bfloat16 snapshots, frozen tensors" $images --model mlp:3072-16-10 \
		--snapshot-dtype bfloat16 --freeze 'fc1.weight' --steps 16 --keep-every 8
	same_run init "started from another run" $real --model mlp:2-16-1 --init entropy-mcmc --sampler sgd \
		--steps 100 --keep-every 50

	# ---- bf16: where the processor can't, both refuse alike ----
	if "$old" sample --quiet --threads 1 $images --model mlp:3072-16-10 --precision bf16 --steps 1 --out probe \
		2>/dev/null; then
		words="bf16"
	else
		words="bf16 is refused" wanted=2
	fi
	same_run bf16 "$words, mlp" $images --model mlp:3072-16-10 --precision bf16 --steps 16 --keep-every 8
	same_run bf16-resnet "$words, ResNet-20" $convolutions --model resnet20 --precision bf16 --steps 4 \
		--keep-every 2

	# ---- runs that fail ----
	wanted=1
	same_run diverged "two chains whose loss is not finite" ${real% --lr *} --model mlp:2-16-1 --lr 30 --steps 2000 \
		--keep-every 5 --chains 2
	wanted=2
	same_run refused "an unstable pair is refused" $real --model mlp:2-16-1 --sampler entropy-mcmc --coupling 1e-6
	wanted=0

	# ---- runs that are stopped ----
	same_cut cut-sgd "sgd with momentum, cosine schedule" INT $real --model mlp:2-16-1 --sampler sgd \
		--momentum 0.9 --schedule cosine --steps 60000 --keep-every 4000
	cut_chain=1
	same_cut cut-fsgld "fsgld, the second of three chains" TERM $real --model mlp:2-16-1 --sampler fsgld \
		--steps 60000 --keep-every 4000 --chains 3 --sampling iid
	cut_chain=0
	same_cut cut-entropy-sgld "entropy-sgld" TERM $real --model mlp:2-16-1 --sampler entropy-sgld --coupling 0.5 \
		--inner-steps 7 --steps 60000 --keep-every 4000
	cut_every=2 cut_lines=2
	same_cut cut-resnet "entropy-mcmc, ResNet-20, crop-flip" INT $convolutions --model resnet20 \
		--sampler entropy-mcmc --coupling 1 --augment crop-flip --steps 15 --keep-every 3
	same_longer longer "entropy-mcmc" 150 300 $real --model mlp:2-16-1 --sampler entropy-mcmc --coupling 1 \
		--keep-every 50 --chains 2
	same_longer longer-bf16 "sgd with momentum, float16 snapshots" 100 170 $real --model mlp:2-16-1 --sampler sgd \
		--momentum 0.9 --snapshot-dtype float16 --keep-every 10
}

# ---- reports ----
one="--threads 1 --quiet"
# shellcheck disable=SC2086 # lists of words
{
	same_report sgd predict --curve $one
	same_report fsgld-eta predict --last 1 $one
	same_report fsgld-eta ood --ood glyphs --score mi $one
	same_report nesterov ood --ood glyphs --score energy --conv-algo direct $one
	same_report recompute predict --split train --conv-algo direct $one
	same_report resnet-frn predict --split train --conv-algo direct $one
	same_report sgld predict --curve $one
	same_report holdout predict --split holdout $one
	same_report classes predict $one
	same_report entropy-mcmc predict --role anchor --from-step 120 $one
	same_report float16 predict $one
	same_report entropy-sgd info --tensors --verify
	same_report resnet-bn info --tensors --verify
	same_report gaussian info --verify
	same_report diverged info --verify
	same_report cut-fsgld info --verify
	if [ "$words" = bf16 ]; then
		same_report bf16 predict --split train $one
	fi
}
done_testing
echo "# $((count - failed)) of $count the same, $failed not"
[ $failed = 0 ]
