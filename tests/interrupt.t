#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Runs that are stopped: by signals, kill -9, a full disk, a loss that blows up. Nothing is lost, and what goes on goes on
# to the same bits.
set -u
. "${top_srcdir:?}/tests/tap.sh"
trap '[ -d "$dir/small" ] && umount "$dir/small" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 99
is() { [ "$1" = "$2" ]; ok $? "$3 (got $1)"; }

# Moments are told by progress, not by the clock, so that a slow machine is not hit too early nor a fast one too late.
lines() { { wc -l <"$1/chain-0.log.jsonl"; } 2>/dev/null || echo 0; }
# reached RUN LINES: waits until chain 0's log has so many lines, or process $pid has ended.
reached() {
	while [ "$(lines "$1")" -lt "$2" ] && kill -0 $pid 2>/dev/null; do sleep 0.01; done
}
random() { awk -v s="$(od -An -N3 -tu4 /dev/urandom)" -v n="$1" 'BEGIN { srand(s); print int(n * rand()) }'; }

awk 'BEGIN { srand(1); for (i = 0; i < 200; i++) { a = rand() - .5; b = rand() - .5; print a "," b "," a - 2 * b + .1 * rand() } }' >d.csv
steps=15000
common="--data csv:d.csv --model mlp:2-16-1 --batch 32 --lr 0.01 --steps $steps --keep-every 500 --chains 2 --threads 1
	--checkpoint-every 50steps --log-every 50"
