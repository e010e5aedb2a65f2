#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What a card says: gpu.sh [PART…], all parts without one; gpu.md says what they are for. It runs from a bundle (make bundle) and
# builds nothing. Each result is a line of OUT/results.jsonl as soon as it is known, what was run and what it printed is in OUT/log, and
# a table of all lines comes last; so whatever time there is, what was done is kept, and parts may be run one by one into the same OUT.
#   1  the machine, the card's own description, the tests with NVIDIA's libraries, equal bits, compute-sanitizer
#   2  ceilings, updates and perturbation, many chains beside PyTorch
# OUT: the folder of the results, ./gpu-results. BASIN, TESTS, BENCH: the program, and the folders of card_* and of cuda_*. SIZE=tiny: a
# moment's worth of everything. PYTHON: one that has PyTorch, for PEER_DEVICE, cuda. LIMIT: seconds that a step may take, 240.
# Exit status 1: something failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
basin=${BASIN:-$here/../bin/basin}
tests=${TESTS:-$here/../tests}
bench=${BENCH:-$here}
python=${PYTHON:-python3}
out=${OUT:-gpu-results}
limit=${LIMIT:-240}
mkdir -p "$out" || exit 1
out=$(cd "$out" && pwd)
results=$out/results.jsonl
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
bad=0
part=0

# ---- what a step leaves ----

plain() { printf '%s' "$*" | tr -d '"\134' | tr -c '[:print:]' ' '; }
line() { printf '{"part": %s, %s}\n' "$part" "$1" | tee -a "$results"; }
value() { line "\"what\": \"$(plain "$1")\", \"value\": $2, \"unit\": \"$3\""; }              # value WHAT NUMBER UNIT
fact() { line "\"what\": \"$(plain "$1")\", \"is\": \"$(plain "$2")\""; }                     # fact WHAT TEXT
skipped() { line "\"what\": \"$(plain "$1")\", \"skipped\": \"$(plain "$2")\""; }             # skipped WHAT REASON
failed() { bad=1; line "\"what\": \"$(plain "$1")\", \"failed\": \"$(plain "$2")\""; }        # failed WHAT REASON
held() { if [ "$2" = 0 ]; then fact "$1" yes; else failed "$1" "${3:-no}"; fi; }              # held WHAT STATUS [REASON]

# quietly COMMAND…: its standard output in $work/out, all of it in the log; no longer than the limit.
quietly() {
	printf '\n$ %s\n' "$*" >>"$out/log"
	timeout "$limit" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	cat "$work/out" "$work/err" >>"$out/log"
	return $status
}
reason() { echo "status $status: $(grep -v '^ *$' "$work/err" | tail -n 1)"; }
there() { command -v "$1" >/dev/null 2>&1; }

# NVIDIA's libraries, where the system does not know them: in a toolkit, or in python's packages. Not for PyTorch, which finds the
# releases that it was built with, and would be given others.
find_libraries() {
	given=${LD_LIBRARY_PATH-}
	for folder in /usr/local/cuda/lib64 $("$python" -c 'import glob, sys
print(*(f for p in sys.path for f in sorted(glob.glob(p + "/nvidia/*/lib"))))' 2>/dev/null); do
		[ ! -d "$folder" ] || LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
	done
	export LD_LIBRARY_PATH
}

# ---- sizes ----

case ${SIZE-whole} in
tiny)
	passes='3000 32 2 2' counts='1 3' steps=1200 peer_steps=4 nets='16-8-4:8'
	export FAST=1
	;;
*) passes='' counts='1 7 64' steps=20000 peer_steps=400 nets='64-64-10:32 784-128-10:128' ;;
esac

# sample NAME ARGUMENT…: a run on the card in $work/NAME.
sample() {
	name=$1
	shift
	rm -rf "${work:?}/$name"
	quietly "$basin" sample --device cuda --out "$work/$name" "$@"
}

# ---- part 1 ----

