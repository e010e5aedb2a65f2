#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Jobs of a real Slurm, on the loopback, by the very scripts of examples/slurm: steps and arrays share a run, and what is
# interrupted, requeued or preempted goes on to the same bytes.
set -u
. "${top_srcdir:?}/tests/tap.sh"
. "$top_srcdir/tests/slurm.sh"
trap 'slurm_stop; rm -rf "$dir"' EXIT
cd "$dir" || exit 99
if ! slurm_start "$dir/slurm"; then
	skip "jobs of a real Slurm" "$slurm_reason"
	done_testing
	exit 0
fi
scripts=$top_srcdir/examples/slurm

awk 'BEGIN { srand(1); for (i = 0; i < 200; i++) { a = rand() - .5; b = rand() - .5; print a "," b "," a - 2 * b + .1 * rand() } }' >d.csv
# A second or so a chain: long enough to be hit while it runs.
cat >long.conf <<-END
	data = csv:d.csv
	model = mlp:2-16-1
	batch = 32
	lr = 0.01
	steps = 100000
	keep-every = 10000
	log-every = 1000
	checkpoint-every = 5000steps
	threads = 1
	workers = 1
END
sed -e 's/^steps.*/steps = 1000/' -e 's/^keep-every.*/keep-every = 100/' long.conf >short.conf
"$BASIN" sample --config long.conf --chains 4 --quiet --out long &
long=$!
export BASIN CONF=long.conf CHAINS=4 EACH=2
same() {  # same RUN CHAINS RUN NAME
	bad=0 k=0
	while [ $k -lt "$2" ]; do
		cmp "$1/chain-$k.snaps" "$3/chain-$k.snaps" >>differ 2>&1 || bad=1
		k=$((k + 1))
	done
	ok $bad "$4"
	[ $bad = 0 ] || shown differ
}
# Much more than anything here takes.
waits() {  # waits COMMAND…: until it succeeds
	until_=$(($(date +%s) + 120))
	until "$@"; do
		[ "$(date +%s)" -lt $until_ ] || return 1
		sleep 0.1
	done
}
begun() {  # begun RUN CHAIN…
	run=$1
	shift
	for k; do
		[ -s "$run/chain-$k.log.jsonl" ] || return 1
	done
}
gone() { [ -z "$(squeue -h -j "$1" -t pending,running,completing,suspended 2>/dev/null)" ]; }
shows() { scontrol show job "$1" | grep -q "$2"; }  # shows JOB WORDS

# ---- a step ----
srun -n 2 --quiet "$BASIN" sample --config short.conf --chains 5 --quiet --out step >out 2>err
ok $? "srun with 2 tasks"
cut -d ' ' -f 1 step/lock | tr '\n' ' ' | awk '{ exit !($1 == $3 && $3 == $5 && $2 == $4 && $1 != $2) }'
result=$?
ok $result "each takes every second chain"
[ $result = 0 ] || shown step/lock err
"$BASIN" sample --config short.conf --chains 5 --quiet --out short
same short 5 step "to the bytes of one process"

# ---- an array one of whose jobs is interrupted, and a job that is requeued ----
wait $long
array=$(RUN=array sbatch --parsable --array=0-1 --cpus-per-task=1 --output=array-%a.out "$scripts/array.sbatch")
job=$(RUN=requeued sbatch --parsable --nodes=1 --ntasks-per-node=2 --cpus-per-task=1 --output=job.out "$scripts/step.sbatch")
waits begun array 0 2 && waits begun requeued 0 1
ok $? "jobs of both scripts work"
# As --signal does before the end of the time.
scancel --signal=TERM "${array}_1"
scontrol requeue "$job"
waits shows "${array}_1" 'Restarts=1'
ok $? "an array's job that gets SIGTERM waits again"
grep -q 'nothing is lost; go on with' array-1.out
ok $? "with a checkpoint"
shows "${array}_0" 'Restarts=0'
ok $? "the other one is left alone"
waits gone "$array" && shows "${array}_0" 'ExitCode=0:0' && shows "${array}_1" 'ExitCode=0:0'
ok $? "both come to their end"
same long 4 array "to the bytes of one process"
waits gone "$job" && shows "$job" 'Restarts=1' && shows "$job" 'ExitCode=0:0'
ok $? "a job that is requeued comes to its end"
same long 4 requeued "to the bytes of one process"

# ---- preemption ----
# Slurm looks for what to preempt every other second: a run that takes several, and once more where it was over by then.
sed -e 's/^steps.*/steps = 500000/' -e 's/^keep-every.*/keep-every = 50000/' long.conf >longer.conf
"$BASIN" sample --config longer.conf --chains 4 --workers 2 --quiet --out longer &
longer=$!
for _ in 1 2 3 4 5; do
	rm -rf preempted preempted.out high.out
	job=$(CONF=longer.conf RUN=preempted sbatch --parsable --nodes=1 --ntasks-per-node=2 --cpus-per-task=1 \
		--output=preempted.out "$scripts/step.sbatch")
	waits begun preempted 0 1
	sbatch --partition=high --ntasks=8 --output=high.out --wrap 'echo here' >/dev/null
	waits test -s high.out && grep -q 'nothing is lost; go on with' preempted.out && waits shows "$job" 'Restarts=1' && break
	waits gone "$job"
done
shows "$job" 'Restarts=1' && grep -q 'nothing is lost; go on with' preempted.out
ok $? "a job that another one takes the processors from ends with a checkpoint and waits"
waits gone "$job" && shows "$job" 'ExitCode=0:0'
ok $? "and comes to its end"
wait $longer
same longer 4 preempted "to the bytes of one process"
for out in array-0.out array-1.out job.out preempted.out; do
	! grep -i 'basin:' $out | grep -v -e 'nothing is lost; go on with' -e 'resumed at step' -e 'chains, [0-9]* at a time' >unexpected
	ok $? "$out has no complaint"
	[ ! -s unexpected ] || shown unexpected
done
done_testing
