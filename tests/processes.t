#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Several processes on one run: who makes it, who takes which chain, what is refused; and that 8 of them, killed at random
# moments and started again, leave the same bytes as one that nobody disturbed.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
# A test that is itself started by a launcher would be a rank of it.
unset OMPI_COMM_WORLD_RANK OMPI_COMM_WORLD_SIZE PMI_RANK PMI_SIZE SLURM_PROCID SLURM_STEP_NUM_TASKS
is() { [ "$1" = "$2" ]; ok $? "$3 (got $1)"; }
seed=${PROCESSES_SEED:-1}

awk 'BEGIN { srand(1); for (i = 0; i < 200; i++) { a = rand() - .5; b = rand() - .5; print a "," b "," a - 2 * b + .1 * rand() } }' >d.csv
common="--data csv:d.csv --model mlp:2-16-1 --batch 32 --lr 0.01 --keep-every 100 --threads 1 --quiet --log-every 50"
short="$common --steps 400 --chains 4"
same() {  # same RUN RUN NAME: every chain's snapshots, and none of either is missing
	bad=0 n=0
	for file in "$1"/chain-*.snaps; do
		n=$((n + 1))
		cmp "$file" "$2/${file##*/}" >>differ 2>&1 || bad=1
	done
	[ "$bad" = 0 ] && [ "$n" = "$(find "$2" -name 'chain-*.snaps' | wc -l)" ]
	result=$?
	ok $result "$3"
	[ $result = 0 ] || shown differ
}
started() { sed -n 's/^ *"started": //p' "$1/run.json"; }
# holds RUN K: waits until chain K is under way, or process $pid has ended.
under_way() {
	while [ ! -s "$1/chain-$2.log.jsonl" ] && kill -0 $pid 2>/dev/null; do sleep 0.02; done
}

# ---- 8 processes, killed at random ----
# The chains wait for the disk most of the time: a checkpoint every few steps.
eight="$common --steps 50000 --chains 8 --checkpoint-every 100steps"
"$BASIN" sample $eight --workers 1 --out whole
ok $? "one process, one worker, undisturbed"
# A process of its own, again and again: it runs for up to half a second, and ends by -9, by TERM or by itself. The last
# time nobody touches it. Prints the exit statuses.
again() {  # again NUMBER ARGUMENT…
	number=$1 turn=0
	shift
	for pause in $(awk -v seed=$((seed * 100 + number)) 'BEGIN { srand(seed); for (i = 0; i < 9; i++) printf "%.2f\n", .5 * rand() }'); do
		turn=$((turn + 1))
		"$BASIN" sample "$@" >&2 &
		pid=$!
		sleep "$pause"
		case $(((number + turn) % 3)) in
		0) kill -TERM $pid 2>/dev/null ;;
		*) kill -9 $pid 2>/dev/null ;;
		esac
		wait $pid
		echo $?
	done
	until "$BASIN" sample "$@" >&2; do
		status=$?
		echo $status
		# Busy is the one thing that passes.
		[ $status = 2 ] || break
		sleep 0.1
	done
	echo end
}
for number in 0 1 2 3; do
	again $number $eight --only $((2 * number))-$((2 * number + 1)) --out together >statuses-$number 2>told-$number &
done
for number in 4 5; do
	again $number $eight --only 0-7 --workers 2 --out together >statuses-$number 2>told-$number &
done
for number in 6 7; do
	again $number --resume together --quiet >statuses-$number 2>told-$number &
done
wait
cat statuses-* | sort | uniq -c | sort -rn >statuses
[ -z "$(cat statuses-* | grep -v -x -e 0 -e 2 -e 3 -e 137 -e 143 -e end)" ] && [ "$(cat statuses-* | grep -c end)" = 8 ]
ok $? "8 processes end by what was done to them: done, taken by others, interrupted, killed"
shown statuses
[ "$(cat statuses-* | grep -c -x 137)" -ge 8 ]
ok $? "and many were killed"
# Nothing is said but who has what, and where to go on.
grep -h -v -e 'is writing chain' -e 'nothing is lost; go on with' -e 'together: No such file' -e 'together: not a run' \
	-e 'resumed at step' -e 'more chains are left' -e '^Killed' -e '^Terminated' told-* >words
