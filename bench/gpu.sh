#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# What a card says: gpu.sh [PART[:STEP[,STEP…]]…], all parts without one; gpu.md says what they are for. It runs from a bundle (make
# bundle) and builds nothing. Each result is a line of OUT/results.jsonl as soon as it is known, what was run and what it printed is in
# OUT/log, and a table of all lines comes last; so whatever time there is, what was done is kept, and parts and their steps may be run
# one by one into the same OUT.
#   1  right: machine card drivers bits nets sanitizer
#   2  how fast: ceilings steps convolutions
#   3  fsgld epoch chains
#   4  sgld entropy-mcmc
# OUT: the folder of the results, ./gpu-results. BASIN, TESTS, BENCH: the program, and the folders of card_* and of cuda_*. SIZE=tiny: a
# moment's worth of everything. PYTHON: one that has PyTorch, for PEER_DEVICE, cuda. LIMIT: seconds that a command may take, 240 (600 in
# parts 3 and 4). PART_LIMIT: the seconds of a part, 180 in part 1 and 540 in the others, empty for no end: no command goes on beyond
# them, and what would be begun later is skipped by name. BASIN_DATA: a folder with CIFAR-10 and, as svhn, SVHN; EPOCHS, 200, and
# PRECISION, bf16, are those of parts 3 and 4, and RUNS, ./gpu-results-runs (OUT with -runs), is where their runs stay and are gone on
# with, as those are that were stopped.
# Exit status 1: something failed.
# Steps are called by their names.
# shellcheck disable=SC2317
set -u
here=$(cd "$(dirname "$0")" && pwd)
basin=${BASIN:-$here/../bin/basin}
tests=${TESTS:-$here/../tests}
bench=${BENCH:-$here}
python=${PYTHON:-python3}
precision=${PRECISION:-bf16}
peer_device=${PEER_DEVICE:-cuda}
out=${OUT:-gpu-results}
mkdir -p "$out" || exit 1
out=$(cd "$out" && pwd)
results=$out/results.jsonl
work=$(mktemp -d) || exit 1
runs=${RUNS:-$out-runs}
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
bad=0
part=0
status=0

# ---- what a step leaves ----

plain() { printf '%s' "$*" | tr -d '"\134' | tr -c '[:print:]' ' '; }
line() { printf '{"part": %s, %s}\n' "$part" "$1" | tee -a "$results"; }
value() { line "\"what\": \"$(plain "$1")\", \"value\": $2, \"unit\": \"$3\""; }              # value WHAT NUMBER UNIT
fact() { line "\"what\": \"$(plain "$1")\", \"is\": \"$(plain "$2")\""; }                     # fact WHAT TEXT
skipped() { line "\"what\": \"$(plain "$1")\", \"skipped\": \"$(plain "$2")\""; }             # skipped WHAT REASON
# failed WHAT REASON; what the part's end stopped is no failure, and the status is 1.
failed() {
	if [ "$status" = 124 ] && ! has_time; then
		skipped "$1" "the part's $part_limit s ended before it did"
		return 1
	fi
	bad=1
	line "\"what\": \"$(plain "$1")\", \"failed\": \"$(plain "$2")\""
}
held() { if [ "$2" = 0 ]; then fact "$1" yes; else failed "$1" "${3:-no}"; fi; }              # held WHAT STATUS [REASON]

# allowed: the seconds that a command may take: the limit, or what the part has left.
allowed() {
	left=$limit
	[ -z "$part_limit" ] || left=$((part_limit - $(date +%s) + begun))
	[ "$left" -lt "$limit" ] || left=$limit
	[ "$left" -gt 0 ] || left=1
	echo "$left"
}

# quietly COMMAND…: its standard output in $work/out, all of it in the log; no longer than it may take.
quietly() {
	printf '\n$ %s\n' "$*" >>"$out/log"
	timeout "$(allowed)" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	cat "$work/out" "$work/err" >>"$out/log"
	return "$status"
}
reason() { echo "status $status$([ "$status" != 124 ] || echo ', its time was over'): $(grep -v '^ *$' "$work/err" | tail -n 1)"; }
there() { command -v "$1" >/dev/null 2>&1; }

