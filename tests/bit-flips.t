#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the Basin contributors
# A run's files with one bit changed: a change in snapshots or in a checkpoint is found by every command that reads
# them; elsewhere a command refuses the file by its name, or its result is the same as ever. tests/bit_flips.c does
# the same for data sets and configurations. BIT_FLIPS=1000 flips more.
set -u
. "${top_srcdir:?}/tests/tap.sh"
cd "$dir" || exit 99
flips=${BIT_FLIPS:-12}   # of each file

flip() {  # flip FILE BIT
	byte=$(od -An -tu1 -j $(($2 / 8)) -N 1 "$1")
	# shellcheck disable=SC2059 # an octal number
	printf "\\$(printf %03o $((byte ^ 1 << $2 % 8)))" | dd of="$1" bs=1 seek=$(($2 / 8)) conv=notrunc 2>/dev/null
}

# each FILE FUNCTION [FROM TO]: calls the function with every bit of a stride over the file, or over these bytes of
# it, in a fresh copy of the run where that bit is changed; bad counts those that it returns false for.
each() {
	from=$((${3:-0} * 8)) bits=$((${4:-$(wc -c <"whole/$1")} * 8)) bad=0 tried=0
	step=$(((bits - from) / flips | 1)) bit=$((from + step / 2))
	while [ $bit -lt $bits ]; do
		rm -rf run
		cp -r whole run
		flip "run/$1" $bit
		tried=$((tried + 1))
		"$2" || { bad=$((bad + 1)); echo "# bit $bit: status $status"; shown out err; }
		bit=$((bit + step))
	done
	[ $bad = 0 ]
}

basin() {
	"$BASIN" "$@" >out 2>err
	status=$?
}

longer="--resume run --steps 8 --quiet"
awk 'BEGIN { for (i = 0; i < 24; i++) print (i * 7 % 11) / 11 "," (i * 5 % 13) / 13 "," i % 2 }' >d.csv
# shellcheck disable=SC2086 # words
"$BASIN" sample --data csv:d.csv --likelihood categorical --model mlp:2-4-2 --sampler entropy-mcmc --coupling 1 \
	--steps 4 --keep-every 2 --log-every 2 --batch 8 --lr 0.01 --threads 1 --quiet --out whole && cp -r whole run &&
	"$BASIN" predict --json --quiet run >predicted && "$BASIN" sample $longer && mv run longer
ok $? "a run"

# Of the two roles one has the damage, or both.
swag_refuses() {
	rm -rf drawn
	basin swag --quiet --rank 2 --draws 2 --role "$1" --out drawn run
	{ [ $status = 1 ] || [ $status = 2 ]; } && grep -q '^basin: .*chain-0.snaps' err && [ ! -e drawn ]
}

flatness_refuses() {
	basin flatness --json --quiet --top 1 --probes 0 --last 2 --role "$1" run
	{ [ $status = 1 ] || [ $status = 2 ]; } && [ ! -s out ] && grep -q '^basin: .*chain-0.snaps' err
}

diagnose_refuses() {
	basin diagnose --json --quiet --max-dead 100 --role "$1" run
	{ [ $status = 1 ] || [ $status = 2 ]; } && [ ! -s out ] && grep -q '^basin: .*chain-0.snaps' err
}

snapshots_found() {
	basin info --verify run
	{ [ $status = 1 ] || [ $status = 2 ]; } && grep -q '^basin: .*chain-0.snaps' err || return 1
	basin predict --json --csv rows run
	{ [ $status = 1 ] || [ $status = 2 ]; } && [ ! -s out ] && [ ! -e rows ] && grep -q '^basin: .*chain-0.snaps' err || return 1
	"$BASIN" predict --data csv:- --csv - run <d.csv >out 2>err
	status=$?
	{ [ $status = 1 ] || [ $status = 2 ]; } && [ ! -s out ] && grep -q '^basin: .*chain-0.snaps' err || return 1
	basin compare --json whole run
	{ [ $status = 1 ] || [ $status = 2 ]; } && [ ! -s out ] && grep -q '^basin: .*run/chain-0.snaps' err || return 1
	swag_refuses theta || swag_refuses anchor || return 1
	flatness_refuses theta || flatness_refuses anchor || return 1
	diagnose_refuses theta || diagnose_refuses anchor
}
each chain-0.snaps snapshots_found
ok $? "snapshots: info --verify, predict, also through a pipe, compare, diagnose, swag and flatness find each of $tried changed bits"

checkpoint_found() {
	# shellcheck disable=SC2086 # words
	basin sample $longer
	{ [ $status = 1 ] || [ $status = 2 ]; } && grep -q '^basin: .*chain-0.ckpt' err &&
		cmp -s run/chain-0.snaps whole/chain-0.snaps
}
each chain-0.ckpt checkpoint_found
ok $? "checkpoint: sample --resume refuses each of $tried changed bits, and what was kept stays"

log_harmless() {
	# shellcheck disable=SC2086 # words
	basin sample $longer
	[ $status = 0 ] && cmp -s run/chain-0.snaps longer/chain-0.snaps
}
each chain-0.log.jsonl log_harmless
ok $? "log: sample --resume goes on to the same bits under each of $tried changed bits"

# Rules lie beside the run here, so that they are copied with it.
awk 'BEGIN { for (i = 0; i < 60; i++)
	print (i * 5 % 11) / 11 "," (i * 7 % 13) / 13 "," (i * 3 % 7 > 2) }' >other.csv
"$BASIN" decide --quiet --data csv:other.csv --coverage 0.8 --temperature-scaling --risk 0.9 --out whole/rules.json whole >out &&
	"$BASIN" predict --json --quiet --decide whole/rules.json whole >decided 2>err
ok $? "rules"
rules_refused_or_same() {
	basin predict --json --quiet --decide run/rules.json whole
	[ $status = 2 ] && [ ! -s out ] && grep -q '^basin: --decide run/rules.json' err ||
		{ [ $status = 0 ] && sed 's,run/rules,whole/rules,' out | cmp -s - decided; }
}
flips=$((4 * flips))
each rules.json rules_refused_or_same
ok $? "rules: predict refuses them or decides the same, under each of $tried changed bits"
rm whole/rules.json
flips=$((flips / 4))

facts_refused_or_same() {
	basin predict --json run
	[ $status = 0 ] && cmp -s out predicted || { [ $status = 2 ] && [ ! -s out ] && grep -q '^basin: .*run' err; }
}
each run.json facts_refused_or_same
ok $? "run.json: predict refuses it or predicts the same, under each of $tried changed bits"

# What a chain's snapshots were drawn with is in their header too.
options_refused_or_same() {
	# shellcheck disable=SC2086 # words
	basin sample $longer
	if [ $status = 0 ]; then
		cmp -s run/chain-0.snaps longer/chain-0.snaps
	else
		[ $status = 2 ] && grep -q '^basin: ' err && cmp -s run/chain-0.snaps whole/chain-0.snaps
	fi
}
place=$(LC_ALL=C awk '/^  "options": {/ { within = 1; print at } /^  }/ && within { within = 0; print at }
	{ at += length($0) + 1 }' whole/run.json)
flips=$((4 * flips))
# shellcheck disable=SC2086 # two numbers
each run.json options_refused_or_same $place
ok $? "run.json: sample --resume refuses it or goes on to the same bits, under each of $tried changed bits of its options"
done_testing