[ ! -s words ]
result=$?
ok $result "and say nothing else"
[ $result = 0 ] || shown words
"$BASIN" sample --resume together --quiet
is $? 0 "the run is finished"
"$BASIN" info --verify together >out 2>err
is $? 0 "no record is damaged"
same whole together "8 processes leave the bytes of one that nobody disturbed"
[ "$(wc -l <together/chain-5.log.jsonl)" -eq 1000 ]
ok $? "and each line of a log once"
[ -z "$(find together -type f ! -name 'chain-[0-7].snaps' ! -name 'chain-[0-7].log.jsonl' ! -name 'chain-[0-7].ckpt' \
	! -name 'chain-[0-7].ckpt.tmp' ! -name lock ! -name run.json ! -name run.json.tmp)" ]
ok $? "and nothing besides"

# What is said goes out line by line, so that lines of several processes don't mix, and one that is killed leaves no half of one.
"$BASIN" sample $short --out lines
if python_with socket; then
	"$python" - "$BASIN" sample --resume lines --steps 500 <<'P' >words 2>&1
import socket, subprocess, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=theirs)
theirs.close()
pieces = list(iter(lambda: ours.recv(1 << 16), b""))
print(status, pieces)
resumed = sum(piece.startswith(b"basin: chain ") for piece in pieces)
sys.exit(status != 0 or resumed != 4 or not all(piece.endswith(b"\n") for piece in pieces))
P
	result=$?
	ok $result "each line on standard error is written as one piece"
	[ $result = 0 ] || shown words
else
	skip "each line on standard error is written as one piece" "there is no Python"
fi

# ---- a run is made once ----
# Each has a seed of its own: one makes the run, and all others learn which.
for number in 1 2 3 4 5 6 7 8; do
	{ "$BASIN" sample $short --only 0 --seed $number --out made 2>made-$number; echo $? >made-status-$number; } &
done
wait
winner=$(sed -n 's/^ *"seed": \([0-9]*\),*$/\1/p' made/run.json | head -n 1)
[ "$(cat made-status-* | grep -c -x 2)" = 7 ] && [ "$(cat made-status-"$winner")" = 0 ]
ok $? "of 8 that begin a run at once one makes it"
[ "$(cat made-[1-8] | grep -c -e "--seed is [1-8] here, and made was begun with $winner;")" = 7 ]
result=$?
ok $result "and the others compare their options with its"
[ $result = 0 ] || shown made-[1-8]
round=0 bad=0
while [ $round -lt 5 ]; do
	round=$((round + 1))
	rm -rf race
	for number in 0 1 2 3; do
		{ "$BASIN" sample $short --only $number --out race 2>race-$number; echo $? >race-status-$number; } &
	done
	wait
	[ "$(cat race-status-*)" = "$(printf '0\n0\n0\n0')" ] && [ "$(find race -name '*.ckpt' | wc -l)" = 4 ] || bad=1
done
ok $bad "4 with equal options share it"
[ $bad = 0 ] || shown race-[0-3]
"$BASIN" sample $short --out four
same four race "and make together what one makes alone"