but() {  # but OPTION VALUE…: the same with other values
	words=$common
	while [ $# -gt 0 ]; do
		words=$(printf '%s\n' "$words" | sed "s/--$1 [^ ]*/--$1 $2/")
		shift 2
	done
	printf '%s\n' "$words"
}

# ---- kill -9 at random moments, every sampler ----
# hit RUN LINES ARGUMENT…: starts basin and kills it once RUN's log has so many lines more. Fails where it had ended.
hit() {
	run=$1 at=$(($(lines "$1") + $2))
	shift 2
	"$BASIN" "$@" >&2 &
	pid=$!
	reached "$run" "$at"
	kill -9 $pid
	wait $pid
	[ $? = 137 ]
}

# cut SAMPLER OPTION…: kills a run, and once more what was resumed, and lets it end. Prints whether (0 or not) both were
# resumed beyond step 0 and whether the bits are those of a run that nobody stopped.
cut() {
	sampler=$1 run=cut-$1
	"$BASIN" sample $(but checkpoint-every 1000) --sampler "$@" --out whole-$sampler --quiet
	for _ in 1 2 3 4 5 6 7 8 9; do  # on a busy machine a run may end before it is hit
		rm -rf $run
		hit $run $((2 + $(random 40))) sample $common --sampler "$@" --out $run --quiet &&
			hit $run 20 sample --resume $run 2>resumed-$sampler && break
	done
	"$BASIN" sample --resume $run 2>>resumed-$sampler >&2
	status=$?
	[ "$(grep -c "chain 0 resumed at step [1-9]" resumed-$sampler)" -eq 2 ]
	echo $?
	[ $status -eq 0 ] && cmp -s whole-$sampler/chain-0.snaps $run/chain-0.snaps &&
		cmp -s whole-$sampler/chain-1.snaps $run/chain-1.snaps
	echo $?
}

# Side by side: they wait for the disk most of the time.
common=$(but lr 0.001) cut sgd --momentum 0.9 >verdict-sgd 2>told-sgd &
cut sgld >verdict-sgld 2>told-sgld &
cut fsgld >verdict-fsgld 2>told-fsgld &
cut psgld --correction probe --rms-eps 1 >verdict-psgld 2>told-psgld &
cut sgld-cv --refresh 700 >verdict-sgld-cv 2>told-sgld-cv &
cut low-precision-sgld >verdict-low-precision-sgld 2>told-low-precision-sgld &
cut entropy-sgd --coupling 1 --inner-steps 7 >verdict-entropy-sgd 2>told-entropy-sgd &
cut entropy-sgld --coupling 1 --inner-steps 7 >verdict-entropy-sgld 2>told-entropy-sgld &
cut entropy-mcmc --coupling 1 >verdict-entropy-mcmc 2>told-entropy-mcmc &
wait
for sampler in sgd sgld fsgld psgld sgld-cv low-precision-sgld entropy-sgd entropy-sgld entropy-mcmc; do
	beyond=1 same=1
	{ read -r beyond && read -r same; } <verdict-$sampler
	ok $beyond "$sampler resumes beyond step 0 after kill -9"
	ok $same "$sampler goes on to the same bits"
	[ "$beyond$same" = 00 ] || shown told-$sampler resumed-$sampler
done
[ "$(wc -l <cut-sgld/chain-0.log.jsonl)" -eq $((steps / 50)) ]
ok $? "the log of a resumed run has every line once"

# ---- signals ----
for signal in INT TERM; do
	"$BASIN" sample $common --out by-$signal 2>err &
	pid=$!
	reached by-$signal 5
	kill -$signal $pid
	wait $pid
	is $? 3 "SIG$signal ends a run with status 3"
	grep -q -- "--resume by-$signal" err
	ok $? "and says how to go on"
done
"$BASIN" sample --resume by-INT --quiet 2>err && cmp -s whole-sgld/chain-1.snaps by-INT/chain-1.snaps
ok $? "an interrupted run resumes to the same bits"
"$BASIN" sample --resume by-INT >out 2>err
is $? 0 "a finished run resumes to status 0"
grep -q "finished already" out
ok $? "and says that it was finished"
"$BASIN" sample --resume by-TERM --lr 0.5 2>err
is $? 2 "another step size is refused on --resume"
grep -q -- "--lr" err
ok $? "naming the option"
awk '{ print $1 "1" }' d.csv >other.csv
"$BASIN" sample --resume by-TERM --data csv:other.csv 2>err
is $? 2 "other data are refused on --resume"
"$BASIN" sample $common --out by-INT 2>err
is $? 2 "an --out that exists is refused"

# ---- a longer run under a constant schedule ----
"$BASIN" sample $(but steps 3000) --out short --quiet && "$BASIN" sample --resume short --steps 6000 --quiet &&
	"$BASIN" sample $(but steps 6000) --out long --quiet
ok $? "a finished run can be made longer"
size() { wc -c <"$1"; }
[ "$(size short/chain-0.snaps)" -eq "$(size long/chain-0.snaps)" ]
ok $? "and then holds what a longer run holds"
# With no more of a method's options than it needs, so with those that it fills in by itself.
for sampler in $(sed -n 's/^\tX([a-z_0-9]*, "\([a-z0-9-]*\)".*/\1/p' "$top_srcdir/samplers/methods.h"); do
	coupling=
	case $sampler in entropy-*) coupling="--coupling 1" ;; esac
	"$BASIN" sample --quiet --data csv:d.csv --model linear --lr 0.001 --steps 3 --sampler $sampler $coupling --out go-$sampler &&
		"$BASIN" sample --quiet --resume go-$sampler --steps 6 && "$BASIN" sample --quiet --data csv:d.csv --model linear --lr 0.001 \
		--steps 6 --sampler $sampler $coupling --only 0 --out go-$sampler
	ok $? "$sampler goes on, and is joined, with what it was begun with"
done
awk '{ print NR % 5 "," NR % 7 / 7 }' d.csv >learnt.csv
"$BASIN" sample --quiet --data csv:learnt.csv --model mlp:in-4-out --noise-sd learn --weight-decay 0 --sampler entropy-mcmc --coupling 0.01 \
	--lr 0.001 --steps 3 --out learnt && "$BASIN" sample --quiet --resume learnt --steps 6
