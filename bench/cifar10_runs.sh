# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# Read by the scripts that fill a folder with scored runs of ResNet-20 on CIFAR-10 (cifar10-cpu.sh, methods.sh), which set
# `here` to this folder and `script` to their name. What is done is skipped and what was interrupted goes on.
#
# BASIN_DATA, BASIN, RUNS, PRECISION, THREADS and ONLY are as those scripts say. A run NAME leaves in the folder $runs:
# NAME (the run), NAME.done, NAME.ns (wall time of each `basin sample`, a line each), and for each score NAME.predict,
# NAME.last, NAME.ood-id and NAME.ood-half a .json and its .ns.
# shellcheck shell=sh disable=SC2154

basin=${BASIN:-$here/../build/basin}
threads=${THREADS:-$(nproc)}
if [ -z "${BASIN_DATA-}" ]; then
	echo "$script: skipped: BASIN_DATA is not set" >&2
	exit 0
fi
if [ -z "${PRECISION-}" ]; then
	PRECISION=fp32
	grep -q -w amx_bf16 /proc/cpuinfo && PRECISION=bf16
fi
mkdir -p "$runs"

# asked NAME: whether the run is one of ONLY; all are where that is empty.
names=
asked() {
	names="$names $1"
	case " ${ONLY:-$1} " in
	*" $1 "*) return 0 ;;
	*) return 1 ;;
	esac
}

# all_asked: at the end; fails where ONLY has a name that no run had.
all_asked() {
	for word in ${ONLY-}; do
		case "$names " in
		*" $word "*) ;;
		*) echo "$script: ONLY: no run is called $word" >&2; return 2 ;;
		esac
	done
}

# timed FILE COMMAND…: adds the command's wall time to FILE, in nanoseconds, if it ends well.
timed() {
	times=$1
	shift
	begin=$(date +%s%N)
	"$@" || return
	echo $(($(date +%s%N) - begin)) >>"$times"
}

# sampled NAME OPTION…: the run, to its end.
sampled() {
	name=$1
	shift
	[ ! -e "$runs/$name.done" ] || return 0
	echo "$name: $(date -u +%H:%M:%S)" >&2
	if [ -e "$runs/$name/run.json" ]; then
		timed "$runs/$name.ns" "$basin" sample --resume "$runs/$name" --threads "$threads" --quiet >/dev/null
	else
		rm -rf "${runs:?}/$name"
		timed "$runs/$name.ns" "$basin" sample --data "cifar10:$BASIN_DATA/cifar-10-batches-bin" --model resnet20 \
			--batch 128 --weight-decay 5e-4 --temperature 1e-4 --precision "$PRECISION" --threads "$threads" \
			--out "$runs/$name" --quiet "$@" >/dev/null
	fi
	: >"$runs/$name.done"
}

# report NAME.SCORE COMMAND OPTION…: what the command prints of the run NAME, unless it is there.
report() {
	report=$runs/$1 run=$runs/${1%.*} command=$2
	shift 2
	[ ! -s "$report.json" ] || return 0
	timed "$report.ns" "$basin" "$command" "$run" --threads "$threads" --json "$@" >"$report.json.part"
	mv "$report.json.part" "$report.json"
}

# scored NAME [OPTION…]: its predictions, its last state's alone, and both comparisons with SVHN; the options, of both
# commands, say which of its states are the ensemble.
scored() {
	name=$1
	shift
	report "$name.predict" predict "$@"
	report "$name.last" predict --last 1
	report "$name.ood-id" ood --ood "svhn:$BASIN_DATA/svhn" "$@"
	report "$name.ood-half" ood --ood "svhn:$BASIN_DATA/svhn" --ood-normalize 0.5:0.5 "$@"
}