# Before the folder has a run.json the data are read: of many rows, for long enough to be stopped meanwhile.
awk '{ line[NR] = $0 } END { for (i = 0; i < 300000; i++) print line[i % NR + 1] }' d.csv >large.csv
large=$(printf '%s\n' "$short" | sed 's/d.csv/large.csv/')
"$BASIN" sample $large --out alone
# held: whether slow/lock is locked, as far as this system says.
held() { [ ! -r /proc/locks ] || grep -q ":$(stat -c %i slow/lock 2>/dev/null) " /proc/locks; }
# making: sets maker to a process that is stopped with its folder made and no run.json in it; false where none was.
making() {
	attempt=0
	while [ $attempt -lt 9 ]; do
		attempt=$((attempt + 1))
		rm -rf slow
		"$BASIN" sample $large --only 0 --out slow 2>err-slow &
		maker=$!
		until [ -e slow/lock ] && held || ! kill -0 $maker 2>/dev/null; do :; done
		kill -STOP $maker
		sleep 0.05
		[ -e slow/run.json ] || return 0
		kill -9 $maker
		wait $maker 2>/dev/null
	done
	return 1
}
making
ok $? "a process is stopped while it makes a run"
"$BASIN" sample $large --only 1 --out slow 2>err &
pid=$!
sleep 0.5
kill -0 $pid 2>/dev/null && [ ! -e slow/run.json ]
ok $? "another one waits for it"
kill -CONT $maker
wait $maker
is $? 0 "then it goes on"
wait $pid
is $? 0 "and the other one after it"
cmp -s slow/chain-0.snaps alone/chain-0.snaps && cmp -s slow/chain-1.snaps alone/chain-1.snaps
result=$?
ok $result "each with its chain"
[ $result = 0 ] || shown err err-slow
making
"$BASIN" sample $large --only 0-1 --out slow 2>err &
pid=$!
sleep 0.3
kill -9 $maker
wait $maker 2>/dev/null
wait $pid
is $? 0 "where it is killed before there is a run.json, the next one makes that"
cmp -s slow/chain-0.snaps alone/chain-0.snaps && cmp -s slow/chain-1.snaps alone/chain-1.snaps
result=$?
ok $result "and goes on as usual"
[ $result = 0 ] || shown err
# So does one that comes later.
making && kill -9 $maker
wait $maker 2>/dev/null
"$BASIN" sample $large --only 1 --out slow && cmp -s slow/chain-1.snaps alone/chain-1.snaps
ok $? "also one that comes later"
# Nobody has a chain by then: a job that is preempted so early comes again like one that is under way.
making
"$BASIN" sample $large --only 1 --out slow 2>err &
pid=$!
sleep 0.3
kill -TERM $maker $pid
kill -CONT $maker
wait $maker
is $? 3 "SIGTERM ends one that makes a run with status 3"
wait $pid
is $? 3 "and one that waits for it"
grep -q 'stopped by a signal before the chains, nothing is lost; go on with the same command' err-slow err
result=$?
ok $result "which say so"
[ $result = 0 ] || shown err err-slow
"$BASIN" sample $large --only 0-1 --out slow && cmp -s slow/chain-0.snaps alone/chain-0.snaps
ok $? "and the same command goes on"

# ---- --only ----
fails 2 '--only 4: \|--only: there is no chain 4' "a chain that the run does not have" "$BASIN" sample $short --only 4 --out new
fails 2 'there is no chain 4' "nor in a range" "$BASIN" sample $short --only 2-4 --out new
for words in 3-1 x 1- -1 1-x 1,2 '' 99999999999999999999; do
	fails 2 '--only' "--only “$words”" "$BASIN" sample $short --only="$words" --out new
done
[ ! -e new ]
ok $? "nothing is made then"
fails 2 'no chain 4' "nor of a run that is there" "$BASIN" sample --resume four --only 4
"$BASIN" sample $short --only 2 --out part && [ ! -e part/chain-0.snaps ] && cmp -s part/chain-2.snaps four/chain-2.snaps
ok $? "one chain alone"
"$BASIN" sample $short --only 2 --out part 2>err
is $? 0 "the same command again finds it done"
"$BASIN" sample --resume part --only 0-1 --quiet && [ ! -e part/chain-3.snaps ] && cmp -s part/chain-0.snaps four/chain-0.snaps
ok $? "--resume takes --only too"
"$BASIN" sample --resume part --quiet
same four part "and without it what is left"

PMI_RANK=5 PMI_SIZE=8 "$BASIN" sample $(printf "%s" "$short" | sed "s/--quiet//") --out four >out 2>err
is $? 0 "a rank that has no chain has nothing to do"
[ "$(cat out)" = "four: no chain of 4 is this process's" ] && [ ! -s err ]
result=$?
ok $result "and says that"
[ $result = 0 ] || shown out err

# ---- who may join ----
fails 2 'exists already' "without --only a run that is there is refused" "$BASIN" sample $short --out four
fails 2 '--lr is 0.5 here, and part was begun with 0.01' "with it one of another step size" \
	"$BASIN" sample $(printf '%s\n' "$short" | sed 's/--lr 0.01/--lr 0.5/') --only 1 --out part