ok $? "Entropy-MCMC with learnt noise and no decay goes on"
printf 'data = csv:%s/d.csv\nmodel = linear\nlr = 0.001\nsteps = 3\nbatch = 0\nout = whole\n' "$PWD" >whole.conf
"$BASIN" sample --quiet --config whole.conf && "$BASIN" sample --quiet --config whole.conf --resume whole --steps 6
ok $? "and a batch of all data, with the file of options that it was begun with"
"$BASIN" sample $(but steps 3000) --schedule cosine --out bent --quiet
"$BASIN" sample --resume bent --steps 6000 2>err
is $? 2 "not under a schedule that depends on the length"
"$BASIN" sample $(but steps 3000) --explore 0.5 --out two-parts --quiet
"$BASIN" sample --resume two-parts --steps 6000 2>err
is $? 2 "nor where a share of it explores"
grep -q 'with --explore 0.5 every step depends on the length' err
ok $? "which is said"
sed 's/"explore": 0.5/"explore": 0.25/' two-parts/run.json >edited && cp edited two-parts/run.json
"$BASIN" sample --resume two-parts 2>err
is $? 2 "another share in run.json is refused"

# ---- odd states ----
"$BASIN" sample --resume short --steps 5999 2>err
is $? 2 "a run can't be made shorter than what was done"
grep -q '"steps": 6000' short/run.json
ok $? "and its run.json still says how long it is"
printf 'data = csv:d.csv\nmodel = mlp:2-16-1\nbatch = 32\nlr = 0.01\n' >first.conf
"$BASIN" sample --config first.conf --init short --steps 40 --chains 2 --keep-every 10 --out from --quiet
"$BASIN" sample --config first.conf --resume from --quiet 2>err
is $? 0 "options that say what the run has already may be given again"
printf 'init = short\nout = from\n' >>first.conf
"$BASIN" sample --config first.conf --resume from --quiet --steps 40 2>err
is $? 0 "paths and all"
"$BASIN" sample --resume from --quiet --out other 2>err
is $? 2 "but not another --out"
mkdir away && (cd away && "$BASIN" sample --resume ../from --quiet)
is $? 0 "a run resumes from another folder"
rm from/chain-1.*
(cd away && "$BASIN" sample --resume ../from --quiet) && "$BASIN" sample --config first.conf --init short --steps 40 --chains 2 \
	--keep-every 10 --out from2 --quiet && cmp -s from/chain-1.snaps from2/chain-1.snaps
ok $? "a chain that had not begun begins from there as it would have"
# What --init's run holds by then must be what it held.
cp -r short before && "$BASIN" sample --resume short --steps 7000 --quiet
"$BASIN" sample --resume from --chains 3 --quiet 2>err
is $? 2 "a chain that would begin elsewhere is refused"
grep -q -e "--init .*/short: its last snapshot is no longer" err && ! grep -q '"chains": 3' from/run.json && [ ! -e from/chain-2.snaps ]
ok $? "by --init's name, and nothing is written"
"$BASIN" sample --config first.conf --only 0 --steps 40 --chains 2 --keep-every 10 --quiet
is $? 0 "chains that have begun go on"
rm -r short && mv before short
"$BASIN" sample --resume from --chains 3 --quiet && [ -s from/chain-2.snaps ]
ok $? "and with the snapshot put back one more begins"
mv short elsewhere
"$BASIN" sample --resume from --quiet
is $? 0 "--init's run may be gone once all chains have begun"
cp d.csv away/moved.csv
"$BASIN" sample --resume from --data csv:away/moved.csv --quiet && grep -q 'csv:.*/away/moved.csv"' from/run.json &&
	! grep -q 'csv:.*/d.csv"' from/run.json
ok $? "moved data are remembered"
mv elsewhere short
rm from/chain-0.ckpt
"$BASIN" sample --resume from 2>err
is $? 2 "snapshots without their checkpoint are not thrown away"
grep -q "from/chain-0.ckpt" err && cmp -s from/chain-0.snaps from2/chain-0.snaps
ok $? "the missing file is named"
head -c 50 from2/chain-0.ckpt >torn && cp torn from2/chain-0.ckpt
"$BASIN" info from2 >out 2>err && grep -q "from2/chain-0.ckpt.*read without it" err && grep -q "^chain 0: 4 snapshots" out
ok $? "a checkpoint that was cut short leaves the snapshots to be read"
"$BASIN" sample --resume from2 2>err
is $? 2 "and can't be gone on from"