machine() {
	fact "system" "$(uname -srm), $(nproc) processors"
	if there nvidia-smi; then
		quietly nvidia-smi --query-gpu=name,driver_version,memory.total,power.limit,clocks.max.sm,clocks.max.memory,ecc.mode.current \
			--format=csv,noheader && fact "nvidia-smi" "$(cat "$work/out")"
		quietly nvidia-smi
	else
		skipped "nvidia-smi" "there is none"
	fi
	if quietly "$basin" --version; then
		while read -r words; do fact "version" "$words"; done <"$work/out"
	else
		failed "basin --version" "$(reason)"
	fi
}

card() {
	if [ ! -x "$bench/cuda_card" ]; then
		skipped "the card's description" "this build has no cuda_card"
	elif quietly "$bench/cuda_card"; then
		cp "$work/out" "$out/card.json"
		fact "the card's description" "card.json, to be kept in tests/cards/"
	else
		failed "the card's description" "$(reason)"
	fi
}

drivers() {
	found=no
	for driver in "$tests"/card_*; do
		[ -x "$driver" ] || continue
		found=yes
		quietly env top_srcdir="$here/.." "$driver"
		name=${driver##*/}
		cp "$work/out" "$out/$name.tap"
		wrong=$(grep -c '^not ok' "$work/out")
		right=$(grep -c '^ok' "$work/out")
		none=$(sed -n 's/^ok .*# SKIP //p' "$work/out" | head -n 1)
		if [ "$status" = 0 ] && [ "$wrong" = 0 ] && [ -n "$none" ] && [ "$right" = 1 ]; then
			skipped "$name" "$none"
		elif [ "$status" = 0 ] && [ "$wrong" = 0 ] && [ "$right" -gt 0 ]; then
			value "$name" "$right" "checks passed"
		else
			failed "$name" "$right passed, $wrong failed, $(reason); $(grep -m 1 '^not ok' "$work/out")"
		fi
	done
	[ $found = yes ] || skipped "card_*" "this build has no tests for a card"
}

# Small cases that have every kind of kernel: noise, a cropped and mirrored batch, its last one smaller, in both precisions.
case_of() {
	case $1 in
	fsgld) echo "--sampler fsgld --sigma 0.01 --augment crop-flip --precision fp32" ;;
	entropy-mcmc) echo "--sampler entropy-mcmc --coupling 1 --precision bf16" ;;
	entropy-sgd) echo "--sampler entropy-sgd --coupling 1 --inner-steps 3 --precision fp32" ;;
	esac
}
small="--data shapes --holdout 9900 --model mlp:3072-16-10 --batch 48 --lr 0.01 --steps 12 --keep-every 4"

same() { cmp -s "$work/$1/chain-0.snaps" "$work/$2/chain-0.snaps"; }

bits() {
	for sampler in fsgld entropy-mcmc entropy-sgd; do
		options="$small $(case_of $sampler)"
		# shellcheck disable=SC2086 # words
		if sample first $options && sample second $options; then
			same first second
			held "$sampler: the same bits twice" $? "they differ"
		else
			failed "$sampler: the same bits twice" "$(reason)"
			continue
		fi
		# shellcheck disable=SC2086 # words
		BASIN_CUDA_GRAPHS=no sample eager $options && same first eager
		held "$sampler: the same bits without graphs" $? "they differ, or $(reason)"
		# shellcheck disable=SC2086 # words
		sample several $options --chains 3 && same first several
		held "$sampler: a chain's bits do not depend on the others" $? "they differ, or $(reason)"
	done
}

sanitizer() {
	if ! there compute-sanitizer; then
		for tool in memcheck racecheck initcheck synccheck; do skipped "$tool" "compute-sanitizer is not installed"; done
		return
	fi
	for tool in memcheck racecheck initcheck synccheck; do
		for sampler in fsgld entropy-mcmc; do
			rm -rf "${work:?}/checked"
			# shellcheck disable=SC2046,SC2086 # words
			quietly compute-sanitizer --tool $tool --error-exitcode 9 "$basin" sample --device cuda --out "$work/checked" \
				$small $(case_of $sampler)
			held "$tool: $sampler" $? "$(grep '^=* [A-Z]' "$work/out" | grep -v -m 1 COMPUTE-SANITIZER); $(reason)"
		done
	done
}

# ---- part 2 ----

