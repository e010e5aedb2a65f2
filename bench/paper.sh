#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Sections 4.3 to 4.5 of fSGLD's paper (arXiv 2510.02174) in small: makes the runs of noisy-labels.md, coupling.md and
# flatness.md, and adds a line to paper.jsonl for each chain that is done and scored, from which paper_tables.py makes the
# tables. What is done is skipped and what was interrupted goes on, so it can be stopped at any time and called again.
#
#   BASIN_DATA=DIR [BASIN=basin] [RUNS=folder] [RESULTS=file.jsonl] [PART='search labels coupling flatness'] \
#       [ONLY='cifar10n-sgd coupling-1e8-0 …'] [THREADS=2] bench/paper.sh
#
# DIR has cifar-10-batches-bin, cifar-100-binary, cifar10n/aggregate.npy, cifar100n/noisy.npy, and clean.npy in both: the
# members aggre_label, noisy_label and clean_label of CIFAR-10N's and CIFAR-100N's files (github.com/UCSC-REAL/cifar-10-100n).
#
# To try it with less: ROWS (training examples), EPOCHS, MODEL, EXAMPLES, PROBES and LANCZOS (of the flatness), with RUNS and
# RESULTS of their own. COMMIT names the program's commit where it is not that of the folder this script is in.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
script=bench/paper.sh
if [ -n "${ROWS-}${EPOCHS-}${MODEL-}${EXAMPLES-}${PROBES-}${LANCZOS-}" ] && { [ -z "${RUNS-}" ] || [ -z "${RESULTS-}" ]; }; then
	echo "$script: a trial of less has RUNS and RESULTS of its own" >&2
	exit 2
fi
runs=${RUNS:-paper-runs}
results=${RESULTS:-$here/paper.jsonl}
PRECISION=${PRECISION:-fp32}
BASIN_DEVICE=cpu
export BASIN_DEVICE

# shellcheck source=bench/cifar10_runs.sh
. "$here/cifar10_runs.sh"

commit=${COMMIT:-$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)}
lines() { python3 "$here/paper_lines.py" "$@"; }
known() { lines known "$results" "$@"; } # PART NAME CHAINS
for part in ${PART-}; do
	case $part in
	search | labels | coupling | flatness) ;;
	*) echo "$script: PART: no part is called $part" >&2; exit 2 ;;
	esac
