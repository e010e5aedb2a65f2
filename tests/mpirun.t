#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What mpirun starts shares a run by itself: rank r of P takes the chains r, r + P, r + 2P and so on. With the mpiruns of
# Open MPI and MPICH, as far as they are installed, and with the variables alone.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
is() { [ "$1" = "$2" ]; ok $? "$3 (got $1)"; }
for name in $(env | sed -n 's/^\(\(OMPI\|PMIX\|PMI\|MPI\|SLURM\)_[A-Za-z0-9_]*\)=.*/\1/p'); do
	unset "$name"
done

awk 'BEGIN { srand(1); for (i = 0; i < 200; i++) { a = rand() - .5; b = rand() - .5; print a "," b "," a - 2 * b + .1 * rand() } }' >d.csv
common="--data csv:d.csv --model mlp:2-16-1 --batch 32 --lr 0.01 --steps 2000 --keep-every 500 --chains 5 --threads 1 --quiet"
"$BASIN" sample $common --workers 1 --out alone
ok $? "one process alone"
same() {  # same RUN NAME: the chains of the run above, whole
	bad=0
	for k in 0 1 2 3 4; do
		cmp "alone/chain-$k.snaps" "$1/chain-$k.snaps" >>differ 2>&1 || bad=1
	done
	ok $bad "$2"
	[ $bad = 0 ] || shown differ
}
chains() {  # the numbers of the chains that a run has begun
	ls "$1" | sed -n 's/^chain-\([0-9]*\)\.snaps$/\1/p' | sort -n | tr '\n' ' '
}

# ---- the variables alone ----
# One process at a time, so that the chains that are there are those it took.
rank() {  # rank NAME WANTED VARIABLE=VALUE…
	name=$1 want=$2
	shift 2
	rm -rf one
	env "$@" "$BASIN" sample $common --out one 2>err
	got=$(chains one)
	[ "$got" = "$want " ]
	result=$?
	ok $result "$name: chains $want"
	[ $result = 0 ] || { echo "# got $got"; shown err; }
}
open="OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=3 OMPI_COMM_WORLD_LOCAL_RANK=1"
mpich="PMI_RANK=2 PMI_SIZE=3 MPI_LOCALRANKID=0"
slurm="SLURM_PROCID=3 SLURM_STEP_NUM_TASKS=4 SLURM_LOCALID=0"
rank "Open MPI's rank 1 of 3" "1 4" $open
rank "MPICH's rank 2 of 3" "2" $mpich
rank "Slurm's rank 3 of 4" "3" $slurm
# mpirun starts its daemons by srun, and its processes see both.
rank "Open MPI within a step of Slurm's" "1 4" $open SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 SLURM_LOCALID=0
rank "MPICH within a step of Slurm's" "2" $mpich SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 SLURM_LOCALID=0
rank "a batch script's own shell, nobody's rank" "0 1 2 3 4" SLURM_PROCID=0 SLURM_NTASKS=3 SLURM_NPROCS=3 SLURM_LOCALID=0
fails 2 'PMI_RANK' "a rank beyond their number" env PMI_RANK=3 PMI_SIZE=3 "$BASIN" sample $common --out new
fails 2 'PMI_SIZE' "a number that is none" env PMI_RANK=0 PMI_SIZE=x "$BASIN" sample $common --out new
[ ! -e new ]
ok $? "and nothing is made"
rm -rf one
env $open "$BASIN" sample $common --only 0-3 --out one && [ "$(chains one)" = "1 " ]
ok $? "--only and the rank hold together"
env PMI_RANK=0 PMI_SIZE=1 "$BASIN" sample $common --out one && [ "$(chains one)" = "0 1 2 3 4 " ]
ok $? "a run that is there is joined, with as many processes as there are now"
same one "to the bytes of one process"

# ---- more ranks than chains ----
env PMI_RANK=6 PMI_SIZE=8 "$BASIN" sample $common --out one >out 2>err
is $? 0 "a process without a chain has nothing to do"

# ---- the real ones ----
# find_mpirun WORD NAME…: sets mpirun to the first of these programs that has the word in its --version.
find_mpirun() {
	word=$1
	shift
	for mpirun; do
		! "$mpirun" --version 2>/dev/null | grep -q "$word" || return 0
	done
	return 1
}
# real LAUNCHER COMMAND…: 3 processes, 5 chains.
real() {
	launcher=$1
	shift
	rm -rf several
	if ! "$@" true >why 2>&1; then
		skip "3 processes of $launcher" "its mpirun does not work here: $(grep '[a-z]' why | tail -n 1 | cut -c 1-100)"
		return
	fi
	"$@" "$BASIN" sample $common --out several >out 2>err
	is $? 0 "3 processes of $launcher"
	# The lock's record of chain k, the k-th line of 64 bytes, begins with the number of its process.
	cut -d ' ' -f 1 several/lock | tr '\n' ' ' | awk '{ exit !($1 == $4 && $2 == $5 && $1 != $2 && $2 != $3 && $3 != $1) }'
	result=$?
	ok $result "each takes every third chain"
	[ $result = 0 ] || shown several/lock err
	same several "to the bytes of one process"
}
# Open MPI asks root twice; and wants as many processors as processes, unless it is told.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
if find_mpirun "Open MPI\|OpenRTE" mpirun.openmpi /usr/lib64/openmpi/bin/mpirun mpirun; then
	real "Open MPI" "$mpirun" --oversubscribe -n 3
else
	skip "3 processes of Open MPI" "it has no mpirun here"
fi
if find_mpirun "HYDRA" mpirun.mpich /usr/lib64/mpich/bin/mpirun mpiexec.hydra mpirun; then
	real MPICH "$mpirun" -n 3
else
	skip "3 processes of MPICH" "it has no mpirun here"
fi
done_testing