# ---- nothing kept yet ----
"$BASIN" sample $(but keep-every $steps) --out early --quiet &
pid=$!
reached early 1
kill $pid
wait $pid 2>/dev/null
"$BASIN" predict early --quiet 2>err
is $? 2 "a run that has kept nothing yet has no prediction"
grep -q "early: no snapshot has been kept yet.*--resume" err
ok $? "and says how to go on"
"$BASIN" sample --data csv:d.csv --model linear --lr 0.01 --steps 4 --out longer >out && grep -q "4 steps, 1 state kept in each" out &&
	"$BASIN" sample --resume longer --steps 6 >out && grep -q "6 steps, [0-9.]* s" out
ok $? "a lengthened run does not count its first length's states as its second's"

# ---- two writers ----
"$BASIN" sample $common --out busy --quiet &
pid=$!
reached busy 1
"$BASIN" sample --resume busy 2>err
is $? 2 "a second writer is refused"
kill $pid
wait $pid 2>/dev/null

# ---- a loss that is not finite ----
# --lr 30 leads the regression to overflow; the second chain goes on all the same.
"$BASIN" sample $(but steps 2000 lr 30) --out wild --quiet 2>err
is $? 1 "a diverging chain ends the run with status 1"
grep -q "chain 0 stopped: the loss was not finite at step [0-9]* (last finite loss [0-9.e+]* nats" err && grep -q "chain 1 stopped" err
ok $? "each names its step and last finite loss, the others go on"
"$BASIN" sample --resume wild --quiet 2>err
is $? 1 "a failed chain stays failed"

# float16 ends at 65504: 1e11 is the variance of the first direction alone.
"$BASIN" sample --model gaussian:1e11,1 --lr 0.1 --steps 300 --keep-every 100 --snapshot-dtype float16 --chains 2 --out half --quiet 2>err
is $? 1 "a parameter beyond --snapshot-dtype ends the run with status 1"
grep -q "chain 0 stopped at step 100: .*float16" err && grep -q "chain 1 stopped" err && "$BASIN" info --verify half >/dev/null
ok $? "for each chain by itself, with what was kept whole"

# ---- no room ----
greedy=$(but steps 3000 keep-every 1)
(ulimit -f 100; "$BASIN" sample $greedy --out full 2>err)
is $? 1 "a file-size limit stops the run with status 1"
grep -qi "full/chain-0" err && grep -q -- "--resume" err
ok $? "names the file and says how to go on"
"$BASIN" info --verify full >/dev/null 2>err
is $? 0 "what was kept before is whole"
"$BASIN" sample --resume full --quiet 2>err && "$BASIN" sample $greedy --out roomy --quiet &&
	cmp -s full/chain-1.snaps roomy/chain-1.snaps
ok $? "with room again it goes on to the same bits"
if mkdir small 2>/dev/null && mount -t tmpfs -o size=256k none small 2>/dev/null; then
	"$BASIN" sample $greedy --out small/run 2>err
	status=$?
	is $status 1 "a full disk stops the run with status 1"
	"$BASIN" info --verify small/run >/dev/null
	is $? 0 "and leaves nothing half-written"
	rm -r small/run
	cat /dev/zero >small/fill 2>/dev/null
	"$BASIN" sample $common --out small/run 2>err
	[ $? -eq 1 ] && [ ! -e small/run ] && grep -q small/run err && ! grep -q -- --resume err
	ok $? "on a disk that is full at the start nothing is begun"
	umount small
else
	skip "a full disk" "no tmpfs can be mounted here"
	skip "a full disk at the start" "no tmpfs can be mounted here"
fi
"$BASIN" sample $common --out missing/run 2>err
is $? 2 "a folder in one that is not there"
grep -q 'no folder missing/' err
ok $? "is named"
"$BASIN" sample $common --freeze '*' --out frozen 2>err
is $? 2 "a run with nothing to sample is refused"
"$BASIN" sample $common --out /proc/nowhere 2>err
is $? 1 "a folder that can't be made"
grep -q /proc/nowhere err
ok $? "is named"
done_testing