done
in_part() { case " ${PART:-search labels coupling flatness} " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

# of_set SET: its data, labels and number of training rows.
of_set() {
	case $1 in
	cifar10n) data=cifar10:$BASIN_DATA/cifar-10-batches-bin given=$BASIN_DATA/cifar10n/aggregate.npy ;;
	cifar100n) data=cifar100:$BASIN_DATA/cifar-100-binary given=$BASIN_DATA/cifar100n/noisy.npy ;;
	esac
	clean=${given%/*}/clean.npy
	total=$(lines rows "$given")
}

# of_method SET METHOD: its options but the step size. ρ and η are those of ASAM's authors, for sam too; β is that of an
# example of fSGLD's authors, to which σ is tied by the default η of 0.1.
of_method() {
	decay=5e-4
	case $1-$2 in
	*-sgd) options='--sampler sgd --momentum 0.9' ;;
	*-adamw) options='--sampler adamw' decay=0.01 ;;
	cifar10n-sam) options='--sampler sam --rho 0.05 --momentum 0.9' ;;
	cifar100n-sam) options='--sampler sam --rho 0.1 --momentum 0.9' ;;
	cifar10n-asam) options='--sampler asam --rho 0.5 --asam-eta 0 --momentum 0.9' ;;
	cifar100n-asam) options='--sampler asam --rho 1 --asam-eta 0 --momentum 0.9' ;;
	*-sgld) options='--sampler sgld --beta 1e8' ;;
	*-fsgld) options='--sampler fsgld --beta 1e8' ;;
	*-coupling) options='--sampler fsgld' ;; # β and σ are given
	esac
}

# made NAME SET METHOD CHAINS ROWS EPOCHS OPTION…: the run, to its end or its chains', of so many training rows (0: all), and
# NAME.info.json; NAME.chains has those that did not diverge. Step sizes fall to a tenth after a third of it, and again after two.
made() {
	name=$1 chains=$4 rows=${ROWS:-$5} epochs=${EPOCHS:-$6}
	of_set "$2"
	of_method "$2" "$3"
	[ "$rows" != 0 ] || rows=$total
	shift 6
	epoch=$(((rows + 127) / 128))
	[ ! -e "$runs/$name.done" ] || return 0
	echo "$name: $(date -u +%H:%M:%S)" >&2
	how="--workers $chains --threads $threads"
	[ "$chains" = 1 ] || how="--workers $chains --threads $(((threads + 1) / 2))"
	status=0
	if [ -e "$runs/$name/run.json" ]; then
		: >"$runs/$name.interrupted"
		# Word splitting of the common options is meant.
		# shellcheck disable=SC2086
		timed "$runs/$name.ns" "$basin" sample --resume "$runs/$name" $how --quiet >/dev/null || status=$?
	else
		# With the scores of one that was here before.
		rm -rf "${runs:?}/$name" "$runs/$name".*
		echo "$commit" >"$runs/$name.commit"
		[ "$rows" = "$total" ] || how="$how --holdout $((total - rows))"
		# shellcheck disable=SC2086
		timed "$runs/$name.ns" "$basin" sample --data "$data" --labels "$given" --model "${MODEL:-resnet20}" --batch 128 \
			--weight-decay $decay --augment crop-flip --schedule step --gamma 0.1 --keep-last "$epochs" --epochs "$epochs" \
			--milestones "$(((2 * epoch * epochs + 3) / 6))steps,$(((4 * epoch * epochs + 3) / 6))steps" \
			--precision "$PRECISION" --chains "$chains" $how --out "$runs/$name" --quiet $options "$@" >/dev/null || status=$?
	fi
	# A chain that diverged is a result; one that was interrupted is not.
	"$basin" info "$runs/$name" --json >"$runs/$name.info.json"
	if ! lines ended "$runs/$name.info.json" "$chains" >"$runs/$name.chains"; then
		[ "$status" != 0 ] || status=1
		exit "$status"
	fi
	: >"$runs/$name.done"
}

# chains_of NAME: those that are done.
chains_of() { cat "$runs/$1.chains"; }

# noted PART NAME KEY=VALUE…: a line for each of its chains.
noted() { lines add "$results" "$runs" "$@" "rows=$rows" "epochs=$epochs"; }

# search SET METHOD: tries step sizes until the best of them has a worse one on either side, or is the end of the list.
search() {
	asked "search-$1-$2" || return 0
	while :; do
		lr=$(lines next "$results" "$1" "$2")
		[ -n "$lr" ] || break
		made "search-$1-$2-$lr" "$1" "$2" 1 10000 3 --lr "$lr"
		for chain in $(chains_of "$name"); do
			report "$name.holdout-$chain" predict --split holdout --last 1 --chain "$chain" --quiet
		done
		noted search "$name" "set=$1" "method=$2" "lr=$lr"
	done
}

# labels NAME SET METHOD EPOCHS: two chains with the step size that was found, their scores on the clean test set after every
# epoch, and what the last state says of the training set; nothing where both have lines, whatever folder they were made in.
labels() {
	asked "$1" || return 0
	! known labels "$1" 2 || return 0
	lr=$(lines best "$results" "$2" "$3")
	made "$1" "$2" "$3" 2 0 "$4" --lr "$lr"
	for chain in $(chains_of "$1"); do
		e=1
		while [ $e -le "$epochs" ]; do
			report "$1.test-$chain-$e" predict --split test --chain "$chain" --from-step $((e * epoch)) --to-step $((e * epoch)) --quiet
			e=$((e + 1))
		done
		if [ ! -s "$runs/$1.fitted-$chain.json" ]; then
			timed "$runs/$1.fitted-$chain.ns" "$basin" predict "$runs/$1" --split train --chain "$chain" --last 1 \
				--threads "$threads" --csv "$runs/$1.csv" --overwrite --json --quiet >"$runs/$1.train-$chain.json"
			lines fitted "$runs/$1.csv" "$runs/$1.train-$chain.json" "$runs/$1.info.json" "$given" "$clean" \
				>"$runs/$1.fitted-$chain.json.part"
			mv "$runs/$1.fitted-$chain.json.part" "$runs/$1.fitted-$chain.json"
			rm "$runs/$1.csv"
		fi
	done
	noted labels "$1" "set=$2" "method=$3" "lr=$lr"
}

# coupling BETA SIGMA: two chains of fsgld, and the last state's scores; nothing where both have lines.
coupling() {
	asked "coupling-$1-$2" || return 0
	! known coupling "coupling-$1-$2" 2 || return 0
	lr=$(lines best "$results" cifar10n fsgld)
	made "coupling-$1-$2" cifar10n coupling 2 10000 12 --lr "$lr" --beta "$1" --sigma "$2"
	for chain in $(chains_of "$name"); do
		report "$name.test-$chain" predict --split test --chain "$chain" --last 1 --quiet
	done
	noted coupling "$name" "lr=$lr" "beta=$1" "sigma=$2"
}

# flatness METHOD: of the last state of either chain of a run of labels, the Hessian of the mean loss on some of the noisy
# training rows.
flatness() {
	asked "flatness-$1" || return 0
	name=cifar10n-$1
	! known flatness "$name" 2 || return 0
	if [ ! -e "$runs/$name.done" ]; then
		if known labels "$name" 2; then
			echo "$script: flatness-$1: $runs lacks the run $name that $results has lines of; without them it is made anew" >&2
		else
			echo "$script: flatness-$1: $name has not been run: PART=labels ONLY=$name" >&2
		fi
		return 0
	fi
	of_set cifar10n
	rows=${ROWS:-$total} epochs=${EPOCHS:-8}
	for chain in $(chains_of "$name"); do
		report "$name.flat-$chain" flatness --chain "$chain" --last 1 --top 1 --probes "${PROBES:-10}" --density \
			--lanczos-steps "${LANCZOS:-16}" --examples "${EXAMPLES:-500}" --seed 1 --quiet
	done
	noted flatness "$name" set=cifar10n "method=$1" "measured_by=$commit"
}

# set_runs SET: the search and the rows of section 4.3 of one set.
set_runs() {
	for method in sgd adamw fsgld sam asam; do
		! in_part search || search "$1" $method
	done
	in_part labels || return 0
	for method in sgd adamw fsgld sam asam; do
		labels "$1-$method" "$1" $method 8
	done
	# As many gradients as those have: two a step.
	for method in sam asam; do
		labels "$1-$method-half" "$1" $method 4
	done
}

set_runs cifar10n
if in_part coupling; then
	for sigma in 6.31e-3 0 1e-3 3e-3 1e-2 3e-2 1e-1; do
		coupling 1e8 $sigma
	done
	for beta in 1e4 1e5 1e6 1e7 1e9 1e10; do
		coupling $beta 6.31e-3
	done
fi
if in_part flatness; then
	# SGLD has the step size of fSGLD, from which it differs by σ alone.
	labels cifar10n-sgld cifar10n sgld 8
	for method in sgd sgld fsgld sam; do
		flatness $method
	done
fi
set_runs cifar100n
all_asked