# rows NAME COMMAND…: a program's lines of JSON become this part's, one by one as they come; those that say that something failed count.
rows() {
	name=$1
	shift
	printf '\n$ %s\n' "$*" >>"$out/log"
	rm -f "$work/bad"
	{ timeout "$(allowed)" "$@" 2>"$work/err" </dev/null; echo "status $?"; } | while read -r words; do
		case $words in
		'{'*)
			case $words in *'"failed": '*) : >"$work/bad" ;; esac
			words=${words#?}
			line "${words%?}"
			;;
		'status 0') ;;
		*) status=${words#status } && failed "$name" "$(reason)" && : >"$work/bad" ;;
		esac
	done
	cat "$work/err" >>"$out/log"
	[ ! -e "$work/bad" ] || bad=1
}

has_time() { [ -z "$part_limit" ] || [ $(($(date +%s) - begun)) -lt "$part_limit" ]; }
# in_time WHAT: whether the part still has time for it, which is said where it has not.
in_time() { has_time || { skipped "$1" "the part's $part_limit s are over" && false; }; }

# NVIDIA's libraries, where the system does not know them: in a toolkit, or in python's packages. Not for PyTorch, which finds the
# releases that it was built with, and would be given others. A bundle's own come first: a cuDNN looks here for its parts, and those of
# another release are refused.
find_libraries() {
	given=${LD_LIBRARY_PATH-}
	[ ! -e "$here/../lib/libcudnn_graph.so.9" ] || LD_LIBRARY_PATH=$here/../lib${given:+:$given}
	for folder in /usr/local/cuda/lib64 $("$python" -c 'import glob, sys
print(*(f for p in sys.path for f in sorted(glob.glob(p + "/nvidia/*/lib"))))' 2>/dev/null); do
		[ ! -d "$folder" ] || LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
	done
	export LD_LIBRARY_PATH
}

# ---- runs ----

# sample NAME ARGUMENT…: a run on the card in $work/NAME.
sample() {
	name=$1
	shift
	rm -rf "${work:?}/$name"
	quietly "$basin" sample --device cuda --out "$work/$name" "$@"
}

# resume NAME FROM ARGUMENT…: a copy of a run, gone on with, and with the choices that it made.
resume() {
	name=$1 from=$2
	shift 2
	rm -rf "${work:?}/$name"
	cp -R "$work/$from" "$work/$name"
	quietly "$basin" sample --device cuda --resume "$work/$name" "$@"
}

same() { cmp -s "$work/$1/chain-${3:-0}.snaps" "$work/$2/chain-${3:-0}.snaps"; }              # same RUN RUN [CHAIN]

now() { date +%s%N; }

# timed COMMAND…: its nanoseconds in $work/time.
timed() {
	begin=$(now)
	"$@" || return
	echo $(($(now) - begin)) >"$work/time"
}

# ---- all ----

# shellcheck source=bench/gpu_right.sh
. "$here/gpu_right.sh"
# shellcheck source=bench/gpu_speed.sh
. "$here/gpu_speed.sh"
# shellcheck source=bench/gpu_runs.sh
. "$here/gpu_runs.sh"
steps_of() { sed -n "s/^#   $1  \([^:]*: \)*//p" "$here/gpu.sh"; }
find_libraries
[ $# -gt 0 ] || set -- 1 2 3 4
for asked; do
	known=$(steps_of "${asked%%:*}") chosen=
	case $asked in
	[1-4]) chosen=$known ;;
	[1-4]:*) chosen=$(echo "${asked#*:}" | tr ',' ' ') ;;
	esac
	for step in ${chosen:-none}; do
		case " $known " in
		*" $step "*) ;;
		*)
			echo "gpu.sh: part $asked: there are 1 to 4, of the steps that gpu.sh's first lines name" >&2
			exit 2
			;;
		esac
	done
done
for asked; do
	part=${asked%%:*} begun=$(date +%s) part_limit=${PART_LIMIT-540} limit=${LIMIT:-240}
	case $part in
	1) part_limit=${PART_LIMIT-180} ;;
	3 | 4) limit=${LIMIT:-600} ;;
	esac
	case $asked in
	*:*) chosen=$(echo "${asked#*:}" | tr ',' ' ') ;;
	*) chosen=$(steps_of "$part") ;;
	esac
	for step in $chosen; do ! in_time "$step" || "step_$(echo "$step" | tr '-' '_')"; done
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
	printf "%s  %-66s %s\n", member("part"), member("what"), shown
}' "$results"
exit $bad