ceilings() {
	if [ ! -x "$bench/cuda_passes" ]; then
		skipped "passes" "this build has no cuda_passes"
		return
	fi
	# Line by line, as they come.
	printf '\n$ cuda_passes %s\n' "$passes" >>"$out/log"
	# shellcheck disable=SC2086 # words
	{ timeout "$limit" "$bench/cuda_passes" $passes 2>"$work/err"; echo "status $?"; } | while read -r words; do
		case $words in
		'{'*)
			words=${words#?}
			line "${words%?}"
			;;
		'status 0') ;;
		*) status=${words#status } && failed "passes" "$(reason)" && : >"$work/bad" ;;
		esac
	done
	cat "$work/err" >>"$out/log"
	[ ! -e "$work/bad" ] || bad=1
}

now() { date +%s%N; }

# timed STEPS ARGUMENT…: nanoseconds of a whole run.
timed() {
	count=$1
	shift
	begin=$(now)
	sample timed --steps "$count" "$@" || return 1
	echo $(($(now) - begin)) >"$work/time"
}

# Chain-steps a second: a run less one of a tenth its length, so that the start is left out.
chains() {
	for net in $nets; do
		sizes=${net%:*} batch=${net#*:}
		inputs=${sizes%%-*} classes=${sizes##*-}
		mkdir -p "$work/$inputs"
		if ! quietly "$python" "$here/peer.py" data "$work/$inputs" "$inputs" "$classes" 4096; then
			skipped "chains of mlp:$sizes" "no Python to make data with: $(reason)"
			continue
		fi
		for n in $counts; do
			many=$((steps / (n > 8 ? 8 : n)))
			options="--data npy:$work/$inputs/x.npy,$work/$inputs/y.npy --likelihood categorical --model mlp:$sizes --batch $batch
				--sampler sgld --lr 1e-3 --chains $n"
			# shellcheck disable=SC2086 # words
			if ! timed $((many / 10)) $options || ! short=$(cat "$work/time") || ! timed "$many" $options; then
				failed "mlp:$sizes, chains: $n" "$(reason)"
			elif [ "$(cat "$work/time")" -le "$short" ]; then
				failed "mlp:$sizes, chains: $n" "$many steps took no longer than a tenth of them"
			else
				value "mlp:$sizes, batch $batch, SGLD, chains: $n" "$(awk -v a="$short" -v b="$(cat "$work/time")" \
					-v s=$(((many - many / 10) * n)) 'BEGIN { printf "%.1f", s / (b - a) * 1e9 }')" "chain-steps/s"
			fi
			for way in loop stacked graph; do
				label="PyTorch, $way: mlp:$sizes, batch $batch, SGLD, chains: $n"
				[ $way != loop ] || [ "$n" = 1 ] || continue
				quietly env LD_LIBRARY_PATH="$given" "$python" "$here/gpu_peer.py" $way "${PEER_DEVICE-cuda}" "$sizes" "$batch" "$n" "$peer_steps"
				case $? in
				0) value "$label" "$(sed 's/.*"rate": \([0-9.e+]*\).*/\1/' "$work/out")" "chain-steps/s" ;;
				3 | 127) skipped "$label" "$(tail -n 1 "$work/err")" ;;
				*) failed "$label" "$(reason)" ;;
				esac
			done
		done
	done
}

# ---- all ----

find_libraries
[ $# -gt 0 ] || set -- 1 2
for part; do
	case $part in
	1) machine; card; drivers; bits; sanitizer ;;
	2) ceilings; chains ;;
	*)
		echo "gpu.sh: part $part: there are 1 and 2" >&2
		exit 2
		;;
	esac
done

echo
awk '
function member(name) {
	if (!match($0, "\"" name "\": (\"[^\"]*\"|[^,}]*)")) return ""
	text = substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4)
	gsub(/"/, "", text)
	return text
}
{
	shown = member("value") ? member("value") " " member("unit") : member("is")
	if (member("skipped")) shown = "skipped: " member("skipped")
	if (member("failed")) shown = "FAILED: " member("failed")
	printf "%s  %-58s %s\n", member("part"), member("what"), shown
}' "$results"
exit $bad