awk '{ print $1 "1" }' d.csv >other.csv
fails 2 'not the data.*fingerprint' "or of other data" "$BASIN" sample --data csv:other.csv ${short#*csv:d.csv } --only 1 --out part
cp d.csv moved.csv
"$BASIN" sample --data csv:moved.csv ${short#*csv:d.csv } --only 1 --out part
is $? 0 "the same data may lie elsewhere"
mkdir thing && echo mine >thing/mine
fails 2 'not a run' "a folder that is no run is refused" "$BASIN" sample $short --only 1 --out thing
[ "$(ls -A thing)" = mine ] && [ "$(cat thing/mine)" = mine ]
ok $? "and left as it is"
echo file >plain
fails 2 'plain' "a file is refused" "$BASIN" sample $short --only 1 --out plain
[ "$(cat plain)" = file ]
ok $? "and left as it is"
fails 2 'no folder' "and a folder in one that is not there" "$BASIN" sample $short --only 1 --out none/run

# ---- a chain that another process holds ----
long="$common --steps 100000000 --chains 4 --checkpoint-every 1"
"$BASIN" sample $long --only 0 --out held 2>err-held &
pid=$!
under_way held 0
fails 2 "number $pid on $(uname -n),* is writing chain 0" "a chain that another process writes is refused, with its number and host" \
	"$BASIN" sample $long --only 0 --out held
fails 2 "number $pid on $(uname -n),* is writing chain 0" "--resume refuses it as well" "$BASIN" sample --resume held --only 0
"$BASIN" sample $long --only 1 --out held 2>err-1 &
second=$!
while [ ! -s held/chain-1.log.jsonl ] && kill -0 $second 2>/dev/null; do sleep 0.02; done
kill -0 $second 2>/dev/null && kill -0 $pid 2>/dev/null
ok $? "another chain of the run is free"
fails 2 'is writing chain' "where others have all that a process was to take, it fails" "$BASIN" sample --resume held --only 0-1
kill -TERM $pid $second
wait $pid
is $? 3 "each is interrupted by itself"
wait $second
is $? 3 "and so is the other"
grep -q -e '--resume held --only 0' err-held
ok $? "which says how to go on with its part"

# ---- a run that grows while others work on it ----
grows="$common --steps 2000"
"$BASIN" sample $grows --chains 2 --only 0 --out grown 2>err &
pid=$!
under_way grown 0
# Stopped, it is in the middle of its chain for as long as the other one needs.
kill -STOP $pid
"$BASIN" sample --resume grown --chains 4 --only 3 --quiet 2>err-grow
is $? 0 "a run grows by --resume --chains while another process works on it"
grep -q '^  "chains": 4,*$' grown/run.json
ok $? "run.json has the new number"
kill -CONT $pid
wait $pid
is $? 0 "the other process is not disturbed"
[ "$(cat err err-grow)" = "" ]
result=$?
ok $result "and nobody complains"
[ $result = 0 ] || shown err err-grow
fails 2 'chains' "fewer chains are refused" "$BASIN" sample --resume grown --chains 2
# As a job does that was begun before and comes again.
"$BASIN" sample $grows --chains 2 --only 0-1 --out grown && [ ! -e grown/chain-2.snaps ]
ok $? "the command that began the run still goes on with its own chains"
fails 2 'no chain 2' "and knows no others" "$BASIN" sample $grows --chains 2 --only 2 --out grown
fails 2 '--chains is 8 here' "--out does not make a run larger" "$BASIN" sample $grows --chains 8 --only 2 --out grown
for number in 4 5 6 7; do
	{ "$BASIN" sample --resume grown --chains 8 --only $number --quiet 2>grow-$number; echo $? >grow-status-$number; } &
done
wait
[ "$(cat grow-status-*)" = "$(printf '0\n0\n0\n0')" ]
result=$?
ok $result "several may make it larger at once, by as much"
[ $result = 0 ] || shown grow-[4-7]
"$BASIN" sample --resume grown --quiet && "$BASIN" sample $grows --chains 8 --out grown8
same grown8 grown "and the run is the one that was begun with as many"

# ---- what is measured ----
# Ways of computing convolutions differ in the last bits: what the first process has measured is everybody's.
convolutions="--data shapes --holdout 9900 --model resnet20 --batch 8 --steps 3 --chains 3 --threads 1 --quiet"
for number in 0 1 2; do
	{ "$BASIN" sample $convolutions --only $number --out ways 2>ways-$number; echo $? >ways-status-$number; } &
done
wait
[ "$(cat ways-status-*)" = "$(printf '0\n0\n0')" ] && grep -q '"conv [0-9x]* .*": "' ways/run.json
result=$?
ok $result "processes share what was measured once"
[ $result = 0 ] || shown ways-[0-2]
mkdir again && cp ways/run.json again && "$BASIN" sample --resume again --quiet
same again ways "and have the bits that follow from it"
done_testing
